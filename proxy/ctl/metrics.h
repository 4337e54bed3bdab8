/*
 * metrics.h - counters and states as Prometheus text, a family of lines at a time.
 */
#ifndef CTL_METRICS_H
#define CTL_METRICS_H

#include "proxy/core/info.h"
#include "proxy/ctl/page.h"

/* Adds the lines of family `index`, for peers too; false past the last. What a peer-labelled
 * counter shows beside its peers, with an empty label, is what belongs to no peer of this
 * configuration: the sum over the label is the total that /v1/stats shows. */
bool metrics_family(const struct core *core, const struct counters *shell, msec now, size_t index,
                    struct page *out);

#endif
