#include "sdp/map.h"

/* By insertion: stable, and a map is as long as somebody cared to write it down. */
void map_build(struct map *map, struct map_rule *rules, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct map_rule rule = rules[i];
        size_t at = i;
        for (; at > 0 && rules[at - 1].announced.bits < rule.announced.bits; at--)
            rules[at] = rules[at - 1];
        rules[at] = rule;
    }
    map->rules = rules;
    map->n = n;
}

/* The prefix of `to`, the bits behind it of `in`. The host bits of a prefix's base are 0. */
static struct addr prefix_move(const struct prefix *to, const struct addr *in)
{
    struct addr out = *in;
    unsigned whole = to->bits / 8;
    unsigned rest = to->bits % 8;
    memcpy(out.ip, to->base.ip, whole);
    if (rest) {
        uint8_t host = (uint8_t)(0xffu >> rest);
        out.ip[whole] = (uint8_t)(to->base.ip[whole] | (in->ip[whole] & host));
    }
    return out;
}

int map_forward(const struct map *map, const struct addr *in, struct addr *out)
{
    for (size_t i = 0; i < map->n; i++) {
        const struct map_rule *rule = &map->rules[i];
        if (prefix_contains(&rule->announced, in)) {
            *out = prefix_move(&rule->reached, in);
            return (int)i;
        }
    }
    return -1;
}

int map_back(const struct map *map, const struct addr *in, struct addr *out)
{
    for (size_t i = 0; i < map->n; i++) {
        const struct map_rule *rule = &map->rules[i];
        if (prefix_contains(&rule->reached, in)) {
            *out = prefix_move(&rule->announced, in);
            return (int)i;
        }
    }
    return -1;
}

bool map_clash(const struct map_rule *rules, size_t n, size_t *first, size_t *second)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j < n; j++) {
            const struct prefix *a = &rules[i].announced;
            const struct prefix *b = &rules[j].announced;
            if (a->bits == b->bits && addr_same_ip(&a->base, &b->base)) {
                *first = i;
                *second = j;
                return true;
            }
        }
    }
    return false;
}
