/*
 * gather.h - when a worker lets packets wait for each other: a decision without sockets or clocks.
 *
 * With many calls most of what a packet costs is waking up for it. A worker with so much to do
 * sleeps before it looks at its ports, and finds several packets each time. With few calls it would
 * wake up twice for a packet instead of once, and the delay would be for nothing: there each packet
 * wakes it.
 */
#ifndef RELAY_GATHER_H
#define RELAY_GATHER_H

#include "proxy/core/event.h"

/* The longest a packet waits, apart from what the system needs to wake a thread. With the 50 us by
 * which Linux may let a sleep run over it is less than a millisecond, a twentieth of the time
 * between two packets of speech. */
#define GATHER_US_MAX 900

/* For so many packets one waking is little; to wait for more would be for nothing. */
#define GATHER_PACKETS 24

/* Packets a second, of all streams of a worker; a two-way call brings a hundred. Between the two
 * limits all stays as it is. */
#define GATHER_FROM 4000
#define GATHER_BELOW 3000

/* So long packets are counted before anything is decided. */
#define GATHER_WINDOW_MS 100

/* All zero: nothing came yet, each packet wakes. */
struct gather {
    uint32_t us;      /* to sleep before looking; 0: each packet wakes */
    uint32_t packets; /* since `since` */
    msec since;
};

/* The slow half of gather_note: a window has passed. */
void gather_decide(struct gather *gather, msec now);

/* A packet came. The first one after a pause tells of the pause. */
static inline void gather_note(struct gather *gather, msec now)
{
    gather->packets++;
    if (now - gather->since >= GATHER_WINDOW_MS)
        gather_decide(gather, now);
}

#endif
