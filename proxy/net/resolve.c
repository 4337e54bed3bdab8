#include "proxy/net/resolve.h"
#include "proxy/net/sockaddr.h"
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>

struct look_up {
    struct lane_work work;
    uint64_t question;
    resolve_answer *answer;
    void *self;
    uint8_t family;
    size_t n;
    struct addr addrs[RESOLVE_MAX];
    char name[];
};

static bool already(const struct look_up *l, const struct addr *a)
{
    for (size_t i = 0; i < l->n; i++) {
        if (addr_same_ip(&l->addrs[i], a))
            return true;
    }
    return false;
}

static void look_up_run(struct lane_work *work)
{
    struct look_up *l = (struct look_up *)(void *)work;
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM}, *list;
    hints.ai_family = l->family == ADDR_IP4   ? AF_INET
                      : l->family == ADDR_IP6 ? AF_INET6
                                              : AF_UNSPEC;
    if (getaddrinfo(l->name, NULL, &hints, &list) != 0)
        return;
    for (struct addrinfo *i = list; i && l->n < RESOLVE_MAX; i = i->ai_next) {
        struct addr a = addr_with_port(sockaddr_get(i->ai_addr), 0);
        if (addr_is_set(&a) && !already(l, &a))
            l->addrs[l->n++] = a;
    }
    freeaddrinfo(list);
}

static void look_up_done(struct lane_work *work)
{
    struct look_up *l = (struct look_up *)(void *)work;
    l->answer(l->self, l->question, l->addrs, l->n);
    free(l);
}

int resolve_start(struct lane *lane, uint64_t question, const char *name, uint8_t family,
                  resolve_answer *answer, void *self)
{
    size_t length = strlen(name) + 1;
    struct look_up *l = calloc(1, sizeof *l + length);
    if (!l)
        return ENOMEM;
    l->work = (struct lane_work){.run = look_up_run, .done = look_up_done};
    l->question = question;
    l->answer = answer;
    l->self = self;
    l->family = family;
    memcpy(l->name, name, length);
    int error = lane_add(lane, &l->work);
    if (error != 0)
        free(l);
    return error;
}
