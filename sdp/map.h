/*
 * map.h - what a peer writes : what reaches it from here.
 *
 * A map holds pairs of equal-length prefixes of one family (an exact address is a full-length
 * prefix). Look-up takes the longest match; the bits behind the prefix are carried over.
 */
#ifndef SDP_MAP_H
#define SDP_MAP_H

#include "sdp/addr.h"

struct map_rule {
    struct prefix announced; /* as the peer writes it */
    struct prefix reached;   /* as it is reached from here; same family and length */
};

struct map {
    struct map_rule *rules; /* longest first, then in the order given */
    size_t n;
};

/* Sorts rules in place for map_forward and map_back. The array stays the caller's. */
void map_build(struct map *map, struct map_rule *rules, size_t n);

/* Translate an address; the port is kept. Returns the index of the rule used (into map->rules), or
 * -1 with *out untouched where no rule matches. forward: announced -> reached; back: reached ->
 * announced. `out` may be `in`. */
int map_forward(const struct map *map, const struct addr *in, struct addr *out);
int map_back(const struct map *map, const struct addr *in, struct addr *out);

/* Two rules with the same announced prefix cannot both hold. Returns true with their indexes. */
bool map_clash(const struct map_rule *rules, size_t n, size_t *first, size_t *second);

#endif
