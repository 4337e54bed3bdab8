/*
 * fuzz_core.c - datagrams into a whole core. Each stands behind a line "=== WHO SECONDS": WHO is x
 * or s (the exchange, at p's own socket or at the shared one), p or q (a peer); so many seconds
 * pass before. "@@" is the branch of the last request that left toward that side; line feeds alone
 * become line ends. Every call is saved and loaded in between, and at the end nothing may be left.
 */
#include "tests/fuzz/fuzz.h"
#include "proxy/core/event.h"
#include "proxy/core/info.h"
#include "proxy/core/save.h"

#define SEPARATOR "=== "
#define BRANCH "z9hG4bKtt"
#define BRANCH_SIZE 33
#define DATAGRAM 20000
#define STREAMS 8

static const char yaml[] =
    "exchange: {address: 127.0.0.1:5062, local: 127.0.0.1:5070}\n"
    "trunk: {listen: 100.64.1.1:5060}\n"
    "peers:\n"
    "  - {name: p, address: 100.64.2.2:5060, local: 127.0.1.7:5070, advertise: 100.64.1.1,\n"
    "     map: {100.64.9.0/24: 100.64.2.0/24}, codecs: [PCMU], strip_headers: [X-Thing], mtu: "
    "600}\n"
    "  - {name: q, address: 100.64.3.2:5060, advertise: 100.64.1.1, media: direct}\n"
    "media: {ports: 22000-22031, port_reuse_delay: 5s, idle_timeout: 60s, on_idle: hangup}\n"
    "limits: {calls: 4, transactions: 16, ringing: 60s, silent: 60s}\n";

static const struct who {
    char letter;
    uint16_t socket;
    const char *from;
} whos[] = {{'s', 0, "127.0.0.1:5062"},
            {'x', 1, "127.0.0.1:5062"},
            {'p', 2, "100.64.2.2:5060"},
            {'q', 2, "100.64.3.2:5060"}};

struct run {
    struct core *core;
    msec now;
    char branch[2][BRANCH_SIZE + 1]; /* by side */
};

static struct relay_figures figures[STREAMS];

static struct addr at(const char *text)
{
    struct addr a;
    FUZZ_CHECK(addr_parse(span_str(text), 0, &a) == 0);
    return a;
}

static void branch_note(struct run *run, const struct action *a)
{
    struct span s = a->send.bytes;
    const char *branch = memmem(s.p, s.n, BRANCH, strlen(BRANCH));
    bool probe = memmem(s.p, s.n, "User-Agent: tailtrunk", 21) != NULL;
    if (branch && !probe && !span_begins(s, "SIP/2.0") &&
        (size_t)(s.p + s.n - branch) >= BRANCH_SIZE)
        memcpy(run->branch[a->send.socket == 2], branch, BRANCH_SIZE);
}

/* Pairs are bound and streams closed as soon as they are to be. */
static void step(struct run *run, const struct event *event)
{
    struct event later[600];
    size_t n = 0;
    struct actions actions = core_step(run->core, run->now, event);
    for (size_t i = 0; i < actions.n; i++) {
        const struct action *a = &actions.v[i];
        FUZZ_CHECK(n < sizeof later / sizeof later[0]);
        if (a->kind == ACT_SEND) {
            branch_note(run, a);
        } else if (a->kind == ACT_BIND) {
            later[n] = (struct event){.kind = EV_BOUND};
            later[n].bound.pair = a->pair;
            later[n++].bound.ok = true;
        } else if (a->kind == ACT_RELAY && a->relay.kind == RELAY_CLOSE) {
            later[n] = (struct event){.kind = EV_RELAY};
            later[n].relay.kind = RELAY_CLOSED;
            later[n].relay.stream = a->relay.stream;
            later[n++].relay.figures = &figures[a->relay.stream];
        }
    }
    for (size_t i = 0; i < n; i++)
        step(run, &later[i]);
}

static void begin(struct run *run)
{
    struct conf_errors errors = {0};
    struct conf *conf = NULL;
    FUZZ_CHECK(conf_read("core.yaml", yaml, sizeof yaml - 1, NULL, &conf, &errors) == 0);
    const struct core_socket sockets[] = {{0, SIDE_EXCHANGE, at("127.0.0.1:5070")},
                                          {1, SIDE_EXCHANGE, at("127.0.1.7:5070")},
                                          {2, SIDE_PEER, at("100.64.1.1:5060")}};
    const struct core_pool pools[] = {
        {0, at("127.0.0.1")}, {1, at("127.0.1.7")}, {2, at("100.64.1.1")}};
    struct event e = {.kind = EV_CONFIG};
    e.config.conf = conf;
    e.config.sockets = sockets;
    e.config.n_sockets = 3;
    e.config.pools = pools;
    e.config.n_pools = 3;
    FUZZ_CHECK(core_streams(conf) == STREAMS);
    run->core = core_new(conf, 7, figures);
    FUZZ_CHECK(run->core);
    step(run, &e);
    conf_release(conf);
    conf_errors_free(&errors);
}

static void save_all(struct run *run)
{
    static char record[300000];
    struct info_call call;
    uint32_t cursor = 0;
    while (info_call_next(run->core, &cursor, run->now, &call)) {
        size_t n = call_save(run->core, call.id, record, sizeof record);
        FUZZ_CHECK(n > 0 && n <= sizeof record);
        call_drop(run->core, call.id);
        FUZZ_CHECK(call_load(run->core, record, n) == 0);
    }
}

/* The text of a message as it goes over the wire. */
static size_t wire(const struct run *run, const struct who *who, struct span text, char *out)
{
    const char *branch = run->branch[who->socket == 2];
    size_t n = 0;
    for (size_t i = 0; i < text.n && n < DATAGRAM - BRANCH_SIZE; i++) {
        if (text.p[i] == '@' && i + 1 < text.n && text.p[i + 1] == '@' && branch[0]) {
            memcpy(out + n, branch, BRANCH_SIZE);
            n += BRANCH_SIZE;
            i++;
            continue;
        }
        if (text.p[i] == '\n' && (i == 0 || text.p[i - 1] != '\r'))
            out[n++] = '\r';
        out[n++] = text.p[i];
    }
    return n;
}

static void datagram(struct run *run, const struct who *who, struct span text)
{
    static char bytes[DATAGRAM];
    size_t n = wire(run, who, text, bytes);
    char *exact = malloc(n ? n : 1); /* so that a sanitizer sees a read past its end */
    struct event e = {.kind = EV_DATAGRAM};
    FUZZ_CHECK(exact);
    memcpy(exact, bytes, n);
    e.datagram.socket = who->socket;
    e.datagram.from = at(who->from);
    e.datagram.bytes = exact;
    e.datagram.n = n < 16384 ? n : 16384;
    e.datagram.truncated = n > 16384;
    step(run, &e);
    free(exact);
    save_all(run);
}

/* Takes "=== WHO SECONDS" and what follows off the front. */
static void message(struct run *run, struct span *rest)
{
    const char *line = memchr(rest->p, '\n', rest->n);
    struct span head = span_of(rest->p, line ? (size_t)(line - rest->p) : rest->n);
    struct span text = span_from(*rest, head.n + 1);
    const char *next = memmem(text.p, text.n, "\n" SEPARATOR, strlen(SEPARATOR) + 1);
    uint64_t seconds = 0;
    if (next)
        text.n = (size_t)(next - text.p) + 1;
    *rest = next ? span_from(*rest, (size_t)(next + 1 - rest->p)) : span_of(rest->p, 0);
    if (head.n > strlen(SEPARATOR) + 2)
        (void)span_number(span_from(head, strlen(SEPARATOR) + 2), 100, &seconds);
    run->now += seconds * 1000;
    for (size_t i = 0; i < sizeof whos / sizeof whos[0]; i++) {
        if (head.n > strlen(SEPARATOR) && head.p[strlen(SEPARATOR)] == whos[i].letter)
            datagram(run, &whos[i], text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct run run = {.now = 1000};
    struct span rest = span_of((const char *)data, size);
    struct info_status status;
    begin(&run);
    while (rest.n > 0)
        message(&run, &rest);
    for (int i = 0; i < 20; i++) {
        run.now += 30000;
        step(&run, &(struct event){.kind = EV_TIME});
    }
    info_status(run.core, &status);
    FUZZ_CHECK(status.calls_active == 0 && status.pairs_in_use == 0);
    core_free(run.core);
    return 0;
}
