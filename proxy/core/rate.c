/*
 * rate.c - how fast one source may ask: a bounded table of token buckets.
 */
#include "proxy/core/rate.h"

/* Tokens in thousandths, refilled by time; a full table forgets the source longest silent. */
bool rate_allows(struct core *core, const struct addr *from)
{
    uint32_t rate = core->conf->limits.requests_per_second_per_source;
    struct source *oldest = &core->sources[0], *s = NULL;
    if (!rate)
        return true;
    struct span ip = span_of((const char *)from->ip, sizeof from->ip);
    size_t home = hash_spans(&core->seed, &ip, 1) % MAX_SOURCES;
    for (size_t i = 0; i < 8 && !s; i++) {
        struct source *at = &core->sources[(home + i) % MAX_SOURCES];
        if (addr_same_ip(&at->addr, from))
            s = at;
        else if (i == 0 || at->at < oldest->at)
            oldest = at;
    }
    if (!s) {
        s = oldest;
        *s = (struct source){*from, core->now, rate * 1000};
    }
    uint64_t milli = s->milli + (core->now - s->at) * rate;
    s->milli = milli > (uint64_t)rate * 1000 ? rate * 1000 : (uint32_t)milli;
    s->at = core->now;
    if (s->milli < 1000)
        return false;
    s->milli -= 1000;
    return true;
}
