/*
 * client.h - one request to the control API over its UNIX socket.
 */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

struct answer {
    long status; /* HTTP */
    char *body;  /* ends in a NUL; to be freed */
};

/* Returns 0, or 1 after one line on stderr where nobody answers. */
int client_ask(const char *socket, const char *method, const char *path, struct answer *out);

#endif
