/*
 * request.c - a request's way: repetition? ACK? CANCEL? then checks, the peer, and on to begin.c,
 * within.c or register.c.
 */
#include "proxy/core/request.h"
#include "proxy/core/base.h"
#include "proxy/core/begin.h"
#include "proxy/core/call.h"
#include "proxy/core/client_txn.h"
#include "proxy/core/destination.h"
#include "proxy/core/dialog.h"
#include "proxy/core/peer.h"
#include "proxy/core/probe.h"
#include "proxy/core/rate.h"
#include "proxy/core/register.h"
#include "proxy/core/route.h"
#include "proxy/core/server_txn.h"
#include "proxy/core/sockets.h"
#include "proxy/core/summary.h"
#include "proxy/core/view.h"
#include "proxy/core/within.h"
#include <stdio.h>

static bool over_rate(struct core *core, const struct inbound *in)
{
    bool from_caller;
    if (in->side == SIDE_EXCHANGE ||
        (in->to_tag.p &&
         call_find(core, NULL, in->call_id, in->from_tag, in->to_tag, in->side, &from_caller)) ||
        rate_allows(core, &in->from))
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
    return span_begins(in->via.branch.p ? in->via.branch : span_of("", 0), BRANCH_PREFIX) &&
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
    if (!in->to_tag.p && !sip_scheme_known(msg->uri)) {
        core_count(core, in->peer, COUNT_answer_416_scheme);
        return 416;
    }
    if (h && span_number(sip_header_value(msg, h), 255, &hops) && hops == 0) {
        core_count(core, in->peer, COUNT_answer_483_hops);
        return 483;
    }
    if (sip_header(msg, HEADER_PROXY_REQUIRE)) {
        struct sip_out o;
        core_count(core, in->peer, COUNT_answer_420_extension);
        sip_out_init(&o, extra, room - 1);
        sip_unsupported_make(&o, msg);
        extra[o.n] = '\0';
        return 420;
    }
    if (came_back(core, in)) {
        core_count(core, in->peer, COUNT_answer_482_loop);
        return 482;
    }
    return 0;
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

static bool request_peer(struct core *core, struct inbound *in)
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
    warning_line(warning, sizeof warning, why);
    reply_stateless(core, in, 404, why, warning);
    summary_refused(core, in, 404, why);
    return false;
}

/* RFC 3261 §12.2.2 and 8.1.1.4 with RFC 2543: a dialog whose far end gave no tag is known without
 * one. */
static bool is_within(struct core *core, const struct inbound *in)
{
    bool from_caller;
    if (in->to_tag.p)
        return true;
    struct call *call =
        call_find(core, in->peer, in->call_id, in->from_tag, in->to_tag, in->side, &from_caller);
    return call && (call->phase == PHASE_UP || call->phase == PHASE_ENDED) &&
           dialog_find(call, from_caller ? in->to_tag : in->from_tag);
}

/* RFC 3261 §8.2.2.2: the same INVITE by another way, forked on its way to us, is not a second call.
 */
static bool is_merged(struct core *core, const struct server_txn *st, const struct inbound *in)
{
    bool from_caller;
    struct call *call =
        call_find(core, in->peer, in->call_id, in->from_tag, in->to_tag, in->side, &from_caller);
    const struct server_txn *first = call ? pool_get(&core->servers, call->invite) : NULL;
    return first && first != st && from_caller && call->phase != PHASE_RETRY &&
           call->caller.cseq == in->msg->cseq;
}

static void invite_in(struct core *core, struct server_txn *st, struct inbound *in)
{
    if (is_merged(core, st, in)) {
        core_count(core, in->peer, COUNT_answer_482_merged);
        server_reply(core, st, 482, NULL, "");
    } else if (!hold_for_view(core, st, in)) {
        invite_request(core, st, in);
    }
}

static void request_go(struct core *core, struct server_txn *st, struct inbound *in)
{
    const struct sip_msg *msg = in->msg;
    if (msg->method == METHOD_REGISTER) {
        register_request(core, st, in);
    } else if (is_within(core, in)) {
        dialog_request(core, st, in);
    } else if (msg->method == METHOD_INVITE) {
        invite_in(core, st, in);
    } else if (msg->method == METHOD_SUBSCRIBE || msg->method == METHOD_REFER) {
        event_request(core, st, in);
    } else if (msg->method == METHOD_OPTIONS && in->side == SIDE_EXCHANGE &&
               in->peer->rules->options == OPTIONS_LOCAL) {
        if (in->peer->probe.state == LIVE_DOWN)
            server_mute(core, st);
        else /* not yet known counts as up: an exchange that starts with us asks once a minute */
            server_reply(core, st, 200, NULL, "Accept: application/sdp\r\n");
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
    if (over_rate(core, in) || !request_peer(core, in))
        return;
    if (in->side == SIDE_PEER && !in->peer->listed && !is_within(core, in)) {
        core_count(core, in->peer, COUNT_drop_unlisted_peer); /* only its running calls go on */
        return;
    }
    learn_from_request(core, in);
    st = server_new(core, in, key);
    if (!st) {
        if (method != METHOD_OPTIONS) /* any answer to that would count as life */
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
            struct addr to = peer_address(in.peer);
            if (!view_confirmed(core, in.peer) && addr_is_set(&to)) {
                in.peer->view_again = core->now + VIEW_AGAIN;
                core_log(core, LEVEL_WARNING, in.peer, in.call_id,
                         "the call goes out although the peer has not yet shown how it sees us");
            }
            request_go(core, st, &in);
        }
    }
    out_bury(&core->out, held);
}
