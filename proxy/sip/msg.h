/*
 * msg.h - a SIP message as received bytes plus an index of its header lines (RFC 3261 §7, §25).
 *
 * Nothing is copied and nothing is interpreted beyond the start line and the header names: values
 * are read on demand (value.h) and changes are made as edits over the bytes (sdp/edit.h).
 */
#ifndef SIP_MSG_H
#define SIP_MSG_H

#include "sdp/span.h"

#define SIP_MAX_DATAGRAM 16384
#define SIP_MAX_HEADERS 128
#define SIP_MAX_LINE 8192 /* one header with its folded lines */

enum sip_method {
    METHOD_OTHER, /* any token we have no rule for; passes through */
    METHOD_INVITE,
    METHOD_ACK,
    METHOD_BYE,
    METHOD_CANCEL,
    METHOD_OPTIONS,
    METHOD_REGISTER,
    METHOD_PRACK,
    METHOD_UPDATE,
    METHOD_INFO,
    METHOD_SUBSCRIBE,
    METHOD_NOTIFY,
    METHOD_REFER,
    METHOD_MESSAGE,
    METHOD_PUBLISH,
    METHOD_COUNT
};
extern const char *const sip_method_names[METHOD_COUNT]; /* [METHOD_OTHER] is "" */

/* Headers that some rule of ours names, and all that have a compact form, so that a header is
 * known by either. One table in names.c holds both. */
enum sip_header_id {
    HEADER_OTHER,
    HEADER_VIA,
    HEADER_FROM,
    HEADER_TO,
    HEADER_CALL_ID,
    HEADER_CSEQ,
    HEADER_CONTACT,
    HEADER_ROUTE,
    HEADER_RECORD_ROUTE,
    HEADER_PATH,
    HEADER_SERVICE_ROUTE,
    HEADER_MAX_FORWARDS,
    HEADER_CONTENT_LENGTH,
    HEADER_CONTENT_TYPE,
    HEADER_CONTENT_ENCODING,
    HEADER_EXPIRES,
    HEADER_MIN_EXPIRES,
    HEADER_REQUIRE,
    HEADER_PROXY_REQUIRE,
    HEADER_SUPPORTED,
    HEADER_ALLOW,
    HEADER_RSEQ,
    HEADER_RACK,
    HEADER_EVENT,
    HEADER_SUBSCRIPTION_STATE,
    HEADER_SESSION_EXPIRES,
    HEADER_MIN_SE,
    HEADER_RETRY_AFTER,
    HEADER_WARNING,
    HEADER_REASON,
    HEADER_REPLACES,
    HEADER_REFER_TO,
    HEADER_REFER_SUB,
    HEADER_REFERRED_BY,
    HEADER_DIVERSION,
    HEADER_HISTORY_INFO,
    HEADER_P_ASSERTED_IDENTITY,
    HEADER_P_PREFERRED_IDENTITY,
    HEADER_REMOTE_PARTY_ID,
    HEADER_AUTHORIZATION,
    HEADER_PROXY_AUTHORIZATION,
    HEADER_WWW_AUTHENTICATE,
    HEADER_PROXY_AUTHENTICATE,
    HEADER_USER_AGENT,
    HEADER_SERVER,
    HEADER_SUBJECT,
    HEADER_ALLOW_EVENTS,
    HEADER_ACCEPT_CONTACT,
    HEADER_REJECT_CONTACT,
    HEADER_REQUEST_DISPOSITION,
    HEADER_IDENTITY,
    HEADER_IDENTITY_INFO,
    HEADER_COUNT
};

struct sip_header_name {
    const char *name;
    char compact; /* 0 = has none */
};
extern const struct sip_header_name sip_header_names[HEADER_COUNT];

struct sip_header {
    uint8_t id;     /* enum sip_header_id */
    uint8_t name_n; /* length of the name as written (at most 255; longer is SIP_BAD_HEADER) */
    uint16_t at, n; /* the line: offset and length with folded lines and its line end */
    uint16_t value_at, value_n; /* trimmed of white space; may contain folds */
};

struct sip_msg {
    struct span bytes;      /* the datagram, cut to what Content-Length says */
    struct span start_line; /* with its line end */
    bool is_request;
    enum sip_method method; /* of a request: its start line; of a response: its CSeq */
    struct span method_name;
    struct span uri; /* Request-URI, as written */
    uint16_t status; /* 100..699 */
    struct span reason;
    struct sip_header headers[SIP_MAX_HEADERS];
    unsigned n_headers;
    uint8_t first[HEADER_COUNT]; /* index of the first header with that id, or SIP_NO_HEADER */
    struct span body;
    size_t body_at; /* offset of the body; where a body would begin if there is none */
    uint32_t cseq;  /* number of CSeq */
};
#define SIP_NO_HEADER 0xff

/* The order is that of looking: an error found early hides the later ones. (libosip2 has a macro
 * SIP_OK, which is 200: tests that include both include this header first and #undef it after.) */
enum sip_error {
    SIP_OK = 0,
    /* Nothing but CR, LF and NUL: ignored. */
    SIP_KEEP_ALIVE,
    /* The first line is neither a request nor a status line of SIP/2.0. */
    SIP_NOT_SIP,
    /* Longer than SIP_MAX_DATAGRAM. */
    SIP_OVERSIZE,
    /* NUL in start line or headers, other than behind a backslash in quotes (RFC 4475 §3.1.1.2). */
    SIP_HAS_NUL,
    /* No colon, bad name, other control bytes, line over SIP_MAX_LINE, no empty line after. */
    SIP_BAD_HEADER,
    SIP_TOO_MANY_HEADERS,

    /* From here on the message has what a response needs, so a request is answered 400. */

    /* No Via, From, To, Call-ID or CSeq (then no answer), or one without a value. */
    SIP_MISSING_HEADER,
    /* Two of From, To, Call-ID, CSeq, Content-Length, Max-Forwards, Content-Type. */
    SIP_REPEATED_HEADER,
    /* A Request-URI, topmost Via, From, To or CSeq that cannot be read, a CSeq of another method, a
     * request's Max-Forwards beyond 255, or white space in the start line where none may be. */
    SIP_BAD_VALUE,
    /* Content-Length not a number or beyond the datagram. */
    SIP_BAD_LENGTH,
    /* SIP/3.0: answered 505. */
    SIP_BAD_VERSION,
    SIP_ERROR_COUNT
};

/* "missing-header": for counters and Warnings. */
extern const char *const sip_error_names[SIP_ERROR_COUNT];

/* Indexes a datagram of n bytes. The views live as long as `bytes`. Bytes after Content-Length are
 * ignored (RFC 3261 §18.3). On an error *msg holds what was read so far; sip_msg_answerable says
 * whether a request can still be answered. Leading CRLFs are skipped. */
enum sip_error sip_msg_read(const char *bytes, size_t n, struct sip_msg *msg);
bool sip_msg_answerable(const struct sip_msg *msg); /* a request, not ACK, with all five headers */

static inline const struct sip_header *sip_header(const struct sip_msg *msg, enum sip_header_id id)
{
    return msg->first[id] == SIP_NO_HEADER ? NULL : &msg->headers[msg->first[id]];
}

/* The next header with the same id after h, or NULL. */
const struct sip_header *sip_header_next(const struct sip_msg *msg, const struct sip_header *h);

/* First header of that id as a trimmed value; p == NULL if absent. */
struct span sip_value(const struct sip_msg *msg, enum sip_header_id id);

static inline struct span sip_header_value(const struct sip_msg *msg, const struct sip_header *h)
{
    return span_of(msg->bytes.p + h->value_at, h->value_n);
}

static inline struct span sip_header_line(const struct sip_msg *msg, const struct sip_header *h)
{
    return span_of(msg->bytes.p + h->at, h->n);
}

static inline struct span sip_header_name(const struct sip_msg *msg, const struct sip_header *h)
{
    return span_of(msg->bytes.p + h->at, h->name_n);
}

enum sip_method sip_method_of(struct span name);    /* case-sensitive, RFC 3261 §7.1 */
enum sip_header_id sip_header_of(struct span name); /* full or compact, any case */

#endif
