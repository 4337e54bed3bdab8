/*
 * text.h - the strings one object keeps, in one buffer: references are offsets, so the object
 * itself stays plain data.
 */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include "sdp/span.h"

struct ref {
    uint32_t at;
    uint16_t n, cap; /* n == 0: nothing kept; cap: room at `at` */
};

struct text {
    char *p;
    uint32_t n, cap;
};

/* Keeps a copy of s under *ref, in the place of what was there when it fits. What grew once gets
 * room to spare, so that a string set again and again takes no more than a few times its longest
 * form. Returns 0, ENOMEM, or EOVERFLOW past `most` bytes in all (or 65,535 in one); *ref is
 * untouched on an error. */
int text_set(struct text *text, struct ref *ref, struct span s, uint32_t most);
static inline struct span text_get(const struct text *text, struct ref ref)
{
    return ref.n ? span_of(text->p + ref.at, ref.n) : span_of(NULL, 0);
}
void text_free(struct text *text);

#endif
