/*
 * notify.h - tells systemd (or whoever set NOTIFY_SOCKET) how far we are: one datagram.
 */
#ifndef NET_NOTIFY_H
#define NET_NOTIFY_H

/* "READY=1", "STOPPING=1". Does nothing where nobody asked for it. */
void notify_send(const char *state);

#endif
