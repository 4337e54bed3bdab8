/* From the tree of one or more files to a draft: sections, keys, peers, includes. */
#include "conf/draft.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* What the keys of one mapping are written into. */
struct target {
    enum key_scope scope;
    char *base;
    struct conf_mark *marks;
};

struct conf_mark mark_of(const struct draft *d, const struct node *node)
{
    return (struct conf_mark){node->line > 0 ? d->file : NULL, node->line, node->column};
}

__attribute__((format(printf, 3, 4))) static void error_at(struct draft *d, const struct node *node,
                                                           const char *fmt, ...)
{
    char message[sizeof((struct conf_error *)0)->message];
    struct conf_mark mark = mark_of(d, node);
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    conf_error_add(d->errors, &mark, false, "%s", message);
}

static int printed(struct span text)
{
    return text.n > 48 ? 48 : (int)text.n;
}

static const char *space_hint(const struct node *node)
{
    return node_lacks_space(node) ? "; a space after the colon?" : "";
}

static void unknown_report(struct draft *d, const struct target *to, const char *prefix,
                           const struct node *key)
{
    char suggestion[96] = "";
    if (d->errors->n < CONF_MAX_ERRORS)
        key_suggest(to->scope, prefix, key->text, suggestion, sizeof suggestion);
    error_at(d, key, "unknown key \"%s%.*s\"%s", prefix, printed(key->text), key->text.p,
             node_lacks_space(key) ? space_hint(key) : suggestion);
}

static void mapping_read(struct draft *d, const struct target *to, const char *prefix,
                         const struct node *mapping);

/* A section that is no mapping leaves nothing to miss in it: one error says enough. */
static void section_spoil(struct draft *d, const struct target *to, const char *prefix,
                          const struct node *node)
{
    for (size_t i = 0; i < conf_keys_n; i++) {
        if (conf_keys[i].scope == to->scope && span_begins(span_str(conf_keys[i].path), prefix))
            to->marks[i] = mark_of(d, node);
    }
}

static void section_read(struct draft *d, const struct target *to, const char *prefix, int row,
                         const struct node *key)
{
    const struct node *value = key->next;
    char inside[64];
    snprintf(inside, sizeof inside, "%s%.*s.", prefix, printed(key->text), key->text.p);
    if (to->scope == SCOPE_CONF)
        d->sections[row] = mark_of(d, key);
    if (node_is_null(value))
        return;
    if (value->kind == NODE_MAPPING) {
        mapping_read(d, to, inside, value);
        return;
    }
    section_spoil(d, to, inside, value);
    error_at(d, value, "%s%.*s: expected a mapping of keys%s", prefix, printed(key->text),
             key->text.p, space_hint(value));
}

static void key_read(struct draft *d, const struct target *to, int row, const struct node *value)
{
    const struct key *key = &conf_keys[row];
    to->marks[row] = mark_of(d, value);
    switch (key->type) {
    case KEY_DEFAULTS:
        d->defaults_node = value;
        break;
    case KEY_PEERS:
        d->peers_node = value;
        break;
    case KEY_INCLUDE:
        d->include_node = value;
        break;
    default:
        value_read(d, key, value, to->base);
        break;
    }
}

static void pair_read(struct draft *d, const struct target *to, const char *prefix,
                      const struct node *key, int *seen)
{
    if (key->kind != NODE_SCALAR) {
        error_at(d, key, "expected the name of a key");
        return;
    }
    int row = key_find(to->scope, prefix, key->text);
    int section = row < 0 ? section_find(to->scope, prefix, key->text) : -1;
    int known = row < 0 ? section : row;
    if (known < 0) {
        unknown_report(d, to, prefix, key);
        return;
    }
    if (seen[known]) {
        error_at(d, key, "repeated key \"%s%.*s\": expected once, it is on line %d", prefix,
                 printed(key->text), key->text.p, seen[known]);
        return;
    }
    seen[known] = key->line;
    if (row >= 0)
        key_read(d, to, row, key->next);
    else
        section_read(d, to, prefix, section, key);
}

static void mapping_read(struct draft *d, const struct target *to, const char *prefix,
                         const struct node *mapping)
{
    int seen[KEY_MAX] = {0};
    for (const struct node *key = mapping->first; key; key = key->next->next)
        pair_read(d, to, prefix, key, seen);
}

/* --- peers -------------------------------------------------------------------------------------
 */

static void required_check(struct draft *d, enum key_scope scope, const struct conf_mark *marks,
                           const struct conf_mark *whole)
{
    char expected[120];
    for (size_t i = 0; i < conf_keys_n; i++) {
        const struct key *key = &conf_keys[i];
        if (key->scope != scope || !(key->flags & KEY_REQUIRED) || marks[i].line > 0)
            continue;
        const char *dot = strchr(key->path, '.');
        size_t n = dot ? (size_t)(dot - key->path) : 0;
        int section = dot ? section_find(scope, "", span_of(key->path, n)) : -1;
        bool there = scope == SCOPE_CONF && section >= 0 && d->sections[section].line > 0;
        key_expected(key, expected, sizeof expected);
        conf_error_add(d->errors, there ? &d->sections[section] : whole, false,
                       "%s is required: expected %s", key->path, expected);
    }
}

static void peer_read(struct draft *d, const struct node *node)
{
    if (node->kind != NODE_MAPPING) {
        error_at(d, node, "expected a peer: a mapping with name and address%s", space_hint(node));
        return;
    }
    if (d->n_peers == CONF_MAX_PEERS) {
        if (!d->peers_overflowed)
            error_at(d, node, "expected at most %d peers", CONF_MAX_PEERS);
        d->peers_overflowed = true;
        return;
    }
    struct peer_draft *peer = arena_take(d->scratch, sizeof *peer);
    if (!peer)
        return;
    *peer = d->defaults;
    peer->peer.mark = mark_of(d, node);
    struct target to = {SCOPE_PEER, (char *)&peer->peer, peer->marks};
    mapping_read(d, &to, "", node);
    required_check(d, SCOPE_PEER, peer->marks, &peer->peer.mark);
    if (d->last_peer)
        d->last_peer->next = peer;
    else
        d->peers = peer;
    d->last_peer = peer;
    d->n_peers++;
}

static void peers_read(struct draft *d, const struct node *list)
{
    if (node_is_null(list))
        return;
    if (list->kind != NODE_LIST) {
        error_at(d, list, "peers: expected a list of peers");
        return;
    }
    for (const struct node *peer = list->first; peer; peer = peer->next)
        peer_read(d, peer);
}

static void defaults_read(struct draft *d)
{
    const struct node *node = d->defaults_node;
    struct target to = {SCOPE_PEER, (char *)&d->defaults.peer, d->defaults.marks};
    if (!node || node_is_null(node))
        return;
    if (node->kind == NODE_MAPPING)
        mapping_read(d, &to, "", node);
    else
        error_at(d, node, "peer_defaults: expected a mapping of a peer's keys");
}

/* --- files -------------------------------------------------------------------------------------
 */

/* Names the file in marks from here on, and in the list that errors are sorted by. */
static bool file_begin(struct draft *d, const char *file)
{
    d->file = arena_text(d->arena, span_str(file));
    errors_file(d->errors, file);
    return d->file != NULL;
}

static struct node *tree_read(struct draft *d, struct span bytes)
{
    struct yaml_fault fault = {0};
    struct node *root = NULL;
    int error = yaml_read(d->scratch, bytes, &root, &fault);
    if (error == ENOMEM)
        d->scratch->failed = true;
    if (error == EINVAL) {
        struct conf_mark mark = {d->file, fault.line, fault.column};
        conf_error_add(d->errors, &mark, false, "%s", fault.message);
    }
    return error ? NULL : root;
}

/* An included file is a list of peers, or a mapping with nothing but `peers`. */
static void included_read(struct draft *d, const struct node *root)
{
    if (root->kind != NODE_MAPPING) {
        if (root->kind == NODE_LIST)
            peers_read(d, root);
        else
            error_at(d, root, "expected a list of peers, or a mapping with peers");
        return;
    }
    int line = 0; /* of the first `peers` */
    for (const struct node *key = root->first; key; key = key->next->next) {
        if (!span_is(key->text, span_str("peers"))) {
            error_at(d, key, "\"%.*s\" belongs in the main file: expected only peers here",
                     printed(key->text), key->text.p ? key->text.p : "");
        } else if (line > 0) {
            error_at(d, key, "repeated key \"peers\": expected once, it is on line %d", line);
        } else {
            line = key->line;
            peers_read(d, key->next);
        }
    }
}

static int include_take(void *to, const char *file, const char *bytes, size_t n)
{
    struct draft *d = to;
    const char *main_file = d->file;
    if (d->n_includes++ == CONF_MAX_INCLUDES) {
        error_at(d, d->include_node, "include: expected at most %d files", CONF_MAX_INCLUDES);
        return E2BIG;
    }
    if (!file_begin(d, file))
        return ENOMEM;
    if (bytes) {
        struct node *root = tree_read(d, span_of(bytes, n));
        if (root)
            included_read(d, root);
    } else {
        struct conf_mark mark = {d->file, 0, 0};
        conf_error_add(d->errors, &mark, false, "cannot read: %s", strerror((int)n));
    }
    d->file = main_file;
    return 0;
}

/* "a/b" of "a/b/c.yaml", "." of "c.yaml", "/" of "/c.yaml". */
static const char *folder_of(struct draft *d, const char *file)
{
    const char *slash = strrchr(file, '/');
    if (!slash)
        return ".";
    size_t n = slash == file ? 1 : (size_t)(slash - file);
    return arena_text(d->scratch, span_of(file, n));
}

static void include_one(struct draft *d, const struct node *pattern)
{
    const char *folder = folder_of(d, d->file);
    if (pattern->kind != NODE_SCALAR || pattern->text.n == 0) {
        error_at(d, pattern, "include: expected a file name or pattern, as peers.d/*.yaml");
        return;
    }
    if (!d->include) {
        error_at(d, pattern, "include: not possible here: expected all peers in this file");
        return;
    }
    if (!folder)
        return;
    int error = d->include->glob(d->include->self, folder, pattern->text.p, include_take, d);
    bool wild = strpbrk(pattern->text.p, "*?[") != NULL;
    if (error && error != E2BIG && !(error == ENOENT && wild))
        error_at(d, pattern, "include: \"%.*s\": %s", printed(pattern->text), pattern->text.p,
                 strerror(error));
}

static void includes_read(struct draft *d)
{
    const struct node *node = d->include_node;
    if (!node || node_is_null(node))
        return;
    if (node->kind != NODE_LIST) {
        include_one(d, node);
        return;
    }
    for (const struct node *pattern = node->first; pattern; pattern = pattern->next)
        include_one(d, pattern);
}

static void main_read(struct draft *d, const struct node *root)
{
    struct target to = {SCOPE_CONF, (char *)d->conf, d->marks};
    d->root = (struct conf_mark){d->file, 1, 1};
    if (root && root->kind != NODE_MAPPING) {
        error_at(d, root, "expected a mapping with exchange, trunk and peers%s", space_hint(root));
        return;
    }
    if (root)
        mapping_read(d, &to, "", root);
    required_check(d, SCOPE_CONF, d->marks, &d->root);
    defaults_read(d);
    if (d->peers_node)
        peers_read(d, d->peers_node);
    includes_read(d);
}

/* --- the whole ---------------------------------------------------------------------------------
 */

static void peers_publish(struct draft *d)
{
    if (d->n_peers == 0)
        return;
    d->conf->peers = arena_take(d->arena, d->n_peers * sizeof *d->conf->peers);
    if (!d->conf->peers)
        return;
    for (const struct peer_draft *peer = d->peers; peer; peer = peer->next)
        d->conf->peers[d->conf->n_peers++] = peer->peer;
}

static bool family_has_loopback_local(const struct conf *conf, uint8_t family)
{
    const struct addr *local = &conf->exchange.local;
    if (local->family == family && addr_is_loopback(local))
        return true;
    for (size_t i = 0; i < conf->n_peers; i++) {
        local = &conf->peers[i].local;
        if (local->family == family && addr_is_loopback(local))
            return true;
    }
    return false;
}

/* exchange.sources as it is when nobody says otherwise: the exchange's address, and the whole
 * loopback net where that is how it is reached. */
static void sources_default(struct draft *d)
{
    static const struct {
        uint8_t family, bits;
        const char *loopback;
    } families[] = {{ADDR_IP4, 32, "127.0.0.0/8"}, {ADDR_IP6, 128, "::1"}};
    struct conf_prefixes *sources = &d->conf->exchange.sources;
    const struct addr *exchange = &d->conf->exchange.address;

    if (sources->n > 0 || !addr_is_set(exchange))
        return;
    sources->v = arena_take(d->arena, 3 * sizeof *sources->v);
    if (!sources->v)
        return;
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        if (exchange->family == families[i].family)
            sources->v[sources->n++] =
                (struct prefix){addr_with_port(*exchange, 0), families[i].bits};
        if (family_has_loopback_local(d->conf, families[i].family) &&
            !prefix_parse(span_str(families[i].loopback), &sources->v[sources->n]))
            sources->n++;
    }
}

static void draft_read(struct draft *d, const char *file, struct span bytes)
{
    if (!file_begin(d, file))
        return;
    d->conf->file = arena_text(d->arena, span_str(file));
    values_preset(d);
    size_t before = d->errors->errors;
    struct node *root = tree_read(d, bytes);
    if (d->errors->errors > before || d->scratch->failed)
        return; /* not YAML: what is missing in it would be noise */
    main_read(d, root);
    peers_publish(d);
    sources_default(d);
    if (!d->arena->failed && !d->scratch->failed)
        draft_check(d);
}

int conf_read(const char *file, const char *bytes, size_t n, const struct conf_include *include,
              struct conf **out, struct conf_errors *errors)
{
    struct arena scratch = {0};
    size_t before = errors->errors;
    struct conf_whole *whole = calloc(1, sizeof *whole);
    struct draft *d = arena_take(&scratch, sizeof *d);
    if (whole)
        whole->conf.references = 1;
    if (whole && d) {
        d->conf = &whole->conf;
        d->arena = &whole->arena;
        d->scratch = &scratch;
        d->errors = errors;
        d->include = include;
        draft_read(d, file, span_of(bytes, n));
    }
    if (!whole || !d || whole->arena.failed || scratch.failed)
        conf_error_add(errors, &(struct conf_mark){file, 0, 0}, false, "out of memory");
    arena_free(&scratch);
    errors_sort(errors);
    if (errors->errors > before) {
        conf_release(whole ? &whole->conf : NULL);
        return EINVAL;
    }
    *out = &whole->conf;
    return 0;
}
