/*
 * server_txn.h - server transactions: who asked, and what was answered (RFC 3261 §17.2, RFC 6026).
 */
#ifndef CORE_SERVER_TXN_H
#define CORE_SERVER_TXN_H

#include "proxy/core/inbound.h"

uint64_t server_key(const struct core *core, const struct inbound *in, enum sip_method method);
struct server_txn *server_find(const struct core *core, uint64_t key); /* NULL: none */

/* A new one, which holds in->peer. NULL: limit reached, or out of memory. */
struct server_txn *server_new(struct core *core, const struct inbound *in, uint64_t key);
void server_again(struct core *core, struct server_txn *st, const struct inbound *in); /* a copy */
void server_ack(struct core *core, struct server_txn *st); /* of a non-2xx */

/* An answer of our own; reason NULL = the usual one; extra = whole header lines or "". Nothing
 * happens when a final answer was given before. */
void server_reply(struct core *core, struct server_txn *st, unsigned status, const char *reason,
                  const char *extra);
/* An answer that crossed: rendered bytes, copied. */
void server_forward(struct core *core, struct server_txn *st, unsigned status, struct span bytes);
void server_mute(struct core *core, struct server_txn *st); /* nobody will be told (RFC 4320) */
bool server_answered(const struct server_txn *st); /* a final answer was given, or never will be */

/* Its timer: repeats an answer or ends. Not for one that waits (held). */
void server_due(struct core *core, struct server_txn *st);
void server_free(struct core *core, struct server_txn *st);

/* Without a transaction: one answer, nothing kept. */
void reply_stateless(struct core *core, const struct inbound *in, unsigned status,
                     const char *reason, const char *extra);

#endif
