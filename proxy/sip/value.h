/*
 * value.h - what stands in SIP header values and URIs, as views into the message.
 *
 * libosip2's parsers decide whether an address, a sip: URI or a Via is well-formed and what it
 * means; value.c, the only file that includes libosip2, then finds where those parts stand in the
 * bytes. Where the two disagree the value counts as unreadable: nobody downstream shall see another
 * host than we did. Lists, parameters and numbers (CSeq, RAck, seconds) need no library.
 *
 * All functions return 0 or EINVAL; on EINVAL *out is not to be used. Views live as long as the
 * input. Nothing is kept. One thread at a time in the whole process: libosip2 is lent a scratch
 * arena through its global allocator hooks for the length of a call.
 */
#ifndef SIP_VALUE_H
#define SIP_VALUE_H

#include "sdp/addr.h"
#include "proxy/sip/msg.h"

struct sip_uri {
    struct span whole;
    struct span scheme;   /* "sip", "sips", "tel", ... */
    struct span user;     /* with password, without '@'; p == NULL: none */
    struct span hostport; /* "host:port" as written; what an edit replaces */
    struct span host;     /* without brackets */
    uint16_t port;        /* 0 = none written */
    struct span params;   /* from the first ';' (included) to before '?'; n == 0: none */
    struct span headers;  /* from '?' (included); n == 0: none */
    struct addr addr;     /* host:port when the host is an IP literal, else family ADDR_NONE */
};

/* An element longer than this, or with more parameters than SIP_MAX_PARAMS, is unreadable. */
#define SIP_MAX_ELEMENT 4096
#define SIP_MAX_PARAMS 64

/* sip: and sips: URIs are split; for any other scheme only whole and scheme are set. No white space
 * and no control bytes may stand in a URI; an empty user ("sip:@host") has p != NULL and n == 0. */
int sip_uri_read(struct span text, struct sip_uri *out);

/* One element of From, To, Contact, Route, Refer-To, P-Asserted-Identity, Diversion... */
struct sip_name_addr {
    struct span whole; /* the element without the separating comma or outer white space */
    struct sip_uri uri;
    bool bracketed;     /* the URI stands in <>; without them it has no ';', '?' or ',' (§20.10) */
    bool star;          /* "*" (Contact of a REGISTER); nothing else is set then */
    struct span params; /* header parameters: from the ';' after '>' (or after the addr-spec) on */
};
int sip_name_addr_read(struct span element, struct sip_name_addr *out);

/* Walks a comma-separated value: returns false at its end. Commas in quotes and <> do not split;
 * empty elements are passed over. */
bool sip_list_next(struct span *rest, struct span *element);

/* Looks up ";name" or ";name=value" (any case) in a parameter list that begins with ';'. found =
 * return value; *value (may be NULL) is p == NULL for a valueless parameter; quotes are kept.
 * *where (may be NULL) is the whole ";name=value" with its semicolon, for cutting it out. */
bool sip_param(struct span params, const char *name, struct span *value, struct span *where);

/* The tag of a From or To value; p == NULL: none. Two tags, or one without a value, are EINVAL. */
int sip_tag_read(struct span value, struct span *tag);

struct sip_via {
    struct span whole;   /* this via-parm only, when several share one line */
    struct span sent_by; /* "host:port" as written */
    struct span host;
    uint16_t port;         /* 0 = none written (5060) */
    struct span branch;    /* p == NULL: none (RFC 2543) */
    struct span received;  /* p == NULL: none */
    bool has_rport;        /* the parameter is there */
    uint16_t rport;        /* its value; 0 = none */
    struct span transport; /* "UDP" */
    struct span params;    /* from the first ';' to the end of the via-parm; n == 0: none */
};
/* The first via-parm of a Via value, of any version of SIP, so that SIP/3.0 can be answered. */
int sip_via_read(struct span value, struct sip_via *out);

struct sip_cseq {
    uint32_t number; /* below 2^31 */
    struct span method;
};
int sip_cseq_read(struct span value, struct sip_cseq *out);

/* RAck: response number, CSeq number, method (RFC 3262 §7.2). */
int sip_rack_read(struct span value, uint32_t *rseq, struct sip_cseq *cseq);

/* "Expires: 120", also "Session-Expires: 300;refresher=uas" (parameters ignored). */
int sip_seconds_read(struct span value, uint32_t *seconds);

/* Of a scheme that a request may be for: sip, sips (RFC 3261), tel (3966), urn (5031: emergency
 * calls). uri need not be readable. */
bool sip_scheme_known(struct span uri);

/* What may stand in a request line of a URI from a Contact: all but its headers (RFC 3261 §16.6
 * step 2, §19.1.1). */
struct span sip_uri_target(const struct sip_uri *uri);

/* URI equality as far as REGISTER bindings need it (RFC 3261 §19.1.4): scheme, user
 * (case-sensitive), host, port, and of the parameters user, ttl, method, maddr, transport, line,
 * lr. */
bool sip_uri_same(const struct sip_uri *a, const struct sip_uri *b);

#endif
