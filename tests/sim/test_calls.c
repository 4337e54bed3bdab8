/*
 * Calls through the core, one named case each: who does what is in the script, under which
 * circumstances it runs in cases.h. "a" is who calls.
 */
#include "tests/sim/cases.h"

/* clang-format off */
static const struct call_case cases[] = {
    /* ---- from ringing to the end */
    {"a call is answered, heard and ended by the caller", 0, NULL, NULL,
     RING "calls 1\n" TALK "rtcp a b\n" END_A "calls 0\n wait 1s\n log \"two-way\""},
    {"a call is ended by the called side", 0, NULL, NULL, RING TALK END_B "calls 0"},
    {"busy", 0, NULL, NULL, "a call\n b expect INVITE\n b answer 486\n a expect 486\n calls 0"},
    {"busy after ringing", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 180\n a expect 180\n b answer 486\n a expect 486\n"
     "calls 0"},
    {"a reason phrase and unknown headers cross as they are", 0, NULL, NULL,
     "a call h=\"X-Thing: a  b;c\" h=\"Subject:  two  blanks\"\n"
     "b expect INVITE has=\"X-Thing: a  b;c\"\n"
     "b answer 603 reason=\"Not tonight\" h=\"Warning: 399 b 'no, really'\"\n"
     "a expect 603 has=\"603 Not tonight\"\n calls 0"},
    {"a password in a URI crosses, and is in no log line", 0, NULL, NULL,
     "a call from=alice:secret\n b expect INVITE has=alice:secret@\n b answer 486\n a expect 486\n"
     "wait 1s\n log \"alice -> 100\"\n no-log secret"},
    {"CANCEL after 180", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 180\n a expect 180\n a cancel\n a expect 200 CANCEL\n"
     "b expect CANCEL\n a expect 487 INVITE\n calls 0"},
    {"CANCEL before the first 1xx waits for it", 0, NULL, NULL,
     "a call\n b expect INVITE\n wait 10ms\n a cancel\n a expect 200 CANCEL\n"
     "b expect nothing 300ms\n b answer 180\n b expect CANCEL\n a expect 487 INVITE past=180\n"
     "calls 0"},
    {"CANCEL crosses a 200: the call is acknowledged and ended", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 180\n a expect 180\n a cancel\n b answer 200 sdp\n"
     "a expect 200 CANCEL\n a expect 200 INVITE\n b expect CANCEL\n b expect ACK\n" END_A
     "calls 0"},
    {"a CANCEL that comes too late changes nothing", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 180\n a expect 180\n delay CANCEL by=200ms\n"
     "a cancel\n b answer 200 sdp\n a expect 200 INVITE\n b expect ACK\n"
     "a expect 200 CANCEL past=481\n" TALK
         END_A},
    {"ringing ends after limits.ringing", 0, NULL, "limits: {ringing: 30s}",
     "a call\n b expect INVITE\n b answer 180\n a expect 180\n b expect CANCEL within=40s\n"
     "a expect 408 INVITE\n calls 0"},
    {"each 1xx above 100 restarts limits.ringing", 0, NULL, "limits: {ringing: 30s}",
     "a call\n b expect INVITE\n b answer 180\n a expect 180\n wait 20s\n b answer 180\n"
     "a expect 180\n wait 20s\n b answer 200 sdp\n a expect 200\n b expect ACK\n" TALK END_A},
    {"nobody answers an INVITE: 408", 0, NULL, NULL,
     "b deaf\n a call\n a expect 408 INVITE within=40s\n b hears\n calls 0\n"
     "counter timeout_invite 1"},
    {"a peer that is down: 503 after four seconds", FROM_X, NULL, NULL,
     "b deaf\n wait 130s\n a call\n a expect nothing 3s\n a expect 503 within=3s\n b hears"},
    {"an exchange that is down: the peer gets 503 with Retry-After", FROM_P, NULL, NULL,
     "b deaf\n wait 130s\n a call\n a expect 503 has=Retry-After within=6s\n b hears"},

    /* ---- credentials */
    {"a challenge crosses, and the INVITE with credentials follows the same rules", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 401\n a expect 401\n a again auth\n"
     "b expect INVITE sdp has=\"Authorization: Digest\"\n b answer 180\n a expect 180\n"
     "b answer 200 sdp\n a expect 200\n b expect ACK\n" TALK END_A "calls 0"},
    {"the INVITE with credentials brings the route set that counts", 0, NULL, NULL,
     "habit a edge\n a call h=\"Record-Route: <sip:one.example;lr>\"\n b expect INVITE\n b answer 401\n a expect 401\n"
     "a again auth h=\"Record-Route: <sip:two.example;lr>\"\n b expect INVITE\n b answer 200 sdp\n a expect 200\n"
     "b expect ACK\n b send INFO\n a expect INFO has=two.example lacks=one.example\n a answer 200\n b expect 200\n" END_A},
    {"a proxy's challenge crosses", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 407\n a expect 407 has=Proxy-Authenticate\n"
     "a again auth\n b expect INVITE has=Proxy-Authorization\n b answer 200 sdp\n a expect 200\n"
     "b expect ACK\n" TALK END_B},

    /* ---- offers and answers */
    {"the offer comes in the 200, the answer in the ACK", 0, NULL, NULL,
     "a call nosdp\n b expect INVITE nosdp\n b answer 180\n a expect 180\n b answer 200 sdp\n"
     "a expect 200 sdp\n b expect ACK sdp\n" TALK END_A},
    {"early media in 183, the same answer in the 200", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 183 sdp\n a expect 183 sdp\n" TALK
     "b answer 200 sdp\n a expect 200 sdp\n b expect ACK\n" TALK END_A},
    {"early media in 180, a 200 without SDP", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 180 sdp\n a expect 180 sdp\n" TALK
     "b answer 200\n a expect 200 nosdp\n b expect ACK\n" TALK END_A},
    {"early media, then busy", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 183 sdp\n a expect 183 sdp\n" TALK
     "b answer 486\n a expect 486\n calls 0\n wait 1s\n pairs 0"},
    {"a reliable 183 is repeated until its PRACK", 0, NULL, NULL,
     PRACKS "a call h=\"Supported: 100rel\"\n b expect INVITE\n lose 183 count=3\n"
     "b answer 183 sdp reliable\n a expect 183 sdp\n b expect PRACK nosdp\n a expect 200 PRACK\n" TALK
            "b answer 200 INVITE\n a expect 200 INVITE\n b expect ACK\n" TALK END_A},
    {"the offer comes in a reliable 183, the answer in PRACK", 0, NULL, NULL,
     PRACKS
     "a call nosdp h=\"Supported: 100rel\"\n b expect INVITE nosdp\n b answer 183 sdp reliable\n"
     "a expect 183 sdp\n b expect PRACK sdp\n a expect 200 PRACK\n" TALK
     "b answer 200 INVITE\n a expect 200 INVITE\n b expect ACK nosdp\n" TALK END_B},
    {"a second offer in PRACK, its answer in the 200 of PRACK", 0, NULL, NULL,
     "a call h=\"Supported: 100rel\"\n b expect INVITE\n b answer 183 sdp reliable\n"
     "a expect 183 sdp\n a send PRACK sdp\n b expect PRACK sdp\n b answer 200 PRACK sdp\n"
     "a expect 200 PRACK sdp\n" TALK "b answer 200 INVITE\n a expect 200 INVITE\n b expect ACK\n" TALK END_A},
    {"two reliable responses, one after the other", 0, NULL, NULL,
     PRACKS
     "a call h=\"Supported: 100rel\"\n b expect INVITE\n b answer 183 sdp reliable\n"
     "a expect 183\n b expect PRACK\n a expect 200 PRACK\n b answer 180 INVITE reliable\n"
     "a expect 180\n b expect PRACK\n a expect 200 PRACK\n b answer 200 INVITE\n"
     "a expect 200 INVITE\n b expect ACK\n" TALK END_A},
    {"UPDATE by the caller before the answer", 0, NULL, NULL,
     PRACKS "a call h=\"Supported: 100rel\"\n b expect INVITE\n b answer 183 sdp reliable\n"
     "a expect 183 sdp\n b expect PRACK\n a expect 200 PRACK\n a send UPDATE sdp\n"
     "b expect UPDATE sdp\n b answer 200 UPDATE sdp\n a expect 200 UPDATE sdp\n" TALK
            "b answer 200 INVITE\n a expect 200 INVITE\n b expect ACK\n" TALK END_A},
    {"UPDATE by the called side before the answer", 0, NULL, NULL,
     PRACKS "a call h=\"Supported: 100rel\"\n b expect INVITE\n b answer 183 sdp reliable\n"
     "a expect 183 sdp\n b expect PRACK\n a expect 200 PRACK\n b send UPDATE sdp\n"
     "a expect UPDATE sdp\n a answer 200 UPDATE sdp\n b expect 200 UPDATE sdp\n" TALK
            "b answer 200 INVITE\n a expect 200 INVITE\n b expect ACK\n" TALK END_B},
    {"UPDATE in the call, by either side", 0, NULL, NULL,
     UP
     "a send UPDATE sdp\n b expect UPDATE sdp\n b answer 200 sdp\n a expect 200 UPDATE sdp\n" TALK
     "b send UPDATE sdp\n a expect UPDATE sdp\n a answer 200 sdp\n b expect 200 UPDATE sdp\n" TALK
         END_A},
    {"a refused UPDATE changes nothing", 0, NULL, NULL,
     UP "a send UPDATE sdp\n b expect UPDATE\n b answer 488\n a expect 488 UPDATE\n" TALK
        "b send UPDATE sdp\n a expect UPDATE\n a answer 500\n b expect 500 UPDATE\n" TALK END_A},
    {"UPDATE without SDP refreshes the session only", 0, NULL, NULL,
     UP "a send UPDATE h=\"Session-Expires: 1800;refresher=uac\"\n"
     "b expect UPDATE nosdp has=\"Session-Expires: 1800;refresher=uac\"\n"
     "b answer 200 h=\"Session-Expires: 1800;refresher=uac\"\n a expect 200 nosdp\n" TALK END_B},
    {"re-INVITE by the caller", 0, NULL, NULL,
     UP TALK "a send INVITE sdp\n b expect INVITE sdp\n b answer 200 sdp\n a expect 200 sdp\n"
     "b expect ACK\n" TALK END_A},
    {"re-INVITE by the called side", 0, NULL, NULL,
     UP TALK "b send INVITE sdp\n a expect INVITE sdp\n a answer 200 sdp\n b expect 200 sdp\n"
     "a expect ACK\n" TALK END_A},
    {"re-INVITE without an offer, by the called side", 0, NULL, NULL,
     UP "b send INVITE\n a expect INVITE nosdp\n a answer 200 sdp\n b expect 200 sdp\n"
     "a expect ACK sdp\n" TALK END_A},
    {"after a refused re-INVITE the former media stands", 0, NULL, NULL,
     UP "a send INVITE sdp=sendonly\n b expect INVITE sdp\n b answer 488\n a expect 488\n"
     "b send INVITE sdp=sendonly\n a expect INVITE\n a answer 603\n b expect 603\n"
     "a send INVITE sdp\n b expect INVITE\n b answer 491\n a expect 491\n" END_A},
    {"a refused re-INVITE leaves packets flowing", 0, NULL, NULL,
     UP TALK
     "a send INVITE sdp lines=audio\n b expect INVITE\n media 1s\n heard a b\n b answer 488\n"
     "a expect 488\n" TALK "rtcp a b\n" END_B},
    {"both re-INVITE at once: 491 both ways", 0, NULL, NULL,
     UP
     "a send INVITE sdp\n b send INVITE sdp\n a expect INVITE\n b expect INVITE\n a answer 491\n"
     "b answer 491\n a expect 491\n b expect 491\n" TALK
     "b send INVITE sdp\n a expect INVITE\n a answer 200 sdp\n b expect 200\n a expect ACK\n" TALK
         END_A},
    {"both re-INVITE at once, and the later one gets through when the other is refused", 0, NULL, NULL,
     UP TALK
     "lose INVITE to=b count=1\n a send INVITE sdp move\n wait 100ms\n b send INVITE sdp\n"
     "a expect INVITE\n a answer 491\n b expect 491\n b expect INVITE sdp\n b answer 200 sdp move\n"
     "a expect 200 sdp\n b expect ACK\n" TALK END_A},
    {"a re-INVITE moves the media of both sides", 0, NULL, NULL,
     UP TALK
     "b send INVITE sdp move\n a expect INVITE sdp\n a answer 200 sdp move\n b expect 200 sdp\n"
     "a expect ACK\n" TALK "rtcp a b\n" END_A},
    {"a re-INVITE nobody answers leaves the call as it was", 0, NULL, NULL,
     UP "b deaf\n a send INVITE sdp\n a expect 408 within=40s\n b hears\n" TALK END_A},
    {"a re-INVITE is accepted after our 408: the 2xx is acknowledged and the call goes on", 0, NULL, NULL,
     UP "a send INVITE sdp\n b expect INVITE\n a expect 408 within=40s\n b answer 200 INVITE sdp\n"
     "b expect ACK\n a expect nothing 1s\n b expect nothing 1s\n" TALK END_A},
    {"hold and resume by the caller", 0, NULL, NULL,
     UP
     "a send INVITE sdp=sendonly\n b expect INVITE has=a=sendonly\n b answer 200 sdp\n"
     "a expect 200 has=a=recvonly\n b expect ACK\n media 1s\n heard b\n silent a\n"
     "a send INVITE sdp\n b expect INVITE\n b answer 200 sdp\n a expect 200\n b expect ACK\n" TALK
         END_A},
    {"hold and resume by the called side", 0, NULL, NULL,
     UP
     "b send INVITE sdp=inactive\n a expect INVITE has=a=inactive\n a answer 200 sdp\n"
     "b expect 200\n a expect ACK\n media 1s\n silent a b\n b send INVITE sdp\n"
     "a expect INVITE\n a answer 200 sdp\n b expect 200\n a expect ACK\n" TALK
         END_A},
    {"a call that stays without media after hold is idle from then on", 0, NULL,
     "media: {ports: 22000-22399, port_reuse_delay: 5s, idle_timeout: 20s, on_idle: hangup}",
     UP TALK
     "a send INVITE sdp=inactive\n b expect INVITE\n b answer 200 sdp\n a expect 200\n b expect ACK\n"
     "wait 60s\n calls 1\n a send INVITE sdp\n b expect INVITE\n b answer 200 sdp\n a expect 200\n"
     "b expect ACK\n wait 15s\n calls 1\n a expect BYE within=10s\n b expect BYE\n calls 0"},
    {"a call without media that rang long is idle from its answer on", 0, NULL,
     "media: {ports: 22000-22399, port_reuse_delay: 5s, idle_timeout: 20s, on_idle: hangup}",
     "a call\n b expect INVITE\n b answer 180\n a expect 180\n wait 30s\n b answer 200 sdp\n"
     "a expect 200\n b expect ACK\n wait 15s\n calls 1\n a expect BYE within=10s\n b expect BYE\n"
     "calls 0"},
    {"hold by address 0.0.0.0", 0, NULL, NULL,
     UP
     "a send INVITE sdp address=0.0.0.0\n b expect INVITE has=\"c=IN IP4 0.0.0.0\"\n"
     "b answer 200 sdp\n a expect 200\n b expect ACK\n media 1s\n heard b\n silent a\n"
     "a send INVITE sdp\n b expect INVITE\n b answer 200 sdp\n a expect 200\n b expect ACK\n" TALK
         END_A},
    {"video that waits does not make a call one on hold", FROM_X, NULL, NULL,
     "a call lines=audio,video waits=2\n b expect INVITE has=a=inactive\n b answer 200 sdp\n"
     "a expect 200\n b expect ACK\n wait 4s\n" END_A "wait 1s\n log \"; silent\""},
    {"audio and video", 0, NULL, NULL,
     "a call lines=audio,video\n b expect INVITE has=m=video\n b answer 200 sdp\n a expect 200\n"
     "b expect ACK\n pairs 4\n" TALK END_A "wait 1s\n pairs 0"},
    {"the answer refuses the video", 0, NULL, NULL,
     "a call lines=audio,video\n b expect INVITE\n b answer 200 sdp disable=2\n"
     "a expect 200 has=\"m=video 0 \"\n b expect ACK\n" TALK END_A},
    {"video is added by re-INVITE", 0, NULL, NULL,
     UP TALK
     "a send INVITE sdp add=video\n b expect INVITE has=m=video\n b answer 200 sdp\n"
     "a expect 200\n b expect ACK\n" TALK END_A},
    {"T.38 by re-INVITE, and back", 0, NULL, NULL,
     UP "b send INVITE sdp kind=image\n a expect INVITE has=udptl\n a answer 200 sdp\n"
     "b expect 200 has=udptl\n a expect ACK\n" TALK "b send INVITE sdp kind=audio\n a expect INVITE has=m=audio\n a answer 200 sdp\n"
     "b expect 200\n a expect ACK\n" TALK END_A},
    {"a=rtcp and media-level c= are rewritten", 0, NULL, NULL,
     "habit a rtcp medialevel\n habit b rtcp medialevel\n" UP TALK "rtcp a b\n" END_A},
    {"as many m-lines as there may be, each with all that is rewritten", 0, NULL, NULL,
     "a call body=lines32 type=application/sdp\n b expect INVITE lacks=a=candidate\n b answer 486\n"
     "a expect 486"},
    {"m-lines not over UDP get port 0", 0, NULL, NULL,
     "a call lines=audio,message\n b expect INVITE has=\"m=message 0 TCP/MSRP\"\n"
     "b answer 200 sdp disable=2\n a expect 200 has=\"m=message 0 \"\n b expect ACK\n" TALK END_A},

    /* ---- forks */
    {"two far ends ring, the second answers", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 180 tag=one\n a expect 180 tag=one\n"
     "b answer 183 sdp tag=two\n a expect 183 sdp tag=two\n" TALK
     "b answer 200 sdp tag=two\n a expect 200 tag=two\n b expect ACK tag=two\n" TALK END_A},
    {"two far ends with early media each, the first answers", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 183 sdp tag=one\n a expect 183 tag=one\n"
     "b answer 183 sdp tag=two\n a expect 183 tag=two\n b answer 200 sdp tag=one\n"
     "a expect 200 tag=one\n b expect ACK tag=one\n" TALK END_A},
    {"two far ends answer: the second is acknowledged and ended by us", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 180 tag=one\n a expect 180\n b answer 180 tag=two\n"
     "a expect 180\n b answer 200 sdp tag=one\n a expect 200 tag=one\n b expect ACK tag=one\n"
     "b fork 200 sdp tag=two\n b expect ACK tag=two\n b expect BYE tag=two\n"
     "a expect nothing 1s\n" TALK END_A
     "counter forks_ended 1"},

    /* ---- what gets lost */
    {"a lost ACK is made up for", 0, NULL, NULL,
     "a call\n b expect INVITE\n lose ACK count=2\n b answer 200 sdp\n a expect 200\n"
     "b expect ACK within=10s\n" TALK END_A},
    {"a lost 200 is repeated", 0, NULL, NULL,
     "a call\n b expect INVITE\n lose 200/INVITE count=3\n b answer 200 sdp\n"
     "a expect 200 within=10s\n b expect ACK\n" TALK END_A},
    {"lost INVITEs are repeated on each hop", 0, NULL, NULL,
     "lose INVITE count=3\n a call\n b expect INVITE within=10s\n b answer 486\n a expect 486"},
    {"a lost refusal is repeated, a lost ACK of it, too", 0, NULL, NULL,
     "a call\n b expect INVITE\n lose 486 count=2\n lose ACK count=3\n b answer 486\n"
     "a expect 486 within=10s\n b expect nothing 20s"},
    {"a lost BYE and its lost answer", 0, NULL, NULL,
     UP "lose BYE count=2\n lose 200/BYE count=2\n a send BYE\n b expect BYE\n"
     "a expect 200 BYE within=10s\n calls 0"},
    {"everything arrives twice", 0, NULL, NULL,
     "repeat * count=400 by=30ms\n" RING TALK END_A "calls 0"},
    {"an ACK never comes: the called side hangs up", 0, NULL, NULL,
     "a by-itself -ack\n a call\n b expect INVITE\n b answer 200 sdp\n a expect 200\n"
     "b expect no-ack within=40s\n a expect BYE\n b expect 200 BYE\n calls 0"},
    {"BYE from both sides at once", 0, NULL, NULL,
     UP "a send BYE\n b send BYE\n a expect BYE\n b expect BYE\n a expect 200 BYE\n"
     "b expect 200 BYE\n calls 0"},
    {"BYE before the ACK", 0, NULL, NULL,
     "a by-itself -ack\n a call\n b expect INVITE\n b answer 200 sdp\n a expect 200\n a ack\n"
     "a send BYE\n b expect ACK\n b expect BYE\n a expect 200 BYE\n calls 0"},
    {"a BYE nobody answers ends the call all the same", 0, NULL, NULL,
     UP "b deaf\n a send BYE\n a expect no-answer BYE within=40s\n wait 1s\n calls 0\n b hears"},

    /* ---- what comes when the call is over */
    {"a re-INVITE that still waits when the call ends gets 487", 0, NULL, NULL,
     UP "b send INVITE sdp\n a expect INVITE\n b send BYE\n a expect BYE\n b expect 200 BYE\n"
     "a answer 487 INVITE\n b expect 487 INVITE\n wait 7s\n pairs 0"},
    {"a re-INVITE is accepted when the call is over: the 2xx gets its ACK", 0, NULL, NULL,
     UP "b send INVITE sdp\n a expect INVITE\n b send BYE\n a expect BYE\n b expect 200 BYE\n"
     "lose 200/INVITE count=3\n a answer 200 INVITE sdp\n b expect 487|200 INVITE\n"
     "a expect ACK within=10s\n wait 7s\n pairs 0\n a forget"},
    {"an answer to UPDATE that comes when the call is over takes no ports", 0, NULL, NULL,
     UP "a send UPDATE sdp\n b expect UPDATE\n a send BYE\n b expect BYE\n a expect 200 BYE\n"
     "b answer 200 UPDATE sdp\n a expect 200|487 UPDATE\n wait 7s\n pairs 0"},
    {"an ACK with SDP that comes when the call is over takes no ports", 0, NULL, NULL,
     "a by-itself -ack\n a call nosdp\n b expect INVITE\n b answer 200 sdp\n a expect 200 sdp\n"
     "delay ACK by=300ms\n a ack\n a send BYE\n b expect BYE\n a expect 200 BYE\n b expect ACK\n"
     "wait 7s\n pairs 0"},
    {"a re-INVITE that comes when the call is over: 481, and no ports", 0, NULL, NULL,
     UP "delay INVITE by=300ms\n a send INVITE sdp\n a send BYE\n b expect BYE\n a expect 200 BYE\n"
     "a expect 481 INVITE\n wait 7s\n pairs 0"},
    {"an UPDATE that comes when the call is over: 481, and no ports", 0, NULL, NULL,
     UP "delay UPDATE by=300ms\n a send UPDATE sdp\n a send BYE\n b expect BYE\n a expect 200 BYE\n"
     "a expect 481 UPDATE\n wait 7s\n pairs 0"},

    {"a 200 repeated when the call is over is the 200 it was", 0, NULL, NULL,
     "a by-itself -ack\n a call\n b expect INVITE\n b answer 200 sdp\n a expect 200\n"
     "a send BYE\n b expect BYE\n a expect 200 BYE\n wait 3s\n a ack\n b expect ACK"},

    /* ---- shapes of messages */
    {"short header names", 0, NULL, NULL,
     "habit a compact\n habit b compact\n" RING TALK
     "b send INVITE sdp\n a expect INVITE\n a answer 200 sdp\n b expect 200\n a expect ACK\n" TALK
         END_A},
    {"no rport", 0, NULL, NULL, "habit a norport\n habit b norport\n" RING TALK END_B},
    {"a strict-routed INVITE: the target is in the last Route", FROM_X, NULL, NULL,
     "a call to=bare uri=sip:$LOCAL:5070 h=\"Route: <sip:100@$PEER:5060>\"\n"
     "b expect INVITE has=\"INVITE sip:100@$PEER:5060 SIP/2.0\" lacks=Route:\n"
     "b answer 200 sdp\n a expect 200\n b expect ACK\n" TALK END_A},
    {"Record-Routes stay on their side and are used there", 0, NULL, NULL,
     "habit a edge\n a call h=\"Record-Route: <sip:edge.example;lr>\"\n"
     "b expect INVITE lacks=edge.example\n b answer 200 sdp\n a expect 200\n b expect ACK\n" TALK
     "b send INFO\n a expect INFO has=edge.example\n a answer 200\n b expect 200\n" END_A},
    {"a strict router in front of a side is the Request-URI there, the target the last Route", 0, NULL, NULL,
     "habit a edge\n a call h=\"Record-Route: <sip:strict.example;x=1>\" h=\"Record-Route: <sip:core.example;lr>\"\n"
     "b expect INVITE\n b answer 200 sdp h=\"Record-Route: <sip:strict.example>\"\n a expect 200\n"
     "b expect ACK has=\"ACK sip:strict.example SIP/2.0\"\n" TALK
     "b send INFO\n a expect INFO has=\"INFO sip:strict.example;x=1 SIP/2.0\" has=\"Route: <sip:core.example;lr>\"\n"
     "a answer 200\n b expect 200\n hangup\n b expect BYE has=\"BYE sip:strict.example SIP/2.0\"\n"
     "a expect BYE has=\"BYE sip:strict.example;x=1 SIP/2.0\"\n calls 0"},
    {"a second far end behind a strict router is acknowledged and ended by way of it", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 200 sdp tag=one\n a expect 200\n b expect ACK\n"
     "b fork 200 sdp tag=two h=\"Record-Route: <sip:strict.example>\"\n"
     "b expect ACK tag=two has=\"ACK sip:strict.example SIP/2.0\"\n"
     "b expect BYE tag=two has=\"BYE sip:strict.example SIP/2.0\"\n" TALK END_A},
    {"MESSAGE and INFO cross with their bodies", 0, NULL, NULL,
     "a ask MESSAGE body=text type=text/plain\n b expect MESSAGE has=\"hello $NATIVE\"\n"
     "b answer 200\n a expect 200\n" UP "a send INFO body=dtmf type=application/dtmf-relay\n b expect INFO has=Signal=5\n"
     "b answer 200\n a expect 200 INFO\n b send INFO body=dtmf type=application/dtmf-relay\n"
     "a expect INFO has=Signal=5\n a answer 200\n b expect 200 INFO\n" TALK END_A},
    {"a method nobody knows crosses", 0, NULL, NULL,
     "a ask FROBNICATE\n b expect FROBNICATE\n b answer 501\n a expect 501"},
    {"REFER, and the NOTIFY that follows", 0, NULL, NULL,
     UP "a send REFER h=\"Refer-To: <sip:300@elsewhere.example>\"\n"
     "b expect REFER has=sip:300@elsewhere.example\n b answer 202\n a expect 202\n"
     "b send NOTIFY h=\"Event: refer\" h=\"Subscription-State: terminated\" body=frag type=message/sipfrag\n"
     "a expect NOTIFY has=\"SIP/2.0 200 OK\"\n a answer 200\n b expect 200\n" TALK END_A},
    {"SUBSCRIBE and NOTIFY without a call", 0, NULL, NULL,
     "a ask SUBSCRIBE h=\"Event: presence\" h=\"Expires: 60\"\n b expect SUBSCRIBE\n"
     "b answer 200\n a expect 200\n"
     "b send NOTIFY h=\"Event: presence\" h=\"Subscription-State: active\"\n a expect NOTIFY\n"
     "a answer 200\n b expect 200\n a send SUBSCRIBE h=\"Event: presence\" h=\"Expires: 0\"\n"
     "b expect SUBSCRIBE\n b answer 200\n a expect 200"},

    /* ---- OPTIONS */
    {"OPTIONS is forwarded", 0, NULL, NULL,
     "b by-itself -options\n a ask OPTIONS\n b expect OPTIONS\n b answer 404\n a expect 404\n"
     "b by-itself +options"},
    {"OPTIONS to a name without an address is not answered, INVITE is: 503", FROM_X | UNMASKED,
     "address: nowhere.example", NULL,
     "a ask OPTIONS\n a expect no-answer OPTIONS within=40s\n a.two call\n"
     "a.two expect 503 has=Retry-After\n name nowhere.example $PEER\n wait 6s\n a.three ask OPTIONS\n"
     "a.three expect 200"},
    {"OPTIONS over the limit of transactions is not answered", FROM_X, NULL,
     "limits: {transactions: 2}",
     "b deaf\n wait 29s\n a.one ask OPTIONS\n a.two ask OPTIONS\n"
     "a.one expect no-answer OPTIONS within=40s\n a.two expect no-answer OPTIONS within=40s\n"
     "b hears\n counter answer_503_transactions 1"},
    {"OPTIONS is answered here while the peer is up, not while it is down", FROM_X,
     "options: local", NULL,
     "a ask OPTIONS\n a expect 200 OPTIONS\n b deaf\n restart\n a ask OPTIONS\n a expect 200 OPTIONS\n"
     "wait 130s\n a ask OPTIONS\n"
     "a expect no-answer OPTIONS within=40s\n b hears"},

    /* ---- REGISTER */
    {"the exchange registers at the peer and is called there", FROM_X, NULL, NULL,
     "b by-itself +register\n"
     "a ask REGISTER contact=\"<sip:u@127.0.0.1:5062;line=abc>\" h=\"Expires: 120\"\n"
     "b expect REGISTER has=\"<sip:u@$US:5060;line=abc>\" lacks=127.0\n"
     "a expect 200 has=\"<sip:u@127.0.0.1:5062;line=abc>\" lacks=$US\n registered 1\n"
     "b.in call uri=\"sip:u@$US:5060;line=abc\"\n"
     "a.in expect INVITE has=\"INVITE sip:u@127.0.0.1:5062;line=abc \"\n a.in answer 200 sdp\n"
     "b.in expect 200\n a.in expect ACK\n media 1s\n heard a.in b.in\n b.in send BYE\n"
     "a.in expect BYE\n b.in expect 200"},
    {"the peer registers at the exchange and is called there", FROM_P, NULL, NULL,
     "b by-itself +register\n"
     "a ask REGISTER contact=\"<sip:u@$NATIVE:5060>\" h=\"Expires: 120\"\n"
     "b expect REGISTER has=\"<sip:u@$LOCAL:5070\"\n a expect 200 has=\"<sip:u@$NATIVE:5060>\"\n"
     "b.in call uri=sip:u@$LOCAL:5070\n a.in expect INVITE has=\"INVITE sip:u@$NATIVE:5060 \"\n"
     "a.in answer 200 sdp\n b.in expect 200\n a.in expect ACK\n media 1s\n heard a.in b.in\n"
     "b.in send BYE\n a.in expect BYE\n b.in expect 200"},
    {"headers in a Contact are kept for the registrar and stand in no request line", FROM_X, NULL, NULL,
     "b by-itself +register\n"
     "a ask REGISTER contact=\"<sip:u@127.0.0.1:5062?Subject=hello>\" h=\"Expires: 120\"\n"
     "b expect REGISTER has=\"<sip:u@$US:5060>\"\n"
     "a expect 200 has=\"<sip:u@127.0.0.1:5062?Subject=hello>\"\n"
     "b.in call uri=sip:u@$US:5060\n a.in expect INVITE has=\"INVITE sip:u@127.0.0.1:5062 \"\n"
     "a.in answer 200 sdp contact=\"<sip:u@127.0.0.1:5062?Subject=hello>\"\n b.in expect 200\n"
     "a.in expect ACK has=\"ACK sip:u@127.0.0.1:5062 \"\n"
     "a.in send INVITE sdp contact=\"<sip:v@127.0.0.1:5062?Subject=again>\"\n"
     "b.in expect INVITE\n b.in answer 200 sdp\n a.in expect 200\n b.in expect ACK\n"
     "b.in send BYE\n a.in expect BYE has=\"BYE sip:v@127.0.0.1:5062 \"\n b.in expect 200"},
    {"headers in the Contact of a second answer stand in no request line", FROM_X, NULL, NULL,
     "a call\n b expect INVITE\n b answer 200 sdp tag=one\n a expect 200\n b expect ACK tag=one\n"
     "b fork 200 sdp tag=two contact=\"<sip:w@$NATIVE:5060?Subject=hello>\"\n"
     "b expect ACK tag=two has=\"ACK sip:w@$NATIVE:5060 \"\n"
     "b expect BYE tag=two has=\"BYE sip:w@$NATIVE:5060 \"\n" END_A},
    {"a peer that registered is called there under any number", FROM_P, NULL, NULL,
     "b by-itself +register\n"
     "a ask REGISTER contact=\"<sip:u@$NATIVE:5060>\" h=\"Expires: 120\"\n"
     "b expect REGISTER\n a expect 200\n"
     "b.in call uri=sip:100@$LOCAL:5070\n a.in expect INVITE has=\"INVITE sip:100@$NATIVE:5060 \"\n"
     "a.in answer 486\n b.in expect 486"},
    {"REGISTER with credentials", 0, NULL, NULL,
     "a ask REGISTER h=\"Expires: 120\"\n b expect REGISTER\n b answer 401\n a expect 401\n"
     "b by-itself +register\n a again auth h=\"Expires: 120\"\n"
     "b expect REGISTER has=Authorization\n a expect 200 has=expires=120\n"},
    {"several Contacts in one REGISTER", FROM_X, NULL, NULL,
     "b by-itself +register\n"
     "a ask REGISTER contact=\"<sip:one@127.0.0.1:5062>\" h=\"Contact: <sip:two@127.0.0.1:5062>;q=0.5\" h=\"Expires: 60\"\n"
     "b expect REGISTER has=sip:one@$US:5060\n a expect 200 has=sip:two@127.0.0.1:5062\n"
     "registered 2\n a again contact=\"*\" h=\"Expires: 0\"\n"
     "b expect REGISTER has=\"Contact: *\"\n a expect 200\n"},
    {"bindings end with Contact: * and with expires=0", FROM_X, NULL, NULL,
     "b by-itself +register\n"
     "a ask REGISTER contact=\"<sip:one@127.0.0.1:5062>\" h=\"Contact: <sip:two@127.0.0.1:5062>;q=0.5\" h=\"Expires: 60\"\n"
     "b expect REGISTER\n a expect 200\n registered 2\n"
     "a again contact=\"<sip:one@127.0.0.1:5062>\" h=\"Expires: 0\"\n b expect REGISTER\n"
     "a expect 200\n registered 1\n a again contact=\"*\" h=\"Expires: 0\"\n b expect REGISTER\n"
     "a expect 200\n registered 0"},
    {"Service-Route stays here and leads the registered one's calls", 0, NULL, NULL,
     "a ask REGISTER h=\"Expires: 60\"\n b expect REGISTER\n"
     "b answer 200 h=\"Expires: 60\" h=\"Service-Route: <sip:one.example;lr>, <sip:two.example;lr>\"\n"
     "a expect 200 lacks=Service-Route\n a.c call\n"
     "b.c expect INVITE has=\"Route: <sip:one.example;lr>\" has=\"Route: <sip:two.example;lr>\"\n"
     "b.c answer 486\n a.c expect 486\n restart\n wait 2s\n a.d call\n"
     "b.d expect INVITE has=\"Route: <sip:one.example;lr>\"\n b.d answer 486\n a.d expect 486\n"
     "a again h=\"Expires: 60\"\n b expect REGISTER lacks=Route:\n b answer 200 h=\"Expires: 60\"\n"
     "a expect 200\n a.e call\n b.e expect INVITE lacks=Route:\n b.e answer 486\n a.e expect 486"},
    {"Path stays on its side, returns in the 2xx and leads to the exchange's binding", FROM_X, NULL, NULL,
     "a ask REGISTER contact=\"<sip:u@127.0.0.1:5062>\" h=\"Path: <sip:edge.example;lr>\" h=\"Expires: 60\"\n"
     "b expect REGISTER lacks=Path:\n b answer 200 h=\"Expires: 60\" h=\"Path: <sip:far.example;lr>\"\n"
     "a expect 200 has=\"Path: <sip:edge.example;lr>\" lacks=far.example\n"
     "b.in call uri=\"sip:u@$US:5060\"\n"
     "a.in expect INVITE has=\"Route: <sip:edge.example;lr>\"\n a.in answer 486\n b.in expect 486"},
    {"Path stays on its side, returns in the 2xx and leads to the peer's binding", FROM_P, NULL, NULL,
     "a ask REGISTER contact=\"<sip:u@$NATIVE:5060>\" h=\"Path: <sip:edge.example;lr>\" h=\"Expires: 60\"\n"
     "b expect REGISTER lacks=Path:\n b answer 200 h=\"Expires: 60\" h=\"Path: <sip:far.example;lr>\"\n"
     "a expect 200 has=\"Path: <sip:edge.example;lr>\" lacks=far.example\n"
     "b.in call uri=\"sip:u@$LOCAL:5070\"\n"
     "a.in expect INVITE has=\"Route: <sip:edge.example;lr>\"\n a.in answer 486\n b.in expect 486"},
    {"a binding ends with the time that its Contact names, not the header", FROM_X, NULL, NULL,
     "a ask REGISTER contact=\"<sip:u@127.0.0.1:5062>;expires=600\" h=\"Expires: 900\"\n b expect REGISTER\n"
     "b answer 200 h=\"Contact: <sip:u@$US:5060>;expires=30\" h=\"Expires: 900\"\n"
     "a expect 200 has=\"<sip:u@127.0.0.1:5062>;expires=30\"\n registered 1\n wait 25s\n registered 1\n"
     "wait 10s\n registered 0"},
    {"a 2xx that names no Contact grants what was asked for, by its header", FROM_X, NULL, NULL,
     "a ask REGISTER contact=\"<sip:u@127.0.0.1:5062>;expires=600\"\n b expect REGISTER\n"
     "b answer 200 h=\"Expires: 30\"\n a expect 200\n registered 1\n wait 35s\n registered 0"},
    {"a refresh with a new Contact ends the former binding", FROM_X, NULL, NULL,
     "b by-itself +register\n a ask REGISTER contact=\"<sip:u@127.0.0.1:5062;line=one>\" h=\"Expires: 60\"\n"
     "b expect REGISTER\n a expect 200\n registered 1\n"
     "a again contact=\"<sip:v@127.0.0.1:5062;line=two>\" h=\"Expires: 60\"\n b expect REGISTER\n"
     "a expect 200 has=line=two lacks=line=one\n registered 1\n b.in call uri=\"sip:v@$US:5060;line=two\"\n"
     "a.in expect INVITE has=\"INVITE sip:v@127.0.0.1:5062;line=two \"\n a.in answer 486\n b.in expect 486"},
    {"two Contacts that differ in a parameter only are told apart", FROM_X, NULL, NULL,
     "b by-itself +register\n"
     "a ask REGISTER contact=\"<sip:u@127.0.0.1:5062;line=one>\" h=\"Contact: <sip:u@127.0.0.2:5062;line=two>\" h=\"Expires: 60\"\n"
     "b expect REGISTER\n a expect 200 has=\"<sip:u@127.0.0.2:5062;line=two>\"\n registered 2\n"
     "b.in call uri=\"sip:u@$US:5060;line=one\"\n a.in expect INVITE has=\"INVITE sip:u@127.0.0.1:5062;line=one \"\n"
     "a.in answer 486\n b.in expect 486"},
    {"a registration that is refused stays as it was", FROM_X, NULL, NULL,
     "b by-itself +register\n a ask REGISTER h=\"Expires: 60\"\n b expect REGISTER\n a expect 200\n registered 1\n"
     "b by-itself -register\n a again h=\"Expires: 60\"\n b expect REGISTER\n b answer 403\n a expect 403\n registered 1\n"
     "wait 65s\n registered 0"},
    {"several peers with one account are each called by their own way", TWO | SHARED | FROM_X | UNSAVED, NULL, NULL,
     "x by-itself +register\n"
     "p.r ask REGISTER from=trunk contact=\"<sip:trunk@$NATIVE:5060>\" h=\"Expires: 60\"\n"
     "x.r expect REGISTER\n p.r expect 200\n"
     "q.r ask REGISTER from=trunk contact=\"<sip:trunk@$NATIVE2:5060>\" h=\"Expires: 60\"\n"
     "x.r2 expect REGISTER\n q.r expect 200\n"
     "x.one call to=p uri=\"sip:trunk@127.0.0.1:5070;tt=p\"\n p.one expect INVITE has=\"INVITE sip:trunk@$NATIVE:5060 \"\n"
     "p.one answer 486\n x.one expect 486\n"
     "x.two call to=p uri=\"sip:trunk@127.0.0.1:5070;tt=q\"\n q.two expect INVITE has=\"INVITE sip:trunk@$NATIVE2:5060 \"\n"
     "q.two answer 486\n x.two expect 486"},
    {"a registration whose refresh nobody answers ends with its time", FROM_X, NULL, NULL,
     "b by-itself +register\n a ask REGISTER h=\"Expires: 60\"\n b expect REGISTER\n a expect 200\n"
     "wait 50s\n registered 1\n b deaf\n a again h=\"Expires: 60\"\n a expect 503 within=5s\n"
     "registered 1\n wait 10s\n registered 0\n b hears"},
    {"a REGISTER answered when the former time is over keeps its binding", FROM_X, NULL, NULL,
     "a ask REGISTER contact=\"<sip:u@127.0.0.1:5062;line=abc>\" h=\"Expires: 60\"\n"
     "b expect REGISTER\n"
     "b answer 200 REGISTER h=\"Contact: <sip:u@$US:5060;line=abc>;expires=60\"\n a expect 200\n"
     "wait 59900ms\n a again contact=\"<sip:u@127.0.0.1:5062;line=abc>\" h=\"Expires: 60\"\n"
     "b expect REGISTER\n wait 500ms\n"
     "b answer 200 REGISTER h=\"Contact: <sip:u@$US:5060;line=abc>;expires=60\"\n"
     "a expect 200 has=\"<sip:u@127.0.0.1:5062;line=abc>\"\n registered 1"},
    {"a REGISTER asked again after a minute of silence gets its binding", FROM_X, NULL, NULL,
     "a ask REGISTER contact=\"<sip:u@127.0.0.1:5062>\"\n b expect REGISTER\n"
     "a expect 503 within=5s\n wait 59900ms\n a again contact=\"<sip:u@127.0.0.1:5062>\"\n"
     "b expect REGISTER\n wait 500ms\n"
     "b answer 200 REGISTER h=\"Contact: <sip:u@$US:5060>;expires=60\"\n"
     "a expect 200 has=\"<sip:u@127.0.0.1:5062>\"\n registered 1"},
    {"two REGISTERs of one account at once, each answered in its own time", FROM_X, NULL, NULL,
     "a.one ask REGISTER contact=\"<sip:one@127.0.0.1:5062>\"\n b.one expect REGISTER\n"
     "a.two ask REGISTER contact=\"<sip:two@127.0.0.1:5062>\"\n b.two expect REGISTER\n"
     "b.two answer 200 REGISTER h=\"Contact: <sip:two@$US:5060>;expires=60\"\n a.two expect 200\n"
     "b.one answer 200 REGISTER h=\"Contact: <sip:one@$US:5060>;expires=60, "
     "<sip:two@$US:5060>;expires=60\"\n"
     "a.one expect 200 has=\"<sip:one@127.0.0.1:5062>\"\n registered 2"},
    {"a Contact keeps all of its parameters in a REGISTER", FROM_X, NULL, NULL,
     "b by-itself +register\n raw a longcontact\n b expect REGISTER has=\";last=1>\"\n"
     "stray a \"SIP/2.0 200\""},
    {"423 and the interval the registrar wants", 0, NULL, NULL,
     "a ask REGISTER h=\"Expires: 10\"\n b expect REGISTER\n"
     "b answer 423 h=\"Min-Expires: 60\"\n a expect 423 has=\"Min-Expires: 60\""},
    {"a REGISTER nobody answers: 503 with Retry-After after four seconds", 0, NULL, NULL,
     "b deaf\n a ask REGISTER\n a expect nothing 3s\n"
     "a expect 503 has=\"Retry-After: 60\" within=2s\n b hears"},
    {"a binding ends with its time", FROM_X, NULL, NULL,
     "b by-itself +register\n a ask REGISTER h=\"Expires: 60\"\n b expect REGISTER\n"
     "a expect 200\n registered 1\n wait 70s\n registered 0"},

    /* ---- addresses and media rules */
    {"how the peer sees us is learned from received=", 0, NULL, NULL, "known p"},
    {"a name with addresses of two families: those of our trunk's count", UNMASKED,
     "address: pbx.example", NULL,
     "name pbx.example fd00::2,$PEER\n restart\n wait 2s\n" UP TALK END_A},
    {"a name without an address of our trunk's family is said to have none", FROM_X | UNMASKED,
     "address: pbx.example", NULL,
     "name pbx.example fd00::2\n restart\n wait 2s\n log \"pbx.example has no address of a family\"\n"
     "a call\n a expect 503\n name pbx.example $PEER\n wait 6s\n a.two call\n b.two expect INVITE\n"
     "b.two answer 486\n a.two expect 486"},
    {"map: what the peer announces is reached elsewhere", THEIRS,
     "map: {100.64.2.2: 100.64.1.2}, media_from: sdp, target_from: contact", NULL, UP TALK END_B},
    {"map by prefix", THEIRS,
     "map: {100.64.2.0/24: 100.64.1.0/24}, media_from: sdp, target_from: contact", NULL,
     UP TALK END_A},
    {"media_from: sdp: a gateway may send from other ports than it listens on", FROM_X | UNMASKED,
     "media_from: sdp", NULL,
     "habit b gateway\n a call\n b expect INVITE\n b answer 200 sdp address=203.0.113.9\n"
     "a expect 200\n b expect ACK\n media 1s\n heard a\n rtcp a\n" END_A},
    {"media from the last of many sources", FROM_X | UNMASKED,
     "sources: [192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4, 192.0.2.5, 192.0.2.6, 192.0.2.7, "
     "192.0.2.8, 192.0.2.9, 192.0.2.10, 192.0.2.11, 192.0.2.12, 192.0.2.13, 192.0.2.14, "
     "192.0.2.15, 192.0.2.16, 203.0.113.9]",
     NULL,
     "habit b gateway\n a call\n b expect INVITE\n b answer 200 sdp address=203.0.113.9\n"
     "a expect 200\n b expect ACK\n media 1s\n heard a\n" END_A},
    {"latch: strict", UNMASKED, "latch: strict", NULL, UP TALK END_A},
    {"latch: any", 0, "latch: any", NULL, UP TALK END_A},
    {"media: direct takes no port, and addresses are mapped", ON_TAILNET, "media: direct", NULL,
     UP "pairs 0\n" TALK END_A "log not-relayed"},
    {"media of a third party is refused, and the former stands", FROM_P, NULL, NULL,
     UP
     "a send INVITE sdp address=192.0.2.9\n a expect 488 has=Warning:\n b expect nothing 1s\n" TALK
         END_A "counter answer_488_foreign 1"},
    {"media of a third party is refused also in UPDATE", FROM_P, NULL, NULL,
     UP
     "a send UPDATE sdp address=192.0.2.9\n a expect 488 has=Warning:\n b expect nothing 1s\n" TALK
         END_A},
    {"foreign_media: signalling", FROM_P, "foreign_media: signalling", NULL,
     UP "a send INVITE sdp address=192.0.2.9\n b expect INVITE lacks=192.0.2.9\n b answer 200 sdp\n"
     "a expect 200\n b expect ACK\n" TALK END_A},
    {"codecs: an offer to the peer keeps only those named", FROM_X, "codecs: [PCMU]", NULL,
     "a call\n b expect INVITE has=\"RTP/AVP 0\" lacks=telephone-event\n b answer 200 sdp\n"
     "a expect 200\n b expect ACK\n" TALK END_A},
    {"codecs: video of which none is named is not offered to the peer, and takes no ports", FROM_X,
     "codecs: [PCMU, telephone-event]", NULL,
     "a call lines=audio,video\n b expect INVITE has=\"RTP/AVP 0 101\" has=\"m=video 0 RTP/AVP 96\" lacks=H264\n"
     "pairs 2\n b answer 200 sdp disable=2\n a expect 200 has=\"m=video 0 \"\n b expect ACK\n" TALK
     "b send INVITE sdp add=video\n a expect INVITE\n a answer 200 sdp\n b expect 200\n a expect ACK\n" END_A},
    {"codecs: video that is named is offered to the peer", FROM_X, "codecs: [PCMU, H264]", NULL,
     "a call lines=audio,video\n b expect INVITE has=m=video lacks=\"m=video 0\"\n b answer 200 sdp\n"
     "a expect 200\n b expect ACK\n" TALK END_A},
    {"strip_headers: not told to the peer", FROM_X, "strip_headers: [User-Agent, X-Thing]", NULL,
     "a call h=\"X-Thing: 1\"\n b expect INVITE lacks=X-Thing\n b answer 486\n a expect 486"},
    {"strip_headers: whichever of its two names a header has", FROM_X,
     "strip_headers: [Subject, u]", NULL,
     "a call h=\"s: hello\" h=\"Allow-Events: presence\"\n"
     "b expect INVITE lacks=hello lacks=presence\n b answer 486\n a expect 486"},
    {"sdp_username replaces the first field of o=", FROM_X, "sdp_username: tt", NULL,
     "a call\n b expect INVITE has=\"o=tt \"\n b answer 486\n a expect 486"},
    {"dscp: also on answers that we give ourselves", 0, "dscp: {sip: 32, rtp: 32}", NULL,
     "a.two call\n b.two expect INVITE\n b.two answer 180\n a.two expect 180\n a.two cancel\n"
     "a.two expect 200 CANCEL\n b.two expect CANCEL\n a.two expect 487 INVITE\n calls 0\n" UP TALK END_A},

    /* ---- why a call ended, in its last line */
    {"told apart: the ACK never came", 0, NULL, NULL,
     "a by-itself -ack\n a call\n b expect INVITE\n b answer 200 sdp\n a expect 200\n"
     "b expect no-ack within=40s\n a expect BYE\n b expect 200 BYE\n wait 1s\n"
     "log \"and its ACK never came from the\""},
    {"told apart: the ACK is passed on but does not arrive", 0, NULL, NULL,
     "a call\n b expect INVITE\n lose ACK to=b count=30\n b answer 200 sdp\n a expect 200\n"
     "b expect no-ack within=40s\n a expect BYE\n b expect 200 BYE\n wait 1s\n"
     "log \"after its ACK: that does not reach the\""},
    {"told apart: rtp_timeout of the one who hung up", 0, NULL, NULL,
     UP TALK "wait 31s\n" END_B "wait 1s\n log \"s after the last packet from the\"\n"
     "log \"as rtp_timeout of the\""},
    {"told apart: hanging up while media flows is no rtp_timeout", 0, NULL, NULL,
     UP "wait 31s\n" TALK END_B "wait 1s\n no-log rtp_timeout"},
    {"told apart: a held call that is hung up is no rtp_timeout", 0, NULL, NULL,
     UP "a send INVITE sdp=inactive\n b expect INVITE\n b answer 200 sdp\n a expect 200\n"
        "b expect ACK\n wait 31s\n" END_B "wait 1s\n no-log rtp_timeout"},
    {"told apart: the session timer was not refreshed", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 200 sdp h=\"Session-Expires: 90;refresher=uac\"\n a expect 200\n"
     "b expect ACK\n wait 60s\n" END_B "wait 1s\n log \"session timer of 90 s was not refreshed for 60 s\""},
    {"told apart: a session that is refreshed ends without a hint", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 200 sdp h=\"Session-Expires: 90;refresher=uac\"\n a expect 200\n"
     "b expect ACK\n wait 45s\n a send UPDATE h=\"Session-Expires: 90;refresher=uac\"\n b expect UPDATE\n"
     "b answer 200 h=\"Session-Expires: 90;refresher=uac\"\n a expect 200\n wait 45s\n" END_A
     "wait 1s\n no-log \"session timer\""},
    {"told apart: nobody refreshes and nobody hangs up: ended here", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 200 sdp h=\"Session-Expires: 90;refresher=uac\"\n a expect 200\n"
     "b expect ACK\n a expect BYE within=140s\n b expect BYE\n wait 1s\n"
     "log \"its session timer expired without a refresh\""},
    {"told apart: a refused refresh", 0, NULL, NULL,
     UP TALK "a send UPDATE\n b expect UPDATE\n b answer 481\n a expect 481\n" END_A
     "wait 1s\n log \"answered a re-INVITE or UPDATE with 481\""},
    {"told apart: a refresh nobody answered", 0, NULL, NULL,
     UP TALK "lose UPDATE to=b count=20\n a send UPDATE\n a expect no-answer UPDATE within=40s\n" END_A
     "wait 1s\n log \"did not answer a re-INVITE or UPDATE\""},
    {"told apart: the caller's number is a local extension of the exchange", FROM_P, NULL, NULL,
     "a call from=201\n b expect INVITE\n b answer 401\n a expect 401\n wait 7s\n"
     "log \"or 201 is a local extension there\""},
    {"told apart: the INVITE is dropped although the peer is there", FROM_X, NULL, NULL,
     "lose INVITE to=b count=20\n a call\n a expect 408 within=40s\n wait 1s\n"
     "log \"it drops the INVITE, or the way does\""},
    {"told apart: the INVITE is lost in fragments", FROM_X, "mtu: 576", NULL,
     "lose INVITE to=b count=20\n"
     "a call h=\"X-Long: 0123456789012345678901234567890123456789012345678901234567890123456789\"\n"
     "a expect 408 within=40s\n wait 1s\n"
     "log \"went in fragments, which get lost\"\n log \"do not fit an mtu of 576\""},
    {"told apart: nothing is heard from the peer", FROM_X, NULL, NULL,
     "b deaf\n wait 130s\n a call\n a expect 503 within=6s\n b hears\n wait 1s\n"
     "log \"nothing at all is heard from the peer\""},

    {"a peer on IPv6 and an exchange on IPv4", SIX, NULL, NULL,
     "habit a rtcp medialevel\n habit b rtcp\n" RING TALK "rtcp a b\n"
     "b send INVITE sdp move\n a expect INVITE\n a answer 200 sdp\n b expect 200\n a expect ACK\n" TALK
     "a send INVITE sdp address=0.0.0.0\n b expect INVITE has=\"c=IN IP4 0.0.0.0\"\n b answer 200 sdp\n"
     "a expect 200\n b expect ACK\n a send INVITE sdp\n b expect INVITE\n b answer 200 sdp\n"
     "a expect 200\n b expect ACK\n" TALK END_A},
    {"a peer on IPv6 is probed under an address in brackets", FROM_X | SIX, NULL, NULL,
     "b by-itself -options\n wait 30s\n b expect OPTIONS has=\"OPTIONS sip:$PEER:5060 SIP\"\n"
     "b answer 200\n b by-itself +options"},

    {"a probe that was sent again tells no round-trip time, the next one does", FROM_X, NULL, NULL,
     "measured 1\n lose OPTIONS to=p count=1\n restart\n wait 2s\n measured 0\n wait 31s\n measured 1"},
    {"an exchange that drops one peer's local is up for the others, and that peer is warned of",
     TWO | FROM_X | UNSAVED, NULL, NULL,
     "lose OPTIONS from=$LOCAL to=x count=48\n wait 150s\n warned 1\n no-log \"the exchange is down\"\n"
     "q.in call\n x.in expect INVITE\n x.in answer 486\n q.in expect 486\n reload\n wait 60s\n warned 1\n"
     "wait 200s\n warned 0"},
    {"an exchange that is down says nothing of its firewall", TWO | FROM_X | UNSAVED, NULL, NULL,
     "x deaf\n wait 200s\n log \"the exchange is down\"\n warned 0\n no-log firewall\n x hears\n wait 10s\n"
     "log \"the exchange is up\"\n warned 0"},
    {"an exchange with one local that is down says nothing of its firewall", FROM_X, NULL, NULL,
     "x deaf\n wait 200s\n log \"the exchange is down\"\n no-log firewall\n x hears\n wait 10s\n warned 0"},
    {"a call refused here leaves its line with the reason", FROM_P, NULL, NULL,
     "b deaf\n wait 130s\n a call from=201\n a expect 503 within=6s\n b hears\n"
     "log \"call in 201 -> 100: refused here with 503: the exchange is down\""},
    {"an exchange that is back is noticed within seconds", FROM_P, NULL, NULL,
     "b deaf\n wait 130s\n log \"the exchange is down\"\n b hears\n wait 6s\n log \"the exchange is up\"\n"
     "a call\n b expect INVITE\n b answer 486\n a expect 486"},
    {"an unknown host in a call leaves its line, too", TWO | SHARED | FROM_X, NULL, NULL,
     "a call to=p uri=sip:100@198.51.100.7\n a expect 404\n log \"refused here with 404: No peer for 198.51.100.7\""},
    {"the last call's line comes before the end of a drain", 0, NULL, NULL,
     UP "drain\n" TALK END_A "wait 40s\n exited\n log \"two-way\""},
    {"a peer no longer listed begins no call while another runs", TWO | FROM_X | UNSAVED, NULL, NULL,
     "x.one call to=q\n q.one expect INVITE\n q.one answer 200 sdp\n x.one expect 200\n"
     "q.one expect ACK\n reload-without q\n unanswered\n q.two call\n q.two expect no-answer within=40s\n"
     "x.one send BYE\n q.one expect BYE\n x.one expect 200\n wait 1s"},
    {"told apart: given up while nothing came back", 0, NULL, NULL,
     "lose INVITE to=b count=20\n a call\n wait 10s\n a cancel\n wait 40s\n a forget\n log \"not even 100\""},

    /* ---- several peers */
    {"two peers on two locals, called and calling", TWO | UNSAVED, NULL, NULL,
     "x.one call to=p\n p.one expect INVITE\n x.two call to=q\n q.two expect INVITE\n"
     "q.two answer 200 sdp\n x.two expect 200\n q.two expect ACK\n p.one answer 200 sdp\n"
     "x.one expect 200\n p.one expect ACK\n q.three call\n x.three expect INVITE\n"
     "x.three answer 200 sdp\n q.three expect 200\n x.three expect ACK\n calls 3\n media 1s\n"
     "heard x.one p.one x.two q.two x.three q.three\n p.one send BYE\n x.one expect BYE\n"
     "p.one expect 200\n x.two send BYE\n q.two expect BYE\n x.two expect 200\n"
     "x.three send BYE\n q.three expect BYE\n x.three expect 200\n calls 0"},
    {"two peers on one shared socket", TWO | SHARED | UNSAVED, NULL, NULL,
     "x.one call to=p\n p.one expect INVITE\n x.two call to=q\n q.two expect INVITE\n"
     "q.two answer 200 sdp\n x.two expect 200\n q.two expect ACK\n p.one answer 200 sdp\n"
     "x.one expect 200\n p.one expect ACK\n q.three call\n x.three expect INVITE has=;tt=q\n"
     "x.three answer 200 sdp\n q.three expect 200\n x.three expect ACK\n calls 3\n media 1s\n"
     "heard x.one p.one x.two q.two x.three q.three\n x.one send INVITE sdp\n"
     "p.one expect INVITE lacks=tt=\n p.one answer 200 sdp\n x.one expect 200\n"
     "p.one expect ACK\n p.one send BYE\n x.one expect BYE\n p.one expect 200\n x.two send BYE\n"
     "q.two expect BYE\n x.two expect 200\n x.three send BYE\n q.three expect BYE\n"
     "x.three expect 200\n calls 0"},
    {"both peers register the same account on a shared socket", TWO | SHARED, NULL, NULL,
     "x by-itself +register\n"
     "p.r ask REGISTER from=trunk contact=\"<sip:trunk@$NATIVE:5060>\" h=\"Expires: 60\"\n"
     "x.r expect REGISTER\n p.r expect 200 has=\"sip:trunk@$NATIVE:5060\"\n"
     "q.r ask REGISTER from=trunk contact=\"<sip:trunk@$NATIVE2:5060>\" h=\"Expires: 60\"\n"
     "x.r2 expect REGISTER\n q.r expect 200 has=\"sip:trunk@$NATIVE2:5060\" lacks=$NATIVE:"},
    {"an unknown host in the Request-URI on a shared socket: 404 names it", TWO | SHARED | FROM_X,
     NULL, NULL,
     "a call to=p uri=sip:100@198.51.100.7 \n a expect 404 has=198.51.100.7\n"
     "counter answer_404_no_peer 1"},

    /* ---- the operator */
    {"the operator hangs up: BYE to both sides", 0, NULL, NULL,
     UP TALK "hangup\n a expect BYE\n b expect BYE\n calls 0\n counter calls_hung_up 1"},
    {"the operator hangs up while it rings", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 180\n a expect 180\n hangup\n b expect CANCEL\n"
     "a expect 480\n calls 0"},
    {"drain: calls go on, new ones get 503, then the end", 0, NULL, NULL,
     UP "drain\n a.two call\n a.two expect 503\n" TALK END_A "wait 40s\n exited"},
    {"reload: a running call goes on", 0, NULL, NULL,
     UP
     "reload\n" TALK
     "a send INVITE sdp\n b expect INVITE\n b answer 200 sdp\n a expect 200\n b expect ACK\n" TALK
     "reload\n" END_A},
    {"reload without the source a running call came from: it goes on, a new one is a stranger's",
     FROM_P | UNMASKED | UNSAVED, "address: 192.0.2.7, sources: [100.64.2.2]", NULL,
     UP "reload-with peer \"address: 192.0.2.7\"\n" TALK
        "a send INVITE sdp\n b expect INVITE\n b answer 200 sdp\n a expect 200\n b expect ACK\n" TALK
     "b send INFO\n a expect INFO\n a answer 200\n b expect 200\n a send BYE\n b expect BYE\n"
     "a expect 200 BYE\n calls 0\n unanswered\n a.late ask OPTIONS\n"
     "a.late expect no-answer within=40s\n reload-with peer \"\""},
    {"reload with another address: how the former one saw us counts no longer", FROM_X | UNMASKED,
     NULL, NULL,
     "unanswered\n reload-with peer \"address: 192.0.2.7\"\n a call\n wait 2s\n log \"not yet shown\"\n"
     "a cancel\n a expect 200 CANCEL\n reload-with peer \"\"\n a expect 487 within=60s\n a.two call\n"
     "b.two expect INVITE\n b.two answer 486\n a.two expect 486"},
    {"reload with another address: a peer that was down is asked at once", FROM_X | UNMASKED,
     "address: 192.0.2.7, options: local", NULL,
     "wait 130s\n unanswered\n a ask OPTIONS\n a expect nothing 3s\n reload-with peer \"options: local\"\n"
     "wait 1s\n a.two ask OPTIONS\n a.two expect 200\n a expect no-answer within=60s"},
    {"reload with another name: nothing goes to the former one's address", FROM_X | UNMASKED,
     "address: one.example", NULL,
     "name one.example $PEER\n restart\n wait 2s\n reload-with peer \"address: two.example\"\n wait 1s\n"
     "a call\n a expect 503 has=\"does not resolve\"\n reload-with peer \"address: one.example\"\n"
     "wait 1s\n a.two call\n b.two expect INVITE\n b.two answer 486\n a.two expect 486"},
    {"reload with probe: 0: an exchange that was down is called again", FROM_P, NULL, NULL,
     "b deaf\n wait 130s\n a call\n a expect 503 within=6s\n reload-with exchange \"probe: 0\"\n"
     "b hears\n a.two call\n b.two expect INVITE\n b.two answer 486\n a.two expect 486\n"
     "reload-with exchange \"\""},
    {"reload with probe: 0: a peer that was down may be up", FROM_X, "options: local", NULL,
     "b deaf\n wait 130s\n reload-with peer \"options: local, probe: 0\"\n a ask OPTIONS\n"
     "a expect 200\n b hears"},
    {"an exchange.address outside exchange.sources is not heard, as the warning says",
     FROM_X | ON_TAILNET | UNMASKED, NULL, NULL,
     "unanswered\n reload-with exchange \"sources: [192.0.2.0/24]\"\n a ask OPTIONS\n"
     "a expect no-answer OPTIONS within=40s\n reload-with exchange \"\"\n a.two ask OPTIONS\n"
     "a.two expect 200"},
    {"reload with other sources: a running call keeps its exchange", FROM_X | UNSAVED | ON_TAILNET, NULL, NULL,
     UP "reload-with exchange \"sources: [192.0.2.0/24], address: 192.0.2.7:5062\"\n" TALK
        "b send INVITE sdp\n a expect INVITE\n a answer 200 sdp\n b expect 200\n a expect ACK\n" TALK
     "a send BYE\n b expect BYE\n a expect 200 BYE\n counter drop_not_exchange 0\n"
     "unanswered\n a.late ask OPTIONS\n a.late expect no-answer within=40s\n reload-with exchange \"\""},
    {"advertise that the peer contradicts is warned of, until it is put right", 0,
     "advertise: 100.64.9.9", NULL,
     "wait 31s\n warned 1\n reload-with peer \"advertise: $US\"\n wait 31s\n warned 0"},
    {"a peer known by a name is asked at once how it sees us", NAMED, NULL, NULL, "known p"},
    {"a peer gets another address: a reload looks its name up, and its media is heard again",
     NAMED | FROM_X, NULL, NULL,
     UP TALK "moves 100.64.9.2\n reload\n media 4s\n" TALK END_B
     "a.two call\n b.two expect INVITE\n b.two answer 200 sdp\n a.two expect 200\n"
     "b.two expect ACK\n media 1s\n heard a.two b.two\n a.two send BYE\n b.two expect BYE\n"
     "a.two expect 200"},
    {"reload without the peer: its call still gets ports for one more m-line", TWO | FROM_X | UNSAVED,
     NULL, NULL,
     "x.one call to=q\n q.one expect INVITE\n q.one answer 200 sdp\n x.one expect 200\n"
     "q.one expect ACK\n reload-without q\n x.one send INVITE sdp add=video\n"
     "q.one expect INVITE has=m=video\n q.one answer 200 sdp\n x.one expect 200\n q.one expect ACK\n"
     "media 1s\n heard x.one q.one\n x.one send BYE\n q.one expect BYE\n x.one expect 200\n"
     "wait 40s\n reload-with peer \"\"\n q.two call\n x.two expect INVITE\n x.two answer 486\n"
     "q.two expect 486"},
    {"reload without the peer: its call goes on, a new one is refused", TWO | FROM_X | UNSAVED,
     NULL, NULL,
     "x.one call to=q\n q.one expect INVITE\n q.one answer 200 sdp\n x.one expect 200\n"
     "q.one expect ACK\n reload-without q\n media 1s\n heard x.one q.one\n"
     "q.one send INVITE sdp\n x.one expect INVITE\n x.one answer 200 sdp\n q.one expect 200\n"
     "x.one expect ACK\n media 1s\n heard x.one q.one\n x.one send BYE\n q.one expect BYE\n"
     "x.one expect 200\n wait 1s\n unanswered\n q.new call\n q.new expect no-answer within=40s"},
    {"restart: what comes for a former call goes where its socket says", FROM_X, NULL, NULL,
     UP "restart\n wait 2s\n a send BYE\n b expect BYE\n a expect 200 BYE\n"
     "counter routed_by_default 1"},
    {"a spoilt record of a call is refused, or is a call one can look at", FROM_X | UNMASKED, NULL, NULL,
     "a call lines=audio,video\n b expect INVITE\n spoil\n b answer 183 sdp\n a expect 183\n spoil\n"
     "b answer 200 sdp\n a expect 200\n b expect ACK\n spoil\n" TALK END_A},
    {"restart: a re-INVITE takes its call up again, with ports of its own", UNSAVED, NULL, NULL,
     UP TALK
     "restart\n wait 2s\n a send INVITE sdp\n b expect INVITE sdp\n b answer 200 sdp\n a expect 200 sdp\n"
     "b expect ACK\n calls 1\n pairs 2\n" TALK "b send INVITE sdp\n a expect INVITE\n a answer 200 sdp\n"
     "b expect 200\n a expect ACK\n" TALK END_B "calls 0\n counter calls_adopted 1\n wait 1s\n log two-way"},
    {"restart: a re-INVITE without an offer takes its call up again", UNSAVED, NULL, NULL,
     UP "restart\n wait 2s\n a send INVITE\n b expect INVITE nosdp\n b answer 200 sdp\n"
        "a expect 200 sdp\n b expect ACK sdp\n" TALK END_A "calls 0"},
    {"restart: a refused re-INVITE leaves no call behind", UNSAVED, NULL, NULL,
     UP "restart\n wait 2s\n a send INVITE sdp\n b expect INVITE\n b answer 481\n a expect 481\n"
        "calls 0\n wait 7s\n pairs 0"},
    {"restart: a challenged re-INVITE keeps its call for the next one", UNSAVED, NULL, NULL,
     UP "restart\n wait 2s\n a send INVITE sdp\n b expect INVITE\n b answer 401\n a expect 401\n"
        "a send INVITE sdp\n b expect INVITE\n b answer 200 sdp\n a expect 200\n b expect ACK\n" TALK END_A},
    {"restart: a re-INVITE with unreadable SDP leaves no call behind", UNSAVED, NULL, NULL,
     UP "restart\n wait 2s\n a send INVITE body=noc type=application/sdp\n a expect 488\n calls 0\n"
        "wait 7s\n pairs 0"},
    {"restart: a re-INVITE nobody answers leaves no call behind", UNSAVED, NULL, NULL,
     UP "restart\n wait 2s\n b deaf\n a send INVITE sdp\n a expect 408 within=40s\n calls 0\n"
        "b hears"},
    {"restart: the operator ends a call that was taken up again", UNSAVED, NULL, NULL,
     UP "restart\n wait 2s\n a send INVITE sdp\n b expect INVITE\n b answer 200 sdp\n a expect 200\n"
        "b expect ACK\n" TALK "hangup\n a expect BYE\n b expect BYE\n calls 0"},
    {"restart: bindings are kept", FROM_X, NULL, NULL,
     "b by-itself +register\n"
     "a ask REGISTER contact=\"<sip:u@127.0.0.1:5062;line=abc>\" h=\"Expires: 600\"\n"
     "b expect REGISTER\n a expect 200\n restart\n registered 1\n wait 2s\n"
     "b.in call uri=\"sip:u@$US:5060;line=abc\"\n"
     "a.in expect INVITE has=\"sip:u@127.0.0.1:5062;line=abc \"\n a.in answer 486\n"
     "b.in expect 486"},

    /* ---- requests that are answered here */
    {"Max-Forwards 0: 483", 0, NULL, NULL, "raw a hops\n stray a \"SIP/2.0 483\""},
    {"no Max-Forwards: 70 is added", 0, NULL, NULL,
     "raw a nohops\n b expect MESSAGE has=\"Max-Forwards: 70\"\n b answer 200"},
    {"the same INVITE by two ways: the second gets 482", 0, NULL, NULL,
     "raw a merge1\n b expect INVITE\n raw a merge2\n stray a \"SIP/2.0 482\"\n calls 1\n"
     "counter answer_482_merged 1\n b answer 486\n stray a \"SIP/2.0 486\"\n calls 0"},
    {"BYE in a dialog without a To-tag ends its call (RFC 2543)", 0, NULL, NULL,
     "raw a untagged\n b expect INVITE\n b answer 200 sdp\n b send BYE\n a.in expect BYE\n"
     "b expect 200 BYE\n calls 0"},
    {"an unknown Proxy-Require: 420", 0, NULL, NULL,
     "a call h=\"Proxy-Require: magic\"\n a expect 420 has=\"Unsupported: magic\"\n"
     "b expect nothing 1s"},
    {"SDP without c=: 488 says so", 0, NULL, NULL,
     "a call body=noc\n a expect 488 has=Warning:\n b expect nothing 1s\n"
     "counter answer_488_sdp 1"},
    {"a port beyond 65535: 488", 0, NULL, NULL,
     "a call body=port\n a expect 488 has=Warning:\n b expect nothing 1s"},
    {"a request inside a dialog nobody knows: 481", FROM_X | SHARED | TWO, NULL, NULL,
     "raw a lostbye\n stray a \"SIP/2.0 481\""},
    {"limits.calls: 503 with Retry-After", 0, NULL, "limits: {calls: 1}",
     UP "a.two call\n a.two expect 503 has=Retry-After\n" TALK END_A},
    {"the few pairs are found that others leave", 0, NULL,
     "media: {ports: 22000-22803, port_reuse_delay: 5s}",
     "taken 22000 22799\n restart\n wait 2s\n" UP TALK END_A},
    {"pairs that others held are found once they are free", 0, NULL,
     "media: {ports: 22000-22803, port_reuse_delay: 5s}",
     "taken 22000 22803\n restart\n wait 2s\n a call\n a expect 503 has=Retry-After\n wait 1s\n"
     "taken 1 1\n a.two call\n a.two expect 503 has=Retry-After\n wait 1s\n a.three call\n"
     "b.three expect INVITE\n b.three answer 200 sdp\n a.three expect 200\n b.three expect ACK\n"
     "media 1s\n heard a.three b.three\n a.three send BYE\n b.three expect BYE\n a.three expect 200"},
    {"no port pair left: 503 with Retry-After", FROM_X, NULL,
     "media: {ports: 22000-22003, port_reuse_delay: 5s}",
     UP "a.two call\n b.two expect INVITE\n a.three call\n a.three expect 503 has=Retry-After\n"
     "b.two answer 486\n a.two expect 486\n" TALK END_A},
};
/* clang-format on */

#define TEXT_50 "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcd"
#define TEXT_300 TEXT_50 TEXT_50 TEXT_50 TEXT_50 TEXT_50 TEXT_50

#define LINE                                                                                  \
    "m=audio 40000 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\na=candidate:1 1 UDP 1 192.0.2.1 1 typ " \
    "host\r\na=ptime:20\r\na=rtcp:40009 IN IP4 192.0.2.1\r\na=candidate:2 1 UDP 1 192.0.2.1 " \
    "1 typ host\r\n"
#define LINES_8 LINE LINE LINE LINE LINE LINE LINE LINE

static const struct scene_body bodies[] = {
    {"lines32",
     "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n" LINES_8 LINES_8 LINES_8 LINES_8},
    {"text", "hello 100.64.2.2, sent as it is\r\n"},
    {"dtmf", "Signal=5\r\nDuration=160\r\n"},
    {"frag", "SIP/2.0 200 OK\r\n"},
    {"noc", "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 30000 RTP/AVP 0\r\n"},
    {"port", "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
             "m=audio 99999 RTP/AVP 0\r\n"},
    {"hops", "OPTIONS sip:100@host.example SIP/2.0\r\nVia: SIP/2.0/UDP "
             "host.example;rport;branch=z9hG4bKraw1\r\n"
             "From: <sip:a@host.example>;tag=1\r\nTo: <sip:b@host.example>\r\nCall-ID: raw-1\r\n"
             "CSeq: 1 OPTIONS\r\nMax-Forwards: 0\r\nContent-Length: 0\r\n\r\n"},
    {"nohops", "MESSAGE sip:100@host.example SIP/2.0\r\nVia: SIP/2.0/UDP "
               "host.example;rport;branch=z9hG4bKraw2\r\n"
               "From: <sip:a@host.example>;tag=1\r\nTo: <sip:b@host.example>\r\nCall-ID: raw-2\r\n"
               "CSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n"},
    {"merge1", "INVITE sip:100@host.example SIP/2.0\r\nVia: SIP/2.0/UDP "
               "host.example;rport;branch=z9hG4bKraw4\r\n"
               "From: <sip:a@host.example>;tag=1\r\nTo: <sip:b@host.example>\r\nCall-ID: raw-4\r\n"
               "CSeq: 1 INVITE\r\nContact: <sip:a@host.example>\r\nMax-Forwards: 70\r\n"
               "Content-Length: 0\r\n\r\n"},
    {"merge2", "INVITE sip:100@host.example SIP/2.0\r\nVia: SIP/2.0/UDP "
               "host.example;rport;branch=z9hG4bKraw5\r\n"
               "From: <sip:a@host.example>;tag=1\r\nTo: <sip:b@host.example>\r\nCall-ID: raw-4\r\n"
               "CSeq: 1 INVITE\r\nContact: <sip:a@host.example>\r\nMax-Forwards: 70\r\n"
               "Content-Length: 0\r\n\r\n"},
    {"untagged", "INVITE sip:100@host.example SIP/2.0\r\nVia: SIP/2.0/UDP "
                 "host.example;rport;branch=z9hG4bKraw6\r\n"
                 "From: <sip:a@host.example>\r\nTo: <sip:b@host.example>\r\nCall-ID: raw-6\r\n"
                 "CSeq: 1 INVITE\r\nContact: <sip:a@host.example>\r\nMax-Forwards: 70\r\n"
                 "Content-Length: 0\r\n\r\n"},
    {"longcontact", "REGISTER sip:host.example SIP/2.0\r\nVia: SIP/2.0/UDP "
                    "host.example;rport;branch=z9hG4bKraw7\r\n"
                    "From: <sip:a@host.example>;tag=1\r\nTo: <sip:a@host.example>\r\n"
                    "Call-ID: raw-7\r\nCSeq: 1 REGISTER\r\nMax-Forwards: 70\r\n"
                    "Contact: <sip:u@127.0.0.1:5062;x=" TEXT_300 TEXT_300 ";last=1>\r\n"
                    "Content-Length: 0\r\n\r\n"},
    {"lostbye",
     "BYE sip:100@host.example SIP/2.0\r\nVia: SIP/2.0/UDP "
     "host.example;rport;branch=z9hG4bKraw3\r\n"
     "From: <sip:a@host.example>;tag=1\r\nTo: <sip:b@host.example>;tag=2\r\nCall-ID: raw-3\r\n"
     "CSeq: 1 BYE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return cases_main(cases, sizeof cases / sizeof cases[0], bodies, argc, argv);
}
