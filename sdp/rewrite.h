/*
 * rewrite.h - what rewrite.c and codecs.c share. Private to sdp/.
 */
#ifndef SDP_REWRITE_H
#define SDP_REWRITE_H

#include "sdp/sdp.h"

/* Pieces cut one after the other become one edit: a list of edits has a bound, and an offer may
 * carry dozens of candidates. Ends with cut_flush. */
struct cutter {
    struct span body;
    struct edits *edits;
    enum edit_rule rule;
    struct span run; /* adjacent pieces gathered so far */
};

void cut_piece(struct cutter *cutter, struct span piece);
void cut_flush(struct cutter *cutter);

/* Keeps only the named codecs in one RTP m-line; of a refused one, what it must have. */
void codecs_filter(const struct sdp *sdp, const struct sdp_media *m, bool refused,
                   const struct sdp_new *with, struct edits *edits);

#endif
