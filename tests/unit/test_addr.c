#include "tests/unit/cases.h"
#include "sdp/addr.h"
#include <errno.h>

static const struct addr untouched = {.family = 77, .port = 7};

/* What the printers make of the result; NULL: refused. */
static struct parse_case {
    const char *name;
    const char *text;
    const char *printed;
} ip_cases[] = {
    {"a dotted quad is IPv4", "192.0.2.1", "192.0.2.1"},
    {"all zeros is an address", "0.0.0.0", "0.0.0.0"},
    {"IPv6 stands without brackets", "fd00::1", "[fd00::1]"},
    {"IPv6 stands in brackets", "[2001:DB8::1]", "[2001:db8::1]"},
    {"IPv4 inside IPv6 stays IPv6", "::ffff:192.0.2.1", "[::ffff:192.0.2.1]"},
    {"the longest IPv6 fits", "1111:2222:3333:4444:5555:6666:255.255.255.255",
     "[1111:2222:3333:4444:5555:6666:ffff:ffff]"},
    {"IPv4 in brackets is refused", "[192.0.2.1]", NULL},
    {"nothing is refused", "", NULL},
    {"empty brackets are refused", "[]", NULL},
    {"one bracket is refused", "[fd00::1", NULL},
    {"a name is refused", "pbx.example", NULL},
    {"a leading zero is refused, it may mean octal", "192.0.2.01", NULL},
    {"three numbers are refused", "192.0.2", NULL},
    {"256 is refused", "192.0.2.256", NULL},
    {"a zone is refused", "fe80::1%eth0", NULL},
    {"blanks are refused", " 192.0.2.1", NULL},
    {"a port is refused", "192.0.2.1:5060", NULL},
    {"a hundred digits are refused", "1111111111111111111111111111111111111111111111111111111",
     NULL},
};

static void parse_check(int error, const struct addr *got, const char *printed)
{
    char text[ADDR_TEXT];
    if (!printed) {
        assert_int_equal(error, EINVAL);
        assert_memory_equal(got, &untouched, sizeof untouched);
        return;
    }
    assert_int_equal(error, 0);
    assert_int_equal(addr_print(got, text), strlen(printed));
    assert_string_equal(text, printed);
}

static void ip_is_read(void **state)
{
    const struct parse_case *c = *state;
    struct addr a = untouched;
    parse_check(addr_parse_ip(span_str(c->text), &a), &a, c->printed);
}

static struct parse_case addr_cases[] = {
    {"without a port the default is taken", "192.0.2.1", "192.0.2.1:9"},
    {"a port is read", "192.0.2.1:5060", "192.0.2.1:5060"},
    {"the highest port is read", "192.0.2.1:65535", "192.0.2.1:65535"},
    {"IPv6 in brackets may have a port", "[fd00::1]:5060", "[fd00::1]:5060"},
    {"IPv6 in brackets may have none", "[fd00::1]", "[fd00::1]:9"},
    {"IPv6 without brackets is read whole", "fd00::1:5060", "[fd00::1:5060]:9"},
    {"port 0 is refused", "192.0.2.1:0", NULL},
    {"port 65536 is refused", "192.0.2.1:65536", NULL},
    {"port 99999 is refused", "192.0.2.1:99999", NULL},
    {"a port of 30 digits is refused", "192.0.2.1:111111111111111111111111111111", NULL},
    {"an empty port is refused", "192.0.2.1:", NULL},
    {"a port in words is refused", "192.0.2.1:sip", NULL},
    {"a signed port is refused", "192.0.2.1:+5060", NULL},
    {"a name is refused with a port too", "pbx.example:5060", NULL},
    {"a port without an address is refused", ":5060", NULL},
    {"IPv4 in brackets is refused with a port too", "[192.0.2.1]:5060", NULL},
    {"two pairs of brackets are refused", "[[fd00::1]]:5060", NULL},
    {"text behind the bracket is refused", "[fd00::1]x", NULL},
};

static void addr_is_read(void **state)
{
    const struct parse_case *c = *state;
    struct addr a = untouched;
    parse_check(addr_parse(span_str(c->text), 9, &a), &a, c->printed);
}

static struct split_case {
    const char *name;
    const char *text;
    const char *host; /* NULL: refused */
    uint16_t port;
} split_cases[] = {
    {"a name alone", "pbx.example", "pbx.example", 0},
    {"a name with a port", "pbx.example:5070", "pbx.example", 5070},
    {"brackets are taken off", "[fd00::1]:5070", "fd00::1", 5070},
    {"IPv6 without brackets has no port", "::1", "::1", 0},
    {"two colons at the end belong to the host", "fd00::", "fd00::", 0},
    {"an empty text is refused", "", NULL, 0},
    {"an empty host is refused", ":5060", NULL, 0},
    {"an open bracket is refused", "[fd00::1", NULL, 0},
    {"port 0 is refused", "pbx:0", NULL, 0},
};

static void host_and_port_are_split(void **state)
{
    const struct split_case *c = *state;
    struct span host = span_str("untouched");
    uint16_t port = 1;
    int error = addr_split(span_str(c->text), &host, &port);
    assert_int_equal(error, c->host ? 0 : EINVAL);
    assert_true(span_is(host, span_str(c->host ? c->host : "untouched")));
    assert_int_equal(port, c->host ? c->port : 1);
}

static struct prefix_case {
    const char *name;
    const char *prefix;
    const char *inside;  /* NULL: the prefix is refused */
    const char *outside; /* NULL: nothing of the family is */
} prefix_cases[] = {
    {"an address alone holds itself", "192.0.2.1", "192.0.2.1", "192.0.2.2"},
    {"a /24 holds 256 addresses", "192.0.2.0/24", "192.0.2.255", "192.0.3.0"},
    {"a /10 ends inside a byte", "100.64.0.0/10", "100.127.255.255", "100.128.0.0"},
    {"a /31 holds two", "192.0.2.2/31", "192.0.2.3", "192.0.2.4"},
    {"a /0 holds the family", "0.0.0.0/0", "203.0.113.1", "fd00::1"},
    {"an IPv6 /64 holds its hosts", "fd00:1::/64", "fd00:1::ffff", "fd00:1:0:1::"},
    {"an IPv6 /48 as tailscale has it", "fd7a:115c:a1e0::/48", "fd7a:115c:a1e0:ab12::1",
     "fd7a:115c:a1e1::1"},
    {"::/0 holds no IPv4", "::/0", "::1", "0.0.0.0"},
    {"host bits are refused", "192.0.2.1/24", NULL, NULL},
    {"host bits inside a byte are refused", "100.65.0.0/10", NULL, NULL},
    {"33 bits are refused", "192.0.2.0/33", NULL, NULL},
    {"129 bits are refused", "::/129", NULL, NULL},
    {"an empty length is refused", "192.0.2.0/", NULL, NULL},
    {"a name is refused", "net/24", NULL, NULL},
    {"nothing is refused", "", NULL, NULL},
};

static struct addr ip(const char *text)
{
    struct addr a;
    assert_int_equal(addr_parse_ip(span_str(text), &a), 0);
    return a;
}

static void prefix_holds(void **state)
{
    const struct prefix_case *c = *state;
    struct prefix p;
    char text[ADDR_TEXT];
    int error = prefix_parse(span_str(c->prefix), &p);
    if (!c->inside) {
        assert_int_equal(error, EINVAL);
        return;
    }
    assert_int_equal(error, 0);
    assert_int_equal(prefix_print(&p, text), strlen(c->prefix));
    assert_string_equal(text, c->prefix);
    struct addr in = addr_with_port(ip(c->inside), 5060);
    struct addr out = ip(c->outside);
    assert_true(prefix_contains(&p, &in));
    assert_false(prefix_contains(&p, &out));
    assert_false(prefix_contains(&p, &(struct addr){0}));
}

static void a_nul_byte_is_no_part_of_an_address(void **state)
{
    (void)state;
    struct addr a = untouched;
    assert_int_equal(addr_parse_ip(span_of("192.0.2.1\0", 10), &a), EINVAL);
    assert_int_equal(addr_parse_ip(span_of("fd00::1\0x", 9), &a), EINVAL);
    assert_int_equal(addr_parse_ip(span_of(NULL, 0), &a), EINVAL);
    assert_memory_equal(&a, &untouched, sizeof a);
}

static void equal_addresses_are_equal_bytes(void **state)
{
    (void)state;
    struct addr a;
    struct addr b;
    memset(&a, 0xff, sizeof a);
    memset(&b, 0, sizeof b);
    addr_parse(span_str("[FD00:0::1]:5060"), 0, &a);
    addr_parse(span_str("[fd00::0:1]:5060"), 0, &b);
    assert_memory_equal(&a, &b, sizeof a);
    assert_true(addr_equal(&a, &b));
    b.port++;
    assert_true(addr_same_ip(&a, &b));
    assert_false(addr_equal(&a, &b));
    struct addr zero4 = ip("0.0.0.0");
    struct addr zero6 = ip("::");
    assert_false(addr_same_ip(&zero4, &zero6));
}

static void an_address_is_printed_as_sip_writes_it(void **state)
{
    (void)state;
    char text[ADDR_TEXT];
    struct addr a = addr_with_port(ip("fd00::1"), 5060);
    assert_int_equal(addr_print_ip(&a, text), 7);
    assert_string_equal(text, "fd00::1");
    assert_int_equal(addr_print_host(&a, text), 9);
    assert_string_equal(text, "[fd00::1]");
    assert_int_equal(addr_print(&(struct addr){0}, text), 0);
    assert_string_equal(text, "");
    assert_int_equal(addr_print_host(&(struct addr){0}, text), 0);
}

static void wildcards_and_loopback_are_known(void **state)
{
    (void)state;
    struct addr a = ip("0.0.0.0");
    assert_true(addr_is_wildcard(&a));
    a = ip("::");
    assert_true(addr_is_wildcard(&a));
    a = ip("0.0.0.1");
    assert_false(addr_is_wildcard(&a));
    assert_false(addr_is_wildcard(&(struct addr){0}));
    a = ip("127.0.1.7");
    assert_true(addr_is_loopback(&a));
    a = ip("::1");
    assert_true(addr_is_loopback(&a));
    a = ip("128.0.0.1");
    assert_false(addr_is_loopback(&a));
    a = ip("::2");
    assert_false(addr_is_loopback(&a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_nul_byte_is_no_part_of_an_address),
        cmocka_unit_test(equal_addresses_are_equal_bytes),
        cmocka_unit_test(an_address_is_printed_as_sip_writes_it),
        cmocka_unit_test(wildcards_and_loopback_are_known),
    };
    int failed = CASES_RUN(ip_cases, ip_is_read);
    failed += CASES_RUN(addr_cases, addr_is_read);
    failed += CASES_RUN(split_cases, host_and_port_are_split);
    failed += CASES_RUN(prefix_cases, prefix_holds);
    failed += cmocka_run_group_tests(tests, NULL, NULL);
    return failed;
}
