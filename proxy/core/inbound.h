/*
 * inbound.h - a SIP message in hand, with the values every rule needs.
 */
#ifndef CORE_INBOUND_H
#define CORE_INBOUND_H

#include "proxy/core/state.h"

/* Lives as long as the datagram. */
struct inbound {
    uint16_t socket;
    enum side side;
    struct addr from;
    struct peer *peer; /* from the peer's side always; from the exchange's once it is known */
    const struct sip_msg *msg;
    struct sip_via via;                    /* topmost */
    struct span call_id, from_tag, to_tag; /* tags: p == NULL: none */
};

/* Reads those values from msg into *in, whose msg is set. False: one of them is unreadable. */
bool inbound_read(struct inbound *in);

#endif
