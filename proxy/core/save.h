/*
 * save.h - a call in any state as one record of bytes, and back again.
 *
 * One function walks the fields of a call for both directions, so that what is written and what is
 * read cannot drift apart. Numbers are little-endian, strings carry their length; a record names
 * its version, and another version is refused rather than guessed at.
 */
#ifndef CORE_SAVE_H
#define CORE_SAVE_H

#include "proxy/core/event.h"

#define SAVE_VERSION 5

/* Writes the record into out. Returns its length, which may be larger than room (then nothing
 * useful was written and the caller comes again with that much), or 0 when there is no such call.
 */
size_t call_save(struct core *core, core_id call, char *out, size_t room);

/* Makes the call again, under the same id; its streams are taken for open, as they were saved.
 * Returns 0; EINVAL (not a record of this version, damaged, or its peer is unknown) or EEXIST (the
 * id is in use) or ENOMEM with nothing changed. */
int call_load(struct core *core, const char *bytes, size_t n);

/* Takes the call out without ending it: no order, no log line. Its streams stay open and its ports
 * in use, for the call_load that follows. */
void call_drop(struct core *core, core_id call);

#endif
