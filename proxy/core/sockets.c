/*
 * sockets.c - SIP sockets as the core knows them, and whose address they are.
 */
#include "proxy/core/sockets.h"
#include "proxy/core/view.h"

void socket_hold(struct core *core, uint16_t id)
{
    core->sockets[id].users++;
}

void socket_release(struct core *core, uint16_t id)
{
    struct socket *s = &core->sockets[id];
    if (s->users && --s->users == 0 && s->use == SOCKET_FORMER) {
        s->use = SOCKET_NONE;
        out_add(&core->out, ACT_SOCKET_CLOSE)->socket = id;
    }
}

bool trunk_find(const struct core *core, uint8_t family, uint16_t *id)
{
    for (size_t i = 0; i < core->n_trunks; i++) {
        if (core->sockets[core->trunks[i]].addr.family != family)
            continue;
        *id = core->trunks[i];
        return true;
    }
    return false;
}

struct addr own_address(const struct core *core, enum side side, const struct peer *peer,
                        const struct call *call)
{
    if (side == SIDE_EXCHANGE)
        return core->sockets[own_socket(peer, side, call)].addr;
    if (call)
        return call->advertise;
    struct view view = view_now(core, peer);
    return view.advertise;
}

uint16_t own_socket(const struct peer *peer, enum side side, const struct call *call)
{
    if (call)
        return call->socket[side];
    return side == SIDE_EXCHANGE ? peer->local : peer->trunk;
}

bool is_shared(const struct core *core, const struct peer *peer)
{
    return core->has_shared && peer->local == core->shared && !addr_is_set(&peer->rules->local);
}

static uint16_t sip_port(const struct addr *a)
{
    return a->port ? a->port : 5060;
}

bool is_own(const struct core *core, enum side side, const struct peer *peer, const struct addr *a)
{
    struct addr wanted = addr_with_port(*a, sip_port(a));
    for (size_t i = 0; i < core->top_socket; i++) {
        const struct socket *s = &core->sockets[i];
        if (s->use != SOCKET_NONE && s->side == side && addr_equal(&s->addr, &wanted))
            return true;
    }
    if (side == SIDE_PEER && peer) {
        struct view view = view_now(core, peer);
        return addr_equal(&view.advertise, &wanted);
    }
    return false;
}

bool is_exchange_ip(const struct conf *conf, const struct addr *a)
{
    for (size_t i = 0; i < conf->exchange.sources.n; i++) {
        if (prefix_contains(&conf->exchange.sources.v[i], a))
            return true;
    }
    return false;
}
