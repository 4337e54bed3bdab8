/*
 * log.h - lines to stderr that never hold up the loop.
 *
 * A line goes into a bounded buffer and from there as far as the reader at the other end takes it;
 * what finds no room is counted, and said once there is room again. One thread only.
 */
#ifndef NET_LOG_H
#define NET_LOG_H

#include "conf/conf.h"

struct ev_loop;
struct log;

/* Writes to fd (stderr in the program). Where fd is the journal of systemd, lines begin with <N>
 * and leave the time to it. Starts at level info, as text. NULL: out of memory. */
struct log *log_new(struct ev_loop *loop, int fd);

/* What waits gets a fifth of a second to leave. NULL is fine. */
void log_free(struct log *log);

void log_setup(struct log *log, enum conf_log_level level, enum conf_log_format format);

/* Would a line of this level be written? For lines that cost something to make. */
bool log_wants(const struct log *log, enum conf_log_level level);

/* peer and call_id may be empty. Bytes that are no printable UTF-8 are escaped. */
void log_line(struct log *log, enum conf_log_level level, struct span peer, struct span call_id,
              struct span text);
void log_say(struct log *log, enum conf_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Each of them as a line of its own: errors as errors, warnings as warnings. */
void log_errors(struct log *log, const struct conf_errors *errors);

uint64_t log_lost(const struct log *log);

/* One line as it is written, with its line end: pure, for log_line and tests. Returns its length,
 * at most room (at least 4096); a text that is too long is cut. wall_ms: milliseconds since 1970.
 */
struct log_parts {
    enum conf_log_level level;
    struct span peer, call_id, text;
};
enum log_shape { LOG_TEXT, LOG_JOURNAL, LOG_JSON };
size_t log_format(const struct log_parts *parts, enum log_shape shape, int64_t wall_ms, char *out,
                  size_t room);

/* "2026-01-02T03:04:05.678Z"; out has TIME_TEXT bytes. */
#define TIME_TEXT 32
size_t time_print(int64_t wall_ms, char *out);

#endif
