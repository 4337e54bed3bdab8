/*
 * arena.h - memory that is taken piece by piece and given back at once.
 *
 * A tree of YAML nodes and a configuration each live in one arena, so that no error path has to
 * know what had been built so far. A failed allocation is remembered: who builds returns on NULL,
 * who began asks `failed` once, at the end.
 */
#ifndef CONF_ARENA_H
#define CONF_ARENA_H

#include "sdp/span.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    bool failed;
};

/* n bytes of zeros, aligned for any object; NULL when there is no memory. */
void *arena_take(struct arena *arena, size_t n);

/* A copy of text with a NUL behind it. */
char *arena_text(struct arena *arena, struct span text);

/* Gives everything back; the arena can be used again. */
void arena_free(struct arena *arena);

#endif
