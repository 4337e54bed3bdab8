/* Calls and dialogs of the user agents, what comes in, and the verbs of ua.h. */
#include "tests/sim/ua_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct ua_opts plain;

void ua_init(struct ua *ua, struct net *net, int host, const char *name, struct addr at)
{
    memset(ua, 0, sizeof *ua);
    ua->world = net->world;
    ua->net = net;
    ua->host = host;
    ua->at = at;
    ua->media_ip = addr_with_port(at, 0);
    ua->automatic = AUTO_DEFAULT;
    snprintf(ua->name, sizeof ua->name, "%s", name);
    ua->media_low = 30000;
    ua->media_high = 59999;
    ua->by_id = calloc(UA_CALL_BUCKETS, sizeof *ua->by_id);
    ua->txns = calloc(UA_TXN_BUCKETS, sizeof *ua->txns);
    ua->ports = calloc((size_t)(ua->media_high - ua->media_low + 1) / 2, sizeof *ua->ports);
    if (!ua->by_id || !ua->txns || !ua->ports ||
        net_bind(net, name, host, ua->at, at.port, at.port, ua_receive, ua) != 0 ||
        net_bind(net, name, host, ua->media_ip, ua->media_low, ua->media_high, media_receive, ua) !=
            0)
        abort();
}

static void dialog_free(struct ua_dialog *d)
{
    for (unsigned i = 0; i < d->n_routes; i++)
        free(d->routes[i]);
    free(d->ack);
    free(d);
}

static void call_free(struct ua_call *call)
{
    struct ua_call **at = &call->ua->by_id[ua_hash(call->call_id, 0) % UA_CALL_BUCKETS];
    while (*at != call)
        at = &(*at)->next_hash;
    *at = call->next_hash;
    if (call->ua->gone)
        call->ua->gone(call);
    media_release(call);
    while (call->dialogs) {
        struct ua_dialog *d = call->dialogs;
        call->dialogs = d->next;
        dialog_free(d);
    }
    call->ua->n_calls--;
    free(call);
}

void ua_free(struct ua *ua)
{
    for (unsigned i = 0; i < UA_TXN_BUCKETS; i++) {
        while (ua->txns[i])
            txn_free(ua->txns[i]);
    }
    while (ua->spare) {
        struct ua_txn *t = ua->spare;
        ua->spare = t->next;
        free(t);
    }
    for (unsigned i = 0; i < UA_CALL_BUCKETS; i++) {
        while (ua->by_id[i])
            call_free(ua->by_id[i]);
    }
    free(ua->by_id);
    free(ua->txns);
    free(ua->ports);
    memset(ua, 0, sizeof *ua);
}

struct ua_trunk *ua_trunk_add(struct ua *ua, const char *name, const char *host, struct addr to,
                              const char *route)
{
    if (ua->n_trunks == UA_MAX_TRUNKS)
        abort();
    struct ua_trunk *t = &ua->trunks[ua->n_trunks++];
    snprintf(t->name, sizeof t->name, "%s", name);
    snprintf(t->host, sizeof t->host, "%s", host);
    snprintf(t->route, sizeof t->route, "%s", route ? route : "");
    t->to = to;
    return t;
}

void ua_tell(struct ua *ua, const struct ua_event *e)
{
    if (e->kind == UA_NO_ACK && (ua->automatic & AUTO_HANGUP) && e->call && !e->call->over)
        ua_send(e->call, "BYE", &(struct ua_opts){.tag = e->dialog ? e->dialog->label : NULL});
    if (ua->hook)
        ua->hook(ua, e);
}

/* ---------------------------------------------------------------- calls and dialogs */

static struct ua_call *call_new(struct ua *ua, const char *call_id, bool caller)
{
    struct ua_call *call = calloc(1, sizeof *call);
    if (!call)
        abort();
    call->ua = ua;
    call->number = ++ua->calls_begun;
    call->caller = caller;
    snprintf(call->call_id, sizeof call->call_id, "%s", call_id);
    call->token = ua_hash(call->call_id, 77);
    struct ua_call **bucket = &ua->by_id[ua_hash(call->call_id, 0) % UA_CALL_BUCKETS];
    call->next_hash = *bucket;
    *bucket = call;
    ua->n_calls++;
    return call;
}

static struct ua_call *call_find(struct ua *ua, const char *call_id)
{
    struct ua_call *call = ua->by_id[ua_hash(call_id, 0) % UA_CALL_BUCKETS];
    while (call && strcmp(call->call_id, call_id) != 0)
        call = call->next_hash;
    return call;
}

void ua_call_end(struct ua_call *call)
{
    call->ended = true;
    if (!call->txns && !call->ua->keep_calls)
        call_free(call);
}

static void call_over(struct ua_call *call)
{
    call->over = true;
    if (!call->ua->keep_calls)
        call->ended = true;
}

struct ua_call *ua_call_number(struct ua *ua, unsigned number)
{
    for (unsigned i = 0; i < UA_CALL_BUCKETS; i++) {
        for (struct ua_call *c = ua->by_id[i]; c; c = c->next_hash) {
            if (c->number == number)
                return c;
        }
    }
    return NULL;
}

unsigned ua_going_on(const struct ua *ua)
{
    unsigned n = 0;
    for (unsigned i = 0; i < UA_CALL_BUCKETS; i++) {
        for (const struct ua_call *c = ua->by_id[i]; c; c = c->next_hash)
            n += strcmp(c->method, "OPTIONS") != 0;
    }
    return n;
}

struct ua_call *ua_call_newest(struct ua *ua)
{
    return ua->calls_begun ? ua_call_number(ua, ua->calls_begun) : NULL;
}

static struct ua_dialog *dialog_new(struct ua_call *call, const char *label, const char *local_tag,
                                    const char *remote_tag)
{
    struct ua_dialog *d = calloc(1, sizeof *d);
    if (!d)
        abort();
    d->call = call;
    snprintf(d->label, sizeof d->label, "%s", label);
    snprintf(d->local_tag, sizeof d->local_tag, "%s", local_tag);
    snprintf(d->remote_tag, sizeof d->remote_tag, "%s", remote_tag);
    d->next = call->dialogs;
    call->dialogs = d;
    return d;
}

static struct ua_dialog *dialog_of_tags(struct ua_call *call, const char *local, const char *remote)
{
    struct ua_dialog *d = call->dialogs;
    while (d && (strcmp(d->local_tag, local) != 0 || strcmp(d->remote_tag, remote) != 0))
        d = d->next;
    return d;
}

struct ua_dialog *ua_dialog_find(struct ua_call *call, const char *tag)
{
    struct ua_dialog *d = call->dialogs;
    if (tag) {
        /* a caller knows a far dialog by the label its tag begins with */
        size_t n = strlen(tag);
        while (d && strcmp(d->label, tag) != 0 &&
               (strncmp(d->remote_tag, tag, n) != 0 || d->remote_tag[n] != '-'))
            d = d->next;
        return d;
    }
    if (call->active && call->active->confirmed && !call->active->over)
        return call->active;
    while (d && (!d->confirmed || d->over))
        d = d->next;
    return d ? d : call->dialogs;
}

/* The far Contact becomes the target (RFC 3261 §12.2.1.2), without headers, which no request line
 * may have (§19.1.1), and as `rewrite_contact` has it. */
static void learn_target(struct ua_dialog *d, osip_message_t *m, const struct addr *from)
{
    osip_contact_t *contact = osip_list_get(&m->contacts, 0);
    if (!contact || !contact->url)
        return;
    osip_uri_t target = *contact->url;
    osip_list_init(&target.url_headers);
    const char *uri = wire_uri(&target);
    if (d->call->ua->habits.rewrite_contact && osip_list_size(&m->record_routes) == 0) {
        char ip[ADDR_TEXT];
        addr_print_ip(from, ip);
        uri = wire_uri_at(&target, ip, from->port);
    }
    if (uri)
        snprintf(d->target, sizeof d->target, "%s", uri);
}

/* RFC 3261 §12.1: in order for the called, reversed for the caller. */
static void learn_routes(struct ua_dialog *d, osip_message_t *m, bool reversed)
{
    int n = osip_list_size(&m->record_routes);
    while (d->n_routes)
        free(d->routes[--d->n_routes]);
    for (int i = 0; i < n && d->n_routes < UA_MAX_ROUTES; i++) {
        osip_record_route_t *r = osip_list_get(&m->record_routes, reversed ? n - 1 - i : i);
        const char *text = wire_from_text((const osip_from_t *)r);
        if (text)
            d->routes[d->n_routes++] = strdup(text);
    }
}

static bool read_sdp(osip_message_t *m, struct ua_remote *theirs)
{
    size_t n = 0;
    const char *body = wire_sdp(m, &n);
    if (!body || !method_negotiates(m->cseq->method))
        return false;
    sdp_read_remote(span_of(body, n), theirs);
    return true;
}

static bool has_sdp(osip_message_t *m)
{
    size_t n = 0;
    return wire_sdp(m, &n) != NULL;
}

static void offer_came(struct ua_dialog *d, osip_message_t *m)
{
    struct ua_remote theirs;
    if (!read_sdp(m, &theirs))
        return;
    d->pending = theirs;
    d->offer = OFFER_OWED;
}

/* Another offer of ours in that dialog may still wait. */
static void offer_closed(struct ua_dialog *d, const struct ua_txn *by)
{
    d->offer = d->offered.n ? OFFER_SENT : OFFER_NONE;
    for (const struct ua_txn *t = d->call->txns; t; t = t->next_of_call) {
        if (t != by && !t->server && t->dialog == d && t->offered.n && t->state < TXN_COMPLETED)
            d->offer = OFFER_SENT;
    }
}

/* The re-INVITE in the middle of which a PRACK stands; NULL: the first INVITE. */
static const struct ua_txn *reinvite_of(const struct ua_dialog *d)
{
    for (const struct ua_txn *t = d->call->txns; t; t = t->next_of_call) {
        if (t->invite && t->dialog == d && t->in_dialog && t->state < TXN_COMPLETED)
            return t;
    }
    return NULL;
}

/* What is agreed by PRACK, in the middle of an INVITE. */
static void agree_in_prack(struct ua_dialog *d, const struct ua_lines *ours,
                           const struct ua_remote *theirs)
{
    const struct ua_txn *invite = reinvite_of(d);
    if (invite)
        agree_for_now(d, invite, ours, theirs);
    else
        agree(d, ours, theirs);
}

static struct ua_lines written_taken(struct ua_call *call)
{
    struct ua_lines written = call->written;
    call->written = (struct ua_lines){0};
    return written;
}

/* An SDP of ours left in ACK or PRACK, as the answer that was due. */
static void answer_sent(struct ua_dialog *d, bool prack)
{
    struct ua_lines ours = written_taken(d->call);
    if (prack)
        agree_in_prack(d, &ours, &d->pending);
    else
        agree(d, &ours, &d->pending);
}

/* An answer to what we offered in a response. */
static void answer_came(struct ua_dialog *d, osip_message_t *m, bool prack)
{
    struct ua_remote theirs;
    if (!read_sdp(m, &theirs))
        return;
    struct ua_lines ours = d->offered;
    if (prack)
        agree_in_prack(d, &ours, &theirs);
    else
        agree(d, &ours, &theirs);
    lines_drop(d->call, &d->offered);
}

/* BYE ends a call; before it is up, one of the dialogs that ring, and another has the media. */
static void dialog_over(struct ua_dialog *d)
{
    struct ua_call *call = d->call;
    d->over = true;
    if (d->confirmed && (d == call->active || !call->active))
        call_over(call);
    if (d->confirmed || d != call->active)
        return;
    call->active = NULL;
    for (struct ua_dialog *other = call->dialogs; other && !call->active; other = other->next) {
        if (!other->over && other->agreed.theirs.n)
            call->active = other;
    }
}

/* ---------------------------------------------------------------- requests of ours */

static unsigned trunk_of(const struct ua *ua, const char *name)
{
    for (unsigned i = 0; name && i < ua->n_trunks; i++) {
        if (strcmp(ua->trunks[i].name, name) == 0)
            return i;
    }
    return 0;
}

static bool request_out(struct ua_call *call, struct ua_dialog *d, const char *method,
                        uint32_t cseq, const struct ua_opts *o)
{
    char bytes[WIRE_MAX], branch[UA_TAG], uri[UA_URI];
    size_t n;
    struct addr to;
    struct ua_request r = {.call = call, .dialog = d, .method = method, .cseq = cseq, .o = o};
    bool answers = request_answers(&r);
    if (!message_request(&r, bytes, &n, &to, branch, uri))
        return false;
    struct ua_txn *t = txn_new(call->ua, false, method, branch, NULL);
    txn_of(t, call);
    t->dialog = d;
    t->in_dialog = d != NULL;
    t->cseq = cseq;
    bool sdp = opts_negotiate(o, method);
    t->has_sdp = !answers && sdp;
    if (sdp && answers)
        answer_sent(d, true);
    else if (sdp)
        t->offered = written_taken(call);
    if (sdp && !answers && d)
        d->offer = OFFER_SENT;
    if (sdp && !d) {
        struct ua_lines former = call->first;
        call->first = t->offered;
        lines_drop(call, &former);
    }
    txn_send_request(t, bytes, n, to);
    return true;
}

static void name_parties(struct ua_call *call, const struct ua_opts *o)
{
    struct ua *ua = call->ua;
    const struct ua_trunk *trunk = &ua->trunks[call->trunk];
    char ip[ADDR_TEXT];
    size_t host = trunk->host[0] == '[' ? strcspn(trunk->host, "]") + 1 : strcspn(trunk->host, ":");
    const char *user = o->user ? o->user : "100";
    addr_print_host(&ua->at, ip);
    bool registers = strcmp(call->method, "REGISTER") == 0;
    snprintf(call->local_uri, sizeof call->local_uri, "<sip:%s@%s>", o->from ? o->from : ua->name,
             ip);
    if (registers) /* the account lives at the registrar */
        snprintf(call->local_uri, sizeof call->local_uri, "<sip:%s@%.*s>",
                 o->from ? o->from : ua->name, (int)host, trunk->host);
    snprintf(call->remote_uri, sizeof call->remote_uri, "<sip:%s@%.*s>", user, (int)host,
             trunk->host);
    if (registers)
        snprintf(call->remote_uri, sizeof call->remote_uri, "%s", call->local_uri);
    if (o->uri)
        snprintf(call->request_uri, sizeof call->request_uri, "%s", o->uri);
    else
        snprintf(call->request_uri, sizeof call->request_uri,
                 registers ? "sip:%s%s%s" : "sip:%s@%s%s", registers ? "" : user, trunk->host, "");
}

struct ua_call *ua_begin(struct ua *ua, const char *method, const struct ua_opts *o)
{
    char id[64];
    snprintf(id, sizeof id, "%s-%u-%llx", ua->name, ua->calls_begun + 1,
             (unsigned long long)(world_random(ua->world) & 0xffffffffff));
    struct ua_call *call = call_new(ua, id, true);
    call->trunk = trunk_of(ua, o->trunk);
    snprintf(call->method, sizeof call->method, "%s", method);
    snprintf(call->tag, sizeof call->tag, "%s%llx", ua->name,
             (unsigned long long)(world_random(ua->world) & 0xffffffff));
    name_parties(call, o);
    call->cseq = o->cseq ? o->cseq : 100 + (uint32_t)world_below(ua->world, 1000);
    request_out(call, NULL, method, call->cseq, o);
    return call;
}

void ua_again(struct ua_call *call, const struct ua_opts *o)
{
    call->over = false;
    request_out(call, NULL, call->method, o->cseq ? o->cseq : ++call->cseq, o);
}

bool ua_send(struct ua_call *call, const char *method, const struct ua_opts *o)
{
    struct ua_dialog *d = ua_dialog_find(call, o->tag);
    if (!d)
        return false;
    if (strcmp(method, "BYE") == 0)
        dialog_over(d);
    struct ua_opts opts = *o;
    char rack[64];
    if (strcmp(method, "PRACK") == 0 && opts.n_extra < UA_MAX_EXTRA) {
        snprintf(rack, sizeof rack, "RAck: %u %u INVITE", d->rseq, d->rseq_cseq);
        opts.extra[opts.n_extra++] = rack;
    }
    return request_out(call, d, method, o->cseq ? o->cseq : ++call->cseq, &opts);
}

/* The newest transaction of a call that fits. */
static struct ua_txn *txn_of_call(struct ua_call *call, bool server, const char *method,
                                  bool (*fits)(const struct ua_txn *))
{
    struct ua_txn *t = call->txns;
    while (t && (t->server != server || (method && strcmp(t->method, method) != 0) || !fits(t)))
        t = t->next_of_call;
    return t;
}

static bool waits(const struct ua_txn *t)
{
    return t->state == TXN_TRYING || t->state == TXN_PROCEEDING;
}

bool ua_cancel(struct ua_call *call, const struct ua_opts *o)
{
    struct ua_txn *invite = txn_of_call(call, false, "INVITE", waits);
    if (!invite || invite->state != TXN_PROCEEDING)
        return false;
    char bytes[WIRE_MAX], branch[UA_TAG], uri[UA_URI];
    size_t n;
    struct addr to;
    struct ua_opts opts = *o;
    char invite_uri[UA_URI];
    txn_uri(invite, invite_uri);
    opts.uri = invite_uri;
    struct ua_request r = {.call = call,
                           .dialog = invite->in_dialog ? invite->dialog : NULL,
                           .method = "CANCEL",
                           .branch = invite->branch,
                           .cseq = invite->cseq,
                           .o = &opts};
    if (!message_request(&r, bytes, &n, &to, branch, uri))
        return false;
    struct ua_txn *t = txn_new(call->ua, false, "CANCEL", branch, NULL);
    txn_of(t, call);
    t->cseq = invite->cseq;
    txn_send_request(t, bytes, n, invite->to);
    return true;
}

bool ua_ack(struct ua_call *call, const struct ua_opts *o)
{
    struct ua_dialog *d = ua_dialog_find(call, o->tag);
    if (!d)
        return false;
    char bytes[WIRE_MAX], branch[UA_TAG], uri[UA_URI];
    size_t n;
    struct ua_opts opts = *o;
    opts.sdp = o->sdp || (d->offer == OFFER_OWED && !o->body);
    struct ua_request r = {
        .call = call, .dialog = d, .method = "ACK", .cseq = d->acked_cseq, .o = &opts};
    bool answers = request_answers(&r) && opts_negotiate(&opts, "ACK");
    if (!message_request(&r, bytes, &n, &d->ack_to, branch, uri))
        return false;
    if (answers)
        answer_sent(d, false);
    txn_keep(&d->ack, &d->ack_n, bytes, n);
    ua_datagram(call->ua, d->ack, d->ack_n, d->ack_to);
    return true;
}

/* ---------------------------------------------------------------- responses of ours */

static struct ua_dialog *dialog_for_answer(struct ua_txn *t, int status, const char *label)
{
    struct ua_call *call = t->call;
    bool forms =
        t->invite || strcmp(t->method, "SUBSCRIBE") == 0 || strcmp(t->method, "REFER") == 0;
    if (t->in_dialog || !forms || status <= 100)
        return t->dialog;
    struct ua_dialog *d = ua_dialog_find(call, label ? label : "a");
    if (d)
        return d;
    if (status >= 300)
        return NULL;
    char tag[UA_TAG];
    osip_message_t *request = txn_tree(t);
    snprintf(tag, sizeof tag, "%s-%s%u-%llx", label ? label : "a", call->ua->name, call->number,
             (unsigned long long)(world_random(call->ua->world) & 0xffffff));
    const char *far = request ? wire_tag(request->from) : NULL;
    d = dialog_new(call, label ? label : "a", tag, far ? far : "");
    if (request) {
        learn_target(d, request, &t->source);
        learn_routes(d, request, false);
        if (t->has_sdp)
            offer_came(d, request);
    }
    return d;
}

static bool is_refresh(const struct ua_txn *t)
{
    return t->invite || !strcmp(t->method, "UPDATE") || !strcmp(t->method, "SUBSCRIBE") ||
           !strcmp(t->method, "NOTIFY");
}

/* An SDP of ours left in a response. A 1xx that may get lost decides nothing in a running session;
 * one that is acknowledged does, until the re-INVITE is refused after all. */
static void sdp_answered(struct ua_txn *t, struct ua_dialog *d, int status, uint32_t rseq)
{
    struct ua_lines ours = written_taken(t->call);
    bool for_now = t->invite && t->in_dialog && status < 200;
    if (t->answered == d) {
        lines_drop(t->call, &ours); /* the same once more */
        return;
    }
    if (rseq)
        t->answered = d;
    if (!t->has_sdp) {
        lines_drop(t->call, &d->offered);
        d->offered = ours;
        d->offer = OFFER_SENT;
    } else if (for_now && !rseq) {
        lines_drop(t->call, &t->preview);
        t->preview = ours;
    } else if (for_now) {
        agree_for_now(d, t, &ours, &d->pending);
    } else if (strcmp(t->method, "PRACK") == 0) {
        agree_in_prack(d, &ours, &d->pending);
    } else {
        agree(d, &ours, &d->pending);
    }
}

/* A final response of ours: what was agreed on the way to it stands, or does not. */
static void settle_answer(struct ua_txn *t, struct ua_dialog *d, int status)
{
    if (t->invite && status >= 200 && status < 300 && t->preview.n) {
        struct ua_lines ours = t->preview;
        agree(d, &ours, &d->pending);
    }
    lines_drop(t->call, &t->preview);
    if (d->before_of == t && status >= 300)
        agreed_before(d);
    else if (d->before_of == t || (!strcmp(t->method, "UPDATE") && status < 300 && t->has_sdp))
        agreed_for_good(d);
}

static void answer_with(struct ua_txn *t, int status, const struct ua_opts *o)
{
    char bytes[WIRE_MAX];
    struct addr to;
    struct ua_dialog *d = dialog_for_answer(t, status, o->tag);
    uint32_t rseq = 0;
    if (o->reliable && d && status > 100 && status < 200) {
        rseq = ++d->rseq;
        d->rseq_cseq = t->cseq;
    }
    if (status >= 300 && d && !t->glare && t->has_sdp && d->offer == OFFER_OWED)
        d->offer = OFFER_NONE; /* refused: what was agreed before stands */
    osip_message_t *request = t->in_dialog && is_refresh(t) ? txn_tree(t) : NULL;
    if (request && d && status < 300 && (status >= 200 || rseq))
        learn_target(d, request, &t->source);
    size_t n = message_response(t, d, status, o, rseq, bytes, &to);
    if (n == 0) {
        world_fail(t->ua->world, "%s cannot write %d to %s", t->ua->name, status, t->method);
        return;
    }
    if (d && status < 300 && opts_negotiate(o, t->method))
        sdp_answered(t, d, status, rseq);
    if (d && status >= 200)
        settle_answer(t, d, status);
    if (d && t->invite && status >= 200 && status < 300) {
        d->confirmed = true;
        d->call->active = d;
        t->dialog = d;
    } else if (d && status < 300) {
        t->dialog = d;
    }
    if (t->invite && !t->in_dialog && status >= 300)
        call_over(t->call);
    txn_send_response(t, bytes, n, status, to, rseq);
}

bool ua_answer(struct ua_call *call, const char *method, int status, const struct ua_opts *o)
{
    struct ua_txn *t = txn_of_call(call, true, method, waits);
    for (struct ua_txn *of = call->txns; of && o->tag; of = of->next_of_call) {
        if (of->server && of->in_dialog && waits(of) && strcmp(of->dialog->label, o->tag) == 0 &&
            (!method || strcmp(of->method, method) == 0)) {
            t = of;
            break;
        }
    }
    if (!t)
        return false;
    answer_with(t, status, o);
    return true;
}

static bool accepted(const struct ua_txn *t)
{
    return t->state == TXN_ACCEPTED || t->state == TXN_CONFIRMED;
}

/* The other branch is a transaction of its own here, so that its 2xx is repeated until it gets an
 * ACK. */
bool ua_fork(struct ua_call *call, int status, const struct ua_opts *o)
{
    struct ua_txn *t = txn_of_call(call, true, "INVITE", accepted);
    if (!t)
        return false;
    char branch[UA_TAG + 8];
    snprintf(branch, sizeof branch, "%s.%s", t->branch, o->tag);
    struct ua_txn *other = txn_new(call->ua, true, "INVITE", branch, NULL);
    txn_keep(&other->request, &other->request_n, t->request, t->request_n);
    other->source = t->source;
    other->has_sdp = t->has_sdp;
    other->cseq = t->cseq;
    txn_of(other, call);
    struct ua_dialog *first = call->active;
    answer_with(other, status, o);
    call->active = first;
    return true;
}

bool ua_branch(struct ua_call *call, const struct ua_opts *o)
{
    struct ua_txn *t = txn_of_call(call, true, NULL, waits);
    return t && dialog_for_answer(t, 200, o->tag) != NULL;
}

void ua_raw(struct ua *ua, const char *bytes, size_t n)
{
    struct datagram d = {
        .from = ua->at, .to = ua->trunks[0].to, .bytes = bytes, .n = n, .wild = true};
    net_send(ua->net, ua->host, &d);
}

/* ---------------------------------------------------------------- what comes in: responses */

static void ack_refusal(struct ua_txn *t, osip_message_t *m)
{
    char bytes[WIRE_MAX], branch[UA_TAG], uri[UA_URI];
    size_t n;
    struct addr to;
    char invite_uri[UA_URI];
    struct ua_opts o = {.uri = invite_uri};
    txn_uri(t, invite_uri);
    const char *tag = wire_tag(m->to);
    struct ua_request r = {.call = t->call,
                           .dialog = t->in_dialog ? t->dialog : NULL,
                           .method = "ACK",
                           .branch = t->branch,
                           .cseq = t->cseq,
                           .to_tag = tag ? tag : "",
                           .o = &o};
    if (message_request(&r, bytes, &n, &to, branch, uri))
        ua_datagram(t->ua, bytes, n, t->to);
}

/* The label of a far dialog is what its tag begins with. */
static struct ua_dialog *dialog_of_far_tag(struct ua_call *call, const char *tag)
{
    char label[24];
    snprintf(label, sizeof label, "%.*s", (int)strcspn(tag, "-"), tag);
    return dialog_new(call, label, call->tag, tag);
}

static struct ua_dialog *dialog_of_response(struct ua_txn *t, osip_message_t *m, int status)
{
    const char *tag = wire_tag(m->to);
    if (t->in_dialog)
        return t->dialog;
    bool forms =
        t->invite || strcmp(t->method, "SUBSCRIBE") == 0 || strcmp(t->method, "REFER") == 0;
    if (!tag || !forms || status <= 100 || status >= 300)
        return NULL;
    struct ua_dialog *d = dialog_of_tags(t->call, t->call->tag, tag);
    if (d)
        return d;
    d = dialog_of_far_tag(t->call, tag);
    d->offer = t->has_sdp ? OFFER_SENT : OFFER_NONE;
    return d;
}

static void send_prack(struct ua_call *call, struct ua_dialog *d)
{
    struct ua_opts o = {.tag = d->label, .sdp = d->offer == OFFER_OWED};
    ua_send(call, "PRACK", &o);
}

/* True where this reliable 1xx was seen before. */
static bool reliable_repeated(struct ua_txn *t, struct ua_dialog *d, osip_message_t *m)
{
    const char *text = wire_header(m, "RSeq", 0);
    if (!text || !d)
        return false;
    uint32_t rseq = (uint32_t)strtoul(text, NULL, 10);
    if (d->rseq_cseq == t->cseq && rseq <= d->rseq)
        return true;
    d->rseq = rseq;
    d->rseq_cseq = t->cseq;
    return false;
}

/* True where this 2xx is a repetition; then its ACK is, too. */
static bool answer_repeated(struct ua_txn *t, struct ua_dialog *d)
{
    if (!d->confirmed || d->acked_cseq != t->cseq)
        return false;
    if (d->ack && t->ua->automatic & AUTO_ACK)
        ua_datagram(t->ua, d->ack, d->ack_n, d->ack_to);
    return true;
}

static void refused(struct ua_txn *t, struct ua_dialog *d)
{
    struct ua_call *call = t->call;
    if (!t->in_dialog)
        call->status = t->status;
    lines_drop(call, &t->offered);
    if (d && t->has_sdp)
        offer_closed(d, t);
    if (d && d->before_of == t)
        agreed_before(d);
    if (t->invite && !t->in_dialog)
        call_over(call);
}

/* The answer to an offer in our request, or an offer in the response to one without. */
static void learn_sdp(struct ua_txn *t, struct ua_dialog *d, osip_message_t *m, int status,
                      bool reliable)
{
    struct ua_remote theirs;
    bool for_now = t->invite && t->in_dialog && status < 200, came = read_sdp(m, &theirs);
    if (!came && status >= 200 && t->preview_theirs.n) {
        theirs = t->preview_theirs;
        came = true;
    }
    if (!came || (t->invite && d->answered_cseq == t->cseq))
        return;
    if (!t->has_sdp) {
        d->pending = theirs;
        d->offer = OFFER_OWED;
    } else if (for_now && !reliable) {
        t->preview_theirs = theirs;
    } else if (for_now) {
        agree_for_now(d, t, &t->offered, &theirs);
    } else if (strcmp(t->method, "PRACK") == 0) {
        agree_in_prack(d, &t->offered, &theirs);
    } else {
        agree(d, &t->offered, &theirs);
    }
    if (t->invite && (reliable || status >= 200))
        d->answered_cseq = t->cseq;
}

static void learn_response(struct ua_txn *t, struct ua_dialog *d, osip_message_t *m, int status,
                           const struct addr *from)
{
    bool refresh = t->invite || !strcmp(t->method, "UPDATE") || !strcmp(t->method, "SUBSCRIBE");
    bool reliable = status < 200 && wire_header(m, "RSeq", 0);
    if (refresh && status < 300 && (status >= 200 || reliable || !t->in_dialog))
        learn_target(d, m, from);
    if (!t->in_dialog && status < 300 && !d->confirmed)
        learn_routes(d, m, true);
    if (status < 300)
        learn_sdp(t, d, m, status, reliable);
    if (status >= 200 && status < 300 &&
        (d->before_of == t || (!strcmp(t->method, "UPDATE") && t->has_sdp)))
        agreed_for_good(d);
    if (t->invite && status >= 200 && status < 300) {
        d->confirmed = true;
        d->acked_cseq = t->cseq;
        t->call->active = d;
        lines_drop(t->call, &t->call->first);
        free(d->ack);
        d->ack = NULL;
    }
    if (status >= 200)
        lines_drop(t->call, &t->offered);
}

static void after_response(struct ua_txn *t, struct ua_dialog *d, osip_message_t *m, int status)
{
    if (!d)
        return;
    if (t->invite && status >= 200 && status < 300 && (t->ua->automatic & AUTO_ACK)) {
        struct ua_opts o = {.tag = d->remote_tag};
        o.tag = d->label;
        ua_ack(t->call, &o);
    }
    if (status > 100 && status < 200 && wire_header(m, "RSeq", 0) &&
        (t->ua->automatic & AUTO_PRACK))
        send_prack(t->call, d);
}

static void response_in(struct ua *ua, osip_message_t *m, const struct datagram *from)
{
    osip_via_t *via = osip_list_get(&m->vias, 0);
    const char *branch = wire_param(&via->via_params, "branch");
    ua->seen.responses++;
    struct ua_txn *t = branch ? txn_find(ua, false, m->cseq->method, branch, NULL) : NULL;
    if (!t || !t->call) {
        ua->seen.strays++;
        snprintf(ua->last_stray, sizeof ua->last_stray, "%.*s", (int)from->n, from->bytes);
        return;
    }
    int status = m->status_code;
    if (!txn_response(t, status)) {
        ua->seen.repeated++;
        if (t->invite && status >= 300)
            ack_refusal(t, m);
        return;
    }
    struct ua_dialog *d = dialog_of_response(t, m, status);
    if (status > 100 && status < 200 && reliable_repeated(t, d, m))
        return;
    if (t->invite && d && status >= 200 && status < 300 && answer_repeated(t, d))
        return;
    if (d)
        learn_response(t, d, m, status, &from->from);
    if (t->invite && status >= 300)
        ack_refusal(t, m);
    if (status >= 200 && !t->in_dialog)
        t->call->status = status;
    if (status >= 300)
        refused(t, d);
    struct ua_event e = {.kind = UA_RESPONSE,
                         .txn = t,
                         .call = t->call,
                         .dialog = d,
                         .method = t->method,
                         .status = status,
                         .has_sdp = has_sdp(m),
                         .message = m,
                         .datagram = from};
    after_response(t, d, m, status);
    ua_tell(ua, &e);
}

/* ---------------------------------------------------------------- what comes in: requests */

static void check_credentials(struct ua *ua, osip_message_t *m)
{
    osip_authorization_t *a = osip_list_get(&m->authorizations, 0);
    if (!a)
        a = osip_list_get(&m->proxy_authorizations, 0);
    const char *uri = wire_uri(m->req_uri);
    if (!a || !a->uri || !uri || !ua->habits.checks_digest_uri)
        return;
    size_t n = strlen(uri);
    if (strncmp(a->uri + 1, uri, n) != 0 || a->uri[n + 1] != '"')
        world_fail(ua->world, "%s: digest uri=%s, but the Request-URI is %s", ua->name, a->uri,
                   uri);
}

static struct ua_dialog *dialog_of_request(struct ua_call *call, osip_message_t *m)
{
    const char *to = wire_tag(m->to), *from = wire_tag(m->from);
    return call && to && from ? dialog_of_tags(call, to, from) : NULL;
}

/* A NOTIFY makes a dialog where it comes before the 2xx, or from a branch whose 2xx never comes
 * (RFC 6665 §4.4.1). */
static struct ua_dialog *dialog_of_notify(struct ua_call *call, osip_message_t *m)
{
    const char *to = wire_tag(m->to), *from = wire_tag(m->from);
    bool asked = strcmp(call->method, "SUBSCRIBE") == 0 || strcmp(call->method, "REFER") == 0;
    if (!asked || !call->caller || !to || !from || strcmp(to, call->tag) != 0 ||
        strcmp(m->sip_method, "NOTIFY") != 0)
        return NULL;
    struct ua_dialog *d = dialog_of_far_tag(call, from);
    learn_routes(d, m, false);
    return d;
}

static void ack_in(struct ua *ua, struct ua_txn *t, osip_message_t *m, const struct datagram *from)
{
    if (t && t->state != TXN_ACCEPTED) { /* of a refusal */
        if (t->state == TXN_COMPLETED)
            txn_acknowledged(t);
        return;
    }
    struct ua_call *call = call_find(ua, wire_call_id(m));
    struct ua_dialog *d = dialog_of_request(call, m);
    uint32_t cseq = (uint32_t)strtoul(m->cseq->number, NULL, 10);
    if (!d) {
        ua->seen.no_dialog++;
        return;
    }
    for (t = call->txns; t && !(t->server && t->invite && t->cseq == cseq && t->dialog == d);)
        t = t->next_of_call;
    if (!t || t->state != TXN_ACCEPTED) {
        ua->seen.repeated++;
        return;
    }
    txn_acknowledged(t);
    if (d->offered.n)
        answer_came(d, m, false);
    struct ua_event e = {.kind = UA_REQUEST,
                         .txn = NULL,
                         .call = call,
                         .dialog = d,
                         .method = "ACK",
                         .has_sdp = has_sdp(m),
                         .message = m,
                         .datagram = from};
    ua_tell(ua, &e);
}

static struct ua_call *call_of_request(struct ua *ua, osip_message_t *m)
{
    const char *id = wire_call_id(m);
    struct ua_call *call = call_find(ua, id);
    if (call)
        return call;
    call = call_new(ua, id, false);
    const char *from = wire_from_text(m->to), *to = wire_from_text(m->from);
    snprintf(call->local_uri, sizeof call->local_uri, "%s", from ? from : "");
    snprintf(call->remote_uri, sizeof call->remote_uri, "%s", to ? to : "");
    char *cut = strstr(call->remote_uri, ">;tag=");
    if (cut)
        cut[1] = '\0';
    snprintf(call->method, sizeof call->method, "%s", m->sip_method);
    call->cseq = 500 + (uint32_t)world_below(ua->world, 1000);
    return call;
}

static void learn_request(struct ua_txn *t, struct ua_dialog *d, osip_message_t *m,
                          const struct addr *from)
{
    if (!strcmp(t->method, "SUBSCRIBE") || !strcmp(t->method, "NOTIFY"))
        learn_target(d, m, from);
    bool answers = strcmp(t->method, "PRACK") == 0 && d->offered.n;
    t->glare = t->has_sdp && !answers && d->offer != OFFER_NONE;
    if (answers)
        answer_came(d, m, true);
    else if (!t->glare && t->has_sdp)
        offer_came(d, m);
    if (answers)
        t->has_sdp = false; /* its response may carry a new offer, no answer */
    if (strcmp(t->method, "BYE") == 0)
        dialog_over(d);
}

static void prack_in(struct ua_txn *t, osip_message_t *m)
{
    const char *rack = wire_header(m, "RAck", 0);
    uint32_t rseq = rack ? (uint32_t)strtoul(rack, NULL, 10) : 0;
    struct ua_txn *invite = txn_of_call(t->call, true, "INVITE", waits);
    if (invite && invite->rseq == rseq)
        txn_pracked(invite);
}

static void cancel_in(struct ua_txn *t)
{
    struct ua_txn *invite = txn_of_call(t->call, true, "INVITE", waits);
    answer_with(t, 200, &plain);
    if (invite)
        answer_with(invite, 487, &plain);
}

static void answer_register(struct ua_txn *t, osip_message_t *m)
{
    struct ua_opts o = {0};
    char text[UA_MAX_EXTRA][UA_URI + 64];
    const char *expires = wire_header(m, "Expires", 0);
    for (int i = 0; i < osip_list_size(&m->contacts) && o.n_extra < UA_MAX_EXTRA; i++) {
        osip_contact_t *c = osip_list_get(&m->contacts, i);
        const char *one = wire_from_text((const osip_from_t *)c);
        if (!one || one[0] == '*')
            continue;
        bool has = strstr(one, "expires=") != NULL;
        if (expires && strcmp(expires, "0") == 0)
            continue; /* gone */
        snprintf(text[o.n_extra], sizeof text[0], "Contact: %s%s%s", one, has ? "" : ";expires=",
                 has       ? ""
                 : expires ? expires
                           : "3600");
        o.extra[o.n_extra] = text[o.n_extra];
        o.n_extra++;
    }
    answer_with(t, 200, &o);
}

/* What is answered without being asked; true: and nobody is told. */
static bool answer_automatically(struct ua *ua, struct ua_txn *t, osip_message_t *m)
{
    const char *method = t->method;
    if (strcmp(method, "OPTIONS") == 0 && !t->in_dialog && (ua->automatic & AUTO_OPTIONS)) {
        answer_with(t, 200, &plain);
        ua_call_end(t->call);
        return true;
    }
    if (strcmp(method, "BYE") == 0 && (ua->automatic & AUTO_BYE))
        answer_with(t, 200, &plain);
    if (strcmp(method, "CANCEL") == 0 && (ua->automatic & AUTO_CANCEL))
        cancel_in(t);
    if (strcmp(method, "PRACK") == 0)
        prack_in(t, m);
    if (strcmp(method, "PRACK") == 0 && (ua->automatic & AUTO_PRACK)) {
        struct ua_opts o = {.sdp = t->has_sdp};
        answer_with(t, 200, &o);
    }
    if (strcmp(method, "REGISTER") == 0 && (ua->automatic & AUTO_REGISTER))
        answer_register(t, m);
    return false;
}

static void new_request(struct ua *ua, osip_message_t *m, const char *branch, const char *sent_by,
                        const struct datagram *from)
{
    struct ua_txn *t = txn_new(ua, true, m->sip_method, branch, sent_by);
    txn_keep(&t->request, &t->request_n, from->bytes, from->n);
    t->tree = m;
    t->tree_epoch = wire_epoch();
    t->source = from->from;
    bool body = has_sdp(m);
    t->has_sdp = body && method_negotiates(t->method);
    t->cseq = (uint32_t)strtoul(m->cseq->number, NULL, 10);
    txn_of(t, call_of_request(ua, m));
    t->dialog = dialog_of_request(t->call, m);
    if (!t->dialog)
        t->dialog = dialog_of_notify(t->call, m);
    t->in_dialog = t->dialog != NULL;
    if (t->invite && !t->in_dialog) { /* the one with credentials, where it is not the first */
        t->call->over = t->call->ended = false;
        for (struct ua_dialog *d = t->call->dialogs; d; d = d->next)
            d->label[0] = '\0'; /* those of the refused one are over */
    }
    check_credentials(ua, m);
    if (wire_tag(m->to) && !t->dialog && strcmp(m->sip_method, "CANCEL") != 0) {
        ua->seen.no_dialog++;
        answer_with(t, 481, &plain);
        if (!t->call->dialogs)
            ua_call_end(t->call);
        return;
    }
    if (t->dialog)
        learn_request(t, t->dialog, m, &from->from);
    struct ua_event e = {.kind = UA_REQUEST,
                         .txn = t,
                         .call = t->call,
                         .dialog = t->dialog,
                         .method = t->method,
                         .has_sdp = body,
                         .message = m,
                         .datagram = from};
    if (!answer_automatically(ua, t, m))
        ua_tell(ua, &e);
}

static void request_in(struct ua *ua, osip_message_t *m, const struct datagram *from)
{
    osip_via_t *via = osip_list_get(&m->vias, 0);
    const char *branch = wire_param(&via->via_params, "branch");
    char sent_by[128];
    snprintf(sent_by, sizeof sent_by, "%s:%s", via->host, via->port ? via->port : "5060");
    ua->seen.requests++;
    struct ua_txn *t = txn_find(ua, true, m->sip_method, branch ? branch : "", sent_by);
    if (strcmp(m->sip_method, "ACK") == 0) {
        ack_in(ua, t, m, from);
    } else if (t) {
        ua->seen.repeated++;
        if (t->bytes)
            txn_repeat(t);
    } else {
        new_request(ua, m, branch ? branch : "", sent_by, from);
    }
}

void ua_receive(void *ctx, const struct datagram *d)
{
    struct ua *ua = ctx;
    if (ua->deaf)
        return;
    wire_reset();
    osip_message_t *m = wire_read(d->bytes, d->n);
    if (!m) {
        world_fail(ua->world, "libosip2 refuses what %s received:\n%.*s", ua->name, (int)d->n,
                   d->bytes);
        return;
    }
    if (MSG_IS_RESPONSE(m))
        response_in(ua, m, d);
    else
        request_in(ua, m, d);
}
