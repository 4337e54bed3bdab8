/*
 * info.c - what can be looked at: state turned into plain values, one piece at a time.
 */
#include "proxy/core/binding.h"
#include "proxy/core/media.h"
#include "proxy/core/summary.h"
#include "proxy/core/verdict.h"
#include "proxy/core/view.h"
#include <stdio.h>

void info_status(const struct core *core, struct info_status *out)
{
    *out = (struct info_status){
        .started = core->started,
        .generation = core->generation,
        .loaded = core->loaded,
        .conf = core->conf,
        .exchange = core->exchange.state,
        .exchange_since = core->exchange.since,
        .calls_active = core->calls_active,
        .calls_peak = core->calls_peak,
        .calls_limit = core->limit_calls,
        .draining = core->draining,
    };
    for (size_t i = 0; i < core->top_pool; i++) {
        const struct ports *p = core->ports[i];
        if (!p)
            continue;
        out->pairs_total += p->n;
        out->pairs_in_use += p->n_used;
        out->pairs_resting += p->n_resting;
    }
    for (size_t i = 0; i < core->n_listed; i++) {
        enum liveness state = core->peers[i]->probe.state;
        out->peers_up += state == LIVE_UP;
        out->peers_down += state == LIVE_DOWN;
        out->peers_unknown += state == LIVE_UNKNOWN;
    }
}

static size_t copy_addrs(struct addr *to, const struct addr *from, size_t n)
{
    n = n < INFO_MAX_ADDRS ? n : INFO_MAX_ADDRS;
    memcpy(to, from, n * sizeof *to);
    return n;
}

bool info_peer(const struct core *core, size_t index, struct info_peer *out)
{
    if (index >= core->n_listed)
        return false;
    const struct peer *peer = core->peers[index];
    struct view view = view_now(core, peer);
    *out = (struct info_peer){
        .conf = peer->rules,
        .local = core->sockets[peer->local].addr,
        .state = peer->probe.state,
        .since = peer->probe.since,
        .rtt_ms = peer->probe.rtt_ms,
        .advertise = view.source == VIEW_NONE ? (struct addr){0} : view.advertise,
        .source = view.source,
        .calls = peer->calls,
        .counters = &peer->counters,
    };
    out->n_resolved = copy_addrs(out->resolved, peer->addrs, peer->n_addrs);
    out->n_announced = copy_addrs(out->announced, peer->announced, peer->n_announced);
    for (size_t i = 0; i < PEER_WARNINGS; i++) {
        if (peer->warnings[i][0])
            out->warnings[out->n_warnings++] = peer->warnings[i];
    }
    return true;
}

bool info_registration(const struct core *core, size_t peer, uint32_t *cursor,
                       struct info_registration *out)
{
    struct binding *b;
    while (peer < core->n_listed && (b = pool_next(&core->bindings, cursor))) {
        if (b->peer != core->peers[peer])
            continue;
        *out = (struct info_registration){
            .aor = text_get(&b->text, b->aor),
            .contact = text_get(&b->text, b->contact),
            .registrar = (enum side)b->registrar,
            .expires = binding_is_granted(core, b) ? b->expires : 0,
            .last_status = b->last_status,
        };
        return true;
    }
    return false;
}

static enum call_state state_of(const struct call *call)
{
    switch ((enum call_phase)call->phase) {
    case PHASE_EARLY:
        return CALL_EARLY;
    case PHASE_UP:
        return call_is_held(call) ? CALL_HELD : CALL_UP;
    case PHASE_ENDED:
        return CALL_ENDED;
    case PHASE_TRYING:
    case PHASE_RETRY:
        break;
    }
    return CALL_TRYING;
}

static void fill(const struct core *core, const struct call *call, struct info_call *out)
{
    *out = (struct info_call){
        .id = call->pool.id,
        .call_id = text_get(&call->text, call->call_id),
        .from = number_of(text_get(&call->text, call->from)),
        .to = number_of(text_get(&call->text, call->to)),
        .peer = span_str(call->peer->name),
        .outgoing = call->origin == SIDE_EXCHANGE,
        .state = state_of(call),
        .started = call->started,
        .answered = call->answered,
        .verdict = verdict_of(core, call),
    };
    for (uint32_t i = 0; i < call->n_media && out->n_media < INFO_MAX_MEDIA; i++) {
        const struct media_line *m = &call->media[i];
        struct info_media *to = &out->media[out->n_media++];
        to->kind = span_str(m->kind);
        to->figures = media_figures(core, m);
        for (int side = 0; side < 2; side++) {
            if (m->port[side])
                to->local[side] = media_local(core, call, i, (enum side)side);
            to->remote[side] = m->now[side].rtp;
        }
    }
}

/* Ended calls are remembered for late requests only, and not shown. */
static bool shown(const struct call *call)
{
    return call->kind == KIND_INVITE && call->phase != PHASE_ENDED;
}

bool info_call_next(const struct core *core, uint32_t *cursor, msec now, struct info_call *out)
{
    struct call *call;
    (void)now;
    while ((call = pool_next(&core->calls, cursor))) {
        if (!shown(call))
            continue;
        fill(core, call, out);
        return true;
    }
    return false;
}

bool info_call(const struct core *core, core_id id, msec now, struct info_call *out)
{
    const struct call *call = pool_get(&core->calls, id);
    (void)now;
    if (!call || !shown(call))
        return false;
    fill(core, call, out);
    return true;
}

const struct counters *info_counters(const struct core *core)
{
    return &core->counters;
}

int64_t info_wall(const struct core *core, msec at)
{
    return (int64_t)at + core->wall;
}

void core_id_print(core_id id, char *out)
{
    snprintf(out, 16, "c%08x", id);
}

core_id core_id_parse(struct span text)
{
    core_id id = 0;
    if (text.n != 9 || text.p[0] != 'c')
        return 0;
    for (size_t i = 1; i < 9; i++) {
        char c = text.p[i];
        if (c >= '0' && c <= '9')
            id = id << 4 | (core_id)(c - '0');
        else if (c >= 'a' && c <= 'f')
            id = id << 4 | (core_id)(c - 'a' + 10);
        else
            return 0;
    }
    return id;
}
