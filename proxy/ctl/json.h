/*
 * json.h - what can be looked at, as the JSON of the control API. The names are a promise.
 *
 * Pure: plain values in, a new reference out (NULL: out of memory). `wall` is what makes a msec
 * time one of the wall clock: milliseconds since 1970 at msec 0. Addresses that are not known, and
 * times that never were, are null. Passwords in URIs are left out.
 */
#ifndef CTL_JSON_H
#define CTL_JSON_H

#include "proxy/core/info.h"
#include <jansson.h>

/* How every answer is printed. */
#define JSON_STYLE (JSON_COMPACT | JSON_REAL_PRECISION(9))

json_t *json_status(const struct info_status *status, const char *version, msec now, int64_t wall);

/* registrations: an array; its reference is taken over. */
json_t *json_peer(const struct info_peer *peer, json_t *registrations, int64_t wall);
json_t *json_registration(const struct info_registration *registration, int64_t wall);

json_t *json_call(const struct info_call *call, msec now, int64_t wall);

json_t *json_stats(const struct counters *core, const struct counters *shell);

/* {"errors": [{file, line, column, message}]}: without the warnings. */
json_t *json_errors(const struct conf_errors *errors);

/* {"generation"}, and where there are warnings {"warnings": [{file, line, column, message}]}. */
json_t *json_reloaded(uint32_t generation, const struct conf_errors *errors);

#endif
