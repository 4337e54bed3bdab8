/* Who may send on a port and where its packets go: a table of stories, each a row of steps. */
#include "proxy/relay/latch.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

enum step_kind { END, SIGNAL, RELEARN, RTP, RTCP };

struct step {
    enum step_kind kind;
    msec at;
    const char *who;     /* SIGNAL, RELEARN: the RTP target; RTP, RTCP: the source */
    const char *control; /* SIGNAL, RELEARN: the RTCP target */
    enum latch_answer answer;
    const char *rtp_goes, *rtcp_goes; /* after the step */
};

struct story {
    const char *name;
    enum conf_latch policy;
    const char *sources[3];
    struct step steps[12];
};

#define TARGET "100.64.1.2:4000"
#define NEXT "100.64.1.2:4001"
#define NAT "100.64.1.2:61000"
#define NAT_NEXT "100.64.1.2:61001"
#define STRANGER "198.51.100.7:4000"
#define PEER "100.64.1.2/32"

static const struct story stories[] = {
    {"nothing signalled and nobody allowed: everything is foreign",
     LATCH_PEER,
     {0},
     {{RTP, 0, TARGET, 0, LATCH_FOREIGN, 0, 0}}},
    {"before anything arrives packets go to what was signalled, RTCP one port above",
     LATCH_PEER,
     {PEER},
     {{SIGNAL, 0, TARGET, 0, 0, TARGET, NEXT}}},
    {"a=rtcp is used where it is given",
     LATCH_PEER,
     {PEER},
     {{SIGNAL, 0, TARGET, "100.64.1.9:77", 0, TARGET, "100.64.1.9:77"}}},
    {"the first allowed source is held and answered",
     LATCH_PEER,
     {PEER},
     {{SIGNAL, 0, TARGET, 0, 0, TARGET, NEXT},
      {RTP, 10, NAT, 0, LATCH_NEW, NAT, NAT_NEXT},
      {RTP, 30, NAT, 0, LATCH_KNOWN, NAT, NAT_NEXT}}},
    {"an allowed source is held before anything is signalled",
     LATCH_PEER,
     {PEER},
     {{RTP, 0, NAT, 0, LATCH_NEW, NAT, NAT_NEXT}}},
    {"a source outside the prefixes is foreign and changes nothing",
     LATCH_PEER,
     {PEER},
     {{SIGNAL, 0, TARGET, 0, 0, TARGET, NEXT},
      {RTP, 10, STRANGER, 0, LATCH_FOREIGN, TARGET, NEXT}}},
    {"the signalled target may send even from outside the prefixes",
     LATCH_PEER,
     {"100.64.9.0/24"},
     {{SIGNAL, 0, TARGET, 0, 0, TARGET, NEXT}, {RTP, 10, TARGET, 0, LATCH_NEW, TARGET, NEXT}}},
    {"a second allowed source is foreign while the first one talks",
     LATCH_PEER,
     {PEER},
     {{RTP, 0, NAT, 0, LATCH_NEW, NAT, NAT_NEXT},
      {RTP, 1000, NAT, 0, LATCH_KNOWN, NAT, NAT_NEXT},
      {RTP, 2999, "100.64.1.2:5", 0, LATCH_FOREIGN, NAT, NAT_NEXT}}},
    {"a second allowed source takes over after two silent seconds",
     LATCH_PEER,
     {PEER},
     {{RTP, 0, NAT, 0, LATCH_NEW, NAT, NAT_NEXT},
      {RTP, 1000, NAT, 0, LATCH_KNOWN, NAT, NAT_NEXT},
      {RTP, 3000, "100.64.1.2:5", 0, LATCH_NEW, "100.64.1.2:5", "100.64.1.2:6"}}},
    {"silence alone does not move where packets go",
     LATCH_PEER,
     {PEER},
     {{SIGNAL, 0, TARGET, 0, 0, TARGET, NEXT},
      {RTP, 0, NAT, 0, LATCH_NEW, NAT, NAT_NEXT},
      {RTP, 60000, STRANGER, 0, LATCH_FOREIGN, NAT, NAT_NEXT}}},
    {"the signalled target takes over from whoever is held",
     LATCH_PEER,
     {PEER},
     {{SIGNAL, 0, TARGET, 0, 0, TARGET, NEXT},
      {RTP, 0, NAT, 0, LATCH_NEW, NAT, NAT_NEXT},
      {RTP, 20, TARGET, 0, LATCH_NEW, TARGET, NEXT},
      {RTP, 40, NAT, 0, LATCH_FOREIGN, TARGET, NEXT}}},
    {"the port counts: the target's address with another port is not the target",
     LATCH_STRICT,
     {PEER},
     {{SIGNAL, 0, TARGET, 0, 0, TARGET, NEXT},
      {RTP, 10, NAT, 0, LATCH_FOREIGN, TARGET, NEXT},
      {RTP, 20, TARGET, 0, LATCH_NEW, TARGET, NEXT}}},
    {"strict lets nobody in after silence either",
     LATCH_STRICT,
     {PEER},
     {{SIGNAL, 0, TARGET, 0, 0, TARGET, NEXT},
      {RTP, 20, TARGET, 0, LATCH_NEW, TARGET, NEXT},
      {RTP, 9000, NAT, 0, LATCH_FOREIGN, TARGET, NEXT}}},
    {"strict forgets a held source that new SDP no longer names",
     LATCH_STRICT,
     {PEER},
     {{SIGNAL, 0, TARGET, 0, 0, TARGET, NEXT},
      {RTP, 20, TARGET, 0, LATCH_NEW, TARGET, NEXT},
      {SIGNAL, 30, NAT, 0, 0, NAT, NAT_NEXT},
      {RTP, 40, TARGET, 0, LATCH_FOREIGN, NAT, NAT_NEXT}}},
    {"strict without a target hears nobody",
     LATCH_STRICT,
     {PEER},
     {{RTP, 0, NAT, 0, LATCH_FOREIGN, 0, 0}}},
    {"any holds the first source whoever it is",
     LATCH_ANY,
     {0},
     {{SIGNAL, 0, TARGET, 0, 0, TARGET, NEXT},
      {RTP, 10, STRANGER, 0, LATCH_NEW, STRANGER, "198.51.100.7:4001"},
      {RTP, 20, NAT, 0, LATCH_FOREIGN, STRANGER, "198.51.100.7:4001"},
      {RTP, 2010, NAT, 0, LATCH_NEW, NAT, NAT_NEXT}}},
    {"new SDP opens latching anew",
     LATCH_PEER,
     {PEER},
     {{SIGNAL, 0, TARGET, 0, 0, TARGET, NEXT},
      {RTP, 10, NAT, 0, LATCH_NEW, NAT, NAT_NEXT},
      {RELEARN, 20, TARGET, 0, 0, TARGET, NEXT},
      {RTP, 30, "100.64.1.2:5", 0, LATCH_NEW, "100.64.1.2:5", "100.64.1.2:6"}}},
    {"the same target again without new SDP keeps what is held",
     LATCH_PEER,
     {PEER},
     {{SIGNAL, 0, TARGET, 0, 0, TARGET, NEXT},
      {RTP, 10, NAT, 0, LATCH_NEW, NAT, NAT_NEXT},
      {SIGNAL, 20, TARGET, 0, 0, NAT, NAT_NEXT}}},
    {"RTCP latches apart from RTP",
     LATCH_PEER,
     {PEER},
     {{SIGNAL, 0, TARGET, 0, 0, TARGET, NEXT},
      {RTCP, 10, "100.64.1.2:9", 0, LATCH_NEW, TARGET, "100.64.1.2:9"},
      {RTP, 20, NAT, 0, LATCH_NEW, NAT, "100.64.1.2:9"}}},
    {"a=rtcp stands while RTP is latched elsewhere",
     LATCH_PEER,
     {PEER},
     {{SIGNAL, 0, TARGET, "100.64.1.2:77", 0, TARGET, "100.64.1.2:77"},
      {RTP, 20, NAT, 0, LATCH_NEW, NAT, "100.64.1.2:77"}}},
    {"hold by 0.0.0.0 means nobody, not this host",
     LATCH_PEER,
     {PEER},
     {{RELEARN, 0, "0.0.0.0:4000", 0, 0, 0, 0}}},
    {"there is no port above 65535",
     LATCH_PEER,
     {PEER},
     {{SIGNAL, 0, "100.64.1.2:65535", 0, 0, "100.64.1.2:65535", 0}}},
    {"IPv6 sources are compared by prefix",
     LATCH_PEER,
     {"fd7a::/64"},
     {{SIGNAL, 0, "[fd7a::1]:4000", 0, 0, "[fd7a::1]:4000", "[fd7a::1]:4001"},
      {RTP, 5, "[fd7a:0:0:1::1]:4000", 0, LATCH_FOREIGN, "[fd7a::1]:4000", "[fd7a::1]:4001"},
      {RTP, 9, "[fd7a::2]:7000", 0, LATCH_NEW, "[fd7a::2]:7000", "[fd7a::2]:7001"}}},
};

static struct addr address(const char *text)
{
    struct addr addr = {0};
    if (text)
        assert_int_equal(addr_parse(span_str(text), 0, &addr), 0);
    return addr;
}

static void assert_goes(const struct story *story, size_t step, struct addr aim, const char *want)
{
    char text[ADDR_TEXT] = "nowhere";
    if (addr_is_set(&aim))
        addr_print(&aim, text);
    if (strcmp(text, want ? want : "nowhere") != 0)
        fail_msg("%s, step %zu: packets go to %s, not %s", story->name, step, text,
                 want ? want : "nowhere");
}

static void story_run(const struct story *story)
{
    struct latch rtp = {0}, rtcp = {0};
    struct prefix sources[3];
    struct latch_rule rule = {.policy = (uint8_t)story->policy, .sources = sources};
    while (rule.n_sources < 3 && story->sources[rule.n_sources]) {
        assert_int_equal(
            prefix_parse(span_str(story->sources[rule.n_sources]), &sources[rule.n_sources]), 0);
        rule.n_sources++;
    }
    for (size_t i = 0; story->steps[i].kind != END; i++) {
        const struct step *step = &story->steps[i];
        struct addr who = address(step->who), control = address(step->control);
        if (step->kind == SIGNAL || step->kind == RELEARN) {
            latch_signal(&rtp, &rtcp, &rule, &who, &control, step->kind == RELEARN);
        } else {
            struct latch *latch = step->kind == RTP ? &rtp : &rtcp;
            enum latch_answer answer = latch_accept(latch, &rule, &who, step->at);
            if (answer != step->answer)
                fail_msg("%s, step %zu: answer %d, not %d", story->name, i, (int)answer,
                         (int)step->answer);
        }
        assert_goes(story, i, latch_aim(&rtp), step->rtp_goes);
        assert_goes(story, i, latch_aim_rtcp(&rtcp, &rtp), step->rtcp_goes);
    }
}

static void every_story_ends_as_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++)
        story_run(&stories[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_story_ends_as_told)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
