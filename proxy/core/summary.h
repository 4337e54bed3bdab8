/*
 * summary.h - one line for every call that ends.
 */
#ifndef CORE_SUMMARY_H
#define CORE_SUMMARY_H

#include "proxy/core/state.h"

void summary_log(struct core *core, const struct call *call);
struct span number_of(struct span name_addr); /* the user without password, else the URI */

#endif
