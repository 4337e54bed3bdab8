/*
 * Datagrams nobody should send, from the exchange, from a peer and from a stranger: each gets a
 * clear answer or a counted drop, the next good call works, and memory does not grow however many
 * come.
 */
#include "tests/sim/tailnet.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST 65507 /* the payload of one UDP datagram */

static const char call[] =
    "a call\n b expect INVITE\n b answer 180\n a expect 180\n b answer 200 sdp\n"
    "a expect 200\n b expect ACK\n media 200ms\n heard a b\n a send BYE\n"
    "b expect BYE\n a expect 200 BYE\n";

enum from { FROM_EXCHANGE = 1, FROM_PEER = 2, FROM_STRANGER = 4, FROM_BOTH = 3 };

struct buffer {
    char *p;
    size_t n;
};

static void put(struct buffer *b, const char *text)
{
    size_t n = strlen(text);
    memcpy(b->p + b->n, text, n);
    b->n += n;
}

static void put_many(struct buffer *b, const char *text, unsigned times)
{
    while (times--)
        put(b, text);
}

/* A request as it should be, but for what the case does to it: `unique` keeps repetitions apart. */
static void put_head(struct buffer *b, const char *method, unsigned unique)
{
    char text[1024];
    snprintf(text, sizeof text,
             "%s sip:100@host.example SIP/2.0\r\n"
             "Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bKh%u\r\n"
             "From: <sip:a@host.example>;tag=f%u\r\nTo: <sip:100@host.example>\r\n"
             "Call-ID: hostile-%u\r\nCSeq: 1 %s\r\nMax-Forwards: 70\r\n"
             "Contact: <sip:a@192.0.2.1:5060>\r\n",
             method, unique, unique, unique, method);
    put(b, text);
}

static void put_body(struct buffer *b, const char *type, const char *body)
{
    char text[128];
    snprintf(text, sizeof text, "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n", type,
             strlen(body));
    put(b, text);
    put(b, body);
}

static void put_sdp(struct buffer *b, const char *lines)
{
    static char body[65536];
    snprintf(body, sizeof body, "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n%s", lines);
    put_body(b, "application/sdp", body);
}

static void make_truncated(struct buffer *b, unsigned i)
{
    put_head(b, "INVITE", i);
    b->n -= 20;
}

static void make_largest(struct buffer *b, unsigned i)
{
    put_head(b, "MESSAGE", i);
    while (b->n < LARGEST - 2)
        b->p[b->n++] = 'x';
    put(b, "\r\n");
}

static void make_nul(struct buffer *b, unsigned i)
{
    put_head(b, "MESSAGE", i);
    b->p[b->n / 2] = '\0';
    put(b, "\r\n");
}

static void make_keep_alive(struct buffer *b, unsigned i)
{
    (void)i;
    put(b, "\r\n\r\n");
}

static void make_garbage(struct buffer *b, unsigned i)
{
    for (unsigned k = 0; k < 400; k++)
        b->p[b->n++] = (char)((k * 7919 + i * 104729) >> 3);
}

static void make_empty(struct buffer *b, unsigned i)
{
    (void)b;
    (void)i;
}

static void make_no_call_id(struct buffer *b, unsigned i)
{
    (void)i;
    put(b, "MESSAGE sip:100@host.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n"
           "From: <sip:a@b.example>;tag=1\r\nTo: <sip:b@b.example>\r\nCSeq: 1 MESSAGE\r\n"
           "Content-Length: 0\r\n\r\n");
}

static void make_two_cseq(struct buffer *b, unsigned i)
{
    put_head(b, "MESSAGE", i);
    put(b, "CSeq: 2 MESSAGE\r\nContent-Length: 0\r\n\r\n");
}

static void make_cseq_of_another(struct buffer *b, unsigned i)
{
    (void)i;
    put(b, "MESSAGE sip:100@host.example SIP/2.0\r\nVia: SIP/2.0/UDP "
           "192.0.2.1;rport;branch=z9hG4bKx\r\n"
           "From: <sip:a@b.example>;tag=1\r\nTo: <sip:b@b.example>\r\nCall-ID: x\r\n"
           "CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n");
}

static void make_long_length(struct buffer *b, unsigned i)
{
    put_head(b, "MESSAGE", i);
    put(b, "Content-Length: 9999\r\n\r\nshort");
}

static void make_negative_length(struct buffer *b, unsigned i)
{
    put_head(b, "MESSAGE", i);
    put(b, "Content-Length: -1\r\n\r\n");
}

static void make_many_headers(struct buffer *b, unsigned i)
{
    put_head(b, "MESSAGE", i);
    put_many(b, "X: 1\r\n", 10000);
    put(b, "\r\n");
}

static void make_headers_within_size(struct buffer *b, unsigned i)
{
    put_head(b, "MESSAGE", i);
    put_many(b, "X: 1\r\n", 1000);
    put(b, "\r\n");
}

static void make_long_header(struct buffer *b, unsigned i)
{
    put_head(b, "MESSAGE", i);
    put(b, "Subject: ");
    put_many(b, "0123456789", 6000);
    put(b, "\r\n\r\n");
}

static void make_header_within_size(struct buffer *b, unsigned i)
{
    put_head(b, "MESSAGE", i);
    put(b, "Subject: ");
    put_many(b, "0123456789", 1000);
    put(b, "\r\n\r\n");
}

static void make_many_vias(struct buffer *b, unsigned i)
{
    put_head(b, "OPTIONS", i);
    put_many(b, "Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\n", 60);
    put(b, "Content-Length: 0\r\n\r\n");
}

static void make_bad_below_vias(struct buffer *b, unsigned i)
{
    put_head(b, "OPTIONS", i);
    put_many(b, "Via: SIP/2.0/UDP a.name.as.long.as.they.come.example;branch=z9hG4bK1\r\n", 110);
    put(b, "Content-Length: -1\r\n\r\n");
}

static void make_ack_without_hops(struct buffer *b, unsigned i)
{
    char text[512];
    snprintf(text, sizeof text,
             "ACK sip:100@host.example SIP/2.0\r\n"
             "Via: SIP/2.0/UDP 192.0.2.1;rport;branch=z9hG4bKa%u\r\n"
             "From: <sip:a@b.example>;tag=1\r\nTo: <sip:b@b.example>;tag=2\r\nCall-ID: a%u\r\n"
             "CSeq: 1 ACK\r\nMax-Forwards: 0\r\nContent-Length: 0\r\n\r\n",
             i, i);
    put(b, text);
}

static void make_bad_version(struct buffer *b, unsigned i)
{
    put_head(b, "MESSAGE", i);
    memcpy(strstr(b->p, "SIP/2.0\r\n"), "SIP/3.0", 7);
    put(b, "Content-Length: 0\r\n\r\n");
}

static void make_no_connection(struct buffer *b, unsigned i)
{
    put_head(b, "INVITE", i);
    put_sdp(b, "m=audio 4000 RTP/AVP 0\r\n");
}

static void make_bad_port(struct buffer *b, unsigned i)
{
    put_head(b, "INVITE", i);
    put_sdp(b, "c=IN IP4 192.0.2.1\r\nm=audio 99999 RTP/AVP 0\r\n");
}

static void make_many_lines(struct buffer *b, unsigned i)
{
    static char lines[16000];
    size_t n = (size_t)snprintf(lines, sizeof lines, "c=IN IP4 192.0.2.1\r\n");
    for (unsigned k = 0; k < 500; k++)
        n +=
            (size_t)snprintf(lines + n, sizeof lines - n, "m=audio %u RTP/AVP 0\r\n", 4000 + 2 * k);
    put_head(b, "INVITE", i);
    put_sdp(b, lines);
}

static void make_not_sdp(struct buffer *b, unsigned i)
{
    put_head(b, "INVITE", i);
    put_body(b, "application/sdp", "this is no SDP\r\n");
}

static void make_stray_response(struct buffer *b, unsigned i)
{
    char text[512];
    snprintf(text, sizeof text,
             "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKnobody%u\r\n"
             "From: <sip:a@b.example>;tag=1\r\nTo: <sip:b@b.example>;tag=2\r\nCall-ID: r%u\r\n"
             "CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n",
             i, i);
    put(b, text);
}

static void make_stray_ack(struct buffer *b, unsigned i)
{
    put_head(b, "ACK", i);
    put(b, "Content-Length: 0\r\n\r\n");
}

static void make_stray_cancel(struct buffer *b, unsigned i)
{
    put_head(b, "CANCEL", i);
    put(b, "Content-Length: 0\r\n\r\n");
}

static void make_good(struct buffer *b, unsigned i)
{
    put_head(b, "OPTIONS", i);
    put(b, "Content-Length: 0\r\n\r\n");
}

struct hostile_case {
    const char *name;
    unsigned from;
    void (*make)(struct buffer *b, unsigned unique);
    const char *counter; /* counts each of them */
    const char *answer;  /* what the sender gets; NULL = nothing */
};

static const struct hostile_case cases[] = {
    {"cut off within its headers", FROM_BOTH, make_truncated, "drop_malformed", NULL},
    {"65,507 bytes", FROM_BOTH, make_largest, "drop_oversize", NULL},
    {"a NUL in its headers", FROM_BOTH, make_nul, "drop_malformed", NULL},
    {"nothing but line ends", FROM_BOTH, make_keep_alive, "drop_keep_alive", NULL},
    {"nothing at all", FROM_BOTH, make_empty, "drop_keep_alive", NULL},
    {"garbage", FROM_BOTH, make_garbage, "drop_malformed", NULL},
    {"no Call-ID", FROM_BOTH, make_no_call_id, "drop_malformed", NULL},
    {"two CSeq", FROM_BOTH, make_two_cseq, "answer_400_malformed", "SIP/2.0 400"},
    {"a CSeq of another method", FROM_BOTH, make_cseq_of_another, "answer_400_malformed",
     "SIP/2.0 400"},
    {"a Content-Length beyond the datagram", FROM_BOTH, make_long_length, "answer_400_malformed",
     "SIP/2.0 400"},
    {"a negative Content-Length", FROM_BOTH, make_negative_length, "answer_400_malformed",
     "SIP/2.0 400"},
    {"10,000 headers", FROM_BOTH, make_many_headers, "drop_oversize", NULL},
    {"1,000 headers", FROM_BOTH, make_headers_within_size, "drop_malformed", NULL},
    {"a header of 60 kB", FROM_BOTH, make_long_header, "drop_oversize", NULL},
    {"a header of 10 kB", FROM_BOTH, make_header_within_size, "drop_malformed", NULL},
    {"SIP/3.0", FROM_BOTH, make_bad_version, "answer_400_malformed", "SIP/2.0 505"},
    {"SDP without c=", FROM_BOTH, make_no_connection, "answer_488_sdp", "SIP/2.0 488"},
    {"port 99999", FROM_BOTH, make_bad_port, "answer_488_sdp", "SIP/2.0 488"},
    {"500 m-lines", FROM_BOTH, make_many_lines, "answer_488_sdp", "SIP/2.0 488"},
    {"a body that is no SDP", FROM_BOTH, make_not_sdp, "answer_488_sdp", "SIP/2.0 488"},
    {"a response to nothing", FROM_BOTH, make_stray_response, "drop_stray_response", NULL},
    {"an ACK of nothing", FROM_BOTH, make_stray_ack, "drop_stray_ack", NULL},
    {"a CANCEL of nothing", FROM_BOTH, make_stray_cancel, "answer_481_no_dialog", "SIP/2.0 481"},
    {"an ACK that may go no further", FROM_BOTH, make_ack_without_hops, "drop_stray_ack", NULL},
    {"61 Vias", FROM_BOTH, make_many_vias, NULL, NULL},
    {"111 Vias above what is wrong", FROM_BOTH, make_bad_below_vias, "answer_400_malformed",
     "SIP/2.0 400"},
    {"anything from a stranger", FROM_STRANGER, make_good, "drop_unknown_source", NULL},
    {"an INVITE from a stranger", FROM_STRANGER, make_no_connection, "drop_unknown_source", NULL},
};

static uint64_t counted(struct tailnet *t, const char *name)
{
    const struct counters *c = info_counters(t->box.core);
    for (unsigned i = 0; name && i < COUNTER_COUNT; i++) {
        if (strcmp(counter_table[i].name, name) == 0)
            return c->v[i];
    }
    return 0;
}

static void throw(struct tailnet * t, const struct hostile_case *c, enum from from, int stranger,
                  unsigned unique)
{
    static char room[LARGEST + 1024];
    struct buffer b = {room, 0};
    memset(room, 0, sizeof room);
    c->make(&b, unique);
    struct datagram d = {.bytes = b.p, .n = b.n, .wild = true};
    int host = from == FROM_EXCHANGE ? t->x->host
               : from == FROM_PEER   ? t->peers[0]->host
                                     : stranger;
    d.from = from == FROM_EXCHANGE ? t->x->at : t->scene.net.hosts[host].native;
    d.to = from == FROM_EXCHANGE ? t->at[0].local : t->at[0].us;
    net_send(&t->scene.net, host, &d);
    world_run_for(&t->scene.world, 5);
}

static void check_answer(struct tailnet *t, const struct hostile_case *c, struct ua *ua)
{
    world_run_for(&t->scene.world, 50);
    bool got = ua && ua->last_stray[0];
    if (c->answer && (!got || !strstr(ua->last_stray, c->answer)))
        world_fail(&t->scene.world, "should be answered %s, got: %s", c->answer,
                   got ? ua->last_stray : "nothing");
    if (!c->answer && c->counter && got)
        world_fail(&t->scene.world, "should not be answered, got: %s", ua->last_stray);
    if (ua)
        ua->last_stray[0] = '\0';
}

static void agents_answer_all(struct tailnet *t)
{
    t->scene.uas[0].automatic = t->scene.uas[1].automatic = AUTO_DEFAULT;
}

static bool run_from(const struct hostile_case *c, enum from from)
{
    struct tailnet t;
    struct tailnet_options o = {.ours_masked = true, .theirs_masked = true};
    char title[128];
    snprintf(title, sizeof title, "%s from %s", c->name,
             from == FROM_EXCHANGE ? "the exchange"
             : from == FROM_PEER   ? "the peer"
                                   : "a stranger");
    tailnet_init(&t, 3, title, &o);
    agents_answer_all(&t);
    int stranger = net_host(&t.scene.net, "stranger", sim_addr("100.64.77.7:5060"));
    net_pair(&t.scene.net, t.x->host, stranger, t.at[0].us, t.scene.net.hosts[stranger].native);
    struct ua *ua = from == FROM_EXCHANGE ? t.x : from == FROM_PEER ? t.peers[0] : NULL;
    uint64_t before = counted(&t, c->counter);
    throw(&t, c, from, stranger, 1);
    check_answer(&t, c, ua);
    if (c->counter && counted(&t, c->counter) != before + 1)
        world_fail(&t.scene.world, "%s counts %llu", c->counter,
                   (unsigned long long)(counted(&t, c->counter) - before));
    script_forget(&t.scene);
    bool ok = tailnet_run(&t, call);
    tailnet_free(&t);
    return ok;
}

static size_t in_use(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

/* One round of everything, and time enough for all of it to be forgotten. */
static void all_of_it(struct tailnet *t, int stranger, unsigned round)
{
    for (unsigned k = 0; k < 40; k++) {
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            for (unsigned from = FROM_EXCHANGE; from <= FROM_STRANGER; from *= 2)
                throw(t, &cases[i], (enum from)from, stranger,
                      round * 100000 + k * 1000 + (unsigned)i);
        }
    }
    for (unsigned n = 0; n < 20; n++) {
        world_run_for(&t->scene.world, 60000);
        script_forget(&t->scene);
    }
}

static bool memory_stays(void)
{
    struct tailnet t;
    struct tailnet_options o = {.ours_masked = true, .theirs_masked = true};
    tailnet_init(&t, 3, "memory", &o);
    t.x->keep_calls = t.peers[0]->keep_calls = false;
    int stranger = net_host(&t.scene.net, "stranger", sim_addr("100.64.77.7:5060"));
    net_pair(&t.scene.net, t.x->host, stranger, t.at[0].us, t.scene.net.hosts[stranger].native);
    all_of_it(&t, stranger, 1);
    all_of_it(&t, stranger, 2);
    size_t before = in_use();
    all_of_it(&t, stranger, 3);
    all_of_it(&t, stranger, 4);
    size_t after = in_use();
    if (after > before + 16384)
        world_fail(&t.scene.world, "memory in use grew from %zu to %zu bytes", before, after);
    bool ok = t.scene.world.failures == 0;
    tailnet_free(&t);
    return ok;
}

int main(int argc, char **argv)
{
    unsigned failed = 0, n = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool ok = true;
        if (argc > 1 && !strstr(cases[i].name, argv[1]))
            continue;
        for (unsigned from = FROM_EXCHANGE; from <= FROM_STRANGER; from *= 2) {
            if (cases[i].from & from)
                ok = run_from(&cases[i], (enum from)from) && ok;
        }
        printf("%s %s\n", ok ? "ok  " : "FAIL", cases[i].name);
        n++;
        failed += !ok;
    }
    if (argc == 1) {
        bool ok = memory_stays();
        printf("%s memory does not grow\n", ok ? "ok  " : "FAIL");
        failed += !ok;
    }
    printf("%u of %u cases failed\n", failed, n);
    return failed != 0;
}
