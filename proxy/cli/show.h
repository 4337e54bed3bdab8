/*
 * show.h - the API's JSON as tables for people.
 */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include <jansson.h>
#include <stdio.h>

typedef void show(const json_t *answer, FILE *out);

show show_status, show_peers, show_calls, show_call, show_stats;

#endif
