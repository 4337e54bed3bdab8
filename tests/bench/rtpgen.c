/*
 * rtpgen - phones: sends evenly spaced G.711 packets both ways through every stream of a list, and
 * receives them at the other end.
 *
 *     rtpgen [-r PACKETS_PER_SECOND] [-s SECONDS] < streams
 *
 * The rate is the sum over all streams and both directions. Each packet carries its time of
 * sending; when it arrived is what the kernel noted then. So packets may be read now and then, all
 * at once, and the forwarder is not charged for waking somebody up with each of them: a telephone
 * on another machine would not cost it that. Prints one line of JSON: sent received lost
 * latency_us{p50,p90,p99,max} late_us (the 99th percentile of how late packets were sent: above
 * some 100 the generator is what is measured) cpu_us_per_packet (its own).
 */
#include "tests/bench/streams.h"

#include <err.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define PACKET 172    /* 20 ms of G.711 */
#define LOOK_MS 5     /* how often somebody looks what has arrived */
#define GRACE_MS 300  /* what has not arrived so long after the last one is lost */
#define SLOTS 1000000 /* of the histograms, a tenth of a microsecond wide, up to 100 ms */

struct flow {
    int fd;
    struct sockaddr_in to;
    uint16_t seq;
    uint32_t ssrc;
};

struct histogram {
    uint64_t count[SLOTS + 1], n, max_ns;
};

struct generator {
    struct flow *flows;
    size_t n_flows;
    uint64_t rate, seconds, sent;
    atomic_bool done;
    int epoll;
    struct histogram latency, late;
};

static uint64_t time_ns(const struct timespec *t)
{
    return (uint64_t)t->tv_sec * 1000000000 + (uint64_t)t->tv_nsec;
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return time_ns(&t);
}

static uint64_t now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

static void histogram_add(struct histogram *h, uint64_t ns)
{
    h->count[ns / 100 < SLOTS ? ns / 100 : SLOTS]++;
    h->n++;
    if (ns > h->max_ns)
        h->max_ns = ns;
}

static double histogram_us(const struct histogram *h, double part)
{
    uint64_t want = (uint64_t)(part * (double)h->n), seen = 0;
    for (size_t i = 0; i < SLOTS; i++) {
        seen += h->count[i];
        if (seen > want)
            return (double)i / 10;
    }
    return (double)h->max_ns / 1000;
}

static void flow_send(struct flow *flow)
{
    uint8_t p[PACKET] = {0x80, 0, (uint8_t)(flow->seq >> 8), (uint8_t)flow->seq};
    uint32_t timestamp = htonl(flow->seq * 160u), ssrc = htonl(flow->ssrc);
    uint64_t now = clock_ns(CLOCK_REALTIME); /* as the kernel notes arrivals */
    memcpy(p + 4, &timestamp, sizeof timestamp);
    memcpy(p + 8, &ssrc, sizeof ssrc);
    memcpy(p + 12, &now, sizeof now);
    flow->seq++;
    if (sendto(flow->fd, p, sizeof p, 0, (struct sockaddr *)&flow->to, sizeof flow->to) != PACKET)
        warn("send");
}

static void time_wait(uint64_t until_ns)
{
    struct timespec t = {.tv_sec = (time_t)(until_ns / 1000000000),
                         .tv_nsec = (long)(until_ns % 1000000000)};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static void generate(struct generator *g)
{
    uint64_t total = g->rate * g->seconds, start = now_ns() + 1000000;
    for (uint64_t i = 0; i < total; i++) {
        uint64_t due = start + i * 1000000000 / g->rate, now = now_ns();
        if (now < due) {
            time_wait(due);
            now = now_ns();
        }
        histogram_add(&g->late, now - due);
        flow_send(&g->flows[i % g->n_flows]);
        g->sent++;
    }
}

/* When the kernel got it; 0 where it does not say. */
static uint64_t arrival_ns(struct msghdr *msg)
{
    struct timespec t;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            memcpy(&t, CMSG_DATA(c), sizeof t);
            return time_ns(&t);
        }
    }
    return 0;
}

static void packet_receive(struct generator *g, int fd)
{
    uint8_t p[2048];
    uint64_t then, now;
    union {
        char bytes[CMSG_SPACE(sizeof(struct timespec))];
        struct cmsghdr align;
    } control;
    struct iovec part = {p, sizeof p};
    struct msghdr msg = {.msg_iov = &part,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof control.bytes};
    if (recvmsg(fd, &msg, 0) != PACKET)
        return;
    memcpy(&then, p + 12, sizeof then);
    now = arrival_ns(&msg);
    histogram_add(&g->latency, now > then ? now - then : 0);
}

/* All that has arrived. False: nothing had. */
static bool packets_receive(struct generator *g)
{
    struct epoll_event events[64];
    bool any = false;
    for (int n; (n = epoll_wait(g->epoll, events, 64, 0)) > 0; any = true) {
        for (int i = 0; i < n; i++)
            packet_receive(g, events[i].data.fd);
    }
    return any;
}

static void *receiver_run(void *arg)
{
    struct generator *g = arg;
    for (int quiet_ms = 0; quiet_ms < GRACE_MS || !atomic_load(&g->done); quiet_ms += LOOK_MS) {
        nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000}, NULL);
        if (packets_receive(g))
            quiet_ms = 0;
    }
    return NULL;
}

static void flows_make(struct generator *g, const struct stream_line *lines, size_t n)
{
    g->n_flows = 2 * n;
    g->flows = calloc(g->n_flows, sizeof *g->flows);
    g->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!g->flows || n == 0)
        errx(1, "no streams");
    bench_files(g->n_flows + 64);
    for (size_t i = 0; i < g->n_flows; i++) {
        g->flows[i] = (struct flow){.fd = bench_socket(&lines[i / 2].phone[i % 2]),
                                    .to = bench_sockaddr(&lines[i / 2].port[i % 2]),
                                    .ssrc = (uint32_t)i + 1};
        struct epoll_event event = {.events = EPOLLIN, .data.fd = g->flows[i].fd};
        int on = 1;
        if (setsockopt(g->flows[i].fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0)
            err(1, "timestamps");
        if (epoll_ctl(g->epoll, EPOLL_CTL_ADD, g->flows[i].fd, &event) != 0)
            err(1, "epoll");
    }
}

static double cpu_us(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void report(const struct generator *g, double cpu)
{
    const struct histogram *l = &g->latency;
    printf("{\"sent\":%llu,\"received\":%llu,\"lost\":%lld,"
           "\"latency_us\":{\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"max\":%.1f},"
           "\"late_us\":%.1f,\"cpu_us_per_packet\":%.2f}\n",
           (unsigned long long)g->sent, (unsigned long long)l->n, (long long)(g->sent - l->n),
           histogram_us(l, .5), histogram_us(l, .9), histogram_us(l, .99), (double)l->max_ns / 1000,
           histogram_us(&g->late, .99), cpu / (double)g->sent);
}

int main(int argc, char **argv)
{
    static struct generator g = {.rate = 5000, .seconds = 2};
    int option;
    pthread_t receiver;
    while ((option = getopt(argc, argv, "r:s:")) != -1) {
        if (option == 'r')
            g.rate = strtoul(optarg, NULL, 10);
        else if (option == 's')
            g.seconds = strtoul(optarg, NULL, 10);
        else
            errx(2, "usage: rtpgen [-r PACKETS_PER_SECOND] [-s SECONDS] < streams");
    }
    if (g.rate == 0)
        errx(2, "the rate is at least 1");
    struct stream_line *lines;
    size_t n = streams_read(stdin, &lines);
    flows_make(&g, lines, n);
    prctl(PR_SET_TIMERSLACK, 1);
    pthread_create(&receiver, NULL, receiver_run, &g);
    double before = cpu_us();
    generate(&g);
    atomic_store(&g.done, true);
    pthread_join(receiver, NULL);
    report(&g, cpu_us() - before);
    return 0;
}
