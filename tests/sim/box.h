/*
 * box.h - the machine the proxy runs on: one core, its sockets on the simulated net, a relay, a
 * store, a resolver and a log. Carries out the core's actions, and has every datagram judged
 * (invariants.h).
 */
#ifndef SIM_BOX_H
#define SIM_BOX_H

#include "proxy/core/event.h"
#include "proxy/core/info.h"
#include "tests/sim/invariants.h"
#include "tests/sim/media.h"
#include "tests/sim/net.h"

#define BOX_LARGEST 16384 /* what its sockets read of a datagram */
#define BOX_MAX_SOCKETS 64
#define BOX_MAX_LOG 512
#define BOX_MAX_NAMES 16
#define BOX_MAX_ANSWERS 4

struct box_socket {
    struct box *box;
    struct core_socket socket;
    bool open;
};

struct box_record {
    struct box_record *next;
    char *kind, *key, *value;
    size_t kind_n, key_n, value_n;
};

struct box_name {
    char name[64];
    struct addr addrs[BOX_MAX_ANSWERS];
    size_t n;
};

struct box {
    struct world *world;
    struct net *net;
    int host;
    struct core *core;
    struct conf *conf;
    struct box_socket sockets[BOX_MAX_SOCKETS];
    unsigned n_sockets;
    struct core_pool pools[MEDIA_MAX_POOLS];
    unsigned n_pools;
    struct media media;
    struct invariants judge;
    struct box_record *records;
    struct box_name names[BOX_MAX_NAMES];
    unsigned n_names;
    sim_msec name_delay;    /* 0: 5 ms */
    char *log[BOX_MAX_LOG]; /* a ring: "level peer call-id text" */
    unsigned n_log;
    unsigned bind_failures;         /* per million */
    uint16_t taken_low, taken_high; /* media ports that somebody else holds; 0 = none */
    bool exited;
    uint32_t epoch; /* of the core: what was asked by a former one is not answered */
    struct box_later *later, *later_free;
    uint64_t steps, sent, saved;
};

void box_init(struct box *b, struct net *net, int host);
void box_free(struct box *b);

/* Reads the YAML and gives it to the core: the first makes the core, later ones are reloads. */
void box_configure(struct box *b, const char *yaml);

/* The process ends and begins anew with what it had stored. */
void box_restart(struct box *b);

void box_hangup(struct box *b, core_id call);
void box_drain(struct box *b);
/* What the resolver says: addresses with commas between, "" = does not resolve. */
void box_name(struct box *b, const char *name, const char *addrs);

/* Every call is saved, dropped and loaded back. */
void box_save_calls(struct box *b);

/* The same, with records spoilt at each place in turn first: refused, or a call one can look at. */
void box_spoil_calls(struct box *b);

unsigned box_calls(const struct box *b);
unsigned box_logged(const struct box *b, const char *text); /* how many lines have it */

/* When all calls are over: nothing may be left of them. Lets the time pass that this takes. */
void box_check_quiet(struct box *b);

#endif
