/*
 * line.h - lines, words and attributes of a text body, as views. Private to sdp/.
 */
#ifndef SDP_LINE_H
#define SDP_LINE_H

#include "sdp/span.h"

struct line {
    struct span whole; /* with its line end */
    struct span text;  /* without CRLF or LF */
};

/* Takes the next line off the front of *rest; false when nothing is left. */
bool line_next(struct span *rest, struct line *out);

/* Takes the next word (between spaces and tabs) off the front, or off the end, of *rest. The word
 * is empty when none is left. */
struct span word_next(struct span *rest);
struct span word_last(struct span *rest);

/* "a=name" or "a=name:value": false for any other line. Without a colon the value is empty. */
bool attribute_read(struct span text, struct span *name, struct span *value);

/* Attributes that only mean something to ICE (RFC 8839 §5). */
bool attribute_is_ice(struct span name);

#endif
