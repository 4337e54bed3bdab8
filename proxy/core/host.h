/*
 * host.h - the hosts that the sides of a call write into its SDP: which were there before, whom
 * they belong to, and where a name is.
 */
#ifndef CORE_HOST_H
#define CORE_HOST_H

#include "proxy/core/state.h"
#include "sdp/sdp.h"

/* The one this side wrote before; NULL: never. */
struct media_host *host_find(struct call *call, enum side side, const struct sdp_host *host);
/* Remembers it; foreign: of a third party. NULL: there are MAX_HOSTS already, or it is neither
 * address nor name. */
struct media_host *host_note(struct call *call, enum side side, const struct sdp_host *host,
                             bool foreign);
/* How a target refers to it: from 1; 0: not at all. host_at: NULL for what is none. */
uint8_t host_number(const struct call *call, enum side side, const struct media_host *host);
struct media_host *host_at(const struct call *call, enum side side, uint8_t number);

/* Does an address that the peer writes count as it stands, where no map knows better? */
bool host_is_believed(const struct conf_peer *rules, bool foreign);
/* ... and could media be sent there from our socket? Never to a group, and to our own loopback only
 * where the peer is reached that way. */
bool host_is_usable(const struct addr *socket, const struct addr *written);

/* Is it that name, in the family that this call could reach? */
bool host_is_name(const struct core *core, const struct call *call, const struct media_host *host,
                  const struct name *name);
/* Where the name that the peer wrote is, as far as its answer can change where media goes: looked
 * up, or taken from what is known. True: found[] has changed. */
bool host_look(struct core *core, struct call *call, struct media_host *host);
/* The same for an answer that has come. False also where this host is not that name. */
bool host_named(struct core *core, struct call *call, struct media_host *host,
                const struct name *name);

void hosts_free(struct call *call);

#endif
