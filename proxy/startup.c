#include "proxy/startup.h"
#include "proxy/net/plan.h"
#include <errno.h>
#include <stdio.h>

void errors_print(const struct conf_errors *errors, bool warnings)
{
    char line[1024];
    for (size_t i = 0; i < errors->n; i++) {
        if (errors->v[i].warning && !warnings)
            continue;
        (void)conf_error_print(&errors->v[i], line, sizeof line);
        fprintf(stderr, "%s\n", line);
    }
    if (errors->errors + errors->warnings > errors->n)
        fprintf(stderr, "... and %zu more\n", errors->errors + errors->warnings - errors->n);
}

int exit_status(int error)
{
    if (error == 0)
        return EXIT_FINE;
    if (error == ENOMEM) {
        fprintf(stderr, "tailtrunk: out of memory\n");
        return EXIT_OTHER;
    }
    if (error != EADDRINUSE)
        return EXIT_CONFIGURATION;
    fputs(plan_ways_out, stderr);
    return EXIT_TAKEN;
}
