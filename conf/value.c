/* Values: from the text of a node to the field that its row names. */
#include "conf/draft.h"
#include <stdio.h>

#define SIP_PORT 5060
#define HOST_MAX_BYTES 253u
#define INTERFACE_MAX_BYTES 15u /* IFNAMSIZ less its NUL */

enum outcome {
    TAKEN,
    WRONG /* not what the key expects */,
    REPORTED /* an error was added here */
};

static bool text_is(struct span text, const char *word)
{
    return span_is(text, span_str(word));
}

static bool text_holds_only(struct span text, const char *allowed)
{
    for (size_t i = 0; i < text.n; i++) {
        if (!strchr(allowed, text.p[i]))
            return false;
    }
    return true;
}

#define DIGITS "0123456789"
#define SMALL "abcdefghijklmnopqrstuvwxyz"
#define LETTERS SMALL "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool text_has_letter(struct span text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (strchr(LETTERS, text.p[i]))
            return true;
    }
    return false;
}

static bool in_bounds(const struct key *key, uint64_t n)
{
    return (n >= key->min && n <= key->max) || (n == 0 && key->flags & KEY_ZERO);
}

static enum outcome text_keep(struct draft *d, struct span text, void *at)
{
    char *copy = arena_text(d->arena, text);
    memcpy(at, &copy, sizeof copy);
    return TAKEN;
}

/* --- one value ---------------------------------------------------------------------------------
 */

static enum outcome bool_read(struct draft *d, const struct key *key, const struct node *node,
                              void *at)
{
    static const char *const words[] = {"no", "yes", "false", "true", "off", "on"};
    (void)d;
    (void)key;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (span_is_nocase(node->text, span_str(words[i]))) {
            *(bool *)at = i % 2;
            return TAKEN;
        }
    }
    return WRONG;
}

static enum outcome word_read(struct draft *d, const struct key *key, const struct node *node,
                              void *at)
{
    (void)d;
    for (unsigned i = 0; key->words[i]; i++) {
        if (text_is(node->text, key->words[i])) {
            memcpy(at, &i, sizeof i);
            return TAKEN;
        }
    }
    return WRONG;
}

static enum outcome number_read(struct draft *d, const struct key *key, const struct node *node,
                                void *at)
{
    uint64_t n;
    (void)d;
    if (!span_number(node->text, UINT32_MAX, &n) || !in_bounds(key, n))
        return WRONG;
    if (key->size == sizeof(uint8_t))
        *(uint8_t *)at = (uint8_t)n;
    else if (key->size == sizeof(uint16_t))
        *(uint16_t *)at = (uint16_t)n;
    else
        *(uint32_t *)at = (uint32_t)n;
    return TAKEN;
}

static enum outcome duration_read(struct draft *d, const struct key *key, const struct node *node,
                                  void *at)
{
    static const struct {
        char letter;
        uint32_t ms;
    } units[] = {{'s', 1000}, {'m', 60 * 1000}, {'h', 60 * 60 * 1000}};
    struct span text = node->text;
    uint64_t n, ms = 1000;
    (void)d;
    for (size_t i = 0; text.n > 0 && i < sizeof units / sizeof units[0]; i++) {
        if (text.p[text.n - 1] == units[i].letter) {
            text.n--;
            ms = units[i].ms;
            break;
        }
    }
    if (!span_number(text, UINT32_MAX, &n) || !in_bounds(key, n * ms))
        return WRONG;
    *(uint32_t *)at = (uint32_t)(n * ms);
    return TAKEN;
}

static enum outcome range_read(struct draft *d, const struct key *key, const struct node *node,
                               void *at)
{
    struct span text = node->text;
    uint64_t low, high;
    (void)d;
    const char *dash = text.n > 0 ? memchr(text.p, '-', text.n) : NULL;
    if (!dash)
        return WRONG;
    size_t n = (size_t)(dash - text.p);
    if (!span_number(span_trim(span_of(text.p, n)), key->max, &low) ||
        !span_number(span_trim(span_from(text, n + 1)), key->max, &high))
        return WRONG;
    if (low < key->min || low > high)
        return WRONG;
    if (key->flags & KEY_PAIRS && (low % 2 != 0 || high % 2 != 1))
        return WRONG;
    uint16_t ports[2] = {(uint16_t)low, (uint16_t)high};
    memcpy(at, ports, sizeof ports);
    return TAKEN;
}

static enum outcome mode_read(struct draft *d, const struct key *key, const struct node *node,
                              void *at)
{
    unsigned mode = 0;
    (void)d;
    if (node->text.n == 0 || node->text.n > 4 || !text_holds_only(node->text, "01234567"))
        return WRONG;
    for (size_t i = 0; i < node->text.n; i++)
        mode = mode * 8 + (unsigned)(node->text.p[i] - '0');
    if (mode > key->max)
        return WRONG;
    memcpy(at, &mode, sizeof mode);
    return TAKEN;
}

static enum outcome wildcard_report(struct draft *d, const struct key *key, const struct node *node)
{
    struct conf_mark mark = mark_of(d, node);
    conf_error_add(d->errors, &mark, false, "%s: \"%.*s\" stands for every address: expected one",
                   key->path, (int)node->text.n, node->text.p);
    return REPORTED;
}

static enum outcome addr_take(struct draft *d, const struct key *key, const struct node *node,
                              const struct addr *addr, void *at)
{
    if (addr_is_wildcard(addr))
        return wildcard_report(d, key, node);
    memcpy(at, addr, sizeof *addr);
    return TAKEN;
}

static enum outcome address_read(struct draft *d, const struct key *key, const struct node *node,
                                 void *at)
{
    struct addr addr;
    if (addr_parse(node->text, SIP_PORT, &addr))
        return WRONG;
    return addr_take(d, key, node, &addr, at);
}

static enum outcome socket_read(struct draft *d, const struct key *key, const struct node *node,
                                void *at)
{
    struct addr addr;
    if (addr_parse(node->text, 0, &addr) || addr.port == 0)
        return WRONG;
    return addr_take(d, key, node, &addr, at);
}

static enum outcome advertise_read(struct draft *d, const struct key *key, const struct node *node,
                                   void *at)
{
    struct addr addr = {0};
    if (!text_is(node->text, "auto") && addr_parse(node->text, 0, &addr))
        return WRONG;
    if (addr_is_set(&addr))
        return addr_take(d, key, node, &addr, at);
    memcpy(at, &addr, sizeof addr);
    return TAKEN;
}

static bool host_name_is_valid(struct span name)
{
    return name.n > 0 && name.n <= HOST_MAX_BYTES && text_holds_only(name, LETTERS DIGITS "-._") &&
           text_has_letter(name) && name.p[0] != '-' && name.p[0] != '.';
}

/* An IP literal or a name, with or without a port; *name is the host as written. */
static bool host_parse(struct span text, uint16_t default_port, struct span *name,
                       struct addr *addr)
{
    uint16_t port = 0;
    bool literal = addr_parse(text, default_port, addr) == 0;
    if (literal && memchr(text.p, ':', text.n) && text.p[0] != '[' && addr->family == ADDR_IP6) {
        *name = text; /* an IPv6 address without brackets has no port to split off */
        return true;
    }
    if (addr_split(text, name, &port))
        return false;
    if (literal)
        return true;
    *addr = (struct addr){.family = ADDR_NONE, .port = port ? port : default_port};
    return host_name_is_valid(*name);
}

static enum outcome host_read(struct draft *d, const struct key *key, const struct node *node,
                              void *at)
{
    struct span name;
    struct addr addr;
    if (!host_parse(node->text, SIP_PORT, &name, &addr))
        return WRONG;
    if (addr_is_set(&addr) && addr_is_wildcard(&addr))
        return wildcard_report(d, key, node);
    struct conf_host *host = at;
    host->name = arena_text(d->arena, name);
    host->addr = addr;
    host->mark = mark_of(d, node);
    return TAKEN;
}

static enum outcome name_read(struct draft *d, const struct key *key, const struct node *node,
                              void *at)
{
    if (!in_bounds(key, node->text.n) || !text_holds_only(node->text, SMALL DIGITS "-"))
        return WRONG;
    return text_keep(d, node->text, at);
}

static enum outcome username_read(struct draft *d, const struct key *key, const struct node *node,
                                  void *at)
{
    if (text_is(node->text, "keep")) {
        memset(at, 0, sizeof(char *));
        return TAKEN;
    }
    if (!in_bounds(key, node->text.n))
        return WRONG;
    for (size_t i = 0; i < node->text.n; i++) {
        if ((unsigned char)node->text.p[i] <= ' ' || (unsigned char)node->text.p[i] >= 0x7f)
            return WRONG; /* it becomes a field of o=, where spaces separate */
    }
    return text_keep(d, node->text, at);
}

static enum outcome path_read(struct draft *d, const struct key *key, const struct node *node,
                              void *at)
{
    if (node_is_null(node) || !in_bounds(key, node->text.n))
        return WRONG;
    return text_keep(d, node->text, at);
}

static enum outcome folder_read(struct draft *d, const struct key *key, const struct node *node,
                                void *at)
{
    if (node_is_null(node) || node->text.n == 0) {
        memset(at, 0, sizeof(char *));
        return TAKEN;
    }
    return path_read(d, key, node, at);
}

static enum outcome tailscale_read(struct draft *d, const struct key *key, const struct node *node,
                                   void *at)
{
    bool word = text_is(node->text, "auto") || text_is(node->text, "off");
    if (!word && !memchr(node->text.p, '/', node->text.n))
        return WRONG;
    return path_read(d, key, node, at);
}

/* --- lists -------------------------------------------------------------------------------------
 */

static void expected_report(struct draft *d, const struct key *key, const struct node *node);

static enum outcome prefix_take(struct draft *d, const struct key *key, const struct node *node,
                                void *at)
{
    struct prefix prefix;
    if (prefix_parse(node->text, &prefix))
        return WRONG;
    if (prefix.bits == 0 || addr_is_wildcard(&prefix.base))
        return wildcard_report(d, key, node);
    memcpy(at, &prefix, sizeof prefix);
    return TAKEN;
}

static enum outcome alias_take(struct draft *d, const struct key *key, const struct node *node,
                               void *at)
{
    struct span name;
    struct addr addr;
    (void)key;
    return host_parse(node->text, SIP_PORT, &name, &addr) ? text_keep(d, node->text, at) : WRONG;
}

static enum outcome codec_take(struct draft *d, const struct key *key, const struct node *node,
                               void *at)
{
    (void)key;
    if (node->text.n == 0 || node->text.n > 32 ||
        !text_holds_only(node->text, LETTERS DIGITS "-._+"))
        return WRONG;
    return text_keep(d, node->text, at);
}

/* Without these, in their long or compact form, a call cannot be set up, matched or ended, or a
 * promise made in them is broken. */
static const char *const kept_headers[] = {"Via",
                                           "v",
                                           "From",
                                           "f",
                                           "To",
                                           "t",
                                           "Call-ID",
                                           "i",
                                           "CSeq",
                                           "Contact",
                                           "m",
                                           "Max-Forwards",
                                           "Route",
                                           "Record-Route",
                                           "Path",
                                           "Service-Route",
                                           "Content-Length",
                                           "l",
                                           "Content-Type",
                                           "c",
                                           "Content-Encoding",
                                           "e",
                                           "Content-Disposition",
                                           "MIME-Version",
                                           "Expires",
                                           "Min-Expires",
                                           "Event",
                                           "o",
                                           "Subscription-State",
                                           "Refer-To",
                                           "r",
                                           "Replaces",
                                           "SIP-ETag",
                                           "SIP-If-Match",
                                           "Require",
                                           "Proxy-Require",
                                           "RSeq",
                                           "RAck",
                                           "Authorization",
                                           "Proxy-Authorization",
                                           "WWW-Authenticate",
                                           "Proxy-Authenticate",
                                           "Authentication-Info"};

static bool header_is_kept(struct span name)
{
    for (size_t i = 0; i < sizeof kept_headers / sizeof kept_headers[0]; i++) {
        if (span_is_nocase(name, span_str(kept_headers[i])))
            return true;
    }
    return false;
}

static enum outcome header_take(struct draft *d, const struct key *key, const struct node *node,
                                void *at)
{
    if (node->text.n == 0 || node->text.n > 64 ||
        !text_holds_only(node->text, LETTERS DIGITS "-.!%*_+`'~"))
        return WRONG;
    if (!header_is_kept(node->text))
        return text_keep(d, node->text, at);
    struct conf_mark mark = mark_of(d, node);
    conf_error_add(d->errors, &mark, false,
                   "%s: \"%.*s\" cannot be stripped: calls depend on it; expected other headers",
                   key->path, (int)node->text.n, node->text.p);
    return REPORTED;
}

static enum outcome listen_take(struct draft *d, const struct key *key, const struct node *node,
                                void *at)
{
    struct conf_listen *listen = at;
    struct span name = {NULL, 0};
    if (!host_parse(node->text, 0, &name, &listen->addr) || listen->addr.port == 0)
        return WRONG;
    listen->mark = mark_of(d, node);
    if (addr_is_set(&listen->addr))
        return addr_is_wildcard(&listen->addr) ? wildcard_report(d, key, node) : TAKEN;
    if (name.n > INTERFACE_MAX_BYTES)
        return WRONG;
    return text_keep(d, name, &listen->interface);
}

typedef enum outcome taker(struct draft *d, const struct key *key, const struct node *node,
                           void *at);

/* Fills an array of entries of `size` bytes; a wrong entry is reported at its own place. *wrong
 * says that the node is no list at all. */
static void *entries_read(struct draft *d, const struct key *key, const struct node *node,
                          taker *take, size_t size, size_t *n)
{
    size_t room = 1;
    const struct node *entry = node;
    if (node->kind == NODE_LIST) {
        entry = node->first;
        room = 0;
        for (const struct node *e = entry; e; e = e->next)
            room++;
    }
    *n = 0;
    if (room > key->max) {
        struct conf_mark mark = mark_of(d, node);
        conf_error_add(d->errors, &mark, false, "%s: %zu entries: expected at most %u", key->path,
                       room, key->max);
        return NULL;
    }
    char *entries = room > 0 ? arena_take(d->arena, room * size) : NULL;
    if (!entries)
        return NULL;
    for (; entry; entry = node->kind == NODE_LIST ? entry->next : NULL) {
        enum outcome outcome =
            entry->kind == NODE_SCALAR ? take(d, key, entry, entries + *n * size) : WRONG;
        if (outcome == WRONG)
            expected_report(d, key, entry);
        *n += outcome == TAKEN;
    }
    return entries;
}

static bool node_can_be_list(const struct key *key, const struct node *node)
{
    if (node->kind == NODE_SCALAR)
        return node_is_null(node) ? key->min == 0 : key->flags & KEY_ONE;
    return node->kind == NODE_LIST && (key->min == 0 || node->first);
}

static enum outcome prefixes_read(struct draft *d, const struct key *key, const struct node *node,
                                  void *at)
{
    struct conf_prefixes *prefixes = at;
    *prefixes = (struct conf_prefixes){NULL, 0};
    if (!node_can_be_list(key, node))
        return WRONG;
    if (node->kind == NODE_LIST)
        prefixes->v = entries_read(d, key, node, prefix_take, sizeof *prefixes->v, &prefixes->n);
    return TAKEN;
}

static enum outcome strings_read(struct draft *d, const struct key *key, const struct node *node,
                                 void *at)
{
    taker *take = key->type == KEY_HOSTS    ? alias_take
                  : key->type == KEY_CODECS ? codec_take
                                            : header_take;
    struct conf_strings *strings = at;
    *strings = (struct conf_strings){NULL, 0};
    if (!node_can_be_list(key, node))
        return WRONG;
    if (node->kind == NODE_LIST)
        strings->v = entries_read(d, key, node, take, sizeof *strings->v, &strings->n);
    return TAKEN;
}

static enum outcome listen_read(struct draft *d, const struct key *key, const struct node *node,
                                void *at)
{
    (void)at; /* the one list whose pointer and count stand in struct conf itself */
    if (!node_can_be_list(key, node))
        return WRONG;
    d->conf->trunk.listen = entries_read(d, key, node, listen_take, sizeof *d->conf->trunk.listen,
                                         &d->conf->trunk.n_listen);
    return TAKEN;
}

/* --- map ---------------------------------------------------------------------------------------
 */

static size_t pairs_count(const struct node *mapping)
{
    size_t n = 0;
    for (const struct node *key = mapping->first; key; key = key->next->next)
        n++;
    return n;
}

static bool rule_read(struct draft *d, const struct key *key, const struct node *announced,
                      struct map_rule *rule)
{
    const struct node *reached = announced->next;
    const struct node *sides[] = {announced, reached};
    struct prefix *fields[] = {&rule->announced, &rule->reached};
    bool good = true;
    for (int i = 0; i < 2; i++) {
        enum outcome outcome =
            sides[i]->kind == NODE_SCALAR ? prefix_take(d, key, sides[i], fields[i]) : WRONG;
        if (outcome == WRONG)
            expected_report(d, key, sides[i]);
        good = good && outcome == TAKEN;
    }
    if (good && (rule->announced.base.family != rule->reached.base.family ||
                 rule->announced.bits != rule->reached.bits)) {
        struct conf_mark mark = mark_of(d, reached);
        conf_error_add(d->errors, &mark, false,
                       "%s: expected a prefix of the same family and length as \"%.*s\"", key->path,
                       (int)announced->text.n, announced->text.p);
        return false;
    }
    return good;
}

/* Reports each rule whose prefix an earlier one has, and takes it out. */
static size_t clashes_report(struct draft *d, const struct key *key, struct map_rule *rules,
                             const struct node **nodes, size_t n)
{
    size_t first, second;
    while (d->errors->n < CONF_MAX_ERRORS && map_clash(rules, n, &first, &second)) {
        size_t later = first > second ? first : second;
        size_t earlier = first > second ? second : first;
        struct conf_mark mark = mark_of(d, nodes[later]);
        conf_error_add(d->errors, &mark, false,
                       "%s: the same prefix as on line %d: expected each prefix once", key->path,
                       nodes[earlier]->line);
        memmove(rules + later, rules + later + 1, (n - later - 1) * sizeof *rules);
        memmove(nodes + later, nodes + later + 1, (n - later - 1) * sizeof *nodes);
        n--;
    }
    return n;
}

static enum outcome map_read(struct draft *d, const struct key *key, const struct node *node,
                             void *at)
{
    struct map *map = at;
    *map = (struct map){NULL, 0};
    if (node_is_null(node))
        return TAKEN;
    if (node->kind != NODE_MAPPING)
        return WRONG;
    size_t room = pairs_count(node), n = 0;
    if (room > key->max) {
        struct conf_mark mark = mark_of(d, node);
        conf_error_add(d->errors, &mark, false, "%s: %zu entries: expected at most %u", key->path,
                       room, key->max);
        return REPORTED;
    }
    struct map_rule *rules = arena_take(d->arena, room * sizeof *rules);
    const struct node **nodes = arena_take(d->scratch, room * sizeof *nodes);
    if (!rules || !nodes)
        return REPORTED;
    for (const struct node *pair = node->first; pair; pair = pair->next->next) {
        nodes[n] = pair;
        n += rule_read(d, key, pair, &rules[n]);
    }
    n = clashes_report(d, key, rules, nodes, n);
    map_build(map, rules, n);
    return TAKEN;
}

/* --- by type -----------------------------------------------------------------------------------
 */

static const struct {
    taker *read;
    bool branches; /* lists and mappings too */
} readers[KEY_TYPES] = {
    [KEY_BOOL] = {bool_read, false},           [KEY_WORD] = {word_read, false},
    [KEY_NUMBER] = {number_read, false},       [KEY_DURATION] = {duration_read, false},
    [KEY_RANGE] = {range_read, false},         [KEY_MODE] = {mode_read, false},
    [KEY_ADDRESS] = {address_read, false},     [KEY_SOCKET] = {socket_read, false},
    [KEY_ADVERTISE] = {advertise_read, false}, [KEY_HOST] = {host_read, false},
    [KEY_LISTEN] = {listen_read, true},        [KEY_PREFIXES] = {prefixes_read, true},
    [KEY_HOSTS] = {strings_read, true},        [KEY_CODECS] = {strings_read, true},
    [KEY_HEADERS] = {strings_read, true},      [KEY_MAP] = {map_read, true},
    [KEY_NAME] = {name_read, false},           [KEY_USERNAME] = {username_read, false},
    [KEY_PATH] = {path_read, false},           [KEY_FOLDER] = {folder_read, false},
    [KEY_TAILSCALE] = {tailscale_read, false},
};

static bool key_is_one_address(const struct key *key)
{
    return key->type == KEY_ADDRESS || key->type == KEY_SOCKET || key->type == KEY_ADVERTISE ||
           key->type == KEY_HOST;
}

static void found_print(const struct key *key, const struct node *node, char *out, size_t room)
{
    if (node->kind == NODE_LIST)
        snprintf(out, room, "a list%s",
                 key_is_one_address(key) ? " (\"[IPv6]:port\" needs quotes)" : "");
    else if (node->kind == NODE_MAPPING)
        snprintf(out, room, "a mapping");
    else if (node_is_null(node))
        snprintf(out, room, "nothing");
    else
        snprintf(out, room, "\"%.*s\"%s", node->text.n > 40 ? 40 : (int)node->text.n, node->text.p,
                 node->text.n > 40 ? "..." : "");
}

static void expected_report(struct draft *d, const struct key *key, const struct node *node)
{
    char expected[120], found[64];
    struct conf_mark mark = mark_of(d, node);
    key_expected(key, expected, sizeof expected);
    found_print(key, node, found, sizeof found);
    conf_error_add(d->errors, &mark, false, "%s: expected %s; found %s", key->path, expected,
                   found);
}

void value_read(struct draft *d, const struct key *key, const struct node *node, char *base)
{
    taker *read = readers[key->type].read;
    bool fits = node->kind == NODE_SCALAR || readers[key->type].branches;
    if (fits && read(d, key, node, base + key->offset) != WRONG) {
        struct conf_mark mark = mark_of(d, node);
        if (key->mark_offset && node->line > 0)
            memcpy(base + key->mark_offset, &mark, sizeof mark);
        return;
    }
    expected_report(d, key, node);
}

void values_preset(struct draft *d)
{
    for (size_t i = 0; i < conf_keys_n; i++) {
        const struct key *key = &conf_keys[i];
        struct node node = {.kind = NODE_SCALAR, .text = span_str(key->preset)};
        char *base = key->scope == SCOPE_PEER ? (char *)&d->defaults.peer : (char *)d->conf;
        if (key->preset)
            value_read(d, key, &node, base);
    }
}
