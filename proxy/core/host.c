#include "proxy/core/host.h"
#include "proxy/core/base.h"
#include "proxy/core/name.h"
#include <stdlib.h>

static bool host_is(const struct call *call, const struct media_host *known,
                    const struct sdp_host *host)
{
    if (addr_is_set(&host->addr))
        return addr_same_ip(&known->addr, &host->addr);
    return !addr_is_set(&known->addr) &&
           span_is_nocase(text_get(&call->text, known->name), host->host);
}

struct media_host *host_find(struct call *call, enum side side, const struct sdp_host *host)
{
    for (uint8_t i = 0; i < call->n_hosts[side]; i++) {
        if (host_is(call, &call->hosts[side][i], host))
            return &call->hosts[side][i];
    }
    return NULL;
}

struct media_host *host_note(struct call *call, enum side side, const struct sdp_host *host,
                             bool foreign)
{
    struct media_host *known = host_find(call, side, host), *more;
    uint8_t n = call->n_hosts[side];
    bool is_name = !addr_is_set(&host->addr);
    if (known || n == MAX_HOSTS || (is_name && !name_is_good(host->host)) ||
        !(more = realloc(call->hosts[side], (n + 1u) * sizeof *more)))
        return known;
    call->hosts[side] = more;
    known = &more[n];
    *known = (struct media_host){.addr = addr_with_port(host->addr, 0), .foreign = foreign};
    if (is_name && text_set(&call->text, &known->name, host->host, MAX_CALL_TEXT))
        return NULL;
    call->n_hosts[side]++;
    return known;
}

uint8_t host_number(const struct call *call, enum side side, const struct media_host *host)
{
    return host ? (uint8_t)(host - call->hosts[side] + 1) : 0;
}

struct media_host *host_at(const struct call *call, enum side side, uint8_t number)
{
    return number && number <= call->n_hosts[side] ? &call->hosts[side][number - 1] : NULL;
}

bool host_is_believed(const struct conf_peer *rules, bool foreign)
{
    return foreign ? rules->foreign_media == FOREIGN_SDP : rules->media_from == FROM_SDP;
}

bool host_is_usable(const struct addr *socket, const struct addr *written)
{
    return written->family == socket->family && !addr_is_wildcard(written) &&
           !addr_is_group(written) && (!addr_is_loopback(written) || addr_is_loopback(socket));
}

/* Mapped addresses first: a map knows what reaches the peer. */
static unsigned found_of(const struct call *call, const struct addr *socket,
                         const struct media_host *host, const struct name *name,
                         struct addr found[MAX_NAME_ADDRS])
{
    struct addr mapped;
    unsigned n = 0;
    for (unsigned i = 0; i < name->n; i++) {
        if (map_forward(&call->rules->map, &name->addrs[i], &mapped) >= 0)
            found[n++] = mapped;
    }
    for (unsigned i = 0; i < name->n && host_is_believed(call->rules, host->foreign); i++) {
        if (map_forward(&call->rules->map, &name->addrs[i], &mapped) < 0 &&
            host_is_usable(socket, &name->addrs[i]))
            found[n++] = name->addrs[i];
    }
    return n;
}

static bool host_take(const struct core *core, const struct call *call, struct media_host *host,
                      const struct name *name)
{
    struct addr found[MAX_NAME_ADDRS] = {{0}};
    unsigned n = found_of(call, &core->sockets[call->socket[SIDE_PEER]].addr, host, name, found);
    if (n == 0 || (n == host->n_found && memcmp(found, host->found, n * sizeof *found) == 0))
        return false; /* what was found before is better than nothing */
    memcpy(host->found, found, sizeof found);
    host->n_found = (uint8_t)n;
    return true;
}

static uint8_t family_of(const struct core *core, const struct call *call)
{
    return core->sockets[call->socket[SIDE_PEER]].addr.family;
}

/* With media_from: signalling a name decides nothing, unless the map may know its addresses. */
static bool host_is_wanted(const struct call *call, const struct media_host *host)
{
    return host_is_believed(call->rules, host->foreign) || call->rules->map.n > 0;
}

static unsigned look_ups(const struct core *core, const struct call *call)
{
    unsigned n = 0;
    for (uint8_t i = 0; i < call->n_hosts[SIDE_PEER]; i++) {
        struct span name = text_get(&call->text, call->hosts[SIDE_PEER][i].name);
        n += name.n && name_waits(core, name, family_of(core, call));
    }
    return n;
}

bool host_look(struct core *core, struct call *call, struct media_host *host)
{
    struct span text = text_get(&call->text, host->name);
    if (!text.n || call->rules->media != MEDIA_RELAY || !host_is_wanted(call, host))
        return false;
    if (!name_waits(core, text, family_of(core, call)) && look_ups(core, call) >= MAX_CALL_ASKED) {
        core_count(core, NULL, COUNT_names_refused);
        return false;
    }
    const struct name *name = name_look(core, text, family_of(core, call));
    return name && host_take(core, call, host, name);
}

bool host_is_name(const struct core *core, const struct call *call, const struct media_host *host,
                  const struct name *name)
{
    return name_is(name, text_get(&call->text, host->name), family_of(core, call));
}

bool host_named(struct core *core, struct call *call, struct media_host *host,
                const struct name *name)
{
    return host_is_name(core, call, host, name) && host_is_wanted(call, host) &&
           host_take(core, call, host, name);
}

void hosts_free(struct call *call)
{
    for (int side = 0; side < 2; side++) {
        free(call->hosts[side]);
        call->hosts[side] = NULL;
        call->n_hosts[side] = 0;
    }
}
