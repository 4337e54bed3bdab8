/*
 * udp.h - SIP sockets: open one, read a batch, write a batch. Nothing here knows SIP.
 */
#ifndef NET_UDP_H
#define NET_UDP_H

#include "sdp/addr.h"

/* The longest SIP datagram taken whole; the reader has one byte more, to see that there was more.
 */
#define UDP_DATAGRAM (16 * 1024)
#define UDP_BATCH 32

/* Opens a non-blocking socket bound to exactly this address. Never shares a port with anybody, and
 * lets the kernel fragment (SIP of a large offer does not fit one packet; DF would lose it).
 * Returns 0 with *fd, or the errno of what failed: EADDRINUSE somebody holds the port,
 * EADDRNOTAVAIL the address is not on this host. */
int udp_open(const struct addr *addr, int *fd);

/* Is this address, whatever its port, still on this host? */
bool udp_address_is_here(const struct addr *addr);

struct udp_in {
    struct addr from;
    const char *bytes;
    size_t n;
    bool truncated; /* it was longer than UDP_DATAGRAM */
};

/* Owns the buffers of one batch; one reader serves all sockets in turn. */
struct udp_reader;
struct udp_reader *udp_reader_new(void); /* NULL: out of memory */
void udp_reader_free(struct udp_reader *reader);

/* Takes up to UDP_BATCH waiting datagrams in one system call; *in lives until the next call. */
size_t udp_read(struct udp_reader *reader, int fd, const struct udp_in **in);

struct udp_sent {
    uint64_t sent;
    uint64_t full;   /* EAGAIN, ENOBUFS: not sent, the system had no room */
    uint64_t failed; /* any other error: no route, forbidden by a filter */
    void (*tell)(void *self, int fd, const struct addr *to,
                 int error); /* each that failed; or NULL */
    void *self;
};

/* Gathers copies of datagrams until udp_flush, which sends them with one system call per socket.
 * Datagrams of one socket keep their order. */
struct udp_writer;
struct udp_writer *udp_writer_new(void);
void udp_writer_free(struct udp_writer *writer);
void udp_write(struct udp_writer *writer, int fd, uint8_t dscp, const struct addr *to,
               struct span bytes, struct udp_sent *sent);
void udp_flush(struct udp_writer *writer, struct udp_sent *sent);

#endif
