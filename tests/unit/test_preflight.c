/* What /proc says about taken ports and port ranges, from texts as the kernel writes them. */
#include "proxy/net/holder.h"
#include "proxy/net/preflight.h"
#include "proxy/net/route.h"
#include "tests/unit/cases.h"
#include <sys/socket.h>

static const char udp[] =
    "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode ref pointer drops            \n"
    "  411: 0100007F:13C4 00000000:0000 07 00000000:00000000 00:00000000 00000000   115        0 "
    "23011 2 0000000000000000 0         \n"
    " 1011: 00000000:14E9 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 "
    "19022 2 0000000000000000 0         \n"
    " 1012: 00000000:14EA 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 "
    "0 2 0000000000000000 0         \n";

static const char udp6[] =
    "  sl  local_address                         remote_address                        st tx_queue "
    "rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"
    "  412: 00000000000000000000000001000000:13C4 00000000000000000000000000000000:0000 07 "
    "00000000:00000000 00:00000000 00000000  1000        0 31001 2 0000000000000000 0\n"
    "  413: 00000000000000000000000000000000:13CE 00000000000000000000000000000000:0000 07 "
    "00000000:00000000 00:00000000 00000000     0        0 31002 2 0000000000000000 0\n"
    "  414: 0000000000000000FFFF00000700007F:13CF 00000000000000000000000000000000:0000 07 "
    "00000000:00000000 00:00000000 00000000     0        0 31003 2 0000000000000000 0\n";

static const struct holder_row {
    const char *name, *text, *addr;
    uint64_t inode;
    uid_t uid;
} holder_rows[] = {
    {"the very address", udp, "127.0.0.1:5060", 23011, 115},
    {"another address of the same port", udp, "127.0.0.2:5060", 0, 0},
    {"the wildcard stands in everybody's way", udp, "100.64.1.1:5353", 19022, 0},
    {"another port", udp, "127.0.0.1:5061", 0, 0},
    {"a socket nobody owns any more", udp, "127.0.0.1:5354", 0, 0},
    {"an IPv6 address", udp6, "[::1]:5060", 31001, 1000},
    {"the IPv6 wildcard also takes IPv4", udp6, "100.64.1.1:5070", 31002, 0},
    {"IPv4 written as IPv6", udp6, "127.0.0.7:5071", 31003, 0},
    {"a text that is cut", "  sl local\n 1: 0100007F:13", "127.0.0.1:5060", 0, 0},
    {"no text", "", "127.0.0.1:5060", 0, 0},
};

static void the_socket_in_the_way_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof holder_rows / sizeof *holder_rows; i++) {
        const struct holder_row *r = &holder_rows[i];
        struct addr addr;
        uid_t uid = 0;
        assert_int_equal(addr_parse(span_str(r->addr), 0, &addr), 0);
        uint64_t inode = holder_inode(span_str(r->text), &addr, &uid);
        if (inode != r->inode || uid != r->uid)
            fail_msg("%s: inode %llu, user %u", r->name, (unsigned long long)inode, uid);
    }
}

static const struct range_row {
    const char *name, *range, *reserved;
    uint16_t low, high;
    bool cross;
} range_rows[] = {
    {"below", "32768\t60999\n", "\n", 22000, 31999, false},
    {"inside", "32768\t60999\n", "\n", 40000, 40999, true},
    {"the last port touches", "32768\t60999\n", "\n", 30000, 32769, true},
    {"the last port does not touch", "32768\t60999\n", "\n", 30000, 32767, false},
    {"reserved as one range", "32768\t60999\n", "40000-40999\n", 40000, 40999, false},
    {"reserved in parts", "32768\t60999\n", "5060,40000-40499,40500-40999\n", 40000, 40999, false},
    {"one port is not reserved", "32768\t60999\n", "40000-40998\n", 40000, 40999, true},
    {"the file is not there", "", "", 40000, 40999, false},
    {"nonsense", "x y", "z", 40000, 40999, false},
};

static void a_port_range_is_compared_with_the_kernels(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof range_rows / sizeof *range_rows; i++) {
        const struct range_row *r = &range_rows[i];
        if (preflight_ports_cross(span_str(r->range), span_str(r->reserved), r->low, r->high) !=
            r->cross)
            fail_msg("%s", r->name);
    }
}

static void holders_are_named_for_people(void **state)
{
    (void)state;
    char out[128];
    struct holder asterisk = {.pid = 812, .known = true, .name = "asterisk"};
    struct holder hidden = {.uid = 115, .known = true};
    struct holder nobody = {0};
    assert_string_equal(holder_print(&asterisk, out, sizeof out), "asterisk (pid 812)");
    assert_string_equal(holder_print(&hidden, out, sizeof out), "a program of user 115");
    assert_string_equal(holder_print(&nobody, out, sizeof out), "another program");
}

static void loopback_is_reached_through_lo(void **state)
{
    (void)state;
    struct addr to, from, found[2];
    struct route route;
    assert_int_equal(addr_parse(span_str("127.0.3.1:5060"), 0, &to), 0);
    assert_int_equal(addr_parse(span_str("127.0.2.1"), 0, &from), 0);
    assert_int_equal(route_find(&to, &from, &route), 0);
    assert_string_equal(route.interface, "lo");
    assert_true(addr_is_here(&from));
    assert_true(interface_addrs("lo", found) >= 1);
    assert_int_equal(interface_addrs("nosuch0", found), 0);
    assert_int_equal(addr_parse(span_str("192.0.2.77"), 0, &from), 0);
    assert_false(addr_is_here(&from));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_socket_in_the_way_is_found),
        cmocka_unit_test(a_port_range_is_compared_with_the_kernels),
        cmocka_unit_test(holders_are_named_for_people),
        cmocka_unit_test(loopback_is_reached_through_lo),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
