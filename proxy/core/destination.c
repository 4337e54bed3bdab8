/*
 * destination.c - where a request outside dialogs goes, and under which Request-URI.
 */
#include "proxy/core/destination.h"
#include "proxy/core/base.h"
#include "proxy/core/binding.h"
#include "proxy/core/cross.h"
#include "proxy/core/offer.h"
#include "proxy/core/forward.h"
#include "proxy/core/inbound.h"
#include "proxy/core/peer.h"
#include "proxy/core/route.h"
#include "proxy/core/server_txn.h"
#include "proxy/core/sockets.h"
#include <stdio.h>

static size_t route_add(struct destination *d, size_t used, struct span element)
{
    if (memchr(element.p, '\n', element.n) || used + element.n + 9 >= sizeof d->route_text)
        return used;
    return used + (size_t)snprintf(d->route_text + used, sizeof d->route_text - used,
                                   "Route: %.*s\r\n", (int)element.n, element.p);
}

static bool route_is_ours(const struct core *core, const struct sip_uri *uri)
{
    return addr_is_set(&uri->addr) && is_own(core, SIDE_EXCHANGE, NULL, &uri->addr);
}

/* The exchange's Routes without those that mean us. A strict router put the target last and us into
 * the Request-URI (RFC 3261 §16.4): then the last Route becomes the Request-URI again. */
static void exchange_routes(struct core *core, const struct inbound *in, struct destination *d)
{
    struct span kept[MAX_ROUTES];
    size_t n = 0, seen = 0, used = 0;
    struct sip_uri uri;
    struct sip_name_addr r;
    for (const struct sip_header *h = sip_header(in->msg, HEADER_ROUTE); h;
         h = sip_header_next(in->msg, h)) {
        struct span rest = sip_header_value(in->msg, h), element;
        while (sip_list_next(&rest, &element)) {
            if (sip_name_addr_read(element, &r) || n == MAX_ROUTES)
                continue;
            bool ours = route_is_ours(core, &r.uri) ||
                        (seen == 0 && !peer_is_meant(in->peer, &r.uri) && r.uri.user.n == 0);
            seen++;
            if (!ours)
                kept[n++] = r.whole;
        }
    }
    if (n && !sip_uri_read(in->msg->uri, &uri) && !uri.user.p && route_is_ours(core, &uri) &&
        !sip_name_addr_read(kept[n - 1], &r) && r.uri.whole.n < sizeof d->uri_text) {
        struct span target = sip_uri_target(&r.uri);
        memcpy(d->uri_text, target.p, target.n);
        d->uri = span_of(d->uri_text, target.n);
        n--;
        peer_warn(core, in->peer, WARN_STRICT_ROUTER,
                  "the exchange uses strict routing: add ;lr to its outbound proxy");
    }
    for (size_t i = 0; i < n; i++)
        used = route_add(d, used, kept[i]);
    d->routes = span_of(d->route_text, used);
}

static void uri_with_host(struct destination *d, const struct sip_uri *uri, const struct addr *host)
{
    char text[ADDR_TEXT];
    struct addr a = *host;
    if (a.port == 5060 && !uri->port)
        a.port = 0;
    if (a.port)
        addr_print(&a, text);
    else
        addr_print_host(&a, text);
    size_t before = (size_t)(uri->hostport.p - uri->whole.p);
    struct span after = span_from(uri->whole, before + uri->hostport.n), tt;
    if (sip_param(uri->params, "tt", NULL, &tt) && tt.p >= after.p) {
        struct span tail = span_of(tt.p + tt.n, (size_t)(after.p + after.n - tt.p - tt.n));
        after.n = (size_t)(tt.p - after.p);
        int n = snprintf(d->uri_text, sizeof d->uri_text, "%.*s%s%.*s%.*s", (int)before,
                         uri->whole.p, text, (int)after.n, after.p, (int)tail.n, tail.p);
        d->uri =
            (size_t)n < sizeof d->uri_text ? span_of(d->uri_text, (size_t)n) : span_of(NULL, 0);
        return;
    }
    int n = snprintf(d->uri_text, sizeof d->uri_text, "%.*s%s%.*s", (int)before, uri->whole.p, text,
                     (int)after.n, after.p);
    d->uri = (size_t)n < sizeof d->uri_text ? span_of(d->uri_text, (size_t)n) : span_of(NULL, 0);
}

static struct addr binding_address(const struct core *core, enum side to, const struct peer *peer,
                                   const struct binding *b)
{
    struct sip_uri uri;
    struct addr a;
    if (to == SIDE_EXCHANGE)
        return addr_is_set(&b->signal) ? b->signal : core->conf->exchange.address;
    if (!sip_uri_read(text_get(&b->text, b->contact), &uri) && route_written(peer->rules, &uri, &a))
        return a;
    return addr_is_set(&b->signal) ? b->signal : peer_address(peer);
}

static bool uri_is_ours(const struct core *core, const struct inbound *in,
                        const struct sip_uri *uri)
{
    if (!addr_is_set(&uri->addr))
        return false;
    return in->side == SIDE_PEER || is_own(core, SIDE_EXCHANGE, NULL, &uri->addr);
}

static void routes_take(struct destination *d, struct span routes)
{
    if (!routes.n || routes.n > sizeof d->route_text)
        return;
    memcpy(d->route_text, routes.p, routes.n);
    d->routes = span_of(d->route_text, routes.n);
}

static struct addr first_route_address(const struct peer *peer, const struct destination *d,
                                       struct addr otherwise)
{
    struct sip_name_addr r;
    struct addr a, written;
    struct span rest = span_from(d->routes, 7), element;
    const char *end = memchr(rest.p, '\r', rest.n);
    rest.n = end ? (size_t)(end - rest.p) : 0;
    if (sip_list_next(&rest, &element) && !sip_name_addr_read(element, &r) &&
        addr_is_set(&r.uri.addr)) {
        written = addr_with_port(r.uri.addr, r.uri.port ? r.uri.port : 5060);
        if (map_forward(&peer->rules->map, &written, &a) >= 0)
            return a;
    }
    return otherwise;
}

/* The registered Contact as a Request-URI; p == NULL: none. */
static struct span binding_target(const struct binding *b)
{
    struct sip_uri uri;
    if (!b || sip_uri_read(text_get(&b->text, b->contact), &uri))
        return span_of(NULL, 0);
    return sip_uri_target(&uri);
}

static void binding_way(const struct core *core, const struct inbound *in, const struct binding *b,
                        struct destination *d)
{
    enum side to = side_other(in->side);
    d->to = binding_address(core, to, in->peer, b);
    routes_take(d, text_get(&b->text, b->path)); /* in place of what leads to the registrar */
    if (b->path.n && to == SIDE_PEER)
        d->to = first_route_address(in->peer, d, d->to);
}

/* That side itself. A peer that registered is called where it registered, whatever the number:
 * exchanges put it in place of the registered user, and at the address the peer is configured with
 * nobody may get in (translation of ports). */
static struct addr side_address(const struct core *core, const struct inbound *in,
                                const struct sip_uri *called, struct destination *d)
{
    struct sip_uri uri;
    if (in->side == SIDE_PEER)
        return core->conf->exchange.address;
    struct binding *b = called->user.n ? binding_latest(core, in->peer, in->side) : NULL;
    if (!b || sip_uri_read(text_get(&b->text, b->contact), &uri) || !addr_is_set(&uri.addr))
        return peer_address(in->peer);
    if (!d->routes.n || b->path.n)
        binding_way(core, in, b, d);
    return addr_with_port(uri.addr, uri.port ? uri.port : 5060);
}

/* One of our own addresses in the Request-URI means a registered Contact, or that side itself. */
void destination_find(struct core *core, const struct inbound *in, struct destination *d)
{
    enum side to = side_other(in->side);
    struct sip_uri uri;
    d->uri = d->routes = span_of(NULL, 0);
    d->to = to == SIDE_EXCHANGE ? core->conf->exchange.address : peer_address(in->peer);
    if (to == SIDE_PEER)
        exchange_routes(core, in, d);
    if (!d->routes.n && in->msg->method != METHOD_REGISTER)
        routes_take(d, binding_service_route(core, in->peer, to, sip_value(in->msg, HEADER_FROM)));
    if (d->routes.n && to == SIDE_PEER)
        d->to = first_route_address(in->peer, d, peer_address(in->peer));
    if (d->uri.p || sip_uri_read(in->msg->uri, &uri) || !uri_is_ours(core, in, &uri))
        return;
    struct binding *b = binding_for(core, in->side, in->peer, &uri);
    struct span target = binding_target(b);
    if (target.p && target.n < sizeof d->uri_text) {
        memcpy(d->uri_text, target.p, target.n);
        d->uri = span_of(d->uri_text, target.n);
        binding_way(core, in, b, d);
        return;
    }
    struct addr host = side_address(core, in, &uri, d);
    if (addr_is_set(&host))
        uri_with_host(d, &uri, &host);
}

bool destination_reachable(struct core *core, struct server_txn *st, const struct addr *to)
{
    if (addr_is_set(to))
        return true;
    if (st->method == METHOD_OPTIONS) { /* any answer would count as life (RFC 4320) */
        server_mute(core, st);
        return false;
    }
    core_count(core, st->peer, COUNT_answer_503_peer_down);
    char warning[160];
    warning_line(warning, sizeof warning, "the peer's name does not resolve");
    size_t n = strlen(warning);
    snprintf(warning + n, sizeof warning - n, "Retry-After: 10\r\n");
    server_reply(core, st, 503, NULL, warning);
    return false;
}

void request_forward_plain(struct core *core, struct server_txn *st, struct crossing *x,
                           struct edits *edits)
{
    struct destination d;
    destination_find(core, x->in, &d);
    if (!destination_reachable(core, st, &d.to))
        return;
    x->request_uri = d.uri;
    x->routes = d.routes;
    request_forward(core, st, x, edits, &d.to, false);
}

/* Anything without a dialog: passes, addresses of both sides translated. */
void plain_request(struct core *core, struct server_txn *st, struct inbound *in)
{
    struct crossing x = crossing_of(in, NULL);
    struct edits *edits = cross_begin(core);
    offer_map_only(core, &x, edits);
    request_forward_plain(core, st, &x, edits);
}
