/*
 * peer.h - addresses of a peer: resolved, former, announced.
 */
#ifndef CORE_PEER_H
#define CORE_PEER_H

#include "proxy/core/state.h"

struct peer *peer_hold(struct peer *peer); /* NULL is fine */
void peer_release(struct core *core, struct peer *peer);

/* Begins with the configured address: a literal is taken, a name is asked for. moved: it is another
 * one than before, and what that had counts no longer. */
void peer_resolve(struct core *core, struct peer *peer, bool moved);
void peer_named(struct core *core, uint64_t question, const struct addr *addrs, size_t n);
void peer_name_due(struct core *core, struct peer *peer);

/* Before its rules change: where its running calls are stays the peer's until they are over. */
void peer_keep_dialogs(struct core *core, struct peer *peer);

bool peer_has_ip(const struct peer *peer, const struct addr *a); /* resolved, former, sources */
bool peer_has_name(const struct peer *peer, struct span host); /* as configured, or an alias */
struct addr peer_address(const struct peer *peer); /* with port; ADDR_NONE: name not resolved yet */
struct peer *peer_find(const struct core *core, struct span name); /* listed ones; NULL: none */

/* Does this URI's host mean the peer: its address, name, alias or a key of its map? */
bool peer_is_meant(const struct peer *peer, const struct sip_uri *uri);

/* Notes what the peer calls itself in a Contact: such a host in its other URIs means the peer. It
 * says where nothing is sent. */
void peer_calls_itself(struct peer *peer, const struct sip_uri *contact);
bool peer_is_called(const struct peer *peer, const struct addr *a);
/* How the peer knows its own address: by its map, else its latest Contact, else as we do. */
struct addr peer_own_name(const struct peer *peer);

/* Notes an address that the peer writes into its messages. True: for the first time. */
bool peer_announces(struct peer *peer, const struct addr *a);
/* Logged, and shown in the API until it is withdrawn. Nothing happens where it stands already. */
void peer_warn(struct core *core, struct peer *peer, enum peer_warning warning, const char *fmt,
               ...) __attribute__((format(printf, 4, 5)));
void peer_unwarn(struct peer *peer, enum peer_warning warning);

/* Who may send the peer's media: at most `most` prefixes into out; returns how many. */
size_t peer_sources(const struct peer *peer, const struct conf_peer *rules, struct prefix *out,
                    size_t most);

#endif
