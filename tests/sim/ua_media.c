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

static struct ua_call **port_owner(struct ua *ua, uint16_t port)
{
    return &ua->ports[(port - ua->media_low) / 2];
}

static bool lines_have(const struct ua_lines *l, uint16_t port)
{
    for (unsigned i = 0; i < l->n; i++) {
        if (l->v[i].port == port)
            return true;
    }
    return false;
}

/* Whether anything of the call still means that port. */
static bool port_meant(const struct ua_call *call, uint16_t port)
{
    if (lines_have(&call->first, port) || lines_have(&call->written, port))
        return true;
    for (const struct ua_dialog *d = call->dialogs; d; d = d->next) {
        if (lines_have(&d->agreed.ours, port) || lines_have(&d->before.ours, port) ||
            lines_have(&d->offered, port))
            return true;
    }
    for (const struct ua_txn *t = call->txns; t; t = t->next_of_call) {
        if (lines_have(&t->offered, port) || lines_have(&t->preview, port))
            return true;
    }
    return false;
}

void lines_drop(struct ua_call *call, struct ua_lines *l)
{
    struct ua_lines old = *l;
    *l = (struct ua_lines){0};
    for (unsigned i = 0; i < old.n; i++) {
        if (old.v[i].port && !port_meant(call, old.v[i].port))
            *port_owner(call->ua, old.v[i].port) = NULL;
    }
}

void media_release(struct ua_call *call)
{
    lines_drop(call, &call->first);
    lines_drop(call, &call->written);
    for (struct ua_dialog *d = call->dialogs; d; d = d->next) {
        lines_drop(call, &d->agreed.ours);
        lines_drop(call, &d->before.ours);
        lines_drop(call, &d->offered);
    }
}

static void line_add(struct ua_call *call, struct ua_lines *l, const char *kind, size_t n)
{
    if (l->n == UA_MAX_LINES)
        return;
    struct ua_line *line = &l->v[l->n++];
    *line = (struct ua_line){0};
    snprintf(line->kind, sizeof line->kind, "%.*s", (int)n, kind);
    line->port = port_take(call->ua, call);
}

/* "audio,video" */
static void lines_add(struct ua_call *call, struct ua_lines *l, const char *list)
{
    while (*list) {
        size_t n = strcspn(list, ",");
        line_add(call, l, list, n);
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

static void put_line(struct writer *w, struct ua *ua, const struct ua_lines *lines, unsigned i,
                     const struct ua_opts *o, const char *family, const char *ip)
{
    const struct ua_line *l = &lines->v[i];
    size_t k = kind_index(l->kind);
    uint16_t port = l->off ? 0 : o->port && i == 0 ? o->port : l->port;
    put(w, "m=%s %u %s %s\r\n", l->kind, port, kinds[k].proto, kinds[k].formats);
    if (l->off)
        return;
    if (ua->habits.media_level_c)
        put(w, "c=IN %s %s\r\n", family, ip);
    put(w, "%s", kinds[k].attributes);
    if (ua->habits.rtcp_line && k < 2)
        put(w, "a=rtcp:%u\r\n", port + 1u);
    put(w, "a=%s\r\n", o->waits == (int)i + 1 ? "inactive" : lines->direction);
}

/* The m-lines to write: an answer has as many as its offer, and of those kinds (RFC 3264 §6). */
static void lines_make(struct ua_call *call, struct ua_lines *l, const struct ua_remote *pending,
                       const struct ua_opts *o)
{
    while (pending && pending->n > l->n && l->n < UA_MAX_LINES)
        line_add(call, l, pending->line[l->n].kind, strlen(pending->line[l->n].kind));
    if (l->n == 0)
        lines_add(call, l, o->lines ? o->lines : "audio");
    for (unsigned i = 0; o->move && i < l->n; i++)
        l->v[i].port = port_take(call->ua, call);
    if (pending && pending->n)
        snprintf(l->v[0].kind, sizeof l->v[0].kind, "%s", pending->line[0].kind);
    if (o->add)
        lines_add(call, l, o->add);
    if (o->kind)
        snprintf(l->v[0].kind, sizeof l->v[0].kind, "%s", o->kind);
    for (unsigned i = 0; i < l->n; i++)
        l->v[i].off =
            o->disable == (int)i + 1 || (pending && i < pending->n && pending->line[i].off);
}

static const char *direction_of(const struct ua_remote *pending, const struct ua_opts *o)
{
    if (o->direction)
        return o->direction;
    if (!pending || pending->n == 0)
        return "sendrecv";
    const struct ua_remote_line *l = &pending->line[0];
    return l->sends      ? (l->receives ? "sendrecv" : "recvonly")
           : l->receives ? "sendonly"
                         : "inactive";
}

void sdp_as_written(struct ua_call *call, const struct ua_lines *base,
                    const struct ua_remote *pending, const struct ua_opts *o)
{
    struct ua_lines *l = &call->written;
    lines_drop(call, l);
    *l = *base;
    lines_make(call, l, pending, o);
    snprintf(l->direction, sizeof l->direction, "%s", direction_of(pending, o));
}

size_t sdp_write(struct ua_call *call, const struct ua_lines *base, const struct ua_remote *pending,
                 const struct ua_opts *o, char *out, size_t room)
{
    struct ua *ua = call->ua;
    struct writer w = {out, 0, room};
    struct ua_lines *l = &call->written;
    char own[ADDR_TEXT];
    addr_print_ip(&ua->media_ip, own);
    const char *ip = o->address ? o->address : own, *family = strchr(ip, ':') ? "IP6" : "IP4";
    lines_drop(call, l);
    *l = *base;
    l->said = (struct addr){0};
    if (o->address && addr_parse_ip(span_str(o->address), &l->said) != 0)
        abort();
    if (o->sdp) {
        lines_make(call, l, pending, o);
        snprintf(l->direction, sizeof l->direction, "%s", direction_of(pending, o));
    }
    put(&w, "v=0\r\no=- %u %u IN %s %s\r\ns=sim\r\n", call->number + 1000, ++call->sdp_version,
        family, ip);
    if (!ua->habits.media_level_c)
        put(&w, "c=IN %s %s\r\n", family, ip);
    put(&w, "t=0 0\r\n");
    for (unsigned i = 0; i < l->n; i++)
        put_line(&w, ua, l, i, o, family, ip);
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
    l->off = port == 0;
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

void sdp_read_remote(struct span body, struct ua_remote *r)
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

void agree(struct ua_dialog *d, const struct ua_lines *ours, const struct ua_remote *theirs)
{
    struct ua_lines former = d->agreed.ours;
    struct ua_agreed now = {*ours, *theirs};
    d->agreed = now;
    d->offer = OFFER_NONE;
    d->call->active = d;
    lines_drop(d->call, &former);
}

/* Only the latest state that a refusal may bring back is kept (RFC 6141 §3). */
void agree_for_now(struct ua_dialog *d, const struct ua_txn *invite, const struct ua_lines *ours,
                   const struct ua_remote *theirs)
{
    if (d->before_of != invite) {
        lines_drop(d->call, &d->before.ours);
        d->before = d->agreed;
        d->before_of = invite;
    }
    agree(d, ours, theirs);
}

void agreed_for_good(struct ua_dialog *d)
{
    lines_drop(d->call, &d->before.ours);
    d->before_of = NULL;
}

void agreed_before(struct ua_dialog *d)
{
    struct ua_agreed before = d->before;
    agree(d, &before.ours, &before.theirs);
    agreed_for_good(d);
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

static void send_line(struct ua_dialog *d, unsigned i, bool rtcp, struct addr to)
{
    struct ua_call *call = d->call;
    struct ua *ua = call->ua;
    struct ua_count *c = &d->count[i];
    struct media_packet p = {.version = 0x80,
                             .type = rtcp ? 200 : 0,
                             .line = i,
                             .token = call->token,
                             .sender = (uint64_t)(uintptr_t)ua};
    p.sequence = (uint16_t)c->sent;
    p.stamp = (uint32_t)(160 * c->sent);
    p.source = call->number;
    const struct ua_lines *ours = &d->agreed.ours;
    uint16_t port = (uint16_t)(ours->v[i].port + rtcp);
    struct datagram packet = {.from = addr_with_port(ua->media_ip, port), .to = to};
    if (ua->habits.gateway)
        packet.from = addr_with_port(addr_is_set(&ours->said) ? ours->said : packet.from,
                                     (uint16_t)(port + GATEWAY_SHIFT));
    char bytes[MEDIA_BYTES];
    memcpy(bytes, &p, sizeof p);
    packet.bytes = bytes;
    packet.n = sizeof bytes;
    c->sent += !rtcp;
    net_send(ua->net, ua->host, &packet);
}

static void send_dialog(struct ua_dialog *d, bool rtcp)
{
    const struct ua_lines *ours = &d->agreed.ours;
    bool we_send =
        strcmp(ours->direction, "sendrecv") == 0 || strcmp(ours->direction, "sendonly") == 0;
    for (unsigned i = 0; i < ours->n && i < d->agreed.theirs.n; i++) {
        const struct ua_remote_line *r = &d->agreed.theirs.line[i];
        struct addr to = rtcp ? r->rtcp : r->rtp;
        if (d->call->ua->habits.symmetric_rtp && addr_is_set(&d->count[i].from) && !rtcp)
            to = d->count[i].from;
        if (addr_is_set(&to) && !ours->v[i].off && (rtcp || (we_send && r->receives)))
            send_line(d, i, rtcp, to);
    }
}

void ua_send_media(struct ua_call *call, bool rtcp)
{
    bool ringing = !call->caller && call->active && !call->active->confirmed;
    for (struct ua_dialog *d = call->dialogs; d && !call->over; d = d->next) {
        if (!d->over && (d == call->active || ringing))
            send_dialog(d, rtcp);
    }
}

static void count_in(struct ua_dialog *d, const struct datagram *packet)
{
    uint16_t port = packet->to.port & (uint16_t)~1u;
    for (unsigned i = 0; i < d->agreed.ours.n; i++) {
        if (d->agreed.ours.v[i].port != port)
            continue;
        if (packet->to.port & 1) {
            d->count[i].heard_rtcp++;
        } else {
            d->count[i].heard++;
            d->count[i].from = packet->from;
        }
    }
}

void media_receive(void *ctx, const struct datagram *d)
{
    struct ua *ua = ctx;
    struct media_packet p;
    ua->seen.rtp++;
    struct ua_call *call = *port_owner(ua, d->to.port);
    if (d->n != sizeof p)
        return; /* somebody punches */
    if (!call) {
        ua->seen.no_owner++;
        return;
    }
    memcpy(&p, d->bytes, sizeof p);
    if (p.token != call->token)
        world_fail(ua->world, "%s hears media of another call in %s", ua->name, call->call_id);
    for (struct ua_dialog *dialog = call->dialogs; dialog; dialog = dialog->next)
        count_in(dialog, d);
}
