/*
 * utf8.h - which bytes of a text from the network may be shown to people.
 */
#ifndef NET_UTF8_H
#define NET_UTF8_H

#include <stddef.h>

/* Length in bytes of the printable UTF-8 character at p (n >= 1 bytes are there), 0 where there is
 * none: a control character, or no valid UTF-8. */
size_t utf8_length(const unsigned char *p, size_t n);

#endif
