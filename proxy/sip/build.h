/*
 * build.h - the messages that are ours: responses to requests we answer, ACK, CANCEL, and requests
 * of our own (OPTIONS probes, the BYE and ACK that end a call). Text goes through one bounded
 * writer whose error is gathered and checked once.
 */
#ifndef SIP_BUILD_H
#define SIP_BUILD_H

#include "proxy/sip/msg.h"
#include "proxy/sip/value.h"

struct sip_out {
    char *p;
    size_t n, room;
    bool full; /* something did not fit; p holds garbage */
};
void sip_out_init(struct sip_out *o, char *p, size_t room);
void sip_put(struct sip_out *o, struct span s);
void sip_puts(struct sip_out *o, const char *s);
void sip_putf(struct sip_out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The standard reason phrase, "Unknown" for a status without one. */
const char *sip_reason(unsigned status);

/* What every response to a request repeats, kept for as long as its transaction lives. The bytes
 * are whole header lines in this order: Via..., From, To, Call-ID, CSeq, each ending in CRLF. */
struct sip_stub {
    uint16_t n;           /* bytes in all */
    uint16_t vias;        /* bytes of the Via lines */
    uint16_t to_at, to_n; /* the To line */
    bool to_tagged;       /* To already has a tag (a request inside a dialog) */
};

/* Writes the stub's bytes of a request that came from `source`: the topmost Via gets received=
 * (always) and the value of rport= where asked, replacing values the sender wrote there (RFC 3261
 * §18.2.1, RFC 3581 §4). The other lines are the received ones, folds too, with CRLF line ends; of
 * a header that stands twice by mistake (SIP_REPEATED_HEADER) the first. Returns 0, EINVAL (no Via)
 * or ENOBUFS. An unreadable Via is repeated as it came, an unreadable To counts as tagged: it gets
 * no tag of ours. */
int sip_stub_make(const struct sip_msg *request, const struct addr *source, char *bytes,
                  size_t room, struct sip_stub *stub);

/* A response of our own. to_tag is added to To where the request had none (p == NULL: none is
 * added, as in 100). extra is whole header lines ("Retry-After: 60\r\n") or "". */
void sip_response_make(struct sip_out *o, unsigned status, const char *reason,
                       const struct sip_stub *stub, const char *stub_bytes, struct span to_tag,
                       const char *extra);

/* "Unsupported: a, b\r\n": what every Proxy-Require of a request asks for, for its 420 (RFC 3261
 * §16.3 step 5). Words that do not fit are left out; where none is left nothing is written. */
void sip_unsupported_make(struct sip_out *o, const struct sip_msg *request);

/* ACK for a non-2xx final response (RFC 3261 §17.1.1.3): Request-URI, topmost Via, From, Call-ID,
 * Route and CSeq number of the INVITE, To of the response. */
void sip_ack_make(struct sip_out *o, const struct sip_msg *invite, const struct sip_msg *response);

/* CANCEL for an INVITE that was sent as `invite` (RFC 3261 §9.1). reason: a "Reason" value to pass
 * on, or p == NULL. */
void sip_cancel_make(struct sip_out *o, const struct sip_msg *invite, struct span reason);

/* A request of our own. Every span is a bare value, written after its header name; absent ones (p
 * == NULL) are left out. routes is whole "Route: ...\r\n" lines. */
struct sip_request {
    const char *method;
    struct span uri;
    struct span via; /* everything after "SIP/2.0/UDP " */
    struct span from, to, call_id;
    uint32_t cseq;
    struct span routes;
    struct span contact;
    struct span extra; /* whole header lines */
};
void sip_request_make(struct sip_out *o, const struct sip_request *r);

#endif
