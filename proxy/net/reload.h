/*
 * reload.h - a new configuration for a running program: read, checked and prepared on the helper
 * thread, then everything changes at once or nothing does.
 */
#ifndef NET_RELOAD_H
#define NET_RELOAD_H

#include "proxy/net/shell.h"

struct reload;

/* `conf`: what the program started with; its file is read again. NULL: out of memory. */
struct reload *reload_new(struct shell *shell, struct lane *lane, struct log *log,
                          const struct conf *conf);
void reload_free(struct reload *reload); /* after lane_free; NULL is fine */

/* What came of it; errors (warnings too) live during the call. error: 0, or as plan_make and
 * conf_read_file say. */
typedef void reload_done(void *self, int error, const struct conf_errors *errors);

/* Begins one; `done` may be NULL. The outcome is logged in any case. While one is under way it
 * returns EBUSY, and `again` asks for one more right after it. ENOBUFS: the helper thread is full.
 */
int reload_start(struct reload *reload, bool again, reload_done *done, void *self);

#endif
