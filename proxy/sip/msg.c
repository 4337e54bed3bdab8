/*
 * msg.c - the index of a message: start line, header lines, body (RFC 3261 §7).
 */
#include "proxy/sip/msg.h"
#include "proxy/sip/scan.h"
#include "proxy/sip/value.h"

/* What is noticed on the way and judged once all headers are known, because the message can then be
 * answered. */
struct findings {
    bool odd_start_line; /* white space where it may not be, or a Request-URI in <> */
    bool other_version;
    bool repeated;
};

static void msg_clear(struct sip_msg *msg)
{
    size_t after = offsetof(struct sip_msg, n_headers);
    memset(msg, 0, offsetof(struct sip_msg, headers));
    memset((char *)msg + after, 0, sizeof *msg - after);
    memset(msg->first, SIP_NO_HEADER, sizeof msg->first);
}

/* Offset after the line feed of the line at `at`; 0 if there is none. */
static size_t line_end(struct span s, size_t at)
{
    const char *lf = at < s.n ? memchr(s.p + at, '\n', s.n - at) : NULL;
    return lf ? (size_t)(lf - s.p) + 1 : 0;
}

static bool is_keep_alive(const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] != '\r' && bytes[i] != '\n' && bytes[i] != '\0')
            return false;
    }
    return true;
}

static bool has_control(struct span s)
{
    unsigned char found = 0;
    for (size_t i = 0; i < s.n; i++)
        found |= (unsigned char)((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f);
    return found != 0;
}

/* "SIP/2.0", any case; *other for another version. False if it is no SIP version at all. */
static bool version_read(struct span s, bool *other)
{
    if (s.n < 7 || !span_is_nocase(span_of(s.p, 4), span_str("SIP/")))
        return false;
    size_t dot = 4;
    while (dot < s.n && is_digit(s.p[dot]))
        dot++;
    if (dot == 4 || dot + 1 >= s.n || s.p[dot] != '.')
        return false;
    for (size_t i = dot + 1; i < s.n; i++) {
        if (!is_digit(s.p[i]))
            return false;
    }
    *other = !span_is(span_from(s, 4), span_str("2.0"));
    return true;
}

/* "SIP/2.0 200 OK"; the reason phrase may be empty, and its space forgotten. */
static bool status_line_read(struct span line, struct sip_msg *msg)
{
    bool other = false;
    uint64_t status;
    if (line.n < 11 || line.p[7] != ' ' || (line.n > 11 && line.p[11] != ' '))
        return false;
    if (!version_read(span_of(line.p, 7), &other) || other)
        return false;
    if (!span_number(span_of(line.p + 8, 3), 699, &status) || status < 100)
        return false;
    msg->status = (uint16_t)status;
    msg->reason = span_from(line, line.n > 11 ? 12 : 11);
    return true;
}

/* Method, Request-URI and version stand apart by one space each (RFC 3261 §7.1). A line that has
 * the three but more white space, or white space inside the URI, is a request all the same: it can
 * be answered. */
static bool request_line_read(struct span line, struct sip_msg *msg, struct findings *found)
{
    struct span text = span_trim(line);
    size_t method = token_skip(text, 0);
    size_t last = text.n;
    while (last > 0 && !is_lws(text.p[last - 1]))
        last--;
    if (method == 0 || last <= method || !is_lws(text.p[method]))
        return false;
    if (!version_read(span_from(text, last), &found->other_version))
        return false;
    struct span uri = span_trim(span_between(text, method, last));
    if (uri.n == 0)
        return false;
    found->odd_start_line = line.n != text.n || method + 1 + uri.n + 1 != last;
    for (size_t i = 0; i < uri.n; i++) {
        if (is_lws(uri.p[i]) || uri.p[i] == '<' || uri.p[i] == '>')
            found->odd_start_line = true;
    }
    msg->is_request = true;
    msg->method_name = span_of(text.p, method);
    msg->method = sip_method_of(msg->method_name);
    msg->uri = uri;
    return true;
}

/* NUL is the only control byte with an error of its own. A reason phrase may hold tabs (§25.1). */
static enum sip_error start_line_check(struct span line)
{
    if (!has_control(line))
        return SIP_OK;
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] == '\0')
            return SIP_HAS_NUL;
        if (line.p[i] != '\t' && is_control(line.p[i]))
            return SIP_BAD_HEADER;
    }
    return SIP_OK;
}

static enum sip_error start_line_read(struct sip_msg *msg, struct findings *found)
{
    size_t end = line_end(msg->bytes, 0);
    msg->start_line = span_of(msg->bytes.p, end ? end : msg->bytes.n);
    struct span line = msg->start_line;
    if (end && line.n > 0)
        line.n--;
    if (end && line.n > 0 && line.p[line.n - 1] == '\r')
        line.n--;
    if (!status_line_read(line, msg) && !request_line_read(line, msg, found))
        return SIP_NOT_SIP;
    return start_line_check(line);
}

/* A value with control bytes is sound where they are tabs, folds (which end in a line feed before
 * white space) or quoted pairs: RFC 4475 §3.1.1.2 has a NUL behind a backslash in quotes. */
static enum sip_error odd_value_check(struct span value)
{
    bool quoted = false;
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];
        bool fold = c == '\n' || (c == '\r' && i + 1 < value.n && value.p[i + 1] == '\n');
        if (c == '"')
            quoted = !quoted;
        else if (quoted && c == '\\' && i + 1 < value.n && value.p[i + 1] != '\r' &&
                 value.p[i + 1] != '\n')
            i++;
        else if (c == '\0')
            return SIP_HAS_NUL;
        else if (is_control(c) && c != '\t' && !fold)
            return SIP_BAD_HEADER;
    }
    return SIP_OK;
}

static bool is_unique(enum sip_header_id id)
{
    return id == HEADER_FROM || id == HEADER_TO || id == HEADER_CALL_ID || id == HEADER_CSEQ ||
           id == HEADER_CONTENT_LENGTH || id == HEADER_MAX_FORWARDS || id == HEADER_CONTENT_TYPE;
}

static enum sip_error header_add(struct sip_msg *msg, size_t at, size_t end, struct findings *found)
{
    struct span line = span_between(msg->bytes, at, end);
    size_t name = token_skip(line, 0);
    size_t colon = name;
    while (colon < line.n && (line.p[colon] == ' ' || line.p[colon] == '\t'))
        colon++;
    if (line.p[colon] == '\0')
        return SIP_HAS_NUL;
    if (name == 0 || name > UINT8_MAX || line.n > SIP_MAX_LINE || line.p[colon] != ':')
        return SIP_BAD_HEADER;
    if (msg->n_headers == SIP_MAX_HEADERS)
        return SIP_TOO_MANY_HEADERS;
    struct span value = span_trim(span_from(line, colon + 1));
    enum sip_error error = has_control(value) ? odd_value_check(value) : SIP_OK;
    if (error)
        return error;
    enum sip_header_id id = sip_header_of(span_of(line.p, name));
    msg->headers[msg->n_headers] = (struct sip_header){
        .id = (uint8_t)id,
        .name_n = (uint8_t)name,
        .at = (uint16_t)at,
        .n = (uint16_t)line.n,
        .value_at = (uint16_t)(value.p - msg->bytes.p),
        .value_n = (uint16_t)value.n,
    };
    if (msg->first[id] == SIP_NO_HEADER)
        msg->first[id] = (uint8_t)msg->n_headers;
    else if (is_unique(id))
        found->repeated = true;
    msg->n_headers++;
    return SIP_OK;
}

/* A header's lines: those that begin with white space belong to the one before (§7.3.1). */
static size_t folded_end(struct span s, size_t end)
{
    while (end && end < s.n && (s.p[end] == ' ' || s.p[end] == '\t'))
        end = line_end(s, end);
    return end;
}

static enum sip_error headers_read(struct sip_msg *msg, struct findings *found)
{
    struct span s = msg->bytes;
    size_t at = msg->start_line.n;
    for (;;) {
        size_t end = line_end(s, at);
        if (!end)
            return SIP_BAD_HEADER;
        if (s.p[at] == '\n' || (s.p[at] == '\r' && end == at + 2)) {
            msg->body_at = end;
            return SIP_OK;
        }
        end = folded_end(s, end);
        if (!end)
            return SIP_BAD_HEADER;
        enum sip_error error = header_add(msg, at, end, found);
        if (error)
            return error;
        at = end;
    }
}

/* Without a Content-Length the body is the rest of the datagram (§18.3). */
static enum sip_error body_read(struct sip_msg *msg)
{
    struct span value = sip_value(msg, HEADER_CONTENT_LENGTH);
    size_t there = msg->bytes.n - msg->body_at;
    uint64_t length = there;
    enum sip_error error = SIP_OK;
    if (value.p && !span_number(value, there, &length)) {
        error = SIP_BAD_LENGTH;
        length = there;
    }
    msg->bytes.n = msg->body_at + length;
    msg->body = span_of(msg->bytes.p + msg->body_at, length);
    return error;
}

static bool has_required(const struct sip_msg *msg)
{
    static const enum sip_header_id required[] = {HEADER_VIA, HEADER_FROM, HEADER_TO,
                                                  HEADER_CALL_ID, HEADER_CSEQ};
    for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
        if (sip_value(msg, required[i]).n == 0)
            return false;
    }
    return true;
}

static bool party_is_readable(struct span value)
{
    struct sip_name_addr party;
    return sip_name_addr_read(value, &party) == 0 && !party.star;
}

static bool cseq_take(struct sip_msg *msg)
{
    struct sip_cseq cseq;
    if (sip_cseq_read(sip_value(msg, HEADER_CSEQ), &cseq))
        return false;
    msg->cseq = cseq.number;
    if (msg->is_request)
        return span_is(cseq.method, msg->method_name);
    msg->method_name = cseq.method;
    msg->method = sip_method_of(cseq.method);
    return true;
}

/* A Request-URI has no headers part (§19.1.1, table 1). */
static bool request_uri_is_readable(struct span text)
{
    struct sip_uri uri;
    return sip_uri_read(text, &uri) == 0 && uri.headers.n == 0;
}

/* 0 to 255 (§20.22), or absent. */
static bool hops_are_readable(const struct sip_msg *msg)
{
    uint64_t hops;
    struct span value = sip_value(msg, HEADER_MAX_FORWARDS);
    return !value.p || span_number(value, UINT8_MAX, &hops);
}

static bool values_are_readable(struct sip_msg *msg)
{
    struct sip_via via;
    bool cseq = cseq_take(msg); /* first: a response's method is wanted even when the rest is odd */
    return cseq &&
           (!msg->is_request || (request_uri_is_readable(msg->uri) && hops_are_readable(msg))) &&
           sip_via_read(sip_value(msg, HEADER_VIA), &via) == 0 &&
           party_is_readable(sip_value(msg, HEADER_FROM)) &&
           party_is_readable(sip_value(msg, HEADER_TO));
}

enum sip_error sip_msg_read(const char *bytes, size_t n, struct sip_msg *msg)
{
    struct findings found = {0};
    size_t skip = 0;
    msg_clear(msg);
    if (is_keep_alive(bytes, n))
        return SIP_KEEP_ALIVE;
    while (bytes[skip] == '\r' || bytes[skip] == '\n')
        skip++;
    msg->bytes = span_of(bytes + skip, n - skip);
    enum sip_error error = start_line_read(msg, &found);
    if (error)
        return error;
    if (n > SIP_MAX_DATAGRAM)
        return SIP_OVERSIZE;
    error = headers_read(msg, &found);
    if (error)
        return error;
    enum sip_error length = body_read(msg);
    if (!has_required(msg))
        return SIP_MISSING_HEADER;
    if (found.repeated)
        return SIP_REPEATED_HEADER;
    if (!values_are_readable(msg) || found.odd_start_line)
        return SIP_BAD_VALUE;
    if (length)
        return length;
    return found.other_version ? SIP_BAD_VERSION : SIP_OK;
}

bool sip_msg_answerable(const struct sip_msg *msg)
{
    return msg->is_request && msg->method != METHOD_ACK && has_required(msg);
}

const struct sip_header *sip_header_next(const struct sip_msg *msg, const struct sip_header *h)
{
    const struct sip_header *end = msg->headers + msg->n_headers;
    for (const struct sip_header *next = h + 1; next < end; next++) {
        if (next->id == h->id)
            return next;
    }
    return NULL;
}

struct span sip_value(const struct sip_msg *msg, enum sip_header_id id)
{
    const struct sip_header *h = sip_header(msg, id);
    return h ? sip_header_value(msg, h) : span_of(NULL, 0);
}
