#include "proxy/core/counters.h"

const struct counter_info counter_table[COUNTER_COUNT] = {
#define X(name, per_peer, help) [COUNT_##name] = {#name, per_peer, help},
    COUNTERS(X)
#undef X
};
