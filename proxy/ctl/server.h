/*
 * server.h - the control API: HTTP/1.1 on a UNIX socket, on the loop's own thread.
 */
#ifndef CTL_SERVER_H
#define CTL_SERVER_H

#include "proxy/net/reload.h"

struct ctl;

struct ctl_needs {
    struct ev_loop *loop;
    struct shell *shell;
    struct reload *reload;
    const char *version;
};

/* Listens on `path` with `mode`; the folder is made where it is missing, a socket file nobody
 * listens on is replaced. Returns 0, or an errno with a line for people in `why`: EADDRINUSE where
 * another program answers there. */
int ctl_new(const struct ctl_needs *needs, const char *path, unsigned mode, struct ctl **out,
            char *why, size_t room);

/* Answers nobody any more and removes the socket file. NULL is fine. */
void ctl_free(struct ctl *ctl);

#endif
