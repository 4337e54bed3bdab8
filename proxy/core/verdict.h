/*
 * verdict.h - who was heard, judged from the packets of each side.
 */
#ifndef CORE_VERDICT_H
#define CORE_VERDICT_H

#include "proxy/core/state.h"

enum verdict verdict_of(const struct core *core, const struct call *call);

#endif
