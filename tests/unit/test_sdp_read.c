#include "tests/unit/cases.h"
#include "sdp/sdp.h"
#include <stdio.h>

#define HEAD "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n"
#define C "c=IN IP4 192.0.2.1\r\n"
#define T "t=0 0\r\n"
#define START HEAD C T

static struct error_case {
    const char *name;
    const char *body;
    enum sdp_error error;
    unsigned media; /* bad_media */
} error_cases[] = {
    {"what Asterisk writes is read", START "m=audio 18082 RTP/AVP 0 101\r\na=sendrecv\r\n", SDP_OK,
     0},
    {"lines may end in LF alone",
     "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\nm=audio 4000 RTP/AVP 0\n",
     SDP_OK, 0},
    {"the last line may have no line end", START "m=audio 4000 RTP/AVP 0", SDP_OK, 0},
    {"the last line may end in CR alone", START "m=audio 4000 RTP/AVP 0\r", SDP_OK, 0},
    {"empty lines at the end are skipped", START "m=audio 4000 RTP/AVP 0\r\n\r\n\n", SDP_OK, 0},
    {"a body without m-lines is read", START, SDP_OK, 0},
    {"a body without m-lines needs no c=", HEAD T, SDP_OK, 0},
    {"a body without o= is read", "v=0\r\nm=audio 0 RTP/AVP 0\r\n", SDP_OK, 0},
    {"unknown lines pass", START "x=whatever\r\nk=prompt\r\nb=AS:64\r\n", SDP_OK, 0},

    {"an empty body is no SDP", "", SDP_NOT_SDP, 0},
    {"text is no SDP", "Hello\r\n", SDP_NOT_SDP, 0},
    {"version 1 is no SDP", "v=1\r\n", SDP_NOT_SDP, 0},
    {"v=0 has to stand first", "o=- 1 1 IN IP4 192.0.2.1\r\nv=0\r\n", SDP_NOT_SDP, 0},
    {"a line without = is no SDP", START "hello\r\n", SDP_NOT_SDP, 0},
    {"a line with = further behind is no SDP", START "audio=1\r\n", SDP_NOT_SDP, 0},
    {"a blank before a line is no SDP", START " m=audio 4000 RTP/AVP 0\r\n", SDP_NOT_SDP, 0},
    {"a line of one letter is no SDP", START "m\r\n", SDP_NOT_SDP, 0},

    {"port 65535 is read", START "m=audio 65535 RTP/AVP 0\r\n", SDP_OK, 0},
    {"port 65536 is refused", START "m=audio 65536 RTP/AVP 0\r\n", SDP_BAD_PORT, 1},
    {"port 99999 is refused in the second m-line",
     START "m=audio 4000 RTP/AVP 0\r\nm=video 99999 RTP/AVP 31\r\n", SDP_BAD_PORT, 2},
    {"a port of 40 digits is refused",
     START "m=audio 4000000000000000000000000000000000000000 RTP/AVP 0\r\n", SDP_BAD_PORT, 1},
    {"one port of one is read", START "m=audio 4000/1 RTP/AVP 0\r\n", SDP_OK, 0},
    {"two ports in a row are refused", START "m=audio 4000/2 RTP/AVP 0\r\n", SDP_BAD_PORT, 1},
    {"no ports in a row are refused", START "m=audio 4000/0 RTP/AVP 0\r\n", SDP_BAD_PORT, 1},
    {"ports in a row in words are refused", START "m=audio 4000/x RTP/AVP 0\r\n", SDP_BAD_MEDIA, 1},
    {"a port in words is refused", START "m=audio any RTP/AVP 0\r\n", SDP_BAD_MEDIA, 1},
    {"a negative port is refused", START "m=audio -1 RTP/AVP 0\r\n", SDP_BAD_MEDIA, 1},
    {"an m-line without a proto is refused", START "m=audio 4000\r\n", SDP_BAD_MEDIA, 1},
    {"an empty m-line is refused", START "m=\r\n", SDP_BAD_MEDIA, 1},
    {"an m-line without formats is read", START "m=audio 0 RTP/AVP\r\n", SDP_OK, 0},

    {"a live m-line without any c= is refused", HEAD T "m=audio 4000 RTP/AVP 0\r\n",
     SDP_NO_CONNECTION, 1},
    {"the m-line without c= is named",
     HEAD T "m=audio 4000 RTP/AVP 0\r\n" C "m=video 0 RTP/AVP 31\r\nm=text 4004 RTP/AVP 98\r\n",
     SDP_NO_CONNECTION, 3},
    {"rejected m-lines need no c=", HEAD T "m=audio 0 RTP/AVP 0\r\n", SDP_OK, 0},
    {"every m-line may have its own c=",
     HEAD T "m=audio 4000 RTP/AVP 0\r\n" C "m=video 4002 RTP/AVP 31\r\n" C, SDP_OK, 0},
    {"c= may stand at both levels", START "m=audio 4000 RTP/AVP 0\r\n" C, SDP_OK, 0},
    {"two c= at session level are refused", HEAD C C T, SDP_BAD_CONNECTION, 0},
    {"two c= in one m-line are refused", START "m=audio 4000 RTP/AVP 0\r\n" C C, SDP_BAD_CONNECTION,
     1},
    {"c= without an address is refused", HEAD "c=IN IP4\r\n", SDP_BAD_CONNECTION, 0},
    {"c= of another network is refused", HEAD "c=ATM NSAP 47.0091\r\n", SDP_BAD_CONNECTION, 0},
    {"c= of another family is refused", HEAD "c=IN E164 1\r\n", SDP_BAD_CONNECTION, 0},
    {"c= with text behind the address is refused", HEAD "c=IN IP4 192.0.2.1 192.0.2.2\r\n",
     SDP_BAD_CONNECTION, 0},
    {"c= with a bare ttl is refused", HEAD "c=IN IP4 /127\r\n", SDP_BAD_CONNECTION, 0},
    {"c= with a control character is refused", HEAD "c=IN IP4 a\x01.example\r\n",
     SDP_BAD_CONNECTION, 0},
    {"a CR inside a line is no SDP", START "s=x\rc=IN IP4 192.0.2.9\r\n", SDP_NOT_SDP, 0},
    {"two CR at the end of a line are no SDP", START "a=x\r\r\n", SDP_NOT_SDP, 0},
    {"c= with two blanks is read", HEAD "c=IN  IP4 \t192.0.2.1 \r\nm=audio 4000 RTP/AVP 0\r\n",
     SDP_OK, 0},

    {"o= with spaces in the username is read", "v=0\r\no=Some SIP Gateway 1 1 IN IP4 192.0.2.1\r\n",
     SDP_OK, 0},
    {"o= without the username is read", "v=0\r\no= 1 1 IN IP4 192.0.2.1\r\n", SDP_OK, 0},
    {"o= with a field too few is refused", "v=0\r\no=1 IN IP4 192.0.2.1\r\n", SDP_BAD_ORIGIN, 0},
    {"o= without an address is refused", "v=0\r\no=- 1 1 IN IP4\r\n", SDP_BAD_ORIGIN, 0},
    {"an empty o= is refused", "v=0\r\no=\r\n", SDP_BAD_ORIGIN, 0},
    {"two o= are refused", HEAD "o=- 1 1 IN IP4 192.0.2.2\r\n", SDP_BAD_ORIGIN, 0},
    {"o= inside an m-line is refused", "v=0\r\nm=audio 0 RTP/AVP 0\r\no=- 1 1 IN IP4 192.0.2.2\r\n",
     SDP_BAD_ORIGIN, 1},

    {"a=rtcp without an address is read", START "m=audio 4000 RTP/AVP 0\r\na=rtcp:4001\r\n", SDP_OK,
     0},
    {"a=rtcp without a port is refused", START "m=audio 4000 RTP/AVP 0\r\na=rtcp\r\n", SDP_BAD_RTCP,
     1},
    {"a=rtcp above 65535 is refused", START "m=audio 4000 RTP/AVP 0\r\na=rtcp:65536\r\n",
     SDP_BAD_RTCP, 1},
    {"a=rtcp with half an address is refused",
     START "m=audio 4000 RTP/AVP 0\r\na=rtcp:4001 IN IP4\r\n", SDP_BAD_RTCP, 1},
    {"two a=rtcp in one m-line are refused",
     START "m=audio 4000 RTP/AVP 0\r\na=rtcp:4001\r\na=rtcp:4001\r\n", SDP_BAD_RTCP, 1},
    {"a=rtcp at session level passes without an address",
     START "a=rtcp:4001\r\nm=audio 4000 RTP/AVP 0\r\n", SDP_OK, 0},
    {"a=rtcp at session level is refused with an address", START "a=rtcp:4001 IN IP4 192.0.2.1\r\n",
     SDP_BAD_RTCP, 0},
};

static struct sdp sdp; /* some ten kilobytes; one at a time */

static void body_is_judged(void **state)
{
    const struct error_case *c = *state;
    assert_int_equal(sdp_read(span_str(c->body), &sdp), c->error);
    assert_int_equal(sdp.bad_media, c->media);
}

static struct proto_case {
    const char *name;
    const char *proto;
    bool over_udp, is_rtp;
} proto_cases[] = {
    {"RTP/AVP is RTP over UDP", "RTP/AVP", true, true},
    {"RTP/SAVPF is RTP over UDP", "RTP/SAVPF", true, true},
    {"rtp/avp in small letters too", "rtp/avp", true, true},
    {"DTLS-SRTP is RTP over UDP", "UDP/TLS/RTP/SAVPF", true, true},
    {"T.38 is no RTP", "udptl", true, false},
    {"UDPTL in capitals is no RTP either", "UDPTL", true, false},
    {"T.38 over DTLS is no RTP", "UDP/TLS/UDPTL", true, false},
    {"bare UDP is no RTP", "udp", true, false},
    {"BFCP over UDP is no RTP", "UDP/BFCP", true, false},
    {"data channels are no RTP", "UDP/DTLS/SCTP", true, false},
    {"data channels as first drafted are over UDP", "DTLS/SCTP", true, false},
    {"TCP is not over UDP", "TCP", false, false},
    {"MSRP is not over UDP", "TCP/MSRP", false, false},
    {"RTP over TCP is not over UDP", "TCP/RTP/AVP", false, false},
    {"SCTP alone is not over UDP", "SCTP", false, false},
    {"an unknown proto is not over UDP", "RTPX/AVP", false, false},
};

static void proto_is_known(void **state)
{
    const struct proto_case *c = *state;
    char body[256];
    snprintf(body, sizeof body, START "m=audio 4000 %s 0\r\n", c->proto);
    assert_int_equal(sdp_read(span_str(body), &sdp), SDP_OK);
    assert_true(span_is(sdp.media[0].proto, span_str(c->proto)));
    assert_int_equal(sdp.media[0].over_udp, c->over_udp);
    assert_int_equal(sdp.media[0].is_rtp, c->is_rtp);
}

static struct hold_case {
    const char *name;
    const char *body;
    bool on_hold;
    enum sdp_direction direction;
} hold_cases[] = {
    {"nothing said is sendrecv", START "m=audio 4000 RTP/AVP 0\r\n", false, SDP_SENDRECV},
    {"sendonly is read", START "m=audio 4000 RTP/AVP 0\r\na=sendonly\r\n", false, SDP_SENDONLY},
    {"recvonly is read", START "m=audio 4000 RTP/AVP 0\r\na=recvonly\r\n", false, SDP_RECVONLY},
    {"inactive is read", START "m=audio 4000 RTP/AVP 0\r\na=inactive\r\n", false, SDP_INACTIVE},
    {"the session's direction holds for the m-line",
     START "a=inactive\r\nm=audio 4000 RTP/AVP 0\r\n", false, SDP_INACTIVE},
    {"the m-line's own direction wins",
     START "a=inactive\r\nm=audio 4000 RTP/AVP 0\r\na=sendrecv\r\n", false, SDP_SENDRECV},
    {"a direction with a value is none", START "m=audio 4000 RTP/AVP 0\r\na=x-sendonly:1\r\n",
     false, SDP_SENDRECV},
    {"session c= of 0.0.0.0 is hold", HEAD "c=IN IP4 0.0.0.0\r\nm=audio 4000 RTP/AVP 0\r\n", true,
     SDP_SENDRECV},
    {"session c= of :: is hold", HEAD "c=IN IP6 ::\r\nm=audio 4000 RTP/AVP 0\r\n", true,
     SDP_SENDRECV},
    {"the m-line's c= of 0.0.0.0 is hold", START "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n",
     true, SDP_SENDRECV},
    {"the m-line's c= wins over the session's 0.0.0.0",
     HEAD "c=IN IP4 0.0.0.0\r\nm=audio 4000 RTP/AVP 0\r\n" C, false, SDP_SENDRECV},
};

static void hold_is_read(void **state)
{
    const struct hold_case *c = *state;
    assert_int_equal(sdp_read(span_str(c->body), &sdp), SDP_OK);
    assert_int_equal(sdp_media_on_hold(&sdp, 0), c->on_hold);
    assert_int_equal(sdp.media[0].direction, c->direction);
}

static void view_is(struct span view, const char *text)
{
    if (!span_is(view, span_str(text)))
        fail_msg("\"%.*s\" is not \"%s\"", (int)view.n, view.p ? view.p : "", text);
}

static void rfc4566_section5_example(void **state)
{
    (void)state;
    static const char body[] = "v=0\r\n"
                               "o=jdoe 2890844526 2890842807 IN IP4 10.47.16.5\r\n"
                               "s=SDP Seminar\r\n"
                               "i=A Seminar on the session description protocol\r\n"
                               "u=http://www.example.com/seminars/sdp.pdf\r\n"
                               "e=j.doe@example.com (Jane Doe)\r\n"
                               "c=IN IP4 224.2.17.12/127\r\n"
                               "t=2873397496 2873404696\r\n"
                               "a=recvonly\r\n"
                               "m=audio 49170 RTP/AVP 0\r\n"
                               "m=video 51372 RTP/AVP 99\r\n"
                               "a=rtpmap:99 h263-1998/90000\r\n";
    assert_int_equal(sdp_read(span_str(body), &sdp), SDP_OK);
    view_is(sdp.username, "jdoe");
    view_is(sdp.origin.whole, "IN IP4 10.47.16.5");
    view_is(sdp.c.whole, "IN IP4 224.2.17.12/127");
    view_is(sdp.c.host, "224.2.17.12");
    assert_int_equal(sdp.n_media, 2);
    view_is(sdp.media[0].line, "m=audio 49170 RTP/AVP 0\r\n");
    view_is(sdp.media[0].block, "m=audio 49170 RTP/AVP 0\r\n");
    view_is(sdp.media[1].kind, "video");
    view_is(sdp.media[1].formats, "99");
    view_is(sdp.media[1].block, "m=video 51372 RTP/AVP 99\r\na=rtpmap:99 h263-1998/90000\r\n");
    assert_int_equal(sdp.media[1].port, 51372);
    assert_int_equal(sdp.media[0].direction, SDP_RECVONLY);
    assert_ptr_equal(sdp_media_host(&sdp, 1), &sdp.c);
}

static void rfc3264_section10_1_example(void **state)
{
    (void)state;
    static const char body[] = "v=0\r\n"
                               "o=alice 2890844526 2890844526 IN IP4 host.anywhere.com\r\n"
                               "s=\r\n"
                               "c=IN IP4 host.anywhere.com\r\n"
                               "t=0 0\r\n"
                               "m=audio 49170 RTP/AVP 0\r\n"
                               "a=rtpmap:0 PCMU/8000\r\n"
                               "m=video 51372 RTP/AVP 31\r\n"
                               "a=rtpmap:31 H261/90000\r\n"
                               "m=video 53000 RTP/AVP 32\r\n"
                               "a=rtpmap:32 MPV/90000\r\n";
    assert_int_equal(sdp_read(span_str(body), &sdp), SDP_OK);
    assert_int_equal(sdp.n_media, 3);
    assert_false(addr_is_set(&sdp.c.addr));
    view_is(sdp.c.host, "host.anywhere.com");
    assert_false(sdp_media_on_hold(&sdp, 0));
}

static void rfc3605_section2_1_example(void **state)
{
    (void)state;
    static const char body[] = "v=0\r\n"
                               "m=audio 49170 RTP/AVP 0\r\n"
                               "c=IN IP6 2001:2345:6789:ABCD:EF01:2345:6789:ABCD\r\n"
                               "a=rtcp:53020 IN IP6 2001:2345:6789:ABCD:EF01:2345:6789:ABCD\r\n"
                               "a=rtcp-mux\r\n"
                               "a=candidate:1 1 UDP 2130706431 10.0.1.1 8998 typ host\r\n";
    assert_int_equal(sdp_read(span_str(body), &sdp), SDP_OK);
    const struct sdp_media *m = &sdp.media[0];
    assert_int_equal(m->rtcp, 53020);
    view_is(m->rtcp_port, "53020");
    view_is(m->rtcp_host.whole, "IN IP6 2001:2345:6789:ABCD:EF01:2345:6789:ABCD");
    view_is(m->rtcp_host.family, "IP6");
    assert_true(addr_equal(&m->rtcp_host.addr, &m->c.addr));
    assert_true(m->rtcp_mux);
    assert_true(m->has_ice);
}

static void what_is_absent_has_no_view(void **state)
{
    (void)state;
    assert_int_equal(sdp_read(span_str("v=0\no= 1 1 IN IP4 a.example\nm=audio 0 RTP/AVP\n"), &sdp),
                     SDP_OK);
    assert_null(sdp.username.p);
    assert_null(sdp.c.whole.p);
    assert_null(sdp_media_host(&sdp, 0)->whole.p);
    assert_null(sdp.media[0].rtcp_line.p);
    assert_null(sdp.media[0].rtcp_host.whole.p);
    assert_int_equal(sdp.media[0].formats.n, 0);
    assert_false(sdp.media[0].has_ice);
}

static void ice_at_session_level_holds_for_every_m_line(void **state)
{
    (void)state;
    assert_int_equal(
        sdp_read(span_str(START "a=ice-lite\r\nm=audio 4000 RTP/AVP 0\r\nm=video 0 RTP/AVP 31\r\n"),
                 &sdp),
        SDP_OK);
    assert_true(sdp.media[0].has_ice);
    assert_true(sdp.media[1].has_ice);
}

static void nul_bytes_pass_where_nobody_reads_them(void **state)
{
    (void)state;
    static const char fine[] = "v=0\r\ns=a\0b\r\na=x:\0\r\n\0=\r\n";
    static const char name[] = "v=0\r\nc=IN IP4 192.0.2.1\0\r\n";
    static const char port[] = "v=0\r\nm=audio 40\0 RTP/AVP 0\r\n";
    static const char tail[] = "v=0\r\ns=-\r\n\0\0";
    static const char head[] = "\0v=0\r\n";
    assert_int_equal(sdp_read(span_of(fine, sizeof fine - 1), &sdp), SDP_OK);
    assert_int_equal(sdp_read(span_of(name, sizeof name - 1), &sdp), SDP_BAD_CONNECTION);
    assert_int_equal(sdp_read(span_of(port, sizeof port - 1), &sdp), SDP_BAD_MEDIA);
    assert_int_equal(sdp_read(span_of(tail, sizeof tail - 1), &sdp), SDP_NOT_SDP);
    assert_int_equal(sdp_read(span_of(head, sizeof head - 1), &sdp), SDP_NOT_SDP);
    assert_int_equal(sdp_read(span_of(NULL, 0), &sdp), SDP_NOT_SDP);
}

/* A body of START and n times `line`; free() it. */
static char *body_repeat(const char *line, size_t n)
{
    size_t len = strlen(line);
    char *body = malloc(sizeof START + n * len);
    assert_non_null(body);
    char *p = stpcpy(body, START);
    for (size_t i = 0; i < n; i++)
        p = stpcpy(p, line);
    return body;
}

static struct bound_case {
    const char *name;
    const char *line;
    size_t n;
    enum sdp_error error;
    unsigned media;
} bound_cases[] = {
    {"32 m-lines are read", "m=audio 4000 RTP/AVP 0\r\n", 32, SDP_OK, 0},
    {"33 m-lines are too many", "m=audio 4000 RTP/AVP 0\r\n", 33, SDP_TOO_MANY_MEDIA, 33},
    {"500 m-lines are too many", "m=audio 4000 RTP/AVP 0\r\n", 500, SDP_TOO_MANY_MEDIA, 33},
    {"2048 lines are read", "a=x\r\n", 2048 - 5, SDP_OK, 0},
    {"2049 lines are too many", "a=x\r\n", 2048 - 4, SDP_TOO_LONG, 0},
    {"empty lines count too", "\n", 60000, SDP_TOO_LONG, 0},
};

static void bounds_hold(void **state)
{
    const struct bound_case *c = *state;
    char *body = body_repeat(c->line, c->n);
    assert_int_equal(sdp_read(span_str(body), &sdp), c->error);
    assert_int_equal(sdp.bad_media, c->media);
    free(body);
}

static void a_line_of_60000_bytes_is_one_line(void **state)
{
    (void)state;
    char *body = body_repeat("a", 60000);
    body[sizeof START] = '=';
    assert_int_equal(sdp_read(span_str(body), &sdp), SDP_OK);
    free(body);
}

static void every_error_has_a_text(void **state)
{
    (void)state;
    for (int i = 0; i < SDP_ERROR_COUNT; i++) {
        assert_non_null(sdp_error_text[i]);
        assert_null(strpbrk(sdp_error_text[i], "\"\\\r\n")); /* it stands in a quoted string */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc4566_section5_example),
        cmocka_unit_test(rfc3264_section10_1_example),
        cmocka_unit_test(rfc3605_section2_1_example),
        cmocka_unit_test(what_is_absent_has_no_view),
        cmocka_unit_test(ice_at_session_level_holds_for_every_m_line),
        cmocka_unit_test(nul_bytes_pass_where_nobody_reads_them),
        cmocka_unit_test(a_line_of_60000_bytes_is_one_line),
        cmocka_unit_test(every_error_has_a_text),
    };
    int failed = CASES_RUN(error_cases, body_is_judged);
    failed += CASES_RUN(proto_cases, proto_is_known);
    failed += CASES_RUN(hold_cases, hold_is_read);
    failed += CASES_RUN(bound_cases, bounds_hold);
    failed += cmocka_run_group_tests(tests, NULL, NULL);
    return failed;
}
