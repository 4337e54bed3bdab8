/*
 * latch.h - who may send on a port, and where its packets go: decisions without sockets or clocks.
 *
 * A port starts with what SDP signalled. Peers behind translators send from elsewhere, so the first
 * allowed source is held (latched) and answered, until new SDP or until it has been silent long
 * enough for another one to take its place. Whoever sends from exactly the signalled address is
 * right whatever is held.
 */
#ifndef RELAY_LATCH_H
#define RELAY_LATCH_H

#include "proxy/core/event.h"

/* After this long without a packet from the held source, another allowed one may take its place. */
#define LATCH_SILENCE_MS 2000

/* Who may be latched, the same for both ports of a pair. The sources belong to the caller. */
struct latch_rule {
    uint8_t policy; /* enum conf_latch */
    uint8_t n_sources;
    const struct prefix *sources;
};

/* One port of one side. All zero: nobody signalled, nobody held. */
struct latch {
    struct addr held;   /* whose packets arrived; ADDR_NONE = nobody's yet */
    uint32_t heard;     /* msec of the last packet from `held`, its low half: only ages matter */
    struct addr target; /* signalled; ADDR_NONE = not known */
    bool named;         /* RTCP: SDP said where; else the target follows from RTP's */
};

enum latch_answer {
    LATCH_FOREIGN, /* drop it */
    LATCH_KNOWN,   /* from the held source */
    LATCH_NEW,     /* accepted, and now held: what is sent goes there from now on */
};

/* The slow half of latch_accept: a packet from somebody who is not held. */
enum latch_answer latch_consider(struct latch *latch, const struct latch_rule *rule,
                                 const struct addr *from, msec now);

/* May a packet from `from` pass? Remembers who sent when. */
static inline enum latch_answer latch_accept(struct latch *latch, const struct latch_rule *rule,
                                             const struct addr *from, msec now)
{
    if (!addr_equal(from, &latch->held))
        return latch_consider(latch, rule, from, now);
    latch->heard = (uint32_t)now;
    return LATCH_KNOWN;
}

/* SDP was applied to a pair: `rtp` and `rtcp` as signalled (ADDR_NONE, a wildcard or port 0: not
 * known; RTCP then is the port above RTP's, RFC 3550 section 11). With `relearn`, or where the
 * policy no longer allows it, what was held is forgotten. */
void latch_signal(struct latch *rtp_port, struct latch *rtcp_port, const struct latch_rule *rule,
                  const struct addr *rtp, const struct addr *rtcp, bool relearn);

/* Where packets go now; ADDR_NONE: nowhere. RTCP follows an RTP port latched elsewhere as long as
 * neither SDP nor a packet says where RTCP is. */
struct addr latch_aim(const struct latch *rtp_port);
struct addr latch_aim_rtcp(const struct latch *rtcp_port, const struct latch *rtp_port);

#endif
