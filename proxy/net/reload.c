#include "proxy/net/reload.h"
#include <errno.h>
#include <stdlib.h>

struct reload {
    struct lane_work work;
    struct shell *shell;
    struct lane *lane;
    struct log *log;
    struct conf *began; /* what the program was started with */
    char *file;
    bool busy, again;
    reload_done *done;
    void *self;
    /* what the helper thread works with, its own copies */
    struct plan_known known;
    struct core_socket *sockets;
    struct core_pool *pools;
    struct conf_errors errors;
    struct plan *plan;
    int error;
};

struct reload *reload_new(struct shell *shell, struct lane *lane, struct log *log,
                          const struct conf *conf)
{
    struct reload *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->shell = shell;
    r->lane = lane;
    r->log = log;
    r->file = strdup(conf->file);
    if (!r->file) {
        free(r);
        return NULL;
    }
    r->began = conf_hold(conf);
    return r;
}

static void parts_clear(struct reload *r)
{
    plan_free(r->plan);
    r->plan = NULL;
    free(r->sockets);
    free(r->pools);
    r->sockets = NULL;
    r->pools = NULL;
    conf_errors_free(&r->errors);
    memset(&r->errors, 0, sizeof r->errors);
}

void reload_free(struct reload *reload)
{
    if (!reload)
        return;
    parts_clear(reload);
    conf_release(reload->began);
    free(reload->file);
    free(reload);
}

static void *copy(const void *from, size_t n)
{
    void *to = malloc(n ? n : 1);
    if (to && n)
        memcpy(to, from, n);
    return to;
}

static bool known_copy(struct reload *r)
{
    r->known = shell_known(r->shell);
    r->sockets = copy(r->known.sockets, r->known.n_sockets * sizeof *r->sockets);
    r->pools = copy(r->known.pools, r->known.n_pools * sizeof *r->pools);
    r->known.running = true;
    r->known.sockets = r->sockets;
    r->known.pools = r->pools;
    return r->sockets && r->pools;
}

static void reload_run(struct lane_work *work)
{
    struct reload *r = (struct reload *)(void *)work;
    struct conf *conf;
    r->error = conf_read_file(r->file, &conf, &r->errors);
    if (r->error == 0)
        r->error = plan_make(conf, &r->known, &r->errors, &r->plan);
}

static bool text_differs(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") != 0;
}

/* What is sized or opened once is left as it was, and said. */
static void left_alone_tell(struct conf_errors *errors, const struct conf *old,
                            const struct conf *new)
{
    const struct {
        const char *key;
        bool differs;
    } rows[] = {
        {"limits.calls", old->limits.calls != new->limits.calls},
        {"limits.transactions", old->limits.transactions != new->limits.transactions},
        {"media.ports", old->media.port_low != new->media.port_low ||
                            old->media.port_high != new->media.port_high},
        {"media.workers", old->media.workers != new->media.workers},
        {"state", text_differs(old->state, new->state)},
        {"control.socket", text_differs(old->control.socket, new->control.socket)},
        {"control.mode", old->control.mode != new->control.mode},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].differs)
            conf_error_add(errors, &(struct conf_mark){new->file, 0, 0}, true,
                           "%s: the new value counts from the next start", rows[i].key);
    }
}

static void reload_finish(struct lane_work *work)
{
    struct reload *r = (struct reload *)(void *)work;
    if (r->error == 0) {
        left_alone_tell(&r->errors, r->began, r->plan->conf);
        r->error = shell_apply(r->shell, r->plan);
        r->plan = NULL;
    }
    shell_hold(r->shell, false);
    if (r->error != 0 && r->errors.errors == 0)
        conf_error_add(&r->errors, &(struct conf_mark){r->file, 0, 0}, false, "%s",
                       strerror(r->error));
    log_errors(r->log, &r->errors);
    if (r->error == 0)
        log_say(r->log, LEVEL_INFO, "reloaded %s", r->file);
    else
        log_say(r->log, LEVEL_ERROR, "%s not reloaded: nothing has changed", r->file);
    if (r->done)
        r->done(r->self, r->error, &r->errors);
    parts_clear(r);
    r->busy = false;
    if (r->again)
        (void)reload_start(r, false, NULL, NULL);
}

int reload_start(struct reload *r, bool again, reload_done *done, void *self)
{
    if (r->busy) {
        r->again |= again;
        return EBUSY;
    }
    r->again = false;
    r->done = done;
    r->self = self;
    r->work = (struct lane_work){.run = reload_run, .done = reload_finish, .keep = true};
    int error = known_copy(r) ? lane_add(r->lane, &r->work) : ENOMEM;
    if (error != 0) {
        parts_clear(r);
        return error;
    }
    shell_hold(r->shell, true);
    r->busy = true;
    return 0;
}
