/*
 * The user agents among themselves, without a proxy: that they speak SIP, and that the net does to
 * addresses what a tailnet does. The cases with translation show the fault the proxy is made for.
 */
#include "tests/sim/script.h"

#include <stdio.h>
#include <string.h>

struct ua_case {
    const char *name;
    bool a_masked, b_masked; /* known to the other under an address that is not its own */
    bool rewrite_contact, symmetric_rtp;
    const char *script;
};

#define CALL                                                                          \
    "a call\n b expect INVITE sdp\n b answer 180\n a expect 180\n b answer 200 sdp\n" \
    "a expect 200 sdp\n"
#define PATIENT "a expect 200 sdp\n"

/* clang-format off */
static const struct ua_case cases[] = {
    {"a call is answered, heard and ended", 0, 0, 0, 0,
     CALL "b expect ACK\n media 1s\n heard a b\n rtcp a b\n a send BYE\n b expect BYE\n"
     "a expect 200 BYE"},
    {"busy", 0, 0, 0, 0, "a call\n b expect INVITE\n b answer 486\n a expect 486"},
    {"a lost INVITE is repeated", 0, 0, 0, 0,
     "lose INVITE count=2\n a call\n b expect INVITE\n b answer 603\n a expect 603"},
    {"a lost 200 is repeated, and its ACK with it", 0, 0, 0, 0,
     "a call\n b expect INVITE\n lose 200 count=2\n b answer 200 sdp\n a expect 200\n"
     "b expect ACK\n repeat 200/BYE\n a send BYE\n b expect BYE\n a expect 200"},
    {"a lost ACK is made up for", 0, 0, 0, 0,
     "lose ACK count=3\n" CALL
     "b expect ACK within=10s\n b send BYE\n a expect BYE\n b expect 200"},
    {"a lost ACK of a refusal is made up for", 0, 0, 0, 0,
     "lose ACK count=3\n a call\n b expect INVITE\n b answer 486\n a expect 486\n"
     "b expect nothing 40s"},
    {"CANCEL ends what rings", 0, 0, 0, 0,
     "a call\n b expect INVITE\n b answer 180\n a expect 180\n a cancel\n b expect CANCEL\n"
     "a expect 200 CANCEL\n a expect 487 INVITE"},
    {"nobody answers", 0, 0, 0, 0, "b deaf\n a call\n a expect no-answer INVITE within=40s"},
    {"a challenge is answered with credentials", 0, 0, 0, 0,
     "a call\n b expect INVITE\n b answer 401\n a expect 401\n a again auth\n"
     "b expect INVITE has=Authorization\n b answer 200 sdp\n a expect 200\n b expect ACK\n"
     "a send BYE\n b expect BYE\n a expect 200"},
    {"the offer comes in the 200, the answer in the ACK", 0, 0, 0, 0,
     "a call nosdp\n b expect INVITE nosdp\n b answer 200 sdp\n a expect 200 sdp\n"
     "b expect ACK sdp\n media 1s\n heard a b"},
    {"the offer comes in a reliable 183, the answer in PRACK", 0, 0, 0, 0,
     "a by-itself +prack\n b by-itself +prack\n a call nosdp h=\"Supported: 100rel\"\n"
     "b expect INVITE\n b answer 183 sdp reliable\n a expect 183 sdp\n b expect PRACK sdp\n"
     "a expect 200 PRACK\n media 1s\n heard a b\n b answer 200\n a expect 200 INVITE\n"
     "b expect ACK"},
    {"a reliable 180 is repeated until PRACK comes", 0, 0, 0, 0,
     "a by-itself +prack\n b by-itself +prack\n a call h=\"Supported: 100rel\"\n"
     "b expect INVITE\n lose 180 count=3\n b answer 180 reliable\n a expect 180\n"
     "b expect PRACK\n a expect 200 PRACK\n b answer 486\n a expect 486"},
    {"UPDATE before the answer moves the media", 0, 0, 0, 0,
     "a by-itself +prack\n b by-itself +prack\n a call h=\"Supported: 100rel\"\n"
     "b expect INVITE\n b answer 183 sdp reliable\n a expect 183 sdp\n b expect PRACK\n"
     "a expect 200 PRACK\n a send UPDATE sdp\n b expect UPDATE sdp\n b answer 200 UPDATE sdp\n"
     "a expect 200 UPDATE sdp\n b answer 200 INVITE\n a expect 200 INVITE\n b expect ACK\n"
     "media 1s\n heard a b"},
    {"hold and resume by re-INVITE", 0, 0, 0, 0,
     CALL "b expect ACK\n b send INVITE sdp=sendonly\n a expect INVITE sdp has=sendonly\n"
     "a answer 200 sdp\n b expect 200 sdp has=recvonly\n a expect ACK\n media 1s\n heard a\n"
     "silent b\n b send INVITE sdp\n a expect INVITE\n a answer 200 sdp\n b expect 200\n"
     "a expect ACK\n media 1s\n heard a b"},
    {"a refused re-INVITE changes nothing", 0, 0, 0, 0,
     CALL "b expect ACK\n a send INVITE sdp=sendonly address=192.0.2.9\n b expect INVITE\n"
     "b answer 488\n a expect 488\n media 1s\n heard b"},
    {"an offer with new ports changes nothing until it is answered", 0, 0, 0, 0,
     CALL "b expect ACK\n a send INVITE sdp move\n b expect INVITE\n media 1s\n heard a b\n"
     "b answer 488\n a expect 488\n media 1s\n heard a b\n a send INVITE sdp move\n"
     "b expect INVITE\n b answer 200 sdp move\n a expect 200\n b expect ACK\n media 1s\n"
     "heard a b\n rtcp a b"},
    {"an answer in a 1xx of a re-INVITE goes with its refusal", 0, 0, 0, 0,
     "a by-itself +prack\n b by-itself +prack\n" CALL
     "b expect ACK\n b send INVITE sdp=sendonly move\n a expect INVITE\n"
     "a answer 183 sdp move reliable\n b expect 183 sdp\n a expect PRACK\n b expect 200 PRACK\n"
     "media 1s\n heard a\n silent b\n a answer 488 INVITE\n b expect 488 INVITE\n media 1s\n"
     "heard a b"},
    {"an offer that comes while another waits is known for glare, the first one is answered", 0, 0, 0,
     0, CALL "b expect ACK\n a send INVITE sdp move\n b expect INVITE\n a send UPDATE sdp move\n"
     "b expect UPDATE\n b answer 500 UPDATE\n a expect 500 UPDATE\n b answer 200 INVITE sdp\n"
     "a expect 200 INVITE\n b expect ACK\n media 1s\n heard a b"},
    {"two far ends ring with media of their own", 0, 0, 0, 0,
     "a call\n b expect INVITE\n b answer 183 sdp tag=one\n b answer 183 sdp tag=two\n"
     "a expect 183 tag=one\n a expect 183 tag=two\n media 1s\n heard a b/two\n silent b/one\n"
     "b answer 200 sdp tag=one\n a expect 200 tag=one\n b expect ACK\n media 1s\n"
     "heard a b/one\n silent b/two"},
    {"two far ends ring, one answers", 0, 0, 0, 0,
     "a call\n b expect INVITE\n b answer 180 tag=one\n b answer 183 sdp tag=two\n"
     "a expect 180 tag=one\n a expect 183 sdp tag=two\n b answer 200 sdp tag=two\n"
     "a expect 200 tag=two\n b expect ACK tag=two\n media 1s\n heard a b"},
    {"BYE from both sides at once", 0, 0, 0, 0,
     CALL
     "b expect ACK\n a send BYE\n b send BYE\n a expect BYE\n b expect BYE\n a expect 200 BYE\n"
     "b expect 200 BYE"},
    {"short header names are understood", 0, 0, 0, 0,
     "a compact\n" CALL "b expect ACK has=\"i: \"\n"},
    {"two video calls at once, each hears its own", 0, 0, 0, 0,
     "a.one call lines=audio,video\n b.one expect INVITE\n a.two call\n b.two expect INVITE\n"
     "b.two answer 200 sdp\n a.two expect 200\n b.two expect ACK\n b.one answer 200 sdp\n"
     "a.one expect 200\n b.one expect ACK\n media 1s\n heard a.one b.one a.two b.two"},
    {"MESSAGE, OPTIONS and REGISTER are answered", 0, 0, 0, 0,
     "a ask MESSAGE body=text type=text/plain\n b expect MESSAGE has=hello\n b answer 200\n"
     "a expect 200\n a ask OPTIONS\n a expect 200 OPTIONS\n b by-itself +register\n"
     "a ask REGISTER h=\"Expires: 60\"\n b expect REGISTER\n a expect 200 has=expires=60"},

    /* What a tailnet does to two exchanges that believe what is written to them. */
    {"both translated: the call connects in signalling only if Contacts are ignored, and nobody hears",
     1, 1, 1, 0, CALL "b expect ACK\n media 1s\n silent a b"},
    {"both translated, media follows media: still nobody hears", 1, 1, 1, 1,
     CALL "b expect ACK\n media 1s\n silent a b"},
    {"the caller translated: only the called side is heard of", 1, 0, 1, 0,
     CALL "b expect ACK\n media 1s\n silent a\n heard b"},
    {"the caller translated, the called side follows media: both hear", 1, 0, 1, 1,
     CALL "b expect ACK\n media 1s\n media 1s\n heard a b"},
    {"the called side translated, Contacts believed: ACK is lost and the call dropped at 32 s", 0,
     1, 0, 0, CALL "b expect nothing 30s\n b expect no-ack within=5s"},
};
/* clang-format on */

static bool command(struct scene *s, const struct script_words *w)
{
    struct ua *ua = scene_find(s, w->v[0]);
    if (!ua || w->n < 2 || strcmp(w->v[1], "compact") != 0)
        return false;
    ua->habits.compact = true;
    return true;
}

static const struct scene_body bodies[] = {{"text", "hello"}, {NULL, NULL}};

static bool run(const struct ua_case *c)
{
    struct scene s;
    struct addr a = sim_addr("100.64.1.1:5060"), b = sim_addr("100.64.2.2:5060");
    struct addr a_seen = c->a_masked ? sim_addr("100.64.2.1:5060") : a;
    struct addr b_seen = c->b_masked ? sim_addr("100.64.1.2:5060") : b;
    char host[ADDR_TEXT];
    scene_init(&s, 1, c->name);
    s.anywhere = true;
    s.command = command;
    s.bodies = bodies;
    int at_a = net_host(&s.net, "A", a), at_b = net_host(&s.net, "B", b);
    net_pair(&s.net, at_a, at_b, a_seen, b_seen);
    struct ua *ua = scene_ua(&s, at_a, "a", a), *ub = scene_ua(&s, at_b, "b", b);
    addr_print(&b_seen, host);
    ua_trunk_add(ua, "b", host, b_seen, NULL);
    addr_print(&a_seen, host);
    ua_trunk_add(ub, "a", host, a_seen, NULL);
    ua->habits.rewrite_contact = ub->habits.rewrite_contact = c->rewrite_contact;
    ua->habits.symmetric_rtp = ub->habits.symmetric_rtp = c->symmetric_rtp;
    bool ok = script_run(&s, c->script);
    scene_free(&s);
    return ok;
}

int main(void)
{
    unsigned failed = 0, n = sizeof cases / sizeof cases[0];
    for (unsigned i = 0; i < n; i++) {
        bool ok = run(&cases[i]);
        printf("%s %s\n", ok ? "ok  " : "FAIL", cases[i].name);
        failed += !ok;
    }
    printf("%u of %u cases failed\n", failed, n);
    return failed != 0;
}
