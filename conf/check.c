/* What no single key can get wrong: each function looks at one relation between keys. */
#include "conf/draft.h"
#include <stdio.h>

#define PLACE_TEXT 80

/* Where something stands, as seen from `here`: "line 7", or "FILE:7". */
static const char *place_print(const struct conf_mark *here, const struct conf_mark *there,
                               char out[PLACE_TEXT])
{
    if (there->file && here->file && strcmp(there->file, here->file) == 0)
        snprintf(out, PLACE_TEXT, "line %d", there->line);
    else
        snprintf(out, PLACE_TEXT, "%s:%d", there->file ? there->file : "?", there->line);
    return out;
}

static const struct conf_mark *mark_find(const struct conf_mark *marks, enum key_scope scope,
                                         const char *path)
{
    size_t row = 0;
    while (conf_keys[row].scope != scope || strcmp(conf_keys[row].path, path) != 0)
        row++;
    return &marks[row];
}

static const struct conf_mark *conf_mark_find(const struct draft *d, const char *path)
{
    return mark_find(d->marks, SCOPE_CONF, path);
}

static const struct conf_mark *peer_mark_find(const struct peer_draft *peer, const char *path)
{
    return mark_find(peer->marks, SCOPE_PEER, path);
}

static const char *peer_name(const struct conf_peer *peer)
{
    return peer->name ? peer->name : "?";
}

/* --- our own sockets ---------------------------------------------------------------------------
 */

struct own_socket {
    struct addr addr; /* ADDR_NONE for an interface's, whose port alone is known */
    const struct conf_mark *mark;
    const char *interface;
    const struct conf_peer *peer; /* NULL: shared, or a trunk's */
};

struct own_sockets {
    struct own_socket *v;
    size_t n;
};

static void socket_add(struct own_sockets *own, const struct addr *addr,
                       const struct conf_mark *mark, const char *interface,
                       const struct conf_peer *peer)
{
    own->v[own->n++] = (struct own_socket){*addr, mark, interface, peer};
}

static bool sockets_collect(const struct draft *d, struct own_sockets *own)
{
    const struct conf *conf = d->conf;
    *own = (struct own_sockets){0};
    own->v = arena_take(d->scratch, (conf->trunk.n_listen + 1 + conf->n_peers) * sizeof *own->v);
    if (!own->v)
        return false;
    for (size_t i = 0; i < conf->trunk.n_listen; i++) {
        const struct conf_listen *listen = &conf->trunk.listen[i];
        socket_add(own, &listen->addr, &listen->mark, listen->interface, NULL);
    }
    if (addr_is_set(&conf->exchange.local))
        socket_add(own, &conf->exchange.local, &conf->exchange.local_mark, NULL, NULL);
    for (size_t i = 0; i < conf->n_peers; i++) {
        const struct conf_peer *peer = &conf->peers[i];
        if (addr_is_set(&peer->local))
            socket_add(own, &peer->local, &peer->local_mark, NULL, peer);
    }
    return true;
}

static bool sockets_are_same(const struct own_socket *a, const struct own_socket *b)
{
    if (!addr_equal(&a->addr, &b->addr))
        return false;
    return !a->interface || (b->interface && strcmp(a->interface, b->interface) == 0);
}

static void repeated_sockets_check(const struct draft *d, const struct own_sockets *own)
{
    char text[ADDR_TEXT], place[PLACE_TEXT];
    for (size_t i = 1; i < own->n; i++) {
        const struct own_socket *later = &own->v[i], *earlier = own->v;
        while (earlier < later && !sockets_are_same(earlier, later))
            earlier++;
        if (earlier == later)
            continue;
        addr_print(&later->addr, text);
        conf_error_add(d->errors, later->mark, false,
                       "%s%s is already taken on %s: expected another address or port%s",
                       later->interface ? later->interface : "", text,
                       place_print(later->mark, earlier->mark, place),
                       later->peer && !earlier->peer ? ", or no local at all" : "");
    }
}

static void own_address_check(const struct draft *d, const struct own_sockets *own,
                              const struct addr *addr, const struct conf_mark *mark,
                              const char *what)
{
    char text[ADDR_TEXT], place[PLACE_TEXT];
    for (size_t i = 0; i < own->n; i++) {
        if (!addr_is_set(addr) || !addr_equal(&own->v[i].addr, addr))
            continue;
        addr_print(addr, text);
        conf_error_add(d->errors, mark, false,
                       "%s is our own socket of %s: expected where %s listens", text,
                       place_print(mark, own->v[i].mark, place), what);
        return;
    }
}

static void own_addresses_check(const struct draft *d, const struct own_sockets *own)
{
    const struct conf *conf = d->conf;
    own_address_check(d, own, &conf->exchange.address, &conf->exchange.address_mark,
                      "the exchange");
    for (size_t i = 0; i < conf->n_peers; i++)
        own_address_check(d, own, &conf->peers[i].address.addr, &conf->peers[i].address.mark,
                          "the peer");
}

/* --- ports -------------------------------------------------------------------------------------
 */

/* A wrong media.ports has its error already; the default in its place was never meant. */
static bool ports_are_known(const struct draft *d)
{
    return d->conf->media.ports_mark.line > 0 || conf_mark_find(d, "media.ports")->line == 0;
}

static void socket_ports_check(const struct draft *d, const struct own_sockets *own)
{
    const struct conf *conf = d->conf;
    for (size_t i = 0; i < own->n; i++) {
        uint16_t port = own->v[i].addr.port;
        if (ports_are_known(d) && port >= conf->media.port_low && port <= conf->media.port_high)
            conf_error_add(d->errors, own->v[i].mark, false,
                           "port %u is one of media.ports %u-%u: expected a port outside", port,
                           conf->media.port_low, conf->media.port_high);
    }
}

static void port_ranges_check(const struct draft *d, const struct own_sockets *own)
{
    const struct conf *conf = d->conf;
    const struct conf_mark *ours = &conf->media.ports_mark;
    (void)own;
    if (!ports_are_known(d) || conf->exchange.rtp_high == 0 ||
        conf->media.port_low > conf->exchange.rtp_high ||
        conf->exchange.rtp_low > conf->media.port_high)
        return;
    conf_error_add(d->errors, ours->line > 0 ? ours : conf_mark_find(d, "exchange.rtp"), false,
                   "media.ports %u-%u and exchange.rtp %u-%u overlap: expected ranges apart",
                   conf->media.port_low, conf->media.port_high, conf->exchange.rtp_low,
                   conf->exchange.rtp_high);
}

/* --- toward the exchange -----------------------------------------------------------------------
 */

static void local_reach_check(const struct draft *d, const struct addr *local,
                              const struct conf_mark *mark)
{
    const struct addr *exchange = &d->conf->exchange.address;
    char text[ADDR_TEXT];
    if (!addr_is_set(local) || !addr_is_set(exchange))
        return;
    addr_print_ip(exchange, text);
    if (local->family != exchange->family)
        conf_error_add(d->errors, mark, false,
                       "the exchange has the address %s: expected a local of the same family",
                       text);
    else if (addr_is_loopback(local) && !addr_is_loopback(exchange))
        conf_error_add(d->errors, mark, false,
                       "the exchange at %s cannot reach a loopback address: expected a local it "
                       "can reach, or exchange.address on loopback",
                       text);
}

static void locals_check(const struct draft *d, const struct own_sockets *own)
{
    const struct conf *conf = d->conf;
    (void)own;
    local_reach_check(d, &conf->exchange.local, &conf->exchange.local_mark);
    for (size_t i = 0; i < conf->n_peers; i++)
        local_reach_check(d, &conf->peers[i].local, &conf->peers[i].local_mark);
}

static void locals_required_check(const struct draft *d, const struct own_sockets *own)
{
    (void)own;
    if (conf_mark_find(d, "exchange.local")->line > 0)
        return;
    for (const struct peer_draft *peer = d->peers; peer; peer = peer->next) {
        if (peer_mark_find(peer, "local")->line == 0)
            conf_error_add(d->errors, &peer->peer.mark, false,
                           "local is required without exchange.local: expected ip:port, as "
                           "127.0.1.7:5070");
    }
}

static void sources_check(const struct draft *d, const struct own_sockets *own)
{
    const struct conf_prefixes *sources = &d->conf->exchange.sources;
    const struct addr *exchange = &d->conf->exchange.address;
    const struct conf_mark *mark = conf_mark_find(d, "exchange.sources");
    char text[ADDR_TEXT];
    (void)own;
    for (size_t i = 0; i < sources->n; i++) {
        if (prefix_contains(&sources->v[i], exchange))
            return;
    }
    if (mark->line == 0 || sources->n == 0 || !addr_is_set(exchange))
        return;
    addr_print_ip(exchange, text);
    conf_error_add(d->errors, mark, true,
                   "exchange.address %s is not among exchange.sources: what it sends is dropped",
                   text);
}

/* An exchange that knows trunks by their address sees one where several peers share a socket. Those
 * that know them by account do not mind, so this is no error. */
static void shared_socket_check(const struct draft *d, const struct own_sockets *own)
{
    const struct conf *conf = d->conf;
    const struct conf_peer *shared[2] = {NULL, NULL};
    size_t n = 0;
    (void)own;
    for (size_t i = 0; i < conf->n_peers; i++) {
        if (!addr_is_set(&conf->peers[i].local)) {
            if (n < 2)
                shared[n] = &conf->peers[i];
            n++;
        }
    }
    if (n < 2 || !addr_is_set(&conf->exchange.local))
        return;
    conf_error_add(d->errors, &conf->exchange.local_mark, true,
                   "%zu peers share this socket (%.40s, %.40s%s): an exchange that knows trunks by "
                   "IP address cannot tell them apart; a local of its own for each does",
                   n, peer_name(shared[0]), peer_name(shared[1]), n > 2 ? "..." : "");
}

/* --- toward the peers --------------------------------------------------------------------------
 */

static bool listens_on_interface(const struct conf *conf)
{
    for (size_t i = 0; i < conf->trunk.n_listen; i++) {
        if (conf->trunk.listen[i].interface)
            return true;
    }
    return false;
}

static bool listens_in_family(const struct conf *conf, uint8_t family)
{
    for (size_t i = 0; i < conf->trunk.n_listen; i++) {
        if (conf->trunk.listen[i].addr.family == family)
            return true;
    }
    return false;
}

static bool listens_at(const struct conf *conf, const struct addr *addr)
{
    for (size_t i = 0; i < conf->trunk.n_listen; i++) {
        if (addr_equal(&conf->trunk.listen[i].addr, addr))
            return true;
    }
    return false;
}

static void bind_check(const struct draft *d, const struct conf_peer *peer)
{
    char text[ADDR_TEXT];
    addr_print(&peer->bind, text);
    if (addr_is_set(&peer->address.addr) && peer->address.addr.family != peer->bind.family)
        conf_error_add(d->errors, &peer->bind_mark, false,
                       "bind %s: expected an address of the peer's family", text);
    else if (d->conf->trunk.n_listen > 0 && !listens_on_interface(d->conf) &&
             !listens_at(d->conf, &peer->bind))
        conf_error_add(d->errors, &peer->bind_mark, false, "bind %s: expected one of trunk.listen",
                       text);
}

static void binds_check(const struct draft *d, const struct own_sockets *own)
{
    const struct conf *conf = d->conf;
    (void)own;
    for (size_t i = 0; i < conf->n_peers; i++) {
        const struct conf_peer *peer = &conf->peers[i];
        const struct addr *address = &peer->address.addr;
        if (addr_is_set(&peer->bind))
            bind_check(d, peer);
        else if (addr_is_set(address) && conf->trunk.n_listen > 0 && !listens_on_interface(conf) &&
                 !listens_in_family(conf, address->family))
            conf_error_add(d->errors, &peer->address.mark, false,
                           "no trunk.listen is of this IPv%d address's family: expected one",
                           address->family);
    }
}

static void advertises_check(const struct draft *d, const struct own_sockets *own)
{
    char text[ADDR_TEXT];
    (void)own;
    for (const struct peer_draft *peer = d->peers; peer; peer = peer->next) {
        const struct addr *advertise = &peer->peer.advertise;
        const struct addr *address = &peer->peer.address.addr;
        if (!addr_is_set(advertise) || !addr_is_set(address) ||
            advertise->family == address->family)
            continue;
        addr_print_ip(advertise, text);
        conf_error_add(d->errors, peer_mark_find(peer, "advertise"), false,
                       "advertise %s: expected an address of the peer's family", text);
    }
}

static void names_check(const struct draft *d, const struct own_sockets *own)
{
    char place[PLACE_TEXT];
    (void)own;
    for (const struct peer_draft *later = d->peers; later; later = later->next) {
        const struct conf_mark *mark = peer_mark_find(later, "name");
        for (const struct peer_draft *earlier = d->peers; earlier != later;
             earlier = earlier->next) {
            if (!later->peer.name || !earlier->peer.name ||
                strcmp(later->peer.name, earlier->peer.name) != 0)
                continue;
            conf_error_add(
                d->errors, mark, false, "the name \"%s\" is already taken on %s: expected another",
                later->peer.name, place_print(mark, peer_mark_find(earlier, "name"), place));
            break;
        }
    }
}

static bool hosts_are_same(const struct conf_host *a, const struct conf_host *b)
{
    if (!a->name || !b->name || !addr_equal(&a->addr, &b->addr))
        return false;
    return addr_is_set(&a->addr) || span_is_nocase(span_str(a->name), span_str(b->name));
}

/* On two trunk sockets even one address can be two peers: the socket tells. */
static bool peers_are_same(const struct conf_peer *a, const struct conf_peer *b)
{
    bool apart = addr_is_set(&a->bind) && addr_is_set(&b->bind) && !addr_equal(&a->bind, &b->bind);
    return !apart && hosts_are_same(&a->address, &b->address);
}

static void addresses_check(const struct draft *d, const struct own_sockets *own)
{
    const struct conf *conf = d->conf;
    char place[PLACE_TEXT];
    (void)own;
    for (size_t i = 0; i < conf->n_peers; i++) {
        const struct conf_host *address = &conf->peers[i].address;
        size_t k = 0;
        while (k < i && !peers_are_same(&conf->peers[k], &conf->peers[i]))
            k++;
        if (k < i)
            conf_error_add(d->errors, &address->mark, false,
                           "the address of peer \"%s\" on %s: expected another address or port",
                           peer_name(&conf->peers[k]),
                           place_print(&address->mark, &conf->peers[k].address.mark, place));
        if (addr_is_set(&address->addr) && addr_equal(&address->addr, &conf->exchange.address))
            conf_error_add(d->errors, &address->mark, false,
                           "this is exchange.address: expected where the peer listens");
    }
}

static void peers_present_check(const struct draft *d, const struct own_sockets *own)
{
    (void)own;
    if (d->n_peers == 0 && d->errors->errors == 0)
        conf_error_add(d->errors, &d->root, true, "no peers: nobody can be called");
}

static void (*const checks[])(const struct draft *d, const struct own_sockets *own) = {
    repeated_sockets_check, own_addresses_check, socket_ports_check,
    port_ranges_check,      locals_check,        locals_required_check,
    sources_check,          shared_socket_check, binds_check,
    advertises_check,       names_check,         addresses_check,
    peers_present_check,
};

void draft_check(const struct draft *d)
{
    struct own_sockets own;
    if (!sockets_collect(d, &own))
        return;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
        checks[i](d, &own);
}
