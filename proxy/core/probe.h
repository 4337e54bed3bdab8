/*
 * probe.h - liveness of peers and of the exchange: an OPTIONS now and then.
 */
#ifndef CORE_PROBE_H
#define CORE_PROBE_H

#include "proxy/core/state.h"

void probe_start(struct core *core, struct prober *prober, msec at); /* UINT64_MAX: never */
void probe_due(struct core *core, struct prober *prober);
/* The peer has another address: what is under way asks the wrong place, the next one goes at once.
 */
void probe_moved(struct core *core, struct peer *peer);
void probe_now(struct core *core, struct peer *peer); /* for a view that is wanted at once */

/* Nothing is known of it any more: it has moved, or is not probed from now on. */
void probe_forget(struct core *core, struct prober *prober);
/* A request or a final answer came: up. peer NULL: from the exchange. */
void probe_heard(struct core *core, struct peer *peer);
/* The transaction of a probe is over. */
void probe_over(struct core *core, const struct client_txn *txn, bool answered);

#endif
