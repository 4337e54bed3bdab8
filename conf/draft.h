/*
 * draft.h - a configuration while it is being read: what conf.h publishes, plus what only messages
 * and cross-checks need.
 */
#ifndef CONF_DRAFT_H
#define CONF_DRAFT_H

#include "conf/schema.h"
#include "conf/yaml.h"

/* A configuration and the arena that everything it points to lives in. conf is first: conf_release
 * gets from one to the other. */
struct conf_whole {
    struct conf conf;
    struct arena arena;
};

struct peer_draft {
    struct conf_peer peer;
    struct conf_mark
        marks[KEY_MAX]; /* by row: where a given key's value stands; line 0 = not given */
    struct peer_draft *next;
};

struct draft {
    struct conf *conf;
    struct arena *arena;   /* of the configuration */
    struct arena *scratch; /* gone once reading ends */
    struct conf_errors *errors;
    const struct conf_include *include;
    const char *file; /* being read; lives in arena */
    struct conf_mark root;
    struct conf_mark marks[KEY_MAX];    /* as in peer_draft */
    struct conf_mark sections[KEY_MAX]; /* by the first row inside */
    const struct node *defaults_node, *peers_node, *include_node;
    struct peer_draft defaults; /* what every peer begins as */
    struct peer_draft *peers, *last_peer;
    size_t n_peers, n_includes;
    bool peers_overflowed; /* said once, so that other errors have room */
};

/* draft.defaults and the configuration's own values, from the table's presets. */
void values_preset(struct draft *d);

/* Reads one value into the field of `key` in `base` (a struct conf or conf_peer), or adds an error
 * that says what was expected. */
void value_read(struct draft *d, const struct key *key, const struct node *node, char *base);

/* The checks that need more than one key. Changes nothing but d->errors. Runs on drafts with errors
 * too: what could not be read is unset and is not judged twice. */
void draft_check(const struct draft *d);

struct conf_mark mark_of(const struct draft *d, const struct node *node);

/* Remembers a file's name in the order of reading, which is the order errors are sorted in. */
const char *errors_file(struct conf_errors *errors, const char *file);

/* By file, line and column: reading and cross-checking find errors in another order. */
void errors_sort(struct conf_errors *errors);

/* The main file's `include:` on a real file system. */
extern const struct conf_include conf_include_files;

#endif
