/*
 * world.h - simulated time: one queue of things to come, one source of randomness, one list of what
 * went wrong.
 *
 * A world and its seed decide everything that happens in it, so that a failure is repeated by its
 * seed. Nothing in it knows the clock, a socket or a thread. Times are milliseconds.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t sim_msec;

struct world;
typedef void world_fn(struct world *w, void *ctx, uint64_t arg);

/* Something that keeps its own deadline beside the queue: the core. `run` is called when the
 * deadline has come and must move it, or the world reports that it spins. */
struct world_ticker {
    sim_msec (*deadline)(void *ctx); /* UINT64_MAX = never */
    void (*run)(void *ctx);
    void *ctx;
};

struct world_entry {
    sim_msec at;
    uint64_t order; /* of insertion: what falls on one moment keeps its order */
    world_fn *fn;
    void *ctx;
    uint64_t arg;
};

#define WORLD_MAX_FAILURES 20

struct world {
    sim_msec now;
    uint64_t seed, random;
    struct world_entry *heap;
    size_t n, cap;
    uint64_t order;
    struct world_ticker ticker;
    unsigned failures;
    char *failure[WORLD_MAX_FAILURES]; /* the first ones, as text */
    char title[160];                   /* stands before every failure: case, seed */
    bool trace;                        /* SIM_TRACE=1: print every datagram */
};

void world_init(struct world *w, uint64_t seed);
void world_free(struct world *w);

/* fn(w, ctx, arg) at `when` (now, when that has passed). Nothing can be taken back: whoever may
 * change his mind puts a generation into arg. */
void world_at(struct world *w, sim_msec when, world_fn *fn, void *ctx, uint64_t arg);
void world_in(struct world *w, sim_msec delay, world_fn *fn, void *ctx, uint64_t arg);

/* Runs everything up to and including `until`; now is `until` afterwards. */
void world_run(struct world *w, sim_msec until);
void world_run_for(struct world *w, sim_msec delay);

/* The next thing only, if it is due by `until`; false: nothing is, and now is `until`. */
bool world_step(struct world *w, sim_msec until);

uint64_t world_random(struct world *w);
uint64_t world_below(struct world *w, uint64_t limit); /* 0 .. limit - 1 */
bool world_chance(struct world *w, unsigned per_million);

/* Notes that something is wrong; the run goes on, the test fails. */
void world_fail(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
