/*
 * dialog.h - dialogs under a call: one per To-tag (RFC 3261 §12).
 */
#ifndef CORE_DIALOG_H
#define CORE_DIALOG_H

#include "proxy/core/inbound.h"

struct dialog *dialog_find(struct call *call, struct span tag);
struct dialog *dialog_get(struct call *call, struct span tag); /* makes it; NULL: no room */
/* From an answer of the one who was called: source, To; where `refreshes`, target and route set. */
void dialog_learn(struct call *call, struct dialog *dialog, const struct inbound *in,
                  bool refreshes);
void dialog_end(struct call *call, struct dialog *dialog); /* moves those behind it */
/* All but one of them end; NULL: all. */
void dialogs_end(struct call *call, const struct dialog *but);
/* One that a NOTIFY makes, before the 2xx or without one (RFC 6665 §4.4.1); NULL: no room. */
struct dialog *dialog_notified(struct call *call, const struct inbound *in);
void leg_target(struct call *call, struct leg *leg, const struct sip_msg *msg); /* from Contact */

#endif
