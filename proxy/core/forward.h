/*
 * forward.h - a message that crosses, given to the transaction that carries it.
 */
#ifndef CORE_FORWARD_H
#define CORE_FORWARD_H

#include "proxy/core/cross.h"
#include "proxy/core/offer.h"

/* Renders, takes a client transaction and sends. Answers st itself where that fails (NULL). */
struct client_txn *request_forward(struct core *core, struct server_txn *st, struct crossing *x,
                                   struct edits *edits, const struct addr *dest, bool offer);

/* Renders an answer toward st's sender and gives it to the transaction; one that cannot be passed
 * on is answered 502: false. */
bool answer_forward(struct core *core, struct server_txn *st, struct crossing *x,
                    struct edits *edits);

/* Answers st with what refused the SDP of the request in hand. */
void sdp_refused(struct core *core, struct server_txn *st, const struct inbound *in,
                 const struct sdp_refusal *refusal);

#endif
