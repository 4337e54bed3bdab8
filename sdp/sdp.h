/*
 * sdp.h - reading an SDP body and rewriting the addresses and ports in it (RFC 4566, 3264, 3605).
 *
 * In three steps: sdp_read lists what the body says as views into it; the caller decides, per
 * m-line, on addresses and ports; sdp_rewrite turns that table into edits. Every byte outside the
 * edits passes through, line ends included. Nothing here allocates, logs or knows sockets.
 */
#ifndef SDP_SDP_H
#define SDP_SDP_H

#include "sdp/addr.h"
#include "sdp/edit.h"

#define SDP_MAX_MEDIA 32 /* m-lines; more is SDP_TOO_MANY_MEDIA */
#define SDP_MAX_LINES 2048

enum sdp_error {
    SDP_OK = 0,
    SDP_NOT_SDP,  /* does not begin with v=0, or a line without '=' */
    SDP_TOO_LONG, /* over SDP_MAX_LINES lines */
    SDP_TOO_MANY_MEDIA,
    SDP_BAD_MEDIA,       /* an m= line that cannot be read */
    SDP_BAD_PORT,        /* port above 65535, or "port/n" with n > 1 */
    SDP_BAD_CONNECTION,  /* a c= line that cannot be read */
    SDP_BAD_ORIGIN,      /* an o= line that cannot be read */
    SDP_BAD_RTCP,        /* an a=rtcp line that cannot be read */
    SDP_NO_CONNECTION,   /* a live m-line without c= at either level */
    SDP_NAME_UNRESOLVED, /* never from sdp_read; for callers that had to give up on a host name */
    SDP_ERROR_COUNT
};
/* A short text fit for a SIP Warning ("no c= for m-line 2"); error is not SDP_OK. */
extern const char *const sdp_error_text[SDP_ERROR_COUNT];

enum sdp_direction { SDP_SENDRECV, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE };

/* "IN IP4 192.0.2.1" of an o=, c= or a=rtcp line. */
struct sdp_host {
    struct span
        whole; /* "IN IP4 192.0.2.1", "/ttl" too: what an edit replaces; p == NULL: absent */
    struct span family; /* "IP4" or "IP6" as written */
    struct span host;   /* "192.0.2.1" or a name, without "/ttl" */
    struct addr addr;   /* family ADDR_NONE when the host is a name */
};

struct sdp_media {
    struct span line;  /* the whole m= line with its line end */
    struct span block; /* from "m=" to before the next m= or the end */
    struct span kind;  /* "audio", "image", ... */
    struct span ports; /* "49170", or "49170/1" */
    uint16_t port;     /* 0 = rejected or disabled */
    struct span proto; /* "RTP/AVP", "udptl", "TCP/MSRP" */
    struct span formats;
    bool over_udp;             /* proto says UDP or RTP (not TCP/..., not */
    bool is_rtp;               /* proto is an RTP profile: RTCP and sequence numbers make sense */
    struct sdp_host c;         /* the m-line's own c=, absent in most */
    struct span rtcp_line;     /* "a=rtcp:..." with its line end; p == NULL: absent */
    struct span rtcp_port;     /* the digits */
    uint16_t rtcp;             /* a=rtcp port, 0 if absent */
    struct sdp_host rtcp_host; /* address on a=rtcp, may be absent */
    bool rtcp_mux;
    enum sdp_direction direction; /* own attribute, else the session's, else sendrecv */
    bool has_ice;                 /* any a=candidate / ice-* here (or at session level) */
};

struct sdp {
    struct span body;
    struct span username; /* first field of o=, spaces and all; p == NULL where left out */
    struct sdp_host origin, c;
    struct sdp_media media[SDP_MAX_MEDIA];
    unsigned n_media;
    unsigned bad_media; /* on an error: the m-line it is about, from 1; 0 = session level */
};

/* Reads a body. Lines may end in CRLF, LF or (the last) nothing; empty lines are skipped. What
 * could carry a second address past the rewriter is refused: another o=, another c= in one place,
 * another a=rtcp in one m-line, an address on a session-level a=rtcp, a CR inside a line
 * (SDP_NOT_SDP). On success the views live as long as the body. On an error *out holds what had
 * been read so far, for the message only. */
enum sdp_error sdp_read(struct span body, struct sdp *out);

/* The address an m-line's media goes to: its own c=, else the session's; absent: p == NULL. */
const struct sdp_host *sdp_media_host(const struct sdp *sdp, unsigned media);

/* On hold by address (RFC 2543 style): c= of 0.0.0.0 or ::. */
bool sdp_media_on_hold(const struct sdp *sdp, unsigned media);

/* What to write for one m-line. */
struct sdp_media_new {
    bool keep_address;     /* leave this m-line's own c= as it is (0.0.0.0, rejected) */
    bool disable;          /* write port 0 (m-lines not over UDP, T.38 refused...) */
    struct addr addr;      /* IP for c= and a=rtcp; port for the m-line; port 0 = leave the port */
    struct addr rtcp_addr; /* IP for a=rtcp, where it is another; ADDR_NONE = addr's */
    uint16_t rtcp; /* port for an a=rtcp line that is present and differs from the m-line's */
};

struct sdp_new {
    struct addr origin; /* for o=; ADDR_NONE = leave */
    struct addr
        session; /* for the session-level c=; ADDR_NONE = leave. A wildcard c= is always left */
    struct span username; /* replaces o='s first field; p == NULL = keep */
    bool drop_ice;        /* remove ICE lines (media is relayed) */
    const struct span
        *codecs; /* keep only these encoding names (nocase) in RTP m-lines; NULL = all */
    unsigned n_codecs;
    struct sdp_media_new media[SDP_MAX_MEDIA];
};

/* Adds the edits; offsets count from the body's first byte. "IN IP4" becomes "IN IP6" as the new
 * address needs. A wildcard address and port 0 are never touched (hold and rejection stay what they
 * are), nor is an address that is the same in another spelling.
 * a=rtcp: where its port equals the m-line's old port (rtcp-mux style) it becomes the new port,
 * else `rtcp` (0 = leave); an address on it becomes the m-line's, also under keep_address. Its port
 * stays as it is beside port 0 or `disable`. Codec filter: payload types whose rtpmap (or static
 * number: 0 PCMU, 3 GSM, 4 G723, 8 PCMA, 9 G722, 18 G729, ...) names none of `codecs` leave the m=
 * line together with their rtpmap, fmtp and rtcp-fb lines. An m-line that would be left with
 * nothing, or with nothing but telephone-event and CN, keeps everything; one with port 0 is not
 * looked at, and one that `disable` refuses keeps one format and none of those lines. Idempotent: rewriting the result with the same table adds no edit. */
void sdp_rewrite(const struct sdp *sdp, const struct sdp_new *with, struct edits *edits);

/* Does an RTP m-line offer one of these encoding names (as the codec filter reads them)? */
bool sdp_codec_offered(const struct sdp_media *m, const struct span *names, unsigned n);

#endif
