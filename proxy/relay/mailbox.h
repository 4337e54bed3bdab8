/*
 * mailbox.h - a queue between threads that is never full: what is posted brings its own link.
 *
 * Any thread may post, one takes. Nothing is allocated, nothing waits. Whoever posts into an empty
 * box has to wake the taker; while the box is not empty somebody has done so already, so a busy
 * taker is woken once for many letters.
 */
#ifndef RELAY_MAILBOX_H
#define RELAY_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* Put first into what is posted. It belongs to the box until taken. */
struct letter {
    struct letter *next;
};

struct mailbox {
    _Atomic(struct letter *) newest; /* NULL = empty; each links to the one posted before it */
};

/* Letters gathered by one thread, to be posted together. All zero: none. */
struct bundle {
    struct letter *newest, *oldest;
};

void bundle_add(struct bundle *bundle, struct letter *letter);

/* Post in the order of adding; the bundle is empty then. True: the box was empty, wake the taker.
 * An empty bundle is never a reason to wake. */
bool mailbox_post(struct mailbox *box, struct bundle *bundle);
bool mailbox_post_one(struct mailbox *box, struct letter *letter);

/* Everything posted so far, the oldest first, linked by `next`; NULL: nothing. What the posting
 * threads wrote before is visible. Take `next` before giving a letter back to its owner. */
struct letter *mailbox_take(struct mailbox *box);

#endif
