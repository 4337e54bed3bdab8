/* proxy/core/text.h: the strings an object keeps stay small however often they are set. */
#include "proxy/core/text.h"

#include <errno.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#define MOST 4096

static struct span filled(char *buffer, char byte, size_t n)
{
    memset(buffer, byte, n);
    return span_of(buffer, n);
}

static void lengths_that_change_for_ever_take_no_more_room(void **state)
{
    char buffer[1000];
    struct text text = {0};
    struct ref a = {0}, b = {0};
    (void)state;
    for (unsigned i = 0; i < 10000; i++) {
        struct span s = filled(buffer, (char)('a' + i % 26), 30 + i * 7 % 900);
        assert_int_equal(text_set(&text, &a, s, MOST), 0);
        assert_true(span_is(text_get(&text, a), s));
        assert_int_equal(text_set(&text, &b, span_from(s, s.n / 2), MOST), 0);
        assert_true(span_is(text_get(&text, a), s));
    }
    assert_true(text.n <= MOST);
    text_free(&text);
}

static void a_string_that_does_not_fit_leaves_the_former_one(void **state)
{
    char buffer[MOST + 1];
    struct text text = {0};
    struct ref a = {0};
    (void)state;
    assert_int_equal(text_set(&text, &a, span_str("former"), MOST), 0);
    assert_int_equal(text_set(&text, &a, filled(buffer, 'x', MOST + 1), MOST), EOVERFLOW);
    assert_true(span_is(text_get(&text, a), span_str("former")));
    text_free(&text);
}

static void the_last_room_is_given_although_none_is_to_spare(void **state)
{
    char buffer[MOST];
    struct text text = {0};
    struct ref a = {0};
    (void)state;
    assert_int_equal(text_set(&text, &a, filled(buffer, 'x', MOST / 2 - 10), MOST), 0);
    struct span most = filled(buffer, 'y', MOST / 2 + 10);
    assert_int_equal(text_set(&text, &a, most, MOST), 0);
    assert_true(span_is(text_get(&text, a), most));
    text_free(&text);
}

static void nothing_is_no_string(void **state)
{
    struct text text = {0};
    struct ref a = {0};
    (void)state;
    assert_int_equal(text_set(&text, &a, span_of("", 0), MOST), 0);
    assert_null(text_get(&text, a).p);
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_that_change_for_ever_take_no_more_room),
        cmocka_unit_test(a_string_that_does_not_fit_leaves_the_former_one),
        cmocka_unit_test(the_last_room_is_given_although_none_is_to_spare),
        cmocka_unit_test(nothing_is_no_string),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
