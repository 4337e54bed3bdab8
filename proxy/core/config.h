/*
 * config.h - a configuration takes effect, all at once; what stays the same stays untouched.
 */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include "proxy/core/state.h"

void config_apply(struct core *core, const struct event *event);
void config_close(struct core *core);

#endif
