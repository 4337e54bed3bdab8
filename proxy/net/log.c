#include "proxy/net/log.h"
#include "proxy/net/utf8.h"
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOG_BUFFER (64 * 1024)
#define LOG_LINE 4096
#define LINE_END 8    /* more than what follows the text of a line: quote, brace, line end */
#define NAME_MOST 256 /* of a Call-ID; so only the text itself is ever cut */
#define LAST_WAIT_MS 200

/* How bytes reach the other end without waiting for it. */
enum channel {
    CHANNEL_FILE,   /* a regular file: write() does not wait for a reader */
    CHANNEL_SOCKET, /* the journal: MSG_DONTWAIT */
    CHANNEL_OWN,    /* pipe or terminal, opened again without blocking for us alone */
    CHANNEL_ASKED,  /* the same where that failed: asked by poll() first, a little at a time */
};

struct log {
    struct ev_loop *loop;
    ev_io room_came;
    int fd;
    enum channel channel;
    bool journal;
    enum conf_log_level level;
    enum conf_log_format format;
    uint64_t lost, lost_said;
    size_t n;
    char buffer[LOG_BUFFER];
};

/* ---------------------------------------------------------------- one line */

struct writer {
    char *out;
    size_t n, room;
};

static void put(struct writer *w, const char *p, size_t n)
{
    if (n > w->room - w->n)
        return;
    memcpy(w->out + w->n, p, n);
    w->n += n;
}

static void put_str(struct writer *w, const char *s)
{
    put(w, s, strlen(s));
}

/* Stops at a whole character, with room left for what must end the line. */
static void put_escaped(struct writer *w, struct span s, bool json)
{
    const unsigned char *p = (const unsigned char *)s.p;
    for (size_t i = 0; i < s.n && w->room - w->n >= LINE_END + 6;) {
        size_t length = utf8_length(p + i, s.n - i);
        char code[8];
        if (length == 0) {
            int n = snprintf(code, sizeof code, json ? "\\u%04x" : "\\x%02x", p[i]);
            put(w, code, (size_t)n);
            length = 1;
        } else {
            if (json && (p[i] == '"' || p[i] == '\\'))
                put(w, "\\", 1);
            put(w, s.p + i, length);
        }
        i += length;
    }
}

size_t time_print(int64_t wall_ms, char *out)
{
    time_t s = (time_t)(wall_ms / 1000);
    int ms = (int)(wall_ms % 1000);
    struct tm tm;
    if (wall_ms < 0 || !gmtime_r(&s, &tm))
        s = 0, ms = 0, gmtime_r(&s, &tm);
    size_t n = strftime(out, TIME_TEXT, "%Y-%m-%dT%H:%M:%S", &tm);
    return n + (size_t)snprintf(out + n, TIME_TEXT - n, ".%03dZ", ms);
}

static const char *const level_names[] = {"error", "warning", "info", "debug"};
static const char level_priorities[] = {'3', '4', '6', '7'};

static void text_put(struct writer *w, const struct log_parts *p, enum log_shape shape,
                     int64_t wall_ms)
{
    char head[TIME_TEXT];
    if (shape == LOG_JOURNAL) {
        put(w, (char[]){'<', level_priorities[p->level], '>'}, 3);
    } else {
        put(w, head, time_print(wall_ms, head));
        put_str(w, " ");
        put_str(w, level_names[p->level]);
        put_str(w, " ");
    }
    if (p->peer.n > 0) {
        put_str(w, "peer=");
        put_escaped(w, p->peer, false);
        put_str(w, " ");
    }
    if (p->call_id.n > 0) {
        put_str(w, "call=");
        put_escaped(w, p->call_id, false);
        put_str(w, " ");
    }
    put_escaped(w, p->text, false);
}

static void json_field(struct writer *w, const char *name, struct span value)
{
    put_str(w, name);
    put_escaped(w, value, true);
    put_str(w, "\"");
}

static void json_put(struct writer *w, const struct log_parts *p, int64_t wall_ms)
{
    char time[TIME_TEXT];
    json_field(w, "{\"time\":\"", span_of(time, time_print(wall_ms, time)));
    json_field(w, ",\"level\":\"", span_str(level_names[p->level]));
    if (p->peer.n > 0)
        json_field(w, ",\"peer\":\"", p->peer);
    if (p->call_id.n > 0)
        json_field(w, ",\"call_id\":\"", p->call_id);
    json_field(w, ",\"message\":\"", p->text);
    put_str(w, "}");
}

size_t log_format(const struct log_parts *parts, enum log_shape shape, int64_t wall_ms, char *out,
                  size_t room)
{
    struct writer w = {out, 0, room - 1};
    struct log_parts p = *parts;
    p.peer.n = p.peer.n < NAME_MOST ? p.peer.n : NAME_MOST;
    p.call_id.n = p.call_id.n < NAME_MOST ? p.call_id.n : NAME_MOST;
    if (shape == LOG_JSON)
        json_put(&w, &p, wall_ms);
    else
        text_put(&w, &p, shape, wall_ms);
    out[w.n] = '\n';
    return w.n + 1;
}

/* ---------------------------------------------------------------- out */

static ssize_t channel_write(const struct log *log)
{
    struct pollfd ask = {.fd = log->fd, .events = POLLOUT};
    switch (log->channel) {
    case CHANNEL_SOCKET:
        return send(log->fd, log->buffer, log->n, MSG_DONTWAIT | MSG_NOSIGNAL);
    case CHANNEL_ASKED:
        if (poll(&ask, 1, 0) != 1 || !(ask.revents & POLLOUT)) {
            errno = EAGAIN;
            return -1;
        }
        return write(log->fd, log->buffer, log->n < PIPE_BUF ? log->n : PIPE_BUF);
    case CHANNEL_FILE:
    case CHANNEL_OWN:
        break;
    }
    return write(log->fd, log->buffer, log->n);
}

static void buffer_drain(struct log *log)
{
    while (log->n > 0) {
        ssize_t n = channel_write(log);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
            log->lost++; /* nobody reads any more: the buffer is of no use to anyone */
            log->n = 0;
        }
        if (n <= 0)
            break;
        log->n -= (size_t)n;
        memmove(log->buffer, log->buffer + n, log->n);
    }
}

static void buffer_watch(struct log *log)
{
    if (log->n > 0)
        ev_io_start(log->loop, &log->room_came);
    else
        ev_io_stop(log->loop, &log->room_came);
}

static void line_add(struct log *log, const struct log_parts *parts)
{
    char line[LOG_LINE];
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    enum log_shape shape = log->format == FORMAT_JSON ? LOG_JSON
                           : log->journal             ? LOG_JOURNAL
                                                      : LOG_TEXT;
    size_t n =
        log_format(parts, shape, (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000, line, sizeof line);
    if (n > sizeof log->buffer - log->n) {
        log->lost++;
        return;
    }
    memcpy(log->buffer + log->n, line, n);
    log->n += n;
}

/* A gap in the log is said where it was. */
static void lost_say(struct log *log)
{
    char text[64];
    if (log->lost == log->lost_said || LOG_BUFFER - log->n < 2 * LOG_LINE)
        return;
    int n = snprintf(text, sizeof text, "%llu log lines lost: nobody took them in time",
                     (unsigned long long)(log->lost - log->lost_said));
    log->lost_said = log->lost;
    line_add(log, &(struct log_parts){LEVEL_WARNING, .text = span_of(text, (size_t)n)});
}

static void room_cb(struct ev_loop *loop, ev_io *w, int events)
{
    struct log *log = w->data;
    (void)loop;
    (void)events;
    buffer_drain(log);
    buffer_watch(log);
}

void log_line(struct log *log, enum conf_log_level level, struct span peer, struct span call_id,
              struct span text)
{
    if (level > log->level)
        return;
    lost_say(log);
    line_add(log, &(struct log_parts){level, peer, call_id, text});
    buffer_drain(log);
    buffer_watch(log);
}

void log_say(struct log *log, enum conf_log_level level, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n < 0)
        return;
    size_t length = (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    log_line(log, level, span_of("", 0), span_of("", 0), span_of(text, length));
}

void log_errors(struct log *log, const struct conf_errors *errors)
{
    char text[1024];
    for (size_t i = 0; i < errors->n; i++) {
        struct conf_error e = errors->v[i];
        enum conf_log_level level = e.warning ? LEVEL_WARNING : LEVEL_ERROR;
        e.warning = false; /* the level says it */
        size_t n = conf_error_print(&e, text, sizeof text);
        log_line(log, level, span_of("", 0), span_of("", 0), span_of(text, n));
    }
}

/* ---------------------------------------------------------------- life */

static bool is_journal(const struct stat *st)
{
    const char *env = getenv("JOURNAL_STREAM");
    char here[64];
    (void)snprintf(here, sizeof here, "%llu:%llu", (unsigned long long)st->st_dev,
                   (unsigned long long)st->st_ino);
    return env && strcmp(env, here) == 0;
}

/* O_NONBLOCK on the given descriptor would change it for the shell that shares it; so what can be
 * opened again is. */
static void channel_choose(struct log *log, int fd)
{
    struct stat st = {0};
    char path[40];
    log->fd = fd;
    log->channel = CHANNEL_ASKED;
    if (fstat(fd, &st) != 0)
        return;
    log->journal = is_journal(&st);
    if (S_ISREG(st.st_mode)) {
        log->channel = CHANNEL_FILE;
    } else if (S_ISSOCK(st.st_mode)) {
        log->channel = CHANNEL_SOCKET;
    } else {
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        int own = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        if (own >= 0) {
            log->fd = own;
            log->channel = CHANNEL_OWN;
        }
    }
}

struct log *log_new(struct ev_loop *loop, int fd)
{
    struct log *log = malloc(sizeof *log);
    if (!log)
        return NULL;
    memset(log, 0, offsetof(struct log, buffer));
    log->loop = loop;
    log->level = LEVEL_INFO;
    log->format = FORMAT_TEXT;
    channel_choose(log, fd);
    ev_io_init(&log->room_came, room_cb, log->fd, EV_WRITE);
    log->room_came.data = log;
    return log;
}

void log_setup(struct log *log, enum conf_log_level level, enum conf_log_format format)
{
    log->level = level;
    log->format = format;
}

bool log_wants(const struct log *log, enum conf_log_level level)
{
    return level <= log->level;
}

uint64_t log_lost(const struct log *log)
{
    return log->lost;
}

void log_free(struct log *log)
{
    if (!log)
        return;
    struct pollfd ask = {.fd = log->fd, .events = POLLOUT};
    if (log->n > 0 && poll(&ask, 1, LAST_WAIT_MS) == 1)
        buffer_drain(log);
    log->n = 0;
    buffer_watch(log);
    if (log->channel == CHANNEL_OWN)
        close(log->fd);
    free(log);
}
