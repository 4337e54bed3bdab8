/*
 * shell.h - the loop around the core: datagrams, time, reports and answers go in as events, what
 * the core wants done is done in its order. Decides nothing about SIP.
 *
 * One thread; media workers and the helper thread are behind relay.h and lane.h.
 */
#ifndef NET_SHELL_H
#define NET_SHELL_H

#include "proxy/net/lane.h"
#include "proxy/net/log.h"
#include "proxy/net/plan.h"
#include "proxy/net/store.h"

struct ev_loop;
struct shell;

/* Starts workers and core on a plan, reads back what was stored, opens the gates. `plan` and
 * `store` (NULL: nothing is kept) are taken over in any case; loop, log and lane are only used and
 * outlive the shell's use of them. The loop is broken (ev_break) once the core has drained.
 * Returns 0, or an errno with a line for people in `why`. */
struct shell_needs {
    struct ev_loop *loop;
    struct log *log;
    struct lane *lane;
    struct store *store;
    struct plan *plan;
};
int shell_new(const struct shell_needs *needs, struct shell **out, char *why, size_t room);

/* Stops reading and closes every socket; sends nothing. What was to be stored is handed to the
 * lane: then lane_free, then shell_free. */
void shell_stop(struct shell *shell);
void shell_free(struct shell *shell); /* NULL is fine */

/* The loop's clock, in the core's terms. */
msec shell_now(void);

/* For looking: the core, what the shell itself counts (the core's counters know nothing of it), and
 * what is open now, valid until the loop runs again. */
const struct core *shell_core(const struct shell *shell);
uint32_t shell_calls(const struct shell *shell); /* under way now */
struct counters shell_counters(const struct shell *shell);
struct plan_known shell_known(struct shell *shell);

/* An operator's event (EV_HANGUP, EV_DRAIN), carried out at once. */
void shell_event(struct shell *shell, const struct event *event);

/* While held, sockets of former configurations stay open, so that a plan made elsewhere from
 * shell_known still fits when it comes back. */
void shell_hold(struct shell *shell, bool held);

/* Changes over to a plan made from shell_known, everything at once; takes the plan over. Returns 0,
 * or an errno and nothing has changed. */
int shell_apply(struct shell *shell, struct plan *plan);

#endif
