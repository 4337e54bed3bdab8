/*
 * timers.h - one deadline per object, in a heap; a timer lives in its object and dies with it.
 */
#ifndef CORE_TIMERS_H
#define CORE_TIMERS_H

#include "proxy/core/event.h"

enum timer_kind {
    TIMER_SERVER_TXN,
    TIMER_CLIENT_TXN,
    TIMER_CALL,
    TIMER_BINDING,
    TIMER_PEER,
    TIMER_PROBE
};

struct timer {
    msec at;
    uint32_t place; /* in the heap, from 1; 0 = not set */
    uint8_t kind;   /* enum timer_kind: whose member this is */
};

struct timers {
    struct timer **heap; /* heap[1..n] */
    uint32_t n, cap;
};

int timers_init(struct timers *timers,
                uint32_t cap); /* 0 or ENOMEM; cap = objects that carry one */
void timers_close(struct timers *timers);
void timer_set(struct timers *timers, struct timer *timer, uint8_t kind, msec at);
void timer_stop(struct timers *timers, struct timer *timer); /* also when not set */
/* Takes out the first timer due at `now`; NULL: none. */
struct timer *timers_due(struct timers *timers, msec now);
msec timers_next(const struct timers *timers); /* UINT64_MAX: none */

#endif
