#include "proxy/relay/relay.h"
#include "proxy/relay/sockets.h"
#include "proxy/relay/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum phase { PHASE_FREE, PHASE_OPEN, PHASE_CLOSING };

/* The SIP thread's part of a stream. */
struct lease {
    struct pair *pair[2];
    uint16_t worker;
    uint8_t phase; /* enum phase */
    uint8_t told;  /* enum slot_news that went out */
};

struct crew {
    struct worker *worker;
    struct bundle waiting; /* ordered, not yet handed over */
    size_t streams;
};

struct relay {
    struct sockets *sockets;
    struct mailbox reports;
    int report_fd;
    size_t n_streams;
    struct lease *leases;
    struct slot *slots;
    struct stream *streams;
    struct relay_figures *figures;
    unsigned n_crew;
    struct crew crew[];
};

static int tables_make(struct relay *r)
{
    r->sockets = sockets_new();
    r->leases = calloc(r->n_streams, sizeof *r->leases);
    r->slots = calloc(r->n_streams, sizeof *r->slots);
    r->figures = table_make(r->n_streams, sizeof *r->figures);
    r->streams = worker_streams(r->n_streams);
    return r->sockets && r->leases && r->slots && r->figures && r->streams ? 0 : ENOMEM;
}

static int crew_start(struct relay *r, unsigned workers)
{
    struct worker_setup setup = {.slots = r->slots,
                                 .streams = r->streams,
                                 .figures = r->figures,
                                 .reports = &r->reports,
                                 .report_fd = r->report_fd};
    for (; setup.number < workers; setup.number++) {
        int error = worker_new(&setup, &r->crew[setup.number].worker);
        if (error)
            return error;
        r->n_crew++;
    }
    return 0;
}

int relay_new(unsigned workers, size_t streams, struct relay **out)
{
    if (workers == 0 || workers > UINT16_MAX || streams == 0)
        return EINVAL;
    struct relay *r = calloc(1, sizeof *r + workers * sizeof r->crew[0]);
    if (!r)
        return ENOMEM;
    r->n_streams = streams;
    r->report_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    int error = r->report_fd < 0 ? errno : tables_make(r);
    if (!error)
        error = crew_start(r, workers);
    if (error) {
        relay_free(r);
        return error;
    }
    *out = r;
    return 0;
}

void relay_free(struct relay *r)
{
    if (!r)
        return;
    relay_flush(r);
    for (unsigned i = 0; i < r->n_crew; i++)
        worker_free(r->crew[i].worker);
    sockets_free(r->sockets);
    if (r->report_fd >= 0)
        close(r->report_fd);
    free(r->leases);
    free(r->slots);
    table_free(r->figures, r->n_streams, sizeof *r->figures);
    worker_streams_free(r->streams, r->n_streams);
    free(r);
}

/* ---------------------------------------------------------------- pairs */

int relay_pool_open(struct relay *r, const struct core_pool *pool)
{
    return sockets_pool_open(r->sockets, pool);
}

int relay_pool_close(struct relay *r, uint16_t id)
{
    return sockets_pool_close(r->sockets, id);
}

int relay_bind(struct relay *r, struct relay_pair pair)
{
    return pair_bind(r->sockets, pair);
}

int relay_unbind(struct relay *r, struct relay_pair pair)
{
    return pair_unbind(r->sockets, pair);
}

/* ---------------------------------------------------------------- orders */

static void order_post(struct relay *r, struct order *order, stream_no stream, uint8_t kind)
{
    order->stream = stream;
    order->kind = kind;
    bundle_add(&r->crew[r->leases[stream].worker].waiting, &order->letter);
}

/* The worker with the fewest streams. */
static uint16_t crew_choose(const struct relay *r)
{
    unsigned best = 0;
    for (unsigned i = 1; i < r->n_crew; i++) {
        if (r->crew[i].streams < r->crew[best].streams)
            best = i;
    }
    return (uint16_t)best;
}

static void figures_clear(struct relay_figures *figures)
{
    *figures = (struct relay_figures){0};
    for (size_t i = 0; i < 2; i++) {
        figures->leg[i].first_rx_ms = UINT32_MAX;
        figures->leg[i].last_rx_ms = UINT32_MAX;
    }
}

static int order_open(struct relay *r, const struct relay_order *order)
{
    struct lease *lease = &r->leases[order->stream];
    struct slot *slot = &r->slots[order->stream];
    struct pair *pair[2];
    if (lease->phase != PHASE_FREE)
        return EBUSY;
    for (size_t i = 0; i < 2; i++) {
        pair[i] = pair_find(r->sockets, order->open.pair[i]);
        if (!pair[i])
            return EINVAL;
    }
    if (pair[0]->lent || pair[1]->lent || pair[0] == pair[1])
        return EBUSY;
    *lease =
        (struct lease){.pair = {pair[0], pair[1]}, .worker = crew_choose(r), .phase = PHASE_OPEN};
    for (size_t i = 0; i < 2; i++) {
        pair[i]->lent = true;
        pair_mark(pair[i], order->open.dscp[i]);
        pair_drain(pair[i]);
        memcpy(slot->fd[i], pair[i]->fd, sizeof slot->fd[i]);
    }
    slot->idle_timeout_ms = order->open.idle_timeout_ms;
    figures_clear(&r->figures[order->stream]);
    r->crew[lease->worker].streams++;
    order_post(r, &slot->open, order->stream, RELAY_OPEN);
    return 0;
}

static int order_target(struct relay *r, const struct relay_order *order)
{
    size_t n = order->target.n_sources;
    if (r->leases[order->stream].phase != PHASE_OPEN || order->target.side > SIDE_PEER ||
        n > RELAY_MAX_SOURCES)
        return EINVAL;
    struct order_target *target = malloc(sizeof *target + n * sizeof target->sources[0]);
    if (!target)
        return ENOMEM;
    *target = (struct order_target){.side = order->target.side,
                                    .latch = order->target.latch,
                                    .relearn = order->target.relearn,
                                    .is_rtp = order->target.is_rtp,
                                    .mux = order->target.mux,
                                    .punch = order->target.punch,
                                    .mute = order->target.mute,
                                    .n_sources = (uint8_t)n,
                                    .rtp = order->target.rtp,
                                    .rtcp = order->target.rtcp};
    if (n > 0)
        memcpy(target->sources, order->target.sources, n * sizeof target->sources[0]);
    order_post(r, &target->order, order->stream, RELAY_TARGET);
    return 0;
}

/* What never was open has no worker: the answer is put into the box here, so that it comes the way
 * all answers come. */
static void close_unopened(struct relay *r, stream_no stream)
{
    uint64_t one = 1;
    figures_clear(&r->figures[stream]);
    atomic_store(&r->slots[stream].news, NEWS_CLOSED | NEWS_POSTED);
    if (mailbox_post_one(&r->reports, &r->slots[stream].report))
        (void)!write(r->report_fd, &one, sizeof one);
}

static int order_close(struct relay *r, stream_no stream)
{
    struct lease *lease = &r->leases[stream];
    uint8_t phase = lease->phase;
    if (phase == PHASE_CLOSING)
        return EALREADY;
    lease->phase = PHASE_CLOSING;
    if (phase == PHASE_FREE)
        close_unopened(r, stream);
    else
        order_post(r, &r->slots[stream].close, stream, RELAY_CLOSE);
    return 0;
}

int relay_order(struct relay *r, const struct relay_order *order)
{
    if (order->stream >= r->n_streams)
        return EINVAL;
    switch ((enum relay_kind)order->kind) {
    case RELAY_OPEN:
        return order_open(r, order);
    case RELAY_TARGET:
        return order_target(r, order);
    case RELAY_CLOSE:
        return order_close(r, order->stream);
    }
    return EINVAL;
}

void relay_flush(struct relay *r)
{
    for (unsigned i = 0; i < r->n_crew; i++)
        worker_post(r->crew[i].worker, &r->crew[i].waiting);
}

/* ---------------------------------------------------------------- reports */

int relay_fd(const struct relay *r)
{
    return r->report_fd;
}

const struct relay_figures *relay_figures(const struct relay *r)
{
    return r->figures;
}

/* Pairs and number are free before anybody hears of it. */
static void lease_end(struct relay *r, struct lease *lease)
{
    if (lease->pair[0]) {
        lease->pair[0]->lent = false;
        lease->pair[1]->lent = false;
        r->crew[lease->worker].streams--;
    }
    *lease = (struct lease){0};
}

struct telling {
    relay_tell *tell;
    void *arg;
    struct event event;
};

static void report_tell(struct telling *t, enum relay_report_kind kind, uint8_t side)
{
    t->event.relay.kind = (uint8_t)kind;
    t->event.relay.side = side;
    t->tell(t->arg, &t->event);
}

static void slot_tell(struct relay *r, stream_no stream, struct telling *t)
{
    struct lease *lease = &r->leases[stream];
    unsigned news =
        atomic_fetch_and(&r->slots[stream].news, ~(unsigned)NEWS_POSTED) & ~(unsigned)NEWS_POSTED;
    unsigned changed = news ^ lease->told;
    lease->told = (uint8_t)news;
    if (news & NEWS_CLOSED) {
        atomic_store_explicit(&r->slots[stream].news, 0, memory_order_relaxed);
        lease_end(r, lease);
    }
    t->event = (struct event){.kind = EV_RELAY, .relay.stream = stream};
    if (changed & NEWS_FIRST_EXCHANGE)
        report_tell(t, RELAY_FIRST, SIDE_EXCHANGE);
    if (changed & NEWS_FIRST_PEER)
        report_tell(t, RELAY_FIRST, SIDE_PEER);
    if (changed & NEWS_IDLE)
        report_tell(t, news & NEWS_IDLE ? RELAY_IDLE : RELAY_AGAIN, 0);
    if (news & NEWS_CLOSED) {
        t->event.relay.figures = &r->figures[stream];
        report_tell(t, RELAY_CLOSED, 0);
    }
}

static stream_no slot_number(const struct relay *r, struct letter *report)
{
    const char *slot = (const char *)report - offsetof(struct slot, report);
    return (stream_no)((slot - (const char *)r->slots) / (ptrdiff_t)sizeof(struct slot));
}

void relay_reports(struct relay *r, relay_tell *tell, void *arg)
{
    uint64_t count;
    struct telling telling = {.tell = tell, .arg = arg};
    (void)!read(r->report_fd, &count, sizeof count);
    for (struct letter *letter = mailbox_take(&r->reports), *next; letter; letter = next) {
        next = letter->next;
        slot_tell(r, slot_number(r, letter), &telling);
    }
}
