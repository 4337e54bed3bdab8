#include "tests/unit/cases.h"
#include "sdp/map.h"

#define MAX_RULES 4

static struct map_case {
    const char *name;
    const char *rules[MAX_RULES][2]; /* announced, reached */
    const char *in;
    const char *forward; /* NULL: no rule */
    const char *back;
} map_cases[] = {
    {"an empty map changes nothing", {{NULL}}, "10.0.0.1:5060", NULL, NULL},
    {"an exact address is replaced and its port kept",
     {{"10.0.0.1", "100.64.0.1"}},
     "10.0.0.1:5060",
     "100.64.0.1:5060",
     NULL},
    {"back is the other direction",
     {{"10.0.0.1", "100.64.0.1"}},
     "100.64.0.1:5060",
     NULL,
     "10.0.0.1:5060"},
    {"the bits behind a prefix are carried over",
     {{"192.168.1.0/24", "100.64.7.0/24"}},
     "192.168.1.33:4000",
     "100.64.7.33:4000",
     NULL},
    {"bits are carried over inside a byte",
     {{"192.168.32.0/19", "100.64.96.0/19"}},
     "192.168.63.200:1",
     "100.64.127.200:1",
     NULL},
    {"the longest match wins though it stands last",
     {{"10.0.0.0/8", "11.0.0.0/8"}, {"10.1.0.0/16", "12.1.0.0/16"}, {"10.1.1.1", "100.64.0.1"}},
     "10.1.1.1:1",
     "100.64.0.1:1",
     NULL},
    {"the longest match wins on the way back",
     {{"10.0.0.0/8", "11.0.0.0/8"}, {"10.1.1.1", "11.1.1.1"}, {"10.2.2.2", "11.3.3.3"}},
     "11.3.3.3:1",
     NULL,
     "10.2.2.2:1"},
    {"of two rules as long the first one counts",
     {{"10.0.0.1", "100.64.0.1"}, {"10.0.0.2", "100.64.0.1"}},
     "100.64.0.1:1",
     NULL,
     "10.0.0.1:1"},
    {"everything may be mapped onto everything",
     {{"0.0.0.0/0", "0.0.0.0/0"}},
     "10.0.0.1:1",
     "10.0.0.1:1",
     "10.0.0.1:1"},
    {"IPv6 prefixes carry their hosts over",
     {{"fd00:1::/64", "fd7a:115c:a1e0:5::/64"}},
     "[fd00:1::abcd]:4000",
     "[fd7a:115c:a1e0:5::abcd]:4000",
     NULL},
    {"IPv6 does not match IPv4", {{"0.0.0.0/0", "0.0.0.0/0"}}, "[::1]:1", NULL, NULL},
    {"a longer rule of the other family does not hide a shorter one",
     {{"10.0.0.0/24", "11.0.0.0/24"}, {"fd00::/64", "fd01::/64"}},
     "10.0.0.9:1",
     "11.0.0.9:1",
     NULL},
};

static size_t rules_read(const struct map_case *c, struct map_rule *rules)
{
    size_t n = 0;
    for (; n < MAX_RULES && c->rules[n][0]; n++) {
        assert_int_equal(prefix_parse(span_str(c->rules[n][0]), &rules[n].announced), 0);
        assert_int_equal(prefix_parse(span_str(c->rules[n][1]), &rules[n].reached), 0);
    }
    return n;
}

static void result_check(int rule, const struct addr *got, const struct addr *in,
                         const char *expected)
{
    char text[ADDR_TEXT];
    addr_print(expected ? got : in, text);
    if (expected) {
        assert_true(rule >= 0);
        assert_string_equal(text, expected);
    } else {
        assert_int_equal(rule, -1);
        assert_memory_equal(got, in, sizeof *in);
    }
}

static void map_translates(void **state)
{
    const struct map_case *c = *state;
    struct map_rule rules[MAX_RULES];
    struct map map;
    map_build(&map, rules, rules_read(c, rules));
    struct addr in;
    assert_int_equal(addr_parse(span_str(c->in), 0, &in), 0);
    struct addr out = in;
    result_check(map_forward(&map, &out, &out), &out, &in, c->forward);
    out = in;
    result_check(map_back(&map, &out, &out), &out, &in, c->back);
}

static struct clash_case {
    const char *name;
    const char *announced[3];
    int first, second; /* -1: none */
} clash_cases[] = {
    {"different addresses do not clash", {"10.0.0.1", "10.0.0.2", "10.0.0.3"}, -1, -1},
    {"a prefix and a longer one inside it do not clash",
     {"10.0.0.0/8", "10.0.0.0/16", "::/16"},
     -1,
     -1},
    {"the same address twice clashes", {"10.0.0.1", "10.0.0.2", "10.0.0.1"}, 0, 2},
    {"an address and its /32 clash", {"10.0.0.9", "10.0.0.1", "10.0.0.1/32"}, 1, 2},
    {"0.0.0.0/0 and ::/0 do not clash", {"0.0.0.0/0", "::/0", "10.0.0.0/8"}, -1, -1},
};

static void clashes_are_found(void **state)
{
    const struct clash_case *c = *state;
    struct map_rule rules[3] = {0};
    size_t first = 99;
    size_t second = 99;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(prefix_parse(span_str(c->announced[i]), &rules[i].announced), 0);
    assert_int_equal(map_clash(rules, 3, &first, &second), c->first >= 0);
    assert_int_equal(first, c->first >= 0 ? c->first : 99);
    assert_int_equal(second, c->first >= 0 ? c->second : 99);
}

/* There and back again: over any rule, whatever the host bits are. */
static void forward_and_back_are_inverse(void **state)
{
    (void)state;
    uint64_t seed = 0x5eed;
    for (int round = 0; round < 20000; round++) {
        struct map_rule rule = {0};
        struct addr in = {.family = round % 2 ? ADDR_IP4 : ADDR_IP6, .port = 5};
        size_t bytes = round % 2 ? 4 : 16;
        unsigned bits = (unsigned)(round / 2) % (unsigned)(bytes * 8 + 1);
        rule.announced.base.family = rule.reached.base.family = in.family;
        rule.announced.bits = rule.reached.bits = (uint8_t)bits;
        for (size_t i = 0; i < bytes; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            unsigned inside = bits > i * 8 ? bits - (unsigned)i * 8 : 0;
            uint8_t mask = (uint8_t)(0xff00u >> (inside < 8 ? inside : 8));
            rule.announced.base.ip[i] = (uint8_t)(seed >> 40) & mask;
            rule.reached.base.ip[i] = (uint8_t)(seed >> 48) & mask;
            in.ip[i] = (uint8_t)(rule.announced.base.ip[i] | ((uint8_t)(seed >> 56) & ~mask));
        }
        struct map map;
        struct addr there;
        struct addr back;
        map_build(&map, &rule, 1);
        assert_int_equal(map_forward(&map, &in, &there), 0);
        assert_true(prefix_contains(&rule.reached, &there));
        assert_int_equal(map_back(&map, &there, &back), 0);
        assert_memory_equal(&in, &back, sizeof in);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forward_and_back_are_inverse),
    };
    int failed = CASES_RUN(map_cases, map_translates);
    failed += CASES_RUN(clash_cases, clashes_are_found);
    failed += cmocka_run_group_tests(tests, NULL, NULL);
    return failed;
}
