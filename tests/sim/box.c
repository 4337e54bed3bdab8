#include "tests/sim/box.h"

#include "proxy/core/limits.h"
#include "proxy/core/save.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An answer that comes to the core a moment after it asked. */
struct box_later {
    struct box_later *next, *next_free; /* all of them; those not on their way */
    struct box *box;
    uint32_t epoch;
    struct event event;
    struct addr addrs[BOX_MAX_ANSWERS];
    struct relay_figures figures;
};

static const char *const level_names[] = {"error", "warning", "info", "debug"};

static void step(struct box *b, const struct event *e);

/* ---------------------------------------------------------------- answers */

static void come(struct world *w, void *ctx, uint64_t arg)
{
    struct box_later *l = ctx;
    struct box *b = l->box;
    (void)w;
    (void)arg;
    if (l->epoch == b->epoch && b->core)
        step(b, &l->event);
    l->next_free = b->later_free;
    b->later_free = l;
}

static struct box_later *later_new(struct box *b)
{
    struct box_later *l = b->later_free;
    if (l) {
        b->later_free = l->next_free;
    } else {
        l = calloc(1, sizeof *l);
        if (!l)
            abort();
        l->next = b->later;
        b->later = l;
    }
    l->box = b;
    l->epoch = b->epoch;
    l->event = (struct event){0};
    return l;
}

static void answer_bind(struct box *b, struct relay_pair pair)
{
    struct box_later *l = later_new(b);
    bool fails = world_chance(b->world, b->bind_failures) ||
                 (pair.port >= b->taken_low && pair.port <= b->taken_high);
    l->event.kind = EV_BOUND;
    l->event.bound.pair = pair;
    l->event.bound.ok = !fails && media_bind(&b->media, pair);
    world_in(b->world, 1, come, l, 0);
}

static void answer_name(struct box *b, uint64_t question, const char *name)
{
    struct box_later *l = later_new(b);
    l->event.kind = EV_NAME;
    l->event.name.question = question;
    l->event.name.addrs = l->addrs;
    for (unsigned i = 0; i < b->n_names; i++) {
        if (strcmp(b->names[i].name, name) != 0)
            continue;
        l->event.name.n = b->names[i].n;
        memcpy(l->addrs, b->names[i].addrs, sizeof l->addrs);
    }
    world_in(b->world, b->name_delay ? b->name_delay : 5, come, l, 0);
}

static void relay_report(void *ctx, enum relay_report_kind kind, stream_no stream, enum side side)
{
    struct box *b = ctx;
    struct box_later *l = later_new(b);
    l->event.kind = EV_RELAY;
    l->event.relay.kind = (uint8_t)kind;
    l->event.relay.side = (uint8_t)side;
    l->event.relay.stream = stream;
    l->figures = b->media.figures[stream];
    l->event.relay.figures = kind == RELAY_CLOSED ? &l->figures : NULL;
    world_in(b->world, 1, come, l, 0);
}

/* ---------------------------------------------------------------- store and log */

static struct box_record **record_at(struct box *b, struct span kind, struct span key)
{
    struct box_record **at = &b->records;
    while (*at && (!span_is(span_of((*at)->kind, (*at)->kind_n), kind) ||
                   !span_is(span_of((*at)->key, (*at)->key_n), key)))
        at = &(*at)->next;
    return at;
}

static char *keep(struct span s, size_t *n)
{
    char *p = malloc(s.n + 1);
    if (!p)
        abort();
    if (s.n)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    *n = s.n;
    return p;
}

static void record_free(struct box_record *r)
{
    free(r->kind);
    free(r->key);
    free(r->value);
    free(r);
}

static void store(struct box *b, struct span kind, struct span key, struct span value)
{
    struct box_record **at = record_at(b, kind, key);
    if (*at) {
        struct box_record *old = *at;
        *at = old->next;
        record_free(old);
    }
    if (value.n == 0)
        return;
    struct box_record *r = calloc(1, sizeof *r);
    if (!r)
        abort();
    r->kind = keep(kind, &r->kind_n);
    r->key = keep(key, &r->key_n);
    r->value = keep(value, &r->value_n);
    r->next = b->records;
    b->records = r;
}

static void note(struct box *b, const struct action *a)
{
    char text[2048];
    snprintf(text, sizeof text, "%s %.*s %.*s %.*s", level_names[a->log.level & 3],
             (int)a->log.peer.n, a->log.peer.p, (int)a->log.call_id.n, a->log.call_id.p,
             (int)a->log.text.n, a->log.text.p);
    char **at = &b->log[b->n_log++ % BOX_MAX_LOG];
    free(*at);
    *at = strdup(text);
    if (b->world->trace)
        printf("%10.3f LOG   %s\n", (double)b->world->now / 1000, text);
}

unsigned box_logged(const struct box *b, const char *text)
{
    unsigned n = 0;
    for (unsigned i = 0; i < BOX_MAX_LOG; i++)
        n += b->log[i] && strstr(b->log[i], text);
    return n;
}

/* ---------------------------------------------------------------- actions */

static struct box_socket *socket_of(struct box *b, uint16_t id)
{
    return id < b->n_sockets && b->sockets[id].open ? &b->sockets[id] : NULL;
}

/* Whoever wrote it, what goes to a peer's address bears the mark of a peer there. */
static void check_mark(const struct box *b, const struct action *a)
{
    bool known = false;
    for (size_t i = 0; i < b->conf->n_peers; i++) {
        const struct conf_peer *peer = &b->conf->peers[i];
        if (!addr_same_ip(&peer->address.addr, &a->send.to))
            continue;
        if (a->send.dscp == peer->dscp_sip)
            return;
        known = true;
    }
    if (known)
        world_fail(b->world, "a datagram to a peer bears DSCP %u: %.*s", a->send.dscp,
                   (int)(a->send.bytes.n < 40 ? a->send.bytes.n : 40), a->send.bytes.p);
}

static void send_datagram(struct box *b, const struct action *a)
{
    struct box_socket *s = socket_of(b, a->send.socket);
    if (!s) {
        world_fail(b->world, "the core sends from socket %u, which is not open", a->send.socket);
        return;
    }
    b->sent++;
    if (s->socket.side == SIDE_PEER)
        check_mark(b, a);
    invariants_out(&b->judge, &s->socket, &a->send.to, a->send.bytes);
    struct datagram d = {
        .from = s->socket.addr, .to = a->send.to, .bytes = a->send.bytes.p, .n = a->send.bytes.n};
    net_send(b->net, b->host, &d);
}

static void close_socket(struct box *b, uint16_t id)
{
    struct box_socket *s = socket_of(b, id);
    if (!s) {
        world_fail(b->world, "the core closes socket %u, which is not open", id);
        return;
    }
    net_unbind(b->net, b->host, s->socket.addr, s->socket.addr.port);
    s->open = false;
}

static void act(struct box *b, const struct action *a)
{
    switch ((enum action_kind)a->kind) {
    case ACT_SEND:
        send_datagram(b, a);
        break;
    case ACT_RELAY:
        media_order(&b->media, &a->relay);
        break;
    case ACT_BIND:
        answer_bind(b, a->pair);
        break;
    case ACT_UNBIND:
        media_unbind(&b->media, a->pair);
        break;
    case ACT_RESOLVE:
        answer_name(b, a->resolve.question, a->resolve.name);
        break;
    case ACT_STORE:
        store(b, a->store.kind, a->store.key, a->store.value);
        break;
    case ACT_LOG:
        note(b, a);
        break;
    case ACT_SOCKET_CLOSE:
        close_socket(b, a->socket);
        break;
    case ACT_EXIT:
        b->exited = true;
        break;
    }
}

static void step(struct box *b, const struct event *e)
{
    b->steps++;
    struct actions actions = core_step(b->core, b->world->now, e);
    for (size_t i = 0; i < actions.n; i++)
        act(b, &actions.v[i]);
}

static void receive(void *ctx, const struct datagram *d)
{
    struct box_socket *s = ctx;
    struct box *b = s->box;
    invariants_in(&b->judge, &s->socket, d);
    struct event e = {.kind = EV_DATAGRAM};
    e.datagram.socket = s->socket.id;
    e.datagram.from = d->from;
    e.datagram.bytes = d->bytes;
    e.datagram.truncated = d->n > BOX_LARGEST;
    e.datagram.n = e.datagram.truncated ? BOX_LARGEST : d->n;
    step(b, &e);
}

static sim_msec deadline(void *ctx)
{
    const struct box *b = ctx;
    return b->core ? core_deadline(b->core) : UINT64_MAX;
}

static void tick(void *ctx)
{
    struct event e = {.kind = EV_TIME};
    step(ctx, &e);
}

/* ---------------------------------------------------------------- configuration */

void box_init(struct box *b, struct net *net, int host)
{
    memset(b, 0, sizeof *b);
    b->world = net->world;
    b->net = net;
    b->host = host;
    invariants_init(&b->judge, b->world);
    b->world->ticker = (struct world_ticker){deadline, tick, b};
}

static uint16_t socket_open(struct box *b, enum side side, const struct addr *addr)
{
    for (uint16_t i = 0; i < b->n_sockets; i++) {
        struct box_socket *s = &b->sockets[i];
        if (s->open && s->socket.side == side && addr_equal(&s->socket.addr, addr))
            return i;
    }
    if (b->n_sockets == BOX_MAX_SOCKETS)
        abort();
    uint16_t id = (uint16_t)b->n_sockets++;
    struct box_socket *s = &b->sockets[id];
    *s = (struct box_socket){
        .box = b, .socket = {.id = id, .side = (uint8_t)side, .addr = *addr}, .open = true};
    if (net_bind(b->net, "core", b->host, *addr, addr->port, addr->port, receive, s) != 0)
        world_fail(b->world, "a socket of the core is taken");
    return id;
}

static const struct core_pool *pool_open(struct box *b, const struct conf *conf,
                                         const struct addr *addr)
{
    for (unsigned i = 0; i < b->n_pools; i++) {
        if (addr_same_ip(&b->pools[i].addr, addr))
            return &b->pools[i];
    }
    if (b->n_pools == MEDIA_MAX_POOLS)
        abort();
    b->pools[b->n_pools] = (struct core_pool){(uint16_t)b->n_pools, addr_with_port(*addr, 0)};
    media_pool_open(&b->media, &b->pools[b->n_pools], conf->media.port_low, conf->media.port_high);
    return &b->pools[b->n_pools++];
}

struct wanted {
    struct core_socket sockets[BOX_MAX_SOCKETS];
    struct core_pool pools[MEDIA_MAX_POOLS];
    struct core_route routes[CONF_MAX_PEERS];
    size_t n, n_pools;
};

/* Only those of this configuration: the core lets the others go. */
static void want_pool(struct box *b, struct wanted *w, const struct addr *addr)
{
    const struct core_pool *pool = pool_open(b, b->conf, addr);
    for (size_t i = 0; i < w->n_pools; i++) {
        if (w->pools[i].id == pool->id)
            return;
    }
    w->pools[w->n_pools++] = *pool;
}

static void want(struct box *b, struct wanted *w, enum side side, const struct addr *addr)
{
    if (!addr_is_set(addr))
        return;
    uint16_t id = socket_open(b, side, addr);
    for (size_t i = 0; i < w->n; i++) {
        if (w->sockets[i].id == id)
            return;
    }
    w->sockets[w->n++] = b->sockets[id].socket;
    want_pool(b, w, addr);
}

static void give_configuration(struct box *b)
{
    const struct conf *c = b->conf;
    struct wanted w = {.n = 0};
    want(b, &w, SIDE_EXCHANGE, &c->exchange.local);
    for (size_t i = 0; i < c->n_peers; i++) {
        want(b, &w, SIDE_EXCHANGE, &c->peers[i].local);
        w.routes[i].source = addr_with_port(b->net->hosts[b->host].native, 0);
    }
    for (size_t i = 0; i < c->trunk.n_listen; i++)
        want(b, &w, SIDE_PEER, &c->trunk.listen[i].addr);
    struct event e = {.kind = EV_CONFIG};
    e.config.conf = c;
    e.config.sockets = w.sockets;
    e.config.n_sockets = w.n;
    e.config.pools = w.pools;
    e.config.n_pools = w.n_pools;
    e.config.routes = w.routes;
    step(b, &e);
}

static struct conf *read_yaml(struct box *b, const char *yaml)
{
    struct conf *conf = NULL;
    struct conf_errors errors = {0};
    if (conf_read("sim.yaml", yaml, strlen(yaml), NULL, &conf, &errors) != 0) {
        for (size_t i = 0; i < errors.n; i++) {
            char text[512];
            conf_error_print(&errors.v[i], text, sizeof text);
            world_fail(b->world, "%s", text);
        }
    }
    conf_errors_free(&errors);
    return conf;
}

static void core_begin(struct box *b)
{
    bool learned = b->judge.addresses_free;
    b->judge.addresses_free =
        true; /* the first probes may leave before what was stored comes back */
    core_wall(b->core, 1800000000000 - (int64_t)b->world->now);
    give_configuration(b);
    for (struct box_record *r = b->records; r; r = r->next) {
        struct event e = {.kind = EV_STORED};
        e.stored.kind = span_of(r->kind, r->kind_n);
        e.stored.key = span_of(r->key, r->key_n);
        e.stored.value = span_of(r->value, r->value_n);
        step(b, &e);
    }
    b->judge.addresses_free = learned;
}

void box_configure(struct box *b, const char *yaml)
{
    struct conf *conf = read_yaml(b, yaml);
    if (!conf)
        return;
    conf_release(b->conf);
    b->conf = conf;
    if (b->core) {
        give_configuration(b);
        return;
    }
    media_init(&b->media, b->net, b->host, core_streams(conf));
    b->media.report = relay_report;
    b->media.ctx = b;
    b->core = core_new(conf, world_random(b->world), b->media.figures);
    if (!b->core)
        abort();
    core_begin(b);
}

static void close_all(struct box *b)
{
    for (unsigned i = 0; i < b->n_sockets; i++) {
        if (b->sockets[i].open)
            close_socket(b, (uint16_t)i);
    }
    media_reset(&b->media);
    b->n_pools = 0;
}

void box_restart(struct box *b)
{
    core_free(b->core);
    close_all(b);
    b->epoch++;
    b->core = core_new(b->conf, world_random(b->world), b->media.figures);
    if (!b->core)
        abort();
    core_begin(b);
}

void box_free(struct box *b)
{
    core_free(b->core);
    b->core = NULL;
    close_all(b);
    conf_release(b->conf);
    media_free(&b->media);
    invariants_free(&b->judge);
    while (b->records) {
        struct box_record *r = b->records;
        b->records = r->next;
        record_free(r);
    }
    while (b->later) {
        struct box_later *l = b->later;
        b->later = l->next;
        free(l);
    }
    for (unsigned i = 0; i < BOX_MAX_LOG; i++)
        free(b->log[i]);
    b->world->ticker = (struct world_ticker){0};
    memset(b, 0, sizeof *b);
}

/* ---------------------------------------------------------------- the operator */

void box_hangup(struct box *b, core_id call)
{
    struct event e = {.kind = EV_HANGUP};
    e.hangup.call = call;
    step(b, &e);
}

void box_drain(struct box *b)
{
    struct event e = {.kind = EV_DRAIN};
    step(b, &e);
}

void box_name(struct box *b, const char *name, const char *addrs)
{
    struct box_name *n = NULL;
    for (unsigned i = 0; i < b->n_names; i++) {
        if (strcmp(b->names[i].name, name) == 0)
            n = &b->names[i];
    }
    if (!n) {
        if (b->n_names == BOX_MAX_NAMES)
            abort();
        n = &b->names[b->n_names++];
        snprintf(n->name, sizeof n->name, "%s", name);
    }
    for (n->n = 0; *addrs; n->n++) {
        size_t length = strcspn(addrs, ",");
        if (n->n == BOX_MAX_ANSWERS || addr_parse(span_of(addrs, length), 0, &n->addrs[n->n]) != 0)
            abort();
        addrs += length + (addrs[length] == ',');
    }
}

unsigned box_calls(const struct box *b)
{
    struct info_call call;
    uint32_t cursor = 0;
    unsigned n = 0;
    while (info_call_next(b->core, &cursor, b->world->now, &call))
        n++;
    return n;
}

static void load_spoilt(struct box *b, const char *bytes, size_t n)
{
    static char spoilt[256 * 1024];
    struct info_call call;
    uint32_t cursor = 0;
    for (size_t at = 0; at + 4 <= n; at++) {
        memcpy(spoilt, bytes, n);
        memset(spoilt + at, 0xff, 4);
        int error = call_load(b->core, spoilt, n);
        if (error)
            continue;
        for (cursor = 0; info_call_next(b->core, &cursor, b->world->now, &call);)
            ;
        uint32_t id; /* behind the mark and the version */
        memcpy(&id, spoilt + 6, sizeof id);
        call_drop(b->core, id);
    }
}

void box_spoil_calls(struct box *b)
{
    static char bytes[256 * 1024];
    struct info_call call;
    uint32_t cursor = 0;
    while (info_call_next(b->core, &cursor, b->world->now, &call)) {
        size_t n = call_save(b->core, call.id, bytes, sizeof bytes);
        call_drop(b->core, call.id);
        load_spoilt(b, bytes, n);
        if (call_load(b->core, bytes, n) != 0)
            world_fail(b->world, "a call cannot be loaded back after spoilt records of it");
    }
}

void box_save_calls(struct box *b)
{
    static char bytes[256 * 1024];
    struct info_call call;
    uint32_t cursor = 0;
    while (info_call_next(b->core, &cursor, b->world->now, &call)) {
        size_t n = call_save(b->core, call.id, bytes, sizeof bytes);
        if (n == 0 || n > sizeof bytes) {
            world_fail(b->world, "a call cannot be saved: %zu bytes", n);
            continue;
        }
        call_drop(b->core, call.id);
        int bad = call_load(b->core, bytes, n);
        if (bad)
            world_fail(b->world, "a call of %zu bytes cannot be loaded back: %s", n, strerror(bad));
        b->saved++;
    }
}

#define IDLE_MS 600000

/* Of a probe: the moment to send it, its answer, and the end of its transaction. */
static uint64_t steps_of_probe(uint32_t every_ms)
{
    return every_ms ? 3 * (IDLE_MS / every_ms + 1) : 0;
}

/* The moment to look a name up again, and what it means. */
static uint64_t steps_of_name(const struct addr *literal)
{
    return addr_is_set(literal) ? 0 : 2 * (IDLE_MS / NAME_AGAIN + 1);
}

/* The exchange is probed from each local in turn, and from each as often as it says. */
static uint32_t exchange_probe_ms(const struct conf *conf)
{
    uint32_t locals = 0;
    for (size_t i = 0; i < conf->n_peers; i++)
        locals += addr_is_set(&conf->peers[i].local);
    return locals ? conf->exchange.probe_ms / locals : conf->exchange.probe_ms;
}

static uint64_t steps_of_idling(const struct box *b)
{
    uint64_t n = steps_of_probe(exchange_probe_ms(b->conf));
    for (size_t i = 0; i < b->conf->n_peers; i++)
        n += steps_of_probe(b->conf->peers[i].probe_ms) +
             steps_of_name(&b->conf->peers[i].address.addr);
    return n;
}

/* Nothing but probes and names goes on any more: no timer of a transaction, a call or a port is
 * left. */
static void check_idle(struct box *b)
{
    uint64_t before = b->steps;
    world_run_for(b->world, IDLE_MS);
    if (b->steps - before > steps_of_idling(b) + 4)
        world_fail(b->world,
                   "the core has %llu things to do in ten idle minutes, probes and names are %llu",
                   (unsigned long long)(b->steps - before), (unsigned long long)steps_of_idling(b));
}

static void check_nothing_left(struct box *b)
{
    struct info_status status;
    info_status(b->core, &status);
    if (box_calls(b) != 0)
        world_fail(b->world, "%u calls are left", box_calls(b));
    if (status.calls_active || status.pairs_in_use)
        world_fail(b->world, "%u calls and %u port pairs are still in use", status.calls_active,
                   status.pairs_in_use);
    for (size_t i = 0; i < b->media.n_streams; i++) {
        const struct media_stream *st = &b->media.streams[i];
        if (st->open)
            world_fail(b->world, "stream %zu of %.3f s is still open, on port %u toward the peer",
                       i, (double)st->opened / 1000, st->side[SIDE_PEER].pair.port);
    }
}

void box_check_quiet(struct box *b)
{
    world_run_for(b->world, 200000);
    check_nothing_left(b);
    check_idle(b);
    invariants_answered(&b->judge);
    invariants_counters(&b->judge, info_counters(b->core));
}
