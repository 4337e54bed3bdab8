#include "sdp/edit.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

const char *const edit_rule_names[RULE_COUNT] = {
    [RULE_NONE] = "none",
    [RULE_START_LINE] = "start-line",
    [RULE_VIA] = "via",
    [RULE_CONTACT] = "contact",
    [RULE_ROUTE] = "route",
    [RULE_IDENTITY] = "identity",
    [RULE_MAX_FORWARDS] = "max-forwards",
    [RULE_LENGTH] = "length",
    [RULE_STRIPPED] = "stripped",
    [RULE_COMPACT] = "compact",
    [RULE_SDP_ORIGIN] = "sdp-origin",
    [RULE_SDP_CONNECTION] = "sdp-connection",
    [RULE_SDP_PORT] = "sdp-port",
    [RULE_SDP_RTCP] = "sdp-rtcp",
    [RULE_SDP_ICE] = "sdp-ice",
    [RULE_SDP_CODECS] = "sdp-codecs",
};

void edits_init(struct edits *e, struct edit *v, uint32_t cap, char *text, uint32_t room)
{
    *e = (struct edits){.v = v, .cap = cap, .text = text, .room = room};
}

/* Books n bytes of text that already stand at the end of the list's text. */
static void edits_book(struct edits *e, size_t at, size_t cut, size_t n, enum edit_rule rule)
{
    if (e->n == e->cap || at > UINT32_MAX || cut > UINT32_MAX) {
        e->full = true;
        return;
    }
    e->v[e->n] = (struct edit){.at = (uint32_t)at,
                               .cut = (uint32_t)cut,
                               .text = e->used,
                               .n = (uint32_t)n,
                               .order = e->n,
                               .rule = (uint16_t)rule};
    e->n++;
    e->used += (uint32_t)n;
}

void edits_add(struct edits *e, size_t at, size_t cut, struct span text, enum edit_rule rule)
{
    if (e->full || text.n > e->room - e->used) {
        e->full = true;
        return;
    }
    if (text.n > 0)
        memcpy(e->text + e->used, text.p, text.n);
    edits_book(e, at, cut, text.n, rule);
}

void edits_addf(struct edits *e, size_t at, size_t cut, enum edit_rule rule, const char *fmt, ...)
{
    size_t room = e->room - e->used;
    if (e->full || room == 0) {
        e->full = true;
        return;
    }
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(e->text + e->used, room, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= room) {
        e->full = true;
        return;
    }
    edits_book(e, at, cut, (size_t)n, rule);
}

void edits_shift(struct edits *e, uint32_t from, size_t by)
{
    for (uint32_t i = from; i < e->n; i++) {
        if (by > UINT32_MAX - e->v[i].at) {
            e->full = true;
            return;
        }
        e->v[i].at += (uint32_t)by;
    }
}

int64_t edits_growth(const struct edits *e, uint32_t from)
{
    int64_t growth = 0;
    for (uint32_t i = from; i < e->n; i++)
        growth += (int64_t)e->v[i].n - (int64_t)e->v[i].cut;
    return growth;
}

static int edit_compare(const void *left, const void *right)
{
    const struct edit *a = left;
    const struct edit *b = right;
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* Edits mostly come in the order of the message, so look before sorting. */
static void edits_sort(struct edits *e)
{
    for (uint32_t i = 1; i < e->n; i++) {
        if (edit_compare(&e->v[i - 1], &e->v[i]) > 0) {
            qsort(e->v, e->n, sizeof *e->v, edit_compare);
            return;
        }
    }
}

/* A bounded writer: what does not fit is gathered in `over` and asked for once, at the end. */
struct out {
    char *p;
    size_t room, n;
    bool over;
};

static void out_put(struct out *out, const char *p, size_t n)
{
    if (out->over || n > out->room - out->n) {
        out->over = true;
        return;
    }
    memcpy(out->p + out->n, p, n);
    out->n += n;
}

int edits_render(struct edits *e, struct span source, char *out, size_t room, size_t *len)
{
    if (e->full)
        return EOVERFLOW;
    edits_sort(e);
    struct out to = {.p = out, .room = room};
    size_t start = 0; /* of the last edit that cut something ... */
    size_t done = 0;  /* ... and the source byte behind it */
    for (uint32_t i = 0; i < e->n; i++) {
        const struct edit *edit = &e->v[i];
        /* An insertion may follow a cut at the very place where that cut begins. */
        bool beside = edit->cut == 0 && edit->at == start;
        if (edit->at < done && !beside)
            return ERANGE;
        if (edit->at > source.n || edit->cut > source.n - edit->at)
            return ERANGE;
        if (edit->at > done)
            out_put(&to, source.p + done, edit->at - done);
        if (edit->n > 0)
            out_put(&to, e->text + edit->text, edit->n);
        if (edit->at >= done) {
            start = edit->at;
            done = (size_t)edit->at + edit->cut;
        }
    }
    if (source.n > done)
        out_put(&to, source.p + done, source.n - done);
    if (to.over)
        return ENOBUFS;
    *len = to.n;
    return 0;
}
