#include "proxy/core/ports.h"
#include <errno.h>
#include <stdlib.h>

#define SEARCH_AGAIN 1000 /* msec between two searches through a range that others hold */

enum pair_state { PAIR_UNBOUND, PAIR_BINDING, PAIR_READY, PAIR_USED, PAIR_RESTING };

int ports_init(struct ports *ports, const struct core_pool *pool, uint16_t low, uint16_t high,
               uint32_t start)
{
    uint32_t n = ((uint32_t)high - low + 1) / 2;
    *ports = (struct ports){.id = pool->id, .addr = pool->addr, .low = low, .n = n, .listed = true};
    ports->state = calloc(n, sizeof *ports->state);
    ports->ready = calloc(n, sizeof *ports->ready);
    ports->resting = calloc(n, sizeof *ports->resting);
    ports->rested = calloc(n, sizeof *ports->rested);
    ports->cursor = start % n;
    if (ports->state && ports->ready && ports->resting && ports->rested)
        return 0;
    ports_close(ports);
    return ENOMEM;
}

void ports_close(struct ports *ports)
{
    free(ports->state);
    free(ports->ready);
    free(ports->resting);
    free(ports->rested);
    *ports = (struct ports){0};
}

static uint16_t port_of(const struct ports *ports, uint32_t pair)
{
    return (uint16_t)(ports->low + 2 * pair);
}

static bool pair_of(const struct ports *ports, uint16_t port, uint32_t *pair)
{
    *pair = ((uint32_t)port - ports->low) / 2;
    return port >= ports->low && *pair < ports->n;
}

static uint32_t ready_pop(struct ports *ports)
{
    uint32_t pair = ports->ready[ports->ready_at];
    ports->ready_at = (ports->ready_at + 1) % ports->n;
    ports->n_ready--;
    return pair;
}

static uint32_t resting_pop(struct ports *ports)
{
    uint32_t pair = ports->resting[ports->resting_at];
    ports->resting_at = (ports->resting_at + 1) % ports->n;
    ports->n_resting--;
    return pair;
}

uint16_t ports_take(struct ports *ports, msec now, msec rest, bool *early)
{
    uint32_t pair;
    bool rested = ports->n_resting && now - ports->rested[ports->resting_at] >= rest;
    *early = false;
    if (rested) {
        pair = resting_pop(ports);
    } else if (ports->n_ready) {
        pair = ready_pop(ports);
    } else if (ports->n_resting) {
        pair = resting_pop(ports);
        *early = true;
    } else {
        return 0;
    }
    ports->state[pair] = PAIR_USED;
    ports->n_used++;
    return port_of(ports, pair);
}

void ports_give(struct ports *ports, uint16_t port, msec now)
{
    uint32_t pair;
    if (!pair_of(ports, port, &pair) || ports->state[pair] != PAIR_USED)
        return;
    uint32_t at = (ports->resting_at + ports->n_resting++) % ports->n;
    ports->resting[at] = pair;
    ports->rested[at] = now;
    ports->state[pair] = PAIR_RESTING;
    ports->n_used--;
}

void ports_bound(struct ports *ports, uint16_t port, bool ok)
{
    uint32_t pair;
    if (!pair_of(ports, port, &pair) || ports->state[pair] != PAIR_BINDING)
        return;
    ports->n_binding--;
    ports->failed = ok ? 0 : ports->failed + 1;
    if (!ok) {
        ports->state[pair] = PAIR_UNBOUND; /* the cursor has moved on; tried again a round later */
        return;
    }
    ports->state[pair] = PAIR_READY;
    ports->ready[(ports->ready_at + ports->n_ready++) % ports->n] = pair;
}

bool ports_search(const struct ports *ports)
{
    return ports->listed && ports->n_ready == 0 && ports->failed < ports->n;
}

void ports_search_again(struct ports *ports, msec now)
{
    if (now - ports->searched < SEARCH_AGAIN)
        return;
    ports->searched = now;
    ports->failed = 0;
}

uint16_t ports_want(struct ports *ports, uint32_t reserve)
{
    if (!ports->listed || ports->n_ready + ports->n_binding >= reserve ||
        ports->n_ready + ports->n_binding + ports->n_used + ports->n_resting >= ports->n)
        return 0;
    for (uint32_t tried = 0; tried < ports->n; tried++) {
        uint32_t pair = ports->cursor;
        ports->cursor = (ports->cursor + 1) % ports->n;
        if (ports->state[pair] != PAIR_UNBOUND)
            continue;
        ports->state[pair] = PAIR_BINDING;
        ports->n_binding++;
        return port_of(ports, pair);
    }
    return 0;
}

uint16_t ports_drop(struct ports *ports)
{
    uint32_t pair;
    if (ports->n_ready)
        pair = ready_pop(ports);
    else if (ports->n_resting)
        pair = resting_pop(ports);
    else
        return 0;
    ports->state[pair] = PAIR_UNBOUND;
    return port_of(ports, pair);
}
