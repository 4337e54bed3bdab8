#include "conf/arena.h"
#include <stdlib.h>

/* Small at first, because most configurations fit one block for as long as they live. */
#define BLOCK_FIRST 4096u
#define BLOCK_LARGEST (256u * 1024u)
#define ALIGNMENT _Alignof(max_align_t)

struct arena_block {
    struct arena_block *older;
    size_t used, room;
    _Alignas(max_align_t) char bytes[];
};

static bool block_add(struct arena *arena, size_t n)
{
    size_t room = arena->blocks ? arena->blocks->room * 2 : BLOCK_FIRST;
    if (room > BLOCK_LARGEST)
        room = BLOCK_LARGEST;
    if (room < n)
        room = n;
    struct arena_block *block = calloc(1, sizeof *block + room);
    if (!block)
        return false;
    block->room = room;
    block->older = arena->blocks;
    arena->blocks = block;
    return true;
}

void *arena_take(struct arena *arena, size_t n)
{
    if (n > SIZE_MAX / 4) {
        arena->failed = true;
        return NULL;
    }
    n = (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct arena_block *block = arena->blocks;
    if (!block || block->room - block->used < n) {
        if (!block_add(arena, n)) {
            arena->failed = true;
            return NULL;
        }
        block = arena->blocks;
    }
    void *piece = block->bytes + block->used;
    block->used += n;
    return piece;
}

char *arena_text(struct arena *arena, struct span text)
{
    char *copy = arena_take(arena, text.n + 1);
    if (copy && text.n > 0)
        memcpy(copy, text.p, text.n);
    return copy;
}

void arena_free(struct arena *arena)
{
    while (arena->blocks) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->older;
        free(block);
    }
    arena->failed = false;
}
