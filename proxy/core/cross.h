/*
 * cross.h - one message from one side to the other: which header lines change, and how.
 */
#ifndef CORE_CROSS_H
#define CORE_CROSS_H

#include "proxy/core/inbound.h"

struct crossing {
    const struct inbound *in;
    enum side to;
    struct peer *peer;
    const struct conf_peer *rules;
    const struct call *call; /* may be NULL */
    struct span request_uri; /* p == NULL: untouched */
    struct span vias;        /* whole lines in place of all Vias */
    struct span routes;      /* whole lines */
    struct span returns;     /* whole lines, in responses: Record-Route or Path of the request */
    bool contacts_done;      /* somebody else edits the Contacts (REGISTER) */
    bool drop_body;
};

/* A crossing of the message in hand toward the other side. call may be NULL. */
struct crossing crossing_of(const struct inbound *in, const struct call *call);

/* Begins the edit list of the message in hand; edits count from its first byte. */
struct edits *cross_begin(struct core *core);

/* Adds the header edits and renders. Returns 0 with *out (in core->render, until the next message
 * is rendered), EMSGSIZE (too big to send) or EINVAL (a header that must change cannot be read). */
int cross_render(struct core *core, const struct crossing *x, struct edits *edits,
                 struct span *out);

/* How many bytes of SIP go to the peer without fragments, by its mtu. */
size_t mtu_room(const struct peer *peer, const struct conf_peer *rules);

/* "Via: SIP/2.0/UDP host:port;rport;branch=...\r\n" of a request sent as ct. via_value is what
 * stands behind "SIP/2.0/UDP ". */
struct span via_line(const struct core *core, const struct client_txn *ct, const struct call *call,
                     char *out, size_t room);
struct span via_value(struct span line);

#endif
