#include "proxy/core/route_set.h"
#include "proxy/sip/value.h"

/* What is kept is plain text: nothing in it may end a line, here or in a stored record. */
static bool is_plain(struct span s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < 0x20)
            return false;
    }
    return true;
}

size_t route_set(const struct sip_msg *msg, enum sip_header_id header, bool reversed, char *out,
                 size_t room)
{
    struct span routes[MAX_ROUTES];
    size_t n = 0, used = 0;
    for (const struct sip_header *h = sip_header(msg, header); h; h = sip_header_next(msg, h)) {
        struct span rest = sip_header_value(msg, h), element;
        while (sip_list_next(&rest, &element)) {
            struct sip_name_addr route;
            if (n == MAX_ROUTES || sip_name_addr_read(element, &route))
                return 0;
            routes[n++] = route.whole;
        }
    }
    for (size_t i = 0; i < n; i++) {
        struct span r = routes[reversed ? n - 1 - i : i];
        if (!is_plain(r) || used + r.n + 9 > room)
            return 0;
        memcpy(out + used, "Route: ", 7);
        memcpy(out + used + 7, r.p, r.n);
        memcpy(out + used + 7 + r.n, "\r\n", 2);
        used += r.n + 9;
    }
    return used;
}
