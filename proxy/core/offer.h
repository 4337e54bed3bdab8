/*
 * offer.h - offer and answer (RFC 3264, 6337): what an SDP body means, and what is written instead.
 */
#ifndef CORE_OFFER_H
#define CORE_OFFER_H

#include "proxy/core/cross.h"

enum sdp_role { ROLE_OFFER, ROLE_ANSWER, ROLE_NEITHER };

struct sdp_refusal {
    unsigned status; /* 0: none; else 488 or 503 */
    enum counter counter;
    char why[160]; /* for Warning and log */
};

/* Reads every SDP body of the message, takes ports, notes targets and adds the body's edits.
 * dialog: the one it belongs to, NULL in the first INVITE. st: of the request, or of the one that
 * is answered; NULL: an ACK. again: a copy of a message that was read before; it is rewritten and
 * means nothing new. Returns true when there was SDP. refusal->status != 0: targets stand as they
 * were, and the message must not leave as it is. */
bool offer_cross(struct core *core, struct call *call, struct dialog *dialog, struct server_txn *st,
                 const struct inbound *in, enum sdp_role role, bool again, struct edits *edits,
                 struct sdp_refusal *refusal);
bool is_reliable(const struct sip_msg *msg); /* a 1xx that is acknowledged (RFC 3262) */
/* Whether that PRACK or ACK is due to answer an offer of the other side. */
bool offer_waits(const struct dialog *dialog, const struct inbound *in);
/* A 2xx to INVITE came, with SDP or without. */
void offer_accepted(struct core *core, struct call *call, struct dialog *dialog,
                    struct server_txn *st);
/* An ACK came without the answer to the offer in that 2xx. */
void offer_unanswered(struct dialog *dialog, const struct inbound *ack);
/* SDP outside offer/answer: addresses as in an offer, no ports. What cannot be read is left out of
 * the message: x->drop_body. */
void offer_map_only(struct core *core, struct crossing *x, struct edits *edits);
bool message_has_sdp(const struct sip_msg *msg);

#endif
