#include "tests/sim/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A core that asks for EV_TIME this often without its deadline moving would never end. */
#define SPIN_LIMIT 10000

void world_init(struct world *w, uint64_t seed)
{
    memset(w, 0, sizeof *w);
    w->now = 1000; /* so that 0 can mean "never" in whatever keeps a time */
    w->seed = seed;
    w->random = seed;
    w->trace = getenv("SIM_TRACE") != NULL;
}

void world_free(struct world *w)
{
    free(w->heap);
    for (unsigned i = 0; i < WORLD_MAX_FAILURES; i++)
        free(w->failure[i]);
    memset(w, 0, sizeof *w);
}

static bool earlier(const struct world_entry *a, const struct world_entry *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void heap_grow(struct world *w)
{
    if (w->n < w->cap)
        return;
    w->cap = w->cap ? w->cap * 2 : 1024;
    w->heap = realloc(w->heap, w->cap * sizeof *w->heap);
    if (!w->heap)
        abort();
}

void world_at(struct world *w, sim_msec when, world_fn *fn, void *ctx, uint64_t arg)
{
    struct world_entry e = {when > w->now ? when : w->now, w->order++, fn, ctx, arg};
    heap_grow(w);
    size_t i = w->n++;
    while (i > 0 && earlier(&e, &w->heap[(i - 1) / 4])) {
        w->heap[i] = w->heap[(i - 1) / 4];
        i = (i - 1) / 4;
    }
    w->heap[i] = e;
}

void world_in(struct world *w, sim_msec delay, world_fn *fn, void *ctx, uint64_t arg)
{
    world_at(w, w->now + delay, fn, ctx, arg);
}

static size_t smallest_child(const struct world *w, size_t i)
{
    size_t first = 4 * i + 1, best = first;
    for (size_t c = first + 1; c < first + 4 && c < w->n; c++) {
        if (earlier(&w->heap[c], &w->heap[best]))
            best = c;
    }
    return best;
}

static struct world_entry heap_pop(struct world *w)
{
    struct world_entry top = w->heap[0];
    struct world_entry last = w->heap[--w->n];
    size_t i = 0;
    while (4 * i + 1 < w->n) {
        size_t c = smallest_child(w, i);
        if (!earlier(&w->heap[c], &last))
            break;
        w->heap[i] = w->heap[c];
        i = c;
    }
    if (w->n > 0)
        w->heap[i] = last;
    return top;
}

static void run_ticker(struct world *w, sim_msec due)
{
    if (due > w->now)
        w->now = due;
    for (unsigned spins = 0; w->ticker.deadline(w->ticker.ctx) <= w->now; spins++) {
        if (spins == SPIN_LIMIT) {
            world_fail(w, "the core asks for the time again and again without going on");
            abort();
        }
        w->ticker.run(w->ticker.ctx);
    }
}

bool world_step(struct world *w, sim_msec until)
{
    sim_msec due = w->ticker.deadline ? w->ticker.deadline(w->ticker.ctx) : UINT64_MAX;
    sim_msec next = w->n > 0 ? w->heap[0].at : UINT64_MAX;
    if (due > until && next > until) {
        if (until > w->now)
            w->now = until;
        return false;
    }
    if (due <= next) {
        run_ticker(w, due);
        return true;
    }
    struct world_entry e = heap_pop(w);
    w->now = e.at;
    e.fn(w, e.ctx, e.arg);
    return true;
}

void world_run(struct world *w, sim_msec until)
{
    while (world_step(w, until))
        ;
}

void world_run_for(struct world *w, sim_msec delay)
{
    world_run(w, w->now + delay);
}

/* splitmix64: one multiplication chain per number, and any seed will do. */
uint64_t world_random(struct world *w)
{
    uint64_t z = (w->random += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t world_below(struct world *w, uint64_t limit)
{
    return limit ? world_random(w) % limit : 0;
}

bool world_chance(struct world *w, unsigned per_million)
{
    return per_million && world_below(w, 1000000) < per_million;
}

void world_fail(struct world *w, const char *fmt, ...)
{
    char text[2048];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (w->failures < WORLD_MAX_FAILURES) {
        fprintf(stderr, "FAIL [%s] at %.3f s: %s\n", w->title, (double)w->now / 1000, text);
        w->failure[w->failures] = strdup(text);
    }
    w->failures++;
}
