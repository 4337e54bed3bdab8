#include "tests/unit/cases.h"
#include "sdp/multipart.h"

#define MIXED "multipart/mixed; boundary=b1"
#define SDP_TYPE "Content-Type: application/sdp\r\n\r\n"

static struct find_case {
    const char *name;
    const char *type;
    const char *body;
    const char *found[MULTIPART_MAX_SDP + 1];
    bool malformed;
} find_cases[] = {
    {"SDP alone is found", "application/sdp", "v=0\r\n", {"v=0\r\n"}, false},
    {"capitals and parameters do not matter",
     "Application/SDP;charset=utf-8",
     "v=0",
     {"v=0"},
     false},
    {"blanks around the slash do not matter", "application / sdp ; x=y", "v=0", {"v=0"}, false},
    {"an empty body is none", "application/sdp", "", {NULL}, false},
    {"another type is left alone", "application/dtmf-relay", "v=0", {NULL}, false},
    {"a longer subtype is another type", "application/sdpx", "v=0", {NULL}, false},
    {"without a type nothing is found", NULL, "v=0", {NULL}, false},
    {"a type without a slash is none", "sdp", "v=0", {NULL}, false},

    {"SDP in the first part is found",
     MIXED,
     "--b1\r\n" SDP_TYPE "v=0\r\n\r\n--b1\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b1--\r\n",
     {"v=0\r\n"},
     false},
    {"SDP need not be first",
     MIXED,
     "--b1\r\nContent-Type: application/isup\r\n\r\n\x01\x02\r\n--b1\r\n" SDP_TYPE
     "v=0\r\n\r\n--b1--",
     {"v=0\r\n"},
     false},
    {"the line end before a delimiter is the delimiter's",
     MIXED,
     "--b1\r\n" SDP_TYPE "v=0\r\n--b1--\r\n",
     {"v=0"},
     false},
    {"LF alone ends lines too",
     MIXED,
     "--b1\nContent-Type: application/sdp\n\nv=0\n\n--b1--\n",
     {"v=0\n"},
     false},
    {"two SDP bodies are found in order",
     MIXED,
     "--b1\r\n" SDP_TYPE "v=0\r\ns=1\r\n--b1\r\n" SDP_TYPE "v=0\r\ns=2\r\n--b1--\r\n",
     {"v=0\r\ns=1", "v=0\r\ns=2"},
     false},
    {"a preamble and an epilogue do not count",
     MIXED,
     "Content-Type: application/sdp\r\n\r\nno\r\n--b1\r\n" SDP_TYPE
     "v=0\r\n--b1--\r\n--b1\r\n" SDP_TYPE "no\r\n--b1--\r\n",
     {"v=0"},
     false},
    {"blanks behind a delimiter do not matter",
     MIXED,
     "--b1 \t\r\n" SDP_TYPE "v=0\r\n--b1-- \r\n",
     {"v=0"},
     false},
    {"a part without headers is text", MIXED, "--b1\r\n\r\nv=0\r\n--b1--\r\n", {NULL}, false},
    {"an empty part is none", MIXED, "--b1\r\n" SDP_TYPE "\r\n--b1--\r\n", {NULL}, false},
    {"a folded header is read",
     MIXED,
     "--b1\r\nContent-Disposition: session\r\nContent-Type:\r\n "
     "application/sdp\r\n\r\nv=0\r\n--b1--\r\n",
     {"v=0"},
     false},
    {"header names have no case",
     MIXED,
     "--b1\r\ncontent-TYPE : application/sdp\r\n\r\nv=0\r\n--b1--\r\n",
     {"v=0"},
     false},
    {"the boundary may be quoted",
     "multipart/mixed;boundary=\"a b;c\"",
     "--a b;c\r\n" SDP_TYPE "v=0\r\n--a b;c--\r\n",
     {"v=0"},
     false},
    {"the boundary may be escaped",
     "multipart/mixed;boundary=\"a\\b\"",
     "--ab\r\n" SDP_TYPE "v=0\r\n--ab--\r\n",
     {"v=0"},
     false},
    {"other parameters may stand around the boundary",
     "multipart/mixed; x=\";boundary=no\" ; BOUNDARY = b1 ; y",
     "--b1\r\n" SDP_TYPE "v=0\r\n--b1--\r\n",
     {"v=0"},
     false},
    {"a longer boundary is another one",
     MIXED,
     "--b1\r\n" SDP_TYPE "v=0\r\n--b12\r\n--b1--\r\n",
     {"v=0\r\n--b12"},
     false},
    {"any multipart is looked into",
     "multipart/alternative;boundary=b1",
     "--b1\r\n" SDP_TYPE "v=0\r\n--b1--\r\n",
     {"v=0"},
     false},
    {"8bit needs no decoding",
     MIXED,
     "--b1\r\nContent-Transfer-Encoding: 8bit\r\n" SDP_TYPE "v=0\r\n--b1--\r\n",
     {"v=0"},
     false},

    {"nested SDP is found",
     MIXED,
     "--b1\r\nContent-Type: multipart/alternative; boundary=b2\r\n\r\n--b2\r\n" SDP_TYPE
     "v=0\r\n--b2--\r\n--b1\r\n" SDP_TYPE "v=0\r\ns=2\r\n--b1--\r\n",
     {"v=0", "v=0\r\ns=2"},
     false},
    {"four levels are looked into",
     MIXED,
     "--b1\nContent-Type: multipart/a;boundary=b2\n\n--b2\nContent-Type: "
     "multipart/a;boundary=b3\n\n--b3\nContent-Type: multipart/a;boundary=b4\n\n--b4\n"
     "Content-Type: application/sdp\n\nv=0\n--b4--\n--b3--\n--b2--\n--b1--\n",
     {"v=0"},
     false},
    {"five levels are not",
     MIXED,
     "--b1\nContent-Type: multipart/a;boundary=b2\n\n--b2\nContent-Type: "
     "multipart/a;boundary=b3\n\n--b3\nContent-Type: multipart/a;boundary=b4\n\n--b4\n"
     "Content-Type: multipart/a;boundary=b5\n\n--b5\nContent-Type: "
     "application/sdp\n\nv=0\n--b5--\n--b4--\n--b3--\n--b2--\n--b1--\n",
     {NULL},
     true},

    {"a multipart without a boundary is malformed", "multipart/mixed", "--b1\r\n", {NULL}, true},
    {"an empty boundary is malformed", "multipart/mixed;boundary=\"\"", "--\r\n", {NULL}, true},
    {"a boundary of 71 letters is malformed",
     "multipart/"
     "mixed;boundary=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "--",
     {NULL},
     true},
    {"a multipart without its boundary inside is malformed", MIXED, "v=0\r\n", {NULL}, true},
    {"a part without an end is found and malformed",
     MIXED,
     "--b1\r\n" SDP_TYPE "v=0\r\n",
     {"v=0\r\n"},
     true},
    {"SDP without an empty line before it is malformed",
     MIXED,
     "--b1\r\nContent-Type: application/sdp\r\n--b1--\r\n",
     {NULL},
     true},
    {"base64 is malformed, nobody could edit it",
     MIXED,
     "--b1\r\nContent-Transfer-Encoding: base64\r\n" SDP_TYPE "dj0w\r\n--b1--\r\n",
     {NULL},
     true},
    {"a fifth SDP body is malformed",
     MIXED,
     "--b1\n" SDP_TYPE "1\n--b1\n" SDP_TYPE "2\n--b1\n" SDP_TYPE "3\n--b1\n" SDP_TYPE
     "4\n--b1\n" SDP_TYPE "5\n--b1--\n",
     {"1", "2", "3", "4"},
     true},
};

static void sdp_is_found(void **state)
{
    const struct find_case *c = *state;
    struct span found[MULTIPART_MAX_SDP];
    struct span body = span_str(c->body);
    bool malformed = !c->malformed;
    unsigned n = multipart_find_sdp(span_str(c->type), body, found, &malformed);
    assert_int_equal(malformed, c->malformed);
    for (unsigned i = 0; i < n; i++) {
        assert_non_null(c->found[i]);
        assert_int_equal(found[i].n, strlen(c->found[i]));
        assert_memory_equal(found[i].p, c->found[i], found[i].n);
        assert_true(found[i].p >= body.p && found[i].p + found[i].n <= body.p + body.n);
    }
    assert_null(c->found[n]);
}

static void a_seventeenth_part_is_malformed(void **state)
{
    (void)state;
    char body[2048];
    struct span found[MULTIPART_MAX_SDP];
    bool malformed;
    for (int parts = 16; parts <= 17; parts++) {
        char *p = body;
        for (int i = 1; i < parts; i++)
            p = stpcpy(p, "--b1\n\ntext\n");
        stpcpy(p, "--b1\n" SDP_TYPE "v=0\n--b1--");
        unsigned n = multipart_find_sdp(span_str(MIXED), span_str(body), found, &malformed);
        assert_int_equal(n, parts == 16);
        assert_int_equal(malformed, parts == 17);
    }
}

static void nul_bytes_pass(void **state)
{
    (void)state;
    static const char body[] =
        "--b1\r\nContent-Type: application/isup\r\n\r\n\0\0--b1\0\r\n--b1\r\n" SDP_TYPE
        "v=0\r\ns=\0\r\n--b1--\r\n";
    struct span found[MULTIPART_MAX_SDP];
    bool malformed;
    assert_int_equal(
        multipart_find_sdp(span_str(MIXED), span_of(body, sizeof body - 1), found, &malformed), 1);
    assert_false(malformed);
    assert_int_equal(found[0].n, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seventeenth_part_is_malformed),
        cmocka_unit_test(nul_bytes_pass),
    };
    int failed = CASES_RUN(find_cases, sdp_is_found);
    failed += cmocka_run_group_tests(tests, NULL, NULL);
    return failed;
}
