#include "proxy/net/folder.h"
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(int error, const char *what, char *why, size_t room)
{
    const struct passwd *user = getpwuid(geteuid());
    if (error == EACCES || error == EROFS)
        (void)snprintf(why, room, "%s user %s (%u)%s", what,
                       user ? user->pw_name : "without a name", (unsigned)geteuid(),
                       error == EROFS ? ": read-only file system" : "");
    else
        (void)snprintf(why, room, "%s", strerror(error));
    return error;
}

static int access_of(const char *path, int mode)
{
    return faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0 ? 0 : errno;
}

static int parent_check(const char *folder, char *why, size_t room)
{
    char parent[4096];
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/')
        n--;
    while (n > 0 && folder[n - 1] != '/')
        n--;
    while (n > 1 && folder[n - 1] == '/')
        n--;
    if (n >= sizeof parent)
        return refuse(ENAMETOOLONG, "", why, room);
    (void)snprintf(parent, sizeof parent, "%.*s", (int)(n > 0 ? n : 1), n > 0 ? folder : ".");
    int error = access_of(parent, W_OK | X_OK);
    return error == 0 ? 0 : refuse(error, "cannot be made by", why, room);
}

int folder_check(const char *folder, char *why, size_t room)
{
    struct stat st;
    if (stat(folder, &st) != 0)
        return errno == ENOENT ? parent_check(folder, why, room)
                               : refuse(errno, "not reachable for", why, room);
    if (!S_ISDIR(st.st_mode)) {
        (void)snprintf(why, room, "not a folder");
        return ENOTDIR;
    }
    int error = access_of(folder, W_OK | X_OK);
    return error == 0 ? 0 : refuse(error, "not writable by", why, room);
}

int folder_file_check(const char *file, char *why, size_t room)
{
    struct stat st;
    if (stat(file, &st) != 0)
        return errno == ENOENT ? 0 : refuse(errno, "not reachable for", why, room);
    if (!S_ISREG(st.st_mode)) {
        (void)snprintf(why, room, "not a file");
        return EINVAL;
    }
    int error = access_of(file, R_OK | W_OK);
    return error == 0 ? 0 : refuse(error, "not writable by", why, room);
}
