#include "proxy/core/pool.h"
#include <errno.h>
#include <stdlib.h>

#define SLOT_BITS 20
#define SLOT_MASK ((1u << SLOT_BITS) - 1)

int pool_init(struct pool *pool, size_t size, uint32_t cap)
{
    *pool = (struct pool){.size = size, .cap = cap};
    if (cap >= SLOT_MASK)
        return ENOMEM;
    pool->items = calloc(cap ? cap : 1, size);
    return pool->items ? 0 : ENOMEM;
}

void pool_free(struct pool *pool)
{
    free(pool->items);
    pool->items = NULL;
    pool->cap = 0;
}

static struct pooled *slot_at(const struct pool *pool, uint32_t slot)
{
    return (struct pooled *)(void *)(pool->items + (size_t)slot * pool->size);
}

static void *slot_begin(struct pool *pool, uint32_t slot, uint16_t generation)
{
    struct pooled *p = slot_at(pool, slot);
    memset(p, 0, pool->size);
    p->generation = generation;
    p->id = ((core_id)(generation & 0xfff) << SLOT_BITS) | (slot + 1);
    pool->used++;
    return p;
}

void *pool_take(struct pool *pool)
{
    uint32_t slot;
    if (pool->free) {
        slot = pool->free - 1;
        pool->free = slot_at(pool, slot)->next_free;
    } else if (pool->fresh < pool->cap) {
        slot = pool->fresh++;
    } else {
        return NULL;
    }
    return slot_begin(pool, slot, (uint16_t)(slot_at(pool, slot)->generation + 1));
}

void pool_give(struct pool *pool, void *item)
{
    struct pooled *p = item;
    uint32_t slot = (p->id & SLOT_MASK) - 1;
    p->id = 0;
    p->next_free = pool->free;
    pool->free = slot + 1;
    pool->used--;
}

void *pool_get(const struct pool *pool, core_id id)
{
    uint32_t slot = id & SLOT_MASK;
    if (slot == 0 || slot > pool->fresh)
        return NULL;
    struct pooled *p = slot_at(pool, slot - 1);
    return p->id == id ? p : NULL;
}

void *pool_next(const struct pool *pool, uint32_t *cursor)
{
    while (*cursor < pool->fresh) {
        struct pooled *p = slot_at(pool, (*cursor)++);
        if (p->id)
            return p;
    }
    return NULL;
}

void *pool_retake(struct pool *pool, core_id id)
{
    uint32_t slot = id & SLOT_MASK;
    if (slot == 0 || slot > pool->fresh || slot_at(pool, slot - 1)->id)
        return NULL;
    for (uint32_t *link = &pool->free; *link; link = &slot_at(pool, *link - 1)->next_free) {
        if (*link != slot)
            continue;
        *link = slot_at(pool, slot - 1)->next_free;
        void *item = slot_begin(pool, slot - 1, (uint16_t)(id >> SLOT_BITS));
        return item;
    }
    return NULL;
}
