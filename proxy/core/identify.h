/*
 * identify.h - sockets and sources, before anything is parsed.
 */
#ifndef CORE_IDENTIFY_H
#define CORE_IDENTIFY_H

#include "proxy/core/state.h"

void datagram_in(struct core *core, const struct event *event);

#endif
