#include "proxy/core/text.h"
#include <errno.h>
#include <stdlib.h>

/* Twice as much as before where that is left, 0 where not even n bytes are. */
static uint32_t room_for(const struct text *text, const struct ref *ref, size_t n, uint32_t most)
{
    uint32_t left = text->n < most ? most - text->n : 0;
    if (n > left || n > UINT16_MAX)
        return 0;
    uint32_t spare = 2 * (uint32_t)ref->cap;
    return spare > n && spare <= left && spare <= UINT16_MAX ? spare : (uint32_t)n;
}

int text_set(struct text *text, struct ref *ref, struct span s, uint32_t most)
{
    if (s.n <= ref->cap) {
        if (s.n)
            memmove(text->p + ref->at, s.p, s.n);
        ref->n = (uint16_t)s.n;
        return 0;
    }
    uint32_t room = room_for(text, ref, s.n, most);
    if (!room)
        return EOVERFLOW;
    uint32_t need = text->n + room;
    if (need > text->cap) {
        uint32_t cap = need + need / 4 + 64;
        char *p = realloc(text->p, cap);
        if (!p)
            return ENOMEM;
        text->p = p;
        text->cap = cap;
    }
    memcpy(text->p + text->n, s.p, s.n);
    *ref = (struct ref){text->n, (uint16_t)s.n, (uint16_t)room};
    text->n = need;
    return 0;
}

void text_free(struct text *text)
{
    free(text->p);
    *text = (struct text){0};
}
