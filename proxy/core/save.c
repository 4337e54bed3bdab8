/*
 * save.c - one walk over a call's fields, to write it or to read it.
 */
#include "proxy/core/save.h"
#include "proxy/core/agreed.h"
#include "proxy/core/call.h"
#include "proxy/core/host.h"
#include "proxy/core/media.h"
#include "proxy/core/peer.h"
#include "proxy/core/sockets.h"
#include <errno.h>
#include <stdlib.h>

struct record {
    bool writes;
    char *out;
    const char *in;
    size_t at, room; /* room: bytes that may be written, or that there are to read */
    bool bad;        /* reading: damaged */
};

static void raw(struct record *r, void *p, size_t n)
{
    if (r->writes) {
        if (r->at + n <= r->room)
            memcpy(r->out + r->at, p, n);
    } else if (r->bad || n > r->room - r->at) {
        r->bad = true;
        memset(p, 0, n);
        return;
    } else {
        memcpy(p, r->in + r->at, n);
    }
    r->at += n;
}

static uint64_t number(struct record *r, uint64_t v, unsigned bytes)
{
    unsigned char b[8];
    for (unsigned i = 0; i < bytes; i++)
        b[i] = (unsigned char)(v >> (8 * i));
    raw(r, b, bytes);
    v = 0;
    for (unsigned i = 0; i < bytes; i++)
        v |= (uint64_t)b[i] << (8 * i);
    return v;
}

#define NUMBER(r, field) ((field) = (__typeof__(field))number(r, (uint64_t)(field), sizeof(field)))
#define FLAG(r, field) ((field) = number(r, (field), 1) != 0)

static void address(struct record *r, struct addr *a)
{
    NUMBER(r, a->family);
    NUMBER(r, a->port);
    raw(r, a->ip, sizeof a->ip);
    a->zero = 0;
    if (a->family != ADDR_NONE && a->family != ADDR_IP4 && a->family != ADDR_IP6)
        r->bad = true;
}

static void string(struct record *r, struct text *text, struct ref *ref)
{
    uint32_t n = (uint32_t)number(r, ref->n, 4);
    if (r->writes) {
        raw(r, text->p ? text->p + ref->at : (char[1]){0}, n);
        return;
    }
    *ref = (struct ref){0};
    if (r->bad || n > r->room - r->at ||
        text_set(text, ref, span_of(r->in + r->at, n), MAX_CALL_TEXT))
        r->bad = true;
    else
        r->at += n;
}

/* A count of things that follow; reading, it is bounded before anything is allocated. */
static uint32_t count(struct record *r, uint32_t n, uint32_t most)
{
    n = (uint32_t)number(r, n, 4);
    if (n > most)
        r->bad = true;
    return r->bad ? 0 : n;
}

static void walk_target(struct record *r, struct media_target *t)
{
    address(r, &t->rtp);
    address(r, &t->rtcp);
    NUMBER(r, t->host);
    NUMBER(r, t->rtcp_host);
    FLAG(r, t->live);
    FLAG(r, t->muted);
    FLAG(r, t->mux);
    FLAG(r, t->is_rtp);
    NUMBER(r, t->direction);
}

static void walk_targets(struct record *r, struct targets *t)
{
    uint32_t n = count(r, t->n, 64);
    if (!r->writes && n && !(t->v = calloc(n, sizeof *t->v)))
        n = 0, r->bad = true;
    t->n = n;
    for (uint32_t i = 0; i < n && !r->bad; i++)
        walk_target(r, &t->v[i]);
}

static void walk_leg(struct record *r, struct text *text, struct leg *leg)
{
    string(r, text, &leg->target);
    string(r, text, &leg->routes);
    address(r, &leg->signal);
    NUMBER(r, leg->cseq);
}

static void walk_dialog(struct record *r, struct text *text, struct dialog *d)
{
    string(r, text, &d->tag);
    string(r, text, &d->to);
    walk_leg(r, text, &d->callee);
    FLAG(r, d->confirmed);
    FLAG(r, d->holds);
    NUMBER(r, d->offered_by);
    NUMBER(r, d->offered_cseq);
    NUMBER(r, d->answered);
    NUMBER(r, d->within);
    NUMBER(r, d->rseq);
    NUMBER(r, d->rseq_cseq);
    walk_targets(r, &d->offered);
    for (int side = 0; side < 2; side++) {
        walk_targets(r, &d->agreed[side]);
        walk_targets(r, &d->before[side]);
    }
    if (d->offered_by > 1)
        r->bad = true;
}

static void walk_figures(struct record *r, struct relay_leg *leg)
{
    NUMBER(r, leg->rx_packets);
    NUMBER(r, leg->rx_bytes);
    NUMBER(r, leg->tx_packets);
    NUMBER(r, leg->tx_bytes);
    NUMBER(r, leg->rtcp_rx);
    NUMBER(r, leg->rtcp_tx);
    NUMBER(r, leg->dropped);
    NUMBER(r, leg->send_errors);
    NUMBER(r, leg->lost);
    NUMBER(r, leg->jitter_us);
    NUMBER(r, leg->ssrc_changes);
    NUMBER(r, leg->first_rx_ms);
    NUMBER(r, leg->last_rx_ms);
    address(r, &leg->latched);
    address(r, &leg->foreign);
}

static void walk_line(struct record *r, struct media_line *m)
{
    raw(r, m->kind, sizeof m->kind);
    m->kind[sizeof m->kind - 1] = '\0';
    for (int side = 0; side < 2; side++) {
        NUMBER(r, m->port[side]);
        NUMBER(r, m->pool[side]);
        FLAG(r, m->heard[side]);
        walk_target(r, &m->now[side]);
        walk_figures(r, &m->final.leg[side]);
    }
    NUMBER(r, m->stream);
    FLAG(r, m->open);
    FLAG(r, m->closing);
    FLAG(r, m->idle);
    NUMBER(r, m->opened);
}

static void walk_state(struct record *r, struct call *c)
{
    NUMBER(r, c->kind);
    NUMBER(r, c->phase);
    NUMBER(r, c->origin);
    NUMBER(r, c->end);
    FLAG(r, c->held);
    NUMBER(r, c->socket[0]);
    NUMBER(r, c->socket[1]);
    address(r, &c->advertise);
    NUMBER(r, c->invite);
    NUMBER(r, c->started);
    NUMBER(r, c->answered);
    NUMBER(r, c->ended);
    NUMBER(r, c->heard[0]);
    NUMBER(r, c->heard[1]);
    NUMBER(r, c->session_end);
    NUMBER(r, c->idle_at);
    NUMBER(r, c->session_from);
    NUMBER(r, c->session_s);
    NUMBER(r, c->refused_at);
    NUMBER(r, c->refused);
    NUMBER(r, c->refused_by);
    NUMBER(r, c->invite_n);
    FLAG(r, c->reached);
    NUMBER(r, c->status);
    NUMBER(r, c->repeats);
    NUMBER(r, c->in_vain);
    NUMBER(r, c->challenged);
    NUMBER(r, c->bye_waits);
    FLAG(r, c->ack_seen);
    FLAG(r, c->adopted);
    if (c->kind > KIND_EVENT || c->phase > PHASE_ENDED || c->origin > 1 || c->end > END_OURS ||
        c->socket[0] >= CORE_MAX_SOCKETS || c->socket[1] >= CORE_MAX_SOCKETS)
        r->bad = true;
}

static void walk_hosts(struct record *r, struct call *c, int side)
{
    uint8_t n = (uint8_t)count(r, c->n_hosts[side], MAX_HOSTS);
    if (!r->writes && n && !(c->hosts[side] = calloc(n, sizeof *c->hosts[side])))
        n = 0, r->bad = true;
    c->n_hosts[side] = n;
    for (uint8_t i = 0; i < n; i++) {
        struct media_host *h = &c->hosts[side][i];
        address(r, &h->addr);
        string(r, &c->text, &h->name);
        FLAG(r, h->foreign);
        h->n_found = (uint8_t)count(r, h->n_found, MAX_NAME_ADDRS);
        for (uint8_t k = 0; k < h->n_found; k++)
            address(r, &h->found[k]);
    }
}

static void walk_lists(struct record *r, struct call *c)
{
    for (int side = 0; side < 2; side++)
        walk_hosts(r, c, side);
    c->n_dialogs = count(r, c->n_dialogs, MAX_DIALOGS);
    if (!r->writes && c->n_dialogs && !(c->dialogs = calloc(c->n_dialogs, sizeof *c->dialogs)))
        c->n_dialogs = 0, r->bad = true;
    for (uint32_t i = 0; i < c->n_dialogs; i++)
        walk_dialog(r, &c->text, &c->dialogs[i]);
    c->n_media = count(r, c->n_media, 64);
    if (!r->writes && c->n_media && !(c->media = calloc(c->n_media, sizeof *c->media)))
        c->n_media = 0, r->bad = true;
    for (uint32_t i = 0; i < c->n_media; i++)
        walk_line(r, &c->media[i]);
}

static void walk(struct record *r, struct call *c)
{
    walk_state(r, c);
    string(r, &c->text, &c->call_id);
    string(r, &c->text, &c->tag);
    string(r, &c->text, &c->from);
    string(r, &c->text, &c->to);
    string(r, &c->text, &c->request_uri);
    walk_leg(r, &c->text, &c->caller);
    walk_lists(r, c);
}

static void header(struct record *r, uint32_t *id, msec *deadline)
{
    uint32_t magic = (uint32_t)number(r, 0x6c6c6163, 4); /* "call" */
    uint16_t version = (uint16_t)number(r, SAVE_VERSION, 2);
    if (magic != 0x6c6c6163 || version != SAVE_VERSION)
        r->bad = true;
    NUMBER(r, *id);
    NUMBER(r, *deadline);
}

static void peer_name(struct record *r, char *name, size_t room)
{
    uint32_t n = count(r, (uint32_t)strlen(name), (uint32_t)room - 1);
    raw(r, name, n);
    name[n] = '\0';
}

size_t call_save(struct core *core, core_id id, char *out, size_t room)
{
    struct call *call = pool_get(&core->calls, id);
    struct record r = {.writes = true, .out = out, .room = room};
    char name[256];
    if (!call || strlen(call->peer->name) >= sizeof name)
        return 0;
    strcpy(name, call->peer->name);
    msec deadline = call->timer.place ? call->timer.at : UINT64_MAX;
    header(&r, &id, &deadline);
    peer_name(&r, name, sizeof name);
    walk(&r, call);
    return r.at;
}

static struct peer *peer_by_name(const struct core *core, const char *name)
{
    for (size_t i = 0; i < core->n_peers; i++) {
        if (strcmp(core->peers[i]->name, name) == 0)
            return core->peers[i];
    }
    return NULL;
}

/* What the core counts and indexes beside the call itself. */
static void enter(struct core *core, struct call *call, struct peer *peer, msec deadline)
{
    call->peer = peer_hold(peer);
    call->conf = conf_hold(peer->conf);
    call->rules = peer->rules;
    for (uint32_t i = 0; i < call->n_media; i++) {
        struct media_line *m = &call->media[i];
        if (!m->open)
            continue;
        core->streams[m->stream] = (struct stream_use){
            call->pool.id, i, {{m->pool[0], m->port[0]}, {m->pool[1], m->port[1]}}};
        call->n_open++;
    }
    for (uint8_t i = 0; i < call->n_hosts[SIDE_PEER]; i++)
        core->names_due = core->names_due || call->hosts[SIDE_PEER][i].name.n;
    call_enter(core, call);
    if (deadline != UINT64_MAX)
        timer_set(&core->timers, &call->timer, TIMER_CALL, deadline);
}

static void parts_free(struct call *call)
{
    for (uint32_t i = 0; i < call->n_dialogs; i++)
        agreed_free(&call->dialogs[i]);
    free(call->dialogs);
    free(call->media);
    hosts_free(call);
    text_free(&call->text);
}

static bool streams_fit(const struct core *core, const struct call *call)
{
    for (uint32_t i = 0; i < call->n_media; i++) {
        if (call->media[i].open && call->media[i].stream >= core->limit_streams)
            return false;
    }
    return true;
}

int call_load(struct core *core, const char *bytes, size_t n)
{
    struct record r = {.in = bytes, .room = n};
    char name[256] = "";
    core_id id = 0;
    msec deadline = UINT64_MAX;
    header(&r, &id, &deadline);
    if (r.bad)
        return EINVAL;
    peer_name(&r, name, sizeof name);
    struct peer *peer = r.bad ? NULL : peer_by_name(core, name);
    if (!peer)
        return EINVAL;
    if (pool_get(&core->calls, id))
        return EEXIST;
    struct call *call = pool_retake(&core->calls, id);
    if (!call)
        return EINVAL;
    walk(&r, call);
    if (r.bad || r.at != n || call->call_id.n == 0 || !streams_fit(core, call)) {
        parts_free(call);
        pool_give(&core->calls, call);
        return EINVAL;
    }
    enter(core, call, peer, deadline);
    return 0;
}

void call_drop(struct core *core, core_id id)
{
    struct call *call = pool_get(&core->calls, id);
    if (call)
        call_free(core, call);
}
