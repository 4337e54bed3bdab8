/*
 * summary.h - one line for every call that ends.
 */
#ifndef CORE_SUMMARY_H
#define CORE_SUMMARY_H

#include "proxy/core/inbound.h"

void summary_log(struct core *core, const struct call *call);
struct span number_of(struct span name_addr); /* the user without password, else the URI */

/* The line of a call that we refuse before it begins, one a second and peer at most; why: in words.
 */
void summary_refused(struct core *core, const struct inbound *in, unsigned status, const char *why);

#endif
