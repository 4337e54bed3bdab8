/*
 * subscription.c - how long a dialog without INVITE lives, by what SUBSCRIBE, REFER, NOTIFY and
 * their answers say.
 *
 * One SUBSCRIBE may have made several dialogs, and one dialog may carry several subscriptions: the
 * last word of one of them ends nothing for the others. So nothing is ended at once; all of it goes
 * when the time has come that was named last.
 */
#include "proxy/core/subscription.h"
#include "proxy/core/call.h"
#include "proxy/core/dialog.h"

/* Several dialogs live as long as the longest; alone, each word counts. */
static void lasts(struct core *core, struct call *call, uint32_t seconds)
{
    msec end = core->now + (msec)seconds * 1000 + SESSION_GRACE;
    if (call->n_dialogs <= 1 || end > call->session_end)
        call->session_end = end;
    call_touch(core, call);
}

void subscription_notified(struct core *core, struct call *call, const struct inbound *in)
{
    struct span state = sip_value(in->msg, HEADER_SUBSCRIPTION_STATE), value;
    uint32_t seconds;
    if (!state.p)
        return;
    const char *params = memchr(state.p, ';', state.n);
    size_t word = params ? (size_t)(params - state.p) : state.n;
    if (span_is_nocase(span_trim(span_of(state.p, word)), span_str("terminated")))
        lasts(core, call, 0);
    else if (sip_param(span_from(state, word), "expires", &value, NULL) && value.p &&
             !sip_seconds_read(value, &seconds))
        lasts(core, call, seconds);
}

void subscription_answered(struct core *core, struct call *call, const struct inbound *in)
{
    const struct sip_msg *msg = in->msg;
    struct span expires = sip_value(msg, HEADER_EXPIRES);
    uint32_t seconds;
    if (msg->status < 200 || msg->status >= 300) {
        if (msg->status >= 300 && call->n_dialogs == 0)
            call_end(core, call, END_STATUS, msg->status);
        return;
    }
    if (in->side != (enum side)call->origin && in->to_tag.p) {
        struct dialog *dialog = dialog_get(call, in->to_tag);
        if (dialog) {
            dialog_learn(call, dialog, in, true);
            dialog->confirmed = true;
        }
    }
    if (expires.p && !sip_seconds_read(expires, &seconds))
        lasts(core, call, seconds);
    else if (span_begins(sip_value(msg, HEADER_REFER_SUB), "false"))
        lasts(core, call, 0); /* nobody will be told (RFC 4488) */
    else
        call_touch(core, call);
}
