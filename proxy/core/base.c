/*
 * base.c - what every file of the core uses.
 */
#include "proxy/core/base.h"
#include <stdarg.h>
#include <stdio.h>

/* Keyed by the seed: one value says nothing about the next, nor about the keys of the indexes. */
uint64_t core_random(struct core *core)
{
    uint64_t n = ++core->randoms;
    struct span count = span_of((const char *)&n, sizeof n);
    return hash_spans(&core->secret, &count, 1);
}

void core_count(struct core *core, const struct peer *peer, enum counter counter)
{
    core->counters.v[counter]++;
    if (peer && counter_table[counter].per_peer)
        ((struct peer *)(uintptr_t)peer)->counters.v[counter]++;
}

static struct span log_escape(struct core *core, const char *text, size_t n)
{
    char *out = out_alloc(&core->out, n * 4 + 1);
    size_t len = 0;
    if (!out)
        return span_of("", 0);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == 0x7f)
            len += (size_t)sprintf(out + len, "\\x%02x", c);
        else
            out[len++] = (char)c;
    }
    return span_of(out, len);
}

void core_log(struct core *core, enum conf_log_level level, const struct peer *peer,
              struct span call_id, const char *fmt, ...)
{
    if (core->conf && level > core->conf->log.level)
        return;
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n < 0)
        return;
    struct action *a = out_add(&core->out, ACT_LOG);
    a->log.level = (uint8_t)level;
    a->log.peer = peer ? out_copy(&core->out, span_str(peer->name)) : span_of("", 0);
    a->log.call_id = call_id.p ? log_escape(core, call_id.p, call_id.n) : span_of("", 0);
    a->log.text = log_escape(core, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

void core_send(struct core *core, uint16_t socket, uint8_t dscp, const struct addr *to,
               struct span bytes)
{
    struct action *a = out_add(&core->out, ACT_SEND);
    a->send.socket = socket;
    a->send.dscp = dscp;
    a->send.to = *to;
    a->send.bytes = bytes;
    core->counters.v[COUNT_datagrams_out]++;
}

void core_count_many(struct core *core, struct peer *peer, enum counter counter, uint64_t n)
{
    core->counters.v[counter] += n;
    if (peer && counter_table[counter].per_peer)
        peer->counters.v[counter] += n;
}

void core_store(struct core *core, const char *kind, struct span key, struct span value)
{
    struct action *a = out_add(&core->out, ACT_STORE);
    a->store.kind = span_str(kind);
    a->store.key = out_copy(&core->out, key);
    a->store.value = out_copy(&core->out, value);
}

/* 399 "miscellaneous warning" (RFC 3261 §20.43). */
void warning_line(char *out, size_t room, const char *text)
{
    snprintf(out, room, "Warning: 399 tailtrunk \"%.120s\"\r\n", text);
}
