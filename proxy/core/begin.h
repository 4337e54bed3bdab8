/*
 * begin.h - requests that begin a dialog: INVITE, and what makes dialogs without one.
 */
#ifndef CORE_BEGIN_H
#define CORE_BEGIN_H

#include "proxy/core/inbound.h"

/* While our address as the peer sees it is unknown, an INVITE to it waits behind a probe. True: it
 * does, and will be given to request_resume. */
bool hold_for_view(struct core *core, struct server_txn *st, const struct inbound *in);
void invite_request(struct core *core, struct server_txn *st, struct inbound *in);
void event_request(struct core *core, struct server_txn *st, struct inbound *in);

#endif
