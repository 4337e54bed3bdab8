/* Configurations from a file system: the main file, and what `include:` names. */
#include "conf/draft.h"
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define READ_AT_ONCE 65536u

/* Appends one read to *bytes, which grows as it fills. Returns 0 with *end, or an errno. */
static int piece_read(int fd, char **bytes, size_t *n, size_t *room, bool *end)
{
    if (*room - *n < READ_AT_ONCE) {
        char *grown = realloc(*bytes, *room + READ_AT_ONCE * 2);
        if (!grown)
            return ENOMEM;
        *bytes = grown;
        *room += READ_AT_ONCE * 2;
    }
    ssize_t got = read(fd, *bytes + *n, *room - *n);
    if (got < 0)
        return errno == EINTR ? 0 : errno;
    *n += (size_t)got;
    *end = got == 0;
    return 0;
}

/* The bytes of a file, to be freed. Stops once the file is longer than conf_read takes, so that
 * it is conf_read that says so. */
static int file_read(const char *path, char **bytes, size_t *n)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t room = 0;
    bool end = false;
    int error = 0;
    if (fd < 0)
        return errno;
    *bytes = NULL;
    *n = 0;
    while (!error && !end && *n <= YAML_MAX_BYTES)
        error = piece_read(fd, bytes, n, &room, &end);
    close(fd);
    if (error) {
        free(*bytes);
        *bytes = NULL;
    }
    return error;
}

static int match_read(const char *path,
                      int (*each)(void *to, const char *file, const char *bytes, size_t n),
                      void *to)
{
    char *bytes = NULL;
    size_t n = 0;
    int error = file_read(path, &bytes, &n);
    error = each(to, path, bytes, error ? (size_t)error : n);
    free(bytes);
    return error;
}

static int files_glob(void *self, const char *folder, const char *pattern,
                      int (*each)(void *to, const char *file, const char *bytes, size_t n),
                      void *to)
{
    char path[4096];
    glob_t matches;
    (void)self;
    bool as_is = pattern[0] == '/' || strcmp(folder, ".") == 0;
    int wrote = as_is ? snprintf(path, sizeof path, "%s", pattern)
                      : snprintf(path, sizeof path, "%s/%s", folder, pattern);
    if (wrote < 0 || (size_t)wrote >= sizeof path)
        return ENAMETOOLONG;
    int found = glob(path, 0, NULL, &matches);
    int error = found == 0              ? 0
                : found == GLOB_NOMATCH ? ENOENT
                : found == GLOB_NOSPACE ? ENOMEM
                                        : EIO;
    for (size_t i = 0; !error && i < matches.gl_pathc; i++)
        error = match_read(matches.gl_pathv[i], each, to);
    globfree(&matches);
    return error;
}

const struct conf_include conf_include_files = {.glob = files_glob, .self = NULL};

int conf_read_file(const char *path, struct conf **out, struct conf_errors *errors)
{
    char *bytes = NULL;
    size_t n = 0;
    int error = file_read(path, &bytes, &n);
    if (error) {
        conf_error_add(errors, &(struct conf_mark){path, 0, 0}, false, "cannot read: %s",
                       strerror(error));
        return error;
    }
    error = conf_read(path, bytes, n, &conf_include_files, out, errors);
    free(bytes);
    return error;
}
