/*
 * agreed.c - what the two sides of a dialog agreed about media, and which dialog has the relay.
 */
#include "proxy/core/agreed.h"
#include "proxy/core/aim.h"
#include "proxy/core/media.h"
#include <stdlib.h>

void targets_free(struct targets *t)
{
    free(t->v);
    *t = (struct targets){0};
}

void targets_set(struct targets *t, const struct media_target *v, uint32_t n)
{
    struct media_target *copy = n ? malloc(n * sizeof *copy) : NULL;
    if (copy)
        memcpy(copy, v, n * sizeof *copy);
    targets_free(t);
    *t = (struct targets){copy, copy ? n : 0};
}

void agreed_free(struct dialog *dialog)
{
    for (int side = 0; side < 2; side++) {
        targets_free(&dialog->agreed[side]);
        targets_free(&dialog->before[side]);
    }
    targets_free(&dialog->offered);
}

/* ---- the relay */

/* m-lines that the SDP does not have carry nothing. */
static void targets_apply(struct core *core, struct call *call, enum side to,
                          const struct targets *t, bool anew)
{
    static const struct media_target none = {.muted = true};
    for (uint32_t i = 0; i < call->n_media; i++)
        aim_apply(core, call, i, to, i < t->n ? &t->v[i] : &none, anew);
}

static struct dialog *holder_of(const struct call *call)
{
    for (uint32_t i = 0; i < call->n_dialogs; i++) {
        if (call->dialogs[i].holds)
            return &call->dialogs[i];
    }
    return NULL;
}

static void hold(struct core *core, struct call *call, struct dialog *dialog)
{
    struct dialog *former = holder_of(call);
    enum side callee = side_other((enum side)call->origin);
    bool anew = former && former != dialog; /* somebody else is there */
    if (anew)
        former->holds = false;
    dialog->holds = true;
    for (int side = 0; side < 2; side++)
        targets_apply(core, call, (enum side)side, &dialog->agreed[side],
                      anew && side == (int)callee);
}

/* ---- offers and answers */

static bool is_agreed(const struct dialog *dialog)
{
    return dialog->agreed[0].n || dialog->agreed[1].n;
}

void agreed_offered(struct core *core, struct call *call, enum side offerer,
                    const struct targets *offer)
{
    if (call->phase == PHASE_UP)
        return;
    for (uint32_t i = 0; i < call->n_dialogs; i++) {
        if (is_agreed(&call->dialogs[i]))
            return;
    }
    targets_apply(core, call, offerer, offer, false);
}

void agreed_conclude(struct core *core, struct call *call, struct dialog *dialog, enum side offerer,
                     const struct targets *offer, const struct targets *answer)
{
    targets_set(&dialog->agreed[offerer], offer->v, offer->n);
    targets_set(&dialog->agreed[side_other(offerer)], answer->v, answer->n);
    hold(core, call, dialog);
}

/* ---- in the middle of a re-INVITE */

void agreed_within(struct dialog *dialog, core_id invite)
{
    if (dialog->within != invite)
        agreed_stands(dialog);
    dialog->within = invite;
}

void agreed_keep(struct dialog *dialog)
{
    if (!dialog->within || dialog->before[0].n || dialog->before[1].n)
        return;
    for (int side = 0; side < 2; side++)
        targets_set(&dialog->before[side], dialog->agreed[side].v, dialog->agreed[side].n);
}

void agreed_stands(struct dialog *dialog)
{
    for (int side = 0; side < 2; side++)
        targets_free(&dialog->before[side]);
}

static void agreed_undo(struct core *core, struct call *call, struct dialog *dialog)
{
    for (int side = 0; side < 2; side++) {
        targets_free(&dialog->agreed[side]);
        dialog->agreed[side] = dialog->before[side];
        dialog->before[side] = (struct targets){0};
    }
    hold(core, call, dialog);
}

void agreed_final(struct core *core, struct call *call, core_id invite, bool accepted)
{
    for (uint32_t i = 0; i < call->n_dialogs; i++) {
        struct dialog *dialog = &call->dialogs[i];
        if (dialog->within != invite)
            continue;
        if (!accepted && (dialog->before[0].n || dialog->before[1].n))
            agreed_undo(core, call, dialog);
        agreed_stands(dialog);
        dialog->within = 0;
    }
}

/* ---- forks */

void agreed_left(struct core *core, struct call *call)
{
    if (holder_of(call))
        return;
    for (uint32_t i = call->n_dialogs; i-- > 0;) {
        if (is_agreed(&call->dialogs[i])) {
            hold(core, call, &call->dialogs[i]);
            return;
        }
    }
}

void agreed_winner(struct core *core, struct call *call, struct dialog *dialog)
{
    if (is_agreed(dialog)) {
        hold(core, call, dialog);
        return;
    }
    struct dialog *former = holder_of(call);
    if (former)
        former->holds = false;
    dialog->holds = true;
    if (dialog->offered.n) /* its offer came in this 2xx, the answer comes in the ACK */
        targets_apply(core, call, (enum side)dialog->offered_by, &dialog->offered, former != NULL);
}
