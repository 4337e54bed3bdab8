/*
 * limits.h - every bound of the core that is not a key of the configuration.
 */
#ifndef CORE_LIMITS_H
#define CORE_LIMITS_H

/* Timers of RFC 3261 §17 for UDP, in ms. */
#define SIP_T1 500
#define SIP_T2 4000
#define SIP_T4 5000
#define SIP_TIMEOUT (64 * SIP_T1) /* B, F, H, J, L, M */

#define REGISTER_PATIENCE 4000 /* silence after which a REGISTER is answered 503 */
#define DOWN_PATIENCE 4000     /* the same for an INVITE to a peer known to be down */
#define VIEW_PATIENCE 1000     /* how long an INVITE waits for our address as the peer sees it */
#define VIEW_AGAIN 60000       /* after a vain wait the next INVITEs go at once for this long */
#define PROBE_PATIENCE 4000    /* a probe without an answer by then counts as unanswered */
#define PROBES_DOWN 3          /* unanswered probes in a row that mean down */
#define LOCAL_MISSED 2         /* from one local: the exchange drops what comes from there */
#define EXCHANGE_AGAIN 5000    /* an exchange that is down is probed this often */
#define EXCHANGE_APART 2000    /* its probes from several locals are at least this far apart */
#define RETRY_WAIT 5000        /* a challenged call keeps its ports this long for the next INVITE */
#define NAME_AGAIN 60000       /* names are looked up again this often */
#define NAME_AGAIN_FAILED 5000
#define UNKNOWN_LOG_EVERY 60000 /* one log line per unknown source */
#define PORT_RESERVE 64         /* bound pairs that the shell keeps ready per pool */
#define SESSION_GRACE 32000     /* past an expired session timer or subscription before we end it */

#define DSCP_EXCHANGE \
    26 /* of SIP toward the exchange: AF31, what `dscp` has for peers by default */

#define MAX_DIALOGS 12    /* early dialogs (forks) of one call */
#define MAX_ROUTES 16     /* route set */
#define MAX_CONTACTS 32   /* Contacts of one REGISTER */
#define MAX_HOSTS 6       /* SDP hosts remembered per side and call */
#define MAX_NAME 253      /* bytes of a host name in SDP that is looked up */
#define MAX_NAMES 32      /* such names whose addresses are kept, in all */
#define MAX_NAME_ADDRS 4  /* addresses kept of each */
#define MAX_LOOKUPS 8     /* such names asked for at once, in all */
#define MAX_CALL_ASKED 2  /* and of one call */
#define MAX_PEER_ADDRS 16 /* resolved addresses, and as many former ones, of a peer */
#define MAX_TRUNKS 32     /* sockets of trunk.listen, where an interface may stand for two */
#define MAX_ANNOUNCED 8
#define MAX_FORMERS 8         /* former configurations with calls */
#define MAX_CALL_TEXT 65536   /* bytes of strings that one call may keep */
#define MAX_PEER_BINDINGS 512 /* of one peer, both ways; MAX_CONTACTS of them for one user */
#define MAX_BINDINGS 8192
#define MAX_SOURCES 1024    /* sources whose request rate is watched at once */
#define MAX_EDITS 512       /* edits of one message: 32 m-lines need 200 and more */
#define MAX_EDIT_TEXT 24576 /* bytes of new text of one message */
#define MAX_OUT 24576       /* bytes of one message before it is too big to send */
#define MAX_UDP 16384       /* largest datagram we send: the largest we would read */
#define MAX_URI 1024        /* a URI that is rewritten or kept */
#define MAX_CODECS 64       /* names in a codec filter */

#endif
