#include "tests/sim/net.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A datagram on its way. Two sizes cover RTP and SIP; longer ones are rare and get their own. */
struct net_packet {
    struct net_packet *next;
    struct net *net;
    int host;      /* where it arrives */
    unsigned size; /* index into room[], or SIZE_OWN */
    struct datagram d;
    char bytes[];
};
#define SIZE_OWN 2
static const size_t room[SIZE_OWN] = {64, 2048};

void net_init(struct net *net, struct world *world)
{
    memset(net, 0, sizeof *net);
    net->world = world;
    net->weather.latency_ms = 1;
}

static void arrive(struct world *w, void *ctx, uint64_t arg);

void net_free(struct net *net)
{
    for (unsigned i = 0; i < SIZE_OWN; i++) {
        while (net->spare[i]) {
            struct net_packet *p = net->spare[i];
            net->spare[i] = p->next;
            free(p);
        }
    }
    /* What is still on its way belongs to the queue of a world that ends with us. */
    for (size_t i = 0; i < net->world->n; i++) {
        if (net->world->heap[i].fn == arrive)
            free(net->world->heap[i].ctx);
    }
    free(net->bindings.v);
    memset(net, 0, sizeof *net);
}

int net_host(struct net *net, const char *name, struct addr native)
{
    if (net->n_hosts == NET_MAX_HOSTS)
        abort();
    struct net_host *h = &net->hosts[net->n_hosts];
    snprintf(h->name, sizeof h->name, "%s", name);
    h->native = native;
    return net->n_hosts++;
}

void net_pair(struct net *net, int a, int b, struct addr a_seen, struct addr b_seen)
{
    int i = 0;
    while (i < net->n_pairs && (net->pairs[i].a != a || net->pairs[i].b != b))
        i++;
    if (i == NET_MAX_PAIRS)
        abort();
    net->n_pairs += i == net->n_pairs;
    net->pairs[i] = (struct net_pair){a, b, a_seen, b_seen};
}

struct net_binding *net_binding_at(struct net *net, int host, const struct addr *at)
{
    for (size_t i = 0; i < net->bindings.n; i++) {
        struct net_binding *b = &net->bindings.v[i];
        if (b->host == host && at->port >= b->low && at->port <= b->high &&
            addr_same_ip(&b->ip, at))
            return b;
    }
    return NULL;
}

static bool port_taken(struct net *net, int host, struct addr ip, uint16_t low, uint16_t high)
{
    for (size_t i = 0; i < net->bindings.n; i++) {
        const struct net_binding *b = &net->bindings.v[i];
        if (b->host == host && addr_same_ip(&b->ip, &ip) && low <= b->high && high >= b->low)
            return true;
    }
    return false;
}

int net_bind(struct net *net, const char *name, int host, struct addr ip, uint16_t low,
             uint16_t high, net_receive *receive, void *ctx)
{
    struct net_binding_table *t = &net->bindings;
    if (port_taken(net, host, ip, low, high))
        return EADDRINUSE;
    if (t->n == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 32;
        t->v = realloc(t->v, t->cap * sizeof *t->v);
        if (!t->v)
            abort();
    }
    struct net_binding *b = &t->v[t->n++];
    *b = (struct net_binding){.host = host, .ip = ip, .low = low, .high = high};
    snprintf(b->name, sizeof b->name, "%s", name);
    b->receive = receive;
    b->ctx = ctx;
    return 0;
}

void net_unbind(struct net *net, int host, struct addr ip, uint16_t low)
{
    ip.port = low;
    struct net_binding *b = net_binding_at(net, host, &ip);
    if (b)
        *b = net->bindings.v[--net->bindings.n];
}

/* Where a datagram from `host` arrives, and with which addresses; -1: at no host of ours. */
static int translate(struct net *net, int host, struct addr *from, struct addr *to)
{
    const struct net_host *h = &net->hosts[host];
    if (addr_is_loopback(to) || addr_same_ip(to, &h->native))
        return host;
    if (addr_is_loopback(from)) /* the kernel takes the address of the way out */
        *from = addr_with_port(h->native, from->port);
    for (int i = 0; i < net->n_pairs; i++) {
        const struct net_pair *p = &net->pairs[i];
        bool from_a = p->a == host;
        if (!from_a && p->b != host)
            continue;
        if (!addr_same_ip(to, from_a ? &p->b_seen : &p->a_seen))
            continue;
        int there = from_a ? p->b : p->a;
        if (addr_same_ip(from, &h->native))
            *from = addr_with_port(from_a ? p->a_seen : p->b_seen, from->port);
        *to = addr_with_port(net->hosts[there].native, to->port);
        return there;
    }
    return -1;
}

static struct net_packet *packet_new(struct net *net, size_t n)
{
    unsigned size = n <= room[0] ? 0 : n <= room[1] ? 1 : SIZE_OWN;
    struct net_packet *p = size < SIZE_OWN ? net->spare[size] : NULL;
    if (p) {
        net->spare[size] = p->next;
    } else {
        p = malloc(sizeof *p + (size < SIZE_OWN ? room[size] : n));
        if (!p)
            abort();
    }
    p->net = net;
    p->size = size;
    return p;
}

static void packet_free(struct net_packet *p)
{
    if (p->size == SIZE_OWN) {
        free(p);
        return;
    }
    p->next = p->net->spare[p->size];
    p->net->spare[p->size] = p;
}

static void trace_datagram(struct net *net, const char *how, int host, const struct datagram *d)
{
    char from[ADDR_TEXT], to[ADDR_TEXT];
    addr_print(&d->from, from);
    addr_print(&d->to, to);
    bool text = d->n > 12 && d->bytes[0] >= 'A' && d->bytes[0] <= 'Z';
    printf("%10.3f %-5s %s %s -> %s (%zu)\n", (double)net->world->now / 1000, how,
           host >= 0 ? net->hosts[host].name : "-", from, to, d->n);
    if (text)
        printf("%.*s\n", (int)d->n, d->bytes);
}

static void arrive(struct world *w, void *ctx, uint64_t arg)
{
    struct net_packet *p = ctx;
    struct net *net = p->net;
    (void)arg;
    const struct net_binding *b = net_binding_at(net, p->host, &p->d.to);
    if (w->trace)
        trace_datagram(net, b ? b->name : "-", p->host, &p->d);
    if (b) {
        net->delivered++;
        b->receive(b->ctx, &p->d);
    } else {
        net->unheard++;
    }
    packet_free(p);
}

static void put_on_wire(struct net *net, int host, const struct datagram *d, unsigned delay_ms)
{
    struct net_packet *p = packet_new(net, d->n);
    p->host = host;
    p->d = *d;
    p->d.bytes = p->bytes;
    if (d->n)
        memcpy(p->bytes, d->bytes, d->n);
    world_in(net->world, delay_ms, arrive, p, 0);
}

static struct span first_words(const struct datagram *d, struct span *second)
{
    struct span line = {d->bytes, 0};
    while (line.n < d->n && line.p[line.n] != '\r' && line.p[line.n] != '\n')
        line.n++;
    size_t one = 0;
    while (one < line.n && line.p[one] != ' ')
        one++;
    size_t two = one + 1;
    while (two < line.n && line.p[two] != ' ')
        two++;
    *second = one < line.n ? span_of(line.p + one + 1, two - one - 1) : span_of(line.p, 0);
    return span_of(line.p, one);
}

static bool cseq_method_is(const struct datagram *d, const char *method)
{
    const char *line = d->n > 8 ? memmem(d->bytes, d->n, "\r\nCSeq:", 7) : NULL;
    if (!line)
        return false;
    const char *end = memchr(line + 2, '\r', (size_t)(d->bytes + d->n - line - 2));
    size_t n = strlen(method);
    return end && (size_t)(end - line) > n && memcmp(end - n, method, n) == 0 &&
           end[-(long)n - 1] == ' ';
}

static bool rule_matches(const struct net_rule *r, const struct datagram *d)
{
    if (strcmp(r->what, "*") == 0)
        return true;
    struct span second, first = first_words(d, &second);
    const char *slash = strchr(r->what, '/');
    struct span word = span_of(r->what, slash ? (size_t)(slash - r->what) : strlen(r->what));
    if (r->what[0] >= '0' && r->what[0] <= '9')
        return span_is(first, span_str("SIP/2.0")) && span_is(second, word) &&
               (!slash || cseq_method_is(d, slash + 1));
    return span_is(first, word);
}

static bool party_is(const char *wanted, const char *name, const struct addr *at)
{
    char ip[ADDR_TEXT];
    addr_print_ip(at, ip);
    return !wanted[0] || strcmp(wanted, name) == 0 || strcmp(wanted, ip) == 0;
}

/* The rule for this datagram, used up by one; NULL: the weather decides. */
static struct net_rule *rule_take(struct net *net, const char *from, const char *to,
                                  const struct datagram *d)
{
    for (int i = 0; i < net->n_rules; i++) {
        struct net_rule *r = &net->rules[i];
        if (r->count == 0 || !party_is(r->from, from, &d->from) || !party_is(r->to, to, &d->to) ||
            !rule_matches(r, d))
            continue;
        r->count--;
        return r;
    }
    return NULL;
}

static const char *name_at(struct net *net, int host, const struct addr *at)
{
    const struct net_binding *b = net_binding_at(net, host, at);
    return b ? b->name : "-";
}

static void send_by_weather(struct net *net, int from, int to, const struct datagram *d)
{
    const struct net_weather *we = &net->weather;
    struct world *w = net->world;
    if (world_chance(w, from == to ? we->local_loss : we->loss)) {
        net->lost++;
        if (w->trace)
            trace_datagram(net, "LOST", to, d);
        return;
    }
    unsigned delay =
        we->latency_ms + (we->jitter_ms ? (unsigned)world_below(w, we->jitter_ms + 1) : 0);
    if (world_chance(w, we->overtake))
        delay += 20 + (unsigned)world_below(w, 100);
    put_on_wire(net, to, d, delay);
    if (world_chance(w, we->repeat))
        put_on_wire(net, to, d, delay + (unsigned)world_below(w, 30));
}

static void send_by_rule(struct net *net, const struct net_rule *r, int to,
                         const struct datagram *d)
{
    switch (r->fate) {
    case NET_LOSE:
        net->lost++;
        if (net->world->trace)
            trace_datagram(net, "LOSE", to, d);
        break;
    case NET_DELAY:
        put_on_wire(net, to, d, net->weather.latency_ms + r->delay_ms);
        break;
    case NET_REPEAT:
        put_on_wire(net, to, d, net->weather.latency_ms);
        put_on_wire(net, to, d, net->weather.latency_ms + r->delay_ms);
        break;
    }
}

void net_send(struct net *net, int host, const struct datagram *sent)
{
    struct datagram d = *sent;
    net->sent++;
    const char *sender = net->n_rules ? name_at(net, host, &d.from) : "";
    int to = translate(net, host, &d.from, &d.to);
    if (to < 0) {
        net->hosts[host].left_by_eth0++;
        net->hosts[host].astray = d.to;
        if (net->world->trace)
            trace_datagram(net, "ETH0", host, &d);
        return;
    }
    struct net_rule *rule =
        net->n_rules ? rule_take(net, sender, name_at(net, to, &d.to), &d) : NULL;
    if (rule)
        send_by_rule(net, rule, to, &d);
    else
        send_by_weather(net, host, to, &d);
}

void net_rule_add(struct net *net, const struct net_rule *rule)
{
    for (int i = 0; i < net->n_rules; i++) {
        if (net->rules[i].count == 0) {
            net->rules[i] = *rule;
            return;
        }
    }
    if (net->n_rules == NET_MAX_RULES)
        abort();
    net->rules[net->n_rules++] = *rule;
}
