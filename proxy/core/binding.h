/*
 * binding.h - registrations: a Contact of one side and what stands for it on the other.
 */
#ifndef CORE_BINDING_H
#define CORE_BINDING_H

#include "proxy/core/state.h"

/* The binding of this Contact, made where needed and mapped anew. NULL: no room. */
struct binding *binding_get(struct core *core, struct peer *peer, enum side registrar,
                            struct span aor, const struct sip_uri *contact);
/* The one whose mapped Contact this is; NULL: none of ours. */
struct binding *binding_mapped(const struct core *core, const struct peer *peer,
                               enum side registrar, const struct sip_uri *uri);
/* The one that a request from the registrar's side means by this URI; NULL: none. */
struct binding *binding_for(const struct core *core, enum side from, const struct peer *peer,
                            const struct sip_uri *uri);
/* The one of this peer and registrar that was granted for the longest; NULL: none of them is. */
struct binding *binding_latest(const struct core *core, const struct peer *peer,
                               enum side registrar);
/* The ways that a REGISTER and its 2xx name: Path (RFC 3327) to the binding, Service-Route (RFC
 * 3608) to the registrar. */
void binding_path(struct binding *b, const struct sip_msg *reg);
void binding_service(struct binding *b, const struct sip_msg *ok);
/* The Service-Route, as whole Route lines, for a request of `from` (its From value) to that
 * registrar: of the registration of that address of record, else of the one that holds longest. p
 * == NULL: none. */
struct span binding_service_route(const struct core *core, const struct peer *peer,
                                  enum side registrar, struct span from);
bool binding_is_granted(const struct core *core, const struct binding *b); /* and holds still */
/* The registrar granted it for that long; 0: it is gone. */
void binding_granted(struct core *core, struct binding *b, uint32_t seconds);
/* The next binding of this AOR, peer and registrar; *cursor begins at 0. */
struct binding *binding_of_aor(const struct core *core, const struct peer *peer,
                               enum side registrar, struct span aor, uint32_t *cursor);
struct peer *binding_peer(const struct core *core, struct span token); /* of ;tt=TOKEN */
void binding_due(struct core *core, struct binding *b);
void binding_free(struct core *core, struct binding *b);
void binding_load(struct core *core, struct span key, struct span value); /* a stored one */

#endif
