/*
 * begin.c - requests that begin a dialog: INVITE, and what makes dialogs without one.
 */
#include "proxy/core/begin.h"
#include "proxy/core/base.h"
#include "proxy/core/call.h"
#include "proxy/core/cross.h"
#include "proxy/core/destination.h"
#include "proxy/core/forward.h"
#include "proxy/core/inbound.h"
#include "proxy/core/offer.h"
#include "proxy/core/probe.h"
#include "proxy/core/server_txn.h"
#include "proxy/core/summary.h"
#include "proxy/core/view.h"
#include <stdlib.h>

static bool call_allowed(struct core *core, struct server_txn *st, const struct inbound *in)
{
    if (core->draining) {
        core_count(core, in->peer, COUNT_answer_503_draining);
        server_reply(core, st, 503, "Draining", "Retry-After: 30\r\n");
        summary_refused(core, in, 503, "draining");
    } else if (in->side == SIDE_PEER && core->exchange.state == LIVE_DOWN) {
        core_count(core, in->peer, COUNT_answer_503_exchange_down);
        server_reply(core, st, 503, "Exchange Down", "Retry-After: 30\r\n");
        summary_refused(core, in, 503, "the exchange is down");
        probe_start(core, &core->exchange, core->now); /* it may just be back */
    } else if (core->calls_active >= core->limit_calls ||
               in->peer->calls >= in->peer->rules->calls) {
        core_count(core, in->peer, COUNT_answer_503_calls);
        server_reply(core, st, 503, "Too Many Calls", "Retry-After: 10\r\n");
        summary_refused(core, in, 503,
                        core->calls_active >= core->limit_calls ? "limits.calls are up"
                                                                : "the peer's `calls` are up");
    } else {
        return true;
    }
    return false;
}

void invite_request(struct core *core, struct server_txn *st, struct inbound *in)
{
    struct destination d;
    struct call *call = call_retry(core, in);
    if (!call && !call_allowed(core, st, in))
        return;
    destination_find(core, in, &d);
    if (!destination_reachable(core, st, &d.to)) {
        summary_refused(core, in, 503, "the peer's name does not resolve");
        if (call)
            call_end(core, call, END_OURS, 503);
        return;
    }
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
    bool offer = offer_cross(core, call, NULL, st, in, ROLE_OFFER, false, edits, &refusal);
    if (refusal.status) {
        sdp_refused(core, st, in, &refusal);
        call_end(core, call, END_OURS, refusal.status);
        return;
    }
    x.request_uri = d.uri;
    x.routes = d.routes;
    struct client_txn *ct = request_forward(core, st, &x, edits, &d.to, offer);
    if (ct)
        call->invite_n = (uint16_t)ct->packet_n;
    else
        call_end(core, call, END_OURS, 503);
}

/* SUBSCRIBE, REFER, NOTIFY and whatever else makes a dialog without an INVITE. */
void event_request(struct core *core, struct server_txn *st, struct inbound *in)
{
    struct destination d;
    destination_find(core, in, &d);
    if (!destination_reachable(core, st, &d.to))
        return;
    struct call *call = call_new(core, in, KIND_EVENT);
    st->call = call ? call->pool.id : 0;
    struct crossing x = crossing_of(in, call);
    struct edits *edits = cross_begin(core);
    x.request_uri = d.uri;
    x.routes = d.routes;
    offer_map_only(core, &x, edits);
    if (!request_forward(core, st, &x, edits, &d.to, false) && call)
        call_end(core, call, END_OURS, 503);
}

/* Once in a while: a peer that stays silent to probes does not delay each of its calls. One that
 * counts as down waits too: it may be there again, and the first call shall not go out with a
 * guess. */
bool hold_for_view(struct core *core, struct server_txn *st, const struct inbound *in)
{
    if (in->side == SIDE_PEER || view_confirmed(core, in->peer) || !in->peer->rules->probe_ms ||
        st->held_n || core->now < in->peer->view_again)
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
