/*
 * client_txn.c - client transactions over UDP (RFC 3261 §17.1, RFC 6026): what we asked, of whom,
 * and until when.
 *
 * Our branch carries the transaction's id and a random number, so an answer finds it without an
 * index, and only one that was sent to the peer it was asked of counts.
 */
#include "proxy/core/client_txn.h"
#include "proxy/core/base.h"
#include "proxy/core/inbound.h"
#include "proxy/core/peer.h"
#include "proxy/core/sockets.h"
#include <stdio.h>
#include <stdlib.h>

static void finished_add(struct core *core, struct client_txn *ct)
{
    ct->finished = true;
    ct->older = core->newest_client;
    ct->newer = NULL;
    if (core->newest_client)
        core->newest_client->newer = ct;
    else
        core->oldest_client = ct;
    core->newest_client = ct;
    core->n_finished_clients++;
    if (core->n_finished_clients > core->limit_transactions)
        client_free(core, core->oldest_client);
}

static void finished_remove(struct core *core, struct client_txn *ct)
{
    *(ct->older ? &ct->older->newer : &core->oldest_client) = ct->newer;
    *(ct->newer ? &ct->newer->older : &core->newest_client) = ct->older;
    core->n_finished_clients--;
}

struct client_txn *client_new(struct core *core, enum sip_method method, enum side side,
                              struct peer *peer, const struct call *call)
{
    if (core->clients.used - core->n_finished_clients >= core->limit_transactions)
        return NULL;
    struct client_txn *ct = pool_take(&core->clients);
    if (!ct)
        return NULL;
    ct->method = (uint8_t)method;
    ct->side = (uint8_t)side;
    ct->peer = peer_hold(peer);
    ct->socket = own_socket(peer, side, call);
    ct->dscp = side == SIDE_PEER ? peer->rules->dscp_sip : DSCP_EXCHANGE;
    ct->call = call ? call->pool.id : 0;
    ct->nonce = core_random(core);
    socket_hold(core, ct->socket);
    return ct;
}

void client_branch(const struct client_txn *ct, char *out)
{
    snprintf(out, BRANCH_TEXT, BRANCH_PREFIX "%08x%016llx", ct->pool.id,
             (unsigned long long)ct->nonce);
}

static bool hex_read(struct span s, uint64_t *out)
{
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = span_lower(s.p[i]);
        if (c >= '0' && c <= '9')
            v = v << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            v = v << 4 | (uint64_t)(c - 'a' + 10);
        else
            return false;
    }
    *out = v;
    return true;
}

struct client_txn *client_find(struct core *core, struct span branch)
{
    size_t prefix = sizeof BRANCH_PREFIX - 1;
    uint64_t id, nonce;
    if (branch.n != prefix + 24 || !span_begins(branch, BRANCH_PREFIX) ||
        !hex_read(span_of(branch.p + prefix, 8), &id) ||
        !hex_read(span_of(branch.p + prefix + 8, 16), &nonce))
        return NULL;
    struct client_txn *ct = pool_get(&core->clients, (core_id)id);
    return ct && ct->nonce == nonce ? ct : NULL;
}

static void arm(struct core *core, struct client_txn *ct)
{
    msec at = ct->retry_at && ct->retry_at < ct->end_at ? ct->retry_at : ct->end_at;
    timer_set(&core->timers, &ct->timer, TIMER_CLIENT_TXN, at);
}

static void packet_set(struct core *core, struct client_txn *ct, struct span bytes)
{
    char *copy = malloc(bytes.n ? bytes.n : 1);
    out_bury(&core->out, ct->packet);
    ct->packet = copy;
    ct->packet_n = copy ? (uint32_t)bytes.n : 0;
    if (copy)
        memcpy(copy, bytes.p, bytes.n);
}

static void packet_send(struct core *core, const struct client_txn *ct)
{
    if (ct->packet)
        core_send(core, ct->socket, ct->dscp, &ct->dest, span_of(ct->packet, ct->packet_n));
}

/* How long silence is borne before it is reported. */
static uint32_t patience(const struct client_txn *ct)
{
    if (ct->owner == OWNER_PROBE)
        return PROBE_PATIENCE;
    if (ct->method == METHOD_REGISTER)
        return REGISTER_PATIENCE;
    if (ct->method == METHOD_INVITE && ct->side == SIDE_PEER && ct->peer->probe.state == LIVE_DOWN)
        return DOWN_PATIENCE;
    return SIP_TIMEOUT;
}

void client_send(struct core *core, struct client_txn *ct, const struct addr *dest,
                 struct span bytes)
{
    packet_set(core, ct, bytes);
    ct->state = CLIENT_CALLING;
    ct->dest = *dest;
    ct->interval = SIP_T1;
    ct->retry_at = core->now + SIP_T1;
    ct->end_at = core->now + patience(ct);
    packet_send(core, ct);
    arm(core, ct);
}

static void cancel_send(struct core *core, struct client_txn *ct)
{
    static struct sip_msg invite; /* one thread; too large for the stack of a timer's callback */
    struct sip_out o;
    if (sip_msg_read(ct->packet, ct->packet_n, &invite) != SIP_OK)
        return;
    sip_out_init(&o, core->render, sizeof core->render);
    sip_cancel_make(&o, &invite, span_str(ct->reason));
    ct->cancelled = true;
    if (!o.full)
        core_send(core, ct->socket, ct->dscp, &ct->dest, out_copy(&core->out, span_of(o.p, o.n)));
    /* RFC 3261 §9.1: without a final answer 64 * T1 after the CANCEL the INVITE counts as over. The
     * CANCEL itself is repeated on the INVITE's timer until something answers. */
    ct->interval = SIP_T1;
    ct->retry_at = core->now + SIP_T1;
    ct->end_at = core->now + SIP_TIMEOUT;
    arm(core, ct);
}

/* CANCEL waits for the first provisional answer (RFC 3261 §9.1). */
void client_cancel(struct core *core, struct client_txn *ct, struct span reason)
{
    if (ct->method != METHOD_INVITE || ct->cancel || ct->state > CLIENT_PROCEEDING)
        return;
    ct->cancel = true;
    if (reason.p && !ct->reason)
        ct->reason = strndup(reason.p, reason.n);
    if (ct->state == CLIENT_PROCEEDING)
        cancel_send(core, ct);
}

static void ack_send(struct core *core, struct client_txn *ct, const struct inbound *in)
{
    static struct sip_msg invite;
    struct sip_out o;
    if (sip_msg_read(ct->packet, ct->packet_n, &invite) != SIP_OK)
        return;
    sip_out_init(&o, core->render, sizeof core->render);
    sip_ack_make(&o, &invite, in->msg);
    if (o.full)
        return;
    packet_set(core, ct, span_of(o.p, o.n)); /* from here on the ACK is what is repeated */
    packet_send(core, ct);
}

static void invite_response(struct core *core, struct client_txn *ct, const struct inbound *in)
{
    unsigned status = in->msg->status;
    if (status < 200) {
        bool first = ct->state == CLIENT_CALLING;
        ct->state = CLIENT_PROCEEDING;
        if (!ct->cancelled) {
            ct->retry_at = 0;
            if (first || status > 100) /* timer C */
                ct->end_at = core->now + core->conf->limits.ringing_ms;
            arm(core, ct);
        }
        if (ct->cancel && !ct->cancelled)
            cancel_send(core, ct);
        return;
    }
    ct->retry_at = 0;
    ct->end_at = core->now + SIP_TIMEOUT; /* timer D or M */
    if (status >= 300) {
        ct->state = CLIENT_COMPLETED;
        ack_send(core, ct, in);
    } else {
        ct->state = CLIENT_ACCEPTED;
    }
    arm(core, ct);
    finished_add(core, ct);
}

/* Moves the state; what the answer means is response.c's business. */
void client_response(struct core *core, struct client_txn *ct, const struct inbound *in)
{
    if (ct->method == METHOD_INVITE) {
        invite_response(core, ct, in);
        return;
    }
    if (in->msg->status < 200) {
        ct->state = CLIENT_PROCEEDING;
        ct->interval = SIP_T2;
        return;
    }
    ct->state = CLIENT_COMPLETED;
    ct->retry_at = 0;
    ct->end_at = core->now + SIP_T4; /* timer K */
    arm(core, ct);
    finished_add(core, ct);
}

static void retransmit(struct core *core, struct client_txn *ct)
{
    bool capped = ct->method != METHOD_INVITE;
    core_count(core, ct->peer, COUNT_retransmissions_out);
    if (ct->cancelled && ct->state == CLIENT_PROCEEDING) {
        msec end = ct->end_at;
        uint32_t interval = ct->interval;
        cancel_send(core, ct);
        ct->end_at = end;
        ct->interval = interval;
        capped = true;
    } else {
        packet_send(core, ct);
    }
    ct->interval *= 2;
    if (capped && ct->interval > SIP_T2)
        ct->interval = SIP_T2;
    ct->retry_at = core->now + ct->interval;
    arm(core, ct);
}

enum client_event client_due(struct core *core, struct client_txn *ct)
{
    if (core->now >= ct->end_at)
        return ct->finished ? CLIENT_OVER : CLIENT_SILENT;
    retransmit(core, ct);
    return CLIENT_NOTHING;
}

void client_again(struct core *core, struct client_txn *ct)
{
    core_count(core, ct->peer, COUNT_retransmissions_out);
    packet_send(core, ct);
    ct->interval = SIP_T1;
    ct->retry_at = core->now + SIP_T1;
    arm(core, ct);
}

void client_wait(struct core *core, struct client_txn *ct, uint32_t ms)
{
    ct->end_at = core->now + ms;
    arm(core, ct);
}

void client_give_up(struct core *core, struct client_txn *ct)
{
    ct->given_up = true;
    ct->retry_at = 0;
    client_wait(core, ct, SIP_TIMEOUT);
    client_cancel(core, ct, span_of(NULL, 0));
}

void client_cancel_answered(struct core *core, struct client_txn *ct)
{
    if (ct->finished || !ct->cancelled)
        return;
    ct->retry_at = 0;
    arm(core, ct);
}

void client_ack_again(struct core *core, const struct client_txn *ct)
{
    if (ct->packet)
        packet_send(core, ct);
}

void client_free(struct core *core, struct client_txn *ct)
{
    if (ct->finished)
        finished_remove(core, ct);
    timer_stop(&core->timers, &ct->timer);
    socket_release(core, ct->socket);
    peer_release(core, ct->peer);
    out_bury(&core->out, ct->packet);
    free(ct->reason);
    pool_give(&core->clients, ct);
}
