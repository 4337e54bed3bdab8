#include "sdp/multipart.h"
#include "sdp/line.h"

#define BOUNDARY_MAX 70 /* RFC 2046 §5.1.1 */

struct boundary {
    char text[BOUNDARY_MAX];
    size_t n;
};

struct walk {
    struct span *sdp;
    unsigned n_sdp;
    unsigned n_parts;
    bool malformed;
};

/* The headers of a part that matter here. */
struct part {
    struct span type;     /* Content-Type */
    struct span encoding; /* Content-Transfer-Encoding */
    struct span body;
};

static void entity_take(struct walk *walk, struct span type, struct span body, unsigned depth);

/* "type/subtype" of a Content-Type; SIP allows blanks around the slash (RFC 3261 §25.1). */
static bool type_is(struct span value, const char *type, const char *subtype)
{
    const char *semicolon = value.n ? memchr(value.p, ';', value.n) : NULL;
    if (semicolon)
        value.n = (size_t)(semicolon - value.p);
    const char *slash = value.n ? memchr(value.p, '/', value.n) : NULL;
    if (!slash)
        return false;
    size_t n = (size_t)(slash - value.p);
    return span_is_nocase(span_trim(span_of(value.p, n)), span_str(type)) &&
           (!subtype || span_is_nocase(span_trim(span_from(value, n + 1)), span_str(subtype)));
}

/* How many bytes of s belong to a parameter that ends at a ';' outside quotes. */
static size_t parameter_length(struct span s)
{
    bool quoted = false;
    for (size_t i = 0; i < s.n; i++) {
        if (quoted && s.p[i] == '\\')
            i++;
        else if (s.p[i] == '"')
            quoted = !quoted;
        else if (s.p[i] == ';' && !quoted)
            return i;
    }
    return s.n;
}

/* Copies a parameter's value without quotes and escapes; false if empty or over the bound. */
static bool boundary_copy(struct span value, struct boundary *out)
{
    bool quoted = value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"';
    if (quoted)
        value = span_of(value.p + 1, value.n - 2);
    out->n = 0;
    for (size_t i = 0; i < value.n; i++) {
        if (quoted && value.p[i] == '\\' && i + 1 < value.n)
            i++;
        if (out->n == BOUNDARY_MAX)
            return false;
        out->text[out->n++] = value.p[i];
    }
    return out->n > 0;
}

static bool boundary_read(struct span type, struct boundary *out)
{
    for (struct span rest = span_from(type, parameter_length(type) + 1); rest.n > 0;) {
        size_t n = parameter_length(rest);
        struct span parameter = span_of(rest.p, n);
        rest = span_from(rest, n + 1);
        const char *equals = n ? memchr(parameter.p, '=', n) : NULL;
        if (!equals)
            continue;
        size_t name = (size_t)(equals - parameter.p);
        if (span_is_nocase(span_trim(span_of(parameter.p, name)), span_str("boundary")))
            return boundary_copy(span_trim(span_from(parameter, name + 1)), out);
    }
    return false;
}

enum delimiter { DELIMITER_NONE, DELIMITER_PART, DELIMITER_END };

/* A line of "--boundary", or "--boundary--", and blanks. */
static enum delimiter delimiter_read(struct span text, const struct boundary *boundary)
{
    if (!span_begins(text, "--") || text.n - 2 < boundary->n ||
        memcmp(text.p + 2, boundary->text, boundary->n) != 0)
        return DELIMITER_NONE;
    struct span rest = span_trim(span_from(text, 2 + boundary->n));
    if (rest.n == 0)
        return DELIMITER_PART;
    return span_is(rest, span_str("--")) ? DELIMITER_END : DELIMITER_NONE;
}

/* Notes a header line "Name: value"; a folded line before it has made it as long as it is. */
static void header_take(struct span header, struct part *part)
{
    const char *colon = header.n ? memchr(header.p, ':', header.n) : NULL;
    if (!colon)
        return;
    size_t n = (size_t)(colon - header.p);
    struct span name = span_trim(span_of(header.p, n));
    struct span value = span_trim(span_from(header, n + 1));
    if (span_is_nocase(name, span_str("Content-Type")))
        part->type = value;
    else if (span_is_nocase(name, span_str("Content-Transfer-Encoding")))
        part->encoding = value;
}

/* Splits a part into headers, unfolded, and body. False when no empty line ends the headers. */
static bool part_read(struct span text, struct part *out)
{
    struct span rest = text;
    struct span header = span_of(text.p, 0);
    struct line line;
    *out = (struct part){0};
    while (line_next(&rest, &line)) {
        bool folded = line.text.n > 0 && (line.text.p[0] == ' ' || line.text.p[0] == '\t');
        if (folded) {
            header.n += line.whole.n;
            continue;
        }
        header_take(header, out);
        if (line.text.n == 0) {
            out->body = rest;
            return true;
        }
        header = line.whole;
    }
    header_take(header, out);
    return false;
}

/* SDP as base64 or quoted-printable cannot be edited where it stands. */
static bool encoding_is_plain(struct span encoding)
{
    return !encoding.p || span_is_nocase(encoding, span_str("binary")) ||
           span_is_nocase(encoding, span_str("8bit")) || span_is_nocase(encoding, span_str("7bit"));
}

static void part_take(struct walk *walk, struct span text, unsigned depth)
{
    struct part part;
    if (++walk->n_parts > MULTIPART_MAX_PARTS) {
        walk->malformed = true;
        return;
    }
    bool complete = part_read(text, &part);
    if (!type_is(part.type, "application", "sdp") && !type_is(part.type, "multipart", NULL))
        return;
    if (complete && encoding_is_plain(part.encoding))
        entity_take(walk, part.type, part.body, depth + 1);
    else
        walk->malformed = true;
}

/* From `from` to `to` without the line end that belongs to the delimiter at `to`. */
static struct span part_span(const char *from, const char *to)
{
    if (to > from && to[-1] == '\n')
        to--;
    if (to > from && to[-1] == '\r')
        to--;
    return span_of(from, (size_t)(to - from));
}

static void parts_walk(struct walk *walk, const struct boundary *boundary, struct span body,
                       unsigned depth)
{
    struct span rest = body;
    struct line line;
    const char *part = NULL;
    while (line_next(&rest, &line)) {
        enum delimiter delimiter = delimiter_read(line.text, boundary);
        if (delimiter == DELIMITER_NONE)
            continue;
        if (part)
            part_take(walk, part_span(part, line.whole.p), depth);
        if (delimiter == DELIMITER_END)
            return;
        part = rest.p;
    }
    walk->malformed = true; /* the end is missing */
    if (part)
        part_take(walk, span_of(part, (size_t)(body.p + body.n - part)), depth);
}

static void entity_take(struct walk *walk, struct span type, struct span body, unsigned depth)
{
    struct boundary boundary;
    if (body.n == 0)
        return;
    if (type_is(type, "application", "sdp")) {
        if (walk->n_sdp < MULTIPART_MAX_SDP)
            walk->sdp[walk->n_sdp++] = body;
        else
            walk->malformed = true;
    } else if (type_is(type, "multipart", NULL)) {
        if (depth < MULTIPART_MAX_DEPTH && boundary_read(type, &boundary))
            parts_walk(walk, &boundary, body, depth);
        else
            walk->malformed = true;
    }
}

unsigned multipart_find_sdp(struct span content_type, struct span body,
                            struct span sdp[MULTIPART_MAX_SDP], bool *malformed)
{
    struct walk walk = {.sdp = sdp};
    entity_take(&walk, content_type, body, 0);
    *malformed = walk.malformed;
    return walk.n_sdp;
}
