/*
 * hash.h - a seeded index over objects that carry their own link, sized once.
 *
 * Keys are 64-bit SipHash values of what identifies the object, so nobody outside can make two of
 * them collide; an object's owner compares the full key only where it still has it.
 */
#ifndef CORE_HASH_H
#define CORE_HASH_H

#include "sdp/span.h"

struct hash_link {
    struct hash_link *next;
    uint64_t key;
};

struct hash {
    struct hash_link **buckets;
    uint64_t mask;
};

int hash_init(struct hash *hash, size_t expected); /* 0 or ENOMEM */
void hash_close(struct hash *hash);
void hash_add(struct hash *hash, struct hash_link *link, uint64_t key);
void hash_remove(struct hash *hash, struct hash_link *link); /* must be in it */
struct hash_link *hash_find(const struct hash *hash, uint64_t key);
struct hash_link *hash_again(const struct hash_link *link); /* the next with the same key */

struct hash_seed {
    uint64_t k0, k1;
};
/* SipHash-1-3 over several spans, each framed by its length. */
uint64_t hash_spans(const struct hash_seed *seed, const struct span *spans, size_t n);

#endif
