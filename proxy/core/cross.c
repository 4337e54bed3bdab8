/*
 * cross.c - one message from one side to the other: which header lines change, and how. Every other
 * byte leaves as it came.
 */
#include "proxy/core/cross.h"
#include "proxy/core/base.h"
#include "proxy/core/client_txn.h"
#include "proxy/core/inbound.h"
#include "proxy/core/peer.h"
#include "proxy/core/sockets.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct edits *cross_begin(struct core *core)
{
    static struct edits edits; /* one message at a time, one thread */
    edits_init(&edits, core->edit_v, MAX_EDITS, core->edit_text, sizeof core->edit_text);
    return &edits;
}

static size_t at_of(const struct crossing *x, const char *p)
{
    return (size_t)(p - x->in->msg->bytes.p);
}

static void cut_span(const struct crossing *x, struct edits *e, struct span s, enum edit_rule rule)
{
    edits_add(e, at_of(x, s.p), s.n, span_of("", 0), rule);
}

/* ---- hosts inside URIs that somebody else will call */

static struct peer *peer_meant(struct core *core, struct peer *first, const struct sip_uri *uri)
{
    if (peer_is_meant(first, uri) || (addr_is_set(&uri->addr) && peer_is_called(first, &uri->addr)))
        return first;
    for (size_t i = 0; i < core->n_listed; i++) {
        if (peer_is_meant(core->peers[i], uri))
            return core->peers[i];
    }
    return NULL;
}

static bool host_toward_exchange(struct core *core, const struct crossing *x,
                                 const struct sip_uri *uri, struct addr *host, const char **tt)
{
    struct addr own = own_address(core, SIDE_PEER, x->peer, x->call);
    if (addr_is_set(&uri->addr) && addr_same_ip(&uri->addr, &own)) {
        *host = (x->call ? x->call->conf : core->conf)->exchange.address;
        return true;
    }
    struct peer *peer = peer_meant(core, x->peer, uri);
    if (!peer)
        return false;
    *host = own_address(core, SIDE_EXCHANGE, peer, NULL);
    *tt = is_shared(core, peer) ? peer->name : NULL;
    return true;
}

static struct peer *peer_of_local(const struct core *core, const struct sip_uri *uri)
{
    struct addr a = addr_with_port(uri->addr, uri->port ? uri->port : 5060);
    struct span tt;
    for (size_t i = 0; i < core->n_listed; i++) {
        struct peer *peer = core->peers[i];
        const struct addr *local = &core->sockets[peer->local].addr;
        if (!addr_same_ip(local, &a) || (uri->port && local->port != uri->port))
            continue;
        if (!is_shared(core, peer))
            return peer;
        if (sip_param(uri->params, "tt", &tt, NULL) && tt.p && span_is(tt, span_str(peer->name)))
            return peer;
    }
    return NULL;
}

static bool host_toward_peer(struct core *core, const struct crossing *x, const struct sip_uri *uri,
                             struct addr *host)
{
    if (!addr_is_set(&uri->addr))
        return false;
    struct peer *peer = peer_of_local(core, uri);
    if (peer == x->peer && peer) {
        *host = peer_own_name(peer);
    } else if (peer) {
        *host = peer_address(peer);
        core_log(core, LEVEL_WARNING, x->peer, x->in->call_id,
                 "refers to peer %s by its address here, which may mean nothing there", peer->name);
    } else if (is_exchange_ip(core->conf, &uri->addr) ||
               addr_same_ip(&core->conf->exchange.address, &uri->addr) ||
               is_own(core, SIDE_EXCHANGE, NULL, &uri->addr) ||
               is_own(core, SIDE_PEER, x->peer, &uri->addr)) {
        *host = own_address(core, SIDE_PEER, x->peer, x->call);
    } else {
        return false;
    }
    return addr_is_set(host);
}

static bool cross_host(struct core *core, const struct crossing *x, const struct sip_uri *uri,
                       struct addr *host, const char **tt)
{
    *tt = NULL;
    if (!uri->host.p)
        return false;
    return x->to == SIDE_EXCHANGE ? host_toward_exchange(core, x, uri, host, tt)
                                  : host_toward_peer(core, x, uri, host);
}

/* Another host in a URI, and nothing that would send a request elsewhere than there: we are reached
 * by UDP alone. */
static void uri_move(const struct crossing *x, struct edits *e, const struct sip_uri *uri,
                     struct span hostport, enum edit_rule rule)
{
    static const char *const unwanted[] = {"transport", "maddr", "ttl"};
    struct span where;
    if (uri->scheme.n == 4)
        edits_add(e, at_of(x, uri->scheme.p), 4, span_str("sip"), rule);
    edits_add(e, at_of(x, uri->hostport.p), uri->hostport.n, hostport, rule);
    for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++) {
        if (sip_param(uri->params, unwanted[i], NULL, &where))
            cut_span(x, e, where, rule);
    }
}

static void put_host(const struct crossing *x, struct edits *e, const struct sip_uri *uri,
                     struct addr host, enum edit_rule rule)
{
    char text[ADDR_TEXT];
    if (host.port == 5060 && !uri->port)
        host.port = 0;
    size_t n = host.port ? addr_print(&host, text) : addr_print_host(&host, text);
    uri_move(x, e, uri, span_of(text, n), rule);
}

/* An addr-spec gets brackets, so that a parameter of ours is the URI's. Edits at one place keep
 * their order: the first bracket comes before all others, the second behind them. */
static void put_bracket(const struct crossing *x, struct edits *e, const struct sip_name_addr *c,
                        const char *bracket, enum edit_rule rule)
{
    const char *at = c->uri.whole.p + (*bracket == '>' ? c->uri.whole.n : 0);
    if (!c->bracketed)
        edits_add(e, at_of(x, at), 0, span_str(bracket), rule);
}

static void put_tt(const struct crossing *x, struct edits *e, const struct sip_uri *uri,
                   const char *tt, enum edit_rule rule)
{
    struct span old;
    if (tt)
        edits_addf(e, at_of(x, uri->hostport.p + uri->hostport.n), 0, rule, ";tt=%s", tt);
    if (sip_param(uri->params, "tt", NULL, &old))
        cut_span(x, e, old, rule);
}

/* ---- one function per kind of header */

typedef int edit_header(struct core *core, const struct crossing *x, struct edits *e,
                        const struct sip_header *h);

static int edit_cut(struct core *core, const struct crossing *x, struct edits *e,
                    const struct sip_header *h)
{
    (void)core;
    edits_add(e, h->at, h->n, span_of("", 0), h->id == HEADER_VIA ? RULE_VIA : RULE_ROUTE);
    (void)x;
    return 0;
}

/* All of one host:port, user and parameters kept. */
static void contact_rewrite(const struct crossing *x, struct edits *e,
                            const struct sip_name_addr *c, const struct addr *own, const char *tt)
{
    char text[ADDR_TEXT];
    put_bracket(x, e, c, "<", RULE_CONTACT);
    uri_move(x, e, &c->uri, span_of(text, addr_print(own, text)), RULE_CONTACT);
    put_tt(x, e, &c->uri, tt, RULE_CONTACT);
    put_bracket(x, e, c, ">", RULE_CONTACT);
}

static bool is_redirect(const struct sip_msg *msg)
{
    return !msg->is_request && ((msg->status >= 300 && msg->status < 400) || msg->status == 485);
}

static int edit_identity(struct core *core, const struct crossing *x, struct edits *e,
                         const struct sip_header *h)
{
    struct span rest = sip_header_value(x->in->msg, h), element;
    while (sip_list_next(&rest, &element)) {
        struct sip_name_addr who;
        struct addr host;
        const char *tt;
        if (sip_name_addr_read(element, &who) || who.star ||
            !cross_host(core, x, &who.uri, &host, &tt))
            continue; /* not ours to judge: passes as it is */
        bool called = h->id == HEADER_REFER_TO || h->id == HEADER_CONTACT;
        if (called && tt)
            put_bracket(x, e, &who, "<", RULE_IDENTITY);
        put_host(x, e, &who.uri, host, RULE_IDENTITY);
        put_tt(x, e, &who.uri, called ? tt : NULL, RULE_IDENTITY);
        if (called && tt)
            put_bracket(x, e, &who, ">", RULE_IDENTITY);
    }
    return 0;
}

static int edit_contact(struct core *core, const struct crossing *x, struct edits *e,
                        const struct sip_header *h)
{
    if (x->contacts_done)
        return 0;
    if (is_redirect(x->in->msg))
        return edit_identity(core, x, e, h);
    struct addr own = own_address(core, x->to, x->peer, x->call);
    const char *tt = x->to == SIDE_EXCHANGE && is_shared(core, x->peer) ? x->peer->name : NULL;
    struct span rest = sip_header_value(x->in->msg, h), element;
    while (sip_list_next(&rest, &element)) {
        struct sip_name_addr c;
        if (sip_name_addr_read(element, &c))
            return EINVAL;
        if (c.star || !c.uri.hostport.p)
            continue;
        contact_rewrite(x, e, &c, &own, tt);
        if (x->to == SIDE_EXCHANGE)
            peer_calls_itself(x->peer, &c.uri);
    }
    return 0;
}

static int edit_max_forwards(struct core *core, const struct crossing *x, struct edits *e,
                             const struct sip_header *h)
{
    uint64_t hops;
    (void)core;
    if (!x->in->msg->is_request)
        return 0;
    if (!span_number(sip_header_value(x->in->msg, h), 255, &hops) || hops == 0)
        return EINVAL; /* an ACK: whatever can be answered was */
    edits_addf(e, h->value_at, h->value_n, RULE_MAX_FORWARDS, "%u", (unsigned)hops - 1);
    return 0;
}

static edit_header *const header_edits[HEADER_COUNT] = {
    [HEADER_VIA] = edit_cut,
    [HEADER_ROUTE] = edit_cut,
    [HEADER_RECORD_ROUTE] = edit_cut,
    [HEADER_PATH] = edit_cut,
    [HEADER_SERVICE_ROUTE] = edit_cut,
    [HEADER_MAX_FORWARDS] = edit_max_forwards,
    [HEADER_REFER_TO] = edit_identity,
    [HEADER_REFERRED_BY] = edit_identity,
    [HEADER_DIVERSION] = edit_identity,
    [HEADER_HISTORY_INFO] = edit_identity,
    [HEADER_P_ASSERTED_IDENTITY] = edit_identity,
    [HEADER_P_PREFERRED_IDENTITY] = edit_identity,
    [HEADER_REMOTE_PARTY_ID] = edit_identity,
};

static bool is_stripped(const struct crossing *x, const struct sip_header *h)
{
    if (x->to != SIDE_PEER)
        return false;
    struct span name = sip_header_name(x->in->msg, h);
    for (size_t i = 0; i < x->rules->strip_headers.n; i++) {
        if (sip_header_of(name) != HEADER_OTHER
                ? sip_header_of(span_str(x->rules->strip_headers.v[i])) == h->id
                : span_is_nocase(name, span_str(x->rules->strip_headers.v[i])))
            return true;
    }
    return false;
}

static int edit_headers(struct core *core, const struct crossing *x, struct edits *e)
{
    const struct sip_msg *msg = x->in->msg;
    /* First the Contacts: they tell what the peer means by its other URIs. */
    for (const struct sip_header *h = sip_header(msg, HEADER_CONTACT); h;
         h = sip_header_next(msg, h)) {
        int err = edit_contact(core, x, e, h);
        if (err)
            return err;
    }
    for (unsigned i = 0; i < msg->n_headers; i++) {
        const struct sip_header *h = &msg->headers[i];
        edit_header *edit = header_edits[h->id];
        if (is_stripped(x, h)) {
            edits_add(e, h->at, h->n, span_of("", 0), RULE_STRIPPED);
        } else if (edit) {
            int err = edit(core, x, e, h);
            if (err)
                return err;
        }
    }
    return 0;
}

/* ---- start line, what is put in front, body */

static void edit_start(const struct crossing *x, struct edits *e)
{
    const struct sip_msg *msg = x->in->msg;
    size_t top = sip_header(msg, HEADER_VIA)->at;
    struct sip_uri uri;
    struct span tt;
    if (x->request_uri.p)
        edits_add(e, at_of(x, msg->uri.p), msg->uri.n, x->request_uri, RULE_START_LINE);
    else if (msg->is_request && x->to == SIDE_PEER && !sip_uri_read(msg->uri, &uri) &&
             sip_param(uri.params, "tt", NULL, &tt))
        cut_span(x, e, tt, RULE_START_LINE);
    edits_add(e, top, 0, x->vias, RULE_VIA);
    if (x->routes.n)
        edits_add(e, top, 0, x->routes, RULE_ROUTE);
    if (x->returns.n)
        edits_add(e, top, 0, x->returns, RULE_ROUTE);
    if (msg->is_request && !sip_header(msg, HEADER_MAX_FORWARDS))
        edits_add(e, top, 0, span_str("Max-Forwards: 70\r\n"), RULE_MAX_FORWARDS);
}

/* By how much the edits inside the body change its length. */
static int64_t body_growth(const struct crossing *x, const struct edits *e)
{
    int64_t growth = 0;
    for (uint32_t i = 0; i < e->n; i++) {
        if (e->v[i].at >= x->in->msg->body_at)
            growth += (int64_t)e->v[i].n - (int64_t)e->v[i].cut;
    }
    return growth;
}

static void edit_body(const struct crossing *x, struct edits *e)
{
    const struct sip_msg *msg = x->in->msg;
    const struct sip_header *length = sip_header(msg, HEADER_CONTENT_LENGTH);
    const struct sip_header *type = sip_header(msg, HEADER_CONTENT_TYPE);
    int64_t n = (int64_t)msg->body.n + body_growth(x, e);
    if (x->drop_body && msg->body.n) {
        edits_add(e, msg->body_at, msg->body.n, span_of("", 0), RULE_LENGTH);
        if (type)
            edits_add(e, type->at, type->n, span_of("", 0), RULE_LENGTH);
        n = 0;
    }
    uint64_t was;
    if (length &&
        !(span_number(sip_header_value(msg, length), UINT32_MAX, &was) && (int64_t)was == n))
        edits_addf(e, length->value_at, length->value_n, RULE_LENGTH, "%lld", (long long)n);
}

/* Compact names for every line that leaves (RFC 3261 §7.3.3): only for a datagram that would not
 * fit the path otherwise. */
static void edit_compact(const struct crossing *x, struct edits *e, uint32_t own_edits)
{
    const struct sip_msg *msg = x->in->msg;
    for (unsigned i = 0; i < msg->n_headers; i++) {
        const struct sip_header *h = &msg->headers[i];
        char compact = sip_header_names[h->id].compact;
        bool gone = false;
        for (uint32_t k = 0; k < own_edits; k++)
            gone = gone || (e->v[k].at == h->at && e->v[k].cut == h->n);
        if (compact && h->name_n > 1 && !gone)
            edits_add(e, h->at, h->name_n, span_of(&compact, 1), RULE_COMPACT);
    }
}

size_t mtu_room(const struct peer *peer, const struct conf_peer *rules)
{
    struct addr to = peer_address(peer);
    return rules->mtu - (to.family == ADDR_IP6 ? 48u : 28u);
}

static bool fits(const struct crossing *x, size_t n)
{
    return x->to == SIDE_EXCHANGE || n <= mtu_room(x->peer, x->rules);
}

/* What takes the room: the start line, each name with the bytes of its lines, the body. */
struct budget {
    struct span name;
    size_t n;
};

static unsigned budget_of(const struct sip_msg *msg, struct budget *b, unsigned most)
{
    unsigned n = 0;
    for (unsigned i = 0; i < msg->n_headers; i++) {
        const struct sip_header *h = &msg->headers[i];
        struct span name = h->id == HEADER_OTHER ? sip_header_name(msg, h)
                                                 : span_str(sip_header_names[h->id].name);
        unsigned at = 0;
        while (at < n && !span_is_nocase(b[at].name, name))
            at++;
        if (at == n && n < most)
            b[n++] = (struct budget){name, 0};
        if (at < n)
            b[at].n += h->n;
    }
    return n;
}

static int by_size(const void *a, const void *b)
{
    size_t m = ((const struct budget *)a)->n, n = ((const struct budget *)b)->n;
    return m < n ? 1 : m > n ? -1 : 0;
}

/* Which headers to strip and which codecs to leave out is for the operator to say; this shows what
 * it would bring. */
static void oversize(struct core *core, const struct crossing *x, size_t n)
{
    static struct sip_msg out; /* one message at a time */
    struct budget b[32];
    char list[400] = "";
    size_t used = 0;
    core_count(core, x->peer, COUNT_oversize_sent);
    if (sip_msg_read(core->render, n, &out) != SIP_OK)
        return;
    unsigned names = budget_of(&out, b, 32);
    qsort(b, names, sizeof b[0], by_size);
    for (unsigned i = 0; i < names && i < 8; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, ", %.*s %zu",
                                 (int)(b[i].name.n > 30 ? 30 : b[i].name.n), b[i].name.p, b[i].n);
    core_log(core, LEVEL_WARNING, x->peer, x->in->call_id,
             "%zu bytes of SIP do not fit an mtu of %u, which leaves %zu: sent in fragments; body "
             "%zu%s (codecs and strip_headers make it smaller)",
             n, x->rules->mtu, mtu_room(x->peer, x->rules), out.body.n, list);
}

static int render(struct core *core, const struct crossing *x, struct edits *e, size_t *n)
{
    int err = edits_render(e, x->in->msg->bytes, core->render, sizeof core->render, n);
    if (err == ERANGE)
        core_log(core, LEVEL_ERROR, x->peer, x->in->call_id, "internal: edits overlap");
    return err == 0 && *n <= MAX_UDP ? 0 : err == ERANGE ? EINVAL : EMSGSIZE;
}

int cross_render(struct core *core, const struct crossing *x, struct edits *e, struct span *out)
{
    size_t n = 0;
    edit_body(x, e);
    edit_start(x, e);
    int err = edit_headers(core, x, e);
    err = err ? err : render(core, x, e, &n);
    if (!err && !fits(x, n)) {
        edit_compact(x, e, e->n);
        err = render(core, x, e, &n);
        if (!err && !fits(x, n))
            oversize(core, x, n);
    }
    if (!err)
        *out = span_of(core->render, n);
    return err;
}

struct span via_line(const struct core *core, const struct client_txn *ct, const struct call *call,
                     char *out, size_t room)
{
    char own[ADDR_TEXT], branch[BRANCH_TEXT];
    struct addr me = own_address(core, (enum side)ct->side, ct->peer, call);
    const struct conf_peer *rules = call ? call->rules : ct->peer->rules;
    bool rport = ct->side == SIDE_EXCHANGE || rules->rport;
    addr_print(&me, own);
    client_branch(ct, branch);
    int n = snprintf(out, room, "Via: SIP/2.0/UDP %s%s;branch=%s\r\n", own, rport ? ";rport" : "",
                     branch);
    return span_of(out, (size_t)n < room ? (size_t)n : room - 1);
}

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

struct span via_value(struct span line)
{
    size_t head = strlen("Via: SIP/2.0/UDP ");
    return span_of(line.p + head, line.n - head - 2);
}
