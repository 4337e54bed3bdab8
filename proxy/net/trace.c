#include "proxy/net/trace.h"
#include "proxy/sip/msg.h"
#include <stdio.h>

#define WORD_MOST 32 /* of a method and of a CSeq, which may be as long as a line */

static int word(struct span s)
{
    return s.n < WORD_MOST ? (int)s.n : WORD_MOST;
}

/* What can be read is shown: also a message that will be refused for the rest of it. */
static void what_print(const struct sip_msg *msg, enum sip_error error, char *out, size_t room)
{
    struct span cseq = sip_value(msg, HEADER_CSEQ);
    int n;
    if (msg->is_request)
        n = snprintf(out, room, "%.*s", word(msg->method_name), msg->method_name.p);
    else
        n = snprintf(out, room, "%u", msg->status);
    if (cseq.n > 0)
        n += snprintf(out + n, room - (size_t)n, ", CSeq %.*s", word(cseq), cseq.p);
    if (error != SIP_OK)
        (void)snprintf(out + n, room - (size_t)n, ", %s", sip_error_names[error]);
}

size_t trace_print(bool in, const struct addr *from, const struct addr *to, struct span bytes,
                   struct span *call_id, char *out)
{
    char here[ADDR_TEXT], there[ADDR_TEXT], what[2 * WORD_MOST + 64];
    struct sip_msg msg;
    enum sip_error error = sip_msg_read(bytes.p, bytes.n, &msg);
    bool sip = error == SIP_OK || error > SIP_OVERSIZE;
    *call_id = sip ? sip_value(&msg, HEADER_CALL_ID) : span_of("", 0);
    if (sip)
        what_print(&msg, error, what, sizeof what);
    else
        (void)snprintf(what, sizeof what, "%s", sip_error_names[error]);
    addr_print(from, here);
    addr_print(to, there);
    int n = snprintf(out, TRACE_TEXT, "%s %s -> %s %s, %zu bytes", in ? "in" : "out", here, there,
                     what, bytes.n);
    return n < TRACE_TEXT ? (size_t)n : TRACE_TEXT - 1;
}
