/* tailtrunkctl: asks the running tailtrunk over its control socket, and shows the answer. */
#include "proxy/cli/client.h"
#include "proxy/cli/show.h"
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_SOCKET "/run/tailtrunk/control.sock"

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static const char usage[] =
    "usage: tailtrunkctl [-s SOCKET] [-j] COMMAND\n"
    "\n"
    "  status       what runs, since when, how busy\n"
    "  peers        each peer: reachable, our address as it knows it, registrations, warnings\n"
    "  calls        the calls now\n"
    "  call ID      one call and its media\n"
    "  stats        every counter\n"
    "  metrics      the same for Prometheus\n"
    "  reload       read the configuration again; nothing changes if it is wrong\n"
    "  drain        take no new calls, end with the last one\n"
    "  hangup ID    end a call\n"
    "\n"
    "  -s, --socket SOCKET  the control socket (default " DEFAULT_SOCKET ")\n"
    "  -j, --json           print the API's JSON as it comes\n"
    "      --version        print the version\n"
    "      --help           print this\n"
    "\n"
    "Exit status: 0; 1 no tailtrunk answers, or it refused; 2 wrong usage, or a wrong "
    "configuration.\n";

static const struct command {
    const char *name, *method, *path; /* a path that ends in a slash takes an ID */
    show *show;                       /* NULL: nothing to show but that it was done */
} commands[] = {
    {"status", "GET", "/v1/status", show_status}, {"peers", "GET", "/v1/peers", show_peers},
    {"calls", "GET", "/v1/calls", show_calls},    {"call", "GET", "/v1/calls/", show_call},
    {"stats", "GET", "/v1/stats", show_stats},    {"metrics", "GET", "/metrics", NULL},
    {"reload", "POST", "/v1/reload", NULL},       {"drain", "POST", "/v1/drain", NULL},
    {"hangup", "DELETE", "/v1/calls/", NULL},
};

static const struct command *command_find(const char *name)
{
    for (size_t i = 0; name && i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

static bool command_takes_id(const struct command *command)
{
    return command->path[strlen(command->path) - 1] == '/';
}

static bool id_is_good(const char *id)
{
    size_t n = strspn(id, "0123456789abcdefghijklmnopqrstuvwxyz");
    return n > 0 && n < 16 && id[n] == '\0';
}

/* What is wrong with a configuration, as the program itself prints it. What belongs to the whole
 * file has no line. */
static void errors_show(const json_t *errors, const char *kind)
{
    size_t i;
    const json_t *e;
    json_array_foreach(errors, i, e)
    {
        int line = (int)json_integer_value(json_object_get(e, "line"));
        fputs(json_string_value(json_object_get(e, "file")), stderr);
        if (line > 0)
            fprintf(stderr, ":%d:%d", line, (int)json_integer_value(json_object_get(e, "column")));
        fprintf(stderr, ": %s%s\n", kind, json_string_value(json_object_get(e, "message")));
    }
}

/* {"error": "..."}, or the errors of a configuration; returns the exit status. */
static int refusal_show(const struct answer *a)
{
    json_t *json = json_loads(a->body, 0, NULL);
    const json_t *errors = json_object_get(json, "errors");
    const char *error = json_string_value(json_object_get(json, "error"));
    errors_show(errors, "");
    if (!errors)
        fprintf(stderr, "tailtrunkctl: %s\n", error ? error : "tailtrunk refused");
    json_decref(json);
    return errors ? EXIT_USAGE : EXIT_FAILED;
}

/* The answer to a command that changes something; before a drain it is known what was left. */
static void done_show(const char *id, const struct answer *a, int64_t calls)
{
    json_t *json = json_loads(a->body, 0, NULL);
    const json_t *generation = json_object_get(json, "generation");
    if (generation)
        printf("reloaded: generation %d\n", (int)json_integer_value(generation));
    else if (id)
        printf("ended %s\n", id);
    else if (calls > 0)
        printf("draining, %" PRId64 " call%s left\n", calls, calls == 1 ? "" : "s");
    else
        printf("drained: no calls were left\n");
    errors_show(json_object_get(json, "warnings"), "warning: ");
    json_decref(json);
}

static int answer_show(const struct command *command, const char *id, const struct answer *a,
                       int64_t calls)
{
    if (!command->show) {
        if (strcmp(command->method, "GET") == 0)
            fputs(a->body, stdout);
        else
            done_show(id, a, calls);
        return EXIT_FINE;
    }
    json_t *json = json_loads(a->body, 0, NULL);
    if (!json) {
        fprintf(stderr, "tailtrunkctl: the answer is no JSON\n");
        return EXIT_FAILED;
    }
    command->show(json, stdout);
    json_decref(json);
    return EXIT_FINE;
}

/* How many calls there are; -1 where nobody answers, which was said. */
static int64_t calls_ask(const char *socket)
{
    struct answer a = {0};
    if (client_ask(socket, "GET", "/v1/status", &a) != 0)
        return -1;
    json_t *json = json_loads(a.body, 0, NULL);
    int64_t n = json_integer_value(json_object_get(json_object_get(json, "calls"), "active"));
    json_decref(json);
    free(a.body);
    return n;
}

static int command_run(const struct command *command, const char *socket, const char *id, bool raw)
{
    char path[64];
    struct answer a = {0};
    int64_t calls = 0;
    /* Afterwards it may be gone. */
    if (!raw && strcmp(command->name, "drain") == 0 && (calls = calls_ask(socket)) < 0)
        return EXIT_FAILED;
    (void)snprintf(path, sizeof path, "%s%s", command->path, id ? id : "");
    if (client_ask(socket, command->method, path, &a) != 0)
        return EXIT_FAILED;
    int status;
    if (raw) {
        size_t n = strlen(a.body);
        printf("%s%s", a.body, n > 0 && a.body[n - 1] == '\n' ? "" : "\n");
        status = a.status / 100 == 2 ? EXIT_FINE : a.status == 422 ? EXIT_USAGE : EXIT_FAILED;
    } else {
        status = a.status / 100 == 2 ? answer_show(command, id, &a, calls) : refusal_show(&a);
    }
    free(a.body);
    return status;
}

static int usage_fail(void)
{
    fputs(usage, stderr);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"socket", required_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},
        {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *socket = DEFAULT_SOCKET;
    bool raw = false;
    for (int o; (o = getopt_long(argc, argv, "s:j", options, NULL)) != -1;) {
        if (o == 's') {
            socket = optarg;
        } else if (o == 'j') {
            raw = true;
        } else if (o == 'v') {
            printf("tailtrunkctl %s\n", TAILTRUNK_VERSION);
            return EXIT_FINE;
        } else if (o == 'h') {
            fputs(usage, stdout);
            return EXIT_FINE;
        } else {
            return usage_fail();
        }
    }
    const struct command *command = command_find(argv[optind]);
    if (!command)
        return usage_fail();
    const char *id = command_takes_id(command) ? argv[optind + 1] : NULL;
    if (argc - optind != (command_takes_id(command) ? 2 : 1) || (id && !id_is_good(id)))
        return usage_fail();
    return command_run(command, socket, id, raw);
}
