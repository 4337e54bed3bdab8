/*
 * sockaddr.h - struct addr to and from what the system calls take.
 */
#ifndef NET_SOCKADDR_H
#define NET_SOCKADDR_H

#include "sdp/addr.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

/* Room for either family; smaller than sockaddr_storage, so batches stay small. */
union sockaddr_any {
    struct sockaddr sa;
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;
};

/* Fills *out and returns its length; 0 for an address without a family. */
static inline socklen_t sockaddr_set(union sockaddr_any *out, const struct addr *a)
{
    memset(out, 0, sizeof *out);
    if (a->family == ADDR_IP4) {
        out->in4.sin_family = AF_INET;
        out->in4.sin_port = htons(a->port);
        memcpy(&out->in4.sin_addr, a->ip, 4);
        return sizeof out->in4;
    }
    if (a->family == ADDR_IP6) {
        out->in6.sin6_family = AF_INET6;
        out->in6.sin6_port = htons(a->port);
        memcpy(&out->in6.sin6_addr, a->ip, 16);
        return sizeof out->in6;
    }
    return 0;
}

/* ADDR_NONE for a family that is neither IPv4 nor IPv6. */
static inline struct addr sockaddr_get(const struct sockaddr *sa)
{
    struct addr a = {0};
    if (sa->sa_family == AF_INET) {
        const struct sockaddr_in *in4 = (const void *)sa;
        a.family = ADDR_IP4;
        a.port = ntohs(in4->sin_port);
        memcpy(a.ip, &in4->sin_addr, 4);
    } else if (sa->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const void *)sa;
        a.family = ADDR_IP6;
        a.port = ntohs(in6->sin6_port);
        memcpy(a.ip, &in6->sin6_addr, 16);
    }
    return a;
}

#endif
