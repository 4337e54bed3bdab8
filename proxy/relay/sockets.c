#include "proxy/relay/sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define FILES_KEPT 64u /* for control connections, look-ups and SIP sockets of a reload */

#define PAIRS (65536 / 2)
#define DRAIN_MAX 1024 /* more than a default receive buffer holds */

struct pool {
    struct addr addr;
    struct pair pairs[PAIRS]; /* by port / 2; pages of ports never bound are never touched */
};

struct sockets {
    struct pool *pools[CORE_MAX_POOLS]; /* by id; NULL = not known */
};

struct sockets *sockets_new(void)
{
    return calloc(1, sizeof(struct sockets));
}

static void pair_close(struct pair *pair)
{
    close(pair->fd[0]);
    close(pair->fd[1]);
    *pair = (struct pair){0};
}

static void pool_free(struct pool *pool)
{
    for (size_t i = 0; pool && i < PAIRS; i++) {
        if (pool->pairs[i].bound)
            pair_close(&pool->pairs[i]);
    }
    free(pool);
}

void sockets_free(struct sockets *sockets)
{
    for (size_t i = 0; sockets && i < CORE_MAX_POOLS; i++)
        pool_free(sockets->pools[i]);
    free(sockets);
}

int sockets_pool_open(struct sockets *sockets, const struct core_pool *wanted)
{
    if (wanted->id >= CORE_MAX_POOLS || !addr_is_set(&wanted->addr))
        return EINVAL;
    struct pool *pool = sockets->pools[wanted->id];
    if (pool)
        return addr_same_ip(&pool->addr, &wanted->addr) ? 0 : EEXIST;
    pool = calloc(1, sizeof *pool);
    if (!pool)
        return ENOMEM;
    pool->addr = wanted->addr;
    sockets->pools[wanted->id] = pool;
    return 0;
}

int sockets_pool_close(struct sockets *sockets, uint16_t id)
{
    struct pool *pool = id < CORE_MAX_POOLS ? sockets->pools[id] : NULL;
    if (!pool)
        return 0;
    for (size_t i = 0; i < PAIRS; i++) {
        if (pool->pairs[i].lent)
            return EBUSY;
    }
    pool_free(pool);
    sockets->pools[id] = NULL;
    return 0;
}

/* The entry of a pair, bound or not; NULL for a name that means nothing. */
static struct pair *pair_entry(struct sockets *sockets, struct relay_pair name)
{
    if (name.pool >= CORE_MAX_POOLS || !sockets->pools[name.pool] || name.port == 0 ||
        name.port % 2 != 0)
        return NULL;
    return &sockets->pools[name.pool]->pairs[name.port / 2];
}

struct pair *pair_find(struct sockets *sockets, struct relay_pair name)
{
    struct pair *pair = pair_entry(sockets, name);
    return pair && pair->bound ? pair : NULL;
}

socklen_t sockaddr_from(union sockaddr_any *out, const struct addr *addr)
{
    memset(out, 0, sizeof *out);
    switch (addr->family) {
    case ADDR_IP4:
        out->in.sin_family = AF_INET;
        out->in.sin_port = htons(addr->port);
        memcpy(&out->in.sin_addr, addr->ip, sizeof out->in.sin_addr);
        return sizeof out->in;
    case ADDR_IP6:
        out->in6.sin6_family = AF_INET6;
        out->in6.sin6_port = htons(addr->port);
        memcpy(&out->in6.sin6_addr, addr->ip, sizeof out->in6.sin6_addr);
        return sizeof out->in6;
    default:
        return 0;
    }
}

/* Ports may take every file that the system gives, but for some: without one left the control API
 * could not even refuse a connection, and no name could be looked up. */
static bool files_are_left(int fd)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return true;
    rlim_t kept = limit.rlim_cur / 4 < FILES_KEPT ? limit.rlim_cur / 4 : FILES_KEPT;
    return (rlim_t)fd < limit.rlim_cur - kept; /* the lowest free number is given first */
}

/* Nothing that would let a second socket have the port (SO_REUSEADDR) and nothing that would bring
 * ICMP errors (IP_RECVERR): behind a translator they prove nothing. */
static int port_bind(const struct addr *addr, int *out)
{
    union sockaddr_any sa;
    socklen_t len = sockaddr_from(&sa, addr);
    int one = 1;
    int fd = socket(sa.sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    if (!files_are_left(fd)) {
        close(fd);
        return EMFILE;
    }
    if ((addr->family == ADDR_IP6 &&
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) != 0) ||
        bind(fd, &sa.sa, len) != 0) {
        int error = errno;
        close(fd);
        return error;
    }
    *out = fd;
    return 0;
}

int pair_bind(struct sockets *sockets, struct relay_pair name)
{
    struct pair *pair = pair_entry(sockets, name);
    if (!pair)
        return EINVAL;
    if (pair->bound)
        return EALREADY;
    const struct addr *addr = &sockets->pools[name.pool]->addr;
    struct addr even = addr_with_port(*addr, name.port);
    struct addr odd = addr_with_port(*addr, (uint16_t)(name.port + 1));
    int fd[2];
    int error = port_bind(&even, &fd[0]);
    if (error)
        return error;
    error = port_bind(&odd, &fd[1]);
    if (error) {
        close(fd[0]);
        return error;
    }
    *pair = (struct pair){.fd = {fd[0], fd[1]}, .family = addr->family, .bound = true};
    return 0;
}

int pair_unbind(struct sockets *sockets, struct relay_pair name)
{
    struct pair *pair = pair_find(sockets, name);
    if (!pair)
        return ENOENT;
    if (pair->lent)
        return EBUSY;
    pair_close(pair);
    return 0;
}

void pair_mark(struct pair *pair, uint8_t dscp)
{
    int tos = dscp << 2; /* the two low bits are ECN's, RFC 3168 section 5 */
    if (pair->dscp == dscp)
        return;
    pair->dscp = dscp;
    for (size_t i = 0; i < 2; i++) {
        /* Without the mark packets still flow. */
        if (pair->family == ADDR_IP4)
            (void)setsockopt(pair->fd[i], IPPROTO_IP, IP_TOS, &tos, sizeof tos);
        else
            (void)setsockopt(pair->fd[i], IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof tos);
    }
}

static void socket_drain(int fd)
{
    char byte;
    for (int i = 0; i < DRAIN_MAX && recv(fd, &byte, sizeof byte, 0) >= 0; i++)
        ;
}

void pair_drain(const struct pair *pair)
{
    socket_drain(pair->fd[0]);
    socket_drain(pair->fd[1]);
}
