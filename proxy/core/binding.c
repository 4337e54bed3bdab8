/*
 * binding.c - REGISTER both ways (RFC 3261 §10): Contacts are mapped out, and restored exactly in
 * the answers and in the requests that arrive for them.
 *
 * A binding is known by peer, registrar and Contact: several peers may register one account, and
 * one exchange may register the same user at several peers.
 */
#include "proxy/core/binding.h"
#include "proxy/core/base.h"
#include "proxy/core/peer.h"
#include "proxy/core/route_set.h"
#include "proxy/core/sockets.h"
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

/* Returns their length; room + 1 where they do not fit. */
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
        if (!skip && used == room)
            return room + 1;
        if (!skip)
            out[used++] = params.p[at];
        at += skip ? skip : 1;
    }
    return used;
}

static bool mapped_text(struct core *core, const struct binding *b, const struct sip_uri *uri,
                        char *out, size_t room, size_t *n)
{
    char own[ADDR_TEXT], params[MAX_URI], tt[40] = "";
    struct addr me = own_address(core, (enum side)b->registrar, b->peer, NULL);
    addr_print(&me, own);
    size_t p = params_kept(uri->params, params, sizeof params);
    if (p > sizeof params)
        return false;
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

static bool chain_has_room(const struct core *core, const struct peer *peer, enum side registrar,
                           struct span user)
{
    unsigned n = 0;
    struct hash_link *l = hash_find(&core->binding_index, user_key(core, peer, registrar, user));
    for (struct binding *b = next_of(l, peer, registrar); b;
         b = next_of(hash_again(&b->link), peer, registrar))
        n++;
    return n < MAX_CONTACTS;
}

/* A REGISTER is under way: the binding has to be there when its answer comes, even if that is after
 * its time. */
static void binding_await(struct core *core, struct binding *b)
{
    if (b->timer.at < core->now + UNGRANTED_LIFE)
        timer_set(&core->timers, &b->timer, TIMER_BINDING, core->now + UNGRANTED_LIFE);
}

struct binding *binding_get(struct core *core, struct peer *peer, enum side registrar,
                            struct span aor, const struct sip_uri *uri)
{
    struct binding *b = find_contact(core, peer, registrar, uri);
    if (b) {
        binding_await(core, b);
        text_set(&b->text, &b->contact, uri->whole, MAX_TEXT);
        return binding_map(core, b, uri) ? b : NULL;
    }
    b = peer->bindings < MAX_PEER_BINDINGS && chain_has_room(core, peer, registrar, uri->user)
            ? pool_take(&core->bindings)
            : NULL;
    if (!b)
        return NULL;
    peer->bindings++;
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
    b->peer->bindings--;
    peer_release(core, b->peer);
    pool_give(&core->bindings, b);
}

/* ---- routes */

static void routes_keep(struct binding *b, struct ref *ref, const struct sip_msg *msg,
                        enum sip_header_id header)
{
    char routes[MAX_TEXT / 2];
    size_t n = route_set(msg, header, false, routes, sizeof routes);
    text_set(&b->text, ref, span_of(routes, n), MAX_TEXT);
}

void binding_path(struct binding *b, const struct sip_msg *reg)
{
    routes_keep(b, &b->path, reg, HEADER_PATH);
}

void binding_service(struct binding *b, const struct sip_msg *ok)
{
    routes_keep(b, &b->service, ok, HEADER_SERVICE_ROUTE);
    b->peer->service_routes = b->peer->service_routes || b->service.n;
}

struct span binding_service_route(const struct core *core, const struct peer *peer,
                                  enum side registrar, struct span from)
{
    uint32_t cursor = 0;
    struct binding *b, *best = NULL;
    struct sip_name_addr who;
    struct sip_uri aor;
    if (!peer->service_routes || sip_name_addr_read(from, &who))
        return span_of(NULL, 0);
    while ((b = pool_next(&core->bindings, &cursor))) {
        if (b->peer != peer || b->registrar != (uint8_t)registrar || !binding_is_granted(core, b) ||
            !b->service.n)
            continue;
        if (!sip_uri_read(text_get(&b->text, b->aor), &aor) && sip_uri_same(&aor, &who.uri))
            return text_get(&b->text, b->service);
        if (!best || b->expires > best->expires)
            best = b;
    }
    return best ? text_get(&best->text, best->service) : span_of(NULL, 0);
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
    struct span key = store_key(core, b);
    if (!keep) {
        core_store(core, "registration", key, span_of("", 0));
        return;
    }
    char signal[ADDR_TEXT];
    struct span mapped = text_get(&b->text, b->mapped);
    addr_print(&b->signal, signal);
    struct span path = text_get(&b->text, b->path), service = text_get(&b->text, b->service);
    int n = snprintf(core->line, sizeof core->line, "%lld %s %08x %.*s\t%.*s\t%.*s",
                     (long long)((int64_t)b->expires + core->wall), signal, b->token, (int)mapped.n,
                     mapped.p, (int)path.n, path.p ? path.p : "", (int)service.n,
                     service.p ? service.p : "");
    if (n > 0 && (size_t)n < sizeof core->line)
        core_store(core, "registration", key, span_of(core->line, (size_t)n));
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
    uint64_t wall;
    if (!field(&key, '|', &name) || !field(&key, '|', &way) || !field(&key, '|', &aor) ||
        sip_uri_read(key, &uri) || !field(&value, ' ', &expires) || !field(&value, ' ', &signal) ||
        !field(&value, ' ', &token) || !span_number(expires, INT64_MAX, &wall))
        return;
    struct peer *peer = peer_find(core, name);
    int64_t at = (int64_t)wall - core->wall;
    if (!peer || at <= (int64_t)core->now)
        return;
    enum side registrar = span_is(way, span_str("out")) ? SIDE_PEER : SIDE_EXCHANGE;
    struct binding *b = binding_get(core, peer, registrar, aor, &uri);
    if (!b)
        return;
    struct span mapped = value, path = {0};
    if (field(&value, '\t', &mapped) && field(&value, '\t', &path)) {
        text_set(&b->text, &b->path, path, MAX_TEXT);
        text_set(&b->text, &b->service, value, MAX_TEXT);
        peer->service_routes = peer->service_routes || value.n;
    }
    text_set(&b->text, &b->mapped, mapped, MAX_TEXT);
    addr_parse(signal, 5060, &b->signal);
    char hex[9] = "";
    memcpy(hex, token.p, token.n < 8 ? token.n : 8);
    b->token = (uint32_t)strtoul(hex, NULL, 16);
    b->expires = (msec)at;
    b->last_status = 200;
    timer_set(&core->timers, &b->timer, TIMER_BINDING, b->expires);
}

bool binding_is_granted(const struct core *core, const struct binding *b)
{
    return b->expires > core->now;
}

void binding_due(struct core *core, struct binding *b)
{
    if (b->expires)
        binding_store(core, b, false);
    binding_free(core, b);
}

/* ---- the answer */

struct binding *binding_mapped(const struct core *core, const struct peer *peer,
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

void binding_granted(struct core *core, struct binding *b, uint32_t seconds)
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

/* ---- requests for a binding */

struct binding *binding_for(const struct core *core, enum side from, const struct peer *peer,
                            const struct sip_uri *uri)
{
    struct binding *b = binding_mapped(core, peer, from, uri), *only = NULL;
    if (b && binding_is_granted(core, b))
        return b;
    /* Somebody on the way may have dropped a parameter: one binding of that user is meant then. */
    struct hash_link *l = hash_find(&core->binding_index, user_key(core, peer, from, uri->user));
    for (b = next_of(l, peer, from); b; b = next_of(hash_again(&b->link), peer, from)) {
        if (!binding_is_granted(core, b))
            continue;
        if (!only || b->expires > only->expires)
            only = b;
    }
    return uri->user.p ? only : NULL;
}

struct binding *binding_latest(const struct core *core, const struct peer *peer,
                               enum side registrar)
{
    uint32_t cursor = 0;
    struct binding *b, *latest = NULL;
    while (peer->bindings && (b = pool_next(&core->bindings, &cursor))) {
        if (b->peer == peer && b->registrar == (uint8_t)registrar && b->expires &&
            (!latest || b->expires > latest->expires))
            latest = b;
    }
    return latest;
}

struct binding *binding_of_aor(const struct core *core, const struct peer *peer,
                               enum side registrar, struct span aor, uint32_t *cursor)
{
    struct binding *b;
    while ((b = pool_next(&core->bindings, cursor))) {
        if (b->peer == peer && b->registrar == (uint8_t)registrar &&
            span_is(text_get(&b->text, b->aor), aor))
            return b;
    }
    return NULL;
}

struct peer *binding_peer(const struct core *core, struct span token)
{
    uint32_t cursor = 0;
    struct binding *b;
    while ((b = pool_next(&core->bindings, &cursor))) {
        char text[16];
        snprintf(text, sizeof text, "%08x", b->token);
        if (b->token && span_is(span_str(text), token))
            return b->peer;
    }
    return NULL;
}
