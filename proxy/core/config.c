/*
 * config.c - a configuration takes effect, all at once: sockets, pools and peers are matched by
 * address and by name, so that what stays the same stays untouched.
 */
#include "proxy/core/config.h"
#include "proxy/core/base.h"
#include "proxy/core/media.h"
#include "proxy/core/peer.h"
#include "proxy/core/probe.h"
#include "proxy/core/sockets.h"
#include <stdio.h>
#include <stdlib.h>

static void sockets_apply(struct core *core, const struct core_socket *sockets, size_t n)
{
    for (size_t i = 0; i < core->top_socket; i++) {
        if (core->sockets[i].use == SOCKET_LISTED)
            core->sockets[i].use = SOCKET_FORMER;
        core->sockets[i].peer = NULL;
    }
    core->n_trunks = 0;
    for (size_t i = 0; i < n; i++) {
        if (sockets[i].id >= CORE_MAX_SOCKETS)
            continue;
        struct socket *s = &core->sockets[sockets[i].id];
        if (sockets[i].id >= core->top_socket)
            core->top_socket = (uint16_t)(sockets[i].id + 1);
        s->use = SOCKET_LISTED;
        s->side = sockets[i].side;
        s->addr = sockets[i].addr;
        if (s->side == SIDE_PEER && core->n_trunks < MAX_TRUNKS)
            core->trunks[core->n_trunks++] = sockets[i].id;
    }
}

static void sockets_retire(struct core *core)
{
    for (uint16_t i = 0; i < core->top_socket; i++) {
        struct socket *s = &core->sockets[i];
        if (s->use != SOCKET_FORMER || s->users)
            continue;
        s->use = SOCKET_NONE;
        out_add(&core->out, ACT_SOCKET_CLOSE)->socket = i;
    }
}

static void pool_apply(struct core *core, const struct core_pool *pool)
{
    if (pool->id >= CORE_MAX_POOLS)
        return;
    struct ports *ports = core->ports[pool->id];
    if (ports) {
        ports->listed = true;
        return;
    }
    ports = calloc(1, sizeof *ports);
    if (!ports || ports_init(ports, pool, core->conf->media.port_low, core->conf->media.port_high,
                             (uint32_t)core_random(core))) {
        free(ports);
        return;
    }
    core->ports[pool->id] = ports;
    if (pool->id >= core->top_pool)
        core->top_pool = (uint16_t)(pool->id + 1);
}

static void pools_apply(struct core *core, const struct core_pool *pools, size_t n)
{
    for (size_t i = 0; i < core->top_pool; i++) {
        if (core->ports[i])
            core->ports[i]->listed = false;
    }
    for (size_t i = 0; i < n; i++)
        pool_apply(core, &pools[i]);
}

static struct peer *peer_known(const struct core *core, const char *name)
{
    for (size_t i = 0; i < core->n_peers; i++) {
        if (strcmp(core->peers[i]->name, name) == 0)
            return core->peers[i];
    }
    return NULL;
}

static struct peer *peer_new(const struct conf_peer *rules)
{
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer)
        return NULL;
    peer->name = strdup(rules->name);
    peer->probe.rtt_ms = -1;
    if (peer->name)
        return peer;
    free(peer);
    return NULL;
}

static bool socket_by_addr(const struct core *core, enum side side, const struct addr *a,
                           uint16_t *id)
{
    for (uint16_t i = 0; i < core->top_socket; i++) {
        const struct socket *s = &core->sockets[i];
        if (s->use == SOCKET_LISTED && s->side == side && addr_equal(&s->addr, a)) {
            *id = i;
            return true;
        }
    }
    return false;
}

/* A name's family is known once it has been looked up. */
static void peer_trunk(const struct core *core, struct peer *peer)
{
    const struct conf_peer *rules = peer->rules;
    uint8_t family = rules->address.addr.family;
    if (family == ADDR_NONE && peer->n_addrs)
        family = peer->addrs[0].family;
    if (addr_is_set(&rules->bind) && socket_by_addr(core, SIDE_PEER, &rules->bind, &peer->trunk))
        return;
    peer->trunk = core->n_trunks ? core->trunks[0] : 0;
    trunk_find(core, family, &peer->trunk);
}

static void peer_sockets(struct core *core, struct peer *peer)
{
    const struct conf_peer *rules = peer->rules;
    if (!addr_is_set(&rules->local)) {
        peer->local = core->shared;
    } else if (socket_by_addr(core, SIDE_EXCHANGE, &rules->local, &peer->local)) {
        core->sockets[peer->local].peer = peer;
    }
    peer_trunk(core, peer);
}

/* Without probes nobody is known to be down. `anew`: it may be somebody else now. */
static void probes_apply(struct core *core, struct prober *prober, uint32_t every, bool anew,
                         msec first)
{
    if (anew || (!every && prober->state == LIVE_DOWN))
        probe_forget(core, prober);
    if (!every) {
        prober->txn = 0;
        probe_start(core, prober, UINT64_MAX);
    } else if (anew || !prober->timer.place) {
        probe_start(core, prober, core->now + first);
    } else if (prober->timer.at > core->now + every) {
        probe_start(core, prober, core->now + every);
    }
}

static void peer_apply(struct core *core, struct peer *peer, size_t index,
                       const struct event *event, bool again)
{
    const struct conf_peer *rules = &core->conf->peers[index];
    bool moved = again || !peer->rules ||
                 strcmp(peer->rules->address.name, rules->address.name) != 0 ||
                 peer->rules->address.addr.port != rules->address.addr.port;
    struct conf *before = peer->conf;
    peer_keep_dialogs(core, peer);
    peer->conf = conf_hold(core->conf);
    peer->rules = rules;
    conf_release(before);
    memset(peer->warnings, 0, sizeof peer->warnings); /* what is still so will be found again */
    peer->route = event->config.routes ? event->config.routes[index].source : (struct addr){0};
    uint16_t trunk = peer->trunk;
    peer_sockets(core, peer);
    if (before && (trunk != peer->trunk || moved))
        peer->view = (struct view){0}; /* seen from another socket, or by somebody else */
    if (moved || !addr_is_set(&rules->address.addr)) /* what a name means may have changed, too */
        peer_resolve(core, peer, moved);
    /* Spread over a second, so that fifty peers are not probed in one burst. */
    probes_apply(core, &peer->probe, rules->probe_ms, before && moved, index * 20 % 1000);
}

/* The list begins with the peers of the configuration in its order; those no longer listed stay
 * behind them for as long as something refers to them. */
static void peers_apply(struct core *core, const struct event *event)
{
    size_t n = core->conf->n_peers;
    size_t cap = n + core->n_peers;
    struct peer **list = calloc(cap ? cap : 1, sizeof *list);
    if (!list)
        return;
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        struct peer *peer = peer_known(core, core->conf->peers[i].name);
        if (!peer)
            peer = peer_new(&core->conf->peers[i]);
        if (!peer)
            break; /* out of memory: the peers so far are served */
        list[at++] = peer;
    }
    size_t listed = at;
    for (size_t i = 0; i < core->n_peers; i++) {
        bool again = false;
        for (size_t k = 0; k < listed; k++)
            again = again || list[k] == core->peers[i];
        if (!again)
            list[at++] = core->peers[i];
    }
    free(core->peers);
    core->peers = list;
    core->n_peers = at;
    core->n_listed = listed;
    for (size_t i = 0; i < listed; i++) {
        bool again = !list[i]->listed; /* its timers were stopped while it was not listed */
        if (again)
            peer_hold(list[i]);
        list[i]->listed = true;
        peer_apply(core, list[i], i, event, again);
    }
    for (size_t i = at; i > listed; i--) {
        struct peer *peer = list[i - 1];
        if (!peer->listed)
            continue;
        peer->listed = false;
        timer_stop(&core->timers, &peer->probe.timer);
        timer_stop(&core->timers, &peer->name_timer);
        peer_release(core, peer);
    }
}

static uint32_t calls_under(const struct core *core, const struct conf *conf)
{
    uint32_t cursor = 0, n = 0;
    const struct call *call;
    while ((call = pool_next(&core->calls, &cursor)))
        n += call->conf == conf && call->phase != PHASE_ENDED;
    return n;
}

static void former_drop(struct core *core, size_t i)
{
    conf_release(core->formers[i].conf);
    memmove(&core->formers[i], &core->formers[i + 1],
            (--core->n_formers - i) * sizeof core->formers[0]);
}

/* What running calls began with still says who their exchange is. */
static void former_keep(struct core *core, struct conf *before)
{
    uint32_t calls = before ? calls_under(core, before) : 0;
    if (!calls) {
        conf_release(before);
        return;
    }
    if (core->n_formers == MAX_FORMERS)
        former_drop(core, 0);
    core->formers[core->n_formers++] = (struct former){before, calls};
}

void config_call_over(struct core *core, const struct conf *conf)
{
    for (size_t i = 0; i < core->n_formers; i++) {
        if (core->formers[i].conf == conf && --core->formers[i].calls == 0)
            former_drop(core, i--);
    }
}

void config_apply(struct core *core, const struct event *event)
{
    struct conf *before = core->conf;
    core->conf = conf_hold(event->config.conf);
    core->generation++;
    core->loaded = core->now;
    if (core->generation == 1)
        core->exchange.since = core->now;
    sockets_apply(core, event->config.sockets, event->config.n_sockets);
    core->has_shared =
        addr_is_set(&core->conf->exchange.local) &&
        socket_by_addr(core, SIDE_EXCHANGE, &core->conf->exchange.local, &core->shared);
    pools_apply(core, event->config.pools, event->config.n_pools);
    peers_apply(core, event);
    probes_apply(core, &core->exchange, core->conf->exchange.probe_ms,
                 before && !addr_equal(&before->exchange.address, &core->conf->exchange.address),
                 10);
    media_reserve(core);
    sockets_retire(core);
    former_keep(core, before);
}

void config_close(struct core *core)
{
    while (core->n_listed) {
        struct peer *peer = core->peers[--core->n_listed];
        peer->listed = false;
        peer_release(core, peer);
    }
    free(core->peers);
    core->peers = NULL;
    for (size_t i = 0; i < core->top_pool; i++) {
        if (core->ports[i])
            ports_close(core->ports[i]);
        free(core->ports[i]);
    }
    while (core->n_formers)
        former_drop(core, core->n_formers - 1);
    conf_release(core->conf);
    core->conf = NULL;
}
