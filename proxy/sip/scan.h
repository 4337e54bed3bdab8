/*
 * scan.h - the letters of SIP's grammar (RFC 3261 §25.1), shared by this room's files alone.
 *
 * Nothing here reads past its span. White space means LWS: space, tab, and the line ends that
 * folding leaves inside a value.
 */
#ifndef SIP_SCAN_H
#define SIP_SCAN_H

#include "proxy/sip/value.h"

static inline bool is_lws(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool is_alnum(char c)
{
    char l = span_lower(c);
    return is_digit(c) || (l >= 'a' && l <= 'z');
}

extern const uint32_t token_chars[8];

static inline bool is_token_char(char c)
{
    return token_chars[(unsigned char)c >> 5] >> (c & 31) & 1;
}

static inline bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

/* Offset of the first byte at or after `at` that is not white space; s.n at the end. */
static inline size_t lws_skip(struct span s, size_t at)
{
    while (at < s.n && is_lws(s.p[at]))
        at++;
    return at;
}

/* Offset after the token that begins at `at`. */
size_t token_skip(struct span s, size_t at);

/* s.p[at] is a '"': offset after the closing one (a backslash hides the next byte), or s.n + 1
 * where it is missing. */
size_t quoted_skip(struct span s, size_t at);

static inline struct span span_between(struct span s, size_t from, size_t to)
{
    return span_of(s.p + from, to - from);
}

/* One ";name=value" of a list. */
struct param {
    struct span whole; /* from the ';' to the end of the value */
    struct span name;  /* may be empty: ";;" */
    struct span value; /* p == NULL: no '='; quotes are kept */
    bool odd; /* no token for a name, '=' without a value, or something before the next ';' */
};

/* Takes the next parameter off *rest. False at its end; whatever stands before a ';' is skipped and
 * makes the parameter before it, or this one, odd. */
bool param_next(struct span *rest, struct param *out);

/* Every parameter as the grammar has it (value: any run without white space, quotes, or a quoted
 * string), and at most SIP_MAX_PARAMS of them. An empty list is fine. */
bool params_sound(struct span params);

#endif
