/*
 * relay.h - the media workers' door: port pairs, orders in, reports and figures out.
 *
 * Everything declared here is called by one thread, the one that runs the core (the SIP thread).
 * Packets are moved by the workers, each a thread with its own loop. A stream belongs to one worker
 * from RELAY_OPEN to RELAY_CLOSED; its four sockets are then that worker's alone. While a pair
 * rests it stays bound here, with nobody listening, so that nobody else takes its ports.
 *
 * Convention: 0 or a positive errno.
 */
#ifndef RELAY_RELAY_H
#define RELAY_RELAY_H

#include "proxy/core/event.h"

struct relay;

/* Starts `workers` threads (at least 1) for `streams` streams (core_streams). Signals are blocked
 * in the workers. EINVAL, ENOMEM, EMFILE or what pthread_create says; *out is set only on success.
 */
int relay_new(unsigned workers, size_t streams, struct relay **out);

/* Stops the workers wherever they are and closes every socket; no more reports. NULL is fine. */
void relay_free(struct relay *relay);

/* ---- pairs: ACT_BIND, ACT_UNBIND ---- */

/* Makes a pool known under its id, or does nothing where it is known with the same address. EINVAL
 * for an id out of range, EEXIST where the id means another address. */
int relay_pool_open(struct relay *relay, const struct core_pool *pool);

/* Forgets a pool: what rests is closed. EBUSY, and nothing done, while a stream holds a pair. */
int relay_pool_close(struct relay *relay, uint16_t id);

/* Binds pair.port and the port above it, or neither. EADDRINUSE: somebody else holds one of them
 * (for EV_BOUND that is ok = false, like any other error). EMFILE: the last files the system gives
 * are left to others. EINVAL: no such pool, an odd port or
 * port 0. EALREADY: bound here. */
int relay_bind(struct relay *relay, struct relay_pair pair);

/* Closes both. ENOENT: not bound. EBUSY: a stream holds it, nothing is done. */
int relay_unbind(struct relay *relay, struct relay_pair pair);

/* ---- orders: ACT_RELAY ---- */

/* Takes an order. Orders of a stream are carried out in their order; none is lost to a full queue,
 * the only bound is memory. What was taken waits for relay_flush.
 *
 * RELAY_OPEN clears the stream's figures at once, and from then on what arrives is the stream's: it
 * waits for the worker. EINVAL: no such stream, or a pair is not bound;
 * EBUSY: the stream is not closed yet or the pair is in use. Nothing is opened then.
 * RELAY_TARGET: EINVAL for a stream that is not open or is closing, ENOMEM.
 * RELAY_CLOSE never fails for a stream below the limit and is always answered by one RELAY_CLOSED,
 * also where the stream was never opened; EALREADY where it is closing. */
int relay_order(struct relay *relay, const struct relay_order *order);

/* Hands what was ordered to the workers, waking each at most once. Call it before going to sleep:
 * after each batch of actions is enough. */
void relay_flush(struct relay *relay);

/* ---- reports: EV_RELAY ---- */

/* Readable when reports wait. It is the relay's own; do not read it, do not close it. */
int relay_fd(const struct relay *relay);

/* Gives each waiting report to `tell` as an EV_RELAY event. Of one stream they come in this order:
 * RELAY_FIRST, RELAY_IDLE and RELAY_AGAIN in turn, RELAY_CLOSED last. An idle time that ended
 * before anybody looked is not told. `tell` may call relay_order and relay_flush. */
typedef void relay_tell(void *arg, const struct event *event);
void relay_reports(struct relay *relay, relay_tell *tell, void *arg);

/* One entry per stream. Numbers are written whole (aligned, relaxed) by the stream's worker and may
 * be a packet old; an address read in the very moment of latching may mix old and new. What
 * RELAY_CLOSED shows is exact and stays until the next RELAY_OPEN.
 *
 * rx_packets, rx_bytes (UDP payload), first_rx_ms and last_rx_ms count what came on the RTP port
 * and is not RTCP; rtcp_rx and rtcp_tx the rest. Empty datagrams (somebody's punching) latch a
 * source, and are neither counted nor passed on. */
const struct relay_figures *relay_figures(const struct relay *relay);

#endif
