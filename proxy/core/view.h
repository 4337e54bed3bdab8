/*
 * view.h - our address as a peer knows it: configured, else learned, else guessed.
 */
#ifndef CORE_VIEW_H
#define CORE_VIEW_H

#include "proxy/core/state.h"

struct view view_now(const struct core *core, const struct peer *peer);
bool view_confirmed(const struct core *core, const struct peer *peer); /* better than a guess */

/* Something was seen. Calls that wait for the view go on with the next event. */
void view_learn(struct core *core, struct peer *peer, enum view_source source, struct addr seen);
void view_load(struct core *core, struct span name, struct span value); /* a stored one */

#endif
