/*
 * ua.h - user agents that speak SIP as RFC 3261 says, over the simulated net: one stands for the
 * exchange, the others for far exchanges. What they read and write goes through libosip2 (wire.h).
 *
 * They believe what is written to them: requests go to the first Route or to the Contact's host,
 * literally, media to the address of the SDP they were given; so a wrong address is a lost
 * datagram. They repeat on the timers of RFC 3261 §17 (T1 0.5 s, T2 4 s) and answer repetitions.
 *
 * A test drives them with the verbs below and hears of everything through a hook; a few things are
 * done by themselves as `automatic` says. Verbs must not be called from inside world_fail.
 */
#ifndef SIM_UA_H
#define SIM_UA_H

#include "tests/sim/net.h"
#include "tests/sim/wire.h"

#define UA_MAX_LINES 4
#define UA_MAX_ROUTES 8
#define UA_MAX_TRUNKS 8
#define UA_MAX_EXTRA 12
#define UA_TAG 80
#define UA_URI 256

/* What real ones differ in. All false: a plain RFC 3261 user agent that asks for rport. */
struct ua_habits {
    bool rewrite_contact; /* without Record-Route the far Contact's host:port becomes the packet's
                             source */
    bool no_rport;        /* does not ask for rport */
    bool force_rport;     /* answers to the source port even if not asked */
    bool received_always; /* adds received= also where it equals the sent-by */
    bool compact;         /* short header names */
    bool symmetric_rtp;   /* media goes to where media came from */
    bool gateway;         /* media leaves from the address its SDP says, but from other ports */
    bool media_level_c;   /* c= under the m-line, none at session level */
    bool rtcp_line;       /* writes a=rtcp */
    bool edge; /* everything is sent by way of the first trunk, as with a proxy of its own */
    bool checks_digest_uri; /* the uri= of credentials must be the Request-URI that arrived */
};

/* Done without being told to. */
enum ua_automatic {
    AUTO_ACK = 1,       /* each 2xx to INVITE at once, with an answer where one is due */
    AUTO_BYE = 2,       /* 200 */
    AUTO_CANCEL = 4,    /* 200, and 487 to the INVITE */
    AUTO_OPTIONS = 8,   /* 200; not told to the hook */
    AUTO_PRACK = 16,    /* sends PRACK for reliable 1xx, answers PRACK with 200 */
    AUTO_HANGUP = 32,   /* BYE when a 2xx of ours is never acknowledged */
    AUTO_REGISTER = 64, /* 200 with the Contacts asked for */
    AUTO_DEFAULT = AUTO_ACK | AUTO_BYE | AUTO_CANCEL | AUTO_OPTIONS | AUTO_HANGUP,
};

/* A way out: whom requests are for and where they are sent. */
struct ua_trunk {
    char name[NET_NAME];
    char host[64];   /* host:port of the Request-URI */
    struct addr to;  /* where the datagram goes */
    char route[128]; /* a Route header's value, "" = none */
};

/* What an SDP of ours says. */
struct ua_line {
    char kind[16];
    uint16_t port;
    bool off; /* rejected by us: port 0 was written */
};
struct ua_lines {
    struct ua_line v[UA_MAX_LINES];
    unsigned n;
    char direction[16]; /* "" = none yet */
    struct addr said;   /* its address, where that was not our own */
};

/* What the other side's SDP said. */
struct ua_remote_line {
    char kind[16];
    struct addr rtp, rtcp; /* ADDR_NONE: nothing may be sent there */
    bool off;              /* port 0 */
    bool sends, receives;  /* its direction */
};
struct ua_remote {
    unsigned n;
    struct ua_remote_line line[UA_MAX_LINES];
};

/* What both said, once an answer has made it count. */
struct ua_agreed {
    struct ua_lines ours;
    struct ua_remote theirs;
};

/* What came and went on one m-line of a dialog. */
struct ua_count {
    uint64_t sent, heard, heard_rtcp;
    struct addr from;
};

enum ua_offer { OFFER_NONE, OFFER_SENT, OFFER_OWED }; /* whose answer is due */

struct ua_dialog {
    struct ua_dialog *next;
    struct ua_call *call;
    char label[24]; /* of scripts: "a"; for a UAC the far tag's beginning */
    char local_tag[UA_TAG], remote_tag[UA_TAG];
    char target[UA_URI];
    char *routes[UA_MAX_ROUTES];
    unsigned n_routes;
    bool confirmed, over;
    enum ua_offer offer;
    struct ua_agreed agreed;
    struct ua_agreed
        before; /* what the refusal of a re-INVITE that was answered in 1xx brings back */
    const struct ua_txn *before_of;
    struct ua_lines offered;  /* by us in a response, and not yet answered */
    struct ua_remote pending; /* by them, and not yet answered by us */
    struct ua_count count[UA_MAX_LINES];
    uint32_t answered_cseq; /* of the INVITE that has its answer for good */
    uint32_t rseq;          /* last reliable 1xx sent or seen */
    uint32_t rseq_cseq;     /* CSeq of its INVITE */
    uint32_t acked_cseq;    /* INVITE whose 2xx was acknowledged */
    char *ack;              /* that ACK, for repeated 2xx */
    size_t ack_n;
    struct addr ack_to;
};

struct ua_call {
    struct ua_call *next_hash;
    struct ua *ua;
    unsigned number; /* 1, 2, ... per user agent */
    char call_id[80];
    uint64_t token;                             /* of the Call-ID: marks its media packets */
    char local_uri[UA_URI], remote_uri[UA_URI]; /* From and To without tags */
    char tag[UA_TAG];                           /* ours, as caller */
    bool caller, over;
    unsigned trunk;
    char method[16], request_uri[UA_URI]; /* of the first request */
    uint32_t cseq;
    struct ua_dialog *dialogs, *active; /* active: whose media target is ours */
    struct ua_lines first;              /* offered in the first request */
    struct ua_lines written;            /* in the message being made */
    uint32_t sdp_version;
    int status;          /* of the last final response we got for the first request */
    struct ua_txn *txns; /* newest first */
    bool ended;          /* free once nothing refers to it */
    void *user;
};

enum ua_txn_state { TXN_TRYING, TXN_PROCEEDING, TXN_COMPLETED, TXN_CONFIRMED, TXN_ACCEPTED };

/* A transaction of either kind. */
struct ua_txn {
    struct ua_txn *next; /* hash chain, or list of free ones */
    struct ua_txn *next_of_call;
    struct ua *ua;
    struct ua_call *call;
    struct ua_dialog *dialog;
    bool server, invite, in_dialog, has_sdp;
    bool glare; /* its offer came while one of ours waits for its answer: to be refused with 491 */
    enum ua_txn_state state;
    uint32_t generation, cseq;
    uint64_t key;
    char method[16], branch[UA_TAG];
    char *bytes; /* what is repeated: the request, or the last response */
    size_t n;
    struct addr to;
    char *request; /* server: as it came */
    size_t request_n;
    osip_message_t *tree; /* of that request, while wire_epoch is tree_epoch */
    unsigned tree_epoch;
    struct addr source;
    int status;                           /* last response sent or seen */
    sim_msec repeat_at, end_at, interval; /* 0 = none */
    uint32_t rseq;                        /* server: reliable 1xx that waits for its PRACK */
    struct ua_lines offered;              /* client: what it offers */
    struct ua_lines preview;              /* server: an answer in a 1xx that does not count yet */
    const struct ua_dialog *answered;     /* server: the last that answered its offer for good */
    struct ua_remote preview_theirs;      /* client: the same */
};

enum ua_event_kind {
    UA_REQUEST,
    UA_RESPONSE,
    UA_NO_ANSWER, /* timer B or F */
    UA_NO_ACK,    /* timer H, or a 2xx repeated for 32 s */
    UA_NO_PRACK,
};

struct ua_event {
    enum ua_event_kind kind;
    struct ua_txn *txn;
    struct ua_call *call;
    struct ua_dialog *dialog; /* may be NULL */
    const char *method;       /* of a response: its CSeq's */
    int status;
    bool has_sdp;
    osip_message_t *message; /* NULL for the UA_NO_... kinds */
    const struct datagram *datagram;
};
typedef void ua_hook(struct ua *ua, const struct ua_event *e);
typedef void ua_gone(struct ua_call *call);

struct ua {
    struct world *world;
    struct net *net;
    int host;
    char name[NET_NAME];
    struct addr at;       /* signalling */
    struct addr media_ip; /* what its SDP says, and where its media sockets are */
    struct ua_habits habits;
    unsigned automatic;
    bool deaf; /* drops whatever comes */
    struct ua_trunk trunks[UA_MAX_TRUNKS];
    unsigned n_trunks;
    ua_hook *hook;
    ua_gone *gone; /* may be NULL: a call is about to be freed */
    void *ctx;
    bool keep_calls; /* until ua_free; else they go with their last transaction */

    struct ua_call **by_id; /* hash */
    unsigned n_calls, calls_begun;
    struct ua_txn **txns, *spare;
    unsigned branches;
    uint16_t media_low, media_high, media_next;
    struct ua_call **ports; /* owner of each media port pair */
    char last_stray[512];   /* beginning of the last response to nothing asked */
    struct {
        uint64_t requests, responses, repeated, strays, no_dialog, unroutable;
        uint64_t rtp, no_owner; /* no_owner: packets to a port that nobody means any more */
    } seen;
};

void ua_init(struct ua *ua, struct net *net, int host, const char *name, struct addr at);
void ua_free(struct ua *ua);
struct ua_trunk *ua_trunk_add(struct ua *ua, const char *name, const char *host, struct addr to,
                              const char *route);

/* How a message differs from the plain one. Zeroed: no body, nothing special. */
struct ua_opts {
    const char *tag;       /* answers: label of the To-tag (default "a"); requests: which dialog */
    bool sdp;              /* an offer or the answer due */
    const char *direction; /* "sendrecv" unless given: a= line of that SDP */
    const char *address;   /* in the SDP instead of ours: "0.0.0.0", a third party */
    const char *lines;     /* m-lines of the first offer: "audio,video"; default "audio" */
    const char *add;       /* one more m-line from now on */
    bool move;             /* every m-line to a new port; nobody is heard on the old ones */
    uint16_t port;         /* is said to be the first m-line's; media comes from another, as ever */
    int disable;           /* this m-line (from 1) gets port 0 */
    int waits;             /* this one (from 1) is inactive */
    const char *kind;      /* the first m-line's kind from now on: "image" for T.38 */
    const char *body, *type;         /* instead of SDP of ours */
    const char *extra[UA_MAX_EXTRA]; /* "Name: value" */
    unsigned n_extra;
    const char *contact; /* URI instead of ours; "" = no Contact at all */
    const char *uri;     /* Request-URI */
    const char *user;    /* whom to call: user part; default "100" */
    const char *from;    /* user part of From; default the user agent's name */
    const char *trunk;   /* by name; default the first */
    const char *reason;  /* phrase of a response */
    bool reliable;       /* 1xx with Require: 100rel */
    bool credentials;    /* of the last challenge */
    uint32_t cseq;       /* instead of the next */
};

/* A request outside dialogs with a Call-ID of its own. */
struct ua_call *ua_begin(struct ua *ua, const char *method, const struct ua_opts *o);

/* The first request of that call once more: same Call-ID and From tag, next CSeq. */
void ua_again(struct ua_call *call, const struct ua_opts *o);

/* A request inside a dialog of the call: the one with that tag, else the one with media, else a
 * confirmed one, else the newest. PRACK gets its RAck. False when there is none. */
bool ua_send(struct ua_call *call, const char *method, const struct ua_opts *o);

/* ACK for the last 2xx; again for the same one repeats it. */
bool ua_ack(struct ua_call *call, const struct ua_opts *o);

/* CANCEL of the INVITE that waits for its final answer; false before its first 1xx (§9.1). */
bool ua_cancel(struct ua_call *call, const struct ua_opts *o);

/* A response to the newest request of the call that waits for one, of that method if not NULL. */
bool ua_answer(struct ua_call *call, const char *method, int status, const struct ua_opts *o);

/* One more 2xx with another To-tag, from a transaction that has its answer: what forks do. */
bool ua_fork(struct ua_call *call, int status, const struct ua_opts *o);

/* A SUBSCRIBE or REFER that waits reached one more: a dialog of which no answer comes back, only
 * NOTIFY (RFC 6665 §4.4.1). */
bool ua_branch(struct ua_call *call, const struct ua_opts *o);

/* Bytes as they are, to the first trunk. */
void ua_raw(struct ua *ua, const char *bytes, size_t n);

/* One RTP packet (or RTCP) per m-line to where the active dialog's SDP says; while several far ends
 * ring, from each of them. */
void ua_send_media(struct ua_call *call, bool rtcp);

struct ua_dialog *ua_dialog_find(struct ua_call *call, const char *tag);
struct ua_call *ua_call_newest(struct ua *ua);
struct ua_call *ua_call_number(struct ua *ua, unsigned number);

/* The call is over for this side: free it when its transactions have ended. */
void ua_call_end(struct ua_call *call);

/* INVITEs and other calls that are not over; probes come at any time and do not count. */
unsigned ua_going_on(const struct ua *ua);

/* One that still waits, for a response or for ours; NULL: none does. */
const struct ua_txn *ua_waiting(const struct ua *ua);

#endif
