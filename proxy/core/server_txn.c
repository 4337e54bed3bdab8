/*
 * server_txn.c - server transactions (RFC 3261 §17.2, RFC 6026): who asked, and what was answered.
 *
 * Finished ones stay in a bounded list to answer repetitions; the oldest goes when room is needed.
 */
#include "proxy/core/server_txn.h"
#include "proxy/core/agreed.h"
#include "proxy/core/base.h"
#include "proxy/core/inbound.h"
#include "proxy/core/peer.h"
#include "proxy/core/request.h"
#include "proxy/core/sockets.h"
#include <stdio.h>
#include <stdlib.h>

static struct span bytes_of(const void *p, size_t n)
{
    return span_of(p, n);
}

/* Side, socket or peer, branch, sent-by, method, Call-ID and CSeq. Never the source port (a peer
 * behind translation moves) and never the branch alone (some send a constant one). Without the
 * magic cookie the From tag and Request-URI count too (RFC 3261 §17.2.3). */
uint64_t server_key(const struct core *core, const struct inbound *in, enum sip_method method)
{
    uint8_t kind[2] = {(uint8_t)in->side, (uint8_t)method};
    bool cookie = in->via.branch.p && span_begins(in->via.branch, "z9hG4bK");
    struct span v[] = {
        bytes_of(kind, sizeof kind),
        in->side == SIDE_PEER ? span_str(in->peer->name) : bytes_of(&in->socket, sizeof in->socket),
        method == METHOD_OTHER ? in->msg->method_name : span_of("", 0),
        in->via.branch.p ? in->via.branch : span_of("", 0),
        in->via.sent_by,
        in->call_id,
        bytes_of(&in->msg->cseq, sizeof in->msg->cseq),
        in->from_tag.p ? in->from_tag : span_of("", 0),
        in->msg->uri,
    };
    return hash_spans(&core->seed, v, cookie ? 7 : 9);
}

struct server_txn *server_find(const struct core *core, uint64_t key)
{
    struct hash_link *link = hash_find(&core->server_index, key);
    return link ? (struct server_txn *)(void *)((char *)link - offsetof(struct server_txn, link))
                : NULL;
}

static void finished_add(struct core *core, struct server_txn *st)
{
    st->finished = true;
    st->older = core->newest_server;
    st->newer = NULL;
    if (core->newest_server)
        core->newest_server->newer = st;
    else
        core->oldest_server = st;
    core->newest_server = st;
    core->live_servers--;
    core->n_finished_servers++;
}

static void finished_remove(struct core *core, struct server_txn *st)
{
    *(st->older ? &st->older->newer : &core->oldest_server) = st->newer;
    *(st->newer ? &st->newer->older : &core->newest_server) = st->older;
    core->n_finished_servers--;
}

static void finish(struct core *core, struct server_txn *st)
{
    if (!st->finished)
        finished_add(core, st);
    if (core->n_finished_servers > core->limit_transactions)
        server_free(core, core->oldest_server);
}

/* What the sender's side gets back in a 2xx, as it stays on that side: Record-Route (RFC 3261
 * §12.1.1), Path in answers to REGISTER (RFC 3327 §5.3). */
static const struct sip_header *returning(const struct sip_msg *msg)
{
    return sip_header(msg, msg->method == METHOD_REGISTER ? HEADER_PATH : HEADER_RECORD_ROUTE);
}

static size_t returns_size(const struct sip_msg *msg)
{
    size_t n = 0;
    for (const struct sip_header *h = returning(msg); h; h = sip_header_next(msg, h))
        n += h->n;
    return n;
}

static int stub_keep(struct core *core, struct server_txn *st, const struct inbound *in)
{
    size_t rr = returns_size(in->msg);
    if (sip_stub_make(in->msg, &in->from, core->render, sizeof core->render, &st->stub))
        return -1;
    st->stub_bytes = malloc(st->stub.n + rr);
    if (!st->stub_bytes)
        return -1;
    memcpy(st->stub_bytes, core->render, st->stub.n);
    size_t at = st->stub.n;
    for (const struct sip_header *h = returning(in->msg); h; h = sip_header_next(in->msg, h)) {
        memcpy(st->stub_bytes + at, in->msg->bytes.p + h->at, h->n);
        at += h->n;
    }
    st->returns = (uint16_t)rr;
    return 0;
}

/* Where answers go: to the source of the latest copy; to what Via says only where asked for. */
static struct addr reply_address(const struct inbound *in)
{
    struct addr via;
    if (in->side == SIDE_PEER && in->peer && in->peer->rules->reply_to == REPLY_VIA &&
        !in->via.has_rport && in->via.host.p) {
        uint16_t port = in->via.port ? in->via.port : 5060;
        if (!addr_parse_ip(in->via.host, &via) && addr_same_ip(&via, &in->from))
            return addr_with_port(via, port);
        return addr_with_port(in->from, port);
    }
    return in->from;
}

struct server_txn *server_new(struct core *core, const struct inbound *in, uint64_t key)
{
    /* Some room is kept for what runs: requests inside dialogs. */
    uint32_t limit = core->limit_transactions - (in->to_tag.p ? 0 : core->limit_transactions / 8);
    struct server_txn *st = core->live_servers < limit ? pool_take(&core->servers) : NULL;
    if (!st) {
        core_count(core, in->peer, COUNT_answer_503_transactions);
        return NULL;
    }
    if (stub_keep(core, st, in)) {
        free(st->stub_bytes);
        pool_give(&core->servers, st);
        return NULL;
    }
    core->live_servers++;
    st->method = (uint8_t)in->msg->method;
    st->side = (uint8_t)in->side;
    st->socket = in->socket;
    st->source = reply_address(in);
    st->peer = peer_hold(in->peer);
    socket_hold(core, st->socket);
    snprintf(st->tag, sizeof st->tag, "tt%016llx", (unsigned long long)core_random(core));
    hash_add(&core->server_index, &st->link, key);
    return st;
}

static uint8_t dscp_toward(enum side side, const struct peer *peer)
{
    return side == SIDE_PEER && peer ? peer->rules->dscp_sip : DSCP_EXCHANGE;
}

static void send_last(struct core *core, struct server_txn *st)
{
    core_send(core, st->socket, dscp_toward((enum side)st->side, st->peer), &st->source,
              span_of(st->last, st->last_n));
}

/* A repeated request: the answer again, if there is one. A 2xx to INVITE is repeated end to end by
 * the one who gave it, so it is not repeated here. */
void server_again(struct core *core, struct server_txn *st, const struct inbound *in)
{
    core_count(core, in->peer, COUNT_retransmissions_in);
    st->source = reply_address(in);
    if (st->last && st->state != SERVER_ACCEPTED && st->state != SERVER_CONFIRMED)
        send_last(core, st);
}

void server_ack(struct core *core, struct server_txn *st)
{
    if (st->state != SERVER_COMPLETED)
        return;
    st->state = SERVER_CONFIRMED;
    st->end_at = core->now + SIP_T4;
    finish(core, st);
    timer_set(&core->timers, &st->timer, TIMER_SERVER_TXN, st->end_at);
}

bool server_answered(const struct server_txn *st)
{
    return st->state >= SERVER_COMPLETED;
}

static void answer_state(struct core *core, struct server_txn *st, unsigned status)
{
    if (status < 200) {
        if (status > 100)
            st->state = SERVER_PROCEEDING;
        return;
    }
    st->end_at = core->now + SIP_TIMEOUT; /* H, J or L */
    if (st->method == METHOD_INVITE && status >= 300) {
        st->state = SERVER_COMPLETED;
        st->interval = SIP_T1;
        st->retry_at = core->now + SIP_T1;
        timer_set(&core->timers, &st->timer, TIMER_SERVER_TXN, st->retry_at);
        return;
    }
    st->state = st->method == METHOD_INVITE ? SERVER_ACCEPTED : SERVER_COMPLETED;
    timer_set(&core->timers, &st->timer, TIMER_SERVER_TXN, st->end_at);
    finish(core, st);
}

/* Further 2xx and 1xx of a finished INVITE still cross, each copy of them. */
void server_forward(struct core *core, struct server_txn *st, unsigned status, struct span bytes)
{
    char *copy = malloc(bytes.n ? bytes.n : 1);
    if (!copy)
        return;
    memcpy(copy, bytes.p, bytes.n);
    out_bury(&core->out, st->last);
    st->last = copy;
    st->last_n = (uint32_t)bytes.n;
    send_last(core, st);
    if (st->state < SERVER_COMPLETED)
        answer_state(core, st, status);
}

void server_reply(struct core *core, struct server_txn *st, unsigned status, const char *reason,
                  const char *extra)
{
    struct sip_out o;
    if (server_answered(st))
        return;
    sip_out_init(&o, core->render, sizeof core->render);
    struct span tag = status == 100 ? span_of(NULL, 0) : span_str(st->tag);
    sip_response_make(&o, status, reason ? reason : sip_reason(status), &st->stub, st->stub_bytes,
                      tag, extra);
    if (!o.full)
        server_forward(core, st, status, span_of(o.p, o.n));
}

void server_mute(struct core *core, struct server_txn *st)
{
    if (server_answered(st))
        return;
    st->state = SERVER_MUTE;
    st->end_at = core->now + SIP_TIMEOUT;
    timer_set(&core->timers, &st->timer, TIMER_SERVER_TXN, st->end_at);
    finish(core, st);
}

void server_due(struct core *core, struct server_txn *st)
{
    if (core->now >= st->end_at) {
        server_free(core, st);
        return;
    }
    /* Timer G: a non-2xx answer to INVITE until its ACK comes. */
    core_count(core, st->peer, COUNT_retransmissions_out);
    send_last(core, st);
    st->interval = st->interval * 2 < SIP_T2 ? st->interval * 2 : SIP_T2;
    st->retry_at = core->now + st->interval;
    timer_set(&core->timers, &st->timer, TIMER_SERVER_TXN,
              st->retry_at < st->end_at ? st->retry_at : st->end_at);
}

void server_free(struct core *core, struct server_txn *st)
{
    if (st->finished)
        finished_remove(core, st);
    else
        core->live_servers--;
    timer_stop(&core->timers, &st->timer);
    hash_remove(&core->server_index, &st->link);
    socket_release(core, st->socket);
    peer_release(core, st->peer);
    out_bury(&core->out, st->stub_bytes);
    out_bury(&core->out, st->last);
    out_bury(&core->out, st->held);
    out_bury(&core->out, st->refresh_contact);
    targets_free(&st->offer);
    targets_free(&st->preview);
    pool_give(&core->servers, st);
}

void reply_stateless(struct core *core, const struct inbound *in, unsigned status,
                     const char *reason, const char *extra)
{
    struct sip_stub stub;
    struct sip_out o;
    char tag[24], stub_bytes[SIP_MAX_DATAGRAM];
    if (in->msg->method == METHOD_ACK ||
        sip_stub_make(in->msg, &in->from, stub_bytes, sizeof stub_bytes, &stub))
        return;
    /* The same tag for each copy of the request: it is one answer, given again. */
    uint64_t mark = hash_spans(&core->seed, &in->call_id, 1);
    snprintf(tag, sizeof tag, "tt%016llx", (unsigned long long)mark);
    sip_out_init(&o, core->render, sizeof core->render);
    sip_response_make(&o, status, reason ? reason : sip_reason(status), &stub, stub_bytes,
                      span_str(tag), extra);
    struct addr to = reply_address(in);
    if (!o.full)
        core_send(core, in->socket, dscp_toward(in->side, in->peer), &to,
                  out_copy(&core->out, span_of(o.p, o.n)));
}
