/*
 * peer.c - addresses of a peer: resolved, former, announced, and ours toward it.
 */
#include "proxy/core/rooms.h"
#include <stdio.h>

static bool list_has(const struct addr *list, size_t n, const struct addr *a)
{
    for (size_t i = 0; i < n; i++) {
        if (addr_same_ip(&list[i], a))
            return true;
    }
    return false;
}

static void ask_name(struct core *core, struct peer *peer)
{
    struct action *a = out_add(&core->out, ACT_RESOLVE);
    peer->question = ++core->questions;
    a->resolve.question = peer->question;
    a->resolve.name = peer->rules->address.name;
    a->resolve.family = addr_is_set(&peer->rules->bind) ? peer->rules->bind.family : ADDR_NONE;
    timer_set(&core->timers, &peer->name_timer, TIMER_PEER, core->now + NAME_AGAIN);
}

/* A literal address is the one resolved address; a name is asked for. */
void peer_literal(struct core *core, struct peer *peer)
{
    const struct addr *literal = &peer->rules->address.addr;
    peer->question = 0;
    timer_stop(&core->timers, &peer->name_timer);
    if (!addr_is_set(literal)) {
        ask_name(core, peer);
        return;
    }
    peer->addrs[0] = addr_with_port(*literal, 0);
    peer->n_addrs = 1;
    peer->n_former = 0;
}

void peer_name_due(struct core *core, struct peer *peer)
{
    if (peer->listed && !addr_is_set(&peer->rules->address.addr))
        ask_name(core, peer);
}

/* Addresses that a name no longer gives stay the peer's while it has calls. */
static void keep_former(struct peer *peer, const struct addr *addrs, size_t n)
{
    if (peer->calls == 0)
        peer->n_former = 0;
    for (size_t i = 0; i < peer->n_addrs; i++) {
        if (list_has(addrs, n, &peer->addrs[i]) ||
            list_has(peer->former, peer->n_former, &peer->addrs[i]))
            continue;
        if (peer->n_former == MAX_PEER_ADDRS) {
            memmove(peer->former, peer->former + 1, (MAX_PEER_ADDRS - 1) * sizeof *peer->former);
            peer->n_former--;
        }
        peer->former[peer->n_former++] = peer->addrs[i];
    }
}

static void take_names(struct core *core, struct peer *peer, const struct addr *addrs, size_t n)
{
    if (n > MAX_PEER_ADDRS)
        n = MAX_PEER_ADDRS;
    if (peer->n_addrs == 0 || !list_has(addrs, n, &peer->addrs[0])) {
        char text[ADDR_TEXT];
        addr_print_ip(&addrs[0], text);
        core_log(core, LEVEL_INFO, peer, span_of(NULL, 0), "%s is now %s",
                 peer->rules->address.name, text);
    }
    keep_former(peer, addrs, n);
    for (size_t i = 0; i < n; i++)
        peer->addrs[i] = addr_with_port(addrs[i], 0);
    peer->n_addrs = n;
}

void peer_named(struct core *core, uint64_t question, const struct addr *addrs, size_t n)
{
    for (size_t i = 0; i < core->n_listed; i++) {
        struct peer *peer = core->peers[i];
        if (peer->question != question)
            continue;
        peer->question = 0;
        if (n)
            take_names(core, peer, addrs, n);
        else
            core_log(core, LEVEL_WARNING, peer, span_of(NULL, 0), "%s does not resolve",
                     peer->rules->address.name);
        timer_set(&core->timers, &peer->name_timer, TIMER_PEER,
                  core->now + (n ? NAME_AGAIN : NAME_AGAIN_FAILED));
        return;
    }
}

bool peer_has_ip(const struct peer *peer, const struct addr *a)
{
    if (list_has(peer->addrs, peer->n_addrs, a))
        return true;
    for (size_t i = 0; i < peer->rules->sources.n; i++) {
        if (prefix_contains(&peer->rules->sources.v[i], a))
            return true;
    }
    return peer->calls && list_has(peer->former, peer->n_former, a);
}

struct addr peer_address(const struct peer *peer)
{
    uint16_t port = peer->rules->address.addr.port;
    return peer->n_addrs ? addr_with_port(peer->addrs[0], port) : (struct addr){0};
}

bool peer_announces(struct peer *peer, const struct addr *a)
{
    if (list_has(peer->announced, peer->n_announced, a) || addr_is_wildcard(a))
        return false;
    if (peer->n_announced == MAX_ANNOUNCED) {
        memmove(peer->announced, peer->announced + 1,
                (MAX_ANNOUNCED - 1) * sizeof *peer->announced);
        peer->n_announced--;
    }
    peer->announced[peer->n_announced++] = addr_with_port(*a, 0);
    return true;
}

void peer_warn(struct peer *peer, const char *warning)
{
    for (size_t i = 0; i < peer->n_warnings; i++) {
        if (strcmp(peer->warnings[i], warning) == 0)
            return;
    }
    if (peer->n_warnings < MAX_WARNINGS)
        peer->warnings[peer->n_warnings++] = warning;
}

static void source_add(struct prefix *out, size_t *n, size_t most, const struct addr *a)
{
    if (*n < most)
        out[(*n)++] = (struct prefix){addr_with_port(*a, 0), a->family == ADDR_IP4 ? 32 : 128};
}

size_t peer_sources(const struct peer *peer, const struct conf_peer *rules, struct prefix *out,
                    size_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < peer->n_addrs; i++)
        source_add(out, &n, most, &peer->addrs[i]);
    for (size_t i = 0; i < rules->sources.n && n < most; i++)
        out[n++] = rules->sources.v[i];
    for (size_t i = peer->n_former; i > 0 && peer->calls; i--)
        source_add(out, &n, most, &peer->former[i - 1]);
    return n;
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
    for (size_t i = 0; i < CORE_MAX_SOCKETS; i++) {
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
