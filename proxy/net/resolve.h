/*
 * resolve.h - a host name's addresses, looked up on the helper thread.
 */
#ifndef NET_RESOLVE_H
#define NET_RESOLVE_H

#include "proxy/net/lane.h"
#include "sdp/addr.h"

#define RESOLVE_MAX 16

/* `addrs` live during the call, ports are 0; n == 0: the name does not resolve. */
typedef void resolve_answer(void *self, uint64_t question, const struct addr *addrs, size_t n);

/* family: ADDR_NONE = any. Returns 0 and answers later on the loop's thread, or ENOBUFS or ENOMEM
 * and never answers. */
int resolve_start(struct lane *lane, uint64_t question, const char *name, uint8_t family,
                  resolve_answer *answer, void *self);

#endif
