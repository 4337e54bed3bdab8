/* SIP sockets on loopback: batches, what is too long, order, traffic class, what an errno means. */
#include "proxy/net/sockaddr.h"
#include "proxy/net/udp.h"
#include "tests/unit/cases.h"
#include <stdio.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct rig {
    struct udp_reader *reader;
    struct udp_writer *writer;
    struct udp_sent sent;
    struct addr addr[2];
    int fd[2];
};

/* Port 0 lets the kernel choose; the address is read back. */
static int open_any(const char *ip, struct addr *addr)
{
    union sockaddr_any sa;
    socklen_t n = sizeof sa;
    int fd = -1;
    assert_int_equal(addr_parse_ip(span_str(ip), addr), 0);
    assert_int_equal(udp_open(addr, &fd), 0);
    assert_int_equal(getsockname(fd, &sa.sa, &n), 0);
    *addr = sockaddr_get(&sa.sa);
    return fd;
}

static int rig_make(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    r->reader = udp_reader_new();
    r->writer = udp_writer_new();
    r->fd[0] = open_any("127.0.0.1", &r->addr[0]);
    r->fd[1] = open_any("127.0.0.1", &r->addr[1]);
    *state = r;
    return 0;
}

static int rig_break(void **state)
{
    struct rig *r = *state;
    close(r->fd[0]);
    close(r->fd[1]);
    udp_reader_free(r->reader);
    udp_writer_free(r->writer);
    free(r);
    return 0;
}

static void send_text(struct rig *r, int from, int to, const char *text)
{
    udp_write(r->writer, r->fd[from], 26, &r->addr[to], span_str(text), &r->sent);
}

static void a_batch_keeps_the_order_of_each_socket(void **state)
{
    struct rig *r = *state;
    const struct udp_in *in;
    char text[16];
    for (int i = 0; i < 20; i++) {
        (void)snprintf(text, sizeof text, "%d", i);
        send_text(r, 0, 1, text);
        send_text(r, 1, 0, text);
    }
    udp_flush(r->writer, &r->sent);
    assert_int_equal(r->sent.sent, 40);
    for (int side = 0; side < 2; side++) {
        assert_int_equal(udp_read(r->reader, r->fd[side], &in), 20);
        for (int i = 0; i < 20; i++) {
            (void)snprintf(text, sizeof text, "%d", i);
            assert_true(span_is(span_of(in[i].bytes, in[i].n), span_str(text)));
            assert_true(addr_equal(&in[i].from, &r->addr[1 - side]));
            assert_false(in[i].truncated);
        }
    }
    assert_int_equal(udp_read(r->reader, r->fd[0], &in), 0);
}

static void a_writer_that_is_full_sends_by_itself(void **state)
{
    struct rig *r = *state;
    const struct udp_in *in;
    for (int i = 0; i < 100; i++)
        send_text(r, 0, 1, "x");
    assert_int_equal(r->sent.sent, 64);
    udp_flush(r->writer, &r->sent);
    assert_int_equal(r->sent.sent, 100);
    size_t n = 0, got;
    while ((got = udp_read(r->reader, r->fd[1], &in)) > 0)
        n += got;
    assert_int_equal(n, 100);
}

static void what_is_too_long_is_marked(void **state)
{
    struct rig *r = *state;
    const struct udp_in *in;
    static char big[60000];
    const struct {
        size_t n;
        bool truncated;
    } rows[] = {{UDP_DATAGRAM, false}, {UDP_DATAGRAM + 1, true}, {60000, true}, {0, false}};
    for (size_t i = 0; i < 4; i++) {
        udp_write(r->writer, r->fd[0], 0, &r->addr[1], span_of(big, rows[i].n), &r->sent);
        udp_flush(r->writer, &r->sent);
        assert_int_equal(udp_read(r->reader, r->fd[1], &in), 1);
        assert_int_equal(in[0].truncated, rows[i].truncated);
        assert_int_equal(in[0].n, rows[i].n > UDP_DATAGRAM ? UDP_DATAGRAM : rows[i].n);
    }
}

static void each_datagram_has_its_traffic_class(void **state)
{
    struct rig *r = *state;
    int one = 1;
    setsockopt(r->fd[1], IPPROTO_IP, IP_RECVTOS, &one, sizeof one);
    udp_write(r->writer, r->fd[0], 26, &r->addr[1], span_str("a"), &r->sent);
    udp_write(r->writer, r->fd[0], 46, &r->addr[1], span_str("b"), &r->sent);
    udp_flush(r->writer, &r->sent);
    for (int i = 0; i < 2; i++) {
        char byte, control[64];
        struct iovec part = {&byte, 1};
        struct msghdr h = {.msg_iov = &part,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = sizeof control};
        assert_int_equal(recvmsg(r->fd[1], &h, 0), 1);
        const struct cmsghdr *c = CMSG_FIRSTHDR(&h);
        assert_int_equal(*CMSG_DATA(c) >> 2, i == 0 ? 26 : 46);
    }
}

static void one_that_cannot_go_does_not_stop_the_others(void **state)
{
    struct rig *r = *state;
    const struct udp_in *in;
    struct addr other;
    assert_int_equal(addr_parse(span_str("[::1]:9"), 0, &other), 0);
    send_text(r, 0, 1, "a");
    udp_write(r->writer, r->fd[0], 0, &other, span_str("wrong family"), &r->sent);
    send_text(r, 0, 1, "b");
    udp_flush(r->writer, &r->sent);
    assert_int_equal(r->sent.sent, 2);
    assert_int_equal(r->sent.failed, 1);
    assert_int_equal(udp_read(r->reader, r->fd[1], &in), 2);
}

static void an_errno_tells_whose_fault_it_is(void **state)
{
    struct rig *r = *state;
    struct addr foreign;
    int fd = -1;
    assert_int_equal(udp_open(&r->addr[0], &fd), EADDRINUSE);
    assert_int_equal(addr_parse(span_str("192.0.2.77:5060"), 0, &foreign), 0);
    assert_int_equal(udp_open(&foreign, &fd), EADDRNOTAVAIL);
    assert_int_equal(fd, -1);
}

#define UDP_TEST(f) cmocka_unit_test_setup_teardown(f, rig_make, rig_break)

int main(void)
{
    const struct CMUnitTest tests[] = {
        UDP_TEST(a_batch_keeps_the_order_of_each_socket),
        UDP_TEST(a_writer_that_is_full_sends_by_itself),
        UDP_TEST(what_is_too_long_is_marked),
        UDP_TEST(each_datagram_has_its_traffic_class),
        UDP_TEST(one_that_cannot_go_does_not_stop_the_others),
        UDP_TEST(an_errno_tells_whose_fault_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
