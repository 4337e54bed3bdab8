/*
 * aim.c - where the media of a call is sent. What a side writes into its SDP is reached as the map
 * says, else as configured.
 */
#include "proxy/core/aim.h"
#include "proxy/core/host.h"
#include "proxy/core/media.h"
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
    return addr_equal(&a->rtp, &b->rtp) && addr_equal(&a->rtcp, &b->rtcp) && a->live == b->live &&
           a->muted == b->muted && a->mux == b->mux && a->is_rtp == b->is_rtp;
}

void aim_apply(struct core *core, struct call *call, unsigned line, enum side to,
               const struct media_target *t)
{
    struct media_line *m = &call->media[line];
    bool same = aim_same(&m->now[to], t), muxed = media_is_muxed(m);
    m->now[to] = *t;
    if (m->open && !same)
        media_target(core, call, line, to);
    if (m->open && media_is_muxed(m) != muxed)
        media_target(core, call, line, side_other(to));
}
