/*
 * Messages near those of RFC 4475 and RFC 5118: one of them with one place changed, so that each
 * edge of what is allowed has a case on either side.
 */
#include "tests/sim/torture.h"

#define BAD_EXTENSION ANSWER(420, "answer_420_extension")

#define INVUT "rfc4475/invut.dat", "Content-Length: 40"   /* 40 bytes that are no SDP */
#define CSEQ "rfc4475/semiuri.dat", "CSeq: 8 OPTIONS"     /* a plain OPTIONS */
#define HOPS "rfc4475/semiuri.dat", "Max-Forwards: 3\r\n" /* the same */
#define LINE "rfc4475/semiuri.dat", "CSeq: 8 OPTIONS\r\n" /* a place for one line more */
#define FROM "rfc4475/semiuri.dat", "sip:caller@example.org;tag=33242"
#define VIA "rfc4475/semiuri.dat", "192.0.2.1;branch=z9hG4bKkdjuw"
#define CONTACT "rfc4475/invut.dat", "<sip:caller@host5.example.net>"
#define EXTENSION \
    "rfc4475/bext01.dat", "Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis\r\n"
#define SCHEME "rfc4475/unkscm.dat", "nobodyKnowsThisScheme:totallyopaquecontent"
#define LATE                                                                   \
    "rfc4475/scalar02.dat", "CSeq: 36893488147419103232 REGISTER\r\nCall-ID: " \
                            "scalar02.23o0pd9vanlq3wnrlnewofjas9ui32\r\nMax-Forwards: 300\r\n"
#define TEN "1234567890"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

const struct torture_case torture_near[] = {
    /* ---- Content-Length (RFC 3261 §18.3, §20.14) */
    {"a Content-Length of -1", INVUT, BYTES("Content-Length: -1"), BAD, .why = "RFC 3261 §18.3"},
    {"a Content-Length with a plus", INVUT, BYTES("Content-Length: +40"), BAD,
     .why = "RFC 3261 §25.1: 1*DIGIT"},
    {"a Content-Length in hexadecimal", INVUT, BYTES("Content-Length: 0x28"), BAD,
     .why = "RFC 3261 §25.1: 1*DIGIT"},
    {"a Content-Length of two numbers", INVUT, BYTES("Content-Length: 4 0"), BAD,
     .why = "RFC 3261 §25.1: 1*DIGIT"},
    {"a Content-Length of 2**64 and the true length", INVUT,
     BYTES("Content-Length: 18446744073709551656"), BAD, .why = "RFC 3261 §18.3"},
    {"an empty Content-Length", INVUT, BYTES("Content-Length:"), BAD, .why = "RFC 3261 §25.1"},
    {"a Content-Length one too long", INVUT, BYTES("Content-Length: 41"), BAD,
     .why = "RFC 3261 §18.3: 400"},
    {"a Content-Length one too short", INVUT, BYTES("Content-Length: 39"), PASS,
     .why = "RFC 3261 §18.3: what is beyond it is cut"},
    {"a Content-Length with zeros before it", INVUT, BYTES("Content-Length: 00000040"), PASS,
     .why = "RFC 3261 §25.1: 1*DIGIT"},

    /* ---- CSeq (RFC 3261 §8.1.1.5) */
    {"a CSeq of 2**31 - 1", CSEQ, BYTES("CSeq: 2147483647 OPTIONS"), PASS,
     .why = "RFC 3261 §8.1.1.5: the largest"},
    {"a CSeq of 2**31", CSEQ, BYTES("CSeq: 2147483648 OPTIONS"), BAD, .why = "RFC 3261 §8.1.1.5"},
    {"a CSeq of 2**32 and the true number", CSEQ, BYTES("CSeq: 4294967304 OPTIONS"), BAD,
     .why = "RFC 3261 §8.1.1.5"},
    {"a CSeq of 0", CSEQ, BYTES("CSeq: 0 OPTIONS"), PASS, .why = "RFC 3261 §8.1.1.5"},
    {"a negative CSeq", CSEQ, BYTES("CSeq: -8 OPTIONS"), BAD, .why = "RFC 3261 §25.1: 1*DIGIT"},
    {"a CSeq without a method", CSEQ, BYTES("CSeq: 8"), BAD, .why = "RFC 3261 §20.16"},
    {"a CSeq without a space", CSEQ, BYTES("CSeq: 8OPTIONS"), BAD, .why = "RFC 3261 §25.1: LWS"},
    {"a CSeq with a word too many", CSEQ, BYTES("CSeq: 8 OPTIONS INVITE"), BAD,
     .why = "RFC 3261 §20.16"},
    {"a CSeq folded twice", CSEQ, BYTES("CSeq:\r\n\t8\r\n OPTIONS"), PASS,
     .why = "RFC 3261 §7.3.1"},

    /* ---- Max-Forwards (RFC 3261 §20.22) */
    {"Max-Forwards of 256", HOPS, BYTES("Max-Forwards: 256\r\n"), BAD,
     .back = "Warning: 399 tailtrunk \"bad-value\"\r\n",
     .why = "RFC 3261 §20.22: 0 to 255; RFC 4475 §3.1.2.4 allows it"},
    {"Max-Forwards of 2**32 and the true number", HOPS, BYTES("Max-Forwards: 4294967299\r\n"), BAD,
     .why = "RFC 3261 §20.22"},
    {"a negative Max-Forwards", HOPS, BYTES("Max-Forwards: -1\r\n"), BAD,
     .why = "RFC 3261 §25.1: 1*DIGIT"},
    {"an empty Max-Forwards", HOPS, BYTES("Max-Forwards:\r\n"), BAD, .why = "RFC 3261 §25.1"},
    {"Max-Forwards with a parameter", HOPS, BYTES("Max-Forwards: 3;x\r\n"), BAD,
     .why = "RFC 3261 §25.1"},
    {"two Max-Forwards", HOPS, BYTES("Max-Forwards: 3\r\nMax-Forwards: 3\r\n"), BAD,
     .why = "RFC 3261 §7.3.1: not a list"},
    {"Max-Forwards with zeros before it", HOPS, BYTES("Max-Forwards: 0000000000000000000003\r\n"),
     PASS, .why = "RFC 3261 §25.1: 1*DIGIT"},
    {"Max-Forwards of one", HOPS, BYTES("Max-Forwards: 1\r\n"), PASS,
     .why = "RFC 3261 §16.3 step 3: one hop more"},
    {"Max-Forwards of zero, written long", HOPS, BYTES("Max-Forwards: 000\r\n"),
     ANSWER(483, "answer_483_hops"), .why = "RFC 3261 §16.3 step 3"},
    {"no Max-Forwards", HOPS, BYTES(""), PASS, .why = "RFC 3261 §16.6 step 3: 70"},

    /* ---- quoted strings (RFC 3261 §25.1) */
    {"a From whose quote does not close", FROM, BYTES("\"A. <sip:a@example.org>;tag=1"), BAD,
     .why = "RFC 4475 §3.1.2.6"},
    {"a From whose last quote is escaped", FROM, BYTES("\"A. \\\" <sip:a@example.org>;tag=1"), BAD,
     .why = "RFC 3261 §25.1: quoted-pair"},
    {"a From with a bracket and a comma in quotes", FROM,
     BYTES("\"A, <sip:x@y>\" <sip:a@example.org>;tag=1"), PASS, .why = "RFC 3261 §25.1"},
    {"a From parameter whose quote does not close", FROM, BYTES("<sip:a@example.org>;tag=1;x=\"y"),
     BAD, .why = "RFC 3261 §25.1: gen-value"},
    {"a From with two tags", FROM, BYTES("<sip:a@example.org>;tag=1;tag=2"), BAD,
     .why = "RFC 3261 §7.3.1"},
    {"a From with an empty tag", FROM, BYTES("<sip:a@example.org>;tag="), BAD,
     .why = "RFC 3261 §25.1: token"},
    {"a Contact whose quote does not close", CONTACT, BYTES("\"A. <sip:caller@host5.example.net>"),
     BAD, .why = "RFC 4475 §3.1.2.6; a Contact has to be changed"},
    {"a Contact of separators", CONTACT, BYTES("<sip:caller@host5.example.net>;;;;"), BAD,
     .why = "RFC 4475 §3.1.2.1"},
    {"a Contact with spaces in its brackets", CONTACT, BYTES("< sip:caller@host5.example.net >"),
     BAD, .why = "RFC 4475 §3.1.2.14"},
    {"an odd quote where it does not matter", LINE, BYTES("CSeq: 8 OPTIONS\r\nSubject: \"\r\n"),
     PASS, .why = "RFC 3261 §16.3 step 1: what a proxy does not use it does not check"},

    /* ---- folding and line ends (RFC 3261 §7.3.1) */
    {"a Via folded between every two words", VIA,
     BYTES("\r\n 192.0.2.1\r\n\t;\r\n branch\r\n =\r\n z9hG4bKkdjuw\r\n "), PASS,
     .why = "RFC 3261 §7.3.1"},
    {"a continuation of nothing but spaces", LINE, BYTES("CSeq: 8 OPTIONS\r\n \t \r\n"), PASS,
     .why = "RFC 3261 §7.3.1"},
    {"a start line that goes on", "rfc4475/semiuri.dat", " SIP/2.0\r\n", BYTES("\r\n SIP/2.0\r\n"),
     STOP("drop_malformed"), .why = "RFC 3261 §7.1: no line folding there"},
    {"a header section that begins with a continuation", "rfc4475/semiuri.dat", " SIP/2.0\r\n",
     BYTES(" SIP/2.0\r\n X: y\r\n"), STOP("drop_malformed"), .why = "RFC 3261 §7.1"},
    {"a lone carriage return", LINE, BYTES("CSeq: 8 OPTIONS\r\nSubject: a\rb\r\n"),
     STOP("drop_malformed"), .why = "RFC 3261 §25.1: some would see two lines in it"},
    {"a line that ends in a line feed alone", LINE, BYTES("CSeq: 8 OPTIONS\nSubject: a\n"), PASS,
     .why = "liberal in what is accepted; the line stays as it is"},

    /* ---- bytes that are no text */
    {"UTF-8 in a quoted display name", FROM, BYTES("\"Zo\xc3\xab\" <sip:a@example.org>;tag=1"),
     PASS, .why = "RFC 3261 §25.1: qdtext"},
    {"Latin-1 in a quoted display name", FROM, BYTES("\"Zo\xeb\" <sip:a@example.org>;tag=1"), PASS,
     .why = "not UTF-8, but nothing that a proxy reads"},
    {"UTF-8 in a header that is not known", LINE,
     BYTES("CSeq: 8 OPTIONS\r\nX-Name: \xe5\xa4\xa7\xe5\x81\x9c\xe9\x9b\xbb\r\n"), PASS,
     .why = "RFC 3261 §25.1: TEXT-UTF8"},
    {"a NUL in a quoted string", FROM, BYTES("\"a\0b\" <sip:a@example.org>;tag=1"),
     STOP("drop_malformed"), .why = "RFC 3261 §25.1: only behind a backslash"},
    {"a NUL behind a backslash in a quoted string", FROM,
     BYTES("\"a\\\0b\" <sip:a@example.org>;tag=1"), PASS, .why = "RFC 4475 §3.1.1.2"},
    {"a NUL behind a backslash outside quotes", FROM, BYTES("a\\\0b <sip:a@example.org>;tag=1"),
     STOP("drop_malformed"), .why = "RFC 3261 §25.1"},
    {"a NUL in the Request-URI", "rfc4475/semiuri.dat", "sip:user;par", BYTES("sip:us\0er;par"),
     STOP("drop_malformed"), .why = "RFC 3261 §25.1"},
    {"a NUL in the body", "rfc4475/invut.dat", "<audio>", BYTES("<au\0io>"), PASS,
     .why = "RFC 4475 §3.1.1.11: bodies are binary"},

    /* ---- header lines */
    {"a line without a colon", LINE, BYTES("CSeq: 8 OPTIONS\r\nFoobar roobar\r\n"),
     STOP("drop_malformed"), .why = "RFC 3261 §7.3.1: nobody can tell what it is"},
    {"a line without a name", LINE, BYTES("CSeq: 8 OPTIONS\r\n: x\r\n"), STOP("drop_malformed"),
     .why = "RFC 3261 §7.3.1"},
    {"a name with a space before its colon", LINE, BYTES("CSeq: 8 OPTIONS\r\nSubject : x\r\n"),
     PASS, .why = "RFC 3261 §7.3.1"},
    {"a header without a value", LINE, BYTES("CSeq: 8 OPTIONS\r\nSubject:\r\n"), PASS,
     .why = "RFC 4475 §3.1.1.1"},
    {"separators in a header that is not known", LINE, BYTES("CSeq: 8 OPTIONS\r\nX: ;;,,;;,;\r\n"),
     PASS, .why = "RFC 4475 §3.1.1.1"},

    /* ---- Via (RFC 3261 §20.42) */
    {"a Via with two branches", VIA, BYTES("192.0.2.1;branch=z9hG4bKa;branch=z9hG4bKb"), BAD,
     .why = "RFC 3261 §7.3.1"},
    {"a Via with an empty branch", VIA, BYTES("192.0.2.1;branch="), BAD,
     .why = "RFC 3261 §25.1: token"},
    {"a Via of port 0", VIA, BYTES("192.0.2.1:0;branch=z9hG4bKa"), BAD, .why = "RFC 3261 §18.2.2"},
    {"a Via of port 65536", VIA, BYTES("192.0.2.1:65536;branch=z9hG4bKa"), BAD,
     .why = "RFC 3261 §18.2.2"},
    {"a Via without a host", VIA, BYTES(";branch=z9hG4bKa"), BAD, .why = "RFC 3261 §20.42"},
    {"a Via of IPv6 without brackets", VIA, BYTES("2001:db8::9:1;branch=z9hG4bKa"), BAD,
     .why = "RFC 5118 §4.2"},

    /* ---- Require and Proxy-Require (RFC 3261 §16.3 step 5) */
    {"Require alone", EXTENSION, BYTES(""), PASS,
     .why = "RFC 3261 §20.32: it asks the endpoint, not the proxy"},
    {"Proxy-Require in several lines", EXTENSION,
     BYTES("Proxy-Require: a,\r\n  b\r\nProxy-Require:c\r\n"), BAD_EXTENSION,
     .back = "Unsupported: a, b, c\r\n", .why = "RFC 3261 §20.29, §20.40"},
    {"Proxy-Require of what is no word", EXTENSION, BYTES("Proxy-Require: a, \"b\", c\r\n"),
     BAD_EXTENSION, .back = "Unsupported: a, c\r\n", .why = "RFC 3261 §20.40: tokens"},
    {"Proxy-Require too long to repeat", EXTENSION,
     BYTES("Proxy-Require: a, " HUNDRED HUNDRED HUNDRED ", c\r\n"), BAD_EXTENSION,
     .back = "Unsupported: a, c\r\nContent-Length: 0\r\n", .why = "the answer stays a message"},
    {"an empty Proxy-Require", EXTENSION, BYTES("Proxy-Require:\r\n"), BAD_EXTENSION,
     .why = "nobody knows what it asks for"},

    /* ---- schemes (RFC 3261 §16.3 step 2) */
    {"a telephone number as Request-URI", SCHEME, BYTES("tel:+358-555-1234567;postd=pp22"), PASS,
     .why = "RFC 3966: it means something to either side"},
    {"an emergency service as Request-URI", SCHEME, BYTES("urn:service:sos"), PASS,
     .why = "RFC 5031"},
    {"a scheme in capitals", SCHEME, BYTES("SIP:user@example.com"), PASS,
     .why = "RFC 3261 §19.1.4: any case"},
    {"a Request-URI without a scheme", SCHEME, BYTES("user@example.com"), BAD,
     .why = "RFC 3261 §25.1"},

    /* ---- overlarge times (RFC 4475 §3.1.2.4) */
    {"an overlarge Expires and expires=", LATE,
     BYTES("CSeq: 3 REGISTER\r\nCall-ID: late\r\nMax-Forwards: 70\r\n"), PASS,
     .why = "RFC 4475 §3.1.2.4: to be treated as the default; for the registrar to judge"},

    /* ---- responses */
    {"a status of 699", "rfc4475/bigcode.dat", "4294967301", BYTES("699"), .answers = true, PASS,
     .why = "RFC 3261 §25.1: extension-code"},
    {"a status of 700", "rfc4475/bigcode.dat", "4294967301", BYTES("700"), .answers = true,
     STOP("drop_malformed"), .why = "RFC 4475 §3.1.2.19"},
    {"a status of 99", "rfc4475/bigcode.dat", "4294967301", BYTES("099"), .answers = true,
     STOP("drop_malformed"), .why = "RFC 3261 §7.2: 1xx to 6xx"},
    {"a status of 2000", "rfc4475/bigcode.dat", "4294967301", BYTES("2000"), .answers = true,
     STOP("drop_malformed"), .why = "RFC 3261 §25.1: 3DIGIT"},
    {"a negative status", "rfc4475/bigcode.dat", "4294967301", BYTES("-486"), .answers = true,
     STOP("drop_malformed"), .why = "RFC 3261 §25.1: 3DIGIT"},
    {"an empty reason phrase that crosses", "rfc4475/noreason.dat", " 100 ", BYTES(" 183 "),
     .answers = true, PASS, .why = "RFC 4475 §3.1.1.13"},
    {"an empty reason phrase, its space forgotten", "rfc4475/noreason.dat", " 100 ", BYTES(" 183"),
     .answers = true, PASS, .why = "RFC 4475 §3.1.1.13: liberal receivers accept it"},
    {"a NUL in a reason phrase", "rfc4475/unreason.dat", " = 2**3", BYTES(" = \0**3"),
     .answers = true, STOP("drop_malformed"), .why = "RFC 3261 §25.1"},
    {"a response with a Content-Length beyond it", "rfc4475/unreason.dat", "Content-Length: 154",
     BYTES("Content-Length: 155"), .answers = true, STOP("drop_malformed"),
     .why = "RFC 3261 §18.3: discarded"},
    {"a response with a Via below ours, in one line", "rfc4475/bcast.dat",
     "Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23\r\n",
     BYTES("v: SIP/2.0/UDP 255.255.255.255, SIP/2.0/UDP 255.255.255.255\r\n"), .answers = true,
     STOP("drop_stray_response"), .why = "RFC 3261 §8.1.3.3"},
    {"a response with our Via alone", "rfc4475/bcast.dat",
     "Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23\r\n", BYTES(""), .answers = true,
     PASS, .why = "RFC 3261 §8.1.3.3"},
    {"an overlarge Retry-After", "rfc4475/scalarlg.dat", "CSeq: 9292394834772304023312",
     BYTES("CSeq: 92923"), .answers = true, PASS,
     .why = "RFC 3261 §16.7: what a proxy does not use it does not check"},

    /* ---- dialogs, and none */
    {"the tortuous INVITE outside dialogs", "rfc4475/wsinv.dat", ";   tag    = 1918181833n",
     BYTES(";   tagged"), PASS, .why = "RFC 4475 §3.1.1.1, with its media relayed"},

    /* ---- RFC 5118 */
    {"ipv6-in-sdp with the length that is printed", "rfc5118/ipv6-in-sdp.dat",
     "Content-Length: 251", BYTES("Content-Length: 268"), BAD, .why = "RFC 3261 §18.3: 400"},
    {"mult-ip-in-sdp with the length that is printed", "rfc5118/mult-ip-in-sdp.dat",
     "Content-Length: 189", BYTES("Content-Length: 181"), PASS, .why = "RFC 3261 §18.3: cut"},
    {"ipv4-mapped-ipv6 with the length that is printed", "rfc5118/ipv4-mapped-ipv6.dat",
     "Content-Length: 245", BYTES("Content-Length: 236"), PASS, .why = "RFC 3261 §18.3: cut"},
    {"an IPv6 reference with one bracket", "rfc5118/ipv6-good.dat", "[2001:db8::10]",
     BYTES("[2001:db8::10"), BAD, .why = "RFC 5118 §4.2"},
    {"an IPv6 reference of four colons", "rfc5118/ipv6-bug-abnf-3-colons.dat", ":::192",
     BYTES("::::192"), BAD, .why = "RFC 5118 §4.10: three, not four"},
    {"three colons before something else", "rfc5118/ipv6-bug-abnf-3-colons.dat", ":::192.0.2.1",
     BYTES(":::1"), BAD, .why = "RFC 5118 §4.10: before an IPv4 address"},
    {"an IPv6 reference with a quad out of range", "rfc5118/ipv6-correct-abnf-2-colons.dat",
     "::192.0.2.1", BYTES("::192.0.2.256"), BAD, .why = "RFC 3261 §25.1"},
    {"an IPv6 reference with a zone", "rfc5118/ipv6-good.dat", "[2001:db8::10]",
     BYTES("[fe80::1%25eth0]"), BAD, .why = "RFC 3261 §25.1: none there"},
    {"a Contact of IPv6 without brackets", "rfc5118/ipv6-in-sdp.dat", "caller@[2001:db8::20]",
     BYTES("caller@2001:db8::20"), BAD, .why = "RFC 5118 §4.2"},
    {"SDP with its IPv6 address in brackets", "rfc5118/ipv6-in-sdp.dat",
     "c=IN IP6 2001:db8::20\r\nt=3338481189", BYTES("c=IN IP6 [2001:db8::20]\r\nt=33384811"), PASS,
     .why = "RFC 5118 §4.6: none belong there; what stands there is replaced"},
    {"SDP with an IPv6 address that claims to be IPv4", "rfc5118/ipv6-in-sdp.dat",
     "c=IN IP6 2001:db8::20", BYTES("c=IN IP4 2001:db8::20"), PASS,
     .why = "RFC 4566 §5.7: wrong, and replaced by what is right"},
    {NULL},
};
