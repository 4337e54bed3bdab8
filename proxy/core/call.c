/*
 * call.c - the life of a call (or of a dialog without INVITE): begun, retried with credentials,
 * answered, ended, remembered for a while so that late requests still find their way.
 */
#include "proxy/core/call.h"
#include "proxy/core/agreed.h"
#include "proxy/core/base.h"
#include "proxy/core/client_txn.h"
#include "proxy/core/config.h"
#include "proxy/core/cross.h"
#include "proxy/core/dialog.h"
#include "proxy/core/host.h"
#include "proxy/core/inbound.h"
#include "proxy/core/media.h"
#include "proxy/core/peer.h"
#include "proxy/core/route.h"
#include "proxy/core/route_set.h"
#include "proxy/core/server_txn.h"
#include "proxy/core/sockets.h"
#include "proxy/core/summary.h"
#include "proxy/core/view.h"
#include <stdio.h>
#include <stdlib.h>

/* Where the number of the last request is not known: higher than any in use, below 2^31. */
#define CSEQ_UNKNOWN (1u << 30)
#define EVENT_LIFE 3600000u /* of a dialog without INVITE that names no expiry */

uint64_t call_key(const struct core *core, struct span call_id)
{
    return hash_spans(&core->seed, &call_id, 1);
}

static struct call *call_of(struct hash_link *link)
{
    return link ? (struct call *)(void *)((char *)link - offsetof(struct call, link)) : NULL;
}

struct call *call_find(struct core *core, const struct peer *peer, struct span call_id,
                       struct span from_tag, struct span to_tag, enum side from_side,
                       bool *from_caller)
{
    struct call *found = NULL;
    for (struct hash_link *l = hash_find(&core->call_index, call_key(core, call_id)); l;
         l = hash_again(l)) {
        struct call *call = call_of(l);
        struct span tag = text_get(&call->text, call->tag);
        bool by_caller = from_side == (enum side)call->origin;
        if ((peer && call->peer != peer) || !span_is(tag, by_caller ? from_tag : to_tag) ||
            !span_is(text_get(&call->text, call->call_id), call_id))
            continue;
        if (!found)
            *from_caller = by_caller;
        found = found ? found : call;
        if (dialog_find(call, by_caller ? to_tag : from_tag)) {
            *from_caller = by_caller;
            return call;
        }
    }
    return found; /* both tags decide; where no dialog has them, the first call that may be meant */
}

/* Target and route set of the one who calls, as its latest first INVITE has them. */
static void caller_learn(struct call *call, const struct inbound *in)
{
    static char routes[4096]; /* one message at a time */
    size_t n = route_set(in->msg, HEADER_RECORD_ROUTE, false, routes, sizeof routes);
    text_set(&call->text, &call->caller.routes, span_of(routes, n), MAX_CALL_TEXT);
    leg_target(call, &call->caller, in->msg);
}

/* The same INVITE again, now with credentials: it keeps its ports. */
struct call *call_retry(struct core *core, const struct inbound *in)
{
    bool from_caller;
    struct call *call =
        call_find(core, in->peer, in->call_id, in->from_tag, in->from_tag, in->side, &from_caller);
    if (!call || call->phase != PHASE_RETRY || !from_caller)
        return NULL;
    timer_stop(&core->timers, &call->timer);
    call->phase = PHASE_TRYING;
    call->reached = false; /* with its credentials it is larger, and may get lost */
    call->caller.cseq = in->msg->cseq;
    call->caller.signal = in->from;
    caller_learn(call, in);
    return call;
}

/* ---- ended calls, oldest first */

static void ended_add(struct core *core, struct call *call)
{
    call->older = core->newest_call;
    call->newer = NULL;
    *(call->older ? &call->older->newer : &core->oldest_call) = call;
    core->newest_call = call;
}

static void ended_remove(struct core *core, struct call *call)
{
    *(call->older ? &call->older->newer : &core->oldest_call) = call->newer;
    *(call->newer ? &call->newer->older : &core->newest_call) = call->older;
}

static struct call *slot_take(struct core *core)
{
    struct call *call = pool_take(&core->calls);
    for (struct call *old = core->oldest_call; !call && old; old = old->newer) {
        if (old->n_open)
            continue; /* its ports have not come back yet */
        call_free(core, old);
        call = pool_take(&core->calls);
        break;
    }
    return call;
}

void call_enter(struct core *core, struct call *call)
{
    socket_hold(core, call->socket[0]);
    socket_hold(core, call->socket[1]);
    hash_add(&core->call_index, &call->link, call_key(core, text_get(&call->text, call->call_id)));
    if (call->phase == PHASE_ENDED) {
        ended_add(core, call);
    } else if (call->kind == KIND_EVENT) {
        core->events_active++;
        call->peer->events++;
    } else {
        call->peer->calls++;
        if (++core->calls_active > core->calls_peak)
            core->calls_peak = core->calls_active;
    }
}

/* It counts no longer among what runs. */
static void call_leave(struct core *core, const struct call *call)
{
    if (call->kind == KIND_EVENT) {
        core->events_active--;
        call->peer->events--;
    } else {
        core->calls_active--;
        call->peer->calls--;
    }
    config_call_over(core, call->conf);
}

static void texts_keep(struct call *call, const struct inbound *in)
{
    text_set(&call->text, &call->call_id, in->call_id, MAX_CALL_TEXT);
    text_set(&call->text, &call->tag, in->from_tag, MAX_CALL_TEXT);
    text_set(&call->text, &call->from, sip_value(in->msg, HEADER_FROM), MAX_CALL_TEXT);
    text_set(&call->text, &call->to, sip_value(in->msg, HEADER_TO), MAX_CALL_TEXT);
    text_set(&call->text, &call->request_uri, in->msg->uri, MAX_CALL_TEXT);
    caller_learn(call, in);
}

struct call *call_new(struct core *core, const struct inbound *in, enum call_kind kind)
{
    if (kind == KIND_EVENT && (core->events_active >= core->limit_calls / 2 ||
                               in->peer->events >= in->peer->rules->calls))
        return NULL;
    struct call *call = slot_take(core);
    if (!call)
        return NULL;
    call->kind = (uint8_t)kind;
    call->origin = (uint8_t)in->side;
    call->peer = peer_hold(in->peer);
    call->conf = conf_hold(in->peer->conf);
    call->rules = in->peer->rules;
    call->socket[SIDE_EXCHANGE] = in->peer->local;
    call->socket[SIDE_PEER] = in->peer->trunk;
    call->socket[in->side] = in->socket;
    call->advertise = view_now(core, in->peer).advertise;
    call->started = core->now;
    call->heard[in->side] = core->now;
    texts_keep(call, in);
    call->caller.signal = in->from;
    call->caller.cseq = in->msg->cseq;
    call_enter(core, call);
    if (kind == KIND_EVENT) {
        call_touch(core, call);
    } else {
        core_count(core, in->peer, COUNT_calls_total);
    }
    return call;
}

/* A re-INVITE for a dialog that is not known here, lost with former state: it tells all that a call
 * needs but the target of the other one, which is for the caller to guess. */
struct call *call_adopt(struct core *core, const struct inbound *in, struct span target)
{
    if (core->calls_active >= core->limit_calls || in->peer->calls >= in->peer->rules->calls)
        return NULL;
    struct call *call = call_new(core, in, KIND_INVITE);
    struct dialog *dialog = call ? dialog_get(call, in->to_tag) : NULL;
    if (!dialog || text_set(&call->text, &dialog->callee.target, target, MAX_CALL_TEXT) ||
        text_set(&call->text, &dialog->to, sip_value(in->msg, HEADER_TO), MAX_CALL_TEXT)) {
        if (call)
            call_free(core, call);
        return NULL;
    }
    dialog->confirmed = true;
    dialog->callee.cseq = CSEQ_UNKNOWN;
    call->adopted = true;
    call->phase = PHASE_UP; /* what the offer says holds from its answer on */
    call->answered = core->now;
    core_count(core, call->peer, COUNT_calls_adopted);
    call_touch(core, call);
    return call;
}

/* ---- answered */

void call_up(struct core *core, struct call *call, struct dialog *winner)
{
    winner->confirmed = true;
    agreed_winner(core, call, winner);
    dialogs_end(call, winner);
    call->phase = PHASE_UP;
    call->answered = core->now;
    call->end = END_NONE; /* a CANCEL came too late */
    core_count(core, call->peer, COUNT_calls_answered);
    call_touch(core, call);
}

/* ---- timers */

static msec last_sign(const struct core *core, const struct call *call)
{
    msec last = 0;
    for (enum side side = SIDE_EXCHANGE; side <= SIDE_PEER; side++) {
        msec packet = media_last(core, call, side);
        last = call->heard[side] > last ? call->heard[side] : last;
        last = packet > last ? packet : last;
    }
    return last;
}

/* Every stream of it is idle; not while it is held, and not without streams. */
static bool is_idle(const struct call *call)
{
    bool any = false;
    for (uint32_t i = 0; i < call->n_media; i++) {
        const struct media_line *m = &call->media[i];
        if (!m->open || !m->now[0].live || !m->now[1].live)
            continue;
        if (!m->idle)
            return false;
        any = true;
    }
    return any && !call_is_held(call);
}

void call_touch(struct core *core, struct call *call)
{
    msec at = UINT64_MAX;
    if (call->phase == PHASE_ENDED || call->phase == PHASE_RETRY)
        return; /* they have their own deadline */
    if (call->kind == KIND_EVENT)
        at = call->session_end ? call->session_end : core->now + EVENT_LIFE;
    else if (call->phase == PHASE_UP)
        at = core->now + call->conf->limits.silent_ms;
    if (call->phase == PHASE_UP && call->session_end && call->session_end < at)
        at = call->session_end;
    /* Idle since it rang or was on hold: its time begins now, and no worker says so again. */
    call->idle_at = call->phase == PHASE_UP && is_idle(call)
                        ? core->now + call->conf->media.idle_timeout_ms
                        : 0;
    if (call->idle_at && call->idle_at < at)
        at = call->idle_at;
    if (at == UINT64_MAX)
        timer_stop(&core->timers, &call->timer);
    else
        timer_set(&core->timers, &call->timer, TIMER_CALL, at);
}

static void idle_over(struct core *core, struct call *call);

static msec earliest(msec a, msec b)
{
    return b && b < a ? b : a;
}

static void up_due(struct core *core, struct call *call)
{
    if (call->idle_at && core->now >= call->idle_at) {
        call->idle_at = 0;
        if (is_idle(call))
            idle_over(core, call);
        if (call->phase == PHASE_ENDED)
            return;
    }
    msec silent_at = last_sign(core, call) + call->conf->limits.silent_ms;
    if (call->session_end && core->now >= call->session_end) {
        call_hangup(core, call, END_SESSION, 408, "Session timer expired");
    } else if (core->now >= silent_at) {
        call_hangup(core, call, END_SILENT, 408, "Silent");
    } else {
        msec at = earliest(earliest(silent_at, call->session_end), call->idle_at);
        timer_set(&core->timers, &call->timer, TIMER_CALL, at);
    }
}

void call_due(struct core *core, struct call *call)
{
    switch ((enum call_phase)call->phase) {
    case PHASE_RETRY:
        call_end(core, call, END_STATUS, call->status);
        break;
    case PHASE_ENDED:
        if (call->n_open == 0)
            call_free(core, call);
        else /* a worker has not reported yet */
            timer_set(&core->timers, &call->timer, TIMER_CALL, core->now + SIP_T2);
        break;
    case PHASE_UP:
        up_due(core, call);
        break;
    case PHASE_TRYING:
    case PHASE_EARLY:
        if (call->kind == KIND_EVENT)
            call_end(core, call, END_NONE, 0);
        break;
    }
}

/* ---- ended */

static void count_end(struct core *core, const struct call *call)
{
    if (!call->answered) {
        core_count(core, call->peer, COUNT_calls_failed);
        return;
    }
    switch ((enum call_end)call->end) {
    case END_IDLE:
    case END_SILENT:
    case END_SESSION:
    case END_OPERATOR:
    case END_SDP:
        core_count(core, call->peer, COUNT_calls_hung_up);
        break;
    default:
        break;
    }
}

/* RFC 3261 §15.1.2: what still waits for an answer gets 487. */
static void invite_end(struct core *core, struct call *call)
{
    struct server_txn *st = pool_get(&core->servers, call->invite);
    struct client_txn *ct = st ? pool_get(&core->clients, st->client) : NULL;
    if (!st || server_answered(st))
        return;
    if (ct)
        client_cancel(core, ct, span_of(NULL, 0));
    server_reply(core, st, 487, NULL, "");
}

void call_end(struct core *core, struct call *call, enum call_end end, unsigned status)
{
    if (call->phase == PHASE_ENDED)
        return;
    bool event = call->kind == KIND_EVENT;
    if (call->end == END_NONE)
        call->end = (uint8_t)end;
    call->status = (uint16_t)status;
    call->held = call_is_held(call);
    call->phase = PHASE_ENDED;
    call->ended = core->now;
    ended_add(core, call);
    timer_set(&core->timers, &call->timer, TIMER_CALL, core->now + SIP_TIMEOUT);
    call_leave(core, call);
    if (event)
        return;
    count_end(core, call);
    invite_end(core, call);
    media_close(core, call);
    if (call->n_open == 0)
        summary_log(core, call);
}

/* Without a Contact the address of record has to do. */
static struct span bye_uri(const struct call *call, const struct leg *leg, struct span who)
{
    struct sip_name_addr name;
    struct span target = text_get(&call->text, leg->target);
    if (target.n || sip_name_addr_read(who, &name))
        return target;
    return name.uri.whole;
}

static void bye_send(struct core *core, struct call *call, enum side to)
{
    bool to_caller = to == (enum side)call->origin;
    struct dialog *d = &call->dialogs[0];
    struct leg *leg = to_caller ? &call->caller : &d->callee;
    struct leg *other = to_caller ? &d->callee : &call->caller;
    struct client_txn *ct = client_new(core, METHOD_BYE, to, call->peer, call);
    if (!ct)
        return;
    ct->owner = OWNER_CALL;
    struct span from = text_get(&call->text, call->from), dialog_to = text_get(&call->text, d->to);
    struct span uri = bye_uri(call, leg, to_caller ? from : dialog_to);
    struct span routes = text_get(&call->text, leg->routes);
    route_strict(&uri, &routes);
    char via[256];
    struct span line = via_line(core, ct, call, via, sizeof via);
    struct sip_out o;
    sip_out_init(&o, core->render, sizeof core->render);
    sip_request_make(&o, &(struct sip_request){
                             .method = "BYE",
                             .uri = uri,
                             .via = via_value(line),
                             .from = to_caller ? dialog_to : from,
                             .to = to_caller ? from : dialog_to,
                             .call_id = text_get(&call->text, call->call_id),
                             .cseq = ++other->cseq,
                             .routes = routes,
                         });
    struct addr dest = route_leg(to, call, leg);
    if (o.full || !addr_is_set(&dest)) {
        client_free(core, ct);
        return;
    }
    call->bye_waits++;
    client_send(core, ct, &dest, span_of(o.p, o.n));
}

/* Ends a call that nobody on either side ended. */
void call_hangup(struct core *core, struct call *call, enum call_end end, unsigned status,
                 const char *reason)
{
    if (call->phase == PHASE_ENDED)
        return;
    call->end = (uint8_t)end;
    if (call->phase == PHASE_UP && call->n_dialogs) {
        bye_send(core, call, SIDE_EXCHANGE);
        bye_send(core, call, SIDE_PEER);
    } else {
        struct server_txn *st = pool_get(&core->servers, call->invite);
        struct client_txn *ct = st ? pool_get(&core->clients, st->client) : NULL;
        if (ct)
            client_cancel(core, ct, span_of(NULL, 0));
        if (st && !server_answered(st)) {
            char warning[220];
            warning_line(warning, sizeof warning, reason);
            server_reply(core, st, status, NULL, warning);
        }
    }
    call_end(core, call, end, status);
}

void call_bye_over(struct core *core, const struct client_txn *ct)
{
    struct call *call = pool_get(&core->calls, ct->call);
    if (!call)
        return;
    if (ct->owner == OWNER_CALL) {
        if (call->bye_waits)
            call->bye_waits--;
    } else {
        call_end(core, call, ct->side == SIDE_PEER ? END_BYE_EXCHANGE : END_BYE_PEER, 0);
    }
}

/* Each copy of that 2xx gets its ACK, the first one a BYE too. */
static bool fork_is_new(const struct core *core, struct client_txn *invite, struct span tag)
{
    uint64_t mark = hash_spans(&core->seed, &tag, 1);
    for (unsigned i = 0; i < 4 && i < invite->n_forks; i++) {
        if (invite->forks[i] == mark)
            return false;
    }
    invite->forks[invite->n_forks++ % 4] = mark;
    if (invite->n_forks > 200)
        invite->n_forks = 4;
    return true;
}

void call_ack_2xx(struct core *core, struct client_txn *invite, const struct inbound *in, bool bye)
{
    static char lines[4096];
    struct sip_name_addr contact;
    struct call *call = pool_get(&core->calls, invite->call);
    struct span value = sip_value(in->msg, HEADER_CONTACT), element;
    if (!value.p || !sip_list_next(&value, &element) || sip_name_addr_read(element, &contact))
        return; /* nobody can be reached there */
    int n_requests = bye && fork_is_new(core, invite, in->to_tag) ? 2 : 1;
    if (n_requests == 2)
        core_count(core, in->peer, COUNT_forks_ended);
    static const enum sip_method methods[] = {METHOD_ACK, METHOD_BYE};
    struct span uri = sip_uri_target(&contact.uri);
    size_t n = route_set(in->msg, HEADER_RECORD_ROUTE, true, lines, sizeof lines);
    struct span routes = span_of(lines, n);
    route_strict(&uri, &routes);
    for (int i = 0; i < n_requests; i++) {
        struct client_txn *ct =
            client_new(core, methods[i], (enum side)invite->side, invite->peer, call);
        if (!ct)
            return;
        char via[256];
        struct span line = via_line(core, ct, call, via, sizeof via);
        struct sip_out o;
        ct->owner = OWNER_CALL;
        ct->call = 0;
        sip_out_init(&o, core->render, sizeof core->render);
        sip_request_make(&o, &(struct sip_request){
                                 .method = sip_method_names[methods[i]],
                                 .uri = uri,
                                 .via = via_value(line),
                                 .from = sip_value(in->msg, HEADER_FROM),
                                 .to = sip_value(in->msg, HEADER_TO),
                                 .call_id = in->call_id,
                                 .cseq = in->msg->cseq + (uint32_t)i,
                                 .routes = routes,
                             });
        if (o.full) {
            client_free(core, ct);
        } else if (methods[i] == METHOD_ACK) {
            core_send(core, ct->socket, ct->dscp, &in->from,
                      out_copy(&core->out, span_of(o.p, o.n)));
            client_free(core, ct); /* an ACK is not answered */
        } else {
            client_send(core, ct, &in->from, span_of(o.p, o.n));
        }
    }
}

void call_free(struct core *core, struct call *call)
{
    if (call->phase == PHASE_ENDED) {
        ended_remove(core, call);
    } else {
        call_leave(core, call);
    }
    timer_stop(&core->timers, &call->timer);
    hash_remove(&core->call_index, &call->link);
    dialogs_end(call, NULL);
    free(call->dialogs);
    free(call->media);
    hosts_free(call);
    text_free(&call->text);
    socket_release(core, call->socket[0]);
    socket_release(core, call->socket[1]);
    conf_release(call->conf);
    peer_release(core, call->peer);
    pool_give(&core->calls, call);
}

/* ---- reports of the media workers */

static void idle_over(struct core *core, struct call *call)
{
    core_log(core, LEVEL_WARNING, call->peer, text_get(&call->text, call->call_id),
             "no media in either direction for %u s",
             (unsigned)(call->conf->media.idle_timeout_ms / 1000));
    if (call->conf->media.on_idle == IDLE_HANGUP)
        call_hangup(core, call, END_IDLE, 408, "No media");
}

void call_report(struct core *core, const struct event *event)
{
    stream_no stream = event->relay.stream;
    if (stream >= core->limit_streams || !core->streams[stream].call)
        return;
    struct stream_use use = core->streams[stream];
    struct call *call = pool_get(&core->calls, use.call);
    switch ((enum relay_report_kind)event->relay.kind) {
    case RELAY_CLOSED:
        call = media_closed(core, stream, event->relay.figures);
        if (call && call->n_open == 0 && call->phase == PHASE_ENDED)
            summary_log(core, call);
        break;
    case RELAY_FIRST:
        if (call && event->relay.side < 2)
            call->media[use.line].heard[event->relay.side] = true;
        break;
    case RELAY_IDLE:
    case RELAY_AGAIN:
        if (!call)
            break;
        call->media[use.line].idle = event->relay.kind == RELAY_IDLE;
        if (event->relay.kind == RELAY_IDLE && call->phase == PHASE_UP && is_idle(call))
            idle_over(core, call);
        break;
    }
}
