/*
 * probe.c - liveness: an OPTIONS now and then; any final answer or request says up, three
 * unanswered say down.
 *
 * ICMP errors are no evidence: on a translated tailnet they do not come back.
 */
#include "proxy/core/probe.h"
#include "proxy/core/base.h"
#include "proxy/core/client_txn.h"
#include "proxy/core/peer.h"
#include "proxy/core/sockets.h"
#include <stdio.h>

#define PEER_OF(prober) ((struct peer *)(void *)((char *)(prober)-offsetof(struct peer, probe)))

static struct peer *prober_peer(struct core *core, struct prober *prober)
{
    return prober == &core->exchange ? NULL : PEER_OF(prober);
}

void probe_start(struct core *core, struct prober *prober, msec at)
{
    if (at == UINT64_MAX)
        timer_stop(&core->timers, &prober->timer);
    else
        timer_set(&core->timers, &prober->timer, TIMER_PROBE, at);
}

static void down_log(struct core *core, const struct prober *prober, const struct peer *peer)
{
    char to[ADDR_TEXT];
    struct addr dest = peer ? peer_address(peer) : core->conf->exchange.address;
    addr_print(&dest, to);
    core_log(core, LEVEL_WARNING, peer, span_of(NULL, 0), "%s is down: %u probes to %s unanswered",
             peer ? "the peer" : "the exchange", prober->unanswered,
             addr_is_set(&dest) ? to : "nowhere (its name does not resolve)");
}

static void state_set(struct core *core, struct prober *prober, enum liveness state)
{
    struct peer *peer = prober_peer(core, prober);
    if (prober->state == state)
        return;
    prober->state = state;
    prober->since = core->now;
    if (state == LIVE_UNKNOWN)
        return;
    if (state == LIVE_DOWN)
        down_log(core, prober, peer);
    else
        core_log(core, LEVEL_INFO, peer, span_of(NULL, 0), "%s is up",
                 peer ? "the peer" : "the exchange");
}

void probe_forget(struct core *core, struct prober *prober)
{
    prober->txn = 0; /* what answers it now tells nothing */
    prober->unanswered = 0;
    prober->rtt_ms = -1;
    state_set(core, prober, LIVE_UNKNOWN);
}

void probe_heard(struct core *core, struct peer *peer)
{
    struct prober *prober = peer ? &peer->probe : &core->exchange;
    prober->unanswered = 0;
    state_set(core, prober, LIVE_UP);
}

struct probe_parties {
    struct peer *peer; /* whose socket sends */
    enum side side;
    struct addr dest;
    char uri[300];
};

static bool same_local(const struct core *core, size_t a, size_t b)
{
    return core->peers[a]->local == core->peers[b]->local;
}

static bool first_of_local(const struct core *core, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (same_local(core, k, i))
            return false;
    }
    return true;
}

/* The exchange is probed from each local in turn: its firewall may let in one and drop another, and
 * one that hears us nowhere is down. */
static struct peer *local_next(struct core *core)
{
    for (size_t tried = 0; tried < core->n_listed; tried++) {
        size_t i = core->probe_turn++ % core->n_listed;
        if (first_of_local(core, i))
            return core->peers[i];
    }
    return NULL;
}

static uint32_t locals(const struct core *core)
{
    uint32_t n = 0;
    for (size_t i = 0; i < core->n_listed; i++)
        n += first_of_local(core, i);
    return n;
}

static bool probe_parties(struct core *core, struct prober *prober, struct probe_parties *p)
{
    char host[ADDR_TEXT];
    p->peer = prober_peer(core, prober);
    p->side = p->peer ? SIDE_PEER : SIDE_EXCHANGE;
    if (p->peer) {
        const struct conf_host *address = &p->peer->rules->address;
        p->dest = peer_address(p->peer);
        if (addr_is_set(&address->addr)) {
            addr_print(&address->addr, host); /* with its brackets, if it has any */
            snprintf(p->uri, sizeof p->uri, "sip:%s", host);
        } else {
            snprintf(p->uri, sizeof p->uri, "sip:%s:%u", address->name, address->addr.port);
        }
        return addr_is_set(&p->dest);
    }
    p->peer = local_next(core);
    if (!p->peer)
        return false;
    p->dest = core->conf->exchange.address;
    addr_print(&p->dest, host);
    snprintf(p->uri, sizeof p->uri, "sip:%s", host);
    return true;
}

static void probe_send(struct core *core, struct prober *prober)
{
    struct probe_parties p;
    if (!probe_parties(core, prober, &p))
        return;
    struct client_txn *ct = client_new(core, METHOD_OPTIONS, p.side, p.peer, NULL);
    if (!ct)
        return;
    ct->owner = OWNER_PROBE;
    prober->txn = ct->pool.id;
    prober->sent = core->now;
    char own[ADDR_TEXT], via[160], branch[BRANCH_TEXT], from[160], to[320], call_id[80],
        contact[80];
    struct addr me = own_address(core, p.side, p.peer, NULL);
    addr_print(&me, own);
    client_branch(ct, branch);
    bool rport = p.side == SIDE_EXCHANGE || p.peer->rules->rport;
    int via_n = snprintf(via, sizeof via, "%s%s;branch=%s", own, rport ? ";rport" : "", branch);
    int from_n = snprintf(from, sizeof from, "<sip:tailtrunk@%s>;tag=%016llx", own,
                          (unsigned long long)core_random(core));
    int to_n = snprintf(to, sizeof to, "<%s>", p.uri);
    int id_n =
        snprintf(call_id, sizeof call_id, "%016llx%016llx", (unsigned long long)core_random(core),
                 (unsigned long long)core_random(core));
    int contact_n = snprintf(contact, sizeof contact, "<sip:tailtrunk@%s>", own);
    struct sip_out o;
    sip_out_init(&o, core->render, sizeof core->render);
    sip_request_make(&o,
                     &(struct sip_request){
                         .method = "OPTIONS",
                         .uri = span_str(p.uri),
                         .via = span_of(via, (size_t)via_n),
                         .from = span_of(from, (size_t)from_n),
                         .to = span_of(to, (size_t)to_n),
                         .call_id = span_of(call_id, (size_t)id_n),
                         .cseq = ++prober->cseq,
                         .contact = span_of(contact, (size_t)contact_n),
                         .extra = span_str("Accept: application/sdp\r\nUser-Agent: tailtrunk\r\n"),
                     });
    if (o.full)
        client_free(core, ct);
    else
        client_send(core, ct, &p.dest, span_of(o.p, o.n));
}

static uint32_t probe_every(const struct core *core, const struct prober *prober,
                            const struct peer *peer)
{
    if (prober != &core->exchange)
        return peer->rules->probe_ms;
    uint32_t every = core->conf->exchange.probe_ms, n = locals(core);
    if (!every)
        return 0;
    if (prober->state == LIVE_DOWN) /* calls are refused meanwhile */
        return every < EXCHANGE_AGAIN ? every : EXCHANGE_AGAIN;
    uint32_t least = every < EXCHANGE_APART ? every : EXCHANGE_APART;
    return n && every / n > least ? every / n : least;
}

void probe_due(struct core *core, struct prober *prober)
{
    struct peer *peer = prober_peer(core, prober);
    uint32_t every = probe_every(core, prober, peer);
    if (!every)
        return;
    struct client_txn *under_way = pool_get(&core->clients, prober->txn);
    if (!under_way || under_way->owner != OWNER_PROBE)
        probe_send(core, prober);
    probe_start(core, prober, core->now + every);
}

void probe_moved(struct core *core, struct peer *peer)
{
    peer->probe.txn = 0;
    peer->probe.unanswered = 0;
    if (peer->listed && peer->rules->probe_ms)
        probe_start(core, &peer->probe, core->now);
}

/* One under way may be between two copies of itself, seconds apart: it is said again at once. */
void probe_now(struct core *core, struct peer *peer)
{
    struct client_txn *under_way = pool_get(&core->clients, peer->probe.txn);
    if (under_way && under_way->owner == OWNER_PROBE && !under_way->finished) {
        client_again(core, under_way);
        peer->probe.sent = core->now;
    } else {
        probe_send(core, &peer->probe);
    }
}

static struct prober *prober_of(struct core *core, const struct client_txn *ct)
{
    if (ct->side == SIDE_EXCHANGE)
        return &core->exchange;
    return &ct->peer->probe;
}

/* Incoming calls of a peer get lost where the exchange drops what comes from its local. Silence
 * tells of that only while the exchange is heard otherwise. */
static void local_judge(struct core *core, struct peer *peer, bool answered)
{
    if (answered) {
        peer->local_missed = 0;
        peer_unwarn(peer, WARN_LOCAL_SILENT);
        return;
    }
    if (core->exchange.unanswered == 0 && peer->local_missed < LOCAL_MISSED)
        peer->local_missed++;
    if (peer->local_missed == LOCAL_MISSED) {
        char local[ADDR_TEXT];
        addr_print(&core->sockets[peer->local].addr, local);
        peer_warn(core, peer, WARN_LOCAL_SILENT,
                  "the exchange does not answer %s: does its firewall let that address in?", local);
    }
}

/* While it is not yet known to be down, an unanswered probe is followed by the next at once: down
 * is known some seconds after the silence began, not three intervals later. */
void probe_over(struct core *core, const struct client_txn *ct, bool answered)
{
    struct prober *prober = prober_of(core, ct);
    if (prober->txn != ct->pool.id)
        return;
    prober->txn = 0;
    if (prober == &core->exchange)
        local_judge(core, ct->peer, answered);
    if (answered) {
        if (ct->interval ==
            SIP_T1) /* of one that was sent again nobody knows which copy was answered */
            prober->rtt_ms = (int)(core->now - prober->sent);
        return;
    }
    if (++prober->unanswered >= PROBES_DOWN)
        state_set(core, prober, LIVE_DOWN);
    else if (prober->timer.place)
        probe_start(core, prober, core->now);
}
