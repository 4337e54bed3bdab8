/*
 * folder.h - can this user keep files in a folder, or make it? Asked before anything is changed.
 */
#ifndef NET_FOLDER_H
#define NET_FOLDER_H

#include <stddef.h>

/* Returns 0 where the folder is there and can be written, or is not there and its parent is and can
 * be; else an errno with the reason for people in `why`: "not writable by user nobody (65534)". */
int folder_check(const char *folder, char *why, size_t room);

/* The same for a file that may be there already: it must be one, and writable. */
int folder_file_check(const char *file, char *why, size_t room);

#endif
