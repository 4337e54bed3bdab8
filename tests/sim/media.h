/*
 * media.h - a relay without sockets: obeys the core's orders and moves simulated packets by the
 * rules that event.h gives the real one, and finds fault with orders that the real one would
 * refuse.
 */
#ifndef SIM_MEDIA_H
#define SIM_MEDIA_H

#include "proxy/core/event.h"
#include "tests/sim/net.h"

#define MEDIA_MAX_POOLS 32

struct media_latch {
    struct addr held; /* the source that counts now; ADDR_NONE = none */
    sim_msec heard_at;
};

struct media_side {
    struct relay_pair pair;
    struct addr rtp, rtcp;
    struct prefix sources[RELAY_MAX_SOURCES];
    unsigned n_sources;
    uint8_t latch;
    bool mute, mux, heard;
    struct media_latch held[2]; /* RTP, RTCP */
    unsigned punches;           /* still to send */
    unsigned orders;            /* targets it was given */
    uint32_t punch_round;
};

struct media_stream {
    bool open, idle;
    sim_msec opened, last;
    uint32_t idle_timeout, generation;
    struct media_side side[2];
};

struct media_pool {
    struct media *media;
    struct core_pool pool;
    uint16_t low, high;
    bool known;
    uint32_t *stream; /* by pair: 0 = not bound, 1 = rests, n + 2 = stream n */
};

struct media {
    struct net *net;
    int host;
    struct media_stream *streams;
    struct relay_figures *figures;
    size_t n_streams, n_open;
    struct media_pool pools[MEDIA_MAX_POOLS];
    uint64_t moved, foreign, closed_ports;
    /* Reports go back to the core as events of their own. */
    void (*report)(void *ctx, enum relay_report_kind kind, stream_no stream, enum side side);
    void *ctx;
};

void media_init(struct media *m, struct net *net, int host, size_t n_streams);
void media_free(struct media *m);

/* Ports low..high of that pool's address become the relay's; known pools stay as they are. */
void media_pool_open(struct media *m, const struct core_pool *pool, uint16_t low, uint16_t high);
bool media_bind(struct media *m, struct relay_pair pair);
void media_unbind(struct media *m, struct relay_pair pair);
void media_order(struct media *m, const struct relay_order *o);

/* The process died: every socket is closed. */
void media_reset(struct media *m);

#endif
