#include "proxy/ctl/pieces.h"
#include "proxy/ctl/json.h"
#include "proxy/ctl/metrics.h"
#include <stdlib.h>

#define CALLS_AT_ONCE 32
#define PEERS_AT_ONCE 16

struct pieces {
    const struct shell *shell;
    /* Adds the next piece; false: that was the last. */
    bool (*next)(struct pieces *p);
    uint32_t cursor, left;
    bool begun, ended;
    struct page page;
    size_t at; /* what of page has been read */
};

/* One element of the JSON list, with the bracket or comma before it. */
static void element_add(struct pieces *p, json_t *element)
{
    char *out = element ? json_dumps(element, JSON_STYLE) : NULL;
    json_decref(element);
    if (!out) {
        p->page.failed = true;
        return;
    }
    page_add(&p->page, p->begun ? ",\n" : "[", p->begun ? 2 : 1);
    page_add(&p->page, out, strlen(out));
    p->begun = true;
    free(out);
}

static bool list_end(struct pieces *p)
{
    if (!p->begun)
        page_add(&p->page, "[", 1);
    page_add(&p->page, "]\n", 2);
    return false;
}

static bool calls_next(struct pieces *p)
{
    const struct core *core = shell_core(p->shell);
    struct info_call call;
    msec now = shell_now();
    int64_t wall = info_wall(core, 0);
    for (int i = 0; i < CALLS_AT_ONCE; i++) {
        if (p->left == 0 || !info_call_next(core, &p->cursor, now, &call))
            return list_end(p);
        p->left--;
        element_add(p, json_call(&call, now, wall));
    }
    return true;
}

static json_t *registrations_json(const struct core *core, size_t peer, int64_t wall)
{
    json_t *list = json_array();
    struct info_registration r;
    uint32_t cursor = 0;
    while (info_registration(core, peer, &cursor, &r))
        json_array_append_new(list, json_registration(&r, wall));
    return list;
}

static bool peers_next(struct pieces *p)
{
    const struct core *core = shell_core(p->shell);
    struct info_peer peer;
    int64_t wall = info_wall(core, 0);
    for (int i = 0; i < PEERS_AT_ONCE; i++, p->cursor++) {
        if (!info_peer(core, p->cursor, &peer))
            return list_end(p);
        element_add(p, json_peer(&peer, registrations_json(core, p->cursor, wall), wall));
    }
    return true;
}

static bool metrics_next(struct pieces *p)
{
    struct counters own = shell_counters(p->shell);
    return metrics_family(shell_core(p->shell), &own, shell_now(), p->cursor++, &p->page);
}

static struct pieces *pieces_new(const struct shell *shell, bool (*next)(struct pieces *p))
{
    struct pieces *p = calloc(1, sizeof *p);
    if (p) {
        p->shell = shell;
        p->next = next;
    }
    return p;
}

struct pieces *pieces_calls(const struct shell *shell, uint32_t cursor, uint32_t limit)
{
    struct pieces *p = pieces_new(shell, calls_next);
    if (p) {
        p->cursor = cursor;
        p->left = limit;
    }
    return p;
}

struct pieces *pieces_peers(const struct shell *shell)
{
    return pieces_new(shell, peers_next);
}

struct pieces *pieces_metrics(const struct shell *shell)
{
    return pieces_new(shell, metrics_next);
}

ssize_t pieces_read(struct pieces *p, char *out, size_t room)
{
    while (p->at == p->page.n) {
        if (p->ended)
            return -1;
        p->page.n = p->at = 0;
        p->ended = !p->next(p);
        if (p->page.failed)
            return -2;
    }
    size_t n = p->page.n - p->at;
    n = n < room ? n : room;
    memcpy(out, p->page.p + p->at, n);
    p->at += n;
    return (ssize_t)n;
}

void pieces_free(struct pieces *pieces)
{
    page_free(&pieces->page);
    free(pieces);
}
