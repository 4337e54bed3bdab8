/* Writing requests and responses: what RFC 3261 §8 and §12.2 say they consist of. */
#include "tests/sim/ua_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char allow[] = "INVITE, ACK, BYE, UPDATE";

/* host:port of a sip: URI as an address; names are nobody's here (ADDR_NONE). */
struct addr uri_address(struct ua *ua, const char *uri)
{
    struct addr to = {0};
    const char *host = strchr(uri, ':');
    const char *at = strchr(uri, '@');
    if (at)
        host = at;
    if (!host)
        return to;
    size_t n = strcspn(host + 1, ";?>");
    if (addr_parse(span_of(host + 1, n), 5060, &to) != 0) {
        ua->seen.unroutable++;
        return (struct addr){0};
    }
    return to;
}

static bool is_loose(const char *route)
{
    const char *p = strstr(route, ";lr");
    return p && (p[3] == '\0' || p[3] == ';' || p[3] == '=' || p[3] == '>');
}

/* "<sip:h;lr>" without its brackets, for a Request-URI. */
static void bare_uri(const char *route, char *out, size_t room)
{
    const char *from = strchr(route, '<');
    from = from ? from + 1 : route;
    snprintf(out, room, "%.*s", (int)strcspn(from, ">"), from);
}

struct path {
    char uri[UA_URI];
    const char *routes[UA_MAX_ROUTES + 1];
    unsigned n_routes;
    struct addr to;
    char last[UA_URI + 2]; /* strict routing: the target, as the last Route */
};

/* RFC 3261 §12.2.1.1 */
static void path_in_dialog(struct ua *ua, const struct ua_dialog *d, struct path *p)
{
    snprintf(p->uri, sizeof p->uri, "%s", d->target);
    if (d->n_routes == 0) {
        p->to = uri_address(ua, p->uri);
        return;
    }
    bool loose = is_loose(d->routes[0]);
    for (unsigned i = loose ? 0 : 1; i < d->n_routes; i++)
        p->routes[p->n_routes++] = d->routes[i];
    char first[UA_URI];
    bare_uri(d->routes[0], first, sizeof first);
    p->to = uri_address(ua, first);
    if (loose)
        return;
    snprintf(p->last, sizeof p->last, "<%.*s>", (int)sizeof p->last - 3, d->target);
    p->routes[p->n_routes++] = p->last;
    snprintf(p->uri, sizeof p->uri, "%s", first);
}

static void path_outside(const struct ua_request *r, struct path *p)
{
    struct ua_call *call = r->call;
    const struct ua_trunk *trunk = &call->ua->trunks[call->trunk];
    snprintf(p->uri, sizeof p->uri, "%s", call->request_uri);
    p->to = trunk->to;
    if (trunk->route[0])
        p->routes[p->n_routes++] = trunk->route;
}

static bool wants_contact(const char *method, int status)
{
    static const char *const with[] = {"INVITE", "UPDATE", "SUBSCRIBE",
                                       "NOTIFY", "REFER",  "REGISTER"};
    for (size_t i = 0; i < sizeof with / sizeof with[0]; i++) {
        if (strcmp(method, with[i]) == 0)
            return status == 0 || (status > 100 && status < 300 && strcmp(method, "REGISTER") != 0);
    }
    return false;
}

static void put_contact(struct ua *ua, osip_message_t *m, const struct ua_opts *o)
{
    char text[UA_URI + 64], at[ADDR_TEXT];
    if (o->contact) {
        if (o->contact[0])
            wire_set(m, "Contact", o->contact);
        return;
    }
    addr_print(&ua->at, at);
    snprintf(text, sizeof text, "<sip:%s@%s>", ua->name, at);
    wire_set(m, "Contact", text);
}

static void put_extra(osip_message_t *m, const struct ua_opts *o)
{
    for (unsigned i = 0; i < o->n_extra; i++) {
        char name[64];
        const char *colon = strchr(o->extra[i], ':');
        if (!colon)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)(colon - o->extra[i]), o->extra[i]);
        colon++;
        while (*colon == ' ')
            colon++;
        wire_set(m, name, colon);
    }
}

static void put_via(struct ua *ua, osip_message_t *m, const char *branch)
{
    char text[256], at[ADDR_TEXT];
    addr_print(&ua->at, at);
    snprintf(text, sizeof text, "SIP/2.0/UDP %s%s;branch=%s", at,
             ua->habits.no_rport ? "" : ";rport", branch);
    wire_set(m, "Via", text);
}

static void put_from_to(osip_message_t *m, const struct ua_request *r)
{
    char text[2 * UA_URI];
    const struct ua_dialog *d = r->dialog;
    const char *local = d ? d->local_tag : r->call->tag;
    const char *remote = r->to_tag ? r->to_tag : d ? d->remote_tag : "";
    snprintf(text, sizeof text, "%s;tag=%s", r->call->local_uri, local);
    wire_set(m, "From", text);
    snprintf(text, sizeof text, "%s%s%s", r->call->remote_uri, remote[0] ? ";tag=" : "", remote);
    wire_set(m, "To", text);
}

static void put_credentials(const struct ua_request *r, osip_message_t *m, const char *uri)
{
    char text[2 * UA_URI];
    if (!r->o->credentials)
        return;
    snprintf(text, sizeof text,
             "Digest username=\"%s\", realm=\"sim\", nonce=\"abc\", uri=\"%s\", "
             "response=\"0123456789abcdef0123456789abcdef\", algorithm=MD5",
             r->call->ua->name, uri);
    wire_set(m, r->call->status == 407 ? "Proxy-Authorization" : "Authorization", text);
}

bool method_negotiates(const char *method)
{
    static const char *const methods[] = {"INVITE", "ACK", "PRACK", "UPDATE"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (strcmp(method, methods[i]) == 0)
            return true;
    }
    return false;
}

bool opts_negotiate(const struct ua_opts *o, const char *method)
{
    if (!method_negotiates(method))
        return false;
    if (!o->body || !o->type)
        return o->sdp || o->body;
    return strncmp(o->type, "application/sdp", 15) == 0 || strncmp(o->type, "multipart/", 10) == 0;
}

static void put_sdp(struct ua_call *call, const struct ua_lines *base,
                    const struct ua_remote *pending, osip_message_t *m, const struct ua_opts *o)
{
    char body[4096];
    size_t n = sdp_write(call, base, pending, o, body, sizeof body);
    wire_body(m, "application/sdp", body, n);
}

static void put_body(struct ua_call *call, const struct ua_lines *base,
                     const struct ua_remote *pending, osip_message_t *m, const struct ua_opts *o)
{
    if (o->body) {
        wire_body(m, o->type ? o->type : "application/sdp", o->body, strlen(o->body));
        if (m->status_code < 300 && opts_negotiate(o, m->cseq->method))
            sdp_as_written(call, base, pending, o);
    } else if (o->sdp) {
        put_sdp(call, base, pending, m, o);
    }
}

/* What an SDP of ours in that dialog begins from. */
static const struct ua_lines *base_of(const struct ua_call *call, const struct ua_dialog *d)
{
    if (d && d->agreed.ours.n)
        return &d->agreed.ours;
    return d && d->offered.n ? &d->offered : &call->first;
}

/* ACK and PRACK answer what the other side offered; any other request offers. */
bool request_answers(const struct ua_request *r)
{
    return r->dialog && r->dialog->offer == OFFER_OWED &&
           (strcmp(r->method, "ACK") == 0 || strcmp(r->method, "PRACK") == 0);
}

static void put_rest(const struct ua_request *r, osip_message_t *m, const char *uri)
{
    struct ua *ua = r->call->ua;
    wire_set(m, "Max-Forwards", "70");
    if (wants_contact(r->method, 0))
        put_contact(ua, m, r->o);
    if (strcmp(r->method, "INVITE") == 0)
        wire_set(m, "Allow", allow);
    put_credentials(r, m, uri);
    put_extra(m, r->o);
    wire_set(m, "User-Agent", ua->name);
    put_body(r->call, base_of(r->call, r->dialog), request_answers(r) ? &r->dialog->pending : NULL,
             m, r->o);
}

bool message_request(const struct ua_request *r, char *out, size_t *n, struct addr *to,
                     char *branch, char *uri)
{
    struct ua *ua = r->call->ua;
    struct path p = {0};
    if (r->dialog)
        path_in_dialog(ua, r->dialog, &p);
    else
        path_outside(r, &p);
    if (r->o->uri)
        snprintf(p.uri, sizeof p.uri, "%s", r->o->uri);
    if (r->branch)
        snprintf(branch, UA_TAG, "%s", r->branch);
    else
        snprintf(branch, UA_TAG, "z9hG4bK%s-%u-%llx", ua->name, ++ua->branches,
                 (unsigned long long)(world_random(ua->world) & 0xffffff));
    osip_message_t *m = wire_request(r->method, p.uri);
    if (!m) {
        world_fail(ua->world, "%s: cannot write a request to %s", ua->name, p.uri);
        return false;
    }
    char text[64];
    put_via(ua, m, branch);
    for (unsigned i = 0; i < p.n_routes; i++)
        wire_set(m, "Route", p.routes[i]);
    put_from_to(m, r);
    wire_set(m, "Call-ID", r->call->call_id);
    snprintf(text, sizeof text, "%u %s", r->cseq, r->method);
    wire_set(m, "CSeq", text);
    put_rest(r, m, p.uri);
    *n = wire_print(m, out, ua->habits.compact);
    *to = ua->habits.edge ? ua->trunks[0].to : p.to;
    snprintf(uri, UA_URI, "%s", p.uri);
    return *n > 0 && addr_is_set(to);
}

/* RFC 3261 §18.2.1 and RFC 3581 §4, on the topmost Via of the request; returns where the response
 * goes. */
static struct addr stamp_via(const struct ua_txn *t, osip_message_t *m)
{
    const struct ua_habits *habits = &t->ua->habits;
    osip_via_t *via = osip_list_get(&m->vias, 0);
    osip_generic_param_t *rport = NULL;
    char ip[ADDR_TEXT], port[8];
    addr_print_ip(&t->source, ip);
    snprintf(port, sizeof port, "%u", t->source.port);
    struct addr sent_by = {0};
    addr_parse_ip(span_str(via->host), &sent_by);
    osip_uri_param_get_byname(&via->via_params, (char *)(uintptr_t) "rport", &rport);
    if (rport)
        rport->gvalue = (char *)(uintptr_t)wire_copy(port, strlen(port));
    if (rport || habits->received_always || !addr_same_ip(&sent_by, &t->source))
        wire_via_received(via, ip);
    uint16_t sent_port = via->port ? (uint16_t)atoi(via->port) : 5060;
    return addr_with_port(t->source, rport || habits->force_rport ? t->source.port : sent_port);
}

static void put_to_tag(osip_message_t *m, const char *tag)
{
    if (tag && !wire_tag(m->to))
        wire_to_tag(m, tag);
}

size_t message_response(struct ua_txn *t, struct ua_dialog *d, int status, const struct ua_opts *o,
                        uint32_t rseq, char *out, struct addr *to)
{
    osip_message_t *request = txn_tree(t);
    const char *reason = o->reason ? o->reason : osip_message_get_reason(status);
    osip_message_t *m = wire_response(status, reason ? reason : "Whatever");
    if (!request || !m)
        return 0;
    t->tree = NULL; /* it gets the marks of this response */
    *to = stamp_via(t, request);
    if (d && status > 100 && status < 300)
        wire_share_record_routes(m, request);
    wire_answer(m, request);
    char text[64];
    if (status > 100) {
        snprintf(text, sizeof text, "as%08llx", (unsigned long long)(t->key & 0xffffffff));
        put_to_tag(m, d ? d->local_tag : text);
    }
    if (wants_contact(t->method, status))
        put_contact(t->ua, m, o);
    if (rseq) {
        wire_set(m, "Require", "100rel");
        snprintf(text, sizeof text, "%u", rseq);
        wire_set(m, "RSeq", text);
    }
    if (status == 401 || status == 407)
        wire_set(m, status == 401 ? "WWW-Authenticate" : "Proxy-Authenticate",
                 "Digest realm=\"sim\", nonce=\"abc\", algorithm=MD5");
    put_extra(m, o);
    wire_set(m, "Server", t->ua->name);
    static const struct ua_opts once_more;
    if (d && t->answered == d && opts_negotiate(o, t->method))
        put_sdp(t->call, &d->agreed.ours, NULL, m, &once_more);
    else
        put_body(t->call, t->preview.n ? &t->preview : base_of(t->call, d),
                 t->has_sdp && d ? &d->pending : NULL, m, o);
    return wire_print(m, out, t->ua->habits.compact);
}
