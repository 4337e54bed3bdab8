/* proxy/core/summary.h: the line of a call that ended, from figures that a worker made. */
#include "tests/unit/cases.h"
#include "proxy/core/summary.h"

#define ENDED 100000

static struct summary_case {
    const char *name;
    uint32_t last_rx_ms; /* of the peer's packets, after the call was answered */
    const char *has, *lacks;
} cases[] = {
    {"packets up to the end tell nothing", ENDED - 10, "two-way", "rtp_timeout"},
    {"packets that came while the stream was being closed tell nothing", ENDED + 3, "two-way",
     "rtp_timeout"},
    {"half a minute without packets looks like rtp_timeout", ENDED - 30000,
     "30 s after the last packet", "31 s"},
};

static void summary_says(void **state)
{
    const struct summary_case *c = *state;
    char name[] = "p";
    struct core *core = calloc(1, sizeof *core);
    struct peer peer = {.name = name};
    struct media_line line = {.port = {22000, 22000}};
    struct call call = {.peer = &peer,
                        .phase = PHASE_ENDED,
                        .end = END_BYE_EXCHANGE,
                        .answered = 1,
                        .ended = ENDED,
                        .media = &line,
                        .n_media = 1};
    assert_non_null(core);
    for (int side = 0; side < 2; side++) {
        line.final.leg[side].rx_packets = 1000;
        line.final.leg[side].last_rx_ms = c->last_rx_ms;
    }
    summary_log(core, &call);
    assert_int_equal(core->out.n, 1);
    struct span text = core->out.v[0].log.text;
    assert_non_null(memmem(text.p, text.n, c->has, strlen(c->has)));
    assert_null(memmem(text.p, text.n, c->lacks, strlen(c->lacks)));
    out_close(&core->out);
    free(core);
}

int main(void)
{
    return CASES_RUN(cases, summary_says);
}
