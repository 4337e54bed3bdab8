#include "proxy/net/udp.h"
#include "proxy/net/sockaddr.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define RECEIVE_BUFFER (4 * 1024 * 1024)
#define SEND_BUFFER (1024 * 1024)
#define WRITER_ARENA (128 * 1024)
#define WRITER_BATCH 64

static void buffer_set(int fd, int force, int plain, int size)
{
    /* Best effort: the forced form needs a capability, the plain one is cut to the system's limit.
     */
    if (setsockopt(fd, SOL_SOCKET, force, &size, sizeof size) != 0)
        (void)setsockopt(fd, SOL_SOCKET, plain, &size, sizeof size);
}

static int options_set(int fd, uint8_t family)
{
    int one = 1, v4 = IP_PMTUDISC_DONT, v6 = IPV6_PMTUDISC_WANT;
    if (family == ADDR_IP6) {
        if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) != 0 ||
            setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &v6, sizeof v6) != 0)
            return errno;
    } else if (setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &v4, sizeof v4) != 0) {
        return errno;
    }
    buffer_set(fd, SO_RCVBUFFORCE, SO_RCVBUF, RECEIVE_BUFFER);
    buffer_set(fd, SO_SNDBUFFORCE, SO_SNDBUF, SEND_BUFFER);
    return 0;
}

int udp_open(const struct addr *addr, int *out)
{
    union sockaddr_any sa;
    socklen_t length = sockaddr_set(&sa, addr);
    if (length == 0)
        return EAFNOSUPPORT;
    int fd = socket(sa.sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int error = options_set(fd, addr->family);
    if (error == 0 && bind(fd, &sa.sa, length) != 0)
        error = errno;
    if (error != 0) {
        close(fd);
        return error;
    }
    *out = fd;
    return 0;
}

bool udp_address_is_here(const struct addr *addr)
{
    struct addr any = addr_with_port(*addr, 0);
    int fd = -1;
    int error = udp_open(&any, &fd);
    if (error == 0)
        close(fd);
    return error != EADDRNOTAVAIL;
}

/* ---------------------------------------------------------------- in */

struct udp_reader {
    struct mmsghdr head[UDP_BATCH];
    struct iovec part[UDP_BATCH];
    union sockaddr_any from[UDP_BATCH];
    struct udp_in in[UDP_BATCH];
    char bytes[UDP_BATCH][UDP_DATAGRAM + 1];
};

struct udp_reader *udp_reader_new(void)
{
    struct udp_reader *r =
        malloc(sizeof *r); /* not touched, so that untouched pages cost nothing */
    if (!r)
        return NULL;
    memset(r->head, 0, sizeof r->head);
    for (size_t i = 0; i < UDP_BATCH; i++) {
        r->part[i] = (struct iovec){r->bytes[i], sizeof r->bytes[i]};
        r->head[i].msg_hdr.msg_iov = &r->part[i];
        r->head[i].msg_hdr.msg_iovlen = 1;
        r->head[i].msg_hdr.msg_name = &r->from[i];
    }
    return r;
}

void udp_reader_free(struct udp_reader *reader)
{
    free(reader);
}

size_t udp_read(struct udp_reader *r, int fd, const struct udp_in **in)
{
    for (size_t i = 0; i < UDP_BATCH; i++)
        r->head[i].msg_hdr.msg_namelen = sizeof r->from[i];
    int n = recvmmsg(fd, r->head, UDP_BATCH, MSG_DONTWAIT, NULL);
    if (n <= 0)
        return 0;
    for (int i = 0; i < n; i++) {
        size_t length = r->head[i].msg_len;
        bool more = (r->head[i].msg_hdr.msg_flags & MSG_TRUNC) || length > UDP_DATAGRAM;
        r->in[i] = (struct udp_in){
            .from = sockaddr_get(&r->from[i].sa),
            .bytes = r->bytes[i],
            .n = length > UDP_DATAGRAM ? UDP_DATAGRAM : length,
            .truncated = more,
        };
    }
    *in = r->in;
    return (size_t)n;
}

/* ---------------------------------------------------------------- out */

struct entry {
    int fd; /* -1: already gone */
    uint8_t dscp;
    struct addr to;
    size_t at, n; /* in the arena */
};

union control {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
};

struct udp_writer {
    size_t n, used;
    struct entry entry[WRITER_BATCH];
    struct mmsghdr head[WRITER_BATCH];
    struct iovec part[WRITER_BATCH];
    union sockaddr_any to[WRITER_BATCH];
    union control control[WRITER_BATCH];
    char arena[WRITER_ARENA];
};

struct udp_writer *udp_writer_new(void)
{
    struct udp_writer *w = malloc(sizeof *w);
    if (w)
        w->n = w->used = 0;
    return w;
}

void udp_writer_free(struct udp_writer *writer)
{
    free(writer);
}

/* The traffic class travels with the datagram: peers on one socket may want different ones. */
static void class_set(struct msghdr *h, union control *room, uint8_t family, uint8_t dscp)
{
    int tos = dscp << 2;
    h->msg_control = room->bytes;
    h->msg_controllen = sizeof room->bytes;
    memset(room, 0, sizeof *room);
    struct cmsghdr *c = CMSG_FIRSTHDR(h);
    c->cmsg_level = family == ADDR_IP6 ? IPPROTO_IPV6 : IPPROTO_IP;
    c->cmsg_type = family == ADDR_IP6 ? IPV6_TCLASS : IP_TOS;
    c->cmsg_len = CMSG_LEN(sizeof tos);
    memcpy(CMSG_DATA(c), &tos, sizeof tos);
}

/* Moves every waiting datagram of one socket into the system call's table. */
static unsigned batch_fill(struct udp_writer *w, size_t first, int fd)
{
    unsigned n = 0;
    for (size_t i = first; i < w->n; i++) {
        struct entry *e = &w->entry[i];
        if (e->fd != fd)
            continue;
        w->part[n] = (struct iovec){w->arena + e->at, e->n};
        struct msghdr h = {.msg_iov = &w->part[n], .msg_iovlen = 1, .msg_name = &w->to[n]};
        h.msg_namelen = sockaddr_set(&w->to[n], &e->to);
        class_set(&h, &w->control[n], e->to.family, e->dscp);
        w->head[n].msg_hdr = h;
        e->fd = -1;
        n++;
    }
    return n;
}

static void batch_send(struct udp_writer *w, int fd, unsigned n, struct udp_sent *sent)
{
    unsigned done = 0;
    while (done < n) {
        int out = sendmmsg(fd, w->head + done, n - done, MSG_DONTWAIT);
        if (out > 0) {
            sent->sent += (unsigned)out;
            done += (unsigned)out;
        } else if (errno != EINTR) { /* the error belongs to the first one left */
            int error = errno;
            bool full = error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS;
            *(full ? &sent->full : &sent->failed) += 1;
            if (!full && sent->tell) {
                struct addr to = sockaddr_get(&w->to[done].sa);
                sent->tell(sent->self, fd, &to, error);
            }
            done++;
        }
    }
}

void udp_flush(struct udp_writer *w, struct udp_sent *sent)
{
    for (size_t i = 0; i < w->n; i++) {
        int fd = w->entry[i].fd;
        if (fd >= 0)
            batch_send(w, fd, batch_fill(w, i, fd), sent);
    }
    w->n = w->used = 0;
}

void udp_write(struct udp_writer *w, int fd, uint8_t dscp, const struct addr *to, struct span bytes,
               struct udp_sent *sent)
{
    if (bytes.n > WRITER_ARENA) {
        sent->failed++;
        return;
    }
    if (w->n == WRITER_BATCH || w->used + bytes.n > WRITER_ARENA)
        udp_flush(w, sent);
    if (bytes.n > 0)
        memcpy(w->arena + w->used, bytes.p, bytes.n);
    w->entry[w->n++] = (struct entry){fd, dscp, *to, w->used, bytes.n};
    w->used += bytes.n;
}
