/*
 * sdp_check.h - what must hold for rewriting any body with any table. Unit tests feed it generated
 * bodies, the fuzzer feeds it anything.
 */
#ifndef TESTS_SDP_CHECK_H
#define TESTS_SDP_CHECK_H

#include "sdp/sdp.h"
#include <stdlib.h>

struct sdp_checked {
    char *out; /* the rewritten body; free() it */
    size_t len;
    uint32_t edits;
};

static inline bool sdp_check_inside(struct span body, struct span view)
{
    return !view.p || (view.p >= body.p && view.p + view.n <= body.p + body.n);
}

static inline bool sdp_check_views(const struct sdp *sdp)
{
    bool ok = sdp_check_inside(sdp->body, sdp->origin.whole);
    for (unsigned i = 0; i < sdp->n_media; i++) {
        const struct sdp_media *m = &sdp->media[i];
        ok = ok && sdp_check_inside(sdp->body, m->block) && sdp_check_inside(m->block, m->line) &&
             sdp_check_inside(m->line, m->formats) && sdp_check_inside(m->line, m->ports) &&
             sdp_check_inside(m->block, m->c.whole) && sdp_check_inside(m->block, m->rtcp_line) &&
             sdp_check_inside(m->rtcp_line, m->rtcp_host.whole);
    }
    return ok;
}

/* Are the bytes outside the edits those of the body, and do the edits change what they cover? */
static inline bool sdp_check_bytes(const struct edits *e, struct span body, struct span out)
{
    size_t from = 0;
    size_t to = 0;
    for (uint32_t i = 0; i <= e->n; i++) { /* edits_render has sorted them */
        size_t at = i < e->n ? e->v[i].at : body.n;
        if (at < from || at - from > out.n - to || memcmp(body.p + from, out.p + to, at - from))
            return false;
        to += at - from;
        if (i == e->n)
            return to == out.n;
        struct span cut = span_of(body.p + at, e->v[i].cut);
        struct span text = span_of(e->text + e->v[i].text, e->v[i].n);
        if (span_is(cut, text) || text.n > out.n - to || memcmp(text.p, out.p + to, text.n))
            return false;
        from = at + cut.n;
        to += text.n;
    }
    return false;
}

/* Reads, rewrites, reads again, rewrites again. NULL when all holds, else what does not. */
static inline const char *sdp_check_rewrite(struct span body, const struct sdp_new *with,
                                            struct sdp_checked *result)
{
    static struct edit v[1 << 17];
    static char text[1 << 20];
    static struct sdp sdp;
    struct edits e;
    *result = (struct sdp_checked){0};
    enum sdp_error error = sdp_read(body, &sdp);
    if (error)
        return (unsigned)error < SDP_ERROR_COUNT && sdp_error_text[error] ? NULL : "error's text";
    if (!sdp_check_views(&sdp))
        return "a view lies outside its line";
    unsigned n_media = sdp.n_media;
    edits_init(&e, v, sizeof v / sizeof *v, text, sizeof text);
    sdp_rewrite(&sdp, with, &e);
    size_t room = (size_t)((int64_t)body.n + edits_growth(&e, 0));
    result->out = malloc(room + 1);
    result->edits = e.n;
    if (!result->out || edits_render(&e, body, result->out, room, &result->len))
        return "edits cannot be rendered";
    struct span out = span_of(result->out, result->len);
    if (result->len != room || !sdp_check_bytes(&e, body, out))
        return "bytes outside the edits changed";
    if (sdp_read(out, &sdp))
        return "what was written cannot be read";
    if (sdp.n_media != n_media)
        return "m-lines came or went";
    edits_init(&e, v, sizeof v / sizeof *v, text, sizeof text);
    sdp_rewrite(&sdp, with, &e);
    return e.n || e.full ? "rewriting again changes something" : NULL;
}

#endif
