/* Transactions of the user agents: RFC 3261 §17 with the Accepted state of RFC 6026. */
#include "tests/sim/ua_impl.h"

#include <stdlib.h>
#include <string.h>
#include <stdio.h>

static void txn_schedule(struct ua_txn *t);

uint64_t ua_hash(const char *text, uint64_t seed)
{
    uint64_t h = seed ^ 0xcbf29ce484222325u;
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 0x100000001b3u;
    return h ^ (h >> 29);
}

/* ACK finds its INVITE; CANCEL is a transaction of its own. */
static uint64_t key_of(bool server, const char *method, const char *branch, const char *sent_by)
{
    uint64_t h = ua_hash(strcmp(method, "ACK") == 0 ? "INVITE" : method, server ? 1 : 2);
    h = ua_hash(branch, h);
    return sent_by ? ua_hash(sent_by, h) : h;
}

struct ua_txn *txn_find(struct ua *ua, bool server, const char *method, const char *branch,
                        const char *sent_by)
{
    uint64_t key = key_of(server, method, branch, sent_by);
    struct ua_txn *t = ua->txns[key % UA_TXN_BUCKETS];
    while (t && t->key != key)
        t = t->next;
    return t;
}

struct ua_txn *txn_new(struct ua *ua, bool server, const char *method, const char *branch,
                       const char *sent_by)
{
    struct ua_txn *t = ua->spare;
    uint32_t generation = 0;
    if (t) {
        ua->spare = t->next;
        generation = t->generation;
    } else {
        t = malloc(sizeof *t);
        if (!t)
            abort();
    }
    memset(t, 0, sizeof *t);
    t->generation = generation + 1;
    t->ua = ua;
    t->server = server;
    t->invite = strcmp(method, "INVITE") == 0;
    t->key = key_of(server, method, branch, sent_by);
    snprintf(t->method, sizeof t->method, "%s", method);
    snprintf(t->branch, sizeof t->branch, "%s", branch);
    struct ua_txn **bucket = &ua->txns[t->key % UA_TXN_BUCKETS];
    t->next = *bucket;
    *bucket = t;
    return t;
}

void txn_of(struct ua_txn *t, struct ua_call *call)
{
    t->call = call;
    t->next_of_call = call->txns;
    call->txns = t;
}

static void leave_call(struct ua_txn *t)
{
    struct ua_txn **at = &t->call->txns;
    while (*at != t)
        at = &(*at)->next_of_call;
    *at = t->next_of_call;
    lines_drop(t->call, &t->offered);
    lines_drop(t->call, &t->preview);
    if (!t->call->txns && t->call->ended)
        ua_call_end(t->call);
}

void txn_free(struct ua_txn *t)
{
    struct ua *ua = t->ua;
    struct ua_txn **at = &ua->txns[t->key % UA_TXN_BUCKETS];
    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    free(t->bytes);
    free(t->request);
    t->bytes = t->request = NULL;
    t->generation++;
    t->next = ua->spare;
    ua->spare = t;
    if (t->call)
        leave_call(t);
}

void txn_keep(char **bytes, size_t *n, const char *from, size_t from_n)
{
    char *copy = malloc(from_n ? from_n : 1);
    if (!copy)
        abort();
    memcpy(copy, from, from_n);
    free(*bytes);
    *bytes = copy;
    *n = from_n;
}

void ua_datagram(struct ua *ua, const char *bytes, size_t n, struct addr to)
{
    struct datagram d = {.from = ua->at, .to = to, .bytes = bytes, .n = n};
    net_send(ua->net, ua->host, &d);
}

void txn_repeat(struct ua_txn *t)
{
    ua_datagram(t->ua, t->bytes, t->n, t->to);
}

void txn_uri(const struct ua_txn *t, char *out)
{
    const char *from = memchr(t->bytes, ' ', t->n);
    size_t room = from ? (size_t)(t->bytes + t->n - from - 1) : 0, n = 0;
    while (n < room && n < UA_URI - 1 && from[1 + n] != ' ')
        n++;
    memcpy(out, from + 1, n);
    out[n] = '\0';
}

static void txn_forget(char **bytes, size_t *n)
{
    free(*bytes);
    *bytes = NULL;
    *n = 0;
}

void txn_send_request(struct ua_txn *t, const char *bytes, size_t n, struct addr to)
{
    txn_keep(&t->bytes, &t->n, bytes, n);
    t->to = to;
    t->state = TXN_TRYING;
    t->interval = T1;
    t->repeat_at = t->ua->world->now + T1;
    t->end_at = t->ua->world->now + TIMER_B;
    txn_repeat(t);
    txn_schedule(t);
}

static void server_timers(struct ua_txn *t, bool repeats, sim_msec keep)
{
    sim_msec now = t->ua->world->now;
    t->interval = T1;
    t->repeat_at = repeats ? now + T1 : 0;
    t->end_at = keep ? now + keep : 0;
    txn_schedule(t);
}

void txn_send_response(struct ua_txn *t, const char *bytes, size_t n, int status, struct addr to,
                       uint32_t rseq)
{
    txn_keep(&t->bytes, &t->n, bytes, n);
    t->to = to;
    t->status = status;
    txn_repeat(t);
    t->rseq = rseq;
    if (status < 200) {
        t->state = TXN_PROCEEDING;
        server_timers(t, rseq != 0, rseq ? TIMER_B : 0);
    } else if (!t->invite) {
        t->state = TXN_COMPLETED;
        txn_forget(&t->request, &t->request_n);
        server_timers(t, false, TIMER_B);
    } else {
        t->state = status < 300 ? TXN_ACCEPTED : TXN_COMPLETED;
        server_timers(t, true, TIMER_B);
    }
}

osip_message_t *txn_tree(struct ua_txn *t)
{
    if (!t->tree || t->tree_epoch != wire_epoch()) {
        t->tree = wire_read(t->request, t->request_n);
        t->tree_epoch = wire_epoch();
    }
    return t->tree;
}

void txn_acknowledged(struct ua_txn *t)
{
    t->state = TXN_CONFIRMED;
    t->repeat_at = 0;
    t->end_at = t->ua->world->now + TIMER_B;
    txn_schedule(t);
}

void txn_pracked(struct ua_txn *t)
{
    t->rseq = 0;
    t->repeat_at = t->end_at = 0;
}

bool txn_response(struct ua_txn *t, int status)
{
    if (t->state != TXN_TRYING && t->state != TXN_PROCEEDING)
        return t->invite && status >= 200 &&
               status < 300; /* forks, repetitions: told apart above */
    t->status = status;
    if (status < 200) {
        t->state = TXN_PROCEEDING;
        if (t->invite)
            t->repeat_at = t->end_at = 0;
        else
            t->interval = T2;
        return true;
    }
    t->state = t->invite && status < 300 ? TXN_ACCEPTED : TXN_COMPLETED;
    t->repeat_at = 0;
    t->end_at = t->ua->world->now + (t->invite ? TIMER_B : T4); /* D, M; K */
    if (!t->invite)
        txn_forget(&t->bytes, &t->n);
    txn_schedule(t);
    return true;
}

static void tell_timeout(struct ua_txn *t, enum ua_event_kind kind)
{
    struct ua_event e = {.kind = kind,
                         .txn = t,
                         .call = t->call,
                         .dialog = t->dialog,
                         .method = t->method,
                         .status = t->status};
    wire_reset();
    ua_tell(t->ua, &e);
}

static void txn_ends(struct ua_txn *t)
{
    if (!t->server && (t->state == TXN_TRYING || t->state == TXN_PROCEEDING)) {
        t->state = TXN_COMPLETED;
        tell_timeout(t, UA_NO_ANSWER);
    } else if (t->server && t->invite && t->state == TXN_PROCEEDING) {
        uint32_t generation = t->generation;
        txn_pracked(t);
        tell_timeout(t, UA_NO_PRACK);
        if (t->generation == generation)
            return; /* the INVITE still waits for its answer */
    } else if (t->server && t->invite && t->state != TXN_CONFIRMED) {
        t->state = TXN_CONFIRMED;
        tell_timeout(t, UA_NO_ACK);
    }
    txn_free(t);
}

static void txn_fire(struct world *w, void *ctx, uint64_t generation)
{
    struct ua_txn *t = ctx;
    if (t->generation != generation)
        return;
    if (t->end_at && t->end_at <= w->now) {
        txn_ends(t);
        return;
    }
    if (!t->repeat_at || t->repeat_at > w->now)
        return; /* an older entry of the queue */
    txn_repeat(t);
    t->interval *= 2;
    bool capped = !t->invite || (t->server && t->state != TXN_PROCEEDING);
    if (capped && t->interval > T2)
        t->interval = T2;
    t->repeat_at = w->now + t->interval;
    txn_schedule(t);
}

static void txn_schedule(struct ua_txn *t)
{
    sim_msec due = t->end_at;
    if (t->repeat_at && (!due || t->repeat_at < due))
        due = t->repeat_at;
    if (due)
        world_at(t->ua->world, due, txn_fire, t, t->generation);
}

const struct ua_txn *ua_waiting(const struct ua *ua)
{
    for (unsigned i = 0; i < UA_TXN_BUCKETS; i++) {
        for (const struct ua_txn *t = ua->txns[i]; t; t = t->next) {
            if (t->state == TXN_TRYING || t->state == TXN_PROCEEDING)
                return t;
        }
    }
    return NULL;
}
