#include "proxy/net/holder.h"
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PROC_TEXT_MOST (4 * 1024 * 1024)

/* ---------------------------------------------------------------- /proc/net/udp */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = span_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads the hexadecimal number that fills `s`. */
static bool hex_read(struct span s, uint32_t *out)
{
    uint32_t v = 0;
    if (s.n == 0 || s.n > 8)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        int digit = hex_digit(s.p[i]);
        if (digit < 0)
            return false;
        v = v << 4 | (uint32_t)digit;
    }
    *out = v;
    return true;
}

/* "0100007F:13C4": each 32-bit word of the address as a number of this machine, then the port. */
static bool proc_addr_read(struct span s, struct addr *out)
{
    struct addr a = {0};
    size_t digits = s.n > 32 ? 32 : 8;
    uint32_t word, port;
    if (s.n < digits + 2 || s.p[digits] != ':')
        return false;
    for (size_t i = 0; i < digits / 8; i++) {
        if (!hex_read(span_of(s.p + i * 8, 8), &word))
            return false;
        memcpy(a.ip + i * 4, &word, 4);
    }
    if (!hex_read(span_from(s, digits + 1), &port) || port > UINT16_MAX)
        return false;
    a.family = digits == 32 ? ADDR_IP6 : ADDR_IP4;
    a.port = (uint16_t)port;
    *out = a;
    return true;
}

static struct span word_next(struct span *rest)
{
    size_t from = 0, to;
    while (from < rest->n && rest->p[from] == ' ')
        from++;
    for (to = from; to < rest->n && rest->p[to] != ' ';)
        to++;
    struct span word = span_of(rest->p + from, to - from);
    *rest = span_from(*rest, to);
    return word;
}

/* Bound to `addr`, or to a wildcard that covers it. An IPv6 wildcard may cover IPv4 too; whether
 * it does is not in this text, but a port that is taken says so. */
static bool in_the_way(const struct addr *bound, const struct addr *addr)
{
    if (bound->port != addr->port)
        return false;
    if (addr_is_wildcard(bound))
        return bound->family == addr->family || bound->family == ADDR_IP6;
    if (addr_is_wildcard(addr))
        return bound->family == addr->family;
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (addr->family == ADDR_IP4 && bound->family == ADDR_IP6)
        return memcmp(bound->ip, mapped, 12) == 0 && memcmp(bound->ip + 12, addr->ip, 4) == 0;
    return addr_same_ip(bound, addr);
}

uint64_t holder_inode(struct span text, const struct addr *addr, uid_t *uid)
{
    while (text.n > 0) {
        const char *end = memchr(text.p, '\n', text.n);
        struct span line = span_of(text.p, end ? (size_t)(end - text.p) : text.n);
        text = span_from(text, line.n + 1);
        struct span word[10];
        struct addr bound;
        uint64_t inode, user;
        for (size_t i = 0; i < 10;
             i++) /* sl local remote st queues timer retrnsmt uid timeout inode */
            word[i] = word_next(&line);
        if (proc_addr_read(word[1], &bound) && in_the_way(&bound, addr) &&
            span_number(word[7], UINT32_MAX, &user) && span_number(word[9], UINT64_MAX, &inode) &&
            inode != 0) {
            *uid = (uid_t)user;
            return inode;
        }
    }
    return 0;
}

/* ---------------------------------------------------------------- the process */

static char *file_read(const char *path, size_t *n)
{
    FILE *f = fopen(path, "re");
    char *text = NULL;
    size_t room = 0;
    *n = 0;
    while (f && *n < PROC_TEXT_MOST) {
        if (*n == room) {
            char *more = realloc(text, room += 65536);
            if (!more)
                break;
            text = more;
        }
        size_t got = fread(text + *n, 1, room - *n, f);
        if (got == 0)
            break;
        *n += got;
    }
    if (f)
        fclose(f);
    return text;
}

static uint64_t inode_find(const struct addr *addr, uid_t *uid)
{
    const char *const paths[] = {"/proc/net/udp", "/proc/net/udp6"};
    uint64_t inode = 0;
    for (size_t i = 0; i < 2 && inode == 0; i++) {
        size_t n;
        char *text = file_read(paths[i], &n);
        if (text)
            inode = holder_inode(span_of(text, n), addr, uid);
        free(text);
    }
    return inode;
}

static bool process_holds(int proc, const char *pid, const char *wanted)
{
    char path[300], link[64];
    bool found = false;
    (void)snprintf(path, sizeof path, "%s/fd", pid);
    int fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    for (struct dirent *e; !found && (e = readdir(dir));) {
        ssize_t n = readlinkat(dirfd(dir), e->d_name, link, sizeof link - 1);
        if (n > 0) {
            link[n] = '\0';
            found = strcmp(link, wanted) == 0;
        }
    }
    closedir(dir);
    return found;
}

static void name_read(const char *pid, char *out, size_t room)
{
    char path[300];
    (void)snprintf(path, sizeof path, "/proc/%s/comm", pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return;
    if (fgets(out, (int)room, f))
        out[strcspn(out, "\n")] = '\0';
    fclose(f);
}

static void process_find(uint64_t inode, struct holder *out)
{
    char wanted[64];
    (void)snprintf(wanted, sizeof wanted, "socket:[%llu]", (unsigned long long)inode);
    DIR *proc = opendir("/proc");
    if (!proc)
        return;
    for (struct dirent *e; (e = readdir(proc));) {
        if (!isdigit((unsigned char)e->d_name[0]) || !process_holds(dirfd(proc), e->d_name, wanted))
            continue;
        out->pid = (pid_t)strtol(e->d_name, NULL, 10);
        name_read(e->d_name, out->name, sizeof out->name);
        break;
    }
    closedir(proc);
}

void holder_find(const struct addr *addr, struct holder *out)
{
    *out = (struct holder){0};
    uint64_t inode = inode_find(addr, &out->uid);
    out->known = inode != 0;
    if (out->known)
        process_find(inode, out);
}

const char *holder_print(const struct holder *h, char *out, size_t room)
{
    if (h->pid != 0)
        (void)snprintf(out, room, "%s (pid %d)", h->name[0] ? h->name : "a process", (int)h->pid);
    else if (h->known)
        (void)snprintf(out, room, "a program of user %u", (unsigned)h->uid);
    else
        (void)snprintf(out, room, "another program");
    return out;
}
