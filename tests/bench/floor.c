/*
 * floor - the least that forwarding in user space costs: one socket per port, one recvfrom and one
 * sendto per packet, no check, no figures. What a relay adds is measured against this.
 *
 *     floor [-t THREADS] < streams
 *
 * Prints "ready" when all ports are bound and runs until killed.
 */
#include "tests/bench/streams.h"

#include <err.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

struct end {
    int fd;
    const struct end *other;
    struct sockaddr_in phone;
};

struct forwarder {
    pthread_t thread;
    int epoll;
};

static void packet_forward(const struct end *end)
{
    char datagram[2048];
    struct sockaddr_in from;
    socklen_t len = sizeof from;
    ssize_t n = recvfrom(end->fd, datagram, sizeof datagram, 0, (struct sockaddr *)&from, &len);
    if (n >= 0)
        (void)!sendto(end->other->fd, datagram, (size_t)n, 0,
                      (const struct sockaddr *)&end->other->phone, sizeof end->other->phone);
}

static void *forwarder_run(void *arg)
{
    const struct forwarder *f = arg;
    struct epoll_event events[64];
    for (;;) {
        int n = epoll_wait(f->epoll, events, 64, -1);
        for (int i = 0; i < n; i++)
            packet_forward(events[i].data.ptr);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    size_t threads = 1;
    int option;
    while ((option = getopt(argc, argv, "t:")) != -1) {
        if (option != 't')
            errx(2, "usage: floor [-t THREADS] < streams");
        threads = strtoul(optarg, NULL, 10);
    }
    struct stream_line *lines;
    size_t n = streams_read(stdin, &lines);
    bench_files(2 * n + 64);
    struct forwarder *forwarders = calloc(threads, sizeof *forwarders);
    struct end *ends = calloc(2 * n, sizeof *ends);
    if (!forwarders || !ends || threads == 0)
        errx(1, "nothing to do");
    for (size_t i = 0; i < threads; i++)
        forwarders[i].epoll = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < 2 * n; i++) {
        struct stream_line *line = &lines[i / 2];
        ends[i] = (struct end){bench_socket(&line->port[i % 2]), &ends[i ^ 1],
                               bench_sockaddr(&line->phone[i % 2])};
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &ends[i]};
        if (epoll_ctl(forwarders[i / 2 % threads].epoll, EPOLL_CTL_ADD, ends[i].fd, &event) != 0)
            err(1, "epoll");
    }
    for (size_t i = 0; i < threads; i++)
        pthread_create(&forwarders[i].thread, NULL, forwarder_run, &forwarders[i]);
    puts("ready");
    fflush(stdout);
    pause();
    return 0;
}
