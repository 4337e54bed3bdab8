/*
 * sockets.h - SIP sockets as the core knows them, and whose address they are.
 */
#ifndef CORE_SOCKETS_H
#define CORE_SOCKETS_H

#include "proxy/core/state.h"

/* A former socket stays open for as long as a call or transaction holds it. */
void socket_hold(struct core *core, uint16_t id);
void socket_release(struct core *core, uint16_t id);

/* The first socket of trunk.listen of that family; *id is untouched where there is none. */
bool trunk_find(const struct core *core, uint8_t family, uint16_t *id);

/* Our own address as one side of this peer knows it, for Contact, Via and SDP. With a call: the one
 * it began with. call may be NULL. */
struct addr own_address(const struct core *core, enum side side, const struct peer *peer,
                        const struct call *call);
/* The socket that serves this side of the peer; with a call, the one it began with. */
uint16_t own_socket(const struct peer *peer, enum side side, const struct call *call);
/* Does the peer share exchange.local with others, so that `;tt=` has to tell them apart? */
bool is_shared(const struct core *core, const struct peer *peer);
/* Is this host:port (port 0 = 5060) one of our own addresses on that side: a socket, or what the
 * peer knows us by? peer may be NULL. */
bool is_own(const struct core *core, enum side side, const struct peer *peer, const struct addr *a);
/* Is this IP the exchange's, by exchange.sources? */
bool is_exchange_ip(const struct conf *conf, const struct addr *a);

#endif
