/*
 * net.h - hosts, and the datagrams between them: weather (latency, loss, repetition, overtaking)
 * and the address translation of a tailnet.
 *
 * Two hosts that form a pair see each other under addresses that may not be the other's own. As
 * tailscaled does, only the addresses of the datagram are rewritten on its way: the source by the
 * sender, from its own address to the one the receiver knows it by; the destination by the
 * receiver, back to its own. The payload is never touched. What goes to an address that no pair has
 * leaves by eth0: it is lost, counted and remembered.
 */
#ifndef SIM_NET_H
#define SIM_NET_H

#include "sdp/addr.h"
#include "tests/sim/world.h"

#define NET_MAX_HOSTS 16
#define NET_MAX_PAIRS 32
#define NET_MAX_RULES 16
#define NET_NAME 16

struct datagram {
    struct addr from, to; /* as the receiver's socket sees them */
    const char *bytes;
    size_t n;
    bool wild; /* not from a user agent: nobody owes it an answer */
};

typedef void net_receive(void *ctx, const struct datagram *d);

/* A socket, or a range of ports on one address with one receiver. */
struct net_binding {
    char name[NET_NAME]; /* "x", "core": what rules and traces call it */
    int host;
    struct addr ip;
    uint16_t low, high;
    net_receive *receive;
    void *ctx;
};

struct net_host {
    char name[NET_NAME];
    struct addr native;
    uint64_t left_by_eth0; /* datagrams to addresses nobody has */
    struct addr astray;    /* the last such destination */
};

struct net_pair {
    int a, b;
    struct addr a_seen, b_seen; /* a as b knows it, b as a knows it */
};

struct net_weather {
    unsigned latency_ms, jitter_ms;  /* each datagram: latency + 0 .. jitter */
    unsigned loss, repeat, overtake; /* per million; overtaken ones wait 20..120 ms more */
    unsigned local_loss;             /* the same between programs of one host */
};

enum net_fate { NET_LOSE, NET_DELAY, NET_REPEAT };

/* What happens to particular datagrams: `what` is "*", a method ("ACK"), a status ("200"), or a
 * status and the method of its CSeq ("200/BYE"). */
struct net_rule {
    char what[32], from[NET_NAME], to[NET_NAME]; /* names of bindings, or IPs; "" = any */
    enum net_fate fate;
    unsigned count; /* how many more */
    unsigned delay_ms;
};

struct net_binding_table {
    struct net_binding *v;
    size_t n, cap;
};

struct net {
    struct world *world;
    struct net_host hosts[NET_MAX_HOSTS];
    int n_hosts;
    struct net_pair pairs[NET_MAX_PAIRS];
    int n_pairs;
    struct net_binding_table bindings;
    struct net_weather weather;
    struct net_rule rules[NET_MAX_RULES];
    int n_rules;
    uint64_t sent, delivered, lost, unheard; /* unheard: nobody listens there */
    struct net_packet *spare[2];             /* free ones, by size */
};

void net_init(struct net *net, struct world *world);
void net_free(struct net *net);

int net_host(struct net *net, const char *name, struct addr native);
/* How two hosts know each other from now on. */
void net_pair(struct net *net, int a, int b, struct addr a_seen, struct addr b_seen);

/* 0, or EADDRINUSE when a port of the range is taken on that address. */
int net_bind(struct net *net, const char *name, int host, struct addr ip, uint16_t low,
             uint16_t high, net_receive *receive, void *ctx);
void net_unbind(struct net *net, int host, struct addr ip, uint16_t low);
struct net_binding *net_binding_at(struct net *net, int host, const struct addr *at);

/* From a socket of `host` bound to `from`. The bytes are copied. */
void net_send(struct net *net, int host, const struct datagram *d);

void net_rule_add(struct net *net, const struct net_rule *rule);

#endif
