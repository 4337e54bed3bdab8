/*
 * host.h - the hosts that the sides of a call write into its SDP: which were there before, and whom
 * they belong to. Names are none of them.
 */
#ifndef CORE_HOST_H
#define CORE_HOST_H

#include "proxy/core/state.h"
#include "sdp/sdp.h"

/* The one this side wrote before; NULL: never. */
struct media_host *host_find(struct call *call, enum side side, const struct sdp_host *host);
/* Remembers it; foreign: of a third party. NULL: there are MAX_HOSTS already. */
struct media_host *host_note(struct call *call, enum side side, const struct sdp_host *host,
                             bool foreign);
/* Does an address that the peer writes count as it stands, where no map knows better? */
bool host_is_believed(const struct conf_peer *rules, bool foreign);
/* ... and could media be sent there from our socket? Never to a group, and to our own loopback only
 * where the peer is reached that way. */
bool host_is_usable(const struct addr *socket, const struct addr *written);

void hosts_free(struct call *call);

#endif
