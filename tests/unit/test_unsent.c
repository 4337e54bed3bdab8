/* What is said about datagrams that cannot be sent, and what debug says about those that can. */
#include "proxy/net/trace.h"
#include "proxy/net/unsent.h"
#include "tests/unit/cases.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct addr addr_of(const char *text)
{
    struct addr a;
    assert_int_equal(addr_parse(span_str(text), 0, &a), 0);
    return a;
}

static void a_pair_is_news_once_a_minute(void **state)
{
    (void)state;
    static struct unsent u;
    struct addr from = addr_of("10.0.0.1:5060"), to = addr_of("10.0.0.2:5060");
    struct addr other = addr_of("10.0.0.3:5060");
    assert_true(unsent_is_news(&u, &from, &to, EPERM, 1000));
    assert_false(unsent_is_news(&u, &from, &to, EPERM, 60999));
    assert_true(unsent_is_news(&u, &from, &other, EPERM, 2000));
    assert_true(unsent_is_news(&u, &other, &to, EPERM, 2000));
    assert_true(unsent_is_news(&u, &from, &to, EINVAL, 2000));
    assert_true(unsent_is_news(&u, &from, &to, EPERM, 61000));
    assert_false(unsent_is_news(&u, &from, &to, EPERM, 61001));
}

static void many_pairs_push_out_the_oldest(void **state)
{
    (void)state;
    static struct unsent u;
    struct addr from = addr_of("10.0.0.1:5060"), to = addr_of("10.0.0.2:5060");
    for (uint16_t i = 0; i <= UNSENT_PAIRS; i++) {
        to.port = (uint16_t)(1000 + i);
        assert_true(unsent_is_news(&u, &from, &to, EPERM, 1000u + i));
    }
    assert_false(unsent_is_news(&u, &from, &to, EPERM, 2000)); /* the last one */
    to.port = 1001;
    assert_false(unsent_is_news(&u, &from, &to, EPERM, 2000));
    to.port = 1000;
    assert_true(unsent_is_news(&u, &from, &to, EPERM, 2000));
}

static struct hint {
    const char *name;
    int error;
    bool gone;
    const char *line;
} hints[] = {
    {"a filter is guessed", EPERM, false,
     "cannot send to 10.0.0.2:5060 from 10.0.0.1:5060: Operation not permitted (a filter on this "
     "host?)"},
    {"an address that is gone is told", EINVAL, true,
     "cannot send to 10.0.0.2:5060 from 10.0.0.1:5060: Invalid argument (the address is gone: "
     "tailtrunkctl reload)"},
    {"other errors speak for themselves", ENETUNREACH, false,
     "cannot send to 10.0.0.2:5060 from 10.0.0.1:5060: Network is unreachable"},
};

static void hint_is_given(void **state)
{
    const struct hint *h = *state;
    struct addr from = addr_of("10.0.0.1:5060"), to = addr_of("10.0.0.2:5060");
    char out[200];
    assert_string_equal(unsent_print(&from, &to, h->error, h->gone, out, sizeof out), h->line);
}

#define HEADERS                                                                               \
    "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\n" \
    "Call-ID: abc@x\r\n"

static struct traced {
    const char *name, *bytes, *line, *call_id;
} traced[] = {
    {"a request shows its method and nothing of its credentials",
     "REGISTER sip:a:secret@b SIP/2.0\r\n" HEADERS "CSeq: 7 REGISTER\r\n"
     "Authorization: Digest username=\"u\", response=\"secret\"\r\nContent-Length: 0\r\n\r\n",
     "in 10.0.0.1:5060 -> 10.0.0.2:5060 REGISTER, CSeq 7 REGISTER, ", "abc@x"},
    {"a response shows its status", "SIP/2.0 486 Busy Here\r\n" HEADERS "CSeq: 8 INVITE\r\n\r\n",
     "in 10.0.0.1:5060 -> 10.0.0.2:5060 486, CSeq 8 INVITE, ", "abc@x"},
    {"a message that lacks something says so", "OPTIONS sip:a SIP/2.0\r\nCSeq: 1 OPTIONS\r\n\r\n",
     "in 10.0.0.1:5060 -> 10.0.0.2:5060 OPTIONS, CSeq 1 OPTIONS, missing-header, ", ""},
    {"what is no SIP says so", "hello", "in 10.0.0.1:5060 -> 10.0.0.2:5060 not-sip, ", ""},
    {"an empty line is a sign of life", "\r\n\r\n",
     "in 10.0.0.1:5060 -> 10.0.0.2:5060 keep-alive, ", ""},
    {"an overlong method is cut",
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA sip:a SIP/2.0\r\n" HEADERS
     "CSeq: 1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n\r\n",
     "in 10.0.0.1:5060 -> 10.0.0.2:5060 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA, CSeq 1 "
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA, ",
     "abc@x"},
};

static void message_is_traced(void **state)
{
    const struct traced *t = *state;
    struct addr from = addr_of("10.0.0.1:5060"), to = addr_of("10.0.0.2:5060");
    char out[TRACE_TEXT + 1], wanted[TRACE_TEXT];
    struct span call_id;
    size_t n = trace_print(true, &from, &to, span_str(t->bytes), &call_id, out);
    out[n] = '\0';
    (void)snprintf(wanted, sizeof wanted, "%s%zu bytes", t->line, strlen(t->bytes));
    assert_string_equal(out, wanted);
    assert_true(span_is(call_id, span_str(t->call_id)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pair_is_news_once_a_minute),
        cmocka_unit_test(many_pairs_push_out_the_oldest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL) + CASES_RUN(hints, hint_is_given) +
           CASES_RUN(traced, message_is_traced);
}
