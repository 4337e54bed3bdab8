/*
 * inbound.c - the values of a message that every rule needs, read once.
 */
#include "proxy/core/inbound.h"

bool inbound_read(struct inbound *in)
{
    const struct sip_msg *msg = in->msg;
    in->call_id = sip_value(msg, HEADER_CALL_ID);
    return sip_via_read(sip_value(msg, HEADER_VIA), &in->via) == 0 &&
           sip_tag_read(sip_value(msg, HEADER_FROM), &in->from_tag) == 0 &&
           sip_tag_read(sip_value(msg, HEADER_TO), &in->to_tag) == 0;
}
