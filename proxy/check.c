#include "proxy/check.h"
#include "proxy/core/info.h"
#include "proxy/ctl/listen.h"
#include "proxy/net/plan.h"
#include "proxy/net/resolve.h"
#include "proxy/net/shell.h"
#include "proxy/startup.h"
#include <errno.h>
#include <ev.h>
#include <stdio.h>
#include <time.h>

#define LOOK_UP_S 3
#define LOOK_UPS 1024

/* A core of its own tells what it would believe; only its look-ups are carried out. */
struct check {
    struct ev_loop *loop;
    struct lane *lane;
    struct core *core;
    size_t waiting; /* look-ups under way */
    size_t warnings;
    bool refused; /* a start would end with it */
};

static void feed(struct check *c, const struct event *event);

static void name_cb(void *self, uint64_t question, const struct addr *addrs, size_t n)
{
    struct check *c = self;
    struct event e = {.kind = EV_NAME};
    e.name.question = question;
    e.name.addrs = addrs;
    e.name.n = n;
    c->waiting--;
    if (n > 0) /* an empty answer would only be asked again */
        feed(c, &e);
    if (c->waiting == 0)
        ev_break(c->loop, EVBREAK_ONE);
}

static void feed(struct check *c, const struct event *event)
{
    struct actions actions = core_step(c->core, shell_now(), event);
    for (size_t i = 0; i < actions.n; i++) {
        const struct action *a = &actions.v[i];
        if (a->kind == ACT_RESOLVE && resolve_start(c->lane, a->resolve.question, a->resolve.name,
                                                    a->resolve.family, name_cb, c) == 0)
            c->waiting++;
    }
}

static void stored_cb(void *self, struct span kind, struct span key, struct span value)
{
    struct event e = {.kind = EV_STORED};
    e.stored.kind = kind;
    e.stored.key = key;
    e.stored.value = value;
    feed(self, &e);
}

static void stored_read(struct check *c, const char *directory)
{
    struct store *store;
    char why[400];
    int error = store_open_readonly(directory, &store, why, sizeof why);
    if (error == EPROTO) {
        c->refused = true;
        fprintf(stderr, "tailtrunk: %s\n", why);
        return;
    }
    if (error != 0) {
        if (error != ENOENT) {
            c->warnings++;
            printf("warning: %s%s\n", why, error == EUCLEAN ? "; a start begins anew" : "");
        }
        return;
    }
    if (store_read(store, stored_cb, c) != 0) {
        c->warnings++;
        printf("warning: the state could not be read to its end\n");
    }
    store_close(store);
}

static void enough_cb(struct ev_loop *loop, ev_timer *w, int events)
{
    (void)w;
    (void)events;
    ev_break(loop, EVBREAK_ONE);
}

static void names_wait(struct check *c)
{
    ev_timer enough;
    ev_timer_init(&enough, enough_cb, LOOK_UP_S, 0);
    ev_timer_start(c->loop, &enough);
    if (c->waiting > 0)
        ev_run(c->loop, 0);
    ev_timer_stop(c->loop, &enough);
}

/* ---------------------------------------------------------------- for people */

static void address_show(struct check *c, const struct info_peer *p)
{
    char text[ADDR_TEXT];
    const struct conf_host *host = &p->conf->address;
    if (addr_is_set(&host->addr)) {
        addr_print(&host->addr, text);
        printf("  address    %s\n", text);
        return;
    }
    printf("  address    %s:%u =", host->name, host->addr.port);
    for (size_t i = 0; i < p->n_resolved; i++) {
        addr_print_ip(&p->resolved[i], text);
        printf(" %s", text);
    }
    printf("%s\n", p->n_resolved ? "" : " (warning: does not resolve yet)");
    c->warnings += p->n_resolved == 0;
}

static void route_show(const struct info_peer *p, const struct plan_peer *way)
{
    struct route found = way->found;
    char text[ADDR_TEXT];
    struct addr from = addr_with_port(way->from, 0);
    if (!addr_is_set(&p->conf->address.addr) && p->n_resolved > 0)
        (void)route_find(&p->resolved[0], &from, &found);
    if (!found.interface[0]) {
        printf("  route      not known\n");
        return;
    }
    addr_print(&way->from, text);
    printf("  route      interface %s, source %s\n", found.interface, text);
}

static void advertise_show(const struct info_peer *p)
{
    char text[ADDR_TEXT];
    addr_print(&p->advertise, text);
    if (p->source == VIEW_CONFIG)
        printf("  advertise  %s (configured)\n", text);
    else if (p->source != VIEW_ROUTE && addr_is_set(&p->advertise))
        printf("  advertise  %s (stored: %s)\n", text, view_source_names[p->source]);
    else if (addr_is_set(&p->advertise))
        printf("  advertise  not yet known; %s until the peer tells\n", text);
    else
        printf("  advertise  not yet known\n");
}

static void map_show(const struct map *map)
{
    char from[ADDR_TEXT], to[ADDR_TEXT];
    for (size_t i = 0; i < map->n; i++) {
        prefix_print(&map->rules[i].announced, from);
        prefix_print(&map->rules[i].reached, to);
        printf("  map        %s -> %s\n", from, to);
    }
}

static void peers_show(struct check *c, const struct plan *plan)
{
    struct info_peer p;
    char text[ADDR_TEXT];
    for (size_t i = 0; info_peer(c->core, i, &p); i++) {
        addr_print(&p.local, text);
        printf("peer %s\n  local      %s\n", p.conf->name, text);
        address_show(c, &p);
        route_show(&p, &plan->peers[i]);
        advertise_show(&p);
        map_show(&p.conf->map);
        for (size_t w = 0; w < p.n_warnings; w++)
            printf("  warning    %s\n", p.warnings[w]);
        c->warnings += p.n_warnings;
    }
}

/* ---------------------------------------------------------------- all of it */

static void core_ask(struct check *c, const struct plan *plan)
{
    struct event e = {.kind = EV_CONFIG};
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    core_wall(c->core, (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 - (int64_t)shell_now());
    e.config.conf = plan->conf;
    e.config.sockets = plan->sockets;
    e.config.n_sockets = plan->n_sockets;
    e.config.pools = plan->pools;
    e.config.n_pools = plan->n_pools;
    e.config.routes = plan->routes;
    feed(c, &e);
    if (plan->conf->state)
        stored_read(c, plan->conf->state);
    names_wait(c);
}

static int plan_show(const struct plan *plan, size_t *warnings)
{
    struct check c = {.loop = ev_default_loop(0)};
    c.lane = lane_new(c.loop, LOOK_UPS);
    c.core = core_new(plan->conf, 1, NULL);
    if (!c.lane || !c.core)
        return exit_status(ENOMEM);
    core_ask(&c, plan);
    peers_show(&c, plan);
    *warnings += c.warnings;
    /* A look-up that still hangs is left behind; one that ends just now finds its core yet. */
    (void)lane_free(c.lane);
    core_free(c.core);
    return c.refused ? EXIT_CONFIGURATION : EXIT_FINE;
}

/* Where the program would keep its files. A start tells the same, and ends with status 2. */
static void places_check(const struct conf *conf, struct conf_errors *errors)
{
    char why[600];
    const struct conf_mark mark = {conf->file, 0, 0};
    int error = control_check(conf->control.socket, why, sizeof why);
    if (error != 0 && error != EADDRINUSE) /* beside a running one a check is fine */
        conf_error_add(errors, &mark, false, "%s", why);
    if (conf->state && store_check(conf->state, why, sizeof why) != 0)
        conf_error_add(errors, &mark, false, "%s", why);
}

int check_run(const char *file)
{
    struct conf_errors errors = {0};
    struct plan_known known = {0};
    struct conf *conf;
    struct plan *plan = NULL;
    int error = conf_read_file(file, &conf, &errors);
    if (error == 0) {
        known.ours = control_owner(conf->control.socket);
        places_check(conf, &errors);
        error = plan_make(conf, &known, &errors, &plan);
    }
    errors_print(&errors, true);
    int status = error == ENODEV ? EXIT_FINE : exit_status(error);
    size_t warnings = errors.warnings;
    if (plan)
        status = plan_show(plan, &warnings);
    if (status == EXIT_FINE && errors.errors > 0)
        status = EXIT_CONFIGURATION;
    if (status == EXIT_FINE)
        printf("%s: %zu warning%s%s\n", file, warnings, warnings == 1 ? "" : "s",
               plan ? "" : "; routes are known once the interface is there");
    plan_free(plan);
    conf_errors_free(&errors);
    return status;
}
