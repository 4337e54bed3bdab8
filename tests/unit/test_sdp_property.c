/*
 * What must hold of rewriting any SDP with any table: bodies come from a grammar (sdp_grammar.h),
 * every failure names the seed it is repeated with.
 */
#include "tests/unit/cases.h"
#include "tests/sdp_check.h"
#include "tests/sdp_grammar.h"

static const struct sdp_writer inside = {"10.9.", "fd99:", ".inside.example"};

static struct addr pick_addr(struct sdp_grammar *g, uint8_t net)
{
    struct addr a = {.family = ADDR_IP4, .ip = {100, 64, net, (uint8_t)(1 + sdp_pick(g, 250))}};
    if (sdp_pick(g, 3) == 0)
        a = (struct addr){.family = ADDR_IP6,
                          .ip = {0xfd, net, [15] = (uint8_t)(1 + sdp_pick(g, 250))}};
    return a;
}

static void pick_table(struct sdp_grammar *g, uint8_t net, struct sdp_new *with)
{
    static const struct span codecs[] = {{"PCMU", 4}, {"telephone-event", 15}, {"G722", 4}};
    memset(with, 0, sizeof *with);
    with->origin = pick_addr(g, net);
    with->session = pick_addr(g, net);
    if (sdp_pick(g, 3) == 0)
        with->username = span_str("0312345678");
    with->drop_ice = true;
    if (sdp_pick(g, 2)) {
        with->codecs = codecs;
        with->n_codecs = 1 + sdp_pick(g, 3);
    }
    for (unsigned i = 0; i < SDP_MAX_MEDIA; i++) {
        struct sdp_media_new *m = &with->media[i];
        m->addr = addr_with_port(pick_addr(g, net), (uint16_t)(20000 + 256 * net + 2 * i));
        m->rtcp = sdp_pick(g, 4) ? (uint16_t)(m->addr.port + 1) : 0;
        m->disable = sdp_pick(g, 8) == 0;
        if (sdp_pick(g, 4) == 0)
            m->rtcp_addr = pick_addr(g, net);
    }
}

static void fail_with(uint64_t seed, const char *what, struct span body)
{
    fail_msg("seed %llx: %s\n%.*s", (unsigned long long)seed, what, (int)body.n, body.p);
}

static struct sdp_grammar grammar(uint64_t seed, unsigned most_media)
{
    static char buffer[1 << 17];
    return (struct sdp_grammar){.seed = seed,
                                .writer = &inside,
                                .most_media = most_media,
                                .p = buffer,
                                .room = sizeof buffer};
}

static bool holds(struct span s, const char *text)
{
    return memmem(s.p, s.n, text, strlen(text)) != NULL;
}

static bool holds_address(struct span s, const struct sdp_writer *w)
{
    return holds(s, w->ip4) || holds(s, w->ip6) || holds(s, w->name);
}

static struct sdp sdp; /* some ten kilobytes; one at a time */

/* What we wrote can be read, and rewriting it once more changes nothing; what is not edited is the
 * bytes that came (both in sdp_check_rewrite); no address of the writer is left. */
static void any_readable_body_is_rewritten_cleanly(void **state)
{
    (void)state;
    struct sdp_grammar g = grammar(1, 5);
    for (int round = 0; round < 20000; round++) {
        uint64_t seed = g.seed;
        struct sdp_new with;
        struct sdp_checked got;
        sdp_body(&g);
        pick_table(&g, 0, &with);
        struct span body = span_of(g.p, g.n);
        if (sdp_read(body, &sdp) != SDP_OK)
            fail_with(seed, "a good body was refused", body);
        const char *broken = sdp_check_rewrite(body, &with, &got);
        struct span out = span_of(got.out, got.len);
        if (broken)
            fail_with(seed, broken, body);
        if (holds_address(out, &inside))
            fail_with(seed, "an address crossed", out);
        free(got.out);
    }
}

static void a_body_of_many_m_lines_is_rewritten_cleanly(void **state)
{
    (void)state;
    struct sdp_grammar g = grammar(7, SDP_MAX_MEDIA + 4);
    unsigned too_many = 0;
    for (int round = 0; round < 1000; round++) {
        uint64_t seed = g.seed;
        struct sdp_new with;
        struct sdp_checked got;
        sdp_body(&g);
        pick_table(&g, 0, &with);
        struct span body = span_of(g.p, g.n);
        too_many += sdp_read(body, &sdp) == SDP_TOO_MANY_MEDIA;
        const char *broken = sdp_check_rewrite(body, &with, &got);
        if (broken)
            fail_with(seed, broken, body);
        if (got.out && holds_address(span_of(got.out, got.len), &inside))
            fail_with(seed, "an address crossed", span_of(got.out, got.len));
        free(got.out);
    }
    assert_in_range(too_many, 50, 500);
}

/* The lines of s that no rule reads, one after the other; returns their length. */
static size_t plain_lines(struct span s, char *out)
{
    static const char *const read[] = {"a=rtcp:", "a=rtpmap",    "a=fmtp",     "a=rtcp-fb",
                                       "a=ice-",  "a=candidate", "a=end-of-c", "a=remote-can"};
    size_t n = 0;
    while (s.n > 0) {
        const char *end = memchr(s.p, '\n', s.n);
        size_t len = end ? (size_t)(end - s.p) + 1 : s.n;
        struct span line = span_of(s.p, len);
        bool is_read = memchr("ocm", line.p[0], 3);
        for (size_t i = 0; i < sizeof read / sizeof *read; i++)
            is_read |= span_begins(line, read[i]);
        if (!is_read) {
            memcpy(out + n, line.p, len);
            n += len;
        }
        s = span_from(s, len);
    }
    return n;
}

/* Seen from outside, without asking the edits: lines no rule reads are the same bytes in the same
 * order. */
static void lines_that_no_rule_reads_are_byte_identical(void **state)
{
    (void)state;
    static char before[1 << 17], after[1 << 17];
    struct sdp_grammar g = grammar(2, 5);
    for (int round = 0; round < 5000; round++) {
        uint64_t seed = g.seed;
        struct sdp_new with;
        struct sdp_checked got;
        sdp_body(&g);
        pick_table(&g, 0, &with);
        struct span body = span_of(g.p, g.n);
        const char *broken = sdp_check_rewrite(body, &with, &got);
        if (broken)
            fail_with(seed, broken, body);
        size_t n = plain_lines(body, before);
        if (n != plain_lines(span_of(got.out, got.len), after) || memcmp(before, after, n) != 0)
            fail_with(seed, "an untouched line changed", body);
        free(got.out);
    }
}

/* Two proxies in a row: what the second one writes does not depend on whether there was a first
 * one, and nothing of the first one is left either. */
static void a_second_proxy_writes_what_it_would_have_written_alone(void **state)
{
    (void)state;
    static const struct sdp_writer first_one = {"100.64.1.", "fd01:", ".none"};
    struct sdp_grammar g = grammar(4, 5);
    for (int round = 0; round < 10000; round++) {
        uint64_t seed = g.seed;
        struct sdp_new first, second;
        struct sdp_checked once, twice, alone;
        sdp_body(&g);
        pick_table(&g, 1, &first);
        pick_table(&g, 2, &second);
        first.codecs = second.codecs;
        first.n_codecs = second.n_codecs;
        second.username = first.username;
        for (unsigned i = 0; i < SDP_MAX_MEDIA; i++) {
            first.media[i].rtcp = (uint16_t)(first.media[i].addr.port + 1);
            second.media[i].rtcp = (uint16_t)(second.media[i].addr.port + 1);
            second.media[i].disable = first.media[i].disable;
        }
        struct span body = span_of(g.p, g.n);
        const char *broken = sdp_check_rewrite(body, &first, &once);
        struct span between = span_of(once.out, once.len);
        broken = broken ? broken : sdp_check_rewrite(between, &second, &twice);
        broken = broken ? broken : sdp_check_rewrite(body, &second, &alone);
        if (broken)
            fail_with(seed, broken, body);
        if (!span_is(span_of(twice.out, twice.len), span_of(alone.out, alone.len)))
            fail_with(seed, "the first proxy shows behind the second", body);
        if (holds_address(span_of(twice.out, twice.len), &first_one))
            fail_with(seed, "an address of the first proxy crossed the second", between);
        free(once.out);
        free(twice.out);
        free(alone.out);
    }
}

static void a_spoilt_body_is_refused_or_rewritten_cleanly(void **state)
{
    (void)state;
    struct sdp_grammar g = grammar(3, 5);
    unsigned refused = 0;
    for (int round = 0; round < 30000; round++) {
        uint64_t seed = g.seed;
        struct sdp_new with;
        struct sdp_checked got;
        sdp_body(&g);
        pick_table(&g, 0, &with);
        if (sdp_pick(&g, 2))
            sdp_spoil_lines(&g);
        else
            sdp_spoil_bytes(&g);
        struct span body = span_of(g.p, g.n);
        refused += sdp_read(body, &sdp) != SDP_OK;
        const char *broken = sdp_check_rewrite(body, &with, &got);
        if (broken)
            fail_with(seed, broken, body);
        free(got.out);
    }
    assert_in_range(refused, 10000, 25000); /* it spoils, and not everything */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_readable_body_is_rewritten_cleanly),
        cmocka_unit_test(a_body_of_many_m_lines_is_rewritten_cleanly),
        cmocka_unit_test(lines_that_no_rule_reads_are_byte_identical),
        cmocka_unit_test(a_second_proxy_writes_what_it_would_have_written_alone),
        cmocka_unit_test(a_spoilt_body_is_refused_or_rewritten_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
