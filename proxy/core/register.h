/*
 * register.h - REGISTER both ways (RFC 3261 §10).
 */
#ifndef CORE_REGISTER_H
#define CORE_REGISTER_H

#include "proxy/core/inbound.h"

void register_request(struct core *core, struct server_txn *st, struct inbound *in);
void register_response(struct core *core, struct server_txn *st, const struct inbound *in);
void register_silence(struct core *core, struct server_txn *st);

#endif
