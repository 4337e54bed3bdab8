/*
 * sockets.h - the bound port pairs of every pool, owned by the SIP thread.
 *
 * A pair is bound ahead of any call and lent to a stream; while it rests it stays bound, so that
 * packets which come late meet nobody else's socket. Convention: 0 or a positive errno.
 */
#ifndef RELAY_SOCKETS_H
#define RELAY_SOCKETS_H

#include "proxy/core/event.h"

#include <netinet/in.h>
#include <sys/socket.h>

struct pair {
    int fd[2];      /* even port: RTP; odd: RTCP */
    uint8_t family; /* enum addr_family */
    uint8_t dscp;   /* what both send with now */
    bool bound, lent;
};

struct sockets;

struct sockets *sockets_new(void); /* NULL: out of memory */
void sockets_free(struct sockets *sockets);

/* As in relay.h: relay_pool_open, relay_pool_close, relay_bind, relay_unbind. */
int sockets_pool_open(struct sockets *sockets, const struct core_pool *pool);
int sockets_pool_close(struct sockets *sockets, uint16_t id);
int pair_bind(struct sockets *sockets, struct relay_pair name);
int pair_unbind(struct sockets *sockets, struct relay_pair name);

/* A bound pair, or NULL. Valid until it is unbound. */
struct pair *pair_find(struct sockets *sockets, struct relay_pair name);

/* Marks what the pair sends. Asks the kernel only where it sent something else so far. */
void pair_mark(struct pair *pair, uint8_t dscp);

/* Forgets what came while the pair rested: it belongs to no call. */
void pair_drain(const struct pair *pair);

/* Addresses as the kernel writes them. */
union sockaddr_any {
    struct sockaddr sa;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

/* Returns the length, 0 for ADDR_NONE. */
socklen_t sockaddr_from(union sockaddr_any *out, const struct addr *addr);

static inline struct addr sockaddr_read(const union sockaddr_any *from)
{
    struct addr addr = {0};
    if (from->sa.sa_family == AF_INET) {
        addr.family = ADDR_IP4;
        addr.port = ntohs(from->in.sin_port);
        memcpy(addr.ip, &from->in.sin_addr, sizeof from->in.sin_addr);
    } else if (from->sa.sa_family == AF_INET6) {
        addr.family = ADDR_IP6;
        addr.port = ntohs(from->in6.sin6_port);
        memcpy(addr.ip, &from->in6.sin6_addr, sizeof from->in6.sin6_addr);
    }
    return addr;
}

#endif
