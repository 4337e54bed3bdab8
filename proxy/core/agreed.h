/*
 * agreed.h - what the two sides of a dialog agreed about media (RFC 3264 §4: one state per dialog),
 * and which dialog of a call has the relay.
 *
 * An offer waits with the one who carries it: a request's with its server transaction, a response's
 * with its dialog. So a refusal has nothing to undo, and offers in several dialogs, of both sides
 * at once, or two of one side do not touch each other.
 */
#ifndef CORE_AGREED_H
#define CORE_AGREED_H

#include "proxy/core/state.h"

/* A copy of n targets takes the place of what was there. Out of memory: nothing is kept. */
void targets_set(struct targets *t, const struct media_target *v, uint32_t n);
void targets_free(struct targets *t);

/* What a dialog holds of its own, when it ends. */
void agreed_free(struct dialog *dialog);

/* An offer came. While the call is not up and nothing was agreed in it, it counts at once: early
 * media and punching need a target. Later it changes nothing. */
void agreed_offered(struct core *core, struct call *call, enum side offerer,
                    const struct targets *offer);

/* Its answer came: both count, and this dialog has the relay. Where that was another one's, what it
 * had latched is forgotten. */
void agreed_conclude(struct core *core, struct call *call, struct dialog *dialog, enum side offerer,
                     const struct targets *offer, const struct targets *answer);

/* From here to agreed_final happens what the refusal of that INVITE undoes (RFC 3261 §14.1): a
 * reliable 1xx of it came in a running dialog. */
void agreed_within(struct dialog *dialog, core_id invite);
/* Something is about to be agreed within that INVITE; what stands now is kept. */
void agreed_keep(struct dialog *dialog);
/* An UPDATE was accepted meanwhile: what it agreed stands (RFC 6141 §3.3). */
void agreed_stands(struct dialog *dialog);
/* That INVITE has its final answer, or never gets one. */
void agreed_final(struct core *core, struct call *call, core_id invite, bool accepted);

/* A dialog ended while others ring: if it had the relay, the newest that agreed has it now. */
void agreed_left(struct core *core, struct call *call);

/* This dialog answered for good: it has the relay, whichever spoke last. */
void agreed_winner(struct core *core, struct call *call, struct dialog *dialog);

#endif
