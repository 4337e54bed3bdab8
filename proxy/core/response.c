/*
 * response.c - an answer's way: whose transaction, what it means for the dialog, and back to the
 * one who asked.
 */
#include "proxy/core/response.h"
#include "proxy/core/base.h"
#include "proxy/core/call.h"
#include "proxy/core/client_txn.h"
#include "proxy/core/cross.h"
#include "proxy/core/dialog.h"
#include "proxy/core/forward.h"
#include "proxy/core/inbound.h"
#include "proxy/core/offer.h"
#include "proxy/core/probe.h"
#include "proxy/core/register.h"
#include "proxy/core/server_txn.h"
#include "proxy/core/view.h"
#include <errno.h>
#include <stdio.h>

/* Our own Via in an answer tells how the peer sees us (RFC 3261 §18.2.1, RFC 3581); without
 * received= it saw us as we wrote. Only the answer to something we asked of that very peer is
 * believed. */
static void learn_from_via(struct core *core, const struct client_txn *ct, const struct inbound *in)
{
    struct addr seen;
    struct span host = in->via.received.p ? in->via.received : in->via.host;
    if (in->side != SIDE_PEER || addr_parse_ip(host, &seen) || seen.family != in->from.family)
        return;
    uint16_t own = core->sockets[ct->socket].addr.port;
    seen.port = in->via.rport ? in->via.rport : in->via.port ? in->via.port : own;
    view_learn(core, ct->peer, VIEW_RECEIVED, seen);
}

/* ---- INVITE */

static bool keeps_ports(unsigned status)
{
    return status == 401 || status == 407 || status == 422 || status == 491;
}

static void timer_noted(struct core *core, struct call *call, const struct inbound *in)
{
    uint32_t seconds;
    struct span v = sip_value(in->msg, HEADER_SESSION_EXPIRES);
    if (v.p && !sip_seconds_read(v, &seconds) && seconds)
        call->session_end = core->now + (msec)seconds * 1000 + SESSION_GRACE;
    else
        call->session_end = 0;
    call_touch(core, call);
}

/* The target that the request brought holds from its 2xx on. */
static void refresh_apply(struct call *call, const struct server_txn *st, enum side side,
                          struct dialog *dialog)
{
    struct leg *leg = side == (enum side)call->origin ? &call->caller : &dialog->callee;
    if (st->refresh)
        text_set(&call->text, &leg->target, span_of(st->refresh_contact, st->refresh_n),
                 MAX_CALL_TEXT);
}

static void sdp_spoilt(struct core *core, struct client_txn *ct, struct server_txn *st,
                       struct call *call, const struct inbound *in,
                       const struct sdp_refusal *refusal)
{
    core_count(core, in->peer, refusal->counter);
    core_log(core, LEVEL_WARNING, in->peer, in->call_id, "SDP of answer %u: %s: the call is ended",
             in->msg->status, refusal->why);
    if (in->msg->status < 200)
        client_cancel(core, ct, span_of(NULL, 0));
    else if (call->phase < PHASE_UP)
        call_end_fork(core, ct, in);
    char warning[220];
    warning_line(warning, sizeof warning, refusal->why);
    if (!server_answered(st))
        server_reply(core, st, refusal->status, NULL, warning);
    if (call->phase >= PHASE_UP)
        call_hangup(core, call, END_SDP, 488, refusal->why);
    else
        call_end(core, call, END_SDP, refusal->status);
}

static void invite_refused(struct core *core, struct client_txn *ct, struct server_txn *st,
                           struct call *call, const struct inbound *in)
{
    unsigned status = in->msg->status;
    struct crossing x = crossing_of(in, call);
    struct edits *edits = cross_begin(core);
    if (!server_answered(st)) {
        offer_map_only(core, &x, edits);
        answer_forward(core, st, &x, edits);
    }
    offer_refused(call, side_other((enum side)ct->side));
    if (in->side == SIDE_EXCHANGE && (status == 401 || status == 407))
        core_count(core, in->peer, COUNT_challenges);
    if (call->phase >= PHASE_UP)
        return; /* a re-INVITE: the call stands as it was */
    if (status == 401 || status == 407)
        call->challenged++;
    if (keeps_ports(status)) {
        call->phase = PHASE_RETRY;
        call->status = (uint16_t)status;
        timer_set(&core->timers, &call->timer, TIMER_CALL, core->now + RETRY_WAIT);
        return;
    }
    call_end(core, call, END_STATUS, status);
}

/* 1xx and 2xx: the dialog of this To-tag, its SDP, and on to the one who called. */
static void invite_progress(struct core *core, struct client_txn *ct, struct server_txn *st,
                            struct call *call, const struct inbound *in)
{
    unsigned status = in->msg->status;
    bool initial = (enum side)ct->side != (enum side)call->origin && call->phase < PHASE_UP;
    struct dialog *dialog = in->side == (enum side)call->origin
                                ? dialog_find(call, in->from_tag)
                                : (in->to_tag.p ? dialog_get(call, in->to_tag) : NULL);
    struct crossing x = crossing_of(in, call);
    struct edits *edits = cross_begin(core);
    struct sdp_refusal refusal = {0};
    if (!dialog && in->to_tag.p && initial) {
        core_log(core, LEVEL_WARNING, in->peer, in->call_id, "too many forks: answer %u dropped",
                 status);
        if (status >= 200)
            call_end_fork(core, ct, in);
        return;
    }
    call->heard[in->side] = core->now;
    if (dialog && in->side != (enum side)call->origin)
        dialog_learn(call, dialog, in);
    else if (dialog)
        leg_target(call, &call->caller, in->msg); /* the caller answers a re-INVITE */
    if (dialog)
        offer_cross(core, call, dialog, in, ct->offer ? ROLE_ANSWER : ROLE_OFFER, edits, &refusal);
    if (refusal.status) {
        sdp_spoilt(core, ct, st, call, in, &refusal);
        return;
    }
    answer_forward(core, st, &x, edits);
    if (status < 200) {
        if (call->phase == PHASE_TRYING && status > 100)
            call->phase = PHASE_EARLY;
        call_touch(core, call);
        return;
    }
    if (dialog)
        refresh_apply(call, st, side_other(in->side), dialog);
    timer_noted(core, call, in);
    if (initial && dialog)
        call_up(core, call, dialog);
}

static bool is_winner(struct call *call, const struct inbound *in)
{
    struct dialog *dialog = dialog_find(call, in->to_tag);
    return dialog && dialog->confirmed;
}

/* RFC 3261 §13.2.2.4: a 2xx is ended by us when somebody else has answered already, or when the one
 * who called was told something final in the meantime. Never the dialog that runs. */
static bool unwanted_2xx(const struct client_txn *ct, const struct server_txn *st,
                         struct call *call, const struct inbound *in, bool over)
{
    if (call && (in->side == (enum side)call->origin || is_winner(call, in)))
        return false;
    if (!call || !st || over || call->phase == PHASE_ENDED)
        return true;
    return ct->state == CLIENT_ACCEPTED && st->state == SERVER_ACCEPTED
               ? true
               : server_answered(st) && st->state != SERVER_ACCEPTED;
}

static void invite_response(struct core *core, struct client_txn *ct, const struct inbound *in)
{
    unsigned status = in->msg->status;
    bool repeated = ct->state == CLIENT_ACCEPTED, over = ct->state == CLIENT_COMPLETED;
    struct server_txn *st = pool_get(&core->servers, ct->server);
    struct call *call = pool_get(&core->calls, ct->call);
    if (repeated || over) {
        if (status >= 300) { /* its ACK was lost */
            core_count(core, in->peer, COUNT_retransmissions_in);
            if (over && ct->packet)
                core_send(core, ct->socket, ct->dscp, &ct->dest, span_of(ct->packet, ct->packet_n));
            return;
        }
        if (status < 200)
            return;
    } else {
        client_response(core, ct, in);
    }
    if (status == 100)
        return;
    if (status >= 200 && status < 300 && unwanted_2xx(ct, st, call, in, over)) {
        call_end_fork(core, ct, in);
        return;
    }
    if (repeated) {
        core_count(core, in->peer, COUNT_retransmissions_in);
        if (call)
            call->repeats++;
    }
    if (!st || !call || call->phase == PHASE_ENDED)
        return;
    if (status >= 300)
        invite_refused(core, ct, st, call, in);
    else if (!server_answered(st) || st->state == SERVER_ACCEPTED)
        invite_progress(core, ct, st, call, in);
}

/* ---- everything else */

static enum sdp_role role_of(const struct client_txn *ct, unsigned status)
{
    if (status >= 300 || (ct->method != METHOD_UPDATE && ct->method != METHOD_PRACK))
        return ROLE_NEITHER;
    return ROLE_ANSWER;
}

/* A 2xx to SUBSCRIBE or REFER confirms a dialog of its own (RFC 6665, 3515). */
static void event_answered(struct core *core, struct call *call, const struct inbound *in)
{
    if (in->msg->status >= 300 || in->msg->status < 200) {
        if (in->msg->status >= 300 && call->n_dialogs == 0)
            call_end(core, call, END_STATUS, in->msg->status);
        return;
    }
    if (in->side != (enum side)call->origin && in->to_tag.p) {
        struct dialog *dialog = dialog_get(call, in->to_tag);
        if (dialog) {
            dialog_learn(call, dialog, in);
            dialog->confirmed = true;
        }
    }
    uint32_t seconds;
    struct span expires = sip_value(in->msg, HEADER_EXPIRES);
    if (expires.p && !sip_seconds_read(expires, &seconds))
        call->session_end = core->now + (msec)seconds * 1000 + SESSION_GRACE;
    call_touch(core, call);
}

static void bye_answered(struct core *core, struct call *call, const struct client_txn *ct,
                         unsigned status)
{
    if (status < 200 || status == 401 || status == 407 || call->phase == PHASE_ENDED)
        return;
    call_end(core, call, ct->side == SIDE_PEER ? END_BYE_EXCHANGE : END_BYE_PEER, 0);
}

static void other_response(struct core *core, struct client_txn *ct, const struct inbound *in)
{
    struct server_txn *st = pool_get(&core->servers, ct->server);
    struct call *call = pool_get(&core->calls, ct->call);
    unsigned status = in->msg->status;
    client_response(core, ct, in);
    if (ct->method == METHOD_REGISTER) {
        register_response(core, st, in);
        return;
    }
    if (!st || server_answered(st) || status == 100)
        return;
    struct crossing x = crossing_of(in, call);
    struct edits *edits = cross_begin(core);
    struct sdp_refusal refusal = {0};
    enum sdp_role role = role_of(ct, status);
    struct dialog *dialog =
        call ? dialog_find(call, in->side == (enum side)call->origin ? in->from_tag : in->to_tag)
             : NULL;
    if (call && dialog && role == ROLE_ANSWER && call->kind == KIND_INVITE)
        offer_cross(core, call, dialog, in, ct->offer ? ROLE_ANSWER : ROLE_OFFER, edits, &refusal);
    else
        offer_map_only(core, &x, edits);
    if (refusal.status) {
        sdp_spoilt(core, ct, st, call, in, &refusal);
        return;
    }
    answer_forward(core, st, &x, edits);
    if (!call)
        return;
    if (call->kind == KIND_EVENT) {
        event_answered(core, call, in);
    } else if (ct->method == METHOD_BYE) {
        bye_answered(core, call, ct, status);
    } else if (ct->method == METHOD_UPDATE) {
        if (status >= 300)
            offer_refused(call, side_other((enum side)ct->side));
        else if (status >= 200 && dialog) {
            refresh_apply(call, st, side_other(in->side), dialog);
            leg_target(call, in->side == (enum side)call->origin ? &call->caller : &dialog->callee,
                       in->msg);
            timer_noted(core, call, in);
        }
    } else if (ct->method == METHOD_PRACK && status >= 300 && ct->offer) {
        offer_refused(call, side_other((enum side)ct->side));
    }
}

void response_in(struct core *core, struct inbound *in)
{
    struct client_txn *ct = in->via.branch.p ? client_find(core, in->via.branch) : NULL;
    bool cancel = in->msg->method == METHOD_CANCEL;
    /* Only the one we asked may answer. */
    if (!ct || (enum side)ct->side != in->side || (in->side == SIDE_PEER && ct->peer != in->peer) ||
        (!cancel && in->msg->method != (enum sip_method)ct->method)) {
        core_count(core, in->peer, COUNT_drop_stray_response);
        return;
    }
    in->peer = ct->peer;
    if (in->msg->status >= 200)
        probe_heard(core, in->side == SIDE_PEER ? in->peer : NULL);
    learn_from_via(core, ct, in);
    if (cancel)
        return;
    if (ct->method == METHOD_INVITE) {
        invite_response(core, ct, in);
        return;
    }
    if (ct->finished) {
        core_count(core, in->peer, COUNT_retransmissions_in);
        return;
    }
    switch ((enum client_owner)ct->owner) {
    case OWNER_PROBE:
        client_response(core, ct, in);
        if (in->msg->status >= 200)
            probe_over(core, ct, true);
        break;
    case OWNER_CALL:
        client_response(core, ct, in);
        if (in->msg->status >= 200)
            call_bye_over(core, ct);
        break;
    case OWNER_SERVER:
        other_response(core, ct, in);
        break;
    }
}

/* ---- silence */

static void invite_missing(struct core *core, struct client_txn *ct)
{
    struct server_txn *st = pool_get(&core->servers, ct->server);
    struct call *call = pool_get(&core->calls, ct->call);
    bool ringing = ct->state == CLIENT_PROCEEDING && !ct->cancelled;
    bool down = ct->side == SIDE_PEER && ct->peer->probe.state == LIVE_DOWN && !ringing;
    unsigned status = ct->cancelled ? 487 : down ? 503 : 408;
    core_count(core, ct->peer, COUNT_timeout_invite);
    if (st && !server_answered(st)) {
        if (down)
            core_count(core, ct->peer, COUNT_answer_503_peer_down);
        server_reply(core, st, status, NULL, down ? "Retry-After: 30\r\n" : "");
    }
    if (call)
        offer_refused(call, side_other((enum side)ct->side));
    if (call && call->phase < PHASE_UP)
        call_end(core, call, END_TIMEOUT, status);
    if (ringing)
        client_cancel(core, ct, span_of(NULL, 0)); /* timer C */
    else
        client_free(core, ct);
}

/* Nobody is told that nobody answered (RFC 4320): one who probes would count any answer as life. */
static void other_missing(struct core *core, struct client_txn *ct)
{
    struct server_txn *st = pool_get(&core->servers, ct->server);
    struct call *call = pool_get(&core->calls, ct->call);
    core_count(core, ct->peer, COUNT_timeout_other);
    if (st)
        server_mute(core, st);
    if (call && ct->method == METHOD_UPDATE)
        offer_refused(call, side_other((enum side)ct->side));
    if (ct->method == METHOD_BYE)
        call_bye_over(core, ct);
    client_free(core, ct);
}

void response_missing(struct core *core, struct client_txn *ct)
{
    struct server_txn *st = pool_get(&core->servers, ct->server);
    if (ct->owner == OWNER_PROBE) {
        probe_over(core, ct, false);
        client_free(core, ct);
    } else if (ct->owner == OWNER_CALL) {
        call_bye_over(core, ct);
        client_free(core, ct);
    } else if (ct->method == METHOD_INVITE) {
        invite_missing(core, ct);
    } else if (ct->method == METHOD_REGISTER && !ct->patience) {
        ct->patience = true; /* a late 2xx still updates the binding */
        if (st)
            register_silence(core, st);
        client_wait(core, ct, SIP_TIMEOUT - REGISTER_PATIENCE);
    } else {
        other_missing(core, ct);
    }
}
