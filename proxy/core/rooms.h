/*
 * rooms.h - what the files of proxy/core offer each other. One section per file.
 */
#ifndef CORE_ROOMS_H
#define CORE_ROOMS_H

#include "proxy/core/state.h"

/* A SIP message in hand, with the values every rule needs. Lives as long as the datagram. */
struct inbound {
    uint16_t socket;
    enum side side;
    struct addr from;
    struct peer *peer; /* from the peer's side always; from the exchange's once it is known */
    const struct sip_msg *msg;
    struct sip_via via;                    /* topmost */
    struct span call_id, from_tag, to_tag; /* tags: p == NULL: none */
};

/* ---- config.c: a configuration takes effect, all at once */
void config_apply(struct core *core, const struct event *event);
void config_close(struct core *core);
/* A former socket stays open for as long as a call or transaction holds it. */
void socket_hold(struct core *core, uint16_t id);
void socket_release(struct core *core, uint16_t id);

/* ---- peer.c: addresses of peers, names, what they announce */
void peer_named(struct core *core, uint64_t question, const struct addr *addrs, size_t n);
void peer_name_due(struct core *core, struct peer *peer);
void peer_literal(struct core *core, struct peer *peer);
bool peer_has_ip(const struct peer *peer, const struct addr *a); /* resolved, former, sources */
struct addr peer_address(const struct peer *peer); /* with port; ADDR_NONE: name not resolved yet */
bool peer_announces(struct peer *peer, const struct addr *a); /* true: for the first time */
void peer_warn(struct peer *peer, const char *warning);       /* once each */
size_t peer_sources(const struct peer *peer, const struct conf_peer *rules, struct prefix *out,
                    size_t most);

/* ---- view.c: our address as a peer knows it */
struct view view_now(const struct core *core, const struct peer *peer);
void view_learn(struct core *core, struct peer *peer, enum view_source source, struct addr seen);
bool view_confirmed(const struct core *core, const struct peer *peer);
void view_load(struct core *core, struct span name, struct span value);

/* ---- probe.c: liveness of peers and exchange */
void probe_start(struct core *core, struct prober *prober, msec at);
void probe_due(struct core *core, struct prober *prober);
void probe_heard(struct core *core,
                 struct peer *peer); /* NULL: the exchange; a request or final answer */
void probe_answered(struct core *core, struct client_txn *txn, bool answered);
void probe_now(struct core *core, struct peer *peer); /* for a view that is wanted at once */

/* ---- identify.c: sockets and sources, before anything is parsed */
void core_datagram(struct core *core, const struct event *event);

/* ---- route.c: which peer an exchange's request means, and where datagrams go */
enum route_result { ROUTE_FOUND, ROUTE_NONE, ROUTE_SEVERAL, ROUTE_SCHEME };
/* For requests of the exchange outside any known transaction or dialog on the shared socket. `why`
 * gets a reason phrase that names the host looked for. */
enum route_result route_peer(struct core *core, const struct inbound *in, struct peer **peer,
                             char *why, size_t room);
/* Does this URI's host mean the peer: its address, name, alias or a key of its map? */
bool peer_is_meant(const struct peer *peer, const struct sip_uri *uri);
/* Where a request inside a dialog goes on that side; leg may be NULL (no dialog). */
struct addr route_leg(const struct core *core, enum side side, const struct peer *peer,
                      const struct conf_peer *rules, const struct call *call,
                      const struct leg *leg);
struct addr route_exchange(const struct core *core);
/* Whole "Route: ...\r\n" lines from Record-Route: of a request in its order, of a response
 * reversed. Returns bytes written (0: none, or over MAX_ROUTES). */
size_t route_set(const struct sip_msg *msg, bool reversed, char *out, size_t room);

/* ---- server_txn.c */
uint64_t server_key(const struct core *core, const struct inbound *in, enum sip_method method);
struct server_txn *server_find(const struct core *core, uint64_t key);
/* NULL: limit reached (counted). Holds the peer. */
struct server_txn *server_new(struct core *core, const struct inbound *in, uint64_t key);
void server_again(struct core *core, struct server_txn *st, const struct inbound *in);
void server_ack(struct core *core, struct server_txn *st);
/* An answer of our own; extra = whole header lines or "". */
void server_reply(struct core *core, struct server_txn *st, unsigned status, const char *reason,
                  const char *extra);
/* An answer that crossed: rendered bytes, copied. */
void server_forward(struct core *core, struct server_txn *st, unsigned status, struct span bytes);
void server_mute(struct core *core, struct server_txn *st); /* nobody will be told */
void server_due(struct core *core, struct server_txn *st);
void server_free(struct core *core, struct server_txn *st);
bool server_answered(const struct server_txn *st); /* a final answer was given, or never will */
/* Without a transaction: one answer, nothing kept. */
void reply_stateless(struct core *core, const struct inbound *in, unsigned status,
                     const char *reason, const char *extra);

/* ---- client_txn.c */
#define BRANCH_TEXT 48
struct client_txn *client_new(struct core *core, enum sip_method method, enum side side,
                              struct peer *peer, const struct call *call);
void client_branch(const struct client_txn *ct, char *out); /* BRANCH_TEXT bytes */
/* Takes a copy of the rendered request, sends it and starts its timers. */
void client_send(struct core *core, struct client_txn *ct, const struct addr *dest,
                 struct span bytes);
struct client_txn *client_find(struct core *core, struct span branch);
void client_response(struct core *core, struct client_txn *ct, const struct inbound *in);
void client_cancel(struct core *core, struct client_txn *ct, struct span reason);
void client_due(struct core *core, struct client_txn *ct);
void client_free(struct core *core, struct client_txn *ct);

/* ---- cross.c: one message from one side to the other, as edits */
struct crossing {
    const struct inbound *in;
    enum side to;
    struct peer *peer;
    const struct conf_peer *rules;
    const struct call *call;   /* may be NULL */
    struct span request_uri;   /* p == NULL: untouched */
    struct span vias;          /* whole lines in place of all Vias */
    struct span routes;        /* whole lines */
    struct span record_routes; /* whole lines, in responses */
    bool contacts_done;        /* somebody else edits the Contacts (REGISTER) */
    bool drop_body;
};
/* Begins the edit list of the message in hand. */
struct edits *cross_begin(struct core *core);
/* Adds the header edits and renders. Returns 0 with *out in core->render, or EMSGSIZE (too big to
 * send), or EINVAL (a header that must change cannot be read). */
int cross_render(struct core *core, struct crossing *x, struct edits *edits, struct span *out);
/* "Via: SIP/2.0/UDP host:port;rport;branch=...\r\n" */
struct span via_line(struct core *core, const struct client_txn *ct, const struct call *call,
                     char *out, size_t room);
/* What the host of a URI becomes on the other side; false: stays. tt: name for ;tt=, or NULL. */
bool cross_host(struct core *core, const struct crossing *x, const struct sip_uri *uri,
                struct addr *host, const char **tt);

/* ---- request.c / response.c: the two doors behind identification */
void request_in(struct core *core, struct inbound *in);
void request_resume(struct core *core, struct server_txn *st); /* a held INVITE goes on */
void response_in(struct core *core, struct inbound *in);
/* Begins a crossing of the message in hand toward the other side. */
struct crossing crossing_of(const struct inbound *in, const struct call *call);
/* Renders, takes a client transaction and sends. Answers st itself where that fails. */
struct client_txn *request_forward(struct core *core, struct server_txn *st, struct crossing *x,
                                   struct edits *edits, const struct addr *dest, bool offer);

/* Outside dialogs: finds Request-URI, routes and destination, then request_forward. */
void request_forward_plain(struct core *core, struct server_txn *st, struct crossing *x,
                           struct edits *edits);
/* Renders an answer toward st's sender and gives it to the transaction. */
void answer_forward(struct core *core, struct server_txn *st, struct crossing *x,
                    struct edits *edits);

/* ---- call.c, dialog.c */
struct call *call_new(struct core *core, const struct inbound *in, enum call_kind kind);
struct call *call_find(struct core *core, const struct peer *peer, struct span call_id,
                       struct span from_tag, struct span to_tag, enum side from_side,
                       bool *from_caller);
struct call *call_retry(struct core *core,
                        const struct inbound *in); /* same INVITE with credentials */
void call_end(struct core *core, struct call *call, enum call_end end, unsigned status);
void call_hangup(struct core *core, struct call *call, enum call_end end, unsigned status,
                 const char *reason);
void call_due(struct core *core, struct call *call);
void call_free(struct core *core, struct call *call);
void call_up(struct core *core, struct call *call, struct dialog *dialog);
void call_touch(struct core *core, struct call *call); /* timers after a change */
void call_bye_answered(struct core *core, struct client_txn *ct);
/* ACK and BYE for a 2xx that nobody wants (RFC 3261 §13.2.2.4). */
void call_end_fork(struct core *core, const struct client_txn *ct, const struct inbound *in);
uint64_t call_key(const struct core *core, struct span call_id);
struct dialog *dialog_find(struct call *call, struct span tag);
struct dialog *dialog_get(struct core *core, struct call *call, struct span tag); /* makes it */
void dialog_learn(struct core *core, struct call *call, struct dialog *dialog,
                  const struct inbound *in); /* from a response of the called side */
void leg_target(struct call *call, struct leg *leg, const struct sip_msg *msg);

/* ---- offer.c: offer and answer (RFC 3264, 6337) */
enum sdp_role { ROLE_OFFER, ROLE_ANSWER, ROLE_NEITHER };
struct sdp_refusal {
    unsigned status; /* 0: none; else 488 or 503 */
    enum counter counter;
    char why[160]; /* for Warning and log */
};
/* Reads every SDP body of the message, takes ports, notes targets and adds the body's edits.
 * Returns true when there was SDP. refusal->status != 0: nothing was changed, nothing may leave. */
bool offer_cross(struct core *core, struct call *call, struct dialog *dialog,
                 const struct inbound *in, enum sdp_role role, struct edits *edits,
                 struct sdp_refusal *refusal);
/* SDP outside offer/answer: addresses mapped, no ports. call may be NULL. */
bool offer_map_only(struct core *core, const struct crossing *x, struct edits *edits);
void offer_refused(struct core *core, struct call *call, enum side offerer);
void offer_settle_fork(struct core *core, struct call *call, struct dialog *winner);
bool message_has_sdp(const struct sip_msg *msg);

/* ---- media.c: port pairs, streams, orders */
int media_open(struct core *core, struct call *call, unsigned line,
               struct span kind); /* 0 or ENOSPC */
void media_target(struct core *core, struct call *call, unsigned line, enum side to,
                  const struct media_target *target, bool relearn);
struct addr media_local(const struct core *core, const struct call *call, unsigned line,
                        enum side side); /* what SDP toward that side carries */
void media_close(struct core *core, struct call *call);
void media_report(struct core *core, const struct event *event);
void media_bound(struct core *core, const struct event *event);
void media_reserve(struct core *core);
bool call_is_held(const struct call *call);
struct relay_figures media_figures(const struct core *core, const struct media_line *line);

/* ---- binding.c: REGISTER */
void binding_request(struct core *core, struct server_txn *st, struct inbound *in);
void binding_response(struct core *core, struct client_txn *ct, struct server_txn *st,
                      const struct inbound *in);
void binding_silence(struct core *core, struct server_txn *st);
/* The binding that a request's URI means on this side; NULL: none. */
struct binding *binding_for(struct core *core, enum side from, const struct peer *peer,
                            const struct sip_uri *uri);
void binding_due(struct core *core, struct binding *b);
void binding_free(struct core *core, struct binding *b);
void binding_load(struct core *core, struct span key, struct span value);

/* ---- verdict.c, summary.c */
enum verdict verdict_of(const struct core *core, const struct call *call);
void summary_log(struct core *core, const struct call *call);
struct span number_of(struct span name_addr);                 /* the user part, else the URI */
void warning_value(char *out, size_t room, const char *text); /* 399 of a Warning header line */

#endif
