/*
 * Transfers, subscriptions and whatever else has no INVITE of its own: REFER, NOTIFY, SUBSCRIBE,
 * PUBLISH, MESSAGE, and redirections. What runs is said in script.h, under which circumstances in
 * cases.h; "a" is who asks.
 */
#include "tests/sim/cases.h"

/* x is in calls with p and with q, as x.one and x.two. */
#define CALL_P                                                                                 \
    "x.one call to=p\n p.one expect INVITE\n p.one answer 200 sdp\n x.one expect 200 INVITE\n" \
    "p.one expect ACK\n"
#define CALL_Q                                                                                 \
    "x.two call to=q\n q.two expect INVITE\n q.two answer 200 sdp\n x.two expect 200 INVITE\n" \
    "q.two expect ACK\n"
#define ENDS(one, other) one " send BYE\n " other " expect BYE\n " one " expect 200 BYE\n"

/* a refers b to what stands first; b reads what stands second. */
#define REFERS(says, reads)                                                                \
    "a send REFER h=\"Refer-To: " says "\"\n b expect REFER has=\"Refer-To: " reads "\"\n" \
    "b answer 202\n a expect 202\n"
/* a tells b a header in an INVITE of its own. */
#define TELLS(says, reads)                                                                         \
    "a.h call h=\"" says "\"\n b.h expect INVITE has=\"" reads "\"\n b.h answer 486\n a.h expect " \
    "486\n"

#define NOTIFIES(one, other, state)                                           \
    one " send NOTIFY h=\"Event: refer\" h=\"Subscription-State: " state      \
        "\" body=frag type=message/sipfrag;version=2.0\n " other              \
        " expect NOTIFY has=\"SIP/2.0 200 OK\"\n " other " answer 200\n " one \
        " expect 200 NOTIFY\n"

#define SUBSCRIBED                                                                    \
    "a ask SUBSCRIBE h=\"Event: presence\" h=\"Expires: 600\"\n b expect SUBSCRIBE\n" \
    "b answer 200 h=\"Expires: 600\"\n a expect 200 SUBSCRIBE\n"
#define PRESENT(state)                                                                            \
    "b send NOTIFY h=\"Event: presence\" h=\"Subscription-State: " state "\"\n a expect NOTIFY\n" \
    "a answer 200\n b expect 200 NOTIFY\n"

/* clang-format off */
static const struct call_case cases[] = {
    /* ---- where a REFER of the exchange leads, as the peer reads it */
    {"to the peer the exchange is ours", FROM_X, NULL, NULL,
     UP REFERS("<sip:300@$EXCHANGE:5062>", "<sip:300@$US:5060>")
        REFERS("<sip:300@127.0.0.9>", "<sip:300@$US>")
        REFERS("<sip:300@$SELF:5060>", "<sip:300@$US:5060>") REFERS("<sip:300@$US:5060>", "<sip:300@$US:5060>") END_A},
    {"to the peer its own local is what it calls itself", FROM_X, NULL, NULL,
     UP REFERS("<sip:300@$LOCAL:5070>", "<sip:300@$NATIVE:5060>") END_A},
    {"to the peer its own local is what it calls itself, by the map", FROM_X | THEIRS,
     "map: {100.64.2.2: 100.64.1.2}", NULL,
     "a ask REFER h=\"Refer-To: <sip:300@$LOCAL:5070>\"\n b expect REFER has=\"<sip:300@$NATIVE:5060>\"\n"
     "b answer 603\n a expect 603"},
    {"to the peer its own local is its address here, before it wrote any other", FROM_X | UNMASKED, NULL, NULL,
     "a ask REFER h=\"Refer-To: <sip:300@$LOCAL:5070>\"\n b expect REFER has=\"<sip:300@$PEER:5060>\"\n"
     "b answer 603\n a expect 603"},
    {"to the peer another one's local is that one's address here, with a warning", FROM_X | TWO, NULL, NULL,
     UP "no-log \"refers to peer q\"\n" REFERS("<sip:300@$LOCAL2:5070>", "<sip:300@$PEER2:5060>")
        "log \"refers to peer q by its address here\"\n" END_A},
    {"on a shared socket the peer meant is in ;tt=, and that is not told", FROM_X | TWO | SHARED, NULL, NULL,
     UP REFERS("<sip:300@$LOCAL:5070;tt=q;user=phone>", "<sip:300@$PEER2:5060;user=phone>")
        REFERS("<sip:300@$LOCAL:5070;tt=p>", "<sip:300@$NATIVE:5060>")
        REFERS("<sip:300@$LOCAL:5070>", "<sip:300@$US:5060>") END_A},

    /* ---- where a REFER of the peer leads, as the exchange reads it */
    {"to the exchange what the peer calls us is the exchange", FROM_P, NULL, NULL,
     UP REFERS("<sip:300@$US:5060>", "<sip:300@$EXCHANGE:5062>")
        REFERS("<sip:300@$US>", "<sip:300@$EXCHANGE:5062>") END_A},
    {"to the exchange the peer is its local", FROM_P, NULL, NULL,
     UP REFERS("<sip:300@$PEER:5060>", "<sip:300@$LOCAL:5070>")
        REFERS("<sip:300@$PEER>", "<sip:300@$LOCAL:5070>") END_A},
    {"to the exchange the peer is its local, by the map", FROM_P | THEIRS,
     "map: {100.64.2.2: 100.64.1.2, 10.20.0.0/24: 100.64.7.0/24}", NULL,
     UP REFERS("<sip:300@$NATIVE:5060>", "<sip:300@$LOCAL:5070>")
        REFERS("<sip:300@10.20.0.9:5080>", "<sip:300@$LOCAL:5070>") END_A},
    {"to the exchange the peer is its local, by what it calls itself in its Contact", FROM_P, NULL, NULL,
     UP REFERS("<sip:300@$NATIVE:5060>", "<sip:300@$LOCAL:5070>") END_A},
    {"to the exchange another peer is that one's local", FROM_P | TWO, NULL, NULL,
     UP REFERS("<sip:300@$PEER2:5060>", "<sip:300@$LOCAL2:5070>") END_A},
    {"to the exchange another peer is named in ;tt= of the shared socket", FROM_P | TWO | SHARED, NULL, NULL,
     UP REFERS("<sip:300@$PEER2:5060>", "<sip:300@$LOCAL:5070;tt=q>")
        REFERS("<sip:300@$PEER:5060;user=phone>", "<sip:300@$LOCAL:5070;tt=p;user=phone>") END_A},

    {"without brackets ;tt= is none of the header's parameters", FROM_P | TWO | SHARED, NULL, NULL,
     UP REFERS("sip:300@$PEER2:5060", "<sip:300@$LOCAL:5070;tt=q>")
        REFERS("sip:300@$PEER2:5060;x=1", "<sip:300@$LOCAL:5070;tt=q>;x=1")
        "a send REFER h=\"Refer-To: <sip:1@elsewhere.example>\" contact= h=\"CONTACT: sip:p@$NATIVE:5060\"\n"
        "b expect REFER has=\"CONTACT: <sip:p@$LOCAL:5070;tt=p>\"\n b answer 603\n a expect 603\n" END_A},

    {"a peer on IPv6, both as the exchange and as it reads it", SIX, NULL, NULL,
     UP "x send REFER h=\"Refer-To: <sip:300@$EXCHANGE:5062>\"\n p expect REFER has=\"Refer-To: <sip:300@$US:5060>\"\n"
        "p answer 202\n x expect 202\n x send REFER h=\"Refer-To: <sip:300@$LOCAL:5070>\"\n"
        "p expect REFER has=\"Refer-To: <sip:300@$NATIVE:5060>\"\n p answer 202\n x expect 202\n"
        "p send REFER h=\"Refer-To: <sip:300@$US>\"\n x expect REFER has=\"Refer-To: <sip:300@$EXCHANGE:5062>\"\n"
        "x answer 202\n p expect 202\n p send REFER h=\"Refer-To: <sip:300@$NATIVE:5060>\"\n"
        "x expect REFER has=\"Refer-To: <sip:300@$LOCAL:5070>\"\n x answer 202\n p expect 202\n" END_A},

    /* ---- both ways */
    {"who is nobody here is left alone", 0, NULL, NULL,
     UP REFERS("<sip:300@198.51.100.7:5066;transport=tcp>", "<sip:300@198.51.100.7:5066;transport=tcp>")
        REFERS("<sip:300@elsewhere.example>", "<sip:300@elsewhere.example>")
        REFERS("'A, B' <tel:+81-3-1234>", "'A, B' <tel:+81-3-1234>")
        REFERS("sip:300@elsewhere.example", "sip:300@elsewhere.example") END_A},
    {"what would lead the call round us is taken off with the host", FROM_P, NULL, NULL,
     UP REFERS("<sip:300@$PEER:5060;transport=tcp;user=phone>", "<sip:300@$LOCAL:5070;user=phone>")
        REFERS("<sip:300@$US:5060;maddr=192.0.2.1;method=INVITE>", "<sip:300@$EXCHANGE:5062;method=INVITE>") END_A},
    {"what would lead the call round us is taken off with the host, toward the peer", FROM_X, NULL, NULL,
     UP REFERS("<sip:300@$EXCHANGE:5062;transport=tls;user=phone>", "<sip:300@$US:5060;user=phone>") END_A},
    {"Replaces inside a URI is not touched, whatever it looks like", FROM_X, NULL, NULL,
     UP REFERS("'Bob, too' <sip:300@$EXCHANGE:5062;user=phone?Replaces=a-1%40127.0.0.1%3Bto-tag%3D$LOCAL%3Bfrom-tag%3D$US&Require=replaces>;x=1",
               "'Bob, too' <sip:300@$US:5060;user=phone?Replaces=a-1%40127.0.0.1%3Bto-tag%3D$LOCAL%3Bfrom-tag%3D$US&Require=replaces>;x=1")
        END_A},
    {"Replaces inside a URI is not touched, whatever it looks like, toward the exchange", FROM_P, NULL, NULL,
     UP REFERS("<sip:300@$US:5060?Replaces=a-1%40$US%3Bto-tag%3D$PEER%3Bfrom-tag%3D2%3Bearly-only>",
               "<sip:300@$EXCHANGE:5062?Replaces=a-1%40$US%3Bto-tag%3D$PEER%3Bfrom-tag%3D2%3Bearly-only>") END_A},
    {"Referred-By and Target-Dialog", FROM_X, NULL, NULL,
     UP "a send REFER h=\"Refer-To: <sip:1@elsewhere.example>\" h=\"Referred-By: 'A' <sip:200@$EXCHANGE:5062>;cid='1@$EXCHANGE'\""
        " h=\"Target-Dialog: a@$EXCHANGE;local-tag=1;remote-tag=2\"\n"
        "b expect REFER has=\"Referred-By: 'A' <sip:200@$US:5060>;cid='1@$EXCHANGE'\" has=\"Target-Dialog: a@$EXCHANGE;\"\n"
        "b answer 202\n a expect 202\n" END_A},
    {"who called and who was called before, as the peer reads it", FROM_X | TWO, NULL, NULL,
     UP END_A TELLS("Diversion: <sip:200@$EXCHANGE:5062>;reason=unconditional, <sip:201@elsewhere.example>;reason=user-busy",
           "Diversion: <sip:200@$US:5060>;reason=unconditional, <sip:201@elsewhere.example>;reason=user-busy")
     TELLS("History-Info: <sip:200@$EXCHANGE?Reason=SIP%3Bcause%3D302>;index=1, <sip:300@$LOCAL:5070>;index=1.1",
           "History-Info: <sip:200@$US?Reason=SIP%3Bcause%3D302>;index=1, <sip:300@$NATIVE:5060>;index=1.1")
     TELLS("P-Asserted-Identity: 'A' <sip:200@$EXCHANGE>", "P-Asserted-Identity: 'A' <sip:200@$US>")
     TELLS("P-Preferred-Identity: <sip:200@$EXCHANGE:5062>", "P-Preferred-Identity: <sip:200@$US:5060>")
     TELLS("Remote-Party-ID: 'A' <sip:200@$EXCHANGE>;party=calling", "Remote-Party-ID: 'A' <sip:200@$US>;party=calling")
     TELLS("Referred-By: <sip:q@$LOCAL2:5070>", "Referred-By: <sip:q@$PEER2:5060>")},
    {"who called and who was called before, as the exchange reads it", FROM_P | TWO, NULL, NULL,
     TELLS("Diversion: <sip:200@$NATIVE:5060>;reason=no-answer, <tel:0312345678>",
           "Diversion: <sip:200@$LOCAL:5070>;reason=no-answer, <tel:0312345678>")
     TELLS("History-Info: <sip:200@$US:5060>;index=1, <sip:200@$PEER2>;index=1.1",
           "History-Info: <sip:200@$EXCHANGE:5062>;index=1, <sip:200@$LOCAL2:5070>;index=1.1")
     TELLS("P-Asserted-Identity: 'P' <sip:200@$PEER>", "P-Asserted-Identity: 'P' <sip:200@$LOCAL:5070>")
     TELLS("Remote-Party-ID: <sip:200@$PEER:5060>;privacy=full", "Remote-Party-ID: <sip:200@$LOCAL:5070>;privacy=full")
     TELLS("Referred-By: <sip:q@elsewhere.example>", "Referred-By: <sip:q@elsewhere.example>")},

    /* ---- the course of a transfer inside a call */
    {"a blind transfer: 202, NOTIFY until it has led somewhere, BYE", 0, NULL, NULL,
     UP REFERS("<sip:300@elsewhere.example>", "<sip:300@elsewhere.example>")
        NOTIFIES("b", "a", "active;expires=60") NOTIFIES("b", "a", "terminated;reason=noresource") END_A "calls 0"},
    {"REFER answered with 200, as RFC 6665 has it", 0, NULL, NULL,
     UP "a send REFER h=\"Refer-To: <sip:300@elsewhere.example>\"\n b expect REFER\n b answer 200\n a expect 200 REFER\n"
        NOTIFIES("b", "a", "terminated;reason=noresource") END_B},
    {"the NOTIFY overtakes the 202", 0, NULL, NULL,
     UP "a send REFER h=\"Refer-To: <sip:300@elsewhere.example>\"\n b expect REFER\n"
        NOTIFIES("b", "a", "active;expires=60") "b answer 202 REFER\n a expect 202 REFER\n"
        NOTIFIES("b", "a", "terminated;reason=noresource") END_A},
    {"a REFER without a subscription", 0, NULL, NULL,
     UP "a send REFER h=\"Refer-To: <sip:300@elsewhere.example>\" h=\"Refer-Sub: false\" h=\"Supported: norefersub\"\n"
        "b expect REFER has=\"Refer-Sub: false\"\n b answer 200 h=\"Refer-Sub: false\"\n"
        "a expect 200 has=\"Refer-Sub: false\"\n" TALK END_B},
    {"a refused REFER leaves the call as it was", 0, NULL, NULL,
     UP "a send REFER h=\"Refer-To: <sip:300@elsewhere.example>\"\n b expect REFER\n b answer 603\n a expect 603\n" TALK
        "b send REFER h=\"Refer-To: <sip:300@elsewhere.example>\"\n a expect REFER\n a answer 405\n b expect 405\n" TALK END_A},
    {"two transfers at once are told apart by the id of their Event", 0, NULL, NULL,
     UP REFERS("<sip:300@elsewhere.example>", "<sip:300@elsewhere.example>")
        REFERS("<sip:301@elsewhere.example>", "<sip:301@elsewhere.example>")
        "b send NOTIFY h=\"Event: refer;id=102\" h=\"Subscription-State: terminated\" body=frag type=message/sipfrag\n"
        "a expect NOTIFY has=\"Event: refer;id=102\"\n a answer 200\n b expect 200\n"
        NOTIFIES("b", "a", "terminated") TALK END_A},
    {"who transferred hangs up at once, and still hears how it went", 0, NULL, NULL,
     UP REFERS("<sip:300@elsewhere.example>", "<sip:300@elsewhere.example>") END_A "calls 0\n"
        NOTIFIES("b", "a", "active;expires=60") "wait 10s\n" NOTIFIES("b", "a", "terminated") "counter routed_by_default 0"},
    {"who transferred hangs up at once, and hears minutes later how it went", 0, NULL, NULL,
     UP REFERS("<sip:300@elsewhere.example>", "<sip:300@elsewhere.example>") END_A "calls 0\n wait 100s\n"
        NOTIFIES("b", "a", "terminated") "counter routed_by_default 1"},
    {"the Contact of a REFER and of its 202 is followed", 0, NULL, NULL,
     UP "a send REFER h=\"Refer-To: <sip:300@elsewhere.example>\" contact=\"<sip:a2@192.0.2.1:5060>\"\n b expect REFER\n"
        "b answer 202 contact=\"<sip:b2@192.0.2.2:5060>\"\n a expect 202\n"
        "b send INFO\n a expect INFO has=\"INFO sip:a2@192.0.2.1:5060 \"\n a answer 200\n b expect 200 INFO\n"
        "a send INFO\n b expect INFO has=\"INFO sip:b2@192.0.2.2:5060 \"\n b answer 200\n a expect 200 INFO\n" END_A},

    /* ---- transfers outside of calls */
    {"REFER without a call has a dialog of its own, which ends with its NOTIFY", 0, NULL, NULL,
     "a ask REFER h=\"Refer-To: <sip:300@elsewhere.example>\" contact=\"<sip:a1@192.0.2.1:5060>\"\n b expect REFER\n"
     "b answer 202 contact=\"<sip:b1@192.0.2.2:5060>\"\n a expect 202\n calls 0\n"
     "b send NOTIFY h=\"Event: refer\" h=\"Subscription-State: active;expires=60\" contact=\"<sip:b2@192.0.2.2:5060>\" body=frag type=message/sipfrag\n"
     "a expect NOTIFY has=\"NOTIFY sip:a1@192.0.2.1:5060 \" has=\"SIP/2.0 200 OK\"\n"
     "a answer 200 contact=\"<sip:a2@192.0.2.1:5060>\"\n b expect 200\n"
     "a send REFER h=\"Refer-To: <sip:301@elsewhere.example>\"\n b expect REFER has=\"REFER sip:b2@192.0.2.2:5060 \"\n"
     "b answer 603\n a expect 603\n"
     "b send NOTIFY h=\"Event: refer\" h=\"Subscription-State: terminated;reason=noresource\" body=frag type=message/sipfrag\n"
     "a expect NOTIFY\n a answer 200\n b expect 200\n counter routed_by_default 0\n wait 90s\n"
     "b send NOTIFY h=\"Event: refer\" h=\"Subscription-State: terminated\"\n a expect NOTIFY\n a answer 481\n b expect 481\n"
     "counter routed_by_default 1"},
    {"REFER without a call: the NOTIFY overtakes the 202", 0, NULL, NULL,
     "a ask REFER h=\"Refer-To: <sip:300@elsewhere.example>\"\n b expect REFER\n b branch tag=one\n"
     NOTIFIES("b", "a", "active;expires=60") "b answer 202 REFER tag=one\n a expect 202\n"
     NOTIFIES("b", "a", "terminated") "counter routed_by_default 0"},
    {"REFER without a call and without a subscription leaves nothing", 0, NULL, NULL,
     "a ask REFER h=\"Refer-To: <sip:300@elsewhere.example>\" h=\"Refer-Sub: false\"\n b expect REFER\n"
     "b answer 200 h=\"Refer-Sub: false\"\n a expect 200\n wait 90s\n"
     "b send NOTIFY h=\"Event: refer\" h=\"Subscription-State: terminated\"\n a expect NOTIFY\n a answer 481\n b expect 481\n"
     "counter routed_by_default 1"},
    {"a refused REFER without a call leaves nothing", 0, NULL, NULL,
     "a ask REFER h=\"Refer-To: <sip:300@elsewhere.example>\"\n b expect REFER\n b answer 403\n a expect 403"},
    {"a challenged REFER and its second try are one to whoever notifies", 0, NULL, NULL,
     "a ask REFER h=\"Refer-To: <sip:300@elsewhere.example>\" contact=\"<sip:a1@192.0.2.1:5060>\"\n b expect REFER\n"
     "b answer 401\n a expect 401\n"
     "a again auth h=\"Refer-To: <sip:300@elsewhere.example>\" contact=\"<sip:a2@192.0.2.1:5060>\"\n"
     "b expect REFER has=Authorization\n b branch tag=one\n"
     "b send NOTIFY h=\"Event: refer\" h=\"Subscription-State: active\" contact=\"<sip:b2@192.0.2.2:5060>\"\n"
     "a expect NOTIFY has=\"NOTIFY sip:a2@192.0.2.1:5060 \"\n a answer 200\n b expect 200\n b answer 202 REFER tag=one\n"
     "a expect 202 past=200\n wait 40s\n a send REFER h=\"Refer-To: <sip:301@elsewhere.example>\"\n b expect REFER lacks=192.0.2.1\n"
     "b answer 603\n a expect 603\n counter routed_by_default 0"},

    /* ---- attended transfers */
    {"the exchange joins its two peers: the REFER names a dialog as both ends of it know it", TWO | FROM_X | UNSAVED, NULL, NULL,
     CALL_P CALL_Q
     "x.one send REFER h=\"Refer-To: <sip:q@$LOCAL2:5070?Replaces={id x.two}%3Bto-tag%3D{there x.two}%3Bfrom-tag%3D{here x.two}>\"\n"
     "p.one expect REFER has=\"<sip:q@$PEER2:5060?Replaces={id q.two}%3Bto-tag%3D{here q.two}%3Bfrom-tag%3D{there q.two}>\"\n"
     "p.one answer 202\n x.one expect 202\n" NOTIFIES("p.one", "x.one", "terminated;reason=noresource")
     ENDS("x.one", "p.one") ENDS("q.two", "x.two") "calls 0"},
    {"a peer joins the exchange and another peer", TWO | FROM_P | UNSAVED, NULL, NULL,
     CALL_P CALL_Q
     "p.one send REFER h=\"Refer-To: <sip:q@$PEER2:5060?Replaces={id q.two}%3Bto-tag%3D{here q.two}%3Bfrom-tag%3D{there q.two}>\"\n"
     "x.one expect REFER has=\"<sip:q@$LOCAL2:5070?Replaces={id x.two}%3Bto-tag%3D{there x.two}%3Bfrom-tag%3D{here x.two}>\"\n"
     "x.one answer 202\n p.one expect 202\n"
     "x.three call to=q uri=sip:q@$LOCAL2:5070 h=\"Replaces: {id x.two};to-tag={there x.two};from-tag={here x.two}\"\n"
     "q.three expect INVITE has=\"Replaces: {id q.two};to-tag={here q.two};from-tag={there q.two}\" has=\"INVITE sip:q@$PEER2:5060 \"\n"
     "q.three answer 200 sdp\n x.three expect 200\n q.three expect ACK\n" ENDS("q.two", "x.two")
     NOTIFIES("x.one", "p.one", "terminated;reason=noresource") ENDS("p.one", "x.one")
     "media 1s\n heard x.three q.three\n calls 1\n" ENDS("q.three", "x.three") "calls 0"},
    {"an INVITE with Replaces takes a call over, and both hear", 0, NULL, NULL,
     UP "a.two call h=\"Replaces: {id a};to-tag={there a};from-tag={here a}\" h=\"Require: replaces\"\n"
        "b.two expect INVITE has=\"Replaces: {id b};to-tag={here b};from-tag={there b}\"\n b.two answer 200 sdp\n"
        "a.two expect 200\n b.two expect ACK\n" END_B "media 1s\n heard a.two b.two\n calls 1\n" ENDS("b.two", "a.two") "calls 0"},
    {"an INVITE with Replaces takes over a call with another peer", TWO | FROM_P | UNSAVED, NULL, NULL,
     CALL_Q "p.new call h=\"Replaces: {id q.two};to-tag={there q.two};from-tag={here q.two}\"\n"
     "x.new expect INVITE has=\"Replaces: {id x.two};to-tag={here x.two};from-tag={there x.two}\"\n x.new answer 200 sdp\n"
     "p.new expect 200\n x.new expect ACK\n" ENDS("x.two", "q.two") "media 1s\n heard x.new p.new\n" ENDS("p.new", "x.new") "calls 0"},
    {"an INVITE with Replaces of a call that only rings", 0, NULL, NULL,
     "b call\n a expect INVITE\n a answer 180\n b expect 180\n"
     "a.two call h=\"Replaces: {id a};to-tag={there a};from-tag={here a};early-only\"\n"
     "b.two expect INVITE has=\"Replaces: {id b};to-tag={here b};from-tag={there b};early-only\"\n b.two answer 200 sdp\n"
     "a.two expect 200\n b.two expect ACK\n b cancel\n b expect 200 CANCEL\n a expect CANCEL\n b expect 487 INVITE\n"
     "media 1s\n heard a.two b.two\n" ENDS("a.two", "b.two")},
    {"a refused INVITE with Replaces leaves the call as it was", 0, NULL, NULL,
     UP "a.two call h=\"Replaces: {id a};to-tag={there a};from-tag={here a}\"\n b.two expect INVITE\n b.two answer 481\n"
        "a.two expect 481\n calls 1\n" TALK END_A},
    {"an INVITE with Join adds a call", 0, NULL, NULL,
     UP "a.two call h=\"Join: {id a};to-tag={there a};from-tag={here a}\"\n"
        "b.two expect INVITE has=\"Join: {id b};to-tag={here b};from-tag={there b}\"\n b.two answer 200 sdp\n"
        "a.two expect 200\n b.two expect ACK\n calls 2\n media 1s\n heard a b a.two b.two\n" ENDS("a.two", "b.two") END_B},

    /* ---- redirections */
    {"302: who else is meant, as the exchange reads it, and calls it", FROM_X | TWO, NULL, NULL,
     "a call\n b expect INVITE\n"
     "b answer 302 h=\"CONTACT: <sip:300@$PEER:5060>;q=0.7, 'Q' <sip:301@$PEER2>;q=0.2\" h=\"Contact: <sip:302@elsewhere.example>\" h=\"Contact: <tel:+81312345678>\"\n"
     "a expect 302 has=\"CONTACT: <sip:300@$LOCAL:5070>;q=0.7, 'Q' <sip:301@$LOCAL2:5070>;q=0.2\" has=\"<sip:302@elsewhere.example>\" has=\"<tel:+81312345678>\"\n"
     "calls 0\n a.two call uri=sip:300@$LOCAL:5070\n b.two expect INVITE has=\"INVITE sip:300@$PEER:5060 \"\n b.two answer 486\n a.two expect 486\n"
     "x.three call to=q uri=sip:301@$LOCAL2:5070\n q.three expect INVITE has=\"INVITE sip:301@$PEER2:5060 \"\n"
     "q.three answer 486\n x.three expect 486"},
    {"302: who else is meant on a shared socket, as the exchange reads it, and calls it", FROM_X | TWO | SHARED, NULL, NULL,
     "a call\n b expect INVITE\n b answer 302 h=\"CONTACT: <sip:300@$PEER:5060>, <sip:301@$PEER2>\"\n"
     "a expect 302 has=\"CONTACT: <sip:300@$LOCAL:5070;tt=p>, <sip:301@$LOCAL:5070;tt=q>\"\n"
     "a.two call uri=\"sip:301@$LOCAL:5070;tt=q\"\n q.two expect INVITE has=\"INVITE sip:301@$PEER2:5060 \"\n"
     "q.two answer 486\n a.two expect 486"},
    {"302: the peer leads to itself, by what it calls itself in its Contact", FROM_X, NULL, NULL,
     UP END_A "a.two call\n b.two expect INVITE\n b.two answer 302 h=\"Contact: <sip:300@$NATIVE:5060>\"\n"
     "a.two expect 302 has=\"Contact: <sip:300@$LOCAL:5070>\"\n a.three call uri=sip:300@$LOCAL:5070\n"
     "b.three expect INVITE has=\"INVITE sip:300@$PEER:5060 \"\n b.three answer 486\n a.three expect 486"},
    {"302: the exchange leads to itself or to another peer, as the peer reads it", FROM_P | TWO, NULL, NULL,
     "a call\n b expect INVITE\n b answer 302 h=\"CONTACT: <sip:300@$EXCHANGE:5062>, <sip:301@$LOCAL2:5070>\"\n"
     "a expect 302 has=\"CONTACT: <sip:300@$US:5060>, <sip:301@$PEER2:5060>\"\n"
     "a.two call uri=sip:300@$US:5060\n b.two expect INVITE has=\"INVITE sip:300@$EXCHANGE:5062 \"\n b.two answer 486\n a.two expect 486"},
    {"380 and its body", FROM_X, NULL, NULL,
     "a call\n b expect INVITE\n b answer 380 h=\"Contact: <sip:300@$PEER>\" body=dialog type=application/3gpp-ims+xml\n"
     "a expect 380 has=\"<sip:300@$LOCAL:5070>\" has=192.168.1.5\n calls 0"},
    {"485 names those who may be meant", FROM_X, NULL, NULL,
     "a call\n b expect INVITE\n b answer 485 h=\"CONTACT: 'Carol' <sip:carol@$PEER>, <mailto:carol@example.com>\"\n"
     "a expect 485 has=\"CONTACT: 'Carol' <sip:carol@$LOCAL:5070>, <mailto:carol@example.com>\"\n calls 0"},
    {"a SUBSCRIBE, too, may be redirected", FROM_X, NULL, NULL,
     "a ask SUBSCRIBE h=\"Event: presence\"\n b expect SUBSCRIBE\n b answer 301 h=\"Contact: <sip:300@$PEER:5060>\"\n"
     "a expect 301 has=\"<sip:300@$LOCAL:5070>\""},

    /* ---- subscriptions */
    {"messages waiting: subscribed, told, refreshed, ended", 0, NULL, NULL,
     "a ask SUBSCRIBE user=200 h=\"Event: message-summary\" h=\"Accept: application/simple-message-summary\" h=\"Expires: 600\"\n"
     "b expect SUBSCRIBE has=\"Event: message-summary\"\n b answer 200 h=\"Expires: 600\"\n a expect 200 has=\"Expires: 600\"\n"
     "b send NOTIFY h=\"Event: message-summary\" h=\"Subscription-State: active;expires=600\" body=mwi type=application/simple-message-summary\n"
     "a expect NOTIFY has=\"Message-Account: sip:200@100.64.2.2\"\n a answer 200\n b expect 200\n"
     "a send SUBSCRIBE h=\"Event: message-summary\" h=\"Expires: 600\"\n b expect SUBSCRIBE\n b answer 200 h=\"Expires: 600\"\n a expect 200\n"
     "a send SUBSCRIBE h=\"Event: message-summary\" h=\"Expires: 0\"\n b expect SUBSCRIBE has=\"Expires: 0\"\n"
     "b answer 200 h=\"Expires: 0\"\n a expect 200\n"
     "b send NOTIFY h=\"Event: message-summary\" h=\"Subscription-State: terminated;reason=timeout\" body=mwi type=application/simple-message-summary\n"
     "a expect NOTIFY has=\"reason=timeout\"\n a answer 200\n b expect 200\n counter routed_by_default 0\n calls 0"},
    {"messages waiting: told unasked, as Asterisk does", 0, NULL, NULL,
     "a ask NOTIFY h=\"Event: message-summary\" h=\"Subscription-State: terminated\" body=mwi type=application/simple-message-summary\n"
     "b expect NOTIFY has=\"Messages-Waiting: yes\"\n b answer 200\n a expect 200"},
    {"dialog-info tells of calls with addresses, and passes as it is", 0, NULL, NULL,
     "a ask SUBSCRIBE h=\"Event: dialog\" h=\"Expires: 600\"\n b expect SUBSCRIBE\n b answer 200 h=\"Expires: 600\"\n a expect 200\n"
     "b send NOTIFY h=\"Event: dialog\" h=\"Subscription-State: active\" body=dialog type=application/dialog-info+xml\n"
     "a expect NOTIFY has=\"<target uri='sip:200@192.168.1.5:5060'/>\"\n a answer 200\n b expect 200"},
    {"each side's Contact is followed as it changes, by SUBSCRIBE, NOTIFY and their 200s", 0, NULL, NULL,
     "a ask SUBSCRIBE h=\"Event: presence\" h=\"Expires: 600\" contact=\"<sip:a1@192.0.2.1:5060>\"\n b expect SUBSCRIBE\n"
     "b answer 200 h=\"Expires: 600\" contact=\"<sip:b1@192.0.2.2:5060>\"\n a expect 200\n"
     "b send NOTIFY h=\"Event: presence\" h=\"Subscription-State: active\" contact=\"<sip:b2@192.0.2.2:5060;x=1>\"\n"
     "a expect NOTIFY has=\"NOTIFY sip:a1@192.0.2.1:5060 \"\n a answer 200 contact=\"<sip:a2@192.0.2.1:5060>\"\n b expect 200\n"
     "a send SUBSCRIBE h=\"Event: presence\" h=\"Expires: 600\" contact=\"<sip:a3@192.0.2.1:5060>\"\n"
     "b expect SUBSCRIBE has=\"SUBSCRIBE sip:b2@192.0.2.2:5060;x=1 \"\n"
     "b answer 200 h=\"Expires: 600\" contact=\"<sip:b3@192.0.2.2:5060>\"\n a expect 200\n"
     "b send NOTIFY h=\"Event: presence\" h=\"Subscription-State: active\" contact=\"<sip:b3@192.0.2.2:5060>\"\n"
     "a expect NOTIFY has=\"NOTIFY sip:a3@192.0.2.1:5060 \"\n a answer 200 contact=\"<sip:a4@192.0.2.1:5060>\"\n b expect 200\n"
     "a send SUBSCRIBE h=\"Event: presence\" h=\"Expires: 600\" contact=\"<sip:a5@192.0.2.1:5060>\"\n"
     "b expect SUBSCRIBE has=\"SUBSCRIBE sip:b3@192.0.2.2:5060 \"\n b answer 500\n a expect 500\n"
     "b send NOTIFY h=\"Event: presence\" h=\"Subscription-State: active\"\n"
     "a expect NOTIFY has=\"NOTIFY sip:a5@192.0.2.1:5060 \"\n a answer 200\n b expect 200\n counter routed_by_default 0"},
    {"a subscription inside a call lives on its dialog", 0, NULL, NULL,
     UP "b send SUBSCRIBE h=\"Event: kpml\" h=\"Expires: 60\" contact=\"<sip:b2@192.0.2.2:5060>\"\n a expect SUBSCRIBE\n"
        "a answer 200 h=\"Expires: 60\" contact=\"<sip:a2@192.0.2.1:5060>\"\n b expect 200\n"
        "a send NOTIFY h=\"Event: kpml\" h=\"Subscription-State: active\" contact=\"<sip:a2@192.0.2.1:5060>\"\n b expect NOTIFY has=\"NOTIFY sip:b2@192.0.2.2:5060 \"\n"
        "b answer 200 contact=\"<sip:b3@192.0.2.2:5060>\"\n a expect 200 NOTIFY\n"
        "b send INFO\n a expect INFO has=\"INFO sip:a2@192.0.2.1:5060 \"\n a answer 200\n b expect 200 INFO\n"
        "a send INFO\n b expect INFO has=\"INFO sip:b3@192.0.2.2:5060 \"\n b answer 200\n a expect 200 INFO\n"
        "a send NOTIFY h=\"Event: kpml\" h=\"Subscription-State: terminated\"\n b expect NOTIFY\n b answer 200\n a expect 200 NOTIFY\n"
        TALK END_A},
    {"one SUBSCRIBE, three who notify: each has its dialog and route set", 0, NULL, NULL,
     "a ask SUBSCRIBE h=\"Event: presence\" h=\"Expires: 600\"\n b expect SUBSCRIBE\n b branch tag=two\n b branch tag=three\n"
     "b answer 200 tag=one h=\"Expires: 600\" contact=\"<sip:b1@192.0.2.1:5060>\"\n a expect 200\n"
     "b send NOTIFY tag=two h=\"Event: presence\" h=\"Subscription-State: active;expires=600\" contact=\"<sip:b2@192.0.2.2:5060>\""
     " h=\"Record-Route: <sip:edge.example;lr>\" h=\"Record-Route: <sip:edge2.example;lr>\"\n"
     "a expect NOTIFY tag=two lacks=edge.example\n a answer 200\n b expect 200 has=edge.example\n"
     "b send NOTIFY tag=three h=\"Event: presence\" h=\"Subscription-State: active;expires=600\" contact=\"<sip:b3@192.0.2.3:5060>\"\n"
     "a expect NOTIFY tag=three\n a answer 200\n b expect 200 lacks=edge.example\n"
     "a send SUBSCRIBE tag=three h=\"Event: presence\" h=\"Expires: 600\"\n"
     "b expect SUBSCRIBE tag=three has=\"SUBSCRIBE sip:b3@192.0.2.3:5060 \" lacks=Route:\n b answer 200 h=\"Expires: 600\"\n a expect 200\n"
     "a send SUBSCRIBE tag=two h=\"Event: presence\" h=\"Expires: 600\"\n"
     "b expect SUBSCRIBE tag=two has=\"SUBSCRIBE sip:b2@192.0.2.2:5060 \" has=\"Route: <sip:edge.example;lr>{newline}Route: <sip:edge2.example;lr>\"\n"
     "b answer 200 h=\"Expires: 600\"\n a expect 200\n"
     "a send SUBSCRIBE tag=one h=\"Event: presence\" h=\"Expires: 600\"\n"
     "b expect SUBSCRIBE tag=one has=\"SUBSCRIBE sip:b1@192.0.2.1:5060 \" lacks=Route:\n b answer 200 h=\"Expires: 600\"\n a expect 200\n"
     "counter routed_by_default 0"},
    {"one of several who notify says the last word, and the others go on", 0, NULL, NULL,
     "a ask SUBSCRIBE h=\"Event: presence\" h=\"Expires: 600\"\n b expect SUBSCRIBE\n b branch tag=two\n b branch tag=three\n"
     "b send NOTIFY tag=two h=\"Event: presence\" h=\"Subscription-State: terminated;reason=rejected\"\n a expect NOTIFY\n a answer 200\n b expect 200\n"
     "b answer 200 SUBSCRIBE tag=one h=\"Expires: 600\"\n a expect 200\n"
     "b send NOTIFY tag=three h=\"Event: presence\" h=\"Subscription-State: active;expires=600\" contact=\"<sip:b3@192.0.2.3:5060>\"\n"
     "a expect NOTIFY\n a answer 200\n b expect 200\n"
     "b send NOTIFY tag=one h=\"Event: presence\" h=\"Subscription-State: terminated;reason=noresource\"\n a expect NOTIFY\n a answer 200\n b expect 200\n"
     "wait 100s\n a send SUBSCRIBE tag=three h=\"Event: presence\" h=\"Expires: 600\"\n"
     "b expect SUBSCRIBE has=\"SUBSCRIBE sip:b3@192.0.2.3:5060 \"\n b answer 200 h=\"Expires: 600\"\n a expect 200\n counter routed_by_default 0"},
    {"asked once: the only NOTIFY overtakes the 200", 0, NULL, NULL,
     "a ask SUBSCRIBE h=\"Event: presence\" h=\"Expires: 0\"\n b expect SUBSCRIBE\n b branch tag=one\n"
     "b send NOTIFY h=\"Event: presence\" h=\"Subscription-State: terminated;reason=timeout\"\n a expect NOTIFY\n a answer 200\n b expect 200\n"
     "b answer 200 SUBSCRIBE tag=one h=\"Expires: 0\"\n a expect 200\n counter routed_by_default 0"},
    {"a subscription runs out without a last NOTIFY", 0, NULL, NULL,
     "a ask SUBSCRIBE h=\"Event: presence\" h=\"Expires: 60\"\n b expect SUBSCRIBE\n b answer 200 h=\"Expires: 60\"\n a expect 200\n"
     "wait 50s\n" PRESENT("active") "counter routed_by_default 0\n wait 100s\n"
     PRESENT("terminated") "counter routed_by_default 1"},
    {"a subscription runs out when its NOTIFY says so, not its 200", 0, NULL, NULL,
     SUBSCRIBED PRESENT("active;expires=30") "wait 20s\n" PRESENT("active") "counter routed_by_default 0\n wait 110s\n"
     PRESENT("terminated") "counter routed_by_default 1"},
    {"a subscription without Expires lives as long as its NOTIFY says", 0, NULL, NULL,
     "a ask SUBSCRIBE h=\"Event: presence\"\n b expect SUBSCRIBE\n b answer 202\n a expect 202\n" PRESENT("active;expires=7200")
     "wait 120m\n" PRESENT("active") "counter routed_by_default 0"},
    {"each refresh lengthens a subscription", 0, NULL, NULL,
     SUBSCRIBED "wait 500s\n a send SUBSCRIBE h=\"Event: presence\" h=\"Expires: 600\"\n b expect SUBSCRIBE\n b answer 200 h=\"Expires: 600\"\n"
     "a expect 200\n wait 500s\n" PRESENT("active") "counter routed_by_default 0"},
    {"no end of NOTIFYs takes a subscription's time away", 0, NULL, NULL,
     SUBSCRIBED "wait 300s\n" PRESENT("pending") PRESENT("active") "wait 290s\n" PRESENT("active") "counter routed_by_default 0"},
    {"489, 423 and what comes with them", 0, NULL, NULL,
     "a ask SUBSCRIBE h=\"Event: weather\"\n b expect SUBSCRIBE\n b answer 489 h=\"Allow-Events: presence, dialog\"\n"
     "a expect 489 has=\"Allow-Events: presence, dialog\"\n"
     "a.two ask SUBSCRIBE h=\"Event: presence\" h=\"Expires: 5\"\n b.two expect SUBSCRIBE\n b.two answer 423 h=\"Min-Expires: 60\"\n"
     "a.two expect 423 has=\"Min-Expires: 60\"\n a.two again h=\"Event: presence\" h=\"Expires: 60\"\n b.two expect SUBSCRIBE\n"
     "b.two answer 200 h=\"Expires: 60\"\n a.two expect 200\n"
     "b.two send NOTIFY h=\"Event: presence\" h=\"Subscription-State: active\"\n a.two expect NOTIFY\n a.two answer 200\n b.two expect 200\n"
     "counter routed_by_default 0"},
    {"a NOTIFY that nobody knows: 481, and the subscription may be made anew", 0, NULL, NULL,
     SUBSCRIBED "b send NOTIFY h=\"Event: presence\" h=\"Subscription-State: active\"\n a expect NOTIFY\n a answer 481\n b expect 481\n"
     "a.two ask SUBSCRIBE h=\"Event: presence\" h=\"Expires: 600\"\n b.two expect SUBSCRIBE\n b.two answer 200 h=\"Expires: 600\"\n a.two expect 200"},
    {"a refresh that nobody answers leaves the subscription as it was", 0, NULL, NULL,
     SUBSCRIBED "b deaf\n a send SUBSCRIBE h=\"Event: presence\" h=\"Expires: 600\"\n a expect no-answer SUBSCRIBE within=40s\n b hears\n"
     PRESENT("active") "counter routed_by_default 0"},
    {"subscriptions of two peers on a shared socket", TWO | SHARED | UNSAVED, NULL, NULL,
     "x.one ask SUBSCRIBE to=p h=\"Event: presence\"\n p.one expect SUBSCRIBE\n p.one answer 200 h=\"Expires: 60\"\n"
     "x.one expect 200 has=;tt=p\n x.two ask SUBSCRIBE to=q h=\"Event: presence\"\n q.two expect SUBSCRIBE\n"
     "q.two answer 200 h=\"Expires: 60\"\n x.two expect 200 has=;tt=q\n"
     "q.three ask SUBSCRIBE h=\"Event: presence\"\n x.three expect SUBSCRIBE has=;tt=q\n x.three answer 200 h=\"Expires: 60\"\n q.three expect 200\n"
     "x.three send NOTIFY h=\"Event: presence\" h=\"Subscription-State: active\"\n q.three expect NOTIFY lacks=tt=\n q.three answer 200\n x.three expect 200\n"
     "x.two send SUBSCRIBE h=\"Event: presence\" h=\"Expires: 0\"\n q.two expect SUBSCRIBE lacks=tt=\n q.two answer 200\n x.two expect 200\n"
     "x.one send SUBSCRIBE h=\"Event: presence\" h=\"Expires: 0\"\n p.one expect SUBSCRIBE lacks=tt=\n p.one answer 200\n x.one expect 200"},
    {"more subscriptions than can be kept pass all the same", 0, NULL, "limits: {calls: 2}",
     SUBSCRIBED PRESENT("active") "counter routed_by_default 0\n"
     "a.two ask SUBSCRIBE h=\"Event: presence\" h=\"Expires: 600\"\n b.two expect SUBSCRIBE\n b.two answer 200 h=\"Expires: 600\"\n a.two expect 200\n"
     "b.two send NOTIFY h=\"Event: presence\" h=\"Subscription-State: active\"\n a.two expect NOTIFY\n a.two answer 200\n b.two expect 200\n"
     "counter routed_by_default 1\n" UP TALK END_A},
    {"restart: NOTIFY and SUBSCRIBE of a former subscription go where their socket says", 0, NULL, NULL,
     SUBSCRIBED "restart\n wait 2s\n" PRESENT("active")
     "a send SUBSCRIBE h=\"Event: presence\" h=\"Expires: 600\"\n b expect SUBSCRIBE\n b answer 200\n a expect 200\n counter routed_by_default 2"},

    /* ---- without any dialog */
    {"a state is published, refreshed and taken back under its entity tag", 0, NULL, NULL,
     "a ask PUBLISH h=\"Event: presence\" h=\"Expires: 3600\" body=dialog type=application/pidf+xml\n"
     "b expect PUBLISH has=192.168.1.5\n b answer 200 h=\"SIP-ETag: dx200xyz\" h=\"Expires: 1800\"\n"
     "a expect 200 has=\"SIP-ETag: dx200xyz\"\n"
     "a again h=\"Event: presence\" h=\"SIP-If-Match: dx200xyz\" h=\"Expires: 3600\"\n b expect PUBLISH has=\"SIP-If-Match: dx200xyz\"\n"
     "b answer 200 h=\"SIP-ETag: kwj449x\"\n a expect 200 has=\"SIP-ETag: kwj449x\"\n"
     "a again h=\"Event: presence\" h=\"SIP-If-Match: old\" h=\"Expires: 0\"\n b expect PUBLISH\n b answer 412\n a expect 412"},
    {"MESSAGE with a body that looks like anything", 0, NULL, NULL,
     "a ask MESSAGE body=text type=text/plain\n b expect MESSAGE has=\"c=IN IP4 127.0.0.1\"\n b answer 202\n a expect 202\n"
     UP "b send MESSAGE body=text type=text/plain\n a expect MESSAGE has=\"m=audio 4000\"\n a answer 200 body=text type=text/plain\n"
     "b expect 200 MESSAGE has=127.0.0.1\n" END_A},
    {"the answer to an INFO keeps its body when the call is over", 0, NULL, NULL,
     UP "a send INFO\n b expect INFO\n" END_A "calls 0\n b answer 200 INFO body=text type=text/plain\n a expect 200 INFO has=\"m=audio 4000\""},
    {"INFO, its answer and its refusal", 0, NULL, NULL,
     UP "a send INFO h=\"Info-Package: x\" body=text type=application/x\n b expect INFO has=\"Info-Package: x\"\n b answer 469 h=\"Recv-Info: y\"\n"
        "a expect 469 INFO has=\"Recv-Info: y\"\n" TALK END_B},
};
/* clang-format on */

static const struct scene_body bodies[] = {
    {"frag", "SIP/2.0 200 OK\r\nContact: <sip:300@192.168.1.5:5060>\r\n"},
    {"mwi", "Messages-Waiting: yes\r\nMessage-Account: sip:200@100.64.2.2\r\n"
            "Voice-Message: 2/8 (0/2)\r\n"},
    {"text", "c=IN IP4 127.0.0.1\r\nm=audio 4000 RTP/AVP 0\r\nVia: 100.64.1.1\r\n"},
    {"dialog",
     "<?xml version=\"1.0\"?>\r\n<dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\" "
     "version=\"1\" "
     "state=\"full\" entity=\"sip:200@100.64.2.2\">\r\n<dialog id=\"1\" call-id=\"a@127.0.0.1\" "
     "direction=\"recipient\"><state>confirmed</state>\r\n"
     "<local><target uri=\"sip:200@192.168.1.5:5060\"/></local></dialog></dialog-info>\r\n"},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    return cases_main(cases, sizeof cases / sizeof cases[0], bodies, argc, argv);
}
