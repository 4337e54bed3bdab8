#include "proxy/net/shell.h"
#include "proxy/core/info.h"
#include "proxy/net/resolve.h"
#include "proxy/net/trace.h"
#include "proxy/net/udp.h"
#include "proxy/net/unsent.h"
#include "proxy/relay/relay.h"
#include <errno.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define BATCH_LONGEST_S 1.0
#define WALL_DRIFT_MS 10 /* how far the wall clock may be set before the core hears of it */

/* SIP before the control API when both are ready. */
#define PRIORITY_SIP 1

struct sip_socket {
    ev_io readable;
    struct shell *shell;
    struct core_socket core;
    bool unwanted; /* the core is done with it, but shell_hold keeps it open */
};

/* Answers that are there at once, and wait for the actions before them to be done. */
struct answer {
    uint8_t kind; /* EV_BOUND, EV_NAME */
    struct relay_pair pair;
    bool ok;
    uint64_t question;
};

struct shell {
    struct ev_loop *loop;
    struct log *log;
    struct lane *lane;
    struct store *store;
    struct relay *relay;
    struct core *core;
    struct conf *conf;
    struct udp_reader *reader;
    struct udp_writer *writer;
    ev_io relay_report;
    ev_timer deadline;
    msec armed; /* what the timer is set to */
    msec now;
    int64_t wall;
    bool held, stopped;
    struct sip_socket *sockets[CORE_MAX_SOCKETS];
    struct core_pool *pools;
    size_t n_pools;
    struct answer *answers;
    size_t n_answers, room_answers;
    struct udp_sent sent;
    struct unsent unsent;
    uint64_t refused, store_lost;
    struct core_socket known[CORE_MAX_SOCKETS]; /* for shell_known */
};

/* ---------------------------------------------------------------- time */

static int64_t clock_ms(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

msec shell_now(void)
{
    return (msec)clock_ms(CLOCK_MONOTONIC);
}

/* Once per batch: the core's time, and whether somebody has set the clock on the wall. */
static void time_take(struct shell *shell)
{
    shell->now = shell_now();
    int64_t wall = clock_ms(CLOCK_REALTIME) - (int64_t)shell->now;
    if (llabs(wall - shell->wall) >= WALL_DRIFT_MS) {
        shell->wall = wall;
        core_wall(shell->core, wall);
    }
}

/* ---------------------------------------------------------------- sockets */

static void readable_cb(struct ev_loop *loop, ev_io *w, int events);

static int socket_add(struct shell *shell, const struct core_socket *core, int fd)
{
    struct sip_socket *s = calloc(1, sizeof *s);
    if (!s)
        return ENOMEM;
    s->shell = shell;
    s->core = *core;
    ev_io_init(&s->readable, readable_cb, fd, EV_READ);
    ev_set_priority(&s->readable, PRIORITY_SIP);
    s->readable.data = s;
    ev_io_start(shell->loop, &s->readable);
    shell->sockets[core->id] = s;
    return 0;
}

static void socket_close(struct shell *shell, uint16_t id)
{
    struct sip_socket *s = id < CORE_MAX_SOCKETS ? shell->sockets[id] : NULL;
    if (!s)
        return;
    udp_flush(shell->writer, &shell->sent);
    ev_io_stop(shell->loop, &s->readable);
    close(s->readable.fd);
    free(s);
    shell->sockets[id] = NULL;
}

static void socket_unwanted(struct shell *shell, uint16_t id)
{
    if (!shell->held)
        socket_close(shell, id);
    else if (id < CORE_MAX_SOCKETS && shell->sockets[id])
        shell->sockets[id]->unwanted = true;
}

void shell_hold(struct shell *shell, bool held)
{
    shell->held = held;
    for (uint16_t id = 0; !held && id < CORE_MAX_SOCKETS; id++) {
        if (shell->sockets[id] && shell->sockets[id]->unwanted)
            socket_close(shell, id);
    }
}

struct plan_known shell_known(struct shell *shell)
{
    struct plan_known known = {
        .sockets = shell->known, .pools = shell->pools, .n_pools = shell->n_pools};
    for (size_t id = 0; id < CORE_MAX_SOCKETS; id++) {
        if (shell->sockets[id])
            shell->known[known.n_sockets++] = shell->sockets[id]->core;
    }
    return known;
}

/* ---------------------------------------------------------------- actions */

static void answer_later(struct shell *shell, struct answer answer)
{
    if (shell->n_answers == shell->room_answers) {
        size_t room = shell->room_answers ? 2 * shell->room_answers : 64;
        struct answer *more = realloc(shell->answers, room * sizeof *more);
        if (!more) {
            log_say(shell->log, LEVEL_ERROR, "out of memory: an answer to the core is lost");
            return;
        }
        shell->answers = more;
        shell->room_answers = room;
    }
    shell->answers[shell->n_answers++] = answer;
}

static void trace(struct shell *shell, bool in, const struct addr *from, const struct addr *to,
                  struct span bytes)
{
    char text[TRACE_TEXT];
    struct span call_id;
    size_t n = trace_print(in, from, to, bytes, &call_id, text);
    log_line(shell->log, LEVEL_DEBUG, span_of("", 0), call_id, span_of(text, n));
}

static void unsent_cb(void *self, int fd, const struct addr *to, int error)
{
    struct shell *shell = self;
    char text[200];
    for (size_t id = 0; id < CORE_MAX_SOCKETS; id++) {
        const struct sip_socket *s = shell->sockets[id];
        if (!s || s->readable.fd != fd)
            continue;
        const struct addr *from = &s->core.addr;
        if (unsent_is_news(&shell->unsent, from, to, error, shell->now))
            log_say(shell->log, LEVEL_WARNING, "%s",
                    unsent_print(from, to, error, !udp_address_is_here(from), text, sizeof text));
        return;
    }
}

static void do_send(struct shell *shell, const struct action *a)
{
    const struct sip_socket *s =
        a->send.socket < CORE_MAX_SOCKETS ? shell->sockets[a->send.socket] : NULL;
    if (!s) {
        shell->sent.failed++;
        return;
    }
    if (log_wants(shell->log, LEVEL_DEBUG))
        trace(shell, false, &s->core.addr, &a->send.to, a->send.bytes);
    udp_write(shell->writer, s->readable.fd, a->send.dscp, &a->send.to, a->send.bytes,
              &shell->sent);
}

static void do_relay(struct shell *shell, const struct relay_order *order)
{
    int error = relay_order(shell->relay, order);
    if (error != 0 && order->kind != RELAY_CLOSE)
        log_say(shell->log, LEVEL_ERROR, "stream %u: the relay refused an order: %s",
                (unsigned)order->stream, strerror(error));
}

static void name_cb(void *self, uint64_t question, const struct addr *addrs, size_t n);

static void do_resolve(struct shell *shell, const struct action *a)
{
    if (resolve_start(shell->lane, a->resolve.question, a->resolve.name, a->resolve.family, name_cb,
                      shell) == 0)
        return;
    shell->refused++;
    answer_later(shell, (struct answer){.kind = EV_NAME, .question = a->resolve.question});
}

static void store_failed_cb(void *self, size_t records, const char *why)
{
    struct shell *shell = self;
    shell->store_lost += records;
    log_say(shell->log, LEVEL_ERROR, "%zu records could not be kept: %s", records, why);
}

static void do_store(struct shell *shell, const struct action *a)
{
    if (shell->store && store_put(shell->store, a->store.kind, a->store.key, a->store.value) != 0)
        shell->store_lost++;
}

static void action_do(struct shell *shell, const struct action *a)
{
    switch ((enum action_kind)a->kind) {
    case ACT_SEND:
        do_send(shell, a);
        break;
    case ACT_RELAY:
        do_relay(shell, &a->relay);
        break;
    case ACT_BIND:
        answer_later(shell, (struct answer){.kind = EV_BOUND,
                                            .pair = a->pair,
                                            .ok = relay_bind(shell->relay, a->pair) == 0});
        break;
    case ACT_UNBIND:
        (void)relay_unbind(shell->relay, a->pair);
        break;
    case ACT_RESOLVE:
        do_resolve(shell, a);
        break;
    case ACT_STORE:
        do_store(shell, a);
        break;
    case ACT_LOG:
        log_line(shell->log, (enum conf_log_level)a->log.level, a->log.peer, a->log.call_id,
                 a->log.text);
        break;
    case ACT_SOCKET_CLOSE:
        socket_unwanted(shell, a->socket);
        break;
    case ACT_EXIT:
        log_say(shell->log, LEVEL_INFO, "drained: no call is left");
        ev_break(shell->loop, EVBREAK_ALL);
        break;
    }
}

/* ---------------------------------------------------------------- events */

static void step(struct shell *shell, const struct event *event)
{
    struct actions actions = core_step(shell->core, shell->now, event);
    for (size_t i = 0; i < actions.n; i++)
        action_do(shell, &actions.v[i]);
}

/* One event and all that follows from it. The answers' list may grow while it is worked off. */
static void feed(struct shell *shell, const struct event *event)
{
    step(shell, event);
    for (size_t i = 0; i < shell->n_answers; i++) {
        struct answer a = shell->answers[i];
        struct event e = {.kind = a.kind};
        if (a.kind == EV_BOUND) {
            e.bound.pair = a.pair;
            e.bound.ok = a.ok;
        } else {
            e.name.question = a.question;
        }
        step(shell, &e);
    }
    shell->n_answers = 0;
}

static void deadline_arm(struct shell *shell)
{
    msec due = core_deadline(shell->core);
    if (due == shell->armed && (due == UINT64_MAX || ev_is_active(&shell->deadline)))
        return;
    shell->armed = due;
    ev_timer_stop(shell->loop, &shell->deadline);
    if (due == UINT64_MAX)
        return;
    double wait = due > shell->now ? (double)(due - shell->now) / 1000 : 0;
    /* libev counts from when it last looked at its clock, which may be a batch ago; not when
     * somebody has set the wall clock since. */
    double behind = ev_time() - ev_now(shell->loop);
    ev_timer_set(&shell->deadline, wait + (behind > 0 && behind < BATCH_LONGEST_S ? behind : 0), 0);
    ev_timer_start(shell->loop, &shell->deadline);
}

/* After each batch: what was gathered leaves. Orders to the relay go first, so that a port listens
 * before the datagram that names it arrives anywhere. */
static void settle(struct shell *shell)
{
    relay_flush(shell->relay);
    udp_flush(shell->writer, &shell->sent);
    if (shell->store)
        store_flush(shell->store, shell->lane, store_failed_cb, shell);
    deadline_arm(shell);
}

static void event_take(struct shell *shell, const struct event *event)
{
    time_take(shell);
    feed(shell, event);
    settle(shell);
}

uint32_t shell_calls(const struct shell *shell)
{
    struct info_status status;
    info_status(shell->core, &status);
    return status.calls_active;
}

void shell_event(struct shell *shell, const struct event *event)
{
    if (shell->stopped)
        return;
    if (event->kind == EV_DRAIN) {
        uint32_t n = shell_calls(shell);
        log_say(shell->log, LEVEL_INFO, "draining: %u call%s left, no new ones", n,
                n == 1 ? "" : "s");
    }
    event_take(shell, event);
}

/* A datagram with a line before it, and one after it where it was dropped. */
static void feed_traced(struct shell *shell, const struct event *e, const struct addr *at)
{
    const struct counters *counters = info_counters(shell->core);
    struct counters before = *counters;
    trace(shell, true, &e->datagram.from, at, span_of(e->datagram.bytes, e->datagram.n));
    feed(shell, e);
    for (size_t i = 0; i < COUNTER_COUNT; i++) {
        const char *name = counter_table[i].name;
        if (counters->v[i] > before.v[i] && strncmp(name, "drop_", 5) == 0)
            log_say(shell->log, LEVEL_DEBUG, "dropped: %s", name);
    }
}

static void readable_cb(struct ev_loop *loop, ev_io *w, int events)
{
    struct sip_socket *s = w->data;
    struct shell *shell = s->shell;
    const struct udp_in *in;
    struct event e = {.kind = EV_DATAGRAM};
    (void)loop;
    (void)events;
    size_t n = udp_read(shell->reader, w->fd, &in);
    if (n == 0)
        return;
    struct addr at = s->core.addr; /* s may be closed by what the first datagram does */
    e.datagram.socket = s->core.id;
    time_take(shell);
    bool traced = log_wants(shell->log, LEVEL_DEBUG);
    for (size_t i = 0; i < n; i++) {
        e.datagram.from = in[i].from;
        e.datagram.bytes = in[i].bytes;
        e.datagram.n = in[i].n;
        e.datagram.truncated = in[i].truncated;
        if (traced)
            feed_traced(shell, &e, &at);
        else
            feed(shell, &e);
    }
    settle(shell);
}

static void deadline_cb(struct ev_loop *loop, ev_timer *w, int events)
{
    (void)loop;
    (void)events;
    event_take(w->data, &(struct event){.kind = EV_TIME});
}

static void relay_tell_cb(void *self, const struct event *event)
{
    feed(self, event);
}

static void relay_cb(struct ev_loop *loop, ev_io *w, int events)
{
    struct shell *shell = w->data;
    (void)loop;
    (void)events;
    time_take(shell);
    relay_reports(shell->relay, relay_tell_cb, shell);
    settle(shell);
}

static void name_cb(void *self, uint64_t question, const struct addr *addrs, size_t n)
{
    struct event e = {.kind = EV_NAME};
    e.name.question = question;
    e.name.addrs = addrs;
    e.name.n = n;
    shell_event(self, &e);
}

static void stored_cb(void *self, struct span kind, struct span key, struct span value)
{
    struct event e = {.kind = EV_STORED};
    e.stored.kind = kind;
    e.stored.key = key;
    e.stored.value = value;
    feed(self, &e);
}

/* ---------------------------------------------------------------- configurations */

static int pools_take(struct shell *shell, const struct plan *plan)
{
    struct core_pool *all =
        realloc(shell->pools, (shell->n_pools + plan->n_pools) * sizeof *shell->pools);
    if (!all && shell->n_pools + plan->n_pools > 0)
        return ENOMEM;
    shell->pools = all;
    size_t before = shell->n_pools;
    for (size_t i = 0; i < plan->n_pools; i++) {
        bool known = false;
        for (size_t k = 0; k < before && !known; k++)
            known = all[k].id == plan->pools[i].id;
        int error = relay_pool_open(shell->relay, &plan->pools[i]);
        if (error != 0)
            return error;
        if (!known)
            all[shell->n_pools++] = plan->pools[i];
    }
    return 0;
}

static int sockets_take(struct shell *shell, struct plan *plan)
{
    size_t i = 0;
    for (; i < plan->n_sockets; i++) {
        if (plan->fds[i] >= 0 && socket_add(shell, &plan->sockets[i], plan->fds[i]) != 0)
            break;
    }
    if (i == plan->n_sockets)
        return 0;
    while (i-- > 0) { /* undone: the plan owns them again, all or nothing */
        if (plan->fds[i] < 0)
            continue;
        struct sip_socket *s = shell->sockets[plan->sockets[i].id];
        ev_io_stop(shell->loop, &s->readable);
        shell->sockets[plan->sockets[i].id] = NULL;
        free(s);
    }
    return ENOMEM;
}

int shell_apply(struct shell *shell, struct plan *plan)
{
    int error = shell->stopped ? ECANCELED : pools_take(shell, plan);
    if (error == 0)
        error = sockets_take(shell, plan);
    if (error != 0) {
        plan_free(plan);
        return error;
    }
    for (size_t i = 0; i < plan->n_sockets; i++) {
        plan->fds[i] = -1; /* taken */
        shell->sockets[plan->sockets[i].id]->unwanted = false;
    }
    conf_release(shell->conf);
    shell->conf = conf_hold(plan->conf);
    log_setup(shell->log, plan->conf->log.level, plan->conf->log.format);
    struct event e = {.kind = EV_CONFIG};
    e.config.conf = plan->conf;
    e.config.sockets = plan->sockets;
    e.config.n_sockets = plan->n_sockets;
    e.config.pools = plan->pools;
    e.config.n_pools = plan->n_pools;
    e.config.routes = plan->routes;
    event_take(shell, &e);
    plan_free(plan);
    return 0;
}

/* ---------------------------------------------------------------- life */

const struct core *shell_core(const struct shell *shell)
{
    return shell->core;
}

struct counters shell_counters(const struct shell *shell)
{
    struct counters c = {{0}};
    c.v[COUNT_store_failed] = shell->store_lost;
    c.v[COUNT_send_no_room] = shell->sent.full;
    c.v[COUNT_send_failed] = shell->sent.failed;
    c.v[COUNT_helper_refused] = shell->refused;
    c.v[COUNT_log_lost] = log_lost(shell->log);
    return c;
}

static int parts_make(struct shell *shell, const struct conf *conf)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        return errno;
    shell->reader = udp_reader_new();
    shell->writer = udp_writer_new();
    if (!shell->reader || !shell->writer)
        return ENOMEM;
    int error = relay_new(conf->media.workers, core_streams(conf), &shell->relay);
    if (error != 0)
        return error;
    shell->core = core_new(conf, seed, relay_figures(shell->relay));
    return shell->core ? 0 : ENOMEM;
}

static void watchers_init(struct shell *shell)
{
    ev_timer_init(&shell->deadline, deadline_cb, 0, 0);
    ev_set_priority(&shell->deadline, PRIORITY_SIP);
    shell->deadline.data = shell;
    ev_io_init(&shell->relay_report, relay_cb, -1, EV_READ);
    ev_set_priority(&shell->relay_report, PRIORITY_SIP);
    shell->relay_report.data = shell;
}

int shell_new(const struct shell_needs *needs, struct shell **out, char *why, size_t room)
{
    struct plan *plan = needs->plan;
    struct shell *shell = calloc(1, sizeof *shell);
    int error = ENOMEM;
    if (!shell)
        goto failed;
    shell->loop = needs->loop;
    shell->log = needs->log;
    shell->lane = needs->lane;
    shell->armed = UINT64_MAX;
    shell->sent.tell = unsent_cb;
    shell->sent.self = shell;
    watchers_init(shell);
    error = parts_make(shell, plan->conf);
    if (error != 0)
        goto failed;
    ev_io_set(&shell->relay_report, relay_fd(shell->relay), EV_READ);
    ev_io_start(shell->loop, &shell->relay_report);
    error = shell_apply(shell, plan);
    plan = NULL;
    if (error != 0)
        goto failed;
    shell->store = needs->store;
    if (shell->store && store_read(shell->store, stored_cb, shell) != 0)
        log_say(shell->log, LEVEL_ERROR, "the state could not be read to its end");
    settle(shell);
    *out = shell;
    return 0;
failed:
    (void)snprintf(why, room, "cannot start: %s", strerror(error));
    plan_free(plan);
    if (shell && shell->store != needs->store)
        store_close(needs->store);
    shell_free(shell);
    return error;
}

void shell_stop(struct shell *shell)
{
    if (!shell || shell->stopped)
        return;
    shell->stopped = true;
    ev_timer_stop(shell->loop, &shell->deadline);
    if (ev_is_active(&shell->relay_report))
        ev_io_stop(shell->loop, &shell->relay_report);
    for (uint16_t id = 0; shell->writer && id < CORE_MAX_SOCKETS; id++)
        socket_close(shell, id);
    if (shell->store)
        store_flush(shell->store, shell->lane, store_failed_cb, shell);
}

void shell_free(struct shell *shell)
{
    if (!shell)
        return;
    shell_stop(shell);
    core_free(shell->core);
    relay_free(shell->relay);
    store_close(shell->store);
    udp_reader_free(shell->reader);
    udp_writer_free(shell->writer);
    conf_release(shell->conf);
    free(shell->pools);
    free(shell->answers);
    free(shell);
}
