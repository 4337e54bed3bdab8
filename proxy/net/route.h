/*
 * route.h - the way the kernel would send a datagram, asked of its routing tables (rules and marks
 * of overlay networks included); nothing is sent.
 */
#ifndef NET_ROUTE_H
#define NET_ROUTE_H

#include "sdp/addr.h"
#include <net/if.h>

struct route {
    struct addr source;          /* what the kernel would pick for an unbound socket */
    char interface[IF_NAMESIZE]; /* "" where it is not told */
};

/* `from`: a socket bound to that IP sends; ADDR_NONE: an unbound one. Returns 0, ENETUNREACH (or
 * EHOSTUNREACH, EINVAL…) where there is no way, or an errno of asking. */
int route_find(const struct addr *to, const struct addr *from, struct route *out);

/* The first IPv4 and the first global IPv6 address of an interface, port 0; returns how many
 * (0..2). */
size_t interface_addrs(const char *name, struct addr out[2]);

/* Some interface has this IP. */
bool addr_is_here(const struct addr *addr);

#endif
