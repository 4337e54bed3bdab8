/*
 * pool.h - a fixed number of objects of one kind, named by ids that outlive them harmlessly.
 *
 * The memory is reserved once and touched only as far as it was ever used. Empty pool = NULL, never
 * growth.
 */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include "proxy/core/event.h"

/* The first member of every pooled object. */
struct pooled {
    core_id id;          /* 0 while free */
    uint16_t generation; /* counts the lives of this slot */
    uint32_t next_free;  /* slot + 1 */
};

struct pool {
    char *items;
    size_t size;  /* of one object */
    uint32_t cap; /* below 2^20 */
    uint32_t used;
    uint32_t fresh; /* slots never used begin here */
    uint32_t free;  /* slot + 1 of the last freed */
};

int pool_init(struct pool *pool, size_t size, uint32_t cap); /* 0 or ENOMEM */
void pool_free(struct pool *pool);
void *pool_take(struct pool *pool);            /* zeroed but for its id; NULL when all are in use */
void pool_give(struct pool *pool, void *item); /* its id names nothing from here on */
void *pool_get(const struct pool *pool, core_id id); /* NULL: gone */
/* The next live object at or after slot *cursor, which moves behind it; NULL at the end. */
void *pool_next(const struct pool *pool, uint32_t *cursor);
/* Takes the very slot and generation that `id` names, if that slot is free: for loading a saved
 * object in place. NULL otherwise. */
void *pool_retake(struct pool *pool, core_id id);

#endif
