#include "tests/sim/cases.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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
    if (c->flags & FREE_URI)
        t.peers[0]->habits.checks_digest_uri = false;
    bool ok = tailnet_run(&t, c->script);
    tailnet_free(&t);
    return ok;
}

/* Whether the case runs like that. */
static bool wanted(const struct call_case *c, const struct tailnet_options *o)
{
    bool masked = o->ours_masked || o->theirs_masked, both = o->ours_masked && o->theirs_masked;
    bool plain = !o->rewrite_contact && !o->save_often;
    if (c->flags & BRIEF && (masked ? !both || plain : !plain))
        return false;
    return !(c->flags & UNMASKED && masked) && !(c->flags & THEIRS && !o->theirs_masked) &&
           !(c->flags & UNSAVED && o->save_often);
}

static unsigned run_translations(const struct call_case *c, struct tailnet_options o)
{
    unsigned failed = 0;
    for (unsigned mask = 0; mask < 4; mask++) {
        o.ours_masked = mask & 1;
        o.theirs_masked = mask & 2;
        for (unsigned how = 0; how < 3; how++) {
            o.rewrite_contact = how == 1;
            o.save_often = how == 2;
            failed += wanted(c, &o) && !run_once(c, &o);
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

/* ---------------------------------------------------------------- programs */

void cases_begin(struct cases *all, int argc, char **argv)
{
    *all = (struct cases){0};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-v") == 0)
            all->verbose = true;
        else
            all->filter = argv[i];
    }
}

void cases_run(struct cases *all, const struct call_case *c, const struct scene_body *bodies)
{
    if (all->filter && !strstr(c->name, all->filter))
        return;
    if (all->verbose)
        printf("---- %s\n%s\n", c->name, c->script);
    bool ok = run(c, bodies), waits = !ok && c->flags & NOT_YET;
    printf("%s %s\n", ok ? "ok  " : waits ? "wait" : "FAIL", c->name);
    all->n++;
    all->waiting += waits;
    all->failed += !ok && !waits;
}

int cases_end(const struct cases *all)
{
    printf("%u of %u cases failed, %u wait for their fix\n", all->failed, all->n, all->waiting);
    return all->failed != 0 || all->n == 0;
}

int cases_main(const struct call_case *cases, size_t n_cases, const struct scene_body *bodies,
               int argc, char **argv)
{
    struct cases all;
    cases_begin(&all, argc, argv);
    for (size_t i = 0; i < n_cases; i++)
        cases_run(&all, &cases[i], bodies);
    return cases_end(&all);
}

void script_add(struct script_text *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(s->text + s->n, sizeof s->text - s->n, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof s->text - s->n)
        abort();
    s->n += (size_t)n;
}
