/* SDP as the user agents write and understand it, and the media they send and hear. */
#include "tests/sim/ua_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How an m-line of a kind is described. */
static const struct {
    const char *kind, *proto, *formats, *attributes;
} kinds[] = {
    {"audio", "RTP/AVP", "0 101",
     "a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 "
     "0-16\r\na=ptime:20\r\n"},
    {"video", "RTP/AVP", "96", "a=rtpmap:96 H264/90000\r\n"},
    {"image", "udptl", "t38", "a=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\n"},
    {"application", "UDP/BFCP", "*", ""},
    {"message", "TCP/MSRP", "*", "a=path:msrp://host.example:9/x;tcp\r\n"},
};

static size_t kind_index(const char *kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].kind, kind) == 0)
            return i;
    }
    return 0;
}

/* An even port and the odd one above it, of which nobody else is heard. */
static uint16_t port_take(struct ua *ua, struct ua_call *call)
{
    unsigned pairs = (unsigned)(ua->media_high - ua->media_low + 1) / 2;
    for (unsigned i = 0; i < pairs; i++) {
        unsigned slot = ua->media_next;
        ua->media_next = (uint16_t)((slot + 1) % pairs);
        if (!ua->ports[slot]) {
            ua->ports[slot] = call;
            return (uint16_t)(ua->media_low + 2 * slot);
        }
    }
    world_fail(ua->world, "%s has no media port left", ua->name);
    return 0;
}

void media_release(struct ua_call *call)
{
    struct ua *ua = call->ua;
    for (unsigned i = 0; i < call->n_lines; i++) {
        if (call->lines[i].port)
            ua->ports[(call->lines[i].port - ua->media_low) / 2] = NULL;
        call->lines[i].port = 0;
    }
}

static void line_add(struct ua_call *call, const char *kind, size_t n)
{
    if (call->n_lines == UA_MAX_LINES)
        return;
    struct ua_line *l = &call->lines[call->n_lines++];
    memset(l, 0, sizeof *l);
    snprintf(l->kind, sizeof l->kind, "%.*s", (int)n, kind);
    l->port = port_take(call->ua, call);
}

static void lines_move(struct ua_call *call)
{
    media_release(call);
    for (unsigned i = 0; i < call->n_lines; i++)
        call->lines[i].port = port_take(call->ua, call);
}

/* "audio,video": the m-lines of a call that has none yet. */
void media_lines(struct ua_call *call, const char *list)
{
    while (*list) {
        size_t n = strcspn(list, ",");
        line_add(call, list, n);
        list += n + (list[n] == ',');
    }
}

struct writer {
    char *p;
    size_t n, room;
};

static void put(struct writer *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct writer *w, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(w->p + w->n, w->room - w->n, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= w->room - w->n)
        abort();
    w->n += (size_t)n;
}

static void put_line(struct writer *w, struct ua_call *call, unsigned i, bool disabled,
                     const char *direction, const char *family, const char *ip)
{
    struct ua_line *l = &call->lines[i];
    size_t k = kind_index(l->kind);
    l->off = disabled;
    put(w, "m=%s %u %s %s\r\n", l->kind, disabled ? 0u : l->port, kinds[k].proto, kinds[k].formats);
    if (disabled)
        return;
    if (call->ua->habits.media_level_c)
        put(w, "c=IN %s %s\r\n", family, ip);
    put(w, "%s", kinds[k].attributes);
    if (call->ua->habits.rtcp_line && k < 2)
        put(w, "a=rtcp:%u\r\n", l->port + 1u);
    put(w, "a=%s\r\n", direction);
}

/* How many m-lines to write: an answer has as many as its offer (RFC 3264 §6). */
static unsigned lines_of(struct ua_call *call, const struct ua_dialog *d, bool answer,
                         const struct ua_opts *o)
{
    if (call->n_lines == 0 && answer && d && d->pending.n) {
        for (unsigned i = 0; i < d->pending.n; i++)
            line_add(call, d->pending.line[i].kind, strlen(d->pending.line[i].kind));
    }
    if (call->n_lines == 0)
        media_lines(call, o->lines ? o->lines : "audio");
    while (answer && d && d->pending.n > call->n_lines && call->n_lines < UA_MAX_LINES)
        line_add(call, d->pending.line[call->n_lines].kind,
                 strlen(d->pending.line[call->n_lines].kind));
    return call->n_lines;
}

static const char *direction_of(const struct ua_dialog *d, bool answer, const struct ua_opts *o)
{
    if (o->direction)
        return o->direction;
    if (!answer || !d || d->pending.n == 0)
        return "sendrecv";
    const struct ua_remote_line *l = &d->pending.line[0];
    return l->sends      ? (l->receives ? "sendrecv" : "recvonly")
           : l->receives ? "sendonly"
                         : "inactive";
}

size_t sdp_write(struct ua_call *call, struct ua_dialog *d, bool answer, const struct ua_opts *o,
                 char *out, size_t room)
{
    struct ua *ua = call->ua;
    struct writer w = {out, 0, room};
    char own[ADDR_TEXT];
    addr_print_ip(&ua->media_ip, own);
    const char *ip = o->address ? o->address : own, *family = strchr(ip, ':') ? "IP6" : "IP4";
    unsigned n = lines_of(call, d, answer, o);
    call->said = (struct addr){0};
    if (o->address && addr_parse_ip(span_str(o->address), &call->said) != 0)
        abort();
    if (o->move)
        lines_move(call);
    if (answer && d && d->pending.n)
        snprintf(call->lines[0].kind, sizeof call->lines[0].kind, "%s", d->pending.line[0].kind);
    if (o->add) {
        media_lines(call, o->add);
        n = call->n_lines;
    }
    if (o->kind)
        snprintf(call->lines[0].kind, sizeof call->lines[0].kind, "%s", o->kind);
    snprintf(call->direction, sizeof call->direction, "%s", direction_of(d, answer, o));
    put(&w, "v=0\r\no=- %u %u IN %s %s\r\ns=sim\r\n", call->number + 1000, ++call->sdp_version,
        family, ip);
    if (!ua->habits.media_level_c)
        put(&w, "c=IN %s %s\r\n", family, ip);
    put(&w, "t=0 0\r\n");
    for (unsigned i = 0; i < n; i++) {
        bool refused = answer && d && i < d->pending.n && d->pending.line[i].kind[0] == '\0';
        put_line(&w, call, i, refused || o->disable == (int)i + 1,
                 o->waits == (int)i + 1 ? "inactive" : call->direction, family, ip);
    }
    return w.n;
}

/* ---- reading */

static struct span next_line(struct span *rest)
{
    size_t n = 0;
    while (n < rest->n && rest->p[n] != '\n')
        n++;
    struct span line = span_of(rest->p, n);
    *rest = span_from(*rest, n < rest->n ? n + 1 : n);
    return span_trim(line);
}

static struct addr connection(struct span line)
{
    struct addr a = {0};
    size_t last = line.n;
    while (last > 0 && line.p[last - 1] != ' ')
        last--;
    addr_parse_ip(span_from(line, last), &a);
    return a;
}

static uint16_t number_at(struct span s)
{
    unsigned v = 0;
    for (size_t i = 0; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
        v = v * 10 + (unsigned)(s.p[i] - '0');
    return (uint16_t)v;
}

static void read_media_line(struct span line, struct addr session, struct ua_remote *r)
{
    if (r->n == UA_MAX_LINES)
        return;
    struct ua_remote_line *l = &r->line[r->n++];
    memset(l, 0, sizeof *l);
    size_t n = 2;
    while (n < line.n && line.p[n] != ' ')
        n++;
    uint16_t port = n < line.n ? number_at(span_from(line, n + 1)) : 0;
    snprintf(l->kind, sizeof l->kind, "%.*s", (int)(n - 2), line.p + 2);
    l->rtp = addr_with_port(session, port);
    l->sends = l->receives = true;
}

static void read_attribute(struct span line, struct ua_remote_line *l)
{
    if (span_begins(line, "a=rtcp:"))
        l->rtcp.port = number_at(span_from(line, 7));
    else if (span_is(line, span_str("a=sendonly")))
        l->receives = false;
    else if (span_is(line, span_str("a=recvonly")))
        l->sends = false;
    else if (span_is(line, span_str("a=inactive")))
        l->sends = l->receives = false;
}

static void close_line(struct ua_remote_line *l)
{
    uint16_t rtcp = l->rtcp.port ? l->rtcp.port : (uint16_t)(l->rtp.port + 1);
    if (l->rtp.port == 0 || addr_is_wildcard(&l->rtp))
        l->rtp = (struct addr){0};
    l->rtcp = addr_is_set(&l->rtp) ? addr_with_port(l->rtp, rtcp) : (struct addr){0};
}

static void sdp_read_remote(struct span body, struct ua_remote *r)
{
    struct addr session = {0};
    memset(r, 0, sizeof *r);
    while (body.n > 0) {
        struct span line = next_line(&body);
        struct ua_remote_line *l = r->n ? &r->line[r->n - 1] : NULL;
        if (span_begins(line, "m=")) {
            read_media_line(line, session, r);
        } else if (span_begins(line, "c=")) {
            struct addr a = connection(line);
            if (l)
                l->rtp = addr_with_port(a, l->rtp.port);
            else
                session = a;
        } else if (l && span_begins(line, "a=")) {
            read_attribute(line, l);
        }
    }
    for (unsigned i = 0; i < r->n; i++)
        close_line(&r->line[i]);
}

void sdp_came(struct ua_dialog *d, const char *body, size_t n, bool answer)
{
    struct ua_remote remote;
    sdp_read_remote(span_of(body, n), &remote);
    if (answer) {
        d->remote = remote;
        d->offer = OFFER_NONE;
    } else {
        d->pending = remote;
        d->offer = OFFER_OWED;
    }
    d->call->active = d;
}

void sdp_sent(struct ua_call *call, struct ua_dialog *d, bool answer)
{
    (void)call;
    if (!d)
        return; /* the INVITE's own offer: its dialogs begin with OFFER_SENT */
    if (answer) {
        d->remote = d->pending;
        d->offer = OFFER_NONE;
        d->call->active = d;
    } else {
        d->offer = OFFER_SENT;
    }
}

/* ---- packets */

#define MEDIA_BYTES 32
#define GATEWAY_SHIFT 1000 /* ports between where a gateway hears and where it sends from */
struct media_packet {
    uint8_t version, type;
    uint16_t sequence;
    uint32_t stamp, source;
    uint32_t line;
    uint64_t token; /* of the Call-ID: nobody else's media may be heard in a call */
    uint64_t sender;
};
_Static_assert(sizeof(struct media_packet) == MEDIA_BYTES, "no padding");

static void send_line(struct ua_call *call, unsigned i, bool rtcp, struct addr to)
{
    struct ua *ua = call->ua;
    struct ua_line *l = &call->lines[i];
    struct media_packet p = {.version = 0x80,
                             .type = rtcp ? 200 : 0,
                             .line = i,
                             .token = call->token,
                             .sender = (uint64_t)(uintptr_t)ua};
    p.sequence = (uint16_t)l->sent;
    p.stamp = (uint32_t)(160 * l->sent);
    p.source = call->number;
    struct datagram d = {.from = addr_with_port(ua->media_ip, (uint16_t)(l->port + rtcp)),
                         .to = to};
    if (ua->habits.gateway)
        d.from = addr_with_port(addr_is_set(&call->said) ? call->said : d.from,
                                (uint16_t)(d.from.port + GATEWAY_SHIFT));
    char bytes[MEDIA_BYTES];
    memcpy(bytes, &p, sizeof p);
    d.bytes = bytes;
    d.n = sizeof bytes;
    l->sent += !rtcp;
    net_send(ua->net, ua->host, &d);
}

void ua_send_media(struct ua_call *call, bool rtcp)
{
    const struct ua_dialog *d = call->active;
    if (!d || call->over)
        return;
    bool we_send = !call->direction[0] || strcmp(call->direction, "sendrecv") == 0 ||
                   strcmp(call->direction, "sendonly") == 0;
    for (unsigned i = 0; i < call->n_lines && i < d->remote.n; i++) {
        const struct ua_remote_line *r = &d->remote.line[i];
        struct addr to = rtcp ? r->rtcp : r->rtp;
        if (call->ua->habits.symmetric_rtp && addr_is_set(&call->lines[i].heard_from) && !rtcp)
            to = call->lines[i].heard_from;
        if (addr_is_set(&to) && !call->lines[i].off && (rtcp || (we_send && r->receives)))
            send_line(call, i, rtcp, to);
    }
}

void media_receive(void *ctx, const struct datagram *d)
{
    struct ua *ua = ctx;
    ua->seen.rtp++;
    struct ua_call *call = ua->ports[(d->to.port - ua->media_low) / 2];
    if (!call) {
        ua->seen.no_owner++;
        return;
    }
    struct ua_line *l = NULL;
    for (unsigned i = 0; i < call->n_lines; i++) {
        if (call->lines[i].port == (d->to.port & ~1))
            l = &call->lines[i];
    }
    struct media_packet p;
    if (!l || d->n != sizeof p) {
        if (l)
            l->punches += d->n == 0;
        return;
    }
    memcpy(&p, d->bytes, sizeof p);
    if (p.token != call->token)
        world_fail(ua->world, "%s hears media of another call in %s", ua->name, call->call_id);
    if (d->to.port & 1) {
        l->heard_rtcp++;
        return;
    }
    l->heard++;
    l->heard_from = d->from;
}
