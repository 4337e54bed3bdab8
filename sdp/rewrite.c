#include "sdp/rewrite.h"
#include "sdp/line.h"

void cut_flush(struct cutter *cutter)
{
    if (cutter->run.n > 0)
        edits_add(cutter->edits, (size_t)(cutter->run.p - cutter->body.p), cutter->run.n,
                  span_of(NULL, 0), cutter->rule);
    cutter->run.n = 0;
}

void cut_piece(struct cutter *cutter, struct span piece)
{
    if (cutter->run.n > 0 && cutter->run.p + cutter->run.n == piece.p) {
        cutter->run.n += piece.n;
        return;
    }
    cut_flush(cutter);
    cutter->run = piece;
}

/* Puts `text` where `old` stands, unless it stands there already. */
static void replace(const struct sdp *sdp, struct span old, struct span text, enum edit_rule rule,
                    struct edits *edits)
{
    if (!span_is(old, text))
        edits_add(edits, (size_t)(old.p - sdp->body.p), old.n, text, rule);
}

/* An address that is the same in other words ("FD00::1") keeps its words. A wildcard means hold or
 * "no address" and is never touched. */
static void replace_host(const struct sdp *sdp, const struct sdp_host *old, const struct addr *ip,
                         enum edit_rule rule, struct edits *edits)
{
    if (!old->whole.p || !addr_is_set(ip) || addr_is_wildcard(&old->addr))
        return;
    struct span family = span_str(ip->family == ADDR_IP6 ? "IP6" : "IP4");
    if (addr_same_ip(&old->addr, ip) && span_is_nocase(old->family, family))
        return;
    char text[ADDR_TEXT + 8] = "IN IP4 ";
    memcpy(text + 3, family.p, family.n);
    size_t n = 7 + addr_print_ip(ip, text + 7);
    replace(sdp, old->whole, span_of(text, n), rule, edits);
}

static void replace_port(const struct sdp *sdp, struct span digits, uint16_t old, uint16_t port,
                         enum edit_rule rule, struct edits *edits)
{
    if (old != port)
        edits_addf(edits, (size_t)(digits.p - sdp->body.p), digits.n, rule, "%u", (unsigned)port);
}

/* The number in "49170/1". */
static struct span port_digits(struct span ports)
{
    const char *slash = memchr(ports.p, '/', ports.n);
    return slash ? span_of(ports.p, (size_t)(slash - ports.p)) : ports;
}

static void rewrite_rtcp(const struct sdp *sdp, const struct sdp_media *m,
                         const struct sdp_media_new *with, struct edits *edits)
{
    if (!m->rtcp_line.p)
        return;
    const struct addr *ip = addr_is_set(&with->rtcp_addr) ? &with->rtcp_addr : &with->addr;
    replace_host(sdp, &m->rtcp_host, ip, RULE_SDP_RTCP, edits);
    if (m->port == 0 || m->rtcp == 0 || with->disable)
        return;
    /* The same port for both says RTP and RTCP share it (RFC 5761 §5.1): that has to stay so. */
    uint16_t port = m->rtcp == m->port ? with->addr.port : with->rtcp;
    if (port != 0)
        replace_port(sdp, m->rtcp_port, m->rtcp, port, RULE_SDP_RTCP, edits);
}

static void rewrite_media(const struct sdp *sdp, const struct sdp_media *m,
                          const struct sdp_media_new *with, struct edits *edits)
{
    uint16_t port = with->disable ? 0 : with->addr.port;
    if (m->port != 0 && (port != 0 || with->disable))
        replace_port(sdp, port_digits(m->ports), m->port, port, RULE_SDP_PORT, edits);
    if (!with->keep_address)
        replace_host(sdp, &m->c, &with->addr, RULE_SDP_CONNECTION, edits);
    rewrite_rtcp(sdp, m, with, edits);
}

static void ice_drop(const struct sdp *sdp, struct edits *edits)
{
    struct cutter cutter = {.body = sdp->body, .edits = edits, .rule = RULE_SDP_ICE};
    struct span rest = sdp->body;
    struct line line;
    struct span name;
    struct span value;
    while (line_next(&rest, &line)) {
        if (attribute_read(line.text, &name, &value) && attribute_is_ice(name))
            cut_piece(&cutter, line.whole);
    }
    cut_flush(&cutter);
}

void sdp_rewrite(const struct sdp *sdp, const struct sdp_new *with, struct edits *edits)
{
    if (with->username.p && sdp->username.p)
        replace(sdp, sdp->username, with->username, RULE_SDP_ORIGIN, edits);
    replace_host(sdp, &sdp->origin, &with->origin, RULE_SDP_ORIGIN, edits);
    replace_host(sdp, &sdp->c, &with->session, RULE_SDP_CONNECTION, edits);
    for (unsigned i = 0; i < sdp->n_media; i++) {
        rewrite_media(sdp, &sdp->media[i], &with->media[i], edits);
        if (with->codecs)
            codecs_filter(sdp, &sdp->media[i], with->media[i].disable, with, edits);
    }
    if (with->drop_ice)
        ice_drop(sdp, edits);
}
