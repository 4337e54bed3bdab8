/*
 * request.h - the door for requests: repetition? ACK? CANCEL? then checks, the peer, and on.
 */
#ifndef CORE_REQUEST_H
#define CORE_REQUEST_H

#include "proxy/core/inbound.h"

void request_in(struct core *core, struct inbound *in);
void request_resume(struct core *core, struct server_txn *st); /* a held INVITE goes on */

#endif
