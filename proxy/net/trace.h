/*
 * trace.h - a SIP message as one line for `log.level: debug`: which, between whom, how long. Pure.
 */
#ifndef NET_TRACE_H
#define NET_TRACE_H

#include "sdp/addr.h"

#define TRACE_TEXT 320

/* "in 127.0.0.1:5062 -> 127.0.1.7:5070 INVITE, CSeq 1 INVITE, 812 bytes" into out (TRACE_TEXT
 * bytes, no NUL). Of the message it shows the method or status and CSeq, never a URI, a header with
 * credentials or a body. *call_id is a view into bytes, empty where there is none. Returns the
 * length. */
size_t trace_print(bool in, const struct addr *from, const struct addr *to, struct span bytes,
                   struct span *call_id, char *out);

#endif
