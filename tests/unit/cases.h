/*
 * cases.h - runs each row of a table as a cmocka test of its own, under the row's own name.
 */
#ifndef TESTS_UNIT_CASES_H
#define TESTS_UNIT_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

/* In a table of cases what a row leaves out is 0. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* Rows begin with `const char *name`, a sentence. `run` finds its row in *state. Returns how many
 * failed. */
static inline int cases_run(const char *group, void *rows, size_t n, size_t size,
                            CMUnitTestFunction run)
{
    struct CMUnitTest *tests = calloc(n, sizeof *tests);
    if (!tests)
        return 1;
    for (size_t i = 0; i < n; i++) {
        void *row = (char *)rows + i * size;
        tests[i] = (struct CMUnitTest){
            .name = *(const char *const *)row, .test_func = run, .initial_state = row};
    }
    int failed = _cmocka_run_group_tests(group, tests, n, NULL, NULL);
    free(tests);
    return failed;
}

#define CASES_RUN(table, run) \
    cases_run(#table, table, sizeof(table) / sizeof *(table), sizeof *(table), run)

#endif
