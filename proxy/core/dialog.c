/*
 * dialog.c - dialogs under a call: one per To-tag, each with its own target and route set on the
 * side that was called (RFC 3261 §12).
 */
#include "proxy/core/dialog.h"
#include "proxy/core/agreed.h"
#include "proxy/core/inbound.h"
#include "proxy/core/route_set.h"
#include <stdlib.h>

struct dialog *dialog_find(struct call *call, struct span tag)
{
    for (uint32_t i = 0; i < call->n_dialogs; i++) {
        if (span_is(text_get(&call->text, call->dialogs[i].tag), tag))
            return &call->dialogs[i];
    }
    return NULL;
}

void dialog_end(struct call *call, struct dialog *dialog)
{
    agreed_free(dialog);
    call->n_dialogs--;
    size_t behind = call->n_dialogs - (size_t)(dialog - call->dialogs);
    memmove(dialog, dialog + 1, behind * sizeof *dialog);
}

/* Where too many ring, the one that rang first and has not answered makes room. */
static struct dialog *dialog_slot(struct call *call)
{
    if (call->n_dialogs == MAX_DIALOGS) {
        if (call->dialogs[0].confirmed)
            return NULL;
        dialog_end(call, &call->dialogs[0]);
        return &call->dialogs[call->n_dialogs];
    }
    struct dialog *more = realloc(call->dialogs, (call->n_dialogs + 1) * sizeof *more);
    if (!more)
        return NULL;
    call->dialogs = more;
    return &more[call->n_dialogs];
}

struct dialog *dialog_get(struct call *call, struct span tag)
{
    struct dialog *dialog = dialog_find(call, tag);
    if (dialog || !(dialog = dialog_slot(call)))
        return dialog;
    *dialog = (struct dialog){0};
    if (text_set(&call->text, &dialog->tag, tag, MAX_CALL_TEXT))
        return NULL;
    call->n_dialogs++;
    return dialog;
}

void leg_target(struct call *call, struct leg *leg, const struct sip_msg *msg)
{
    struct sip_name_addr c;
    struct span value = sip_value(msg, HEADER_CONTACT), element;
    if (value.p && sip_list_next(&value, &element) && !sip_name_addr_read(element, &c) && !c.star)
        text_set(&call->text, &leg->target, sip_uri_target(&c.uri), MAX_CALL_TEXT);
}

void dialog_learn(struct call *call, struct dialog *dialog, const struct inbound *in,
                  bool refreshes)
{
    static char routes[4096]; /* one message at a time */
    dialog->callee.signal = in->from;
    text_set(&call->text, &dialog->to, sip_value(in->msg, HEADER_TO), MAX_CALL_TEXT);
    if (refreshes)
        leg_target(call, &dialog->callee, in->msg);
    if (!refreshes || dialog->confirmed)
        return; /* the route set is fixed by the 2xx */
    size_t n = route_set(in->msg, HEADER_RECORD_ROUTE, true, routes, sizeof routes);
    text_set(&call->text, &dialog->callee.routes, span_of(routes, n), MAX_CALL_TEXT);
}

struct dialog *dialog_notified(struct call *call, const struct inbound *in)
{
    static char routes[4096]; /* one message at a time */
    struct dialog *dialog = dialog_get(call, in->from_tag);
    if (!dialog)
        return NULL;
    size_t n = route_set(in->msg, HEADER_RECORD_ROUTE, false, routes, sizeof routes);
    text_set(&call->text, &dialog->callee.routes, span_of(routes, n), MAX_CALL_TEXT);
    return dialog;
}

void dialogs_end(struct call *call, const struct dialog *but)
{
    struct dialog kept = but ? *but : (struct dialog){0};
    for (uint32_t i = 0; i < call->n_dialogs; i++) {
        if (&call->dialogs[i] != but)
            agreed_free(&call->dialogs[i]);
    }
    call->n_dialogs = but != NULL;
    if (but)
        call->dialogs[0] = kept;
}
