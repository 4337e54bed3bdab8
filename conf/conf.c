/* A configuration's life after reading, and the list of what was wrong with one. */
#include "conf/draft.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct conf *conf_hold(const struct conf *conf)
{
    /* Counting holders is the one change an immutable configuration sees. */
    struct conf *held = (struct conf *)(uintptr_t)conf;
    held->references++;
    return held;
}

void conf_release(struct conf *conf)
{
    if (!conf || --conf->references > 0)
        return;
    struct conf_whole *whole = (struct conf_whole *)conf;
    arena_free(&whole->arena);
    free(whole);
}

const struct conf_peer *conf_peer_find(const struct conf *conf, struct span name)
{
    for (size_t i = 0; i < conf->n_peers; i++) {
        if (span_is(span_str(conf->peers[i].name), name))
            return &conf->peers[i];
    }
    return NULL;
}

const char *errors_file(struct conf_errors *errors, const char *file)
{
    if (!file)
        return NULL;
    for (size_t i = 0; i < errors->n_files; i++) {
        if (strcmp(errors->files[i], file) == 0)
            return errors->files[i];
    }
    if (errors->n_files == sizeof errors->files / sizeof errors->files[0])
        return NULL;
    char *copy = strdup(file);
    if (copy)
        errors->files[errors->n_files++] = copy;
    return copy;
}

void conf_error_add(struct conf_errors *errors, const struct conf_mark *mark, bool warning,
                    const char *fmt, ...)
{
    va_list args;
    if (warning)
        errors->warnings++;
    else
        errors->errors++;
    if (errors->n == CONF_MAX_ERRORS)
        return;
    struct conf_error *e = &errors->v[errors->n++];
    *e = (struct conf_error){.warning = warning};
    if (mark)
        e->mark = (struct conf_mark){errors_file(errors, mark->file), mark->line, mark->column};
    va_start(args, fmt);
    vsnprintf(e->message, sizeof e->message, fmt, args);
    va_end(args);
}

static size_t file_order(const struct conf_errors *errors, const char *file)
{
    size_t i = 0;
    while (i < errors->n_files && errors->files[i] != file)
        i++;
    return i;
}

static bool error_is_before(const struct conf_errors *errors, const struct conf_error *a,
                            const struct conf_error *b)
{
    if (a->mark.file != b->mark.file)
        return file_order(errors, a->mark.file) < file_order(errors, b->mark.file);
    if (a->mark.line != b->mark.line)
        return a->mark.line < b->mark.line;
    return a->mark.column < b->mark.column;
}

void errors_sort(struct conf_errors *errors)
{
    for (size_t i = 1; i < errors->n; i++) {
        struct conf_error e = errors->v[i];
        size_t at = i;
        while (at > 0 && error_is_before(errors, &e, &errors->v[at - 1])) {
            errors->v[at] = errors->v[at - 1];
            at--;
        }
        errors->v[at] = e;
    }
}

void conf_errors_free(struct conf_errors *errors)
{
    for (size_t i = 0; i < errors->n_files; i++)
        free(errors->files[i]);
    memset(errors, 0, sizeof *errors);
}

/* Text that ends where its room does. */
struct printer {
    char *out;
    size_t n, room;
};

static void byte_print(struct printer *p, char byte)
{
    if (p->n + 1 < p->room)
        p->out[p->n++] = byte;
}

static void text_print(struct printer *p, const char *text)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte >= 0x20 && byte < 0x7f) {
            byte_print(p, *text);
            continue;
        }
        byte_print(p, '\\');
        byte_print(p, 'x');
        byte_print(p, "0123456789abcdef"[byte >> 4]);
        byte_print(p, "0123456789abcdef"[byte & 15]);
    }
}

size_t conf_error_print(const struct conf_error *e, char *out, size_t room)
{
    struct printer p = {out, 0, room};
    char place[32];
    if (room == 0)
        return 0;
    text_print(&p, e->mark.file ? e->mark.file : "configuration");
    if (e->mark.line > 0) {
        snprintf(place, sizeof place, ":%d:%d", e->mark.line, e->mark.column);
        text_print(&p, place);
    }
    text_print(&p, e->warning ? ": warning: " : ": ");
    text_print(&p, e->message);
    out[p.n] = '\0';
    return p.n;
}
