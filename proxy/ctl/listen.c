#include "proxy/ctl/listen.h"
#include "proxy/net/folder.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 16

static int address_set(struct sockaddr_un *sa, const char *path, char *why, size_t room)
{
    *sa = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof sa->sun_path) {
        (void)snprintf(why, room, "control socket %s: name longer than %zu bytes", path,
                       sizeof sa->sun_path - 1);
        return ENAMETOOLONG;
    }
    memcpy(sa->sun_path, path, strlen(path) + 1);
    return 0;
}

static void folder_of(const char *path, char *folder, size_t room)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        (void)snprintf(folder, room, ".");
    else
        (void)snprintf(folder, room, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

static int folder_refuses(const char *path, char *why, size_t room)
{
    char folder[sizeof((struct sockaddr_un){0}).sun_path], reason[200];
    folder_of(path, folder, sizeof folder);
    int error = folder_check(folder, reason, sizeof reason);
    if (error != 0)
        (void)snprintf(why, room, "control socket %s: %s: %s", path, folder, reason);
    return error;
}

/* 0: the way is free, but for what a killed program may have left behind (*stale). */
static int place_check(const struct sockaddr_un *sa, bool *stale, char *why, size_t room)
{
    struct stat st;
    *stale = false;
    if (lstat(sa->sun_path, &st) != 0)
        return folder_refuses(sa->sun_path, why, room);
    if (!S_ISSOCK(st.st_mode)) {
        (void)snprintf(why, room, "control socket %s: something else is there", sa->sun_path);
        return EEXIST;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int error = connect(fd, (const void *)sa, sizeof *sa) == 0 ? 0 : errno;
    close(fd);
    if (error == ECONNREFUSED) {
        *stale = true;
        return folder_refuses(sa->sun_path, why, room);
    }
    (void)snprintf(why, room, "control socket %s: %s", sa->sun_path,
                   error == 0 ? "another tailtrunk answers there" : strerror(error));
    return error == 0 ? EADDRINUSE : error;
}

static int place_bind(const struct sockaddr_un *sa, unsigned mode, int *out, struct stat *made)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    mode_t before = umask(0777 & ~(mode_t)mode); /* never open wider, not even for a moment */
    int error = bind(fd, (const void *)sa, sizeof *sa) == 0 ? 0 : errno;
    umask(before);
    if (error == 0 && (chmod(sa->sun_path, mode) != 0 || stat(sa->sun_path, made) != 0 ||
                       listen(fd, BACKLOG) != 0))
        error = errno;
    if (error != 0)
        close(fd);
    else
        *out = fd;
    return error;
}

int control_listen(const char *path, unsigned mode, int *fd, struct stat *made, char *why,
                   size_t room)
{
    struct sockaddr_un sa;
    char folder[sizeof sa.sun_path];
    bool stale;
    int error = address_set(&sa, path, why, room);
    if (error == 0)
        error = place_check(&sa, &stale, why, room);
    if (error != 0)
        return error;
    folder_of(path, folder, sizeof folder); /* the one below /run is gone after each boot */
    (void)mkdir(folder, 0755);              /* what is wrong with it, bind says */
    if (stale)
        (void)unlink(path);
    error = place_bind(&sa, mode, fd, made);
    if (error != 0)
        (void)snprintf(why, room, "control socket %s: %s", path, strerror(error));
    return error;
}

int control_check(const char *path, char *why, size_t room)
{
    struct sockaddr_un sa;
    bool stale;
    int error = address_set(&sa, path, why, room);
    return error == 0 ? place_check(&sa, &stale, why, room) : error;
}

pid_t control_owner(const char *path)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    struct ucred who = {0};
    socklen_t n = sizeof who;
    if (strlen(path) >= sizeof sa.sun_path)
        return 0;
    memcpy(sa.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return 0;
    if (connect(fd, (const void *)&sa, sizeof sa) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) != 0)
        who.pid = 0;
    close(fd);
    return who.pid;
}

void control_remove(const char *path, const struct stat *made)
{
    struct stat st;
    if (lstat(path, &st) == 0 && st.st_ino == made->st_ino && st.st_dev == made->st_dev)
        (void)unlink(path);
}
