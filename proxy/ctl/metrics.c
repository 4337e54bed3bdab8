#include "proxy/ctl/metrics.h"
#include <inttypes.h>

static void head(struct page *out, const char *name, const char *type, const char *help)
{
    page_print(out, "# HELP tailtrunk_%s %s\n# TYPE tailtrunk_%s %s\n", name, help, name, type);
}

/* ---------------------------------------------------------------- counters */

static void counter_family(const struct core *core, const struct counters *shell, size_t index,
                           struct page *out)
{
    const struct counter_info *c = &counter_table[index];
    uint64_t rest = info_counters(core)->v[index] + shell->v[index];
    struct info_peer peer;
    head(out, c->name, "counter", c->help);
    if (!c->per_peer) {
        page_print(out, "tailtrunk_%s %" PRIu64 "\n", c->name, rest);
        return;
    }
    for (size_t i = 0; info_peer(core, i, &peer); i++) {
        uint64_t v = peer.counters ? peer.counters->v[index] : 0;
        rest -= v < rest ? v : rest;
        page_print(out, "tailtrunk_%s{peer=\"%s\"} %" PRIu64 "\n", c->name, peer.conf->name, v);
    }
    page_print(out, "tailtrunk_%s{peer=\"\"} %" PRIu64 "\n", c->name, rest);
}

/* ---------------------------------------------------------------- states */

struct gauge {
    const char *name, *help;
    uint64_t (*value)(const struct info_status *s, msec now);
};

#define GAUGE(field)                                                   \
    static uint64_t get_##field(const struct info_status *s, msec now) \
    {                                                                  \
        (void)now;                                                     \
        return s->field;                                               \
    }
GAUGE(calls_active)
GAUGE(calls_limit)
GAUGE(pairs_total)
GAUGE(pairs_in_use)
GAUGE(pairs_resting)
GAUGE(generation)
GAUGE(draining)

static uint64_t get_uptime(const struct info_status *s, msec now)
{
    return (now - s->started) / 1000;
}

static uint64_t get_exchange(const struct info_status *s, msec now)
{
    (void)now;
    return s->exchange == LIVE_UP;
}

static const struct gauge gauges[] = {
    {"uptime_seconds", "since the start", get_uptime},
    {"config_generation", "configurations loaded since the start", get_generation},
    {"calls_active", "calls now", get_calls_active},
    {"calls_limit", "most calls at once", get_calls_limit},
    {"media_pairs", "port pairs of all pools", get_pairs_total},
    {"media_pairs_in_use", "port pairs in use", get_pairs_in_use},
    {"media_pairs_resting", "port pairs freed a short while ago", get_pairs_resting},
    {"exchange_up", "1 while the exchange answers", get_exchange},
    {"draining", "1 while no new calls are taken", get_draining},
};
#define GAUGES (sizeof gauges / sizeof *gauges)

static uint64_t peer_up(const struct info_peer *p)
{
    return p->state == LIVE_UP;
}

static uint64_t peer_calls(const struct info_peer *p)
{
    return p->calls;
}

static const struct {
    const char *name, *help;
    uint64_t (*value)(const struct info_peer *peer);
} peer_gauges[] = {
    {"peer_up", "1 while the peer answers", peer_up},
    {"peer_calls", "calls with the peer now", peer_calls},
};
#define PEER_GAUGES (sizeof peer_gauges / sizeof *peer_gauges)

static void peer_family(const struct core *core, size_t index, struct page *out)
{
    struct info_peer peer;
    head(out, peer_gauges[index].name, "gauge", peer_gauges[index].help);
    for (size_t i = 0; info_peer(core, i, &peer); i++)
        page_print(out, "tailtrunk_%s{peer=\"%s\"} %" PRIu64 "\n", peer_gauges[index].name,
                   peer.conf->name, peer_gauges[index].value(&peer));
}

bool metrics_family(const struct core *core, const struct counters *shell, msec now, size_t index,
                    struct page *out)
{
    struct info_status status;
    if (index < COUNTER_COUNT) {
        counter_family(core, shell, index, out);
        return true;
    }
    index -= COUNTER_COUNT;
    if (index < GAUGES) {
        info_status(core, &status);
        head(out, gauges[index].name, "gauge", gauges[index].help);
        page_print(out, "tailtrunk_%s %" PRIu64 "\n", gauges[index].name,
                   gauges[index].value(&status, now));
        return true;
    }
    index -= GAUGES;
    if (index < PEER_GAUGES)
        peer_family(core, index, out);
    return index < PEER_GAUGES;
}
