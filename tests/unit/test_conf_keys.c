/*
 * Every row of the table of keys: that its value lands in its own field, that its bounds hold, that
 * another type is refused at the right place. A key without a row in `landings` fails here.
 */
#include "tests/unit/conf_text.h"
#include "conf/schema.h"

/* --- a document around one key -----------------------------------------------------------------
 */

#define DOCUMENT_TEXT 65536

struct document {
    char text[DOCUMENT_TEXT];
    size_t n;
    int lines, line; /* line: of the key under test */
    const struct key *key;
    const char *value;
    bool written;
};

static const struct {
    enum key_scope scope;
    const char *path, *value;
} needed[] = {
    {SCOPE_CONF, "exchange.address", "127.0.0.1:5062"},
    {SCOPE_CONF, "exchange.local", "127.0.0.1:5070"},
    {SCOPE_CONF, "trunk.listen", "127.0.2.1:5560"},
    {SCOPE_PEER, "name", "a"},
    {SCOPE_PEER, "address", "127.0.2.2:5560"},
};

static void line_add(struct document *doc, const char *indent, const char *key, const char *value)
{
    int n =
        snprintf(doc->text + doc->n, sizeof doc->text - doc->n, "%s%s: %s\n", indent, key, value);
    assert_true(n > 0 && doc->n + (size_t)n < sizeof doc->text);
    doc->n += (size_t)n;
    doc->lines++;
}

/* A needed key, with the value under test if it is that. */
static void key_add(struct document *doc, enum key_scope scope, const char *path,
                    const char *indent, const char *value)
{
    const char *dot = strchr(path, '.');
    if (doc->key->scope == scope && strcmp(doc->key->path, path) == 0) {
        value = doc->value;
        doc->line = doc->lines + 1;
        doc->written = true;
    }
    line_add(doc, indent, dot ? dot + 1 : path, value);
}

static void section_add(struct document *doc, const char *section)
{
    size_t n = strlen(section);
    line_add(doc, "", section, "");
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (needed[i].scope == SCOPE_CONF && strncmp(needed[i].path, section, n) == 0)
            key_add(doc, SCOPE_CONF, needed[i].path, "  ", needed[i].value);
    }
    if (!doc->written && doc->key->scope == SCOPE_CONF &&
        strncmp(doc->key->path, section, n) == 0 && doc->key->path[n] == '.')
        key_add(doc, SCOPE_CONF, doc->key->path, "  ", "");
}

static void peers_add(struct document *doc)
{
    if (strcmp(doc->key->path, "peers") == 0) {
        key_add(doc, SCOPE_CONF, "peers", "", "");
        return;
    }
    line_add(doc, "", "peers", "");
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (needed[i].scope == SCOPE_PEER)
            key_add(doc, SCOPE_PEER, needed[i].path,
                    strcmp(needed[i].path, "name") == 0 ? "  - " : "    ", needed[i].value);
    }
    if (doc->key->scope != SCOPE_PEER || doc->written)
        return;
    const char *dot = strchr(doc->key->path, '.');
    if (dot) {
        char section[32];
        snprintf(section, sizeof section, "%.*s", (int)(dot - doc->key->path), doc->key->path);
        line_add(doc, "    ", section, "");
    }
    key_add(doc, SCOPE_PEER, doc->key->path, dot ? "      " : "    ", "");
}

static void document_make(struct document *doc, const struct key *key, const char *value)
{
    *doc = (struct document){.key = key, .value = value};
    section_add(doc, "exchange");
    section_add(doc, "trunk");
    peers_add(doc);
    const char *dot = strchr(key->path, '.');
    if (doc->written || key->scope == SCOPE_PEER)
        return;
    if (dot) {
        char section[32];
        snprintf(section, sizeof section, "%.*s", (int)(dot - key->path), key->path);
        section_add(doc, section);
    } else {
        key_add(doc, SCOPE_CONF, key->path, "", "");
    }
}

static struct reading *key_begin(const struct key *key, const char *value, int *line)
{
    struct document *doc = malloc(sizeof *doc);
    assert_non_null(doc);
    document_make(doc, key, value);
    struct reading *r = reading_begin(span_of(doc->text, doc->n), NULL);
    *line = doc->line;
    free(doc);
    return r;
}

static void refused(const struct key *key, const char *value)
{
    int line;
    char begin[80];
    struct reading *r = key_begin(key, value, &line);
    snprintf(begin, sizeof begin, "%s: ", key->path);
    if (r->errors.n != 1 || r->errors.v[0].mark.line != line ||
        !span_begins(span_str(r->errors.v[0].message), begin) ||
        !strstr(r->errors.v[0].message, "expected"))
        fail_msg("%s = %.80s, line %d, got: %s", key->path, value, line, r->messages);
    reading_end(r);
}

static const void *field(const struct key *key, const struct conf *conf)
{
    const char *base =
        key->scope == SCOPE_PEER ? (const char *)&conf->peers[0] : (const char *)conf;
    return base + key->offset;
}

static uint64_t field_number(const struct key *key, const struct conf *conf)
{
    uint8_t small;
    uint16_t middle;
    uint32_t large;
    switch (key->size) {
    case sizeof small:
        memcpy(&small, field(key, conf), sizeof small);
        return small;
    case sizeof middle:
        memcpy(&middle, field(key, conf), sizeof middle);
        return middle;
    default:
        assert_int_equal(key->size, sizeof large);
        memcpy(&large, field(key, conf), sizeof large);
        return large;
    }
}

static void taken_as(const struct key *key, const char *value, uint64_t expected)
{
    int line;
    struct reading *r = key_begin(key, value, &line);
    if (!r->conf)
        fail_msg("%s = %.80s, got: %s", key->path, value, r->messages);
    assert_int_equal(field_number(key, r->conf), expected);
    reading_end(r);
}

/* --- bounds, from the table --------------------------------------------------------------------
 */

static void number_bounds(const struct key *key)
{
    char text[32];
    static const char *const wrong[] = {
        "-1", "1.5", "0x10", "many", "", "4294967296", "99999999999999999999999", "1 2"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        refused(key, wrong[i]);
    snprintf(text, sizeof text, "%u", key->min);
    taken_as(key, text, key->min);
    snprintf(text, sizeof text, "%u", key->max);
    taken_as(key, text, key->max);
    snprintf(text, sizeof text, "%u", key->max + 1);
    refused(key, text);
    if (key->min > 0) {
        snprintf(text, sizeof text, "%u", key->min - 1);
        refused(key, text);
    }
}

static void duration_bounds(const struct key *key)
{
    char text[32];
    static const char *const wrong[] = {"-1s",
                                        "5d",
                                        "s",
                                        "",
                                        "1.5s",
                                        "1h30m",
                                        "5 m",
                                        "5M",
                                        "soon",
                                        "4294967295h",
                                        "99999999999999999999999s"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        refused(key, wrong[i]);
    taken_as(key, "300", 300000);
    taken_as(key, "300s", 300000);
    taken_as(key, "5m", 300000);
    taken_as(key, "1h", 3600000);
    snprintf(text, sizeof text, "%us", key->max / 1000);
    taken_as(key, text, key->max);
    snprintf(text, sizeof text, "%us", key->max / 1000 + 1);
    refused(key, text);
    snprintf(text, sizeof text, "%u", key->min / 1000);
    taken_as(key, text, key->min);
    if (key->min == 0 || key->flags & KEY_ZERO)
        taken_as(key, "0", 0);
    else
        refused(key, "0");
}

static void range_bounds(const struct key *key)
{
    char text[32];
    static const char *const wrong[] = {
        "4000", "5000-4000",  "a-b",    "-5000",          "4000-",    "",
        "'-'",  "4000-65536", "0-5001", "4000-5001-6001", "4000:5001"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        refused(key, wrong[i]);
    snprintf(text, sizeof text, "%u-9999", key->min - 1);
    refused(key, text);
    if (key->flags & KEY_PAIRS) {
        refused(key, "40001-49999");
        refused(key, "40000-49998");
    }
}

static void word_bounds(const struct key *key)
{
    assert_int_equal(key->size, sizeof(unsigned));
    for (unsigned i = 0; key->words[i]; i++)
        taken_as(key, key->words[i], i);
    refused(key, "no-such-word");
    refused(key, "");
    refused(key, "1");
}

static void bool_bounds(const struct key *key)
{
    static const char *const no[] = {"no", "false", "off", "No"};
    static const char *const yes[] = {"yes", "true", "on", "YES"};
    static const char *const wrong[] = {"", "1", "0", "maybe", "y"};
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        taken_as(key, no[i], 0);
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
        taken_as(key, yes[i], 1);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        refused(key, wrong[i]);
}

/* A text of n letters that the key would take if it were short enough. */
static char *text_of(const struct key *key, size_t n)
{
    char *text = calloc(1, n + 1);
    assert_non_null(text);
    memset(text, 'a', n);
    if (n > 0 && key->type == KEY_TAILSCALE)
        text[0] = '/';
    return text;
}

static void text_bounds(const struct key *key)
{
    int line;
    char *text = text_of(key, key->max);
    struct reading *r = key_begin(key, text, &line);
    assert_string_equal(r->messages, "");
    char *kept;
    memcpy(&kept, field(key, r->conf), sizeof kept);
    assert_string_equal(kept, text);
    reading_end(r);
    free(text);
    text = text_of(key, key->max + 1);
    refused(key, text);
    free(text);
    if (key->min > 0) {
        refused(key, "");
        refused(key, "\"\"");
    }
}

static void address_bounds(const struct key *key)
{
    static const char *const wrong[] = {"",
                                        "0.0.0.0:5080",
                                        "\"[::]:5080\"",
                                        "127.0.0.1:0",
                                        "127.0.0.1:65536",
                                        "'127.0.0.1:'",
                                        "127.0.0.300:5",
                                        "127.1:80",
                                        "127.0.0.1:5080/8",
                                        "[fd00::1]",
                                        "127.0.0.1:x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        refused(key, wrong[i]);
    if (key->type != KEY_HOST && key->type != KEY_LISTEN)
        refused(key, "pbx.example:5080");
    if (key->type == KEY_SOCKET || key->type == KEY_LISTEN)
        refused(key, "127.0.0.9");
}

/* One entry more than fits, each of them fine. */
static void list_bounds(const struct key *key)
{
    static char text[DOCUMENT_TEXT / 2];
    size_t n = 0;
    bool map = key->type == KEY_MAP;
    n += (size_t)snprintf(text, sizeof text, map ? "{" : "[");
    for (unsigned i = 0; i <= key->max; i++)
        n += (size_t)snprintf(text + n, sizeof text - n,
                              map ? "10.%u.%u.1: 10.0.0.1, " : "10.%u.%u.1, ", i / 200, i % 200);
    snprintf(text + n, sizeof text - n, map ? "}" : "]");
    refused(key, text);
}

static void prefix_bounds(const struct key *key)
{
    static const char *const wrong[] = {
        "[127.0.0.1/33]", "[127.0.0.1/8]", "[\"::/129\"]",     "[0.0.0.0/0]", "[\"::/0\"]",
        "[0.0.0.0]",      "[pbx.example]", "[127.0.0.1:5060]", "[\"\"]",      "[[]]"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        refused(key, wrong[i]);
    list_bounds(key);
}

static void strings_bounds(const struct key *key)
{
    refused(key, "[\"\"]");
    refused(key, "[\"a b\"]");
    refused(key, "[\"a,b\"]");
    refused(key, "[a: b]");
    list_bounds(key);
}

static void map_bounds(const struct key *key)
{
    static const char *const wrong[] = {"{10.0.0.1: 10.0.0.0/24}",
                                        "{10.0.0.0/24: 10.0.1.0/25}",
                                        "{10.0.0.1: \"fd00::1\"}",
                                        "{10.0.0.1: pbx.example}",
                                        "{10.0.0.1: }",
                                        "{10.0.0.1: 0.0.0.0}",
                                        "{0.0.0.0/0: 0.0.0.0/0}",
                                        "{10.0.0.1: [10.0.0.2]}",
                                        "{[a]: 10.0.0.2}",
                                        "[10.0.0.1]",
                                        "10.0.0.1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (strcmp(wrong[i], "{0.0.0.0/0: 0.0.0.0/0}") != 0) /* both sides are wrong */
            refused(key, wrong[i]);
    list_bounds(key);
}

static void mode_bounds(const struct key *key)
{
    static const char *const wrong[] = {"", "0888", "1000", "00660", "rw", "-1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        refused(key, wrong[i]);
    taken_as(key, "0777", 0777);
    taken_as(key, "600", 0600);
}

/* A value that no key of this type is, in another kind of node. */
static void other_kinds_are_refused(const struct key *key)
{
    if (key->type == KEY_INCLUDE)
        refused(key, "{a: b}");
    else if (key->type == KEY_MAP || key->type == KEY_DEFAULTS)
        refused(key, "[a]");
    else
        refused(key, "{a: b}");
    switch (key->type) {
    case KEY_PREFIXES:
    case KEY_HOSTS:
    case KEY_CODECS:
    case KEY_HEADERS:
    case KEY_MAP:
    case KEY_PEERS:
    case KEY_DEFAULTS:
        refused(key, "word");
        break;
    case KEY_LISTEN:
        refused(key, "[]");
        break;
    case KEY_INCLUDE:
        refused(key, "[[a]]");
        break;
    default:
        refused(key, "[a]");
        break;
    }
}

static void bounds_hold(const struct key *key)
{
    static void (*const by_type[KEY_TYPES])(const struct key *key) = {
        [KEY_BOOL] = bool_bounds,         [KEY_WORD] = word_bounds,
        [KEY_NUMBER] = number_bounds,     [KEY_DURATION] = duration_bounds,
        [KEY_RANGE] = range_bounds,       [KEY_MODE] = mode_bounds,
        [KEY_ADDRESS] = address_bounds,   [KEY_SOCKET] = address_bounds,
        [KEY_ADVERTISE] = address_bounds, [KEY_HOST] = address_bounds,
        [KEY_LISTEN] = address_bounds,    [KEY_PREFIXES] = prefix_bounds,
        [KEY_HOSTS] = strings_bounds,     [KEY_CODECS] = strings_bounds,
        [KEY_HEADERS] = strings_bounds,   [KEY_MAP] = map_bounds,
        [KEY_NAME] = text_bounds,         [KEY_USERNAME] = text_bounds,
        [KEY_PATH] = text_bounds,         [KEY_FOLDER] = text_bounds,
        [KEY_TAILSCALE] = text_bounds,
    };
    other_kinds_are_refused(key);
    if (by_type[key->type])
        by_type[key->type](key);
    else
        assert_true(key->type == KEY_DEFAULTS || key->type == KEY_PEERS ||
                    key->type == KEY_INCLUDE); /* test_conf_read */
}

/* --- landings, by hand -------------------------------------------------------------------------
 */

static bool addr_is(const struct addr *addr, const char *text)
{
    char printed[ADDR_TEXT];
    addr_print(addr, printed);
    return strcmp(printed, text) == 0;
}

static bool prefix_is(const struct prefix *prefix, const char *text)
{
    char printed[ADDR_TEXT];
    prefix_print(prefix, printed);
    return strcmp(printed, text) == 0;
}

static bool strings_are(const struct conf_strings *strings, const char *a, const char *b)
{
    return strings->n == 2 && strcmp(strings->v[0], a) == 0 && strcmp(strings->v[1], b) == 0;
}

static bool prefixes_are(const struct conf_prefixes *prefixes, const char *a, const char *b)
{
    return prefixes->n == 2 && prefix_is(&prefixes->v[0], a) && prefix_is(&prefixes->v[1], b);
}

static bool listens_are(const struct conf *c)
{
    const struct conf_listen *listen = c->trunk.listen;
    return c->trunk.n_listen == 3 && addr_is(&listen[0].addr, "127.0.2.1:5560") &&
           !listen[0].interface && addr_is(&listen[1].addr, "[fd00::1]:5061") &&
           strcmp(listen[2].interface, "tailscale0") == 0 && listen[2].addr.port == 5062 &&
           !addr_is_set(&listen[2].addr) && listen[2].mark.line == 5;
}

/* id, scope, path, value, what must hold of c (the configuration) and p (its first peer) */
/* clang-format off */
#define LANDINGS(X) \
    X(a01, SCOPE_CONF, "exchange.address", "127.0.0.9:5099", addr_is(&c->exchange.address, "127.0.0.9:5099") && c->exchange.address_mark.line == 2) \
    X(a02, SCOPE_CONF, "exchange.sources", "[127.0.0.1, 10.0.0.0/8]", prefixes_are(&c->exchange.sources, "127.0.0.1", "10.0.0.0/8")) \
    X(a03, SCOPE_CONF, "exchange.local", "127.0.0.1:5999", addr_is(&c->exchange.local, "127.0.0.1:5999") && c->exchange.local_mark.line == 3) \
    X(a04, SCOPE_CONF, "exchange.rtp", "10000-10201", c->exchange.rtp_low == 10000 && c->exchange.rtp_high == 10201) \
    X(a05, SCOPE_CONF, "exchange.probe", "7s", c->exchange.probe_ms == 7000) \
    X(a06, SCOPE_CONF, "trunk.listen", "[127.0.2.1:5560, '[fd00::1]:5061', tailscale0:5062]", listens_are(c)) \
    X(a07, SCOPE_CONF, "trunk.unknown", "answer-options", c->trunk.unknown == UNKNOWN_ANSWER_OPTIONS) \
    X(a08, SCOPE_CONF, "peer_defaults", "{calls: 7, dscp: {sip: 1}}", p->calls == 7 && p->dscp_sip == 1 && p->dscp_rtp == 46) \
    X(a09, SCOPE_CONF, "peers", "[{name: b, address: 127.0.2.3}]", c->n_peers == 1 && strcmp(p->name, "b") == 0) \
    X(b01, SCOPE_PEER, "name", "yude-2", strcmp(p->name, "yude-2") == 0 && p->mark.line == 7) \
    X(b02, SCOPE_PEER, "address", "pbx.example:5081", strcmp(p->address.name, "pbx.example") == 0 && !addr_is_set(&p->address.addr) && p->address.addr.port == 5081 && p->address.mark.line == 8 && p->address.mark.column == 14) \
    X(b03, SCOPE_PEER, "local", "127.0.1.7:5071", addr_is(&p->local, "127.0.1.7:5071") && p->local_mark.line == 9) \
    X(b04, SCOPE_PEER, "sources", "[192.0.2.7, 'fd00::/64']", prefixes_are(&p->sources, "192.0.2.7", "fd00::/64")) \
    X(b05, SCOPE_PEER, "aliases", "[pbx.example, '192.0.2.7:5070']", strings_are(&p->aliases, "pbx.example", "192.0.2.7:5070")) \
    X(b06, SCOPE_PEER, "bind", "127.0.2.1:5560", addr_is(&p->bind, "127.0.2.1:5560") && p->bind_mark.line == 9) \
    X(b07, SCOPE_PEER, "advertise", "100.64.9.9", addr_is(&p->advertise, "100.64.9.9")) \
    X(b08, SCOPE_PEER, "map", "{100.64.2.2: 100.64.1.2, 10.0.0.0/8: 11.0.0.0/8}", p->map.n == 2 && prefix_is(&p->map.rules[0].reached, "100.64.1.2") && prefix_is(&p->map.rules[1].announced, "10.0.0.0/8")) \
    X(b09, SCOPE_PEER, "media", "direct", p->media == MEDIA_DIRECT) \
    X(b10, SCOPE_PEER, "media_from", "sdp", p->media_from == FROM_SDP) \
    X(b11, SCOPE_PEER, "target_from", "contact", p->target_from == TARGET_CONTACT) \
    X(b12, SCOPE_PEER, "foreign_media", "sdp", p->foreign_media == FOREIGN_SDP) \
    X(b13, SCOPE_PEER, "latch", "any", p->latch == LATCH_ANY) \
    X(b14, SCOPE_PEER, "punch", "no", !p->punch && p->rport) \
    X(b15, SCOPE_PEER, "options", "local", p->options == OPTIONS_LOCAL) \
    X(b16, SCOPE_PEER, "probe", "0", p->probe_ms == 0 && c->exchange.probe_ms == 30000) \
    X(b17, SCOPE_PEER, "calls", "9", p->calls == 9 && c->limits.calls == 2000) \
    X(b18, SCOPE_PEER, "codecs", "[PCMU, telephone-event]", strings_are(&p->codecs, "PCMU", "telephone-event")) \
    X(b19, SCOPE_PEER, "strip_headers", "[X-Foo, P-Asserted-Identity]", strings_are(&p->strip_headers, "X-Foo", "P-Asserted-Identity")) \
    X(b20, SCOPE_PEER, "rport", "no", !p->rport && p->punch) \
    X(b21, SCOPE_PEER, "reply_to", "via", p->reply_to == REPLY_VIA) \
    X(b22, SCOPE_PEER, "sdp_username", "'-'", strcmp(p->sdp_username, "-") == 0) \
    X(b23, SCOPE_PEER, "dscp.sip", "32", p->dscp_sip == 32 && p->dscp_rtp == 46) \
    X(b24, SCOPE_PEER, "dscp.rtp", "33", p->dscp_rtp == 33 && p->dscp_sip == 26) \
    X(b25, SCOPE_PEER, "mtu", "1500", p->mtu == 1500) \
    X(c01, SCOPE_CONF, "media.ports", "40000 - 41999", c->media.port_low == 40000 && c->media.port_high == 41999 && c->media.ports_mark.line == 10) \
    X(c02, SCOPE_CONF, "media.idle_timeout", "2m", c->media.idle_timeout_ms == 120000) \
    X(c03, SCOPE_CONF, "media.on_idle", "hangup", c->media.on_idle == IDLE_HANGUP) \
    X(c04, SCOPE_CONF, "media.port_reuse_delay", "1", c->media.port_reuse_delay_ms == 1000) \
    X(c05, SCOPE_CONF, "media.workers", "4", c->media.workers == 4) \
    X(c06, SCOPE_CONF, "limits.calls", "77", c->limits.calls == 77 && p->calls == 200) \
    X(c07, SCOPE_CONF, "limits.transactions", "78", c->limits.transactions == 78) \
    X(c08, SCOPE_CONF, "limits.ringing", "3m", c->limits.ringing_ms == 180000) \
    X(c09, SCOPE_CONF, "limits.silent", "2h", c->limits.silent_ms == 7200000) \
    X(c10, SCOPE_CONF, "limits.requests_per_second_per_source", "0", c->limits.requests_per_second_per_source == 0) \
    X(c11, SCOPE_CONF, "control.socket", "/tmp/c.sock", strcmp(c->control.socket, "/tmp/c.sock") == 0) \
    X(c12, SCOPE_CONF, "control.mode", "'0600'", c->control.mode == 0600) \
    X(c13, SCOPE_CONF, "tailscale.socket", "/run/t.sock", strcmp(c->tailscale_socket, "/run/t.sock") == 0) \
    X(c14, SCOPE_CONF, "state", "/tmp/state", strcmp(c->state, "/tmp/state") == 0) \
    X(c15, SCOPE_CONF, "log.level", "debug", c->log.level == LEVEL_DEBUG) \
    X(c16, SCOPE_CONF, "log.format", "json", c->log.format == FORMAT_JSON)

#define LANDING_FUNCTION(id, scope, path, value, holds) \
    static bool lands_##id(const struct conf *c, const struct conf_peer *p) \
    { \
        (void)c; \
        (void)p; \
        return holds; \
    }
LANDINGS(LANDING_FUNCTION)

#define LANDING_ROW(id, scope, path, value, holds) {scope, path, value, lands_##id},
static const struct landing {
    enum key_scope scope;
    const char *path, *value;
    bool (*holds)(const struct conf *c, const struct conf_peer *p);
} landings[] = {LANDINGS(LANDING_ROW)};
/* clang-format on */

static void value_lands(const struct key *key)
{
    int line;
    size_t i = 0, n = sizeof landings / sizeof landings[0];
    if (key->type == KEY_INCLUDE)
        return; /* test_conf_read */
    while (i < n && (landings[i].scope != key->scope || strcmp(landings[i].path, key->path) != 0))
        i++;
    if (i == n)
        fail_msg("no landing for \"%s\": a new key needs a test", key->path);
    struct reading *r = key_begin(key, landings[i].value, &line);
    if (!r->conf || !landings[i].holds(r->conf, r->conf->peers))
        fail_msg("%s: %s did not land: %s", key->path, landings[i].value, r->messages);
    reading_end(r);
}

struct key_case {
    const char *name;
    const struct key *key;
};

static void key_is_read(void **state)
{
    const struct key_case *c = *state;
    value_lands(c->key);
    bounds_hold(c->key);
}

int main(void)
{
    struct key_case cases[KEY_MAX];
    for (size_t i = 0; i < conf_keys_n; i++)
        cases[i] = (struct key_case){conf_keys[i].path, &conf_keys[i]};
    return cases_run("keys", cases, conf_keys_n, sizeof *cases, key_is_read);
}
