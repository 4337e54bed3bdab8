/*
 * response.c - an answer's way: whose transaction, what it means for the dialog, and back to the
 * one who asked.
 */
#include "proxy/core/response.h"
#include "proxy/core/agreed.h"
#include "proxy/core/base.h"
#include "proxy/core/call.h"
#include "proxy/core/client_txn.h"
#include "proxy/core/cross.h"
#include "proxy/core/dialog.h"
#include "proxy/core/forward.h"
#include "proxy/core/inbound.h"
#include "proxy/core/offer.h"
#include "proxy/core/peer.h"
#include "proxy/core/probe.h"
#include "proxy/core/register.h"
#include "proxy/core/server_txn.h"
#include "proxy/core/subscription.h"
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
    call->session_s = v.p && !sip_seconds_read(v, &seconds) ? seconds : 0;
    call->session_from = core->now;
    call->session_end =
        call->session_s ? core->now + (msec)call->session_s * 1000 + SESSION_GRACE : 0;
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

/* Kept for the summary: calls are hung up when a refresh fails. */
static void refusal_noted(struct core *core, struct call *call, enum side by, unsigned status)
{
    call->refused_at = core->now;
    call->refused = (uint16_t)status;
    call->refused_by = (uint8_t)by;
}

/* The SDP of an answer cannot be read: nothing half-rewritten leaves, and the call ends on both
 * sides. */
static void sdp_spoilt(struct core *core, struct client_txn *ct, struct server_txn *st,
                       struct call *call, const struct inbound *in,
                       const struct sdp_refusal *refusal)
{
    char warning[220];
    core_count(core, in->peer, refusal->counter);
    core_log(core, LEVEL_WARNING, in->peer, in->call_id, "SDP of answer %u: %s: the call is ended",
             in->msg->status, refusal->why);
    if (in->msg->status < 200)
        client_cancel(core, ct, span_of(NULL, 0));
    else if (ct->method == METHOD_INVITE)
        call_ack_2xx(core, ct, in, ct->initial);
    warning_line(warning, sizeof warning, refusal->why);
    server_reply(core, st, refusal->status, NULL, warning);
    call_hangup(core, call, END_SDP, refusal->status, refusal->why);
}

/* A call that is over has no ports left to name: its SDP does not leave. */
static bool too_late_for_sdp(const struct call *call, const struct sip_msg *msg)
{
    return call && call->phase == PHASE_ENDED && msg->status < 300 && message_has_sdp(msg);
}

/* An answer that means nothing for the call, or whose call is over or not known: it passes all the
 * same. */
static void pass_on(struct core *core, struct server_txn *st, struct call *call,
                    const struct inbound *in)
{
    struct crossing x = crossing_of(in, call);
    struct edits *edits = cross_begin(core);
    if (server_answered(st) && st->state != SERVER_ACCEPTED)
        return;
    x.drop_body = too_late_for_sdp(call, in->msg);
    if (!x.drop_body)
        offer_map_only(core, &x, edits);
    answer_forward(core, st, &x, edits);
}

static void invite_refused(struct core *core, struct client_txn *ct, struct server_txn *st,
                           struct call *call, const struct inbound *in)
{
    unsigned status = in->msg->status;
    pass_on(core, st, call, in);
    agreed_final(core, call, ct->server, false);
    if (in->side == SIDE_EXCHANGE && (status == 401 || status == 407))
        core_count(core, in->peer, COUNT_challenges);
    if (call->adopted && (status == 481 || status == 408))
        call_end(core, call, END_STATUS, status); /* nobody knows it there either */
    if (!ct->initial) {                           /* a re-INVITE: the call stands as it was */
        refusal_noted(core, call, in->side, status);
        return;
    }
    if (status == 401 || status == 407)
        call->challenged++;
    if (keeps_ports(status) && call->end == END_NONE) {
        call->phase = PHASE_RETRY;
        call->status = (uint16_t)status;
        dialogs_end(call, NULL); /* the next INVITE makes new ones */
        timer_set(&core->timers, &call->timer, TIMER_CALL, core->now + RETRY_WAIT);
        return;
    }
    call_end(core, call, END_STATUS, status);
}

/* An answer to the first INVITE that leads nowhere: no dialog can be kept for it, or it cannot be
 * passed on. */
static void invite_broken(struct core *core, struct client_txn *ct, struct server_txn *st,
                          struct call *call, const struct inbound *in, unsigned status)
{
    if (in->msg->status < 200)
        client_cancel(core, ct, span_of(NULL, 0));
    else
        call_ack_2xx(core, ct, in, true);
    server_reply(core, st, status, NULL, "");
    call_end(core, call, END_OURS, status);
}

/* A copy of a reliable 1xx; it may come when much has happened since (RFC 3262 §4). */
static bool reliable_again(struct dialog *dialog, const struct sip_msg *msg)
{
    uint64_t rseq;
    if (!is_reliable(msg) || !span_number(sip_value(msg, HEADER_RSEQ), UINT32_MAX, &rseq))
        return false;
    bool again = dialog->rseq && dialog->rseq_cseq == msg->cseq && rseq <= dialog->rseq;
    if (!again) {
        dialog->rseq = (uint32_t)rseq;
        dialog->rseq_cseq = msg->cseq;
    }
    return again;
}

/* In a running dialog a 1xx that may get lost refreshes no target (RFC 6141 §4.3). */
static void progress_learn(struct call *call, struct dialog *dialog, const struct server_txn *st,
                           const struct inbound *in, bool by_caller)
{
    bool reliable = is_reliable(in->msg);
    bool refreshes = !dialog->confirmed || in->msg->status >= 200 || reliable;
    if (reliable && dialog->confirmed)
        agreed_within(dialog, st->pool.id);
    if (!by_caller)
        dialog_learn(call, dialog, in, refreshes);
    else if (refreshes)
        leg_target(call, &call->caller, in->msg); /* the caller answers a re-INVITE */
}

/* 1xx and 2xx: the dialog of this To-tag (a missing one counts as empty), its SDP, and on to the
 * one who called. again: a copy of a 2xx that crossed before. */
static void invite_progress(struct core *core, struct client_txn *ct, struct server_txn *st,
                            struct call *call, const struct inbound *in, bool again)
{
    unsigned status = in->msg->status;
    bool by_caller = in->side == (enum side)call->origin;
    struct dialog *dialog = by_caller     ? dialog_find(call, in->from_tag)
                            : ct->initial ? dialog_get(call, in->to_tag)
                                          : dialog_find(call, in->to_tag);
    struct crossing x = crossing_of(in, call);
    struct edits *edits = cross_begin(core);
    struct sdp_refusal refusal = {0};
    if (!dialog) {
        if (ct->initial)
            invite_broken(core, ct, st, call, in, 500);
        else
            pass_on(core, st, call, in);
        return;
    }
    call->heard[in->side] = core->now;
    again = again || reliable_again(dialog, in->msg);
    if (!again)
        progress_learn(call, dialog, st, in, by_caller);
    offer_cross(core, call, dialog, st, in, ct->offer ? ROLE_ANSWER : ROLE_OFFER, again, edits,
                &refusal);
    if (refusal.status) {
        sdp_spoilt(core, ct, st, call, in, &refusal);
        return;
    }
    bool crossed = answer_forward(core, st, &x, edits);
    if (again)
        return;
    if (status < 200) {
        if (call->phase == PHASE_TRYING)
            call->phase = PHASE_EARLY;
        call_touch(core, call);
        return;
    }
    if (!crossed && ct->initial) {
        invite_broken(core, ct, st, call, in, 502);
        return;
    }
    offer_accepted(core, call, dialog, st);
    refresh_apply(call, st, side_other(in->side), dialog);
    timer_noted(core, call, in);
    call->adopted = false;
    if (ct->initial)
        call_up(core, call, dialog);
}

static bool is_winner(struct call *call, const struct inbound *in)
{
    struct dialog *dialog = dialog_find(call, in->to_tag);
    return dialog && dialog->confirmed;
}

/* RFC 3261 §13.2.2.4: a 2xx that would make a dialog is ended by us when somebody else has answered
 * already, or when the one who called was told something final in the meantime. */
static bool unwanted_2xx(const struct client_txn *ct, const struct server_txn *st,
                         struct call *call, const struct inbound *in)
{
    if (!ct->initial || (call && is_winner(call, in)))
        return false;
    return !call || !st || call->phase == PHASE_ENDED || server_answered(st);
}

/* Copies of final answers whose transaction is over here. True: done with. */
static bool invite_copy(struct core *core, struct client_txn *ct, const struct inbound *in)
{
    unsigned status = in->msg->status;
    if (status >= 200)
        core_count(core, in->peer, COUNT_retransmissions_in);
    if (status >= 300 && ct->state == CLIENT_COMPLETED)
        client_ack_again(core, ct); /* the first one was lost */
    return status < 200 || status >= 300;
}

static void invite_response(struct core *core, struct client_txn *ct, const struct inbound *in)
{
    unsigned status = in->msg->status;
    bool again = ct->finished;
    struct server_txn *st = pool_get(&core->servers, ct->server);
    struct call *call = pool_get(&core->calls, ct->call);
    if (again && invite_copy(core, ct, in))
        return;
    if (!again)
        client_response(core, ct, in);
    if (call)
        call->reached = true;
    if (status == 100)
        return;
    if (status >= 200 && status < 300 && unwanted_2xx(ct, st, call, in)) {
        call_ack_2xx(core, ct, in, true);
        if (st)
            server_reply(core, st, 487, NULL, "");
        return;
    }
    if (status >= 200 && status < 300 && st && server_answered(st) &&
        st->state != SERVER_ACCEPTED) {
        call_ack_2xx(core, ct, in, false); /* who asked in the dialog has got our 487 */
        return;
    }
    if (again && call) {
        call->repeats++;
        call->in_vain += call->ack_seen;
    }
    if (!st)
        return;
    if (!call || call->phase == PHASE_ENDED)
        pass_on(core, st, call, in);
    else if (status >= 300)
        invite_refused(core, ct, st, call, in);
    else if (!server_answered(st) || st->state == SERVER_ACCEPTED)
        invite_progress(core, ct, st, call, in, again);
}

/* ---- everything else */

static bool may_answer_offer(const struct client_txn *ct, unsigned status)
{
    return status < 300 && (ct->method == METHOD_UPDATE || ct->method == METHOD_PRACK);
}

/* Before the call is up a BYE ends one early dialog, and the INVITE goes on (RFC 3261 §15). */
static bool bye_is_early(const struct call *call)
{
    return call->kind == KIND_INVITE && call->phase < PHASE_UP;
}

static void bye_answered(struct core *core, struct call *call, struct dialog *dialog,
                         const struct client_txn *ct, unsigned status)
{
    if (status < 200 || status == 401 || status == 407 || call->phase == PHASE_ENDED)
        return;
    if (bye_is_early(call) && dialog) {
        dialog_end(call, dialog);
        agreed_left(core, call);
    }
    if (!bye_is_early(call))
        call_end(core, call, ct->side == SIDE_PEER ? END_BYE_EXCHANGE : END_BYE_PEER, 0);
}

/* The Contact of their 2xx is the target from now on (RFC 6665, 3515). That of INVITE and UPDATE is
 * taken with the answer that it carries. */
static bool refreshes_target(enum sip_method method)
{
    return method == METHOD_SUBSCRIBE || method == METHOD_NOTIFY || method == METHOD_REFER;
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
    struct dialog *dialog =
        call ? dialog_find(call, in->side == (enum side)call->origin ? in->from_tag : in->to_tag)
             : NULL;
    x.drop_body = too_late_for_sdp(call, in->msg);
    if (call && dialog && may_answer_offer(ct, status) && call->kind == KIND_INVITE &&
        call->phase != PHASE_ENDED)
        offer_cross(core, call, dialog, st, in, ROLE_ANSWER, !ct->offer, edits, &refusal);
    else if (!x.drop_body)
        offer_map_only(core, &x, edits);
    if (refusal.status) {
        sdp_spoilt(core, ct, st, call, in, &refusal);
        return;
    }
    answer_forward(core, st, &x, edits);
    if (!call)
        return;
    if (dialog && status >= 200 && status < 300 && refreshes_target((enum sip_method)ct->method))
        leg_target(call, in->side == (enum side)call->origin ? &call->caller : &dialog->callee,
                   in->msg);
    if (call->kind == KIND_EVENT) {
        subscription_answered(core, call, in);
    } else if (ct->method == METHOD_BYE) {
        bye_answered(core, call, dialog, ct, status);
    } else if (ct->method == METHOD_UPDATE && status >= 300) {
        refusal_noted(core, call, in->side, status);
    } else if (ct->method == METHOD_UPDATE && status >= 200 && dialog) {
        refresh_apply(call, st, side_other(in->side), dialog);
        leg_target(call, in->side == (enum side)call->origin ? &call->caller : &dialog->callee,
                   in->msg);
        timer_noted(core, call, in);
    }
}

/* Our requests carry one Via, so what else stands in an answer was put there by mistake or malice
 * (RFC 3261 §8.1.3.3, RFC 4475 §3.3.10). */
static bool has_one_via(const struct inbound *in)
{
    const struct sip_header *h = sip_header(in->msg, HEADER_VIA);
    struct span rest = sip_header_value(in->msg, h), element;
    return sip_list_next(&rest, &element) && !sip_list_next(&rest, &element) &&
           !sip_header_next(in->msg, h);
}

void response_in(struct core *core, struct inbound *in)
{
    struct client_txn *ct = in->via.branch.p ? client_find(core, in->via.branch) : NULL;
    bool cancel = in->msg->method == METHOD_CANCEL;
    /* Only the one we asked may answer. */
    if (!ct || !has_one_via(in) || (enum side)ct->side != in->side ||
        (in->side == SIDE_PEER &&
         (ct->socket != in->socket || !peer_has_ip(ct->peer, &in->from))) ||
        (!cancel && in->msg->method != (enum sip_method)ct->method)) {
        core_count(core, in->peer, COUNT_drop_stray_response);
        return;
    }
    in->peer = ct->peer;
    if (in->msg->status >= 200)
        probe_heard(core, in->side == SIDE_PEER ? in->peer : NULL);
    learn_from_via(core, ct, in);
    if (cancel) {
        if (in->msg->status >= 200)
            client_cancel_answered(core, ct);
        return;
    }
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

/* What comes after this is ended: CANCEL at the first 1xx, ACK and BYE for a 2xx. */
static void invite_missing(struct core *core, struct client_txn *ct)
{
    struct server_txn *st = pool_get(&core->servers, ct->server);
    struct call *call = pool_get(&core->calls, ct->call);
    bool down =
        ct->side == SIDE_PEER && ct->peer->probe.state == LIVE_DOWN && ct->state == CLIENT_CALLING;
    unsigned status = ct->cancel ? 487 : down ? 503 : 408;
    if (ct->given_up) {
        client_free(core, ct);
        return;
    }
    core_count(core, ct->peer, COUNT_timeout_invite);
    if (st && !server_answered(st)) {
        if (status == 503)
            core_count(core, ct->peer, COUNT_answer_503_peer_down);
        server_reply(core, st, status, NULL, status == 503 ? "Retry-After: 30\r\n" : "");
    }
    if (call) {
        agreed_final(core, call, ct->server, false);
        if (!ct->initial)
            refusal_noted(core, call, (enum side)ct->side, status);
    }
    if (call && (ct->initial || call->adopted))
        call_end(core, call, END_TIMEOUT, status);
    client_give_up(core, ct);
}

/* Nobody is told that nobody answered (RFC 4320): one who probes would count any answer as life. */
static void other_missing(struct core *core, struct client_txn *ct)
{
    struct server_txn *st = pool_get(&core->servers, ct->server);
    struct call *call = pool_get(&core->calls, ct->call);
    core_count(core, ct->peer, COUNT_timeout_other);
    if (st)
        server_mute(core, st);
    if (call && call->kind == KIND_EVENT && call->n_dialogs == 0)
        call_end(core, call, END_TIMEOUT, 408);
    if (call && ct->method == METHOD_UPDATE)
        refusal_noted(core, call, (enum side)ct->side, 408);
    if (ct->method == METHOD_BYE && !(call && bye_is_early(call)))
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
