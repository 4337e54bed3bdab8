/*
 * holder.h - who holds a UDP port: what an operator needs to hear when a port is taken.
 */
#ifndef NET_HOLDER_H
#define NET_HOLDER_H

#include "sdp/addr.h"
#include <sys/types.h>

struct holder {
    pid_t pid;     /* 0: not to be found out (another user's, another namespace's) */
    uid_t uid;     /* of the socket; only where known */
    bool known;    /* the socket was found in /proc/net */
    char name[64]; /* the program's, "" where pid is 0 */
};

/* The socket in this text of /proc/net/udp or udp6 that stands in the way of binding `addr`: bound
 * to it or to the wildcard. Pure. Returns its inode, 0 where none is. */
uint64_t holder_inode(struct span proc_text, const struct addr *addr, uid_t *uid);

/* Reads /proc. Slow (every process's descriptors): only once something has failed. */
void holder_find(const struct addr *addr, struct holder *out);

/* "asterisk (pid 812)", "a program of user 115", "another program"; returns out. */
const char *holder_print(const struct holder *holder, char *out, size_t room);

#endif
