/*
 * Several far ends ring for one INVITE (RFC 3261 §12, §13.2.2.4): each has a dialog of its own,
 * with its Contact, Record-Route and media. First a table of those that negotiate in parallel
 * before one of them answers, then named cases of what comes late, crosses or goes too far.
 *
 *   test_sim_forks                all
 *   test_sim_forks "in UPDATE"    those whose name contains that; SIM_TRACE=1 prints the datagrams
 */
#include "tests/sim/cases.h"

#include <stdio.h>
#include <string.h>

#define END "a send BYE\n b expect BYE\n a expect 200 BYE\n calls 0\n"

/* ---------------------------------------------------------------- the far ends */

static const char *const tags[] = {"one", "two", "three"};

/* Words of a response of that far end. */
#define OWN "tag=%s contact=\"<sip:%s@$CALLED>\" h=\"Record-Route: <sip:%s.edge.example;lr>\""

static void put_pracked(struct script_text *s, const char *tag, const char *sdp)
{
    script_add(s, "a send PRACK%s tag=%s\n b expect PRACK %s tag=%s\n", sdp, tag,
               sdp[0] ? "sdp" : "nosdp", tag);
    script_add(s, "b answer 200 PRACK tag=%s\n a expect 200 PRACK\n", tag);
}

/* Everybody hears that far end and nobody else. */
static void put_heard(struct script_text *s, const char *tag, unsigned n)
{
    script_add(s, "media 1s\n heard a b/%s\n rtcp a b/%s\n", tag, tag);
    for (unsigned i = 0; i < n; i++) {
        if (strcmp(tags[i], tag) != 0)
            script_add(s, "silent b/%s\n", tags[i]);
    }
}

static void put_won(struct script_text *s, const char *tag, const char *sdp)
{
    script_add(s, "b answer 200 INVITE%s " OWN "\n", sdp, tag, tag, tag);
    script_add(s, "a expect 200 INVITE %s tag=%s\n b expect ACK nosdp tag=%s\n",
               sdp[0] ? "sdp" : "nosdp", tag, tag);
}

/* Requests of the call go to the one who answered, by the way that it named. */
static void put_target(struct script_text *s, const char *tag)
{
    script_add(s,
               "a send INFO\n b expect INFO has=\"INFO sip:%s@\" has=\"Route: <sip:%s.edge\"\n"
               "b answer 200 INFO\n a expect 200 INFO\n",
               tag, tag);
}

/* ---------------------------------------------------------------- early media of each */

enum early { UNRELIABLE, RELIABLE, OFFERS, EARLY_KINDS };
static const char *const early_names[] = {"early media in 183", "early media in a reliable 183",
                                          "an offer in a reliable 183, answered in PRACK"};

static void put_early(struct script_text *s, enum early kind, const char *tag)
{
    script_add(s, "b answer 183 INVITE sdp%s " OWN "\n", kind == UNRELIABLE ? "" : " reliable", tag,
               tag, tag);
    script_add(s, "a expect 183 sdp tag=%s\n", tag);
    if (kind != UNRELIABLE)
        put_pracked(s, tag, kind == OFFERS ? " sdp" : "");
}

static void put_call(struct script_text *s, enum early kind)
{
    const char *sdp = kind == OFFERS ? "nosdp" : "sdp";
    s->n = 0;
    script_add(s, "a call %s h=\"Supported: 100rel\"\n b expect INVITE %s\n", sdp, sdp);
}

/* n of them ring with media, each takes it from the former; then one of them answers. */
static void run_early(struct cases *all, enum early kind, unsigned n, unsigned winner, bool sdp)
{
    static struct script_text s;
    char name[160];
    if (sdp && kind == OFFERS)
        return;
    snprintf(name, sizeof name, "%u far ends with %s, %s answers%s", n, early_names[kind],
             tags[winner], sdp ? " with SDP" : " without SDP");
    put_call(&s, kind);
    for (unsigned i = 0; i < n; i++) {
        put_early(&s, kind, tags[i]);
        put_heard(&s, tags[i], i + 1);
    }
    put_won(&s, tags[winner], sdp ? " sdp" : "");
    put_heard(&s, tags[winner], n);
    put_target(&s, tags[winner]);
    script_add(&s, END);
    cases_run(all, &(struct call_case){.name = name, .flags = BRIEF, .script = s.text}, NULL);
}

/* ---------------------------------------------------------------- offers in two dialogs at once */

/* Who offers in the dialogs of "one" and "two", and by what. */
static const struct pair {
    const char *name, *method;
    char by[2];
} pairs[] = {
    {"the caller offers in UPDATE to both", "UPDATE", "aa"},
    {"both offer in UPDATE", "UPDATE", "bb"},
    {"the caller offers in UPDATE to one, and two in another", "UPDATE", "ab"},
    {"one offers in UPDATE, and the caller in another to two", "UPDATE", "ba"},
    {"the caller offers in PRACK to both", "PRACK", "aa"},
};

struct parallel {
    enum early kind;
    const struct pair *pair;
    bool accepted[2];
    unsigned first;  /* whose answer comes first */
    unsigned winner; /* who answers the INVITE */
};

static void put_offer(struct script_text *s, const struct parallel *p, unsigned i)
{
    char by = p->pair->by[i], to = by == 'a' ? 'b' : 'a';
    const char *m = p->pair->method, *tag = tags[i];
    script_add(s, "%c send %s sdp move tag=%s\n", by, m, tag);
    if (by == 'a')
        script_add(s, "b expect %s sdp tag=%s has=\"%s sip:%s@\" has=\"Route: <sip:%s.edge\"\n", m,
                   tag, m, tag, tag);
    else
        script_add(s, "%c expect %s sdp tag=%s\n", to, m, tag);
}

static void put_answer(struct script_text *s, const struct parallel *p, unsigned i)
{
    char by = p->pair->by[i], to = by == 'a' ? 'b' : 'a';
    int status = p->accepted[i] ? 200 : 488;
    /* In a response to UPDATE the Contact is a far end's own, too. */
    char own[160] = "";
    if (to == 'b')
        snprintf(own, sizeof own, " contact=\"<sip:%s@$CALLED>\"", tags[i]);
    script_add(s, "%c answer %d %s%s tag=%s%s\n", to, status, p->pair->method,
               p->accepted[i] ? " sdp move" : "", tags[i], p->accepted[i] ? own : "");
    script_add(s, "%c expect %d %s tag=%s\n", by, status, p->pair->method, tags[i]);
}

static void put_early_pair(struct script_text *s, const struct parallel *p)
{
    bool prack = strcmp(p->pair->method, "PRACK") == 0;
    put_call(s, p->kind);
    for (unsigned i = 0; i < 2; i++) {
        script_add(s, "b answer 183 INVITE sdp reliable " OWN "\n a expect 183 sdp tag=%s\n",
                   tags[i], tags[i], tags[i], tags[i]);
        if (!prack)
            put_pracked(s, tags[i], p->kind == OFFERS ? " sdp" : "");
    }
}

static void run_parallel(struct cases *all, const struct parallel *p)
{
    static struct script_text s;
    char name[200];
    if (p->kind == OFFERS && strcmp(p->pair->method, "PRACK") == 0)
        return; /* that PRACK answers */
    snprintf(name, sizeof name, "%s%s: one %s, two %s, %s first; %s answers", p->pair->name,
             p->kind == OFFERS ? " after offers in 18x" : "",
             p->accepted[0] ? "accepted" : "refused", p->accepted[1] ? "accepted" : "refused",
             tags[p->first], tags[p->winner]);
    put_early_pair(&s, p);
    put_heard(&s, "two", 2);
    script_add(&s, "remember\n");
    put_offer(&s, p, 0);
    put_offer(&s, p, 1);
    put_heard(&s, "two", 2);
    script_add(&s, "as-remembered\n");
    unsigned last = 1; /* whose agreement is the latest */
    for (unsigned k = 0; k < 2; k++) {
        unsigned i = k ? 1 - p->first : p->first;
        put_answer(&s, p, i);
        last = p->accepted[i] ? i : last;
        put_heard(&s, tags[last], 2);
    }
    if (!p->accepted[0] && !p->accepted[1])
        script_add(&s, "as-remembered\n");
    put_won(&s, tags[p->winner], "");
    put_heard(&s, tags[p->winner], 2);
    put_target(&s, tags[p->winner]);
    script_add(&s, END);
    cases_run(all, &(struct call_case){.name = name, .flags = BRIEF, .script = s.text}, NULL);
}

/* ---------------------------------------------------------------- more than are kept */

#define MANY 20 /* more than MAX_DIALOGS */

static void run_many(struct cases *all, unsigned winner)
{
    static struct script_text s;
    char name[160];
    snprintf(name, sizeof name, "%u far ends ring, more than are kept, number %u answers", MANY,
             winner);
    put_call(&s, UNRELIABLE);
    for (unsigned i = 0; i < MANY; i++)
        script_add(&s, "b answer 183 INVITE sdp tag=t%u%s\n a expect 183 sdp tag=t%u\n", i,
                   i ? "" : " reliable", i);
    put_pracked(&s, "t0", ""); /* long forgotten here, and passes all the same */
    script_add(&s, "media 1s\n heard a b/t%u\n silent b/t0\n", MANY - 1);
    script_add(&s,
               "b answer 200 INVITE sdp tag=t%u\n a expect 200 tag=t%u\n b expect ACK tag=t%u\n",
               winner, winner, winner);
    script_add(&s, "media 1s\n heard a b/t%u\n silent b/t%u\n rtcp a b\n" END, winner,
               winner == MANY - 1 ? 0 : MANY - 1);
    cases_run(all, &(struct call_case){.name = name, .flags = BRIEF, .script = s.text}, NULL);
}

/* ---------------------------------------------------------------- named ones */

#define RINGS "a call\n b expect INVITE\n b answer 180\n a expect 180\n"
#define TWO_RING                                                                   \
    "a call\n b expect INVITE\n b answer 183 sdp tag=one\n a expect 183 tag=one\n" \
    "b answer 183 sdp tag=two\n a expect 183 tag=two\n"
#define ONE_WINS "b answer 200 sdp tag=one\n a expect 200 tag=one\n b expect ACK tag=one\n"

/* clang-format off */
static const struct call_case cases[] = {
    {"an offer in the 200 of one, when another has agreed in PRACK", 0, NULL, NULL,
     "a call nosdp\n b expect INVITE nosdp\n b answer 183 sdp reliable tag=one\n"
     "a expect 183 sdp tag=one\n a send PRACK sdp tag=one\n b expect PRACK sdp tag=one\n"
     "b answer 200 PRACK\n a expect 200 PRACK\n media 1s\n heard a b/one\n"
     "b answer 200 INVITE sdp tag=two\n a expect 200 INVITE sdp tag=two\n b expect ACK sdp tag=two\n"
     "media 1s\n heard a b/two\n silent b/one\n rtcp a b\n" END},
    {"a far end that was silent answers when another had the media", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 180 tag=one\n a expect 180 tag=one\n"
     "b answer 183 sdp tag=two\n a expect 183 sdp tag=two\n media 1s\n heard a b/two\n" ONE_WINS
     "media 1s\n heard a b/one\n silent b/two\n" END},

    {"two far ends behind one address and port: the latch opens for the one who spoke last", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 183 sdp port=20000 tag=one\n a expect 183 tag=one\n"
     "media 1s\n heard a b/one\n b answer 183 sdp port=20000 tag=two\n a expect 183 tag=two\n"
     "media 1s\n heard a b/two\n silent b/one\n b answer 200 INVITE tag=one\n a expect 200 tag=one\n"
     "b expect ACK\n media 1s\n heard a b/one\n silent b/two\n" END},
    {"an offer repeated in the 200 is not what a later PRACK answers", 0, NULL, NULL,
     "a call nosdp\n b expect INVITE\n b answer 183 sdp reliable\n a expect 183 sdp\n"
     "a send PRACK sdp\n b expect PRACK sdp\n b answer 200 PRACK\n a expect 200 PRACK\n"
     "b answer 200 INVITE sdp\n a expect 200 INVITE sdp\n b expect ACK nosdp\n" TALK
     "a send INVITE sdp\n b expect INVITE sdp\n b answer 183 sdp reliable\n a expect 183 sdp\n"
     "a send PRACK sdp move\n b expect PRACK sdp\n b answer 200 PRACK sdp move\n"
     "a expect 200 PRACK sdp\n b answer 200 INVITE\n a expect 200 INVITE\n b expect ACK\n" TALK END},

    /* ---- late 2xx */
    {"three answer: two are acknowledged and ended by us, each in its dialog", 0, NULL, NULL,
     TWO_RING ONE_WINS
     "b fork 200 sdp tag=two contact=\"<sip:two@$CALLED>\"\n"
     "b expect ACK tag=two has=\"ACK sip:two@\"\n b expect BYE tag=two has=\"BYE sip:two@\"\n"
     "b fork 200 sdp tag=three contact=\"<sip:three@$CALLED>\"\n"
     "b expect ACK tag=three has=\"ACK sip:three@\"\n b expect BYE tag=three has=\"BYE sip:three@\"\n"
     "a expect nothing 1s\n counter forks_ended 2\n media 1s\n heard a b/one\n silent b/two b/three\n"
     END},
    {"a late 200 goes by its own Record-Route", 0, NULL, NULL,
     TWO_RING ONE_WINS
     "b fork 200 sdp tag=two h=\"Record-Route: <sip:two.edge.example;lr>\"\n"
     "b expect ACK tag=two has=\"Route: <sip:two.edge\"\n b expect BYE tag=two has=\"Route: <sip:two.edge\"\n"
     END},
    {"a late 200 whose ACK is lost is acknowledged again and ended once", 0, NULL, NULL,
     TWO_RING ONE_WINS "lose ACK to=b count=2\n b fork 200 sdp tag=two\n"
     "b expect BYE tag=two\n b expect ACK tag=two within=5s\n b expect nothing 5s\n"
     "counter forks_ended 1\n" TALK END},
    {"a late 200 comes when the call is over", 0, NULL, NULL,
     TWO_RING ONE_WINS END "b fork 200 sdp tag=two\n b expect ACK tag=two\n b expect BYE tag=two\n"
     "a expect nothing 1s\n wait 7s\n pairs 0"},
    {"a 200 comes after the 487: it is acknowledged and ended", 0, NULL, NULL,
     RINGS "a cancel\n a expect 200 CANCEL\n b expect CANCEL\n a expect 487 INVITE\n calls 0\n"
     "b fork 200 sdp tag=late\n b expect ACK tag=late\n b expect BYE tag=late\n"
     "a expect nothing 1s\n wait 7s\n pairs 0"},
    {"two 200 come after the 487", 0, NULL, NULL,
     RINGS "a cancel\n a expect 200 CANCEL\n b expect CANCEL\n a expect 487 INVITE\n"
     "b fork 200 sdp tag=one\n b expect ACK tag=one\n b expect BYE tag=one\n"
     "b fork 200 sdp tag=two\n b expect ACK tag=two\n b expect BYE tag=two\n"
     "a expect nothing 1s\n counter forks_ended 2\n wait 7s\n pairs 0"},
    {"two answer after a CANCEL that came too late: the first is the call", 0, NULL, NULL,
     TWO_RING "delay CANCEL from=core by=200ms\n a cancel\n a expect 200 CANCEL\n" ONE_WINS
     "b fork 200 sdp tag=two\n b expect ACK tag=two\n b expect BYE tag=two\n b expect CANCEL\n"
     "media 1s\n heard a b/one\n silent b/two\n" END},

    /* ---- CANCEL crosses the 200, on either hop */
    {"on the near hop the CANCEL comes when the 200 has passed", 0, NULL, NULL,
     RINGS "delay CANCEL from=a by=200ms\n a cancel\n b answer 200 sdp\n a expect 200 INVITE\n"
     "b expect ACK\n a expect 200 CANCEL\n b expect nothing 1s\n" TALK END},
    {"on the near hop the 200 is under way when the CANCEL is sent", 0, NULL, NULL,
     RINGS "delay 200/INVITE from=core by=200ms\n b answer 200 sdp\n wait 100ms\n a cancel\n"
     "a expect 200 CANCEL\n a expect 200 INVITE\n b expect ACK\n b expect nothing 1s\n" TALK END},
    {"on the far hop the CANCEL comes when the 200 was sent", 0, NULL, NULL,
     RINGS "delay CANCEL from=core by=200ms\n a cancel\n a expect 200 CANCEL\n b answer 200 sdp\n"
     "a expect 200 INVITE\n b expect ACK\n b expect CANCEL\n" TALK END},
    {"on the far hop the 200 is under way when the CANCEL is sent", 0, NULL, NULL,
     RINGS "delay 200/INVITE from=b by=200ms\n b answer 200 sdp\n wait 100ms\n a cancel\n"
     "a expect 200 CANCEL\n b expect CANCEL\n a expect 200 INVITE\n b expect ACK\n" TALK END},
    {"on the far hop the CANCEL is lost and the 200 comes", 0, NULL, NULL,
     RINGS "lose CANCEL from=core count=1\n a cancel\n a expect 200 CANCEL\n b answer 200 sdp\n"
     "a expect 200 INVITE\n b expect ACK\n b expect nothing 2s\n" TALK END},

    /* ---- requests in dialogs of others */
    {"the caller ends one of two early dialogs, the other goes on", 0, NULL, NULL,
     TWO_RING "a send BYE tag=two\n b expect BYE tag=two\n a expect 200 BYE\n calls 1\n"
     "media 1s\n heard a b/one\n silent b/two\n" ONE_WINS "calls 1\n media 1s\n heard a b/one\n" END},
    {"the caller ends the only early dialog, and another one answers", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 183 sdp tag=one\n a expect 183 tag=one\n"
     "a send BYE tag=one\n b expect BYE tag=one\n a expect 200 BYE\n calls 1\n"
     "b answer 200 sdp tag=two\n a expect 200 tag=two\n b expect ACK tag=two\n"
     "media 1s\n heard a b/two\n" END},
    {"a far end that did not win says BYE: it passes, the call goes on", 0, NULL, NULL,
     TWO_RING ONE_WINS "b send BYE tag=two\n a expect BYE tag=two\n b expect 200 BYE\n calls 1\n"
     "media 1s\n heard a b/one\n" END},
    {"a far end that did not win offers in UPDATE: 481, the call goes on", 0, NULL, NULL,
     TWO_RING ONE_WINS "remember\n b send UPDATE sdp move tag=two\n b expect 481 UPDATE\n"
     "a expect nothing 1s\n as-remembered\n media 1s\n heard a b/one\n" END},
    {"the caller offers in UPDATE to a far end that did not win: 481", 0, NULL, NULL,
     TWO_RING ONE_WINS "remember\n a send UPDATE sdp move tag=two\n a expect 481 UPDATE\n"
     "b expect nothing 1s\n as-remembered\n media 1s\n heard a b/one\n" END},
    {"a reliable 183 of a far end that did not win is repeated in vain", 0, NULL, NULL,
     "a call h=\"Supported: 100rel\"\n b expect INVITE\n b answer 183 sdp tag=one\n"
     "a expect 183 tag=one\n lose 183 from=core count=9\n b answer 183 sdp reliable tag=two\n"
     "wait 1s\n" ONE_WINS "a expect nothing 3s\n media 1s\n heard a b/one\n" END},
    {"a delayed copy of a reliable 183 undoes nothing", 0, NULL, NULL,
     "a call h=\"Supported: 100rel\"\n b expect INVITE\n repeat 183 from=b count=1 by=1500ms\n"
     "b answer 183 sdp reliable\n a expect 183 sdp\n a send PRACK\n b expect PRACK\n"
     "b answer 200 PRACK\n a expect 200 PRACK\n"
     "b send UPDATE sdp move contact=\"<sip:moved@$CALLED>\"\n a expect UPDATE sdp\n"
     "a answer 200 UPDATE sdp move\n b expect 200 UPDATE sdp\n" TALK "wait 2s\n" TALK
     "a send INFO\n b expect INFO has=\"INFO sip:moved@\"\n b answer 200 INFO\n a expect 200 INFO\n"
     "b answer 200 INVITE\n a expect 200 INVITE\n b expect ACK\n" TALK END},
    {"a delayed copy of an ACK with SDP undoes nothing", 0, NULL, NULL,
     "a by-itself -ack\n a call nosdp\n b expect INVITE\n b answer 200 sdp\n a expect 200 sdp\n"
     "repeat ACK from=a count=1 by=1500ms\n a ack\n b expect ACK sdp\n a by-itself +ack\n"
     "a send INVITE sdp move\n b expect INVITE\n b answer 200 sdp move\n a expect 200 sdp\n"
     "b expect ACK\n" TALK "wait 2s\n" TALK END},
    {"a delayed copy of an ACK with SDP does not answer the next offer", 0, NULL, NULL,
     "a by-itself -ack\n a call nosdp\n b expect INVITE\n b answer 200 sdp\n a expect 200 sdp\n"
     "repeat ACK from=a count=1 by=1500ms\n a ack\n b expect ACK sdp\n a send INVITE\n"
     "b expect INVITE nosdp\n b answer 200 sdp move\n a expect 200 sdp\n wait 2s\n"
     "a ack sdp move\n b expect ACK sdp\n" TALK END},
    {"early media, then 401: the INVITE with credentials begins anew", 0, NULL, NULL,
     "a call\n b expect INVITE\n b answer 183 sdp tag=one\n a expect 183 tag=one\n" TALK
     "b answer 401\n a expect 401\n a again auth\n b expect INVITE\n b answer 183 sdp tag=two\n"
     "a expect 183 sdp tag=two\n media 1s\n heard a b/two\n"
     "b answer 200 sdp tag=two\n a expect 200 tag=two\n b expect ACK\n media 1s\n heard a b/two\n" END},
};
/* clang-format on */

int main(int argc, char **argv)
{
    struct cases all;
    cases_begin(&all, argc, argv);
    for (unsigned kind = 0; kind < EARLY_KINDS; kind++) {
        for (unsigned n = 2; n <= 3; n++) {
            for (unsigned winner = 0; winner < n; winner++) {
                run_early(&all, (enum early)kind, n, winner, false);
                run_early(&all, (enum early)kind, n, winner, true);
            }
        }
    }
    for (unsigned i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        for (unsigned bits = 0; bits < 32; bits++) {
            struct parallel p = {.kind = bits & 1 ? OFFERS : RELIABLE,
                                 .pair = &pairs[i],
                                 .accepted = {bits & 2, bits & 4},
                                 .first = bits >> 3 & 1,
                                 .winner = bits >> 4 & 1};
            run_parallel(&all, &p);
        }
    }
    run_many(&all, 0);
    run_many(&all, MANY / 2);
    run_many(&all, MANY - 1);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cases_run(&all, &cases[i], NULL);
    return cases_end(&all);
}
