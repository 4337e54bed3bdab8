/*
 * destination.h - where a request outside dialogs goes, and under which Request-URI.
 */
#ifndef CORE_DESTINATION_H
#define CORE_DESTINATION_H

#include "proxy/core/cross.h"

struct destination {
    struct addr to;
    struct span uri;    /* p == NULL: untouched */
    struct span routes; /* whole lines */
    char uri_text[MAX_URI];
    char route_text[2048];
};

/* One of our own addresses in the Request-URI means a registered Contact, or the other side itself;
 * the exchange's own Routes are taken off. */
void destination_find(struct core *core, const struct inbound *in, struct destination *d);

/* False: nowhere to send to; st has been answered, or is left without an answer (OPTIONS). */
bool destination_reachable(struct core *core, struct server_txn *st, const struct addr *to);

/* destination_find and request_forward in one, for requests without a call. */
void request_forward_plain(struct core *core, struct server_txn *st, struct crossing *x,
                           struct edits *edits);
/* Any request without a dialog: passes, addresses of both sides translated. */
void plain_request(struct core *core, struct server_txn *st, struct inbound *in);

#endif
