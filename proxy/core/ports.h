/*
 * ports.h - which RTP/RTCP port pairs of one local IP are free: pure bookkeeping.
 *
 * A pair goes: not bound -> (ACT_BIND) ready -> in use -> resting -> in use ... It stays bound
 * while it rests (RFC 6888 REQ-8: a port is not given to the next call at once), so a busy exchange
 * soon takes pairs without any system call.
 */
#ifndef CORE_PORTS_H
#define CORE_PORTS_H

#include "proxy/core/event.h"

struct ports {
    uint16_t id;
    struct addr addr; /* port 0 */
    uint16_t low;     /* the first even port */
    uint32_t n;       /* pairs in the range */
    uint8_t *state;   /* one per pair, private */
    uint32_t *ready;  /* ring of n: bound, never used since */
    uint32_t ready_at, n_ready;
    uint32_t *resting; /* ring of n, in the order of being freed */
    msec *rested;      /* since when, beside it */
    uint32_t resting_at, n_resting;
    uint32_t n_binding, n_used;
    uint32_t failed; /* pairs that could not be bound since the last one that could, or */
    msec searched;   /* since then */
    uint32_t cursor; /* where to look for the next pair to bind */
    bool listed;     /* in the current configuration */
};

int ports_init(struct ports *ports, const struct core_pool *pool, uint16_t low, uint16_t high,
               uint32_t start); /* 0 or ENOMEM; start: where binding begins, any number */
void ports_close(struct ports *ports);

/* Takes a pair: rested long enough first (bound already), then a ready one, then the longest
 * rested (*early is set). 0: every pair is in use or not bound yet. */
uint16_t ports_take(struct ports *ports, msec now, msec rest, bool *early);
void ports_give(struct ports *ports, uint16_t port, msec now);
void ports_bound(struct ports *ports, uint16_t port, bool ok);
/* Nothing is ready, and there may be pairs yet that nobody else holds. */
bool ports_search(const struct ports *ports);
/* What others held a second ago may be free now: begins to search anew. */
void ports_search_again(struct ports *ports, msec now);
/* The next port to bind so that `reserve` pairs are ready; 0: enough, or none left. */
uint16_t ports_want(struct ports *ports, uint32_t reserve);
/* A pair that is bound but idle, taken out for ACT_UNBIND (a pool no longer listed); 0: none. */
uint16_t ports_drop(struct ports *ports);

#endif
