/*
 * state.h - what the core remembers, as plain data. Private to proxy/core.
 *
 * Ownership: the pools own transactions, calls and bindings; a call owns its dialogs, m-lines and
 * strings; peers are counted references, because a running call outlives the configuration that
 * named its peer.
 */
#ifndef CORE_STATE_H
#define CORE_STATE_H

#include "proxy/core/event.h"
#include "proxy/core/hash.h"
#include "proxy/core/info.h"
#include "proxy/core/limits.h"
#include "proxy/core/out.h"
#include "proxy/core/pool.h"
#include "proxy/core/ports.h"
#include "proxy/core/text.h"
#include "proxy/core/timers.h"
#include "proxy/sip/build.h"
#include "proxy/sip/msg.h"
#include "proxy/sip/value.h"
#include "sdp/edit.h"

/* ---- liveness of one far end: three unanswered probes are down, anything heard is up */
struct prober {
    struct timer timer; /* TIMER_PROBE */
    enum liveness state;
    msec since, sent;
    uint32_t unanswered, cseq;
    core_id txn; /* the probe under way */
    int rtt_ms;
};

struct view {
    struct addr advertise; /* with port; ADDR_NONE: nothing known */
    enum view_source source;
};

/* What an operator should see of a peer for as long as it is so. */
enum peer_warning {
    WARN_CONTRADICTED,  /* `advertise` is not what the peer sees */
    WARN_STRICT_ROUTER, /* the exchange routes strictly */
    WARN_UNRESOLVED,    /* its name has no address of use */
    WARN_MEDIA_NAME,    /* a name in its SDP has no address of use */
    WARN_LOCAL_SILENT,  /* the exchange does not answer what comes from its local */
    PEER_WARNINGS
};
#define WARNING_TEXT 200

struct peer {
    char *name;
    uint32_t references; /* the list of the configuration, calls, transactions, bindings */
    bool listed;
    struct conf *conf; /* the generation that last named it, held */
    const struct conf_peer *rules;
    uint16_t local, trunk; /* sockets */
    struct addr addrs[MAX_PEER_ADDRS], former[MAX_PEER_ADDRS];
    size_t n_addrs, n_former;
    uint64_t question;       /* the look-up under way; 0 = none */
    struct timer name_timer; /* TIMER_PEER */
    struct prober probe;
    struct view view;    /* learned; a configured one is taken from rules */
    msec view_again;     /* not before then does an INVITE wait for the view once more */
    msec unknown_logged; /* when a request of an unknown dialog was last logged */
    uint32_t bindings;
    bool service_routes; /* a registration with it brought some, once */
    struct addr route;   /* source of the route to it */
    struct addr announced[MAX_ANNOUNCED];
    size_t n_announced;
    struct addr contacts[MAX_ANNOUNCED]; /* hosts of its Contacts, with port; the latest last */
    size_t n_contacts;
    uint32_t calls, events;                     /* running; events: dialogs without INVITE */
    char warnings[PEER_WARNINGS][WARNING_TEXT]; /* "" = none */
    uint8_t local_missed; /* probes of the exchange from its local in a row, unanswered */
    msec refused_logged;  /* when a refusal of ours was last logged */
    struct counters counters;
};

/* ---- media as SDP names it */

struct media_target {        /* what one SDP says of one m-line, already mapped */
    struct addr rtp, rtcp;   /* ADDR_NONE: not known / rtp's port + 1 */
    uint8_t host, rtcp_host; /* of a name: the number of that host of this side; else 0 */
    bool live;               /* port not 0 and relayed */
    bool muted;              /* on hold by address, or rejected: nothing is to be sent there */
    bool mux, is_rtp;
    uint8_t direction; /* enum sdp_direction */
};

struct targets { /* a whole SDP: one for each m-line, owned */
    struct media_target *v;
    uint32_t n;
};

/* ---- transactions */

enum server_state {
    SERVER_TRYING,     /* nothing but perhaps a 100 sent */
    SERVER_PROCEEDING, /* a 1xx above 100 was sent */
    SERVER_COMPLETED,  /* final answer sent; INVITE: waiting for ACK */
    SERVER_CONFIRMED,  /* INVITE: ACK of a non-2xx came */
    SERVER_ACCEPTED,   /* INVITE: 2xx passed on (RFC 6026) */
    SERVER_MUTE,       /* nobody answered and nobody will be told (RFC 4320) */
};

struct server_txn {
    struct pooled pool;
    struct hash_link link;
    struct timer timer;
    struct server_txn *older, *newer; /* in the list of finished ones */
    bool finished;
    uint8_t state, method, side;
    uint16_t socket;
    struct addr source; /* where answers go */
    struct peer *peer;  /* referenced; NULL: unknown */
    core_id client, call;
    uint32_t interval; /* of timer G */
    msec retry_at, end_at;
    struct sip_stub stub;
    uint16_t returns; /* bytes of the lines kept behind the stub that return in a 2xx */
    char *stub_bytes; /* owned */
    char *last;       /* the answer to repeat, owned */
    uint32_t last_n;
    char *held; /* an INVITE that waits for the view, owned; NULL: none */
    uint32_t held_n;
    char tag[20];          /* ours, for answers of our own */
    bool refresh;          /* a target refresh whose Contact waits for the 2xx */
    char *refresh_contact; /* owned */
    uint32_t refresh_n;
    struct targets offer;   /* that this request made: counts when it is answered */
    struct targets preview; /* an answer to it in a 1xx that may get lost: counts with the 2xx */
};

enum client_state { CLIENT_CALLING, CLIENT_PROCEEDING, CLIENT_COMPLETED, CLIENT_ACCEPTED };
enum client_owner {
    OWNER_SERVER, /* forwards for a server transaction */
    OWNER_PROBE,  /* an OPTIONS of ours */
    OWNER_CALL,   /* a BYE of ours */
};

struct client_txn {
    struct pooled pool;
    struct timer timer;
    struct client_txn *older, *newer;
    bool finished;
    uint8_t state, method, side, owner;
    uint16_t socket;
    uint8_t dscp;
    struct addr dest;
    struct peer *peer; /* referenced; NULL: the exchange probed */
    uint64_t nonce;    /* in the branch beside the id */
    core_id server, call;
    uint32_t cseq;
    uint32_t interval;
    msec retry_at, end_at; /* timer A/E; timer B/C/F or the end of absorbing */
    char *packet;          /* as sent, owned; later the ACK that is repeated */
    uint32_t packet_n;
    bool offer;        /* the request carried an offer */
    bool initial;      /* it had no To-tag: its 2xx makes a dialog */
    bool given_up;     /* whoever asked was told something final; late answers are ended */
    uint64_t forks[4]; /* To-tags of 2xx that we ended, hashed */
    uint8_t n_forks;
    bool cancel, cancelled; /* wanted; sent */
    bool patience;          /* REGISTER: the 503 after silence has been given */
    char *reason;           /* Reason of the CANCEL, owned */
};

/* ---- dialogs and calls */

struct leg {            /* what we know of a user agent on one side of a dialog */
    struct ref target;  /* its Contact URI, verbatim */
    struct ref routes;  /* whole "Route: ...\r\n" lines for requests to it, in their order */
    struct addr signal; /* where its last message came from; ADDR_NONE: nothing yet */
    uint32_t cseq;      /* highest it used */
};

struct media_host {   /* what a side wrote behind c= or a=rtcp */
    struct addr addr; /* ADDR_NONE: a name */
    struct ref name;
    bool foreign;    /* a third party's, let in by foreign_media */
    uint8_t n_found; /* of a name of the peer: where it is, as reached from here */
    struct addr found[MAX_NAME_ADDRS]; /* media goes to the first, all of them may send it */
};

struct dialog {
    struct ref tag; /* To-tag of the one who was called */
    struct ref to;  /* the To value with the tag */
    struct leg callee;
    bool confirmed;
    bool holds;               /* the relay is its: of all dialogs of the call at most one's */
    uint8_t offered_by;       /* side */
    struct targets agreed[2]; /* by side; n == 0: nothing yet */
    struct targets offered;   /* in a 1xx or 2xx to INVITE, waits for PRACK or ACK */
    uint32_t offered_cseq;    /* of that INVITE */
    core_id answered;         /* the INVITE whose offer has its answer for good */
    core_id within;           /* the re-INVITE in the middle of which it is */
    struct targets before[2]; /* what the refusal of that one brings back; n == 0: nothing */
    uint32_t rseq, rseq_cseq; /* last reliable 1xx, and its INVITE's CSeq */
};

struct media_line {
    char kind[16];
    uint16_t port[2]; /* even port by side; 0 = none taken */
    uint16_t pool[2];
    stream_no stream; /* valid while open */
    bool open, closing;
    msec opened;
    bool heard[2]; /* a packet from that side */
    bool idle;
    struct media_target now[2]; /* by the side media is sent to */
    struct relay_figures final;
};

enum call_phase { PHASE_TRYING, PHASE_EARLY, PHASE_UP, PHASE_RETRY, PHASE_ENDED };
enum call_kind { KIND_INVITE, KIND_EVENT }; /* EVENT: a dialog without INVITE */
enum call_end {
    END_NONE,
    END_BYE_EXCHANGE,
    END_BYE_PEER,
    END_CANCEL,
    END_STATUS,  /* refused with `status` by the called side */
    END_TIMEOUT, /* nobody answered */
    END_IDLE,
    END_SILENT,
    END_SESSION,
    END_OPERATOR,
    END_SDP,  /* unreadable SDP where nobody could be told */
    END_OURS, /* we refused it with `status` */
};

struct call {
    struct pooled pool;
    struct hash_link link;
    struct timer timer;         /* TIMER_CALL */
    struct call *older, *newer; /* in the list of ended ones */
    uint8_t kind, phase, origin, end;
    bool held;
    struct peer *peer; /* referenced */
    struct conf *conf; /* held: the rules it began with */
    const struct conf_peer *rules;
    uint16_t socket[2];    /* by side */
    struct addr advertise; /* ours as the peer knows it, with port */
    struct text text;
    struct ref call_id, tag; /* tag: From-tag of the one who called */
    struct ref from, to;     /* whole values of the first request */
    struct ref request_uri;  /* of the first request, for the summary */
    struct leg caller;
    struct dialog *dialogs;
    uint32_t n_dialogs;
    core_id invite; /* server transaction of the latest INVITE */
    struct media_line *media;
    uint32_t n_media, n_open; /* n_open: streams not yet reported closed */
    struct media_host *hosts[2]; /* written by that side */
    uint8_t n_hosts[2];
    msec started, answered, ended;
    msec heard[2];       /* last signalling */
    msec session_end;    /* 0: no session timer */
    msec idle_at;        /* it was idle when it went on: when that is too long; 0: it was not */
    msec session_from;   /* its last refresh */
    uint32_t session_s;  /* what was agreed on */
    msec refused_at;     /* the last re-INVITE or UPDATE that failed; 0: none */
    uint16_t refused;    /* its status; 408: nobody answered */
    uint8_t refused_by;  /* side */
    uint16_t invite_n;   /* bytes of the INVITE as sent on */
    bool reached;        /* something answered it, be it 100 */
    uint16_t status;     /* final status, or ours */
    uint16_t repeats;    /* copies of the 2xx, */
    uint16_t in_vain;    /* those of them after its ACK was passed on */
    uint16_t challenged; /* 401/407 answers from the called side */
    bool adopted;        /* begun by a re-INVITE of a dialog unknown here, not yet accepted */
    uint8_t bye_waits;   /* BYEs of ours not yet answered */
    bool ack_seen;
};

/* ---- registrations */

struct binding {
    struct pooled pool;
    struct hash_link link; /* by peer + registrar side + user of the mapped Contact */
    struct timer timer;    /* TIMER_BINDING */
    uint8_t registrar;     /* side */
    struct peer *peer;     /* referenced */
    struct text text;
    struct ref aor;     /* To URI */
    struct ref contact; /* the original URI, verbatim */
    struct ref mapped;  /* the URI we wrote instead */
    struct ref path;    /* whole Route lines to it, from the Path of its REGISTER */
    struct ref service; /* whole Route lines to the registrar, from its Service-Route */
    struct addr signal; /* where the REGISTER came from */
    uint32_t token;     /* in ;tt= where two would look alike; 0 = none */
    msec expires;       /* 0: not granted */
    uint32_t wanted;    /* seconds asked for */
    int last_status;
};

/* ---- names that peers write into their SDP, whichever call it was */

struct name {
    char text[MAX_NAME + 2]; /* "": a free place */
    uint8_t family;          /* that its addresses should have */
    uint64_t question;       /* the look-up under way; 0 = none */
    msec asked;
    unsigned n;
    struct addr addrs[MAX_NAME_ADDRS];
};

/* ---- the whole */

enum socket_use { SOCKET_NONE, SOCKET_LISTED, SOCKET_FORMER };
struct socket {
    uint8_t use, side;
    struct addr addr;
    uint32_t users; /* calls and transactions */
    struct peer
        *peer; /* the one it stands for; NULL: shared, or trunk. Not a reference: `listed` ones */
};

struct stream_use { /* whose stream it is, and the pairs that come back when it closes */
    core_id call;   /* 0 = free */
    uint32_t line;
    struct relay_pair pair[2];
};

struct source { /* rate of one source outside dialogs */
    struct addr addr;
    msec at;        /* of the last refill */
    uint32_t milli; /* thousandths of requests still free */
};

struct former {        /* a configuration no longer in force that running calls began with */
    struct conf *conf; /* held */
    uint32_t calls;
};

struct unknown {
    struct addr addr;
    msec logged;
};

struct core {
    msec now, started, loaded;
    int64_t wall;
    uint32_t generation;
    struct conf *conf;
    struct former formers[MAX_FORMERS];
    size_t n_formers;
    uint32_t limit_calls, limit_transactions, limit_streams;
    const struct relay_figures *figures;
    struct hash_seed seed;
    struct hash_seed secret; /* behind core_random */
    uint64_t randoms;
    struct out out;
    struct timers timers;
    struct counters counters;

    struct socket sockets[CORE_MAX_SOCKETS];
    uint16_t trunks[MAX_TRUNKS], n_trunks; /* of trunk.listen, in its order */
    uint16_t top_socket;                   /* ids ever used lie below */
    uint16_t shared;                       /* exchange.local, when has_shared */
    bool has_shared;
    struct ports *ports[CORE_MAX_POOLS];
    uint16_t top_pool;

    struct peer **peers; /* those of the configuration, in its order, then those no longer listed */
    size_t n_peers, n_listed, cap_peers;
    struct prober exchange;
    uint32_t probe_turn; /* whose local the exchange is probed from next */
    uint64_t questions;

    struct pool servers, clients, calls, bindings;
    struct hash server_index, call_index, binding_index;
    struct server_txn *oldest_server, *newest_server; /* finished */
    struct client_txn *oldest_client, *newest_client;
    struct call *oldest_call, *newest_call; /* ended */
    uint32_t live_servers, n_finished_servers, n_finished_clients;
    uint32_t calls_active, calls_peak, events_active;
    bool draining, exited;

    struct stream_use *streams; /* by stream_no */
    uint32_t *free_streams;
    uint32_t n_free_streams;

    struct name names[MAX_NAMES];
    bool names_due; /* a call came back whose names nobody may have asked for */

    struct source sources[MAX_SOURCES];
    struct unknown unknown[64];

    /* Scratch of the message in hand; nothing in it outlives the datagram. */
    struct sip_msg msg;
    struct edit edit_v[MAX_EDITS];
    char edit_text[MAX_EDIT_TEXT];
    char render[MAX_OUT];
    char line[8192]; /* a key or value of a record */
};

#endif
