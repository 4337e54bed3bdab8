/*
 * worker.h - one thread that moves packets, as relay.c sees it. Only worker.c knows libev.
 */
#ifndef RELAY_WORKER_H
#define RELAY_WORKER_H

#include "proxy/relay/mailbox.h"
#include "proxy/core/event.h"

#include <stdatomic.h>

/* What a worker is told. Letters come first, so that a taken letter is its order. */
struct order {
    struct letter letter;
    stream_no stream;
    uint8_t kind; /* enum relay_kind */
};

/* RELAY_TARGET with its sources cut to size; from malloc, the worker's once posted. */
struct order_target {
    struct order order;
    uint8_t side, latch;
    bool relearn, is_rtp, mux, punch, mute;
    uint8_t n_sources;
    struct addr rtp, rtcp;
    struct prefix sources[];
};

/* What a worker tells: bits, so that one letter per stream is enough for all of it. */
enum slot_news {
    NEWS_FIRST_EXCHANGE = 1,
    NEWS_FIRST_PEER = 2,
    NEWS_IDLE = 4, /* a state: set while idle */
    NEWS_CLOSED = 8,
    NEWS_POSTED = 16, /* the letter is in the box */
};

/* What both threads know of a stream. The SIP thread writes fd and idle_timeout_ms before it posts
 * `open`; the worker sets bits of `news` and posts `report`. */
struct slot {
    struct order open, close;
    struct letter report;
    atomic_uint news;
    int fd[2][2]; /* by side; RTP, RTCP */
    uint32_t idle_timeout_ms;
};

struct worker;
struct stream; /* the worker's part of a stream */

/* `n` streams for the workers to share out, from table_make. */
struct stream *worker_streams(size_t n);
void worker_streams_free(struct stream *streams, size_t n);

/* A table of zeros that begins on a page, so that entries lie on cache lines as their types say;
 * pages not used cost nothing. NULL: out of memory. */
void *table_make(size_t n, size_t size);
void table_free(void *table, size_t n, size_t size); /* NULL is fine */

struct worker_setup {
    unsigned number; /* for the thread's name */
    struct slot *slots;
    struct stream *streams;
    struct relay_figures *figures;
    struct mailbox *reports;
    int report_fd; /* eventfd */
};

/* Starts the thread. 0 or errno. The three tables outlive the worker, which uses the entries of
 * the streams it is told to open. */
int worker_new(const struct worker_setup *setup, struct worker **out);

/* Ends the thread and forgets its streams; their sockets stay. NULL is fine. */
void worker_free(struct worker *worker);

/* Hands orders over and wakes the worker if nobody has yet. */
void worker_post(struct worker *worker, struct bundle *orders);

#endif
