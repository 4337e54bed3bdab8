/*
 * request.c - a request's way: repetition? ACK? CANCEL? then checks, the peer, the dialog, and on
 * to the other side.
 */
#include "proxy/core/rooms.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- checks before anything is kept */

/* Tokens in thousandths, refilled by time; a full table forgets the source longest silent. */
static bool rate_ok(struct core *core, const struct addr *from)
{
    uint32_t rate = core->conf->limits.requests_per_second_per_source;
    struct source *oldest = &core->sources[0], *s = NULL;
    if (!rate)
        return true;
    struct span ip = span_of((const char *)from->ip, sizeof from->ip);
    size_t home = hash_spans(&core->seed, &ip, 1) % MAX_SOURCES;
    for (size_t i = 0; i < 8 && !s; i++) {
        struct source *at = &core->sources[(home + i) % MAX_SOURCES];
        if (addr_same_ip(&at->addr, from))
            s = at;
        else if (i == 0 || at->at < oldest->at)
            oldest = at;
    }
    if (!s) {
        s = oldest;
        *s = (struct source){*from, core->now, rate * 1000};
    }
    uint64_t milli = s->milli + (core->now - s->at) * rate;
    s->milli = milli > (uint64_t)rate * 1000 ? rate * 1000 : (uint32_t)milli;
    s->at = core->now;
    if (s->milli < 1000)
        return false;
    s->milli -= 1000;
    return true;
}

static bool over_rate(struct core *core, const struct inbound *in)
{
    if (in->side == SIDE_EXCHANGE || in->to_tag.p || rate_ok(core, &in->from))
        return false;
    if (in->msg->method == METHOD_OPTIONS) {
        core_count(core, in->peer, COUNT_drop_rate);
    } else {
        core_count(core, in->peer, COUNT_answer_503_rate);
        reply_stateless(core, in, 503, NULL, "Retry-After: 5\r\n");
    }
    return true;
}

static bool came_back(const struct core *core, const struct inbound *in)
{
    struct addr sent_by;
    return span_begins(in->via.branch.p ? in->via.branch : span_of("", 0), "z9hG4bKtt") &&
           !addr_parse(in->via.sent_by, 5060, &sent_by) && addr_equal(&sent_by, &in->from) &&
           is_own(core, side_other(in->side), in->peer, &sent_by);
}

/* 0, or the answer that ends the request here. */
static unsigned refuse(struct core *core, struct inbound *in, char *extra, size_t room)
{
    const struct sip_msg *msg = in->msg;
    const struct sip_header *h = sip_header(msg, HEADER_MAX_FORWARDS);
    uint64_t hops;
    *extra = '\0';
    if (h && span_number(sip_header_value(msg, h), 255, &hops) && hops == 0) {
        core_count(core, in->peer, COUNT_answer_483_hops);
        return 483;
    }
    if ((h = sip_header(msg, HEADER_PROXY_REQUIRE))) {
        struct span v = sip_header_value(msg, h);
        core_count(core, in->peer, COUNT_answer_420_extension);
        if (!memchr(v.p, '\n', v.n))
            snprintf(extra, room, "Unsupported: %.*s\r\n", (int)v.n, v.p);
        return 420;
    }
    if (came_back(core, in)) {
        core_count(core, in->peer, COUNT_answer_482_loop);
        return 482;
    }
    return 0;
}

/* ---- toward the other side */

struct crossing crossing_of(const struct inbound *in, const struct call *call)
{
    return (struct crossing){
        .in = in,
        .to = side_other(in->side),
        .peer = in->peer,
        .rules = call ? call->rules : in->peer->rules,
        .call = call,
    };
}

static void forward_failed(struct core *core, struct server_txn *st, int err)
{
    if (err == EMSGSIZE) {
        core_count(core, st->peer, COUNT_answer_513_too_big);
        server_reply(core, st, 513, NULL, "");
    } else {
        core_count(core, st->peer, COUNT_answer_400_malformed);
        server_reply(core, st, 400, "Unreadable Contact", "");
    }
}

struct client_txn *request_forward(struct core *core, struct server_txn *st, struct crossing *x,
                                   struct edits *edits, const struct addr *dest, bool offer)
{
    char via[256];
    struct span bytes;
    struct client_txn *ct = client_new(core, x->in->msg->method, x->to, x->peer, x->call);
    if (!ct) {
        core_count(core, x->peer, COUNT_answer_503_transactions);
        server_reply(core, st, 503, NULL, "Retry-After: 5\r\n");
        return NULL;
    }
    x->vias = via_line(core, ct, x->call, via, sizeof via);
    int err = cross_render(core, x, edits, &bytes);
    if (err) {
        client_free(core, ct);
        forward_failed(core, st, err);
        return NULL;
    }
    ct->owner = OWNER_SERVER;
    ct->server = st->pool.id;
    ct->cseq = x->in->msg->cseq;
    ct->offer = offer;
    st->client = ct->pool.id;
    st->call = ct->call;
    client_send(core, ct, dest, bytes);
    return ct;
}

/* ---- outside dialogs: which Request-URI and where to */

struct destination {
    struct addr to;
    struct span uri;    /* p == NULL: untouched */
    struct span routes; /* whole lines */
    char uri_text[MAX_URI];
    char route_text[2048];
};

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
        memcpy(d->uri_text, r.uri.whole.p, r.uri.whole.n);
        d->uri = span_of(d->uri_text, r.uri.whole.n);
        n--;
        peer_warn(in->peer, "the exchange uses strict routing: add ;lr to its outbound proxy");
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
        return addr_is_set(&b->signal) ? b->signal : route_exchange(core);
    if (!sip_uri_read(text_get(&b->text, b->contact), &uri) && addr_is_set(&uri.addr)) {
        struct addr written = addr_with_port(uri.addr, uri.port ? uri.port : 5060);
        if (map_forward(&peer->rules->map, &written, &a) >= 0)
            return a;
        if (peer->rules->target_from == TARGET_CONTACT)
            return written;
    }
    return addr_is_set(&b->signal) ? b->signal : peer_address(peer);
}

static bool uri_is_ours(const struct core *core, const struct inbound *in,
                        const struct sip_uri *uri)
{
    if (!addr_is_set(&uri->addr))
        return false;
    return in->side == SIDE_PEER || is_own(core, SIDE_EXCHANGE, NULL, &uri->addr);
}

static struct addr first_route_address(const struct peer *peer, const struct destination *d)
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
    return peer_address(peer);
}

/* One of our own addresses in the Request-URI means a registered Contact, or that side itself. */
static void destination_find(struct core *core, const struct inbound *in, struct destination *d)
{
    enum side to = side_other(in->side);
    struct sip_uri uri;
    d->uri = d->routes = span_of(NULL, 0);
    d->to = to == SIDE_EXCHANGE ? route_exchange(core) : peer_address(in->peer);
    if (to == SIDE_PEER)
        exchange_routes(core, in, d);
    if (d->routes.n)
        d->to = first_route_address(in->peer, d);
    if (d->uri.p || sip_uri_read(in->msg->uri, &uri) || !uri_is_ours(core, in, &uri))
        return;
    struct binding *b = binding_for(core, in->side, in->peer, &uri);
    struct span contact = b ? text_get(&b->text, b->contact) : span_of(NULL, 0);
    if (b && contact.n < sizeof d->uri_text) {
        memcpy(d->uri_text, contact.p, contact.n);
        d->uri = span_of(d->uri_text, contact.n);
        d->to = binding_address(core, to, in->peer, b);
        return;
    }
    struct addr host = to == SIDE_EXCHANGE ? core->conf->exchange.address : peer_address(in->peer);
    if (addr_is_set(&host))
        uri_with_host(d, &uri, &host);
}

static bool reachable(struct core *core, struct server_txn *st, const struct addr *to)
{
    if (addr_is_set(to))
        return true;
    core_count(core, st->peer, COUNT_answer_503_peer_down);
    char warning[160];
    warning_value(warning, sizeof warning, "the peer's name does not resolve");
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
    if (!reachable(core, st, &d.to))
        return;
    x->request_uri = d.uri;
    x->routes = d.routes;
    request_forward(core, st, x, edits, &d.to, false);
}

/* Anything without a dialog: passes, addresses of both sides translated. */
static void plain_request(struct core *core, struct server_txn *st, struct inbound *in)
{
    struct crossing x = crossing_of(in, NULL);
    struct edits *edits = cross_begin(core);
    offer_map_only(core, &x, edits);
    request_forward_plain(core, st, &x, edits);
}

/* ---- INVITE and other requests that begin a dialog */

static bool call_allowed(struct core *core, struct server_txn *st, const struct inbound *in)
{
    if (core->draining) {
        core_count(core, in->peer, COUNT_answer_503_draining);
        server_reply(core, st, 503, "Draining", "Retry-After: 30\r\n");
    } else if (in->side == SIDE_PEER && core->exchange.state == LIVE_DOWN) {
        core_count(core, in->peer, COUNT_answer_503_exchange_down);
        server_reply(core, st, 503, "Exchange Down", "Retry-After: 30\r\n");
    } else if (core->calls_active >= core->limit_calls ||
               in->peer->calls >= in->peer->rules->calls) {
        core_count(core, in->peer, COUNT_answer_503_calls);
        server_reply(core, st, 503, "Too Many Calls", "Retry-After: 10\r\n");
    } else {
        return true;
    }
    return false;
}

static void sdp_refused(struct core *core, struct server_txn *st, struct call *call,
                        const struct inbound *in, const struct sdp_refusal *refusal)
{
    char extra[256];
    core_count(core, in->peer, refusal->counter);
    core_log(core, LEVEL_WARNING, in->peer, in->call_id, "%s answered %u: %s",
             in->msg->is_request ? sip_method_names[in->msg->method] : "answer", refusal->status,
             refusal->why);
    warning_value(extra, sizeof extra, refusal->why);
    size_t n = strlen(extra);
    if (refusal->status == 503)
        snprintf(extra + n, sizeof extra - n, "Retry-After: 10\r\n");
    server_reply(core, st, refusal->status, NULL, extra);
    (void)call;
}

static void invite_request(struct core *core, struct server_txn *st, struct inbound *in)
{
    struct destination d;
    struct call *call = call_retry(core, in);
    if (!call && !call_allowed(core, st, in))
        return;
    destination_find(core, in, &d);
    if (!reachable(core, st, &d.to))
        return;
    call = call ? call : call_new(core, in, KIND_INVITE);
    if (!call) {
        core_count(core, in->peer, COUNT_answer_503_calls);
        server_reply(core, st, 503, "Too Many Calls", "Retry-After: 10\r\n");
        return;
    }
    call->invite = st->pool.id;
    st->call = call->pool.id;
    struct crossing x = crossing_of(in, call);
    struct edits *edits = cross_begin(core);
    struct sdp_refusal refusal = {0};
    bool offer = offer_cross(core, call, NULL, in, ROLE_OFFER, edits, &refusal);
    if (refusal.status) {
        sdp_refused(core, st, call, in, &refusal);
        call_end(core, call, END_OURS, refusal.status);
        return;
    }
    x.request_uri = d.uri;
    x.routes = d.routes;
    if (!request_forward(core, st, &x, edits, &d.to, offer))
        call_end(core, call, END_OURS, 503);
}

/* SUBSCRIBE, REFER, NOTIFY and whatever else makes a dialog without an INVITE. */
static void event_request(struct core *core, struct server_txn *st, struct inbound *in)
{
    struct destination d;
    struct call *call = call_new(core, in, KIND_EVENT);
    destination_find(core, in, &d);
    if (!reachable(core, st, &d.to))
        return;
    st->call = call ? call->pool.id : 0;
    struct crossing x = crossing_of(in, call);
    struct edits *edits = cross_begin(core);
    x.request_uri = d.uri;
    x.routes = d.routes;
    offer_map_only(core, &x, edits);
    request_forward(core, st, &x, edits, &d.to, false);
}

/* While our address as the peer sees it is unknown, an INVITE to it waits behind a probe. */
static bool hold_for_view(struct core *core, struct server_txn *st, const struct inbound *in)
{
    if (in->side == SIDE_PEER || view_confirmed(core, in->peer) ||
        in->peer->probe.state == LIVE_DOWN || !in->peer->rules->probe_ms || st->held_n)
        return false;
    st->held = malloc(in->msg->bytes.n);
    if (!st->held)
        return false;
    memcpy(st->held, in->msg->bytes.p, in->msg->bytes.n);
    st->held_n = (uint32_t)in->msg->bytes.n;
    st->end_at = core->now + VIEW_PATIENCE;
    timer_set(&core->timers, &st->timer, TIMER_SERVER_TXN, st->end_at);
    probe_now(core, in->peer);
    return true;
}

/* ---- inside dialogs */

struct place { /* where in a dialog a request stands */
    struct call *call;
    struct dialog *dialog;
    struct leg *from, *to;
    bool from_caller;
};

static bool place_find(struct core *core, const struct inbound *in, struct place *p)
{
    p->call =
        call_find(core, in->peer, in->call_id, in->from_tag, in->to_tag, in->side, &p->from_caller);
    p->dialog = p->call ? dialog_find(p->call, p->from_caller ? in->to_tag : in->from_tag) : NULL;
    if (p->call && !p->dialog && p->call->kind == KIND_EVENT && !p->from_caller)
        p->dialog = dialog_get(core, p->call, in->from_tag); /* NOTIFY before the 2xx (RFC 6665) */
    if (!p->dialog)
        return false;
    p->from = p->from_caller ? &p->call->caller : &p->dialog->callee;
    p->to = p->from_caller ? &p->dialog->callee : &p->call->caller;
    return true;
}

static void place_note(struct core *core, struct place *p, const struct inbound *in)
{
    p->from->signal = in->from;
    if (in->msg->cseq > p->from->cseq && in->msg->method != METHOD_ACK)
        p->from->cseq = in->msg->cseq;
    p->call->heard[in->side] = core->now;
}

static enum sdp_role role_of(struct core *core, const struct place *p, enum sip_method method)
{
    struct server_txn *invite;
    struct client_txn *ct;
    switch (method) {
    case METHOD_INVITE:
    case METHOD_UPDATE:
        return ROLE_OFFER;
    case METHOD_PRACK: /* answers an offer in the reliable 1xx, if the INVITE had none */
    case METHOD_ACK:
        invite = pool_get(&core->servers, p->call->invite);
        ct = invite ? pool_get(&core->clients, invite->client) : NULL;
        return (ct && !ct->offer) || (!ct && p->call->offer_open) ? ROLE_ANSWER : ROLE_OFFER;
    default:
        return ROLE_NEITHER;
    }
}

static void refresh_keep(struct server_txn *st, const struct inbound *in)
{
    struct sip_name_addr c;
    struct span value = sip_value(in->msg, HEADER_CONTACT), element;
    if (!value.p || !sip_list_next(&value, &element) || sip_name_addr_read(element, &c) || c.star)
        return;
    st->refresh_contact = malloc(c.uri.whole.n);
    if (!st->refresh_contact)
        return;
    memcpy(st->refresh_contact, c.uri.whole.p, c.uri.whole.n);
    st->refresh_n = (uint32_t)c.uri.whole.n;
    st->refresh = true;
}

/* INVITE and UPDATE refresh the target when accepted; SUBSCRIBE, NOTIFY and REFER at once. */
static void place_refresh(struct place *p, struct server_txn *st, const struct inbound *in)
{
    switch (in->msg->method) {
    case METHOD_INVITE:
    case METHOD_UPDATE:
        refresh_keep(st, in);
        break;
    case METHOD_SUBSCRIBE:
    case METHOD_NOTIFY:
    case METHOD_REFER:
        leg_target(p->call, p->from, in->msg);
        break;
    default:
        break;
    }
}

static struct addr place_cross(struct core *core, const struct place *p, struct crossing *x)
{
    x->request_uri = text_get(&p->call->text, p->to->target);
    x->routes = text_get(&p->call->text, p->to->routes);
    return route_leg(core, x->to, x->peer, x->rules, p->call, p->to);
}

static void unknown_dialog(struct core *core, struct server_txn *st, struct inbound *in)
{
    core_count(core, in->peer, COUNT_routed_by_default);
    core_log(core, LEVEL_INFO, in->peer, in->call_id,
             "%.*s for an unknown dialog: sent where its socket says", (int)in->msg->method_name.n,
             in->msg->method_name.p);
    plain_request(core, st, in);
}

static void dialog_request(struct core *core, struct server_txn *st, struct inbound *in)
{
    struct place p;
    if (!place_find(core, in, &p)) {
        unknown_dialog(core, st, in);
        return;
    }
    place_note(core, &p, in);
    place_refresh(&p, st, in);
    struct crossing x = crossing_of(in, p.call);
    struct edits *edits = cross_begin(core);
    struct sdp_refusal refusal = {0};
    enum sdp_role role = role_of(core, &p, in->msg->method);
    bool offer = false;
    st->call = p.call->pool.id;
    if (role == ROLE_NEITHER || p.call->kind == KIND_EVENT)
        offer_map_only(core, &x, edits);
    else
        offer = offer_cross(core, p.call, p.dialog, in, role, edits, &refusal);
    if (refusal.status) {
        sdp_refused(core, st, p.call, in, &refusal);
        if (in->msg->method == METHOD_PRACK)
            call_hangup(core, p.call, END_SDP, 488, refusal.why);
        return;
    }
    if (in->msg->method == METHOD_INVITE)
        p.call->invite = st->pool.id;
    struct addr to = place_cross(core, &p, &x);
    request_forward(core, st, &x, edits, &to, offer && role == ROLE_OFFER);
}

/* ---- ACK and CANCEL */

/* The ACK of a 2xx goes end to end, every copy of it; no transaction is kept. */
static void ack_forward(struct core *core, struct inbound *in)
{
    struct place p;
    char via[256];
    struct span bytes;
    if (!in->peer || !place_find(core, in, &p)) {
        core_count(core, in->peer, COUNT_drop_stray_ack);
        return;
    }
    place_note(core, &p, in);
    p.call->ack_seen = true;
    p.dialog->acked = true;
    struct crossing x = crossing_of(in, p.call);
    struct edits *edits = cross_begin(core);
    struct sdp_refusal refusal = {0};
    if (message_has_sdp(in->msg))
        offer_cross(core, p.call, p.dialog, in, role_of(core, &p, METHOD_ACK), edits, &refusal);
    if (refusal.status) {
        edits = cross_begin(core);
        x.drop_body = true;
    }
    struct addr to = place_cross(core, &p, &x);
    struct client_txn once = {.side = (uint8_t)x.to, .peer = x.peer, .nonce = core_random(core)};
    x.vias = via_line(core, &once, p.call, via, sizeof via);
    if (!cross_render(core, &x, edits, &bytes))
        core_send(core, p.call->socket[x.to], x.to == SIDE_PEER ? x.rules->dscp_sip : 26, &to,
                  out_copy(&core->out, bytes));
    if (refusal.status)
        call_hangup(core, p.call, END_SDP, 488, refusal.why);
}

static void ack_in(struct core *core, struct inbound *in)
{
    struct server_txn *st = server_find(core, server_key(core, in, METHOD_INVITE));
    if (st && st->state != SERVER_ACCEPTED) {
        server_ack(core, st);
        return;
    }
    if (!in->peer && in->to_tag.p) {
        bool from_caller;
        struct call *call =
            call_find(core, NULL, in->call_id, in->from_tag, in->to_tag, in->side, &from_caller);
        in->peer = call ? call->peer : NULL;
    }
    ack_forward(core, in);
}

static void cancel_in(struct core *core, struct inbound *in)
{
    struct server_txn *st = server_find(core, server_key(core, in, METHOD_INVITE));
    if (!st) {
        core_count(core, in->peer, COUNT_answer_481_no_dialog);
        reply_stateless(core, in, 481, NULL, "");
        return;
    }
    reply_stateless(core, in, 200, NULL, "");
    if (server_answered(st))
        return;
    struct client_txn *ct = pool_get(&core->clients, st->client);
    struct call *call = pool_get(&core->calls, st->call);
    if (ct) {
        client_cancel(core, ct, sip_value(in->msg, HEADER_REASON));
    } else {
        out_bury(&core->out, st->held);
        st->held = NULL;
        server_reply(core, st, 487, NULL, "");
    }
    if (call && call->phase < PHASE_UP)
        call->end = END_CANCEL;
}

/* ---- the door */

static bool peer_find(struct core *core, struct inbound *in)
{
    char why[180], warning[220];
    bool from_caller;
    if (in->peer)
        return true;
    if (in->to_tag.p) {
        struct call *call =
            call_find(core, NULL, in->call_id, in->from_tag, in->to_tag, in->side, &from_caller);
        if (call) {
            in->peer = call->peer;
            return true;
        }
    }
    switch (route_peer(core, in, &in->peer, why, sizeof why)) {
    case ROUTE_FOUND:
        return true;
    case ROUTE_SCHEME:
        core_count(core, NULL, COUNT_answer_416_scheme);
        reply_stateless(core, in, 416, NULL, "");
        return false;
    case ROUTE_NONE:
    case ROUTE_SEVERAL:
        break;
    }
    in->peer = NULL;
    if (in->to_tag.p) {
        core_count(core, NULL, COUNT_answer_481_no_dialog);
        reply_stateless(core, in, 481, NULL, "");
        return false;
    }
    core_count(core, NULL, COUNT_answer_404_no_peer);
    warning_value(warning, sizeof warning, why);
    reply_stateless(core, in, 404, why, warning);
    return false;
}

static void request_go(struct core *core, struct server_txn *st, struct inbound *in)
{
    const struct sip_msg *msg = in->msg;
    if (msg->method == METHOD_REGISTER) {
        binding_request(core, st, in);
    } else if (in->to_tag.p) {
        dialog_request(core, st, in);
    } else if (msg->method == METHOD_INVITE) {
        if (!hold_for_view(core, st, in))
            invite_request(core, st, in);
    } else if (msg->method == METHOD_SUBSCRIBE || msg->method == METHOD_REFER ||
               msg->method == METHOD_NOTIFY) {
        event_request(core, st, in);
    } else if (msg->method == METHOD_OPTIONS && in->side == SIDE_EXCHANGE &&
               in->peer->rules->options == OPTIONS_LOCAL) {
        if (in->peer->probe.state == LIVE_UP)
            server_reply(core, st, 200, NULL, "Accept: application/sdp\r\n");
        else
            server_mute(core, st);
    } else {
        plain_request(core, st, in);
    }
}

static void learn_from_request(struct core *core, const struct inbound *in)
{
    struct sip_uri uri;
    if (in->side == SIDE_PEER && !sip_uri_read(in->msg->uri, &uri) && addr_is_set(&uri.addr) &&
        uri.addr.family == in->from.family && !in->to_tag.p && in->msg->method != METHOD_CANCEL)
        view_learn(core, in->peer, VIEW_REQUEST,
                   addr_with_port(uri.addr, uri.port ? uri.port : 5060));
}

void request_in(struct core *core, struct inbound *in)
{
    char extra[256];
    enum sip_method method = in->msg->method;
    probe_heard(core, in->side == SIDE_PEER ? in->peer : NULL);
    if (method == METHOD_ACK) {
        ack_in(core, in);
        return;
    }
    if (method == METHOD_CANCEL) {
        cancel_in(core, in);
        return;
    }
    uint64_t key = server_key(core, in, method);
    struct server_txn *st = server_find(core, key);
    if (st) {
        server_again(core, st, in);
        return;
    }
    learn_from_request(core, in);
    if (over_rate(core, in) || !peer_find(core, in))
        return;
    st = server_new(core, in, key);
    if (!st) {
        reply_stateless(core, in, 503, NULL, "Retry-After: 5\r\n");
        return;
    }
    unsigned status = refuse(core, in, extra, sizeof extra);
    if (status) {
        server_reply(core, st, status, NULL, extra);
        return;
    }
    if (method == METHOD_INVITE)
        server_reply(core, st, 100, NULL, "");
    request_go(core, st, in);
}

void request_resume(struct core *core, struct server_txn *st)
{
    struct inbound in = {.socket = st->socket,
                         .side = (enum side)st->side,
                         .from = st->source,
                         .peer = st->peer,
                         .msg = &core->msg};
    char *held = st->held;
    st->held = NULL; /* held_n stays: it has waited once */
    timer_stop(&core->timers, &st->timer);
    if (sip_msg_read(held, st->held_n, &core->msg) == SIP_OK) {
        in.call_id = sip_value(in.msg, HEADER_CALL_ID);
        if (!sip_via_read(sip_value(in.msg, HEADER_VIA), &in.via) &&
            !sip_tag_read(sip_value(in.msg, HEADER_FROM), &in.from_tag)) {
            if (!view_confirmed(core, in.peer))
                core_log(core, LEVEL_WARNING, in.peer, in.call_id,
                         "the call goes out although the peer has not yet shown how it sees us");
            request_go(core, st, &in);
        }
    }
    out_bury(&core->out, held);
}
