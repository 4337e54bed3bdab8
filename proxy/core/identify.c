/*
 * identify.c - who sent this datagram: decided by socket and source alone, before anything is
 * parsed. Nobody is known by text in a message: an address written there may be somebody else's
 * here.
 */
#include "proxy/core/identify.h"
#include "proxy/core/base.h"
#include "proxy/core/inbound.h"
#include "proxy/core/peer.h"
#include "proxy/core/rate.h"
#include "proxy/core/request.h"
#include "proxy/core/response.h"
#include "proxy/core/server_txn.h"
#include "proxy/core/sockets.h"
#include <stdio.h>

/* With several peers on one IP the trunk socket decides, then the port. */
static struct peer *peer_by_source(const struct core *core, uint16_t socket,
                                   const struct addr *from)
{
    struct peer *found = NULL;
    int best = -1;
    for (size_t i = 0; i < core->n_peers; i++) {
        struct peer *peer = core->peers[i];
        if ((!peer->listed && peer->calls == 0) || !peer_has_ip(peer, from))
            continue;
        int fit = 2 * (peer->trunk == socket) + (peer->rules->address.addr.port == from->port);
        if (fit > best) {
            best = fit;
            found = peer;
        }
    }
    return found;
}

/* Once a minute per source: a scanner must not fill the log. */
static void unknown_log(struct core *core, uint16_t socket, const struct addr *from,
                        const char *what)
{
    struct unknown *oldest = &core->unknown[0];
    for (size_t i = 0; i < sizeof core->unknown / sizeof *core->unknown; i++) {
        struct unknown *u = &core->unknown[i];
        if (u->addr.family == from->family && addr_same_ip(&u->addr, from)) {
            if (core->now - u->logged < UNKNOWN_LOG_EVERY)
                return;
            oldest = u;
            break;
        }
        if (u->logged < oldest->logged)
            oldest = u;
    }
    if (addr_is_set(&oldest->addr) && core->now - oldest->logged < UNKNOWN_LOG_EVERY)
        return; /* a flood from many sources is counted, not logged */
    *oldest = (struct unknown){*from, core->now};
    char a[ADDR_TEXT], b[ADDR_TEXT];
    addr_print(from, a);
    addr_print(&core->sockets[socket].addr, b);
    core_log(core, LEVEL_INFO, NULL, span_of(NULL, 0), "dropped: %s is %s (came to %s)", a, what,
             b);
}

static void malformed(struct core *core, struct inbound *in, enum sip_error error)
{
    if (error == SIP_OVERSIZE) {
        core_count(core, in->peer, COUNT_drop_oversize);
    } else if (error == SIP_KEEP_ALIVE) {
        core_count(core, in->peer, COUNT_drop_keep_alive);
    } else if (error >= SIP_MISSING_HEADER && sip_msg_answerable(in->msg)) {
        char warning[160];
        core_count(core, in->peer, COUNT_sip_requests_in);
        core_count(core, in->peer, COUNT_answer_400_malformed);
        warning_line(warning, sizeof warning, sip_error_names[error]);
        in->call_id = sip_value(in->msg, HEADER_CALL_ID);
        if (sip_via_read(sip_value(in->msg, HEADER_VIA), &in->via))
            in->via = (struct sip_via){0};
        bool version = error == SIP_BAD_VERSION;
        reply_stateless(core, in, version ? 505 : 400, NULL, warning);
    } else {
        core_count(core, in->peer, COUNT_drop_malformed);
    }
}

static void parse(struct core *core, struct inbound *in, const char *bytes, size_t n)
{
    enum sip_error error = sip_msg_read(bytes, n, &core->msg);
    in->msg = &core->msg;
    if (error == SIP_OK && !inbound_read(in))
        error = SIP_BAD_VALUE;
    if (error != SIP_OK) {
        malformed(core, in, error);
        return;
    }
    core_count(core, in->peer,
               in->msg->is_request ? COUNT_sip_requests_in : COUNT_sip_responses_in);
    if (in->msg->is_request)
        request_in(core, in);
    else
        response_in(core, in);
}

/* trunk.unknown: answer-options: monitors of the network see that we are there, and nothing more.
 */
static void unknown_options(struct core *core, struct inbound *in, const struct event *event)
{
    if (sip_msg_read(event->datagram.bytes, event->datagram.n, &core->msg) == SIP_OK &&
        core->msg.is_request && core->msg.method == METHOD_OPTIONS &&
        rate_allows(core, &in->from)) {
        in->msg = &core->msg;
        in->call_id = sip_value(in->msg, HEADER_CALL_ID);
        core_count(core, NULL, COUNT_sip_requests_in);
        reply_stateless(core, in, 200, NULL, "");
        return;
    }
    core_count(core, NULL, COUNT_drop_unknown_source);
}

/* Running calls keep the exchange they began with over a reload. */
static bool from_exchange(const struct core *core, const struct addr *from)
{
    bool known = is_exchange_ip(core->conf, from);
    for (size_t i = 0; !known && i < core->n_formers; i++)
        known = is_exchange_ip(core->formers[i].conf, from);
    return known;
}

void datagram_in(struct core *core, const struct event *event)
{
    uint16_t id = event->datagram.socket;
    core_count(core, NULL, COUNT_datagrams_in);
    if (id >= CORE_MAX_SOCKETS || core->sockets[id].use == SOCKET_NONE) {
        core_count(core, NULL, COUNT_drop_unknown_source);
        return;
    }
    const struct socket *socket = &core->sockets[id];
    struct inbound in = {
        .socket = id, .side = (enum side)socket->side, .from = event->datagram.from};
    if (in.side == SIDE_EXCHANGE) {
        if (!from_exchange(core, &in.from)) {
            unknown_log(core, id, &in.from, "outside exchange.sources");
            core_count(core, NULL, COUNT_drop_not_exchange);
            return;
        }
        in.peer = socket->peer;
    } else {
        in.peer = peer_by_source(core, id, &in.from);
        if (!in.peer) {
            unknown_log(core, id, &in.from, "no peer's address");
            if (core->conf->trunk.unknown == UNKNOWN_ANSWER_OPTIONS)
                unknown_options(core, &in, event);
            else
                core_count(core, NULL, COUNT_drop_unknown_source);
            return;
        }
    }
    if (event->datagram.truncated)
        core_count(core, in.peer, COUNT_drop_oversize);
    else
        parse(core, &in, event->datagram.bytes, event->datagram.n);
}
