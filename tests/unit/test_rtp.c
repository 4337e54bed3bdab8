/* Loss and jitter from RTP headers, RFC 3550 appendix A. */
#include "proxy/relay/rtp.h"

#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define MS 1000u

static void put32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

/* 20 ms of G.711 whose timestamp follows its number. */
static void note(struct rtp_stats *s, uint8_t type, uint32_t ssrc, uint16_t seq, uint64_t now_us)
{
    uint8_t p[172] = {0x80, type, (uint8_t)(seq >> 8), (uint8_t)seq};
    put32(p + 4, seq * 160u);
    put32(p + 8, ssrc);
    rtp_note(s, p, sizeof p, now_us);
}

struct sequence {
    const char *name;
    uint16_t seq[12];
    size_t n;
    uint64_t lost;
};

static const struct sequence sequences[] = {
    {"every packet in order: nothing lost", {1, 2, 3, 4, 5}, 5, 0},
    {"two missing in the middle", {1, 2, 5, 6}, 4, 2},
    {"the number wraps without a loss", {65534, 65535, 0, 1}, 4, 0},
    {"a loss across the wrap", {65534, 65535, 2, 3}, 4, 2},
    {"two packets that changed places are not lost", {1, 3, 2, 4}, 4, 0},
    {"late across the wrap", {65534, 0, 65535, 1}, 4, 0},
    {"a repeated packet hides a lost one (A.3) but never more than all", {1, 2, 2, 2, 3}, 5, 0},
    {"one stray number is ignored", {1, 2, 30000, 3, 4}, 5, 0},
    {"a jump that goes on begins anew and keeps what was lost", {1, 4, 30000, 30001, 30002}, 5, 2},
    {"the very first packet alone", {4711}, 1, 0},
};

static void losses_are_counted_as_in_appendix_A3(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++) {
        struct rtp_stats s = {0};
        for (size_t k = 0; k < sequences[i].n; k++)
            note(&s, 0, 7, sequences[i].seq[k], k * 20 * MS);
        if (rtp_lost(&s) != sequences[i].lost)
            fail_msg("%s: %llu lost", sequences[i].name, (unsigned long long)rtp_lost(&s));
    }
}

static void many_wraps_are_counted(void **state)
{
    struct rtp_stats s = {0};
    (void)state;
    for (uint32_t i = 0; i < 200000; i++) {
        if (i % 1000 != 500)
            note(&s, 0, 7, (uint16_t)i, (uint64_t)i * 20 * MS);
    }
    assert_int_equal(rtp_lost(&s), 200);
}

static void evenly_spaced_packets_have_no_jitter(void **state)
{
    struct rtp_stats s = {0};
    (void)state;
    for (uint16_t i = 0; i < 100; i++)
        note(&s, 0, 7, i, 5000000 + i * 20ull * MS);
    assert_int_equal(rtp_jitter_us(&s), 0);
}

/* J += (|D| - J) / 16 with D = 10 ms each time converges to 10 ms. */
static void jitter_converges_to_the_mean_deviation(void **state)
{
    struct rtp_stats s = {0};
    (void)state;
    note(&s, 0, 7, 0, 0);
    note(&s, 0, 7, 1, 30 * MS);
    assert_in_range(rtp_jitter_us(&s), 600, 650); /* 10 ms / 16 */
    for (uint16_t i = 2; i < 300; i++)
        note(&s, 0, 7, i, i * 20ull * MS + (i % 2 ? 10 * MS : 0));
    assert_in_range(rtp_jitter_us(&s), 9500, 10100);
}

static void jitter_follows_the_clock_of_the_payload_type(void **state)
{
    struct rtp_stats s = {0};
    uint8_t p[12] = {0x80, 33};
    (void)state;
    for (uint32_t i = 0; i < 50; i++) {
        p[3] = (uint8_t)i;
        put32(p + 4, i * 3600); /* 40 ms at 90 kHz */
        rtp_note(&s, p, sizeof p, i * 40ull * MS);
    }
    assert_int_equal(rtp_jitter_us(&s), 0);
}

static void the_timestamp_may_wrap(void **state)
{
    struct rtp_stats s = {0};
    uint8_t p[12] = {0x80, 0};
    (void)state;
    for (uint32_t i = 0; i < 50; i++) {
        p[3] = (uint8_t)i;
        put32(p + 4, UINT32_MAX - 2000 + i * 160);
        rtp_note(&s, p, sizeof p, i * 20ull * MS);
    }
    assert_int_equal(rtp_jitter_us(&s), 0);
}

static void a_new_source_starts_its_own_numbers_and_keeps_the_losses(void **state)
{
    struct rtp_stats s = {0};
    (void)state;
    note(&s, 0, 7, 10, 0);
    note(&s, 0, 7, 12, 40 * MS);
    assert_int_equal(s.ssrc_changes, 0);
    note(&s, 0, 8, 50000, 60 * MS);
    note(&s, 0, 8, 50003, 80 * MS);
    assert_int_equal(s.ssrc_changes, 1);
    assert_int_equal(rtp_lost(&s), 1 + 2);
}

struct header {
    const char *name;
    uint8_t bytes[24];
    size_t n;
    bool is_rtp;
};

static const struct header headers[] = {
    {"nothing at all", {0}, 0, false},
    {"one byte", {0x80}, 1, false},
    {"eleven bytes", {0x80, 0}, 11, false},
    {"a header without payload", {0x80, 0}, 12, true},
    {"version 1", {0x40, 0}, 24, false},
    {"STUN", {0x00, 0x01}, 20, false},
    {"15 contributing sources in 24 bytes", {0x8f, 0}, 24, false},
    {"two contributing sources", {0x82, 0}, 20, true},
    {"two contributing sources, one byte short", {0x82, 0}, 19, false},
    {"an extension without its header", {0x90, 0}, 15, false},
    {"an extension of two words",
     {0x90, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0xbe, 0xde, 0, 2},
     24,
     true},
    {"an extension past the end",
     {0x90, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0xbe, 0xde, 0xff, 0xff},
     24,
     false},
};

static void only_whole_headers_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        struct rtp_stats s = {0};
        uint8_t *exact = malloc(headers[i].n + 1); /* so that a sanitizer sees each byte too many */
        uint8_t *p = exact + 1;
        memcpy(p, headers[i].bytes, headers[i].n);
        rtp_note(&s, p, headers[i].n, 0);
        if (s.started != headers[i].is_rtp)
            fail_msg("%s", headers[i].name);
        free(exact);
    }
}

static void garbage_changes_nothing(void **state)
{
    struct rtp_stats s = {0};
    uint8_t junk[64];
    (void)state;
    note(&s, 0, 7, 1, 0);
    memset(junk, 0x3f, sizeof junk);
    rtp_note(&s, junk, sizeof junk, 20 * MS);
    note(&s, 0, 7, 2, 20 * MS);
    assert_int_equal(rtp_lost(&s), 0);
    assert_int_equal(s.ssrc_changes, 0);
    assert_int_equal(rtp_jitter_us(&s), 0);
}

static void rtcp_is_told_from_rtp_on_a_shared_port(void **state)
{
    uint8_t p[16] = {0x80, 200};
    (void)state;
    assert_true(rtp_is_rtcp(p, sizeof p)); /* SR */
    p[1] = 201;
    assert_true(rtp_is_rtcp(p, 8)); /* RR without blocks */
    assert_false(rtp_is_rtcp(p, 7));
    p[1] = 0x80 | 8; /* PCMA with the marker */
    assert_false(rtp_is_rtcp(p, sizeof p));
    p[1] = 0x80 | 101; /* telephone-event with the marker */
    assert_false(rtp_is_rtcp(p, sizeof p));
    p[0] = 0x40;
    p[1] = 200;
    assert_false(rtp_is_rtcp(p, sizeof p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_are_counted_as_in_appendix_A3),
        cmocka_unit_test(many_wraps_are_counted),
        cmocka_unit_test(evenly_spaced_packets_have_no_jitter),
        cmocka_unit_test(jitter_converges_to_the_mean_deviation),
        cmocka_unit_test(jitter_follows_the_clock_of_the_payload_type),
        cmocka_unit_test(the_timestamp_may_wrap),
        cmocka_unit_test(a_new_source_starts_its_own_numbers_and_keeps_the_losses),
        cmocka_unit_test(only_whole_headers_are_read),
        cmocka_unit_test(garbage_changes_nothing),
        cmocka_unit_test(rtcp_is_told_from_rtp_on_a_shared_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
