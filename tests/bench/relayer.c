/*
 * relayer - the media workers alone, without SIP, set up like floor from the same list.
 *
 *     relayer [-t WORKERS] < streams
 *
 * Prints "ready" when all streams are ordered and runs until killed.
 */
#include "tests/bench/streams.h"
#include "proxy/relay/relay.h"

#include <err.h>
#include <stdlib.h>
#include <unistd.h>

static void check(int error, const char *what)
{
    if (error)
        errx(1, "%s: %s", what, strerror(error));
}

/* One pool per address, numbered in the order of appearance. */
static uint16_t pool_of(struct relay *relay, struct addr at)
{
    static struct core_pool pools[CORE_MAX_POOLS];
    static uint16_t n;
    for (uint16_t i = 0; i < n; i++) {
        if (addr_same_ip(&pools[i].addr, &at))
            return i;
    }
    if (n == CORE_MAX_POOLS)
        errx(1, "too many addresses");
    pools[n] = (struct core_pool){.id = n, .addr = addr_with_port(at, 0)};
    check(relay_pool_open(relay, &pools[n]), "pool");
    return n++;
}

static void order_give(struct relay *relay, const struct relay_order *order)
{
    check(relay_order(relay, order), "order");
}

static void stream_start(struct relay *relay, stream_no number, const struct stream_line *line)
{
    struct relay_order open = {.kind = RELAY_OPEN, .stream = number};
    for (size_t i = 0; i < 2; i++) {
        open.open.pair[i] = (struct relay_pair){pool_of(relay, line->port[i]), line->port[i].port};
        check(relay_bind(relay, open.open.pair[i]), "bind");
    }
    order_give(relay, &open);
    for (uint8_t i = 0; i < 2; i++) {
        struct prefix phone = prefix_of(&line->phone[i]);
        struct relay_order target = {.kind = RELAY_TARGET,
                                     .stream = number,
                                     .target = {.side = i,
                                                .latch = LATCH_PEER,
                                                .is_rtp = true,
                                                .rtp = line->phone[i],
                                                .sources = &phone,
                                                .n_sources = 1}};
        order_give(relay, &target);
    }
}

int main(int argc, char **argv)
{
    unsigned workers = 1;
    int option;
    while ((option = getopt(argc, argv, "t:")) != -1) {
        if (option != 't')
            errx(2, "usage: relayer [-t WORKERS] < streams");
        workers = (unsigned)strtoul(optarg, NULL, 10);
    }
    struct stream_line *lines;
    size_t n = streams_read(stdin, &lines);
    bench_files(4 * n + 64);
    struct relay *relay;
    check(relay_new(workers, n, &relay), "relay");
    for (size_t i = 0; i < n; i++)
        stream_start(relay, (stream_no)i, &lines[i]);
    relay_flush(relay);
    puts("ready");
    fflush(stdout);
    pause();
    return 0;
}
