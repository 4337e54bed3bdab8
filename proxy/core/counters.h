/*
 * counters.h - every counter of the program in one table: name, per peer or not, meaning.
 *
 * One counter per reason, monotonic. The sum that must hold: datagrams_in = sip_requests_in +
 * sip_responses_in + the drops of what was not read: drop_not_exchange, drop_unknown_source,
 * drop_keep_alive, drop_oversize and drop_malformed. The other drops are of messages that were.
 */
#ifndef CORE_COUNTERS_H
#define CORE_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

/* X(NAME, per_peer, "help") */
#define COUNTERS(X)                                                                                \
    X(datagrams_in, 0, "SIP datagrams received")                                                   \
    X(datagrams_out, 0, "SIP datagrams sent")                                                      \
    X(drop_not_exchange, 0, "dropped: came to a local socket from outside exchange.sources")       \
    X(drop_unknown_source, 0, "dropped: came to a trunk socket from an address of no peer")        \
    X(drop_keep_alive, 0, "ignored: CRLF or NUL keep-alive")                                       \
    X(drop_oversize, 0, "dropped: longer than the largest SIP datagram")                           \
    X(drop_malformed, 0, "dropped: not SIP, or without what an answer needs")                      \
    X(drop_rate, 1, "dropped: OPTIONS over the rate limit of its source")                          \
    X(drop_unlisted_peer, 0, "dropped: new requests of a peer no longer listed whose calls go on") \
    X(drop_stray_response, 0, "dropped: response to nothing that was asked of this sender")        \
    X(drop_stray_ack, 0, "dropped: ACK for no dialog and no transaction")                          \
    X(sip_requests_in, 1, "requests read")                                                         \
    X(sip_responses_in, 1, "responses read")                                                       \
    X(retransmissions_in, 1, "requests or responses absorbed as repetitions")                      \
    X(retransmissions_out, 1, "requests or responses sent again by a timer")                       \
    X(answer_400_malformed, 1, "requests answered 400: could not be read")                         \
    X(answer_404_no_peer, 0, "requests of the exchange answered 404: no or no single peer")        \
    X(answer_416_scheme, 1, "requests answered 416: URI scheme without a route")                   \
    X(answer_420_extension, 1, "requests answered 420: unknown Proxy-Require")                     \
    X(answer_481_no_dialog, 1, "requests answered 481: no dialog or transaction")                  \
    X(answer_482_loop, 1, "requests answered 482: our own request came back")                      \
    X(answer_482_merged, 1, "INVITEs answered 482: the same one had come by another way")          \
    X(answer_483_hops, 1, "requests answered 483: Max-Forwards was 0")                             \
    X(answer_488_sdp, 1, "requests answered 488: SDP unreadable")                                  \
    X(answer_488_foreign, 1, "requests answered 488: media of a third party refused")              \
    X(answer_503_rate, 1, "requests answered 503: rate limit of the source")                       \
    X(answer_503_calls, 1, "requests answered 503: limit of calls")                                \
    X(answer_503_transactions, 1, "requests answered 503: limit of transactions")                  \
    X(answer_503_ports, 1, "requests answered 503: no port pair left")                             \
    X(answer_503_peer_down, 1, "requests answered 503: the peer is down")                          \
    X(answer_503_exchange_down, 1, "requests answered 503: the exchange is down")                  \
    X(answer_503_draining, 1, "requests answered 503: draining")                                   \
    X(answer_513_too_big, 1, "requests answered 513: too big to send on")                          \
    X(timeout_invite, 1, "INVITEs that nobody answered")                                           \
    X(timeout_other, 1, "other requests that nobody answered")                                     \
    X(calls_total, 1, "calls begun")                                                               \
    X(calls_answered, 1, "calls answered")                                                         \
    X(calls_failed, 1, "calls ended without an answer")                                            \
    X(calls_one_way, 1, "answered calls in which one side was never heard")                        \
    X(calls_silent, 1, "answered calls in which nobody was ever heard")                            \
    X(calls_hung_up, 1, "calls ended by us: idle, silent, session timer, operator, bad SDP")       \
    X(forks_ended, 1, "second 2xx answers, acknowledged and ended by us")                          \
    X(sdp_rewritten, 1, "SDP bodies rewritten")                                                    \
    X(sdp_unreadable, 1, "SDP bodies that could not be read")                                      \
    X(names_asked, 0, "host names in SDP looked up")                                               \
    X(names_failed, 0, "host names in SDP that did not resolve")                                   \
    X(names_refused, 0, "host names in SDP not looked up: too many at once")                       \
    X(oversize_sent, 1, "messages sent although larger than the peer's mtu allows")                \
    X(registrations_out, 1, "successful REGISTERs of the exchange at a peer")                      \
    X(registrations_in, 1, "successful REGISTERs of a peer at the exchange")                       \
    X(routed_by_default, 1, "in-dialog requests of unknown dialogs sent where their socket says")  \
    X(calls_adopted, 1, "re-INVITEs of unknown dialogs whose calls go on here")                    \
    X(challenges, 1, "INVITEs of a peer challenged (401, 407) by the exchange")                    \
    X(ports_rested_short, 0,                                                                       \
      "port pairs reused before port_reuse_delay, the longest rested first")                       \
    X(ports_taken, 0, "port pairs somebody else holds")                                            \
    X(rtp_dropped, 1, "RTP packets from foreign sources")                                          \
    X(store_failed, 0, "records that could not be kept")                                           \
    X(send_no_room, 0, "SIP datagrams lost: the system had no room to send them")                  \
    X(send_failed, 0, "SIP datagrams lost: no route, or forbidden by a filter")                    \
    X(helper_refused, 0, "look-ups refused: too much waits for the helper thread")                 \
    X(log_lost, 0, "log lines lost: nobody took them in time")

enum counter {
#define X(name, per_peer, help) COUNT_##name,
    COUNTERS(X)
#undef X
        COUNTER_COUNT
};

struct counter_info {
    const char *name;
    int per_peer; /* has a value per peer beside the total */
    const char *help;
};
extern const struct counter_info counter_table[COUNTER_COUNT];

struct counters {
    uint64_t v[COUNTER_COUNT];
};

#endif
