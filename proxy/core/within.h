/*
 * within.h - requests inside dialogs, and the ACK of a 2xx: from one leg to the other.
 */
#ifndef CORE_WITHIN_H
#define CORE_WITHIN_H

#include "proxy/core/inbound.h"

void dialog_request(struct core *core, struct server_txn *st, struct inbound *in);
void ack_forward(struct core *core, struct inbound *in);

#endif
