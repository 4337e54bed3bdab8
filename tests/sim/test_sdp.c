/*
 * SDP through the core, byte for byte: what one side writes, and what the other one is told. The
 * bodies stand beside their script; $MINE, $OURS, $P1 and $R1 are filled in (tailnet.h).
 */
#include "tests/sim/cases.h"

/* clang-format off */
#define BODIES(...) (const struct scene_body[]){__VA_ARGS__, {NULL, NULL}}

/* An offer, and what it becomes; the answer, and what it becomes. */
#define OFFER "a call body=o\n b expect INVITE is=o2\n"
#define ANSWER "b answer 200 body=n\n a expect 200 is=n2\n b expect ACK nosdp\n"
#define AGAIN "a send INVITE body=o\n b expect INVITE is=o2\n"

#define O "v=0\r\no=- 1 1 $MINE\r\ns=-\r\n"
#define O2 "v=0\r\no=- 1 1 $OURS\r\ns=-\r\n"
#define C "c=$MINE\r\n"
#define C2 "c=$OURS\r\n"
#define T "t=0 0\r\n"
#define AUDIO "m=audio 4000 RTP/AVP 0\r\n"
#define AUDIO2 "m=audio $P1 RTP/AVP 0\r\n"
#define PLAIN O C T AUDIO
#define PLAIN2 O2 C2 T AUDIO2
#define PLAIN_ANSWER {"n", PLAIN}, {"n2", PLAIN2}

#define FULL AUDIO "a=candidate:1 1 UDP 1 192.0.2.3 4000 typ host\r\n" C "a=ice-ufrag:x\r\na=rtcp:4001 $MINE\r\na=ice-pwd:y\r\n"
#define F8 FULL FULL FULL FULL FULL FULL FULL FULL
#define M8 AUDIO AUDIO AUDIO AUDIO AUDIO AUDIO AUDIO AUDIO

/* What the exchange is told with media: direct: how it reaches the peer itself. */
#define DIRECT(lines) "v=0\r\no=- 1 1 $PEER\r\ns=-\r\nc=$PEER\r\n" T lines

/* SDP that lists what somebody can do; addresses wherever they may stand. */
#define ICE "a=candidate:1 1 UDP 1 192.0.2.3 4000 typ host\r\na=ice-ufrag:x\r\n"
#define CAPABILITIES(host, ice)                                                               \
    "v=0\r\no=- 1 1 " host "\r\ns=-\r\nc=" host "\r\nt=0 0\r\nm=audio 0 RTP/AVP 0 8\r\n"      \
    "a=rtcp:4001 " host "\r\n" ice "m=video 4002 RTP/AVP 31\r\nc=" host "\r\na=rtcp:53020 "     \
    host "\r\nm=message 2855 TCP/MSRP *\r\nc=" host "\r\n"

#define ELSEWHERE(ip) O "c=IN IP4 " ip "\r\n" T AUDIO
#define NAMED_BY(mine) "v=0\r\no=- 1 1 " mine "\r\ns=-\r\nc=IN IP4 media.p.example\r\n" T AUDIO
#define NAMED NAMED_BY("$MINE")
#define NAMES "a call body=n\n b expect INVITE is=n2\n b answer 200 body=n\n a expect 200 is=n2\n b expect ACK nosdp\n"
#define NAMES_BODIES BODIES({"n", NAMED}, {"n2", PLAIN2})

#define BAD BODIES({"bad", PLAIN C C})
#define MIXED " type=\"multipart/mixed;boundary=b1\""
#define PART(type, text) "--b1\r\nContent-Type: " type "\r\n\r\n" text "\r\n"

static const struct call_case cases[] = {
    /* ---- m-lines */
    {"five m-lines of five kinds, of which the answer takes two", 0, NULL, NULL,
     OFFER ANSWER "pairs 8\n" END_A, BODIES(
     {"o", O C T AUDIO "m=video 4002 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\nm=image 4004 udptl t38\r\n"
           "m=application 4006 UDP/BFCP *\r\na=floorctrl:c-only\r\nm=message 2855 TCP/MSRP *\r\n"},
     {"o2", O2 C2 T AUDIO2 "m=video $P2 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\nm=image $P3 udptl t38\r\n"
            "m=application $P4 UDP/BFCP *\r\na=floorctrl:c-only\r\nm=message 0 TCP/MSRP *\r\n"},
     {"n", O C T AUDIO "m=video 0 RTP/AVP 96\r\nm=image 0 udptl t38\r\nm=application 4006 UDP/BFCP *\r\n"
           "m=message 0 TCP/MSRP *\r\n"},
     {"n2", O2 C2 T AUDIO2 "m=video 0 RTP/AVP 96\r\nm=image 0 udptl t38\r\nm=application $P4 UDP/BFCP *\r\n"
            "m=message 0 TCP/MSRP *\r\n"})},
    {"an m-line not over UDP tells nobody its own address", 0, NULL, NULL,
     OFFER ANSWER END_A, BODIES(
     {"o", O T "m=message 2855 TCP/MSRP *\r\n" C AUDIO C "m=application 4006 TCP/TLS/BFCP *\r\n" C
           "a=rtcp:4007 $MINE\r\na=setup:actpass\r\n"},
     {"o2", O2 T "m=message 0 TCP/MSRP *\r\n" C2 "m=audio $P2 RTP/AVP 0\r\n" C2
            "m=application 0 TCP/TLS/BFCP *\r\n" C2 "a=rtcp:4007 $OURS\r\na=setup:actpass\r\n"},
     {"n", O T "m=message 0 TCP/MSRP *\r\n" C AUDIO C "m=application 0 TCP/TLS/BFCP *\r\n"},
     {"n2", O2 T "m=message 0 TCP/MSRP *\r\n" C2 "m=audio $P2 RTP/AVP 0\r\n" C2
            "m=application 0 TCP/TLS/BFCP *\r\n"})},
    {"an m-line added later gets ports of its own, the first keeps its", 0, NULL, NULL,
     "a call body=p\n b expect INVITE is=p2\n b answer 200 body=p\n a expect 200 is=p2\n b expect ACK\n"
     AGAIN ANSWER "pairs 4\n" END_A, BODIES(
     {"p", PLAIN}, {"p2", PLAIN2},
     {"o", PLAIN "m=video 4010 RTP/AVP 96\r\n"}, {"o2", PLAIN2 "m=video $P2 RTP/AVP 96\r\n"},
     {"n", PLAIN "m=video 4012 RTP/AVP 96\r\n"}, {"n2", PLAIN2 "m=video $P2 RTP/AVP 96\r\n"})},
    {"an m-line switched off and on again keeps its ports", 0, NULL, NULL,
     OFFER ANSWER
     "a send INVITE body=off\n b expect INVITE is=off2\n b answer 200 body=off\n a expect 200 is=off2\n"
     "b expect ACK\n pairs 4\n" AGAIN ANSWER "pairs 4\n" END_A, BODIES(
     {"o", PLAIN "m=video 4010 RTP/AVP 96\r\n"}, {"o2", PLAIN2 "m=video $P2 RTP/AVP 96\r\n"},
     {"n", PLAIN "m=video 4010 RTP/AVP 96\r\n"}, {"n2", PLAIN2 "m=video $P2 RTP/AVP 96\r\n"},
     {"off", PLAIN "m=video 0 RTP/AVP 96\r\n"}, {"off2", PLAIN2 "m=video 0 RTP/AVP 96\r\n"})},
    {"the other side may add an m-line", 0, NULL, NULL,
     "a call body=p\n b expect INVITE is=p2\n b answer 200 body=p\n a expect 200 is=p2\n b expect ACK\n"
     "b send INVITE body=o\n a expect INVITE is=o2\n a answer 200 body=n\n b expect 200 is=n2\n"
     "a expect ACK\n" END_A, BODIES(
     {"p", PLAIN}, {"p2", PLAIN2},
     {"o", PLAIN "m=video 4010 RTP/AVP 96\r\n"}, {"o2", PLAIN2 "m=video $P2 RTP/AVP 96\r\n"},
     {"n", PLAIN "m=video 4012 RTP/AVP 96\r\n"}, {"n2", PLAIN2 "m=video $P2 RTP/AVP 96\r\n"})},
    {"no m-line at all", 0, NULL, NULL, OFFER ANSWER "pairs 0\n" END_A, BODIES(
     {"o", O C T}, {"o2", O2 C2 T}, {"n", O T}, {"n2", O2 T})},

    /* ---- c= at either level */
    {"c= at session level alone", 0, NULL, NULL, OFFER ANSWER END_A, BODIES(
     {"o", PLAIN}, {"o2", PLAIN2}, PLAIN_ANSWER)},
    {"c= at media level alone: none is added above", 0, NULL, NULL, OFFER ANSWER END_A, BODIES(
     {"o", O T AUDIO C}, {"o2", O2 T AUDIO2 C2}, {"n", O T AUDIO C}, {"n2", O2 T AUDIO2 C2})},
    {"c= at both levels", 0, NULL, NULL, OFFER ANSWER END_A, BODIES(
     {"o", PLAIN C}, {"o2", PLAIN2 C2}, {"n", PLAIN C}, {"n2", PLAIN2 C2})},
    {"c= at session level and under the second m-line", 0, NULL, NULL, OFFER ANSWER END_A, BODIES(
     {"o", PLAIN "m=video 4002 RTP/AVP 96\r\n" C}, {"o2", PLAIN2 "m=video $P2 RTP/AVP 96\r\n" C2},
     {"n", PLAIN "m=video 0 RTP/AVP 96\r\n"}, {"n2", PLAIN2 "m=video 0 RTP/AVP 96\r\n"})},
    {"a multicast c= goes with its ttl", 0, NULL, NULL, OFFER ANSWER END_A, BODIES(
     {"o", O "c=IN IP4 224.2.17.12/127\r\n" T AUDIO}, {"o2", PLAIN2}, PLAIN_ANSWER)},
    {"no c= for a live m-line: 488, and the next call works", 0, NULL, NULL,
     "a call body=bad\n a expect 488 has=Warning:\n a.two call body=o\n b expect INVITE is=o2\n"
     "b answer 486\n a.two expect 486", BODIES(
     {"bad", O T AUDIO C "m=video 4002 RTP/AVP 96\r\n"}, {"o", PLAIN}, {"o2", PLAIN2})},

    /* ---- IP4 on one side, IP6 on the other */
    {"IN IP4 becomes IN IP6 toward a peer, and back", SIX, NULL, NULL,
     OFFER ANSWER "media 200ms\n aims p 1 $PEER:4000\n" END_A, BODIES(
     {"o", PLAIN C "a=rtcp:4001 $MINE\r\n"}, {"o2", PLAIN2 C2 "a=rtcp:$R1 $OURS\r\n"},
     {"n", PLAIN C "a=rtcp:4001 $MINE\r\n"}, {"n2", PLAIN2 C2 "a=rtcp:$R1 $OURS\r\n"})},
    {"media crosses between IP4 and IP6", SIX, NULL, NULL, RING TALK "rtcp a b\n"
     "b send INVITE sdp move\n a expect INVITE sdp\n a answer 200 sdp\n b expect 200 sdp\n a expect ACK\n" TALK END_B},
    {"hold by 0.0.0.0 and by :: stays in its family between IP4 and IP6", SIX, NULL, NULL,
     "a call body=p\n b expect INVITE is=p2\n b answer 200 body=p\n a expect 200 is=p2\n b expect ACK\n"
     "a send INVITE body=h\n b expect INVITE is=h2\n b answer 200 body=k\n a expect 200 is=k2\n b expect ACK\n"
     "a send INVITE body=p\n b expect INVITE is=p2\n b answer 200 body=p\n a expect 200 is=p2\n b expect ACK\n" END_A, BODIES(
     {"p", PLAIN}, {"p2", PLAIN2}, {"h", O "c=IN IP4 0.0.0.0\r\n" T AUDIO}, {"h2", O2 "c=IN IP4 0.0.0.0\r\n" T AUDIO2},
     {"k", O "c=IN IP6 ::\r\n" T AUDIO}, {"k2", O2 "c=IN IP6 ::\r\n" T AUDIO2})},
    {"a family that contradicts its address is put right", 0, NULL, NULL, OFFER ANSWER END_A, BODIES(
     {"o", O "c=IN IP6 192.0.2.7\r\n" T AUDIO}, {"o2", PLAIN2},
     {"n", O "c=IN IP4 2001:db8::7\r\n" T AUDIO}, {"n2", PLAIN2})},
    {"a name is looked up in the family of our socket", SIX, "media_from: sdp", NULL,
     "name media.p.example 198.51.100.7,2001:db8::7\n" NAMES "wait 1s\n aims p 1 [2001:db8::7]:4000\n" END_A, NAMES_BODIES},

    /* ---- RTCP */
    {"a=rtcp with an address and without, in one offer", 0, NULL, NULL, OFFER ANSWER END_A, BODIES(
     {"o", PLAIN "a=rtcp:4001\r\nm=video 4002 RTP/AVP 96\r\na=rtcp:53020 $MINE\r\n"},
     {"o2", PLAIN2 "a=rtcp:$R1\r\nm=video $P2 RTP/AVP 96\r\na=rtcp:$R2 $OURS\r\n"},
     {"n", PLAIN "a=rtcp:4001 $MINE\r\nm=video 4002 RTP/AVP 96\r\n"},
     {"n2", PLAIN2 "a=rtcp:$R1 $OURS\r\nm=video $P2 RTP/AVP 96\r\n"})},
    {"a=rtcp equal to the m-line's port stays equal", 0, NULL, NULL, OFFER ANSWER END_A, BODIES(
     {"o", PLAIN "a=rtcp-mux\r\na=rtcp:4000\r\n"}, {"o2", PLAIN2 "a=rtcp-mux\r\na=rtcp:$P1\r\n"},
     {"n", PLAIN "a=rtcp:4000 $MINE\r\na=rtcp-mux\r\n"},
     {"n2", PLAIN2 "a=rtcp:$P1 $OURS\r\na=rtcp-mux\r\n"})},
    {"rtcp-mux with a port of its own as well", 0, NULL, NULL, OFFER ANSWER END_A, BODIES(
     {"o", PLAIN "a=rtcp-mux\r\na=rtcp:4001\r\n"}, {"o2", PLAIN2 "a=rtcp-mux\r\na=rtcp:$R1\r\n"},
     PLAIN_ANSWER)},
    {"RTCP shares the port where both said rtcp-mux", 0, NULL, NULL,
     OFFER "muxed a 1 0\n" ANSWER "muxed a 1 1\n muxed b 1 1\n" END_A, BODIES(
     {"o", PLAIN "a=rtcp-mux\r\n"}, {"o2", PLAIN2 "a=rtcp-mux\r\n"},
     {"n", PLAIN "a=rtcp-mux\r\n"}, {"n2", PLAIN2 "a=rtcp-mux\r\n"})},
    {"rtcp-mux that only the offer says is none", 0, NULL, NULL,
     OFFER ANSWER "muxed a 1 0\n muxed b 1 0\n" END_A, BODIES(
     {"o", PLAIN "a=rtcp-mux\r\n"}, {"o2", PLAIN2 "a=rtcp-mux\r\n"}, PLAIN_ANSWER)},
    {"rtcp-mux begins and ends with a re-INVITE", 0, NULL, NULL,
     "a call body=p\n b expect INVITE\n b answer 200 body=p\n a expect 200\n b expect ACK\n"
     AGAIN ANSWER "muxed a 1 1\n muxed b 1 1\n"
     "b send INVITE body=p\n a expect INVITE\n a answer 200 body=p\n b expect 200\n a expect ACK\n"
     "muxed a 1 0\n muxed b 1 0\n" END_A, BODIES({"p", PLAIN},
     {"o", PLAIN "a=rtcp-mux\r\n"}, {"o2", PLAIN2 "a=rtcp-mux\r\n"},
     {"n", PLAIN "a=rtcp-mux\r\n"}, {"n2", PLAIN2 "a=rtcp-mux\r\n"})},
    {"a=rtcp of a rejected m-line tells nobody its address", 0, NULL, NULL, OFFER ANSWER END_A, BODIES(
     {"o", PLAIN "m=video 0 RTP/AVP 96\r\na=rtcp:4003 $MINE\r\n"},
     {"o2", PLAIN2 "m=video 0 RTP/AVP 96\r\na=rtcp:4003 $OURS\r\n"},
     {"n", PLAIN "m=video 0 RTP/AVP 96\r\n"}, {"n2", PLAIN2 "m=video 0 RTP/AVP 96\r\n"})},

    /* ---- ICE and keys */
    {"ICE goes at both levels when media is relayed", 0, NULL, NULL, OFFER ANSWER END_A, BODIES(
     {"o", O C T "a=ice-lite\r\na=ice-options:trickle\r\n" AUDIO "a=ice-ufrag:8hhY\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\n"
           "a=candidate:1 1 UDP 2130706431 10.0.1.1 8998 typ host\r\na=sendrecv\r\n"
           "a=candidate:2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 10.0.1.1 rport 8998\r\n"
           "a=remote-candidates:1 192.0.2.3 45664\r\na=end-of-candidates\r\n"},
     {"o2", PLAIN2 "a=sendrecv\r\n"},
     {"n", PLAIN "a=ice-mismatch\r\na=ptime:20\r\n"}, {"n2", PLAIN2 "a=ptime:20\r\n"})},
    {"ICE stays with media: direct", FROM_X | ON_TAILNET, "media: direct", NULL,
     OFFER ANSWER "pairs 0\n" END_A, BODIES(
     {"o", O C T "a=ice-lite\r\n" AUDIO "a=candidate:1 1 UDP 2130706431 192.0.2.3 8998 typ host\r\n"},
     {"o2", O2 C2 T "a=ice-lite\r\n" AUDIO "a=candidate:1 1 UDP 2130706431 192.0.2.3 8998 typ host\r\n"},
     {"n", PLAIN}, {"n2", DIRECT(AUDIO)})},
    {"keys of SDES and DTLS-SRTP stay byte for byte", 0, NULL, NULL, OFFER ANSWER END_A, BODIES(
     {"o", O C T "a=fingerprint:sha-256 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B\r\n"
           "m=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4\r\n"
           "a=crypto:2 AEAD_AES_256_GCM inline:abc==|1:4 WSH=64\r\n"
           "m=audio 4002 UDP/TLS/RTP/SAVPF 0\r\na=setup:actpass\r\na=fingerprint:SHA-1 00:11:22\r\na=tls-id:91bb\r\n"},
     {"o2", O2 C2 T "a=fingerprint:sha-256 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B\r\n"
            "m=audio $P1 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4\r\n"
            "a=crypto:2 AEAD_AES_256_GCM inline:abc==|1:4 WSH=64\r\n"
            "m=audio $P2 UDP/TLS/RTP/SAVPF 0\r\na=setup:actpass\r\na=fingerprint:SHA-1 00:11:22\r\na=tls-id:91bb\r\n"},
     {"n", O C T "m=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:zzz\r\nm=audio 0 UDP/TLS/RTP/SAVPF 0\r\n"},
     {"n2", O2 C2 T "m=audio $P1 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:zzz\r\nm=audio 0 UDP/TLS/RTP/SAVPF 0\r\n"})},

    /* ---- hold */
    {"hold by 0.0.0.0 at session level, and back to the same ports", 0, NULL, NULL,
     "a call body=p\n b expect INVITE is=p2\n b answer 200 body=p\n a expect 200 is=p2\n b expect ACK\n"
     "a send INVITE body=h\n b expect INVITE is=h2\n b answer 200 body=p\n a expect 200 is=p2\n b expect ACK\n"
     "a send INVITE body=p\n b expect INVITE is=p2\n b answer 200 body=p\n a expect 200 is=p2\n b expect ACK\n"
     "pairs 2\n" END_A, BODIES(
     {"p", PLAIN}, {"p2", PLAIN2},
     {"h", O "c=IN IP4 0.0.0.0\r\n" T AUDIO}, {"h2", O2 "c=IN IP4 0.0.0.0\r\n" T AUDIO2})},
    {"hold by :: under the m-line, by the called side, and back", 0, NULL, NULL,
     "a call body=p\n b expect INVITE is=p2\n b answer 200 body=p\n a expect 200 is=p2\n b expect ACK\n"
     "b send INVITE body=h\n a expect INVITE is=h2\n a answer 200 body=p\n b expect 200 is=p2\n a expect ACK\n"
     "b send INVITE body=p\n a expect INVITE is=p2\n a answer 200 body=p\n b expect 200 is=p2\n a expect ACK\n"
     END_A, BODIES(
     {"p", PLAIN}, {"p2", PLAIN2},
     {"h", PLAIN "c=IN IP6 ::\r\n"}, {"h2", PLAIN2 "c=IN IP6 ::\r\n"})},
    {"hold by ::, and media back after it", 0, NULL, NULL,
     UP "a send INVITE sdp address=::\n b expect INVITE has=\"c=IN IP6 ::\"\n b answer 200 sdp\n a expect 200\n b expect ACK\n"
     "media 1s\n heard b\n silent a\n a send INVITE sdp\n b expect INVITE\n b answer 200 sdp\n a expect 200\n b expect ACK\n" TALK END_A},
    {"o= of 0.0.0.0 stays, too", 0, NULL, NULL, OFFER ANSWER END_A, BODIES(
     {"o", "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\n" T AUDIO "a=sendonly\r\n"},
     {"o2", "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\n" T AUDIO2 "a=sendonly\r\n"},
     {"n", PLAIN "a=recvonly\r\n"}, {"n2", PLAIN2 "a=recvonly\r\n"})},
    {"sendonly, inactive, and back, at either level", 0, NULL, NULL,
     "a call body=p\n b expect INVITE is=p2\n b answer 200 body=p\n a expect 200 is=p2\n b expect ACK\n"
     "a send INVITE body=so\n b expect INVITE is=so2\n b answer 200 body=ro\n a expect 200 is=ro2\n b expect ACK\n"
     "a send INVITE body=in\n b expect INVITE is=in2\n b answer 200 body=in\n a expect 200 is=in2\n b expect ACK\n"
     "a send INVITE body=p\n b expect INVITE is=p2\n b answer 200 body=p\n a expect 200 is=p2\n b expect ACK\n"
     END_A, BODIES(
     {"p", PLAIN}, {"p2", PLAIN2}, {"so", PLAIN "a=sendonly\r\n"}, {"so2", PLAIN2 "a=sendonly\r\n"},
     {"ro", PLAIN "a=recvonly\r\n"}, {"ro2", PLAIN2 "a=recvonly\r\n"},
     {"in", O C T "a=inactive\r\n" AUDIO}, {"in2", O2 C2 T "a=inactive\r\n" AUDIO2})},

    /* ---- T.38 */
    {"T.38 takes the place of audio, and back", 0, NULL, NULL,
     "a call body=p\n b expect INVITE is=p2\n b answer 200 body=p\n a expect 200 is=p2\n b expect ACK\n"
     "b send INVITE body=t\n a expect INVITE is=t2\n a answer 200 body=t\n b expect 200 is=t2\n a expect ACK\n"
     "b send INVITE body=p\n a expect INVITE is=p2\n a answer 200 body=p\n b expect 200 is=p2\n a expect ACK\n"
     "pairs 2\n" END_A, BODIES(
     {"p", PLAIN}, {"p2", PLAIN2},
     {"t", O C T "m=image 4500 udptl t38\r\na=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n"},
     {"t2", O2 C2 T "m=image $P1 udptl t38\r\na=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n"})},
    {"T.38 beside audio switched off, and back", 0, NULL, NULL,
     "a call body=p\n b expect INVITE is=p2\n b answer 200 body=p\n a expect 200 is=p2\n b expect ACK\n"
     AGAIN ANSWER
     "a send INVITE body=q\n b expect INVITE is=q2\n b answer 200 body=q\n a expect 200 is=q2\n b expect ACK\n"
     END_A, BODIES(
     {"p", PLAIN}, {"p2", PLAIN2},
     {"o", O T "m=audio 0 RTP/AVP 0\r\nm=image 4500 udptl t38\r\n" C},
     {"o2", O2 T "m=audio 0 RTP/AVP 0\r\nm=image $P2 udptl t38\r\n" C2},
     {"n", O C T "m=audio 0 RTP/AVP 0\r\nm=image 4502 udptl t38\r\n"},
     {"n2", O2 C2 T "m=audio 0 RTP/AVP 0\r\nm=image $P2 udptl t38\r\n"},
     {"q", PLAIN "m=image 0 udptl t38\r\n"}, {"q2", PLAIN2 "m=image 0 udptl t38\r\n"})},
    {"T.38 refused: audio goes on as it was", 0, NULL, NULL,
     UP TALK "b send INVITE body=t\n a expect INVITE is=t2\n media 1s\n heard a b\n a answer 488 INVITE\n"
     "b expect 488\n" TALK "rtcp a b\n" END_A, BODIES(
     {"t", O C T "m=image 4500 udptl t38\r\n"}, {"t2", O2 C2 T "m=image $P1 udptl t38\r\n"})},

    /* ---- bytes */
    {"LF alone, and no line end after the last line", 0, NULL, NULL, OFFER ANSWER END_A, BODIES(
     {"o", "v=0\no=- 1 1 $MINE\ns=-\nt=0 0\nm=audio 4000 RTP/AVP 0\nc=$MINE"},
     {"o2", "v=0\no=- 1 1 $OURS\ns=-\nt=0 0\nm=audio $P1 RTP/AVP 0\nc=$OURS"},
     {"n", "v=0\no=- 1 1 $MINE\ns=-\nc=$MINE\nt=0 0\nm=audio 4000 RTP/AVP 0"},
     {"n2", "v=0\no=- 1 1 $OURS\ns=-\nc=$OURS\nt=0 0\nm=audio $P1 RTP/AVP 0"})},
    {"line ends mixed, empty lines between and behind", 0, NULL, NULL, OFFER ANSWER END_A, BODIES(
     {"o", "v=0\no=- 1 1 $MINE\r\ns=-\n\r\n" C "\n" T AUDIO "\r\n\r\n\n"},
     {"o2", "v=0\no=- 1 1 $OURS\r\ns=-\n\r\n" C2 "\n" T AUDIO2 "\r\n\r\n\n"}, PLAIN_ANSWER)},
    {"bandwidth and lines nobody knows stay where they are", 0, NULL, NULL, OFFER ANSWER END_A, BODIES(
     {"o", "v=0\r\no=- 1 1 $MINE\r\ns=a  b \r\ni=c=IN IP4 192.0.2.9\r\nu=http://192.0.2.9/\r\ne=x@example\r\n"
           C "b=AS:64\r\nb=X-what:1\r\n" T "r=604800 3600 0 90000\r\nk=prompt\r\nx=?\r\na=x-c=IN IP4 192.0.2.9\r\n"
           "m=audio 4000 RTP/AVP 0\r\ni=m=audio 1 RTP/AVP 0\r\nb=TIAS:64000\r\na=sqn: 0\r\na= ptime : 20 \r\n"},
     {"o2", "v=0\r\no=- 1 1 $OURS\r\ns=a  b \r\ni=c=IN IP4 192.0.2.9\r\nu=http://192.0.2.9/\r\ne=x@example\r\n"
            C2 "b=AS:64\r\nb=X-what:1\r\n" T "r=604800 3600 0 90000\r\nk=prompt\r\nx=?\r\na=x-c=IN IP4 192.0.2.9\r\n"
            "m=audio $P1 RTP/AVP 0\r\ni=m=audio 1 RTP/AVP 0\r\nb=TIAS:64000\r\na=sqn: 0\r\na= ptime : 20 \r\n"},
     PLAIN_ANSWER)},
    {"odd white space stays around what changes", 0, NULL, NULL, OFFER ANSWER END_A, BODIES(
     {"o", "v=0 \r\no=Some Gateway  1\t1  $MINE \r\ns=-\r\nc= $MINE\t\r\n" T
           "m= audio \t4000/1  RTP/AVP  0 8 \r\na=rtcp:  4001 \r\n"},
     {"o2", "v=0 \r\no=Some Gateway  1\t1  $OURS \r\ns=-\r\nc= $OURS\t\r\n" T
            "m= audio \t$P1/1  RTP/AVP  0 8 \r\na=rtcp:  $R1 \r\n"},
     PLAIN_ANSWER)},

    /* ---- many */
    {"33 m-lines: 488", 0, NULL, NULL,
     "a call body=o\n a expect 488 has=\"too many m-lines\"\n b expect nothing 1s\n calls 0", BODIES(
     {"o", O C T M8 M8 M8 M8 AUDIO})},
    {"32 m-lines with all that can change in them cross", 0, NULL, NULL,
     "a call body=o\n b expect INVITE lacks=candidate\n pairs 64\n b answer 486\n a expect 486\n calls 0", BODIES(
     {"o", O C T F8 F8 F8 F8})},
    {"32 m-lines cross", 0, NULL, NULL,
     "a call body=o\n b expect INVITE\n pairs 64\n b answer 486\n a expect 486\n calls 0", BODIES(
     {"o", O C T M8 M8 M8 M8})},

    /* ---- multipart */
    {"SDP behind another part of a multipart", 0, NULL, NULL,
     "a call body=o" MIXED "\n b expect INVITE is=o2\n" ANSWER END_A, BODIES(
     {"o", PART("text/plain", "c=IN IP4 192.0.2.9") PART("application/sdp", PLAIN) "--b1--\r\n"},
     {"o2", PART("text/plain", "c=IN IP4 192.0.2.9") PART("application/sdp", PLAIN2) "--b1--\r\n"},
     PLAIN_ANSWER)},
    {"SDP in a multipart in a multipart, in offer and answer", 0, NULL, NULL,
     "a call body=o" MIXED "\n b expect INVITE is=o2\n b answer 200 body=n" MIXED "\n a expect 200 is=n2\n"
     "b expect ACK\n" END_A, BODIES(
     {"o", PART("multipart/alternative;boundary=b2", "--b2\r\nContent-Type: application/sdp\r\n\r\n" PLAIN
           "\r\n--b2--") "--b1--\r\n"},
     {"o2", PART("multipart/alternative;boundary=b2", "--b2\r\nContent-Type: application/sdp\r\n\r\n" PLAIN2
            "\r\n--b2--") "--b1--\r\n"},
     {"n", PART("application/sdp", PLAIN) PART("text/plain", "x") "--b1--\r\n"},
     {"n2", PART("application/sdp", PLAIN2) PART("text/plain", "x") "--b1--\r\n"})},
    {"two SDP bodies in one message take the same ports", 0, NULL, NULL,
     "a call body=o" MIXED "\n b expect INVITE is=o2\n pairs 2\n" ANSWER END_A, BODIES(
     {"o", PART("application/sdp", PLAIN) PART("application/sdp", O T "m=audio 4600 RTP/SAVP 0\r\n" C) "--b1--\r\n"},
     {"o2", PART("application/sdp", PLAIN2) PART("application/sdp", O2 T "m=audio $P1 RTP/SAVP 0\r\n" C2) "--b1--\r\n"},
     PLAIN_ANSWER)},
    {"an offer whose second SDP body cannot be read: 488, and the former media stands", 0, NULL, NULL,
     UP "a send INVITE body=o" MIXED "\n a expect 488 has=Warning:\n b expect nothing 1s\n" TALK END_A, BODIES(
     {"o", PART("application/sdp", PLAIN) PART("application/sdp", PLAIN C C) "--b1--\r\n"})},

    /* ---- what cannot be read, beyond the first INVITE */
    {"an answer that cannot be read ends the call on both sides", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 200 body=bad\n a expect 488 has=Warning:\n b expect ACK\n b expect BYE\n calls 0\n"
     "wait 7s\n pairs 0\n log \"SDP that cannot be read\"", BAD},
    {"early SDP that cannot be read ends the call on both sides", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 183 body=bad\n a expect 488 has=Warning:\n b expect CANCEL\n calls 0\n wait 7s\n pairs 0", BAD},
    {"a re-INVITE that cannot be read: 488, and the call goes on", 0, NULL, NULL,
     UP "b send INVITE body=bad\n b expect 488 has=Warning:\n a expect nothing 1s\n" TALK END_A, BAD},
    {"an UPDATE that cannot be read: 488, and the call goes on", 0, NULL, NULL,
     UP "a send UPDATE body=bad\n a expect 488 has=Warning:\n b expect nothing 1s\n" TALK END_B, BAD},
    {"the answer to a re-INVITE that cannot be read ends the call on both sides", 0, NULL, NULL,
     UP "a send INVITE sdp\n b expect INVITE\n b answer 200 body=bad\n a expect 488 has=Warning:\n a expect BYE\n b expect ACK\n"
     "b expect BYE\n calls 0\n wait 7s\n pairs 0", BAD},
    {"the answer to an UPDATE that cannot be read ends the call on both sides", 0, NULL, NULL,
     UP "a send UPDATE sdp\n b expect UPDATE\n b answer 200 body=bad\n a expect 488 has=Warning:\n a expect BYE\n b expect BYE\n"
     "calls 0\n wait 7s\n pairs 0", BAD},
    {"an ACK whose answer cannot be read ends the call on both sides", 0, NULL, NULL,
     "a by-itself -ack\n a call nosdp\n b expect INVITE\n b answer 200 sdp\n a expect 200 sdp\n a ack body=bad\n"
     "b expect ACK nosdp lacks=Content-Type\n a expect BYE\n b expect BYE\n calls 0\n wait 7s\n pairs 0", BAD},
    {"a PRACK whose SDP cannot be read ends the call on both sides", 0, NULL, NULL,
     "a call nosdp h=\"Supported: 100rel\"\n b expect INVITE\n b answer 183 sdp reliable\n a expect 183 sdp\n"
     "a send PRACK body=bad\n a expect 488 PRACK has=Warning:\n a expect 488 INVITE\n b expect CANCEL\n calls 0\n wait 7s\n pairs 0", BAD},

    /* ---- neither offer nor answer */
    {"SDP in the 200 of OPTIONS tells our address, and ports as they are", 0, NULL, NULL,
     "b by-itself -options\n a ask OPTIONS\n b expect OPTIONS\n b answer 200 body=o\n a expect 200 is=o2\n pairs 0\n b by-itself +options",
     BODIES({"o", CAPABILITIES("$MINE", ICE)}, {"o2", CAPABILITIES("$OURS", "")})},
    {"SDP in a 488 tells our address", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 488 body=o\n a expect 488 is=o2\n calls 0\n wait 7s\n pairs 0",
     BODIES({"o", CAPABILITIES("$MINE", ICE)}, {"o2", CAPABILITIES("$OURS", "")})},
    {"SDP in the 488 of a re-INVITE and of an UPDATE moves nothing", 0, NULL, NULL,
     UP "a send INVITE sdp\n b expect INVITE\n b answer 488 body=o\n a expect 488 is=o2\n" TALK
     "b send UPDATE sdp\n a expect UPDATE\n a answer 488 body=o\n b expect 488 is=o2\n" TALK END_A,
     BODIES({"o", CAPABILITIES("$MINE", ICE)}, {"o2", CAPABILITIES("$OURS", "")})},
    {"SDP in MESSAGE, and in INFO in a call, moves nothing", 0, NULL, NULL,
     "a ask MESSAGE body=o\n b expect MESSAGE is=o2\n b answer 200\n a expect 200\n"
     UP "b send INFO body=o\n a expect INFO is=o2\n a answer 200\n b expect 200\n" TALK END_A,
     BODIES({"o", CAPABILITIES("$MINE", ICE)}, {"o2", CAPABILITIES("$OURS", "")})},
    {"two SDP bodies in a 488", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 488 body=o" MIXED "\n a expect 488 is=o2", BODIES(
     {"o", PART("application/sdp", PLAIN C) PART("application/sdp", CAPABILITIES("$MINE", "")) "--b1--\r\n"},
     {"o2", PART("application/sdp", O2 C2 T AUDIO C2) PART("application/sdp", CAPABILITIES("$OURS", "")) "--b1--\r\n"})},
    {"a name in a 488 is an address of ours, too", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 488 body=o\n a expect 488 is=o2", BODIES(
     {"o", "v=0\r\no=- 1 1 IN IP4 pbx.example\r\ns=-\r\nc=IN IP4 media.p.example\r\n" T AUDIO},
     {"o2", O2 C2 T AUDIO})},
    {"SDP that cannot be read is left out of a 488", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 488 body=o\n a expect 488 nosdp lacks=m=audio lacks=Content-Type\n"
     "counter sdp_unreadable 1", BODIES({"o", PLAIN C C})},
    {"one SDP body of two that cannot be read: both are left out", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 488 body=o" MIXED "\n a expect 488 lacks=m=audio lacks=Content-Type\n"
     "counter sdp_unreadable 1", BODIES(
     {"o", PART("application/sdp", PLAIN) PART("application/sdp", PLAIN C C) "--b1--\r\n"})},
    {"sdp_username also there", FROM_X, "sdp_username: tt", NULL,
     "b by-itself -options\n a ask OPTIONS body=o\n b expect OPTIONS is=o2\n b answer 200\n a expect 200\n b by-itself +options",
     BODIES({"o", PLAIN}, {"o2", "v=0\r\no=tt 1 1 $OURS\r\ns=-\r\n" C2 T AUDIO})},

    /* ---- media: direct */
    {"media: direct: the session's address is the peer's also where audio is off", FROM_P | ON_TAILNET,
     "media: direct", NULL, OFFER ANSWER END_A, BODIES(
     {"o", O C T "m=audio 0 RTP/AVP 0\r\nm=image 4500 udptl t38\r\n"},
     {"o2", DIRECT("m=audio 0 RTP/AVP 0\r\nm=image 4500 udptl t38\r\n")},
     {"n", PLAIN "m=image 0 udptl t38\r\n"}, {"n2", O2 C2 T AUDIO "m=image 0 udptl t38\r\n"})},
    {"media: direct: each host is mapped for itself", FROM_P | ON_TAILNET,
     "media: direct, map: {192.0.2.0/24: 198.51.100.0/24}", NULL, OFFER ANSWER END_A, BODIES(
     {"o", "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.2\r\n" T AUDIO "a=rtcp:4001 IN IP4 192.0.2.3\r\n"
           "m=video 4002 RTP/AVP 96\r\nc=IN IP4 192.0.2.4\r\na=rtcp:4003\r\n"},
     {"o2", "v=0\r\no=- 1 1 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.2\r\n" T AUDIO "a=rtcp:4001 IN IP4 198.51.100.3\r\n"
            "m=video 4002 RTP/AVP 96\r\nc=IN IP4 198.51.100.4\r\na=rtcp:4003\r\n"},
     {"n", PLAIN "m=video 0 RTP/AVP 96\r\n"}, {"n2", O2 C2 T AUDIO "m=video 0 RTP/AVP 96\r\n"})},
    {"media: direct: a name is for the exchange to look up", FROM_P | ON_TAILNET,
     "media: direct, media_from: sdp", NULL, OFFER ANSWER END_A "counter names_asked 0", BODIES(
     {"o", NAMED}, {"o2", NAMED_BY("$NATIVE")}, {"n", PLAIN}, {"n2", O2 C2 T AUDIO})},
    {"media: direct: a name is where signalling comes from", FROM_P | ON_TAILNET,
     "media: direct", NULL, OFFER ANSWER END_A "counter names_asked 0", BODIES(
     {"o", NAMED}, {"o2", DIRECT(AUDIO)}, {"n", PLAIN}, {"n2", O2 C2 T AUDIO})},

    /* ---- hosts that the peer writes */
    {"media_from: sdp: media goes to the peer's media host, which may send from any port", 0,
     "media_from: sdp", NULL,
     "a call body=o\n b expect INVITE\n b answer 200 body=o\n a expect 200\n b expect ACK\n"
     "aims p 1 198.51.100.7:4000\n aims x 1 $EXCHANGE:4000\n packet 198.51.100.7:9999 p 1\n passed p 1 1\n"
     "packet 198.51.100.8:4000 p 1\n passed p 1 1\n" END_A, BODIES({"o", ELSEWHERE("198.51.100.7")})},
    {"map: what it maps to may send from any port", 0, "map: {192.0.2.7: 198.51.100.7}", NULL,
     "a call body=o\n b expect INVITE\n b answer 200 body=o\n a expect 200\n b expect ACK\n"
     "aims p 1 198.51.100.7:4000\n packet 198.51.100.7:9999 p 1\n passed p 1 1\n" END_A,
     BODIES({"o", ELSEWHERE("192.0.2.7")})},
    {"media_from: sdp: an RTCP host of its own may send", 0, "media_from: sdp", NULL,
     "a call body=o\n b expect INVITE\n b answer 200 body=o\n a expect 200\n b expect ACK\n"
     "aims p 1 198.51.100.7:4000\n packet 198.51.100.8:9999 p 1\n passed p 1 1\n" END_A,
     BODIES({"o", ELSEWHERE("198.51.100.7") "a=rtcp:4001 IN IP4 198.51.100.8\r\n"})},
    {"media_from: sdp: loopback is no peer's address", 0, "media_from: sdp", NULL,
     "a call body=o\n b expect INVITE\n b answer 200 body=o\n a expect 200\n b expect ACK\n"
     "aims p 1 $PEER:4000\n" END_A, BODIES({"o", ELSEWHERE("127.0.0.1")})},
    {"media_from: sdp: a multicast group is no peer's address", 0, "media_from: sdp", NULL,
     "a call body=o\n b expect INVITE\n b answer 200 body=o\n a expect 200\n b expect ACK\n"
     "aims p 1 $PEER:4000\n" END_A, BODIES({"o", ELSEWHERE("224.2.17.12/127")})},
    {"media_from: sdp: an address of the other family cannot be sent to", 0, "media_from: sdp", NULL,
     "a call body=o\n b expect INVITE\n b answer 200 body=o\n a expect 200\n b expect ACK\n"
     "aims p 1 $PEER:4000\n" END_A, BODIES({"o", O "c=IN IP6 2001:db8::7\r\n" T AUDIO})},
    {"foreign_media: sdp: a refresh leaves media where it was moved to", FROM_P, "foreign_media: sdp", NULL,
     UP "a send INVITE body=o\n b expect INVITE\n b answer 200 sdp\n a expect 200\n b expect ACK\n"
     "aims p 1 198.51.100.7:4000\n"
     "a send INVITE body=o\n b expect INVITE\n b answer 200 sdp\n a expect 200\n b expect ACK\n"
     "aims p 1 198.51.100.7:4000\n" END_A, BODIES({"o", ELSEWHERE("198.51.100.7")})},
    {"foreign_media: sdp: only the m-line of the third host moves", FROM_P | THEIRS, "foreign_media: sdp", NULL,
     "a call body=p\n b expect INVITE\n b answer 200 body=p\n a expect 200\n b expect ACK\n"
     "a send INVITE body=o\n b expect INVITE\n b answer 200 body=p\n a expect 200\n b expect ACK\n"
     "aims p 1 $PEER:4000\n aims p 2 198.51.100.7:4002\n" END_A, BODIES(
     {"p", PLAIN "m=video 4002 RTP/AVP 96\r\n"},
     {"o", PLAIN "m=video 4002 RTP/AVP 96\r\nc=IN IP4 198.51.100.7\r\n"})},
    {"foreign_media: signalling counts also with media_from: sdp", FROM_P,
     "media_from: sdp, map: {100.64.2.2: 100.64.2.2}, foreign_media: signalling", NULL,
     "a call body=p\n b expect INVITE\n b answer 200 body=p\n a expect 200\n b expect ACK\n"
     "a send INVITE body=o\n b expect INVITE\n b answer 200 body=p\n a expect 200\n b expect ACK\n"
     "aims p 1 $PEER:4000\n"
     "a send INVITE body=o\n b expect INVITE\n b answer 200 body=p\n a expect 200\n b expect ACK\n"
     "aims p 1 $PEER:4000\n" END_A, BODIES({"p", PLAIN}, {"o", ELSEWHERE("198.51.100.7")})},

    /* ---- names */
    {"a name is looked up; until then media goes where signalling comes from", 0, "media_from: sdp", NULL,
     "name media.p.example 198.51.100.7\n resolver 2s\n" NAMES
     "aims p 1 $PEER:4000\n aims x 1 $EXCHANGE:4000\n packet 198.51.100.7:9999 p 1\n passed p 1 0\n wait 3s\n"
     "aims p 1 198.51.100.7:4000\n aims x 1 $EXCHANGE:4000\n packet 198.51.100.7:9999 p 1\n passed p 1 1\n"
     "counter names_asked 1\n" END_A, NAMES_BODIES},
    {"a second call knows the name at once, and after a minute asks again", 0, "media_from: sdp", NULL,
     "name media.p.example 198.51.100.7\n resolver 2s\n" NAMES "wait 3s\n" END_A NAMES
     "aims p 1 198.51.100.7:4000\n" END_A "counter names_asked 1\n wait 70s\n name media.p.example 198.51.100.8\n" NAMES
     "aims p 1 198.51.100.7:4000\n wait 3s\n aims p 1 198.51.100.8:4000\n counter names_asked 2\n" END_A, NAMES_BODIES},
    {"a re-INVITE with the same name stays there while it is looked up again", 0, "media_from: sdp", NULL,
     "name media.p.example 198.51.100.7\n" NAMES "wait 70s\n resolver 2s\n name media.p.example 198.51.100.8\n"
     "a send INVITE body=n\n b expect INVITE is=n2\n b answer 200 body=n\n a expect 200\n b expect ACK\n"
     "aims p 1 198.51.100.7:4000\n wait 3s\n aims p 1 198.51.100.8:4000\n" END_A, NAMES_BODIES},
    {"of a name with several addresses media goes to the first, all may send", 0, "media_from: sdp", NULL,
     "name media.p.example 198.51.100.7,198.51.100.8\n" NAMES "wait 1s\n aims p 1 198.51.100.7:4000\n"
     "packet 198.51.100.8:4000 p 1\n passed p 1 1\n wait 3s\n packet 198.51.100.7:5000 p 1\n passed p 1 2\n" END_A,
     NAMES_BODIES},
    {"an address of the name that the map knows comes first", 0, "media_from: sdp, map: {192.0.2.7: 198.51.100.7}", NULL,
     "name media.p.example 203.0.113.5,192.0.2.7\n" NAMES "wait 1s\n aims p 1 198.51.100.7:4000\n" END_A, NAMES_BODIES},
    {"media_from: signalling: no name is looked up", 0, NULL, NULL,
     "name media.p.example 198.51.100.7\n" NAMES "wait 1s\n aims p 1 $PEER:4000\n counter names_asked 0\n" END_A,
     NAMES_BODIES},
    {"media_from: signalling: a map may know the name's address", 0, "map: {192.0.2.7: 198.51.100.7}", NULL,
     "name media.p.example 192.0.2.7\n" NAMES "wait 1s\n aims p 1 198.51.100.7:4000\n" END_A, NAMES_BODIES},
    {"media_from: signalling: an address that no map knows moves nothing", 0, "map: {192.0.2.7: 198.51.100.7}", NULL,
     "name media.p.example 192.0.2.8\n" NAMES "wait 1s\n aims p 1 $PEER:4000\n counter names_asked 1\n"
     "no-log \"no address\"\n" END_A, NAMES_BODIES},
    {"a name that does not resolve is counted, and logged once; the warning ends when it does", UNSAVED, "media_from: sdp", NULL,
     NAMES "wait 1s\n aims p 1 $PEER:4000\n" END_A "wait 10s\n" NAMES "wait 1s\n" END_A
     "counter names_asked 2\n counter names_failed 2\n logged 1 \"media.p.example for media, which does not resolve\"\n"
     "warned 1\n name media.p.example 198.51.100.7\n wait 10s\n" NAMES "wait 1s\n aims p 1 198.51.100.7:4000\n warned 0\n" END_A,
     NAMES_BODIES},
    {"a name of the exchange is never looked up", 0, "media_from: sdp", NULL,
     "name media.p.example 198.51.100.7\n x call body=n\n p expect INVITE is=n2\n p answer 200 sdp\n x expect 200\n p expect ACK\n"
     "wait 1s\n aims x 1 $EXCHANGE:4000\n counter names_asked 0\n x send BYE\n p expect BYE\n x expect 200", NAMES_BODIES},
    {"a name with an address on loopback, or a group, is not followed", 0, "media_from: sdp", NULL,
     "name media.p.example 127.0.0.1,224.0.0.1\n" NAMES "wait 1s\n aims p 1 $PEER:4000\n"
     "log \"no address that can be reached\"\n" END_A, NAMES_BODIES},
    {"a name in a=rtcp alone", 0, "media_from: sdp", NULL,
     "name rtcp.p.example 198.51.100.9\n a call body=o\n b expect INVITE is=o2\n b answer 200 body=o\n a expect 200 is=o2\n"
     "b expect ACK\n wait 1s\n aims p 1 $NATIVE:4000\n packet 198.51.100.9:1 p 1\n passed p 1 1\n counter names_asked 1\n" END_A,
     BODIES({"o", PLAIN "a=rtcp:4001 IN IP4 rtcp.p.example\r\n"}, {"o2", PLAIN2 "a=rtcp:$R1 $OURS\r\n"})},
    {"two m-lines with a name each, and a third that is too many at once", UNSAVED, "media_from: sdp", NULL,
     "name one.p.example 198.51.100.1\n name two.p.example 198.51.100.2\n name three.p.example 198.51.100.3\n resolver 1s\n"
     "a call body=o\n b expect INVITE\n b answer 200 body=o\n a expect 200\n b expect ACK\n wait 2s\n"
     "aims p 1 198.51.100.1:4000\n aims p 2 198.51.100.2:4002\n aims p 3 $PEER:4004\n counter names_asked 2\n"
     "counter names_refused 1\n" END_A, BODIES(
     {"o", O T AUDIO "c=IN IP4 one.p.example\r\nm=audio 4002 RTP/AVP 0\r\nc=IN IP4 two.p.example\r\n"
           "m=audio 4004 RTP/AVP 0\r\nc=IN IP4 three.p.example\r\n"})},
    {"a later offer makes an older answer void", FROM_P, "media_from: sdp, foreign_media: sdp", NULL,
     "name media.p.example 198.51.100.7\n resolver 3s\n" NAMES
     "a send INVITE body=o\n b expect INVITE\n b answer 200 body=o\n a expect 200\n b expect ACK\n"
     "aims p 1 198.51.100.9:4000\n wait 5s\n aims p 1 198.51.100.9:4000\n packet 198.51.100.7:4000 p 1\n passed p 1 0\n" END_A,
     BODIES({"n", NAMED}, {"n2", PLAIN2}, {"o", ELSEWHERE("198.51.100.9")})},
    {"an offer that waits for its answer moves nothing, whenever its name resolves", FROM_P,
     "media_from: sdp, foreign_media: sdp", NULL,
     "name media.p.example 198.51.100.7\n name other.p.example 198.51.100.8\n" NAMES "wait 1s\n"
     "a send INVITE body=o\n b expect INVITE\n wait 1s\n aims p 1 198.51.100.7:4000\n b answer 200 body=n\n"
     "a expect 200\n b expect ACK\n aims p 1 198.51.100.8:4000\n" END_A,
     BODIES({"n", NAMED}, {"n2", PLAIN2}, {"o", O "c=IN IP4 other.p.example\r\n" T AUDIO})},
    {"each fork's name is its own", FROM_X, "media_from: sdp", NULL,
     "name one.p.example 198.51.100.1\n name two.p.example 198.51.100.2\n resolver 2s\n a call\n b expect INVITE\n"
     "b answer 183 body=one tag=one\n a expect 183 tag=one\n b answer 183 body=two tag=two\n a expect 183 tag=two\n wait 3s\n"
     "aims p 1 198.51.100.2:4000\n b answer 200 tag=one\n a expect 200 tag=one nosdp\n b expect ACK tag=one\n"
     "aims p 1 198.51.100.1:4000\n" END_A, BODIES(
     {"one", O "c=IN IP4 one.p.example\r\n" T AUDIO}, {"two", O "c=IN IP4 two.p.example\r\n" T AUDIO})},
    {"an answer that comes when the call is over harms nobody", 0, "media_from: sdp", NULL,
     "name media.p.example 198.51.100.7\n resolver 3s\n" NAMES END_A "wait 5s\n calls 0\n pairs 0\n counter names_asked 1", NAMES_BODIES},
    {"a name never seen before is a third party's, too", FROM_P, NULL, NULL,
     UP "a send INVITE body=n\n a expect 488 has=media.p.example\n b expect nothing 1s\n" TALK END_A
     "counter answer_488_foreign 1", NAMES_BODIES},
    {"a name seen before is not", FROM_P, NULL, NULL,
     "a call body=p\n b expect INVITE\n b answer 200 body=p\n a expect 200\n b expect ACK\n"
     "a send INVITE body=n\n b expect INVITE is=n2\n b answer 200 body=n\n a expect 200\n b expect ACK\n" END_A, BODIES(
     {"n", NAMED}, {"n2", PLAIN2}, {"p", PLAIN "m=video 4002 RTP/AVP 96\r\nc=IN IP4 MEDIA.p.example\r\n"})},
    {"the name that the peer is configured by is not", FROM_P, "aliases: [media.p.example]", NULL,
     UP "a send INVITE body=n\n b expect INVITE is=n2\n b answer 200 sdp\n a expect 200\n b expect ACK\n" END_A, NAMES_BODIES},
    {"foreign_media: sdp: a third party's name is looked up", FROM_P, "foreign_media: sdp", NULL,
     "name media.p.example 198.51.100.7\n" UP "a send INVITE body=n\n b expect INVITE is=n2\n b answer 200 sdp\n"
     "a expect 200\n b expect ACK\n wait 1s\n aims p 1 198.51.100.7:4000\n" END_A, NAMES_BODIES},
    {"what a resolver could take for an address is no name", 0, "media_from: sdp", NULL,
     "a call body=o\n b expect INVITE\n b answer 200 body=o\n a expect 200\n b expect ACK\n wait 1s\n"
     "aims p 1 $PEER:4000\n aims p 2 $PEER:4002\n aims p 3 $PEER:4004\n aims p 4 $PEER:4006\n counter names_asked 0\n" END_A, BODIES(
     {"o", O T AUDIO "c=IN IP4 127.1\r\nm=audio 4002 RTP/AVP 0\r\nc=IN IP4 0x7f000001\r\n"
           "m=audio 4004 RTP/AVP 0\r\nc=IN IP4 $(reboot).example\r\nm=audio 4006 RTP/AVP 0\r\nc=IN IP4 a..example\r\n"})},
};
/* clang-format on */

int main(int argc, char **argv)
{
    return cases_main(cases, sizeof cases / sizeof cases[0], NULL, argc, argv);
}
