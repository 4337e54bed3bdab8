/*
 * route.h - which peer a request of the exchange means, and where requests inside dialogs go.
 */
#ifndef CORE_ROUTE_H
#define CORE_ROUTE_H

#include "proxy/core/inbound.h"

enum route_result { ROUTE_FOUND, ROUTE_NONE, ROUTE_SEVERAL, ROUTE_SCHEME };
/* For a request of the exchange outside any known transaction or dialog on the shared socket. `why`
 * gets a reason phrase that names the host looked for. */
enum route_result route_peer(struct core *core, const struct inbound *in, struct peer **peer,
                             char *why, size_t room);

/* Where the address written in a URI is reached: by map, or as written; false: signalling knows
 * better. */
bool route_written(const struct conf_peer *rules, const struct sip_uri *uri, struct addr *to);

/* Where a request inside a dialog goes on that side (RFC 3261 §12.2.1.1, and what translated
 * addresses make of it). */
struct addr route_leg(enum side side, const struct call *call, const struct leg *leg);

/* For a request inside a dialog, whose URI is the target: under a route set that begins with a
 * strict router (no ;lr) that router is the Request-URI and the target the last Route (RFC 3261
 * §12.2.1.1). Both views may then be of a buffer of this function, until it is called again. */
void route_strict(struct span *uri, struct span *routes);

#endif
