/*
 * edit.h - the only way a message changes: received bytes plus a list of edits.
 *
 * An edit says: at byte `at` of the source, cut `cut` bytes and put `text` there, because of
 * `rule`. SIP and SDP yield edits of this one type, so what leaves is rendered in a single pass and
 * every byte outside the edits is the byte that came in.
 */
#ifndef SDP_EDIT_H
#define SDP_EDIT_H

#include "sdp/span.h"
#include <stdarg.h>

/* Why an edit was made: an index into edit_rule_names[], for traces and logs. */
enum edit_rule {
    RULE_NONE,
    RULE_START_LINE, /* Request-URI */
    RULE_VIA,
    RULE_CONTACT,
    RULE_ROUTE,    /* Route, Record-Route, Path, Service-Route */
    RULE_IDENTITY, /* Refer-To, P-Asserted-Identity ... */
    RULE_MAX_FORWARDS,
    RULE_LENGTH,   /* Content-Length */
    RULE_STRIPPED, /* strip_headers, credentials of ours */
    RULE_COMPACT,  /* header names made short for a small MTU */
    RULE_SDP_ORIGIN,
    RULE_SDP_CONNECTION,
    RULE_SDP_PORT,
    RULE_SDP_RTCP,
    RULE_SDP_ICE,
    RULE_SDP_CODECS,
    RULE_COUNT
};
extern const char *const edit_rule_names[RULE_COUNT];

struct edit {
    uint32_t at, cut; /* in the source */
    uint32_t text, n; /* in the list's own text: offset and length */
    uint32_t order;   /* of addition: edits at one place keep it */
    uint16_t rule;    /* enum edit_rule */
};

/* The caller gives both arrays (on the stack, or in its scratch memory) and they bound the list.
 * The first thing that does not fit is remembered in `full` and makes edits_render fail; adding
 * after that is harmless, so callers check once, at the end. */
struct edits {
    struct edit *v;
    uint32_t n, cap;
    char *text;
    uint32_t used, room;
    bool full;
};

void edits_init(struct edits *e, struct edit *v, uint32_t cap, char *text, uint32_t room);

/* Add one edit; the text is copied. cut may be 0 (pure insertion), text may be empty (pure cut). */
void edits_add(struct edits *e, size_t at, size_t cut, struct span text, enum edit_rule rule);
void edits_addf(struct edits *e, size_t at, size_t cut, enum edit_rule rule, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* Shift every edit added since `from` (an index, e.g. the n before an SDP body was rewritten) by
 * `by` bytes: a body's edits count from the body, a message's from the message. */
void edits_shift(struct edits *e, uint32_t from, size_t by);

/* By how much edits from index `from` on change the length (may be negative). */
int64_t edits_growth(const struct edits *e, uint32_t from);

/* Renders source + edits into out. Edits may have been added in any order; they are sorted here,
 * stably. Returns 0 and the length in *len; EOVERFLOW when the list ran full; ERANGE when edits
 * overlap or reach past the source (a bug of ours, never the network's); ENOBUFS when out is too
 * small. Insertions where a cut begins or ends do not overlap it. Nothing is to be sent on an
 * error. */
int edits_render(struct edits *e, struct span source, char *out, size_t room, size_t *len);

#endif
