#include "proxy/net/plan.h"
#include "proxy/net/holder.h"
#include "proxy/net/preflight.h"
#include "proxy/net/udp.h"
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

const char plan_ways_out[] =
    "A SIP port can have one owner. Three ways out:\n"
    "  1. give the exchange another SIP port (MikoPBX: General settings, SIP port; phones follow)\n"
    "     and leave this one to tailtrunk\n"
    "  2. give tailtrunk another port (listen: tailscale0:5064), tell each peer the usual one\n"
    "     (advertise: OUR-ADDRESS-THERE:5060), and redirect what arrives on the overlay's "
    "interface:\n"
    "     nft 'add table ip tailtrunk; add chain ip tailtrunk pre { type nat hook prerouting "
    "priority dstnat; }; add rule ip tailtrunk pre iifname tailscale0 udp dport 5060 redirect to "
    ":5064'\n"
    "  3. run tailtrunk in its own container or network namespace, with its own overlay address\n";

struct wanted {
    uint8_t side;
    struct addr addr;
    const struct conf_mark *mark;
};

struct maker {
    const struct plan_known *known;
    struct conf_errors *errors;
    struct plan *plan;
    struct wanted *wanted;
    size_t n, most;
    bool absent; /* an interface is not there */
    bool wrong, taken;
    bool used[CORE_MAX_SOCKETS];
};

/* ---------------------------------------------------------------- which sockets */

static void want(struct maker *m, uint8_t side, struct addr addr, const struct conf_mark *mark)
{
    char text[ADDR_TEXT];
    for (size_t i = 0; i < m->n; i++) {
        if (!addr_equal(&m->wanted[i].addr, &addr))
            continue;
        addr_print(&addr, text);
        conf_error_add(m->errors, mark, false, "%s is named twice: one socket has one purpose",
                       text);
        m->wrong = true;
        return;
    }
    if (m->n == m->most) {
        conf_error_add(m->errors, mark, false, "more than %d sockets", CORE_MAX_SOCKETS);
        m->wrong = true;
        return;
    }
    m->wanted[m->n++] = (struct wanted){side, addr, mark};
}

static void want_listen(struct maker *m, const struct conf_listen *listen)
{
    struct addr found[2];
    if (!listen->interface) {
        want(m, SIDE_PEER, listen->addr, &listen->mark);
        return;
    }
    size_t n = interface_addrs(listen->interface, found);
    if (n == 0) {
        conf_error_add(m->errors, &listen->mark, !m->known->running,
                       "interface %s is not there or has no address", listen->interface);
        *(m->known->running ? &m->wrong : &m->absent) = true;
    }
    for (size_t i = 0; i < n; i++)
        want(m, SIDE_PEER, addr_with_port(found[i], listen->addr.port), &listen->mark);
}

static void want_all(struct maker *m, const struct conf *conf)
{
    if (addr_is_set(&conf->exchange.local))
        want(m, SIDE_EXCHANGE, conf->exchange.local, &conf->exchange.local_mark);
    for (size_t i = 0; i < conf->n_peers; i++) {
        const struct conf_peer *peer = &conf->peers[i];
        if (addr_is_set(&peer->local))
            want(m, SIDE_EXCHANGE, peer->local, &peer->local_mark);
    }
    for (size_t i = 0; i < conf->trunk.n_listen; i++)
        want_listen(m, &conf->trunk.listen[i]);
}

/* ---------------------------------------------------------------- sockets */

static const struct core_socket *known_socket(const struct plan_known *known,
                                              const struct wanted *w)
{
    for (size_t i = 0; i < known->n_sockets; i++) {
        if (known->sockets[i].side == w->side && addr_equal(&known->sockets[i].addr, &w->addr))
            return &known->sockets[i];
    }
    return NULL;
}

static uint16_t id_take(struct maker *m)
{
    uint16_t id = 0;
    while (id < CORE_MAX_SOCKETS - 1 && m->used[id])
        id++;
    m->used[id] = true;
    return id;
}

static void open_failed(struct maker *m, const struct wanted *w, int error, int *fd)
{
    char at[ADDR_TEXT], who[128];
    struct holder holder;
    addr_print(&w->addr, at);
    if (error == EADDRINUSE) {
        holder_find(&w->addr, &holder);
        if (m->known->ours != 0 && holder.pid == m->known->ours) {
            *fd = -1;
            return;
        }
        conf_error_add(m->errors, w->mark, false, "%s is taken: %s holds it%s", at,
                       holder_print(&holder, who, sizeof who),
                       strcmp(holder.name, "tailtrunk") == 0
                           ? ": is it running already? tailtrunkctl status"
                           : "");
        m->taken = true;
        return;
    }
    if (error == EADDRNOTAVAIL)
        conf_error_add(m->errors, w->mark, false,
                       "%s: this address is on no interface of this host", at);
    else
        conf_error_add(m->errors, w->mark, false, "%s cannot be opened: %s", at, strerror(error));
    m->wrong = true;
}

static void sockets_open(struct maker *m)
{
    struct plan *plan = m->plan;
    for (size_t i = 0; i < m->known->n_sockets; i++)
        m->used[m->known->sockets[i].id] = true;
    for (size_t i = 0; i < m->n; i++) {
        const struct wanted *w = &m->wanted[i];
        const struct core_socket *open = known_socket(m->known, w);
        int fd = -1;
        int error = open ? 0 : udp_open(&w->addr, &fd);
        if (error != 0)
            open_failed(m, w, error, &fd);
        plan->fds[i] = fd;
        plan->sockets[i] =
            open ? *open : (struct core_socket){.id = id_take(m), .side = w->side, .addr = w->addr};
        plan->n_sockets++;
    }
}

/* ---------------------------------------------------------------- pools */

static bool pool_listed(const struct core_pool *pools, size_t n, const struct addr *ip,
                        struct core_pool *out)
{
    for (size_t i = 0; i < n; i++) {
        if (addr_same_ip(&pools[i].addr, ip)) {
            *out = pools[i];
            return true;
        }
    }
    return false;
}

/* One pool per local IP, whichever side uses it. Ids of former pools are never given to another
 * address: a call may still stand on them. */
static void pools_choose(struct maker *m)
{
    struct plan *plan = m->plan;
    uint16_t next = 0;
    for (size_t i = 0; i < m->known->n_pools; i++) {
        if (m->known->pools[i].id >= next)
            next = (uint16_t)(m->known->pools[i].id + 1);
    }
    for (size_t i = 0; i < plan->n_sockets; i++) {
        struct core_pool pool = {.addr = addr_with_port(plan->sockets[i].addr, 0)};
        if (pool_listed(plan->pools, plan->n_pools, &pool.addr, &pool))
            continue;
        if (!pool_listed(m->known->pools, m->known->n_pools, &pool.addr, &pool)) {
            if (next == CORE_MAX_POOLS) {
                conf_error_add(m->errors, m->wanted[i].mark, false,
                               "more than %d local addresses since the start: restart once",
                               CORE_MAX_POOLS);
                m->wrong = true;
                return;
            }
            pool.id = next++;
        }
        plan->pools[plan->n_pools++] = pool;
    }
}

/* ---------------------------------------------------------------- all of it */

static int arrays_make(struct maker *m, const struct conf *conf)
{
    struct plan *plan = m->plan;
    size_t most = 1 + conf->n_peers + 2 * conf->trunk.n_listen;
    size_t peers = conf->n_peers ? conf->n_peers : 1;
    m->most = most < CORE_MAX_SOCKETS ? most : CORE_MAX_SOCKETS;
    m->wanted = calloc(m->most, sizeof *m->wanted);
    plan->sockets = calloc(m->most, sizeof *plan->sockets);
    plan->fds = calloc(m->most, sizeof *plan->fds);
    plan->pools = calloc(m->most, sizeof *plan->pools);
    plan->routes = calloc(peers, sizeof *plan->routes);
    plan->peers = calloc(peers, sizeof *plan->peers);
    return m->wanted && plan->sockets && plan->fds && plan->pools && plan->routes && plan->peers
               ? 0
               : ENOMEM;
}

int plan_make(struct conf *conf, const struct plan_known *known, struct conf_errors *errors,
              struct plan **out)
{
    struct maker m = {.known = known, .errors = errors};
    int error = ENOMEM;
    m.plan = calloc(1, sizeof *m.plan);
    if (!m.plan) {
        conf_release(conf);
        return ENOMEM;
    }
    m.plan->conf = conf;
    if (arrays_make(&m, conf) != 0)
        goto out;
    want_all(&m, conf);
    if (!m.wrong && !m.absent)
        sockets_open(&m);
    if (!m.wrong && !m.absent && !m.taken)
        pools_choose(&m);
    if (!m.wrong && !preflight_check(m.plan, errors))
        m.wrong = true;
    error = m.wrong ? EINVAL : m.absent ? ENODEV : m.taken ? EADDRINUSE : 0;
out:
    free(m.wanted);
    if (error != 0)
        plan_free(m.plan);
    else
        *out = m.plan;
    return error;
}

void plan_free(struct plan *plan)
{
    if (!plan)
        return;
    for (size_t i = 0; i < plan->n_sockets; i++) {
        if (plan->fds[i] >= 0)
            close(plan->fds[i]);
    }
    conf_release(plan->conf);
    free(plan->sockets);
    free(plan->fds);
    free(plan->pools);
    free(plan->routes);
    free(plan->peers);
    free(plan);
}
