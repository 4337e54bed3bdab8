#include "proxy/net/unsent.h"
#include <errno.h>
#include <stdio.h>

bool unsent_is_news(struct unsent *u, const struct addr *from, const struct addr *to, int error,
                    msec now)
{
    struct unsent_pair *oldest = &u->pairs[0];
    for (size_t i = 0; i < u->n; i++) {
        struct unsent_pair *p = &u->pairs[i];
        if (addr_equal(&p->from, from) && addr_equal(&p->to, to) && p->error == error) {
            if (now - p->said < UNSENT_EVERY_MS)
                return false;
            p->said = now;
            return true;
        }
        if (p->said < oldest->said)
            oldest = p;
    }
    if (u->n < UNSENT_PAIRS)
        oldest = &u->pairs[u->n++];
    *oldest = (struct unsent_pair){*from, *to, error, now};
    return true;
}

const char *unsent_print(const struct addr *from, const struct addr *to, int error, bool gone,
                         char *out, size_t room)
{
    char here[ADDR_TEXT], there[ADDR_TEXT];
    const char *hint = gone ? " (the address is gone: tailtrunkctl reload)"
                       : error == EPERM || error == EACCES ? " (a filter on this host?)"
                                                           : "";
    addr_print(from, here);
    addr_print(to, there);
    (void)snprintf(out, room, "cannot send to %s from %s: %s%s", there, here, strerror(error),
                   hint);
    return out;
}
