#include "proxy/cli/show.h"
#include "proxy/cli/table.h"
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/* ---------------------------------------------------------------- values */

/* "-" for what is null or not there. */
static const char *text_of(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s && *s ? s : "-";
}

static int64_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static bool has(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    return v && !json_is_null(v);
}

static void duration_print(char *out, size_t room, int64_t s)
{
    if (s >= 86400)
        (void)snprintf(out, room, "%" PRId64 "d %02" PRId64 ":%02" PRId64 ":%02" PRId64, s / 86400,
                       s / 3600 % 24, s / 60 % 60, s % 60);
    else if (s >= 3600)
        (void)snprintf(out, room, "%" PRId64 ":%02" PRId64 ":%02" PRId64, s / 3600, s / 60 % 60,
                       s % 60);
    else
        (void)snprintf(out, room, "%" PRId64 ":%02" PRId64, s / 60, s % 60);
}

/* ---------------------------------------------------------------- status */

void show_status(const json_t *a, FILE *out)
{
    char up[32];
    const json_t *config = json_object_get(a, "config"), *calls = json_object_get(a, "calls");
    const json_t *exchange = json_object_get(a, "exchange"), *media = json_object_get(a, "media");
    const json_t *peers = json_object_get(a, "peers");
    duration_print(up, sizeof up, number_of(a, "uptime_s"));
    fprintf(out, "tailtrunk  %s, up %s%s\n", text_of(a, "version"), up,
            json_is_true(json_object_get(a, "draining")) ? ", draining: no new calls" : "");
    fprintf(out, "config     %s, generation %" PRId64 ", loaded %s\n", text_of(config, "file"),
            number_of(config, "generation"), text_of(config, "loaded_at"));
    fprintf(out, "exchange   %s since %s\n", text_of(exchange, "state"),
            text_of(exchange, "since"));
    fprintf(out, "peers      %" PRId64 " up, %" PRId64 " down, %" PRId64 " unknown\n",
            number_of(peers, "up"), number_of(peers, "down"), number_of(peers, "unknown"));
    fprintf(out, "calls      %" PRId64 " now, %" PRId64 " at most so far, limit %" PRId64 "\n",
            number_of(calls, "active"), number_of(calls, "peak"), number_of(calls, "limit"));
    fprintf(out, "media      %" PRId64 " port pairs, %" PRId64 " in use, %" PRId64 " resting\n",
            number_of(media, "pairs_total"), number_of(media, "pairs_in_use"),
            number_of(media, "pairs_resting"));
}

/* ---------------------------------------------------------------- peers */

static void peer_row(struct table *t, const json_t *p)
{
    const json_t *view = json_object_get(p, "view");
    table_add(t, "%s", text_of(p, "name"));
    table_add(t, "%s", text_of(p, "state"));
    table_add(t, "%s", text_of(p, "address"));
    table_add(t, "%s", text_of(p, "local"));
    if (!has(view, "advertise"))
        table_add(t, "-");
    else if (has(view, "port"))
        table_add(t, "%s:%" PRId64 " (%s)", text_of(view, "advertise"), number_of(view, "port"),
                  text_of(view, "source"));
    else
        table_add(t, "%s (%s)", text_of(view, "advertise"), text_of(view, "source"));
    if (has(p, "rtt_ms"))
        table_add(t, "%" PRId64 " ms", number_of(p, "rtt_ms"));
    else
        table_add(t, "-");
    table_add(t, "%" PRId64, number_of(p, "calls"));
}

static void peer_notes(const json_t *p, FILE *out)
{
    size_t i;
    const json_t *v;
    if (strcmp(text_of(p, "state"), "down") == 0)
        fprintf(out, "%s: down since %s\n", text_of(p, "name"), text_of(p, "since"));
    json_array_foreach(json_object_get(p, "registrations"), i, v)
    {
        bool there = strcmp(text_of(v, "registrar"), "peer") == 0;
        fprintf(out, "%s: %s as %s, contact %s, ", text_of(p, "name"),
                there ? "the exchange registers there" : "registers at the exchange",
                text_of(v, "aor"), text_of(v, "contact"));
        if (has(v, "expires_at"))
            fprintf(out, "until %s\n", text_of(v, "expires_at"));
        else if (has(v, "last_status"))
            fprintf(out, "not granted: %" PRId64 "\n", number_of(v, "last_status"));
        else
            fprintf(out, "not answered yet\n");
    }
    json_array_foreach(json_object_get(p, "warnings"), i, v)
        fprintf(out, "%s: warning: %s\n", text_of(p, "name"), json_string_value(v));
}

void show_peers(const json_t *a, FILE *out)
{
    static const char *const titles[] = {"PEER",      "STATE", "ADDRESS", "LOCAL",
                                         "ADVERTISE", "RTT",   "CALLS"};
    struct table t = {.columns = sizeof titles / sizeof *titles};
    size_t i;
    const json_t *p;
    for (i = 0; i < t.columns; i++)
        table_add(&t, "%s", titles[i]);
    json_array_foreach(a, i, p) peer_row(&t, p);
    table_print(&t, out);
    table_free(&t);
    json_array_foreach(a, i, p) peer_notes(p, out);
}

/* ---------------------------------------------------------------- calls */

/* Packets heard from one side, over all m-lines. */
static int64_t heard(const json_t *call, const char *side)
{
    size_t i;
    const json_t *m;
    int64_t n = 0;
    json_array_foreach(json_object_get(call, "media"), i, m) n +=
        number_of(json_object_get(m, side), "rx_packets");
    return n;
}

void show_calls(const json_t *a, FILE *out)
{
    static const char *const titles[] = {"ID",    "PEER", "DIRECTION",     "FROM",      "TO",
                                         "STATE", "TIME", "FROM EXCHANGE", "FROM PEER", "VERDICT"};
    struct table t = {.columns = sizeof titles / sizeof *titles};
    size_t i;
    const json_t *c;
    for (i = 0; i < t.columns; i++)
        table_add(&t, "%s", titles[i]);
    json_array_foreach(a, i, c)
    {
        char time[32];
        duration_print(time, sizeof time, number_of(c, "duration_s"));
        table_add(&t, "%s", text_of(c, "id"));
        table_add(&t, "%s", text_of(c, "peer"));
        table_add(&t, "%s", text_of(c, "direction"));
        table_add(&t, "%s", text_of(c, "from"));
        table_add(&t, "%s", text_of(c, "to"));
        table_add(&t, "%s", text_of(c, "state"));
        table_add(&t, "%s", time);
        table_add(&t, "%" PRId64, heard(c, "exchange"));
        table_add(&t, "%" PRId64, heard(c, "peer"));
        table_add(&t, "%s", text_of(c, "verdict"));
    }
    table_print(&t, out);
    table_free(&t);
}

static void leg_row(struct table *t, const char *kind, const char *side, const json_t *leg)
{
    table_add(t, "%s", kind);
    table_add(t, "%s", side);
    table_add(t, "%s", text_of(leg, "local"));
    table_add(t, "%s", text_of(leg, "remote"));
    table_add(t, "%s", text_of(leg, "latched"));
    table_add(t, "%" PRId64, number_of(leg, "rx_packets"));
    table_add(t, "%" PRId64, number_of(leg, "tx_packets"));
    table_add(t, "%" PRId64, number_of(leg, "lost"));
    table_add(t, "%.1f", json_real_value(json_object_get(leg, "jitter_ms")));
    if (has(leg, "first_rx_ms"))
        table_add(t, "%" PRId64, number_of(leg, "first_rx_ms"));
    else
        table_add(t, "-");
    table_add(t, "%" PRId64, number_of(leg, "dropped"));
    table_add(t, "%" PRId64 "/%" PRId64, number_of(leg, "rtcp_rx"), number_of(leg, "rtcp_tx"));
}

void show_call(const json_t *c, FILE *out)
{
    static const char *const titles[] = {"MEDIA",   "SIDE",  "ADVERTISED", "REMOTE",
                                         "LATCHED", "RX",    "TX",         "LOST",
                                         "JITTER",  "FIRST", "DROPPED",    "RTCP"};
    struct table t = {.columns = sizeof titles / sizeof *titles};
    char time[32];
    size_t i;
    const json_t *m;
    duration_print(time, sizeof time, number_of(c, "duration_s"));
    const char *since =
        json_is_string(json_object_get(c, "answered_at")) ? "answered_at" : "started_at";
    fprintf(out, "call       %s, %s since %s, %s\n", text_of(c, "id"), text_of(c, "state"),
            text_of(c, since), time);
    fprintf(out, "Call-ID    %s\n", text_of(c, "call_id"));
    fprintf(out, "peer       %s (%s)\n", text_of(c, "peer"), text_of(c, "direction"));
    fprintf(out, "from, to   %s -> %s\n", text_of(c, "from"), text_of(c, "to"));
    fprintf(out, "verdict    %s\n", text_of(c, "verdict"));
    if (json_array_size(json_object_get(c, "media")) == 0)
        return;
    for (i = 0; i < t.columns; i++)
        table_add(&t, "%s", titles[i]);
    json_array_foreach(json_object_get(c, "media"), i, m)
    {
        leg_row(&t, text_of(m, "kind"), "exchange", json_object_get(m, "exchange"));
        leg_row(&t, text_of(m, "kind"), "peer", json_object_get(m, "peer"));
    }
    table_print(&t, out);
    table_free(&t);
}

/* ---------------------------------------------------------------- stats */

void show_stats(const json_t *a, FILE *out)
{
    struct table t = {.columns = 2};
    void *i = json_object_iter((json_t *)(uintptr_t)a);
    for (; i; i = json_object_iter_next((json_t *)(uintptr_t)a, i)) {
        table_add(&t, "%s", json_object_iter_key(i));
        table_add(&t, "%" PRId64, (int64_t)json_integer_value(json_object_iter_value(i)));
    }
    table_print(&t, out);
    table_free(&t);
}
