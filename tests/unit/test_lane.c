/* The helper thread: order, bound, and how it ends. */
#include "proxy/net/lane.h"
#include "proxy/net/resolve.h"
#include "tests/unit/cases.h"
#include <errno.h>
#include <ev.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <unistd.h>

static sem_t gate;    /* what runs waits for it */
static char done[64]; /* names of what came back, in order; ran: upper case */
static struct ev_loop *loop;

struct piece {
    struct lane_work work;
    char name;
    bool waits, ran;
};

static void run_cb(struct lane_work *work)
{
    struct piece *p = (struct piece *)(void *)work;
    if (p->waits)
        sem_wait(&gate);
    p->ran = true;
}

static void done_cb(struct lane_work *work)
{
    struct piece *p = (struct piece *)(void *)work;
    size_t n = strlen(done);
    done[n] = p->ran ? (char)(p->name - 'a' + 'A') : p->name;
    free(p);
    if (n + 1 == 3)
        ev_break(loop, EVBREAK_ALL);
}

static int add(struct lane *lane, char name, bool waits, bool keep)
{
    struct piece *p = calloc(1, sizeof *p);
    p->work = (struct lane_work){.run = run_cb, .done = done_cb, .keep = keep};
    p->name = name;
    p->waits = waits;
    int error = lane_add(lane, &p->work);
    if (error != 0)
        free(p);
    return error;
}

static int begin(void **state)
{
    sem_init(&gate, 0, 0);
    memset(done, 0, sizeof done);
    loop = ev_loop_new(0);
    *state = lane_new(loop, 3);
    return *state ? 0 : 1;
}

static int end(void **state)
{
    (void)state;
    ev_loop_destroy(loop);
    sem_destroy(&gate);
    return 0;
}

static void work_comes_back_in_order(void **state)
{
    struct lane *lane = *state;
    assert_int_equal(add(lane, 'a', false, false), 0);
    assert_int_equal(add(lane, 'b', false, false), 0);
    assert_int_equal(add(lane, 'c', false, false), 0);
    ev_run(loop, 0);
    assert_string_equal(done, "ABC");
    assert_true(lane_free(lane));
}

static void a_full_queue_refuses(void **state)
{
    struct lane *lane = *state;
    assert_int_equal(add(lane, 'a', true, false), 0);
    assert_int_equal(add(lane, 'b', true, false), 0);
    assert_int_equal(add(lane, 'c', true, false), 0);
    assert_int_equal(add(lane, 'd', true, false), ENOBUFS);
    for (int i = 0; i < 3; i++)
        sem_post(&gate);
    ev_run(loop, 0);
    assert_string_equal(done, "ABC");
    assert_int_equal(add(lane, 'e', false, true), 0); /* room again */
    assert_true(lane_free(lane));
    assert_string_equal(done, "ABCE");
}

/* What holds the gate open from the side, so that lane_free meets work that is running. */
static void *open_later(void *arg)
{
    (void)arg;
    usleep(50000);
    sem_post(&gate);
    return NULL;
}

static void what_must_be_kept_is_done_at_the_end(void **state)
{
    struct lane *lane = *state;
    pthread_t opener;
    assert_int_equal(add(lane, 'a', true, true), 0);
    usleep(20000); /* likely running by now; the outcome is the same if not */
    assert_int_equal(add(lane, 'b', false, false), 0);
    assert_int_equal(add(lane, 'c', false, true), 0);
    pthread_create(&opener, NULL, open_later, NULL);
    assert_true(lane_free(lane));
    pthread_join(opener, NULL);
    assert_int_equal(done[0], 'A');
    assert_non_null(strchr(done, 'C'));
}

struct answer {
    size_t n;
    struct addr first;
};

static void answer_cb(void *self, uint64_t question, const struct addr *addrs, size_t n)
{
    struct answer *a = self;
    assert_int_equal(question, 7);
    a->n = n;
    if (n > 0)
        a->first = addrs[0];
    ev_break(loop, EVBREAK_ALL);
}

static void names_are_looked_up_without_the_loop(void **state)
{
    struct lane *lane = *state;
    struct answer a = {0};
    struct addr wanted;
    assert_int_equal(addr_parse(span_str("127.0.0.1"), 0, &wanted), 0);
    assert_int_equal(resolve_start(lane, 7, "localhost", ADDR_IP4, answer_cb, &a), 0);
    ev_run(loop, 0);
    assert_int_equal(a.n, 1);
    assert_true(addr_equal(&a.first, &wanted));
    assert_true(lane_free(lane));
}

#define LANE_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LANE_TEST(work_comes_back_in_order),
        LANE_TEST(a_full_queue_refuses),
        LANE_TEST(what_must_be_kept_is_done_at_the_end),
        LANE_TEST(names_are_looked_up_without_the_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
