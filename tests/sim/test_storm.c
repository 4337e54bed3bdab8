/*
 * Thousands of random calls at once over a bad network: lost, repeated and overtaking datagrams,
 * calls refused, cancelled, held, moved and hung up by anybody at any moment, every call saved,
 * dropped and loaded back now and then, configurations reloaded. Nothing in particular is expected
 * of a call, only what must hold of all of them (invariants.h, box_check_quiet).
 *
 * Half of the seeds come with random SDP (sdp_grammar.h) wherever SDP may ride, alone and in
 * multiparts, readable and spoilt; no address in it may reach the other side.
 *
 *   test_sim_storm                    the seeds of the suite
 *   test_sim_storm SEED CALLS [sdp]   one seed; SIM_TRACE=1 prints every datagram
 *   test_sim_storm plain CALLS        a good network and plain calls: how fast the simulator is
 */
#include "tests/sdp_grammar.h"
#include "tests/sim/tailnet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct storm;

/* What a user agent means to do with one of its calls. It outlives the call while timers refer to
 * it. */
struct plan {
    struct plan *next_free;
    struct storm *storm;
    struct ua_call *call; /* NULL: gone */
    unsigned timers;
    bool caller, answered, cancelled, finished;
    unsigned actions;
    int answer; /* callee: final status */
    bool forks;
};

struct storm {
    struct tailnet net;
    struct plan *spare;
    uint64_t plans;
    unsigned calls, begun, per_second;
    bool plain, sdp, done;
    uint64_t answered, refused, cancelled, moved;
};

static const struct ua_opts no_opts;

static uint64_t below(struct storm *s, uint64_t n)
{
    return world_below(&s->net.scene.world, n);
}

static bool percent(struct storm *s, unsigned n)
{
    return !s->plain && below(s, 100) < n;
}

/* ---------------------------------------------------------------- random SDP */

/* Of the exchange, and of the peers. */
static const struct sdp_writer writers[] = {{"10.1.", "fd01:", ".inside.example"},
                                            {"10.2.", "fd02:", ".outside.example"}};

static const char *body_random(struct storm *s, const struct ua *ua)
{
    static char text[16384];
    struct sdp_grammar g = {.seed = world_random(&s->net.scene.world),
                            .writer = &writers[ua != s->net.x],
                            .most_media = percent(s, 3) ? 40 : 3,
                            .p = text,
                            .room = sizeof text};
    do
        sdp_body(&g);
    while (g.n > 10000); /* with its headers it has to fit a datagram */
    if (percent(s, 5))
        sdp_spoil_lines(&g);
    return text[0] ? text : "v=0";
}

/* In a multipart, behind and before others, or inside one more. */
static const char *body_wrapped(struct storm *s, const char *sdp)
{
    static char text[20000];
    bool nested = percent(s, 30), twice = percent(s, 30);
    snprintf(text, sizeof text,
             "%s--b1\r\nContent-Type: %s\r\n\r\n%s%s%s\r\n%s%s%s--b1\r\nContent-Type: "
             "text/plain\r\n\r\nm=audio\r\n--b1--\r\n",
             percent(s, 50) ? "--b1\r\nContent-Type: application/isup\r\n\r\nv=1 ..\r\n" : "",
             nested ? "multipart/alternative;boundary=b2" : "application/sdp",
             nested ? "--b2\r\nContent-Type: application/sdp\r\n\r\n" : "", sdp,
             nested ? "\r\n--b2--" : "",
             twice ? "--b1\r\nContent-Type: application/sdp\r\n\r\n" : "", twice ? sdp : "",
             twice ? "\r\n" : "");
    return text;
}

/* SDP of that agent, wherever it offers, answers or merely tells. */
static void sdp_by(struct storm *s, const struct ua *ua, struct ua_opts *o)
{
    if (!s->sdp || percent(s, 15))
        return;
    o->body = body_random(s, ua);
    if (strlen(o->body) < 4000 && percent(s, 10)) {
        o->body = body_wrapped(s, o->body);
        o->type = "multipart/mixed;boundary=b1";
    }
}

static void names_known(struct storm *s)
{
    for (unsigned i = 0; i < 6; i++) {
        char name[64], addr[64];
        snprintf(name, sizeof name, "pbx%u%s", i, writers[1].name);
        snprintf(addr, sizeof addr, "%s9.%u,%s8.%u", writers[1].ip4, i + 1, writers[1].ip4, i + 1);
        box_name(&s->net.box, name, i ? addr : "127.0.0.1");
    }
    s->net.box.name_delay = 1 + below(s, 3000);
}

static void forbid_addresses(struct storm *s)
{
    struct invariants *j = &s->net.box.judge;
    for (int side = 0; side < 2; side++) {
        invariants_forbid(j, side_other((enum side)side), NULL, writers[side].ip4);
        invariants_forbid(j, side_other((enum side)side), NULL, writers[side].ip6);
        invariants_forbid(j, side_other((enum side)side), NULL, writers[side].name);
    }
}

/* ---------------------------------------------------------------- plans */

static struct plan *plan_new(struct storm *s, struct ua_call *call, bool caller)
{
    struct plan *p = s->spare;
    if (p)
        s->spare = p->next_free;
    else if (!(p = malloc(sizeof *p)))
        abort();
    *p = (struct plan){.storm = s, .call = call, .caller = caller};
    s->plans++;
    call->user = p;
    return p;
}

static void plan_drop(struct plan *p)
{
    if (p->call || p->timers)
        return;
    p->storm->plans--;
    p->next_free = p->storm->spare;
    p->storm->spare = p;
}

static void gone(struct ua_call *call)
{
    struct plan *p = call->user;
    if (!p)
        return;
    p->call = NULL;
    plan_drop(p);
}

static void plan_in(struct plan *p, uint64_t delay, world_fn *fn)
{
    p->timers++;
    world_in(&p->storm->net.scene.world, delay, fn, p, 0);
}

/* Every timer begins with this: false where the call is gone. */
static bool plan_due(struct plan *p)
{
    wire_reset();
    p->timers--;
    if (p->call && !p->finished)
        return true;
    plan_drop(p);
    return false;
}

/* ---------------------------------------------------------------- in the call */

static void hang_up(struct plan *p)
{
    struct ua_call *call = p->call;
    if (p->finished)
        return;
    p->finished = true;
    ua_answer(call, "INVITE", 487, &no_opts); /* a re-INVITE that waits */
    ua_send(call, "BYE", &no_opts);
}

static void bye_due(struct world *w, void *ctx, uint64_t arg)
{
    struct plan *p = ctx;
    (void)w;
    (void)arg;
    if (plan_due(p))
        hang_up(p);
}

static void speak_due(struct world *w, void *ctx, uint64_t arg)
{
    struct plan *p = ctx;
    (void)w;
    (void)arg;
    if (!plan_due(p))
        return;
    ua_send_media(p->call, false);
    if (!p->storm->plain)
        ua_send_media(p->call, true);
    if (p->actions++ < 3)
        plan_in(p, 20 + below(p->storm, 2000), speak_due);
}

static void offer_anew(struct plan *p, const char *method)
{
    static const char *const directions[] = {NULL, "sendonly", "inactive", NULL};
    struct storm *s = p->storm;
    struct ua_dialog *d = ua_dialog_find(p->call, NULL);
    if (!d || !d->confirmed || d->offer != OFFER_NONE)
        return;
    struct ua_opts o = {.sdp = !percent(s, 10), .direction = directions[below(s, 4)]};
    if (strcmp(method, "UPDATE") == 0 || !percent(s, 10))
        o.sdp = true;
    if (percent(s, 10))
        o.add = d->agreed.ours.n < UA_MAX_LINES ? "video" : NULL;
    s->moved++;
    if (o.sdp)
        sdp_by(s, p->call->ua, &o);
    ua_send(p->call, method, &o);
}

static void move_due(struct world *w, void *ctx, uint64_t arg)
{
    struct plan *p = ctx;
    (void)w;
    (void)arg;
    if (!plan_due(p))
        return;
    switch (below(p->storm, 4)) {
    case 0:
        offer_anew(p, "UPDATE");
        break;
    case 1: {
        struct ua_opts o = no_opts;
        sdp_by(p->storm, p->call->ua, &o);
        ua_send(p->call, "INFO", &o);
        break;
    }
    default:
        offer_anew(p, "INVITE");
    }
}

/* Both sides make plans once the call is up; the first BYE ends it. */
static void live(struct plan *p)
{
    struct storm *s = p->storm;
    if (p->answered)
        return;
    p->answered = true;
    plan_in(p, s->plain ? 100 : below(s, 300), speak_due);
    for (unsigned n = 0; n < 3 && percent(s, 25); n++)
        plan_in(p, below(s, 12000), move_due);
    if (p->caller || percent(s, 50))
        plan_in(p, 500 + below(s, 12000), bye_due);
}

/* ---------------------------------------------------------------- the called side */

static void answer_due(struct world *w, void *ctx, uint64_t arg)
{
    struct plan *p = ctx;
    struct ua_opts o = {.sdp = true};
    (void)w;
    (void)arg;
    if (!plan_due(p))
        return;
    if (p->answer >= 300)
        o = no_opts;
    sdp_by(p->storm, p->call->ua, &o);
    if (ua_answer(p->call, "INVITE", p->answer, &o) && p->forks) {
        struct ua_opts other = {.sdp = true, .tag = "fork"};
        sdp_by(p->storm, p->call->ua, &other);
        ua_fork(p->call, 200, &other);
    }
}

static void ring_due(struct world *w, void *ctx, uint64_t arg)
{
    struct plan *p = ctx;
    struct storm *s = p->storm;
    (void)w;
    (void)arg;
    if (!plan_due(p))
        return;
    bool early = percent(s, 30);
    struct ua_opts o = {.sdp = early};
    o.reliable = percent(s, 20) && !(p->call->dialogs && p->call->dialogs->rseq);
    if (early)
        sdp_by(s, p->call->ua, &o);
    ua_answer(p->call, "INVITE", early ? 183 : 180, &o);
}

static void called(struct storm *s, struct ua_call *call)
{
    static const int refusals[] = {486, 603, 404, 480, 503, 302, 401};
    struct plan *p = call->user ? call->user : plan_new(s, call, false);
    p->finished = false;
    p->answer = percent(s, 25) ? refusals[below(s, 7)] : 200;
    if (call->status == 401)
        p->answer = 200;
    p->forks = p->answer == 200 && percent(s, 3);
    uint64_t ringing = percent(s, 80) ? 20 + below(s, 400) : 0;
    if (ringing)
        plan_in(p, ringing, ring_due);
    if (percent(s, 15))
        plan_in(p, ringing + below(s, 900), ring_due);
    plan_in(p, ringing + (s->plain ? 300 : below(s, 9000)), answer_due);
}

static void moved(struct storm *s, const struct ua_event *e)
{
    struct plan *p = e->call->user;
    struct ua_opts o = no_opts;
    int status = 200;
    if (e->dialog->over || (p && p->finished))
        status = 487;
    else if (e->txn->glare || e->dialog->offer == OFFER_SENT)
        status = 491;
    else if (percent(s, 15))
        status = 488;
    o.sdp = status == 200 && (e->has_sdp || strcmp(e->method, "INVITE") == 0);
    if (o.sdp || status == 488)
        sdp_by(s, e->call->ua, &o);
    ua_answer(e->call, e->method, status, &o);
}

static void request_came(struct storm *s, const struct ua_event *e)
{
    struct plan *p = e->call->user;
    bool invite = strcmp(e->method, "INVITE") == 0;
    if (invite && !e->dialog) {
        called(s, e->call);
    } else if (strcmp(e->method, "ACK") == 0) {
        if (p && e->dialog->confirmed && strcmp(e->dialog->label, "fork") != 0)
            live(p);
    } else if (strcmp(e->method, "BYE") == 0) {
        if (p && e->call->over)
            p->finished = true;
        ua_answer(e->call, "INVITE", 487, &no_opts);
    } else if (strcmp(e->method, "CANCEL") == 0) {
        if (p && p->call->over)
            p->finished = true;
    } else if (invite || strcmp(e->method, "UPDATE") == 0) {
        moved(s, e);
    } else if (strcmp(e->method, "PRACK") != 0) {
        struct ua_opts o = no_opts;
        sdp_by(s, e->call->ua, &o);
        ua_answer(e->call, e->method, 200, &o);
    }
    if (!e->dialog && !e->call->dialogs && !invite && strcmp(e->call->method, "INVITE") != 0)
        ua_call_end(e->call);
}

/* ---------------------------------------------------------------- the calling side */

static void cancel_due(struct world *w, void *ctx, uint64_t arg)
{
    struct plan *p = ctx;
    (void)w;
    (void)arg;
    if (!plan_due(p))
        return;
    if (!p->answered && !p->cancelled) {
        p->cancelled = ua_cancel(p->call, &no_opts);
        p->storm->cancelled += p->cancelled;
        if (!p->cancelled)
            plan_in(p, 500, cancel_due); /* no 1xx yet */
    }
}

static void initial_answered(struct storm *s, struct plan *p, const struct ua_event *e)
{
    if (e->status < 200)
        return;
    if (e->status >= 300) {
        s->refused++;
        if (e->status == 401 && !p->cancelled) {
            struct ua_opts o = {.sdp = true, .credentials = true};
            sdp_by(s, e->call->ua, &o);
            ua_again(e->call, &o);
            return;
        }
        p->finished = true;
        return;
    }
    s->answered++;
    live(p);
    if (p->cancelled)
        hang_up(p);
}

static void response_came(struct storm *s, const struct ua_event *e)
{
    struct plan *p = e->call->user;
    bool invite = strcmp(e->method, "INVITE") == 0;
    if (invite && !e->txn->in_dialog && p)
        initial_answered(s, p, e);
    if (!invite && e->status >= 200 && !e->call->dialogs && strcmp(e->call->method, "INVITE") != 0)
        ua_call_end(e->call);
    if (e->txn->in_dialog && (e->status == 408 || e->status == 481) && p && e->txn->invite)
        hang_up(p);
}

static void told(struct ua *ua, const struct ua_event *e)
{
    struct storm *s = ua->ctx;
    struct plan *p = e->call->user;
    switch (e->kind) {
    case UA_REQUEST:
        request_came(s, e);
        break;
    case UA_RESPONSE:
        response_came(s, e);
        break;
    case UA_NO_ANSWER:
        if (p && e->txn->invite && e->txn->in_dialog)
            hang_up(p);
        else if (!e->txn->in_dialog)
            ua_call_end(e->call);
        break;
    case UA_NO_PRACK:
        ua_answer(e->call, "INVITE", 504, &no_opts);
        break;
    case UA_NO_ACK:
        if (p)
            p->finished = true;
        break;
    }
}

/* ---------------------------------------------------------------- the storm */

static void begin_call(struct storm *s)
{
    struct tailnet *t = &s->net;
    bool out = below(s, 2);
    unsigned peer = (unsigned)below(s, t->options.peers);
    struct ua *ua = out ? t->x : t->peers[peer];
    struct ua_opts o = {.sdp = !percent(s, 10), .lines = percent(s, 10) ? "audio,video" : "audio"};
    o.trunk = out ? t->x->trunks[peer].name : NULL;
    if (percent(s, 4)) {
        struct ua_opts other = {.trunk = o.trunk};
        sdp_by(s, ua, &other);
        ua_begin(ua, percent(s, 50) ? "OPTIONS" : "MESSAGE", &other);
        return;
    }
    if (o.sdp)
        sdp_by(s, ua, &o);
    struct plan *p = plan_new(s, ua_begin(ua, "INVITE", &o), true);
    if (percent(s, 15))
        plan_in(p, 30 + below(s, 5000), cancel_due);
}

static void begin_due(struct world *w, void *ctx, uint64_t arg)
{
    struct storm *s = ctx;
    wire_reset();
    begin_call(s);
    if (++s->begun < s->calls)
        world_in(w, below(s, 2 * 1000 / s->per_second + 1), begin_due, s, arg);
    else
        s->done = true;
}

static void operate_due(struct world *w, void *ctx, uint64_t arg)
{
    struct storm *s = ctx;
    struct box *b = &s->net.box;
    wire_reset();
    box_save_calls(b);
    if (percent(s, 10))
        box_configure(b, s->net.yaml);
    if (percent(s, 10)) {
        struct info_call call;
        uint32_t cursor = 0;
        if (info_call_next(b->core, &cursor, w->now, &call))
            box_hangup(b, call.id);
    }
    if (!s->done)
        world_in(w, 50 + below(s, 3000), operate_due, s, arg);
}

static void bad_weather(struct storm *s)
{
    struct net_weather *we = &s->net.scene.net.weather;
    we->latency_ms = 5;
    we->jitter_ms = 20;
    we->loss = 20000 + (unsigned)below(s, 30000);
    we->repeat = 10000;
    we->overtake = 10000;
    we->local_loss = 5000;
    s->net.box.bind_failures = 10000;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void prepare(struct storm *s, uint64_t seed)
{
    char title[64];
    struct tailnet_options o = {.peers = TAILNET_PEERS,
                                .ours_masked = seed & 1,
                                .theirs_masked = seed & 2,
                                .rewrite_contact = seed & 4,
                                .shared = seed & 8,
                                .six = s->sdp && seed & 32};
    o.config = "limits: {calls: 4000, transactions: 100000, requests_per_second_per_source: 2000}\n"
               "media: {ports: 20000-29999, port_reuse_delay: 5s}";
    static const char *const rules[] = {
        "calls: 4000", "calls: 4000, media_from: sdp, foreign_media: sdp",
        "calls: 4000, foreign_media: signalling, map: {10.2.0.0/16: 10.3.0.0/16}",
        "calls: 4000, media_from: sdp, latch: any, map: {10.2.9.0/24: 10.3.9.0/24}"};
    o.peer = rules[s->sdp ? seed / 16 % 4 : 0];
    snprintf(title, sizeof title, "storm, seed %llu%s", (unsigned long long)seed,
             s->sdp ? ", random SDP" : "");
    tailnet_init(&s->net, seed, title, &o);
    if (s->sdp) {
        names_known(s);
        forbid_addresses(s);
    }
    for (unsigned i = 0; i < s->net.scene.n_uas; i++) {
        struct ua *ua = &s->net.scene.uas[i];
        ua->hook = told;
        ua->gone = gone;
        ua->ctx = s;
        ua->keep_calls = false;
        ua->automatic |= AUTO_PRACK | AUTO_REGISTER;
    }
    s->net.scene.inbox[0] = NULL;
}

static void check_agents(struct storm *s)
{
    for (unsigned i = 0; i < s->net.scene.n_uas; i++) {
        struct ua *ua = &s->net.scene.uas[i];
        const struct ua_txn *t = ua_waiting(ua);
        if (t)
            world_fail(&s->net.scene.world, "%s: %s %u of %s still waits for %s", ua->name,
                       t->method, t->cseq, t->call->call_id,
                       t->server ? "our answer" : "its answer");
        else if (ua_going_on(ua))
            world_fail(&s->net.scene.world, "%s: %u calls are left", ua->name, ua_going_on(ua));
    }
}

static bool storm(uint64_t seed, unsigned calls, bool plain, bool sdp)
{
    static struct storm s;
    memset(&s, 0, sizeof s);
    s.calls = calls;
    s.plain = plain;
    s.sdp = sdp;
    s.per_second = plain ? 30 : 60;
    prepare(&s, seed);
    struct world *w = &s.net.scene.world;
    if (!plain) {
        bad_weather(&s);
        world_in(w, 100, operate_due, &s, 0);
    }
    double from = seconds();
    world_in(w, 10, begin_due, &s, 0);
    while (!s.done && w->failures == 0)
        world_run_for(w, 1000);
    world_run_for(w, 90000);
    double took = seconds() - from;
    if (w->failures == 0) {
        check_agents(&s);
        s.net.scene.net.weather = (struct net_weather){0}; /* lost probes would be sent again */
        box_check_quiet(&s.net.box);
    }
    const struct invariants *j = &s.net.box.judge;
    printf("%s seed %llu%s: %u begun, %llu answered, %llu refused, %llu cancelled, %llu moved; "
           "%llu messages compared, %llu of its own, %llu calls saved; %.0f calls/s\n",
           w->failures ? "FAIL" : "ok  ", (unsigned long long)seed, sdp ? " sdp" : "", s.begun,
           (unsigned long long)s.answered, (unsigned long long)s.refused,
           (unsigned long long)s.cancelled, (unsigned long long)s.moved,
           (unsigned long long)j->compared, (unsigned long long)j->own,
           (unsigned long long)s.net.box.saved, (double)s.begun / took);
    bool ok = w->failures == 0;
    tailnet_free(&s.net);
    while (s.spare) {
        struct plan *p = s.spare;
        s.spare = p->next_free;
        free(p);
    }
    return ok;
}

int main(int argc, char **argv)
{
    unsigned failed = 0, calls = argc > 2 ? (unsigned)atoi(argv[2]) : 3000;
    if (argc > 1 && strcmp(argv[1], "plain") == 0)
        return !storm(1, argc > 2 ? calls : 20000, true, false);
    if (argc > 1)
        return !storm(strtoull(argv[1], NULL, 10), calls, false, argc > 3);
    for (uint64_t seed = 1; seed <= 16; seed++) {
        failed += !storm(seed, 1000, false, false);
        failed += !storm(5 * seed, 500, false, true);
    }
    return failed != 0;
}
