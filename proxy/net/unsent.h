/*
 * unsent.h - what to say about datagrams that the system refuses to send, and how often.
 */
#ifndef NET_UNSENT_H
#define NET_UNSENT_H

#include "proxy/core/event.h"

#define UNSENT_EVERY_MS 60000
#define UNSENT_PAIRS 32

/* Who was told of lately: the oldest makes room for the next. Begins zeroed. */
struct unsent {
    struct unsent_pair {
        struct addr from, to;
        int error;
        msec said;
    } pairs[UNSENT_PAIRS];
    size_t n;
};

/* True once a minute for each socket, destination and errno: now is the time to say it. */
bool unsent_is_news(struct unsent *unsent, const struct addr *from, const struct addr *to,
                    int error, msec now);

/* The line: with what it may be, where the errno or this host tells. `gone`: the socket's address
 * is no longer on this host. Returns out. */
const char *unsent_print(const struct addr *from, const struct addr *to, int error, bool gone,
                         char *out, size_t room);

#endif
