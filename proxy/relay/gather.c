#include "proxy/relay/gather.h"

void gather_decide(struct gather *gather, msec now)
{
    msec ms = now - gather->since;
    uint64_t limit = gather->us > 0 ? GATHER_BELOW : GATHER_FROM;
    gather->us = 0;
    if (gather->packets * UINT64_C(1000) >= limit * ms) {
        uint64_t us = GATHER_PACKETS * UINT64_C(1000) * ms / gather->packets;
        gather->us = us < GATHER_US_MAX ? (uint32_t)us : GATHER_US_MAX;
    }
    gather->packets = 0;
    gather->since = now;
}
