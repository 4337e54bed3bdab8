#include "tests/sim/media.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOLD_MS 2000 /* a latched source that is silent for so long may be followed by another */
#define RESTS 1u
#define STREAM 2u

void media_init(struct media *m, struct net *net, int host, size_t n_streams)
{
    memset(m, 0, sizeof *m);
    m->net = net;
    m->host = host;
    m->n_streams = n_streams;
    m->streams = calloc(n_streams, sizeof *m->streams);
    m->figures = calloc(n_streams, sizeof *m->figures);
    if (!m->streams || !m->figures)
        abort();
}

void media_reset(struct media *m)
{
    for (unsigned i = 0; i < MEDIA_MAX_POOLS; i++) {
        struct media_pool *p = &m->pools[i];
        if (p->known)
            net_unbind(m->net, m->host, p->pool.addr, p->low);
        free(p->stream);
        *p = (struct media_pool){0};
    }
    for (size_t i = 0; i < m->n_streams; i++)
        m->streams[i].open = false;
    m->n_open = 0;
}

void media_free(struct media *m)
{
    media_reset(m);
    free(m->streams);
    free(m->figures);
    memset(m, 0, sizeof *m);
}

/* ---------------------------------------------------------------- pairs */

static void fault(struct media *m, const char *what, struct relay_pair p)
{
    world_fail(m->net->world, "relay: %s (pool %u port %u)", what, p.pool, p.port);
}

static uint32_t *pair_at(struct media *m, struct relay_pair pair)
{
    struct media_pool *p = pair.pool < MEDIA_MAX_POOLS ? &m->pools[pair.pool] : NULL;
    if (!p || !p->known || pair.port & 1 || pair.port < p->low || pair.port >= p->high) {
        fault(m, "no such pair", pair);
        return NULL;
    }
    return &p->stream[(pair.port - p->low) / 2];
}

bool media_bind(struct media *m, struct relay_pair pair)
{
    uint32_t *at = pair_at(m, pair);
    if (!at)
        return false;
    if (*at)
        fault(m, "bound twice", pair);
    *at = RESTS;
    return true;
}

void media_unbind(struct media *m, struct relay_pair pair)
{
    uint32_t *at = pair_at(m, pair);
    if (!at)
        return;
    if (*at != RESTS)
        fault(m, *at ? "unbound while a stream has it" : "unbound without being bound", pair);
    *at = 0;
}

static void receive(void *ctx, const struct datagram *d);

void media_pool_open(struct media *m, const struct core_pool *pool, uint16_t low, uint16_t high)
{
    if (pool->id >= MEDIA_MAX_POOLS)
        abort();
    struct media_pool *p = &m->pools[pool->id];
    if (p->known)
        return;
    *p = (struct media_pool){.media = m, .pool = *pool, .low = low, .high = high, .known = true};
    p->stream = calloc((size_t)(high - low + 1) / 2, sizeof *p->stream);
    if (!p->stream || net_bind(m->net, "relay", m->host, pool->addr, low, high, receive, p) != 0)
        abort();
}

/* ---------------------------------------------------------------- packets */

static void send_from(struct media *m, const struct media_side *s, bool rtcp, struct addr to,
                      const char *bytes, size_t n)
{
    struct addr from =
        addr_with_port(m->pools[s->pair.pool].pool.addr, (uint16_t)(s->pair.port + rtcp));
    struct datagram d = {.from = from, .to = to, .bytes = bytes, .n = n};
    net_send(m->net, m->host, &d);
}

static struct addr target_of(const struct media_side *s, bool rtcp)
{
    if (!rtcp || s->mux || !addr_is_set(&s->rtp))
        return s->rtp;
    return addr_is_set(&s->rtcp) ? s->rtcp : addr_with_port(s->rtp, (uint16_t)(s->rtp.port + 1));
}

static struct addr goes_to(const struct media_side *s, bool rtcp)
{
    const struct media_latch *l = &s->held[rtcp];
    return addr_is_set(&l->held) ? l->held : target_of(s, rtcp);
}

static bool from_sources(const struct media_side *s, const struct addr *from)
{
    for (unsigned i = 0; i < s->n_sources; i++) {
        if (prefix_contains(&s->sources[i], from))
            return true;
    }
    return s->latch == LATCH_ANY;
}

/* May this source be heard now? Latches it if so. */
static bool accepted(struct media_side *s, bool rtcp, const struct addr *from, sim_msec now)
{
    struct media_latch *l = &s->held[rtcp];
    struct addr target = target_of(s, rtcp);
    bool is_target = addr_is_set(&target) && addr_equal(&target, from);
    bool holds = addr_is_set(&l->held) && now - l->heard_at < HOLD_MS;
    if (!is_target && s->latch == LATCH_STRICT)
        return false;
    if (!is_target && holds && !addr_equal(&l->held, from))
        return false;
    if (!is_target && !from_sources(s, from))
        return false;
    l->held = *from;
    l->heard_at = now;
    return true;
}

static void count_in(struct media *m, stream_no no, enum side side, bool rtcp,
                     const struct datagram *d)
{
    struct media_stream *st = &m->streams[no];
    struct relay_leg *leg = &m->figures[no].leg[side];
    sim_msec now = m->net->world->now;
    uint32_t since = (uint32_t)(now - st->opened);
    if (!st->side[side].heard) {
        st->side[side].heard = true;
        m->report(m->ctx, RELAY_FIRST, no, side);
    }
    st->last = now;
    if (st->idle) {
        st->idle = false;
        m->report(m->ctx, RELAY_AGAIN, no, side);
    }
    if (rtcp) {
        leg->rtcp_rx++;
        return;
    }
    leg->rx_packets++;
    leg->rx_bytes += d->n;
    if (leg->first_rx_ms == UINT32_MAX)
        leg->first_rx_ms = since;
    leg->last_rx_ms = since;
    leg->latched = st->side[side].held[0].held;
}

static void receive(void *ctx, const struct datagram *d)
{
    struct media_pool *p = ctx;
    struct media *m = p->media;
    uint32_t holder = p->stream[(d->to.port - p->low) / 2];
    if (holder < STREAM) {
        m->closed_ports++;
        return;
    }
    stream_no no = holder - STREAM;
    struct media_stream *st = &m->streams[no];
    bool rtcp = d->to.port & 1;
    enum side side =
        st->side[0].pair.pool == p->pool.id && st->side[0].pair.port == (d->to.port & ~1)
            ? SIDE_EXCHANGE
            : SIDE_PEER;
    struct relay_leg *leg = &m->figures[no].leg[side];
    if (!accepted(&st->side[side], rtcp, &d->from, m->net->world->now)) {
        m->foreign++;
        leg->dropped++;
        leg->foreign = d->from;
        return;
    }
    if (d->n == 0)
        return;
    count_in(m, no, side, rtcp, d);
    struct media_side *out = &st->side[side_other(side)];
    struct addr to = goes_to(out, rtcp);
    if (out->mute || !addr_is_set(&to))
        return;
    struct relay_leg *sent = &m->figures[no].leg[side_other(side)];
    *(rtcp ? &sent->rtcp_tx : &sent->tx_packets) += 1;
    m->moved++;
    send_from(m, out, rtcp, to, d->bytes, d->n);
}

/* ---------------------------------------------------------------- orders */

/* Timers carry stream and generation; a stream that was closed meanwhile is left alone. */
static uint64_t mark(const struct media *m, stream_no no, enum side side)
{
    return (uint64_t)m->streams[no].generation << 32 | (uint64_t)no << 1 | side;
}

static struct media_stream *marked(struct media *m, uint64_t arg)
{
    struct media_stream *st = &m->streams[(arg & 0xffffffff) >> 1];
    return st->open && st->generation == arg >> 32 ? st : NULL;
}

static void watch_idle(struct world *w, void *ctx, uint64_t arg)
{
    struct media *m = ctx;
    struct media_stream *st = marked(m, arg);
    if (!st)
        return;
    sim_msec due = st->last + st->idle_timeout;
    if (due <= w->now && !st->idle) {
        st->idle = true;
        m->report(m->ctx, RELAY_IDLE, (stream_no)((arg & 0xffffffff) >> 1), SIDE_EXCHANGE);
    }
    world_at(w, due > w->now ? due : w->now + st->idle_timeout, watch_idle, m, arg);
}

static void punch(struct world *w, void *ctx, uint64_t arg)
{
    struct media *m = ctx;
    struct media_stream *st = marked(m, arg);
    if (!st)
        return;
    struct media_side *s = &st->side[arg & 1];
    struct addr rtp = target_of(s, false), rtcp = target_of(s, true);
    if (s->punches == 0 || s->heard || !addr_is_set(&rtp))
        return;
    s->punches--;
    send_from(m, s, false, rtp, "", 0);
    send_from(m, s, true, rtcp, "", 0);
    world_in(w, 1000, punch, m, arg);
}

static void take_pair(struct media *m, stream_no no, struct relay_pair pair)
{
    uint32_t *at = pair_at(m, pair);
    if (!at)
        return;
    if (*at != RESTS)
        fault(m, *at ? "opened while another stream has it" : "opened without being bound", pair);
    *at = no + STREAM;
}

static void order_open(struct media *m, const struct relay_order *o)
{
    struct media_stream *st = &m->streams[o->stream];
    uint32_t generation = st->generation + 1;
    if (st->open)
        world_fail(m->net->world, "relay: stream %u opened twice", o->stream);
    memset(st, 0, sizeof *st);
    memset(&m->figures[o->stream], 0, sizeof m->figures[0]);
    st->open = true;
    st->generation = generation;
    st->opened = st->last = m->net->world->now;
    st->idle_timeout = o->open.idle_timeout_ms;
    for (int s = 0; s < 2; s++) {
        st->side[s].pair = o->open.pair[s];
        m->figures[o->stream].leg[s].first_rx_ms = UINT32_MAX;
        m->figures[o->stream].leg[s].last_rx_ms = UINT32_MAX;
        take_pair(m, o->stream, o->open.pair[s]);
    }
    m->n_open++;
    if (st->idle_timeout)
        world_in(m->net->world, st->idle_timeout, watch_idle, m, mark(m, o->stream, SIDE_EXCHANGE));
}

static void order_target(struct media *m, const struct relay_order *o)
{
    struct media_stream *st = &m->streams[o->stream];
    if (!st->open) {
        world_fail(m->net->world, "relay: target for stream %u, which is not open", o->stream);
        return;
    }
    struct media_side *s = &st->side[o->target.side];
    s->orders++;
    s->rtp = o->target.rtp;
    s->rtcp = o->target.rtcp;
    s->latch = o->target.latch;
    s->mute = o->target.mute;
    s->mux = o->target.mux;
    s->n_sources = o->target.n_sources;
    if (s->n_sources)
        memcpy(s->sources, o->target.sources, s->n_sources * sizeof s->sources[0]);
    if (o->target.relearn)
        memset(s->held, 0, sizeof s->held);
    if (o->target.punch && addr_is_set(&s->rtp) && !s->heard && s->punches == 0) {
        s->punches = 5;
        punch(m->net->world, m, mark(m, o->stream, (enum side)o->target.side));
    }
}

static void order_close(struct media *m, const struct relay_order *o)
{
    struct media_stream *st = &m->streams[o->stream];
    if (st->open) {
        m->n_open--;
        for (int s = 0; s < 2; s++) {
            uint32_t *at = pair_at(m, st->side[s].pair);
            if (at)
                *at = RESTS;
        }
    }
    st->open = false;
    m->report(m->ctx, RELAY_CLOSED, o->stream, SIDE_EXCHANGE);
}

void media_order(struct media *m, const struct relay_order *o)
{
    if (o->stream >= m->n_streams) {
        world_fail(m->net->world, "relay: no stream %u", o->stream);
        return;
    }
    switch ((enum relay_kind)o->kind) {
    case RELAY_OPEN:
        order_open(m, o);
        break;
    case RELAY_TARGET:
        order_target(m, o);
        break;
    case RELAY_CLOSE:
        order_close(m, o);
        break;
    }
}
