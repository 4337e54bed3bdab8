/*
 * scan.c - lists, parameters and numbers in header values, without libosip2.
 */
#include "proxy/sip/scan.h"

#include <errno.h>

/* alphanum / "-" / "." / "!" / "%" / "*" / "_" / "+" / "`" / "'" / "~", one bit each. */
const uint32_t token_chars[8] = {0, 0x03ff6ca2, 0x87fffffe, 0x47ffffff, 0, 0, 0, 0};

size_t token_skip(struct span s, size_t at)
{
    while (at < s.n && is_token_char(s.p[at]))
        at++;
    return at;
}

size_t quoted_skip(struct span s, size_t at)
{
    for (at++; at < s.n; at++) {
        if (s.p[at] == '\\')
            at++;
        else if (s.p[at] == '"')
            return at + 1;
    }
    return s.n + 1;
}

/* Offset after the value that begins at `at`; sets *odd where it is none. */
static size_t param_value_skip(struct span s, size_t at, bool *odd)
{
    size_t from = at;
    if (at < s.n && s.p[at] == '"') {
        at = quoted_skip(s, at);
        if (at <= s.n)
            return at;
        *odd = true;
        return s.n;
    }
    while (at < s.n && s.p[at] != ';' && !is_lws(s.p[at])) {
        if (s.p[at] == '"' || s.p[at] == ',' || is_control(s.p[at]))
            *odd = true;
        at++;
    }
    if (at == from)
        *odd = true;
    return at;
}

bool param_next(struct span *rest, struct param *out)
{
    struct span s = *rest;
    size_t at = lws_skip(s, 0);
    out->odd = at < s.n && s.p[at] != ';';
    while (at < s.n && s.p[at] != ';')
        at++;
    if (at == s.n)
        return false;
    size_t whole = at;
    size_t name = lws_skip(s, at + 1);
    size_t end = token_skip(s, name);
    out->name = span_between(s, name, end);
    out->value = span_of(NULL, 0);
    if (end == name)
        out->odd = true;
    size_t equals = lws_skip(s, end);
    if (equals < s.n && s.p[equals] == '=') {
        size_t value = lws_skip(s, equals + 1);
        end = param_value_skip(s, value, &out->odd);
        out->value = span_between(s, value, end);
    }
    out->whole = span_between(s, whole, end);
    at = lws_skip(s, end);
    if (at < s.n && s.p[at] != ';')
        out->odd = true;
    *rest = span_from(s, at);
    return true;
}

bool params_sound(struct span params)
{
    struct param param;
    unsigned n = 0;
    while (param_next(&params, &param)) {
        if (param.odd || ++n > SIP_MAX_PARAMS)
            return false;
    }
    return !param.odd;
}

bool sip_param(struct span params, const char *name, struct span *value, struct span *where)
{
    struct span wanted = span_str(name);
    struct param param;
    while (param_next(&params, &param)) {
        if (!span_is_nocase(param.name, wanted))
            continue;
        if (value)
            *value = param.value;
        if (where)
            *where = param.whole;
        return true;
    }
    return false;
}

bool sip_list_next(struct span *rest, struct span *element)
{
    struct span s = *rest;
    size_t from = 0;
    while (from < s.n && (is_lws(s.p[from]) || s.p[from] == ','))
        from++;
    if (from == s.n) {
        *rest = span_from(s, s.n);
        return false;
    }
    if (!memchr(s.p + from, ',', s.n - from)) { /* by far the most */
        *element = span_trim(span_from(s, from));
        *rest = span_from(s, s.n);
        return true;
    }
    size_t at = from;
    bool in_brackets = false;
    for (; at < s.n; at++) {
        char c = s.p[at];
        if (in_brackets) {
            in_brackets = c != '>';
        } else if (c == '<') {
            in_brackets = true;
        } else if (c == '"') {
            at = quoted_skip(s, at) - 1;
        } else if (c == ',') {
            break;
        }
    }
    if (at > s.n) /* a quote that never closes hides the rest */
        at = s.n;
    *element = span_trim(span_between(s, from, at));
    *rest = span_from(s, at < s.n ? at + 1 : s.n);
    return true;
}

/* Takes a run of digits and the white space after it off *s. */
static bool number_take(struct span *s, uint64_t max, uint64_t *out)
{
    size_t at = 0;
    while (at < s->n && is_digit(s->p[at]))
        at++;
    if (!span_number(span_of(s->p, at), max, out))
        return false;
    size_t next = lws_skip(*s, at);
    bool apart = next > at || next == s->n || !is_token_char(s->p[next]);
    *s = span_from(*s, next);
    return apart;
}

int sip_cseq_read(struct span value, struct sip_cseq *out)
{
    struct span rest = span_trim(value);
    uint64_t number;
    /* RFC 3261 §8.1.1.5: less than 2**31. */
    if (!number_take(&rest, INT32_MAX, &number))
        return EINVAL;
    if (rest.n == 0 || token_skip(rest, 0) != rest.n)
        return EINVAL;
    *out = (struct sip_cseq){.number = (uint32_t)number, .method = rest};
    return 0;
}

int sip_rack_read(struct span value, uint32_t *rseq, struct sip_cseq *cseq)
{
    struct span rest = span_trim(value);
    uint64_t number;
    /* RFC 3262 §3: response numbers stay below 2**31 as well, but 2**32 - 1 is what the grammar
     * allows. */
    if (!number_take(&rest, UINT32_MAX, &number))
        return EINVAL;
    int err = sip_cseq_read(rest, cseq);
    if (err)
        return err;
    *rseq = (uint32_t)number;
    return 0;
}

int sip_seconds_read(struct span value, uint32_t *seconds)
{
    struct span rest = span_trim(value);
    uint64_t number;
    if (!number_take(&rest, UINT32_MAX, &number))
        return EINVAL;
    /* Parameters, or the comment that Retry-After may carry (RFC 3261 §20.33). */
    if (rest.n > 0 && rest.p[0] != ';' && rest.p[0] != '(')
        return EINVAL;
    *seconds = (uint32_t)number;
    return 0;
}
