/*
 * cases.h - a table of named calls, each run under many circumstances: all four translations of the
 * tailnet, with Contacts believed and overwritten, and once more with every call saved and loaded
 * back after each line; those that do not say otherwise also run in both directions.
 */
#ifndef SIM_CASES_H
#define SIM_CASES_H

#include "tests/sim/tailnet.h"

/* In a table of cases what a row leaves out is 0. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

enum {
    FROM_X = 1,      /* only with the exchange as a */
    FROM_P = 2,      /* only with the peer as a */
    UNMASKED = 4,    /* only without translation */
    THEIRS = 8,      /* only with the peer translated */
    SHARED = 16,     /* one socket toward the exchange for all peers */
    TWO = 32,        /* two peers */
    ON_TAILNET = 64, /* the exchange is on our tailnet address */
    NOT_YET = 256,   /* waits for its fix: told apart in the output, does not fail the run */
    NAMED = 512,     /* the peer is known by a name */
    SIX = 1024,      /* peers on IPv6 */
    UNSAVED = 128,   /* not with calls saved in between: the script counts on identity */
    BRIEF = 2048,    /* one of many of its kind: without translation, and with both and the rest */
    FREE_URI = 4096, /* credentials may name another URI than the Request-URI, as in dialogs */
};

struct call_case {
    const char *name;
    unsigned flags;
    const char *peer, *config, *script;
    const struct scene_body *bodies; /* NULL: those of the whole table */
};

/* Of scripts. */
#define RING                                                                                \
    "a call\n b expect INVITE sdp\n b answer 180\n a expect 180 nosdp\n b answer 200 sdp\n" \
    "a expect 200 INVITE sdp\n b expect ACK nosdp\n"
#define UP                                                                                      \
    "a call\n b expect INVITE sdp\n b answer 200 sdp\n a expect 200 INVITE sdp\n b expect ACK " \
    "nosdp\n"
#define TALK "media 1s\n heard a b\n"
#define END_A "a send BYE\n b expect BYE\n a expect 200 BYE\n"
#define END_B "b send BYE\n a expect BYE\n b expect 200 BYE\n"
#define PRACKS "a by-itself +prack\n b by-itself +prack\n"

/* A program that runs cases: its arguments (a part of the names that are wanted; -v prints the
 * scripts; SIM_TRACE=1 the datagrams) and its sums. */
struct cases {
    const char *filter;
    bool verbose;
    unsigned n, failed, waiting;
};

void cases_begin(struct cases *all, int argc, char **argv);
/* Runs it if it is wanted, and prints one line. bodies: of the whole table, or NULL. */
void cases_run(struct cases *all, const struct call_case *c, const struct scene_body *bodies);
int cases_end(const struct cases *all); /* prints the sums; returns what main does */

/* A script that is put together. */
struct script_text {
    char text[16384];
    size_t n;
};
void script_add(struct script_text *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* All of a table. */
int cases_main(const struct call_case *cases, size_t n, const struct scene_body *bodies, int argc,
               char **argv);

#endif
