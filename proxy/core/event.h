/*
 * event.h - the core's door: what goes in (events), what comes out (actions), what can be looked
 * at.
 *
 * The core decides everything about SIP, SDP, maps, dialogs and media, and does no I/O: no socket,
 * no clock, no file, no thread. The shell (proxy/net) or a test feeds it events with the time as an
 * argument, and carries out the actions in their order before the next event. One thread at a time.
 *
 * Times are milliseconds of a clock that never goes back (msec). Ports are in host order.
 */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include "conf/conf.h"
#include "sdp/addr.h"
#include "proxy/core/counters.h"

typedef uint64_t msec;

enum side { SIDE_EXCHANGE = 0, SIDE_PEER = 1 };
static inline enum side side_other(enum side s)
{
    return s == SIDE_EXCHANGE ? SIDE_PEER : SIDE_EXCHANGE;
}

/* A name for an object inside the core that outlives it harmlessly: slot and generation. 0 = none.
 */
typedef uint32_t core_id;

/* ---------------------------------------------------------------- what the shell has opened */

#define CORE_MAX_SOCKETS 1024
#define CORE_MAX_POOLS 1024

/* A SIP socket. Ids are the shell's, below CORE_MAX_SOCKETS, and mean the same socket from the
 * EV_CONFIG that names it first until ACT_SOCKET_CLOSE. */
struct core_socket {
    uint16_t id;
    uint8_t side; /* enum side it faces: SIDE_EXCHANGE for `local`, SIDE_PEER for trunk.listen */
    struct addr addr; /* as bound: a real IP and port */
};

/* What the shell found out for one peer before a configuration takes effect. */
struct core_route {
    struct addr source; /* what the route to the peer uses as source; ADDR_NONE = unknown */
};

/* A pool of RTP/RTCP port pairs on one local IP: even port and the odd one above. */
struct core_pool {
    uint16_t id;      /* the shell's, below CORE_MAX_POOLS, stable like socket ids */
    struct addr addr; /* port 0 */
};

/* ---------------------------------------------------------------- media orders and figures */

#define RELAY_MAX_SOURCES 128 /* prefixes that may send to one side of a stream */

/* One relayed m-line. The core numbers streams from 0 to its limit - 1; the number is free again
 * once RELAY_CLOSED was reported. */
typedef uint32_t stream_no;

enum relay_kind {
    RELAY_OPEN,   /* take both pairs and begin to listen */
    RELAY_TARGET, /* where one side's packets go and who may send them */
    RELAY_CLOSE,  /* stop; answered by RELAY_CLOSED with the final figures */
};

struct relay_pair {
    uint16_t pool, port; /* port: the even one */
};

struct relay_order {
    uint8_t kind; /* enum relay_kind */
    stream_no stream;
    union {
        struct {
            struct relay_pair pair[2]; /* by side */
            uint8_t dscp[2];           /* by side, 0..63 */
            uint32_t idle_timeout_ms;
        } open;
        struct {
            uint8_t side; /* enum side: the one that packets are sent TO, and whose sources latch */
            uint8_t latch; /* enum conf_latch */
            bool relearn;  /* new SDP was applied: forget the latched sources of this side */
            bool is_rtp;   /* read RTP headers for loss and jitter */
            bool mux;      /* rtcp-mux: RTCP shares the RTP port */
            bool punch; /* a datagram without content now and each second until something arrives,
                         * at most 5 */
            bool mute;  /* nothing is sent to this side (disabled m-line) */
            struct addr rtp;              /* signalled target; ADDR_NONE = not yet known */
            struct addr rtcp;             /* ADDR_NONE = rtp's port + 1 */
            const struct prefix *sources; /* who may be latched; lives as long as the order */
            uint8_t n_sources;            /* RELAY_MAX_SOURCES at most */
        } target;
    };
};

/* Figures of one side of a stream. rx: arrived from that side (and passed the source check); tx:
 * sent to it. Written by one worker only; readers may see values a packet old. */
struct relay_leg {
    uint64_t rx_packets, rx_bytes, tx_packets, tx_bytes;
    uint64_t rtcp_rx, rtcp_tx;
    uint64_t dropped; /* from a foreign source */
    uint64_t send_errors;
    uint64_t lost;      /* RFC 3550 §A.3, cumulative over SSRCs, never negative */
    uint32_t jitter_us; /* RFC 3550 §A.8 at the clock rate implied by the static payload type, else
                           8000 */
    uint32_t ssrc_changes;
    uint32_t first_rx_ms; /* after RELAY_OPEN; UINT32_MAX = nothing yet */
    uint32_t last_rx_ms;  /* after RELAY_OPEN; UINT32_MAX = nothing yet */
    struct addr latched;  /* RTP source held now; ADDR_NONE = none */
    struct addr foreign;  /* the last foreign source dropped */
};
struct relay_figures {
    struct relay_leg leg[2]; /* by side */
};

/* What a worker may be writing just now, read whole number by whole number. */
struct relay_figures relay_figures_read(const struct relay_figures *figures);

enum relay_report_kind {
    RELAY_FIRST,  /* the first packet from `side` */
    RELAY_IDLE,   /* nothing from either side for idle_timeout_ms; said once until RELAY_AGAIN */
    RELAY_AGAIN,  /* packets after RELAY_IDLE */
    RELAY_CLOSED, /* both pairs are free, figures are final */
};

/* ---------------------------------------------------------------- events */

enum event_kind {
    EV_CONFIG, /* first of all, and on each reload: everything changes at once */
    EV_DATAGRAM,
    EV_TIME,   /* core_deadline has passed; any event does this work too */
    EV_BOUND,  /* answer to ACT_BIND */
    EV_RELAY,  /* report of a worker */
    EV_NAME,   /* answer to ACT_RESOLVE */
    EV_STORED, /* a record read back at start, before the first datagram */
    EV_HANGUP, /* operator: end a call */
    EV_DRAIN,  /* operator: no new calls; ACT_EXIT after the last */
};

struct event {
    uint8_t kind; /* enum event_kind */
    union {
        struct {
            const struct conf *conf;           /* the core takes its own reference */
            const struct core_socket *sockets; /* all of this configuration */
            size_t n_sockets;
            const struct core_pool *pools;
            size_t n_pools;
            const struct core_route *routes; /* one per conf->peers */
        } config;
        struct {
            uint16_t socket;
            struct addr from;
            const char *bytes;
            size_t n;
            bool truncated; /* the datagram was longer than what was read */
        } datagram;
        struct {
            struct relay_pair pair;
            bool ok; /* false: somebody else holds a port of the pair */
        } bound;
        struct {
            uint8_t kind; /* enum relay_report_kind */
            uint8_t side;
            stream_no stream;
            const struct relay_figures *figures; /* RELAY_CLOSED: final; else NULL */
        } relay;
        struct {
            uint64_t question;        /* as in ACT_RESOLVE */
            const struct addr *addrs; /* ports 0 */
            size_t n;                 /* 0: the name did not resolve */
        } name;
        struct {
            struct span kind, key, value;
        } stored;
        struct {
            core_id call;
        } hangup;
    };
};

/* ---------------------------------------------------------------- actions */

enum action_kind {
    ACT_SEND,
    ACT_RELAY,   /* an order for the worker of that stream */
    ACT_BIND,    /* bind both sockets of a pair, answer with EV_BOUND */
    ACT_UNBIND,  /* close them */
    ACT_RESOLVE, /* look a name up, answer with EV_NAME */
    ACT_STORE,   /* keep, replace or (value.n == 0) forget a record */
    ACT_LOG,
    ACT_SOCKET_CLOSE, /* no call uses this former socket any more */
    ACT_EXIT,         /* drained */
};

struct action {
    uint8_t kind; /* enum action_kind */
    union {
        struct {
            uint16_t socket;
            uint8_t dscp;
            struct addr to;
            struct span bytes;
        } send;
        struct relay_order relay;
        struct relay_pair pair; /* ACT_BIND, ACT_UNBIND */
        struct {
            uint64_t question;
            const char *name;
            uint8_t family; /* ADDR_NONE = any, else only that one */
        } resolve;
        struct {
            struct span kind, key, value;
        } store;
        struct {
            uint8_t level;       /* enum conf_log_level */
            struct span peer;    /* "" = none */
            struct span call_id; /* "" = none; escaped */
            struct span text;    /* one line, escaped */
        } log;
        uint16_t socket; /* ACT_SOCKET_CLOSE */
    };
};

/* The actions of one step, in order. Everything they point to lives until the next core_step. */
struct actions {
    struct action *v;
    size_t n;
};

/* ---------------------------------------------------------------- the core */

struct core;

/* `seed` feeds branches, tags and hashes: from the system's randomness in the program, fixed in
 * tests. `figures` is the workers' table, one per stream_no below limits.calls * 2, or NULL where
 * no figures exist before RELAY_CLOSED. limits are taken from `conf` and stay for the core's life.
 * Returns NULL when out of memory. */
struct core *core_new(const struct conf *conf, uint64_t seed, const struct relay_figures *figures);
void core_free(struct core *core); /* NULL is fine; sends nothing */

/* How many streams the workers' table must hold for this configuration. */
size_t core_streams(const struct conf *conf);

/* Wall clock minus msec clock, in milliseconds: for times that people read and for records that
 * outlive the process. May be set again at any time. */
void core_wall(struct core *core, int64_t offset_ms);

/* One event. `now` never goes back. The result's views live until the next call. */
struct actions core_step(struct core *core, msec now, const struct event *event);

/* When EV_TIME is due; UINT64_MAX: never. */
msec core_deadline(const struct core *core);

#endif
