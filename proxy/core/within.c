/*
 * within.c - requests inside dialogs, and the ACK of a 2xx: from one leg to the other.
 */
#include "proxy/core/within.h"
#include "proxy/core/destination.h"
#include "proxy/core/base.h"
#include "proxy/core/call.h"
#include "proxy/core/cross.h"
#include "proxy/core/dialog.h"
#include "proxy/core/forward.h"
#include "proxy/core/inbound.h"
#include "proxy/core/offer.h"
#include "proxy/core/sockets.h"
#include "proxy/core/peer.h"
#include "proxy/core/client_txn.h"
#include "proxy/core/route.h"
#include "proxy/core/server_txn.h"
#include "proxy/core/subscription.h"
#include <stdlib.h>

struct place { /* where in a dialog a request stands */
    struct call *call;
    struct dialog *dialog;
    struct leg *from, *to;
    bool from_caller;
};

static bool place_find(struct core *core, struct inbound *in, struct place *p)
{
    p->call =
        call_find(core, in->peer, in->call_id, in->from_tag, in->to_tag, in->side, &p->from_caller);
    if (!p->call && in->side == SIDE_PEER) { /* two peers on one IP: the dialog decides */
        p->call =
            call_find(core, NULL, in->call_id, in->from_tag, in->to_tag, in->side, &p->from_caller);
        if (p->call && !peer_has_ip(p->call->peer, &in->from))
            p->call = NULL;
    }
    p->dialog = p->call ? dialog_find(p->call, p->from_caller ? in->to_tag : in->from_tag) : NULL;
    if (p->call && !p->dialog && p->call->kind == KIND_EVENT && !p->from_caller &&
        in->msg->method == METHOD_NOTIFY)
        p->dialog = dialog_notified(p->call, in);
    if (!p->dialog)
        return false;
    in->peer = p->call->peer;
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

static enum sdp_role role_of(const struct place *p, const struct inbound *in)
{
    switch (in->msg->method) {
    case METHOD_INVITE:
    case METHOD_UPDATE:
        return ROLE_OFFER;
    case METHOD_PRACK: /* answers the offer in the reliable 1xx, if that fork made one */
        return offer_waits(p->dialog, in) ? ROLE_ANSWER : ROLE_OFFER;
    case METHOD_ACK: /* only ever answers, each copy of it */
        return ROLE_ANSWER;
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
    struct span target = sip_uri_target(&c.uri);
    st->refresh_contact = malloc(target.n);
    if (!st->refresh_contact)
        return;
    memcpy(st->refresh_contact, target.p, target.n);
    st->refresh_n = (uint32_t)target.n;
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

static struct addr place_cross(const struct place *p, struct crossing *x)
{
    x->request_uri = text_get(&p->call->text, p->to->target);
    x->routes = text_get(&p->call->text, p->to->routes);
    route_strict(&x->request_uri, &x->routes);
    return route_leg(x->to, p->call, p->to);
}

static void unknown_dialog(struct core *core, struct server_txn *st, struct inbound *in)
{
    core_count(core, in->peer, COUNT_routed_by_default);
    if (core->now - in->peer->unknown_logged >= UNKNOWN_LOG_EVERY || !in->peer->unknown_logged) {
        in->peer->unknown_logged = core->now;
        core_log(core, LEVEL_INFO, in->peer, in->call_id,
                 "%.*s for an unknown dialog: sent where its socket says",
                 (int)(in->msg->method_name.n > 32 ? 32 : in->msg->method_name.n),
                 in->msg->method_name.p);
    }
    plain_request(core, st, in);
}

/* A re-INVITE would take the SDP of a call round us, with ports that are the other one's: so the
 * call is taken up again here, with ports of its own. */
static bool place_adopt(struct core *core, struct inbound *in, struct place *p)
{
    struct destination d;
    if (in->msg->method != METHOD_INVITE || !in->peer->listed)
        return false;
    destination_find(core, in, &d);
    p->call = call_adopt(core, in, d.uri.p ? d.uri : in->msg->uri);
    if (!p->call)
        return false;
    p->from_caller = true;
    p->dialog = &p->call->dialogs[0];
    p->from = &p->call->caller;
    p->to = &p->dialog->callee;
    core_log(core, LEVEL_INFO, in->peer, in->call_id,
             "re-INVITE for an unknown dialog: the call goes on here");
    return true;
}

static bool offers(enum sip_method method)
{
    return method == METHOD_INVITE || method == METHOD_UPDATE || method == METHOD_PRACK;
}

/* A dialog that lost against another, or was one too many: its media would go round us, with the
 * ports of its own machine. */
static bool is_loser(const struct place *p, const struct inbound *in)
{
    enum sip_method method = in->msg->method;
    return p->call && !p->dialog &&
           (method == METHOD_INVITE || (offers(method) && message_has_sdp(in->msg)));
}

void dialog_request(struct core *core, struct server_txn *st, struct inbound *in)
{
    struct place p;
    bool found = place_find(core, in, &p);
    if (!found && is_loser(&p, in)) {
        core_count(core, in->peer, COUNT_answer_481_no_dialog);
        server_reply(core, st, 481, NULL, "");
        return;
    }
    if (!found && !place_adopt(core, in, &p)) {
        unknown_dialog(core, st, in);
        return;
    }
    if (offers(in->msg->method) && (p.call->phase == PHASE_ENDED || p.call->kind == KIND_EVENT)) {
        core_count(core, in->peer, COUNT_answer_481_no_dialog);
        server_reply(core, st, 481, NULL, "");
        return;
    }
    place_note(core, &p, in);
    place_refresh(&p, st, in);
    struct crossing x = crossing_of(in, p.call);
    struct edits *edits = cross_begin(core);
    struct sdp_refusal refusal = {0};
    enum sdp_role role = role_of(&p, in);
    bool offer = false;
    st->call = p.call->pool.id;
    if (role == ROLE_NEITHER || p.call->kind == KIND_EVENT)
        offer_map_only(core, &x, edits);
    else
        offer = offer_cross(core, p.call, p.dialog, st, in, role, false, edits, &refusal);
    if (refusal.status) {
        sdp_refused(core, st, in, &refusal);
        if (p.call->adopted)
            call_end(core, p.call, END_OURS, refusal.status);
        if (in->msg->method == METHOD_PRACK)
            call_hangup(core, p.call, END_SDP, 488, refusal.why);
        return;
    }
    if (in->msg->method == METHOD_INVITE && p.call->phase == PHASE_UP)
        p.call->invite = st->pool.id;
    struct addr to = place_cross(&p, &x);
    if (p.call->kind == KIND_EVENT && in->msg->method == METHOD_NOTIFY)
        subscription_notified(core, p.call, in);
    if (!request_forward(core, st, &x, edits, &to, offer && role == ROLE_OFFER) && p.call->adopted)
        call_end(core, p.call, END_OURS, 503);
}

/* The ACK of a 2xx goes end to end, every copy of it; no transaction is kept. */
static void ack_send(struct core *core, struct crossing *x, struct edits *edits, uint16_t socket,
                     const struct addr *to)
{
    char via[256];
    struct span bytes;
    struct client_txn once = {.side = (uint8_t)x->to, .peer = x->peer, .nonce = core_random(core)};
    x->vias = via_line(core, &once, x->call, via, sizeof via);
    if (addr_is_set(to) && !cross_render(core, x, edits, &bytes))
        core_send(core, socket, x->to == SIDE_PEER ? x->rules->dscp_sip : DSCP_EXCHANGE, to,
                  out_copy(&core->out, bytes));
    else
        core_count(core, x->peer, COUNT_drop_stray_ack);
}

/* After lost state the ACK of a 2xx finds its way as the request did. One to an answer of our own
 * ends here. */
static void ack_by_default(struct core *core, struct inbound *in)
{
    struct destination d;
    if (!in->to_tag.p || span_begins(in->to_tag, "tt")) {
        core_count(core, in->peer, COUNT_drop_stray_ack);
        return;
    }
    struct crossing x = crossing_of(in, NULL);
    struct edits *edits = cross_begin(core);
    destination_find(core, in, &d);
    x.request_uri = d.uri;
    x.routes = d.routes;
    offer_map_only(core, &x, edits);
    ack_send(core, &x, edits, own_socket(in->peer, x.to, NULL), &d.to);
}

void ack_forward(struct core *core, struct inbound *in)
{
    struct place p;
    if (!in->peer) {
        core_count(core, in->peer, COUNT_drop_stray_ack);
        return;
    }
    if (!place_find(core, in, &p)) {
        ack_by_default(core, in);
        return;
    }
    place_note(core, &p, in);
    p.call->ack_seen = true;
    struct crossing x = crossing_of(in, p.call);
    struct edits *edits = cross_begin(core);
    struct sdp_refusal refusal = {0};
    if (message_has_sdp(in->msg))
        offer_cross(core, p.call, p.dialog, NULL, in, role_of(&p, in), false, edits, &refusal);
    else
        offer_unanswered(p.dialog, in);
    if (refusal.status) {
        edits = cross_begin(core);
        x.drop_body = true;
    }
    struct addr to = place_cross(&p, &x);
    ack_send(core, &x, edits, p.call->socket[x.to], &to);
    if (refusal.status)
        call_hangup(core, p.call, END_SDP, 488, refusal.why);
}
