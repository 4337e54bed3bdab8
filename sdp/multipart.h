/*
 * multipart.h - finds the SDP bodies inside a message body, also nested (RFC 2046 §5.1, RFC 5621).
 */
#ifndef SDP_MULTIPART_H
#define SDP_MULTIPART_H

#include "sdp/span.h"

#define MULTIPART_MAX_DEPTH 4
#define MULTIPART_MAX_PARTS 16
#define MULTIPART_MAX_SDP 4

/* content_type is the value of the message's Content-Type ("application/sdp", "multipart/mixed;
 * boundary=x"; p == NULL = none). Fills sdp[] with views of the bodies that are application/sdp, in
 * order, and returns how many (0..MULTIPART_MAX_SDP); empty bodies are left out. Malformed
 * multiparts yield what could be found before the fault; *malformed says so. It is also set where
 * SDP may be left that is not in sdp[]: over one of the bounds above, or in a
 * Content-Transfer-Encoding such as base64. */
unsigned multipart_find_sdp(struct span content_type, struct span body,
                            struct span sdp[MULTIPART_MAX_SDP], bool *malformed);

#endif
