/*
 * name.h - addresses of the names that peers write into their SDP: asked for off the loop, kept for
 * a while. Knows nothing of calls.
 */
#ifndef CORE_NAME_H
#define CORE_NAME_H

#include "proxy/core/state.h"

/* May this be asked for? Letters, digits, '-' and '_' in labels of 1 to 63 bytes, MAX_NAME in all,
 * the last one beginning with a letter: what a resolver could take for an address is none. */
bool name_is_good(struct span text);

/* What is known of a name, for addresses of that family. It is asked for (ACT_RESOLVE) where
 * nothing is known, or it was asked long ago; until the answer comes the former addresses stand.
 * NULL: nothing is known and it is not asked for either: too many are under way. */
const struct name *name_look(struct core *core, struct span text, uint8_t family);
bool name_is(const struct name *name, struct span text, uint8_t family);
bool name_waits(const struct core *core, struct span text, uint8_t family); /* for an answer */

/* An answer of the resolver. NULL: nobody asked for a name of this kind under that question. */
const struct name *name_answered(struct core *core, uint64_t question, const struct addr *addrs,
                                 size_t n);

#endif
