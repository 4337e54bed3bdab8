/*
 * pieces.h - long answers, made a piece at a time, so that no page holds up the loop: between two
 * pieces SIP gets its turn, and a slow reader costs one piece of memory.
 */
#ifndef CTL_PIECES_H
#define CTL_PIECES_H

#include "proxy/net/shell.h"
#include <sys/types.h>

struct pieces;

/* Calls behind the cursor, at most `limit` (UINT32_MAX: all). NULL: out of memory. */
struct pieces *pieces_calls(const struct shell *shell, uint32_t cursor, uint32_t limit);
struct pieces *pieces_peers(const struct shell *shell);
struct pieces *pieces_metrics(const struct shell *shell);

/* The next bytes of the answer into out, at least one; -1 at the end, -2 where it cannot go on. */
ssize_t pieces_read(struct pieces *pieces, char *out, size_t room);
void pieces_free(struct pieces *pieces);

#endif
