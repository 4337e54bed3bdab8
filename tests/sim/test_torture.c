/*
 * The messages of RFC 4475 and RFC 5118, and messages like them, sent by the exchange and by a
 * peer: the valid ones pass unharmed, the others are answered or dropped, and counted; each time
 * the next good call works and nothing is left.
 */
#include "tests/sim/tailnet.h"
#include "tests/sim/tap.h"
#include "tests/sim/torture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST 16384

static const char call[] =
    "a call\n b expect INVITE\n b answer 180\n a expect 180\n b answer 200 sdp\n"
    "a expect 200\n b expect ACK\n media 200ms\n heard a b\n a send BYE\n"
    "b expect BYE\n a expect 200 BYE\n";

struct torture {
    const struct torture_case *c;
    struct tailnet t;
    struct tap sender, receiver;
    bool by_peer;
    char message[LARGEST];
    size_t n;
    uint64_t counted, all, compared;
};

static struct span message_of(const struct torture *x)
{
    return span_of(x->message, x->n);
}

static struct span kept(const struct tap_message *m)
{
    return span_of(m->p, m->n);
}

/* ---------------------------------------------------------------- what is sent */

static void file_read(struct torture *x)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", TORTURE_DIR, x->c->file);
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        abort();
    }
    x->n = fread(x->message, 1, sizeof x->message, file);
    fclose(file);
}

static void replace(struct torture *x)
{
    const struct torture_case *c = x->c;
    size_t was = c->was ? strlen(c->was) : 0;
    char *at = was ? memmem(x->message, x->n, c->was, was) : NULL;
    if (!was)
        return;
    if (!at || x->n - was + c->is.n > sizeof x->message) {
        fprintf(stderr, "%s has no \"%s\"\n", c->file, c->was);
        abort();
    }
    size_t behind = x->n - (size_t)(at - x->message) - was;
    memmove(at + c->is.n, at + was, behind);
    memcpy(at, c->is.p, c->is.n);
    x->n = x->n - was + c->is.n;
}

static void send_message(struct torture *x, struct span bytes)
{
    struct tailnet *t = &x->t;
    struct datagram d = {.bytes = bytes.p, .n = bytes.n, .wild = true};
    d.from = x->sender.ua->at;
    d.to = x->sender.ua == t->x ? t->at[0].local : t->at[0].us;
    net_send(&t->scene.net, x->sender.ua->host, &d);
    world_run_for(&t->scene.world, 100);
}

/* The request that the message answers: its parties, Call-ID and CSeq, and an offer for its SDP. */
static void send_request_for(struct torture *x)
{
    static const char offer[] =
        "Content-Type: application/sdp\r\nContent-Length: 117\r\n\r\n"
        "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
        "m=audio 40000 RTP/AVP 0 12\r\nm=video 40002 RTP/AVP 31\r\n";
    static char text[LARGEST];
    struct span m = message_of(x), cseq = tap_value(tap_header(m, "CSeq", 0));
    struct span from = tap_header(m, "From", 'f'), to = tap_value(tap_header(m, "To", 't'));
    const char *tag = to.p ? memmem(to.p, to.n, ";tag=", 5) : NULL,
               *space = cseq.p ? memchr(cseq.p, ' ', cseq.n) : NULL;
    if (!from.p || !to.p || !space)
        abort();
    to.n = tag ? (size_t)(tag - to.p) : to.n;
    struct span method = span_from(cseq, (size_t)(space - cseq.p) + 1);
    int n = snprintf(text, sizeof text,
                     "%.*s sip:user@host.example SIP/2.0\r\n"
                     "Via: SIP/2.0/UDP 192.0.2.9;rport;branch=z9hG4bKfor\r\n%.*s"
                     "To: %.*s\r\nCall-ID: %.*s\r\nCSeq: %.*s\r\nMax-Forwards: 70\r\n"
                     "Contact: <sip:a@192.0.2.9>\r\n%s",
                     (int)method.n, method.p, (int)from.n, from.p, (int)to.n, to.p,
                     (int)x->receiver.call_id.n, x->receiver.call_id.p, (int)cseq.n, cseq.p,
                     span_is(method, span_str("INVITE")) ? offer : "Content-Length: 0\r\n\r\n");
    x->receiver.answer = m;
    send_message(x, span_of(text, (size_t)n));
}

/* ---------------------------------------------------------------- what became of it */

static void fail(struct torture *x, const char *what, struct span shown)
{
    world_fail(&x->t.scene.world, "%s (%s): %s\n%.*s", x->c->file, x->c->why, what, (int)shown.n,
               shown.p ? shown.p : "");
}

static uint64_t counter(struct torture *x, const char *name)
{
    const struct counters *v = info_counters(x->t.box.core);
    for (unsigned i = 0; i < COUNTER_COUNT; i++) {
        if (strcmp(counter_table[i].name, name) == 0)
            return v->v[i];
    }
    fail(x, "no such counter", span_str(name));
    return 0;
}

/* All that was dropped, and all that the proxy answered by itself. */
static uint64_t all_counters(struct torture *x)
{
    const struct counters *v = info_counters(x->t.box.core);
    uint64_t sum = 0;
    for (unsigned i = 0; i < COUNTER_COUNT; i++) {
        const char *name = counter_table[i].name;
        if (strncmp(name, "drop_", 5) == 0 || strncmp(name, "answer_", 7) == 0)
            sum += v->v[i];
    }
    return sum;
}

static void note_counters(struct torture *x)
{
    x->counted = x->c->counter ? counter(x, x->c->counter) : 0;
    x->all = all_counters(x);
    x->compared = x->t.box.judge.compared;
}

static void check_counters(struct torture *x)
{
    const char *name = x->c->counter;
    if (name && counter(x, name) != x->counted + 1)
        fail(x, "it is not counted by", span_str(name));
    if (all_counters(x) != x->all + (name != NULL))
        fail(x, "some other counter counts it", message_of(x));
}

static struct span request_uri(struct span message)
{
    const char *from = memchr(message.p, ' ', message.n);
    const char *to =
        from ? memchr(from + 1, ' ', (size_t)(message.p + message.n - from - 1)) : NULL;
    return to ? span_of(from + 1, (size_t)(to - from - 1)) : span_of(NULL, 0);
}

/* One line without what every hop writes into the topmost Via: received=, and the value of rport.
 */
static size_t without_source(struct span line, char *out)
{
    static const char received[] = ";received=", rport[] = ";rport=";
    size_t n = 0;
    for (size_t i = 0; i < line.n;) {
        struct span rest = span_from(line, i);
        bool r = span_begins(rest, received), p = span_begins(rest, rport);
        if (p) {
            memcpy(out + n, ";rport", 6);
            n += 6;
        }
        if (r || p) {
            while (++i < line.n && !strchr(";, \r\n", line.p[i]))
                ;
        } else {
            out[n++] = line.p[i++];
        }
    }
    return n;
}

static bool next_via(struct span message, size_t *at, struct span *line)
{
    while (tap_line(message, at, line)) {
        if (tap_line_is(*line, "Via", 'v'))
            return true;
    }
    return false;
}

static void check_vias(struct torture *x, struct span response)
{
    static char a[LARGEST], b[LARGEST];
    size_t at_in = 0, at_out = 0;
    struct span in, out;
    for (;;) {
        bool has = next_via(message_of(x), &at_in, &in);
        if (next_via(response, &at_out, &out) != has) {
            fail(x, "its answer has other Vias than it", response);
            return;
        }
        if (!has)
            return;
        size_t na = without_source(in, a), nb = without_source(out, b);
        if (na != nb || memcmp(a, b, na) != 0)
            fail(x, "a Via does not come back as it was", response);
    }
}

/* As libosip2 understands both, where it can read what was sent. */
static void check_oracle(struct torture *x, struct span out)
{
    wire_reset();
    const char *before = wire_kept(x->message, x->n);
    const char *after = before ? wire_kept(out.p, out.n) : NULL;
    if (before && !after)
        fail(x, "libosip2 reads what was sent, but not what arrived", out);
    else if (before && strcmp(before, after) != 0)
        fail(x, "libosip2 reads something else in what arrived", out);
}

static void check_answer_back(struct torture *x)
{
    struct span response = kept(&x->sender.response);
    if (!response.p) {
        fail(x, "its answer does not come back", kept(&x->receiver.request));
        return;
    }
    if (!span_begins(response, "SIP/2.0 200") && !span_begins(response, "SIP/2.0 486"))
        fail(x, "another answer comes back than was given", response);
    if (x->c->back && !memmem(response.p, response.n, x->c->back, strlen(x->c->back)))
        fail(x, "missing in its answer", span_str(x->c->back));
    check_vias(x, response);
}

/* That header lines and body are the same is the judge's finding (invariants.h): it has to have
 * found the message again. */
static void check_passed(struct torture *x)
{
    struct span out = kept(&x->receiver.request);
    if (!out.p) {
        fail(x, "it does not arrive", kept(&x->sender.response));
        return;
    }
    if (x->receiver.others)
        fail(x, "it arrives twice, and differs", out);
    if (x->t.box.judge.compared < x->compared + 2)
        fail(x, "it or its answer was not compared", out);
    struct span uri = request_uri(message_of(x));
    bool ours = x->by_peer && memchr(uri.p, '[', uri.n); /* an address can but mean this side */
    if (!ours && !span_is(uri, request_uri(out)))
        fail(x, "it arrives with another Request-URI", out);
    check_oracle(x, out);
    check_answer_back(x);
}

/* A response: to whoever asked. */
static void check_response_passed(struct torture *x)
{
    struct span out = kept(&x->sender.response), m = message_of(x);
    size_t n = (size_t)((char *)memchr(m.p, '\n', m.n) - m.p);
    if (!out.p || out.n < n || memcmp(out.p, m.p, n) != 0)
        fail(x, "it does not come back as it was given", out);
    if (x->t.box.judge.compared < x->compared + 2)
        fail(x, "it was not compared", out);
}

static void check_answered(struct torture *x)
{
    char begin[24];
    struct span response = kept(&x->sender.response);
    snprintf(begin, sizeof begin, "SIP/2.0 %d ", x->c->status);
    if (!response.p || !span_begins(response, begin))
        fail(x, "it should be answered here, but the answer is", response);
    if (x->c->back && response.p && !memmem(response.p, response.n, x->c->back, strlen(x->c->back)))
        fail(x, "missing in its answer", span_str(x->c->back));
    if (response.p)
        check_vias(x, response);
    if (x->receiver.request.p)
        fail(x, "it should not pass", kept(&x->receiver.request));
}

static void check_stopped(struct torture *x)
{
    if (x->sender.response.p)
        fail(x, "it should not be answered, nor pass", kept(&x->sender.response));
    if (x->receiver.request.p && !x->c->answers)
        fail(x, "it should not pass", kept(&x->receiver.request));
}

static void check(struct torture *x)
{
    check_counters(x);
    switch (x->c->must) {
    case MUST_PASS:
        if (x->c->answers)
            check_response_passed(x);
        else
            check_passed(x);
        break;
    case MUST_ANSWER:
        check_answered(x);
        break;
    case MUST_STOP:
        check_stopped(x);
        break;
    }
}

/* ---------------------------------------------------------------- one case */

static void prepare(struct torture *x, const struct torture_case *c, enum torture_from from)
{
    struct tailnet_options o = {.ours_masked = true, .theirs_masked = true};
    char title[160];
    memset(x, 0, sizeof *x);
    x->c = c;
    x->by_peer = from == FROM_PEER;
    snprintf(title, sizeof title, "%s, from the %s", c->name, x->by_peer ? "peer" : "exchange");
    tailnet_init(&x->t, 3, title, &o);
    bool asks = x->by_peer == c->answers; /* the exchange does */
    tap_init(&x->sender, asks ? x->t.x : x->t.peers[0]);
    tap_init(&x->receiver, asks ? x->t.peers[0] : x->t.x);
    file_read(x);
    replace(x);
    x->sender.call_id = x->receiver.call_id = tap_value(tap_header(message_of(x), "Call-ID", 'i'));
}

static bool run_from(const struct torture_case *c, enum torture_from from)
{
    static struct torture x;
    prepare(&x, c, from);
    note_counters(&x);
    x.t.box.judge.addresses_free = c->stray;
    if (c->answers)
        send_request_for(&x);
    else
        send_message(&x, message_of(&x));
    check(&x);
    x.t.box.judge.addresses_free = false;
    script_run(&x.t.scene, "hangup\n");
    script_forget(&x.t.scene);
    bool ok = tailnet_run(&x.t, call);
    tap_free(&x.sender);
    tap_free(&x.receiver);
    tailnet_free(&x.t);
    return ok;
}

static void run_table(const struct torture_case *c, const char *only, unsigned *n, unsigned *failed)
{
    for (; c->name; c++) {
        if (only && !strstr(c->name, only))
            continue;
        bool ok = !(c->from & FROM_EXCHANGE) || run_from(c, FROM_EXCHANGE);
        ok = (!(c->from & FROM_PEER) || run_from(c, FROM_PEER)) && ok;
        printf("%s %s\n", ok ? "ok  " : "FAIL", c->name);
        ++*n;
        *failed += !ok;
    }
}

int main(int argc, char **argv)
{
    unsigned n = 0, failed = 0;
    const char *only = argc > 1 ? argv[1] : NULL;
    run_table(torture_rfc, only, &n, &failed);
    run_table(torture_near, only, &n, &failed);
    printf("%u of %u cases failed\n", failed, n);
    return failed != 0 || n == 0;
}
