/*
 * base.h - what every file of the core uses: randomness, counters, log lines, datagrams out.
 */
#ifndef CORE_BASE_H
#define CORE_BASE_H

#include "proxy/core/state.h"

uint64_t core_random(struct core *core);

/* Counts in all, and for the peer where that counter is kept per peer. peer may be NULL. */
void core_count(struct core *core, const struct peer *peer, enum counter counter);
void core_count_many(struct core *core, struct peer *peer, enum counter counter, uint64_t n);

/* One log line; bytes that are not printable are escaped. peer and call_id may be NULL / absent. */
void core_log(struct core *core, enum conf_log_level level, const struct peer *peer,
              struct span call_id, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Sends bytes that live until the step is over. */
void core_send(struct core *core, uint16_t socket, uint8_t dscp, const struct addr *to,
               struct span bytes);

/* A record to keep under kind and key, replaced each time; an empty value forgets it. Copied. */
void core_store(struct core *core, const char *kind, struct span key, struct span value);

/* A whole Warning header line of code 399 (RFC 3261 §20.43); text without quotes or control bytes.
 */
void warning_line(char *out, size_t room, const char *text);

#endif
