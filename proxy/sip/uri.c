/*
 * uri.c - what a URI is good for: whether two are the same (RFC 3261 §19.1.4), whether a request
 * may be for one.
 */
#include "proxy/sip/scan.h"

static int hex_digit(char c)
{
    char l = span_lower(c);
    if (is_digit(c))
        return c - '0';
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

/* Takes one byte off *s, an escaped one as what it stands for. A reserved byte keeps its escape: it
 * comes back as its value + 256, unlike the bare byte. */
static int byte_take(struct span *s)
{
    unsigned char c = (unsigned char)s->p[0];
    if (c == '%' && s->n >= 3 && hex_digit(s->p[1]) >= 0 && hex_digit(s->p[2]) >= 0) {
        int value = hex_digit(s->p[1]) * 16 + hex_digit(s->p[2]);
        *s = span_from(*s, 3);
        return value < 0x80 && value > 0 && strchr(";/?:@&=+$,", value) ? value + 256 : value;
    }
    *s = span_from(*s, 1);
    return c;
}

static bool user_same(struct span a, struct span b)
{
    while (a.n > 0 && b.n > 0) {
        if (byte_take(&a) != byte_take(&b))
            return false;
    }
    return a.n == 0 && b.n == 0;
}

static bool host_same(const struct sip_uri *a, const struct sip_uri *b)
{
    if (addr_is_set(&a->addr) && addr_is_set(&b->addr))
        return addr_same_ip(&a->addr, &b->addr);
    return span_is_nocase(a->host, b->host);
}

static bool param_same(struct span a, struct span b, const char *name)
{
    struct span va = {0}, vb = {0};
    bool in_a = sip_param(a, name, &va, NULL);
    bool in_b = sip_param(b, name, &vb, NULL);
    /* Asterisk tells its registrations apart by an opaque "line": here case matters. */
    if (strcmp(name, "line") == 0)
        return in_a == in_b && span_is(va, vb);
    return in_a == in_b && span_is_nocase(va, vb);
}

static bool params_same(struct span a, struct span b)
{
    static const char *const names[] = {"user",      "ttl",  "method", "maddr",
                                        "transport", "line", "lr"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!param_same(a, b, names[i]))
            return false;
    }
    return true;
}

bool sip_uri_same(const struct sip_uri *a, const struct sip_uri *b)
{
    if (!span_is_nocase(a->scheme, b->scheme))
        return false;
    if (!a->hostport.p || !b->hostport.p)
        return span_is(span_from(a->whole, a->scheme.n), span_from(b->whole, b->scheme.n));
    return user_same(a->user, b->user) && host_same(a, b) && a->port == b->port &&
           params_same(a->params, b->params);
}

bool sip_scheme_known(struct span uri)
{
    static const char *const known[] = {"sip", "sips", "tel", "urn"};
    const char *colon = memchr(uri.p, ':', uri.n);
    struct span scheme = span_of(uri.p, colon ? (size_t)(colon - uri.p) : 0);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (span_is_nocase(scheme, span_str(known[i])))
            return true;
    }
    return false;
}

struct span sip_uri_target(const struct sip_uri *uri)
{
    return span_of(uri->whole.p, uri->whole.n - uri->headers.n);
}
