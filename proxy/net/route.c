#include "proxy/net/route.h"
#include "proxy/net/sockaddr.h"
#include <errno.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <unistd.h>

struct question {
    struct nlmsghdr head;
    struct rtmsg route;
    char attributes[64];
};

static void attribute_add(struct question *q, unsigned short type, const struct addr *a)
{
    size_t n = a->family == ADDR_IP6 ? 16 : 4;
    struct rtattr *r = (void *)((char *)q + NLMSG_ALIGN(q->head.nlmsg_len));
    r->rta_type = type;
    r->rta_len = (unsigned short)RTA_LENGTH(n);
    memcpy(RTA_DATA(r), a->ip, n);
    q->head.nlmsg_len = NLMSG_ALIGN(q->head.nlmsg_len) + RTA_ALIGN(r->rta_len);
}

static int question_send(int fd, const struct addr *to, const struct addr *from)
{
    unsigned char bits = to->family == ADDR_IP6 ? 128 : 32;
    struct question q = {
        .head = {.nlmsg_len = NLMSG_LENGTH(sizeof q.route),
                 .nlmsg_type = RTM_GETROUTE,
                 .nlmsg_flags = NLM_F_REQUEST},
        .route = {.rtm_family = to->family == ADDR_IP6 ? AF_INET6 : AF_INET, .rtm_dst_len = bits},
    };
    attribute_add(&q, RTA_DST, to);
    if (addr_is_set(from)) {
        q.route.rtm_src_len = bits;
        attribute_add(&q, RTA_SRC, from);
    }
    return send(fd, &q, q.head.nlmsg_len, 0) < 0 ? errno : 0;
}

static void attribute_read(const struct rtattr *r, uint8_t family, struct route *out)
{
    size_t n = family == ADDR_IP6 ? 16 : 4;
    int index;
    if (r->rta_type == RTA_OIF && RTA_PAYLOAD(r) >= sizeof index) {
        memcpy(&index, RTA_DATA(r), sizeof index);
        if (!if_indextoname((unsigned)index, out->interface))
            out->interface[0] = '\0';
    } else if (r->rta_type == RTA_PREFSRC && RTA_PAYLOAD(r) >= n) {
        out->source = (struct addr){.family = family};
        memcpy(out->source.ip, RTA_DATA(r), n);
    }
}

static int answer_read(int fd, uint8_t family, struct route *out)
{
    _Alignas(struct nlmsghdr) char room[4096];
    ssize_t n = recv(fd, room, sizeof room, 0);
    const struct nlmsghdr *h = (const void *)room;
    if (n < 0)
        return errno;
    if (!NLMSG_OK(h, (size_t)n))
        return EPROTO;
    if (h->nlmsg_type == NLMSG_ERROR) {
        const struct nlmsgerr *e = NLMSG_DATA(h);
        return e->error < 0 ? -e->error : EPROTO;
    }
    const struct rtmsg *route = NLMSG_DATA(h);
    if (h->nlmsg_type != RTM_NEWROUTE)
        return EPROTO;
    if (route->rtm_type == RTN_UNREACHABLE || route->rtm_type == RTN_BLACKHOLE ||
        route->rtm_type == RTN_PROHIBIT)
        return ENETUNREACH;
    size_t left = RTM_PAYLOAD(h);
    for (const struct rtattr *r = RTM_RTA(route); RTA_OK(r, left); r = RTA_NEXT(r, left))
        attribute_read(r, family, out);
    return 0;
}

int route_find(const struct addr *to, const struct addr *from, struct route *out)
{
    struct route found = {0};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0)
        return errno;
    int error = question_send(fd, to, from);
    if (error == 0)
        error = answer_read(fd, to->family, &found);
    close(fd);
    if (error == 0)
        *out = found;
    return error;
}

static bool addr_is_link_local(const struct addr *a)
{
    return a->family == ADDR_IP6 && a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80;
}

size_t interface_addrs(const char *name, struct addr out[2])
{
    struct ifaddrs *list;
    struct addr found[2] = {0}; /* IPv4, IPv6 */
    size_t n = 0;
    if (getifaddrs(&list) != 0)
        return 0;
    for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
        if (!i->ifa_addr || strcmp(i->ifa_name, name) != 0)
            continue;
        struct addr a = sockaddr_get(i->ifa_addr);
        struct addr *place = &found[a.family == ADDR_IP6];
        if (addr_is_set(&a) && !addr_is_link_local(&a) && !addr_is_set(place))
            *place = addr_with_port(a, 0);
    }
    freeifaddrs(list);
    for (size_t i = 0; i < 2; i++) {
        if (addr_is_set(&found[i]))
            out[n++] = found[i];
    }
    return n;
}

bool addr_is_here(const struct addr *addr)
{
    union sockaddr_any sa;
    struct addr any = addr_with_port(*addr, 0);
    socklen_t n = sockaddr_set(&sa, &any);
    if (n == 0)
        return false;
    int fd = socket(sa.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool here = bind(fd, &sa.sa, n) == 0;
    close(fd);
    return here;
}
