/*
 * preflight.h - what can be known before the first call: does every peer have a socket and a way,
 * will the media ports be ours, are there descriptors enough.
 */
#ifndef NET_PREFLIGHT_H
#define NET_PREFLIGHT_H

#include "proxy/net/plan.h"

/* Fills routes and peers of a plan whose sockets are known, raises the limit of open files, and
 * adds warnings and errors. False: there was an error. */
bool preflight_check(struct plan *plan, struct conf_errors *errors);

/* Does low..high cross the ports the kernel gives to anybody who asks for "any" port? `range` and
 * `reserved` are the texts of /proc/sys/net/ipv4/ip_local_port_range ("32768\t60999\n") and
 * ip_local_reserved_ports ("22000-31999,5060\n"); what is reserved does not count. Pure. */
bool preflight_ports_cross(struct span range, struct span reserved, uint16_t low, uint16_t high);

#endif
