/*
 * The way of a packet: its socket is readable, one read, is the source the right one, count, send
 * from the same port of the other side. The watcher is the port and knows its stream, so nothing is
 * looked up, locked or allocated on the way. One read per readiness: a second one that finds
 * nothing costs more than it saves with packets 20 ms apart. What does cost is waking up for a
 * packet, so a busy worker lets them gather (gather.h).
 */
#include "proxy/relay/worker.h"
#include "proxy/relay/gather.h"
#include "proxy/relay/latch.h"
#include "proxy/relay/rtp.h"
#include "proxy/relay/sockets.h"

#include <errno.h>
#include <ev.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define DATAGRAM_MAX 65536
#define TICK_S 1.0
#define PUNCHES 5
#define STACK_SIZE (128 * 1024)

enum { PORT_RTP, PORT_RTCP };

/*
 * Packets of one stream are 20 ms apart: by the next one its memory has left the cache, and waiting
 * for it is what a relay costs over a bare forwarder. So what a packet touches lies together, in
 * lines of 64 bytes that the CPU fetches in pairs, and is asked for before the read, which takes
 * long enough for it to come.
 */
#define LINE 64

/* One of a stream's four sockets: who is at its far end. */
struct port {
    _Alignas(2 * LINE) ev_io io; /* first: the watcher is the port. data: the stream */
    uint8_t side;                /* enum side */
    bool rtcp;
    uint16_t to_len; /* 0: nothing is sent */
    union sockaddr_any to;
    struct latch latch;
};

/* One side of a stream, as far as packets need it besides its ports. */
struct flank {
    _Alignas(LINE) struct rtp_stats rtp;
    bool is_rtp, mux;
    uint8_t punches; /* still to be sent */
};

struct stream {
    struct port port[2][2]; /* by side; RTP, RTCP */
    struct flank flank[2];
    struct slot *slot;
    msec opened, active; /* active: the last packet from anywhere */
    bool idle;
    struct stream *next, **link; /* among the worker's open ones */
    struct latch_rule rule[2];
    struct order_target *target[2]; /* in force; NULL = none yet */
};

_Static_assert(sizeof(struct port) == 2 * LINE, "a port fills a pair of lines");
_Static_assert(sizeof(struct flank) == LINE, "a flank fills a line");
_Static_assert(sizeof(struct relay_leg) == 2 * LINE, "a leg fills a pair of lines");

struct worker {
    struct worker_setup setup;
    struct ev_loop *loop;
    ev_async wake;
    ev_timer tick;
    struct mailbox orders;
    struct stream *open;
    struct gather gather;
    bool took, ended; /* took: packets since it was last cleared */
    atomic_bool stop;
    pthread_t thread;
    uint8_t datagram[DATAGRAM_MAX];
};

/* Figures have one writer. Whole, relaxed stores are enough for readers that may be late. */
#define FIGURE_SET(field, value) __atomic_store_n(&(field), (value), __ATOMIC_RELAXED)
#define FIGURE_ADD(field, n) FIGURE_SET(field, (field) + (n))

/* An address is five of them: it may be read half old. */
typedef uint32_t __attribute__((may_alias)) figure_part;
_Static_assert(offsetof(struct relay_leg, latched) % sizeof(figure_part) == 0 &&
                   offsetof(struct relay_leg, foreign) % sizeof(figure_part) == 0 &&
                   sizeof(struct addr) % sizeof(figure_part) == 0,
               "an address is whole parts");

static void figure_addr(struct addr *field, const struct addr *value)
{
    figure_part part[sizeof *field / sizeof(figure_part)];
    figure_part *to = (void *)field;
    memcpy(part, value, sizeof part);
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++)
        FIGURE_SET(to[i], part[i]);
}

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

static struct relay_leg *stream_leg(const struct worker *w, const struct stream *s, enum side side)
{
    return &w->setup.figures[s - w->setup.streams].leg[side];
}

static void port_aim(struct port *port, const struct addr *aim)
{
    port->to_len = (uint16_t)sockaddr_from(&port->to, aim);
}

/* After anything that latching or SDP changed on one side. */
static void side_aim(const struct worker *w, struct stream *s, enum side side)
{
    static const struct addr nowhere;
    bool mute = s->target[side] && s->target[side]->mute;
    struct port *port = s->port[side];
    const struct latch *rtp = &port[PORT_RTP].latch, *rtcp = &port[PORT_RTCP].latch;
    struct addr aim = mute ? nowhere : latch_aim(rtp);
    struct addr aim_rtcp = mute ? nowhere : latch_aim_rtcp(rtcp, rtp);
    port_aim(&port[PORT_RTP], &aim);
    port_aim(&port[PORT_RTCP], &aim_rtcp);
    figure_addr(&stream_leg(w, s, side)->latched, &rtp->held);
}

/* A datagram opens the way back through translators and quarantined nodes: an empty one, but a
 * report of nothing received (RFC 3550 section 6.4.2) where RTCP is expected. Asterisk looks at the
 * first byte of what it reads there even if there is none; what its stack happens to hold may look
 * like DTLS, and then it logs an error and gives the stream up. */
static void side_punch(const struct worker *w, struct stream *s, enum side side)
{
    static const uint8_t report[] = {0x80, 201, 0, 1, 't', 't', 'r', 'k'};
    struct relay_leg *leg = stream_leg(w, s, side);
    const struct flank *f = &s->flank[side];
    s->flank[side].punches--;
    for (size_t i = 0; i < (f->mux ? 1 : 2); i++) {
        const struct port *port = &s->port[side][i];
        size_t n = i == PORT_RTCP && f->is_rtp ? sizeof report : 0;
        if (port->to_len > 0 && sendto(port->io.fd, report, n, 0, &port->to.sa, port->to_len) < 0)
            FIGURE_ADD(leg->send_errors, 1);
    }
}

/* ---------------------------------------------------------------- packets */

/* Is it from who may send here? Then that is where answers go. */
static bool packet_accept(const struct worker *w, struct port *port, const struct addr *from,
                          msec now)
{
    struct stream *s = port->io.data;
    struct relay_leg *leg = stream_leg(w, s, port->side);
    switch (latch_accept(&port->latch, &s->rule[port->side], from, now)) {
    case LATCH_FOREIGN:
        FIGURE_ADD(leg->dropped, 1);
        figure_addr(&leg->foreign, from);
        return false;
    case LATCH_NEW:
        side_aim(w, s, port->side);
        break;
    case LATCH_KNOWN:
        break;
    }
    s->flank[port->side].punches = 0;
    return true;
}

static void rtp_count(struct worker *w, struct stream *s, enum side side, size_t n, uint64_t now_us)
{
    struct flank *f = &s->flank[side];
    struct relay_leg *leg = stream_leg(w, s, side);
    uint32_t since = (uint32_t)(now_us / 1000 - s->opened);
    FIGURE_ADD(leg->rx_packets, 1);
    FIGURE_ADD(leg->rx_bytes, n);
    FIGURE_SET(leg->last_rx_ms, since);
    if (leg->first_rx_ms == UINT32_MAX) {
        FIGURE_SET(leg->first_rx_ms, since);
        news_post(w, s->slot, side == SIDE_EXCHANGE ? NEWS_FIRST_EXCHANGE : NEWS_FIRST_PEER, 0);
    }
    if (f->is_rtp) {
        rtp_note(&f->rtp, w->datagram, n, now_us);
        FIGURE_SET(leg->lost, rtp_lost(&f->rtp));
        FIGURE_SET(leg->jitter_us, rtp_jitter_us(&f->rtp));
        FIGURE_SET(leg->ssrc_changes, f->rtp.ssrc_changes);
    }
}

static void packet_send(const struct worker *w, struct stream *s, enum side side, bool rtcp,
                        size_t n)
{
    struct relay_leg *leg = stream_leg(w, s, side);
    /* rtcp-mux: one port for both, RFC 5761. */
    const struct port *port = &s->port[side][rtcp && !s->flank[side].mux ? PORT_RTCP : PORT_RTP];
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

static void packet_relay(struct worker *w, struct port *port, const struct addr *from, size_t n)
{
    struct stream *s = port->io.data;
    enum side side = port->side;
    uint64_t now_us = clock_us();
    gather_note(&w->gather, now_us / 1000);
    w->took = true;
    if (!packet_accept(w, port, from, now_us / 1000) || n == 0)
        return;
    s->active = now_us / 1000;
    if (s->idle) {
        s->idle = false;
        news_post(w, s->slot, 0, NEWS_IDLE);
    }
    bool rtcp = port->rtcp || (s->flank[side].mux && rtp_is_rtcp(w->datagram, n));
    if (rtcp)
        FIGURE_ADD(stream_leg(w, s, side)->rtcp_rx, 1);
    else
        rtp_count(w, s, side, n, now_us);
    packet_send(w, s, side_other(side), rtcp, n);
}

/* Asks for what packet_relay will touch. Nothing here waits: addresses are computed, not read. */
static void packet_expect(const struct worker *w, const struct port *port)
{
    const struct stream *s = port->io.data;
    enum side side = port->side, other = side_other(side);
    const struct relay_leg *in = stream_leg(w, s, side);
    const struct port *out = &s->port[other][port->rtcp];
    __builtin_prefetch(&port->latch, 1);
    __builtin_prefetch(&s->flank[side], 1);
    __builtin_prefetch(&s->active, 1);
    __builtin_prefetch(&in->rx_packets, 1);
    __builtin_prefetch(&in->lost, 1);
    __builtin_prefetch(&stream_leg(w, s, other)->tx_packets, 1);
    __builtin_prefetch(&out->io);
    __builtin_prefetch(&out->latch);
}

static void port_readable(struct ev_loop *loop, ev_io *io, int events)
{
    struct worker *w = ev_userdata(loop);
    struct port *port = (struct port *)io;
    union sockaddr_any from;
    socklen_t len = sizeof from;
    (void)events;
    packet_expect(w, port);
    ssize_t n = recvfrom(io->fd, w->datagram, sizeof w->datagram, 0, &from.sa, &len);
    if (n >= 0) {
        struct addr addr = sockaddr_read(&from);
        packet_relay(w, port, &addr, (size_t)n);
    } else if (errno != EAGAIN && errno != EINTR) {
        /* The late answer to something sent here. */
        FIGURE_ADD(stream_leg(w, io->data, port->side)->send_errors, 1);
    }
}

/* ---------------------------------------------------------------- once a second, while streams are
 * open */

static void stream_tick(struct worker *w, struct stream *s, msec now)
{
    for (enum side side = SIDE_EXCHANGE; side <= SIDE_PEER; side++) {
        if (s->flank[side].punches > 0)
            side_punch(w, s, side);
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

static void port_open(struct worker *w, struct stream *s, enum side side, bool rtcp)
{
    struct port *port = &s->port[side][rtcp];
    int fd = s->slot->fd[side][rtcp];
    port->side = (uint8_t)side;
    port->rtcp = rtcp;
    ev_io_init(&port->io, port_readable, fd, EV_READ);
    port->io.data = s;
    ev_io_start(w->loop, &port->io);
}

static void stream_open(struct worker *w, stream_no number)
{
    struct stream *s = &w->setup.streams[number];
    *s = (struct stream){.slot = &w->setup.slots[number], .opened = clock_ms()};
    s->active = s->opened;
    for (unsigned i = 0; i < 4; i++)
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
static bool target_moved(const struct order_target *before, const struct order_target *target)
{
    return !before || target->relearn || !addr_equal(&before->rtp, &target->rtp) ||
           !addr_equal(&before->rtcp, &target->rtcp);
}

static void stream_target(const struct worker *w, struct stream *s, struct order_target *target)
{
    enum side side = target->side;
    struct flank *f = &s->flank[side];
    struct port *port = s->port[side];
    bool moved = target_moved(s->target[side], target);
    free(s->target[side]);
    s->target[side] = target;
    s->rule[side] = (struct latch_rule){
        .policy = target->latch, .n_sources = target->n_sources, .sources = target->sources};
    f->is_rtp = target->is_rtp;
    f->mux = target->mux;
    latch_signal(&port[PORT_RTP].latch, &port[PORT_RTCP].latch, &s->rule[side], &target->rtp,
                 &target->rtcp, target->relearn);
    side_aim(w, s, side);
    if (!target->punch || port[PORT_RTP].to_len == 0) {
        f->punches = 0;
    } else if (moved) {
        f->punches = PUNCHES;
        side_punch(w, s, side);
    }
}

static void stream_forget(struct worker *w, struct stream *s)
{
    for (unsigned i = 0; i < 4; i++)
        ev_io_stop(w->loop, &s->port[i / 2][i % 2].io);
    free(s->target[0]);
    free(s->target[1]);
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
        stream_target(w, s, (struct order_target *)order);
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
    w->ended = stop;
}

/* ---------------------------------------------------------------- the thread */

struct stream *worker_streams(size_t n)
{
    return table_make(n, sizeof(struct stream));
}

void worker_streams_free(struct stream *streams, size_t n)
{
    table_free(streams, n, sizeof(struct stream));
}

void *table_make(size_t n, size_t size)
{
    void *table = mmap(NULL, n * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return table == MAP_FAILED ? NULL : table;
}

void table_free(void *table, size_t n, size_t size)
{
    if (table)
        munmap(table, n * size);
}

/* Sleeps, takes what came, and what came while that was taken: a port that got many packets at
 * once does not wait a sleep for each. */
static void packets_gather(struct worker *w)
{
    nanosleep(&(struct timespec){.tv_nsec = w->gather.us * 1000L}, NULL);
    ev_run(w->loop, EVRUN_ONCE);
    do {
        w->took = false;
        ev_run(w->loop, EVRUN_NOWAIT);
    } while (w->took && !w->ended); /* under a flood something is always there */
}

static void *worker_run(void *arg)
{
    struct worker *w = arg;
    while (!w->ended) {
        if (w->gather.us > 0)
            packets_gather(w);
        else
            ev_run(w->loop, EVRUN_ONCE);
    }
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
    /* Orders first: a packet that came after them is treated as they say. */
    ev_async_init(&w->wake, worker_woken);
    ev_set_priority(&w->wake, EV_MAXPRI);
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
