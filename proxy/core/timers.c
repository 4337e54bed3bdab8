#include "proxy/core/timers.h"
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

int timers_init(struct timers *timers, uint32_t cap)
{
    *timers = (struct timers){.cap = cap};
    timers->heap = calloc((size_t)cap + 1, sizeof *timers->heap);
    return timers->heap ? 0 : ENOMEM;
}

void timers_close(struct timers *timers)
{
    free(timers->heap);
    timers->heap = NULL;
}

static void put(struct timers *t, uint32_t place, struct timer *timer)
{
    t->heap[place] = timer;
    timer->place = place;
}

static void rise(struct timers *t, uint32_t place, struct timer *timer)
{
    while (place > 1 && t->heap[place / 2]->at > timer->at) {
        put(t, place, t->heap[place / 2]);
        place /= 2;
    }
    put(t, place, timer);
}

static void sink(struct timers *t, uint32_t place, struct timer *timer)
{
    for (;;) {
        uint32_t child = 2 * place;
        if (child > t->n)
            break;
        if (child < t->n && t->heap[child + 1]->at < t->heap[child]->at)
            child++;
        if (t->heap[child]->at >= timer->at)
            break;
        put(t, place, t->heap[child]);
        place = child;
    }
    put(t, place, timer);
}

void timer_set(struct timers *t, struct timer *timer, uint8_t kind, msec at)
{
    timer->kind = kind;
    if (timer->place) {
        msec was = timer->at;
        timer->at = at;
        if (at < was)
            rise(t, timer->place, timer);
        else
            sink(t, timer->place, timer);
        return;
    }
    assert(t->n < t->cap);
    timer->at = at;
    rise(t, ++t->n, timer);
}

void timer_stop(struct timers *t, struct timer *timer)
{
    uint32_t place = timer->place;
    if (!place)
        return;
    timer->place = 0;
    struct timer *last = t->heap[t->n--];
    if (last == timer)
        return;
    if (place > 1 && t->heap[place / 2]->at > last->at)
        rise(t, place, last);
    else
        sink(t, place, last);
}

struct timer *timers_due(struct timers *t, msec now)
{
    if (t->n == 0 || t->heap[1]->at > now)
        return NULL;
    struct timer *first = t->heap[1];
    timer_stop(t, first);
    return first;
}

msec timers_next(const struct timers *t)
{
    return t->n ? t->heap[1]->at : UINT64_MAX;
}
