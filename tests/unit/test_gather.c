/* When packets wait for each other: a table of stories, each a row of stretches of even traffic. */
#include "proxy/relay/gather.h"
#include "tests/unit/cases.h"

enum { NEVER = 0, MOST = GATHER_US_MAX };

struct stretch {
    unsigned packets, ms; /* evenly spaced; none at all where packets is 0 */
    unsigned us;          /* how long is waited at its end; NEVER, MOST */
};

struct story {
    const char *name;
    struct stretch stretches[5];
};

static struct story stories[] = {
    {"a few calls are never gathered", {{1000, 10000, NEVER}, {10000, 10000, NEVER}}},
    {"many calls are gathered after a moment", {{50, 10, NEVER}, {450, 90, MOST}}},
    {"just below the limit they are not", {{7980, 2000, NEVER}}},
    {"just above it they are", {{8020, 2000, MOST}}},
    {"what is gathered stays so until there is clearly less",
     {{1000, 200, MOST}, {6400, 2000, MOST}, {5800, 2000, NEVER}}},
    {"what is not gathered stays so until there is clearly more",
     {{1000, 1000, NEVER}, {6400, 2000, NEVER}, {9000, 2000, MOST}}},
    {"a burst within a window changes nothing yet", {{1, 100, NEVER}, {600, 50, NEVER}}},
    {"the more there are the less is waited: it is enough that some come together",
     {{2000, 200, MOST}, {10000, 200, 480}, {100000, 200, 48}, {2000, 200, MOST}}},
    {"the first packet after a pause ends it",
     {{1000, 200, MOST}, {0, 60000, MOST}, {1, 1, NEVER}}},
    {"a clock that has come far makes no difference",
     {{0, UINT32_MAX, NEVER}, {1, 1, NEVER}, {350, 100, NEVER}, {500, 100, MOST}}},
};

static void story_run(void **state)
{
    const struct story *story = *state;
    struct gather gather = {0};
    uint64_t begin_us = 0;
    for (const struct stretch *s = story->stretches; s->ms > 0; s++) {
        for (uint64_t i = 1; i <= s->packets; i++)
            gather_note(&gather, (begin_us + i * s->ms * 1000 / s->packets) / 1000);
        begin_us += UINT64_C(1000) * s->ms;
        assert_int_equal(gather.us, s->us);
    }
}

int main(void)
{
    return CASES_RUN(stories, story_run);
}
