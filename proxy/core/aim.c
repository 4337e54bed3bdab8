/*
 * aim.c - where the media of a call is sent. What a side writes into its SDP is reached as the map
 * says, else as configured; names are reached once they are looked up.
 */
#include "proxy/core/aim.h"
#include "proxy/core/base.h"
#include "proxy/core/host.h"
#include "proxy/core/media.h"
#include "proxy/core/name.h"
#include "proxy/core/peer.h"
#include "proxy/core/sockets.h"

enum aim_rule aim_reached(const struct core *core, const struct crossing *x,
                          const struct addr *written, bool believed, struct addr *out)
{
    *out = addr_with_port(x->in->from, 0);
    if (!addr_is_set(written))
        return AIM_BY_SIGNALLING; /* a name: where its signalling comes from */
    if (x->in->side == SIDE_EXCHANGE) {
        if (!is_exchange_ip(x->call ? x->call->conf : core->conf, written))
            return AIM_BY_SIGNALLING;
    } else if (map_forward(&x->rules->map, written, out) >= 0) {
        return AIM_MAP;
    } else if (!believed || !host_is_usable(&core->sockets[x->in->socket].addr, written)) {
        return addr_same_ip(written, &x->in->from) ? AIM_AS_WRITTEN : AIM_BY_SIGNALLING;
    }
    *out = addr_with_port(*written, 0);
    return AIM_AS_WRITTEN;
}

struct addr aim_told(const struct core *core, const struct crossing *x, const struct sdp_host *host,
                     bool foreign)
{
    struct addr out;
    bool believed = host_is_believed(x->rules, foreign);
    if (x->rules->media == MEDIA_RELAY || x->to == SIDE_PEER)
        return addr_with_port(own_address(core, x->to, x->peer, x->call), 0);
    if (!addr_is_set(&host->addr) && believed)
        return (struct addr){0}; /* media: direct: whoever sends there looks it up */
    aim_reached(core, x, &host->addr, believed, &out);
    return out;
}

/* ---- targets */

static bool aim_same(const struct media_target *a, const struct media_target *b)
{
    return addr_equal(&a->rtp, &b->rtp) && addr_equal(&a->rtcp, &b->rtcp) && a->host == b->host &&
           a->rtcp_host == b->rtcp_host && a->live == b->live && a->muted == b->muted &&
           a->mux == b->mux && a->is_rtp == b->is_rtp;
}

void aim_apply(struct core *core, struct call *call, unsigned line, enum side to,
               const struct media_target *t, bool anew)
{
    struct media_line *m = &call->media[line];
    struct media_target placed = *t; /* its names may have been answered for since it was read */
    if (to == SIDE_PEER)
        aim_place(call, &placed);
    bool same = aim_same(&m->now[to], &placed), muxed = media_is_muxed(m);
    m->now[to] = placed;
    if (m->open && (anew || !same))
        media_target(core, call, line, to);
    if (m->open && media_is_muxed(m) != muxed)
        media_target(core, call, line, side_other(to));
}

/* ---- names */

void aim_place(const struct call *call, struct media_target *t)
{
    const struct media_host *host = host_at(call, SIDE_PEER, t->host);
    const struct media_host *rtcp = host_at(call, SIDE_PEER, t->rtcp_host);
    if (host && host->n_found)
        t->rtp = addr_with_port(host->found[0], t->rtp.port);
    if (rtcp && rtcp->n_found && addr_is_set(&t->rtcp))
        t->rtcp = addr_with_port(rtcp->found[0], t->rtcp.port);
}

/* Where that name is has become known, or has changed. What an older SDP named is nobody's target
 * any more, and does not move; what is offered or agreed elsewhere is placed when it counts. */
static void targets_move(struct core *core, struct call *call, uint8_t host)
{
    for (unsigned i = 0; i < call->n_media; i++) {
        struct media_line *m = &call->media[i];
        const struct media_target *now = &m->now[SIDE_PEER];
        aim_place(call, &m->now[SIDE_PEER]);
        if (m->open && (now->host == host || now->rtcp_host == host))
            media_target(core, call, i, SIDE_PEER);
    }
}

static void host_answered(struct core *core, struct call *call, uint8_t number,
                          const struct name *name)
{
    struct media_host *host = host_at(call, SIDE_PEER, number);
    if (host_named(core, call, host, name))
        targets_move(core, call, number);
    if (!host_is_name(core, call, host, name) || !host_is_believed(call->rules, host->foreign))
        return;
    if (host->n_found)
        peer_unwarn(call->peer, WARN_MEDIA_NAME);
    else
        peer_warn(core, call->peer, WARN_MEDIA_NAME,
                  "announces %.100s for media, which %s: sent where its signalling comes from",
                  name->text,
                  name->n ? "has no address that can be reached from here" : "does not resolve");
}

static struct call *next_running(struct core *core, uint32_t *cursor)
{
    struct call *call;
    while ((call = pool_next(&core->calls, cursor))) {
        if (call->phase != PHASE_ENDED)
            return call;
    }
    return NULL;
}

void aim_named(struct core *core, const struct name *name)
{
    uint32_t cursor = 0;
    struct call *call;
    while ((call = next_running(core, &cursor))) {
        for (uint8_t n = 1; n <= call->n_hosts[SIDE_PEER]; n++)
            host_answered(core, call, n, name);
    }
}

void aim_names_again(struct core *core)
{
    uint32_t cursor = 0;
    struct call *call;
    core->names_due = false;
    while ((call = next_running(core, &cursor))) {
        for (uint8_t n = 1; n <= call->n_hosts[SIDE_PEER]; n++) {
            if (host_look(core, call, host_at(call, SIDE_PEER, n)))
                targets_move(core, call, n);
        }
    }
}
