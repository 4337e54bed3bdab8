#include "proxy/net/preflight.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define OTHER_FILES 256 /* log, store, control connections, name look-ups */

/* ---------------------------------------------------------------- peers */

static bool is_trunk(const struct core_socket *s)
{
    return s->side == SIDE_PEER;
}

/* The trunk socket a peer is reached from: `bind`, else the first of its family. */
static const struct core_socket *trunk_of(const struct plan *plan, const struct conf_peer *peer)
{
    for (size_t i = 0; i < plan->n_sockets; i++) {
        const struct core_socket *s = &plan->sockets[i];
        bool named = addr_is_set(&peer->bind);
        if (is_trunk(s) && (named ? addr_equal(&s->addr, &peer->bind)
                                  : s->addr.family == peer->address.addr.family))
            return s;
    }
    return NULL;
}

static bool own_socket(const struct plan *plan, const struct addr *a)
{
    for (size_t i = 0; i < plan->n_sockets; i++) {
        if (addr_equal(&plan->sockets[i].addr, a))
            return true;
    }
    return false;
}

static bool peer_check(const struct plan *plan, size_t index, struct conf_errors *errors)
{
    const struct conf_peer *peer = &plan->conf->peers[index];
    const struct addr *to = &peer->address.addr;
    struct plan_peer *found = &plan->peers[index];
    char at[ADDR_TEXT], from[ADDR_TEXT];
    const struct core_socket *trunk = trunk_of(plan, peer);
    if (!trunk && addr_is_set(&peer->bind)) {
        addr_print(&peer->bind, at);
        conf_error_add(errors, &peer->bind_mark, false, "bind: %s is no socket of trunk.listen",
                       at);
        return false;
    }
    if (trunk)
        found->from = trunk->addr;
    if (!addr_is_set(to)) /* a name: asked again when it is known */
        return true;
    addr_print(to, at);
    if (own_socket(plan, to)) {
        conf_error_add(errors, &peer->address.mark, false, "%s is our own socket", at);
        return false;
    }
    if (!trunk) {
        conf_error_add(errors, &peer->address.mark, false,
                       "trunk.listen has no socket of the family of %s", at);
        return false;
    }
    struct addr source = addr_with_port(trunk->addr, 0);
    int error = route_find(to, &source, &found->found);
    if (error != 0) {
        addr_print_ip(&source, from);
        conf_error_add(errors, &peer->address.mark, true, "no route to %s from %s: %s", at, from,
                       strerror(error));
        return true;
    }
    /* Whatever the kernel prefers, what leaves a bound socket carries the socket's address. */
    plan->routes[index].source = source;
    return true;
}

/* ---------------------------------------------------------------- ports and files */

struct range {
    uint64_t low, high;
};

/* "a", "a-b" or "a\tb". */
static bool range_read(struct span s, struct range *out)
{
    size_t middle = 0;
    s = span_trim(s);
    while (middle < s.n && s.p[middle] >= '0' && s.p[middle] <= '9')
        middle++;
    struct span rest = span_from(s, middle);
    if (!span_number(span_of(s.p, middle), UINT16_MAX, &out->low))
        return false;
    out->high = out->low;
    if (rest.n > 0 && *rest.p == '-')
        rest = span_from(rest, 1);
    rest = span_trim(rest);
    return rest.n == 0 || span_number(rest, UINT16_MAX, &out->high);
}

static bool reserved_has(struct span reserved, uint64_t port)
{
    while (reserved.n > 0) {
        const char *comma = memchr(reserved.p, ',', reserved.n);
        struct span one = span_of(reserved.p, comma ? (size_t)(comma - reserved.p) : reserved.n);
        struct range r;
        if (range_read(one, &r) && port >= r.low && port <= r.high)
            return true;
        reserved = span_from(reserved, one.n + 1);
    }
    return false;
}

bool preflight_ports_cross(struct span range, struct span reserved, uint16_t low, uint16_t high)
{
    struct range given;
    if (!range_read(range, &given))
        return false;
    uint64_t first = given.low > low ? given.low : low;
    uint64_t last = given.high < high ? given.high : high;
    for (uint64_t port = first; port <= last; port++) {
        if (!reserved_has(reserved, port))
            return true;
    }
    return false;
}

static struct span proc_read(const char *name, char *room, size_t n)
{
    char path[80];
    (void)snprintf(path, sizeof path, "/proc/sys/net/ipv4/%s", name);
    FILE *f = fopen(path, "re");
    if (!f)
        return span_of(room, 0);
    size_t got = fread(room, 1, n, f);
    fclose(f);
    return span_of(room, got);
}

static void ports_check(const struct conf *conf, struct conf_errors *errors)
{
    char range[64], reserved[4096];
    struct span given = proc_read("ip_local_port_range", range, sizeof range);
    struct span kept = proc_read("ip_local_reserved_ports", reserved, sizeof reserved);
    if (!preflight_ports_cross(given, kept, conf->media.port_low, conf->media.port_high))
        return;
    conf_error_add(errors, &conf->media.ports_mark, true,
                   "media.ports crosses ip_local_port_range, so other programs may take some of "
                   "them: sysctl net.ipv4.ip_local_reserved_ports=%u-%u keeps them free",
                   conf->media.port_low, conf->media.port_high);
}

/* Every pair of the range may be bound one day, and a stream may hold a second, connected socket
 * beside each. It is worth a warning where not even all calls at once would fit. */
static void files_check(const struct plan *plan, struct conf_errors *errors)
{
    const struct conf *conf = plan->conf;
    rlim_t ports = plan->n_pools * ((rlim_t)(conf->media.port_high - conf->media.port_low) + 1);
    rlim_t busy = core_streams(conf) * 4;
    rlim_t needed = 2 * ports + plan->n_sockets + OTHER_FILES;
    rlim_t least = (busy < ports ? busy : ports) + plan->n_sockets + OTHER_FILES;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed)
        return;
    struct rlimit more = {needed, needed > limit.rlim_max ? needed : limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &more) == 0) /* beyond the hard limit with a capability only */
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < least)
        conf_error_add(errors, &conf->media.ports_mark, true,
                       "limits.calls at once need %llu open files, the system's limit is %llu",
                       (unsigned long long)least, (unsigned long long)limit.rlim_cur);
}

bool preflight_check(struct plan *plan, struct conf_errors *errors)
{
    bool good = true;
    ports_check(plan->conf, errors);
    files_check(plan, errors);
    if (plan->n_sockets == 0) /* an interface is not there: what follows would only repeat it */
        return true;
    for (size_t i = 0; i < plan->conf->n_peers; i++) {
        if (!peer_check(plan, i, errors))
            good = false;
    }
    return good;
}
