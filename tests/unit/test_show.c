/* The API's JSON as people read it. */
#include "proxy/cli/show.h"
#include "tests/unit/cases.h"
#include <string.h>

#define PEER(more)                                                                                \
    "[{\"name\":\"yude\",\"address\":\"10.0.0.2:5060\",\"local\":\"127.0.1.7:5070\",\"calls\":0," \
    "\"since\":\"2026-01-02T03:04:06.000Z\"," more "}]"
#define TABLE(state)                                                      \
    "PEER  STATE  ADDRESS        LOCAL           ADVERTISE  RTT  CALLS\n" \
    "yude  " state "   10.0.0.2:5060  127.0.1.7:5070  -          -    0\n"

static struct row {
    const char *name;
    show *show;
    const char *json, *text;
} rows[] = {
    {"a peer that is up needs no note", show_peers, PEER("\"state\":\"up\""), TABLE("up  ")},
    {"a peer that is down says since when", show_peers, PEER("\"state\":\"down\""),
     TABLE("down") "yude: down since 2026-01-02T03:04:06.000Z\n"},
    {"a registration says which way it goes, and warnings follow", show_peers,
     PEER("\"state\":\"up\",\"warnings\":[\"pbx.example does not resolve\"],\"registrations\":["
          "{\"aor\":\"sip:a@x\",\"contact\":\"sip:a@y\",\"last_status\":403,"
          "\"registrar\":\"peer\"},"
          "{\"aor\":\"sip:b@x\",\"contact\":\"sip:b@y\",\"expires_at\":\"2026\","
          "\"registrar\":\"exchange\"}]"),
     TABLE("up  ") "yude: the exchange registers there as sip:a@x, contact sip:a@y, not granted: "
                   "403\n"
                   "yude: registers at the exchange as sip:b@x, contact sip:b@y, until 2026\n"
                   "yude: warning: pbx.example does not resolve\n"},
    {"media shows our address as it was told to each side", show_call,
     "{\"id\":\"c00100001\",\"state\":\"up\",\"started_at\":\"2026\",\"duration_s\":3,"
     "\"call_id\":\"x\",\"peer\":\"yude\",\"direction\":\"out\",\"from\":\"1\",\"to\":\"2\","
     "\"verdict\":\"pending\",\"media\":[{\"kind\":\"audio\","
     "\"exchange\":{\"local\":\"127.0.1.7:22000\"},\"peer\":{\"local\":\"100.64.9.9:22002\"}}]}",
     "call       c00100001, up since 2026, 0:03\n"
     "Call-ID    x\n"
     "peer       yude (out)\n"
     "from, to   1 -> 2\n"
     "verdict    pending\n"
     "MEDIA  SIDE      ADVERTISED        REMOTE  LATCHED  RX  TX  LOST  JITTER  FIRST  DROPPED  "
     "RTCP\n"
     "audio  exchange  127.0.1.7:22000   -       -        0   0   0     0.0     -      0        "
     "0/0\n"
     "audio  peer      100.64.9.9:22002  -       -        0   0   0     0.0     -      0        "
     "0/0\n"},
};

static void text_is_as_expected(void **state)
{
    const struct row *row = *state;
    char *text;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    json_t *json = json_loads(row->json, 0, NULL);
    assert_non_null(json);
    row->show(json, out);
    fclose(out);
    assert_string_equal(text, row->text);
    json_decref(json);
    free(text);
}

int main(void)
{
    return CASES_RUN(rows, text_is_as_expected);
}
