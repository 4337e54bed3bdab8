#include "tests/unit/cases.h"
#include "proxy/sip/msg.h"
#include <osipparser2/osip_parser.h>
#include <stdio.h>

#undef SIP_OK /* libosip2 means the status 200 */

/* The header lines of an unremarkable request, in pieces, so that a case can leave one out. */
#define VIA_LINE "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport\r\n"
#define FROM_LINE "From: <sip:a@192.0.2.1>;tag=1\r\n"
#define TO_LINE "To: <sip:b@192.0.2.2>\r\n"
#define CALL_ID_LINE "Call-ID: c1@192.0.2.1\r\n"
#define CSEQ_LINE(method) "CSeq: 7 " method "\r\n"
#define FIVE(method) VIA_LINE FROM_LINE TO_LINE CALL_ID_LINE CSEQ_LINE(method)
#define OPTIONS_LINE "OPTIONS sip:b@192.0.2.2 SIP/2.0\r\n"
#define OK_LINE "SIP/2.0 200 OK\r\n"

/* ---- what is accepted and what is refused --------------------------------------------------- */

static struct read_case {
    const char *name;
    const char *text;
    enum sip_error error;
    bool answerable;
    size_t n; /* 0: strlen(text) */
} read_cases[] = {
    {"a request with its five headers is read", OPTIONS_LINE FIVE("OPTIONS") "\r\n", SIP_OK, true},
    {"a response is read and never answered", OK_LINE FIVE("OPTIONS") "\r\n", SIP_OK},
    {"lines may end in a bare line feed",
     "OPTIONS sip:b@h SIP/2.0\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\nFrom: sip:a@h;tag=1\n"
     "To: sip:b@h\nCall-ID: 1\nCSeq: 1 OPTIONS\n\n",
     SIP_OK, true},
    {"line ends before the start line are skipped", "\r\n\r\n" OPTIONS_LINE FIVE("OPTIONS") "\r\n",
     SIP_OK, true},
    {"an ACK is never answered", "ACK sip:b@192.0.2.2 SIP/2.0\r\n" FIVE("ACK") "\r\n", SIP_OK},
    {"an unknown method passes", "BREW sip:b@192.0.2.2 SIP/2.0\r\n" FIVE("BREW") "\r\n", SIP_OK,
     true},
    {"a Via of RFC 2543 has no branch",
     OPTIONS_LINE
     "Via: SIP/2.0/UDP 192.0.2.1\r\n" FROM_LINE TO_LINE CALL_ID_LINE CSEQ_LINE("OPTIONS") "\r\n",
     SIP_OK, true},
    {"a status line may forget its reason", "SIP/2.0 100 \r\n" FIVE("INVITE") "\r\n", SIP_OK},
    {"a status line may forget the space before it too", "SIP/2.0 100\r\n" FIVE("INVITE") "\r\n",
     SIP_OK},
    {"a reason may hold any UTF-8",
     "SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe\r\n" FIVE("INVITE") "\r\n", SIP_OK},
    {"a Request-URI of an unknown scheme is read",
     "OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0\r\n" FIVE("OPTIONS") "\r\n", SIP_OK, true},
    {"parties may have URIs that are not SIP",
     "REGISTER sip:example.com SIP/2.0\r\n" VIA_LINE "To: isbn:2983792873\r\n"
     "From: <http://www.example.com>;tag=3234233\r\n" CALL_ID_LINE CSEQ_LINE("REGISTER") "\r\n",
     SIP_OK, true},
    {"a header without a value is a header", OPTIONS_LINE FIVE("OPTIONS") "s:\r\nSubject:\r\n\r\n",
     SIP_OK, true},
    {"an escaped NUL in a URI is text",
     "REGISTER sip:example.com SIP/2.0\r\n" VIA_LINE "From: sip:null-%00-null@example.com;tag=1\r\n"
     "To: sip:null-%00-null@example.com\r\n" CALL_ID_LINE CSEQ_LINE("REGISTER") "\r\n",
     SIP_OK, true},
    {"control bytes may be quoted, NUL too",
     OPTIONS_LINE VIA_LINE FROM_LINE
     "To: \"BEL:\\\x07 NUL:\\\0 DEL:\\\x7f\" <sip:b@192.0.2.2>\r\n" CALL_ID_LINE CSEQ_LINE(
         "OPTIONS") "\r\n",
     SIP_OK, true,
     sizeof(OPTIONS_LINE VIA_LINE FROM_LINE
            "To: \"BEL:\\\x07 NUL:\\\0 DEL:\\\x7f\" <sip:b@192.0.2.2>\r\n" CALL_ID_LINE CSEQ_LINE(
                "OPTIONS") "\r\n") -
         1},

    {"a method and a name of every mark that a word may have",
     "!interesting-Method0123456789_*+`.%indeed'~ sip:b@h SIP/2.0\r\n" VIA_LINE
     "From:token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;"
     "fromParam''~+*_!.-%=\"\xd1\x80\";tag=_token~1'+`*%!-.\r\n" TO_LINE CALL_ID_LINE CSEQ_LINE(
         "!interesting-Method0123456789_*+`.%indeed'~") "extensionHeader-!.%*+_`'~:"
                                                        "\xef\xbb\xbf\r\n\r\n",
     SIP_OK, true},

    {"nothing is a keep-alive", "", SIP_KEEP_ALIVE},
    {"two line ends are a keep-alive", "\r\n\r\n", SIP_KEEP_ALIVE},
    {"NULs are a keep-alive", "\0\0\0\0", SIP_KEEP_ALIVE, false, 4},

    {"HTTP is not SIP", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", SIP_NOT_SIP},
    {"noise is not SIP", "\x16\x03\x01\x02", SIP_NOT_SIP},
    {"STUN is not SIP", "\0\x01\0\x08\x21\x12\xa4\x42", SIP_NOT_SIP, false, 8},
    {"a method alone is not SIP", "INVITE\r\n\r\n", SIP_NOT_SIP},
    {"a request without a URI is not SIP", "INVITE SIP/2.0\r\n\r\n", SIP_NOT_SIP},
    {"a method that is no word is not SIP", "INV@TE sip:b@h SIP/2.0\r\n\r\n", SIP_NOT_SIP},
    {"status 99 is not SIP", "SIP/2.0 099 Low\r\n" FIVE("INVITE") "\r\n", SIP_NOT_SIP},
    {"status 700 is not SIP", "SIP/2.0 700 High\r\n" FIVE("INVITE") "\r\n", SIP_NOT_SIP},
    {"a status beyond three digits is not SIP",
     "SIP/2.0 4294967301 better not break the receiver\r\n" FIVE("INVITE") "\r\n", SIP_NOT_SIP},
    {"a response of SIP/3.0 is not SIP", "SIP/3.0 200 OK\r\n" FIVE("INVITE") "\r\n", SIP_NOT_SIP},

    {"a NUL in the start line is refused", "OPTIONS sip:b\0@h SIP/2.0\r\n\r\n", SIP_HAS_NUL, false,
     29},
    {"a NUL in a value is refused", OPTIONS_LINE "Subject: a\0b\r\n\r\n", SIP_HAS_NUL, false,
     sizeof(OPTIONS_LINE) + 15},
    {"a NUL in a name is refused", OPTIONS_LINE "Sub\0ject: a\r\n\r\n", SIP_HAS_NUL, false,
     sizeof(OPTIONS_LINE) + 15},
    {"a backslash outside quotes hides no NUL", OPTIONS_LINE "Subject: a\\\0b\r\n\r\n", SIP_HAS_NUL,
     false, sizeof(OPTIONS_LINE) + 16},

    {"a datagram cut inside the start line", "OPTIONS sip:b@h SIP/2.0", SIP_BAD_HEADER},
    {"a datagram cut inside a header", OPTIONS_LINE VIA_LINE "From: <sip:a@19", SIP_BAD_HEADER},
    {"a datagram without the empty line", OPTIONS_LINE FIVE("OPTIONS"), SIP_BAD_HEADER},
    {"a datagram cut inside a folded line", OPTIONS_LINE FIVE("OPTIONS") "A: b\r\n c",
     SIP_BAD_HEADER},
    {"a line without a colon", OPTIONS_LINE FIVE("OPTIONS") "Nonsense\r\n\r\n", SIP_BAD_HEADER},
    {"a line without a name", OPTIONS_LINE FIVE("OPTIONS") ": x\r\n\r\n", SIP_BAD_HEADER},
    {"a name of two words", OPTIONS_LINE FIVE("OPTIONS") "Two Words: x\r\n\r\n", SIP_BAD_HEADER},
    {"a start line goes on in the next", "OPTIONS sip:b@h SIP/2.0\r\n x: y\r\n\r\n",
     SIP_BAD_HEADER},
    {"a bell in a value", OPTIONS_LINE "Subject: \a\r\n\r\n", SIP_BAD_HEADER},
    {"a lone carriage return in a value", OPTIONS_LINE "Subject: a\rVia: b\r\n\r\n",
     SIP_BAD_HEADER},
    {"a quoted carriage return", OPTIONS_LINE "Subject: \"\\\ra\"\r\n\r\n", SIP_BAD_HEADER},
    {"an escape in the start line", "OPTIONS sip:\x1b@h SIP/2.0\r\n\r\n", SIP_BAD_HEADER},

    {"no Via", OPTIONS_LINE FROM_LINE TO_LINE CALL_ID_LINE CSEQ_LINE("OPTIONS") "\r\n",
     SIP_MISSING_HEADER},
    {"no From", OPTIONS_LINE VIA_LINE TO_LINE CALL_ID_LINE CSEQ_LINE("OPTIONS") "\r\n",
     SIP_MISSING_HEADER},
    {"no To", OPTIONS_LINE VIA_LINE FROM_LINE CALL_ID_LINE CSEQ_LINE("OPTIONS") "\r\n",
     SIP_MISSING_HEADER},
    {"no Call-ID", OPTIONS_LINE VIA_LINE FROM_LINE TO_LINE CSEQ_LINE("OPTIONS") "\r\n",
     SIP_MISSING_HEADER},
    {"no CSeq", OPTIONS_LINE VIA_LINE FROM_LINE TO_LINE CALL_ID_LINE "\r\n", SIP_MISSING_HEADER},
    {"no headers at all", OPTIONS_LINE "\r\n", SIP_MISSING_HEADER},
    {"an empty Call-ID",
     OPTIONS_LINE VIA_LINE FROM_LINE TO_LINE "Call-ID: \r\n" CSEQ_LINE("OPTIONS") "\r\n",
     SIP_MISSING_HEADER},

    {"two From", OPTIONS_LINE FIVE("OPTIONS") FROM_LINE "\r\n", SIP_REPEATED_HEADER, true},
    {"two To, one of them short", OPTIONS_LINE FIVE("OPTIONS") "t: sip:b@h\r\n\r\n",
     SIP_REPEATED_HEADER, true},
    {"two Call-ID", OPTIONS_LINE FIVE("OPTIONS") "i: other\r\n\r\n", SIP_REPEATED_HEADER, true},
    {"two CSeq", OPTIONS_LINE FIVE("OPTIONS") CSEQ_LINE("OPTIONS") "\r\n", SIP_REPEATED_HEADER,
     true},
    {"two Content-Length", OPTIONS_LINE FIVE("OPTIONS") "Content-Length: 0\r\nl: 0\r\n\r\n",
     SIP_REPEATED_HEADER, true},
    {"two Max-Forwards", OPTIONS_LINE FIVE("OPTIONS") "Max-Forwards: 5\r\nMax-Forwards: 5\r\n\r\n",
     SIP_REPEATED_HEADER, true},
    {"two Content-Type", OPTIONS_LINE FIVE("OPTIONS") "c: a/b\r\nc: a/b\r\n\r\n",
     SIP_REPEATED_HEADER, true},

    {"the CSeq of another method", OPTIONS_LINE FIVE("INVITE") "\r\n", SIP_BAD_VALUE, true},
    {"a CSeq that differs in case", OPTIONS_LINE FIVE("options") "\r\n", SIP_BAD_VALUE, true},
    {"a CSeq of 2**65",
     OPTIONS_LINE VIA_LINE FROM_LINE TO_LINE CALL_ID_LINE
     "CSeq: 36893488147419103232 OPTIONS\r\n\r\n",
     SIP_BAD_VALUE, true},
    {"a Via of separators",
     OPTIONS_LINE "Via: SIP/2.0/UDP 192.0.2.15;;,;,,\r\n" FROM_LINE TO_LINE CALL_ID_LINE CSEQ_LINE(
         "OPTIONS") "\r\n",
     SIP_BAD_VALUE, true},
    {"a From whose quote does not close",
     OPTIONS_LINE VIA_LINE "From: \"Mr. J. User <sip:j.user@example.com>\r\n" TO_LINE CALL_ID_LINE
         CSEQ_LINE("OPTIONS") "\r\n",
     SIP_BAD_VALUE, true},
    {"a To with spaces inside its brackets",
     OPTIONS_LINE VIA_LINE FROM_LINE
     "To: \"Watson, Thomas\" < sip:t.watson@example.org >\r\n" CALL_ID_LINE CSEQ_LINE(
         "OPTIONS") "\r\n",
     SIP_BAD_VALUE, true},
    {"a From that is a star",
     OPTIONS_LINE VIA_LINE "From: *\r\n" TO_LINE CALL_ID_LINE CSEQ_LINE("OPTIONS") "\r\n",
     SIP_BAD_VALUE, true},
    {"a Request-URI in brackets", "INVITE <sip:user@example.com> SIP/2.0\r\n" FIVE("INVITE") "\r\n",
     SIP_BAD_VALUE, true},
    {"a Request-URI with spaces inside",
     "INVITE sip:user@example.com; lr SIP/2.0\r\n" FIVE("INVITE") "\r\n", SIP_BAD_VALUE, true},
    {"two spaces in the start line",
     "INVITE  sip:user@example.com  SIP/2.0\r\n" FIVE("INVITE") "\r\n", SIP_BAD_VALUE, true},
    {"spaces after the version", "OPTIONS sip:b@example.com SIP/2.0  \r\n" FIVE("OPTIONS") "\r\n",
     SIP_BAD_VALUE, true},
    {"a Request-URI with headers",
     "INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0\r\n" FIVE("INVITE") "\r\n",
     SIP_BAD_VALUE, true},
    {"a Request-URI with IPv6 outside brackets",
     "REGISTER sip:2001:db8::10 SIP/2.0\r\n" FIVE("REGISTER") "\r\n", SIP_BAD_VALUE, true},

    {"Max-Forwards of 255", OPTIONS_LINE FIVE("OPTIONS") "Max-Forwards: 255\r\n\r\n", SIP_OK, true},
    {"Max-Forwards of 256", OPTIONS_LINE FIVE("OPTIONS") "Max-Forwards: 256\r\n\r\n", SIP_BAD_VALUE,
     true},
    {"Max-Forwards in words", OPTIONS_LINE FIVE("OPTIONS") "Max-Forwards: many\r\n\r\n",
     SIP_BAD_VALUE, true},
    {"an empty Max-Forwards", OPTIONS_LINE FIVE("OPTIONS") "Max-Forwards:\r\n\r\n", SIP_BAD_VALUE,
     true},
    {"Max-Forwards means nothing in a response", OK_LINE FIVE("OPTIONS") "Max-Forwards: x\r\n\r\n",
     SIP_OK},

    {"a Content-Length beyond the datagram",
     OPTIONS_LINE FIVE("OPTIONS") "Content-Length: 9999\r\n\r\nabc", SIP_BAD_LENGTH, true},
    {"a Content-Length one byte too long",
     OPTIONS_LINE FIVE("OPTIONS") "Content-Length: 4\r\n\r\nabc", SIP_BAD_LENGTH, true},
    {"a negative Content-Length", OPTIONS_LINE FIVE("OPTIONS") "Content-Length: -999\r\n\r\nabc",
     SIP_BAD_LENGTH, true},
    {"an empty Content-Length", OPTIONS_LINE FIVE("OPTIONS") "Content-Length:\r\n\r\nabc",
     SIP_BAD_LENGTH, true},
    {"a Content-Length that wraps around",
     OPTIONS_LINE FIVE("OPTIONS") "l: 18446744073709551616\r\n\r\nabc", SIP_BAD_LENGTH, true},
    {"a Content-Length in words", OPTIONS_LINE FIVE("OPTIONS") "l: three\r\n\r\nabc",
     SIP_BAD_LENGTH, true},

    {"a request of SIP/7.0",
     "OPTIONS sip:t.watson@example.org SIP/7.0\r\nVia: SIP/7.0/UDP "
     "c.example.com;branch=z9hG4bK1\r\n" FROM_LINE TO_LINE CALL_ID_LINE CSEQ_LINE("OPTIONS") "\r\n",
     SIP_BAD_VERSION, true},
};

static void message_is_judged(void **state)
{
    const struct read_case *c = *state;
    struct sip_msg msg;
    enum sip_error error = sip_msg_read(c->text, c->n ? c->n : strlen(c->text), &msg);
    assert_string_equal(sip_error_names[error], sip_error_names[c->error]);
    if (error >= SIP_MISSING_HEADER || error == SIP_OK)
        assert_int_equal(sip_msg_answerable(&msg), c->answerable);
    else
        assert_false(c->answerable);
}

/* ---- limits --------------------------------------------------------------------------------- */

static char big[70000];

/* OPTIONS with `count` further headers of `value` bytes each; returns the length. */
static size_t big_message(size_t count, size_t value)
{
    size_t n = (size_t)sprintf(big, "%s", OPTIONS_LINE FIVE("OPTIONS"));
    for (size_t i = 0; i < count; i++) {
        n += (size_t)sprintf(big + n, "X:");
        memset(big + n, 'x', value);
        n += value;
        n += (size_t)sprintf(big + n, "\r\n");
    }
    return n + (size_t)sprintf(big + n, "\r\n");
}

static struct limit_case {
    const char *name;
    size_t headers, value;
    enum sip_error error;
} limit_cases[] = {
    {"128 headers are read", SIP_MAX_HEADERS - 5, 1, SIP_OK},
    {"129 headers are too many", SIP_MAX_HEADERS - 4, 1, SIP_TOO_MANY_HEADERS},
    {"a thousand headers are too many", 1000, 10, SIP_TOO_MANY_HEADERS},
    {"10,000 headers fit no datagram that we read", 10000, 1, SIP_OVERSIZE},
    {"a line of 8 KiB is read", 1, SIP_MAX_LINE - 4, SIP_OK},
    {"a line longer than that is refused", 1, SIP_MAX_LINE - 3, SIP_BAD_HEADER},
    {"a header of 60 kB makes the datagram too long", 1, 60000, SIP_OVERSIZE},
};

static void limit_holds(void **state)
{
    const struct limit_case *c = *state;
    struct sip_msg msg;
    size_t n = big_message(c->headers, c->value);
    assert_string_equal(sip_error_names[sip_msg_read(big, n, &msg)], sip_error_names[c->error]);
}

static void the_longest_datagram_is_read_to_its_last_byte(void **state)
{
    (void)state;
    struct sip_msg msg;
    size_t n = big_message(0, 0);
    memset(big + n, 'b', sizeof big - n);
    assert_int_equal(sip_msg_read(big, SIP_MAX_DATAGRAM, &msg), SIP_OK);
    assert_int_equal(msg.body.n, SIP_MAX_DATAGRAM - n);
    assert_int_equal(sip_msg_read(big, SIP_MAX_DATAGRAM + 1, &msg), SIP_OVERSIZE);
    assert_int_equal(sip_msg_read(big, 65507, &msg), SIP_OVERSIZE);
}

static void a_name_may_be_255_bytes_long(void **state)
{
    (void)state;
    struct sip_msg msg;
    for (size_t name = 255; name <= 256; name++) {
        size_t n = (size_t)sprintf(big, "%s", OPTIONS_LINE FIVE("OPTIONS"));
        memset(big + n, 'x', name);
        n += name;
        n += (size_t)sprintf(big + n, ": y\r\n\r\n");
        assert_int_equal(sip_msg_read(big, n, &msg), name == 255 ? SIP_OK : SIP_BAD_HEADER);
    }
}

/* ---- the index ------------------------------------------------------------------------------ */

static void assert_span(struct span got, const char *expected)
{
    assert_non_null(got.p);
    assert_int_equal(got.n, strlen(expected));
    assert_memory_equal(got.p, expected, got.n);
}

/* A Short Tortuous INVITE, after RFC 4475 §3.1.1.1. */
static const char tortuous[] =
    "INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\r\n"
    "TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\r\n"
    "from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = "
    "98asjd8\r\n"
    "MaX-fOrWaRdS: 0068\r\n"
    "Call-ID: wsinv.ndaksdj@192.0.2.1\r\n"
    "Content-Length   : 3\r\n"
    "cseq: 0009\r\n  INVITE\r\n"
    "Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\n"
    "s :\r\n"
    "NewFangledHeader:   newfangled value\r\n continued newfangled value\r\n"
    "UnknownHeaderWithUnusualValue: ;;,,;;,;\r\n"
    "Content-Type: application/sdp\r\n"
    "Route:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\r\n"
    "v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n"
    " SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239\r\n"
    "m:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =\r\n      newvalue ;\r\n"
    "  secondparam ; q = 0.33\r\n"
    "\r\n"
    "abcTRAILING";

static void folds_spaces_and_short_names_are_indexed(void **state)
{
    (void)state;
    struct sip_msg msg;
    assert_int_equal(sip_msg_read(tortuous, sizeof tortuous - 1, &msg), SIP_OK);
    assert_int_equal(msg.method, METHOD_INVITE);
    assert_span(msg.uri, "sip:vivekg@chair-dnrc.example.com;unknownparam");
    assert_int_equal(msg.n_headers, 14);
    assert_int_equal(msg.cseq, 9);
    assert_span(sip_value(&msg, HEADER_TO),
                "sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n");
    assert_span(sip_header_name(&msg, sip_header(&msg, HEADER_TO)), "TO");
    assert_span(sip_value(&msg, HEADER_MAX_FORWARDS), "0068");
    const struct sip_header *via = sip_header(&msg, HEADER_VIA);
    assert_span(sip_header_value(&msg, via),
                "SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw");
    via = sip_header_next(&msg, via);
    assert_span(sip_header_name(&msg, via), "v");
    assert_null(sip_header_next(&msg, via));
    assert_span(msg.body, "abc");
    assert_int_equal(msg.bytes.n, sizeof tortuous - 1 - strlen("TRAILING"));
    assert_int_equal(msg.body_at + 3, msg.bytes.n);
}

static void the_lines_are_the_message(void **state)
{
    (void)state;
    struct sip_msg msg;
    assert_int_equal(sip_msg_read(tortuous, sizeof tortuous - 1, &msg), SIP_OK);
    size_t at = msg.start_line.n;
    for (unsigned i = 0; i < msg.n_headers; i++) {
        struct span line = sip_header_line(&msg, &msg.headers[i]);
        assert_ptr_equal(line.p, msg.bytes.p + at);
        at += line.n;
    }
    assert_int_equal(at + 2, msg.body_at);
}

/* As the NGN of NTT answers: short names and session timers. */
static const char ngn[] = "SIP/2.0 200 OK\r\n"
                          "v: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKPj1\r\n"
                          "f: <sip:0312345678@ntt-east.ne.jp>;tag=aa\r\n"
                          "t: <sip:117@ntt-east.ne.jp>;tag=bb\r\n"
                          "i: 11aa\r\n"
                          "CSeq: 102 INVITE\r\n"
                          "Record-Route: <sip:192.0.2.1:5060;lr>\r\n"
                          "m: <sip:12455@192.0.2.1>\r\n"
                          "k: timer,100rel\r\n"
                          "x: 300;refresher=uas\r\n"
                          "Require: timer\r\n"
                          "c: application/sdp\r\n"
                          "l: 4\r\n"
                          "\r\n"
                          "v=0\n";

static void short_names_stand_for_long_ones(void **state)
{
    (void)state;
    struct sip_msg msg;
    assert_int_equal(sip_msg_read(ngn, sizeof ngn - 1, &msg), SIP_OK);
    assert_false(msg.is_request);
    assert_int_equal(msg.status, 200);
    assert_span(msg.reason, "OK");
    assert_int_equal(msg.method, METHOD_INVITE);
    assert_span(msg.method_name, "INVITE");
    assert_span(sip_value(&msg, HEADER_CONTACT), "<sip:12455@192.0.2.1>");
    assert_span(sip_value(&msg, HEADER_SUPPORTED), "timer,100rel");
    assert_span(sip_value(&msg, HEADER_SESSION_EXPIRES), "300;refresher=uas");
    assert_span(sip_value(&msg, HEADER_CONTENT_TYPE), "application/sdp");
    assert_null(sip_value(&msg, HEADER_ROUTE).p);
    assert_null(sip_header(&msg, HEADER_ROUTE));
}

static void the_body_without_a_length_is_the_rest(void **state)
{
    (void)state;
    static const char text[] = OPTIONS_LINE FIVE("OPTIONS") "\r\nbody\r\n\0tail";
    struct sip_msg msg;
    assert_int_equal(sip_msg_read(text, sizeof text - 1, &msg), SIP_OK);
    assert_int_equal(msg.body.n, 11);
    assert_memory_equal(msg.body.p, "body\r\n\0tail", 11);
}

static void without_a_body_its_place_is_the_end(void **state)
{
    (void)state;
    static const char text[] = "\r\n" OPTIONS_LINE FIVE("OPTIONS") "\r\n";
    struct sip_msg msg;
    assert_int_equal(sip_msg_read(text, sizeof text - 1, &msg), SIP_OK);
    assert_ptr_equal(msg.bytes.p, text + 2);
    assert_int_equal(msg.body.n, 0);
    assert_int_equal(msg.body_at, msg.bytes.n);
    assert_int_equal(msg.bytes.n, sizeof text - 3);
}

static void a_response_to_an_unknown_method_is_read(void **state)
{
    (void)state;
    static const char text[] = OK_LINE FIVE("BREW") "\r\n";
    struct sip_msg msg;
    assert_int_equal(sip_msg_read(text, sizeof text - 1, &msg), SIP_OK);
    assert_int_equal(msg.method, METHOD_OTHER);
    assert_span(msg.method_name, "BREW");
}

/* ---- the tables ----------------------------------------------------------------------------- */

/* The short names that IANA has registered. */
static void every_short_name_is_known(void **state)
{
    (void)state;
    for (const char *letter = "abcdefijklmnorstuvxy"; *letter; letter++)
        assert_int_not_equal(sip_header_of(span_of(letter, 1)), HEADER_OTHER);
}

static void every_header_is_found_by_its_names(void **state)
{
    (void)state;
    for (unsigned id = HEADER_OTHER + 1; id < HEADER_COUNT; id++) {
        char name[32] = "";
        assert_non_null(sip_header_names[id].name);
        for (size_t i = 0; sip_header_names[id].name[i]; i++)
            name[i] = span_lower(sip_header_names[id].name[i]);
        assert_int_equal(sip_header_of(span_str(sip_header_names[id].name)), id);
        assert_int_equal(sip_header_of(span_str(name)), id);
        char compact = sip_header_names[id].compact;
        if (compact) {
            assert_int_equal(sip_header_of(span_of(&compact, 1)), id);
            compact = (char)(compact - 'a' + 'A');
            assert_int_equal(sip_header_of(span_of(&compact, 1)), id);
        }
    }
    const char *others[] = {"",
                            "q",
                            "X",
                            "Fro",
                            "Fromm",
                            "Via2",
                            "Content-Lengths",
                            "Subjects",
                            "P-Preferred-Identity-Of-Mine"};
    for (size_t i = 0; i < 9; i++) {
        if (i != 2)
            assert_int_equal(sip_header_of(span_str(others[i])), HEADER_OTHER);
    }
    assert_int_equal(sip_header_of(span_str(others[2])), HEADER_SESSION_EXPIRES);
}

static void methods_are_known_in_capitals_only(void **state)
{
    (void)state;
    for (unsigned method = METHOD_OTHER + 1; method < METHOD_COUNT; method++)
        assert_int_equal(sip_method_of(span_str(sip_method_names[method])), method);
    assert_int_equal(sip_method_of(span_str("invite")), METHOD_OTHER);
    assert_int_equal(sip_method_of(span_str("INVITES")), METHOD_OTHER);
    assert_int_equal(sip_method_of(span_str("")), METHOD_OTHER);
}

static void every_error_has_a_name(void **state)
{
    (void)state;
    for (unsigned error = 0; error < SIP_ERROR_COUNT; error++)
        assert_non_null(sip_error_names[error]);
}

/* ---- libosip2 as a witness ------------------------------------------------------------------ */

static void libosip2_sees_the_same_message(void **state)
{
    (void)state;
    static const char *const texts[] = {ngn, tortuous,
                                        OPTIONS_LINE FIVE("OPTIONS") "Subject: x\r\n\r\n",
                                        "\r\n" OK_LINE FIVE("INVITE") "\r\n"};
    assert_int_equal(parser_init(), 0);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct sip_msg msg;
        osip_message_t *theirs;
        assert_int_equal(sip_msg_read(texts[i], strlen(texts[i]), &msg), SIP_OK);
        assert_int_equal(osip_message_init(&theirs), 0);
        assert_int_equal(osip_message_parse(theirs, texts[i], strlen(texts[i])), 0);
        assert_int_equal(msg.is_request, MSG_IS_REQUEST(theirs));
        assert_int_equal(msg.status, theirs->status_code);
        assert_span(msg.method_name, theirs->cseq->method);
        assert_int_equal(msg.cseq, atoi(theirs->cseq->number));
        assert_int_equal(sip_header(&msg, HEADER_CONTACT) != NULL,
                         osip_list_size(&theirs->contacts) == 1);
        osip_message_free(theirs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_datagram_is_read_to_its_last_byte),
        cmocka_unit_test(a_name_may_be_255_bytes_long),
        cmocka_unit_test(folds_spaces_and_short_names_are_indexed),
        cmocka_unit_test(the_lines_are_the_message),
        cmocka_unit_test(short_names_stand_for_long_ones),
        cmocka_unit_test(the_body_without_a_length_is_the_rest),
        cmocka_unit_test(without_a_body_its_place_is_the_end),
        cmocka_unit_test(a_response_to_an_unknown_method_is_read),
        cmocka_unit_test(every_short_name_is_known),
        cmocka_unit_test(every_header_is_found_by_its_names),
        cmocka_unit_test(methods_are_known_in_capitals_only),
        cmocka_unit_test(every_error_has_a_name),
        cmocka_unit_test(libosip2_sees_the_same_message),
    };
    int failed = CASES_RUN(read_cases, message_is_judged);
    failed += CASES_RUN(limit_cases, limit_holds);
    failed += cmocka_run_group_tests(tests, NULL, NULL);
    return failed;
}
