/*
 * span.h - views into bytes that somebody else owns.
 *
 * A span lives exactly as long as the bytes it points into. It need not end in a NUL and may hold
 * any byte. An absent value is p == NULL; an empty one has p != NULL and n == 0.
 */
#ifndef SDP_SPAN_H
#define SDP_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const char *p;
    size_t n;
};

static inline struct span span_of(const char *p, size_t n)
{
    return (struct span){p, n};
}

/* A view of a C string, without its NUL. */
static inline struct span span_str(const char *s)
{
    return (struct span){s, s ? strlen(s) : 0};
}

static inline bool span_is(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline char span_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* Equal but for the case of ASCII letters: the comparison of SIP tokens and host names. */
static inline bool span_is_nocase(struct span a, struct span b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        if (span_lower(a.p[i]) != span_lower(b.p[i]))
            return false;
    }
    return true;
}

static inline bool span_begins(struct span s, const char *prefix)
{
    size_t n = strlen(prefix);
    return s.n >= n && memcmp(s.p, prefix, n) == 0;
}

/* The bytes from offset `from` to the end; empty where from is past the end. */
static inline struct span span_from(struct span s, size_t from)
{
    return from <= s.n ? span_of(s.p + from, s.n - from) : span_of(s.p + s.n, 0);
}

static inline struct span span_trim(struct span s)
{
    while (s.n > 0 && (*s.p == ' ' || *s.p == '\t' || *s.p == '\r' || *s.p == '\n')) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r' ||
                       s.p[s.n - 1] == '\n'))
        s.n--;
    return s;
}

/* Reads a decimal number that fills the whole span and is at most `max`; false otherwise. */
static inline bool span_number(struct span s, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;
    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        unsigned digit = (unsigned)(s.p[i] - '0');
        if (v > (max - digit) / 10 || digit > max)
            return false;
        v = v * 10 + digit;
    }
    *out = v;
    return true;
}

#endif
