/*
 * wire.h - SIP messages by libosip2's message API: read, put together, printed.
 *
 * The user agents and the invariants see SIP through this file only, so that nothing of the proxy's
 * own reading takes part in judging it. Trees live until wire_reset, which forgets them all at
 * once: nothing parsed outlives the handling of one datagram.
 */
#ifndef SIM_WIRE_H
#define SIM_WIRE_H

#include <osipparser2/osip_parser.h>
#include <stdbool.h>
#include <stddef.h>

#define WIRE_MAX 16384

void wire_reset(void);
/* Changes with every wire_reset: a tree kept with it can be known to be gone. */
unsigned wire_epoch(void);

/* NULL where libosip2 does not take it, or it has not what every message needs (§8.1.1). */
osip_message_t *wire_read(const char *bytes, size_t n);

/* An empty message to be filled with wire_set. */
osip_message_t *wire_request(const char *method, const char *uri);
osip_message_t *wire_response(int status, const char *reason);

/* Adds a header ("Via", "Record-Route", any); repeated ones keep their order. False where libosip2
 * does not take the value. Content-Type goes with wire_body. */
bool wire_set(osip_message_t *m, const char *name, const char *value);
bool wire_body(osip_message_t *m, const char *type, const char *body, size_t n);

/* Gives a response Via, From, To, Call-ID and CSeq of its request; the trees share them. */
void wire_answer(osip_message_t *response, const osip_message_t *request);

void wire_share_record_routes(osip_message_t *response, const osip_message_t *request);
void wire_via_received(osip_via_t *via, const char *ip);
void wire_to_tag(osip_message_t *m, const char *tag);

/* Prints into out (WIRE_MAX bytes); 0 where it does not fit. compact: short header names. */
size_t wire_print(osip_message_t *m, char *out, bool compact);

/* What is left of a message as libosip2 understands it once all that a proxy changes is taken out:
 * Request-URI, Via, Contact, Route, Record-Route, Max-Forwards, the body and its length. NULL where
 * libosip2 cannot read or print it. */
const char *wire_kept(const char *bytes, size_t n);

/* Values of a message, as text within the arena; NULL where absent. */
const char *wire_header(osip_message_t *m, const char *name, int index); /* "Require", "RSeq" */
const char *wire_uri(const osip_uri_t *uri);
const char *wire_uri_at(const osip_uri_t *uri, const char *host, unsigned port); /* elsewhere */
const char *wire_from_text(const osip_from_t *from); /* From, To, Record-Route alike */
const char *wire_tag(const osip_from_t *from);
const char *wire_param(osip_list_t *params, const char *name); /* "" = without a value */
const char *wire_sdp(osip_message_t *m, size_t *n); /* the body, or the first in a multipart */
const char *wire_content_type(osip_message_t *m);              /* "application/sdp" */
const char *wire_call_id(osip_message_t *m);
const char *wire_copy(const char *p, size_t n);

#endif
