/*
 * Offer and answer (RFC 3264, 3262, 3311, 6337, 6141) in every position, composed: a row says where
 * the offer and its answer stand and who makes it, columns say what is offered, what becomes of it
 * and who else rings. Each combination is a script, run as cases.h says.
 *
 *   test_sim_offers                     all
 *   test_sim_offers "in PRACK"          those whose name contains that; SIM_TRACE=1 prints
 * datagrams test_sim_offers -v "in PRACK"       prints their scripts, too
 */
#include "tests/sim/cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- rows */

enum {
    FIRST = 1, /* nothing was agreed before */
    EARLY = 2, /* something was, and the call rings */
    BY_A = 8,  /* who makes the offer: */
    BY_B = 16,
    IN_ANSWER = 32,        /* the offer comes in a response, its answer in a request */
    PREVIEW = 64,          /* the first answer may get lost and decides nothing yet */
    INVITED = 128,         /* the other side sent the re-INVITE in the middle of which it happens */
    STANDS = 256,          /* what was agreed stands even when that re-INVITE is refused */
    NO_CONTACT = 512,      /* the request that offers refreshes no target */
    RELIABLE_FORKS = 1024, /* others who ring can only have media of their own by 100rel */
};

/*
 * %o offers, %n answers; %i sent the INVITE that goes on, %j answers it. %O words of the offer, %A
 * of its answer, %B of an answer that is given again; %C the Contact of a request that offers, %R
 * what it has when it comes again. %L m-lines of the call's first SDP. %t the tag of the far end
 * that this is about, %F who else rings.
 */
struct row {
    const char *name;
    unsigned flags;
    const char *method; /* of the request whose refusal refuses the offer */
    const char *before, *send, *arrive, *again, *accept, *after;
};

#define CALL_UP                                                                     \
    "a call%L\n b expect INVITE sdp\n b answer 200 sdp\n a expect 200 INVITE sdp\n" \
    "b expect ACK nosdp\n"
#define RINGS \
    "a call%L\n b expect INVITE sdp\n%F b answer 183 sdp reliable%t\n a expect 183 sdp%t\n"
#define PRACKED                                                         \
    "%i send PRACK%t\n %j expect PRACK nosdp%t\n %j answer 200 PRACK\n" \
    "%i expect 200 PRACK nosdp\n"
#define ANSWERED "%j answer 200 INVITE%t\n %i expect 200 INVITE nosdp%t\n %j expect ACK nosdp%t\n"

static const struct row rows[] = {
    {"offer in INVITE, answer in 200", FIRST | BY_A, "INVITE", "", "a call %O%L%R\n",
     "b expect INVITE sdp\n", "a again %O%L%R\n",
     "%F b answer 200 %A%t\n a expect 200 INVITE sdp%t\n b expect ACK nosdp%t\n", ""},
    {"offer in INVITE, answer in an unreliable 18x and again in 200", FIRST | BY_A, "INVITE", "",
     "a call %O%L%R\n", "b expect INVITE sdp\n", "a again %O%L%R\n",
     "%F b answer 183 %A%t\n a expect 183 sdp%t\n",
     "b answer 200 %B%t\n a expect 200 INVITE sdp%t\n b expect ACK nosdp%t\n"},
    {"offer in INVITE, answer in an unreliable 18x only", FIRST | BY_A, "INVITE", "",
     "a call %O%L%R\n", "b expect INVITE sdp\n", "a again %O%L%R\n",
     "%F b answer 180 %A%t\n a expect 180 sdp%t\n", ANSWERED},
    {"offer in INVITE, answer in a reliable 18x", FIRST | BY_A, "INVITE", "", "a call %O%L%R\n",
     "b expect INVITE sdp\n", "a again %O%L%R\n",
     "%F b answer 183 %A reliable%t\n a expect 183 sdp%t\n" PRACKED, ANSWERED},
    {"offer in INVITE, answer in a reliable 18x and again in 200", FIRST | BY_A, "INVITE", "",
     "a call %O%L%R\n", "b expect INVITE sdp\n", "a again %O%L%R\n",
     "%F b answer 183 %A reliable%t\n a expect 183 sdp%t\n" PRACKED,
     "b answer 200 INVITE sdp%t\n a expect 200 INVITE sdp%t\n b expect ACK nosdp%t\n"},
    {"offer in 200, answer in ACK", FIRST | BY_B | IN_ANSWER | RELIABLE_FORKS, "INVITE", "",
     "a call nosdp%R\n", "b expect INVITE nosdp\n", "a again nosdp%R\n",
     "%F a by-itself -ack\n b answer 200 %O%L%t\n a expect 200 INVITE sdp%t\n a ack %A\n"
     "b expect ACK sdp%t\n a by-itself +ack\n",
     ""},
    {"offer in a reliable 18x, answer in PRACK", FIRST | BY_B | IN_ANSWER | RELIABLE_FORKS,
     "INVITE", "", "a call nosdp%R\n", "b expect INVITE nosdp\n", "a again nosdp%R\n",
     "%F b answer 183 %O%L reliable%t\n a expect 183 sdp%t\n a send PRACK %A%t\n"
     "b expect PRACK sdp%t\n b answer 200 PRACK\n a expect 200 PRACK nosdp\n",
     ANSWERED},

    {"offer in a reliable 18x, answer in PRACK, the 200 has SDP again",
     FIRST | BY_B | IN_ANSWER | RELIABLE_FORKS, "INVITE", "", "a call nosdp%R\n",
     "b expect INVITE nosdp\n", "a again nosdp%R\n",
     "%F b answer 183 %O%L reliable%t\n a expect 183 sdp%t\n a send PRACK %A%t\n"
     "b expect PRACK sdp%t\n b answer 200 PRACK\n a expect 200 PRACK nosdp\n",
     "b answer 200 INVITE sdp%t\n a expect 200 INVITE sdp%t\n b expect ACK nosdp%t\n"},

    {"offer in PRACK, answer in its 200", EARLY | BY_A | NO_CONTACT, "PRACK", RINGS,
     "a send PRACK %O%R%t\n", "b expect PRACK sdp%t\n", NULL,
     "b answer 200 PRACK %A\n a expect 200 PRACK sdp\n", ANSWERED},
    {"offer in an early UPDATE, answer in its 200", EARLY | BY_A | BY_B, "UPDATE", RINGS PRACKED,
     "%o send UPDATE %O%C%R%t\n", "%n expect UPDATE sdp%t\n", NULL,
     "%n answer 200 UPDATE %A\n %o expect 200 UPDATE sdp\n", ANSWERED},
    {"offer in an early UPDATE, answer in its 200, the INVITE's 200 has SDP again",
     EARLY | BY_A | BY_B, "UPDATE", RINGS PRACKED, "%o send UPDATE %O%C%R%t\n",
     "%n expect UPDATE sdp%t\n", NULL, "%n answer 200 UPDATE %A\n %o expect 200 UPDATE sdp\n",
     "%j answer 200 INVITE sdp%t\n %i expect 200 INVITE sdp%t\n %j expect ACK nosdp%t\n"},
    {"offer in an early UPDATE after one in 18x, answer in its 200",
     EARLY | BY_A | BY_B | RELIABLE_FORKS, "UPDATE",
     "a call nosdp\n b expect INVITE nosdp\n%F b answer 183 sdp%L reliable%t\n a expect 183 sdp%t\n"
     "a send PRACK sdp%t\n b expect PRACK sdp%t\n b answer 200 PRACK\n a expect 200 PRACK\n",
     "%o send UPDATE %O%C%R%t\n", "%n expect UPDATE sdp%t\n", NULL,
     "%n answer 200 UPDATE %A\n %o expect 200 UPDATE sdp\n", ANSWERED},

    {"offer in re-INVITE, answer in 200", BY_A | BY_B, "INVITE", CALL_UP, "%o send INVITE %O%C%R\n",
     "%n expect INVITE sdp\n", NULL,
     "%n answer 200 INVITE %A\n %o expect 200 INVITE sdp\n %n expect ACK nosdp\n", ""},
    {"offer in re-INVITE, answer in an unreliable 18x and again in 200", BY_A | BY_B | PREVIEW,
     "INVITE", CALL_UP, "%o send INVITE %O%C%R\n", "%n expect INVITE sdp\n", NULL,
     "%n answer 183 INVITE %A%K\n %o expect 183 INVITE sdp\n",
     "%n answer 200 INVITE %B\n %o expect 200 INVITE sdp\n %n expect ACK nosdp\n"},
    {"offer in re-INVITE, answer in an unreliable 18x only", BY_A | BY_B | PREVIEW, "INVITE",
     CALL_UP, "%o send INVITE %O%C%R\n", "%n expect INVITE sdp\n", NULL,
     "%n answer 183 INVITE %A%K\n %o expect 183 INVITE sdp\n", ANSWERED},
    {"offer in re-INVITE, answer in a reliable 18x", BY_A | BY_B, "INVITE", CALL_UP,
     "%o send INVITE %O%C%R\n", "%n expect INVITE sdp\n", NULL,
     "%n answer 183 INVITE %A reliable\n %o expect 183 INVITE sdp\n" PRACKED, ANSWERED},
    {"no offer in re-INVITE, offer in 200, answer in ACK", BY_A | BY_B | IN_ANSWER | INVITED,
     "INVITE", CALL_UP, "%n send INVITE%R\n", "%o expect INVITE nosdp\n", NULL,
     "%n by-itself -ack\n %o answer 200 INVITE %O%C\n %n expect 200 INVITE sdp\n %n ack %A\n"
     "%o expect ACK sdp\n %n by-itself +ack\n",
     ""},
    {"no offer in re-INVITE, offer in a reliable 18x, answer in PRACK",
     BY_A | BY_B | IN_ANSWER | INVITED, "INVITE", CALL_UP, "%n send INVITE%R\n",
     "%o expect INVITE nosdp\n", NULL,
     "%o answer 183 INVITE %O%C reliable\n %n expect 183 INVITE sdp\n %n send PRACK %A\n"
     "%o expect PRACK sdp\n %o answer 200 PRACK\n %n expect 200 PRACK nosdp\n",
     ANSWERED},
    {"re-INVITE answered in 18x, offer in PRACK, answer in its 200", BY_A | BY_B | NO_CONTACT,
     "PRACK",
     CALL_UP "%i send INVITE sdp\n %j expect INVITE sdp\n %j answer 183 sdp reliable\n"
             "%i expect 183 INVITE sdp\n",
     "%o send PRACK %O%R\n", "%n expect PRACK sdp\n", NULL,
     "%n answer 200 PRACK %A\n %o expect 200 PRACK sdp\n", ANSWERED},
    {"offer in UPDATE, answer in its 200", BY_A | BY_B, "UPDATE", CALL_UP,
     "%o send UPDATE %O%C%R\n", "%n expect UPDATE sdp\n", NULL,
     "%n answer 200 UPDATE %A\n %o expect 200 UPDATE sdp\n", ""},
    {"re-INVITE answered in 18x, offer in UPDATE of the same side, answer in its 200",
     BY_A | BY_B | STANDS, "UPDATE",
     CALL_UP "%i send INVITE sdp\n %j expect INVITE sdp\n %j answer 183 sdp reliable\n"
             "%i expect 183 INVITE sdp\n" PRACKED,
     "%o send UPDATE %O%C%R\n", "%n expect UPDATE sdp\n", NULL,
     "%n answer 200 UPDATE %A\n %o expect 200 UPDATE sdp\n", ANSWERED},
    {"re-INVITE answered in 18x, offer in UPDATE of the other side, answer in its 200",
     BY_A | BY_B | STANDS | INVITED, "UPDATE",
     CALL_UP "%i send INVITE sdp\n %j expect INVITE sdp\n %j answer 183 sdp reliable\n"
             "%i expect 183 INVITE sdp\n" PRACKED,
     "%o send UPDATE %O%C%R\n", "%n expect UPDATE sdp\n", NULL,
     "%n answer 200 UPDATE %A\n %o expect 200 UPDATE sdp\n", ANSWERED},
};

/* ---------------------------------------------------------------- columns: what is offered */

struct what {
    const char *name;
    bool first, later; /* in which rows */
    bool hold;         /* to be taken back afterwards */
    const char *lines, *offer, *answer, *check;
};

static const struct what whats[] = {
    {"plain", true, false, false, "", "sdp", "sdp", TALK "rtcp a b\n"},
    {"two m-lines", true, false, false, " lines=audio,video", "sdp", "sdp", TALK "pairs 4\n"},
    {"two m-lines, one is refused", true, false, false, " lines=audio,video", "sdp",
     "sdp disable=2", TALK "rtcp a b\n"},
    {"an m-line over TCP is offered too", true, false, false, " lines=audio,message", "sdp", "sdp",
     TALK "pairs 2\n"},
    {"both move", false, true, false, "", "sdp move", "sdp move", TALK "rtcp a b\n"},
    {"who offers moves", false, true, false, "", "sdp move", "sdp", TALK "rtcp a b\n"},
    {"who answers moves", false, true, false, "", "sdp", "sdp move", TALK "rtcp a b\n"},
    {"an m-line is added", false, true, false, "", "sdp add=video", "sdp", TALK "pairs 4\n"},
    {"an m-line is added and refused", false, true, false, "", "sdp add=video", "sdp disable=2",
     TALK "rtcp a b\n"},
    {"an m-line is taken away", false, true, false, " lines=audio,video", "sdp disable=2", "sdp",
     TALK "rtcp a b\n"},
    {"an m-line is refused later", false, true, false, " lines=audio,video", "sdp", "sdp disable=2",
     TALK "rtcp a b\n"},
    {"an m-line over TCP is added", false, true, false, "", "sdp add=message", "sdp",
     TALK "pairs 2\n"},
    {"T.38 instead", false, true, false, "", "sdp kind=image", "sdp", TALK},
    {"hold by sendonly", true, true, true, "", "sdp=sendonly", "sdp",
     "media 1s\n heard %n\n silent %o\n"},
    {"hold by inactive", true, true, true, "", "sdp=inactive", "sdp", "media 1s\n silent a b\n"},
    {"hold by 0.0.0.0", true, true, true, "", "sdp address=0.0.0.0", "sdp",
     "media 1s\n heard %n\n silent %o\n"},
    {"hold by 0.0.0.0 and move", false, true, true, "", "sdp address=0.0.0.0 move", "sdp move",
     "media 1s\n heard %n\n silent %o\n"},
};

/* ---------------------------------------------------------------- columns: what becomes of it */

enum fate { ACCEPTED, REFUSED, SILENCE, AGAIN, CANCELLED, LATE };

struct outcome {
    const char *name;
    enum fate fate;
    const char *status, *extra, *again;
};

static const struct outcome outcomes[] = {
    {"accepted", ACCEPTED, NULL, "", ""},
    {"refused with 488", REFUSED, "488", "", ""},
    {"refused with 491", REFUSED, "491", "", ""},
    {"refused with 500", REFUSED, "500", " h=\"Retry-After: 5\"", ""},
    {"never answered", SILENCE, NULL, "", ""},
    {"401, then again with credentials", AGAIN, "401", "", " auth"},
    {"407, then again with credentials", AGAIN, "407", "", " auth"},
    {"422, then again with Session-Expires", AGAIN, "422", " h=\"Min-SE: 90\"",
     " h=\"Session-Expires: 90\""},
    {"cancelled", CANCELLED, NULL, "", ""},
    {"INVITE refused with 488 after the answer", LATE, "488", "", ""},
};

/* ---------------------------------------------------------------- columns: who else rings */

enum forks { ALONE, FORK_BEFORE, FORK_AFTER };
static const char *const fork_names[] = {"", ", another rang before", ", another rings afterwards"};

#define FORK "b answer 183 sdp%L tag=two\n a expect 183 sdp tag=two\n"
#define RELIABLE_FORK                                                              \
    "b answer 183 sdp%L reliable tag=two\n a expect 183 sdp tag=two\n"             \
    "a send PRACK sdp tag=two\n b expect PRACK sdp tag=two\n b answer 200 PRACK\n" \
    "a expect 200 PRACK\n"

/* ---------------------------------------------------------------- composing */

struct combination {
    const struct row *row;
    const struct what *what;
    const struct outcome *outcome;
    enum forks forks;
    char offerer;      /* 'a' or 'b' */
    const char *again; /* %R */
    bool plain;        /* %O and %A say nothing special */
};

static void put(struct script_text *s, const struct combination *c, const char *template);

static const char *answer_again(const char *answer)
{
    return strcmp(answer, "sdp move") == 0 ? "sdp" : answer;
}

static void put_word(struct script_text *s, const struct combination *c, char letter)
{
    char other = c->offerer == 'a' ? 'b' : 'a';
    char inviter = c->row->flags & (FIRST | EARLY) ? 'a'
                   : c->row->flags & INVITED       ? other
                                                   : c->offerer;
    const char *word = "";
    char one[2] = {0};
    switch (letter) {
    case 'o':
        one[0] = c->offerer;
        break;
    case 'n':
        one[0] = other;
        break;
    case 'i':
        one[0] = inviter;
        break;
    case 'j':
        one[0] = inviter == 'a' ? 'b' : 'a';
        break;
    case 'O':
        word = c->plain ? "sdp" : c->what->offer;
        break;
    case 'A':
        word = c->plain ? "sdp" : c->what->answer;
        break;
    case 'B':
        word = c->plain ? "sdp" : answer_again(c->what->answer);
        break;
    case 'C':
        if (!c->plain)
            word = c->offerer == 'a' ? " contact=\"<sip:moved@$CALLER>\""
                                     : " contact=\"<sip:moved@$CALLED>\"";
        break;
    case 'K':
        word = c->offerer == 'a' ? " contact=\"<sip:passing@$CALLED>\""
                                 : " contact=\"<sip:passing@$CALLER>\"";
        break;
    case 'R':
        word = c->again;
        break;
    case 'L':
        word = c->what->lines;
        break;
    case 't':
        word = c->forks ? " tag=one" : "";
        break;
    case 'F':
        if (c->forks == FORK_BEFORE)
            put(s, c, c->row->flags & RELIABLE_FORKS ? RELIABLE_FORK : FORK);
        return;
    case 'S':
        word = c->outcome->status;
        break;
    case 'M':
        word = c->row->method;
        break;
    case 'X':
        word = c->outcome->extra;
        break;
    default:
        abort();
    }
    if (one[0])
        word = one;
    script_add(s, "%s", word);
}

static void put(struct script_text *s, const struct combination *c, const char *template)
{
    for (; *template; template ++) {
        if (*template == '%')
            put_word(s, c, *++template);
        else
            script_add(s, "%c", *template);
    }
}

#define FORMER "media 1s\n heard a b\n rtcp a b\n as-remembered\n"
#define FORMER_AGAIN "media 1s\n heard a b\n rtcp a b\n as-remembered anew\n"
#define END "a send BYE\n b expect BYE\n a expect 200 BYE\n calls 0\n"
#define GONE "wait 7s\n calls 0\n pairs 0\n"

/* Where requests to the one who offered go: its new Contact counts once it was accepted. */
static void put_target(struct script_text *s, const struct combination *c, bool accepted)
{
    if (c->row->flags & (FIRST | NO_CONTACT))
        return;
    put(s, c,
        accepted ? "%n send INFO%t\n %o expect INFO has=\"INFO sip:moved@\"\n"
                 : "%n send INFO%t\n %o expect INFO lacks=sip:moved@\n");
    put(s, c, "%o answer 200 INFO\n %n expect 200 INFO\n");
}

/* Where the answer that makes it count is the INVITE's last one. */
static bool target_comes_last(const struct combination *c)
{
    return strcmp(c->row->method, "INVITE") == 0 && !(c->row->flags & IN_ANSWER);
}

static void put_refusal(struct script_text *s, const struct combination *c)
{
    bool by_offerer = c->row->flags & IN_ANSWER;
    put(s, c,
        by_offerer ? "%o answer %S %M%X\n %n expect %S %M\n"
                   : "%n answer %S %M%X\n %o expect %S %M\n");
}

static bool is_prack(const struct combination *c)
{
    return strcmp(c->row->method, "PRACK") == 0;
}

static void put_silence(struct script_text *s, const struct combination *c)
{
    bool by_offerer = c->row->flags & IN_ANSWER;
    put(s, c, by_offerer ? "%o deaf\n" : "%n deaf\n");
    put(s, c, c->row->send);
    put(s, c, by_offerer ? "%n expect " : "%o expect ");
    put(s, c, strcmp(c->row->method, "INVITE") == 0 ? "408" : "no-answer");
    put(s, c, " %M within=40s\n");
    put(s, c, by_offerer ? "%o hears\n" : "%n hears\n");
    if (is_prack(c)) /* whoever waits for it in vain refuses the INVITE (RFC 3262 §3) */
        put(s, c, "%j expect no-prack INVITE\n %j answer 504 INVITE\n %i expect 504 INVITE\n");
}

static void put_cancel(struct script_text *s, const struct combination *c)
{
    bool by_offerer = c->row->flags & IN_ANSWER;
    put(s, c,
        by_offerer ? "%o answer 180 INVITE\n %n expect 180 INVITE\n %n cancel\n"
                     "%n expect 200 CANCEL\n %o expect CANCEL\n %n expect 487 INVITE\n"
                   : "%n answer 180 INVITE\n %o expect 180 INVITE\n %o cancel\n"
                     "%o expect 200 CANCEL\n %n expect CANCEL\n %o expect 487 INVITE\n");
}

static bool is_first(const struct combination *c)
{
    return c->row->flags & FIRST;
}

static bool is_early(const struct combination *c)
{
    return c->row->flags & EARLY;
}

/* Media is as offered and answered, in this dialog and in no other. */
static void put_check(struct script_text *s, const struct combination *c, bool other_rings)
{
    put(s, c, c->what->check);
    if (other_rings)
        put(s, c, "silent b/two\n");
}

/* The other far end has the media until this one answers for good. */
static void put_other_fork(struct script_text *s, const struct combination *c)
{
    if (c->forks != FORK_AFTER)
        return;
    put(s, c, c->row->flags & RELIABLE_FORKS ? RELIABLE_FORK : FORK);
    put(s, c, "media 1s\n heard a b/two\n silent b/one\n");
}

static void put_accepted(struct script_text *s, const struct combination *c)
{
    put(s, c, c->row->accept);
    if (c->row->flags & PREVIEW)
        put(s, c, FORMER);
    else
        put_check(s, c, c->forks == FORK_BEFORE);
    if (!target_comes_last(c))
        put_target(s, c, true);
    put_other_fork(s, c);
    put(s, c, c->row->after);
    put_check(s, c, c->forks);
    if (target_comes_last(c))
        put_target(s, c, true);
    if (!c->what->hold)
        return;
    struct combination resume = *c;
    resume.plain = true;
    resume.again = "";
    if (is_first(c) || is_early(c)) {
        put(s, c,
            "%o send INVITE sdp\n %n expect INVITE sdp\n %n answer 200 sdp\n"
            "%o expect 200 sdp\n %n expect ACK\n");
    } else {
        const char *inside = strstr(c->row->before, "%i send");
        put(s, &resume, inside ? inside : "");
        put(s, &resume, c->row->send);
        put(s, &resume, c->row->arrive);
        put(s, &resume, c->row->accept);
        put(s, &resume, c->row->after);
    }
    put(s, c, TALK "rtcp a b\n");
}

/* A refusal leaves an early or running call as it was, and ends what was not even begun. */
static void put_refused(struct script_text *s, const struct combination *c)
{
    bool invite_refused = c->outcome->fate == SILENCE && is_prack(c);
    if (is_first(c) || (is_early(c) && invite_refused)) {
        put(s, c, GONE);
        return;
    }
    put(s, c, FORMER);
    put_target(s, c, false);
    if (strcmp(c->row->method, "INVITE") != 0 && !invite_refused)
        put(s, c, c->row->after);
    put(s, c, FORMER);
    put(s, c, END);
}

static void put_late(struct script_text *s, const struct combination *c)
{
    bool preview = c->row->flags & PREVIEW;
    put(s, c, c->row->accept);
    put(s, c, preview ? FORMER : c->what->check);
    put(s, c, "%j answer %S INVITE\n %i expect %S INVITE\n");
    if (is_first(c) || is_early(c)) {
        put(s, c, GONE);
        return;
    }
    put(s, c, c->row->flags & STANDS ? c->what->check : preview ? FORMER : FORMER_AGAIN);
    if (preview) /* nor did that answer's Contact count */
        put(s, c,
            "%o send INFO\n %n expect INFO lacks=passing@\n %n answer 200 INFO\n"
            "%o expect 200 INFO\n");
    put(s, c, END);
}

static void compose(struct script_text *s, struct combination *c)
{
    s->n = 0;
    s->text[0] = '\0';
    c->again = "";
    put(s, c, c->row->before);
    if (!is_first(c))
        put(s, c, TALK "rtcp a b\n remember\n");
    if (c->outcome->fate == SILENCE) {
        put_silence(s, c);
        put_refused(s, c);
        return;
    }
    put(s, c, c->row->send);
    put(s, c, c->row->arrive);
    if (!is_first(c))
        put(s, c, FORMER);
    switch (c->outcome->fate) {
    case AGAIN:
        put_refusal(s, c);
        if (!is_first(c))
            put(s, c, FORMER);
        c->again = c->outcome->again;
        put(s, c, c->row->again ? c->row->again : c->row->send);
        put(s, c, c->row->arrive);
        put_accepted(s, c);
        put(s, c, END);
        break;
    case ACCEPTED:
        put_accepted(s, c);
        put(s, c, END);
        break;
    case LATE:
        put_late(s, c);
        break;
    case CANCELLED:
        put_cancel(s, c);
        put_refused(s, c);
        break;
    case REFUSED:
        put_refusal(s, c);
        put_refused(s, c);
        break;
    case SILENCE:
        break;
    }
}

/* ---------------------------------------------------------------- which of them there are */

static bool exists(const struct combination *c)
{
    enum fate fate = c->outcome->fate;
    unsigned flags = c->row->flags;
    bool simple = strcmp(c->what->name, is_first(c) ? "plain" : "both move") == 0;
    if (!(flags & (c->offerer == 'a' ? BY_A : BY_B)) ||
        !(is_first(c) ? c->what->first : c->what->later))
        return false;
    if (fate != ACCEPTED && !simple)
        return false;
    if (fate == CANCELLED && strcmp(c->row->method, "INVITE") != 0)
        return false;
    if (fate == LATE && !c->row->after[0])
        return false;
    if (c->forks == ALONE)
        return true;
    bool calls_on = fate == ACCEPTED || (fate == REFUSED && is_early(c));
    return flags & (FIRST | EARLY) && calls_on && !c->what->hold &&
           (c->forks == FORK_BEFORE || (fate == ACCEPTED && c->row->after[0]));
}

static void run(struct cases *all, struct combination *c)
{
    static struct script_text script;
    char name[200];
    if (!exists(c))
        return;
    bool both = (c->row->flags & BY_A) && (c->row->flags & BY_B);
    snprintf(name, sizeof name, "%s%s: %s, %s%s", c->row->name,
             !both               ? ""
             : c->offerer == 'a' ? ", by the caller"
                                 : ", by the called side",
             c->what->name, c->outcome->name, fork_names[c->forks]);
    compose(&script, c);
    cases_run(all,
              &(struct call_case){.name = name, .flags = BRIEF | FREE_URI, .script = script.text},
              NULL);
}

/* ---------------------------------------------------------------- two offers at once */

/* One offer waits for its answer, and another comes: of the other side, which is glare (RFC 3261
 * §14.2, 3311 §5.2), or of the same, which is forbidden. The second one is refused. */
struct crossing {
    const char *first, *second;     /* methods */
    bool same_side, accepted, late; /* late: the second is refused after the first was answered */
    char offerer;
};

static void put_refused_second(struct script_text *s, const struct crossing *x, char o, char n)
{
    script_add(s, "%c answer %d %s\n %c expect %d %s\n", x->same_side ? n : o,
               x->same_side ? 500 : 491, x->second, x->same_side ? o : n, x->same_side ? 500 : 491,
               x->second);
}

static void put_first(struct script_text *s, const struct crossing *x, char o, char n)
{
    if (!x->accepted) {
        script_add(s, "%c answer 488 %s\n %c expect 488 %s\n" FORMER, n, x->first, o, x->first);
        return;
    }
    script_add(s, "%c answer 200 %s sdp move\n %c expect 200 %s sdp\n", n, x->first, o, x->first);
    if (strcmp(x->first, "INVITE") == 0)
        script_add(s, "%c expect ACK nosdp\n", n);
    script_add(s, TALK "rtcp a b\n remember\n");
}

static void run_crossing(struct cases *all, const struct crossing *x)
{
    static struct script_text s;
    char o = x->offerer, n = o == 'a' ? 'b' : 'a', name[200];
    if (x->same_side && (strcmp(x->second, "UPDATE") != 0 || (x->late && x->first == x->second)))
        return;
    snprintf(name, sizeof name,
             "%s by the %s waits, %s of %s comes and is refused%s, the first is %s", x->first,
             o == 'a' ? "caller" : "called side", x->second,
             x->same_side ? "the same side" : "the other side", x->late ? " too late" : "",
             x->accepted ? "accepted" : "refused");
    s.n = 0;
    script_add(&s, "a call\n b expect INVITE sdp\n b answer 200 sdp\n a expect 200 INVITE sdp\n"
                   "b expect ACK nosdp\n" TALK "rtcp a b\n remember\n");
    script_add(&s, "%c send %s sdp move\n %c expect %s sdp\n", o, x->first, n, x->first);
    script_add(&s, "%c send %s sdp move\n %c expect %s sdp\n" FORMER, x->same_side ? o : n,
               x->second, x->same_side ? n : o, x->second);
    if (!x->late)
        put_refused_second(&s, x, o, n);
    script_add(&s, FORMER);
    put_first(&s, x, o, n);
    if (x->late)
        put_refused_second(&s, x, o, n);
    script_add(&s, FORMER END);
    cases_run(all, &(struct call_case){.name = name, .flags = BRIEF | FREE_URI, .script = s.text},
              NULL);
}

#define EACH(var, table) for (size_t var = 0; var < sizeof table / sizeof table[0]; var++)

int main(int argc, char **argv)
{
    static const char *const methods[] = {"INVITE", "UPDATE"};
    struct cases all;
    cases_begin(&all, argc, argv);
    EACH(row, rows)
    EACH(what, whats)
    EACH(outcome, outcomes)
    EACH(forks, fork_names)
    for (char offerer = 'a'; offerer <= 'b'; offerer++) {
        struct combination c = {.row = &rows[row],
                                .what = &whats[what],
                                .outcome = &outcomes[outcome],
                                .forks = (enum forks)forks,
                                .offerer = offerer};
        run(&all, &c);
    }
    EACH(first, methods)
    EACH(second, methods)
    for (unsigned bits = 0; bits < 16; bits++) {
        struct crossing x = {.first = methods[first],
                             .second = methods[second],
                             .same_side = bits & 1,
                             .accepted = bits & 2,
                             .late = bits & 4,
                             .offerer = bits & 8 ? 'b' : 'a'};
        run_crossing(&all, &x);
    }
    return cases_end(&all);
}
