/*
 * build.c - messages of our own, written into a bounded buffer.
 */
#include "proxy/sip/build.h"
#include "proxy/sip/scan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/* ---- the writer ----------------------------------------------------------------------------- */

void sip_out_init(struct sip_out *o, char *p, size_t room)
{
    *o = (struct sip_out){.p = p, .room = room};
}

void sip_put(struct sip_out *o, struct span s)
{
    if (s.n > o->room - o->n)
        o->full = true;
    if (o->full || s.n == 0)
        return;
    memcpy(o->p + o->n, s.p, s.n);
    o->n += s.n;
}

void sip_puts(struct sip_out *o, const char *s)
{
    sip_put(o, span_str(s));
}

void sip_putf(struct sip_out *o, const char *fmt, ...)
{
    va_list args;
    size_t left = o->room - o->n;
    va_start(args, fmt);
    /* With no room left vsnprintf only counts. */
    int n = vsnprintf(left ? o->p + o->n : NULL, left, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= left)
        o->full = true;
    if (!o->full)
        o->n += (size_t)n;
}

/* Received lines, where each may end in a bare line feed, with CRLF ends. Folds stay folds. */
static void put_lines(struct sip_out *o, struct span lines)
{
    while (lines.n > 0) {
        const char *lf = memchr(lines.p, '\n', lines.n);
        if (!lf) {
            sip_put(o, lines);
            return;
        }
        size_t text = (size_t)(lf - lines.p);
        if (text > 0 && lines.p[text - 1] == '\r')
            text--;
        sip_put(o, span_of(lines.p, text));
        sip_puts(o, "\r\n");
        lines = span_from(lines, (size_t)(lf - lines.p) + 1);
    }
}

/* Every header with that id as received. */
static void put_headers(struct sip_out *o, const struct sip_msg *msg, enum sip_header_id id)
{
    for (const struct sip_header *h = sip_header(msg, id); h; h = sip_header_next(msg, h))
        put_lines(o, sip_header_line(msg, h));
}

/* The first header with that id. A request that repeats one is answered 400 with the first alone.
 */
static void put_header(struct sip_out *o, const struct sip_msg *msg, enum sip_header_id id)
{
    const struct sip_header *h = sip_header(msg, id);
    if (h)
        put_lines(o, sip_header_line(msg, h));
}

static void put_field(struct sip_out *o, const char *name, struct span value)
{
    if (!value.p)
        return;
    sip_puts(o, name);
    sip_puts(o, ": ");
    sip_put(o, value);
    sip_puts(o, "\r\n");
}

/* ---- responses ------------------------------------------------------------------------------ */

static const struct {
    uint16_t status;
    const char *reason;
} reasons[] = {
    {100, "Trying"},
    {180, "Ringing"},
    {181, "Call Is Being Forwarded"},
    {182, "Queued"},
    {183, "Session Progress"},
    {199, "Early Dialog Terminated"},
    {200, "OK"},
    {202, "Accepted"},
    {204, "No Notification"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Moved Temporarily"},
    {305, "Use Proxy"},
    {380, "Alternative Service"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {410, "Gone"},
    {412, "Conditional Request Failed"},
    {413, "Request Entity Too Large"},
    {414, "Request-URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Unsupported URI Scheme"},
    {420, "Bad Extension"},
    {421, "Extension Required"},
    {422, "Session Interval Too Small"},
    {423, "Interval Too Brief"},
    {428, "Use Identity Header"},
    {429, "Provide Referrer Identity"},
    {433, "Anonymity Disallowed"},
    {439, "First Hop Lacks Outbound Support"},
    {440, "Max-Breadth Exceeded"},
    {469, "Bad Info Package"},
    {480, "Temporarily Unavailable"},
    {481, "Call/Transaction Does Not Exist"},
    {482, "Loop Detected"},
    {483, "Too Many Hops"},
    {484, "Address Incomplete"},
    {485, "Ambiguous"},
    {486, "Busy Here"},
    {487, "Request Terminated"},
    {488, "Not Acceptable Here"},
    {489, "Bad Event"},
    {491, "Request Pending"},
    {493, "Undecipherable"},
    {494, "Security Agreement Required"},
    {500, "Server Internal Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Server Time-out"},
    {505, "Version Not Supported"},
    {513, "Message Too Large"},
    {580, "Precondition Failure"},
    {600, "Busy Everywhere"},
    {603, "Decline"},
    {604, "Does Not Exist Anywhere"},
    {606, "Not Acceptable"},
    {607, "Unwanted"},
};

const char *sip_reason(unsigned status)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "Unknown";
}

/* The topmost Via line with what we know of its sender. What else stands there, other via-parms of
 * the same line included, is left alone. In an unreadable one (we are answering 400 for it) nobody
 * could tell where that belongs. */
static int put_top_via(struct sip_out *o, const struct sip_msg *request, const struct addr *source)
{
    const struct sip_header *h = sip_header(request, HEADER_VIA);
    struct sip_via via;
    if (!h)
        return EINVAL;
    struct span line = sip_header_line(request, h);
    if (sip_via_read(sip_header_value(request, h), &via)) {
        put_lines(o, line);
        return 0;
    }
    struct span rest = via.params;
    struct param param;
    size_t done = 0;
    while (param_next(&rest, &param)) {
        bool rport = span_is_nocase(param.name, span_str("rport"));
        if (!rport && !span_is_nocase(param.name, span_str("received")))
            continue;
        size_t at = (size_t)(param.whole.p - line.p);
        put_lines(o, span_between(line, done, at));
        if (rport)
            sip_putf(o, ";rport=%u", source->port);
        done = at + param.whole.n;
    }
    char ip[ADDR_TEXT];
    size_t end = (size_t)(via.whole.p + via.whole.n - line.p);
    put_lines(o, span_between(line, done, end));
    sip_puts(o, ";received=");
    sip_put(o, span_of(ip, addr_print_ip(source, ip)));
    put_lines(o, span_from(line, end));
    return 0;
}

/* An unreadable To (we may be answering 400 for it) gets no tag: nobody could tell where it goes.
 */
static bool to_takes_no_tag(const struct sip_msg *request)
{
    struct span tag;
    return sip_tag_read(sip_value(request, HEADER_TO), &tag) || tag.p;
}

int sip_stub_make(const struct sip_msg *request, const struct addr *source, char *bytes,
                  size_t room, struct sip_stub *stub)
{
    struct sip_out o;
    sip_out_init(&o, bytes, room < UINT16_MAX ? room : UINT16_MAX);
    if (put_top_via(&o, request, source))
        return EINVAL;
    const struct sip_header *h = sip_header(request, HEADER_VIA);
    while ((h = sip_header_next(request, h)))
        put_lines(&o, sip_header_line(request, h));
    stub->vias = (uint16_t)o.n;
    put_header(&o, request, HEADER_FROM);
    stub->to_at = (uint16_t)o.n;
    put_header(&o, request, HEADER_TO);
    stub->to_n = (uint16_t)(o.n - stub->to_at);
    stub->to_tagged = to_takes_no_tag(request);
    put_header(&o, request, HEADER_CALL_ID);
    put_header(&o, request, HEADER_CSEQ);
    stub->n = (uint16_t)o.n;
    return o.full ? ENOBUFS : 0;
}

void sip_response_make(struct sip_out *o, unsigned status, const char *reason,
                       const struct sip_stub *stub, const char *stub_bytes, struct span to_tag,
                       const char *extra)
{
    struct span lines = span_of(stub_bytes, stub->n);
    size_t to_end = (size_t)stub->to_at + stub->to_n;
    sip_putf(o, "SIP/2.0 %u %s\r\n", status, reason ? reason : sip_reason(status));
    if (to_tag.p && !stub->to_tagged && stub->to_n > 2) {
        sip_put(o, span_between(lines, 0, to_end - 2));
        sip_puts(o, ";tag=");
        sip_put(o, to_tag);
        lines = span_from(lines, to_end - 2);
    }
    sip_put(o, lines);
    sip_puts(o, extra);
    sip_puts(o, "Content-Length: 0\r\n\r\n");
}

static void put_option(struct sip_out *o, struct span option, size_t *n)
{
    const char *before = *n ? ", " : "Unsupported: ";
    bool word = option.n > 0 && token_skip(option, 0) == option.n;
    if (!word || strlen(before) + option.n + 2 > o->room - o->n)
        return;
    sip_puts(o, before);
    sip_put(o, option);
    ++*n;
}

void sip_unsupported_make(struct sip_out *o, const struct sip_msg *request)
{
    size_t n = 0;
    for (const struct sip_header *h = sip_header(request, HEADER_PROXY_REQUIRE); h;
         h = sip_header_next(request, h)) {
        struct span rest = sip_header_value(request, h), option;
        while (sip_list_next(&rest, &option))
            put_option(o, option, &n);
    }
    if (n)
        sip_puts(o, "\r\n");
}

/* ---- requests ------------------------------------------------------------------------------- */

static void put_request_line(struct sip_out *o, const char *method, struct span uri)
{
    sip_puts(o, method);
    sip_puts(o, " ");
    sip_put(o, uri);
    sip_puts(o, " SIP/2.0\r\n");
}

/* The first via-parm alone. Unreadable, it leaves no Via, which the caller's own INVITE never has.
 */
static void put_own_via(struct sip_out *o, const struct sip_msg *invite)
{
    struct sip_via via;
    if (sip_via_read(sip_value(invite, HEADER_VIA), &via)) {
        o->full = true;
        return;
    }
    sip_puts(o, "Via: ");
    put_lines(o, via.whole);
    sip_puts(o, "\r\n");
}

/* What ACK and CANCEL take over from the INVITE they belong to. */
static void put_like_invite(struct sip_out *o, const char *method, const struct sip_msg *invite,
                            const struct sip_msg *to_from)
{
    put_request_line(o, method, invite->uri);
    put_own_via(o, invite);
    sip_puts(o, "Max-Forwards: 70\r\n");
    put_headers(o, invite, HEADER_ROUTE);
    put_header(o, invite, HEADER_FROM);
    put_header(o, to_from, HEADER_TO);
    put_header(o, invite, HEADER_CALL_ID);
    sip_putf(o, "CSeq: %u %s\r\n", (unsigned)invite->cseq, method);
}

void sip_ack_make(struct sip_out *o, const struct sip_msg *invite, const struct sip_msg *response)
{
    put_like_invite(o, "ACK", invite, response);
    sip_puts(o, "Content-Length: 0\r\n\r\n");
}

void sip_cancel_make(struct sip_out *o, const struct sip_msg *invite, struct span reason)
{
    put_like_invite(o, "CANCEL", invite, invite);
    put_field(o, "Reason", reason);
    sip_puts(o, "Content-Length: 0\r\n\r\n");
}

void sip_request_make(struct sip_out *o, const struct sip_request *r)
{
    put_request_line(o, r->method, r->uri);
    if (r->via.p) {
        sip_puts(o, "Via: SIP/2.0/UDP ");
        sip_put(o, r->via);
        sip_puts(o, "\r\n");
    }
    sip_puts(o, "Max-Forwards: 70\r\n");
    sip_put(o, r->routes);
    put_field(o, "From", r->from);
    put_field(o, "To", r->to);
    put_field(o, "Call-ID", r->call_id);
    sip_putf(o, "CSeq: %u %s\r\n", (unsigned)r->cseq, r->method);
    put_field(o, "Contact", r->contact);
    sip_put(o, r->extra);
    sip_puts(o, "Content-Length: 0\r\n\r\n");
}
