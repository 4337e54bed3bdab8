/*
 * torture.h - messages made to break parsers, and what becomes of each in the proxy.
 */
#ifndef SIM_TORTURE_H
#define SIM_TORTURE_H

#include "sdp/span.h"

enum torture_from { FROM_EXCHANGE = 1, FROM_PEER = 2, FROM_BOTH = 3 };

enum torture_must {
    MUST_PASS,   /* to the other side, but for what a hop changes; and its answer comes back */
    MUST_ANSWER, /* here, with `status` */
    MUST_STOP,   /* here, unanswered */
};

struct torture_case {
    const char *name;
    const char *file;       /* below tests/sim/torture */
    const char *was;        /* these bytes of it ... */
    struct span is;         /* ... are these in what is sent */
    bool answers;           /* a response, sent in answer to a request made for it */
    enum torture_from from; /* who sends it */
    enum torture_must must;
    int status;
    const char *counter; /* counts it; NULL: no counter of drops and own answers does */
    const char *back;    /* stands in the answer that comes back */
    bool stray;          /* its tags are of no known dialog: addresses are mapped, none hidden */
    const char *why;     /* the section that asks for it */
};

extern const struct torture_case torture_rfc[], torture_near[]; /* each ends with a NULL name */

/* Ways of a row to say what becomes of its message. */
#define PASS .from = FROM_BOTH, .must = MUST_PASS
#define ANSWER(code, by) .from = FROM_BOTH, .must = MUST_ANSWER, .status = (code), .counter = (by)
#define STOP(by) .from = FROM_BOTH, .must = MUST_STOP, .counter = (by)
#define BAD ANSWER(400, "answer_400_malformed")

#define BYTES(literal)                 \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

#endif
