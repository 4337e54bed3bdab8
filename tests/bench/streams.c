#include "tests/bench/streams.h"

#include <err.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

static struct addr word_addr(char **rest, size_t line)
{
    struct addr addr;
    char *word = strsep(rest, " \n");
    if (!word || addr_parse(span_str(word), 0, &addr) != 0 || addr.family != ADDR_IP4)
        errx(2, "line %zu: expected four times IPv4:port", line);
    return addr;
}

size_t streams_read(FILE *in, struct stream_line **out)
{
    char text[256];
    size_t n = 0, room = 0;
    struct stream_line *lines = NULL;
    while (fgets(text, sizeof text, in)) {
        char *rest = text;
        if (n == room) {
            room = room ? 2 * room : 64;
            lines = realloc(lines, room * sizeof *lines);
            if (!lines)
                err(1, "streams");
        }
        for (size_t i = 0; i < 2; i++) {
            lines[n].port[i] = word_addr(&rest, n + 1);
            lines[n].phone[i] = word_addr(&rest, n + 1);
        }
        n++;
    }
    *out = lines;
    return n;
}

struct sockaddr_in bench_sockaddr(const struct addr *addr)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(addr->port)};
    memcpy(&in.sin_addr, addr->ip, sizeof in.sin_addr);
    return in;
}

int bench_socket(const struct addr *at)
{
    struct sockaddr_in in = bench_sockaddr(at);
    char text[ADDR_TEXT];
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof in) != 0) {
        addr_print(at, text);
        err(1, "%s", text);
    }
    return fd;
}

void bench_files(size_t n)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= n)
        return;
    limit.rlim_cur = n;
    if (limit.rlim_max < n)
        limit.rlim_max = n;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        err(1, "%zu open files", n);
}
