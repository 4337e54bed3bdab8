/*
 * streams.h - what the programs of the bench are told about media: a list on standard input.
 *
 * One two-way stream per line, four addresses:  LEFT LEFT-PHONE RIGHT RIGHT-PHONE
 * LEFT and RIGHT are the forwarder's ports, the phones are the generator's. What LEFT-PHONE sends
 * to LEFT comes out of RIGHT at RIGHT-PHONE, and the other way round.
 */
#ifndef BENCH_STREAMS_H
#define BENCH_STREAMS_H

#include "sdp/addr.h"

#include <netinet/in.h>
#include <stdio.h>

struct stream_line {
    struct addr port[2], phone[2]; /* left, right */
};

/* Reads all of `in`; the array is the caller's. Says what is wrong on stderr and exits. */
size_t streams_read(FILE *in, struct stream_line **out);

/* A bound, non-blocking UDP socket, or exit. */
int bench_socket(const struct addr *at);

struct sockaddr_in bench_sockaddr(const struct addr *addr); /* IPv4 only */

/* Room for that many descriptors. */
void bench_files(size_t n);

#endif
