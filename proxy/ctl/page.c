#include "proxy/ctl/page.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool room_make(struct page *t, size_t n)
{
    size_t room = t->room ? t->room : 1024;
    if (t->failed)
        return false;
    while (room - t->n < n)
        room *= 2;
    if (room == t->room)
        return true;
    char *p = realloc(t->p, room);
    if (!p) {
        t->failed = true;
        return false;
    }
    t->p = p;
    t->room = room;
    return true;
}

void page_add(struct page *page, const char *bytes, size_t n)
{
    if (n == 0 || !room_make(page, n))
        return;
    memcpy(page->p + page->n, bytes, n);
    page->n += n;
}

void page_print(struct page *page, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    if (n >= 0 && room_make(page, (size_t)n + 1)) {
        (void)vsnprintf(page->p + page->n, (size_t)n + 1, fmt, again);
        page->n += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

void page_free(struct page *page)
{
    free(page->p);
    *page = (struct page){0};
}
