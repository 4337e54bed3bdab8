/*
 * route.c - which peer a request of the exchange means, and where a request goes.
 *
 * An address that a peer merely announces never routes: only sockets, `;tt=`, names and addresses
 * from the configuration and the resolver do.
 */
#include "proxy/core/route.h"
#include "proxy/core/binding.h"
#include "proxy/core/inbound.h"
#include "proxy/core/peer.h"
#include "proxy/core/sockets.h"
#include <stdio.h>

static uint16_t uri_port(const struct sip_uri *uri)
{
    return uri->port ? uri->port : 5060;
}

/* How well a URI's host means a peer: 2 with its port too (two peers may share an IP), 1 without.
 */
static int meaning(const struct peer *peer, const struct sip_uri *uri)
{
    if (!peer_is_meant(peer, uri))
        return 0;
    return uri_port(uri) == peer->rules->address.addr.port ? 2 : 1;
}

static enum route_result peer_by_uri(const struct core *core, const struct sip_uri *uri,
                                     struct peer **found, struct peer **second)
{
    int best = 0;
    *found = *second = NULL;
    for (size_t i = 0; i < core->n_listed; i++) {
        struct peer *peer = core->peers[i];
        int m = meaning(peer, uri);
        if (m > best) {
            best = m;
            *found = peer;
            *second = NULL;
        } else if (m && m == best) {
            *second = peer;
        }
    }
    return !*found ? ROUTE_NONE : *second ? ROUTE_SEVERAL : ROUTE_FOUND;
}

static struct peer *peer_by_tt(const struct core *core, const struct sip_uri *uri)
{
    struct span tt;
    if (!sip_param(uri->params, "tt", &tt, NULL) || !tt.p)
        return NULL;
    struct peer *peer = peer_find(core, tt);
    return peer ? peer : binding_peer(core, tt);
}

/* The topmost Route that is not one of our own sockets. */
static bool foreign_route(const struct core *core, const struct sip_msg *msg, struct sip_uri *uri)
{
    for (const struct sip_header *h = sip_header(msg, HEADER_ROUTE); h;
         h = sip_header_next(msg, h)) {
        struct span rest = sip_header_value(msg, h), element;
        while (sip_list_next(&rest, &element)) {
            struct sip_name_addr route;
            if (sip_name_addr_read(element, &route) || route.star)
                continue;
            if (addr_is_set(&route.uri.addr) && is_own(core, SIDE_EXCHANGE, NULL, &route.uri.addr))
                continue;
            *uri = route.uri;
            return true;
        }
    }
    return false;
}

static enum route_result route_why(enum route_result r, const struct sip_uri *uri,
                                   const struct peer *a, const struct peer *b, char *why,
                                   size_t room)
{
    int n = (int)(uri->host.n > 100 ? 100 : uri->host.n);
    if (r == ROUTE_NONE)
        snprintf(why, room, "No peer for %.*s", n, uri->host.p ? uri->host.p : "");
    else if (r == ROUTE_SEVERAL)
        snprintf(why, room, "%.*s means both %s and %s", n, uri->host.p, a->name, b->name);
    for (char *c = why; *c; c++) { /* it becomes a reason phrase and a quoted Warning text */
        if ((unsigned char)*c < 0x20 || *c == '"' || *c == '\\' || *c == 0x7f)
            *c = '?';
    }
    return r;
}

enum route_result route_peer(struct core *core, const struct inbound *in, struct peer **peer,
                             char *why, size_t room)
{
    struct sip_uri uri, route;
    struct peer *second;
    if (sip_uri_read(in->msg->uri, &uri))
        return ROUTE_SCHEME;
    if ((*peer = peer_by_tt(core, &uri)))
        return ROUTE_FOUND;
    if (foreign_route(core, in->msg, &route)) {
        enum route_result r = peer_by_uri(core, &route, peer, &second);
        if (r != ROUTE_NONE)
            return route_why(r, &route, *peer, second, why, room);
    }
    if (!uri.host.p)
        return ROUTE_SCHEME;
    enum route_result r = peer_by_uri(core, &uri, peer, &second);
    return route_why(r, &uri, *peer, second, why, room);
}

/* The first of whole "Route: ...\r\n" lines, as route_set writes them. */
static bool routes_first(struct span routes, struct sip_uri *uri)
{
    if (routes.n <= 7)
        return false;
    struct span rest = span_from(routes, 7), element; /* behind "Route: " */
    struct sip_name_addr first;
    const char *end = memchr(rest.p, '\r', rest.n);
    rest.n = end ? (size_t)(end - rest.p) : rest.n;
    if (!sip_list_next(&rest, &element) || sip_name_addr_read(element, &first))
        return false;
    *uri = first.uri;
    return true;
}

/* First URI of the leg's route set, else its target. */
static bool next_hop(const struct call *call, const struct leg *leg, struct sip_uri *uri)
{
    if (routes_first(text_get(&call->text, leg->routes), uri))
        return true;
    struct span target = text_get(&call->text, leg->target);
    return target.p && !sip_uri_read(target, uri);
}

void route_strict(struct span *uri, struct span *routes)
{
    static char room[8192]; /* one message at a time */
    struct sip_uri first;
    if (!uri->n || !routes_first(*routes, &first) || !first.host.p ||
        sip_param(first.params, "lr", NULL, NULL))
        return;
    const char *end = memchr(routes->p, '\n', routes->n);
    size_t line = end ? (size_t)(end - routes->p) + 1 : routes->n;
    int n = snprintf(room, sizeof room, "%.*sRoute: <%.*s>\r\n", (int)(routes->n - line),
                     routes->p + line, (int)uri->n, uri->p);
    if (n < 0 || (size_t)n >= sizeof room)
        return;
    *uri = sip_uri_target(&first);
    *routes = span_of(room, (size_t)n);
}

bool route_written(const struct conf_peer *rules, const struct sip_uri *uri, struct addr *to)
{
    if (!addr_is_set(&uri->addr))
        return false;
    struct addr written = addr_with_port(uri->addr, uri_port(uri));
    if (map_forward(&rules->map, &written, to) >= 0)
        return true;
    *to = written;
    return rules->target_from == TARGET_CONTACT;
}

struct addr route_leg(enum side side, const struct call *call, const struct leg *leg)
{
    struct sip_uri uri;
    struct addr to;
    if (side == SIDE_PEER && next_hop(call, leg, &uri) && route_written(call->rules, &uri, &to))
        return to;
    if (addr_is_set(&leg->signal))
        return leg->signal;
    return side == SIDE_PEER ? peer_address(call->peer) : call->conf->exchange.address;
}
