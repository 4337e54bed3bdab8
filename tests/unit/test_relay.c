/*
 * Real workers on loopback. Nothing here sleeps: a test waits for the packet or the report it
 * expects, and learns that something did not happen from what was sent after it and arrived.
 */
#include "proxy/relay/relay.h"
#include "proxy/relay/sockets.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#define STREAMS 64
#define PATIENCE_MS 10000
#define PORT(side) ((uint16_t)((side) == SIDE_EXCHANGE ? 20000 : 30000))
#define SSRC 0xfeedu

/* Two phones and the relay between them. */
struct rig {
    struct relay *relay;
    struct addr relay_addr, phone_addr;
    struct prefix phones; /* the same address, as a source */
    int phone[2][2];      /* by side; RTP, RTCP */
    struct addr at[2][2];
    unsigned told[4]; /* by relay_report_kind */
    unsigned first[2];
    struct relay_figures last; /* of the latest RELAY_CLOSED */
};

/* An address of this process's own, so that tests may run beside each other. */
static struct addr loopback(unsigned char last)
{
    unsigned pid = (unsigned)getpid();
    struct addr a = {.family = ADDR_IP4,
                     .ip = {127, (uint8_t)(64 + (pid >> 16) % 64), (uint8_t)(pid >> 8),
                            (uint8_t)((pid & 0xfc) | last)}};
    return a;
}

static int phone_open(struct addr at, struct addr *bound)
{
    union sockaddr_any sa;
    socklen_t len = sockaddr_from(&sa, &at);
    int fd = socket(sa.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, &sa.sa, len), 0);
    struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    len = sizeof sa;
    assert_int_equal(getsockname(fd, &sa.sa, &len), 0);
    *bound = sockaddr_read(&sa);
    return fd;
}

static void send_to(int fd, struct addr to, const void *bytes, size_t n)
{
    union sockaddr_any sa;
    socklen_t len = sockaddr_from(&sa, &to);
    assert_int_equal(sendto(fd, bytes, n, 0, &sa.sa, len), n);
}

static struct addr relay_at(const struct rig *rig, enum side side, bool rtcp)
{
    return addr_with_port(rig->relay_addr, (uint16_t)(PORT(side) + rtcp));
}

static void phone_send(struct rig *rig, enum side side, bool rtcp, const char *text)
{
    send_to(rig->phone[side][rtcp], relay_at(rig, side, rtcp), text, strlen(text));
}

/* The next datagram, which has to come from the port we send to. */
static size_t phone_receive(struct rig *rig, enum side side, bool rtcp, char *out, size_t room)
{
    struct pollfd p = {.fd = rig->phone[side][rtcp], .events = POLLIN};
    union sockaddr_any sa;
    socklen_t len = sizeof sa;
    assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
    ssize_t n = recvfrom(p.fd, out, room, 0, &sa.sa, &len);
    assert_true(n >= 0);
    struct addr from = sockaddr_read(&sa), want = relay_at(rig, side, rtcp);
    assert_true(addr_equal(&from, &want));
    return (size_t)n;
}

static void phone_expect(struct rig *rig, enum side side, bool rtcp, const char *text)
{
    char got[256];
    size_t n = phone_receive(rig, side, rtcp, got, sizeof got - 1);
    got[n] = '\0';
    assert_string_equal(got, text);
}

/* Opening the way: nothing at all, but on the port of RTCP a report of no receptions. */
static void phone_punched(struct rig *rig, enum side side, bool rtcp)
{
    char got[64];
    size_t n = phone_receive(rig, side, rtcp, got, sizeof got);
    assert_int_equal(n, rtcp ? 8 : 0);
    if (rtcp)
        assert_memory_equal(got, "\x80\xc9\0\1", 4);
}

static bool phone_waits(const struct rig *rig, enum side side, bool rtcp)
{
    struct pollfd p = {.fd = rig->phone[side][rtcp], .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

static void tell(void *arg, const struct event *event)
{
    struct rig *rig = arg;
    assert_int_equal(event->kind, EV_RELAY);
    rig->told[event->relay.kind]++;
    if (event->relay.kind == RELAY_FIRST)
        rig->first[event->relay.side]++;
    if (event->relay.kind == RELAY_CLOSED)
        rig->last = *event->relay.figures;
}

static void await(struct rig *rig, enum relay_report_kind kind, unsigned times)
{
    while (rig->told[kind] < times) {
        struct pollfd p = {.fd = relay_fd(rig->relay), .events = POLLIN};
        assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
        relay_reports(rig->relay, tell, rig);
    }
    assert_int_equal(rig->told[kind], times);
}

static struct relay_pair pair_of(enum side side, unsigned nth)
{
    return (struct relay_pair){.pool = 3, .port = (uint16_t)(PORT(side) + 2 * nth)};
}

static struct relay_order order_open(stream_no stream)
{
    return (struct relay_order){
        .kind = RELAY_OPEN,
        .stream = stream,
        .open = {.pair = {pair_of(SIDE_EXCHANGE, stream), pair_of(SIDE_PEER, stream)}}};
}

/* The phone of that side as its SDP would say, and its address alone allowed. */
static struct relay_order order_target(const struct rig *rig, enum side side)
{
    return (struct relay_order){.kind = RELAY_TARGET,
                                .target = {.side = (uint8_t)side,
                                           .latch = LATCH_PEER,
                                           .is_rtp = true,
                                           .rtp = rig->at[side][0],
                                           .rtcp = rig->at[side][1],
                                           .sources = &rig->phones,
                                           .n_sources = 1}};
}

static void give(struct rig *rig, const struct relay_order *order)
{
    assert_int_equal(relay_order(rig->relay, order), 0);
}

/* Returns when the worker knows whom to hear: what comes earlier is foreign. A punch on a side's
 * last port says so; the second order ends the punching. */
static void listening(struct rig *rig, struct relay_order *target)
{
    enum side side = target->target.side;
    target->target.punch = true;
    give(rig, target);
    relay_flush(rig->relay);
    phone_punched(rig, side, false);
    if (!target->target.mux)
        phone_punched(rig, side, true);
    target->target.punch = false;
    give(rig, target);
    relay_flush(rig->relay);
}

static void call_open_with(struct rig *rig, const struct relay_order *open)
{
    struct relay_order exchange = order_target(rig, SIDE_EXCHANGE);
    struct relay_order peer = order_target(rig, SIDE_PEER);
    give(rig, open);
    listening(rig, &exchange);
    listening(rig, &peer);
}

static void call_open(struct rig *rig)
{
    struct relay_order open = order_open(0);
    call_open_with(rig, &open);
}

static void call_close(struct rig *rig, stream_no stream)
{
    unsigned closed = rig->told[RELAY_CLOSED];
    give(rig, &(struct relay_order){.kind = RELAY_CLOSE, .stream = stream});
    relay_flush(rig->relay);
    await(rig, RELAY_CLOSED, closed + 1);
}

static int setup(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);
    rig->relay_addr = loopback(1);
    rig->phone_addr = loopback(2);
    rig->phones = prefix_of(&rig->phone_addr);
    assert_int_equal(relay_new(2, STREAMS, &rig->relay), 0);
    assert_int_equal(
        relay_pool_open(rig->relay, &(struct core_pool){.id = 3, .addr = rig->relay_addr}), 0);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(relay_bind(rig->relay, pair_of(SIDE_EXCHANGE, i)), 0);
        assert_int_equal(relay_bind(rig->relay, pair_of(SIDE_PEER, i)), 0);
        rig->phone[i / 2][i % 2] = phone_open(rig->phone_addr, &rig->at[i / 2][i % 2]);
    }
    *state = rig;
    return 0;
}

static int teardown(void **state)
{
    struct rig *rig = *state;
    for (unsigned i = 0; i < 4; i++)
        close(rig->phone[i / 2][i % 2]);
    relay_free(rig->relay);
    free(rig);
    return 0;
}

static size_t open_files(void)
{
    size_t n = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

/* ---------------------------------------------------------------- the way of packets */

static void any_bytes_pass_in_both_directions(void **state)
{
    struct rig *rig = *state;
    char big[1400], got[2000];
    memset(big, 0xa5, sizeof big);
    call_open(rig);
    phone_send(rig, SIDE_EXCHANGE, false, "to the peer");
    phone_expect(rig, SIDE_PEER, false, "to the peer");
    phone_send(rig, SIDE_PEER, false, "to the exchange");
    phone_expect(rig, SIDE_EXCHANGE, false, "to the exchange");
    send_to(rig->phone[SIDE_PEER][0], relay_at(rig, SIDE_PEER, false), big, sizeof big);
    assert_int_equal(phone_receive(rig, SIDE_EXCHANGE, false, got, sizeof got), sizeof big);
    assert_memory_equal(got, big, sizeof big);
    await(rig, RELAY_FIRST, 2);
    assert_int_equal(rig->first[SIDE_EXCHANGE], 1);
    assert_int_equal(rig->first[SIDE_PEER], 1);
    call_close(rig, 0);
    assert_int_equal(rig->last.leg[SIDE_PEER].rx_packets, 2);
    assert_int_equal(rig->last.leg[SIDE_PEER].rx_bytes, strlen("to the exchange") + sizeof big);
    assert_int_equal(rig->last.leg[SIDE_EXCHANGE].tx_bytes, strlen("to the exchange") + sizeof big);
}

static void rtcp_goes_from_port_to_port_and_is_counted_apart(void **state)
{
    struct rig *rig = *state;
    call_open(rig);
    phone_send(rig, SIDE_EXCHANGE, true, "report");
    phone_expect(rig, SIDE_PEER, true, "report");
    call_close(rig, 0);
    assert_int_equal(rig->last.leg[SIDE_EXCHANGE].rtcp_rx, 1);
    assert_int_equal(rig->last.leg[SIDE_EXCHANGE].rx_packets, 0);
    assert_int_equal(rig->last.leg[SIDE_EXCHANGE].first_rx_ms, UINT32_MAX);
    assert_int_equal(rig->last.leg[SIDE_PEER].rtcp_tx, 1);
    assert_int_equal(rig->last.leg[SIDE_PEER].tx_packets, 0);
    assert_int_equal(rig->first[SIDE_EXCHANGE], 0);
}

static void with_rtcp_mux_both_share_the_even_port(void **state)
{
    static const char sender_report[] = "\x80\xc8\x00\x06----";
    struct rig *rig = *state;
    struct relay_order open = order_open(0);
    give(rig, &open);
    for (enum side side = SIDE_EXCHANGE; side <= SIDE_PEER; side++) {
        struct relay_order order = order_target(rig, side);
        order.target.mux = true;
        listening(rig, &order);
    }
    send_to(rig->phone[SIDE_PEER][0], relay_at(rig, SIDE_PEER, false), sender_report, 8);
    char got[16];
    assert_int_equal(phone_receive(rig, SIDE_EXCHANGE, false, got, sizeof got), 8);
    call_close(rig, 0);
    assert_int_equal(rig->last.leg[SIDE_PEER].rtcp_rx, 1);
    assert_int_equal(rig->last.leg[SIDE_PEER].rx_packets, 0);
    assert_int_equal(rig->last.leg[SIDE_EXCHANGE].rtcp_tx, 1);
}

static void a_source_behind_a_translator_is_answered_where_it_sends_from(void **state)
{
    struct rig *rig = *state;
    struct addr moved;
    int elsewhere = phone_open(rig->phone_addr, &moved);
    call_open(rig);
    send_to(elsewhere, relay_at(rig, SIDE_PEER, false), "here", 4);
    phone_expect(rig, SIDE_EXCHANGE, false, "here");
    phone_send(rig, SIDE_EXCHANGE, false, "there");
    char got[16];
    assert_int_equal(recv(elsewhere, got, sizeof got, 0), 5);
    assert_false(phone_waits(rig, SIDE_PEER, false));
    call_close(rig, 0);
    assert_true(addr_equal(&rig->last.leg[SIDE_PEER].latched, &moved));
    close(elsewhere);
}

static void new_sdp_lets_another_source_in_at_once(void **state)
{
    struct rig *rig = *state;
    struct addr one, two;
    int first = phone_open(rig->phone_addr, &one), second = phone_open(rig->phone_addr, &two);
    call_open(rig);
    send_to(first, relay_at(rig, SIDE_PEER, false), "first", 5);
    phone_expect(rig, SIDE_EXCHANGE, false, "first");
    send_to(second, relay_at(rig, SIDE_PEER, false), "too early", 9);
    send_to(first, relay_at(rig, SIDE_PEER, false), "still first", 11);
    phone_expect(rig, SIDE_EXCHANGE, false, "still first");
    struct relay_order again = order_target(rig, SIDE_PEER);
    again.target.relearn = true;
    listening(rig, &again);
    phone_send(rig, SIDE_EXCHANGE, false, "to the signalled one again");
    phone_expect(rig, SIDE_PEER, false, "to the signalled one again");
    send_to(second, relay_at(rig, SIDE_PEER, false), "second", 6);
    phone_expect(rig, SIDE_EXCHANGE, false, "second");
    call_close(rig, 0);
    assert_int_equal(rig->last.leg[SIDE_PEER].dropped, 1);
    assert_true(addr_equal(&rig->last.leg[SIDE_PEER].latched, &two));
    close(first);
    close(second);
}

static void a_foreign_source_is_dropped_and_named(void **state)
{
    struct rig *rig = *state;
    struct addr stranger = loopback(3), from;
    int fd = phone_open(stranger, &from);
    call_open(rig);
    send_to(fd, relay_at(rig, SIDE_PEER, false), "let me in", 9);
    phone_send(rig, SIDE_PEER, false, "mine");
    phone_expect(rig, SIDE_EXCHANGE, false, "mine");
    call_close(rig, 0);
    assert_int_equal(rig->last.leg[SIDE_PEER].dropped, 1);
    assert_int_equal(rig->last.leg[SIDE_PEER].rx_packets, 1);
    assert_true(addr_equal(&rig->last.leg[SIDE_PEER].foreign, &from));
    close(fd);
}

static void strict_hears_the_signalled_address_only(void **state)
{
    struct rig *rig = *state;
    struct addr moved;
    int elsewhere = phone_open(rig->phone_addr, &moved);
    call_open(rig);
    struct relay_order strict = order_target(rig, SIDE_PEER);
    strict.target.latch = LATCH_STRICT;
    strict.target.relearn = true;
    listening(rig, &strict);
    send_to(elsewhere, relay_at(rig, SIDE_PEER, false), "other port", 10);
    phone_send(rig, SIDE_PEER, false, "right port");
    phone_expect(rig, SIDE_EXCHANGE, false, "right port");
    call_close(rig, 0);
    assert_int_equal(rig->last.leg[SIDE_PEER].dropped, 1);
    close(elsewhere);
}

static void nothing_is_sent_to_a_muted_side(void **state)
{
    struct rig *rig = *state;
    call_open(rig);
    struct relay_order mute = order_target(rig, SIDE_PEER);
    struct relay_order after = order_target(rig, SIDE_EXCHANGE);
    mute.target.mute = true;
    after.target.relearn = true;
    give(rig, &mute);
    listening(rig, &after);
    phone_send(rig, SIDE_EXCHANGE, false, "not passed on");
    phone_send(rig, SIDE_EXCHANGE, true, "nor this");
    phone_send(rig, SIDE_PEER, false, "still heard");
    phone_expect(rig, SIDE_EXCHANGE, false, "still heard");
    await(rig, RELAY_FIRST, 2);
    call_close(rig, 0);
    assert_false(phone_waits(rig, SIDE_PEER, false));
    assert_int_equal(rig->last.leg[SIDE_PEER].tx_packets, 0);
    assert_int_equal(rig->last.leg[SIDE_EXCHANGE].rx_packets, 1);
}

static void what_came_before_the_call_belongs_to_nobody(void **state)
{
    struct rig *rig = *state;
    for (int i = 0; i < 100; i++)
        phone_send(rig, SIDE_PEER, false, "of the last call");
    call_open(rig);
    phone_send(rig, SIDE_PEER, false, "of this one");
    phone_expect(rig, SIDE_EXCHANGE, false, "of this one");
    call_close(rig, 0);
    assert_int_equal(rig->last.leg[SIDE_PEER].rx_packets, 1);
}

static void what_comes_after_the_order_waits_for_the_worker(void **state)
{
    struct rig *rig = *state;
    struct relay_order open = order_open(0), exchange = order_target(rig, SIDE_EXCHANGE);
    struct relay_order peer = order_target(rig, SIDE_PEER);
    give(rig, &open);
    phone_send(rig, SIDE_PEER, false, "early");
    give(rig, &exchange);
    give(rig, &peer);
    relay_flush(rig->relay);
    phone_expect(rig, SIDE_EXCHANGE, false, "early");
    call_close(rig, 0);
    assert_int_equal(rig->last.leg[SIDE_PEER].rx_packets, 1);
}

static void packets_carry_the_mark(void **state)
{
    struct rig *rig = *state;
    struct relay_order open = order_open(0);
    int on = 1;
    char byte, control[64];
    assert_int_equal(setsockopt(rig->phone[SIDE_PEER][0], IPPROTO_IP, IP_RECVTOS, &on, sizeof on),
                     0);
    open.open.dscp[SIDE_PEER] = 46;
    call_open_with(rig, &open);
    phone_send(rig, SIDE_EXCHANGE, false, "x");
    struct iovec iov = {&byte, 1};
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    assert_int_equal(recvmsg(rig->phone[SIDE_PEER][0], &msg, 0), 1);
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
    assert_non_null(cmsg);
    assert_int_equal(cmsg->cmsg_type, IP_TOS);
    assert_int_equal(*CMSG_DATA(cmsg), 46 << 2);
    call_close(rig, 0);
}

/* ---------------------------------------------------------------- punching, idle */

static void a_known_target_is_punched_until_something_comes(void **state)
{
    struct rig *rig = *state;
    struct relay_order open = order_open(0), peer = order_target(rig, SIDE_PEER);
    peer.target.punch = true;
    open.open.idle_timeout_ms = 1;
    give(rig, &open);
    give(rig, &peer);
    relay_flush(rig->relay);
    for (int i = 0; i < 2; i++) { /* at once, and a second later */
        phone_punched(rig, SIDE_PEER, false);
        phone_punched(rig, SIDE_PEER, true);
    }
    await(rig, RELAY_IDLE, 1);
    phone_send(rig, SIDE_PEER, false, "here I am");
    await(rig, RELAY_AGAIN, 1);
    await(rig, RELAY_IDLE, 2); /* a tick has passed */
    assert_false(phone_waits(rig, SIDE_PEER, false));
    call_close(rig, 0);
    assert_int_equal(rig->last.leg[SIDE_PEER].tx_packets, 0);
}

static void somebodys_punch_latches_and_is_not_passed_on(void **state)
{
    struct rig *rig = *state;
    struct addr moved;
    int elsewhere = phone_open(rig->phone_addr, &moved);
    char got[16];
    call_open(rig);
    send_to(elsewhere, relay_at(rig, SIDE_PEER, false), "", 0);
    send_to(elsewhere, relay_at(rig, SIDE_PEER, false), "voice", 5);
    phone_expect(rig, SIDE_EXCHANGE, false, "voice");
    phone_send(rig, SIDE_EXCHANGE, false, "answer");
    assert_int_equal(recv(elsewhere, got, sizeof got, 0), 6);
    call_close(rig, 0);
    assert_int_equal(rig->last.leg[SIDE_PEER].rx_packets, 1);
    close(elsewhere);
}

static void silence_is_told_once_and_so_is_its_end(void **state)
{
    struct rig *rig = *state;
    struct relay_order open = order_open(0);
    open.open.idle_timeout_ms = 100;
    call_open_with(rig, &open);
    await(rig, RELAY_IDLE, 1);
    phone_send(rig, SIDE_PEER, false, "back");
    await(rig, RELAY_AGAIN, 1);
    await(rig, RELAY_IDLE, 2);
    call_close(rig, 0);
    assert_int_equal(rig->told[RELAY_AGAIN], 1);
    assert_int_equal(rig->told[RELAY_IDLE], 2);
}

/* ---------------------------------------------------------------- figures */

static void rtp_send(struct rig *rig, enum side side, uint16_t seq)
{
    uint8_t p[172] = {0x80, 0, (uint8_t)(seq >> 8), (uint8_t)seq, 0, 0, 0, 0,
                      0,    0, SSRC >> 8,           SSRC & 0xff};
    send_to(rig->phone[side][0], relay_at(rig, side, false), p, sizeof p);
}

static void the_final_figures_are_exact(void **state)
{
    struct rig *rig = *state;
    char got[200];
    call_open(rig);
    for (uint16_t i = 0; i < 1000; i++) {
        if (i % 100 != 50) {
            rtp_send(rig, SIDE_PEER, (uint16_t)(65000 + i));
            phone_receive(rig, SIDE_EXCHANGE, false, got, sizeof got);
        }
        rtp_send(rig, SIDE_EXCHANGE, i);
        phone_receive(rig, SIDE_PEER, false, got, sizeof got);
    }
    call_close(rig, 0);
    const struct relay_leg *peer = &rig->last.leg[SIDE_PEER];
    const struct relay_leg *exchange = &rig->last.leg[SIDE_EXCHANGE];
    assert_int_equal(peer->rx_packets, 990);
    assert_int_equal(peer->rx_bytes, 990 * 172);
    assert_int_equal(exchange->tx_packets, 990);
    assert_int_equal(peer->lost, 10);
    assert_int_equal(peer->ssrc_changes, 0);
    assert_int_equal(exchange->rx_packets, 1000);
    assert_int_equal(exchange->lost, 0);
    assert_int_equal(peer->tx_packets, 1000);
    assert_int_equal(peer->tx_bytes, 1000 * 172);
    assert_int_equal(peer->send_errors + exchange->send_errors, 0);
    assert_in_range(peer->last_rx_ms, peer->first_rx_ms, PATIENCE_MS);
    assert_memory_equal(&relay_figures(rig->relay)[0], &rig->last, sizeof rig->last);
}

/* So many and so fast that the worker gathers them. */
static void nothing_is_lost_where_packets_are_gathered(void **state)
{
    enum { BATCHES = 400, BATCH = 50 };
    struct rig *rig = *state;
    char got[200];
    call_open(rig);
    for (unsigned i = 0; i < BATCHES; i++) {
        enum side from = i % 2, to = side_other(from);
        for (unsigned k = 0; k < BATCH; k++)
            rtp_send(rig, from, (uint16_t)(i / 2 * BATCH + k));
        for (unsigned k = 0; k < BATCH; k++) {
            assert_int_equal(phone_receive(rig, to, false, got, sizeof got), 172);
            assert_int_equal((uint8_t)got[2] << 8 | (uint8_t)got[3], i / 2 * BATCH + k);
        }
    }
    call_close(rig, 0);
    for (enum side side = SIDE_EXCHANGE; side <= SIDE_PEER; side++) {
        assert_int_equal(rig->last.leg[side].rx_packets, BATCHES / 2 * BATCH);
        assert_int_equal(rig->last.leg[side].tx_packets, BATCHES / 2 * BATCH);
        assert_int_equal(rig->last.leg[side].lost, 0);
    }
}

static void a_number_begins_with_empty_figures_again(void **state)
{
    struct rig *rig = *state;
    call_open(rig);
    phone_send(rig, SIDE_EXCHANGE, false, "x");
    phone_expect(rig, SIDE_PEER, false, "x");
    call_close(rig, 0);
    call_open(rig);
    call_close(rig, 0);
    assert_int_equal(rig->last.leg[SIDE_EXCHANGE].rx_packets, 0);
    assert_int_equal(rig->last.leg[SIDE_EXCHANGE].first_rx_ms, UINT32_MAX);
    assert_false(addr_is_set(&rig->last.leg[SIDE_EXCHANGE].latched));
}

/* ---------------------------------------------------------------- orders and pairs */

static void orders_out_of_place_are_refused(void **state)
{
    struct rig *rig = *state;
    struct relay_order open = order_open(0), beyond = order_open(STREAMS), unbound = order_open(9);
    struct relay_order target = order_target(rig, SIDE_PEER);
    struct relay_order close = {.kind = RELAY_CLOSE};
    assert_int_equal(relay_order(rig->relay, &beyond), EINVAL);
    assert_int_equal(relay_order(rig->relay, &unbound), EINVAL);
    assert_int_equal(relay_order(rig->relay, &target), EINVAL);
    give(rig, &open);
    assert_int_equal(relay_order(rig->relay, &open), EBUSY);
    struct relay_order stolen = order_open(0);
    stolen.stream = 1;
    assert_int_equal(relay_order(rig->relay, &stolen), EBUSY);
    assert_int_equal(relay_unbind(rig->relay, pair_of(SIDE_PEER, 0)), EBUSY);
    assert_int_equal(relay_pool_close(rig->relay, 3), EBUSY);
    give(rig, &close);
    assert_int_equal(relay_order(rig->relay, &close), EALREADY);
    assert_int_equal(relay_order(rig->relay, &target), EINVAL);
    relay_flush(rig->relay);
    await(rig, RELAY_CLOSED, 1);
    assert_int_equal(relay_unbind(rig->relay, pair_of(SIDE_PEER, 0)), 0);
}

static void closing_what_never_was_open_is_answered_too(void **state)
{
    struct rig *rig = *state;
    call_close(rig, 7);
    assert_int_equal(rig->last.leg[SIDE_PEER].first_rx_ms, UINT32_MAX);
    call_close(rig, 7);
}

static void a_pair_is_bound_whole_or_not_at_all(void **state)
{
    struct rig *rig = *state;
    struct relay_pair pair = pair_of(SIDE_PEER, 20);
    struct addr odd = addr_with_port(rig->relay_addr, (uint16_t)(pair.port + 1)), bound;
    int holder = phone_open(odd, &bound);
    size_t before = open_files();
    for (int i = 0; i < 10; i++)
        assert_int_equal(relay_bind(rig->relay, pair), EADDRINUSE);
    assert_int_equal(open_files(), before);
    close(holder);
    assert_int_equal(relay_bind(rig->relay, pair), 0);
    assert_int_equal(relay_bind(rig->relay, pair), EALREADY);
    assert_int_equal(open_files(), before + 1);
    assert_int_equal(relay_unbind(rig->relay, pair), 0);
    assert_int_equal(relay_unbind(rig->relay, pair), ENOENT);
    pair.port++;
    assert_int_equal(relay_bind(rig->relay, pair), EINVAL);
    pair.pool = 4;
    assert_int_equal(relay_bind(rig->relay, pair), EINVAL);
}

static void pairs_leave_some_files_to_others(void **state)
{
    struct rig *rig = *state;
    struct rlimit before, few;
    int lowest = dup(0), error = 0;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    close(lowest);
    few = (struct rlimit){(rlim_t)lowest + 100, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    for (stream_no i = STREAMS; i < 1000 && error != EMFILE; i++)
        error = relay_bind(rig->relay, pair_of(SIDE_PEER, i));
    int other = dup(0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(error, EMFILE);
    assert_true(other >= 0);
    assert_true(other > lowest);
    close(other);
}

static void a_pool_keeps_its_address(void **state)
{
    struct rig *rig = *state;
    struct core_pool pool = {.id = 3, .addr = rig->relay_addr};
    size_t before = open_files();
    assert_int_equal(relay_pool_open(rig->relay, &pool), 0);
    pool.addr = rig->phone_addr;
    assert_int_equal(relay_pool_open(rig->relay, &pool), EEXIST);
    pool.id = CORE_MAX_POOLS;
    assert_int_equal(relay_pool_open(rig->relay, &pool), EINVAL);
    assert_int_equal(relay_pool_close(rig->relay, 3), 0);
    assert_int_equal(open_files(), before - 16);
}

/* Ten thousand calls through the same few numbers, some with their pairs bound anew. */
static void ten_thousand_calls_leave_nothing_behind(void **state)
{
    struct rig *rig = *state;
    size_t before = 0;
    for (unsigned i = 0; i < 10000; i++) {
        stream_no stream = i % 4;
        struct relay_order open = order_open(stream);
        struct relay_order target = order_target(rig, SIDE_PEER);
        target.stream = stream;
        give(rig, &open);
        give(rig, &target);
        if (i % 3 == 0)
            relay_flush(rig->relay); /* else all three orders arrive together */
        call_close(rig, stream);
        if (i % 16 == 0) {
            assert_int_equal(relay_unbind(rig->relay, pair_of(SIDE_PEER, stream)), 0);
            assert_int_equal(relay_bind(rig->relay, pair_of(SIDE_PEER, stream)), 0);
        }
        if (i == 0)
            before = open_files();
    }
    assert_int_equal(open_files(), before);
    assert_int_equal(rig->told[RELAY_CLOSED], 10000);
}

static void ending_in_the_middle_of_calls_is_clean(void **state)
{
    struct rig *rig = *state;
    call_open(rig);
    phone_send(rig, SIDE_EXCHANGE, false, "x");
    phone_expect(rig, SIDE_PEER, false, "x");
    struct relay_order more = order_open(1), target = order_target(rig, SIDE_PEER);
    target.stream = 1;
    give(rig, &more);
    give(rig, &target); /* not flushed; teardown frees all of it */
}

static void ipv6_on_one_side_and_ipv4_on_the_other(void **state)
{
    struct rig *rig = *state;
    struct core_pool pool = {.id = 5, .addr = {.family = ADDR_IP6, .ip = {[15] = 1}}};
    struct relay_order open = order_open(0), peer = order_target(rig, SIDE_PEER);
    struct relay_order exchange = order_target(rig, SIDE_EXCHANGE);
    struct addr at;
    char got[16];
    assert_int_equal(relay_pool_open(rig->relay, &pool), 0);
    open.open.pair[SIDE_PEER] = (struct relay_pair){.pool = 5, .port = 21000};
    while (relay_bind(rig->relay, open.open.pair[SIDE_PEER]) == EADDRINUSE)
        open.open.pair[SIDE_PEER].port = (uint16_t)(open.open.pair[SIDE_PEER].port + 2);
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    if (fd < 0 || relay_unbind(rig->relay, open.open.pair[SIDE_PEER]) == ENOENT) {
        print_message("no ::1 here\n");
        skip();
    }
    close(fd);
    assert_int_equal(relay_bind(rig->relay, open.open.pair[SIDE_PEER]), 0);
    fd = phone_open(pool.addr, &at);
    peer.target.rtp = at;
    peer.target.rtcp = (struct addr){0};
    open.open.dscp[SIDE_PEER] = 46;
    give(rig, &open);
    give(rig, &peer);
    listening(rig, &exchange);
    phone_send(rig, SIDE_EXCHANGE, false, "six");
    assert_int_equal(recv(fd, got, sizeof got, 0), 3);
    send_to(fd, addr_with_port(pool.addr, open.open.pair[SIDE_PEER].port), "four", 4);
    phone_expect(rig, SIDE_EXCHANGE, false, "four");
    call_close(rig, 0);
    assert_true(addr_equal(&rig->last.leg[SIDE_PEER].latched, &at));
    close(fd);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(any_bytes_pass_in_both_directions),
        T(rtcp_goes_from_port_to_port_and_is_counted_apart),
        T(with_rtcp_mux_both_share_the_even_port),
        T(a_source_behind_a_translator_is_answered_where_it_sends_from),
        T(new_sdp_lets_another_source_in_at_once),
        T(a_foreign_source_is_dropped_and_named),
        T(strict_hears_the_signalled_address_only),
        T(nothing_is_sent_to_a_muted_side),
        T(what_came_before_the_call_belongs_to_nobody),
        T(what_comes_after_the_order_waits_for_the_worker),
        T(packets_carry_the_mark),
        T(a_known_target_is_punched_until_something_comes),
        T(somebodys_punch_latches_and_is_not_passed_on),
        T(silence_is_told_once_and_so_is_its_end),
        T(the_final_figures_are_exact),
        T(nothing_is_lost_where_packets_are_gathered),
        T(a_number_begins_with_empty_figures_again),
        T(orders_out_of_place_are_refused),
        T(closing_what_never_was_open_is_answered_too),
        T(a_pair_is_bound_whole_or_not_at_all),
        T(pairs_leave_some_files_to_others),
        T(a_pool_keeps_its_address),
        T(ten_thousand_calls_leave_nothing_behind),
        T(ending_in_the_middle_of_calls_is_clean),
        T(ipv6_on_one_side_and_ipv4_on_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
