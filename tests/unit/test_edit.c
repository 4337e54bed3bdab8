#include "tests/unit/cases.h"
#include "sdp/edit.h"
#include <errno.h>
#include <stdio.h>

#define SOURCE "0123456789"
#define MAX_EDITS 4

static struct render_case {
    const char *name;
    struct {
        size_t at, cut;
        const char *text; /* NULL ends the list */
    } edits[MAX_EDITS];
    const char *expected; /* NULL: ERANGE */
} render_cases[] = {
    {"no edit passes the bytes on", {{0}}, "0123456789"},
    {"text replaces bytes", {{3, 2, "abc"}}, "012abc56789"},
    {"a cut alone leaves nothing", {{3, 2, ""}}, "01256789"},
    {"an insertion moves the rest", {{3, 0, "x"}}, "012x3456789"},
    {"an edit may stand at the beginning", {{0, 1, "x"}}, "x123456789"},
    {"an edit may stand at the end", {{10, 0, "x"}}, "0123456789x"},
    {"everything may go", {{0, 10, ""}}, ""},
    {"edits are sorted", {{8, 1, "c"}, {1, 1, "a"}, {5, 0, "b"}}, "0a234b567c9"},
    {"edits that touch do not overlap", {{2, 2, "a"}, {4, 2, "b"}}, "01ab6789"},
    {"insertions at one place keep their order",
     {{5, 0, "a"}, {5, 0, "b"}, {5, 0, "c"}},
     "01234abc56789"},
    {"an insertion before a cut stands before its text", {{5, 0, "a"}, {5, 2, "b"}}, "01234ab789"},
    {"an insertion after a cut at one place stands behind its text",
     {{5, 2, "b"}, {5, 0, "a"}},
     "01234ba789"},
    {"an insertion where a cut ends is no overlap", {{5, 2, "b"}, {7, 0, "a"}}, "01234ba789"},
    {"overlapping cuts are refused", {{2, 3, "a"}, {4, 2, "b"}}, NULL},
    {"two cuts at one place are refused", {{2, 3, "a"}, {2, 1, "b"}}, NULL},
    {"an insertion inside a cut is refused", {{2, 3, "a"}, {3, 0, "b"}}, NULL},
    {"an insertion inside a cut is refused after one beside it",
     {{2, 3, "a"}, {2, 0, "b"}, {4, 0, "c"}},
     NULL},
    {"a cut past the end is refused", {{9, 2, ""}}, NULL},
    {"an insertion past the end is refused", {{11, 0, "x"}}, NULL},
};

static void edits_are_rendered(void **state)
{
    const struct render_case *c = *state;
    struct edit v[MAX_EDITS];
    char text[64];
    char out[64];
    struct edits e;
    size_t len = 99;
    edits_init(&e, v, MAX_EDITS, text, sizeof text);
    for (int i = 0; i < MAX_EDITS && c->edits[i].text; i++)
        edits_add(&e, c->edits[i].at, c->edits[i].cut, span_str(c->edits[i].text), RULE_VIA);
    int error = edits_render(&e, span_str(SOURCE), out, sizeof out, &len);
    if (!c->expected) {
        assert_int_equal(error, ERANGE);
        assert_int_equal(len, 99);
        return;
    }
    assert_int_equal(error, 0);
    assert_int_equal(len, strlen(c->expected));
    assert_memory_equal(out, c->expected, len);
    assert_int_equal((int64_t)len - 10, edits_growth(&e, 0));
}

static void a_full_list_is_found_at_the_end(void **state)
{
    (void)state;
    struct edit v[1];
    char text[4];
    char out[64];
    size_t len;
    struct edits e;
    edits_init(&e, v, 1, text, sizeof text);
    edits_add(&e, 0, 0, span_str("1234"), RULE_VIA);
    assert_int_equal(edits_render(&e, span_str(SOURCE), out, sizeof out, &len), 0);
    edits_add(&e, 0, 0, span_str(""), RULE_VIA);
    assert_true(e.full);
    edits_addf(&e, 0, 0, RULE_VIA, "%d", 1);
    assert_int_equal(edits_render(&e, span_str(SOURCE), out, sizeof out, &len), EOVERFLOW);

    edits_init(&e, v, 1, text, sizeof text);
    edits_add(&e, 0, 0, span_str("12345"), RULE_VIA);
    edits_add(&e, 0, 0, span_str("1"), RULE_VIA);
    assert_int_equal(e.n, 0);
    assert_int_equal(edits_render(&e, span_str(SOURCE), out, sizeof out, &len), EOVERFLOW);

    edits_init(&e, v, 1, text, sizeof text);
    edits_addf(&e, 0, 0, RULE_VIA, "%s", "12345");
    assert_int_equal(edits_render(&e, span_str(SOURCE), out, sizeof out, &len), EOVERFLOW);

    edits_init(&e, NULL, 0, NULL, 0);
    assert_int_equal(edits_render(&e, span_of(NULL, 0), out, sizeof out, &len), 0);
    assert_int_equal(len, 0);
    edits_addf(&e, 0, 0, RULE_VIA, "x");
    assert_true(e.full);
}

static void too_small_an_output_is_refused(void **state)
{
    (void)state;
    struct edit v[2];
    char text[16];
    char out[12];
    size_t len;
    struct edits e;
    edits_init(&e, v, 2, text, sizeof text);
    edits_add(&e, 3, 0, span_str("ab"), RULE_VIA);
    assert_int_equal(edits_render(&e, span_str(SOURCE), out, 11, &len), ENOBUFS);
    assert_int_equal(edits_render(&e, span_str(SOURCE), out, 12, &len), 0);
    assert_memory_equal(out, "012ab3456789", 12);
}

static void a_bodys_edits_are_shifted_alone(void **state)
{
    (void)state;
    struct edit v[4];
    char text[16];
    char out[64];
    size_t len;
    struct edits e;
    edits_init(&e, v, 4, text, sizeof text);
    edits_add(&e, 1, 1, span_str("A"), RULE_VIA);
    uint32_t from = e.n;
    edits_addf(&e, 0, 2, RULE_SDP_PORT, "%d", 700);
    edits_add(&e, 3, 1, span_of(NULL, 0), RULE_SDP_ICE);
    assert_int_equal(edits_growth(&e, from), 0);
    assert_int_equal(edits_growth(&e, 2), -1);
    edits_shift(&e, from, 5);
    assert_int_equal(edits_render(&e, span_str(SOURCE), out, sizeof out, &len), 0);
    assert_int_equal(len, 10);
    assert_memory_equal(out, "0A23470079", 10);
    edits_shift(&e, 0, (size_t)UINT32_MAX);
    assert_int_equal(edits_render(&e, span_str(SOURCE), out, sizeof out, &len), EOVERFLOW);
}

static void every_rule_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < RULE_COUNT; i++)
        assert_non_null(edit_rule_names[i]);
}

/* Random edits that do not overlap, added in random order, against a slow, plain renderer. */
static void many_edits_in_any_order_come_out_right(void **state)
{
    (void)state;
    enum { N = 500 };
    static struct edit v[N];
    static char text[N * 8];
    static char source[N * 10];
    static char out[N * 20];
    static char expected[N * 20];
    memset(source, '.', sizeof source);
    size_t n = 0;
    for (size_t i = 0; i < N; i++)
        n += (size_t)sprintf(expected + n, "..<%03zu>.....", i);
    struct edits e;
    edits_init(&e, v, N, text, sizeof text);
    for (size_t i = 0; i < N; i++) {
        size_t which = i * 277 % N; /* 277 and 500 have no common divisor: each comes once */
        edits_addf(&e, which * 10 + 2, 3, RULE_VIA, "<%03zu>", which);
    }
    size_t len;
    assert_int_equal(edits_render(&e, span_of(source, sizeof source), out, sizeof out, &len), 0);
    assert_int_equal(len, n);
    assert_memory_equal(out, expected, n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_list_is_found_at_the_end),
        cmocka_unit_test(too_small_an_output_is_refused),
        cmocka_unit_test(a_bodys_edits_are_shifted_alone),
        cmocka_unit_test(every_rule_has_a_name),
        cmocka_unit_test(many_edits_in_any_order_come_out_right),
    };
    int failed = CASES_RUN(render_cases, edits_are_rendered);
    failed += cmocka_run_group_tests(tests, NULL, NULL);
    return failed;
}
