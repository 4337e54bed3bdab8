/*
 * core.c - one event in, its actions out. The rooms behind this door are named in rooms.h.
 */
#include "proxy/core/rooms.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

size_t core_streams(const struct conf *conf)
{
    return (size_t)conf->limits.calls * 2;
}

static int streams_init(struct core *core)
{
    size_t n = core->limit_streams;
    core->streams = calloc(n, sizeof *core->streams);
    core->free_streams = calloc(n, sizeof *core->free_streams);
    if (!core->streams || !core->free_streams)
        return ENOMEM;
    core->n_free_streams = (uint32_t)n;
    for (uint32_t i = 0; i < n; i++)
        core->free_streams[i] = (uint32_t)n - 1 - i;
    return 0;
}

/* Ended calls and finished transactions stay for a while to answer repetitions; the pools hold as
 * many of those as of live ones, and the oldest goes when one is needed. */
static int core_init(struct core *core)
{
    uint32_t calls = core->limit_calls * 2, txns = core->limit_transactions * 2;
    int err = 0;
    err = err ? err : pool_init(&core->calls, sizeof(struct call), calls);
    err = err ? err : pool_init(&core->servers, sizeof(struct server_txn), txns);
    err = err ? err : pool_init(&core->clients, sizeof(struct client_txn), txns);
    err = err ? err : pool_init(&core->bindings, sizeof(struct binding), MAX_BINDINGS);
    err = err ? err : hash_init(&core->server_index, txns);
    err = err ? err : hash_init(&core->call_index, calls);
    err = err ? err : hash_init(&core->binding_index, MAX_BINDINGS);
    err =
        err ? err
            : timers_init(&core->timers, calls + 2 * txns + MAX_BINDINGS + 4 * CONF_MAX_PEERS + 2);
    return err ? err : streams_init(core);
}

struct core *core_new(const struct conf *conf, uint64_t seed, const struct relay_figures *figures)
{
    struct core *core = calloc(1, sizeof *core);
    if (!core)
        return NULL;
    core->limit_calls = conf->limits.calls;
    core->limit_transactions = conf->limits.transactions;
    core->limit_streams = (uint32_t)core_streams(conf);
    core->figures = figures;
    core->random[0] = seed;
    core->random[1] = seed ^ 0x9e3779b97f4a7c15u;
    core->exchange.rtt_ms = -1;
    if (core_init(core)) {
        core_free(core);
        return NULL;
    }
    core->seed.k0 = core_random(core);
    core->seed.k1 = core_random(core);
    return core;
}

void core_free(struct core *core)
{
    if (!core)
        return;
    uint32_t at = 0;
    void *item;
    if (core->servers.items)
        while ((item = pool_next(&core->servers, &at)))
            server_free(core, item);
    at = 0;
    if (core->clients.items)
        while ((item = pool_next(&core->clients, &at)))
            client_free(core, item);
    at = 0;
    if (core->calls.items)
        while ((item = pool_next(&core->calls, &at)))
            call_free(core, item);
    at = 0;
    if (core->bindings.items)
        while ((item = pool_next(&core->bindings, &at)))
            binding_free(core, item);
    config_close(core);
    pool_free(&core->servers);
    pool_free(&core->clients);
    pool_free(&core->calls);
    pool_free(&core->bindings);
    hash_close(&core->server_index);
    hash_close(&core->call_index);
    hash_close(&core->binding_index);
    timers_close(&core->timers);
    out_close(&core->out);
    free(core->streams);
    free(core->free_streams);
    free(core);
}

void core_wall(struct core *core, int64_t offset_ms)
{
    core->wall = offset_ms;
}

msec core_deadline(const struct core *core)
{
    return timers_next(&core->timers);
}

#define OWNER(timer, type, member) \
    ((struct type *)(void *)((char *)(timer)-offsetof(struct type, member)))

static void timer_fire(struct core *core, struct timer *timer)
{
    switch ((enum timer_kind)timer->kind) {
    case TIMER_SERVER_TXN:
        server_due(core, OWNER(timer, server_txn, timer));
        break;
    case TIMER_CLIENT_TXN:
        client_due(core, OWNER(timer, client_txn, timer));
        break;
    case TIMER_CALL:
        call_due(core, OWNER(timer, call, timer));
        break;
    case TIMER_BINDING:
        binding_due(core, OWNER(timer, binding, timer));
        break;
    case TIMER_PEER:
        peer_name_due(core, OWNER(timer, peer, name_timer));
        break;
    case TIMER_PROBE:
        probe_due(core, OWNER(timer, prober, timer));
        break;
    }
}

static void dispatch(struct core *core, const struct event *event)
{
    struct call *call;
    switch ((enum event_kind)event->kind) {
    case EV_CONFIG:
        config_apply(core, event);
        break;
    case EV_DATAGRAM:
        core_datagram(core, event);
        break;
    case EV_TIME:
        break;
    case EV_BOUND:
        media_bound(core, event);
        break;
    case EV_RELAY:
        media_report(core, event);
        break;
    case EV_NAME:
        peer_named(core, event->name.question, event->name.addrs, event->name.n);
        break;
    case EV_STORED:
        if (span_is(event->stored.kind, span_str("view")))
            view_load(core, event->stored.key, event->stored.value);
        else if (span_is(event->stored.kind, span_str("registration")))
            binding_load(core, event->stored.key, event->stored.value);
        break;
    case EV_HANGUP:
        call = pool_get(&core->calls, event->hangup.call);
        if (call && call->phase != PHASE_ENDED)
            call_hangup(core, call, END_OPERATOR, 480, "Ended by the operator");
        break;
    case EV_DRAIN:
        core->draining = true;
        break;
    }
}

struct actions core_step(struct core *core, msec now, const struct event *event)
{
    out_begin(&core->out);
    if (core->generation == 0)
        core->started = now;
    core->now = now;
    struct timer *timer;
    while ((timer = timers_due(&core->timers, now)))
        timer_fire(core, timer);
    dispatch(core, event);
    if (core->draining && !core->exited && core->calls_active == 0) {
        core->exited = true;
        out_add(&core->out, ACT_EXIT);
    }
    return (struct actions){core->out.v, core->out.n};
}

/* xorshift128+: for branches and tags that must not be guessed from one another by accident; what
 * must resist an attacker (the indexes) is keyed by the seed. */
uint64_t core_random(struct core *core)
{
    uint64_t a = core->random[0], b = core->random[1];
    core->random[0] = b;
    a ^= a << 23;
    core->random[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
    return core->random[1] + b;
}

void core_count(struct core *core, const struct peer *peer, enum counter counter)
{
    core->counters.v[counter]++;
    if (peer && counter_table[counter].per_peer)
        peer_counters(peer)->v[counter]++;
}

static struct span log_escape(struct core *core, const char *text, size_t n)
{
    char *out = out_alloc(&core->out, n * 4 + 1);
    size_t len = 0;
    if (!out)
        return span_of("", 0);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == 0x7f)
            len += (size_t)sprintf(out + len, "\\x%02x", c);
        else
            out[len++] = (char)c;
    }
    return span_of(out, len);
}

void core_log(struct core *core, enum conf_log_level level, const struct peer *peer,
              struct span call_id, const char *fmt, ...)
{
    if (core->conf && level > core->conf->log.level)
        return;
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n < 0)
        return;
    struct action *a = out_add(&core->out, ACT_LOG);
    a->log.level = (uint8_t)level;
    a->log.peer = peer ? out_copy(&core->out, span_str(peer->name)) : span_of("", 0);
    a->log.call_id = call_id.p ? log_escape(core, call_id.p, call_id.n) : span_of("", 0);
    a->log.text = log_escape(core, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

void core_send(struct core *core, uint16_t socket, uint8_t dscp, const struct addr *to,
               struct span bytes)
{
    struct action *a = out_add(&core->out, ACT_SEND);
    a->send.socket = socket;
    a->send.dscp = dscp;
    a->send.to = *to;
    a->send.bytes = bytes;
    core->counters.v[COUNT_datagrams_out]++;
}
