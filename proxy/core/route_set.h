/*
 * route_set.h - route sets as they are kept: whole lines, ready to be put into a request.
 */
#ifndef CORE_ROUTE_SET_H
#define CORE_ROUTE_SET_H

#include "proxy/core/limits.h"
#include "proxy/sip/msg.h"

/* Whole "Route: ...\r\n" lines from the values of a header: Record-Route (RFC 3261 §12.1: of a
 * request in its order, of a response reversed), Path (RFC 3327) or Service-Route (RFC 3608), both
 * in their order. Returns bytes written; 0: none, or more than can be kept. */
size_t route_set(const struct sip_msg *msg, enum sip_header_id header, bool reversed, char *out,
                 size_t room);

#endif
