/* Records go to disk on the helper thread and come back at the next start. */
#include "proxy/net/store.h"
#include "tests/unit/cases.h"
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct rig {
    char folder[64], state[96], file[128];
    struct ev_loop *loop;
    struct lane *lane;
    struct store *store;
    char why[300];
    size_t failed;
};

static int rig_make(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    strcpy(r->folder, "/tmp/tailtrunk-store-XXXXXX");
    if (!mkdtemp(r->folder))
        return 1;
    (void)snprintf(r->state, sizeof r->state, "%s/state", r->folder);
    (void)snprintf(r->file, sizeof r->file, "%s/%s", r->state, STORE_FILE);
    r->loop = ev_loop_new(0);
    r->lane = lane_new(r->loop, 4);
    *state = r;
    return 0;
}

static int rig_break(void **state)
{
    struct rig *r = *state;
    char command[200];
    lane_free(r->lane);
    store_close(r->store);
    ev_loop_destroy(r->loop);
    (void)snprintf(command, sizeof command, "rm -r '%s'", r->folder);
    int left = system(command);
    free(r);
    return left;
}

static void failed_cb(void *self, size_t records, const char *why)
{
    struct rig *r = self;
    r->failed += records;
    (void)snprintf(r->why, sizeof r->why, "%s", why);
}

static void put(struct rig *r, const char *kind, const char *key, const char *value)
{
    assert_int_equal(store_put(r->store, span_str(kind), span_str(key), span_str(value)), 0);
}

/* "kind/key=value;" of all records in the order of the key. */
static void each_cb(void *to, struct span kind, struct span key, struct span value)
{
    char *out = to;
    size_t n = strlen(out);
    (void)snprintf(out + n, 1000 - n, "%.*s/%.*s=%.*s;", (int)kind.n, kind.p, (int)key.n, key.p,
                   (int)value.n, value.p);
}

static void stored_is(struct rig *r, const char *wanted)
{
    char found[1000] = "";
    assert_int_equal(store_read(r->store, each_cb, found), 0);
    assert_string_equal(found, wanted);
}

static void reopen(struct rig *r)
{
    lane_free(r->lane); /* as at the end of the program: what was handed over is still written */
    store_close(r->store);
    r->store = NULL;
    r->lane = lane_new(r->loop, 4);
    assert_int_equal(store_open(r->state, &r->store, r->why, sizeof r->why), 0);
}

static void records_come_back(void **state)
{
    struct rig *r = *state;
    assert_int_equal(store_open(r->state, &r->store, r->why, sizeof r->why), 0);
    stored_is(r, "");
    put(r, "view", "yude", "1");
    put(r, "view", "bob", "2");
    put(r, "call", "yude", "3");
    store_flush(r->store, r->lane, failed_cb, r);
    put(r, "view", "yude", "4"); /* while the first batch is under way */
    put(r, "view", "bob", "");   /* forgotten */
    store_flush(r->store, r->lane, failed_cb, r);
    put(r, "view", "never flushed", "5");
    reopen(r);
    stored_is(r, "call/yude=3;view/never flushed=5;view/yude=4;");
    assert_int_equal(r->failed, 0);
}

static void values_may_hold_any_byte(void **state)
{
    struct rig *r = *state;
    assert_int_equal(store_open(r->state, &r->store, r->why, sizeof r->why), 0);
    assert_int_equal(store_put(r->store, span_str("k"), span_of("a\0b", 3), span_of("\0\xff", 2)),
                     0);
    reopen(r);
    char found[1000] = "";
    assert_int_equal(store_read(r->store, each_cb, found), 0);
    assert_memory_equal(found, "k/a", 3);
}

static void a_full_queue_refuses(void **state)
{
    struct rig *r = *state;
    static char big[1 << 20];
    int error = 0;
    assert_int_equal(store_open(r->state, &r->store, r->why, sizeof r->why), 0);
    for (int i = 0; i < 17 && error == 0; i++)
        error = store_put(r->store, span_str("k"), span_of((char *)&i, sizeof i),
                          span_of(big, sizeof big));
    assert_int_equal(error, ENOBUFS);
}

static void what_is_no_database_is_moved_away_and_said(void **state)
{
    struct rig *r = *state;
    char bad[160];
    assert_int_equal(mkdir(r->state, 0700), 0);
    FILE *f = fopen(r->file, "w");
    for (int i = 0; i < 100; i++)
        fputs("this is a text, not a database\n", f);
    fclose(f);
    assert_int_equal(store_open_readonly(r->state, &r->store, r->why, sizeof r->why), EUCLEAN);
    assert_int_equal(store_open(r->state, &r->store, r->why, sizeof r->why), 0);
    assert_non_null(strstr(r->why, r->file));
    assert_non_null(strstr(r->why, "not a database"));
    (void)snprintf(bad, sizeof bad, "%s" STORE_BAD, r->file);
    assert_int_equal(access(bad, F_OK), 0);
    put(r, "view", "yude", "1");
    reopen(r);
    assert_string_equal(r->why, "");
    stored_is(r, "view/yude=1;");
}

/* Page 1 says how many pages there are; the last one, full of records, is lost. */
static void a_database_cut_short_is_moved_away(void **state)
{
    struct rig *r = *state;
    struct stat st;
    char key[16];
    assert_int_equal(store_open(r->state, &r->store, r->why, sizeof r->why), 0);
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(key, sizeof key, "%d", i);
        put(r, "view", key, "something to fill more than one page of the file");
    }
    reopen(r);
    store_close(r->store);
    r->store = NULL;
    assert_int_equal(stat(r->file, &st), 0);
    assert_int_equal(truncate(r->file, st.st_size / 2), 0);
    assert_int_equal(store_open(r->state, &r->store, r->why, sizeof r->why), 0);
    assert_non_null(strstr(r->why, "begun anew"));
    stored_is(r, "");
}

static void a_folder_that_cannot_be_made_is_said_at_the_start(void **state)
{
    struct rig *r = *state;
    struct store *none = NULL;
    (void)snprintf(r->state, sizeof r->state, "%s/no/such", r->folder);
    assert_int_equal(store_open(r->state, &none, r->why, sizeof r->why), ENOENT);
    assert_non_null(strstr(r->why, "/no/such"));
}

static void a_newer_schema_is_left_alone(void **state)
{
    struct rig *r = *state;
    struct store *none = NULL;
    assert_int_equal(store_open(r->state, &r->store, r->why, sizeof r->why), 0);
    reopen(r);
    store_close(r->store);
    r->store = NULL;
    /* user_version stands at byte 60 of the file, big endian. */
    int fd = open(r->file, O_WRONLY);
    assert_int_equal(pwrite(fd, "\0\0\0\x09", 4, 60), 4);
    close(fd);
    assert_int_not_equal(store_open(r->state, &none, r->why, sizeof r->why), 0);
    assert_non_null(strstr(r->why, "newer"));
}

static void reading_only_changes_nothing(void **state)
{
    struct rig *r = *state;
    assert_int_equal(store_open_readonly(r->state, &r->store, r->why, sizeof r->why), ENOENT);
    assert_int_equal(access(r->state, F_OK), -1);
    assert_int_equal(store_open(r->state, &r->store, r->why, sizeof r->why), 0);
    put(r, "view", "yude", "1");
    reopen(r); /* as a program that runs beside the check */
    struct store *second = NULL;
    assert_int_equal(store_open_readonly(r->state, &second, r->why, sizeof r->why), 0);
    char found[1000] = "";
    assert_int_equal(store_read(second, each_cb, found), 0);
    assert_string_equal(found, "view/yude=1;");
    store_close(second);
}

#define STORE_TEST(f) cmocka_unit_test_setup_teardown(f, rig_make, rig_break)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(records_come_back),
        STORE_TEST(values_may_hold_any_byte),
        STORE_TEST(a_full_queue_refuses),
        STORE_TEST(what_is_no_database_is_moved_away_and_said),
        STORE_TEST(a_database_cut_short_is_moved_away),
        STORE_TEST(a_folder_that_cannot_be_made_is_said_at_the_start),
        STORE_TEST(a_newer_schema_is_left_alone),
        STORE_TEST(reading_only_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
