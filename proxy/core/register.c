/*
 * register.c - REGISTER both ways (RFC 3261 §10): Contacts are mapped out, and restored exactly in
 * the answers.
 */
#include "proxy/core/register.h"
#include "proxy/core/base.h"
#include "proxy/core/binding.h"
#include "proxy/core/cross.h"
#include "proxy/core/destination.h"
#include "proxy/core/forward.h"
#include "proxy/core/inbound.h"
#include "proxy/core/server_txn.h"
#include <stdio.h>

static struct span aor_of(const struct sip_msg *msg)
{
    struct sip_name_addr to;
    return sip_name_addr_read(sip_value(msg, HEADER_TO), &to) ? span_of("", 0) : to.uri.whole;
}

static uint32_t wanted_seconds(const struct sip_msg *msg, const struct sip_name_addr *c)
{
    struct span v;
    uint64_t seconds;
    uint32_t header;
    if (sip_param(c->params, "expires", &v, NULL) && v.p && span_number(v, UINT32_MAX, &seconds))
        return (uint32_t)seconds;
    v = sip_value(msg, HEADER_EXPIRES);
    return v.p && !sip_seconds_read(v, &header) ? header : 3600;
}

static void contact_edit(struct edits *e, const struct inbound *in, const struct sip_name_addr *c,
                         struct span uri)
{
    size_t at = (size_t)(c->uri.whole.p - in->msg->bytes.p);
    if (!c->bracketed)
        edits_add(e, at, 0, span_str("<"), RULE_CONTACT);
    edits_add(e, at, c->uri.whole.n, uri, RULE_CONTACT);
    if (!c->bracketed)
        edits_add(e, at + c->uri.whole.n, 0, span_str(">"), RULE_CONTACT);
}

/* "Contact: *" asks for none of them any more. */
static void all_unwanted(struct core *core, const struct peer *peer, enum side registrar,
                         struct span aor)
{
    uint32_t cursor = 0;
    struct binding *b;
    while ((b = binding_of_aor(core, peer, registrar, aor, &cursor)))
        b->wanted = 0;
}

/* 0, or the status that refuses the request. */
static unsigned contacts_out(struct core *core, const struct inbound *in, struct edits *e)
{
    enum side registrar = side_other(in->side);
    struct span aor = aor_of(in->msg), element;
    unsigned n = 0;
    for (const struct sip_header *h = sip_header(in->msg, HEADER_CONTACT); h;
         h = sip_header_next(in->msg, h)) {
        struct span rest = sip_header_value(in->msg, h);
        while (sip_list_next(&rest, &element)) {
            struct sip_name_addr c;
            if (++n > MAX_CONTACTS || sip_name_addr_read(element, &c))
                return 400;
            if (c.star)
                all_unwanted(core, in->peer, registrar, aor);
            if (c.star || !c.uri.hostport.p)
                continue;
            struct binding *b = binding_get(core, in->peer, registrar, aor, &c.uri);
            if (!b)
                return 503;
            b->signal = in->from;
            b->wanted = wanted_seconds(in->msg, &c);
            binding_path(b, in->msg);
            contact_edit(e, in, &c, text_get(&b->text, b->mapped));
        }
    }
    return 0;
}

void register_request(struct core *core, struct server_txn *st, struct inbound *in)
{
    struct crossing x = crossing_of(in, NULL);
    struct edits *e = cross_begin(core);
    unsigned status = contacts_out(core, in, e);
    x.contacts_done = true;
    if (status) {
        if (status == 400)
            core_count(core, in->peer, COUNT_answer_400_malformed);
        server_reply(core, st, status, NULL, status == 503 ? "Retry-After: 60\r\n" : "");
        return;
    }
    request_forward_plain(core, st, &x, e);
}

/* After silence: with Retry-After Asterisk tries again for ever instead of counting down to giving
 * up, so a trunk heals by itself after a long outage. */
void register_silence(struct core *core, struct server_txn *st)
{
    if (server_answered(st))
        return;
    core_count(core, st->peer, COUNT_timeout_other);
    server_reply(core, st, 503, NULL, "Retry-After: 60\r\n");
}

static void append(char *out, size_t room, size_t *used, struct span s)
{
    if (*used + s.n <= room) {
        memcpy(out + *used, s.p, s.n);
        *used += s.n;
    } else {
        *used = room + 1;
    }
}

struct granting { /* one 2xx */
    const struct inbound *in;
    struct binding *seen[MAX_CONTACTS];
    unsigned n_seen, n_contacts;
    uint32_t expires; /* header's, where a Contact names none */
};

/* The value with our addresses turned back. Toward a peer only what is its own stays: the
 * exchange's other Contacts are none of its business. */
static size_t value_restored(struct core *core, struct granting *g, const struct sip_header *h,
                             char *out, size_t room)
{
    size_t used = 0;
    struct span rest = sip_header_value(g->in->msg, h), element;
    while (sip_list_next(&rest, &element)) {
        struct sip_name_addr c;
        if (sip_name_addr_read(element, &c) || c.star)
            continue;
        g->n_contacts++;
        struct binding *b = binding_mapped(core, g->in->peer, g->in->side, &c.uri);
        if (!b && g->in->side == SIDE_EXCHANGE)
            continue;
        if (used)
            append(out, room, &used, span_str(", "));
        if (!b || g->n_seen == MAX_CONTACTS) {
            append(out, room, &used, c.whole);
            continue;
        }
        g->seen[g->n_seen++] = b;
        struct span v;
        uint64_t seconds = g->expires;
        if (sip_param(c.params, "expires", &v, NULL) && v.p)
            span_number(v, UINT32_MAX, &seconds);
        size_t head = (size_t)(c.uri.whole.p - c.whole.p);
        append(out, room, &used, span_of(c.whole.p, head));
        append(out, room, &used, span_str(c.bracketed ? "" : "<"));
        append(out, room, &used, text_get(&b->text, b->contact));
        append(out, room, &used, span_str(c.bracketed ? "" : ">"));
        append(out, room, &used, span_from(c.whole, head + c.uri.whole.n));
        binding_service(b, g->in->msg);
        binding_granted(core, b, (uint32_t)seconds);
    }
    return used;
}

static void contacts_back(struct core *core, struct granting *g, struct edits *e)
{
    char value[8192];
    for (const struct sip_header *h = sip_header(g->in->msg, HEADER_CONTACT); h;
         h = sip_header_next(g->in->msg, h)) {
        size_t n = value_restored(core, g, h, value, sizeof value);
        if (n == 0 || n > sizeof value)
            edits_add(e, h->at, h->n, span_of("", 0), RULE_CONTACT);
        else
            edits_add(e, h->value_at, h->value_n, span_of(value, n), RULE_CONTACT);
    }
}

static bool was_seen(const struct granting *g, const struct binding *b)
{
    for (unsigned i = 0; i < g->n_seen; i++) {
        if (g->seen[i] == b)
            return true;
    }
    return false;
}

/* What the registrar no longer lists is gone; what it never granted may be asked for right now, by
 * another REGISTER. A 2xx without any Contact is brief, not empty: it grants what was asked for. */
static void unlisted(struct core *core, struct granting *g)
{
    struct span aor = aor_of(g->in->msg);
    uint32_t cursor = 0;
    struct binding *b;
    while ((b = binding_of_aor(core, g->in->peer, g->in->side, aor, &cursor))) {
        if (was_seen(g, b) || (g->n_contacts && !b->expires))
            continue;
        bool brief = g->n_contacts == 0 && b->wanted;
        if (brief)
            binding_service(b, g->in->msg);
        binding_granted(core, b, brief ? (g->expires < b->wanted ? g->expires : b->wanted) : 0);
    }
}

static void refused(struct core *core, const struct inbound *in)
{
    struct span aor = aor_of(in->msg);
    uint32_t cursor = 0;
    struct binding *b;
    while ((b = binding_of_aor(core, in->peer, in->side, aor, &cursor)))
        b->last_status = in->msg->status;
}

void register_response(struct core *core, struct server_txn *st, const struct inbound *in)
{
    unsigned status = in->msg->status;
    struct crossing x = crossing_of(in, NULL);
    struct edits *e = cross_begin(core);
    if (status == 100)
        return;
    if (status >= 200 && status < 300) {
        struct granting g = {.in = in, .expires = 3600};
        struct span expires = sip_value(in->msg, HEADER_EXPIRES);
        if (!expires.p || sip_seconds_read(expires, &g.expires))
            g.expires = 3600;
        contacts_back(core, &g, e);
        unlisted(core, &g);
        x.contacts_done = true;
    } else if (status >= 300) {
        refused(core, in);
    }
    if (st && !server_answered(st))
        answer_forward(core, st, &x, e);
}
