/*
 * call.h - the life of a call, or of a dialog without INVITE.
 */
#ifndef CORE_CALL_H
#define CORE_CALL_H

#include "proxy/core/inbound.h"

uint64_t call_key(const struct core *core, struct span call_id);

/* NULL: no memory, or every slot is in use. */
struct call *call_new(struct core *core, const struct inbound *in, enum call_kind kind);
/* By Call-ID and the tags as they stand in a message of from_side; peer NULL = any. *from_caller:
 * whether the one who called sent it. NULL: none. */
struct call *call_find(struct core *core, const struct peer *peer, struct span call_id,
                       struct span from_tag, struct span to_tag, enum side from_side,
                       bool *from_caller);
/* The call that waits for this INVITE with credentials; it goes on with its ports. NULL: none. */
struct call *call_retry(struct core *core, const struct inbound *in);

/* A running call of which only this re-INVITE is known; `target`: the other one's Contact URI.
 * NULL: over a limit, or no memory. */
struct call *call_adopt(struct core *core, const struct inbound *in, struct span target);

void call_up(struct core *core, struct call *call, struct dialog *winner);
void call_touch(struct core *core, struct call *call); /* sets its deadline anew */
void call_due(struct core *core, struct call *call);

/* It is over. `end` counts unless something ended it before. */
void call_end(struct core *core, struct call *call, enum call_end end, unsigned status);
/* Ends it toward both sides: BYE, or CANCEL and an answer. reason: for a Warning. */
void call_hangup(struct core *core, struct call *call, enum call_end end, unsigned status,
                 const char *reason);
void call_bye_over(struct core *core, const struct client_txn *ct); /* a BYE was answered or not */
/* ACK for a 2xx that nobody else will acknowledge, and a BYE (one for all copies of it) for the
 * dialog that it makes (RFC 3261 §13.2.2.4). */
void call_ack_2xx(struct core *core, struct client_txn *invite, const struct inbound *in, bool bye);

void call_enter(struct core *core, struct call *call); /* counts and lists it; for call_load */
void call_free(struct core *core, struct call *call);

/* Report of a media worker: closed, idle, heard. */
void call_report(struct core *core, const struct event *event);

#endif
