#include "tests/sim/tailnet.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME "p.example"

static const char *const names[TAILNET_PEERS] = {"p", "q", "r"};

static void ip_text(const struct addr *a, char *out)
{
    addr_print_host(a, out);
}

static struct addr numbered(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static struct addr numbered(const char *fmt, ...)
{
    char text[64];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return sim_addr(text);
}

/* ---------------------------------------------------------------- building */

struct writer {
    char *p;
    size_t n, room;
};

static void put(struct writer *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct writer *w, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(w->p + w->n, w->room - w->n, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= w->room - w->n)
        abort();
    w->n += (size_t)n;
}

/* Whether a case says that key itself. */
static bool names_key(const char *keys, const char *key)
{
    return keys && strstr(keys, key);
}

static void put_peer(struct tailnet *t, struct writer *w, unsigned i)
{
    const struct tailnet_options *o = &t->options;
    char seen[ADDR_TEXT], local[ADDR_TEXT];
    addr_print(&t->at[i].seen, seen);
    addr_print(&t->at[i].local, local);
    if (o->named && i == 0)
        snprintf(seen, sizeof seen, NAME ":5060");
    put(w, "  - name: %s\n", names[i]);
    if (!names_key(o->peer, "probe:"))
        put(w, "    probe: %us\n", o->probe_s);
    if (!names_key(o->peer, "address:"))
        put(w, "    address: \"%s\"\n", seen);
    if (!o->shared)
        put(w, "    local: %s\n", local);
}

void tailnet_write_config(struct tailnet *t, unsigned n)
{
    const struct tailnet_options *o = &t->options;
    struct writer w = {t->yaml, 0, sizeof t->yaml};
    char exchange[ADDR_TEXT], self[ADDR_TEXT], shared[ADDR_TEXT];
    addr_print(&t->exchange, exchange);
    addr_print(&t->self, self);
    addr_print(&(struct addr){0}, shared);
    put(&w, "exchange: {%s", o->exchange ? o->exchange : "");
    if (o->exchange && o->exchange[0])
        put(&w, ", ");
    if (!names_key(o->exchange, "probe:"))
        put(&w, "probe: %us, ", o->exchange_probe_s);
    if (!names_key(o->exchange, "address:"))
        put(&w, "address: %s, ", exchange);
    if (o->shared) {
        addr_print(&t->at[0].local, shared);
        put(&w, "local: %s", shared);
    }
    put(&w, "}\n");
    put(&w, "trunk:\n  listen: \"%s\"\n", self);
    if (o->peer)
        put(&w, "peer_defaults:\n  {%s}\n", o->peer);
    put(&w, "peers:\n");
    for (unsigned i = 0; i < n; i++)
        put_peer(t, &w, i);
    put(&w, "tailscale: {socket: off}\n");
    if (!names_key(o->config, "media:"))
        put(&w, "media: {ports: 22000-22399, port_reuse_delay: 5s}\n");
    if (!names_key(o->config, "limits:")) /* small pools are made faster */
        put(&w, "limits: {calls: 200, transactions: 2000}\n");
    put(&w, "%s\n", o->config ? o->config : "");
}

static struct addr in_tailnet(const struct tailnet_options *o, unsigned net, unsigned host)
{
    return o->six ? numbered("[fd00:%u::%u]:5060", net, host)
                  : numbered("100.64.%u.%u:5060", net, host);
}

static void place_peer(struct tailnet *t, unsigned i, int here)
{
    const struct tailnet_options *o = &t->options;
    t->at[i].native = in_tailnet(o, 2 + i, 2);
    t->at[i].seen = o->theirs_masked ? in_tailnet(o, 1, 2 + i) : t->at[i].native;
    t->at[i].us = o->ours_masked ? in_tailnet(o, 2 + i, 1) : t->self;
    t->at[i].local = o->exchange_on_tailnet ? numbered("100.64.1.1:%u", 5070 + i)
                     : o->shared            ? sim_addr("127.0.0.1:5070")
                                            : numbered("127.0.1.%u:5070", 7 + i);
    int there = net_host(&t->scene.net, names[i], t->at[i].native);
    net_pair(&t->scene.net, here, there, t->at[i].us, t->at[i].seen);
    if (i == 0)
        t->there = there;
    t->peers[i] = scene_ua(&t->scene, there, names[i], t->at[i].native);
    t->peers[i]->habits.checks_digest_uri = true;
    t->peers[i]->habits.rewrite_contact = o->rewrite_contact;
    char host[ADDR_TEXT];
    addr_print(&t->at[i].us, host);
    ua_trunk_add(t->peers[i], "x", host, t->at[i].us, NULL);
}

static void tell_exchange(struct tailnet *t, unsigned i)
{
    char host[ADDR_TEXT], local[ADDR_TEXT], route[ADDR_TEXT + 16];
    addr_print(&t->at[i].seen, host);
    addr_print(&t->at[i].local, local);
    snprintf(route, sizeof route, "<sip:%s;lr>", local);
    ua_trunk_add(t->x, names[i], host, t->at[i].local, route);
}

/* Every address of a side that the other side could not use, or should not know. */
static void forbid(struct tailnet *t, unsigned i)
{
    struct invariants *j = &t->box.judge;
    const struct addr *tell_nobody[] = {&t->at[i].native, &t->at[i].seen, &t->at[i].us};
    char text[ADDR_TEXT];
    for (unsigned k = 0; k < 3 && !t->options.exchange_on_tailnet; k++) {
        addr_print_ip(tell_nobody[k], text);
        invariants_forbid(j, SIDE_EXCHANGE, NULL, text);
    }
    addr_print_ip(&t->self, text);
    if (!addr_same_ip(&t->self, &t->at[i].us))
        invariants_forbid(j, SIDE_PEER, &t->at[i].seen, text);
    for (unsigned k = 0; k < t->options.peers; k++) {
        if (k == i)
            continue;
        addr_print_ip(&t->at[k].native, text);
        invariants_forbid(j, SIDE_PEER, &t->at[i].seen, text);
    }
}

static void peer_moves(struct tailnet *t, const char *address)
{
    t->at[0].seen = addr_with_port(sim_addr(address), 5060);
    net_pair(&t->scene.net, t->here, t->there, t->at[0].us, t->at[0].seen);
    box_name(&t->box, NAME, address);
}

static bool command(struct scene *s, const struct script_words *w);
static void fill_body(struct scene *s, const struct ua *ua, const struct ua_call *call,
                      const char *text, char *out, size_t room);

void tailnet_init(struct tailnet *t, uint64_t seed, const char *title,
                  const struct tailnet_options *options)
{
    memset(t, 0, sizeof *t);
    t->options = *options;
    struct tailnet_options *o = &t->options;
    o->peers = o->peers ? o->peers : 1;
    o->probe_s = o->probe_s ? o->probe_s : 30;
    o->exchange_probe_s = o->exchange_probe_s ? o->exchange_probe_s : 30;
    scene_init(&t->scene, seed, title);
    t->scene.command = command;
    t->scene.fill = fill_body;
    t->scene.bodies = o->bodies;
    t->scene.ctx = t;
    t->self = in_tailnet(o, 1, 1);
    t->exchange = sim_addr(o->exchange_on_tailnet ? "100.64.1.1:5062" : "127.0.0.1:5062");
    int here = t->here = net_host(&t->scene.net, "here", t->self);
    t->x = scene_ua(&t->scene, here, "x", t->exchange);
    t->x->habits.rewrite_contact = o->rewrite_contact;
    box_init(&t->box, &t->scene.net, here);
    for (unsigned i = 0; i < o->peers; i++) {
        place_peer(t, i, here);
        tell_exchange(t, i);
    }
    for (unsigned i = 0; i < o->peers; i++)
        forbid(t, i);
    invariants_forbid(&t->box.judge, SIDE_PEER, NULL, "127.0.");
    for (unsigned i = 0; i < 2; i++) {
        snprintf(t->scene.aliases[i].name, NET_NAME, "%s", i ? "b" : "a");
        t->scene.aliases[i].ua = (i == 1) != o->backwards ? t->peers[0] : t->x;
    }
    char seen[ADDR_TEXT];
    ip_text(&t->at[0].seen, seen);
    box_name(&t->box, NAME, seen);
    tailnet_write_config(t, o->peers);
    t->box.judge.addresses_free = true; /* until the probes told how the peers see us */
    box_configure(&t->box, t->yaml);
    if (t->box.core)
        world_run_for(&t->scene.world, 2000);
    t->box.judge.addresses_free = false;
}

void tailnet_free(struct tailnet *t)
{
    box_free(&t->box);
    scene_free(&t->scene);
}

/* ---------------------------------------------------------------- lines of the script */

static void expect_number(struct tailnet *t, const char *what, uint64_t is, const char *should)
{
    if (is != strtoull(should, NULL, 10))
        world_fail(&t->scene.world, "%s is %llu, should be %s", what, (unsigned long long)is,
                   should);
}

static void check_counter(struct tailnet *t, const char *name, const char *should)
{
    const struct counters *c = info_counters(t->box.core);
    for (unsigned i = 0; i < COUNTER_COUNT; i++) {
        if (strcmp(counter_table[i].name, name) == 0) {
            expect_number(t, name, c->v[i], should);
            return;
        }
    }
    world_fail(&t->scene.world, "no counter %s", name);
}

static void check_known(struct tailnet *t, const char *peer)
{
    for (unsigned i = 0; i < t->options.peers; i++) {
        struct info_peer p;
        if (strcmp(names[i], peer) != 0 || !info_peer(t->box.core, i, &p))
            continue;
        char text[ADDR_TEXT];
        ip_text(&p.advertise, text);
        if (!addr_same_ip(&p.advertise, &t->at[i].us))
            world_fail(&t->scene.world, "the core thinks %s sees us at %s", peer, text);
    }
}

static uint64_t registrations(struct tailnet *t)
{
    struct info_registration r;
    uint32_t cursor = 0;
    uint64_t n = 0;
    while (info_registration(t->box.core, 0, &cursor, &r))
        n += r.expires != 0;
    return n;
}

static void hang_up_all(struct tailnet *t)
{
    struct info_call call;
    uint32_t cursor = 0;
    while (info_call_next(t->box.core, &cursor, t->scene.world.now, &call))
        box_hangup(&t->box, call.id);
}

static void raw(struct tailnet *t, const char *who, const char *name)
{
    struct ua *ua = scene_find(&t->scene, who);
    for (unsigned i = 0; ua && t->scene.bodies && t->scene.bodies[i].name; i++) {
        if (strcmp(t->scene.bodies[i].name, name) == 0) {
            ua_raw(ua, t->scene.bodies[i].text, strlen(t->scene.bodies[i].text));
            return;
        }
    }
    world_fail(&t->scene.world, "no raw message %s", name);
}

static void check_stray(struct tailnet *t, const char *who, const char *text)
{
    struct ua *ua = scene_find(&t->scene, who);
    world_run_for(&t->scene.world, 100);
    if (!ua || !strstr(ua->last_stray, text))
        world_fail(&t->scene.world, "%s got no response with \"%s\", but: %s", who, text,
                   ua ? ua->last_stray : "");
    else
        ua->last_stray[0] = '\0';
}

static void habit(struct ua *ua, const struct script_words *w)
{
    for (unsigned i = 2; i < w->n; i++) {
        ua->habits.compact |= strcmp(w->v[i], "compact") == 0;
        ua->habits.rtcp_line |= strcmp(w->v[i], "rtcp") == 0;
        ua->habits.symmetric_rtp |= strcmp(w->v[i], "symmetric") == 0;
        ua->habits.media_level_c |= strcmp(w->v[i], "medialevel") == 0;
        ua->habits.edge |= strcmp(w->v[i], "edge") == 0;
        ua->habits.gateway |= strcmp(w->v[i], "gateway") == 0;
        ua->habits.no_rport |= strcmp(w->v[i], "norport") == 0;
    }
}

static void end_calls(struct tailnet *t)
{
    static const struct ua_opts plain;
    for (unsigned u = 0; u < t->scene.n_uas; u++) {
        struct ua *ua = &t->scene.uas[u];
        for (unsigned n = 1; n <= ua->calls_begun; n++) {
            struct ua_call *call = ua_call_number(ua, n);
            struct ua_dialog *d = call ? ua_dialog_find(call, NULL) : NULL;
            if (d && d->confirmed && !call->over && call->caller)
                ua_send(call, "BYE", &plain);
        }
    }
    world_run_for(&t->scene.world, 1000);
    script_forget(&t->scene);
}

static void reload_with(struct tailnet *t, const char *whose, const char *keys)
{
    snprintf(t->more, sizeof t->more, "%s", keys);
    *(whose[0] == 'p' ? &t->options.peer : &t->options.exchange) = t->more;
    tailnet_write_config(t, t->options.peers);
    box_configure(&t->box, t->yaml);
}

static uint64_t warnings(struct tailnet *t)
{
    struct info_peer p;
    return info_peer(t->box.core, 0, &p) ? p.n_warnings : 0;
}

/* ---- the relay's state */

static struct tailnet_stream stream_state(const struct media *m, stream_no stream, enum side side)
{
    const struct media_side *s = &m->streams[stream].side[side];
    return (struct tailnet_stream){.stream = stream,
                                   .generation = m->streams[stream].generation,
                                   .side = side,
                                   .orders = s->orders,
                                   .mute = s->mute,
                                   .rtp = s->rtp,
                                   .rtcp = s->rtcp,
                                   .held = {s->held[0].held, s->held[1].held}};
}

static void remember(struct tailnet *t)
{
    const struct media *m = &t->box.media;
    t->n_remembered = 0;
    for (stream_no i = 0; i < m->n_streams; i++) {
        for (int side = 0; side < 2 && m->streams[i].open; side++) {
            if (t->n_remembered == TAILNET_REMEMBERED)
                abort();
            t->remembered[t->n_remembered++] = stream_state(m, i, (enum side)side);
        }
    }
}

static bool same_stream(const struct tailnet_stream *a, const struct tailnet_stream *b)
{
    return a->generation == b->generation && a->mute == b->mute && addr_equal(&a->rtp, &b->rtp) &&
           addr_equal(&a->rtcp, &b->rtcp) && addr_equal(&a->held[0], &b->held[0]) &&
           addr_equal(&a->held[1], &b->held[1]);
}

static void check_remembered(struct tailnet *t, bool anew)
{
    for (unsigned i = 0; i < t->n_remembered; i++) {
        const struct tailnet_stream *was = &t->remembered[i];
        struct tailnet_stream is = stream_state(&t->box.media, was->stream, was->side);
        char before[ADDR_TEXT], now[ADDR_TEXT];
        addr_print(&was->rtp, before);
        addr_print(&is.rtp, now);
        if (!same_stream(was, &is) || (!anew && was->orders != is.orders))
            world_fail(&t->scene.world, "media toward %s changed: to %s, before to %s%s",
                       was->side == SIDE_PEER ? "the peer" : "the exchange", now, before,
                       addr_equal(&was->rtp, &is.rtp) ? " (ordered again, or latched elsewhere)"
                                                      : "");
    }
}

static uint64_t measured(struct tailnet *t)
{
    struct info_peer p;
    return info_peer(t->box.core, 0, &p) && p.rtt_ms >= 0;
}

static bool of_the_operator(struct tailnet *t, const struct script_words *w)
{
    struct box *b = &t->box;
    const char *verb = w->v[0];
    if (strcmp(verb, "restart") == 0)
        box_restart(b);
    else if (strcmp(verb, "reload") == 0)
        box_configure(b, t->yaml);
    else if (strcmp(verb, "reload-without") == 0) {
        tailnet_write_config(t, w->v[1][0] == 'q' ? 1 : 0);
        box_configure(b, t->yaml);
    } else if (strcmp(verb, "reload-with") == 0)
        reload_with(t, w->v[1], w->v[2]);
    else if (strcmp(verb, "drain") == 0)
        box_drain(b);
    else if (strcmp(verb, "hangup") == 0)
        hang_up_all(t);
    else if (strcmp(verb, "save") == 0)
        box_save_calls(b);
    else if (strcmp(verb, "spoil") == 0)
        box_spoil_calls(b);
    else if (strcmp(verb, "name") == 0)
        box_name(b, w->v[1], w->n > 2 ? w->v[2] : "");
    else if (strcmp(verb, "moves") == 0)
        peer_moves(t, w->v[1]);
    else if (strcmp(verb, "remember") == 0)
        remember(t);
    else if (strcmp(verb, "as-remembered") == 0)
        check_remembered(t, w->n > 1);
    else if (strcmp(verb, "taken") == 0) {
        b->taken_low = (uint16_t)strtoul(w->v[1], NULL, 10);
        b->taken_high = (uint16_t)strtoul(w->v[2], NULL, 10);
    } else if (strcmp(verb, "resolver") == 0)
        b->name_delay = script_time(w->v[1]);
    else if (strcmp(verb, "unanswered") == 0)
        b->judge.silence = true;
    else if (strcmp(verb, "exited") == 0 && !b->exited)
        world_fail(b->world, "the core is not drained");
    else
        return strcmp(verb, "exited") == 0;
    return true;
}

/* ---- media of one m-line, from 1, of the newest call of that agent */

static bool line_info(struct tailnet *t, const struct ua *ua, const char *line,
                      struct info_media *out)
{
    struct info_call c;
    uint32_t cursor = 0;
    size_t n = strtoul(line, NULL, 10);
    const struct ua_call *call = NULL;
    for (unsigned k = ua ? ua->calls_begun : 0; k > 0 && !call; k--) {
        call = ua_call_number((struct ua *)(uintptr_t)ua, k);
        call = call && strcmp(call->method, "INVITE") == 0 ? call : NULL;
    }
    while (call && info_call_next(t->box.core, &cursor, t->scene.world.now, &c)) {
        if (!span_is(c.call_id, span_str(call->call_id)) || n == 0 || n > c.n_media)
            continue;
        *out = c.media[n - 1];
        return true;
    }
    world_fail(&t->scene.world, "no m-line %s", line);
    return false;
}

static void check_aim(struct tailnet *t, const struct ua *ua, const char *line, const char *should)
{
    struct info_media m;
    char text[ADDR_TEXT] = "-";
    if (!line_info(t, ua, line, &m))
        return;
    const struct addr *is = &m.remote[ua == t->x ? SIDE_EXCHANGE : SIDE_PEER];
    if (addr_is_set(is))
        addr_print(is, text);
    if (strcmp(text, should) != 0)
        world_fail(&t->scene.world, "media of m-line %s goes to %s, should go to %s", line, text,
                   should);
}

/* From anywhere in the world to our port toward the peer. */
static void throw_packet(struct tailnet *t, const char *from, const struct ua *ua, const char *line)
{
    struct info_media m;
    struct net *net = &t->scene.net;
    struct datagram d = {.from = sim_addr(from), .bytes = "\x80\0\0\1packet", .n = 10};
    int host = 0;
    if (!line_info(t, ua, line, &m))
        return;
    while (host < net->n_hosts && !addr_same_ip(&net->hosts[host].native, &d.from))
        host++;
    if (host == net->n_hosts) {
        host = net_host(net, "media", d.from);
        net_pair(net, t->box.host, host, t->self, d.from);
    }
    d.to = addr_with_port(t->self, m.local[SIDE_PEER].port);
    net_send(net, host, &d);
    world_run_for(&t->scene.world, 10);
}

/* Does RTCP toward that agent go to its RTP port? */
static bool is_muxed(struct tailnet *t, const struct ua *ua, const struct info_media *m)
{
    enum side side = ua == t->x ? SIDE_EXCHANGE : SIDE_PEER;
    for (size_t i = 0; i < t->box.media.n_streams; i++) {
        const struct media_stream *st = &t->box.media.streams[i];
        if (st->open && st->side[side].pair.port == m->local[side].port)
            return st->side[side].mux;
    }
    return false;
}

static bool of_media(struct tailnet *t, const struct script_words *w)
{
    struct info_media m;
    const char *verb = w->v[0];
    if (w->n < 4)
        return false;
    const struct ua *ua = scene_find(&t->scene, w->v[strcmp(verb, "packet") == 0 ? 2 : 1]);
    if (strcmp(verb, "aims") == 0)
        check_aim(t, ua, w->v[2], w->v[3]);
    else if (strcmp(verb, "packet") == 0)
        throw_packet(t, w->v[1], ua, w->v[3]);
    else if (strcmp(verb, "passed") == 0 && line_info(t, ua, w->v[2], &m))
        expect_number(t, "packets passed", m.figures.leg[SIDE_PEER].rx_packets, w->v[3]);
    else if (strcmp(verb, "muxed") == 0 && line_info(t, ua, w->v[2], &m))
        expect_number(t, "RTCP on the RTP port", is_muxed(t, ua, &m), w->v[3]);
    else
        return strcmp(verb, "passed") == 0 || strcmp(verb, "muxed") == 0;
    return true;
}

static bool command(struct scene *s, const struct script_words *w)
{
    struct tailnet *t = s->ctx;
    const char *verb = w->v[0];
    struct info_status status;
    if (t->options.save_often)
        box_save_calls(&t->box);
    if (of_the_operator(t, w) || of_media(t, w))
        return true;
    if (strcmp(verb, "over") == 0) {
        end_calls(t);
    } else if (w->n < 2) {
        return false;
    } else if (strcmp(verb, "calls") == 0) {
        expect_number(t, "calls", box_calls(&t->box), w->v[1]);
    } else if (strcmp(verb, "pairs") == 0) {
        info_status(t->box.core, &status);
        expect_number(t, "pairs in use", status.pairs_in_use, w->v[1]);
    } else if (strcmp(verb, "counter") == 0) {
        check_counter(t, w->v[1], w->v[2]);
    } else if (strcmp(verb, "known") == 0) {
        check_known(t, w->v[1]);
    } else if (strcmp(verb, "registered") == 0) {
        expect_number(t, "bindings", registrations(t), w->v[1]);
    } else if (strcmp(verb, "measured") == 0) {
        expect_number(t, "round-trip times", measured(t), w->v[1]);
    } else if (strcmp(verb, "warned") == 0) {
        expect_number(t, "warnings", warnings(t), w->v[1]);
    } else if (strcmp(verb, "log") == 0 || strcmp(verb, "no-log") == 0) {
        if ((box_logged(&t->box, w->v[1]) > 0) != (verb[0] == 'l'))
            world_fail(&s->world, "the log has%s \"%s\"", verb[0] == 'l' ? " no" : "", w->v[1]);
    } else if (strcmp(verb, "logged") == 0) {
        expect_number(t, w->v[2], box_logged(&t->box, w->v[2]), w->v[1]);
    } else if (strcmp(verb, "raw") == 0) {
        raw(t, w->v[1], w->v[2]);
    } else if (strcmp(verb, "stray") == 0) {
        check_stray(t, w->v[1], w->v[2]);
    } else if (strcmp(verb, "habit") == 0) {
        habit(scene_find(s, w->v[1]), w);
    } else {
        return false;
    }
    return true;
}

/* ---------------------------------------------------------------- $words */

static const struct addr *address_named(const struct tailnet *t, const char *script, size_t *n)
{
    const struct {
        const char *word;
        const struct addr *addr;
    } words[] = {
        {"$CALLER", &t->scene.aliases[0].ua->at},
        {"$CALLED", &t->scene.aliases[1].ua->at},
        {"$PEER2", &t->at[1].seen},
        {"$PEER", &t->at[0].seen},
        {"$NATIVE2", &t->at[1].native},
        {"$NATIVE", &t->at[0].native},
        {"$US2", &t->at[1].us},
        {"$US", &t->at[0].us},
        {"$LOCAL2", &t->at[1].local},
        {"$LOCAL", &t->at[0].local},
        {"$SELF", &t->self},
        {"$EXCHANGE", &t->exchange},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        *n = strlen(words[i].word);
        if (strncmp(script, words[i].word, *n) == 0)
            return words[i].addr;
    }
    return NULL;
}

static void fill_in(const struct tailnet *t, const char *script, char *out, size_t room)
{
    struct writer w = {out, 0, room};
    while (*script) {
        size_t n;
        char text[ADDR_TEXT];
        const struct addr *a = *script == '$' ? address_named(t, script, &n) : NULL;
        if (!a) {
            put(&w, "%c", *script++);
            continue;
        }
        if (strncmp(script, "$CALLE", 6) == 0) /* with its port */
            addr_print(a, text);
        else
            ip_text(a, text);
        put(&w, "%s", text);
        script += n;
    }
}

/* The port that an m-line (from 1) of the call has toward that side. */
static unsigned port_toward(const struct tailnet *t, const struct ua_call *call, enum side side,
                            unsigned line)
{
    struct info_call c;
    uint32_t cursor = 0;
    while (info_call_next(t->box.core, &cursor, t->scene.world.now, &c)) {
        if (span_is(c.call_id, span_str(call->call_id)))
            return line && line <= c.n_media ? c.media[line - 1].local[side].port : 0;
    }
    return 0;
}

static void put_connection(struct writer *w, const struct addr *a)
{
    char text[ADDR_TEXT];
    addr_print_ip(a, text);
    put(w, "IN %s %s", a->family == ADDR_IP6 ? "IP6" : "IP4", text);
}

/* Our address and ports as that agent is told them, its own as it writes it. */
static void fill_body(struct scene *s, const struct ua *ua, const struct ua_call *call,
                      const char *text, char *out, size_t room)
{
    struct tailnet *t = s->ctx;
    struct writer w = {out, 0, room};
    enum side side = ua == t->x ? SIDE_EXCHANGE : SIDE_PEER;
    unsigned peer = 0;
    for (unsigned i = 0; i < t->options.peers; i++)
        peer = t->peers[i] == ua ? i : peer;
    const struct addr *ours = side == SIDE_EXCHANGE ? &t->at[peer].local : &t->at[peer].us;
    put(&w, "%s", "");
    while (*text) {
        size_t n = 0;
        const struct addr *a = *text == '$' ? address_named(t, text, &n) : NULL;
        bool port = text[0] == '$' && (text[1] == 'P' || text[1] == 'R') && text[2] >= '1' &&
                    text[2] <= '9';
        if (strncmp(text, "$OURS", 5) == 0) {
            put_connection(&w, ours);
            text += 5;
        } else if (strncmp(text, "$MINE", 5) == 0) {
            put_connection(&w, &ua->media_ip);
            text += 5;
        } else if (a) {
            put_connection(&w, a);
            text += n;
        } else if (port && call) {
            put(&w, "%u", port_toward(t, call, side, (unsigned)(text[2] - '0')) + (text[1] == 'R'));
            text += 3;
        } else {
            put(&w, "%c", *text++);
        }
    }
}

bool tailnet_run(struct tailnet *t, const char *script)
{
    static char text[65536];
    fill_in(t, script, text, sizeof text);
    if (!t->box.core || !script_run(&t->scene, text))
        return false;
    end_calls(t);
    box_check_quiet(&t->box);
    script_forget(&t->scene);
    return t->scene.world.failures == 0;
}
