#include "proxy/core/text.h"
#include <errno.h>
#include <stdlib.h>

int text_set(struct text *text, struct ref *ref, struct span s, uint32_t most)
{
    if (s.n <= ref->n) {
        if (s.n)
            memmove(text->p + ref->at, s.p, s.n);
        ref->n = (uint32_t)s.n;
        return 0;
    }
    if (s.n > most || text->n > most - s.n)
        return EOVERFLOW;
    uint32_t need = text->n + (uint32_t)s.n;
    if (need > text->cap) {
        uint32_t cap = need + need / 4 + 64;
        char *p = realloc(text->p, cap);
        if (!p)
            return ENOMEM;
        text->p = p;
        text->cap = cap;
    }
    memcpy(text->p + text->n, s.p, s.n);
    *ref = (struct ref){text->n, (uint32_t)s.n};
    text->n = need;
    return 0;
}

void text_free(struct text *text)
{
    free(text->p);
    *text = (struct text){0};
}
