/*
 * summary.c - one line for every call that ends: who, how long, who ended it, what was heard, and,
 * where that was not both ways, the likely cause in words.
 */
#include "proxy/core/summary.h"
#include "proxy/core/base.h"
#include "proxy/core/call.h"
#include "proxy/core/cross.h"
#include "proxy/core/media.h"
#include "proxy/core/verdict.h"
#include "proxy/core/view.h"
#include <stdarg.h>
#include <stdio.h>

static const char *const side_names[] = {"exchange", "peer"};

struct line {
    char text[1200];
    size_t n;
};

static void put(struct line *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct line *l, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(l->text + l->n, sizeof l->text - l->n, fmt, ap);
    va_end(ap);
    if (n > 0)
        l->n = l->n + (size_t)n < sizeof l->text ? l->n + (size_t)n : sizeof l->text - 1;
}

/* Without the password that old URIs may carry: "alice:secret". */
struct span number_of(struct span value)
{
    struct sip_name_addr who;
    if (sip_name_addr_read(value, &who))
        return value;
    struct span user = who.uri.user;
    if (!user.p)
        return who.uri.whole;
    const char *colon = user.n ? memchr(user.p, ':', user.n) : NULL;
    return colon ? span_of(user.p, (size_t)(colon - user.p)) : user;
}

static void put_end(struct line *l, const struct call *call)
{
    switch ((enum call_end)call->end) {
    case END_BYE_EXCHANGE:
        put(l, "the exchange hung up");
        break;
    case END_BYE_PEER:
        put(l, "the peer hung up");
        break;
    case END_CANCEL:
        put(l, "given up by the caller");
        break;
    case END_STATUS:
        put(l, "refused by the %s with %u", call->origin == SIDE_PEER ? "exchange" : "peer",
            call->status);
        break;
    case END_TIMEOUT:
        put(l, "no answer from the %s (%u)", call->origin == SIDE_PEER ? "exchange" : "peer",
            call->status);
        break;
    case END_IDLE:
        put(l, "ended here: no media for too long");
        break;
    case END_SILENT:
        put(l, "ended here: neither media nor signalling for too long");
        break;
    case END_SESSION:
        put(l, "ended here: its session timer expired without a refresh");
        break;
    case END_OPERATOR:
        put(l, "ended by the operator");
        break;
    case END_SDP:
        put(l, "ended here: SDP that cannot be read");
        break;
    case END_OURS:
        put(l, "refused here with %u", call->status);
        break;
    case END_NONE:
        put(l, "ended");
        break;
    }
}

/* How long whoever had answered, or been answered, waited for the other's first packet. */
static void put_first(const struct core *core, struct line *l, const struct call *call,
                      enum side side, uint64_t packets)
{
    msec first = UINT64_MAX;
    for (uint32_t i = 0; i < call->n_media; i++) {
        const struct media_line *m = &call->media[i];
        struct relay_figures f = media_figures(core, m);
        if (f.leg[side].rx_packets && m->opened + f.leg[side].first_rx_ms < first)
            first = m->opened + f.leg[side].first_rx_ms;
    }
    put(l, "%llu from the %s", (unsigned long long)packets, side_names[side]);
    if (packets && first < call->answered)
        put(l, " (first before the answer)");
    else if (packets)
        put(l, " (first after %llu ms)", (unsigned long long)(first - call->answered));
}

static struct relay_figures sum(const struct core *core, const struct call *call)
{
    struct relay_figures all = {0};
    for (uint32_t i = 0; i < call->n_media; i++) {
        struct relay_figures f = media_figures(core, &call->media[i]);
        for (int side = 0; side < 2; side++) {
            struct relay_leg *to = &all.leg[side];
            const struct relay_leg *from = &f.leg[side];
            to->rx_packets += from->rx_packets;
            to->tx_packets += from->tx_packets;
            to->dropped += from->dropped;
            to->send_errors += from->send_errors;
            if (addr_is_set(&from->foreign))
                to->foreign = from->foreign;
        }
    }
    return all;
}

static void cause_peer_unheard(const struct core *core, struct line *l, const struct call *call,
                               const struct relay_leg *leg)
{
    char ours[ADDR_TEXT], foreign[ADDR_TEXT];
    struct view view = view_now(core, call->peer);
    addr_print_ip(&call->advertise, ours);
    if (leg->dropped && addr_is_set(&leg->foreign)) {
        addr_print(&leg->foreign, foreign);
        put(l, "; %llu packets came from %s, which is none of the peer's addresses (sources:)",
            (unsigned long long)leg->dropped, foreign);
        return;
    }
    put(l, "; nothing came from the peer: it was told to send to %s", ours);
    if (view.source == VIEW_ROUTE || view.source == VIEW_NONE)
        put(l, ", which is only guessed: set advertise, or see that probes are answered");
    else if (!addr_same_ip(&view.advertise, &call->advertise))
        put(l, ", but it knows us by another address since");
    else
        put(l,
            "; see whether this host's firewall lets ports %u-%u/udp in from there, then the "
            "peer's firewall and its route to that address",
            call->conf->media.port_low, call->conf->media.port_high);
}

static void cause_unsent(struct line *l, enum side to, const struct relay_leg *leg)
{
    if (leg->send_errors && !leg->tx_packets)
        put(l,
            "; %llu packets could not be sent to the %s: a filter on this host forbids it, or "
            "there is no route",
            (unsigned long long)leg->send_errors, side_names[to]);
}

static void put_cause(const struct core *core, struct line *l, const struct call *call,
                      enum verdict verdict, const struct relay_figures *f)
{
    if (verdict != VERDICT_FROM_EXCHANGE && verdict != VERDICT_FROM_PEER &&
        verdict != VERDICT_SILENT)
        return;
    cause_unsent(l, SIDE_EXCHANGE, &f->leg[SIDE_EXCHANGE]);
    cause_unsent(l, SIDE_PEER, &f->leg[SIDE_PEER]);
    if (!f->leg[SIDE_PEER].rx_packets)
        cause_peer_unheard(core, l, call, &f->leg[SIDE_PEER]);
    if (!f->leg[SIDE_EXCHANGE].rx_packets) {
        char local[ADDR_TEXT], foreign[ADDR_TEXT];
        addr_print_ip(&core->sockets[call->socket[SIDE_EXCHANGE]].addr, local);
        put(l, "; nothing came from the exchange, which was told to send to %s", local);
        if (f->leg[SIDE_EXCHANGE].dropped) {
            addr_print(&f->leg[SIDE_EXCHANGE].foreign, foreign);
            put(l, ": packets from %s are outside exchange.sources", foreign);
        } else {
            put(l, ": a filter on its host may drop that address, ports %u-%u/udp",
                call->conf->media.port_low, call->conf->media.port_high);
        }
    }
}

/* ---- the drops that look alike from outside: a lost ACK, rtp_timeout, session timers, fragments
 */

#define SILENCE_NOTABLE 20000 /* rtp_timeout is 30 s or 60 s where it is set */
#define REFUSAL_RECENT \
    40000             /* a user agent gives up a call at once, or when its transaction ends */
#define PATIENCE 3000 /* who gives up sooner may not have waited for a sign */
#define IN_VAIN 3     /* copies of a 200 that are more than loss */

static void hint_ack(struct line *l, const struct call *call)
{
    enum side caller = (enum side)call->origin;
    if (!call->ack_seen && call->repeats)
        put(l, "; the 200 was repeated %u times and its ACK never came from the %s", call->repeats,
            side_names[caller]);
    else if (call->in_vain >= IN_VAIN)
        put(l, "; the 200 was repeated %u times after its ACK: that does not reach the %s",
            call->in_vain, side_names[side_other(caller)]);
}

static void hint_silence(const struct core *core, struct line *l, const struct call *call,
                         enum side by)
{
    enum side unheard = side_other(by);
    msec last = media_last(core, call, unheard); /* the worker may have heard one more since */
    last = last > call->answered ? last : call->answered;
    msec silence = call->ended > last ? call->ended - last : 0;
    if (call->n_media && !call->held && silence >= SILENCE_NOTABLE)
        put(l, "; that was %llu s after the last packet from the %s: as rtp_timeout of the %s does",
            (unsigned long long)silence / 1000, side_names[unheard], side_names[by]);
}

/* RFC 4028 §10: BYE comes a third of the interval, or 32 s, before it ends. */
static bool session_ran_out(const struct call *call)
{
    msec interval = (msec)call->session_s * 1000;
    msec margin = interval / 3 > 32000 ? interval / 3 : 32000;
    return interval && call->ended + margin + 1000 >= call->session_from + interval;
}

static void hint_refresh(struct line *l, const struct call *call)
{
    bool recent = call->refused_at && call->ended - call->refused_at < REFUSAL_RECENT;
    if (recent && call->refused == 408)
        put(l, "; shortly before, the %s did not answer a re-INVITE or UPDATE",
            side_names[call->refused_by]);
    else if (recent)
        put(l, "; shortly before, the %s answered a re-INVITE or UPDATE with %u",
            side_names[call->refused_by], call->refused);
    if (session_ran_out(call))
        put(l, "; its session timer of %u s was not refreshed for %llu s", call->session_s,
            (unsigned long long)(call->ended - call->session_from) / 1000);
}

static void hint_challenge(struct line *l, const struct call *call)
{
    struct span from = number_of(text_get(&call->text, call->from));
    put(l,
        "; the exchange challenged the call: it did not know the peer by its address, or %.*s is "
        "a local extension there",
        (int)(from.n > 64 ? 64 : from.n), from.p ? from.p : "");
}

static void hint_exchange_mute(const struct core *core, struct line *l, const struct call *call)
{
    char local[ADDR_TEXT];
    addr_print_ip(&core->sockets[call->socket[SIDE_EXCHANGE]].addr, local);
    put(l, "; nothing came from the exchange, not even 100: it is down, or its firewall drops %s",
        local);
}

static void hint_unanswered(const struct core *core, struct line *l, const struct call *call)
{
    const struct peer *peer = call->peer;
    if (call->reached)
        return;
    if (call->origin == SIDE_PEER)
        hint_exchange_mute(core, l, call);
    else if (peer->probe.state != LIVE_UP)
        put(l, "; nothing at all is heard from the peer");
    else if (call->invite_n > mtu_room(peer, call->rules))
        put(l,
            "; not even 100 came although the peer answers OPTIONS: the INVITE of %u bytes went in "
            "fragments, which get lost (mtu %u leaves %zu; see codecs and strip_headers)",
            call->invite_n, call->rules->mtu, mtu_room(peer, call->rules));
    else
        put(l, "; not even 100 came although the peer answers OPTIONS: it drops the INVITE, or the "
               "way does");
}

static void put_hints(const struct core *core, struct line *l, const struct call *call)
{
    bool by_exchange = call->end == END_BYE_EXCHANGE, by_peer = call->end == END_BYE_PEER;
    if (call->answered)
        hint_ack(l, call);
    if (by_exchange || by_peer) {
        hint_silence(core, l, call, by_peer ? SIDE_PEER : SIDE_EXCHANGE);
        hint_refresh(l, call);
    }
    if (!call->answered && call->challenged && call->origin == SIDE_PEER)
        hint_challenge(l, call);
    if (call->end == END_TIMEOUT ||
        (call->end == END_CANCEL && call->ended - call->started >= PATIENCE))
        hint_unanswered(core, l, call);
}

void summary_refused(struct core *core, const struct inbound *in, unsigned status, const char *why)
{
    struct span from = number_of(sip_value(in->msg, HEADER_FROM));
    struct span to = number_of(sip_value(in->msg, HEADER_TO));
    struct peer *peer = in->side == SIDE_PEER ? in->peer : NULL;
    if (in->msg->method != METHOD_INVITE ||
        (peer && peer->refused_logged && core->now - peer->refused_logged < 1000))
        return;
    if (peer)
        peer->refused_logged = core->now;
    core_log(core, LEVEL_WARNING, in->peer, in->call_id,
             "call %s %.*s -> %.*s: refused here with %u: %s", peer ? "in" : "out",
             (int)(from.n > 64 ? 64 : from.n), from.p ? from.p : "", (int)(to.n > 64 ? 64 : to.n),
             to.p ? to.p : "", status, why);
}

void summary_log(struct core *core, const struct call *call)
{
    struct line l = {.n = 0};
    enum verdict verdict = verdict_of(core, call);
    struct relay_figures f = sum(core, call);
    struct span from = number_of(text_get(&call->text, call->from));
    struct span to = number_of(text_get(&call->text, call->to));
    msec since = call->answered ? call->answered : call->started;
    bool bad = verdict == VERDICT_FROM_EXCHANGE || verdict == VERDICT_FROM_PEER ||
               verdict == VERDICT_SILENT;
    put(&l, "call %s %.*s -> %.*s: %s %llu.%llu s, ", call->origin == SIDE_PEER ? "in" : "out",
        (int)(from.n > 64 ? 64 : from.n), from.p ? from.p : "", (int)(to.n > 64 ? 64 : to.n),
        to.p ? to.p : "", call->answered ? "up" : "not answered,",
        (unsigned long long)(call->ended - since) / 1000,
        (unsigned long long)(call->ended - since) % 1000 / 100);
    put_end(&l, call);
    if (call->answered && verdict != VERDICT_NOT_RELAYED) {
        put(&l, "; packets: ");
        put_first(core, &l, call, SIDE_EXCHANGE, f.leg[SIDE_EXCHANGE].rx_packets);
        put(&l, ", ");
        put_first(core, &l, call, SIDE_PEER, f.leg[SIDE_PEER].rx_packets);
    }
    if (call->answered)
        put(&l, "; %s", verdict == VERDICT_PENDING ? "too short to tell" : verdict_names[verdict]);
    put_cause(core, &l, call, verdict, &f);
    put_hints(core, &l, call);
    if (call->answered && verdict == VERDICT_SILENT)
        core_count(core, call->peer, COUNT_calls_silent);
    else if (call->answered && bad)
        core_count(core, call->peer, COUNT_calls_one_way);
    core_log(core, bad ? LEVEL_WARNING : LEVEL_INFO, call->peer,
             text_get(&call->text, call->call_id), "%s", l.text);
}
