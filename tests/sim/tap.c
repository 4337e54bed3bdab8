#include "tests/sim/tap.h"
#include "tests/sim/ua_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---------------------------------------------------------------- lines */

static size_t line_end(struct span s, size_t at)
{
    const char *nl = at < s.n ? memchr(s.p + at, '\n', s.n - at) : NULL;
    return nl ? (size_t)(nl - s.p) + 1 : s.n;
}

static struct span first_word(struct span message)
{
    size_t n = 0;
    while (n < message.n && message.p[n] != ' ')
        n++;
    return span_of(message.p, n);
}

bool tap_line(struct span message, size_t *at, struct span *line)
{
    size_t from = *at ? *at : line_end(message, 0);
    if (from >= message.n || message.p[from] == '\r' || message.p[from] == '\n')
        return false;
    size_t to = line_end(message, from);
    while (to < message.n && (message.p[to] == ' ' || message.p[to] == '\t'))
        to = line_end(message, to);
    *line = span_of(message.p + from, to - from);
    *at = to;
    return true;
}

bool tap_line_is(struct span line, const char *name, char compact)
{
    const char *colon = memchr(line.p, ':', line.n);
    struct span written = span_trim(span_of(line.p, colon ? (size_t)(colon - line.p) : 0));
    return span_is_nocase(written, span_str(name)) ||
           (compact && span_is_nocase(written, span_of(&compact, 1)));
}

struct span tap_header(struct span message, const char *name, char compact)
{
    struct span line;
    size_t at = 0;
    while (tap_line(message, &at, &line)) {
        if (tap_line_is(line, name, compact))
            return line;
    }
    return span_of(NULL, 0);
}

struct span tap_value(struct span line)
{
    const char *colon = line.p ? memchr(line.p, ':', line.n) : NULL;
    return colon ? span_trim(span_from(line, (size_t)(colon - line.p) + 1)) : span_of(NULL, 0);
}

/* ---------------------------------------------------------------- answers */

struct writer {
    char bytes[32768];
    size_t n;
};

static void put(struct writer *w, struct span s)
{
    if (s.n > sizeof w->bytes - w->n)
        abort();
    if (s.n)
        memcpy(w->bytes + w->n, s.p, s.n);
    w->n += s.n;
}

static void put_text(struct writer *w, const char *text)
{
    put(w, span_str(text));
}

static void put_vias(struct writer *w, struct span request)
{
    struct span line;
    size_t at = 0;
    while (tap_line(request, &at, &line)) {
        if (tap_line_is(line, "Via", 'v'))
            put(w, line);
    }
}

static void put_to(struct writer *w, struct span request)
{
    struct span line = tap_header(request, "To", 't');
    bool tagged = line.p && memmem(line.p, line.n, "tag", 3);
    put(w, tagged ? line : span_of(line.p, line.n - 2));
    put_text(w, tagged ? "" : ";tag=tap\r\n");
}

/* Every Contact that was asked for, for a minute. */
static void put_contacts(struct writer *w, struct span request)
{
    struct span line;
    size_t at = 0;
    while (tap_line(request, &at, &line)) {
        if (!tap_line_is(line, "Contact", 'm'))
            continue;
        put_text(w, "Contact: ");
        put(w, tap_value(line));
        put_text(w, ";expires=60\r\n");
    }
}

static void put_own_answer(struct writer *w, struct span request, struct span method)
{
    bool invites = span_is(method, span_str("INVITE"));
    put_text(w, invites ? "SIP/2.0 486 Busy Here\r\n" : "SIP/2.0 200 OK\r\n");
    put_vias(w, request);
    put(w, tap_header(request, "From", 'f'));
    put_to(w, request);
    put(w, tap_header(request, "Call-ID", 'i'));
    put(w, tap_header(request, "CSeq", 0));
    if (span_is(method, span_str("REGISTER")))
        put_contacts(w, request);
    put_text(w, "Content-Length: 0\r\n\r\n");
}

/* The answer given, with the Vias of the request on top of it and none of its first line's own. */
static void put_given_answer(struct writer *w, struct span request, struct span answer)
{
    struct span line;
    size_t at = 0, end = line_end(answer, 0);
    bool first = true;
    put(w, span_of(answer.p, end));
    put_vias(w, request);
    while (tap_line(answer, &at, &line)) {
        bool top = first && tap_line_is(line, "Via", 'v');
        first = first && !top;
        put(w, top ? span_of(NULL, 0) : line);
        end = at;
    }
    put(w, span_from(answer, end));
}

static void answer(struct tap *tap, const struct datagram *d, struct span method)
{
    static struct writer w;
    struct span request = span_of(d->bytes, d->n);
    w.n = 0;
    if (tap->answer.n && span_is(method, first_word(span_of(tap->request.p, tap->request.n))))
        put_given_answer(&w, request, tap->answer);
    else
        put_own_answer(&w, request, method);
    struct datagram out = {.from = tap->ua->at, .to = d->from, .bytes = w.bytes, .n = w.n};
    net_send(tap->ua->net, tap->ua->host, &out);
}

/* ---------------------------------------------------------------- what comes */

static void keep(struct tap_message *m, const struct datagram *d)
{
    txn_keep(&m->p, &m->n, d->bytes, d->n);
    m->from = d->from;
}

static void request_in(struct tap *tap, const struct datagram *d)
{
    struct span message = span_of(d->bytes, d->n), method = first_word(message);
    struct span first = span_of(tap->request.p, tap->request.n);
    if (span_is(method, span_str("ACK")))
        return;
    if (!first.p)
        keep(&tap->request, d);
    else if (span_is(method, first_word(first)) && !span_is(message, first))
        tap->others++;
    answer(tap, d, method);
}

static void receive(void *ctx, const struct datagram *d)
{
    struct tap *tap = ctx;
    struct span message = span_of(d->bytes, d->n);
    if (!tap->call_id.p || !span_is(tap_value(tap_header(message, "Call-ID", 'i')), tap->call_id)) {
        ua_receive(tap->ua, d);
        return;
    }
    if (!span_begins(message, "SIP/2.0 "))
        request_in(tap, d);
    else if (!span_begins(message, "SIP/2.0 100"))
        keep(&tap->response, d);
}

void tap_init(struct tap *tap, struct ua *ua)
{
    memset(tap, 0, sizeof *tap);
    tap->ua = ua;
    struct net_binding *b = net_binding_at(ua->net, ua->host, &ua->at);
    if (!b)
        abort();
    b->receive = receive;
    b->ctx = tap;
}

void tap_free(struct tap *tap)
{
    free(tap->request.p);
    free(tap->response.p);
    memset(tap, 0, sizeof *tap);
}
