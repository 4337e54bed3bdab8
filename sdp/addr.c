#include "sdp/addr.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

int addr_parse_ip(struct span text, struct addr *out)
{
    bool bracketed = text.n >= 2 && text.p[0] == '[' && text.p[text.n - 1] == ']';
    if (bracketed)
        text = span_of(text.p + 1, text.n - 2);
    char copy[INET6_ADDRSTRLEN];
    if (text.n == 0 || text.n >= sizeof copy || memchr(text.p, '\0', text.n))
        return EINVAL;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';

    struct addr a = {0};
    if (!bracketed && inet_pton(AF_INET, copy, a.ip) == 1)
        a.family = ADDR_IP4;
    else if (inet_pton(AF_INET6, copy, a.ip) == 1)
        a.family = ADDR_IP6;
    else
        return EINVAL;
    *out = a;
    return 0;
}

static int port_parse(struct span text, uint16_t *port)
{
    uint64_t value;
    if (!span_number(text, UINT16_MAX, &value) || value == 0)
        return EINVAL;
    *port = (uint16_t)value;
    return 0;
}

/* Behind "[host]": nothing, or ":port". */
static int split_bracketed(struct span text, struct span *host, uint16_t *port)
{
    const char *end = memchr(text.p, ']', text.n);
    if (!end || end == text.p + 1)
        return EINVAL;
    struct span rest = span_from(text, (size_t)(end - text.p) + 1);
    uint16_t value = 0;
    if (rest.n > 0 && (rest.p[0] != ':' || port_parse(span_from(rest, 1), &value)))
        return EINVAL;
    *host = span_of(text.p + 1, (size_t)(end - text.p) - 1);
    *port = value;
    return 0;
}

int addr_split(struct span text, struct span *host, uint16_t *port)
{
    if (text.n == 0)
        return EINVAL;
    if (text.p[0] == '[')
        return split_bracketed(text, host, port);
    const char *colon = memchr(text.p, ':', text.n);
    size_t n = colon ? (size_t)(colon - text.p) : text.n;
    uint16_t value = 0;
    if (colon) {
        struct span behind = span_from(text, n + 1);
        if (behind.n > 0 && memchr(behind.p, ':', behind.n))
            n = text.n; /* two colons without brackets: an IPv6 address, no port */
        else if (port_parse(behind, &value))
            return EINVAL;
    }
    if (n == 0)
        return EINVAL;
    *host = span_of(text.p, n);
    *port = value;
    return 0;
}

int addr_parse(struct span text, uint16_t default_port, struct addr *out)
{
    struct span host;
    uint16_t port;
    struct addr a;
    if (addr_split(text, &host, &port) || addr_parse_ip(host, &a))
        return EINVAL;
    /* Brackets are IPv6's alone, and stand once. */
    if (text.p[0] == '[' && (a.family != ADDR_IP6 || host.p[0] == '['))
        return EINVAL;
    *out = addr_with_port(a, port ? port : default_port);
    return 0;
}

size_t addr_print_ip(const struct addr *a, char *out)
{
    out[0] = '\0';
    if (a->family == ADDR_IP4)
        inet_ntop(AF_INET, a->ip, out, ADDR_TEXT);
    else if (a->family == ADDR_IP6)
        inet_ntop(AF_INET6, a->ip, out, ADDR_TEXT);
    return strlen(out);
}

size_t addr_print_host(const struct addr *a, char *out)
{
    if (a->family != ADDR_IP6)
        return addr_print_ip(a, out);
    size_t n = addr_print_ip(a, out + 1);
    out[0] = '[';
    out[n + 1] = ']';
    out[n + 2] = '\0';
    return n + 2;
}

size_t addr_print(const struct addr *a, char *out)
{
    size_t n = addr_print_host(a, out);
    if (n == 0 || a->port == 0)
        return n;
    return n + (size_t)snprintf(out + n, ADDR_TEXT - n, ":%u", (unsigned)a->port);
}

bool addr_is_wildcard(const struct addr *a)
{
    static const uint8_t zero[sizeof a->ip];
    return a->family != ADDR_NONE && memcmp(a->ip, zero, sizeof zero) == 0;
}

bool addr_is_loopback(const struct addr *a)
{
    static const uint8_t loopback[sizeof a->ip] = {[15] = 1};
    if (a->family == ADDR_IP4)
        return a->ip[0] == 127;
    return a->family == ADDR_IP6 && memcmp(a->ip, loopback, sizeof loopback) == 0;
}

bool addr_is_group(const struct addr *a)
{
    if (a->family == ADDR_IP4)
        return (a->ip[0] & 0xf0) == 0xe0 || memcmp(a->ip, "\xff\xff\xff\xff", 4) == 0;
    return a->family == ADDR_IP6 && a->ip[0] == 0xff;
}

/* The bits of byte i that belong to a prefix of this length. */
static uint8_t prefix_mask(unsigned bits, size_t i)
{
    size_t before = i * 8;
    size_t here = bits > before ? bits - before : 0;
    return (uint8_t)(0xff00u >> (here < 8 ? here : 8));
}

static unsigned family_bits(unsigned family)
{
    return family == ADDR_IP4 ? 32 : 128;
}

int prefix_parse(struct span text, struct prefix *out)
{
    const char *slash = text.n ? memchr(text.p, '/', text.n) : NULL;
    struct prefix p;
    if (addr_parse_ip(slash ? span_of(text.p, (size_t)(slash - text.p)) : text, &p.base))
        return EINVAL;
    uint64_t bits = family_bits(p.base.family);
    if (slash && !span_number(span_from(text, (size_t)(slash - text.p) + 1), bits, &bits))
        return EINVAL;
    p.bits = (uint8_t)bits;
    for (size_t i = 0; i < sizeof p.base.ip; i++) {
        if (p.base.ip[i] & ~prefix_mask(p.bits, i))
            return EINVAL;
    }
    *out = p;
    return 0;
}

struct prefix prefix_of(const struct addr *a)
{
    return (struct prefix){addr_with_port(*a, 0), (uint8_t)family_bits(a->family)};
}

size_t prefix_print(const struct prefix *p, char *out)
{
    size_t n = addr_print_ip(&p->base, out);
    if (n == 0 || p->bits == family_bits(p->base.family))
        return n;
    return n + (size_t)snprintf(out + n, ADDR_TEXT - n, "/%u", (unsigned)p->bits);
}

bool prefix_contains(const struct prefix *p, const struct addr *a)
{
    if (p->base.family != a->family || a->family == ADDR_NONE)
        return false;
    for (size_t i = 0; i < sizeof a->ip; i++) {
        if ((a->ip[i] ^ p->base.ip[i]) & prefix_mask(p->bits, i))
            return false;
    }
    return true;
}
