/*
 * peer.c - addresses of a peer: resolved, former, announced.
 */
#include "proxy/core/peer.h"
#include "proxy/core/base.h"
#include "proxy/core/media.h"
#include "proxy/core/probe.h"
#include "proxy/core/sockets.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static bool list_has(const struct addr *list, size_t n, const struct addr *a)
{
    for (size_t i = 0; i < n; i++) {
        if (addr_same_ip(&list[i], a))
            return true;
    }
    return false;
}

static void ask_name(struct core *core, struct peer *peer)
{
    struct action *a = out_add(&core->out, ACT_RESOLVE);
    peer->question = ++core->questions;
    a->resolve.question = peer->question;
    a->resolve.name = out_copy(&core->out, span_of(peer->rules->address.name,
                                                   strlen(peer->rules->address.name) + 1))
                          .p;
    a->resolve.family = addr_is_set(&peer->rules->bind) ? peer->rules->bind.family : ADDR_NONE;
    timer_set(&core->timers, &peer->name_timer, TIMER_PEER, core->now + NAME_AGAIN);
}

void peer_name_due(struct core *core, struct peer *peer)
{
    if (peer->listed && !addr_is_set(&peer->rules->address.addr))
        ask_name(core, peer);
}

static void former_add(struct peer *peer, const struct addr *a)
{
    if (!addr_is_set(a) || list_has(peer->former, peer->n_former, a))
        return;
    if (peer->n_former == MAX_PEER_ADDRS) {
        memmove(peer->former, peer->former + 1, (MAX_PEER_ADDRS - 1) * sizeof *peer->former);
        peer->n_former--;
    }
    peer->former[peer->n_former++] = addr_with_port(*a, 0);
}

/* Addresses that a name no longer gives stay the peer's while it has calls. */
static void keep_former(struct peer *peer, const struct addr *addrs, size_t n)
{
    if (peer->calls == 0) {
        peer->n_former = 0;
        return;
    }
    for (size_t i = 0; i < peer->n_addrs; i++) {
        if (!list_has(addrs, n, &peer->addrs[i]))
            former_add(peer, &peer->addrs[i]);
    }
}

void peer_keep_dialogs(struct core *core, struct peer *peer)
{
    uint32_t cursor = 0;
    const struct call *call;
    while (peer->calls && (call = pool_next(&core->calls, &cursor))) {
        if (call->peer != peer || call->phase == PHASE_ENDED)
            continue;
        if (call->origin == SIDE_PEER)
            former_add(peer, &call->caller.signal);
        for (uint32_t i = 0; call->origin != SIDE_PEER && i < call->n_dialogs; i++)
            former_add(peer, &call->dialogs[i].callee.signal);
    }
}

/* A literal address is the one resolved address; a name is asked for. */
void peer_resolve(struct core *core, struct peer *peer, bool moved)
{
    const struct addr *literal = &peer->rules->address.addr;
    peer->question = 0;
    timer_stop(&core->timers, &peer->name_timer);
    if (!addr_is_set(literal)) {
        if (moved)
            keep_former(peer, NULL, 0);
        peer->n_addrs = moved ? 0 : peer->n_addrs;
        ask_name(core, peer);
        return;
    }
    struct addr now = addr_with_port(*literal, 0);
    keep_former(peer, &now, 1);
    peer->addrs[0] = now;
    peer->n_addrs = 1;
}

static void take_names(struct core *core, struct peer *peer, const struct addr *addrs, size_t n)
{
    bool moved = peer->n_addrs == 0 || !list_has(addrs, n, &peer->addrs[0]);
    bool more = false;
    for (size_t i = 0; i < n; i++)
        more = more || !list_has(peer->addrs, peer->n_addrs, &addrs[i]);
    if (moved) {
        char text[ADDR_TEXT];
        addr_print_ip(&addrs[0], text);
        core_log(core, LEVEL_INFO, peer, span_of(NULL, 0), "%s is now %s",
                 peer->rules->address.name, text);
    }
    keep_former(peer, addrs, n);
    for (size_t i = 0; i < n; i++)
        peer->addrs[i] = addr_with_port(addrs[i], 0);
    peer->n_addrs = n;
    if (moved)
        probe_moved(core, peer);
    if (more)
        media_sources(core, peer);
}

/* Of a name's addresses those of one family, the first that a trunk socket has; a peer without
 * `bind` is reached from there from now on. */
static size_t names_usable(const struct core *core, struct peer *peer, const struct addr *addrs,
                           size_t n, struct addr out[MAX_PEER_ADDRS])
{
    size_t used = 0;
    uint16_t trunk = peer->trunk;
    uint8_t family = ADDR_NONE;
    for (size_t i = 0; i < n && family == ADDR_NONE; i++) {
        if (addr_is_set(&peer->rules->bind) ? addrs[i].family == peer->rules->bind.family
                                            : trunk_find(core, addrs[i].family, &trunk))
            family = addrs[i].family;
    }
    for (size_t i = 0; i < n && used < MAX_PEER_ADDRS; i++) {
        if (addrs[i].family == family)
            out[used++] = addrs[i];
    }
    if (used && trunk != peer->trunk) {
        peer->trunk = trunk;
        peer->view = (struct view){0}; /* seen from another socket */
    }
    return used;
}

void peer_named(struct core *core, uint64_t question, const struct addr *addrs, size_t n)
{
    struct addr usable[MAX_PEER_ADDRS];
    for (size_t i = 0; i < core->n_listed; i++) {
        struct peer *peer = core->peers[i];
        if (peer->question != question)
            continue;
        peer->question = 0;
        size_t any = n;
        n = names_usable(core, peer, addrs, n, usable);
        if (n) {
            take_names(core, peer, usable, n);
            peer_unwarn(peer, WARN_UNRESOLVED);
        } else {
            peer_warn(core, peer, WARN_UNRESOLVED, "%s %s", peer->rules->address.name,
                      any ? "has no address of a family that trunk.listen has"
                          : "does not resolve");
        }
        timer_set(&core->timers, &peer->name_timer, TIMER_PEER,
                  core->now + (n ? NAME_AGAIN : NAME_AGAIN_FAILED));
        return;
    }
}

bool peer_has_ip(const struct peer *peer, const struct addr *a)
{
    if (list_has(peer->addrs, peer->n_addrs, a))
        return true;
    for (size_t i = 0; i < peer->rules->sources.n; i++) {
        if (prefix_contains(&peer->rules->sources.v[i], a))
            return true;
    }
    return peer->calls && list_has(peer->former, peer->n_former, a);
}

struct addr peer_address(const struct peer *peer)
{
    uint16_t port = peer->rules->address.addr.port;
    return peer->n_addrs ? addr_with_port(peer->addrs[0], port) : (struct addr){0};
}

/* The oldest makes room. */
static void list_append(struct addr *list, size_t *n, struct addr a)
{
    if (*n == MAX_ANNOUNCED)
        memmove(list, list + 1, --*n * sizeof *list);
    list[(*n)++] = a;
}

bool peer_announces(struct peer *peer, const struct addr *a)
{
    if (list_has(peer->announced, peer->n_announced, a) || addr_is_wildcard(a))
        return false;
    list_append(peer->announced, &peer->n_announced, addr_with_port(*a, 0));
    return true;
}

void peer_calls_itself(struct peer *peer, const struct sip_uri *contact)
{
    struct addr a = addr_with_port(contact->addr, contact->port ? contact->port : 5060);
    if (!addr_is_set(&contact->addr) || addr_is_wildcard(&a))
        return;
    size_t i = 0;
    while (i < peer->n_contacts && !addr_same_ip(&peer->contacts[i], &a))
        i++;
    if (i < peer->n_contacts) {
        peer->n_contacts--;
        memmove(&peer->contacts[i], &peer->contacts[i + 1],
                (peer->n_contacts - i) * sizeof *peer->contacts);
    }
    list_append(peer->contacts, &peer->n_contacts, a);
}

bool peer_is_called(const struct peer *peer, const struct addr *a)
{
    return list_has(peer->contacts, peer->n_contacts, a);
}

struct addr peer_own_name(const struct peer *peer)
{
    struct addr here = peer_address(peer), written;
    if (map_back(&peer->rules->map, &here, &written) >= 0)
        return written;
    return peer->n_contacts ? peer->contacts[peer->n_contacts - 1] : here;
}

void peer_warn(struct core *core, struct peer *peer, enum peer_warning warning, const char *fmt,
               ...)
{
    char text[WARNING_TEXT];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (strcmp(peer->warnings[warning], text) == 0)
        return;
    strcpy(peer->warnings[warning], text);
    core_log(core, LEVEL_WARNING, peer, span_of(NULL, 0), "%s", text);
}

void peer_unwarn(struct peer *peer, enum peer_warning warning)
{
    peer->warnings[warning][0] = '\0';
}

static void source_add(struct prefix *out, size_t *n, size_t most, const struct addr *a)
{
    if (*n < most)
        out[(*n)++] = prefix_of(a);
}

size_t peer_sources(const struct peer *peer, const struct conf_peer *rules, struct prefix *out,
                    size_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < peer->n_addrs; i++)
        source_add(out, &n, most, &peer->addrs[i]);
    for (size_t i = 0; i < rules->sources.n && n < most; i++)
        out[n++] = rules->sources.v[i];
    for (size_t i = peer->n_former; i > 0 && peer->calls; i--)
        source_add(out, &n, most, &peer->former[i - 1]);
    return n;
}

struct peer *peer_hold(struct peer *peer)
{
    if (peer)
        peer->references++;
    return peer;
}

static void peer_free(struct core *core, struct peer *peer)
{
    timer_stop(&core->timers, &peer->probe.timer);
    timer_stop(&core->timers, &peer->name_timer);
    for (size_t i = 0; i < core->n_peers; i++) {
        if (core->peers[i] != peer)
            continue;
        memmove(&core->peers[i], &core->peers[i + 1], (core->n_peers - i - 1) * sizeof peer);
        core->n_peers--;
        break;
    }
    conf_release(peer->conf);
    free(peer->name);
    free(peer);
}

void peer_release(struct core *core, struct peer *peer)
{
    if (peer && --peer->references == 0)
        peer_free(core, peer);
}

bool peer_has_name(const struct peer *peer, struct span host)
{
    if (span_is_nocase(span_str(peer->rules->address.name), host))
        return true;
    for (size_t i = 0; i < peer->rules->aliases.n; i++) {
        if (span_is_nocase(span_str(peer->rules->aliases.v[i]), host))
            return true;
    }
    return false;
}

static bool names_addr(const struct peer *peer, const struct addr *a)
{
    struct addr mapped;
    for (size_t i = 0; i < peer->n_addrs; i++) {
        if (addr_same_ip(&peer->addrs[i], a))
            return true;
    }
    return map_forward(&peer->rules->map, a, &mapped) >= 0;
}

bool peer_is_meant(const struct peer *peer, const struct sip_uri *uri)
{
    return uri->host.p && (peer_has_name(peer, uri->host) ||
                           (addr_is_set(&uri->addr) && names_addr(peer, &uri->addr)));
}

struct peer *peer_find(const struct core *core, struct span name)
{
    for (size_t i = 0; i < core->n_listed; i++) {
        if (span_is(span_str(core->peers[i]->name), name))
            return core->peers[i];
    }
    return NULL;
}
