/* The control socket's file: made with its mode, replaced when stale, respected when alive. */
#include "proxy/ctl/listen.h"
#include "tests/unit/cases.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[40], path[80], why[300];
static struct stat made;

static int begin(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/tailtrunk-ctl-XXXXXX");
    if (!mkdtemp(folder))
        return 1;
    (void)snprintf(path, sizeof path, "%s/run/control.sock", folder);
    return 0;
}

static int end(void **state)
{
    char command[100];
    (void)state;
    (void)snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command);
}

static int listen_here(int *fd)
{
    return control_listen(path, 0660, fd, &made, why, sizeof why);
}

static void the_folder_is_made_and_the_mode_is_set(void **state)
{
    (void)state;
    struct stat st;
    int fd = -1;
    assert_int_equal(listen_here(&fd), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISSOCK(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0660);
    assert_int_equal(control_owner(path), getpid());
    close(fd);
    control_remove(path, &made);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(control_owner(path), 0);
}

static void a_live_one_is_respected(void **state)
{
    (void)state;
    int first = -1, second = -1;
    assert_int_equal(listen_here(&first), 0);
    assert_int_equal(listen_here(&second), EADDRINUSE);
    assert_non_null(strstr(why, "another tailtrunk answers there"));
    close(first);
}

static void a_stale_one_is_replaced(void **state)
{
    (void)state;
    int fd = -1;
    assert_int_equal(listen_here(&fd), 0);
    close(fd); /* as after a kill: the file stays */
    struct stat before = made;
    assert_int_equal(listen_here(&fd), 0);
    close(fd);
    if (before.st_ino != made.st_ino) {
        control_remove(path, &before); /* somebody else's by now: left alone */
        assert_int_equal(access(path, F_OK), 0);
    }
}

static void what_is_no_socket_is_left_alone(void **state)
{
    (void)state;
    int fd = -1;
    (void)snprintf(path, sizeof path, "%s/file", folder);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    assert_int_equal(listen_here(&fd), EEXIST);
    assert_int_equal(access(path, F_OK), 0);
}

static void a_name_that_is_too_long_is_said(void **state)
{
    (void)state;
    char longer[200];
    int fd = -1;
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(control_listen(longer, 0660, &fd, &made, why, sizeof why), ENAMETOOLONG);
}

#define CONTROL_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONTROL_TEST(the_folder_is_made_and_the_mode_is_set),
        CONTROL_TEST(a_live_one_is_respected),
        CONTROL_TEST(a_stale_one_is_replaced),
        CONTROL_TEST(what_is_no_socket_is_left_alone),
        CONTROL_TEST(a_name_that_is_too_long_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
