#include "tests/sim/invariants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---------------------------------------------------------------- a reader of lines */

#define MAX_LINES 200

enum line_class {
    LINE_KEPT, /* the same bytes on both sides */
    LINE_VIA,
    LINE_CONTACT,
    LINE_ROUTING, /* Route, Record-Route, Path, Service-Route: never crosses as it is */
    LINE_HOPS,
    LINE_LENGTH,
    LINE_IDENTITY, /* hosts may be translated */
};

static const struct {
    const char *name, *compact;
    enum line_class class;
} known[] = {
    {"Via", "v", LINE_VIA},
    {"Contact", "m", LINE_CONTACT},
    {"Route", NULL, LINE_ROUTING},
    {"Record-Route", NULL, LINE_ROUTING},
    {"Path", NULL, LINE_ROUTING},
    {"Service-Route", NULL, LINE_ROUTING},
    {"Max-Forwards", NULL, LINE_HOPS},
    {"Content-Length", "l", LINE_LENGTH},
    {"Refer-To", "r", LINE_IDENTITY},
    {"Referred-By", "b", LINE_IDENTITY},
    {"Diversion", NULL, LINE_IDENTITY},
    {"History-Info", NULL, LINE_IDENTITY},
    {"P-Asserted-Identity", NULL, LINE_IDENTITY},
    {"P-Preferred-Identity", NULL, LINE_IDENTITY},
    {"Remote-Party-ID", NULL, LINE_IDENTITY},
    {"From", "f", LINE_KEPT},
    {"To", "t", LINE_KEPT},
    {"Call-ID", "i", LINE_KEPT},
    {"CSeq", NULL, LINE_KEPT},
    {"RSeq", NULL, LINE_KEPT},
    {"Content-Type", "c", LINE_KEPT},
    {"Content-Encoding", "e", LINE_KEPT},
    {"Supported", "k", LINE_KEPT},
    {"Event", "o", LINE_KEPT},
    {"Allow-Events", "u", LINE_KEPT},
    {"Session-Expires", "x", LINE_KEPT},
    {"Subject", "s", LINE_KEPT},
    {"Accept-Contact", "a", LINE_KEPT},
    {"Reject-Contact", "j", LINE_KEPT},
    {"Request-Disposition", "d", LINE_KEPT},
    {"Identity", "y", LINE_KEPT},
    {"Identity-Info", "n", LINE_KEPT},
};
#define KNOWN (sizeof known / sizeof known[0])
enum {
    K_VIA = 0,
    K_CONTACT = 1,
    K_ROUTE = 2,
    K_MAX_FORWARDS = 6,
    K_LENGTH = 7,
    K_FROM = 15,
    K_TO,
    K_CALL_ID,
    K_CSEQ,
    K_RSEQ,
    K_TYPE
};

struct line {
    struct span whole, name, value;
    int known; /* index, or -1 */
};

struct text {
    struct span start, body;
    struct line lines[MAX_LINES];
    unsigned n;
    int first[KNOWN]; /* line, or -1 */
    bool request;
    struct span word[3]; /* of the start line: method URI version, or version status reason */
};

static int known_header(struct span name)
{
    for (size_t i = 0; i < KNOWN; i++) {
        if (span_is_nocase(name, span_str(known[i].name)) ||
            (known[i].compact && span_is_nocase(name, span_str(known[i].compact))))
            return (int)i;
    }
    return -1;
}

static size_t line_end(struct span s, size_t at)
{
    const char *nl = at < s.n ? memchr(s.p + at, '\n', s.n - at) : NULL;
    return nl ? (size_t)(nl - s.p) + 1 : s.n;
}

static void read_words(struct text *t)
{
    struct span rest = span_trim(t->start);
    for (int i = 0; i < 3; i++) {
        size_t n = 0;
        while (n < rest.n && (rest.p[n] != ' ' || i == 2))
            n++;
        t->word[i] = span_of(rest.p, n);
        rest = span_from(rest, n < rest.n ? n + 1 : n);
    }
    t->request = !span_begins(t->start, "SIP/");
}

static bool read_text(struct span s, struct text *t)
{
    size_t at = line_end(s, 0);
    t->start = span_of(s.p, at);
    t->n = 0;
    for (size_t i = 0; i < KNOWN; i++)
        t->first[i] = -1;
    read_words(t);
    while (at < s.n && s.p[at] != '\r' && s.p[at] != '\n') {
        size_t end = line_end(s, at);
        while (end < s.n && (s.p[end] == ' ' || s.p[end] == '\t'))
            end = line_end(s, end); /* folded */
        if (t->n == MAX_LINES)
            return false;
        struct line *l = &t->lines[t->n];
        l->whole = span_of(s.p + at, end - at);
        const char *colon = memchr(l->whole.p, ':', l->whole.n);
        if (!colon)
            return false;
        l->name = span_trim(span_of(l->whole.p, (size_t)(colon - l->whole.p)));
        l->value = span_trim(span_from(l->whole, (size_t)(colon - l->whole.p) + 1));
        l->known = known_header(l->name);
        if (l->known >= 0 && t->first[l->known] < 0)
            t->first[l->known] = (int)t->n;
        t->n++;
        at = end;
    }
    t->body = span_from(s, line_end(s, at));
    return t->first[K_VIA] >= 0 && t->first[K_FROM] >= 0 && t->first[K_TO] >= 0 &&
           t->first[K_CALL_ID] >= 0 && t->first[K_CSEQ] >= 0;
}

static struct span value(const struct text *t, int known_index)
{
    int i = t->first[known_index];
    return i >= 0 ? t->lines[i].value : span_of(NULL, 0);
}

static enum line_class class_of(const struct line *l)
{
    return l->known >= 0 ? known[l->known].class : LINE_KEPT;
}

static struct span param(struct span v, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i + n + 1 < v.n; i++) {
        if (v.p[i] != ';' || strncasecmp(v.p + i + 1, name, n) != 0 || v.p[i + 1 + n] != '=')
            continue;
        size_t from = i + n + 2, to = from;
        while (to < v.n && !strchr(";, \t\r\n>", v.p[to]))
            to++;
        return span_of(v.p + from, to - from);
    }
    return span_of(NULL, 0);
}

static struct span method_of(const struct text *t)
{
    struct span cseq = value(t, K_CSEQ);
    size_t i = cseq.n;
    while (i > 0 && cseq.p[i - 1] != ' ')
        i--;
    return t->request ? t->word[0] : span_from(cseq, i);
}

static int status_of(const struct text *t)
{
    uint64_t n = 0;
    return !t->request && span_number(t->word[1], 699, &n) ? (int)n : 0;
}

static bool is(struct span s, const char *text)
{
    return span_is(s, span_str(text));
}

static uint64_t hash(struct span s, uint64_t h)
{
    size_t i = 0;
    for (; i + 8 <= s.n; i += 8) {
        uint64_t w;
        memcpy(&w, s.p + i, 8);
        h = (h ^ w) * 0x9fb21c651e98df25u;
        h ^= h >> 32;
    }
    for (; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
    h = (h ^ (h >> 29)) * 0xff51afd7ed558ccdu;
    return h ^ (h >> 32);
}

/* ---------------------------------------------------------------- what is kept */

#define BUCKETS 16384
#define SEEN_FEW (1u << 11) /* places to begin with; powers of 2 */
#define SEEN_MOST (1u << 19)
#define SEEN_WAYS 8   /* places a hash may stand in */
#define KEPT_MS 90000 /* what did not cross by then never will: it was absorbed */
#define PATIENCE_MS 700000

struct judge_message {
    struct judge_message *chain, *newer;
    uint64_t key;
    sim_msec at;
    size_t n;
    bool gone;
    char bytes[];
};

struct judge_seen {
    uint64_t hash;
    sim_msec at;
};

struct judge_txn {
    struct judge_txn *chain, *newer;
    uint64_t key;
    sim_msec at;
    int status; /* final; 0 = none yet */
    uint64_t to_tag;
    unsigned vias;
    bool invite, wild;
    char what[48];
};

void invariants_init(struct invariants *j, struct world *w)
{
    memset(j, 0, sizeof *j);
    j->world = w;
    j->messages = calloc(BUCKETS, sizeof *j->messages);
    j->txns = calloc(BUCKETS, sizeof *j->txns);
    j->seen = calloc(SEEN_FEW, sizeof *j->seen);
    j->room_seen = SEEN_FEW;
    if (!j->messages || !j->txns || !j->seen)
        abort();
    j->newest = &j->oldest;
    j->last_txn = &j->first_txn;
}

static void message_out_of_chain(struct invariants *j, struct judge_message *m)
{
    struct judge_message **at = &j->messages[m->key % BUCKETS];
    while (*at != m)
        at = &(*at)->chain;
    *at = m->chain;
    m->gone = true;
}

static void forget_messages(struct invariants *j, sim_msec before)
{
    while (j->oldest && (j->oldest->at < before || j->oldest->gone)) {
        struct judge_message *m = j->oldest;
        if (!m->gone)
            message_out_of_chain(j, m);
        j->oldest = m->newer;
        if (!j->oldest)
            j->newest = &j->oldest;
        free(m);
    }
}

static bool may_stay_silent(const struct judge_txn *t)
{
    return t->wild || (!t->invite && strncmp(t->what, "REGISTER", 8) != 0);
}

static void forget_txns(struct invariants *j, sim_msec before, bool all)
{
    while (j->first_txn && (j->first_txn->at < before || all)) {
        struct judge_txn *t = j->first_txn;
        if (t->status == 0 && !may_stay_silent(t) && !all)
            world_fail(j->world, "never answered: %s of %.1f s", t->what, (double)t->at / 1000);
        struct judge_txn **at = &j->txns[t->key % BUCKETS];
        while (*at != t)
            at = &(*at)->chain;
        *at = t->chain;
        j->first_txn = t->newer;
        if (!j->first_txn)
            j->last_txn = &j->first_txn;
        free(t);
    }
}

void invariants_free(struct invariants *j)
{
    forget_messages(j, UINT64_MAX);
    forget_txns(j, 0, true);
    free(j->messages);
    free(j->txns);
    free(j->seen);
    memset(j, 0, sizeof *j);
}

void invariants_forbid(struct invariants *j, enum side toward, const struct addr *peer,
                       const char *text)
{
    if (j->n_forbidden == JUDGE_MAX_FORBIDDEN)
        abort();
    struct judge_forbidden *f = &j->forbidden[j->n_forbidden++];
    f->toward = toward;
    f->peer = peer ? *peer : (struct addr){0};
    snprintf(f->text, sizeof f->text, "%s", text);
}

static void fail_with(struct invariants *j, const char *what, struct span in, struct span out)
{
    world_fail(j->world, "%s\n---- in:\n%.*s\n---- out:\n%.*s", what, (int)in.n, in.p ? in.p : "",
               (int)out.n, out.p);
}

/* ---------------------------------------------------------------- transactions */

static uint64_t txn_key(const struct text *t, uint16_t socket)
{
    struct span via = value(t, K_VIA);
    size_t n = 0;
    while (n < via.n && via.p[n] != ';' && via.p[n] != ',')
        n++;
    uint64_t h = hash(span_of(via.p, n), socket);
    h = hash(param(via, "branch"), h);
    return hash(value(t, K_CALL_ID), hash(value(t, K_CSEQ), h));
}

static struct judge_txn *txn_find(struct invariants *j, uint64_t key)
{
    struct judge_txn *t = j->txns[key % BUCKETS];
    while (t && t->key != key)
        t = t->chain;
    return t;
}

static unsigned count_of(const struct text *t, int index)
{
    unsigned n = 0;
    for (unsigned i = 0; i < t->n; i++)
        n += t->lines[i].known == index;
    return n;
}

static void note_request(struct invariants *j, const struct text *t, uint16_t socket, bool wild)
{
    uint64_t key = txn_key(t, socket);
    if (is(t->word[0], "ACK") || txn_find(j, key))
        return;
    struct judge_txn *n = calloc(1, sizeof *n);
    if (!n)
        abort();
    n->key = key;
    n->at = j->world->now;
    n->wild = wild || j->silence;
    n->invite = is(t->word[0], "INVITE");
    n->vias = count_of(t, K_VIA);
    struct span id = value(t, K_CALL_ID);
    snprintf(n->what, sizeof n->what, "%.*s %.*s", (int)t->word[0].n, t->word[0].p, (int)id.n,
             id.p);
    n->chain = j->txns[key % BUCKETS];
    j->txns[key % BUCKETS] = n;
    *j->last_txn = n;
    j->last_txn = &n->newer;
    j->transactions++;
}

static void judge_response(struct invariants *j, const struct text *t, uint16_t socket,
                           struct span out)
{
    struct judge_txn *x = txn_find(j, txn_key(t, socket));
    int status = status_of(t);
    if (!x) {
        fail_with(j, "a response to nothing that was asked", span_of("", 0), out);
        return;
    }
    if (count_of(t, K_VIA) != x->vias)
        fail_with(j, "a response without the Vias of its request", span_of("", 0), out);
    if (status < 200) {
        if (x->status)
            fail_with(j, "a provisional response after the final one", span_of("", 0), out);
        return;
    }
    uint64_t tag = hash(param(value(t, K_TO), "tag"), 5);
    if (x->status && (x->status != status || x->to_tag != tag))
        fail_with(j, "a second final response", span_str(x->what), out);
    x->status = status;
    x->to_tag = tag;
}

void invariants_answered(struct invariants *j)
{
    for (struct judge_txn *t = j->first_txn; t; t = t->newer) {
        if (t->status == 0 && !may_stay_silent(t))
            world_fail(j->world, "never answered: %s of %.1f s", t->what, (double)t->at / 1000);
    }
}

/* ---------------------------------------------------------------- comparison */

static bool stripped(const struct invariants *j, const struct line *l)
{
    for (int i = 0; j->strip[i]; i++) {
        if (span_is_nocase(l->name, span_str(j->strip[i])))
            return true;
    }
    return false;
}

/* The same line, or the same with its name made short. */
static bool same_line(const struct line *a, const struct line *b)
{
    if (span_is(a->whole, b->whole))
        return true;
    return b->name.n == 1 && a->known == b->known && a->known >= 0 && span_is(a->value, b->value);
}

static const struct line *next_kept(const struct text *t, unsigned *i)
{
    while (*i < t->n && class_of(&t->lines[*i]) != LINE_KEPT)
        (*i)++;
    return *i < t->n ? &t->lines[(*i)++] : NULL;
}

static const char *compare_kept(const struct invariants *j, const struct text *in,
                                const struct text *out)
{
    unsigned a = 0, b = 0;
    for (;;) {
        const struct line *la = next_kept(in, &a);
        unsigned before = b;
        const struct line *lb = next_kept(out, &b);
        if (!la && !lb)
            return NULL;
        if (la && lb && same_line(la, lb))
            continue;
        bool dropped =
            la && la->known == K_TYPE && out->body.n == 0; /* SDP of a call that is over */
        if (!la || (!dropped && !stripped(j, la)))
            return "a header line that must not change did";
        b = before;
    }
}

static const char *compare_counts(const struct text *in, const struct text *out)
{
    for (int k = 0; k < (int)KNOWN; k++) {
        if (known[k].class != LINE_IDENTITY)
            continue;
        if (count_of(in, k) != count_of(out, k))
            return "an identity header came or went";
    }
    bool registers = is(method_of(in), "REGISTER") && !in->request;
    if (!registers && (count_of(in, K_CONTACT) > 0) != (count_of(out, K_CONTACT) > 0))
        return "Contact came or went";
    if (value(in, K_LENGTH).p && !value(out, K_LENGTH).p)
        return "Content-Length went";
    return NULL;
}

static const char *compare_hops(const struct text *in, const struct text *out)
{
    uint64_t a = 71, b = 0;
    if (!in->request)
        return NULL;
    struct span before = value(in, K_MAX_FORWARDS), after = value(out, K_MAX_FORWARDS);
    if ((before.p && !span_number(before, 1000, &a)) || !span_number(after, 1000, &b) || b + 1 != a)
        return "Max-Forwards is not one less";
    return NULL;
}

/* Lines of SDP in which addresses, ports and ICE may differ. */
static bool sdp_line_may_change(struct span l)
{
    static const char *const begins[] = {"o=",
                                         "c=",
                                         "m=",
                                         "a=rtcp:",
                                         "a=candidate:",
                                         "a=ice-",
                                         "a=remote-candidates:",
                                         "a=end-of-candidates"};
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        if (span_begins(l, begins[i]))
            return true;
    }
    return false;
}

static struct span next_line(struct span *rest)
{
    size_t n = line_end(*rest, 0);
    struct span l = span_of(rest->p, n);
    *rest = span_from(*rest, n);
    return l;
}

#define SDP_WORDS 8
static unsigned words_of(struct span l, struct span words[SDP_WORDS])
{
    unsigned n = 0;
    for (size_t at = 0, from; n < SDP_WORDS; n++) {
        while (at < l.n && (l.p[at] == ' ' || l.p[at] == '\t'))
            at++;
        if (at == l.n)
            break;
        for (from = at; at < l.n && ((l.p[at] != ' ' && l.p[at] != '\t') || n + 1 == SDP_WORDS);)
            at++;
        words[n] = span_of(l.p + from, at - from);
    }
    return n;
}

/* m= but for its port; o= and c= but for family and address. */
static bool same_but_address(struct span a, struct span b)
{
    struct span wa[SDP_WORDS], wb[SDP_WORDS];
    bool media = span_begins(a, "m=");
    unsigned na = words_of(span_from(a, 2), wa), nb = words_of(span_from(b, 2), wb);
    if (na != nb)
        return false;
    for (unsigned i = 0; i < na; i++) {
        bool free = media ? i == 1 : i + 2 >= na;
        bool net = !media && i + 3 == na; /* "in" may become "IN" with the address */
        if (!free && !(net ? span_is_nocase(wa[i], wb[i]) : span_is(wa[i], wb[i])))
            return false;
    }
    return true;
}

static bool is_ice(struct span l)
{
    return span_begins(l, "a=candidate") || span_begins(l, "a=ice-") ||
           span_begins(l, "a=remote-candidates") || span_begins(l, "a=end-of-candidates");
}

static const char *compare_sdp(struct span in, struct span out)
{
    static const char what[] = "a line of SDP that must not change did";
    while (in.n || out.n) {
        struct span a = next_line(&in), b = next_line(&out);
        bool ice = false;
        for (; is_ice(a) && !span_is(a, b); ice = true)
            a = next_line(&in);
        if (ice && span_begins(a, "--") && span_trim(b).n == 0)
            b = next_line(&out); /* the last line of a part had no end of its own */
        if (span_is(a, b))
            continue;
        if (!sdp_line_may_change(a) || a.n < 2 || b.n < 2 || memcmp(a.p, b.p, 2) != 0)
            return what;
        if (!span_begins(a, "a=") && !same_but_address(span_trim(a), span_trim(b)))
            return what;
    }
    return NULL;
}

static const char *compare_body(const struct invariants *j, const struct text *in,
                                const struct text *out)
{
    struct span type = value(in, K_TYPE);
    bool left_out = out->body.n == 0 && !value(out, K_TYPE).p;
    if (span_is(in->body, out->body) || left_out)
        return NULL;
    if (type.n >= 15 && strncasecmp(type.p, "application/sdp", 15) == 0)
        return j->body_free ? NULL : compare_sdp(in->body, out->body);
    if (type.n >= 10 && strncasecmp(type.p, "multipart/", 10) == 0)
        return j->body_free ? NULL : compare_sdp(in->body, out->body);
    return "a body that is no SDP changed";
}

static const char *compare(const struct invariants *j, const struct text *in,
                           const struct text *out)
{
    const char *wrong = NULL;
    if (!in->request && !span_is(in->start, out->start))
        wrong = "the status line changed";
    if (in->request && (!span_is(in->word[0], out->word[0]) || !span_is(in->word[2], out->word[2])))
        wrong = "method or version changed";
    if (!wrong)
        wrong = compare_kept(j, in, out);
    if (!wrong)
        wrong = compare_counts(in, out);
    if (!wrong)
        wrong = compare_hops(in, out);
    return wrong ? wrong : compare_body(j, in, out);
}

/* ---------------------------------------------------------------- by itself */

static const char *judge_length(const struct text *t)
{
    uint64_t n = 0;
    struct span v = value(t, K_LENGTH);
    if (!v.p)
        return NULL; /* where none came in */
    return span_number(v, 100000, &n) && n == t->body.n ? NULL : "Content-Length is not the body's";
}

static bool contains(struct span s, const char *text)
{
    size_t n = strlen(text);
    const char *p = s.p, *end = s.p + s.n;
    while (p && p < end && (p = memmem(p, (size_t)(end - p), text, n))) {
        bool before = p == s.p || !strchr("0123456789.", p[-1]);
        bool after = text[n - 1] == '.' || p + n == end || !strchr("0123456789", p[n]);
        if (before && after)
            return true;
        p += n;
    }
    return false;
}

/* Those who lead elsewhere may name a third one. */
static bool is_redirect(const struct text *t)
{
    return (status_of(t) >= 300 && status_of(t) < 400) || status_of(t) == 485;
}

static bool carries(const struct text *t, const char *text, bool contacts)
{
    if (t->request && contains(t->word[1], text))
        return true;
    for (unsigned i = 0; i < t->n; i++) {
        enum line_class c = class_of(&t->lines[i]);
        bool route =
            (c == LINE_CONTACT && contacts) || c == LINE_ROUTING || (c == LINE_VIA && t->request);
        if (route && contains(t->lines[i].value, text))
            return true;
    }
    struct span type = value(t, K_TYPE);
    bool sdp = type.p && (span_begins(type, "application/sdp") || span_begins(type, "multipart/"));
    return sdp && contains(t->body, text);
}

static void judge_addresses(struct invariants *j, const struct text *t, enum side toward,
                            const struct addr *to, struct span out)
{
    for (unsigned i = 0; i < j->n_forbidden && !j->addresses_free; i++) {
        const struct judge_forbidden *f = &j->forbidden[i];
        if (f->toward != toward || (addr_is_set(&f->peer) && !addr_same_ip(&f->peer, to)))
            continue;
        bool third = addr_is_set(&f->peer) && is_redirect(t);
        if (carries(t, f->text, !third)) {
            char what[128];
            snprintf(what, sizeof what, "an address of the other side is told: %s", f->text);
            fail_with(j, what, span_of("", 0), out);
        }
    }
}

/* What the proxy may say by itself. */
static bool may_be_own(const struct text *t)
{
    static const int statuses[] = {100, 400, 404, 408, 416, 420, 480, 481, 482,
                                   483, 487, 488, 500, 501, 503, 505, 513};
    struct span m = method_of(t);
    if (t->request)
        return is(m, "OPTIONS") || is(m, "ACK") || is(m, "BYE") || is(m, "CANCEL");
    int status = status_of(t);
    if (status == 200)
        return is(m, "CANCEL") || is(m, "OPTIONS") || is(m, "BYE");
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (statuses[i] == status)
            return true;
    }
    return false;
}

/* ---------------------------------------------------------------- in and out */

static uint64_t crossing_key(const struct text *t, enum side toward)
{
    uint64_t h = hash(value(t, K_CALL_ID), t->request ? 11 + toward : 23 + toward);
    h = hash(value(t, K_CSEQ), h);
    h = hash(t->request ? t->word[0] : t->word[1], h);
    h = hash(param(value(t, K_FROM), "tag"), h);
    h = hash(param(value(t, K_TO), "tag"), h);
    struct span rseq = value(t, K_RSEQ);
    return rseq.p ? hash(rseq, h) : h;
}

void invariants_in(struct invariants *j, const struct core_socket *at, const struct datagram *d)
{
    struct text t;
    forget_messages(j, j->world->now > KEPT_MS ? j->world->now - KEPT_MS : 0);
    forget_txns(j, j->world->now > PATIENCE_MS ? j->world->now - PATIENCE_MS : 0, false);
    if (!read_text(span_of(d->bytes, d->n), &t))
        return;
    if (t.request)
        note_request(j, &t, at->id, d->wild);
    struct judge_message *m = malloc(sizeof *m + d->n);
    if (!m)
        abort();
    *m = (struct judge_message){
        .key = crossing_key(&t, side_other((enum side)at->side)), .at = j->world->now, .n = d->n};
    memcpy(m->bytes, d->bytes, d->n);
    m->chain = j->messages[m->key % BUCKETS];
    j->messages[m->key % BUCKETS] = m;
    *j->newest = m;
    j->newest = &m->newer;
}

/* Made anew on each hop, and may look like what came in on the other. */
static bool hop_by_hop(const struct text *t)
{
    struct span m = method_of(t);
    return is(m, "CANCEL") || (t->request && is(m, "ACK")) || status_of(t) == 100;
}

/* What stands behind the body is not of the message (RFC 3261 §18.3). */
static void cut_to_length(struct text *t)
{
    uint64_t n;
    if (span_number(value(t, K_LENGTH), t->body.n, &n))
        t->body.n = n;
}

/* The message that came in as this one; where it differs from all of them, the reason for the last.
 */
static bool crossed(struct invariants *j, const struct text *out, enum side toward,
                    struct span bytes)
{
    uint64_t key = crossing_key(out, toward);
    const char *wrong = NULL;
    struct judge_message *last = NULL;
    for (struct judge_message *m = j->messages[key % BUCKETS]; m; m = m->chain) {
        struct text in;
        if (m->key != key || !read_text(span_of(m->bytes, m->n), &in))
            continue;
        cut_to_length(&in);
        wrong = compare(j, &in, out);
        last = m;
        if (!wrong) {
            message_out_of_chain(j, m);
            j->compared++;
            return true;
        }
    }
    if (!last)
        return false;
    if (hop_by_hop(out))
        return false;
    fail_with(j, wrong, span_of(last->bytes, last->n), bytes);
    return true;
}

/* The place of a hash, or the oldest of the few where it may stand. */
static struct judge_seen *seen_at(struct invariants *j, uint64_t h)
{
    struct judge_seen *set = &j->seen[h & (j->room_seen - SEEN_WAYS)], *oldest = set;
    for (struct judge_seen *s = set; s < set + SEEN_WAYS; s++) {
        if (s->hash == h)
            return s;
        if (s->at < oldest->at)
            oldest = s;
    }
    return oldest;
}

static void seen_grow(struct invariants *j)
{
    struct judge_seen *old = j->seen;
    unsigned n = j->room_seen;
    j->room_seen = 4 * n;
    j->seen = calloc(j->room_seen, sizeof *j->seen);
    if (!j->seen)
        abort();
    for (unsigned i = 0; i < n; i++) {
        if (old[i].hash)
            *seen_at(j, old[i].hash) = old[i];
    }
    free(old);
}

/* A repetition of what was judged already. Where there is no more room the oldest gives way. */
static bool seen_before(struct invariants *j, uint64_t h)
{
    struct judge_seen *s = seen_at(j, h);
    if (s->hash == h)
        return true;
    *s = (struct judge_seen){h, j->world->now};
    if (++j->n_seen > j->room_seen / 4 && j->room_seen < SEEN_MOST)
        seen_grow(j);
    return false;
}

void invariants_out(struct invariants *j, const struct core_socket *from, const struct addr *to,
                    struct span bytes)
{
    struct text t;
    if (!read_text(bytes, &t)) {
        fail_with(j, "not a SIP message", span_of("", 0), bytes);
        return;
    }
    if (!t.request)
        judge_response(j, &t, from->id, bytes);
    if (seen_before(j, hash(bytes, 3 + from->id))) {
        j->repeated++;
        return;
    }
    const char *wrong = judge_length(&t);
    if (wrong)
        fail_with(j, wrong, span_of("", 0), bytes);
    judge_addresses(j, &t, (enum side)from->side, to, bytes);
    if (crossed(j, &t, (enum side)from->side, bytes))
        return;
    j->own++;
    if (!value(&t, K_LENGTH).p)
        fail_with(j, "a message of its own without Content-Length", span_of("", 0), bytes);
    if (!may_be_own(&t))
        fail_with(j, "the proxy made this message up", span_of("", 0), bytes);
}

/* Of datagrams that were not even read. */
static bool is_drop(unsigned counter)
{
    return counter >= COUNT_drop_not_exchange && counter <= COUNT_drop_malformed;
}

void invariants_counters(struct invariants *j, const struct counters *c)
{
    uint64_t sum = c->v[COUNT_sip_requests_in] + c->v[COUNT_sip_responses_in];
    for (unsigned i = 0; i < COUNTER_COUNT; i++)
        sum += is_drop(i) ? c->v[i] : 0;
    if (sum != c->v[COUNT_datagrams_in])
        world_fail(j->world, "counters: %llu datagrams in, but %llu accounted for",
                   (unsigned long long)c->v[COUNT_datagrams_in], (unsigned long long)sum);
}
