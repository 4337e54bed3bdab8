/*
 * page.h - a growing text: what one piece of an answer is written into.
 */
#ifndef CTL_PAGE_H
#define CTL_PAGE_H

#include <stdbool.h>
#include <stddef.h>

struct page {
    char *p;
    size_t n, room;
    bool failed; /* out of memory: what was added since is missing */
};

void page_add(struct page *page, const char *bytes, size_t n);
void page_print(struct page *page, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void page_free(struct page *page);

#endif
