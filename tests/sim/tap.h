/*
 * tap.h - stands between the net and a user agent: takes what belongs to one Call-ID, keeps it as
 * it came, byte for byte, and answers it.
 *
 * For messages that no user agent need understand. It reads lines only, so that nothing of the
 * proxy's reading, nor of libosip2's, decides what is kept or answered.
 */
#ifndef SIM_TAP_H
#define SIM_TAP_H

#include "sdp/span.h"
#include "tests/sim/ua.h"

struct tap_message {
    char *p;
    size_t n;
    struct addr from;
};

struct tap {
    struct ua *ua;
    struct span call_id; /* whose; p == NULL: nobody's, everything goes on to the user agent */
    struct span answer;  /* to its first request, but for the first Via; n == 0: what fits it */
    struct tap_message request, response; /* the first request; the last response but 100 */
    unsigned others;                      /* requests of that method unlike the first one */
};

/* Takes the place of the agent's signalling; whatever is not of that Call-ID is handed on. */
void tap_init(struct tap *tap, struct ua *ua);
void tap_free(struct tap *tap);

/* The next header line of a message, with its folded lines and its line end; false before the empty
 * line. *at begins at 0. */
bool tap_line(struct span message, size_t *at, struct span *line);

/* True for a line of that header, by its name in full or its compact form (0 = has none). */
bool tap_line_is(struct span line, const char *name, char compact);

/* The first line of that header; p == NULL: there is none. */
struct span tap_header(struct span message, const char *name, char compact);
struct span tap_value(struct span line); /* behind the colon, trimmed */

#endif
