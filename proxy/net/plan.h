/*
 * plan.h - what a configuration needs of this machine, prepared before anything changes: addresses
 * found, sockets opened, routes asked. Either the whole plan can be carried out or none of it.
 *
 * Knows no loop and no core state, so it may run on the helper thread while calls go on.
 */
#ifndef NET_PLAN_H
#define NET_PLAN_H

#include "conf/conf.h"
#include "proxy/core/event.h"
#include "proxy/net/route.h"
#include <sys/types.h>

/* What is open already: kept with its id where the new configuration names the same side and
 * address, and never opened twice. */
struct plan_known {
    const struct core_socket *sockets;
    size_t n_sockets;
    const struct core_pool *pools;
    size_t n_pools;
    pid_t ours;   /* --check: ports this process holds count as free; 0 = nobody's */
    bool running; /* a missing interface is an error: a start waits, a running program goes on */
};

/* How a peer is reached, for people; found.interface is "" where there is no way to it. */
struct plan_peer {
    struct addr from; /* the trunk socket's address; ADDR_NONE: none of the peer's family */
    struct route found;
};

struct plan {
    struct conf *conf;
    struct core_socket *sockets; /* all of this configuration */
    int *fds;                    /* beside it: opened for this plan, or -1: open already */
    size_t n_sockets;
    struct core_pool *pools;
    size_t n_pools;
    struct core_route *routes; /* one per peer */
    struct plan_peer *peers;   /* one per peer */
};

/* Takes over the caller's reference of `conf` in any case. Returns 0 with *out; or, with what is
 * wrong in `errors` and nothing left open:
 *   EINVAL      an address that is not on this host, or a socket the configuration lacks
 *   EADDRINUSE  somebody holds a port (named in errors)
 *   ENODEV      only an interface is not there yet: try again later
 *   ENOMEM
 * Warnings may be added in any case. */
int plan_make(struct conf *conf, const struct plan_known *known, struct conf_errors *errors,
              struct plan **out);

/* Closes what the plan opened and nobody took (fds[i] >= 0). NULL is fine. */
void plan_free(struct plan *plan);

/* What to do about a taken SIP port, several lines. */
extern const char plan_ways_out[];

#endif
