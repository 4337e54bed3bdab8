/*
 * tailnet.h - the scene of most tests: an exchange "x" and the proxy on one machine, and far
 * exchanges "p", "q", "r" across a tailnet that may know either side under other addresses.
 *
 * Scripts get these lines beside those of script.h, and $words for addresses, which depend on the
 * translation in force:
 *
 *   calls 1 | pairs 2                what the core has going on, taken ports
 *   counter NAME N                   exactly that much
 *   log "text" | no-log "text" | logged N "text"
 *   known p                          the core knows how p sees us
 *   registered N                     bindings of the first peer
 *   restart | reload | reload-without q | drain | exited | hangup | save | spoil
 *   reload-with peer|exchange "key: value"   those keys instead of what there was
 *   warned N                         what the API warns of at the first peer
 *   measured 0|1                     whether a round-trip time to it is known
 *   remember | as-remembered [anew]  the relay's targets and latches are what they were, and no
 *                                    order was given, unless `anew`
 *   name NAME [ADDRESS[,ADDRESS]]    what the resolver says
 *   resolver TIME                    how long it takes for that
 *   aims p LINE ADDRESS              media of that m-line, of p's newest call, goes there
 *   packet ADDRESS p LINE            one comes from there to our port toward p
 *   muxed p LINE 0|1                 RTCP toward p goes to its RTP port
 *   passed p LINE N                  packets from p's side that were let through
 *   moves ADDRESS                    the first peer is known here under that one now
 *   taken FIRST LAST                 media ports that somebody else holds
 *   raw x NAME                       that body as a datagram, whatever it is
 *   stray x "text"                   x got such a response to nothing it asked
 *   habit x compact ...              compact rtcp symmetric medialevel norport edge
 *                                    gateway
 *   unanswered                       what is asked from here on need not be answered
 *   over                             every call that is up is ended by role a
 *
 *   $PEER $PEER2   how we know p, q     $NATIVE $NATIVE2   what they write themselves
 *   $US $US2       how p, q know us     $SELF              our own tailnet address
 *   $LOCAL $LOCAL2 what stands for p, q toward the exchange    $EXCHANGE
 *   $CALLER $CALLED   where roles a and b have their signalling, with port
 *
 * and in bodies, where they stand for "IN IP4 ..." as in c=, also $MINE, what the agent that writes
 * it has for media, and $OURS, what the agent it comes to is told by us, with $P1 $P2 ... our ports
 * there for its m-lines and $R1 $R2 ... those above them
 */
#ifndef SIM_TAILNET_H
#define SIM_TAILNET_H

#include "tests/sim/box.h"
#include "tests/sim/script.h"

#define TAILNET_PEERS 3
#define TAILNET_REMEMBERED 8

/* What the relay does with one side of a stream. */
struct tailnet_stream {
    stream_no stream;
    uint32_t generation;
    enum side side;
    unsigned orders; /* an order given again opens the latches */
    bool mute;
    struct addr rtp, rtcp, held[2];
};

struct tailnet_options {
    bool ours_masked,
        theirs_masked;        /* per-peer addresses: of us as they see us, of them as we do */
    unsigned peers;           /* 1..3, default 1 */
    bool named;               /* the first peer is configured by a name */
    bool shared;              /* no peer has a local of its own */
    bool exchange_on_tailnet; /* its signalling and media are on our tailnet address */
    bool six;                 /* the tailnet is IPv6; the exchange is not */
    bool backwards;           /* role a is p, not x */
    bool rewrite_contact;
    bool save_often;      /* every call is saved and loaded after each line */
    const char *peer;     /* more keys of every peer: "media_from: sdp, latch: strict" */
    const char *config;   /* more of the file */
    const char *exchange; /* more keys of the exchange */
    const struct scene_body *bodies;
    unsigned probe_s;          /* of peers, default 30 */
    unsigned exchange_probe_s; /* default 30 */
};

struct tailnet {
    struct scene scene;
    struct box box;
    struct tailnet_options options;
    struct ua *x, *peers[TAILNET_PEERS];
    struct {
        struct addr native, seen, us, local;
    } at[TAILNET_PEERS];
    struct addr self, exchange;
    int here, there; /* hosts of the proxy and of the first peer */
    struct tailnet_stream remembered[TAILNET_REMEMBERED];
    unsigned n_remembered;
    char yaml[8192];
    char more[256]; /* behind options.peer or .exchange once reloaded with them */
};

void tailnet_init(struct tailnet *t, uint64_t seed, const char *title,
                  const struct tailnet_options *options);
void tailnet_free(struct tailnet *t);

/* Runs a script with its $words filled in, ends what is still up and checks that nothing is left.
 */
bool tailnet_run(struct tailnet *t, const char *script);

/* The configuration for the first n peers, into t->yaml. */
void tailnet_write_config(struct tailnet *t, unsigned n);

#endif
