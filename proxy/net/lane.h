/*
 * lane.h - the one helper thread: everything that may block runs there, in order.
 *
 * The loop's thread hands over a piece of work and gets it back, finished, in a callback of its own
 * loop. The queue is bounded: what does not fit is refused at once and the caller counts it.
 */
#ifndef NET_LANE_H
#define NET_LANE_H

#include <stdbool.h>
#include <stddef.h>

struct ev_loop;
struct lane;

/* First member of what the caller hands over; the lane owns it from lane_add to done(). */
struct lane_work {
    void (*run)(struct lane_work *work);  /* on the helper thread */
    void (*done)(struct lane_work *work); /* on the loop's thread; frees the work */
    bool keep;                            /* must not be lost when the program ends */
    struct lane_work *next;               /* the lane's */
};

/* At most `limit` pieces wait or run. NULL with errno. */
struct lane *lane_new(struct ev_loop *loop, size_t limit);

/* Returns 0, or ENOBUFS when the queue is full: then the work stays the caller's. */
int lane_add(struct lane *lane, struct lane_work *work);

/* Ends the thread. Waiting work marked `keep` is still carried out, the rest is dropped; done() is
 * called for all of it. Work that is running gets a second if marked `keep`. False: it goes on and
 * the thread is left behind with what it holds; only the end of the program can follow. */
bool lane_free(struct lane *lane); /* NULL is fine */

#endif
