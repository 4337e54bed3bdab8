#include "proxy/cli/table.h"
#include <stdarg.h>
#include <stdlib.h>

void table_add(struct table *t, const char *fmt, ...)
{
    char *cell;
    va_list args;
    if (t->n == t->room) {
        t->room = t->room ? 2 * t->room : 64;
        char **more = realloc(t->cells, t->room * sizeof *more);
        if (!more)
            abort();
        t->cells = more;
    }
    va_start(args, fmt);
    int n = vasprintf(&cell, fmt, args);
    va_end(args);
    if (n < 0)
        abort();
    t->cells[t->n++] = cell;
}

/* Characters, not bytes: names may be anything in UTF-8. */
static size_t width(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += (*text & 0xc0) != 0x80;
    return n;
}

void table_print(const struct table *t, FILE *out)
{
    size_t widest[TABLE_COLUMNS] = {0};
    for (size_t i = 0; i < t->n; i++) {
        size_t w = width(t->cells[i]);
        if (w > widest[i % t->columns])
            widest[i % t->columns] = w;
    }
    for (size_t i = 0; i < t->n; i++) {
        size_t column = i % t->columns;
        fputs(t->cells[i], out);
        if (column == t->columns - 1)
            fputc('\n', out);
        else
            fprintf(out, "%*s", (int)(widest[column] - width(t->cells[i]) + 2), "");
    }
}

void table_free(struct table *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->cells[i]);
    free(t->cells);
    *t = (struct table){.columns = t->columns};
}
