/*
 * config.h - a configuration takes effect, all at once; what stays the same stays untouched.
 */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include "proxy/core/state.h"

void config_apply(struct core *core, const struct event *event);
/* A call that began under this configuration is over. */
void config_call_over(struct core *core, const struct conf *conf);
void config_close(struct core *core);

#endif
