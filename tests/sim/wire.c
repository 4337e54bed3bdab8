#include "tests/sim/wire.h"

#include <osipparser2/osip_port.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/*
 * libosip2 allocates each token by itself; taking them from one block that is forgotten as a whole
 * makes it twice as fast and leaves nothing to free. The proxy's own use of libosip2 in this
 * process keeps its allocators: ours are in place only between enter() and leave().
 */
#define ARENA_ROOM (1024 * 1024)
static char arena[ARENA_ROOM] __attribute__((aligned(16)));
static size_t arena_used;
static unsigned epoch;
static bool ready;

struct allocators {
    osip_malloc_func_t *take;
    osip_realloc_func_t *resize;
    osip_free_func_t *give;
};

static void *arena_take(size_t n)
{
    size_t whole = (n + 16 + 15) & ~(size_t)15;
    if (whole > ARENA_ROOM - arena_used)
        abort(); /* a handler forgot wire_reset */
    char *p = arena + arena_used;
    arena_used += whole;
    memcpy(p, &n, sizeof n);
    return p + 16;
}

static void *arena_resize(void *old, size_t n)
{
    size_t had = 0;
    if (old)
        memcpy(&had, (char *)old - 16, sizeof had);
    void *p = arena_take(n);
    if (old)
        memcpy(p, old, had < n ? had : n);
    return p;
}

static void arena_give(void *p)
{
    (void)p;
}

static struct allocators enter(void)
{
    struct allocators former = {osip_malloc_func, osip_realloc_func, osip_free_func};
    if (!ready) {
        parser_init();
        ready = true;
    }
    osip_set_allocators(arena_take, arena_resize, arena_give);
    return former;
}

static void leave(struct allocators former)
{
    osip_set_allocators(former.take, former.resize, former.give);
}

void wire_reset(void)
{
    arena_used = 0;
    epoch++;
}

unsigned wire_epoch(void)
{
    return epoch;
}

const char *wire_copy(const char *p, size_t n)
{
    char *copy = arena_take(n + 1);
    memcpy(copy, p, n);
    copy[n] = '\0';
    return copy;
}

static bool complete(const osip_message_t *m)
{
    return m->from && m->to && m->call_id && m->call_id->number && m->cseq && m->cseq->method &&
           m->cseq->number && osip_list_size(&m->vias) > 0;
}

osip_message_t *wire_read(const char *bytes, size_t n)
{
    struct allocators former = enter();
    osip_message_t *m = NULL;
    if (osip_message_init(&m) != 0 || osip_message_parse(m, bytes, n) != 0 || !complete(m))
        m = NULL;
    leave(former);
    return m;
}

osip_message_t *wire_request(const char *method, const char *uri)
{
    struct allocators former = enter();
    osip_message_t *m = NULL;
    osip_uri_t *u = NULL;
    if (osip_message_init(&m) != 0 || osip_uri_init(&u) != 0 || osip_uri_parse(u, uri) != 0) {
        m = NULL;
    } else {
        osip_message_set_version(m, osip_strdup("SIP/2.0"));
        osip_message_set_method(m, osip_strdup(method));
        osip_message_set_uri(m, u);
        osip_message_set_status_code(m, 0);
    }
    leave(former);
    return m;
}

osip_message_t *wire_response(int status, const char *reason)
{
    struct allocators former = enter();
    osip_message_t *m = NULL;
    if (osip_message_init(&m) == 0) {
        osip_message_set_version(m, osip_strdup("SIP/2.0"));
        osip_message_set_status_code(m, status);
        osip_message_set_reason_phrase(m, osip_strdup(reason));
    }
    leave(former);
    return m;
}

/* Headers that libosip2 keeps as trees; any other is text to it. */
static const struct {
    const char *name;
    int (*set)(osip_message_t *, const char *);
} known[] = {
    {"Via", osip_message_set_via},
    {"From", osip_message_set_from},
    {"To", osip_message_set_to},
    {"Call-ID", osip_message_set_call_id},
    {"CSeq", osip_message_set_cseq},
    {"Contact", osip_message_set_contact},
    {"Route", osip_message_set_route},
    {"Record-Route", osip_message_set_record_route},
    {"Authorization", osip_message_set_authorization},
    {"Proxy-Authorization", osip_message_set_proxy_authorization},
    {"WWW-Authenticate", osip_message_set_www_authenticate},
    {"Proxy-Authenticate", osip_message_set_proxy_authenticate},
};

bool wire_set(osip_message_t *m, const char *name, const char *value)
{
    struct allocators former = enter();
    int bad = -1;
    bool found = false;
    for (size_t i = 0; i < sizeof known / sizeof known[0] && !found; i++) {
        found = strcmp(known[i].name, name) == 0;
        if (found)
            bad = known[i].set(m, value);
    }
    if (!found)
        bad = osip_message_set_header(m, name, value);
    leave(former);
    return bad == 0;
}

bool wire_body(osip_message_t *m, const char *type, const char *body, size_t n)
{
    struct allocators former = enter();
    /* libosip2 would put delimiters of its own around what it knows to be a multipart. */
    bool whole = strncasecmp(type, "multipart/", 10) == 0;
    int bad = whole ? osip_message_set_header(m, "Content-Type", type)
                    : osip_message_set_content_type(m, type);
    if (bad == 0)
        bad = osip_message_set_body(m, body, n);
    leave(former);
    return bad == 0;
}

/* Both trees lie in the arena, so they may share what neither of them frees. */
void wire_answer(osip_message_t *response, const osip_message_t *request)
{
    response->vias = request->vias;
    response->from = request->from;
    response->to = request->to;
    response->call_id = request->call_id;
    response->cseq = request->cseq;
}

void wire_share_record_routes(osip_message_t *response, const osip_message_t *request)
{
    response->record_routes = request->record_routes;
}

void wire_via_received(osip_via_t *via, const char *ip)
{
    struct allocators former = enter();
    osip_generic_param_t *old = NULL;
    osip_uri_param_get_byname(&via->via_params, (char *)(uintptr_t) "received", &old);
    if (old)
        old->gvalue = osip_strdup(ip);
    else
        osip_via_set_received(via, osip_strdup(ip));
    leave(former);
}

void wire_to_tag(osip_message_t *m, const char *tag)
{
    struct allocators former = enter();
    osip_to_set_tag(m->to, osip_strdup(tag));
    leave(former);
}

static const struct {
    const char *name, *compact;
} short_names[] = {
    {"Via", "v"},
    {"From", "f"},
    {"To", "t"},
    {"Call-ID", "i"},
    {"Contact", "m"},
    {"Supported", "k"},
    {"Refer-To", "r"},
    {"Event", "o"},
    {"Content-Length", "l"},
    {"Content-Type", "c"},
    {"Session-Expires", "x"},
};

/* The short name of the header line at `line`, or NULL. */
static const char *short_name(const char *line, size_t *name_n)
{
    for (size_t i = 0; i < sizeof short_names / sizeof short_names[0]; i++) {
        size_t n = strlen(short_names[i].name);
        if (strncasecmp(line, short_names[i].name, n) == 0 && line[n] == ':') {
            *name_n = n;
            return short_names[i].compact;
        }
    }
    return NULL;
}

/* libosip2 prints long names only; some exchanges write short ones. */
static size_t shorten(const char *text, size_t n, char *out)
{
    const char *end = text + n, *body = memmem(text, n, "\r\n\r\n", 4);
    const char *headers_end = body ? body + 2 : end;
    char *to = out;
    while (text < headers_end) {
        const char *eol = memchr(text, '\n', (size_t)(headers_end - text));
        const char *next = eol ? eol + 1 : headers_end;
        size_t name_n = 0;
        const char *name = short_name(text, &name_n);
        if (name) {
            *to++ = *name;
            text += name_n;
        }
        memcpy(to, text, (size_t)(next - text));
        to += next - text;
        text = next;
    }
    memcpy(to, text, (size_t)(end - text));
    return (size_t)(to - out) + (size_t)(end - text);
}

size_t wire_print(osip_message_t *m, char *out, bool compact)
{
    struct allocators former = enter();
    char *text = NULL;
    size_t n = 0;
    int bad = osip_message_force_update(m) != 0 || osip_message_to_str(m, &text, &n) != 0;
    leave(former);
    if (bad || n > WIRE_MAX)
        return 0;
    if (compact)
        return shorten(text, n, out);
    memcpy(out, text, n);
    return n;
}

/* Lies in the arena, so that lists may be forgotten rather than freed. */
static void forget_changing(osip_message_t *m)
{
    osip_list_t *const lists[] = {&m->vias, &m->contacts, &m->routes, &m->record_routes,
                                  &m->bodies};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        osip_list_init(lists[i]);
    m->content_length = NULL;
    m->req_uri = NULL;
    int at = osip_list_size(&m->headers);
    while (at-- > 0) {
        osip_header_t *h = osip_list_get(&m->headers, at);
        if (h->hname && strcasecmp(h->hname, "max-forwards") == 0)
            osip_list_remove(&m->headers, at);
    }
}

const char *wire_kept(const char *bytes, size_t n)
{
    osip_message_t *m = memchr(bytes, '\0', n) ? NULL : wire_read(bytes, n); /* C strings to it */
    char *text = NULL;
    size_t length = 0;
    if (!m)
        return NULL;
    struct allocators former = enter();
    forget_changing(m);
    if (MSG_IS_REQUEST(m) && osip_uri_init(&m->req_uri) == 0)
        osip_uri_parse(m->req_uri, "sip:anything@any.example");
    int bad = osip_message_force_update(m) != 0 || osip_message_to_str(m, &text, &length) != 0;
    leave(former);
    return bad ? NULL : text;
}

const char *wire_header(osip_message_t *m, const char *name, int index)
{
    osip_header_t *h = NULL;
    int at = -1;
    for (int i = 0; i <= index; i++) {
        at = osip_message_header_get_byname(m, name, at + 1, &h);
        if (at < 0 || !h)
            return NULL;
    }
    return h->hvalue ? h->hvalue : "";
}

const char *wire_uri(const osip_uri_t *uri)
{
    struct allocators former = enter();
    char *text = NULL;
    if (!uri || osip_uri_to_str(uri, &text) != 0)
        text = NULL;
    leave(former);
    return text;
}

const char *wire_uri_at(const osip_uri_t *uri, const char *host, unsigned port)
{
    osip_uri_t other = *uri;
    char text[16];
    snprintf(text, sizeof text, "%u", port);
    other.host = (char *)(uintptr_t)wire_copy(host, strlen(host));
    other.port = (char *)(uintptr_t)wire_copy(text, strlen(text));
    return wire_uri(&other);
}

const char *wire_from_text(const osip_from_t *from)
{
    struct allocators former = enter();
    char *text = NULL;
    if (!from || osip_from_to_str(from, &text) != 0)
        text = NULL;
    leave(former);
    return text;
}

const char *wire_param(osip_list_t *params, const char *name)
{
    osip_generic_param_t *p = NULL;
    /* libosip2 does not change the name but does not say so */
    if (osip_uri_param_get_byname(params, (char *)(uintptr_t)name, &p) != 0 || !p)
        return NULL;
    return p->gvalue ? p->gvalue : "";
}

const char *wire_tag(const osip_from_t *from)
{
    return from ? wire_param((osip_list_t *)(uintptr_t)&from->gen_params, "tag") : NULL;
}

/* libosip2 takes the outer multipart apart; of one inside it SDP is what begins with v=0. */
const char *wire_sdp(osip_message_t *m, size_t *n)
{
    const char *type = wire_content_type(m);
    bool alone = type && strcasecmp(type, "application/sdp") == 0;
    if (!alone && (!type || strncasecmp(type, "multipart/", 10) != 0))
        return NULL;
    osip_body_t *b;
    for (int i = 0; (b = osip_list_get(&m->bodies, i)); i++) {
        const char *sdp = b->length ? memmem(b->body, b->length, "v=0", 3) : NULL;
        if (alone)
            sdp = b->length ? b->body : NULL;
        if (!sdp)
            continue;
        *n = b->length - (size_t)(sdp - b->body);
        return sdp;
    }
    return NULL;
}

const char *wire_content_type(osip_message_t *m)
{
    if (!m->content_type || !m->content_type->type || !m->content_type->subtype)
        return NULL;
    char text[128];
    int n = snprintf(text, sizeof text, "%s/%s", m->content_type->type, m->content_type->subtype);
    return wire_copy(text, n < (int)sizeof text ? (size_t)n : sizeof text - 1);
}

const char *wire_call_id(osip_message_t *m)
{
    char text[512];
    int n = snprintf(text, sizeof text, "%s%s%s", m->call_id->number, m->call_id->host ? "@" : "",
                     m->call_id->host ? m->call_id->host : "");
    return wire_copy(text, n < (int)sizeof text ? (size_t)n : sizeof text - 1);
}
