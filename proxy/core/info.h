/*
 * info.h - what can be looked at: plain values for the control API, built piece by piece.
 *
 * Nothing here changes the core. Views live until the next core_step.
 */
#ifndef CORE_INFO_H
#define CORE_INFO_H

#include "proxy/core/event.h"

enum liveness { LIVE_UNKNOWN, LIVE_UP, LIVE_DOWN };
extern const char *const liveness_names[]; /* "unknown", "up", "down" */

enum view_source {
    VIEW_NONE,
    VIEW_CONFIG,
    VIEW_TAILSCALE,
    VIEW_RECEIVED,
    VIEW_REQUEST,
    VIEW_ROUTE
};
extern const char
    *const view_source_names[]; /* "", "config", "tailscale", "received", "request", "route" */

struct info_status {
    msec started;
    uint32_t generation;
    msec loaded;
    const struct conf *conf;
    enum liveness exchange;
    msec exchange_since;
    uint32_t calls_active, calls_peak, calls_limit;
    uint32_t pairs_total, pairs_in_use, pairs_resting;
    uint32_t peers_up, peers_down, peers_unknown;
    bool draining;
};
void info_status(const struct core *core, struct info_status *out);

#define INFO_MAX_ADDRS 8
#define INFO_MAX_WARNINGS 8
struct info_peer {
    const struct conf_peer *conf; /* name, configured address, map */
    struct addr resolved[INFO_MAX_ADDRS];
    size_t n_resolved;
    struct addr local; /* the socket that stands for it toward the exchange */
    enum liveness state;
    msec since;
    int rtt_ms;            /* of the last answered probe; -1 = none */
    struct addr advertise; /* ADDR_NONE: not yet known */
    enum view_source source;
    struct addr announced[INFO_MAX_ADDRS]; /* addresses seen in its messages */
    size_t n_announced;
    uint32_t calls;
    const char *warnings[INFO_MAX_WARNINGS];
    size_t n_warnings;
    const struct counters *counters;
};
/* Peers of the current configuration, 0 .. conf->n_peers - 1. False past the end. */
bool info_peer(const struct core *core, size_t index, struct info_peer *out);

struct info_registration {
    struct span aor, contact;
    enum side registrar; /* SIDE_PEER: the exchange registers at the peer */
    msec expires;        /* on the msec clock; 0 = not granted */
    int last_status;     /* 0 = no answer yet */
};
/* Registrations of a peer; *cursor begins at 0. False at the end. */
bool info_registration(const struct core *core, size_t peer, uint32_t *cursor,
                       struct info_registration *out);

enum call_state { CALL_TRYING, CALL_EARLY, CALL_UP, CALL_HELD, CALL_ENDED };
extern const char *const call_state_names[]; /* "trying", "early", "up", "held", "ended" */

enum verdict {
    VERDICT_PENDING,
    VERDICT_TWO_WAY,
    VERDICT_FROM_EXCHANGE, /* "one-way-from-exchange": only the exchange is heard */
    VERDICT_FROM_PEER,
    VERDICT_SILENT,
    VERDICT_HELD,
    VERDICT_NOT_RELAYED,
};
extern const char *const verdict_names[];

struct info_media {
    struct span kind;                /* "audio" */
    struct addr local[2], remote[2]; /* by side: our port as advertised there, signalled target */
    struct relay_figures figures;
};

#define INFO_MAX_MEDIA 8
struct info_call {
    core_id id;
    struct span call_id, from, to; /* from/to: user part, else the whole URI */
    struct span peer;
    bool outgoing; /* "out": the exchange called */
    enum call_state state;
    msec started;
    msec answered; /* 0 = not yet */
    struct info_media media[INFO_MAX_MEDIA];
    size_t n_media;
    enum verdict verdict;
};
/* Calls in a stable order: *cursor begins at 0 and is advanced; a page can be continued after other
 * events. False at the end. */
bool info_call_next(const struct core *core, uint32_t *cursor, msec now, struct info_call *out);
bool info_call(const struct core *core, core_id id, msec now, struct info_call *out);
/* The cursor that goes on behind this call, also where it has ended since: an id holds its place in
 * the order in its low 20 bits, counted from 1. */
static inline uint32_t info_call_after(core_id id)
{
    return id & 0xfffffu;
}

const struct counters *info_counters(const struct core *core);

/* Wall-clock milliseconds since 1970 for a msec time. */
int64_t info_wall(const struct core *core, msec at);

/* How a call is named outside ("c1a2b3c4"); out has 16 bytes. Parsing returns 0 for anything else.
 */
void core_id_print(core_id id, char *out);
core_id core_id_parse(struct span text);

#endif
