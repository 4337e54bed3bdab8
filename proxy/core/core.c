/*
 * core.c - one event in, its actions out. Behind this door each file has its own concern.
 */
#include "proxy/core/aim.h"
#include "proxy/core/base.h"
#include "proxy/core/binding.h"
#include "proxy/core/call.h"
#include "proxy/core/client_txn.h"
#include "proxy/core/config.h"
#include "proxy/core/identify.h"
#include "proxy/core/media.h"
#include "proxy/core/name.h"
#include "proxy/core/peer.h"
#include "proxy/core/probe.h"
#include "proxy/core/request.h"
#include "proxy/core/response.h"
#include "proxy/core/server_txn.h"
#include "proxy/core/view.h"
#include <errno.h>
#include <stdlib.h>

size_t core_streams(const struct conf *conf)
{
    return (size_t)conf->limits.calls * 2;
}

static int streams_init(struct core *core)
{
    size_t n = core->limit_streams;
    core->streams = calloc(n, sizeof *core->streams);
    core->free_streams = calloc(n, sizeof *core->free_streams);
    if (!core->streams || !core->free_streams)
        return ENOMEM;
    core->n_free_streams = (uint32_t)n;
    for (uint32_t i = 0; i < n; i++)
        core->free_streams[i] = (uint32_t)n - 1 - i;
    return 0;
}

/* Ended calls and finished transactions stay for a while to answer repetitions; the pools hold as
 * many of those as of live ones, and the oldest goes when one is needed. */
static int core_init(struct core *core)
{
    uint32_t calls = core->limit_calls * 2, txns = core->limit_transactions * 2;
    int err = 0;
    err = err ? err : pool_init(&core->calls, sizeof(struct call), calls);
    err = err ? err : pool_init(&core->servers, sizeof(struct server_txn), txns);
    err = err ? err : pool_init(&core->clients, sizeof(struct client_txn), txns);
    err = err ? err : pool_init(&core->bindings, sizeof(struct binding), MAX_BINDINGS);
    err = err ? err : hash_init(&core->server_index, txns);
    err = err ? err : hash_init(&core->call_index, calls);
    err = err ? err : hash_init(&core->binding_index, MAX_BINDINGS);
    err =
        err ? err
            : timers_init(&core->timers, calls + 2 * txns + MAX_BINDINGS + 4 * CONF_MAX_PEERS + 2);
    return err ? err : streams_init(core);
}

struct core *core_new(const struct conf *conf, uint64_t seed, const struct relay_figures *figures)
{
    struct core *core = calloc(1, sizeof *core);
    if (!core)
        return NULL;
    core->limit_calls = conf->limits.calls;
    core->limit_transactions = conf->limits.transactions;
    core->limit_streams = (uint32_t)core_streams(conf);
    core->figures = figures;
    core->secret = (struct hash_seed){seed, seed ^ 0x9e3779b97f4a7c15u};
    core->exchange.rtt_ms = -1;
    if (core_init(core)) {
        core_free(core);
        return NULL;
    }
    core->seed.k0 = core_random(core);
    core->seed.k1 = core_random(core);
    return core;
}

void core_free(struct core *core)
{
    if (!core)
        return;
    uint32_t at = 0;
    void *item;
    if (core->servers.items)
        while ((item = pool_next(&core->servers, &at)))
            server_free(core, item);
    at = 0;
    if (core->clients.items)
        while ((item = pool_next(&core->clients, &at)))
            client_free(core, item);
    at = 0;
    if (core->calls.items)
        while ((item = pool_next(&core->calls, &at)))
            call_free(core, item);
    at = 0;
    if (core->bindings.items)
        while ((item = pool_next(&core->bindings, &at)))
            binding_free(core, item);
    config_close(core);
    pool_free(&core->servers);
    pool_free(&core->clients);
    pool_free(&core->calls);
    pool_free(&core->bindings);
    hash_close(&core->server_index);
    hash_close(&core->call_index);
    hash_close(&core->binding_index);
    timers_close(&core->timers);
    out_close(&core->out);
    free(core->streams);
    free(core->free_streams);
    free(core);
}

void core_wall(struct core *core, int64_t offset_ms)
{
    core->wall = offset_ms;
}

msec core_deadline(const struct core *core)
{
    return timers_next(&core->timers);
}

#define OWNER(timer, type, member) \
    ((struct type *)(void *)((char *)(timer)-offsetof(struct type, member)))

static void client_timer(struct core *core, struct client_txn *ct)
{
    switch (client_due(core, ct)) {
    case CLIENT_NOTHING:
        break;
    case CLIENT_SILENT:
        response_missing(core, ct);
        break;
    case CLIENT_OVER:
        client_free(core, ct);
        break;
    }
}

static void server_timer(struct core *core, struct server_txn *st)
{
    if (st->held)
        request_resume(core, st);
    else
        server_due(core, st);
}

static void timer_fire(struct core *core, struct timer *timer)
{
    switch ((enum timer_kind)timer->kind) {
    case TIMER_SERVER_TXN:
        server_timer(core, OWNER(timer, server_txn, timer));
        break;
    case TIMER_CLIENT_TXN:
        client_timer(core, OWNER(timer, client_txn, timer));
        break;
    case TIMER_CALL:
        call_due(core, OWNER(timer, call, timer));
        break;
    case TIMER_BINDING:
        binding_due(core, OWNER(timer, binding, timer));
        break;
    case TIMER_PEER:
        peer_name_due(core, OWNER(timer, peer, name_timer));
        break;
    case TIMER_PROBE:
        probe_due(core, OWNER(timer, prober, timer));
        break;
    }
}

static void named(struct core *core, const struct event *event)
{
    uint64_t question = event->name.question;
    const struct name *name = name_answered(core, question, event->name.addrs, event->name.n);
    if (name)
        aim_named(core, name);
    else
        peer_named(core, question, event->name.addrs, event->name.n);
}

static void dispatch(struct core *core, const struct event *event)
{
    struct call *call;
    switch ((enum event_kind)event->kind) {
    case EV_CONFIG:
        config_apply(core, event);
        break;
    case EV_DATAGRAM:
        datagram_in(core, event);
        break;
    case EV_TIME:
        break;
    case EV_BOUND:
        media_bound(core, event);
        break;
    case EV_RELAY:
        call_report(core, event);
        break;
    case EV_NAME:
        named(core, event);
        break;
    case EV_STORED:
        if (span_is(event->stored.kind, span_str("view")))
            view_load(core, event->stored.key, event->stored.value);
        else if (span_is(event->stored.kind, span_str("registration")))
            binding_load(core, event->stored.key, event->stored.value);
        break;
    case EV_HANGUP:
        call = pool_get(&core->calls, event->hangup.call);
        if (call && call->phase != PHASE_ENDED)
            call_hangup(core, call, END_OPERATOR, 480, "Ended by the operator");
        break;
    case EV_DRAIN:
        core->draining = true;
        break;
    }
}

/* The last call has its line when its ports are back, and its end is known when our BYEs are
 * answered. */
static bool is_drained(const struct core *core)
{
    uint32_t cursor = 0;
    const struct client_txn *ct;
    if (core->calls_active || core->n_free_streams < core->limit_streams)
        return false;
    while ((ct = pool_next(&core->clients, &cursor))) {
        if (ct->owner == OWNER_CALL && !ct->finished)
            return false;
    }
    return true;
}

struct actions core_step(struct core *core, msec now, const struct event *event)
{
    out_begin(&core->out);
    if (core->generation == 0)
        core->started = now;
    core->now = now;
    struct timer *timer;
    while ((timer = timers_due(&core->timers, now)))
        timer_fire(core, timer);
    if (core->names_due)
        aim_names_again(core);
    dispatch(core, event);
    if (core->draining && !core->exited && is_drained(core)) {
        core->exited = true;
        out_add(&core->out, ACT_EXIT);
    }
    return (struct actions){core->out.v, core->out.n};
}
