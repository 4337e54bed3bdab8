#include "tests/unit/cases.h"
#include "tests/sdp_check.h"
#include <stdio.h>

#define MAX_MEDIA 3
#define O "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\n"
#define O_NEW "v=0\r\no=- 1 1 IN IP4 100.64.0.1\r\ns=-\r\n"
#define C "c=IN IP4 10.0.0.1\r\n"
#define C_NEW "c=IN IP4 100.64.0.1\r\n"
#define T "t=0 0\r\n"
#define START O C T
#define START_NEW O_NEW C_NEW T
#define SELF "100.64.0.1"
#define FD "fd00::1"

static struct rewrite_case {
    const char *name;
    const char *body;
    const char *expected; /* NULL: the body as it is, without any edit */
    const char *session;  /* for o= and c=; NULL: leave both */
    struct {
        const char *addr; /* "ip:port"; a port of 1 stands for 0 = leave */
        uint16_t rtcp;
        bool keep_address, disable;
    } media[MAX_MEDIA];
    const char *username;
    const char *codecs; /* separated by blanks */
    bool drop_ice;
} rewrite_cases[] = {
    /* Addresses at both levels */
    {"a table of nothing changes nothing", START "m=audio 4000 RTP/AVP 0\r\n", NULL, NULL, {{0}}},
    {"o=, session c= and the port are rewritten",
     START "m=audio 4000 RTP/AVP 0\r\n",
     START_NEW "m=audio 20000 RTP/AVP 0\r\n",
     SELF,
     {{SELF ":20000"}}},
    {"c= in the m-line alone is rewritten there alone",
     O T "m=audio 4000 RTP/AVP 0\r\n" C,
     O_NEW T "m=audio 20000 RTP/AVP 0\r\n" C_NEW,
     SELF,
     {{SELF ":20000"}}},
    {"c= at both levels is rewritten at both",
     START "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 10.0.0.2\r\n",
     START_NEW "m=audio 20000 RTP/AVP 0\r\nc=IN IP4 100.64.0.2\r\n",
     SELF,
     {{"100.64.0.2:20000"}}},
    {"every m-line takes its own address",
     O T "m=audio 4000 RTP/AVP 0\r\n" C "m=video 4002 RTP/AVP 31\r\nc=IN IP4 10.0.0.2\r\n",
     O_NEW T "m=audio 20000 RTP/AVP 0\r\n" C_NEW
             "m=video 20002 RTP/AVP 31\r\nc=IN IP4 100.64.0.2\r\n",
     SELF,
     {{SELF ":20000"}, {"100.64.0.2:20002"}}},
    {"one m-line with c=, one without",
     START "m=audio 4000 RTP/AVP 0\r\nm=video 4002 RTP/AVP 31\r\n" C,
     START_NEW "m=audio 20000 RTP/AVP 0\r\nm=video 20002 RTP/AVP 31\r\n" C_NEW,
     SELF,
     {{SELF ":20000"}, {SELF ":20002"}}},
    {"no c= is added",
     O T "m=audio 0 RTP/AVP 0\r\n",
     O_NEW T "m=audio 0 RTP/AVP 0\r\n",
     SELF,
     {{SELF ":20000"}}},
    {"the media's address may change without its port",
     START "m=audio 4000 RTP/AVP 0\r\n" C,
     START "m=audio 4000 RTP/AVP 0\r\n" C_NEW,
     NULL,
     {{SELF ":1"}}},
    {"what is right already is not edited",
     START_NEW "m=audio 20000 RTP/AVP 0\r\n" C_NEW "a=rtcp:20001 IN IP4 100.64.0.1\r\n",
     NULL,
     SELF,
     {{SELF ":20000", 20001}}},
    {"an address in another spelling is not edited",
     "v=0\r\nc=IN IP6 FD00:0::1\r\nm=audio 20000 RTP/AVP 0\r\n",
     NULL,
     FD,
     {{"[fd00::1]:20000"}}},
    {"a port with a leading zero is not edited",
     START_NEW "m=audio 020000 RTP/AVP 0\r\n",
     NULL,
     SELF,
     {{SELF ":20000"}}},
    {"keep_address leaves the m-line's c=, not its port",
     START "m=audio 4000 RTP/AVP 0\r\n" C,
     START_NEW "m=audio 20000 RTP/AVP 0\r\n" C,
     SELF,
     {{SELF ":20000", .keep_address = true}}},

    /* Bytes that stay */
    {"LF stays LF",
     "v=0\no=- 1 1 IN IP4 10.0.0.1\nc=IN IP4 10.0.0.1\nm=audio 4000 RTP/AVP 0\n",
     "v=0\no=- 1 1 IN IP4 100.64.0.1\nc=IN IP4 100.64.0.1\nm=audio 20000 RTP/AVP 0\n",
     SELF,
     {{SELF ":20000"}}},
    {"mixed line ends stay mixed",
     "v=0\nc=IN IP4 10.0.0.1\r\nm=audio 4000 RTP/AVP 0\n",
     "v=0\nc=IN IP4 100.64.0.1\r\nm=audio 20000 RTP/AVP 0\n",
     SELF,
     {{SELF ":20000"}}},
    {"a last line without line end stays without",
     "v=0\r\nm=audio 4000 RTP/AVP 0\r\nc=IN IP4 10.0.0.1",
     "v=0\r\nm=audio 20000 RTP/AVP 0\r\nc=IN IP4 100.64.0.1",
     NULL,
     {{SELF ":20000"}}},
    {"blanks and /1 on the m-line stay",
     START "m=audio  4000/1 RTP/AVP  0 8 \r\n",
     START_NEW "m=audio  20000/1 RTP/AVP  0 8 \r\n",
     SELF,
     {{SELF ":20000"}}},
    {"empty lines stay",
     START "\r\nm=audio 4000 RTP/AVP 0\r\n\r\n",
     START_NEW "\r\nm=audio 20000 RTP/AVP 0\r\n\r\n",
     SELF,
     {{SELF ":20000"}}},
    {"SDES stays byte for byte",
     START "m=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 "
           "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4\r\n",
     START_NEW "m=audio 20000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 "
               "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4\r\n",
     SELF,
     {{SELF ":20000"}},
     .drop_ice = true},
    {"DTLS-SRTP stays byte for byte",
     START "m=audio 4000 UDP/TLS/RTP/SAVPF 111\r\na=setup:actpass\r\na=fingerprint:sha-256 "
           "4A:AD:B9:B1\r\na=ice-ufrag:x\r\n",
     START_NEW "m=audio 20000 UDP/TLS/RTP/SAVPF 111\r\na=setup:actpass\r\na=fingerprint:sha-256 "
               "4A:AD:B9:B1\r\n",
     SELF,
     {{SELF ":20000"}},
     .drop_ice = true},
    {"T.38 stays byte for byte",
     START
     "m=image 4000 udptl "
     "t38\r\na=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n",
     START_NEW
     "m=image 20000 udptl "
     "t38\r\na=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n",
     SELF,
     {{SELF ":20000"}},
     .codecs = "PCMU"},
    {"T.38 beside audio switched off",
     START "m=audio 0 RTP/AVP 0\r\nm=image 4000 udptl t38\r\n",
     START_NEW "m=audio 0 RTP/AVP 0\r\nm=image 20002 udptl t38\r\n",
     SELF,
     {{SELF ":20000"}, {SELF ":20002"}}},

    /* Hold and rejection */
    {"session c= of 0.0.0.0 stays",
     O "c=IN IP4 0.0.0.0\r\nm=audio 4000 RTP/AVP 0\r\n",
     O_NEW "c=IN IP4 0.0.0.0\r\nm=audio 20000 RTP/AVP 0\r\n",
     SELF,
     {{SELF ":20000"}}},
    {"session c= of :: stays",
     O "c=IN IP6 ::\r\nm=audio 4000 RTP/AVP 0\r\n",
     O_NEW "c=IN IP6 ::\r\nm=audio 20000 RTP/AVP 0\r\n",
     SELF,
     {{SELF ":20000"}}},
    {"the m-line's c= of 0.0.0.0 stays",
     START "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n",
     START_NEW "m=audio 20000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n",
     SELF,
     {{SELF ":20000"}}},
    {"the m-line's c= of :: stays between families",
     START "m=audio 4000 RTP/AVP 0\r\nc=IN IP6 0::0\r\n",
     START_NEW "m=audio 20000 RTP/AVP 0\r\nc=IN IP6 0::0\r\n",
     SELF,
     {{SELF ":20000"}}},
    {"o= of 0.0.0.0 stays", "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n", NULL, SELF, {{0}}},
    {"port 0 stays",
     START "m=audio 0 RTP/AVP 0\r\na=rtcp:0\r\n",
     START_NEW "m=audio 0 RTP/AVP 0\r\na=rtcp:0\r\n",
     SELF,
     {{SELF ":20000", 20001}}},
    {"c= of a rejected m-line is rewritten, its a=rtcp port stays",
     START "m=audio 0 RTP/AVP 0\r\n" C "a=rtcp:4001\r\n",
     START_NEW "m=audio 0 RTP/AVP 0\r\n" C_NEW "a=rtcp:4001\r\n",
     SELF,
     {{SELF ":20000", 20001}}},
    {"an m-line over TCP is disabled",
     START "m=message 2855 TCP/MSRP *\r\na=path:x\r\nm=audio 4000 RTP/AVP 0\r\n",
     START_NEW "m=message 0 TCP/MSRP *\r\na=path:x\r\nm=audio 20000 RTP/AVP 0\r\n",
     SELF,
     {{SELF ":9", .disable = true}, {SELF ":20000"}}},
    {"disabling keeps the a=rtcp port",
     START "m=audio 4000 RTP/AVP 0\r\na=rtcp:4000\r\n",
     START_NEW "m=audio 0 RTP/AVP 0\r\na=rtcp:4000\r\n",
     SELF,
     {{SELF ":20000", 20001, .disable = true}}},

    /* a=rtcp */
    {"a=rtcp of its own port becomes the new RTCP port",
     START "m=audio 4000 RTP/AVP 0\r\na=rtcp:4001\r\n",
     START_NEW "m=audio 20000 RTP/AVP 0\r\na=rtcp:20001\r\n",
     SELF,
     {{SELF ":20000", 20001}}},
    {"a=rtcp far away becomes the new RTCP port",
     START "m=audio 4000 RTP/AVP 0\r\na=rtcp:53020\r\n",
     START_NEW "m=audio 20000 RTP/AVP 0\r\na=rtcp:20001\r\n",
     SELF,
     {{SELF ":20000", 20001}}},
    {"a=rtcp of the m-line's port follows it",
     START "m=audio 4000 RTP/AVP 0\r\na=rtcp-mux\r\na=rtcp:4000\r\n",
     START_NEW "m=audio 20000 RTP/AVP 0\r\na=rtcp-mux\r\na=rtcp:20000\r\n",
     SELF,
     {{SELF ":20000", 20001}}},
    {"the address on a=rtcp becomes the m-line's",
     START "m=audio 4000 RTP/AVP 0\r\na=rtcp:4001 IN IP4 10.0.0.3\r\n",
     START_NEW "m=audio 20000 RTP/AVP 0\r\na=rtcp:20001 IN IP4 100.64.0.1\r\n",
     SELF,
     {{SELF ":20000", 20001}}},
    {"the address on a=rtcp changes family",
     START "m=audio 4000 RTP/AVP 0\r\na=rtcp:4001 IN IP4 10.0.0.3\r\n",
     START_NEW "m=audio 20000 RTP/AVP 0\r\na=rtcp:20001 IN IP6 fd00::1\r\n",
     SELF,
     {{"[fd00::1]:20000", 20001}}},
    {"the address on a=rtcp does not leak when c= is kept",
     START "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\na=rtcp:4001 IN IP4 10.0.0.3\r\n",
     START_NEW "m=audio 20000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\na=rtcp:20001 IN IP4 100.64.0.1\r\n",
     SELF,
     {{SELF ":20000", 20001, .keep_address = true}}},
    {"a=rtcp without an address gets none",
     START "m=audio 4000 RTP/AVP 0\r\na=rtcp: 4001 \r\n",
     START_NEW "m=audio 20000 RTP/AVP 0\r\na=rtcp: 20001 \r\n",
     SELF,
     {{SELF ":20000", 20001}}},
    {"a=rtcp stays when no RTCP port is given",
     START "m=audio 4000 RTP/AVP 0\r\na=rtcp:4001\r\n",
     START_NEW "m=audio 20000 RTP/AVP 0\r\na=rtcp:4001\r\n",
     SELF,
     {{SELF ":20000"}}},
    {"a=rtcp of port 0 stays",
     START "m=audio 4000 RTP/AVP 0\r\na=rtcp:0\r\n",
     START_NEW "m=audio 20000 RTP/AVP 0\r\na=rtcp:0\r\n",
     SELF,
     {{SELF ":20000", 20001}}},
    {"a=rtcp in the last line without line end",
     START "m=audio 4000 RTP/AVP 0\r\na=rtcp:4001",
     START_NEW "m=audio 20000 RTP/AVP 0\r\na=rtcp:20001",
     SELF,
     {{SELF ":20000", 20001}}},

    /* Families and names */
    {"IP4 becomes IP6",
     START "m=audio 4000 RTP/AVP 0\r\n" C,
     "v=0\r\no=- 1 1 IN IP6 fd00::1\r\ns=-\r\nc=IN IP6 fd00::1\r\n" T
     "m=audio 20000 RTP/AVP 0\r\nc=IN IP6 fd00::1\r\n",
     FD,
     {{"[fd00::1]:20000"}}},
    {"IP6 becomes IP4",
     "v=0\r\no=- 1 1 IN IP6 fd00::1\r\ns=-\r\nc=IN IP6 fd00::1\r\nt=0 0\r\nm=audio 4000 RTP/AVP "
     "0\r\n",
     START_NEW "m=audio 20000 RTP/AVP 0\r\n",
     SELF,
     {{SELF ":20000"}}},
    {"names become addresses",
     "v=0\r\no=- 1 1 IN IP4 pbx\r\ns=-\r\nc=IN IP4 media.example\r\nt=0 0\r\nm=audio 4000 RTP/AVP "
     "0\r\n",
     START_NEW "m=audio 20000 RTP/AVP 0\r\n",
     SELF,
     {{SELF ":20000"}}},
    {"a family that contradicts its address is put right",
     "v=0\r\nc=IN IP4 fd00::1\r\n",
     "v=0\r\nc=IN IP6 fd00::1\r\n",
     FD,
     {{0}}},
    {"a ttl goes with its address",
     "v=0\r\nc=IN IP4 224.2.17.12/127\r\nm=audio 4000 RTP/AVP 0\r\n",
     "v=0\r\nc=IN IP4 100.64.0.1\r\nm=audio 20000 RTP/AVP 0\r\n",
     SELF,
     {{SELF ":20000"}}},

    /* o= */
    {"the username is replaced",
     START,
     "v=0\r\no=0312345678 1 1 IN IP4 100.64.0.1\r\ns=-\r\n" C_NEW T,
     SELF,
     {{0}},
     .username = "0312345678"},
    {"a username with spaces is replaced as one",
     "v=0\r\no=A B 1 1 IN IP4 10.0.0.1\r\n",
     "v=0\r\no=u 1 1 IN IP4 10.0.0.1\r\n",
     NULL,
     {{0}},
     .username = "u"},
    {"a missing username is not added",
     "v=0\r\no= 1 1 IN IP4 10.0.0.1\r\n",
     NULL,
     NULL,
     {{0}},
     .username = "u"},

    /* ICE */
    {"ICE lines go at both levels, whole",
     O "a=ice-lite\r\na=ice-options:trickle\r\n" C T "m=audio 4000 RTP/AVP "
       "0\r\na=ice-ufrag:8hhY\r\na=ice-pwd:asd88fgpdd777uzjYhagZg\r\na=candidate:1 1 UDP "
       "2130706431 10.0.1.1 8998 typ host\r\na=sendrecv\r\na=candidate:2 1 UDP 1694498815 "
       "192.0.2.3 45664 typ srflx raddr 10.0.1.1 rport 8998\r\na=remote-candidates:1 192.0.2.3 "
       "45664\r\na=end-of-candidates\r\n",
     START_NEW "m=audio 20000 RTP/AVP 0\r\na=sendrecv\r\n",
     SELF,
     {{SELF ":20000"}},
     .drop_ice = true},
    {"ICE lines stay when media is direct",
     START "m=audio 4000 RTP/AVP 0\r\na=ice-mismatch\r\n",
     NULL,
     NULL,
     {{0}}},
    {"an ICE line goes though it has no line end",
     START "m=audio 4000 RTP/AVP 0\r\na=ice-mismatch",
     START "m=audio 4000 RTP/AVP 0\r\n",
     NULL,
     {{0}},
     .drop_ice = true},
    {"what only looks like ICE stays",
     START "a=ice:1\r\na=candidates:1\r\na=x-candidate:1\r\ni=a=candidate:1\r\n",
     NULL,
     NULL,
     {{0}},
     .drop_ice = true},

    /* Codecs */
    {"a codec goes with its lines",
     START "m=audio 4000 RTP/AVP 9 0 8 101\r\na=rtpmap:9 G722/8000\r\na=rtpmap:0 "
           "PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=fmtp:8 x\r\na=rtcp-fb:8 nack\r\na=rtpmap:101 "
           "telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\n",
     START "m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 "
           "telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\n",
     NULL,
     {{0}},
     .codecs = "pcmu telephone-event"},
    {"static payload types need no rtpmap",
     START "m=audio 4000 RTP/AVP 18 0 3 4 8 9\r\n",
     START "m=audio 4000 RTP/AVP 0 8\r\n",
     NULL,
     {{0}},
     .codecs = "PCMU PCMA"},
    {"a rtpmap wins over the static name",
     START "m=audio 4000 RTP/AVP 0 8\r\na=rtpmap:0 opus/48000/2\r\n",
     START "m=audio 4000 RTP/AVP 8\r\n",
     NULL,
     {{0}},
     .codecs = "PCMU PCMA"},
    {"of two rtpmaps of one payload type the first counts",
     START "m=audio 4000 RTP/AVP 8 97\r\na=rtpmap:97 opus/48000\r\na=rtpmap:97 PCMA/8000\r\n",
     START "m=audio 4000 RTP/AVP 8\r\n",
     NULL,
     {{0}},
     .codecs = "PCMA"},
    {"a dynamic payload type without rtpmap goes",
     START "m=audio 4000 RTP/AVP 0 97\r\n",
     START "m=audio 4000 RTP/AVP 0\r\n",
     NULL,
     {{0}},
     .codecs = "PCMU"},
    {"an m-line that would lose everything keeps everything",
     START "m=audio 4000 RTP/AVP 18\r\nm=video 4002 RTP/AVP 99\r\na=rtpmap:99 H264/90000\r\n",
     NULL,
     NULL,
     {{0}},
     .codecs = "PCMU"},
    {"tones alone are not a codec",
     START "m=audio 4000 RTP/AVP 18 13 101\r\na=rtpmap:101 telephone-event/8000\r\n",
     NULL,
     NULL,
     {{0}},
     .codecs = "PCMU CN telephone-event"},
    {"an m-line of tones alone stays",
     START "m=audio 4000 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000\r\n",
     NULL,
     NULL,
     {{0}},
     .codecs = "telephone-event"},
    {"payload types of one m-line do not touch another's",
     START "m=audio 4000 RTP/AVP 0 96\r\na=rtpmap:96 opus/48000\r\nm=audio 4002 RTP/AVP "
           "96\r\na=rtpmap:96 PCMU/16000\r\n",
     START "m=audio 4000 RTP/AVP 0\r\nm=audio 4002 RTP/AVP 96\r\na=rtpmap:96 PCMU/16000\r\n",
     NULL,
     {{0}},
     .codecs = "PCMU"},
    {"lines of payload types not listed stay",
     START "m=audio 4000 RTP/AVP 0 8\r\na=rtpmap:99 speex/8000\r\na=rtcp-fb:* nack\r\n",
     START "m=audio 4000 RTP/AVP 0\r\na=rtpmap:99 speex/8000\r\na=rtcp-fb:* nack\r\n",
     NULL,
     {{0}},
     .codecs = "PCMU"},
    {"a rejected m-line keeps its codecs",
     START "m=audio 0 RTP/AVP 18 0\r\n",
     NULL,
     NULL,
     {{0}},
     .codecs = "PCMU"},
    {"an m-line refused keeps one format and no description of any",
     START "m=audio 4000 RTP/AVP 0 8\r\nm=video 4002 RTP/AVP 99 100\r\na=rtpmap:99 H264/90000\r\n"
           "a=fmtp:99 profile-level-id=42e01f\r\na=rtpmap:100 VP8/90000\r\na=sendrecv\r\n",
     START "m=audio 4000 RTP/AVP 0\r\nm=video 0 RTP/AVP 99\r\na=sendrecv\r\n",
     NULL,
     {{0}, {.disable = true}},
     .codecs = "PCMU"},
    {"an m-line refused without a filter keeps its description",
     START "m=video 4002 RTP/AVP 99 100\r\na=rtpmap:99 H264/90000\r\n",
     START "m=video 0 RTP/AVP 99 100\r\na=rtpmap:99 H264/90000\r\n",
     NULL,
     {{.disable = true}}},
    {"payload types that are no numbers stay",
     START "m=audio 4000 RTP/AVP 0 128 x 8\r\n",
     START "m=audio 4000 RTP/AVP 0 128 x\r\n",
     NULL,
     {{0}},
     .codecs = "PCMU"},
    {"codecs, ports and ICE in one go",
     START "m=audio 4000 RTP/AVP 8 0\r\na=rtpmap:8 PCMA/8000\r\na=ice-ufrag:x\r\na=rtcp:4001\r\n",
     START_NEW "m=audio 20000 RTP/AVP 0\r\na=rtcp:20001\r\n",
     SELF,
     {{SELF ":20000", 20001}},
     .codecs = "PCMU",
     .drop_ice = true},

    /* RFC examples */
    {"RFC 4317 section 2.1, offer with audio and video",
     "v=0\r\no=alice 2890844526 2890844526 IN IP4 host.atlanta.example.com\r\ns=\r\nc=IN IP4 "
     "host.atlanta.example.com\r\nt=0 0\r\nm=audio 49170 RTP/AVP 0 8 97\r\na=rtpmap:0 "
     "PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:97 iLBC/8000\r\nm=video 51372 RTP/AVP 31 "
     "32\r\na=rtpmap:31 H261/90000\r\na=rtpmap:32 MPV/90000\r\n",
     "v=0\r\no=alice 2890844526 2890844526 IN IP4 100.64.0.1\r\ns=\r\nc=IN IP4 100.64.0.1\r\nt=0 "
     "0\r\nm=audio 20000 RTP/AVP 0 8 97\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 "
     "PCMA/8000\r\na=rtpmap:97 iLBC/8000\r\nm=video 20002 RTP/AVP 31 32\r\na=rtpmap:31 "
     "H261/90000\r\na=rtpmap:32 MPV/90000\r\n",
     SELF,
     {{SELF ":20000"}, {SELF ":20002"}}},
    {"RFC 4317 section 2.2, answer with a rejected stream",
     "v=0\r\no=bob 2808844564 2808844564 IN IP4 host.biloxi.example.com\r\ns=\r\nc=IN IP4 "
     "host.biloxi.example.com\r\nt=0 0\r\nm=audio 49174 RTP/AVP 0\r\na=rtpmap:0 "
     "PCMU/8000\r\nm=video 0 RTP/AVP 31\r\na=rtpmap:31 H261/90000\r\n",
     "v=0\r\no=bob 2808844564 2808844564 IN IP4 100.64.0.1\r\ns=\r\nc=IN IP4 100.64.0.1\r\nt=0 "
     "0\r\nm=audio 20000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\nm=video 0 RTP/AVP 31\r\na=rtpmap:31 "
     "H261/90000\r\n",
     SELF,
     {{SELF ":20000"}, {SELF ":20002"}}},
    {"RFC 3605 section 2.1, a=rtcp with an IPv6 address",
     "v=0\r\nm=audio 49170 RTP/AVP 0\r\nc=IN IP6 "
     "2001:2345:6789:ABCD:EF01:2345:6789:ABCD\r\na=rtcp:53020 IN IP6 "
     "2001:2345:6789:ABCD:EF01:2345:6789:ABCD\r\n",
     "v=0\r\nm=audio 20000 RTP/AVP 0\r\nc=IN IP6 fd00::1\r\na=rtcp:20001 IN IP6 fd00::1\r\n",
     NULL,
     {{"[fd00::1]:20000", 20001}}},
    {"RFC 4566 section 5, the example of a seminar",
     "v=0\r\no=jdoe 2890844526 2890842807 IN IP4 10.47.16.5\r\ns=SDP Seminar\r\ni=A Seminar on the "
     "session description "
     "protocol\r\nu=http://www.example.com/seminars/sdp.pdf\r\ne=j.doe@example.com (Jane "
     "Doe)\r\nc=IN IP4 224.2.17.12/127\r\nt=2873397496 2873404696\r\na=recvonly\r\nm=audio 49170 "
     "RTP/AVP 0\r\nm=video 51372 RTP/AVP 99\r\na=rtpmap:99 h263-1998/90000\r\n",
     "v=0\r\no=jdoe 2890844526 2890842807 IN IP4 100.64.0.1\r\ns=SDP Seminar\r\ni=A Seminar on the "
     "session description "
     "protocol\r\nu=http://www.example.com/seminars/sdp.pdf\r\ne=j.doe@example.com (Jane "
     "Doe)\r\nc=IN IP4 100.64.0.1\r\nt=2873397496 2873404696\r\na=recvonly\r\nm=audio 20000 "
     "RTP/AVP 0\r\nm=video 20002 RTP/AVP 99\r\na=rtpmap:99 h263-1998/90000\r\n",
     SELF,
     {{SELF ":20000"}, {SELF ":20002"}}},
    {"RFC 3264 section 10.1, offer with two video streams",
     "v=0\r\no=alice 2890844526 2890844526 IN IP4 host.anywhere.com\r\ns=\r\nc=IN IP4 "
     "host.anywhere.com\r\nt=0 0\r\nm=audio 49170 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\nm=video "
     "51372 RTP/AVP 31\r\na=rtpmap:31 H261/90000\r\nm=video 53000 RTP/AVP 32\r\na=rtpmap:32 "
     "MPV/90000\r\n",
     "v=0\r\no=alice 2890844526 2890844526 IN IP4 100.64.0.1\r\ns=\r\nc=IN IP4 100.64.0.1\r\nt=0 "
     "0\r\nm=audio 20000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\nm=video 20002 RTP/AVP "
     "31\r\na=rtpmap:31 H261/90000\r\nm=video 20004 RTP/AVP 32\r\na=rtpmap:32 MPV/90000\r\n",
     SELF,
     {{SELF ":20000"}, {SELF ":20002"}, {SELF ":20004"}}},
};

static unsigned words_split(const char *text, struct span *words, unsigned max)
{
    unsigned n = 0;
    for (const char *p = text; p && *p && n < max; p += strspn(p, " ")) {
        words[n] = span_of(p, strcspn(p, " "));
        p += words[n++].n;
    }
    return n;
}

static void table_make(const struct rewrite_case *c, struct sdp_new *with, struct span *codecs)
{
    memset(with, 0, sizeof *with);
    if (c->session)
        assert_int_equal(addr_parse_ip(span_str(c->session), &with->session), 0);
    with->origin = with->session;
    with->username = span_str(c->username);
    with->drop_ice = c->drop_ice;
    with->codecs = c->codecs ? codecs : NULL;
    with->n_codecs = words_split(c->codecs, codecs, 8);
    for (int i = 0; i < MAX_MEDIA; i++) {
        struct sdp_media_new *m = &with->media[i];
        if (c->media[i].addr)
            assert_int_equal(addr_parse(span_str(c->media[i].addr), 0, &m->addr), 0);
        if (m->addr.port == 1)
            m->addr.port = 0;
        m->rtcp = c->media[i].rtcp;
        m->keep_address = c->media[i].keep_address;
        m->disable = c->media[i].disable;
    }
}

static void body_is_rewritten(void **state)
{
    const struct rewrite_case *c = *state;
    static struct sdp sdp;
    struct sdp_new with;
    struct span codecs[8];
    struct sdp_checked got;
    const char *expected = c->expected ? c->expected : c->body;
    table_make(c, &with, codecs);
    assert_int_equal(sdp_read(span_str(c->body), &sdp), SDP_OK);
    const char *broken = sdp_check_rewrite(span_str(c->body), &with, &got);
    if (broken)
        fail_msg("%s", broken);
    if (!span_is(span_of(got.out, got.len), span_str(expected)))
        fail_msg("written:\n%.*s\nexpected:\n%s", (int)got.len, got.out, expected);
    if (!c->expected)
        assert_int_equal(got.edits, 0);
    free(got.out);
}

static void forty_candidates_are_one_edit(void **state)
{
    (void)state;
    char body[4096] = START "m=audio 4000 RTP/AVP 0\r\n";
    for (int i = 0; i < 40; i++)
        strcat(body, "a=candidate:1 1 UDP 1 10.0.0.1 4000 typ host\r\n");
    struct sdp_new with = {.drop_ice = true};
    struct sdp_checked got;
    assert_null(sdp_check_rewrite(span_str(body), &with, &got));
    assert_int_equal(got.edits, 1);
    free(got.out);
}

static void every_edit_says_its_rule(void **state)
{
    (void)state;
    static const char body[] = START "m=audio 4000 RTP/AVP 8 0\r\na=rtcp:4001\r\na=ice-lite\r\n";
    static struct sdp sdp;
    struct span codecs[] = {span_str("PCMU")};
    struct sdp_new with = {.drop_ice = true, .codecs = codecs, .n_codecs = 1};
    struct edit v[16];
    char text[256];
    struct edits e;
    unsigned seen = 0;
    assert_int_equal(addr_parse_ip(span_str(SELF), &with.origin), 0);
    with.session = with.origin;
    with.media[0] =
        (struct sdp_media_new){.addr = addr_with_port(with.origin, 20000), .rtcp = 20001};
    assert_int_equal(sdp_read(span_str(body), &sdp), SDP_OK);
    edits_init(&e, v, 16, text, sizeof text);
    sdp_rewrite(&sdp, &with, &e);
    for (uint32_t i = 0; i < e.n; i++)
        seen |= 1u << e.v[i].rule;
    assert_int_equal(seen, 1u << RULE_SDP_ORIGIN | 1u << RULE_SDP_CONNECTION | 1u << RULE_SDP_PORT |
                               1u << RULE_SDP_RTCP | 1u << RULE_SDP_ICE | 1u << RULE_SDP_CODECS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forty_candidates_are_one_edit),
        cmocka_unit_test(every_edit_says_its_rule),
    };
    int failed = CASES_RUN(rewrite_cases, body_is_rewritten);
    failed += cmocka_run_group_tests(tests, NULL, NULL);
    return failed;
}
