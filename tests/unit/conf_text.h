/*
 * conf_text.h - reads a configuration from a string and shows every message as one text.
 */
#ifndef TESTS_UNIT_CONF_TEXT_H
#define TESTS_UNIT_CONF_TEXT_H

#include "tests/unit/cases.h"
#include "conf/conf.h"
#include <errno.h>
#include <stdio.h>

#define MESSAGES_TEXT (CONF_MAX_ERRORS * 300)

struct reading {
    struct conf *conf; /* NULL when refused */
    struct conf_errors errors;
    char messages[MESSAGES_TEXT]; /* each with its line end */
};

static inline void messages_print(struct reading *r)
{
    size_t n = 0;
    r->messages[0] = '\0';
    for (size_t i = 0; i < r->errors.n; i++) {
        n += conf_error_print(&r->errors.v[i], r->messages + n, sizeof r->messages - n - 1);
        r->messages[n++] = '\n';
        r->messages[n] = '\0';
    }
}

/* What is read is named "t.yaml". The caller gives r back with reading_end. */
static inline struct reading *reading_begin(struct span text, const struct conf_include *include)
{
    struct reading *r = calloc(1, sizeof *r);
    assert_non_null(r);
    int error = conf_read("t.yaml", text.p, text.n, include, &r->conf, &r->errors);
    assert_int_equal(error, r->conf ? 0 : EINVAL);
    assert_true((r->errors.errors == 0) == (r->conf != NULL));
    messages_print(r);
    return r;
}

static inline void reading_end(struct reading *r)
{
    conf_release(r->conf);
    conf_errors_free(&r->errors);
    free(r);
}

/* Enough for a configuration, for tests that care for something else. */
#define HEAD                                                       \
    "exchange: {address: 127.0.0.1:5062, local: 127.0.0.1:5070}\n" \
    "trunk: {listen: 127.0.2.1:5560}\n"
#define PEER_A "peers:\n  - {name: a, address: 127.0.2.2:5560}\n"

/* A row whose text has to yield exactly these messages. */
struct message_case {
    const char *name, *text, *messages;
};

static inline void messages_are(void **state)
{
    const struct message_case *c = *state;
    struct reading *r = reading_begin(span_str(c->text), NULL);
    assert_string_equal(r->messages, c->messages);
    reading_end(r);
}

#endif
