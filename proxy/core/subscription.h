/*
 * subscription.h - how long a dialog without INVITE lives (RFC 6665, 3515): what SUBSCRIBE, REFER,
 * NOTIFY and their answers say of it.
 */
#ifndef CORE_SUBSCRIPTION_H
#define CORE_SUBSCRIPTION_H

#include "proxy/core/inbound.h"

/* A NOTIFY in a dialog that no INVITE made. */
void subscription_notified(struct core *core, struct call *call, const struct inbound *in);
/* An answer in such a dialog: 2xx to SUBSCRIBE and REFER confirm the dialog of their To-tag. */
void subscription_answered(struct core *core, struct call *call, const struct inbound *in);

#endif
