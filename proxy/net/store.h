/*
 * store.h - the records that outlive the process, in one SQLite file below the state directory.
 *
 * The core says what to keep (kind, key, value); nothing here knows what a record means. Reading
 * happens at start; every change is written on the helper thread, what gathers meanwhile in one
 * transaction.
 */
#ifndef NET_STORE_H
#define NET_STORE_H

#include "proxy/net/lane.h"
#include "sdp/span.h"

#define STORE_FILE "tailtrunk.db"

struct store;

#define STORE_BAD ".bad" /* added to the name of a damaged file */

/* Makes the directory (its parent must be there) and the file where missing, and checks that it
 * can be written. A damaged file is moved out of the way and a new one begun: what was learned
 * before is learned again. That returns 0 with a line for people in `why`, which otherwise is "".
 * Returns an errno with a line in `why` where nothing can be kept. */
int store_open(const char *directory, struct store **out, char *why, size_t room);

/* What store_open would return for the folder's and the file's permissions, changing nothing. */
int store_check(const char *directory, char *why, size_t room);

/* Only to read, changes nothing on disk; ENOENT where nothing was kept yet, EUCLEAN where the file
 * is damaged, EPROTO where a newer tailtrunk has written it. */
int store_open_readonly(const char *directory, struct store **out, char *why, size_t room);

/* Gives every record to `each`; the views live during the call. Before the first store_put. */
typedef void store_each(void *to, struct span kind, struct span key, struct span value);
int store_read(struct store *store, store_each *each, void *to);

/* Keeps, replaces, or (value.n == 0) forgets a record: copied, written by the next store_flush.
 * ENOBUFS or ENOMEM: refused, the caller counts it. */
int store_put(struct store *store, struct span kind, struct span key, struct span value);

/* Hands what was put to the helper thread, unless it is still busy with the former batch: then that
 * follows by itself. `failed` is told on the loop's thread how many records a batch lost and why.
 */
typedef void store_failed(void *self, size_t records, const char *why);
void store_flush(struct store *store, struct lane *lane, store_failed *failed, void *self);

/* After lane_free, so that no batch is under way. Writes what is left. NULL is fine. */
void store_close(struct store *store);

#endif
