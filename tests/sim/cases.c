#include "tests/sim/cases.h"

#include <stdio.h>
#include <string.h>

static bool run_once(const struct call_case *c, const struct tailnet_options *o)
{
    struct tailnet t;
    char title[160];
    snprintf(title, sizeof title, "%s%s%s%s%s%s", c->name, o->backwards ? ", from the peer" : "",
             o->ours_masked ? ", ours translated" : "",
             o->theirs_masked ? ", theirs translated" : "",
             o->rewrite_contact ? ", Contacts overwritten" : "", o->save_often ? ", saved" : "");
    tailnet_init(&t, 7, title, o);
    ua_trunk_add(t.x, "bare", t.x->trunks[0].host, t.at[0].local, NULL);
    t.box.judge.body_free =
        c->peer && (strstr(c->peer, "codecs") || strstr(c->peer, "sdp_username"));
    if (c->peer && strstr(c->peer, "strip")) {
        t.box.judge.strip[0] = "User-Agent";
        t.box.judge.strip[1] = "X-Thing";
        t.box.judge.strip[2] = "s";
        t.box.judge.strip[3] = "Allow-Events";
    }
    bool ok = tailnet_run(&t, c->script);
    tailnet_free(&t);
    return ok;
}

static unsigned run_translations(const struct call_case *c, struct tailnet_options o)
{
    unsigned failed = 0;
    for (unsigned mask = 0; mask < 4; mask++) {
        o.ours_masked = mask & 1;
        o.theirs_masked = mask & 2;
        if (((c->flags & UNMASKED) && mask) || ((c->flags & THEIRS) && !o.theirs_masked))
            continue;
        for (unsigned how = 0; how < 3; how++) {
            o.rewrite_contact = how == 1;
            o.save_often = how == 2;
            if (o.save_often && c->flags & UNSAVED)
                continue;
            failed += !run_once(c, &o);
            if (failed)
                return failed; /* one account of a fault is enough */
        }
    }
    return failed;
}

static bool run(const struct call_case *c, const struct scene_body *bodies)
{
    struct tailnet_options o = {
        .peer = c->peer, .config = c->config, .bodies = c->bodies ? c->bodies : bodies};
    unsigned failed = 0;
    o.peers = c->flags & TWO ? 2 : 1;
    o.shared = c->flags & SHARED;
    o.named = c->flags & NAMED;
    o.exchange_on_tailnet = c->flags & ON_TAILNET;
    o.six = c->flags & SIX;
    if (!(c->flags & FROM_P))
        failed += run_translations(c, o);
    o.backwards = true;
    if (!(c->flags & FROM_X) && !failed)
        failed += run_translations(c, o);
    return failed == 0;
}

int cases_main(const struct call_case *cases, size_t n_cases, const struct scene_body *bodies,
               int argc, char **argv)
{
    unsigned failed = 0, waiting = 0, n = 0;
    for (size_t i = 0; i < n_cases; i++) {
        if (argc > 1 && !strstr(cases[i].name, argv[1]))
            continue;
        bool ok = run(&cases[i], bodies), waits = !ok && cases[i].flags & NOT_YET;
        printf("%s %s\n", ok ? "ok  " : waits ? "wait" : "FAIL", cases[i].name);
        n++;
        waiting += waits;
        failed += !ok && !waits;
    }
    printf("%u of %u cases failed, %u wait for their fix\n", failed, n, waiting);
    return failed != 0 || n == 0;
}
