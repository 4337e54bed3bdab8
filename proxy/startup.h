/*
 * startup.h - what a start and a check have in common: exit statuses, and errors for people.
 */
#ifndef PROXY_STARTUP_H
#define PROXY_STARTUP_H

#include "conf/conf.h"

enum { EXIT_FINE = 0, EXIT_OTHER = 1, EXIT_CONFIGURATION = 2, EXIT_TAKEN = 3 };

/* Every error (and warning) as a line of its own on stderr. */
void errors_print(const struct conf_errors *errors, bool warnings);

/* The exit status for what conf_read_file, plan_make or ctl_new returned; for a taken port, tells
 * the ways out. */
int exit_status(int error);

#endif
