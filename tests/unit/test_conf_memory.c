/* Reading while memory runs out at the n-th allocation, for every n: refused, never half built.
 * What it leaks the address sanitizer tells. */
#include "tests/unit/conf_text.h"

/* The linker puts these in place of the library's own calls. */
void *__wrap_calloc(size_t n, size_t size);
void *__real_calloc(size_t n, size_t size);
char *__wrap_strdup(const char *text);
char *__real_strdup(const char *text);

static bool counting, failed;
static int left; /* allocations until the one that fails */

static bool fails_now(void)
{
    if (!counting || left-- != 0)
        return false;
    failed = true;
    return true;
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails_now() ? NULL : __real_calloc(n, size);
}

char *__wrap_strdup(const char *text)
{
    return fails_now() ? NULL : __real_strdup(text);
}

/* Long enough for several blocks in both arenas. */
static char *large_text(void)
{
    size_t room = 64 * 1024, n = 0;
    char *text = malloc(room);
    assert_non_null(text);
    n += (size_t)snprintf(text + n, room - n, "%speers:\n", HEAD);
    for (int i = 0; i < 300; i++)
        n += (size_t)snprintf(text + n, room - n,
                              "- {name: peer-%d, address: 10.1.%d.%d, local: 127.1.%d.%d:5070, "
                              "aliases: [pbx%d.example], map: {10.0.0.1: 10.0.0.2}}\n",
                              i, i / 100, i % 100 + 1, i / 100, i % 100 + 1, i);
    return text;
}

static void failing_allocations_are_survived(const char *text, int error)
{
    int n = 0;
    do {
        struct conf_errors errors = {0};
        struct conf *conf = NULL;
        failed = false;
        left = n++;
        counting = true;
        int got = conf_read("t.yaml", text, strlen(text), NULL, &conf, &errors);
        counting = false;
        assert_int_equal(errors.errors > 0, got != 0);
        if (!failed)
            assert_int_equal(got, error);
        conf_release(got ? NULL : conf);
        conf_errors_free(&errors);
    } while (failed);
    assert_in_range(n, 4, 1000);
}

static void a_good_file(void **state)
{
    (void)state;
    char *text = large_text();
    failing_allocations_are_survived(text, 0);
    free(text);
}

static void a_file_with_errors(void **state)
{
    (void)state;
    failing_allocations_are_survived(HEAD "peers:\n- {name: A}\n- 5\nnothing: 7\n", EINVAL);
}

static void a_file_that_is_no_yaml(void **state)
{
    (void)state;
    failing_allocations_are_survived("a: [", EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_file),
        cmocka_unit_test(a_file_with_errors),
        cmocka_unit_test(a_file_that_is_no_yaml),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
