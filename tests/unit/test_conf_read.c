/* Reading as a whole: what messages say, defaults, includes, hostile bytes, the shipped files. */
#include "tests/unit/conf_text.h"
#include "conf/schema.h"
#include "conf/yaml.h"
#include <sys/stat.h>
#include <unistd.h>

/* --- messages ----------------------------------------------------------------------------------
 */

static struct message_case messages[] = {
    {"a good file has none", HEAD PEER_A, ""},
    {"an empty file names what is required", "",
     "t.yaml:1:1: exchange.address is required: expected an IP address of one host, as "
     "127.0.0.1:5062\n"
     "t.yaml:1:1: trunk.listen is required: expected ip:port of one address or interface:port, one "
     "or a list of at most 16\n"},
    {"a file of comments too", "# nothing\n---\n",
     "t.yaml:1:1: exchange.address is required: expected an IP address of one host, as "
     "127.0.0.1:5062\n"
     "t.yaml:1:1: trunk.listen is required: expected ip:port of one address or interface:port, one "
     "or a list of at most 16\n"},
    {"what a section lacks is said at the section",
     "trunk: {listen: 127.0.2.1:5560}\nexchange:\n  local: 127.0.0.1:5070\n" PEER_A,
     "t.yaml:2:1: exchange.address is required: expected an IP address of one host, as "
     "127.0.0.1:5062\n"},
    {"an empty section lacks it too", "trunk: {listen: 127.0.2.1:5560}\nexchange:\n",
     "t.yaml:2:1: exchange.address is required: expected an IP address of one host, as "
     "127.0.0.1:5062\n"},
    {"a section that is a word", HEAD PEER_A "log: loud\n",
     "t.yaml:5:6: log: expected a mapping of keys\n"},
    {"a required section that is a word misses nothing more",
     "exchange: 127.0.0.1\ntrunk: {listen: 127.0.2.1:5560}\n" PEER_A,
     "t.yaml:1:11: exchange: expected a mapping of keys\n"},
    {"a peer needs a name and an address", HEAD "peers:\n  - calls: 5\n",
     "t.yaml:4:5: name is required: expected 1 to 63 letters of a-z, 0-9 and -\n"
     "t.yaml:4:5: address is required: expected an IP address or a name, as 100.64.1.2:5060\n"},
    {"a peer is a mapping", HEAD "peers: [yude]\n",
     "t.yaml:3:9: expected a peer: a mapping with name and address\n"},
    {"a list as root", "- a\n", "t.yaml:1:1: expected a mapping with exchange, trunk and peers\n"},
    {"an unknown key with a near one", HEAD PEER_A "meda: {}\n",
     "t.yaml:5:1: unknown key \"meda\"; did you mean \"media\"?\n"},
    {"an unknown key inside a section", HEAD PEER_A "media:\n  prots: 1\n",
     "t.yaml:6:3: unknown key \"media.prots\"; did you mean \"media.ports\"?\n"},
    {"an unknown key of a peer",
     HEAD "peers:\n- {name: a, addres: 127.0.2.2, address: 127.0.2.2}\n",
     "t.yaml:4:13: unknown key \"addres\"; did you mean \"address\"?\n"},
    {"two letters swapped are one slip",
     HEAD "peers:\n- {name: a, address: 127.0.2.2, lathc: any}\n",
     "t.yaml:4:33: unknown key \"lathc\"; did you mean \"latch\"?\n"},
    {"a key from another section", HEAD PEER_A "workers: 2\n",
     "t.yaml:5:1: unknown key \"workers\"; did you mean \"media.workers\"?\n"},
    {"a peer's key outside one", HEAD PEER_A "latch: any\n",
     "t.yaml:5:1: unknown key \"latch\"; did you mean \"latch\" of a peer?\n"},
    {"a key near nothing", HEAD PEER_A "zzzzzz: 1\n", "t.yaml:5:1: unknown key \"zzzzzz\"\n"},
    {"a section's path is no key", HEAD PEER_A "media.workers: 2\n",
     "t.yaml:5:1: unknown key \"media.workers\"\n"},
    {"a repeated key", HEAD PEER_A "state: /a\nstate: /a\n",
     "t.yaml:6:1: repeated key \"state\": expected once, it is on line 5\n"},
    {"a repeated section", HEAD PEER_A "log: {level: info}\nlog: {format: text}\n",
     "t.yaml:6:1: repeated key \"log\": expected once, it is on line 5\n"},
    {"a repeated key of a peer", HEAD "peers:\n- {name: a, name: b, address: 127.0.2.2}\n",
     "t.yaml:4:13: repeated key \"name\": expected once, it is on line 4\n"},
    {"a key that is a list", HEAD PEER_A "? [a, b]\n: c\n",
     "t.yaml:5:3: expected the name of a key\n"},
    {"a number out of bounds", HEAD PEER_A "media: {workers: 17}\n",
     "t.yaml:5:18: media.workers: expected a number of threads from 1 to 16; found \"17\"\n"},
    {"a duration out of bounds", HEAD "peers:\n- {name: a, address: 127.0.2.2, probe: 2h}\n",
     "t.yaml:4:40: probe: expected a duration from 1s to 1h, as 300, 300s, 5m or 2h, or 0; found "
     "\"2h\"\n"},
    {"a word of a few", HEAD PEER_A "log: {level: loud, format: xml}\n",
     "t.yaml:5:14: log.level: expected error, warning, info or debug; found \"loud\"\n"
     "t.yaml:5:28: log.format: expected text or json; found \"xml\"\n"},
    {"nothing where a value belongs", HEAD PEER_A "media: {workers: }\n",
     "t.yaml:5:18: media.workers: expected a number of threads from 1 to 16; found nothing\n"},
    {"an IPv6 address without quotes is a list to YAML",
     "exchange: {address: [fd00::1], local: '[::1]:5070'}\ntrunk: {listen: eth0:5560}\n" PEER_A,
     "t.yaml:1:21: exchange.address: expected an IP address of one host, as 127.0.0.1:5062; found "
     "a "
     "list (\"[IPv6]:port\" needs quotes)\n"},
    {"an IPv6 address with a port is not even that",
     HEAD "peers:\n- name: a\n  address: [fd00::1]:5060\n",
     "t.yaml:5:21: not YAML: an address in brackets needs quotes\n"},
    {"the shortest IPv6 address neither", HEAD "peers: [{name: a, address: [::1]}]\n",
     "t.yaml:3:29: not YAML: an address in brackets needs quotes\n"},
    {"a wildcard",
     "exchange: {address: 127.0.0.1, local: 127.0.0.1:5070}\n"
     "trunk: {listen: 0.0.0.0:5060}\n" PEER_A,
     "t.yaml:2:17: trunk.listen: \"0.0.0.0:5060\" stands for every address: expected one\n"},
    {"an error in the defaults is said once",
     HEAD "peer_defaults: {calls: 0}\npeers:\n- {name: a, address: 127.0.2.2}\n"
          "- {name: b, address: 127.0.2.3, local: 127.0.1.7:5070}\n",
     "t.yaml:3:24: calls: expected a number of calls from 1 to 100000; found \"0\"\n"},
    {"include needs somebody who finds files", HEAD PEER_A "include: peers.d/*.yaml\n",
     "t.yaml:5:10: include: not possible here: expected all peers in this file\n"},
    {"bytes beyond ASCII are escaped", HEAD PEER_A "log: {level: \xe9\x9b\xbb}\n",
     "t.yaml:5:14: log.level: expected error, warning, info or debug; found "
     "\"\\xe9\\x9b\\xbb\"\n"},
};

/* --- hostile bytes -----------------------------------------------------------------------------
 */

static struct bytes_case {
    const char *name;
    struct span bytes;
    const char *messages;
} hostile[] = {
#define BYTES(text)            \
    {                          \
        text, sizeof(text) - 1 \
    }
    {"a NUL", BYTES("a: 1\nb: \0\n"),
     "t.yaml:2:4: control characters are not allowed: expected text in UTF-8\n"},
    {"a NUL in quotes", BYTES("state: \"/a\\0b\"\n"),
     "t.yaml:1:8: a control character or line end in a value: expected one line of text\n"},
    {"a line end in a value", BYTES("state: |\n  /a\n  /b\n"),
     "t.yaml:1:8: a control character or line end in a value: expected one line of text\n"},
    {"a tab as indentation", BYTES("log:\n\tlevel: info\n"),
     "t.yaml:2:1: a tab in the indentation: expected spaces\n"},
    {"a tab after another mistake, which comes first",
     BYTES("log: [\nstate: ]x: y\nlog:\n\tlevel: info\n"),
     "t.yaml:2:9: not YAML: while parsing a block mapping, did not find expected key\n"},
    {"a tab before another mistake", BYTES("log:\n\tlevel: info\nstate: *x\n"),
     "t.yaml:2:1: a tab in the indentation: expected spaces\n"},
    {"no space after a colon, noticed on the next line",
     BYTES("exchange:\n  address:127.0.0.1:5062\n\n  # often\n  probe: 0\n"),
     "t.yaml:5:3: not YAML: while parsing a block mapping, did not find expected key (line 2: a "
     "space after the colon?)\n"},
    {"no space after a colon at the end of a section",
     BYTES("log:\n  level: info\n  format:text\nstate: /x\n"),
     "t.yaml:4:1: not YAML: while scanning a simple key, could not find expected ':' (line 3: a "
     "space after the colon?)\n"},
    {"no space after the name of a peer", BYTES("peers:\n  - name:a\n    address: 192.0.2.1\n"),
     "t.yaml:3:12: not YAML: mapping values are not allowed in this context (line 2: a space after "
     "the colon?)\n"},
    {"no space in the whole file", BYTES("state:/x\n"),
     "t.yaml:1:1: expected a mapping with exchange, trunk and peers; a space after the colon?\n"},
    {"a broken UTF-8 sequence", BYTES("# \xe9\x9b\xbb\na: \xe9\x9b\n"),
     "t.yaml:2:5: invalid trailing UTF-8 octet: expected text in UTF-8\n"},
    {"UTF-16", BYTES("\xff\xfe\x61\x00"),
     "t.yaml:1:1: invalid leading UTF-8 octet: expected text in UTF-8\n"},
    {"an alias", BYTES("a: &x [1]\nb: *x\n"),
     "t.yaml:2:4: aliases (*name) are not understood here: use peer_defaults\n"},
    {"a merge key", BYTES("a: &x {calls: 1}\nb: {<<: *x}\n"),
     "t.yaml:2:9: aliases (*name) are not understood here: use peer_defaults\n"},
    {"aliases of aliases", BYTES("a: &a [x,x,x]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\n"),
     "t.yaml:2:8: aliases (*name) are not understood here: use peer_defaults\n"},
    {"a tag", BYTES("state: !secret x\n"), "t.yaml:1:8: tags (!name) are not understood here\n"},
    {"a tag on a list", BYTES("a: !!set [x]\n"),
     "t.yaml:1:4: tags (!name) are not understood here\n"},
    {"a second document", BYTES("a: 1\n---\nb: 1\n"),
     "t.yaml:2:1: a second document: expected one per file\n"},
    {"lists in lists without end",
     BYTES("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["),
     "t.yaml:1:17: lists and mappings are nested too deeply\n"},
    {"an open quote", BYTES("state: \"/a\n"),
     "t.yaml:2:1: not YAML: while scanning a quoted scalar, found unexpected end of stream\n"},
};

static void bytes_are_refused(void **state)
{
    const struct bytes_case *c = *state;
    struct reading *r = reading_begin(c->bytes, NULL);
    assert_string_equal(r->messages, c->messages);
    reading_end(r);
}

static struct span repeat(const char *head, const char *piece, size_t times)
{
    size_t head_n = strlen(head), n = strlen(piece);
    char *text = malloc(head_n + n * times + 1);
    assert_non_null(text);
    memcpy(text, head, head_n + 1);
    for (size_t i = 0; i < times; i++)
        memcpy(text + head_n + i * n, piece, n);
    return span_of(text, head_n + n * times);
}

static void repeated_text_is_refused(const char *head, const char *piece, size_t times,
                                     const char *first)
{
    struct span text = repeat(head, piece, times);
    struct reading *r = reading_begin(text, NULL);
    assert_null(r->conf);
    if (strncmp(r->messages, first, strlen(first)) != 0)
        fail_msg("expected: %s, got: %.200s", first, r->messages);
    reading_end(r);
    free((char *)(uintptr_t)text.p);
}

static void floods_are_bounded(void **state)
{
    (void)state;
    repeated_text_is_refused("", "#23456789abcdef\n", 4 * 1024 * 1024 / 16 + 1,
                             "t.yaml: the file is larger than 4 MiB");
    repeated_text_is_refused("codecs: [", "a,", 200000, "t.yaml:1:");
    repeated_text_is_refused(
        HEAD "log:\n  level: ", "x", 100000,
        "t.yaml:4:10: log.level: expected error, warning, info or debug; found "
        "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"...");
    repeated_text_is_refused(HEAD "peers:\n", "- {name: a, address: b.c}\n", 20000,
                             "t.yaml:1:44: warning: 512 peers share this socket");
}

static void a_file_of_4_mib_is_read(void **state)
{
    (void)state;
    struct span text = repeat(HEAD PEER_A, "#23456789abcdef\n", 4 * 1024 * 1024 / 16 - 32);
    struct reading *r = reading_begin(text, NULL);
    assert_string_equal(r->messages, "");
    reading_end(r);
    free((char *)(uintptr_t)text.p);
}

static void errors_past_the_list_are_counted(void **state)
{
    (void)state;
    struct span text = repeat(HEAD PEER_A, "zzzzzz: 1\n", 1000);
    struct reading *r = reading_begin(text, NULL);
    assert_int_equal(r->errors.n, CONF_MAX_ERRORS);
    assert_int_equal(r->errors.errors, 1000);
    assert_int_equal(r->errors.v[CONF_MAX_ERRORS - 1].mark.line, 4 + CONF_MAX_ERRORS);
    reading_end(r);
    free((char *)(uintptr_t)text.p);
}

static void peers_past_the_bound_are_refused(void **state)
{
    (void)state;
    size_t room = 128 * 1024, n = 0;
    char *text = malloc(room);
    assert_non_null(text);
    n += (size_t)snprintf(text, room, "%speers:\n", HEAD);
    for (int i = 0; i <= CONF_MAX_PEERS; i++)
        n += (size_t)snprintf(text + n, room - n,
                              "- {name: p%d, address: p%d.example, local: 127.2.%d.%d:5070}\n", i,
                              i, i / 200, i % 200);
    struct reading *r = reading_begin(span_of(text, n), NULL);
    assert_string_equal(r->messages, "t.yaml:516:3: expected at most 512 peers\n");
    reading_end(r);
    free(text);
}

static void line_ends_and_byte_order_mark_do_not_matter(void **state)
{
    (void)state;
    struct reading *r = reading_begin(span_str("\xef\xbb\xbf# caf\xc3\xa9\r\n"
                                               "exchange:\r\n  address: 127.0.0.1\r\n"
                                               "  local: 127.0.0.1:5070\r\n"
                                               "trunk:\r\n  listen: eth0:5560\r\nx: 1\r\n" PEER_A),
                                      NULL);
    assert_string_equal(r->messages, "t.yaml:7:1: unknown key \"x\"\n");
    reading_end(r);
}

/* --- values that come from nowhere, or from peer_defaults ---------------------------------------
 */

static void sources_default_to_the_exchange(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sources;
    } cases[] = {
        {HEAD PEER_A, "127.0.0.1 127.0.0.0/8 "},
        {"exchange: {address: 192.0.2.9, local: 192.0.2.1:5070}\ntrunk: {listen: eth0:1}\n",
         "192.0.2.9 "},
        {"exchange: {address: '::1', local: '[::1]:5070'}\ntrunk: {listen: eth0:1}\n", "::1 ::1 "},
        {"exchange: {address: 127.0.0.1}\ntrunk: {listen: eth0:1}\n"
         "peers: [{name: a, address: b.c, local: 127.0.1.7:5070}]\n",
         "127.0.0.1 127.0.0.0/8 "},
        {"exchange: {address: 127.0.0.1, local: 127.0.0.1:5070, sources: []}\n"
         "trunk: {listen: eth0:1}\n",
         "127.0.0.1 127.0.0.0/8 "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char all[256] = "", one[ADDR_TEXT];
        struct reading *r = reading_begin(span_str(cases[i].text), NULL);
        assert_non_null(r->conf);
        for (size_t k = 0; k < r->conf->exchange.sources.n; k++) {
            prefix_print(&r->conf->exchange.sources.v[k], one);
            strcat(strcat(all, one), " ");
        }
        assert_string_equal(all, cases[i].sources);
        reading_end(r);
    }
}

static void defaults_of_peers_yield_to_a_peers_own(void **state)
{
    (void)state;
    /* They count for peers above them too, and inside dscp key by key. */
    struct reading *r = reading_begin(
        span_str(HEAD "peers:\n"
                      "- {name: a, address: b.c, dscp: {rtp: 1}, map: {10.0.0.1: 10.0.0.2}}\n"
                      "- {name: b, address: c.d, local: 127.0.1.8:5070, codecs: [GSM]}\n"
                      "peer_defaults: {calls: 3, dscp: {sip: 2, rtp: 3}, codecs: [PCMU, PCMA],\n"
                      "  map: {10.0.0.3: 10.0.0.4, 10.0.0.5: 10.0.0.6}}\n"),
        NULL);
    assert_string_equal(r->messages, "");
    const struct conf_peer *a = conf_peer_find(r->conf, span_str("a"));
    const struct conf_peer *b = conf_peer_find(r->conf, span_str("b"));
    assert_null(conf_peer_find(r->conf, span_str("c")));
    assert_true(a->calls == 3 && a->dscp_sip == 2 && a->dscp_rtp == 1);
    assert_true(b->calls == 3 && b->dscp_sip == 2 && b->dscp_rtp == 3);
    assert_int_equal(a->map.n, 1);
    assert_int_equal(b->map.n, 2);
    assert_int_equal(a->codecs.n, 2);
    assert_int_equal(b->codecs.n, 1);
    reading_end(r);
}

static void empty_values_mean_none_or_the_defaults(void **state)
{
    (void)state;
    struct reading *r = reading_begin(
        span_str("exchange:\n  address: 127.0.0.1\n  local: 127.0.0.1:5070\n  sources:\n"
                 "trunk:\n  listen: eth0:1\npeer_defaults:\npeers:\n- name: a\n  address: b.c\n"
                 "  sources:\n  aliases: ~\n  map:\n  codecs: null\n  dscp:\nmedia:\nlog: {}\n"
                 "include:\nstate:\n"),
        NULL);
    assert_string_equal(r->messages, "");
    assert_null(r->conf->state);
    assert_int_equal(r->conf->media.port_low, 22000);
    assert_int_equal(r->conf->peers[0].dscp_rtp, 46);
    assert_int_equal(r->conf->peers[0].map.n, 0);
    reading_end(r);
    r = reading_begin(span_str(HEAD PEER_A "state: ''\nmedia: {ports: 4000-4999, }\n"), NULL);
    assert_null(r->conf->state);
    reading_end(r);
}

static void json_is_read(void **state)
{
    (void)state;
    struct reading *r = reading_begin(
        span_str("{\"exchange\": {\"address\": \"127.0.0.1:5062\"}, \"trunk\": {\"listen\": "
                 "[\"127.0.2.1:5560\"]},\n \"peers\": [{\"name\": \"a\", \"address\": \"[::1]\","
                 " \"bind\": \"127.0.2.1:5560\", \"local\": \"127.0.1.7:5070\", \"punch\": false,"
                 " \"probe\": 0}],\n \"state\": \"\"}\n"),
        NULL);
    assert_string_equal(r->messages, "t.yaml:2:54: bind 127.0.2.1:5560: expected an address of the "
                                     "peer's family\n");
    reading_end(r);
}

static void a_held_configuration_outlives_its_reader(void **state)
{
    (void)state;
    struct reading *r = reading_begin(span_str(HEAD PEER_A), NULL);
    struct conf *held = conf_hold(r->conf);
    assert_ptr_equal(held, r->conf);
    reading_end(r);
    assert_string_equal(held->peers[0].name, "a");
    assert_string_equal(held->peers[0].address.mark.file, "t.yaml");
    assert_string_equal(held->file, "t.yaml");
    conf_release(held);
    conf_release(NULL);
}

static void later_checks_add_their_own_errors(void **state)
{
    (void)state;
    struct reading *r = reading_begin(span_str(HEAD PEER_A), NULL);
    char text[64];
    conf_error_add(&r->errors, &r->conf->exchange.local_mark, true, "port %d is taken", 5070);
    conf_error_add(&r->errors, NULL, false, "%s", "nowhere\n");
    messages_print(r);
    assert_string_equal(r->messages, "t.yaml:1:44: warning: port 5070 is taken\n"
                                     "configuration: nowhere\\x0a\n");
    assert_true(r->errors.errors == 1 && r->errors.warnings == 1);
    assert_int_equal(conf_error_print(&r->errors.v[0], text, 12), 11);
    assert_string_equal(text, "t.yaml:1:44");
    assert_int_equal(conf_error_print(&r->errors.v[0], text, 0), 0);
    reading_end(r);
}

/* --- include -----------------------------------------------------------------------------------
 */

/* A folder that exists only here. */
struct fake_file {
    const char *name, *text; /* text NULL: cannot be read */
};

struct fake_folder {
    int copies; /* further ones of the first file, for bounds */
    const char *pattern;
    struct fake_file files[4];
};

static char glob_folder[32]; /* as conf_read named it */

static int fake_glob(void *self, const char *folder, const char *pattern,
                     int (*each)(void *to, const char *file, const char *bytes, size_t n), void *to)
{
    const struct fake_folder *fake = self;
    snprintf(glob_folder, sizeof glob_folder, "%s", folder);
    if (strcmp(pattern, fake->pattern) != 0)
        return ENOENT;
    for (int i = 0; i < 4 && fake->files[i].name; i++) {
        const struct fake_file *file = &fake->files[i];
        for (int k = 0; k <= (i == 0 ? fake->copies : 0); k++) {
            int error =
                each(to, file->name, file->text, file->text ? strlen(file->text) : (size_t)EACCES);
            if (error)
                return error;
        }
    }
    return 0;
}

static struct include_case {
    const char *name;
    const char *text; /* behind HEAD */
    struct fake_folder folder;
    const char *messages;
    size_t peers;
} includes[] = {
    {"a list and a mapping of peers",
     PEER_A "include: p/*.yaml\n",
     {0,
      "p/*.yaml",
      {{"p/1.yaml", "- {name: b, address: b.c, local: 127.0.1.8:5070}\n"},
       {"p/2.yaml", "peers:\n- {name: c, address: c.d, local: 127.0.1.9:5070}\n"}}},
     "",
     3},
    {"only included peers",
     "include: [p/*.yaml]\n",
     {0, "p/*.yaml", {{"p/1.yaml", "- {name: b, address: b.c}\n"}}},
     "",
     1},
    {"defaults count for included peers",
     "peer_defaults: {calls: x}\ninclude: p/*.yaml\n",
     {0, "p/*.yaml", {{"p/1.yaml", "- {name: b, address: b.c}\n"}}},
     "t.yaml:3:24: calls: expected a number of calls from 1 to 100000; found \"x\"\n",
     0},
    {"errors name their own file, the main file's first",
     "include: p/*.yaml\npeers: [{name: a}]\n",
     {0,
      "p/*.yaml",
      {{"p/1.yaml", "- {name: b, address: b.c, calls: 0, local: 127.0.1.8:5070}\n"},
       {"p/2.yaml", "- {\n"},
       {"p/3.yaml", NULL}}},
     "t.yaml:4:9: address is required: expected an IP address or a name, as 100.64.1.2:5060\n"
     "p/1.yaml:1:34: calls: expected a number of calls from 1 to 100000; found \"0\"\n"
     "p/2.yaml:2:1: not YAML: while parsing a flow node, did not find expected node content\n"
     "p/3.yaml: cannot read: Permission denied\n",
     0},
    {"peers are compared across files",
     PEER_A "include: p/*.yaml\n",
     {0, "p/*.yaml", {{"p/1.yaml", "\n- {name: a, address: b.c, local: 127.0.1.8:5070}\n"}}},
     "p/1.yaml:2:10: the name \"a\" is already taken on t.yaml:4: expected another\n",
     0},
    {"an included file holds nothing but peers",
     PEER_A "include: p/*.yaml\n",
     {0,
      "p/*.yaml",
      {{"p/1.yaml", "log: {level: info}\npeers:\npeers:\n"},
       {"p/2.yaml", "word\n"},
       {"p/3.yaml", "# no peer yet\n"}}},
     "p/1.yaml:1:1: \"log\" belongs in the main file: expected only peers here\n"
     "p/1.yaml:3:1: repeated key \"peers\": expected once, it is on line 2\n"
     "p/2.yaml:1:1: expected a list of peers, or a mapping with peers\n",
     0},
    {"a pattern may match nothing",
     PEER_A "include: q/*.yaml\n",
     {0, "p/*.yaml", {{NULL, NULL}}},
     "",
     1},
    {"a file name may not",
     PEER_A "include: [q.yaml, '']\n",
     {0, "p/*.yaml", {{NULL, NULL}}},
     "t.yaml:5:11: include: \"q.yaml\": No such file or directory\n"
     "t.yaml:5:19: include: expected a file name or pattern, as peers.d/*.yaml\n",
     0},
    {"files are bounded",
     PEER_A "include: p/*.yaml\n",
     {300, "p/*.yaml", {{"p/1.yaml", "[]\n"}}},
     "t.yaml:5:10: include: expected at most 256 files\n",
     0},
};

static void peers_are_included(void **state)
{
    struct include_case *c = *state;
    char text[512];
    struct conf_include include = {fake_glob, &c->folder};
    snprintf(text, sizeof text, "%s%s", HEAD, c->text);
    struct reading *r = reading_begin(span_str(text), &include);
    assert_string_equal(r->messages, c->messages);
    assert_int_equal(r->conf ? r->conf->n_peers : 0, c->peers);
    assert_string_equal(glob_folder, ".");
    reading_end(r);
}

/* --- files -------------------------------------------------------------------------------------
 */

static void file_write(const char *folder, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void file_remove(const char *folder, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(remove(path), 0);
}

static struct reading *file_begin(const char *path, int expected)
{
    struct reading *r = calloc(1, sizeof *r);
    assert_non_null(r);
    int error = conf_read_file(path, &r->conf, &r->errors);
    messages_print(r);
    if (error != expected)
        fail_msg("%s: error %d, %s", path, error, r->messages);
    return r;
}

static void files_are_read_with_their_includes(void **state)
{
    (void)state;
    char folder[] = "/tmp/tailtrunk-conf-XXXXXX", path[128], expected[160];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/peers.d", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    file_write(folder, "t.yaml", HEAD "include: peers.d/*.yaml\n");
    file_write(folder, "peers.d/2.yaml", "- {name: two, address: b.c, local: 127.0.1.2:5070}\n");
    file_write(folder, "peers.d/1.yaml", "- {name: one, address: a.b, local: 127.0.1.1:5070}\n");
    file_write(folder, "peers.d/not-this", "- 5\n");
    snprintf(path, sizeof path, "%s/t.yaml", folder);
    struct reading *r = file_begin(path, 0);
    assert_string_equal(r->messages, "");
    assert_int_equal(r->conf->n_peers, 2);
    assert_string_equal(r->conf->peers[0].name, "one");
    assert_string_equal(r->conf->peers[1].name, "two");
    snprintf(expected, sizeof expected, "%s/peers.d/2.yaml", folder);
    assert_string_equal(r->conf->peers[1].mark.file, expected);
    reading_end(r);
    file_remove(folder, "peers.d/2.yaml");
    file_remove(folder, "peers.d/1.yaml");
    file_remove(folder, "peers.d/not-this");
    file_remove(folder, "peers.d");
    file_remove(folder, "t.yaml");
    assert_int_equal(rmdir(folder), 0);
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    struct reading *r = file_begin("/nowhere/t.yaml", ENOENT);
    assert_string_equal(r->messages, "/nowhere/t.yaml: cannot read: No such file or directory\n");
    reading_end(r);
    r = file_begin("/tmp", EISDIR);
    assert_string_equal(r->messages, "/tmp: cannot read: Is a directory\n");
    reading_end(r);
}

static void an_endless_file_ends(void **state)
{
    (void)state;
    struct reading *r = file_begin("/dev/zero", EINVAL);
    assert_string_equal(r->messages, "/dev/zero: the file is larger than 4 MiB\n");
    reading_end(r);
}

/* --- the shipped files -------------------------------------------------------------------------
 */

#define SHIPPED SOURCE_DIR "/conf/tailtrunk.yaml"

static struct {
    const char *name;
} shipped[] = {
    {SHIPPED},
    {SOURCE_DIR "/conf/examples/mikopbx.yaml"},
    {SOURCE_DIR "/conf/examples/asterisk.yaml"},
    {SOURCE_DIR "/conf/examples/containers.yaml"},
    {SOURCE_DIR "/conf/examples/hikari.yaml"},
};

static void shipped_file_is_clean(void **state)
{
    const char *const *path = *state;
    struct reading *r = file_begin(*path, 0);
    assert_string_equal(r->messages, "");
    assert_true(r->conf->n_peers > 0);
    reading_end(r);
}

static char *shipped_text(void)
{
    static char text[65536];
    FILE *file = fopen(SHIPPED, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void the_shipped_file_shows_every_key(void **state)
{
    (void)state;
    const char *text = shipped_text();
    for (size_t i = 0; i < conf_keys_n; i++) {
        char shown[64];
        const char *dot = strrchr(conf_keys[i].path, '.');
        snprintf(shown, sizeof shown, "%s: ", dot ? dot + 1 : conf_keys[i].path);
        const char *at = strstr(text, shown);
        if (!at)
            shown[strlen(shown) - 1] = '\n'; /* a list or mapping begins below */
        if (!at && !strstr(text, shown))
            fail_msg("tailtrunk.yaml does not show %s", conf_keys[i].path);
    }
}

static void field_compare(const struct key *key, const char *a, const char *b)
{
    if (key->type == KEY_PATH || key->type == KEY_FOLDER || key->type == KEY_TAILSCALE) {
        char *texts[2];
        memcpy(&texts[0], a + key->offset, sizeof texts[0]);
        memcpy(&texts[1], b + key->offset, sizeof texts[1]);
        assert_string_equal(texts[0], texts[1]);
    } else if (memcmp(a + key->offset, b + key->offset, key->size) != 0) {
        fail_msg("tailtrunk.yaml shows another default for %s", key->path);
    }
}

static void the_shipped_file_shows_the_defaults(void **state)
{
    (void)state;
    struct reading *full = file_begin(SHIPPED, 0);
    struct reading *bare = reading_begin(span_str(HEAD PEER_A), NULL);
    for (size_t i = 0; i < conf_keys_n; i++) {
        const struct key *key = &conf_keys[i];
        char told[300];
        snprintf(told, sizeof told, "default: %s", key->preset ? key->preset : "");
        if (key->preset &&
            strstr(shipped_text(), told)) /* set otherwise, for a start by any user */
            assert_true(key->type == KEY_PATH || key->type == KEY_FOLDER);
        else if (key->preset && key->scope == SCOPE_CONF)
            field_compare(key, (const char *)full->conf, (const char *)bare->conf);
        else if (key->preset)
            field_compare(key, (const char *)full->conf->peers, (const char *)bare->conf->peers);
    }
    reading_end(full);
    reading_end(bare);
}

static void starts_anywhere(const struct addr *addr)
{
    static const uint16_t taken[][2] = {{4000, 4999}, {4569, 4569},   {5038, 5038},   {5060, 5061},
                                        {8088, 8089}, {10000, 20000}, {22000, 31999}, {0, 1023}};
    assert_true(addr_is_loopback(addr));
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        assert_false(addr->port >= taken[i][0] && addr->port <= taken[i][1]);
}

static void the_shipped_file_starts_anywhere(void **state)
{
    (void)state;
    struct reading *r = file_begin(SHIPPED, 0);
    for (size_t i = 0; i < r->conf->trunk.n_listen; i++)
        starts_anywhere(&r->conf->trunk.listen[i].addr);
    for (size_t i = 0; i < r->conf->n_peers; i++) {
        starts_anywhere(&r->conf->peers[i].local);
        starts_anywhere(&r->conf->peers[i].address.addr);
    }
    starts_anywhere(&r->conf->exchange.address);
    /* No folder that only root can make. */
    assert_null(r->conf->state);
    assert_true(r->conf->control.socket[0] != '/');
    reading_end(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floods_are_bounded),
        cmocka_unit_test(a_file_of_4_mib_is_read),
        cmocka_unit_test(errors_past_the_list_are_counted),
        cmocka_unit_test(peers_past_the_bound_are_refused),
        cmocka_unit_test(line_ends_and_byte_order_mark_do_not_matter),
        cmocka_unit_test(sources_default_to_the_exchange),
        cmocka_unit_test(defaults_of_peers_yield_to_a_peers_own),
        cmocka_unit_test(empty_values_mean_none_or_the_defaults),
        cmocka_unit_test(json_is_read),
        cmocka_unit_test(a_held_configuration_outlives_its_reader),
        cmocka_unit_test(later_checks_add_their_own_errors),
        cmocka_unit_test(files_are_read_with_their_includes),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(an_endless_file_ends),
        cmocka_unit_test(the_shipped_file_shows_every_key),
        cmocka_unit_test(the_shipped_file_shows_the_defaults),
        cmocka_unit_test(the_shipped_file_starts_anywhere),
    };
    int failed = CASES_RUN(messages, messages_are);
    failed += CASES_RUN(hostile, bytes_are_refused);
    failed += CASES_RUN(includes, peers_are_included);
    failed += CASES_RUN(shipped, shipped_file_is_clean);
    failed += cmocka_run_group_tests(tests, NULL, NULL);
    return failed;
}
