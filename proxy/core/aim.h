/*
 * aim.h - where the media of a call is sent, and what is told of it.
 */
#ifndef CORE_AIM_H
#define CORE_AIM_H

#include "proxy/core/cross.h"
#include "sdp/sdp.h"

enum aim_rule { AIM_AS_WRITTEN, AIM_MAP, AIM_BY_SIGNALLING };

/* The IP behind an address that the sender wrote into its SDP, as reached from here. believed: what
 * a peer writes counts where no map knows better. ADDR_NONE, a name: where signalling comes from.
 */
enum aim_rule aim_reached(const struct core *core, const struct crossing *x,
                          const struct addr *written, bool believed, struct addr *out);

/* What the other side is told instead of a host; ADDR_NONE: the host as it is written. */
struct addr aim_told(const struct core *core, const struct crossing *x, const struct sdp_host *host,
                     bool foreign);

/* From now on media to that side goes there, and that counts who sends it. anew: somebody else is
 * there, also under the same address: what was latched is forgotten. */
void aim_apply(struct core *core, struct call *call, unsigned line, enum side to,
               const struct media_target *t, bool anew);

/* Puts the addresses of names into a target, as far as they are known by now. */
void aim_place(const struct call *call, struct media_target *t);
/* A name that peers write into their SDP was answered for, or not: what goes by it moves. */
void aim_named(struct core *core, const struct name *name);
/* Calls came back, whose names may not have been asked for. */
void aim_names_again(struct core *core);

#endif
