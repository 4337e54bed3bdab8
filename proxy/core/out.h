/*
 * out.h - the actions of one step, and the memory that lives exactly as long as they do.
 */
#ifndef CORE_OUT_H
#define CORE_OUT_H

#include "proxy/core/event.h"

struct out_chunk;

struct out {
    struct action *v;
    size_t n, cap;
    struct out_chunk *chunks; /* the first is reused, the others go with the step */
    void **graves;            /* freed when the next step begins */
    size_t n_graves, cap_graves;
    bool lost; /* out of memory: an action could not be recorded */
};

void out_begin(struct out *out); /* forgets the last step's actions and frees what they used */
void out_close(struct out *out);

/* Bytes that live until the next out_begin; NULL when out of memory. */
char *out_alloc(struct out *out, size_t n);
struct span out_copy(struct out *out, struct span s);

/* free(p), but not before the actions that may point to it are done. */
void out_bury(struct out *out, void *p);

/* A new action of that kind, or a scratch one (never NULL) that nobody will see when out of memory.
 */
struct action *out_add(struct out *out, enum action_kind kind);

#endif
