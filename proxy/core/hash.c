#include "proxy/core/hash.h"
#include <errno.h>
#include <stdlib.h>

int hash_init(struct hash *hash, size_t expected)
{
    uint64_t n = 16;
    while (n < expected)
        n *= 2;
    hash->mask = n - 1;
    hash->buckets = calloc(n, sizeof *hash->buckets);
    return hash->buckets ? 0 : ENOMEM;
}

void hash_close(struct hash *hash)
{
    free(hash->buckets);
    hash->buckets = NULL;
}

void hash_add(struct hash *hash, struct hash_link *link, uint64_t key)
{
    struct hash_link **bucket = &hash->buckets[key & hash->mask];
    link->key = key;
    link->next = *bucket;
    *bucket = link;
}

void hash_remove(struct hash *hash, struct hash_link *link)
{
    struct hash_link **at = &hash->buckets[link->key & hash->mask];
    while (*at && *at != link)
        at = &(*at)->next;
    if (*at)
        *at = link->next;
    link->next = NULL;
}

struct hash_link *hash_find(const struct hash *hash, uint64_t key)
{
    struct hash_link *link = hash->buckets[key & hash->mask];
    while (link && link->key != key)
        link = link->next;
    return link;
}

struct hash_link *hash_again(const struct hash_link *link)
{
    uint64_t key = link->key;
    struct hash_link *next = link->next;
    while (next && next->key != key)
        next = next->next;
    return next;
}

struct sip_state {
    uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

static void sip_round(struct sip_state *s)
{
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

static void sip_word(struct sip_state *s, uint64_t m)
{
    s->v3 ^= m;
    sip_round(s);
    s->v0 ^= m;
}

uint64_t hash_spans(const struct hash_seed *seed, const struct span *spans, size_t n)
{
    struct sip_state s = {seed->k0 ^ 0x736f6d6570736575u, seed->k1 ^ 0x646f72616e646f6du,
                          seed->k0 ^ 0x6c7967656e657261u, seed->k1 ^ 0x7465646279746573u};
    for (size_t i = 0; i < n; i++) {
        const char *p = spans[i].p;
        size_t left = spans[i].n;
        sip_word(&s, left);
        for (; left >= 8; p += 8, left -= 8) {
            uint64_t m;
            memcpy(&m, p, 8);
            sip_word(&s, m);
        }
        uint64_t last = 0;
        if (left)
            memcpy(&last, p, left);
        sip_word(&s, last);
    }
    s.v2 ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
