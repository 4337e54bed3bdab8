/*
 * client_txn.h - client transactions over UDP: what we asked, of whom, and until when (RFC 3261
 * §17.1).
 */
#ifndef CORE_CLIENT_TXN_H
#define CORE_CLIENT_TXN_H

#include "proxy/core/inbound.h"

#define BRANCH_PREFIX "z9hG4bKtt"
#define BRANCH_TEXT 48 /* bytes of a printed branch */

/* A new one, which holds the peer; call may be NULL. NULL: limit reached. */
struct client_txn *client_new(struct core *core, enum sip_method method, enum side side,
                              struct peer *peer, const struct call *call);
void client_branch(const struct client_txn *ct, char *out);
/* Takes a copy of the rendered request, sends it and starts its timers. */
void client_send(struct core *core, struct client_txn *ct, const struct addr *dest,
                 struct span bytes);
struct client_txn *client_find(struct core *core, struct span branch); /* NULL: none of ours */

/* An answer came: moves the state, acknowledges a refused INVITE. What it means is response.c's
 * business. */
void client_response(struct core *core, struct client_txn *ct, const struct inbound *in);
void client_ack_again(struct core *core, const struct client_txn *ct);
/* CANCEL, now or at the first 1xx (RFC 3261 §9.1). reason: of a Reason header, or p == NULL. */
void client_cancel(struct core *core, struct client_txn *ct, struct span reason);

/* Its timer. CLIENT_SILENT: it waited long enough, and whoever began it decides; CLIENT_OVER: it is
 * to be freed. */
enum client_event { CLIENT_NOTHING, CLIENT_SILENT, CLIENT_OVER };
enum client_event client_due(struct core *core, struct client_txn *ct);
/* An INVITE that waited long enough: no more copies, CANCEL at the first 1xx, a last wait. */
void client_give_up(struct core *core, struct client_txn *ct);
void client_cancel_answered(struct core *core, struct client_txn *ct); /* no more copies of it */
/* Sends the request again now, and its copies from T1 on again. */
void client_again(struct core *core, struct client_txn *ct);
/* Waits that much longer. */
void client_wait(struct core *core, struct client_txn *ct, uint32_t ms);
void client_free(struct core *core, struct client_txn *ct);

#endif
