#include "sdp/line.h"

bool line_next(struct span *rest, struct line *out)
{
    if (rest->n == 0)
        return false;
    const char *end = memchr(rest->p, '\n', rest->n);
    size_t n = end ? (size_t)(end - rest->p) + 1 : rest->n;
    out->whole = span_of(rest->p, n);
    out->text = out->whole;
    if (end)
        out->text.n--;
    if (out->text.n > 0 && out->text.p[out->text.n - 1] == '\r')
        out->text.n--;
    *rest = span_from(*rest, n);
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct span word_next(struct span *rest)
{
    size_t from = 0;
    while (from < rest->n && is_blank(rest->p[from]))
        from++;
    size_t to = from;
    while (to < rest->n && !is_blank(rest->p[to]))
        to++;
    struct span word = span_of(rest->p + from, to - from);
    *rest = span_from(*rest, to);
    return word;
}

struct span word_last(struct span *rest)
{
    size_t to = rest->n;
    while (to > 0 && is_blank(rest->p[to - 1]))
        to--;
    size_t from = to;
    while (from > 0 && !is_blank(rest->p[from - 1]))
        from--;
    struct span word = span_of(rest->p + from, to - from);
    rest->n = from;
    return word;
}

bool attribute_read(struct span text, struct span *name, struct span *value)
{
    if (!span_begins(text, "a="))
        return false;
    struct span rest = span_from(text, 2);
    const char *colon = rest.n ? memchr(rest.p, ':', rest.n) : NULL;
    size_t n = colon ? (size_t)(colon - rest.p) : rest.n;
    *name = span_trim(span_of(rest.p, n));
    *value = span_from(rest, n + 1);
    return true;
}

bool attribute_is_ice(struct span name)
{
    static const char *const names[] = {"candidate", "remote-candidates", "end-of-candidates"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (span_is_nocase(name, span_str(names[i])))
            return true;
    }
    return name.n > 4 && span_is_nocase(span_of(name.p, 4), span_str("ice-"));
}
