/* The control API's JSON, exactly as it leaves: names and shapes are a promise. */
#include "proxy/ctl/json.h"
#include "tests/unit/cases.h"
#include <stdio.h>
#include <stdlib.h>

#define WALL 1767323045000 /* 2026-01-02T03:04:05Z at msec 0 */

static struct addr ip(const char *text)
{
    struct addr a;
    assert_int_equal(addr_parse(span_str(text), 0, &a), 0);
    return a;
}

static void printed_is(json_t *json, const char *wanted)
{
    char *text = json_dumps(json, JSON_STYLE);
    assert_non_null(text);
    assert_string_equal(text, wanted);
    free(text);
    json_decref(json);
}

static void status_is_exact(void **state)
{
    (void)state;
    struct conf conf = {.file = "t.yaml"};
    struct info_status s = {.started = 1000,
                            .generation = 2,
                            .loaded = 61500,
                            .conf = &conf,
                            .exchange = LIVE_UP,
                            .exchange_since = 2000,
                            .calls_active = 3,
                            .calls_peak = 7,
                            .calls_limit = 2000,
                            .pairs_total = 5000,
                            .pairs_in_use = 6,
                            .pairs_resting = 8,
                            .peers_up = 1,
                            .peers_down = 2,
                            .peers_unknown = 3};
    printed_is(json_status(&s, "0.1.0", 62000, WALL),
               "{\"version\":\"0.1.0\",\"uptime_s\":61,"
               "\"config\":{\"file\":\"t.yaml\",\"generation\":2,"
               "\"loaded_at\":\"2026-01-02T03:05:06.500Z\"},"
               "\"exchange\":{\"state\":\"up\",\"since\":\"2026-01-02T03:04:07.000Z\"},"
               "\"calls\":{\"active\":3,\"peak\":7,\"limit\":2000},"
               "\"media\":{\"pairs_total\":5000,\"pairs_in_use\":6,\"pairs_resting\":8},"
               "\"peers\":{\"up\":1,\"down\":2,\"unknown\":3},\"draining\":false}");
}

static void a_peer_is_exact(void **state)
{
    (void)state;
    struct map_rule rules[] = {
        {{ip("100.64.2.2"), 32}, {ip("100.64.1.2"), 32}},
        {{ip("10.1.0.0"), 16}, {ip("100.64.0.0"), 16}},
    };
    struct conf_peer conf = {
        .name = "yude", .address = {.addr = ip("100.64.1.2:5060")}, .map = {rules, 2}};
    struct info_peer p = {.conf = &conf,
                          .resolved = {ip("100.64.1.2")},
                          .n_resolved = 1,
                          .local = ip("127.0.1.7:5070"),
                          .state = LIVE_DOWN,
                          .since = 1000,
                          .rtt_ms = 12,
                          .advertise = ip("100.64.9.9:5060"),
                          .source = VIEW_RECEIVED,
                          .announced = {ip("100.64.2.2")},
                          .n_announced = 1,
                          .calls = 4,
                          .warnings = {"they say x"},
                          .n_warnings = 1};
    struct info_registration r = {.aor = span_str("sip:a@yude"),
                                  .contact = span_str("sip:a:secret@127.0.0.1:5062;line=x"),
                                  .registrar = SIDE_PEER,
                                  .expires = 3000,
                                  .last_status = 200};
    json_t *list = json_array();
    json_array_append_new(list, json_registration(&r, WALL));
    printed_is(json_peer(&p, list, WALL),
               "{\"name\":\"yude\",\"address\":\"100.64.1.2:5060\",\"resolved\":[\"100.64.1.2\"],"
               "\"local\":\"127.0.1.7:5070\",\"state\":\"down\","
               "\"since\":\"2026-01-02T03:04:06.000Z\",\"rtt_ms\":12,"
               "\"view\":{\"advertise\":\"100.64.9.9\",\"port\":5060,\"source\":\"received\","
               "\"announced\":[\"100.64.2.2\"],\"map\":{\"100.64.2.2\":\"100.64.1.2\","
               "\"10.1.0.0/16\":\"100.64.0.0/16\"}},\"calls\":4,"
               "\"registrations\":[{\"aor\":\"sip:a@yude\","
               "\"contact\":\"sip:a@127.0.0.1:5062;line=x\","
               "\"expires_at\":\"2026-01-02T03:04:08.000Z\",\"last_status\":200,"
               "\"registrar\":\"peer\"}],"
               "\"warnings\":[\"they say x\"]}");
}

static void what_is_not_known_is_null(void **state)
{
    (void)state;
    struct conf_peer conf = {.name = "b",
                             .address = {.name = "pbx.example", .addr = {.port = 5060}}};
    struct info_peer p = {.conf = &conf, .rtt_ms = -1};
    printed_is(json_peer(&p, json_array(), WALL),
               "{\"name\":\"b\",\"address\":\"pbx.example:5060\",\"resolved\":[],\"local\":null,"
               "\"state\":\"unknown\",\"since\":null,\"rtt_ms\":null,"
               "\"view\":{\"advertise\":null,\"port\":null,\"source\":\"\",\"announced\":[],"
               "\"map\":{}},\"calls\":0,\"registrations\":[],"
               "\"warnings\":[]}");
}

static void a_call_is_exact(void **state)
{
    (void)state;
    struct info_call c = {.id = 0x00100001,
                          .call_id = span_str("abc@host"),
                          .from = span_str("100"),
                          .to = span_of("\xff\"", 2),
                          .peer = span_str("yude"),
                          .outgoing = true,
                          .state = CALL_UP,
                          .started = 1000,
                          .answered = 3500,
                          .verdict = VERDICT_FROM_PEER,
                          .n_media = 1};
    struct info_media *m = &c.media[0];
    m->kind = span_str("audio");
    m->local[SIDE_EXCHANGE] = ip("127.0.1.7:22000");
    m->remote[SIDE_EXCHANGE] = ip("127.0.0.1:10000");
    m->figures.leg[SIDE_EXCHANGE] =
        (struct relay_leg){.first_rx_ms = UINT32_MAX, .last_rx_ms = UINT32_MAX, .tx_packets = 9};
    m->local[SIDE_PEER] = ip("100.64.1.1:22002");
    m->figures.leg[SIDE_PEER] = (struct relay_leg){.rx_packets = 9,
                                                   .rx_bytes = 1548,
                                                   .lost = 1,
                                                   .jitter_us = 1250,
                                                   .first_rx_ms = 20,
                                                   .last_rx_ms = 180,
                                                   .dropped = 2,
                                                   .rtcp_rx = 3,
                                                   .rtcp_tx = 4,
                                                   .latched = ip("100.64.1.2:4000")};
    char id[16], wanted[1200];
    core_id_print(c.id, id);
    (void)snprintf(
        wanted, sizeof wanted,
        "{\"id\":\"%s\",\"call_id\":\"abc@host\",\"peer\":\"yude\",\"direction\":\"out\","
        "\"from\":\"100\",\"to\":\"\\\\xff\\\"\",\"state\":\"up\","
        "\"started_at\":\"2026-01-02T03:04:06.000Z\","
        "\"answered_at\":\"2026-01-02T03:04:08.500Z\",\"duration_s\":61,"
        "\"media\":[{\"kind\":\"audio\","
        "\"exchange\":{\"local\":\"127.0.1.7:22000\",\"remote\":\"127.0.0.1:10000\","
        "\"latched\":null,\"rx_packets\":0,\"tx_packets\":9,\"rx_bytes\":0,\"lost\":0,"
        "\"jitter_ms\":0.0,\"first_rx_ms\":null,\"last_rx_ms\":null,\"dropped\":0,"
        "\"rtcp_rx\":0,\"rtcp_tx\":0},"
        "\"peer\":{\"local\":\"100.64.1.1:22002\",\"remote\":null,"
        "\"latched\":\"100.64.1.2:4000\",\"rx_packets\":9,\"tx_packets\":0,"
        "\"rx_bytes\":1548,\"lost\":1,\"jitter_ms\":1.25,\"first_rx_ms\":20,"
        "\"last_rx_ms\":180,\"dropped\":2,\"rtcp_rx\":3,\"rtcp_tx\":4}}],"
        "\"verdict\":\"one-way-from-peer\"}",
        id);
    printed_is(json_call(&c, 62000, WALL), wanted);
}

static const struct {
    const char *name, *uri, *shown;
} uris[] = {
    {"no password", "sip:a@b", "sip:a@b"},
    {"a password", "sip:a:s3cret@b:5060;x=y", "sip:a@b:5060;x=y"},
    {"all from the colon to the @", "sip:b:5060;x=a@c", "sip:b@c"},
    {"a user part alone", "100", "100"},
    {"nothing", "", ""},
};

static void passwords_are_left_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
        struct info_registration r = {.aor = span_str(uris[i].uri), .contact = span_str("")};
        json_t *json = json_registration(&r, WALL);
        const char *shown = json_string_value(json_object_get(json, "aor"));
        if (strcmp(shown, uris[i].shown) != 0)
            fail_msg("%s: %s", uris[i].name, shown);
        json_decref(json);
    }
}

static void errors_leave_warnings_out(void **state)
{
    (void)state;
    struct conf_errors errors = {0};
    struct conf_mark mark = {"t.yaml", 3, 7};
    conf_error_add(&errors, &mark, true, "a warning");
    conf_error_add(&errors, &mark, false, "expected a \"port\"");
    printed_is(json_errors(&errors), "{\"errors\":[{\"file\":\"t.yaml\",\"line\":3,\"column\":7,"
                                     "\"message\":\"expected a \\\"port\\\"\"}]}");
    conf_errors_free(&errors);
}

static void stats_are_flat_and_add_up(void **state)
{
    (void)state;
    struct counters core = {{0}}, shell = {{0}};
    core.v[COUNT_datagrams_in] = 5;
    shell.v[COUNT_log_lost] = 2;
    json_t *json = json_stats(&core, &shell);
    assert_int_equal(json_object_size(json), COUNTER_COUNT);
    assert_int_equal(json_integer_value(json_object_get(json, "datagrams_in")), 5);
    assert_int_equal(json_integer_value(json_object_get(json, "log_lost")), 2);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_is_exact),           cmocka_unit_test(a_peer_is_exact),
        cmocka_unit_test(what_is_not_known_is_null), cmocka_unit_test(a_call_is_exact),
        cmocka_unit_test(passwords_are_left_out),    cmocka_unit_test(errors_leave_warnings_out),
        cmocka_unit_test(stats_are_flat_and_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
