/*
 * addr.h - IP addresses with a port, and prefixes, as plain values.
 *
 * An address is 20 bytes without pointers, so it can be copied, compared with memcmp, hashed and
 * saved as it is. Ports are in host order. Nothing here resolves names.
 */
#ifndef SDP_ADDR_H
#define SDP_ADDR_H

#include "sdp/span.h"

enum addr_family { ADDR_NONE = 0, ADDR_IP4 = 4, ADDR_IP6 = 6 };

struct addr {
    uint8_t family; /* enum addr_family */
    uint8_t zero;   /* always 0, so that memcmp compares values */
    uint16_t port;  /* host order; 0 = none given */
    uint8_t ip[16]; /* network order; an IPv4 address fills the first 4, the rest is 0 */
};

struct prefix {
    struct addr base; /* port 0, host bits 0 */
    uint8_t bits;     /* 0..32 or 0..128 */
};

/* Room for any printed form: "[ffff:...:255.255.255.255]:65535" and its NUL. */
#define ADDR_TEXT 56

/* Reads an IP literal: dotted quad, or IPv6 with or without brackets (no zone). The port becomes 0.
 * Returns 0, or EINVAL with *out untouched. */
int addr_parse_ip(struct span text, struct addr *out);

/* Reads "ip", "ip:port", "[ip6]" or "[ip6]:port"; a port of 0 or above 65535 is an error. IPv6
 * without brackets is read whole, as an address without a port.
 * Without a port the port becomes default_port. Returns 0 or EINVAL, *out untouched. */
int addr_parse(struct span text, uint16_t default_port, struct addr *out);

/* Splits "host", "host:port", "[ip6]:port" without looking at what the host is. host excludes the
 * brackets; two colons without brackets are an IPv6 host without a port. *port is 0 where none is
 * given. Returns 0 or EINVAL. */
int addr_split(struct span text, struct span *host, uint16_t *port);

/* Print the address alone ("100.64.0.1", "fd00::1") or with brackets and port as SIP writes it
 * ("100.64.0.1:5060", "[fd00::1]:5060"; port 0 prints none). out has ADDR_TEXT bytes; the result is
 * its length without the NUL. */
size_t addr_print_ip(const struct addr *a, char *out);
size_t addr_print(const struct addr *a, char *out);
/* As a SIP host: like addr_print_ip, IPv6 in brackets. */
size_t addr_print_host(const struct addr *a, char *out);

static inline bool addr_is_set(const struct addr *a)
{
    return a->family != ADDR_NONE;
}

/* Same family and IP; the ports do not count. */
static inline bool addr_same_ip(const struct addr *a, const struct addr *b)
{
    return a->family == b->family && memcmp(a->ip, b->ip, sizeof a->ip) == 0;
}

static inline bool addr_equal(const struct addr *a, const struct addr *b)
{
    return addr_same_ip(a, b) && a->port == b->port;
}

static inline struct addr addr_with_port(struct addr a, uint16_t port)
{
    a.port = port;
    return a;
}

bool addr_is_wildcard(const struct addr *a); /* 0.0.0.0 or :: */
bool addr_is_loopback(const struct addr *a); /* 127.0.0.0/8 or ::1 */
bool addr_is_group(const struct addr *a);    /* multicast, or 255.255.255.255 */

/* Reads "ip" (a full-length prefix) or "ip/bits". Host bits beyond the length must be 0.
 * Returns 0 or EINVAL, *out untouched. */
int prefix_parse(struct span text, struct prefix *out);
/* As prefix_parse reads it, a full-length prefix as the address alone. out has ADDR_TEXT bytes. */
size_t prefix_print(const struct prefix *p, char *out);
/* The address alone. */
struct prefix prefix_of(const struct addr *a);
bool prefix_contains(const struct prefix *p, const struct addr *a);

#endif
