#include "proxy/relay/latch.h"

static const struct addr nobody;

static bool source_allowed(const struct latch_rule *rule, const struct addr *from)
{
    if (rule->policy == LATCH_ANY)
        return true;
    for (size_t i = 0; i < rule->n_sources; i++) {
        if (prefix_contains(&rule->sources[i], from))
            return true;
    }
    return false;
}

static enum latch_answer latch_take(struct latch *latch, const struct addr *from, msec now)
{
    latch->held = *from;
    latch->heard = (uint32_t)now;
    return LATCH_NEW;
}

enum latch_answer latch_consider(struct latch *latch, const struct latch_rule *rule,
                                 const struct addr *from, msec now)
{
    /* An RTCP port that SDP did not name is a guess, but as good as any: it wins as well. */
    if (addr_equal(from, &latch->target))
        return latch_take(latch, from, now);
    if (rule->policy == LATCH_STRICT)
        return LATCH_FOREIGN;
    if (addr_is_set(&latch->held) && (uint32_t)now - latch->heard < LATCH_SILENCE_MS)
        return LATCH_FOREIGN;
    return source_allowed(rule, from) ? latch_take(latch, from, now) : LATCH_FOREIGN;
}

/* "Hold" is written as 0.0.0.0 or port 0 (RFC 3264 section 8.4): nobody is there. */
static struct addr addr_usable(const struct addr *a)
{
    return addr_is_set(a) && a->port != 0 && !addr_is_wildcard(a) ? *a : nobody;
}

static struct addr port_above(const struct addr *a)
{
    return addr_is_set(a) && a->port < UINT16_MAX ? addr_with_port(*a, (uint16_t)(a->port + 1))
                                                  : nobody;
}

static void latch_retarget(struct latch *latch, uint8_t policy, struct addr target, bool relearn)
{
    latch->target = target;
    if (relearn || (policy == LATCH_STRICT && !addr_equal(&latch->held, &target)))
        latch->held = nobody;
}

void latch_signal(struct latch *rtp_port, struct latch *rtcp_port, const struct latch_rule *rule,
                  const struct addr *rtp, const struct addr *rtcp, bool relearn)
{
    struct addr target = addr_usable(rtp), control = addr_usable(rtcp);
    rtcp_port->named = addr_is_set(&control);
    if (!rtcp_port->named)
        control = port_above(&target);
    latch_retarget(rtp_port, rule->policy, target, relearn);
    latch_retarget(rtcp_port, rule->policy, control, relearn);
}

struct addr latch_aim(const struct latch *rtp_port)
{
    return addr_is_set(&rtp_port->held) ? rtp_port->held : rtp_port->target;
}

struct addr latch_aim_rtcp(const struct latch *rtcp_port, const struct latch *rtp_port)
{
    if (!addr_is_set(&rtcp_port->held) && !rtcp_port->named && addr_is_set(&rtp_port->held))
        return port_above(&rtp_port->held);
    return latch_aim(rtcp_port);
}
