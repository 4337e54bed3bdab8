#include "proxy/relay/mailbox.h"

void bundle_add(struct bundle *bundle, struct letter *letter)
{
    letter->next = bundle->newest;
    bundle->newest = letter;
    if (!bundle->oldest)
        bundle->oldest = letter;
}

bool mailbox_post(struct mailbox *box, struct bundle *bundle)
{
    if (!bundle->newest)
        return false;
    struct letter *before = atomic_load_explicit(&box->newest, memory_order_relaxed);
    do {
        bundle->oldest->next = before;
    } while (!atomic_compare_exchange_weak_explicit(&box->newest, &before, bundle->newest,
                                                    memory_order_release, memory_order_relaxed));
    *bundle = (struct bundle){0};
    return before == NULL;
}

bool mailbox_post_one(struct mailbox *box, struct letter *letter)
{
    struct bundle bundle = {0};
    bundle_add(&bundle, letter);
    return mailbox_post(box, &bundle);
}

struct letter *mailbox_take(struct mailbox *box)
{
    struct letter *letter = atomic_exchange_explicit(&box->newest, NULL, memory_order_acquire);
    struct letter *oldest = NULL;
    while (letter) {
        struct letter *next = letter->next;
        letter->next = oldest;
        oldest = letter;
        letter = next;
    }
    return oldest;
}
