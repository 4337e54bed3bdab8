#include "sdp/sdp.h"
#include "sdp/line.h"

const char *const sdp_error_text[SDP_ERROR_COUNT] = {
    [SDP_OK] = "SDP is in order",
    [SDP_NOT_SDP] = "body is not SDP",
    [SDP_TOO_LONG] = "SDP has too many lines",
    [SDP_TOO_MANY_MEDIA] = "SDP has too many m-lines",
    [SDP_BAD_MEDIA] = "m= cannot be read",
    [SDP_BAD_PORT] = "port of an m= is not usable",
    [SDP_BAD_CONNECTION] = "c= cannot be read",
    [SDP_BAD_ORIGIN] = "o= cannot be read",
    [SDP_BAD_RTCP] = "a=rtcp cannot be read",
    [SDP_NO_CONNECTION] = "no c= for an m-line",
    [SDP_NAME_UNRESOLVED] = "host name in SDP has no address",
};

/* The body being read, and what the session level says for m-lines that do not say it themselves.
 */
struct reader {
    struct sdp *sdp;
    struct sdp_media *media; /* NULL at session level */
    enum sdp_direction direction;
    bool has_ice;
};

/* A host goes to a resolver and into logs, so it holds visible ASCII only. */
static bool host_is_plain(struct span host)
{
    for (size_t i = 0; i < host.n; i++) {
        if (host.p[i] <= ' ' || host.p[i] > '~')
            return false;
    }
    return host.n > 0;
}

/* Reads "IN IP4 host[/ttl[/n]]" and nothing behind it (RFC 4566 §5.7). */
static bool host_read(struct span text, struct sdp_host *out)
{
    struct span nettype = word_next(&text);
    struct span family = word_next(&text);
    struct span host = word_next(&text);
    if (word_next(&text).n > 0 || !span_is_nocase(nettype, span_str("IN")))
        return false;
    if (!span_is_nocase(family, span_str("IP4")) && !span_is_nocase(family, span_str("IP6")))
        return false;
    out->whole = span_of(nettype.p, (size_t)(host.p + host.n - nettype.p));
    out->family = family;
    const char *slash = host.n ? memchr(host.p, '/', host.n) : NULL;
    if (slash)
        host.n = (size_t)(slash - host.p);
    out->host = host;
    out->addr = (struct addr){0};
    addr_parse_ip(host, &out->addr); /* else it is a name, and stays ADDR_NONE */
    return host_is_plain(host);
}

/* Read from the end, because some gateways put spaces into the username; others leave it out. */
static enum sdp_error origin_read(struct reader *r, struct span value)
{
    struct sdp *sdp = r->sdp;
    if (sdp->origin.whole.p || r->media)
        return SDP_BAD_ORIGIN; /* a second one would cross with its address unread */
    struct span front = value;
    for (int i = 0; i < 3; i++)
        word_last(&front);
    if (!host_read(span_from(value, front.n), &sdp->origin))
        return SDP_BAD_ORIGIN;
    word_last(&front);
    if (word_last(&front).n == 0)
        return SDP_BAD_ORIGIN;
    front = span_trim(front);
    if (front.n > 0)
        sdp->username = front;
    return SDP_OK;
}

/* Several c= lines in one place are for layered multicast only (RFC 4566 §5.7): refused. */
static enum sdp_error connection_read(struct reader *r, struct span value)
{
    struct sdp_host *c = r->media ? &r->media->c : &r->sdp->c;
    return !c->whole.p && host_read(value, c) ? SDP_OK : SDP_BAD_CONNECTION;
}

/* Takes the part of a proto before the next '/'. */
static struct span proto_next(struct span *rest)
{
    const char *slash = rest->n ? memchr(rest->p, '/', rest->n) : NULL;
    size_t n = slash ? (size_t)(slash - rest->p) : rest->n;
    struct span part = span_of(rest->p, n);
    *rest = span_from(*rest, n + 1);
    return part;
}

/* "RTP/AVP", "udptl", "UDP/TLS/RTP/SAVPF"; DTLS/SCTP is how early WebRTC spelt UDP/DTLS/SCTP. */
static void proto_read(struct sdp_media *m)
{
    static const char *const udp[] = {"RTP", "UDP", "udptl", "DTLS"};
    struct span rest = m->proto;
    struct span part = proto_next(&rest);
    for (size_t i = 0; i < sizeof udp / sizeof *udp; i++)
        m->over_udp |= span_is_nocase(part, span_str(udp[i]));
    for (; m->over_udp && part.n > 0; part = proto_next(&rest))
        m->is_rtp |= span_is_nocase(part, span_str("RTP"));
}

/* "49170" or "49170/1" (RFC 4566 §5.14). */
static enum sdp_error port_read(struct sdp_media *m)
{
    struct span digits = m->ports;
    const char *slash = memchr(digits.p, '/', digits.n);
    uint64_t number;
    if (slash) {
        struct span count = span_from(digits, (size_t)(slash - digits.p) + 1);
        digits.n = (size_t)(slash - digits.p);
        if (!span_number(count, UINT64_MAX, &number))
            return SDP_BAD_MEDIA;
        if (number != 1)
            return SDP_BAD_PORT;
    }
    for (size_t i = 0; i < digits.n; i++) {
        if (digits.p[i] < '0' || digits.p[i] > '9')
            return SDP_BAD_MEDIA;
    }
    if (!span_number(digits, UINT16_MAX, &number))
        return digits.n ? SDP_BAD_PORT : SDP_BAD_MEDIA;
    m->port = (uint16_t)number;
    return SDP_OK;
}

static void media_close(struct reader *r, const char *end)
{
    if (r->media)
        r->media->block = span_of(r->media->line.p, (size_t)(end - r->media->line.p));
}

static enum sdp_error media_read(struct reader *r, const struct line *line)
{
    struct sdp *sdp = r->sdp;
    media_close(r, line->whole.p);
    if (sdp->n_media == SDP_MAX_MEDIA) {
        sdp->bad_media = SDP_MAX_MEDIA + 1;
        return SDP_TOO_MANY_MEDIA;
    }
    struct sdp_media *m = &sdp->media[sdp->n_media++];
    r->media = m;
    m->line = line->whole;
    m->block = line->whole;
    m->direction = r->direction;
    m->has_ice = r->has_ice;
    struct span rest = span_from(line->text, 2);
    m->kind = word_next(&rest);
    m->ports = word_next(&rest);
    m->proto = word_next(&rest);
    m->formats = span_trim(rest);
    if (m->proto.n == 0)
        return SDP_BAD_MEDIA;
    proto_read(m);
    return port_read(m);
}

/* "a=rtcp:53020" or "a=rtcp:53020 IN IP4 126.16.64.4" (RFC 3605 §2.1), at media level only. At
 * session level it means nothing, and passes unless an address stands on it. */
static enum sdp_error rtcp_read(struct reader *r, const struct line *line, struct span value)
{
    struct span port = word_next(&value);
    struct sdp_media *m = r->media;
    if (!m)
        return word_next(&value).n ? SDP_BAD_RTCP : SDP_OK;
    uint64_t number;
    if (m->rtcp_line.p || !span_number(port, UINT16_MAX, &number))
        return SDP_BAD_RTCP;
    m->rtcp_line = line->whole;
    m->rtcp_port = port;
    m->rtcp = (uint16_t)number;
    if (span_trim(value).n > 0 && !host_read(value, &m->rtcp_host))
        return SDP_BAD_RTCP;
    return SDP_OK;
}

static void direction_read(struct reader *r, struct span name)
{
    static const char *const names[] = {
        [SDP_SENDRECV] = "sendrecv",
        [SDP_SENDONLY] = "sendonly",
        [SDP_RECVONLY] = "recvonly",
        [SDP_INACTIVE] = "inactive",
    };
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (span_is_nocase(name, span_str(names[i])))
            *(r->media ? &r->media->direction : &r->direction) = (enum sdp_direction)i;
    }
}

static enum sdp_error attribute_take(struct reader *r, const struct line *line)
{
    struct span name;
    struct span value;
    attribute_read(line->text, &name, &value);
    if (span_is_nocase(name, span_str("rtcp")))
        return rtcp_read(r, line, value);
    if (span_is_nocase(name, span_str("rtcp-mux"))) {
        if (r->media)
            r->media->rtcp_mux = true;
    } else if (attribute_is_ice(name)) {
        *(r->media ? &r->media->has_ice : &r->has_ice) = true;
    } else {
        direction_read(r, name);
    }
    return SDP_OK;
}

static enum sdp_error line_take(struct reader *r, const struct line *line)
{
    if (line->text.n == 0)
        return SDP_OK; /* an empty line too much, as some send at the end */
    if (line->text.n < 2 || line->text.p[1] != '=')
        return SDP_NOT_SDP;
    if (memchr(line->text.p, '\r', line->text.n))
        return SDP_NOT_SDP; /* whoever takes it for a line end would see lines we have not read */
    switch (line->text.p[0]) {
    case 'o':
        return origin_read(r, span_from(line->text, 2));
    case 'c':
        return connection_read(r, span_from(line->text, 2));
    case 'm':
        return media_read(r, line);
    case 'a':
        return attribute_take(r, line);
    default:
        return SDP_OK;
    }
}

static enum sdp_error connections_check(struct sdp *sdp)
{
    for (unsigned i = 0; i < sdp->n_media; i++) {
        if (sdp->media[i].port != 0 && !sdp_media_host(sdp, i)->whole.p) {
            sdp->bad_media = i + 1;
            return SDP_NO_CONNECTION;
        }
    }
    return SDP_OK;
}

enum sdp_error sdp_read(struct span body, struct sdp *out)
{
    memset(out, 0, sizeof *out);
    out->body = body;
    struct reader r = {.sdp = out, .direction = SDP_SENDRECV};
    struct span rest = body;
    struct line line;
    if (!line_next(&rest, &line) || !span_is(span_trim(line.text), span_str("v=0")))
        return SDP_NOT_SDP;
    unsigned lines = 1;
    while (line_next(&rest, &line)) {
        enum sdp_error error = ++lines > SDP_MAX_LINES ? SDP_TOO_LONG : line_take(&r, &line);
        if (error) {
            if (out->bad_media == 0)
                out->bad_media = out->n_media;
            return error;
        }
    }
    media_close(&r, body.p + body.n);
    return connections_check(out);
}

const struct sdp_host *sdp_media_host(const struct sdp *sdp, unsigned media)
{
    const struct sdp_host *own = &sdp->media[media].c;
    return own->whole.p ? own : &sdp->c;
}

bool sdp_media_on_hold(const struct sdp *sdp, unsigned media)
{
    return addr_is_wildcard(&sdp_media_host(sdp, media)->addr);
}
