/*
 * response.h - the door for answers, and for silence where an answer was due.
 */
#ifndef CORE_RESPONSE_H
#define CORE_RESPONSE_H

#include "proxy/core/inbound.h"

void response_in(struct core *core, struct inbound *in);
void response_missing(struct core *core, struct client_txn *ct); /* frees ct where it is over */

#endif
