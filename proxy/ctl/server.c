#include "proxy/ctl/server.h"
#include "proxy/ctl/json.h"
#include "proxy/ctl/listen.h"
#include "proxy/ctl/pieces.h"
#include <errno.h>
#include <ev.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CONNECTIONS 32
#define CONNECTION_TIMEOUT_S 30
#define PIECE (16 * 1024)
#define HTTP_UNPROCESSABLE 422 /* the library has renamed it */

#define TYPE_JSON "application/json"
#define TYPE_METRICS "text/plain; version=0.0.4; charset=utf-8"

struct ctl {
    struct ev_loop *loop;
    struct shell *shell;
    struct reload *reload;
    const char *version;
    struct MHD_Daemon *daemon;
    ev_io ready;
    ev_timer later;
    char *path;
    struct stat made;
    struct request *reloading; /* waits, suspended, for its reload to end */
};

/* One request, from its first line to its end. */
struct request {
    struct ctl *ctl;
    struct MHD_Connection *connection;
    const char *rest; /* what follows the path of its row: an id */
    bool done;        /* a reload has ended: */
    unsigned status;
    json_t *answer;
};

/* ---------------------------------------------------------------- answers */

static enum MHD_Result respond(struct request *q, unsigned status, struct MHD_Response *response,
                               const char *type)
{
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    enum MHD_Result result = MHD_queue_response(q->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* Takes the reference over. */
static enum MHD_Result respond_json(struct request *q, unsigned status, json_t *json)
{
    char *text = json ? json_dumps(json, JSON_STYLE) : NULL;
    json_decref(json);
    if (!text)
        return MHD_NO;
    return respond(q, status,
                   MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE),
                   TYPE_JSON);
}

static enum MHD_Result respond_error(struct request *q, unsigned status, const char *message)
{
    return respond_json(q, status, json_pack("{s:s}", "error", message));
}

static ssize_t piece_cb(void *cls, uint64_t at, char *out, size_t room)
{
    (void)at;
    ssize_t n = pieces_read(cls, out, room);
    return n == -1   ? MHD_CONTENT_READER_END_OF_STREAM
           : n == -2 ? MHD_CONTENT_READER_END_WITH_ERROR
                     : n;
}

static void pieces_free_cb(void *cls)
{
    pieces_free(cls);
}

static enum MHD_Result respond_pieces(struct request *q, struct pieces *pieces, const char *type)
{
    if (!pieces)
        return MHD_NO;
    return respond(q, MHD_HTTP_OK,
                   MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE, piece_cb, pieces,
                                                     pieces_free_cb),
                   type);
}

/* ---------------------------------------------------------------- requests */

static enum MHD_Result get_status(struct request *q)
{
    const struct core *core = shell_core(q->ctl->shell);
    struct info_status status;
    info_status(core, &status);
    return respond_json(q, MHD_HTTP_OK,
                        json_status(&status, q->ctl->version, shell_now(), info_wall(core, 0)));
}

static enum MHD_Result get_peers(struct request *q)
{
    return respond_pieces(q, pieces_peers(q->ctl->shell), TYPE_JSON);
}

static enum MHD_Result get_metrics(struct request *q)
{
    return respond_pieces(q, pieces_metrics(q->ctl->shell), TYPE_METRICS);
}

static enum MHD_Result get_stats(struct request *q)
{
    struct counters own = shell_counters(q->ctl->shell);
    return respond_json(q, MHD_HTTP_OK, json_stats(info_counters(shell_core(q->ctl->shell)), &own));
}

static const char *argument(struct request *q, const char *name)
{
    return MHD_lookup_connection_value(q->connection, MHD_GET_ARGUMENT_KIND, name);
}

static enum MHD_Result get_calls(struct request *q)
{
    const char *after = argument(q, "after"), *limit = argument(q, "limit");
    uint64_t most = UINT32_MAX;
    core_id id = after ? core_id_parse(span_str(after)) : 0;
    if (after && id == 0)
        return respond_error(q, HTTP_UNPROCESSABLE, "after: not the id of a call");
    if (limit && (!span_number(span_str(limit), UINT32_MAX, &most) || most == 0))
        return respond_error(q, HTTP_UNPROCESSABLE, "limit: not a number from 1");
    return respond_pieces(
        q, pieces_calls(q->ctl->shell, after ? info_call_after(id) : 0, (uint32_t)most), TYPE_JSON);
}

static bool call_find(struct request *q, struct info_call *call)
{
    core_id id = core_id_parse(span_str(q->rest));
    return id != 0 && info_call(shell_core(q->ctl->shell), id, shell_now(), call);
}

static enum MHD_Result get_call(struct request *q)
{
    struct info_call call;
    if (!call_find(q, &call))
        return respond_error(q, MHD_HTTP_NOT_FOUND, "no such call");
    return respond_json(q, MHD_HTTP_OK,
                        json_call(&call, shell_now(), info_wall(shell_core(q->ctl->shell), 0)));
}

static enum MHD_Result delete_call(struct request *q)
{
    struct info_call call;
    struct event e = {.kind = EV_HANGUP};
    if (!call_find(q, &call))
        return respond_error(q, MHD_HTTP_NOT_FOUND, "no such call");
    e.hangup.call = call.id;
    shell_event(q->ctl->shell, &e);
    return respond_json(q, MHD_HTTP_OK, json_object());
}

static enum MHD_Result post_drain(struct request *q)
{
    shell_event(q->ctl->shell, &(struct event){.kind = EV_DRAIN});
    return respond_json(q, MHD_HTTP_OK, json_object());
}

static void later_start(struct ctl *ctl, double seconds)
{
    ev_timer_stop(ctl->loop, &ctl->later);
    ev_timer_set(&ctl->later, seconds, 0);
    ev_timer_start(ctl->loop, &ctl->later);
}

static void reload_cb(void *self, int error, const struct conf_errors *errors)
{
    struct ctl *ctl = self;
    struct request *q = ctl->reloading;
    struct info_status status;
    ctl->reloading = NULL;
    info_status(shell_core(ctl->shell), &status);
    q->status = error == 0 ? MHD_HTTP_OK : HTTP_UNPROCESSABLE;
    q->answer = error == 0 ? json_reloaded(status.generation, errors) : json_errors(errors);
    q->done = true;
    MHD_resume_connection(q->connection);
    later_start(ctl, 0); /* the library alone would only notice with the next request */
}

/* The connection sleeps while the helper thread reads and checks. */
static enum MHD_Result post_reload(struct request *q)
{
    struct ctl *ctl = q->ctl;
    int error = ctl->reloading ? EBUSY : reload_start(ctl->reload, false, reload_cb, ctl);
    if (error != 0)
        return respond_error(q, MHD_HTTP_SERVICE_UNAVAILABLE,
                             error == EBUSY ? "another reload is under way" : strerror(error));
    ctl->reloading = q;
    MHD_suspend_connection(q->connection);
    return MHD_YES;
}

/* ---------------------------------------------------------------- dispatch */

/* A path that ends in a slash takes what follows it as `rest`. */
static const struct row {
    const char *method, *path;
    enum MHD_Result (*answer)(struct request *q);
} rows[] = {
    {MHD_HTTP_METHOD_GET, "/v1/status", get_status},
    {MHD_HTTP_METHOD_GET, "/v1/peers", get_peers},
    {MHD_HTTP_METHOD_GET, "/v1/calls", get_calls},
    {MHD_HTTP_METHOD_GET, "/v1/calls/", get_call},
    {MHD_HTTP_METHOD_DELETE, "/v1/calls/", delete_call},
    {MHD_HTTP_METHOD_GET, "/v1/stats", get_stats},
    {MHD_HTTP_METHOD_GET, "/metrics", get_metrics},
    {MHD_HTTP_METHOD_POST, "/v1/drain", post_drain},
    {MHD_HTTP_METHOD_POST, "/v1/reload", post_reload},
};
#define ROWS (sizeof rows / sizeof *rows)

static bool path_is(const struct row *row, const char *path, const char **rest)
{
    size_t n = strlen(row->path);
    bool more = row->path[n - 1] == '/';
    *rest = path + (more ? n : 0);
    return more ? strncmp(path, row->path, n) == 0 && path[n] != '\0'
                : strcmp(path, row->path) == 0;
}

static enum MHD_Result refuse_method(struct request *q, const char *allowed)
{
    static const char body[] = "{\"error\":\"method not allowed\"}";
    struct MHD_Response *r = MHD_create_response_from_buffer(
        sizeof body - 1, (void *)(uintptr_t)body, MHD_RESPMEM_PERSISTENT);
    if (r)
        MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, allowed);
    return respond(q, MHD_HTTP_METHOD_NOT_ALLOWED, r, TYPE_JSON);
}

static enum MHD_Result dispatch(struct request *q, const char *method, const char *path)
{
    char allowed[64] = "";
    size_t n = 0;
    if (strcmp(method, MHD_HTTP_METHOD_HEAD) == 0)
        method = MHD_HTTP_METHOD_GET;
    for (size_t i = 0; i < ROWS; i++) {
        if (!path_is(&rows[i], path, &q->rest))
            continue;
        if (strcmp(rows[i].method, method) == 0)
            return rows[i].answer(q);
        n += (size_t)snprintf(allowed + n, sizeof allowed - n, "%s%s", n ? ", " : "",
                              rows[i].method);
    }
    return n ? refuse_method(q, allowed) : respond_error(q, MHD_HTTP_NOT_FOUND, "no such path");
}

static enum MHD_Result request_cb(void *cls, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **con_cls)
{
    struct request *q = *con_cls;
    (void)version;
    (void)upload;
    if (!q) { /* the headers are here; the answer waits for the body */
        q = calloc(1, sizeof *q);
        if (!q)
            return MHD_NO;
        q->ctl = cls;
        q->connection = connection;
        *con_cls = q;
        return MHD_YES;
    }
    if (*upload_size > 0) { /* no request has a body that means something */
        *upload_size = 0;
        return MHD_YES;
    }
    if (q->done) {
        json_t *answer = q->answer;
        q->answer = NULL;
        return respond_json(q, q->status, answer);
    }
    return dispatch(q, method, path);
}

static void completed_cb(void *cls, struct MHD_Connection *connection, void **con_cls,
                         enum MHD_RequestTerminationCode how)
{
    struct request *q = *con_cls;
    (void)cls;
    (void)connection;
    (void)how;
    if (!q)
        return;
    json_decref(q->answer);
    free(q);
    *con_cls = NULL;
}

/* ---------------------------------------------------------------- the loop */

/* One round of whatever is ready; what is left waits for the loop to come round again, behind SIP.
 */
static void daemon_run(struct ctl *ctl)
{
    MHD_UNSIGNED_LONG_LONG ms;
    MHD_run(ctl->daemon);
    ev_timer_stop(ctl->loop, &ctl->later);
    if (MHD_get_timeout(ctl->daemon, &ms) == MHD_YES)
        later_start(ctl, (double)ms / 1000);
}

static void ready_cb(struct ev_loop *loop, ev_io *w, int events)
{
    (void)loop;
    (void)events;
    daemon_run(w->data);
}

static void later_cb(struct ev_loop *loop, ev_timer *w, int events)
{
    (void)loop;
    (void)events;
    daemon_run(w->data);
}

static int daemon_start(struct ctl *ctl, int fd)
{
    ctl->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
                                   request_cb, ctl, MHD_OPTION_LISTEN_SOCKET, fd,
                                   MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
                                   MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)CONNECTION_TIMEOUT_S,
                                   MHD_OPTION_NOTIFY_COMPLETED, completed_cb, NULL, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        ctl->daemon ? MHD_get_daemon_info(ctl->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
    if (!info)
        return errno ? errno : EIO;
    ev_io_init(&ctl->ready, ready_cb, info->epoll_fd, EV_READ);
    ctl->ready.data = ctl;
    ev_io_start(ctl->loop, &ctl->ready);
    ev_timer_init(&ctl->later, later_cb, 0, 0);
    ctl->later.data = ctl;
    return 0;
}

int ctl_new(const struct ctl_needs *needs, const char *path, unsigned mode, struct ctl **out,
            char *why, size_t room)
{
    int fd = -1;
    struct ctl *ctl = calloc(1, sizeof *ctl);
    if (!ctl)
        return ENOMEM;
    ctl->loop = needs->loop;
    ctl->shell = needs->shell;
    ctl->reload = needs->reload;
    ctl->version = needs->version;
    ctl->path = strdup(path);
    int error = ctl->path ? control_listen(path, mode, &fd, &ctl->made, why, room) : ENOMEM;
    if (error == 0) {
        error = daemon_start(ctl, fd);
        if (error != 0) {
            (void)snprintf(why, room, "control socket %s: %s", path, strerror(error));
            if (!ctl->daemon)
                close(fd);
            control_remove(path, &ctl->made);
        }
    }
    if (error != 0) {
        ctl_free(ctl);
        return error;
    }
    *out = ctl;
    return 0;
}

void ctl_free(struct ctl *ctl)
{
    if (!ctl)
        return;
    if (ctl->daemon) {
        ev_timer_stop(ctl->loop, &ctl->later);
        ev_io_stop(ctl->loop, &ctl->ready);
        if (ctl->reloading)
            MHD_resume_connection(ctl->reloading->connection);
        MHD_stop_daemon(ctl->daemon); /* closes the listening socket too */
        control_remove(ctl->path, &ctl->made);
    }
    free(ctl->path);
    free(ctl);
}
