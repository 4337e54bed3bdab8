/*
 * check.h - `tailtrunk --check`: what a start would find, shown for people. Sends nothing to any
 * peer and changes nothing; ports held by the tailtrunk that answers on the control socket count as
 * free.
 */
#ifndef PROXY_CHECK_H
#define PROXY_CHECK_H

/* Returns the program's exit status: 0, 2 (the configuration or the machine does not fit) or 3 (a
 * port is taken). */
int check_run(const char *file);

#endif
