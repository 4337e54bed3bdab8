/*
 * sdp_grammar.h - random SDP bodies: every choice comes from one seed, every address of the writer
 * is one of its own, so that it can be told where it must not show. What can be read is as odd as
 * exchanges write it; sdp_spoil_lines and sdp_spoil_bytes make it worse.
 */
#ifndef TESTS_SDP_GRAMMAR_H
#define TESTS_SDP_GRAMMAR_H

#include "sdp/span.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* How the writer's addresses begin, and its names end. */
struct sdp_writer {
    const char *ip4, *ip6, *name; /* "10.9.", "fd99:", ".inside.example" */
};

struct sdp_grammar {
    uint64_t seed;
    const struct sdp_writer *writer;
    unsigned most_media; /* m-lines of a body, at most */
    char *p;
    size_t n, room;
    const char *end; /* of lines, in this body */
};

static inline unsigned sdp_pick(struct sdp_grammar *g, unsigned n)
{
    g->seed = g->seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(g->seed >> 33) % n;
}

static inline __attribute__((format(printf, 2, 3))) void sdp_put(struct sdp_grammar *g,
                                                                 const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(g->p + g->n, g->room - g->n, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= g->room - g->n)
        abort();
    g->n += (size_t)n;
}

/* Now and then a line ends otherwise than the others. */
static inline void sdp_put_end(struct sdp_grammar *g)
{
    sdp_put(g, "%s", sdp_pick(g, 40) ? g->end : "\n");
    if (sdp_pick(g, 60) == 0)
        sdp_put(g, "%s", g->end);
}

static inline void sdp_put_host(struct sdp_grammar *g)
{
    const struct sdp_writer *w = g->writer;
    unsigned a = sdp_pick(g, 256);
    switch (sdp_pick(g, 12)) {
    case 0:
        sdp_put(g, "IN IP4 0.0.0.0");
        break;
    case 1:
        sdp_put(g, "IN IP6 ::");
        break;
    case 2:
        sdp_put(g, "IN IP4 pbx%u%s", a % 8, w->name);
        break;
    case 3:
        sdp_put(g, "IN IP6 %s:%x", w->ip6, a);
        break;
    case 4:
        sdp_put(g, "IN  IP4 \t%s0.%u/127", w->ip4, a);
        break;
    case 5:
        sdp_put(g, "in ip4 %s0.%u/127/1 ", w->ip4, a);
        break;
    case 6:
        sdp_put(g, "IN IP4 %s:%x", w->ip6, a); /* the family of another address */
        break;
    default:
        sdp_put(g, "IN IP4 %s%u.1", w->ip4, a);
    }
}

/* Lines nobody here reads. Some hold any byte but a line end. */
static inline void sdp_put_noise(struct sdp_grammar *g)
{
    static const char *const lines[] = {"b=AS:64",
                                        "b=TIAS:64000",
                                        "a=ptime:20",
                                        "a=sendonly",
                                        "a=inactive",
                                        "a= sendrecv ",
                                        "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abc|2^20|1:4",
                                        "a=fingerprint:sha-1 00:11",
                                        "a=setup:actpass",
                                        "a=T38FaxVersion:0",
                                        "a=T38FaxUdpEC:t38UDPRedundancy",
                                        "a=rtcp-mux",
                                        "a=rtcp-fb:* nack",
                                        "a=group:BUNDLE 0 1",
                                        "a=mid:8",
                                        "a=ssrc:1 cname:x",
                                        "i=c=IN IP4 in a title",
                                        "k=prompt",
                                        "x=",
                                        "a=maxptime:150"};
    for (unsigned n = sdp_pick(g, 4); n > 0; n--) {
        if (sdp_pick(g, 4)) {
            sdp_put(g, "%s", lines[sdp_pick(g, sizeof lines / sizeof *lines)]);
            sdp_put_end(g);
            continue;
        }
        sdp_put(g, "x=");
        for (unsigned i = sdp_pick(g, 20); i > 0; i--) {
            char byte = (char)sdp_pick(g, 256);
            sdp_put(g, "%c", byte == '\n' || byte == '\r' || !byte ? '.' : byte);
        }
        sdp_put(g, "-");
        sdp_put_end(g);
    }
}

static inline void sdp_put_ice(struct sdp_grammar *g)
{
    for (unsigned n = sdp_pick(g, 3) ? 0 : sdp_pick(g, 6); n > 0; n--) {
        if (sdp_pick(g, 2))
            sdp_put(g, "a=candidate:1 1 UDP 1 %s1.1 4000 typ host", g->writer->ip4);
        else
            sdp_put(g, "a=%s", sdp_pick(g, 2) ? "ice-ufrag:abc" : "end-of-candidates");
        sdp_put_end(g);
    }
}

static inline void sdp_put_codecs(struct sdp_grammar *g)
{
    static const char *const names[] = {"PCMU", "opus", "telephone-event", "G729", "pcma"};
    static const char *const kinds[] = {"fmtp", "rtcp-fb"};
    for (unsigned n = sdp_pick(g, 5); n > 0; n--) {
        unsigned pt = sdp_pick(g, 2) ? sdp_pick(g, 20) : 96 + sdp_pick(g, 4);
        if (sdp_pick(g, 3))
            sdp_put(g, "a=rtpmap:%u %s/8000", pt, names[sdp_pick(g, 5)]);
        else
            sdp_put(g, "a=%s:%u x", kinds[sdp_pick(g, 2)], pt);
        sdp_put_end(g);
    }
}

static inline void sdp_put_rtcp(struct sdp_grammar *g, unsigned port)
{
    sdp_put(g, "a=rtcp:%s%u", sdp_pick(g, 9) ? "" : " ",
            sdp_pick(g, 2) ? port : 6000 + sdp_pick(g, 13000));
    if (sdp_pick(g, 2)) {
        sdp_put(g, " ");
        sdp_put_host(g);
    }
    sdp_put_end(g);
}

static inline void sdp_put_media(struct sdp_grammar *g, bool need_c)
{
    static const char *const kinds[] = {"audio", "audio", "video", "image", "application"};
    static const char *const protos[] = {"RTP/AVP",  "RTP/SAVPF", "UDP/TLS/RTP/SAVPF", "udptl",
                                         "TCP/MSRP", "RTP/AVP",   "UDP/BFCP",          "rtp/avp"};
    unsigned port = sdp_pick(g, 5) ? 6000 + sdp_pick(g, 13000) : 0;
    sdp_put(g, "m=%s%s%u%s %s", kinds[sdp_pick(g, 5)], sdp_pick(g, 9) ? " " : "  \t", port,
            sdp_pick(g, 9) ? "" : "/1", protos[sdp_pick(g, 8)]);
    for (unsigned n = 1 + sdp_pick(g, 6); n > 0; n--)
        sdp_put(g, " %u", sdp_pick(g, 2) ? sdp_pick(g, 20) : 96 + sdp_pick(g, 4));
    sdp_put_end(g);
    sdp_put_noise(g);
    if (need_c || sdp_pick(g, 3) == 0) {
        sdp_put(g, "c=");
        sdp_put_host(g);
        sdp_put_end(g);
    }
    sdp_put_codecs(g);
    if (sdp_pick(g, 3) == 0)
        sdp_put_rtcp(g, port);
    sdp_put_ice(g);
    sdp_put_noise(g);
}

/* A body that can be read, into g->p. */
static inline void sdp_body(struct sdp_grammar *g)
{
    g->end = sdp_pick(g, 2) ? "\r\n" : "\n";
    g->n = 0;
    sdp_put(g, "v=0%so=%s 1 2 ", g->end, sdp_pick(g, 4) ? "-" : "a  gateway");
    sdp_put_host(g);
    sdp_put_end(g);
    sdp_put(g, "s=-");
    sdp_put_end(g);
    bool session = sdp_pick(g, 3) > 0;
    if (session) {
        sdp_put(g, "c=");
        sdp_put_host(g);
        sdp_put_end(g);
    }
    sdp_put_ice(g);
    sdp_put_noise(g);
    for (unsigned n = sdp_pick(g, g->most_media + 1); n > 0; n--)
        sdp_put_media(g, !session);
    while (sdp_pick(g, 4) == 0 && g->n > 8 && strchr("\r\n", g->p[g->n - 1]))
        g->n--; /* the last line without line end */
    g->p[g->n] = '\0';
}

/* Takes out a line, doubles one, or cuts the body off: often it can be read no more. */
static inline void sdp_spoil_lines(struct sdp_grammar *g)
{
    for (unsigned n = 1 + sdp_pick(g, 3); n > 0 && g->n > 2; n--) {
        size_t at = sdp_pick(g, (unsigned)g->n), from = at, to = at;
        while (from > 0 && g->p[from - 1] != '\n')
            from--;
        while (to < g->n && g->p[to++] != '\n')
            ;
        switch (sdp_pick(g, 3)) {
        case 0:
            memmove(g->p + from, g->p + to, g->n - to);
            g->n -= to - from;
            break;
        case 1:
            if (g->n + (to - from) + 1 < g->room) {
                memmove(g->p + to + (to - from), g->p + to, g->n - to);
                memcpy(g->p + to, g->p + from, to - from);
                g->n += to - from;
            }
            break;
        default:
            g->n = at;
            n = 1;
        }
    }
    g->p[g->n] = '\0';
}

static inline void sdp_spoil_bytes(struct sdp_grammar *g)
{
    static const char bytes[] = "0 :/=\r\n\tamco\0\xff";
    for (unsigned n = 1 + sdp_pick(g, 4); n > 0 && g->n > 0; n--)
        g->p[sdp_pick(g, (unsigned)g->n)] = bytes[sdp_pick(g, sizeof bytes - 1)];
}

#endif
