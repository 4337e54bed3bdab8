/*
 * yaml.h - YAML bytes as a tree of nodes, each with its place in the file.
 *
 * Only the YAML that a configuration needs: one document, no aliases, no tags. That keeps the tree
 * as small as the text it came from, whatever the text says.
 */
#ifndef CONF_YAML_H
#define CONF_YAML_H

#include "conf/arena.h"

#define YAML_MAX_BYTES (4u * 1024u * 1024u)
#define YAML_MAX_NODES 200000u
#define YAML_MAX_DEPTH 16u

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAPPING };

struct node {
    enum node_kind kind;
    bool plain; /* a scalar without quotes */
    int line, column;
    struct span text;   /* of a scalar; NUL-terminated, without control characters */
    struct node *first; /* of a list its entries, of a mapping key, value, key, value... */
    struct node *last;
    struct node *next;
};

struct yaml_fault {
    int line, column; /* 0 = the file as a whole */
    char message[160];
};

/* Reads one document into nodes that live in the arena. *root is NULL for a file without content.
 * Returns 0; EINVAL with *fault; ENOMEM. */
int yaml_read(struct arena *arena, struct span bytes, struct node **root, struct yaml_fault *fault);

/* Nothing, "~" or "null", without quotes. */
bool node_is_null(const struct node *node);

/* "key:value", which YAML takes for one word. */
bool node_lacks_space(const struct node *node);

#endif
