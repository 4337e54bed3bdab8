#include "proxy/core/out.h"
#include <stdlib.h>

#define CHUNK 65536

struct out_chunk {
    struct out_chunk *next;
    size_t used, room;
    char bytes[];
};

static void chunk_add(struct out *out, size_t room)
{
    struct out_chunk *c = malloc(sizeof *c + room);
    if (!c)
        return;
    *c = (struct out_chunk){.next = out->chunks, .room = room};
    out->chunks = c;
}

void out_begin(struct out *out)
{
    out->n = 0;
    while (out->chunks && out->chunks->next) {
        struct out_chunk *next = out->chunks->next;
        free(out->chunks);
        out->chunks = next;
    }
    if (out->chunks)
        out->chunks->used = 0;
    for (size_t i = 0; i < out->n_graves; i++)
        free(out->graves[i]);
    out->n_graves = 0;
}

void out_close(struct out *out)
{
    out_begin(out);
    free(out->chunks);
    free(out->graves);
    free(out->v);
    *out = (struct out){0};
}

char *out_alloc(struct out *out, size_t n)
{
    size_t need = (n + 7) & ~(size_t)7;
    if (!out->chunks || out->chunks->room - out->chunks->used < need)
        chunk_add(out, need > CHUNK ? need : CHUNK);
    if (!out->chunks || out->chunks->room - out->chunks->used < need) {
        out->lost = true;
        return NULL;
    }
    char *p = out->chunks->bytes + out->chunks->used;
    out->chunks->used += need;
    return p;
}

struct span out_copy(struct out *out, struct span s)
{
    char *p = out_alloc(out, s.n);
    if (!p)
        return span_of("", 0);
    if (s.n)
        memcpy(p, s.p, s.n);
    return span_of(p, s.n);
}

void out_bury(struct out *out, void *p)
{
    if (!p)
        return;
    if (out->n_graves == out->cap_graves) {
        size_t cap = out->cap_graves ? out->cap_graves * 2 : 64;
        void **graves = realloc(out->graves, cap * sizeof *graves);
        if (!graves) {
            out->lost = true; /* leaks p rather than freeing what an action may point to */
            return;
        }
        out->graves = graves;
        out->cap_graves = cap;
    }
    out->graves[out->n_graves++] = p;
}

struct action *out_add(struct out *out, enum action_kind kind)
{
    static struct action nowhere;
    if (out->n == out->cap) {
        size_t cap = out->cap ? out->cap * 2 : 64;
        struct action *v = realloc(out->v, cap * sizeof *v);
        if (!v) {
            out->lost = true;
            return &nowhere;
        }
        out->v = v;
        out->cap = cap;
    }
    struct action *a = &out->v[out->n++];
    memset(a, 0, sizeof *a);
    a->kind = (uint8_t)kind;
    return a;
}
