/* Log lines: their shape, what is escaped, and that a reader who does not read holds nobody up. */
#include "proxy/net/log.h"
#include "tests/unit/cases.h"
#include <stdio.h>
#include <ev.h>
#include <fcntl.h>
#include <unistd.h>

static const struct row {
    const char *name;
    enum log_shape shape;
    struct log_parts parts;
    const char *line;
} rows[] = {
    {"text has time and level",
     LOG_TEXT,
     {LEVEL_INFO, {0}, {0}, {"ready", 5}},
     "2026-01-02T03:04:05.678Z info ready\n"},
    {"the call and its peer stand before the text",
     LOG_TEXT,
     {LEVEL_WARNING, {"yude", 4}, {"a@b", 3}, {"late", 4}},
     "2026-01-02T03:04:05.678Z warning peer=yude call=a@b late\n"},
    {"the journal gets a priority and no time",
     LOG_JOURNAL,
     {LEVEL_ERROR, {0}, {0}, {"bad", 3}},
     "<3>bad\n"},
    {"debug is priority 7", LOG_JOURNAL, {LEVEL_DEBUG, {0}, {0}, {"x", 1}}, "<7>x\n"},
    {"json leaves out what is not there",
     LOG_JSON,
     {LEVEL_INFO, {0}, {0}, {"hi", 2}},
     "{\"time\":\"2026-01-02T03:04:05.678Z\",\"level\":\"info\",\"message\":\"hi\"}\n"},
    {"json escapes quotes, controls and stray bytes",
     LOG_JSON,
     {LEVEL_INFO, {"p", 1}, {"c", 1}, {"a\"b\\\n\xff", 6}},
     "{\"time\":\"2026-01-02T03:04:05.678Z\",\"level\":\"info\",\"peer\":\"p\",\"call_id\":\"c\","
     "\"message\":\"a\\\"b\\\\\\u000a\\u00ff\"}\n"},
    {"a line stays one line",
     LOG_TEXT,
     {LEVEL_INFO, {0}, {0}, {"a\r\nb\x1b[1m", 8}},
     "2026-01-02T03:04:05.678Z info a\\x0d\\x0ab\\x1b[1m\n"},
    {"Japanese stays readable",
     LOG_JOURNAL,
     {LEVEL_INFO, {0}, {0}, {"\xe9\x9b\xbb\xe8\xa9\xb1", 6}},
     "<6>\xe9\x9b\xbb\xe8\xa9\xb1\n"},
    {"overlong and half characters are escaped",
     LOG_JOURNAL,
     {LEVEL_INFO, {0}, {0}, {"\xc0\xaf\xe9\x9b", 4}},
     "<6>\\xc0\\xaf\\xe9\\x9b\n"},
};

static void lines_have_their_shape(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char out[4096];
        size_t n = log_format(&rows[i].parts, rows[i].shape, 1767323045678, out, sizeof out);
        if (n != strlen(rows[i].line) || memcmp(out, rows[i].line, n) != 0)
            fail_msg("%s: %.*s", rows[i].name, (int)n, out);
    }
}

static void a_long_text_is_cut_and_the_line_still_ends(void **state)
{
    (void)state;
    char text[9000], out[4096];
    memset(text, 1, sizeof text); /* each takes six bytes in JSON */
    struct log_parts parts = {LEVEL_INFO, {text, 3000}, {text, 3000}, {text, sizeof text}};
    size_t n = log_format(&parts, LOG_JSON, 0, out, sizeof out);
    assert_true(n <= sizeof out);
    assert_memory_equal(out + n - 9, "\\u0001\"}\n", 9);
}

static void nobody_reads_and_nobody_waits(void **state)
{
    (void)state;
    int pipes[2];
    char text[1000];
    memset(text, 'x', sizeof text);
    assert_int_equal(pipe(pipes), 0);
    struct ev_loop *loop = ev_loop_new(0);
    struct log *log = log_new(loop, pipes[1]);
    for (int i = 0; i < 1000; i++)
        log_line(log, LEVEL_ERROR, span_of("", 0), span_of("", 0), span_of(text, sizeof text));
    uint64_t lost = log_lost(log);
    assert_true(lost > 500 && lost < 1000);
    assert_int_equal(fcntl(pipes[1], F_GETFL) & O_NONBLOCK, 0); /* not ours to change */

    /* Somebody reads again: the gap is told. */
    static char read_back[1 << 20];
    size_t n = 0;
    fcntl(pipes[0], F_SETFL, O_NONBLOCK);
    for (int i = 0; i < 50; i++) {
        ssize_t got = read(pipes[0], read_back + n, sizeof read_back - n - 1);
        n += got > 0 ? (size_t)got : 0;
        ev_run(loop, EVRUN_NOWAIT);
    }
    log_say(log, LEVEL_INFO, "after");
    ssize_t got = read(pipes[0], read_back + n, sizeof read_back - n - 1);
    n += got > 0 ? (size_t)got : 0;
    read_back[n] = '\0';
    char told[64];
    (void)snprintf(told, sizeof told, "warning %llu log lines lost", (unsigned long long)lost);
    assert_non_null(strstr(read_back, told));
    assert_non_null(strstr(read_back, "info after\n"));
    log_free(log);
    ev_loop_destroy(loop);
    close(pipes[0]);
    close(pipes[1]);
}

static void a_level_hides_what_is_below_it(void **state)
{
    (void)state;
    int pipes[2];
    char out[256];
    assert_int_equal(pipe(pipes), 0);
    struct ev_loop *loop = ev_loop_new(0);
    struct log *log = log_new(loop, pipes[1]);
    log_say(log, LEVEL_DEBUG, "hidden");
    log_setup(log, LEVEL_DEBUG, FORMAT_TEXT);
    log_say(log, LEVEL_DEBUG, "shown");
    ssize_t n = read(pipes[0], out, sizeof out);
    assert_true(n > 0);
    assert_null(memmem(out, (size_t)n, "hidden", 6));
    assert_non_null(memmem(out, (size_t)n, "debug shown\n", 12));
    log_free(log);
    ev_loop_destroy(loop);
    close(pipes[0]);
    close(pipes[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_have_their_shape),
        cmocka_unit_test(a_long_text_is_cut_and_the_line_still_ends),
        cmocka_unit_test(nobody_reads_and_nobody_waits),
        cmocka_unit_test(a_level_hides_what_is_below_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
