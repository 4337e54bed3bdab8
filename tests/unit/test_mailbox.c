/* The queue between threads: order, wakes, nothing lost. */
#include "proxy/relay/mailbox.h"

#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define LETTERS 200000
#define WRITERS 2

struct note {
    struct letter letter;
    unsigned writer, number;
};

static void what_is_posted_comes_out_in_order(void **state)
{
    struct mailbox box = {0};
    struct letter a, b, c;
    struct bundle bundle = {0};
    (void)state;
    assert_null(mailbox_take(&box));
    bundle_add(&bundle, &a);
    bundle_add(&bundle, &b);
    assert_true(mailbox_post(&box, &bundle));
    assert_null(bundle.newest);
    assert_false(mailbox_post_one(&box, &c));
    struct letter *got = mailbox_take(&box);
    assert_ptr_equal(got, &a);
    assert_ptr_equal(got->next, &b);
    assert_ptr_equal(got->next->next, &c);
    assert_null(got->next->next->next);
    assert_null(mailbox_take(&box));
}

static void an_empty_bundle_wakes_nobody(void **state)
{
    struct mailbox box = {0};
    struct bundle bundle = {0};
    (void)state;
    assert_false(mailbox_post(&box, &bundle));
    assert_null(mailbox_take(&box));
}

static void one_wake_is_enough_until_the_box_is_taken(void **state)
{
    struct mailbox box = {0};
    struct letter a, b, c;
    (void)state;
    assert_true(mailbox_post_one(&box, &a));
    assert_false(mailbox_post_one(&box, &b));
    mailbox_take(&box);
    assert_true(mailbox_post_one(&box, &c));
}

struct writer {
    pthread_t thread;
    struct mailbox *box;
    int wake;
    unsigned number;
};

static void *writer_run(void *arg)
{
    struct writer *w = arg;
    uint64_t one = 1;
    for (unsigned i = 0; i < LETTERS; i++) {
        struct note *note = malloc(sizeof *note);
        note->writer = w->number;
        note->number = i;
        if (mailbox_post_one(w->box, &note->letter))
            (void)!write(w->wake, &one, sizeof one);
    }
    return NULL;
}

/* The reader sleeps whenever the box is empty: a wake too few and it sleeps for ever. */
static void two_threads_lose_nothing_and_keep_their_order(void **state)
{
    struct mailbox box = {0};
    struct writer writers[WRITERS];
    unsigned next[WRITERS] = {0}, got = 0;
    int wake = eventfd(0, EFD_CLOEXEC);
    (void)state;
    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.box = &box, .wake = wake, .number = i};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, writer_run, &writers[i]), 0);
    }
    while (got < WRITERS * LETTERS) {
        uint64_t count;
        assert_int_equal(read(wake, &count, sizeof count), sizeof count);
        for (struct letter *l = mailbox_take(&box), *then; l; l = then) {
            struct note *note = (struct note *)l;
            then = l->next;
            assert_int_equal(note->number, next[note->writer]++);
            free(note);
            got++;
        }
    }
    for (unsigned i = 0; i < WRITERS; i++)
        pthread_join(writers[i].thread, NULL);
    close(wake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_posted_comes_out_in_order),
        cmocka_unit_test(an_empty_bundle_wakes_nobody),
        cmocka_unit_test(one_wake_is_enough_until_the_box_is_taken),
        cmocka_unit_test(two_threads_lose_nothing_and_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
