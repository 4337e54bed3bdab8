/*
 * trim.h - gives back what only the start needed.
 */
#ifndef PROXY_TRIM_H
#define PROXY_TRIM_H

/* Once, when everything runs: free heap goes back to the system, and so do the program pages that
 * loading libraries and reading the configuration touched; the few that are used again come back
 * from the page cache. */
void memory_trim(void);

#endif
