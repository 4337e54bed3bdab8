/*
 * ua_impl.h - what the files of the user agent share: ua.c (calls, dialogs, verbs), ua_txn.c
 * (transactions and timers), ua_message.c (writing requests and responses), ua_media.c (SDP, RTP).
 */
#ifndef SIM_UA_IMPL_H
#define SIM_UA_IMPL_H

#include "tests/sim/ua.h"

#define T1 500
#define T2 4000
#define T4 5000
#define TIMER_B (64 * T1)

#define UA_CALL_BUCKETS 4096
#define UA_TXN_BUCKETS 16384

uint64_t ua_hash(const char *text, uint64_t seed);

/* ---- transactions */
struct ua_txn *txn_new(struct ua *ua, bool server, const char *method, const char *branch,
                       const char *sent_by);
struct ua_txn *txn_find(struct ua *ua, bool server, const char *method, const char *branch,
                        const char *sent_by);
void txn_free(struct ua_txn *t);
void txn_of(struct ua_txn *t, struct ua_call *call);
void txn_send_request(struct ua_txn *t, const char *bytes, size_t n, struct addr to);
void txn_send_response(struct ua_txn *t, const char *bytes, size_t n, int status, struct addr to,
                       uint32_t rseq);
void txn_repeat(struct ua_txn *t);
/* The Request-URI of a request of ours, into out (UA_URI bytes). */
void txn_uri(const struct ua_txn *t, char *out);
/* True where the response is news for the user agent above. */
bool txn_response(struct ua_txn *t, int status);
void txn_acknowledged(struct ua_txn *t);
osip_message_t *txn_tree(struct ua_txn *t); /* server: the request, read again if need be */
void txn_pracked(struct ua_txn *t);
void txn_keep(char **bytes, size_t *n, const char *from, size_t from_n);
void ua_datagram(struct ua *ua, const char *bytes, size_t n, struct addr to);

/* ---- messages */
struct ua_request {
    struct ua_call *call;
    struct ua_dialog *dialog; /* NULL: outside */
    const char *method;
    const char *branch; /* of an INVITE, for CANCEL and ACK of non-2xx; else a new one */
    uint32_t cseq;
    const char *to_tag; /* overrides the dialog's: ACK of non-2xx */
    const struct ua_opts *o;
};
/* Writes the request; false where the address it should go to is no literal. */
bool message_request(const struct ua_request *r, char *out, size_t *n, struct addr *to,
                     char *branch, char *uri);
/* Both leave in call->written what an SDP of theirs says. */
size_t message_response(struct ua_txn *t, struct ua_dialog *d, int status, const struct ua_opts *o,
                        uint32_t rseq, char *out, struct addr *to);
bool request_answers(const struct ua_request *r); /* its SDP is an answer */
struct addr uri_address(struct ua *ua, const char *uri);
bool method_negotiates(const char *method); /* its SDP is an offer or an answer (RFC 6337 §2.2) */
bool opts_negotiate(const struct ua_opts *o, const char *method); /* what they have us write does */

/* ---- SDP and media */
/* Writes an SDP and says in call->written what it says. base: what the last one said; pending: what
 * it answers, NULL for an offer. Without o->sdp the same once more. */
/* The script wrote the SDP itself: in call->written stands what ours would have said. */
void sdp_as_written(struct ua_call *call, const struct ua_lines *base,
                    const struct ua_remote *pending, const struct ua_opts *o);
size_t sdp_write(struct ua_call *call, const struct ua_lines *base, const struct ua_remote *pending,
                 const struct ua_opts *o, char *out, size_t room);
void sdp_read_remote(struct span body, struct ua_remote *r);
/* An answer makes both count; the dialog has the media from now on. Ports that are no longer meant
 * are let go. */
void agree(struct ua_dialog *d, const struct ua_lines *ours, const struct ua_remote *theirs);
/* The same in the middle of a re-INVITE, whose refusal brings back what was before. */
void agree_for_now(struct ua_dialog *d, const struct ua_txn *invite, const struct ua_lines *ours,
                   const struct ua_remote *theirs);
void agreed_for_good(struct ua_dialog *d);
void agreed_before(struct ua_dialog *d);
void lines_drop(struct ua_call *call, struct ua_lines *l); /* and their ports, unless meant else */
void media_release(struct ua_call *call);
void media_receive(void *ctx, const struct datagram *d);
void ua_receive(void *ctx, const struct datagram *d);

void ua_tell(struct ua *ua, const struct ua_event *e);

#endif
