#include "tests/unit/cases.h"
#include "proxy/sip/build.h"
#include <errno.h>
#include <stdio.h>
#include <osipparser2/osip_parser.h>

#undef SIP_OK /* libosip2 means the status 200 */

static struct sip_msg msg_of(const char *text)
{
    struct sip_msg msg;
    assert_int_equal(sip_msg_read(text, strlen(text), &msg), SIP_OK);
    return msg;
}

static struct addr addr_of(const char *text)
{
    struct addr addr;
    assert_int_equal(addr_parse(span_str(text), 5060, &addr), 0);
    return addr;
}

static void assert_bytes(const char *got, size_t n, const char *expected)
{
    if (n != strlen(expected) || memcmp(got, expected, n) != 0)
        print_error("got:\n%.*s\nexpected:\n%s\n", (int)n, got, expected);
    assert_int_equal(n, strlen(expected));
    assert_memory_equal(got, expected, n);
}

/* What we wrote is a message for libosip2 and for ourselves. */
static osip_message_t *witness_of(const char *text, size_t n)
{
    struct sip_msg ours;
    osip_message_t *theirs;
    assert_int_equal(sip_msg_read(text, n, &ours), SIP_OK);
    assert_int_equal(ours.bytes.n, n);
    assert_int_equal(osip_message_init(&theirs), 0);
    assert_int_equal(osip_message_parse(theirs, text, n), 0);
    return theirs;
}

static const char *via_param(osip_message_t *msg, int via, char *name)
{
    osip_via_t *v = NULL;
    osip_generic_param_t *param = NULL;
    assert_true(osip_message_get_via(msg, via, &v) >= 0);
    return osip_via_param_get_byname(v, name, &param) == 0 ? param->gvalue : NULL;
}

/* ---- the writer ----------------------------------------------------------------------------- */

static void what_does_not_fit_is_remembered(void **state)
{
    (void)state;
    char buffer[8] = "zzzzzzz";
    struct sip_out out;
    sip_out_init(&out, buffer, 4);
    sip_puts(&out, "ab");
    sip_puts(&out, "cd");
    assert_false(out.full);
    assert_int_equal(out.n, 4);
    sip_puts(&out, "");
    assert_false(out.full);
    sip_puts(&out, "e");
    assert_true(out.full);
    sip_out_init(&out, buffer, 4);
    sip_putf(&out, "%s", "abcd"); /* no room for its NUL */
    assert_true(out.full);
    sip_putf(&out, "%d", 1);
    assert_true(out.full);
    assert_memory_equal(buffer + 4, "zzz", 4);
    sip_out_init(&out, buffer, 0);
    sip_putf(&out, "%d", 1);
    assert_true(out.full);
}

static void every_reason_is_the_standard_one(void **state)
{
    (void)state;
    assert_string_equal(sip_reason(100), "Trying");
    assert_string_equal(sip_reason(481), "Call/Transaction Does Not Exist");
    assert_string_equal(sip_reason(503), "Service Unavailable");
    assert_string_equal(sip_reason(299), "Unknown");
    assert_string_equal(sip_reason(0), "Unknown");
}

/* ---- Via of a response ---------------------------------------------------------------------- */

#define REQUEST(via)                                                              \
    "OPTIONS sip:b@192.0.2.2 SIP/2.0\r\n" via "From: <sip:a@192.0.2.1>;tag=1\r\n" \
    "To: <sip:b@192.0.2.2>\r\nCall-ID: c1\r\nCSeq: 7 OPTIONS\r\n\r\n"
#define REST \
    "From: <sip:a@192.0.2.1>;tag=1\r\nTo: <sip:b@192.0.2.2>\r\nCall-ID: c1\r\nCSeq: 7 OPTIONS\r\n"

static struct via_case {
    const char *name;
    const char *request;
    const char *source;
    const char *vias;
} via_cases[] = {
    {"received is added always", REQUEST("Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"),
     "192.0.2.1:5060", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;received=192.0.2.1\r\n"},
    {"rport gets its value where asked",
     REQUEST("Via: SIP/2.0/UDP 10.0.0.1:5062;rport;branch=z9hG4bK1\r\n"), "192.0.2.1:40000",
     "Via: SIP/2.0/UDP 10.0.0.1:5062;rport=40000;branch=z9hG4bK1;received=192.0.2.1\r\n"},
    {"what the sender wrote there is replaced",
     REQUEST("Via: SIP/2.0/UDP h;received=1.1.1.1;rport=9;branch=1;Received=2.2.2.2\r\n"),
     "192.0.2.1:40000", "Via: SIP/2.0/UDP h;rport=40000;branch=1;received=192.0.2.1\r\n"},
    {"IPv6 is received without brackets",
     REQUEST("Via: SIP/2.0/UDP [fd00::1]:5060;branch=1;rport\r\n"), "[fd00::2]:5070",
     "Via: SIP/2.0/UDP [fd00::1]:5060;branch=1;rport=5070;received=fd00::2\r\n"},
    {"no parameters at all", REQUEST("Via: SIP/2.0/UDP h\r\n"), "192.0.2.1",
     "Via: SIP/2.0/UDP h;received=192.0.2.1\r\n"},
    {"the vias behind it stay as they are",
     REQUEST("Via: SIP/2.0/UDP a;branch=1, SIP/2.0/UDP b;branch=2;rport\r\n"
             "v:SIP/2.0/TCP c;received=1.1.1.1\r\n"),
     "192.0.2.1",
     "Via: SIP/2.0/UDP a;branch=1;received=192.0.2.1, SIP/2.0/UDP b;branch=2;rport\r\n"
     "v:SIP/2.0/TCP c;received=1.1.1.1\r\n"},
    {"vias may stand apart from each other",
     "OPTIONS sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP a\r\nFrom: <sip:a@192.0.2.1>;tag=1\r\n"
     "Via: SIP/2.0/UDP b\r\nTo: <sip:b@192.0.2.2>\r\nCall-ID: c1\r\nCSeq: 7 OPTIONS\r\n\r\n",
     "192.0.2.1", "Via: SIP/2.0/UDP a;received=192.0.2.1\r\nVia: SIP/2.0/UDP b\r\n"},
    {"folds stay folds",
     REQUEST("v:  SIP  / 2.0  / UDP     h   ;\r\n  branch  =   1  ;\r\n rport ,\r\n"
             " SIP/2.0/UDP b\r\n"),
     "192.0.2.1:5070",
     "v:  SIP  / 2.0  / UDP     h   ;\r\n  branch  =   1  ;rport=5070;received=192.0.2.1 ,\r\n"
     " SIP/2.0/UDP b\r\n"},
};

static void via_tells_the_source(void **state)
{
    const struct via_case *c = *state;
    char bytes[1024];
    char expected[1024];
    struct sip_stub stub;
    struct sip_msg request = msg_of(c->request);
    struct addr source = addr_of(c->source);
    assert_int_equal(sip_stub_make(&request, &source, bytes, sizeof bytes, &stub), 0);
    snprintf(expected, sizeof expected, "%s%s", c->vias, REST);
    assert_bytes(bytes, stub.n, expected);
    assert_int_equal(stub.vias, strlen(c->vias));
    assert_bytes(bytes + stub.to_at, stub.to_n, "To: <sip:b@192.0.2.2>\r\n");
    assert_false(stub.to_tagged);
}

/* ---- responses ------------------------------------------------------------------------------ */

static const char invite[] = "INVITE sip:b@192.0.2.2 SIP/2.0\r\n"
                             "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport\r\n"
                             "Route: <sip:127.0.1.7:5070;lr>\r\n"
                             "Max-Forwards: 9\r\n"
                             "From: \"Bell, Alexander\" <sip:a@192.0.2.1>;tag=1\r\n"
                             "To: <sip:b@192.0.2.2>\r\n"
                             "Call-ID: c1@192.0.2.1\r\n"
                             "Contact: <sip:a@192.0.2.1:5060>\r\n"
                             "Route: <sip:[fd00::1]:5060;lr>, <sip:h;lr>\r\n"
                             "CSeq: 102 INVITE\r\n"
                             "Content-Length: 3\r\n"
                             "\r\n"
                             "v=0";

static size_t respond(const char *request, unsigned status, const char *reason, const char *tag,
                      const char *extra, char *text, size_t room)
{
    char bytes[2048];
    struct sip_stub stub;
    struct sip_out out;
    struct sip_msg msg;
    struct addr source = addr_of("192.0.2.1:5060");
    sip_msg_read(request, strlen(request), &msg); /* bad ones are answered too */
    assert_int_equal(sip_stub_make(&msg, &source, bytes, sizeof bytes, &stub), 0);
    sip_out_init(&out, text, room);
    sip_response_make(&out, status, reason, &stub, bytes, span_str(tag), extra);
    assert_false(out.full);
    return out.n;
}

static void a_response_repeats_what_the_request_said(void **state)
{
    (void)state;
    char text[2048];
    size_t n = respond(invite, 503, NULL, "tt1", "Retry-After: 60\r\n", text, sizeof text);
    assert_bytes(text, n,
                 "SIP/2.0 503 Service Unavailable\r\n"
                 "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport=5060;received=192.0.2.1\r\n"
                 "From: \"Bell, Alexander\" <sip:a@192.0.2.1>;tag=1\r\n"
                 "To: <sip:b@192.0.2.2>;tag=tt1\r\n"
                 "Call-ID: c1@192.0.2.1\r\n"
                 "CSeq: 102 INVITE\r\n"
                 "Retry-After: 60\r\n"
                 "Content-Length: 0\r\n"
                 "\r\n");
}

static void libosip2_reads_our_response(void **state)
{
    (void)state;
    char text[2048];
    osip_generic_param_t *tag = NULL;
    size_t n = respond(invite, 404, "No peer \"x\"", "tt1", "", text, sizeof text);
    osip_message_t *theirs = witness_of(text, n);
    assert_int_equal(theirs->status_code, 404);
    assert_string_equal(theirs->reason_phrase, "No peer \"x\"");
    assert_string_equal(via_param(theirs, 0, "received"), "192.0.2.1");
    assert_string_equal(via_param(theirs, 0, "rport"), "5060");
    assert_string_equal(via_param(theirs, 0, "branch"), "z9hG4bK1");
    assert_int_equal(osip_to_get_tag(theirs->to, &tag), 0);
    assert_string_equal(tag->gvalue, "tt1");
    assert_string_equal(theirs->call_id->number, "c1");
    assert_string_equal(theirs->cseq->method, "INVITE");
    osip_message_free(theirs);
}

static void a_100_gets_no_tag(void **state)
{
    (void)state;
    char text[2048];
    size_t n = respond(invite, 100, NULL, NULL, "", text, sizeof text);
    text[n] = '\0';
    assert_non_null(strstr(text, "SIP/2.0 100 Trying\r\n"));
    assert_non_null(strstr(text, "\r\nTo: <sip:b@192.0.2.2>\r\n"));
}

static struct to_case {
    const char *name;
    const char *line;
    const char *answer;
    bool tagged;
} to_cases[] = {
    {"a tag is added", "To: <sip:b@h>\r\n", "To: <sip:b@h>;tag=tt1\r\n", false},
    {"a tag that is there stays", "To: <sip:b@h>;tag=x\r\n", "To: <sip:b@h>;tag=x\r\n", true},
    {"without brackets as well", "t: sip:b@h\r\n", "t: sip:b@h;tag=tt1\r\n", false},
    {"behind a fold", "To :\r\n sip:b@h ;   x    = 1\r\n",
     "To :\r\n sip:b@h ;   x    = 1;tag=tt1\r\n", false},
    {"a tag in the name does not count", "To: \";tag=1\" <sip:b@h>\r\n",
     "To: \";tag=1\" <sip:b@h>;tag=tt1\r\n", false},
    {"line feeds become line ends, folds too", "To: <sip:b@h>\n ;x\n",
     "To: <sip:b@h>\r\n ;x;tag=tt1\r\n", false},
    {"an unreadable To is repeated", "To: \"x <sip:b@h>\r\n", "To: \"x <sip:b@h>\r\n", true},
};

static void to_is_tagged_once(void **state)
{
    const struct to_case *c = *state;
    char request[512];
    char bytes[512];
    char text[1024];
    struct sip_msg msg;
    struct sip_stub stub;
    struct sip_out out;
    struct addr source = addr_of("192.0.2.1");
    snprintf(request, sizeof request,
             "BYE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@h>;tag=1\r\n%s"
             "Call-ID: 1\r\nCSeq: 1 BYE\r\n\r\n",
             c->line);
    sip_msg_read(request, strlen(request), &msg);
    assert_true(sip_msg_answerable(&msg));
    assert_int_equal(sip_stub_make(&msg, &source, bytes, sizeof bytes, &stub), 0);
    assert_int_equal(stub.to_tagged, c->tagged);
    sip_out_init(&out, text, sizeof text - 1);
    sip_response_make(&out, 481, NULL, &stub, bytes, span_str("tt1"), "");
    text[out.n] = '\0';
    assert_non_null(strstr(text, c->answer));
}

static void a_request_with_two_cseq_is_answered_with_one(void **state)
{
    (void)state;
    char text[2048];
    size_t n = respond("BYE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: <sip:a@h>;tag=1\r\n"
                       "To: <sip:b@h>\r\nCall-ID: 1\r\nCSeq: 1 BYE\r\nCSeq: 2 BYE\r\n\r\n",
                       400, NULL, "x", "", text, sizeof text);
    osip_message_t *theirs = witness_of(text, n);
    assert_string_equal(theirs->cseq->number, "1");
    osip_message_free(theirs);
}

static void a_stub_needs_its_via_and_its_room(void **state)
{
    (void)state;
    char bytes[512];
    struct sip_stub stub;
    struct sip_msg msg = msg_of(invite);
    struct addr source = addr_of("192.0.2.1");
    assert_int_equal(sip_stub_make(&msg, &source, bytes, sizeof bytes, &stub), 0);
    size_t needed = stub.n;
    /* The writer lets printf end each number with a NUL, which the next bytes take again. */
    assert_int_equal(sip_stub_make(&msg, &source, bytes, needed, &stub), 0);
    for (size_t room = 0; room < needed; room++)
        assert_int_equal(sip_stub_make(&msg, &source, bytes, room, &stub), ENOBUFS);
    static const char bad[] = "BYE sip:b@h SIP/2.0\r\nFrom: <sip:a@h>;tag=1\r\n"
                              "To: <sip:b@h>\r\nCall-ID: 1\r\nCSeq: 1 BYE\r\n\r\n";
    assert_int_equal(sip_msg_read(bad, sizeof bad - 1, &msg), SIP_MISSING_HEADER);
    assert_int_equal(sip_stub_make(&msg, &source, bytes, sizeof bytes, &stub), EINVAL);
}

static void a_via_that_cannot_be_read_is_repeated(void **state)
{
    (void)state;
    char text[1024];
    size_t n = respond(REQUEST("Via: SIP/2.0/UDP 192.0.2.15;;,;,,\n"), 400, NULL, "x", "", text,
                       sizeof text);
    assert_bytes(text, n,
                 "SIP/2.0 400 Bad Request\r\nVia: SIP/2.0/UDP 192.0.2.15;;,;,,\r\n"
                 "From: <sip:a@192.0.2.1>;tag=1\r\nTo: <sip:b@192.0.2.2>;tag=x\r\n"
                 "Call-ID: c1\r\nCSeq: 7 OPTIONS\r\nContent-Length: 0\r\n\r\n");
}

static struct unsupported_case {
    const char *name;
    const char *headers;
    size_t room; /* 0: enough */
    const char *line;
} unsupported_cases[] = {
    {"one word", "Proxy-Require: foo\r\n", 0, "Unsupported: foo\r\n"},
    {"words in several headers and lines", "Proxy-Require: a ,\r\n b\r\nproxy-require:c\r\n", 0,
     "Unsupported: a, b, c\r\n"},
    {"what is no word is left out", "Proxy-Require: a, \"b\", c d, <e>, f\r\n", 0,
     "Unsupported: a, f\r\n"},
    {"no word at all", "Proxy-Require: \"\"\r\n", 0, ""},
    {"an empty header", "Proxy-Require:\r\n", 0, ""},
    {"no such header", "Require: foo\r\n", 0, ""},
    {"what just fits", "Proxy-Require: abc\r\n", 18, "Unsupported: abc\r\n"},
    {"a word that does not fit", "Proxy-Require: abcd, e\r\n", 18, "Unsupported: e\r\n"},
    {"nothing fits", "Proxy-Require: a\r\n", 15, ""},
};

static void unsupported_is_listed(void **state)
{
    const struct unsupported_case *c = *state;
    char request[1024], text[256];
    struct sip_out out;
    snprintf(request, sizeof request, "OPTIONS sip:h SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n%s%s\r\n",
             c->headers, REST);
    struct sip_msg msg = msg_of(request);
    sip_out_init(&out, text, c->room ? c->room : sizeof text);
    sip_unsupported_make(&out, &msg);
    assert_false(out.full);
    assert_bytes(text, out.n, c->line);
}

/* ---- requests ------------------------------------------------------------------------------- */

static const char busy[] = "SIP/2.0 486 Busy Here\n"
                           "v: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;received=192.0.2.1\n"
                           "f: \"Bell, Alexander\" <sip:a@192.0.2.1>;tag=1\n"
                           "t: <sip:b@192.0.2.2>;tag=far\n"
                           "i: c1@192.0.2.1\n"
                           "CSeq: 102 INVITE\n"
                           "l: 0\n"
                           "\n";

static void an_ack_takes_its_to_from_the_response(void **state)
{
    (void)state;
    char text[2048];
    struct sip_out out;
    struct sip_msg sent = msg_of(invite);
    struct sip_msg response = msg_of(busy);
    sip_out_init(&out, text, sizeof text);
    sip_ack_make(&out, &sent, &response);
    assert_false(out.full);
    assert_bytes(text, out.n,
                 "ACK sip:b@192.0.2.2 SIP/2.0\r\n"
                 "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport\r\n"
                 "Max-Forwards: 70\r\n"
                 "Route: <sip:127.0.1.7:5070;lr>\r\n"
                 "Route: <sip:[fd00::1]:5060;lr>, <sip:h;lr>\r\n"
                 "From: \"Bell, Alexander\" <sip:a@192.0.2.1>;tag=1\r\n"
                 "t: <sip:b@192.0.2.2>;tag=far\r\n"
                 "Call-ID: c1@192.0.2.1\r\n"
                 "CSeq: 102 ACK\r\n"
                 "Content-Length: 0\r\n"
                 "\r\n");
    osip_message_t *theirs = witness_of(text, out.n);
    assert_true(MSG_IS_ACK(theirs));
    assert_int_equal(osip_list_size(&theirs->routes), 3);
    osip_message_free(theirs);
}

static void a_cancel_is_like_its_invite(void **state)
{
    (void)state;
    char text[2048];
    struct sip_out out;
    struct sip_msg sent = msg_of(invite);
    sip_out_init(&out, text, sizeof text);
    sip_cancel_make(&out, &sent, span_str("SIP;cause=200;text=\"Call completed elsewhere\""));
    assert_bytes(text, out.n,
                 "CANCEL sip:b@192.0.2.2 SIP/2.0\r\n"
                 "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport\r\n"
                 "Max-Forwards: 70\r\n"
                 "Route: <sip:127.0.1.7:5070;lr>\r\n"
                 "Route: <sip:[fd00::1]:5060;lr>, <sip:h;lr>\r\n"
                 "From: \"Bell, Alexander\" <sip:a@192.0.2.1>;tag=1\r\n"
                 "To: <sip:b@192.0.2.2>\r\n"
                 "Call-ID: c1@192.0.2.1\r\n"
                 "CSeq: 102 CANCEL\r\n"
                 "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n"
                 "Content-Length: 0\r\n"
                 "\r\n");
    osip_message_free(witness_of(text, out.n));
}

static void a_cancel_needs_no_reason(void **state)
{
    (void)state;
    char text[2048];
    struct sip_out out;
    struct sip_msg sent = msg_of(invite);
    sip_out_init(&out, text, sizeof text);
    sip_cancel_make(&out, &sent, span_of(NULL, 0));
    struct sip_msg made;
    assert_int_equal(sip_msg_read(text, out.n, &made), SIP_OK);
    assert_null(sip_value(&made, HEADER_REASON).p);
}

static void an_invite_with_several_vias_gives_the_first(void **state)
{
    (void)state;
    char text[2048];
    struct sip_out out;
    struct sip_msg sent = msg_of("INVITE sip:b@h SIP/2.0\r\n"
                                 "Via: SIP/2.0/UDP a;branch=1, SIP/2.0/UDP b\r\n"
                                 "From: <sip:a@h>;tag=1\r\nTo: <sip:b@h>\r\nCall-ID: 1\r\n"
                                 "CSeq: 1 INVITE\r\n\r\n");
    sip_out_init(&out, text, sizeof text);
    sip_cancel_make(&out, &sent, span_of(NULL, 0));
    struct sip_msg made;
    assert_int_equal(sip_msg_read(text, out.n, &made), SIP_OK);
    struct span via = sip_value(&made, HEADER_VIA);
    assert_bytes(via.p, via.n, "SIP/2.0/UDP a;branch=1");
}

static void a_request_of_our_own_has_what_it_is_given(void **state)
{
    (void)state;
    char text[2048];
    struct sip_out out;
    const struct sip_request bye = {
        .method = "BYE",
        .uri = span_str("sip:b@192.0.2.2:5060;line=x"),
        .via = span_str("127.0.1.7:5070;rport;branch=z9hG4bKtt1"),
        .from = span_str("\"A\" <sip:a@h>;tag=1"),
        .to = span_str("<sip:b@h>;tag=2"),
        .call_id = span_str("c1"),
        .cseq = 4000000,
        .routes = span_str("Route: <sip:r1;lr>\r\nRoute: <sip:r2;lr>\r\n"),
        .contact = span_str("<sip:127.0.1.7:5070>"),
        .extra = span_str("Reason: Q.850;cause=16\r\n"),
    };
    sip_out_init(&out, text, sizeof text);
    sip_request_make(&out, &bye);
    assert_bytes(text, out.n,
                 "BYE sip:b@192.0.2.2:5060;line=x SIP/2.0\r\n"
                 "Via: SIP/2.0/UDP 127.0.1.7:5070;rport;branch=z9hG4bKtt1\r\n"
                 "Max-Forwards: 70\r\n"
                 "Route: <sip:r1;lr>\r\n"
                 "Route: <sip:r2;lr>\r\n"
                 "From: \"A\" <sip:a@h>;tag=1\r\n"
                 "To: <sip:b@h>;tag=2\r\n"
                 "Call-ID: c1\r\n"
                 "CSeq: 4000000 BYE\r\n"
                 "Contact: <sip:127.0.1.7:5070>\r\n"
                 "Reason: Q.850;cause=16\r\n"
                 "Content-Length: 0\r\n"
                 "\r\n");
    osip_message_t *theirs = witness_of(text, out.n);
    assert_true(MSG_IS_BYE(theirs));
    assert_int_equal(osip_list_size(&theirs->routes), 2);
    osip_message_free(theirs);
}

static void what_a_request_is_not_given_it_has_not(void **state)
{
    (void)state;
    char text[2048];
    struct sip_out out;
    const struct sip_request options = {
        .method = "OPTIONS",
        .uri = span_str("sip:192.0.2.2"),
        .via = span_str("h;branch=z9hG4bKtt1"),
        .from = span_str("<sip:a@h>;tag=1"),
        .to = span_str("<sip:b@h>"),
        .call_id = span_str("c1"),
        .cseq = 1,
    };
    sip_out_init(&out, text, sizeof text);
    sip_request_make(&out, &options);
    struct sip_msg made;
    assert_int_equal(sip_msg_read(text, out.n, &made), SIP_OK);
    assert_int_equal(made.n_headers, 7);
    assert_null(sip_value(&made, HEADER_CONTACT).p);
    assert_null(sip_value(&made, HEADER_ROUTE).p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_not_fit_is_remembered),
        cmocka_unit_test(every_reason_is_the_standard_one),
        cmocka_unit_test(a_response_repeats_what_the_request_said),
        cmocka_unit_test(libosip2_reads_our_response),
        cmocka_unit_test(a_100_gets_no_tag),
        cmocka_unit_test(a_request_with_two_cseq_is_answered_with_one),
        cmocka_unit_test(a_stub_needs_its_via_and_its_room),
        cmocka_unit_test(a_via_that_cannot_be_read_is_repeated),
        cmocka_unit_test(an_ack_takes_its_to_from_the_response),
        cmocka_unit_test(a_cancel_is_like_its_invite),
        cmocka_unit_test(a_cancel_needs_no_reason),
        cmocka_unit_test(an_invite_with_several_vias_gives_the_first),
        cmocka_unit_test(a_request_of_our_own_has_what_it_is_given),
        cmocka_unit_test(what_a_request_is_not_given_it_has_not),
    };
    parser_init();
    int failed = CASES_RUN(via_cases, via_tells_the_source);
    failed += CASES_RUN(unsupported_cases, unsupported_is_listed);
    failed += CASES_RUN(to_cases, to_is_tagged_once);
    failed += cmocka_run_group_tests(tests, NULL, NULL);
    return failed;
}
