/*
 * invariants.h - what must hold of every datagram that crosses the proxy, whatever the call does.
 *
 * What leaves is compared with what came in, by a reader of lines that shares nothing with the
 * proxy: only what a proxy of this kind must change may differ; all else is the same bytes in the
 * same order. No address of one side stands where the other side would use it. Every transaction
 * gets one final response. (That libosip2 can read it all is checked where it arrives.)
 */
#ifndef SIM_INVARIANTS_H
#define SIM_INVARIANTS_H

#include "proxy/core/event.h"
#include "tests/sim/net.h"

#define JUDGE_MAX_FORBIDDEN 128

struct judge_forbidden {
    enum side toward;
    struct addr peer; /* ADDR_NONE = any; only the IP counts */
    char text[ADDR_TEXT];
};

struct judge_stripped {
    const char *name;
};

struct invariants {
    struct world *world;
    struct judge_forbidden forbidden[JUDGE_MAX_FORBIDDEN];
    unsigned n_forbidden;
    const char *strip[16]; /* header names that may vanish; NULL ends it */
    bool addresses_free;   /* do not look for addresses (media: direct, views not yet learned) */
    bool silence;          /* what comes from now on need not be answered */
    bool body_free;        /* SDP may change in other lines, too (codecs) */
    struct judge_message **messages; /* came in and did not cross yet, by key */
    struct judge_message *oldest, **newest;
    struct judge_txn **txns;
    struct judge_txn *first_txn, **last_txn;
    struct judge_seen *seen; /* what was judged already: repetitions are not judged again */
    unsigned room_seen, n_seen;
    uint64_t compared, own, repeated, transactions;
};

void invariants_init(struct invariants *j, struct world *w);
void invariants_free(struct invariants *j);
void invariants_forbid(struct invariants *j, enum side toward, const struct addr *peer,
                       const char *text);

/* Before the core gets it, and after it gave it out. */
void invariants_in(struct invariants *j, const struct core_socket *at, const struct datagram *d);
void invariants_out(struct invariants *j, const struct core_socket *from, const struct addr *to,
                    struct span bytes);

/* Every request of a user agent has had its final response. */
void invariants_answered(struct invariants *j);

/* The sum that must hold of the counters. */
void invariants_counters(struct invariants *j, const struct counters *c);

#endif
