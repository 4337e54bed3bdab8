#include "proxy/ctl/json.h"
#include "proxy/net/log.h"
#include "proxy/net/utf8.h"
#include <stdio.h>

#define TEXT_MOST 512 /* of one string from the network, escaped */

static const char *const side_names[] = {"exchange", "peer"};

/* ---------------------------------------------------------------- values */

/* Bytes from the network: what is not printable UTF-8 is shown as \xNN. */
static json_t *bytes_json(struct span s)
{
    char out[TEXT_MOST];
    size_t n = 0;
    const unsigned char *p = (const unsigned char *)s.p;
    for (size_t i = 0; i < s.n && n + 5 < sizeof out;) {
        size_t length = utf8_length(p + i, s.n - i);
        if (length > 0)
            memcpy(out + n, p + i, length);
        n += length > 0 ? length : (size_t)snprintf(out + n, 5, "\\x%02x", p[i]);
        i += length > 0 ? length : 1;
    }
    return json_stringn_nocheck(out, n);
}

/* A URI without the password that old ones may carry: sip:user:secret@host. */
static json_t *uri_json(struct span uri)
{
    char out[TEXT_MOST];
    const char *scheme = memchr(uri.p ? uri.p : "", ':', uri.n);
    const char *at = memchr(uri.p ? uri.p : "", '@', uri.n);
    const char *colon =
        scheme && at && scheme < at ? memchr(scheme + 1, ':', (size_t)(at - scheme - 1)) : NULL;
    if (!colon)
        return bytes_json(uri);
    size_t head = (size_t)(colon - uri.p), tail = uri.n - (size_t)(at - uri.p);
    if (head + tail > sizeof out)
        return bytes_json(span_of(uri.p, head));
    memcpy(out, uri.p, head);
    memcpy(out + head, at, tail);
    return bytes_json(span_of(out, head + tail));
}

static json_t *addr_json(const struct addr *a)
{
    char out[ADDR_TEXT];
    return addr_is_set(a) ? json_stringn(out, addr_print(a, out)) : json_null();
}

static json_t *ip_json(const struct addr *a)
{
    char out[ADDR_TEXT];
    return addr_is_set(a) ? json_stringn(out, addr_print_ip(a, out)) : json_null();
}

static json_t *addrs_json(const struct addr *v, size_t n, json_t *one(const struct addr *))
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, one(&v[i]));
    return list;
}

static json_t *time_json(msec at, int64_t wall)
{
    char out[TIME_TEXT];
    return at != 0 ? json_stringn(out, time_print((int64_t)at + wall, out)) : json_null();
}

static json_t *since_open_json(uint32_t ms)
{
    return ms == UINT32_MAX ? json_null() : json_integer(ms);
}

/* ---------------------------------------------------------------- status, peers */

json_t *json_status(const struct info_status *s, const char *version, msec now, int64_t wall)
{
    return json_pack(
        "{s:s, s:I, s:{s:s, s:I, s:o}, s:{s:s, s:o}, s:{s:I, s:I, s:I}, s:{s:I, s:I, s:I},"
        " s:{s:I, s:I, s:I}, s:b}",
        "version", version, "uptime_s", (json_int_t)((now - s->started) / 1000),               //
        "config", "file", s->conf->file, "generation", (json_int_t)s->generation, "loaded_at", //
        time_json(s->loaded, wall),                                                            //
        "exchange", "state", liveness_names[s->exchange], "since",                             //
        time_json(s->exchange_since, wall),                                                    //
        "calls", "active", (json_int_t)s->calls_active, "peak", (json_int_t)s->calls_peak,     //
        "limit", (json_int_t)s->calls_limit,                                                   //
        "media", "pairs_total", (json_int_t)s->pairs_total, "pairs_in_use",                    //
        (json_int_t)s->pairs_in_use, "pairs_resting", (json_int_t)s->pairs_resting,            //
        "peers", "up", (json_int_t)s->peers_up, "down", (json_int_t)s->peers_down,             //
        "unknown", (json_int_t)s->peers_unknown, "draining", s->draining);
}

static json_t *map_json(const struct map *map)
{
    json_t *object = json_object();
    for (size_t i = 0; i < map->n; i++) {
        char announced[ADDR_TEXT], reached[ADDR_TEXT];
        const struct map_rule *r = &map->rules[i];
        unsigned whole = r->announced.base.family == ADDR_IP6 ? 128 : 32;
        if (r->announced.bits == whole) {
            addr_print_ip(&r->announced.base, announced);
            addr_print_ip(&r->reached.base, reached);
        } else {
            prefix_print(&r->announced, announced);
            prefix_print(&r->reached, reached);
        }
        json_object_set_new(object, announced, json_string(reached));
    }
    return object;
}

static json_t *view_json(const struct info_peer *p)
{
    json_t *port = p->advertise.port ? json_integer(p->advertise.port) : json_null();
    return json_pack("{s:o, s:o, s:s, s:o, s:o}", "advertise", ip_json(&p->advertise), "port", port,
                     "source", view_source_names[p->source], "announced",
                     addrs_json(p->announced, p->n_announced, ip_json), "map",
                     map_json(&p->conf->map));
}

static json_t *warnings_json(const struct info_peer *p)
{
    json_t *list = json_array();
    for (size_t i = 0; i < p->n_warnings; i++)
        json_array_append_new(list, bytes_json(span_str(p->warnings[i])));
    return list;
}

static json_t *host_json(const struct conf_host *host)
{
    char out[300];
    if (addr_is_set(&host->addr))
        return addr_json(&host->addr);
    int n = snprintf(out, sizeof out, "%s:%u", host->name, host->addr.port);
    return json_stringn(out, n < (int)sizeof out ? (size_t)n : sizeof out - 1);
}

json_t *json_peer(const struct info_peer *p, json_t *registrations, int64_t wall)
{
    json_t *rtt = p->rtt_ms >= 0 ? json_integer(p->rtt_ms) : json_null();
    return json_pack("{s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:I, s:o, s:o}", "name",
                     p->conf->name, "address", host_json(&p->conf->address), "resolved",
                     addrs_json(p->resolved, p->n_resolved, ip_json), "local", addr_json(&p->local),
                     "state", liveness_names[p->state], "since", time_json(p->since, wall),
                     "rtt_ms", rtt, "view", view_json(p), "calls", (json_int_t)p->calls,
                     "registrations", registrations, "warnings", warnings_json(p));
}

json_t *json_registration(const struct info_registration *r, int64_t wall)
{
    json_t *status = r->last_status ? json_integer(r->last_status) : json_null();
    return json_pack("{s:o, s:o, s:o, s:o, s:s}", "aor", uri_json(r->aor), "contact",
                     uri_json(r->contact), "expires_at", time_json(r->expires, wall), "last_status",
                     status, "registrar", side_names[r->registrar]);
}

/* ---------------------------------------------------------------- calls */

static json_t *leg_json(const struct info_media *m, enum side side)
{
    const struct relay_leg *f = &m->figures.leg[side];
    return json_pack("{s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:f, s:o, s:o, s:I, s:I, s:I}", "local",
                     addr_json(&m->local[side]), "remote", addr_json(&m->remote[side]), "latched",
                     addr_json(&f->latched), "rx_packets", (json_int_t)f->rx_packets, "tx_packets",
                     (json_int_t)f->tx_packets, "rx_bytes", (json_int_t)f->rx_bytes, "lost",
                     (json_int_t)f->lost, "jitter_ms", (double)f->jitter_us / 1000, "first_rx_ms",
                     since_open_json(f->first_rx_ms), "last_rx_ms", since_open_json(f->last_rx_ms),
                     "dropped", (json_int_t)f->dropped, "rtcp_rx", (json_int_t)f->rtcp_rx,
                     "rtcp_tx", (json_int_t)f->rtcp_tx);
}

static json_t *media_json(const struct info_call *c)
{
    json_t *list = json_array();
    for (size_t i = 0; i < c->n_media; i++) {
        const struct info_media *m = &c->media[i];
        json_array_append_new(list, json_pack("{s:o, s:o, s:o}", "kind", bytes_json(m->kind),
                                              side_names[SIDE_EXCHANGE], leg_json(m, SIDE_EXCHANGE),
                                              side_names[SIDE_PEER], leg_json(m, SIDE_PEER)));
    }
    return list;
}

json_t *json_call(const struct info_call *c, msec now, int64_t wall)
{
    char id[16];
    core_id_print(c->id, id);
    json_int_t seconds = now > c->started ? (json_int_t)((now - c->started) / 1000) : 0;
    json_t *answered = c->answered ? time_json(c->answered, wall) : json_null();
    return json_pack("{s:s, s:o, s:o, s:s, s:o, s:o, s:s, s:o, s:o, s:I, s:o, s:s}", "id", id,
                     "call_id", bytes_json(c->call_id), "peer", bytes_json(c->peer), "direction",
                     c->outgoing ? "out" : "in", "from", uri_json(c->from), "to", uri_json(c->to),
                     "state", call_state_names[c->state], "started_at", time_json(c->started, wall),
                     "answered_at", answered, "duration_s", seconds, "media", media_json(c),
                     "verdict", verdict_names[c->verdict]);
}

/* ---------------------------------------------------------------- the rest */

json_t *json_stats(const struct counters *core, const struct counters *shell)
{
    json_t *object = json_object();
    for (size_t i = 0; i < COUNTER_COUNT; i++)
        json_object_set_new(object, counter_table[i].name,
                            json_integer((json_int_t)(core->v[i] + shell->v[i])));
    return object;
}

static json_t *errors_json(const struct conf_errors *errors, bool warnings)
{
    json_t *list = json_array();
    for (size_t i = 0; i < errors->n; i++) {
        const struct conf_error *e = &errors->v[i];
        if (e->warning != warnings)
            continue;
        json_array_append_new(list,
                              json_pack("{s:o, s:i, s:i, s:o}", "file",
                                        bytes_json(span_str(e->mark.file ? e->mark.file : "")),
                                        "line", e->mark.line, "column", e->mark.column, "message",
                                        bytes_json(span_str(e->message))));
    }
    return list;
}

json_t *json_errors(const struct conf_errors *errors)
{
    return json_pack("{s:o}", "errors", errors_json(errors, false));
}

json_t *json_reloaded(uint32_t generation, const struct conf_errors *errors)
{
    json_t *json = json_pack("{s:I}", "generation", (json_int_t)generation);
    if (errors->warnings > 0)
        json_object_set_new(json, "warnings", errors_json(errors, true));
    return json;
}
