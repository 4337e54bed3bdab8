/*
 * offer.c - offer and answer (RFC 3264, 3261 §13-14, 3262 §5, 3311, 6337): what an SDP body means
 * for ports and targets, and what is written instead.
 *
 * Roles follow the messages. An offer inside a running session changes nothing until it is
 * answered, except that its new ports listen; a refusal leaves everything as it was.
 */
#include "proxy/core/offer.h"
#include "proxy/core/agreed.h"
#include "proxy/core/aim.h"
#include "proxy/core/base.h"
#include "proxy/core/cross.h"
#include "proxy/core/host.h"
#include "proxy/core/inbound.h"
#include "proxy/core/media.h"
#include "proxy/core/name.h"
#include "proxy/core/peer.h"
#include "proxy/core/sockets.h"
#include "sdp/multipart.h"
#include "sdp/sdp.h"
#include <stdio.h>

static unsigned bodies_of(const struct sip_msg *msg, struct span sdp[MULTIPART_MAX_SDP],
                          bool *malformed)
{
    *malformed = false;
    if (!msg->body.n)
        return 0;
    return multipart_find_sdp(sip_value(msg, HEADER_CONTENT_TYPE), msg->body, sdp, malformed);
}

bool message_has_sdp(const struct sip_msg *msg)
{
    struct span sdp[MULTIPART_MAX_SDP];
    bool malformed;
    return bodies_of(msg, sdp, &malformed) > 0 || malformed;
}

static void refuse(struct sdp_refusal *refusal, unsigned status, enum counter counter,
                   const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static void refuse(struct sdp_refusal *refusal, unsigned status, enum counter counter,
                   const char *fmt, ...)
{
    va_list ap;
    refusal->status = status;
    refusal->counter = counter;
    va_start(ap, fmt);
    vsnprintf(refusal->why, sizeof refusal->why, fmt, ap);
    va_end(ap);
}

static void replaced_log(struct core *core, const struct inbound *in, const struct addr *written,
                         const struct addr *used, enum aim_rule rule)
{
    char a[ADDR_TEXT], b[ADDR_TEXT];
    if (in->side != SIDE_PEER || !addr_is_set(written) || addr_is_wildcard(written) ||
        !peer_announces(in->peer, written) || rule == AIM_AS_WRITTEN)
        return;
    addr_print_ip(written, a);
    addr_print_ip(used, b);
    core_log(core, LEVEL_INFO, in->peer, in->call_id,
             "announces %s for media; sent to %s instead (%s)", a, b,
             rule == AIM_MAP ? "map" : "where its signalling comes from");
}

struct reading { /* one SDP body of one message of one call */
    struct core *core;
    struct call *call;
    struct dialog *dialog;
    struct server_txn *st;
    const struct inbound *in;
    struct crossing x;
    enum sdp_role role;
    struct sdp sdp;
    bool foreign[SDP_MAX_MEDIA]; /* m-lines whose media is a third party's */
    struct media_target targets[SDP_MAX_MEDIA];
    struct span codecs[MAX_CODECS]; /* all that the offer may keep; none: everything */
    unsigned n_codecs;
};

static void codecs_of(struct reading *r)
{
    const struct conf_strings *names = &r->call->rules->codecs;
    r->n_codecs = 0;
    if (r->in->side != SIDE_EXCHANGE || r->role != ROLE_OFFER)
        return;
    for (size_t i = 0; i < names->n && i < MAX_CODECS; i++)
        r->codecs[r->n_codecs++] = span_str(names->v[i]);
}

/* Video and the like of which no codec may be kept is not offered at all; audio is, as it came: a
 * call without it would be none. */
static bool line_refused(const struct reading *r, unsigned i)
{
    const struct sdp_media *m = &r->sdp.media[i];
    if (!m->over_udp)
        return true;
    return r->n_codecs && m->is_rtp && !span_is_nocase(m->kind, span_str("audio")) &&
           !sdp_codec_offered(m, r->codecs, r->n_codecs);
}

/* Media of a third party: a host never seen from that side and in no map (RFC 3725-like direct
 * media, which would go round us). What one name of the exchange stands for is for it to know. */
static bool is_foreign(const struct reading *r, const struct sdp_host *host)
{
    const struct call *call = r->call;
    const struct addr *a = &host->addr;
    struct addr mapped;
    if (call->n_hosts[r->in->side] == 0 || !host->whole.p || addr_is_wildcard(a) ||
        addr_same_ip(a, &r->in->from))
        return false;
    if (r->in->side == SIDE_EXCHANGE)
        return addr_is_set(a) && !is_exchange_ip(call->conf, a);
    if (!addr_is_set(a))
        return name_is_good(host->host) && !peer_has_name(call->peer, host->host);
    return !peer_has_ip(call->peer, a) && map_forward(&call->rules->map, a, &mapped) < 0;
}

static void target_of(struct reading *r, unsigned i)
{
    const struct sdp_media *m = &r->sdp.media[i];
    const struct addr *written = &sdp_media_host(&r->sdp, i)->addr;
    struct media_target *t = &r->targets[i];
    struct addr ip, rtcp_ip;
    bool believed = host_is_believed(r->call->rules, r->foreign[i]);
    memset(t, 0, sizeof *t);
    t->live = m->port && !line_refused(r, i);
    t->muted = !t->live || sdp_media_on_hold(&r->sdp, i);
    t->mux = m->rtcp_mux;
    t->is_rtp = m->is_rtp;
    t->direction = (uint8_t)m->direction;
    if (t->muted)
        return;
    enum aim_rule rule = aim_reached(r->core, &r->x, written, believed, &ip);
    replaced_log(r->core, r->in, written, &ip, rule);
    t->rtp = addr_with_port(ip, m->port);
    if (m->rtcp) {
        rtcp_ip = ip;
        if (m->rtcp_host.whole.p && addr_is_set(&m->rtcp_host.addr))
            aim_reached(r->core, &r->x, &m->rtcp_host.addr, believed, &rtcp_ip);
        t->rtcp = addr_with_port(rtcp_ip, m->rtcp);
    }
}

/* ---- reading: nothing is changed before everything is known to be good */

static void refuse_foreign(struct sdp_refusal *refusal, const struct sdp_host *host)
{
    char text[ADDR_TEXT + 16];
    if (addr_is_set(&host->addr))
        addr_print_ip(&host->addr, text);
    else
        snprintf(text, sizeof text, "%.*s", (int)(host->host.n > 64 ? 64 : host->host.n),
                 host->host.p);
    refuse(refusal, 488, COUNT_answer_488_foreign, "media of a third party (%s) is not relayed",
           text);
}

/* A host once let in stays what it was: a session that is merely refreshed does not move. */
static bool foreign_check(struct reading *r, struct sdp_refusal *refusal)
{
    bool renegotiates = r->role == ROLE_OFFER && r->in->msg->is_request && r->in->to_tag.p;
    for (unsigned i = 0; i < r->sdp.n_media; i++) {
        const struct sdp_host *host = sdp_media_host(&r->sdp, i);
        const struct media_host *known =
            host->whole.p ? host_find(r->call, r->in->side, host) : NULL;
        r->foreign[i] =
            known ? known->foreign : renegotiates && r->sdp.media[i].port && is_foreign(r, host);
        if (!r->foreign[i] || r->call->rules->foreign_media != FOREIGN_REFUSE)
            continue;
        refuse_foreign(refusal, host);
        return false;
    }
    return true;
}

static bool reading_make(struct reading *r, struct span body, struct sdp_refusal *refusal)
{
    enum sdp_error error = sdp_read(body, &r->sdp);
    if (error != SDP_OK) {
        core_count(r->core, r->in->peer, COUNT_sdp_unreadable);
        if (r->sdp.bad_media)
            refuse(refusal, 488, COUNT_answer_488_sdp, "m-line %u: %s", r->sdp.bad_media,
                   sdp_error_text[error]);
        else
            refuse(refusal, 488, COUNT_answer_488_sdp, "%s", sdp_error_text[error]);
        return false;
    }
    if (!foreign_check(r, refusal))
        return false;
    for (unsigned i = 0; i < r->sdp.n_media; i++)
        target_of(r, i);
    return true;
}

static bool lines_open(struct reading *r, struct sdp_refusal *refusal)
{
    if (r->call->rules->media != MEDIA_RELAY)
        return true;
    for (unsigned i = 0; i < r->sdp.n_media; i++) {
        const struct sdp_media *m = &r->sdp.media[i];
        if (!r->targets[i].live || media_open(r->core, r->call, i, m->kind) == 0)
            continue;
        refuse(refusal, 503, COUNT_answer_503_ports, "no port pair left for an m-line");
        return false;
    }
    return true;
}

/* ---- changing */

bool is_reliable(const struct sip_msg *msg)
{
    return msg->status > 100 && msg->status < 200 && sip_header(msg, HEADER_RSEQ);
}

bool offer_waits(const struct dialog *dialog, const struct inbound *in)
{
    return dialog->offered.n && dialog->offered_by != in->side &&
           (in->msg->method != METHOD_ACK || in->msg->cseq == dialog->offered_cseq);
}

static void offer_note(struct reading *r)
{
    struct targets offer = {r->targets, r->sdp.n_media};
    struct dialog *dialog = r->dialog;
    if (r->in->msg->is_request) {
        targets_set(&r->st->offer, offer.v, offer.n);
    } else {
        targets_set(&dialog->offered, offer.v, offer.n);
        dialog->offered_by = (uint8_t)r->in->side;
        dialog->offered_cseq = r->in->msg->cseq;
    }
    agreed_offered(r->core, r->call, r->in->side, &offer);
}

/* In a running session a 1xx that may get lost decides nothing yet; one that is acknowledged does
 * (RFC 3262 §5). After that, or a 2xx, SDP of the same transaction is only a repetition (RFC 3261
 * §13.2.1). */
static void answer_in_response(struct reading *r)
{
    const struct sip_msg *msg = r->in->msg;
    struct targets answer = {r->targets, r->sdp.n_media};
    struct dialog *dialog = r->dialog;
    struct server_txn *st = r->st;
    bool invite = st->method == METHOD_INVITE, early = msg->status < 200;
    bool reliable = early && is_reliable(msg), running = dialog->confirmed;
    if (invite ? dialog->answered == st->pool.id : early)
        return;
    if (invite && early && running && !reliable) {
        targets_set(&st->preview, answer.v, answer.n);
        return;
    }
    if (st->method == METHOD_UPDATE)
        agreed_stands(dialog);
    else if (!invite || early) /* PRACK, or a 1xx: in the middle of an INVITE */
        agreed_keep(dialog);
    agreed_conclude(r->core, r->call, dialog, side_other(r->in->side), &st->offer, &answer);
    if (invite && (reliable || !early))
        dialog->answered = st->pool.id;
}

/* PRACK and ACK answer what the response offered that they acknowledge; a copy answers nothing. */
static void answer_in_request(struct reading *r)
{
    struct targets answer = {r->targets, r->sdp.n_media};
    struct dialog *dialog = r->dialog;
    if (!offer_waits(dialog, r->in))
        return;
    if (r->in->msg->method == METHOD_PRACK)
        agreed_keep(dialog);
    agreed_conclude(r->core, r->call, dialog, side_other(r->in->side), &dialog->offered, &answer);
    targets_free(&dialog->offered);
}

/* The number of a host that is a name of the peer; those of the exchange are never looked up. */
static uint8_t host_noted(struct reading *r, const struct sdp_host *host, bool foreign)
{
    bool is_name = !addr_is_set(&host->addr);
    if (!host->whole.p || addr_is_wildcard(&host->addr) ||
        (is_name && r->in->side == SIDE_EXCHANGE))
        return 0;
    struct media_host *known = host_note(r->call, r->in->side, host, foreign);
    return is_name ? host_number(r->call, r->in->side, known) : 0;
}

/* Until a name's addresses are known its media goes where signalling comes from. */
static void hosts_note(struct reading *r)
{
    for (unsigned i = 0; i < r->sdp.n_media; i++) {
        const struct sdp_media *m = &r->sdp.media[i];
        struct media_target *t = &r->targets[i];
        uint8_t host = host_noted(r, sdp_media_host(&r->sdp, i), r->foreign[i]);
        if (t->muted)
            continue;
        t->host = host;
        t->rtcp_host = m->rtcp_host.whole.p ? host_noted(r, &m->rtcp_host, r->foreign[i]) : host;
        if (host)
            host_look(r->core, r->call, host_at(r->call, SIDE_PEER, host));
        if (t->rtcp_host && t->rtcp_host != host)
            host_look(r->core, r->call, host_at(r->call, SIDE_PEER, t->rtcp_host));
        aim_place(r->call, t);
    }
}

/* ---- writing */

static bool is_direct(const struct call *call)
{
    return call->rules->media == MEDIA_DIRECT;
}

static struct addr told_host(const struct reading *r, const struct sdp_host *host)
{
    const struct media_host *known = host->whole.p ? host_find(r->call, r->in->side, host) : NULL;
    return aim_told(r->core, &r->x, host, known && known->foreign);
}

static void media_new(const struct reading *r, unsigned i, enum side to, struct sdp_media_new *out)
{
    const struct sdp_media *m = &r->sdp.media[i];
    *out = (struct sdp_media_new){.addr = told_host(r, &m->c)};
    if (m->rtcp_host.whole.p)
        out->rtcp_addr = told_host(r, &m->rtcp_host);
    if (m->port && line_refused(r, i)) {
        out->disable = true;
        core_log(r->core, LEVEL_INFO, r->in->peer, r->in->call_id, "m-line %u (%.*s) %s: refused",
                 i + 1, (int)m->proto.n, m->proto.p,
                 m->over_udp ? "has none of the codecs to keep" : "is not over UDP");
    } else if (!is_direct(r->call) && i < r->call->n_media && r->call->media[i].open) {
        out->addr.port = r->call->media[i].port[to];
        out->rtcp = (uint16_t)(out->addr.port + 1);
    }
}

static void reading_write(const struct reading *r, struct edits *edits)
{
    static struct sdp_new new; /* one message at a time; 1.5 KB */
    enum side to = side_other(r->in->side);
    uint32_t from = edits->n;
    new = (struct sdp_new){0};
    for (unsigned i = 0; i < r->sdp.n_media; i++)
        media_new(r, i, to, &new.media[i]);
    new.origin = told_host(r, &r->sdp.origin);
    new.session = told_host(r, &r->sdp.c);
    new.drop_ice = !is_direct(r->call);
    if (to == SIDE_PEER && r->call->rules->sdp_username)
        new.username = span_str(r->call->rules->sdp_username);
    new.codecs = r->n_codecs ? r->codecs : NULL;
    new.n_codecs = r->n_codecs;
    sdp_rewrite(&r->sdp, &new, edits);
    edits_shift(edits, from, (size_t)(r->sdp.body.p - r->in->msg->bytes.p));
    core_count(r->core, r->in->peer, COUNT_sdp_rewritten);
}

static void reading_note(struct reading *r)
{
    hosts_note(r);
    if (r->role == ROLE_OFFER)
        offer_note(r);
    else if (r->in->msg->is_request)
        answer_in_request(r);
    else
        answer_in_response(r);
}

bool offer_cross(struct core *core, struct call *call, struct dialog *dialog, struct server_txn *st,
                 const struct inbound *in, enum sdp_role role, bool again, struct edits *edits,
                 struct sdp_refusal *refusal)
{
    static struct reading r; /* one message at a time; several KB */
    struct span bodies[MULTIPART_MAX_SDP];
    bool malformed;
    unsigned n = bodies_of(in->msg, bodies, &malformed);
    if (malformed) { /* SDP may stand where it was not found, with the wrong addresses in it */
        core_count(core, in->peer, COUNT_sdp_unreadable);
        refuse(refusal, 488, COUNT_answer_488_sdp, "multipart body that cannot be read");
        return true;
    }
    r.core = core;
    r.call = call;
    r.dialog = dialog;
    r.st = st;
    r.in = in;
    r.x = crossing_of(in, call);
    r.role = role;
    codecs_of(&r);
    /* The first body decides, and comes last: nothing is noted before all of them are known to be
     * good. A second one is an alternative for the same m-lines. */
    for (unsigned b = n; b-- > 0;) {
        if (!reading_make(&r, bodies[b], refusal) || !lines_open(&r, refusal))
            return true;
        if (b == 0 && !again)
            reading_note(&r);
        reading_write(&r, edits);
    }
    return n > 0;
}

void offer_accepted(struct core *core, struct call *call, struct dialog *dialog,
                    struct server_txn *st)
{
    if (st->preview.n && dialog->answered != st->pool.id)
        agreed_conclude(core, call, dialog, (enum side)st->side, &st->offer, &st->preview);
    targets_free(&st->preview);
    agreed_final(core, call, st->pool.id, true);
}

void offer_unanswered(struct dialog *dialog, const struct inbound *ack)
{
    if (offer_waits(dialog, ack))
        targets_free(&dialog->offered);
}

/* ---- outside offer/answer */

/* SDP that cannot be read cannot be told with other addresses: it is left out. */
static void leave_out(struct core *core, struct crossing *x, struct edits *edits, uint32_t from)
{
    edits->n = from;
    x->drop_body = true;
    core_count(core, x->in->peer, COUNT_sdp_unreadable);
    core_log(core, LEVEL_INFO, x->in->peer, x->in->call_id,
             "SDP that cannot be read is left out of a message that neither offers nor answers");
}

static void mapped_write(struct core *core, const struct crossing *x, const struct sdp *sdp,
                         struct edits *edits)
{
    static struct sdp_new new; /* one message at a time; 2 KB */
    new = (struct sdp_new){.drop_ice = x->rules->media == MEDIA_RELAY};
    new.origin = aim_told(core, x, &sdp->origin, false);
    new.session = aim_told(core, x, &sdp->c, false);
    if (x->to == SIDE_PEER && x->rules->sdp_username)
        new.username = span_str(x->rules->sdp_username);
    for (unsigned i = 0; i < sdp->n_media; i++) {
        new.media[i].addr = aim_told(core, x, &sdp->media[i].c, false);
        new.media[i].rtcp_addr = aim_told(core, x, &sdp->media[i].rtcp_host, false);
    }
    sdp_rewrite(sdp, &new, edits);
}

void offer_map_only(struct core *core, struct crossing *x, struct edits *edits)
{
    static struct sdp sdp;
    struct span bodies[MULTIPART_MAX_SDP];
    bool malformed;
    uint32_t before = edits->n;
    unsigned n = bodies_of(x->in->msg, bodies, &malformed);
    for (unsigned b = 0; b < n; b++) {
        enum sdp_error error = sdp_read(bodies[b], &sdp);
        if (malformed || (error != SDP_OK && error != SDP_NO_CONNECTION)) {
            leave_out(core, x, edits, before);
            return;
        }
        uint32_t from = edits->n;
        mapped_write(core, x, &sdp, edits);
        edits_shift(edits, from, (size_t)(sdp.body.p - x->in->msg->bytes.p));
    }
}
