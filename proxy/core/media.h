/*
 * media.h - port pairs, streams and the orders for the workers.
 */
#ifndef CORE_MEDIA_H
#define CORE_MEDIA_H

#include "proxy/core/state.h"

/* Makes sure that this m-line has its ports and listens. Returns 0, or ENOSPC with nothing taken.
 */
int media_open(struct core *core, struct call *call, unsigned line, struct span kind);
/* Where packets to that side go and whose count: the order for m->now[to]. */
void media_target(struct core *core, struct call *call, unsigned line, enum side to);
/* The peer's addresses have changed: whose packets count in its running calls. */
void media_sources(struct core *core, const struct peer *peer);
bool media_is_muxed(const struct media_line *line); /* RTP and RTCP share a port, on both sides */
struct addr media_local(const struct core *core, const struct call *call, unsigned line,
                        enum side side); /* what SDP toward that side carries */
void media_close(struct core *core, struct call *call);
/* A stream is closed: its pairs rest, its figures are final. Returns its call, or NULL. */
struct call *media_closed(struct core *core, stream_no stream, const struct relay_figures *figures);

void media_bound(struct core *core, const struct event *event);
void media_reserve(struct core *core); /* keeps bound pairs in reserve; lets former pools go */

/* When the last packet of the call came from that side; 0: none came. */
msec media_last(const struct core *core, const struct call *call, enum side from);
bool call_is_held(const struct call *call);
struct relay_figures media_figures(const struct core *core, const struct media_line *line);

#endif
