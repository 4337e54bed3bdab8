/*
 * view.c - our address as a peer knows it: configured, else learned, else guessed.
 *
 * A peer that answers writes received= (and rport=) on our own Via: with addresses translated on
 * the way nobody here could know that value otherwise.
 */
#include "proxy/core/view.h"
#include "proxy/core/base.h"
#include "proxy/core/peer.h"
#include <stdio.h>

static uint16_t trunk_port(const struct core *core, const struct peer *peer)
{
    return core->sockets[peer->trunk].addr.port;
}

struct view view_now(const struct core *core, const struct peer *peer)
{
    struct view view = {peer->rules->advertise, VIEW_CONFIG};
    if (addr_is_set(&view.advertise)) {
        if (!view.advertise.port)
            view.advertise.port = trunk_port(core, peer);
        return view;
    }
    if (addr_is_set(&peer->view.advertise))
        return peer->view;
    if (addr_is_set(&peer->route))
        return (struct view){addr_with_port(peer->route, trunk_port(core, peer)), VIEW_ROUTE};
    return (struct view){core->sockets[peer->trunk].addr, VIEW_NONE};
}

bool view_confirmed(const struct core *core, const struct peer *peer)
{
    enum view_source source = view_now(core, peer).source;
    return source != VIEW_NONE && source != VIEW_ROUTE;
}

static void view_contradicts(struct core *core, struct peer *peer, const struct addr *seen)
{
    const struct addr *configured = &peer->rules->advertise;
    char a[ADDR_TEXT], b[ADDR_TEXT];
    if (addr_same_ip(configured, seen)) {
        peer_unwarn(peer, WARN_CONTRADICTED);
        return;
    }
    addr_print_ip(configured, a);
    addr_print_ip(seen, b);
    peer_warn(core, peer, WARN_CONTRADICTED,
              "advertise is configured as %s, but the peer sees us as %s", a, b);
}

static void view_store(struct core *core, const struct peer *peer)
{
    char addr[ADDR_TEXT], value[ADDR_TEXT + 16];
    addr_print(&peer->view.advertise, addr);
    int n = snprintf(value, sizeof value, "%s %d", addr, (int)peer->view.source);
    core_store(core, "view", span_str(peer->name), span_of(value, (size_t)n));
}

/* They go on when this event is done: another message is in hand now. */
static void waiting_resume(struct core *core, const struct peer *peer)
{
    uint32_t cursor = 0;
    struct server_txn *st;
    while ((st = pool_next(&core->servers, &cursor))) {
        if (st->peer == peer && st->held)
            timer_set(&core->timers, &st->timer, TIMER_SERVER_TXN, core->now);
    }
}

/* A better source (the order of enum view_source) is not replaced by a worse one; the same source
 * may bring a new value at any time. */
void view_learn(struct core *core, struct peer *peer, enum view_source source, struct addr seen)
{
    if (!seen.port)
        seen.port = trunk_port(core, peer);
    if (addr_is_set(&peer->rules->advertise)) {
        if (source == VIEW_RECEIVED)
            view_contradicts(core, peer, &seen);
        return;
    }
    struct view *view = &peer->view;
    if (addr_is_set(&view->advertise) && view->source < source)
        return;
    if (view->source == source && addr_equal(&view->advertise, &seen))
        return;
    bool waiting = !view_confirmed(core, peer);
    if (!addr_equal(&view->advertise, &seen)) {
        char text[ADDR_TEXT];
        addr_print(&seen, text);
        core_log(core, LEVEL_INFO, peer, span_of(NULL, 0), "the peer knows us as %s (%s)", text,
                 view_source_names[source]);
    }
    *view = (struct view){seen, source};
    view_store(core, peer);
    if (waiting)
        waiting_resume(core, peer);
}

void view_load(struct core *core, struct span name, struct span value)
{
    const char *blank = memchr(value.p, ' ', value.n);
    struct addr a;
    uint64_t source;
    if (!blank || addr_parse(span_of(value.p, (size_t)(blank - value.p)), 0, &a) ||
        !span_number(span_from(value, (size_t)(blank - value.p) + 1), VIEW_ROUTE, &source))
        return;
    struct peer *peer = peer_find(core, name);
    if (peer && !addr_is_set(&peer->view.advertise))
        peer->view = (struct view){a, (enum view_source)source};
}
