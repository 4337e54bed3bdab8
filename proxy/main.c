/* tailtrunk: puts the rooms together, runs the loop, takes them apart again. */
#include "proxy/check.h"
#include "proxy/ctl/server.h"
#include "proxy/net/notify.h"
#include "proxy/net/reload.h"
#include "proxy/startup.h"
#include "proxy/trim.h"
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define DEFAULT_FILE "/etc/tailtrunk/tailtrunk.yaml"
#define LANE_WORK 256       /* pieces of work that may wait for the helper thread */
#define INTERFACE_WAIT_S 1. /* how often a missing interface is looked for again */

static const char usage[] =
    "usage: tailtrunk [-c FILE] [--check]\n"
    "\n"
    "A SIP and RTP proxy between one telephone exchange and its trunks.\n"
    "\n"
    "  -c, --config FILE  the configuration (default " DEFAULT_FILE ")\n"
    "      --check        check it and show how each peer is reached; sends nothing\n"
    "      --version      print the version\n"
    "      --help         print this\n"
    "\n"
    "Runs in the foreground, logs to stderr, prints \"ready\" when calls can come. SIGHUP reads "
    "the\n"
    "configuration again, SIGTERM and SIGINT stop at once; tailtrunkctl looks and asks.\n"
    "\n"
    "Exit status: 0; 1 no memory or other trouble; 2 wrong usage, or the configuration, state "
    "folder\n"
    "or control socket does not fit; 3 a port or the control socket is taken.\n";

struct program {
    struct ev_loop *loop;
    ev_signal hangup, terminate, interrupt;
    bool stopped;
    struct log *log;
    struct lane *lane;
    struct shell *shell;
    struct reload *reload;
    struct ctl *ctl;
};

static void stop_cb(struct ev_loop *loop, ev_signal *w, int events)
{
    struct program *p = w->data;
    uint32_t calls = p->shell ? shell_calls(p->shell) : 0;
    (void)events;
    if (calls > 0)
        log_say(p->log, LEVEL_WARNING, "stopping: %u call%s", calls,
                calls == 1 ? " loses its media" : "s lose their media");
    else
        log_say(p->log, LEVEL_INFO, "stopping");
    p->stopped = true;
    ev_break(loop, EVBREAK_ALL);
}

static void hangup_cb(struct ev_loop *loop, ev_signal *w, int events)
{
    struct program *p = w->data;
    (void)loop;
    (void)events;
    if (p->reload)
        (void)reload_start(p->reload, true, NULL, NULL);
}

static void signals_watch(struct program *p)
{
    (void)signal(SIGPIPE, SIG_IGN);
    ev_signal_init(&p->hangup, hangup_cb, SIGHUP);
    ev_signal_init(&p->terminate, stop_cb, SIGTERM);
    ev_signal_init(&p->interrupt, stop_cb, SIGINT);
    ev_signal *const all[] = {&p->hangup, &p->terminate, &p->interrupt};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        all[i]->data = p;
        ev_signal_start(p->loop, all[i]);
    }
}

static void again_cb(struct ev_loop *loop, ev_timer *w, int events)
{
    (void)w;
    (void)events;
    ev_break(loop, EVBREAK_ONE);
}

static void interface_wait(struct program *p)
{
    ev_timer again;
    ev_timer_init(&again, again_cb, INTERFACE_WAIT_S, 0);
    ev_timer_start(p->loop, &again);
    ev_run(p->loop, 0);
    ev_timer_stop(p->loop, &again);
}

/* Opens what the configuration needs, and waits for an interface that is not there yet. */
static int plan_open(struct program *p, const struct conf *conf, struct plan **out)
{
    const struct plan_known nothing = {0};
    int error = 0;
    for (bool told = false;; told = true) {
        struct conf_errors errors = {0};
        error = plan_make(conf_hold(conf), &nothing, &errors, out);
        if (error == ENODEV || error == 0) {
            if (!told || error == 0)
                log_errors(p->log, &errors);
        } else {
            errors_print(&errors, true);
        }
        conf_errors_free(&errors);
        if (error != ENODEV || p->stopped)
            return error;
        if (!told)
            log_say(p->log, LEVEL_WARNING, "waiting for the interface");
        interface_wait(p);
    }
}

static int state_open(const struct program *p, const struct conf *conf, struct store **out)
{
    char why[600] = "";
    int error = conf->state ? store_open(conf->state, out, why, sizeof why) : 0;
    if (error != 0)
        fprintf(stderr, "tailtrunk: %s\n", why);
    else if (why[0])
        log_say(p->log, LEVEL_WARNING, "%s", why);
    return error == 0 ? EXIT_FINE : EXIT_CONFIGURATION;
}

/* From a configuration to a running shell with its control socket; 0 or the exit status. */
static int rooms_open(struct program *p, const struct conf *conf)
{
    char why[400] = "out of memory";
    struct plan *plan = NULL;
    struct store *store = NULL;
    int error = plan_open(p, conf, &plan);
    if (error != 0)
        return p->stopped ? EXIT_FINE : exit_status(error);
    int status = state_open(p, conf, &store);
    if (status != 0) {
        plan_free(plan);
        return status;
    }
    const struct shell_needs needs = {p->loop, p->log, p->lane, store, plan};
    error = shell_new(&needs, &p->shell, why, sizeof why);
    if (error == 0) {
        p->reload = reload_new(p->shell, p->lane, p->log, conf);
        error = p->reload ? 0 : ENOMEM;
    }
    if (error == 0) {
        const struct ctl_needs ctl = {p->loop, p->shell, p->reload, TAILTRUNK_VERSION};
        error = ctl_new(&ctl, conf->control.socket, conf->control.mode, &p->ctl, why, sizeof why);
    }
    if (error == 0)
        return EXIT_FINE;
    fprintf(stderr, "tailtrunk: %s\n", why);
    return error == EADDRINUSE    ? EXIT_TAKEN
           : p->ctl || !p->reload ? EXIT_OTHER
                                  : EXIT_CONFIGURATION;
}

static void rooms_close(struct program *p)
{
    notify_send("STOPPING=1");
    shell_stop(p->shell);
    bool all = lane_free(p->lane);
    ctl_free(p->ctl);
    if (all) {
        reload_free(p->reload);
        shell_free(p->shell);
    }
    log_free(p->log);
}

static int rooms_run(struct program *p, const struct conf *conf)
{
    int status = EXIT_OTHER;
    p->log = log_new(p->loop, STDERR_FILENO);
    p->lane = p->log ? lane_new(p->loop, LANE_WORK) : NULL;
    if (!p->lane) {
        fprintf(stderr, "tailtrunk: cannot start: %s\n", strerror(errno));
        goto out;
    }
    log_setup(p->log, conf->log.level, conf->log.format);
    signals_watch(p);
    status = rooms_open(p, conf);
    if (status != EXIT_FINE || p->stopped)
        goto out;
    printf("ready\n");
    fflush(stdout);
    notify_send("READY=1");
    log_say(p->log, LEVEL_INFO, "tailtrunk %s is ready: %zu peer%s", TAILTRUNK_VERSION,
            conf->n_peers, conf->n_peers == 1 ? "" : "s");
    memory_trim();
    ev_run(p->loop, 0);
out:
    rooms_close(p);
    return status;
}

static int program_run(const char *file)
{
    struct program p = {0};
    struct conf_errors errors = {0};
    struct conf *conf;
    /* Threads here allocate next to nothing: one arena keeps the memory small. */
    (void)mallopt(M_ARENA_MAX, 1);
    int error = conf_read_file(file, &conf, &errors);
    errors_print(&errors, true);
    conf_errors_free(&errors);
    if (error != 0)
        return exit_status(error);
    p.loop = ev_default_loop(EVFLAG_AUTO);
    int status = rooms_run(&p, conf);
    conf_release(conf);
    return status;
}

/* A closed stderr would give its number to a socket, and the log would go there. */
static bool streams_hold(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR); /* takes the lowest number that is free */
    while (fd >= 0 && fd <= STDERR_FILENO);
    return fd >= 0 && close(fd) == 0;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"check", no_argument, NULL, 'k'},
        {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *file = DEFAULT_FILE;
    bool check = false;
    if (!streams_hold())
        return EXIT_OTHER;
    for (int o; (o = getopt_long(argc, argv, "c:", options, NULL)) != -1;) {
        switch (o) {
        case 'c':
            file = optarg;
            break;
        case 'k':
            check = true;
            break;
        case 'v':
            printf("tailtrunk %s\n", TAILTRUNK_VERSION);
            return EXIT_FINE;
        case 'h':
            fputs(usage, stdout);
            return EXIT_FINE;
        default:
            fputs(usage, stderr);
            return EXIT_CONFIGURATION;
        }
    }
    if (optind < argc) {
        fputs(usage, stderr);
        return EXIT_CONFIGURATION;
    }
    return check ? check_run(file) : program_run(file);
}
