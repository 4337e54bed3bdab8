/*
 * The way of a packet: its socket is readable, one read, is the source the right one, count, send
 * from the same port of the other side. The watcher is the port and knows its stream, so nothing is
 * looked up, locked or allocated on the way. One read per readiness: a second one that finds
 * nothing costs more than it saves with packets 20 ms apart.
 */
#include "proxy/relay/worker.h"
#include "proxy/relay/latch.h"
#include "proxy/relay/rtp.h"
#include "proxy/relay/sockets.h"

#include <errno.h>
#include <ev.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define DATAGRAM_MAX 65536
#define DRAIN_MAX 1024 /* reads at RELAY_OPEN: more than a default receive buffer holds */
#define TICK_S 1.0
#define PUNCHES 5
#define STACK_SIZE (128 * 1024)

enum { PORT_RTP, PORT_RTCP };

/* One of a stream's four sockets: who is at its far end. */
struct port {
    ev_io io; /* first: the watcher is the port */
    struct stream *stream;
    uint8_t side; /* enum side */
    bool rtcp;
    socklen_t to_len; /* 0: nothing is sent */
    union sockaddr_any to;
    struct latch latch;
};

/* One side of a stream. */
struct flank {
    struct port port[2];
    struct latch_rule rule;
    struct order_target *target; /* in force; NULL = none yet */
    struct rtp_stats rtp;
    bool is_rtp, mux;
    uint8_t punches; /* still to be sent */
};

struct stream {
    struct stream *next, **link; /* among the worker's open ones */
    struct slot *slot;
    struct relay_figures *figures;
    struct flank flank[2];
    msec opened, active; /* active: the last packet from anywhere */
    bool idle;
};

struct worker {
    struct worker_setup setup;
    struct ev_loop *loop;
    ev_async wake;
    ev_timer tick;
    struct mailbox orders;
    struct stream *open;
    atomic_bool stop;
    pthread_t thread;
    uint8_t datagram[DATAGRAM_MAX];
};

/* Figures have one writer. Whole, relaxed stores are enough for readers that may be late. */
#define FIGURE_SET(field, value) __atomic_store_n(&(field), (value), __ATOMIC_RELAXED)
#define FIGURE_ADD(field, n) FIGURE_SET(field, (field) + (n))

/* libev's own time follows the wall clock when that is set; figures must not. */
static uint64_t clock_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static msec clock_ms(void)
{
    return clock_us() / 1000;
}

/* ---------------------------------------------------------------- reports */

static void news_post(struct worker *w, struct slot *slot, unsigned set, unsigned clear)
{
    unsigned before = atomic_load_explicit(&slot->news, memory_order_relaxed);
    while (!atomic_compare_exchange_weak(&slot->news, &before,
                                         ((before | set) & ~clear) | NEWS_POSTED))
        ;
    if (before & NEWS_POSTED)
        return;
    uint64_t one = 1;
    if (mailbox_post_one(w->setup.reports, &slot->report))
        (void)!write(w->setup.report_fd, &one, sizeof one);
}

/* ---------------------------------------------------------------- where packets go */

static void port_aim(struct port *port, const struct addr *aim)
{
    port->to_len = sockaddr_from(&port->to, aim);
}

/* After anything that latching or SDP changed on one side. */
static void flank_aim(struct flank *f, struct relay_leg *leg)
{
    static const struct addr nowhere;
    bool mute = f->target && f->target->mute;
    const struct latch *rtp = &f->port[PORT_RTP].latch, *rtcp = &f->port[PORT_RTCP].latch;
    struct addr aim = mute ? nowhere : latch_aim(rtp);
    struct addr aim_rtcp = mute ? nowhere : latch_aim_rtcp(rtcp, rtp);
    port_aim(&f->port[PORT_RTP], &aim);
    port_aim(&f->port[PORT_RTCP], &aim_rtcp);
    leg->latched = rtp->held;
}

/* An empty datagram opens the way back through translators and quarantined nodes. */
static void flank_punch(struct flank *f, struct relay_leg *leg)
{
    f->punches--;
    for (size_t i = 0; i < (f->mux ? 1 : 2); i++) {
        const struct port *port = &f->port[i];
        if (port->to_len > 0 && sendto(port->io.fd, "", 0, 0, &port->to.sa, port->to_len) < 0)
            FIGURE_ADD(leg->send_errors, 1);
    }
}

/* ---------------------------------------------------------------- packets */

/* Counts what was accepted; true for RTCP. */
static bool packet_count(struct worker *w, struct port *port, size_t n, uint64_t now_us)
{
    struct stream *s = port->stream;
    struct flank *f = &s->flank[port->side];
    struct relay_leg *leg = &s->figures->leg[port->side];
    if (port->rtcp || (f->mux && rtp_is_rtcp(w->datagram, n))) {
        FIGURE_ADD(leg->rtcp_rx, 1);
        return true;
    }
    uint32_t since = (uint32_t)(now_us / 1000 - s->opened);
    FIGURE_ADD(leg->rx_packets, 1);
    FIGURE_ADD(leg->rx_bytes, n);
    FIGURE_SET(leg->last_rx_ms, since);
    if (leg->first_rx_ms == UINT32_MAX) {
        FIGURE_SET(leg->first_rx_ms, since);
        news_post(w, s->slot, port->side == SIDE_EXCHANGE ? NEWS_FIRST_EXCHANGE : NEWS_FIRST_PEER,
                  0);
    }
    if (f->is_rtp) {
        rtp_note(&f->rtp, w->datagram, n, now_us);
        FIGURE_SET(leg->lost, rtp_lost(&f->rtp));
        FIGURE_SET(leg->jitter_us, rtp_jitter_us(&f->rtp));
        FIGURE_SET(leg->ssrc_changes, f->rtp.ssrc_changes);
    }
    return false;
}

static void packet_send(const struct worker *w, struct stream *s, enum side side, bool rtcp,
                        size_t n)
{
    struct flank *f = &s->flank[side];
    struct relay_leg *leg = &s->figures->leg[side];
    /* rtcp-mux: one port for both, RFC 5761. */
    const struct port *port = &f->port[rtcp && !f->mux ? PORT_RTCP : PORT_RTP];
    if (port->to_len == 0)
        return;
    if (sendto(port->io.fd, w->datagram, n, 0, &port->to.sa, port->to_len) < 0) {
        FIGURE_ADD(leg->send_errors, 1);
    } else if (rtcp) {
        FIGURE_ADD(leg->rtcp_tx, 1);
    } else {
        FIGURE_ADD(leg->tx_packets, 1);
        FIGURE_ADD(leg->tx_bytes, n);
    }
}

/* Is it from who may send here? Then that is where answers go. */
static bool packet_accept(struct port *port, const struct addr *from, msec now)
{
    struct flank *f = &port->stream->flank[port->side];
    struct relay_leg *leg = &port->stream->figures->leg[port->side];
    switch (latch_accept(&port->latch, &f->rule, from, now)) {
    case LATCH_FOREIGN:
        FIGURE_ADD(leg->dropped, 1);
        leg->foreign = *from;
        return false;
    case LATCH_NEW:
        flank_aim(f, leg);
        break;
    case LATCH_KNOWN:
        break;
    }
    f->punches = 0;
    return true;
}

static void packet_relay(struct worker *w, struct port *port, const struct addr *from, size_t n)
{
    struct stream *s = port->stream;
    uint64_t now_us = clock_us();
    if (!packet_accept(port, from, now_us / 1000) || n == 0)
        return;
    s->active = now_us / 1000;
    if (s->idle) {
        s->idle = false;
        news_post(w, s->slot, 0, NEWS_IDLE);
    }
    bool rtcp = packet_count(w, port, n, now_us);
    packet_send(w, s, side_other(port->side), rtcp, n);
}

static void port_readable(struct ev_loop *loop, ev_io *io, int events)
{
    struct worker *w = ev_userdata(loop);
    struct port *port = (struct port *)io;
    union sockaddr_any from;
    socklen_t len = sizeof from;
    (void)events;
    ssize_t n = recvfrom(io->fd, w->datagram, sizeof w->datagram, 0, &from.sa, &len);
    if (n >= 0) {
        struct addr addr = sockaddr_read(&from);
        packet_relay(w, port, &addr, (size_t)n);
    } else if (errno != EAGAIN && errno != EINTR) {
        /* The late answer to something sent here. */
        FIGURE_ADD(port->stream->figures->leg[port->side].send_errors, 1);
    }
}

/* ---------------------------------------------------------------- once a second, while streams are
 * open */

static void stream_tick(struct worker *w, struct stream *s, msec now)
{
    for (size_t i = 0; i < 2; i++) {
        if (s->flank[i].punches > 0)
            flank_punch(&s->flank[i], &s->figures->leg[i]);
    }
    uint32_t timeout = s->slot->idle_timeout_ms;
    if (!s->idle && timeout > 0 && now - s->active >= timeout) {
        s->idle = true;
        news_post(w, s->slot, NEWS_IDLE, 0);
    }
}

static void worker_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
    struct worker *w = ev_userdata(loop);
    msec now = clock_ms();
    (void)timer;
    (void)events;
    for (struct stream *s = w->open; s; s = s->next)
        stream_tick(w, s, now);
}

/* ---------------------------------------------------------------- orders */

/* What came while the pair rested belongs to no call. */
static void socket_drain(int fd)
{
    char byte;
    for (int i = 0; i < DRAIN_MAX && recv(fd, &byte, sizeof byte, 0) >= 0; i++)
        ;
}

static void port_open(struct worker *w, struct stream *s, enum side side, size_t which)
{
    struct port *port = &s->flank[side].port[which];
    int fd = s->slot->fd[side][which];
    port->stream = s;
    port->side = (uint8_t)side;
    port->rtcp = which == PORT_RTCP;
    socket_drain(fd);
    ev_io_init(&port->io, port_readable, fd, EV_READ);
    ev_io_start(w->loop, &port->io);
}

static void stream_open(struct worker *w, stream_no number)
{
    struct stream *s = &w->setup.streams[number];
    *s = (struct stream){.slot = &w->setup.slots[number],
                         .figures = &w->setup.figures[number],
                         .opened = clock_ms()};
    s->active = s->opened;
    for (size_t i = 0; i < 4; i++)
        port_open(w, s, i / 2, i % 2);
    if (!w->open)
        ev_timer_again(w->loop, &w->tick);
    s->next = w->open;
    s->link = &w->open;
    if (s->next)
        s->next->link = &s->next;
    w->open = s;
}

/* True where the other end of what is punched is not the one it was. */
static bool target_moved(const struct flank *f, const struct order_target *target)
{
    return target->relearn || !f->target || !addr_equal(&f->target->rtp, &target->rtp) ||
           !addr_equal(&f->target->rtcp, &target->rtcp);
}

static void stream_target(struct stream *s, struct order_target *target)
{
    struct flank *f = &s->flank[target->side];
    struct relay_leg *leg = &s->figures->leg[target->side];
    bool moved = target_moved(f, target);
    free(f->target);
    f->target = target;
    f->rule = (struct latch_rule){
        .policy = target->latch, .n_sources = target->n_sources, .sources = target->sources};
    f->is_rtp = target->is_rtp;
    f->mux = target->mux;
    latch_signal(&f->port[PORT_RTP].latch, &f->port[PORT_RTCP].latch, &f->rule, &target->rtp,
                 &target->rtcp, target->relearn);
    flank_aim(f, leg);
    if (!target->punch || f->port[PORT_RTP].to_len == 0) {
        f->punches = 0;
    } else if (moved) {
        f->punches = PUNCHES;
        flank_punch(f, leg);
    }
}

static void stream_forget(struct worker *w, struct stream *s)
{
    for (size_t i = 0; i < 4; i++)
        ev_io_stop(w->loop, &s->flank[i / 2].port[i % 2].io);
    free(s->flank[0].target);
    free(s->flank[1].target);
    *s->link = s->next;
    if (s->next)
        s->next->link = s->link;
    if (!w->open)
        ev_timer_stop(w->loop, &w->tick);
}

static void order_obey(struct worker *w, struct order *order)
{
    struct stream *s = &w->setup.streams[order->stream];
    switch ((enum relay_kind)order->kind) {
    case RELAY_OPEN:
        stream_open(w, order->stream);
        break;
    case RELAY_TARGET:
        stream_target(s, (struct order_target *)order);
        break;
    case RELAY_CLOSE:
        stream_forget(w, s);
        news_post(w, s->slot, NEWS_CLOSED, 0);
        break;
    }
}

static void worker_woken(struct ev_loop *loop, ev_async *async, int events)
{
    struct worker *w = ev_userdata(loop);
    bool stop = atomic_load(&w->stop); /* before taking: what was posted before is obeyed */
    (void)async;
    (void)events;
    for (struct letter *letter = mailbox_take(&w->orders), *next; letter; letter = next) {
        next = letter->next;
        order_obey(w, (struct order *)letter);
    }
    if (stop)
        ev_break(loop, EVBREAK_ALL);
}

/* ---------------------------------------------------------------- the thread */

struct stream *worker_streams(size_t n)
{
    return calloc(n, sizeof(struct stream));
}

static void *worker_run(void *arg)
{
    struct worker *w = arg;
    ev_run(w->loop, 0);
    return NULL;
}

/* Signals are the SIP thread's; a small stack is enough and does not weigh on RSS limits. */
static int thread_start(struct worker *w)
{
    pthread_attr_t attr;
    sigset_t all, before;
    char name[16];
    int error = pthread_attr_init(&attr);
    if (error)
        return error;
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&w->thread, &attr, worker_run, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    if (error)
        return error;
    snprintf(name, sizeof name, "relay/%u", w->setup.number);
    pthread_setname_np(w->thread, name);
    return 0;
}

int worker_new(const struct worker_setup *setup, struct worker **out)
{
    struct worker *w = calloc(1, sizeof *w);
    if (!w)
        return ENOMEM;
    w->setup = *setup;
    w->loop = ev_loop_new(EVBACKEND_EPOLL | EVFLAG_NOENV);
    if (!w->loop) {
        free(w);
        return errno ? errno : ENOMEM;
    }
    ev_set_userdata(w->loop, w);
    ev_async_init(&w->wake, worker_woken);
    ev_async_start(w->loop, &w->wake);
    ev_timer_init(&w->tick, worker_tick, 0., TICK_S);
    int error = thread_start(w);
    if (error) {
        ev_loop_destroy(w->loop);
        free(w);
        return error;
    }
    *out = w;
    return 0;
}

void worker_free(struct worker *w)
{
    if (!w)
        return;
    atomic_store(&w->stop, true);
    ev_async_send(w->loop, &w->wake);
    pthread_join(w->thread, NULL);
    while (w->open)
        stream_forget(w, w->open);
    ev_loop_destroy(w->loop);
    free(w);
}

void worker_post(struct worker *w, struct bundle *orders)
{
    if (mailbox_post(&w->orders, orders))
        ev_async_send(w->loop, &w->wake);
}
