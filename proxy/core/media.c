/*
 * media.c - port pairs, streams and the orders for the workers. A stream belongs to an m-line's
 * position for the life of the call: its ports stay when its kind changes.
 */
#include "proxy/core/media.h"
#include "proxy/core/base.h"
#include "proxy/core/host.h"
#include "proxy/core/peer.h"
#include "proxy/core/sockets.h"
#include "sdp/sdp.h"
#include <errno.h>
#include <stdlib.h>

static struct ports *pool_of(const struct core *core, const struct addr *ip)
{
    for (size_t i = 0; i < core->top_pool; i++) {
        if (core->ports[i] && addr_same_ip(&core->ports[i]->addr, ip))
            return core->ports[i];
    }
    return NULL;
}

/* As many tries as pairs wanted; media_bound goes on where others hold them. */
static void pool_reserve(struct core *core, struct ports *ports)
{
    for (uint32_t i = 0; i < PORT_RESERVE; i++) {
        uint16_t port = ports_want(ports, PORT_RESERVE);
        if (!port)
            return;
        out_add(&core->out, ACT_BIND)->pair = (struct relay_pair){ports->id, port};
    }
}

void media_reserve(struct core *core)
{
    for (size_t i = 0; i < core->top_pool; i++) {
        struct ports *ports = core->ports[i];
        if (!ports)
            continue;
        if (ports->listed) {
            pool_reserve(core, ports);
            continue;
        }
        uint16_t port;
        if (ports->n_used)
            continue; /* its calls may want one more; the last pair takes the pool along */
        while ((port = ports_drop(ports)))
            out_add(&core->out, ACT_UNBIND)->pair = (struct relay_pair){ports->id, port};
        if (ports->n_binding)
            continue;
        ports_close(ports);
        free(ports);
        core->ports[i] = NULL;
    }
}

void media_bound(struct core *core, const struct event *event)
{
    struct relay_pair pair = event->bound.pair;
    struct ports *ports = pair.pool < CORE_MAX_POOLS ? core->ports[pair.pool] : NULL;
    if (!ports)
        return;
    if (!event->bound.ok)
        core_count(core, NULL, COUNT_ports_taken);
    ports_bound(ports, pair.port, event->bound.ok);
    if (!ports->listed)
        media_reserve(core);
    else if (!event->bound.ok && ports_search(ports))
        pool_reserve(core, ports);
}

static bool pair_take(struct core *core, const struct call *call, enum side side,
                      struct relay_pair *pair)
{
    bool early;
    struct ports *ports = pool_of(core, &core->sockets[call->socket[side]].addr);
    if (!ports)
        return false;
    uint16_t port = ports_take(ports, core->now, call->conf->media.port_reuse_delay_ms, &early);
    if (!port)
        ports_search_again(ports, core->now);
    pool_reserve(core, ports);
    if (!port)
        return false;
    if (early)
        core_count(core, NULL, COUNT_ports_rested_short);
    *pair = (struct relay_pair){ports->id, port};
    return true;
}

static void pair_give(struct core *core, struct relay_pair pair)
{
    struct ports *ports = pair.pool < CORE_MAX_POOLS ? core->ports[pair.pool] : NULL;
    if (!ports)
        return;
    ports_give(ports, pair.port, core->now);
    if (!ports->listed)
        media_reserve(core);
}

/* One on each side or none. Both are asked for in any case: what is not there is looked for. */
static bool pairs_take(struct core *core, const struct call *call, struct relay_pair pair[2])
{
    bool taken[2];
    for (int side = 0; side < 2; side++)
        taken[side] = pair_take(core, call, (enum side)side, &pair[side]);
    for (int side = 0; side < 2; side++) {
        if (taken[side] && !taken[1 - side])
            pair_give(core, pair[side]);
    }
    return taken[0] && taken[1];
}

static int lines_grow(struct call *call, unsigned line)
{
    if (line < call->n_media)
        return 0;
    struct media_line *more = realloc(call->media, (line + 1) * sizeof *more);
    if (!more)
        return ENOSPC;
    memset(more + call->n_media, 0, (line + 1 - call->n_media) * sizeof *more);
    call->media = more;
    call->n_media = line + 1;
    return 0;
}

static void open_order(struct core *core, const struct call *call, const struct media_line *m)
{
    struct relay_order *o = &out_add(&core->out, ACT_RELAY)->relay;
    o->kind = RELAY_OPEN;
    o->stream = m->stream;
    for (int side = 0; side < 2; side++)
        o->open.pair[side] = (struct relay_pair){m->pool[side], m->port[side]};
    o->open.dscp[SIDE_EXCHANGE] = o->open.dscp[SIDE_PEER] = call->rules->dscp_rtp;
    o->open.idle_timeout_ms = call->conf->media.idle_timeout_ms;
}

int media_open(struct core *core, struct call *call, unsigned line, struct span kind)
{
    struct relay_pair pair[2];
    if (call->phase == PHASE_ENDED || lines_grow(call, line))
        return ENOSPC;
    struct media_line *m = &call->media[line];
    size_t n = kind.n < sizeof m->kind ? kind.n : sizeof m->kind - 1;
    memcpy(m->kind, kind.p, n);
    m->kind[n] = '\0';
    if (m->open)
        return 0;
    if (!core->n_free_streams || !pairs_take(core, call, pair))
        return ENOSPC;
    m->stream = core->free_streams[--core->n_free_streams];
    core->streams[m->stream] = (struct stream_use){call->pool.id, line, {pair[0], pair[1]}};
    for (int side = 0; side < 2; side++) {
        m->pool[side] = pair[side].pool;
        m->port[side] = pair[side].port;
    }
    m->open = true;
    m->opened = core->now;
    call->n_open++;
    open_order(core, call, m);
    return 0;
}

static size_t exchange_sources(const struct conf *conf, struct prefix *out, size_t most)
{
    size_t n = 0;
    for (; n < conf->exchange.sources.n && n < most; n++)
        out[n] = conf->exchange.sources.v[n];
    return n;
}

/* All addresses of a name that SDP gave, the one address where it gave none. */
static size_t target_sources(const struct call *call, const struct addr *to, uint8_t number,
                             struct prefix *out)
{
    const struct media_host *host = host_at(call, SIDE_PEER, number);
    size_t n = 0;
    for (; host && n < host->n_found; n++)
        out[n] = prefix_of(&host->found[n]);
    if (n == 0 && addr_is_set(to))
        out[n++] = prefix_of(to);
    return n;
}

/* Whose packets count. Where packets are sent may answer from other ports than SDP said. */
static void sources_put(struct core *core, const struct call *call, enum side side,
                        const struct media_target *t, struct relay_order *o)
{
    struct prefix v[RELAY_MAX_SOURCES];
    size_t n = target_sources(call, &t->rtp, t->host, v), most = RELAY_MAX_SOURCES;
    if (!addr_same_ip(&t->rtcp, &t->rtp))
        n += target_sources(call, &t->rtcp, t->rtcp_host, v + n);
    n += side == SIDE_PEER ? peer_sources(call->peer, call->rules, v + n, most - n)
                           : exchange_sources(call->conf, v + n, most - n);
    struct span copy = out_copy(&core->out, span_of((const char *)v, n * sizeof *v));
    o->target.sources = (const void *)copy.p;
    o->target.n_sources = (uint8_t)(copy.n / sizeof *v);
}

/* What an offer says of sharing holds once its answer says it, too (RFC 5761 §5.1.1). */
bool media_is_muxed(const struct media_line *line)
{
    return line->now[SIDE_EXCHANGE].mux && line->now[SIDE_PEER].mux;
}

static void target_order(struct core *core, const struct call *call, unsigned line, enum side to,
                         bool relearn)
{
    const struct media_line *m = &call->media[line];
    const struct media_target *target = &m->now[to];
    struct relay_order *o = &out_add(&core->out, ACT_RELAY)->relay;
    o->kind = RELAY_TARGET;
    o->stream = m->stream;
    o->target.side = (uint8_t)to;
    o->target.latch = (uint8_t)(to == SIDE_PEER ? call->rules->latch : LATCH_PEER);
    o->target.relearn = relearn;
    o->target.is_rtp = target->is_rtp;
    o->target.mux = media_is_muxed(m);
    o->target.mute = target->muted;
    o->target.punch = to == SIDE_PEER && call->rules->punch && addr_is_set(&target->rtp);
    o->target.rtp = target->rtp;
    o->target.rtcp = target->rtcp;
    sources_put(core, call, to, target, o);
}

/* An order is given when SDP brought something new. */
void media_target(struct core *core, struct call *call, unsigned line, enum side to)
{
    target_order(core, call, line, to, true);
}

void media_sources(struct core *core, const struct peer *peer)
{
    uint32_t cursor = 0;
    struct call *call;
    while (peer->calls && (call = pool_next(&core->calls, &cursor))) {
        for (unsigned i = 0; call->peer == peer && i < call->n_media; i++) {
            const struct media_line *m = &call->media[i];
            if (m->open && !m->closing && addr_is_set(&m->now[SIDE_PEER].rtp))
                target_order(core, call, i, SIDE_PEER, false);
        }
    }
}

struct addr media_local(const struct core *core, const struct call *call, unsigned line,
                        enum side side)
{
    return addr_with_port(own_address(core, side, call->peer, call), call->media[line].port[side]);
}

void media_close(struct core *core, struct call *call)
{
    for (uint32_t i = 0; i < call->n_media; i++) {
        struct media_line *m = &call->media[i];
        if (!m->open || m->closing)
            continue;
        m->closing = true;
        struct relay_order *o = &out_add(&core->out, ACT_RELAY)->relay;
        o->kind = RELAY_CLOSE;
        o->stream = m->stream;
    }
}

/* This side lets the other one wait. */
static bool is_holding(const struct media_target *t)
{
    return t->muted || t->direction == SDP_SENDONLY || t->direction == SDP_INACTIVE;
}

/* One m-line that goes on is enough for a call that is not on hold. */
bool call_is_held(const struct call *call)
{
    bool held = false;
    for (uint32_t i = 0; i < call->n_media; i++) {
        const struct media_target *t = call->media[i].now;
        if (!t[0].live || !t[1].live)
            continue;
        if (!is_holding(&t[0]) && !is_holding(&t[1]))
            return false;
        held = true;
    }
    return held;
}

typedef uint64_t __attribute__((may_alias)) figure_word;
_Static_assert(sizeof(struct relay_figures) % sizeof(figure_word) == 0, "figures are whole words");

struct relay_figures relay_figures_read(const struct relay_figures *figures)
{
    struct relay_figures copy;
    const figure_word *from = (const void *)figures;
    figure_word *to = (void *)&copy;
    for (size_t i = 0; i < sizeof copy / sizeof *to; i++)
        to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
    return copy;
}

struct relay_figures media_figures(const struct core *core, const struct media_line *m)
{
    if (m->open && core->figures)
        return relay_figures_read(&core->figures[m->stream]);
    return m->final;
}

msec media_last(const struct core *core, const struct call *call, enum side from)
{
    msec last = 0;
    for (uint32_t i = 0; i < call->n_media; i++) {
        const struct media_line *m = &call->media[i];
        struct relay_figures f = media_figures(core, m);
        if (f.leg[from].rx_packets && m->opened + f.leg[from].last_rx_ms > last)
            last = m->opened + f.leg[from].last_rx_ms;
    }
    return last;
}

struct call *media_closed(struct core *core, stream_no stream, const struct relay_figures *figures)
{
    struct stream_use use = core->streams[stream];
    struct call *call = pool_get(&core->calls, use.call);
    core->streams[stream].call = 0;
    core->free_streams[core->n_free_streams++] = stream;
    pair_give(core, use.pair[0]);
    pair_give(core, use.pair[1]);
    if (!call || use.line >= call->n_media)
        return NULL;
    struct media_line *m = &call->media[use.line];
    m->open = false;
    call->n_open--;
    if (figures) {
        m->final = *figures;
        core_count_many(core, call->peer, COUNT_rtp_dropped,
                        figures->leg[0].dropped + figures->leg[1].dropped);
    }
    return call;
}
