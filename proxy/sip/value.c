/*
 * value.c - URIs, addresses and Vias. The only file that includes libosip2.
 *
 * Each reader first finds the parts itself, by the grammar; then libosip2 reads a copy of the same
 * bytes, and the hosts, ports and what else decides about routing must be the same.
 */
#include "proxy/sip/value.h"
#include "proxy/sip/scan.h"

#include <errno.h>
#include <stdalign.h>
#include <osipparser2/osip_parser.h>

/* ---- libosip2 at work on a copy ------------------------------------------------------------- */

/* libosip2 allocates every word it reads. All of that dies when the reader returns, so it comes
 * from one scratch arena and is never freed one by one. */
#define ARENA_SIZE 65536

static struct {
    size_t used;
    alignas(max_align_t) char bytes[ARENA_SIZE];
} arena;

static void *arena_alloc(size_t n)
{
    size_t rounded = (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (rounded < n || rounded > sizeof arena.bytes - arena.used)
        return NULL;
    void *p = arena.bytes + arena.used;
    arena.used += rounded;
    return p;
}

/* None of the parsers used here grows a block. */
static void *arena_realloc(void *p, size_t n)
{
    (void)p;
    (void)n;
    return NULL;
}

static void arena_free(void *p)
{
    (void)p;
}

struct allocators {
    osip_malloc_func_t *alloc;
    osip_realloc_func_t *grow;
    osip_free_func_t *release;
};

/* The hooks are global to the process: others who use libosip2 (our tests do) find their own again.
 */
static struct allocators arena_enter(void)
{
    struct allocators before = {osip_malloc_func, osip_realloc_func, osip_free_func};
    arena.used = 0;
    osip_set_allocators(arena_alloc, arena_realloc, arena_free);
    return before;
}

static void arena_leave(struct allocators before)
{
    osip_set_allocators(before.alloc, before.grow, before.release);
}

/* libosip2 knows no tabs, folds, bytes above 127 or quoted control bytes where we accept them: in
 * its copy they are spaces and underscores. Every byte keeps its place. */
static void copy_tidy(char *copy, size_t n)
{
    unsigned char odd = 0;
    for (size_t i = 0; i < n; i++)
        odd |= (unsigned char)((signed char)copy[i] < 0x20 || copy[i] == 0x7f);
    if (!odd)
        return;
    for (size_t i = 0; i < n; i++) {
        if (is_lws(copy[i]))
            copy[i] = ' ';
        else if ((signed char)copy[i] < 0x20 || copy[i] == 0x7f)
            copy[i] = '_';
    }
}

static const char *text_copy(struct span text)
{
    char *copy = arena_alloc(text.n + 1);
    if (!copy)
        return NULL;
    memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    copy_tidy(copy, text.n);
    return copy;
}

static bool same(const char *theirs, struct span ours)
{
    return theirs ? span_is(span_str(theirs), ours) : ours.n == 0;
}

/* ---- host and port -------------------------------------------------------------------------- */

static size_t host_skip(struct span s, size_t at)
{
    if (at < s.n && s.p[at] == '[') {
        while (at < s.n && s.p[at] != ']')
            at++;
        return at < s.n ? at + 1 : s.n;
    }
    /* The underscore is in no host name of RFC 1123, yet in many a name that people give. */
    while (at < s.n && (is_alnum(s.p[at]) || s.p[at] == '-' || s.p[at] == '.' || s.p[at] == '_'))
        at++;
    return at;
}

/* The grammar of RFC 3261 lets a third colon stand between "::" and a dotted quad, which RFC 5118
 * §4.10 has us tolerate: it means the same without. */
static int ip6_read(struct span host, struct addr *addr)
{
    struct addr quad;
    char text[ADDR_TEXT];
    const char *colons = memmem(host.p, host.n, ":::", 3);
    size_t before = colons ? (size_t)(colons - host.p) + 2 : 0;
    struct span behind = span_from(host, before + 1);
    if (!colons || host.n > sizeof text || addr_parse_ip(behind, &quad) || quad.family != ADDR_IP4)
        return addr_parse_ip(host, addr);
    memcpy(text, host.p, before);
    memcpy(text + before, behind.p, behind.n);
    return addr_parse_ip(span_of(text, before + behind.n), addr);
}

/* "host" or "[ip6]" as written -> the host alone, and its address if it is a literal. */
static bool host_read(struct span text, struct span *host, struct addr *addr)
{
    *addr = (struct addr){0};
    *host = text;
    if (text.n == 0)
        return false;
    if (text.p[0] == '[') {
        if (text.n < 3 || text.p[text.n - 1] != ']')
            return false;
        *host = span_of(text.p + 1, text.n - 2);
        return ip6_read(*host, addr) == 0 && addr->family == ADDR_IP6;
    }
    if (is_digit(text.p[0]))
        (void)addr_parse_ip(text, addr); /* a name may begin with a digit */
    return true;
}

static bool port_read(struct span digits, uint16_t *port)
{
    uint64_t number;
    if (!span_number(digits, UINT16_MAX, &number) || number == 0)
        return false;
    *port = (uint16_t)number;
    return true;
}

/* ---- URI ------------------------------------------------------------------------------------ */

static size_t byte_find(struct span s, size_t from, char c)
{
    const char *p = from < s.n ? memchr(s.p + from, c, s.n - from) : NULL;
    return p ? (size_t)(p - s.p) : s.n;
}

/* What stands in no URI whatever its scheme: white space, control bytes, what delimits one. */
static bool uri_bytes_allowed(struct span text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == ' ' || is_control(c) || c == '<' || c == '>' || c == '"')
            return false;
    }
    return true;
}

/* libosip2's lists make each addition walk what is there: few separators, little work. */
static bool uri_tail_allowed(struct span tail)
{
    unsigned separators = 0;
    for (size_t i = 0; i < tail.n; i++)
        separators += tail.p[i] == ';' || tail.p[i] == '&';
    return separators <= SIP_MAX_PARAMS && uri_bytes_allowed(tail);
}

static size_t scheme_length(struct span text)
{
    size_t n = 0;
    if (text.n == 0 || is_digit(text.p[0]))
        return 0;
    while (n < text.n && (is_alnum(text.p[n]) || strchr("+-.", text.p[n])))
        n++;
    return n < text.n && text.p[n] == ':' ? n : 0;
}

static bool is_sip_scheme(struct span scheme)
{
    return span_is_nocase(scheme, span_str("sip")) || span_is_nocase(scheme, span_str("sips"));
}

/* Everything after "sip:", by the grammar of §25.1; the user may contain ';' and '?'. */
static int sip_uri_split(struct sip_uri *uri)
{
    struct span text = uri->whole;
    size_t host = uri->scheme.n + 1;
    size_t at = byte_find(text, host, '@');
    if (at < text.n) {
        uri->user = span_between(text, host, at);
        host = at + 1;
    }
    size_t end = host_skip(text, host);
    if (!host_read(span_between(text, host, end), &uri->host, &uri->addr))
        return EINVAL;
    if (end < text.n && text.p[end] == ':') {
        size_t port = ++end;
        while (end < text.n && is_digit(text.p[end]))
            end++;
        if (!port_read(span_between(text, port, end), &uri->port))
            return EINVAL;
    }
    if (end < text.n && text.p[end] != ';' && text.p[end] != '?')
        return EINVAL;
    uri->addr.port = uri->addr.family ? uri->port : 0;
    uri->hostport = span_between(text, host, end);
    if (!uri_bytes_allowed(uri->user) || !uri_tail_allowed(span_from(text, end)))
        return EINVAL;
    size_t headers = byte_find(text, end, '?');
    uri->params = span_between(text, end, headers);
    uri->headers = span_from(text, headers);
    return 0;
}

/* Finds the parts; *split = there is something that libosip2 is to confirm. */
static int uri_locate(struct span text, struct sip_uri *out, bool *split)
{
    *out = (struct sip_uri){.whole = text};
    *split = false;
    size_t scheme = scheme_length(text);
    if (scheme == 0 || scheme + 1 == text.n || text.n > SIP_MAX_ELEMENT)
        return EINVAL;
    out->scheme = span_of(text.p, scheme);
    if (!is_sip_scheme(out->scheme))
        return uri_bytes_allowed(text) ? 0 : EINVAL;
    *split = true;
    return sip_uri_split(out);
}

/* The digits of the port as written: libosip2 keeps leading zeros. */
static struct span port_digits(const struct sip_uri *uri)
{
    const char *end = uri->hostport.p + uri->hostport.n;
    const char *p = end;
    if (uri->port == 0)
        return span_of(NULL, 0);
    while (p[-1] != ':')
        p--;
    return span_of(p, (size_t)(end - p));
}

static bool uri_agrees(const osip_uri_t *theirs, const struct sip_uri *ours)
{
    return theirs && same(theirs->scheme, ours->scheme) && same(theirs->host, ours->host) &&
           same(theirs->port, port_digits(ours)) &&
           (theirs->username != NULL) == (ours->user.n > 0);
}

static bool uri_confirm(const struct sip_uri *uri)
{
    osip_uri_t *theirs;
    struct allocators before = arena_enter();
    const char *copy = text_copy(uri->whole);
    bool agrees = copy && osip_uri_init(&theirs) == OSIP_SUCCESS &&
                  osip_uri_parse(theirs, copy) == OSIP_SUCCESS && uri_agrees(theirs, uri);
    arena_leave(before);
    return agrees;
}

int sip_uri_read(struct span text, struct sip_uri *out)
{
    bool split;
    if (uri_locate(text, out, &split))
        return EINVAL;
    return !split || uri_confirm(out) ? 0 : EINVAL;
}

/* ---- name-addr ------------------------------------------------------------------------------ */

/* Offset of the '<' of a name-addr, s.n where the element is an addr-spec, s.n + 1 where it is
 * neither. An unquoted display name is words, none of which holds ':' '"' or a separator. */
static size_t bracket_find(struct span s)
{
    if (s.p[0] == '"') {
        size_t after = quoted_skip(s, 0);
        size_t bracket = after <= s.n ? lws_skip(s, after) : s.n;
        return bracket < s.n && s.p[bracket] == '<' ? bracket : s.n + 1;
    }
    for (size_t at = 0; at < s.n; at++) {
        if (s.p[at] == '<')
            return at;
        if (s.p[at] == ':' || s.p[at] == ';' || s.p[at] == '"')
            return s.n;
    }
    return s.n + 1;
}

/* The URI ends at the first ';' or white space: what it may not hold without brackets (§20.10). */
static size_t addr_spec_skip(struct span s)
{
    size_t at = 0;
    while (at < s.n && s.p[at] != ';' && !is_lws(s.p[at]))
        at++;
    return at;
}

static int name_addr_locate(struct span element, struct sip_name_addr *out, bool *split)
{
    struct span s = span_trim(element);
    *out = (struct sip_name_addr){.whole = s};
    *split = false;
    if (s.n == 0 || s.n > SIP_MAX_ELEMENT)
        return EINVAL;
    out->star = s.n == 1 && s.p[0] == '*';
    if (out->star)
        return 0;
    size_t bracket = bracket_find(s);
    if (bracket > s.n)
        return EINVAL;
    out->bracketed = bracket < s.n;
    size_t from = out->bracketed ? bracket + 1 : 0;
    size_t to = out->bracketed ? byte_find(s, from, '>') : addr_spec_skip(s);
    if (out->bracketed && to == s.n)
        return EINVAL;
    struct span uri = span_between(s, from, to);
    if (!out->bracketed && (byte_find(uri, 0, ',') < uri.n || byte_find(uri, 0, '?') < uri.n))
        return EINVAL;
    out->params = span_from(s, lws_skip(s, out->bracketed ? to + 1 : to));
    if (!params_sound(out->params))
        return EINVAL;
    return uri_locate(uri, &out->uri, split);
}

static bool name_addr_confirm(const struct sip_name_addr *ours)
{
    osip_from_t *theirs;
    struct allocators before = arena_enter();
    const char *copy = text_copy(ours->whole);
    bool agrees = copy && osip_from_init(&theirs) == OSIP_SUCCESS &&
                  osip_from_parse(theirs, copy) == OSIP_SUCCESS &&
                  uri_agrees(theirs->url, &ours->uri);
    arena_leave(before);
    return agrees;
}

int sip_name_addr_read(struct span element, struct sip_name_addr *out)
{
    bool split;
    if (name_addr_locate(element, out, &split))
        return EINVAL;
    if (!split)
        return 0;
    /* Around a URI as short as "sip:h" libosip2 takes no address; the URI itself it does. */
    bool agrees = out->uri.whole.n < 6 ? uri_confirm(&out->uri) : name_addr_confirm(out);
    return agrees ? 0 : EINVAL;
}

int sip_tag_read(struct span value, struct span *tag)
{
    struct sip_name_addr party;
    if (sip_name_addr_read(value, &party) || party.star)
        return EINVAL;
    *tag = span_of(NULL, 0);
    struct span where;
    if (!sip_param(party.params, "tag", tag, &where))
        return 0;
    /* It names a dialog: it has a value and stands once (§7.3.1). */
    struct span rest = span_from(party.params, (size_t)(where.p + where.n - party.params.p));
    return tag->n == 0 || sip_param(rest, "tag", NULL, NULL) ? EINVAL : 0;
}

/* ---- Via ------------------------------------------------------------------------------------ */

/* One of the three parts of "SIP / 2.0 / UDP"; at stops behind it, before a '/' or the sent-by. */
static struct span protocol_part(struct span s, size_t *at)
{
    size_t from = lws_skip(s, *at);
    *at = token_skip(s, from);
    return span_between(s, from, *at);
}

static bool slash_take(struct span s, size_t *at)
{
    *at = lws_skip(s, *at);
    if (*at == s.n || s.p[*at] != '/')
        return false;
    ++*at;
    return true;
}

/* host [":" port], where white space may stand around the colon. */
static int sent_by_locate(struct span s, size_t *at, struct sip_via *out, struct span *digits)
{
    struct addr unused;
    size_t from = *at;
    size_t end = host_skip(s, from);
    if (!host_read(span_between(s, from, end), &out->host, &unused))
        return EINVAL;
    size_t colon = lws_skip(s, end);
    if (colon < s.n && s.p[colon] == ':') {
        size_t port = lws_skip(s, colon + 1);
        end = port;
        while (end < s.n && is_digit(s.p[end]))
            end++;
        *digits = span_between(s, port, end);
        if (!port_read(*digits, &out->port))
            return EINVAL;
    }
    out->sent_by = span_between(s, from, end);
    *at = end;
    return 0;
}

static int via_param_take(struct sip_via *out, const struct param *param)
{
    if (span_is_nocase(param->name, span_str("branch"))) {
        if (out->branch.p || param->value.n == 0)
            return EINVAL; /* two keys for one transaction, or none */
        out->branch = param->value;
    } else if (span_is_nocase(param->name, span_str("received"))) {
        out->received = param->value;
    } else if (span_is_nocase(param->name, span_str("rport"))) {
        out->has_rport = true;
        if (param->value.p && !port_read(param->value, &out->rport))
            return EINVAL;
    }
    return 0;
}

static int via_params_read(struct sip_via *out)
{
    struct span rest = out->params;
    struct param param;
    unsigned n = 0;
    while (param_next(&rest, &param)) {
        if (param.odd || ++n > SIP_MAX_PARAMS || via_param_take(out, &param))
            return EINVAL;
    }
    return param.odd ? EINVAL : 0;
}

static int via_locate(struct span s, struct sip_via *out, struct span *digits)
{
    size_t at = 0;
    *out = (struct sip_via){.whole = s};
    *digits = span_of(NULL, 0);
    if (!span_is_nocase(protocol_part(s, &at), span_str("SIP")) || !slash_take(s, &at))
        return EINVAL;
    if (protocol_part(s, &at).n == 0 || !slash_take(s, &at))
        return EINVAL;
    out->transport = protocol_part(s, &at);
    size_t sent_by = lws_skip(s, at);
    if (out->transport.n == 0 || sent_by == at)
        return EINVAL;
    if (sent_by_locate(s, &sent_by, out, digits))
        return EINVAL;
    out->params = span_from(s, lws_skip(s, sent_by));
    return via_params_read(out);
}

static bool via_confirm(const struct sip_via *ours, struct span digits)
{
    osip_via_t *theirs;
    struct allocators before = arena_enter();
    const char *copy = text_copy(ours->whole);
    bool agrees = copy && osip_via_init(&theirs) == OSIP_SUCCESS &&
                  osip_via_parse(theirs, copy) == OSIP_SUCCESS &&
                  same(theirs->protocol, ours->transport) && same(theirs->host, ours->host) &&
                  same(theirs->port, digits);
    arena_leave(before);
    return agrees;
}

int sip_via_read(struct span value, struct sip_via *out)
{
    struct span via, digits;
    if (!sip_list_next(&value, &via) || via.n > SIP_MAX_ELEMENT || via_locate(via, out, &digits))
        return EINVAL;
    return via_confirm(out, digits) ? 0 : EINVAL;
}
