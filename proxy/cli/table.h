/*
 * table.h - rows of text in columns as wide as they need to be.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS 12

struct table {
    size_t columns;
    char **cells; /* columns * rows */
    size_t n, room;
};

/* Adds a cell, row after row; out of memory ends the program. */
void table_add(struct table *table, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void table_print(const struct table *table, FILE *out);
void table_free(struct table *table);

#endif
