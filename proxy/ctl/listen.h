/*
 * listen.h - the control socket's file: made, replaced when stale, removed when ours.
 */
#ifndef CTL_LISTEN_H
#define CTL_LISTEN_H

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/* Returns 0 with a non-blocking listening socket and its file's identity, or an errno with a line
 * for people. EADDRINUSE: somebody answers there. */
int control_listen(const char *path, unsigned mode, int *fd, struct stat *made, char *why,
                   size_t room);

/* What control_listen would return, changing nothing. */
int control_check(const char *path, char *why, size_t room);

/* The process that answers on this socket; 0 where none does, or it cannot be told. */
pid_t control_owner(const char *path);

/* Removes the file if it is still the one that was made. */
void control_remove(const char *path, const struct stat *made);

#endif
