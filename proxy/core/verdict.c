/*
 * verdict.c - who was heard: judged from the packets of each side, over all m-lines of a call.
 */
#include "proxy/core/verdict.h"
#include "proxy/core/media.h"

#define VERDICT_WAIT 3000 /* silence is not called silence before the call stood this long, */
#define VERDICT_SHORT \
    1000 /* and in a call that was over at once nobody may have had time to speak */

const char *const liveness_names[] = {"unknown", "up", "down"};
const char *const view_source_names[] = {"", "config", "tailscale", "received", "request", "route"};
const char *const call_state_names[] = {"trying", "early", "up", "held", "ended"};
const char *const verdict_names[] = {
    "pending", "two-way", "one-way-from-exchange", "one-way-from-peer",
    "silent",  "held",    "not-relayed",
};

enum verdict verdict_of(const struct core *core, const struct call *call)
{
    bool heard[2] = {false, false}, relayed = false;
    for (uint32_t i = 0; i < call->n_media; i++) {
        const struct media_line *m = &call->media[i];
        struct relay_figures f = media_figures(core, m);
        relayed = relayed || m->port[0];
        for (enum side side = SIDE_EXCHANGE; side <= SIDE_PEER; side++) {
            const struct relay_leg *to = &f.leg[side_other(side)];
            bool unsent = to->send_errors && !to->tx_packets; /* forbidden here, or no route */
            heard[side] = heard[side] || ((m->heard[side] || f.leg[side].rx_packets) && !unsent);
        }
    }
    if (!relayed)
        return call->answered ? VERDICT_NOT_RELAYED : VERDICT_PENDING;
    if (heard[0] && heard[1])
        return VERDICT_TWO_WAY;
    msec until = call->phase == PHASE_ENDED ? call->ended : core->now;
    msec wait = call->phase == PHASE_ENDED ? VERDICT_SHORT : VERDICT_WAIT;
    if (!call->answered || until - call->answered < wait)
        return VERDICT_PENDING;
    if (call->phase == PHASE_ENDED ? call->held : call_is_held(call))
        return VERDICT_HELD;
    return heard[SIDE_EXCHANGE] ? VERDICT_FROM_EXCHANGE
           : heard[SIDE_PEER]   ? VERDICT_FROM_PEER
                                : VERDICT_SILENT;
}
