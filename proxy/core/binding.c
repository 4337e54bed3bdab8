/*
 * binding.c - REGISTER both ways (RFC 3261 §10): Contacts are mapped out, and restored exactly in
 * the answers and in the requests that arrive for them.
 *
 * A binding is known by peer, registrar and Contact: several peers may register one account, and
 * one exchange may register the same user at several peers.
 */
#include "proxy/core/rooms.h"
#include <stdio.h>
#include <stdlib.h>

#define UNGRANTED_LIFE (2 * SIP_TIMEOUT)
#define MAX_TEXT 4096 /* strings of one binding */

static struct binding *binding_of(struct hash_link *link)
{
    return link ? (struct binding *)(void *)((char *)link - offsetof(struct binding, link)) : NULL;
}

static uint64_t user_key(const struct core *core, const struct peer *peer, enum side registrar,
                         struct span user)
{
    uint8_t side = (uint8_t)registrar;
    struct span v[] = {span_str(peer->name), span_of((const char *)&side, 1),
                       user.p ? user : span_of("", 0)};
    return hash_spans(&core->seed, v, 3);
}

static struct binding *next_of(struct hash_link *link, const struct peer *peer, enum side registrar)
{
    for (; link; link = hash_again(link)) {
        struct binding *b = binding_of(link);
        if (b->peer == peer && b->registrar == (uint8_t)registrar)
            return b;
    }
    return NULL;
}

/* ---- what a Contact becomes */

static size_t params_kept(struct span params, char *out, size_t room)
{
    static const char *const unwanted[] = {"transport", "maddr", "ttl", "tt"};
    size_t used = 0;
    struct span where[4];
    for (int i = 0; i < 4; i++) {
        if (!sip_param(params, unwanted[i], NULL, &where[i]))
            where[i] = span_of(NULL, 0);
    }
    for (size_t at = 0; at < params.n;) {
        size_t skip = 0;
        for (int i = 0; i < 4; i++) {
            if (where[i].p == params.p + at)
                skip = where[i].n;
        }
        if (!skip && used < room)
            out[used++] = params.p[at];
        at += skip ? skip : 1;
    }
    return used;
}

static bool mapped_text(struct core *core, const struct binding *b, const struct sip_uri *uri,
                        char *out, size_t room, size_t *n)
{
    char own[ADDR_TEXT], params[512], tt[40] = "";
    struct addr me = own_address(core, (enum side)b->registrar, b->peer, NULL);
    addr_print(&me, own);
    size_t p = params_kept(uri->params, params, sizeof params);
    if (b->token)
        snprintf(tt, sizeof tt, ";tt=%08x", b->token);
    else if (b->registrar == SIDE_EXCHANGE && is_shared(core, b->peer))
        snprintf(tt, sizeof tt, ";tt=%.32s", b->peer->name);
    int len =
        snprintf(out, room, "sip:%.*s%s%s%.*s%s", (int)uri->user.n, uri->user.p ? uri->user.p : "",
                 uri->user.p ? "@" : "", own, (int)p, params, tt);
    *n = (size_t)len;
    return len > 0 && (size_t)len < room;
}

/* Would the other one's Contact look the same once ours stands in it? */
static bool looks_alike(const struct binding *b, const struct binding *other)
{
    struct sip_uri mine, theirs;
    return other != b && !sip_uri_read(text_get(&b->text, b->mapped), &mine) &&
           !sip_uri_read(text_get(&other->text, other->mapped), &theirs) &&
           sip_uri_same(&mine, &theirs);
}

static bool binding_map(struct core *core, struct binding *b, const struct sip_uri *uri)
{
    char text[MAX_URI];
    size_t n;
    if (!mapped_text(core, b, uri, text, sizeof text, &n) ||
        text_set(&b->text, &b->mapped, span_of(text, n), MAX_TEXT))
        return false;
    if (b->token)
        return true;
    struct hash_link *l = hash_find(&core->binding_index, b->link.key);
    for (struct binding *o = next_of(l, b->peer, (enum side)b->registrar); o;
         o = next_of(hash_again(&o->link), b->peer, (enum side)b->registrar)) {
        if (!looks_alike(b, o))
            continue;
        b->token = (uint32_t)core_random(core) | 1;
        return mapped_text(core, b, uri, text, sizeof text, &n) &&
               text_set(&b->text, &b->mapped, span_of(text, n), MAX_TEXT) == 0;
    }
    return true;
}

static struct binding *find_contact(const struct core *core, const struct peer *peer,
                                    enum side registrar, const struct sip_uri *uri)
{
    struct sip_uri kept;
    struct hash_link *l =
        hash_find(&core->binding_index, user_key(core, peer, registrar, uri->user));
    for (struct binding *b = next_of(l, peer, registrar); b;
         b = next_of(hash_again(&b->link), peer, registrar)) {
        if (!sip_uri_read(text_get(&b->text, b->contact), &kept) && sip_uri_same(&kept, uri))
            return b;
    }
    return NULL;
}

static struct binding *binding_get(struct core *core, struct peer *peer, enum side registrar,
                                   struct span aor, const struct sip_uri *uri)
{
    struct binding *b = find_contact(core, peer, registrar, uri);
    if (b) {
        text_set(&b->text, &b->contact, uri->whole, MAX_TEXT);
        return binding_map(core, b, uri) ? b : NULL;
    }
    b = pool_take(&core->bindings);
    if (!b)
        return NULL;
    b->registrar = (uint8_t)registrar;
    b->peer = peer_hold(peer);
    hash_add(&core->binding_index, &b->link, user_key(core, peer, registrar, uri->user));
    timer_set(&core->timers, &b->timer, TIMER_BINDING, core->now + UNGRANTED_LIFE);
    if (text_set(&b->text, &b->aor, aor, MAX_TEXT) ||
        text_set(&b->text, &b->contact, uri->whole, MAX_TEXT) || !binding_map(core, b, uri)) {
        binding_free(core, b);
        return NULL;
    }
    return b;
}

void binding_free(struct core *core, struct binding *b)
{
    timer_stop(&core->timers, &b->timer);
    hash_remove(&core->binding_index, &b->link);
    text_free(&b->text);
    peer_release(core, b->peer);
    pool_give(&core->bindings, b);
}

/* ---- kept over a restart */

static struct span store_key(struct core *core, const struct binding *b)
{
    struct span aor = text_get(&b->text, b->aor), contact = text_get(&b->text, b->contact);
    int n = snprintf(core->line, sizeof core->line, "%s|%s|%.*s|%.*s", b->peer->name,
                     b->registrar == SIDE_PEER ? "out" : "in", (int)aor.n, aor.p ? aor.p : "",
                     (int)contact.n, contact.p);
    size_t len = (size_t)n < sizeof core->line ? (size_t)n : sizeof core->line - 1;
    return out_copy(&core->out, span_of(core->line, len));
}

static void binding_store(struct core *core, const struct binding *b, bool keep)
{
    struct action *a = out_add(&core->out, ACT_STORE);
    a->store.kind = span_str("registration");
    a->store.key = store_key(core, b);
    a->store.value = span_of("", 0);
    if (!keep)
        return;
    char signal[ADDR_TEXT];
    struct span mapped = text_get(&b->text, b->mapped);
    addr_print(&b->signal, signal);
    int n = snprintf(core->line, sizeof core->line, "%lld %s %08x %.*s",
                     (long long)((int64_t)b->expires + core->wall), signal, b->token, (int)mapped.n,
                     mapped.p);
    if (n > 0 && (size_t)n < sizeof core->line)
        a->store.value = out_copy(&core->out, span_of(core->line, (size_t)n));
}

static bool field(struct span *rest, char sep, struct span *out)
{
    const char *end = memchr(rest->p, sep, rest->n);
    if (!end)
        return false;
    *out = span_of(rest->p, (size_t)(end - rest->p));
    *rest = span_from(*rest, out->n + 1);
    return true;
}

void binding_load(struct core *core, struct span key, struct span value)
{
    struct span name, way, aor, expires, signal, token;
    struct sip_uri uri;
    struct peer *peer = NULL;
    uint64_t wall;
    if (!field(&key, '|', &name) || !field(&key, '|', &way) || !field(&key, '|', &aor) ||
        sip_uri_read(key, &uri) || !field(&value, ' ', &expires) || !field(&value, ' ', &signal) ||
        !field(&value, ' ', &token) || !span_number(expires, INT64_MAX, &wall))
        return;
    for (size_t i = 0; i < core->n_listed; i++) {
        if (span_is(span_str(core->peers[i]->name), name))
            peer = core->peers[i];
    }
    int64_t at = (int64_t)wall - core->wall;
    if (!peer || at <= (int64_t)core->now)
        return;
    enum side registrar = span_is(way, span_str("out")) ? SIDE_PEER : SIDE_EXCHANGE;
    struct binding *b = binding_get(core, peer, registrar, aor, &uri);
    if (!b)
        return;
    text_set(&b->text, &b->mapped, value, MAX_TEXT);
    addr_parse(signal, 5060, &b->signal);
    char hex[9] = "";
    memcpy(hex, token.p, token.n < 8 ? token.n : 8);
    b->token = (uint32_t)strtoul(hex, NULL, 16);
    b->expires = (msec)at;
    b->last_status = 200;
    timer_set(&core->timers, &b->timer, TIMER_BINDING, b->expires);
}

void binding_due(struct core *core, struct binding *b)
{
    if (b->expires)
        binding_store(core, b, false);
    binding_free(core, b);
}

/* ---- the request */

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

static struct span aor_of(const struct sip_msg *msg)
{
    struct sip_name_addr to;
    return sip_name_addr_read(sip_value(msg, HEADER_TO), &to) ? span_of("", 0) : to.uri.whole;
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
            if (c.star || !c.uri.hostport.p)
                continue;
            struct binding *b = binding_get(core, in->peer, registrar, aor, &c.uri);
            if (!b)
                return 503;
            b->signal = in->from;
            b->wanted = wanted_seconds(in->msg, &c);
            contact_edit(e, in, &c, text_get(&b->text, b->mapped));
        }
    }
    return 0;
}

void binding_request(struct core *core, struct server_txn *st, struct inbound *in)
{
    struct crossing x = crossing_of(in, NULL);
    struct edits *e = cross_begin(core);
    unsigned status = contacts_out(core, in, e);
    x.contacts_done = true;
    if (status) {
        server_reply(core, st, status, NULL, status == 503 ? "Retry-After: 60\r\n" : "");
        return;
    }
    request_forward_plain(core, st, &x, e);
}

/* After silence: with Retry-After Asterisk tries again for ever instead of counting down to giving
 * up, so a trunk heals by itself after a long outage. */
void binding_silence(struct core *core, struct server_txn *st)
{
    if (server_answered(st))
        return;
    core_count(core, st->peer, COUNT_timeout_other);
    server_reply(core, st, 503, NULL, "Retry-After: 60\r\n");
}

/* ---- the answer */

static struct binding *find_mapped(const struct core *core, const struct peer *peer,
                                   enum side registrar, const struct sip_uri *uri)
{
    struct span tt = {0}, kept_tt = {0};
    sip_param(uri->params, "tt", &tt, NULL);
    struct hash_link *l =
        hash_find(&core->binding_index, user_key(core, peer, registrar, uri->user));
    for (struct binding *b = next_of(l, peer, registrar); b;
         b = next_of(hash_again(&b->link), peer, registrar)) {
        struct sip_uri kept;
        if (sip_uri_read(text_get(&b->text, b->mapped), &kept) || !sip_uri_same(&kept, uri))
            continue;
        if (!sip_param(kept.params, "tt", &kept_tt, NULL))
            kept_tt = span_of(NULL, 0);
        if (span_is(tt, kept_tt))
            return b;
    }
    return NULL;
}

static void granted(struct core *core, struct binding *b, uint32_t seconds)
{
    bool first = b->expires == 0;
    b->last_status = 200;
    if (seconds == 0) {
        if (!first)
            binding_store(core, b, false);
        b->expires = 0;
        timer_set(&core->timers, &b->timer, TIMER_BINDING, core->now);
        return;
    }
    b->expires = core->now + (msec)seconds * 1000;
    timer_set(&core->timers, &b->timer, TIMER_BINDING, b->expires);
    binding_store(core, b, true);
    core_count(core, b->peer,
               b->registrar == SIDE_PEER ? COUNT_registrations_out : COUNT_registrations_in);
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
        struct binding *b = find_mapped(core, g->in->peer, g->in->side, &c.uri);
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
        granted(core, b, (uint32_t)seconds);
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

/* What the registrar no longer lists is gone. A 2xx without any Contact is brief, not empty: it
 * grants what was asked for. */
static void unlisted(struct core *core, struct granting *g)
{
    struct span aor = aor_of(g->in->msg);
    uint32_t cursor = 0;
    struct binding *b;
    while ((b = pool_next(&core->bindings, &cursor))) {
        if (b->peer != g->in->peer || b->registrar != (uint8_t)g->in->side || was_seen(g, b) ||
            !span_is(text_get(&b->text, b->aor), aor))
            continue;
        bool brief = g->n_contacts == 0 && b->wanted;
        granted(core, b, brief ? (g->expires < b->wanted ? g->expires : b->wanted) : 0);
    }
}

static void refused(struct core *core, const struct inbound *in)
{
    struct span aor = aor_of(in->msg);
    uint32_t cursor = 0;
    struct binding *b;
    while ((b = pool_next(&core->bindings, &cursor))) {
        if (b->peer == in->peer && b->registrar == (uint8_t)in->side &&
            span_is(text_get(&b->text, b->aor), aor))
            b->last_status = in->msg->status;
    }
}

void binding_response(struct core *core, struct client_txn *ct, struct server_txn *st,
                      const struct inbound *in)
{
    unsigned status = in->msg->status;
    struct crossing x = crossing_of(in, NULL);
    struct edits *e = cross_begin(core);
    (void)ct;
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

/* ---- requests for a binding */

struct binding *binding_for(struct core *core, enum side from, const struct peer *peer,
                            const struct sip_uri *uri)
{
    struct binding *b = find_mapped(core, peer, from, uri), *only = NULL;
    if (b && b->expires)
        return b;
    /* Somebody on the way may have dropped a parameter: one binding of that user is meant then. */
    struct hash_link *l = hash_find(&core->binding_index, user_key(core, peer, from, uri->user));
    for (b = next_of(l, peer, from); b; b = next_of(hash_again(&b->link), peer, from)) {
        if (!b->expires)
            continue;
        if (!only || b->expires > only->expires)
            only = b;
    }
    return uri->user.p ? only : NULL;
}
