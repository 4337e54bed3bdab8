#include "proxy/core/host.h"
#include <stdlib.h>

struct media_host *host_find(struct call *call, enum side side, const struct sdp_host *host)
{
    for (uint8_t i = 0; i < call->n_hosts[side]; i++) {
        if (addr_same_ip(&call->hosts[side][i].addr, &host->addr))
            return &call->hosts[side][i];
    }
    return NULL;
}

struct media_host *host_note(struct call *call, enum side side, const struct sdp_host *host,
                             bool foreign)
{
    struct media_host *known = host_find(call, side, host), *more;
    uint8_t n = call->n_hosts[side];
    if (known || n == MAX_HOSTS || !(more = realloc(call->hosts[side], (n + 1u) * sizeof *more)))
        return known;
    call->hosts[side] = more;
    known = &more[n];
    *known = (struct media_host){.addr = addr_with_port(host->addr, 0), .foreign = foreign};
    call->n_hosts[side]++;
    return known;
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

void hosts_free(struct call *call)
{
    for (int side = 0; side < 2; side++) {
        free(call->hosts[side]);
        call->hosts[side] = NULL;
        call->n_hosts[side] = 0;
    }
}
