/*
 * rate.h - how fast one source may ask: a bounded table of token buckets.
 */
#ifndef CORE_RATE_H
#define CORE_RATE_H

#include "proxy/core/state.h"

/* Takes one token of that source; false: none left. */
bool rate_allows(struct core *core, const struct addr *from);

#endif
