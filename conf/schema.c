#include "conf/schema.h"
#include <assert.h>
#include <stdio.h>

#define SECOND 1000u
#define MINUTE (60u * SECOND)
#define HOUR (60u * MINUTE)

#define MAX_PATH_BYTES 107u /* sun_path less its NUL */

/* Where a row's value lives. */
#define AT(type, field) .offset = offsetof(type, field), .size = sizeof(((type *)0)->field)
#define CONF(field) .scope = SCOPE_CONF, AT(struct conf, field)
#define PEER(field) .scope = SCOPE_PEER, AT(struct conf_peer, field)
#define CONF_MARK(field) .mark_offset = offsetof(struct conf, field)
#define PEER_MARK(field) .mark_offset = offsetof(struct conf_peer, field)
#define WORDS(...)                                   \
    .type = KEY_WORD, .words = (const char *const[]) \
    {                                                \
        __VA_ARGS__, NULL                            \
    }

static_assert(offsetof(struct conf, exchange.rtp_high) ==
                  offsetof(struct conf, exchange.rtp_low) + sizeof(uint16_t),
              "KEY_RANGE writes two in a row");
static_assert(offsetof(struct conf, media.port_high) ==
                  offsetof(struct conf, media.port_low) + sizeof(uint16_t),
              "KEY_RANGE writes two in a row");
static_assert(sizeof(enum conf_media) == sizeof(unsigned), "KEY_WORD writes an unsigned");

/* clang-format off */
const struct key conf_keys[] = {
    {"exchange.address", .type = KEY_ADDRESS, CONF(exchange.address),
     CONF_MARK(exchange.address_mark), .flags = KEY_REQUIRED},
    {"exchange.sources", .type = KEY_PREFIXES, .max = 64, CONF(exchange.sources)},
    {"exchange.local", .type = KEY_SOCKET, CONF(exchange.local), CONF_MARK(exchange.local_mark)},
    {"exchange.rtp", .type = KEY_RANGE, .min = 1, .max = 65535, CONF(exchange.rtp_low)},
    {"exchange.probe", .type = KEY_DURATION, .min = SECOND, .max = HOUR, .preset = "30s",
     CONF(exchange.probe_ms), .flags = KEY_ZERO},

    {"trunk.listen", .type = KEY_LISTEN, .min = 1, .max = 16, CONF(trunk.listen),
     .flags = KEY_REQUIRED | KEY_ONE},
    {"trunk.unknown", WORDS([UNKNOWN_DROP] = "drop", [UNKNOWN_ANSWER_OPTIONS] = "answer-options"),
     .preset = "drop", CONF(trunk.unknown)},

    {"peer_defaults", .scope = SCOPE_CONF, .type = KEY_DEFAULTS},
    {"peers", .scope = SCOPE_CONF, .type = KEY_PEERS, .max = CONF_MAX_PEERS},
    {"include", .scope = SCOPE_CONF, .type = KEY_INCLUDE, .max = CONF_MAX_INCLUDES,
     .flags = KEY_ONE},

    {"name", .type = KEY_NAME, .min = 1, .max = 63, PEER(name), .flags = KEY_REQUIRED},
    {"address", .type = KEY_HOST, PEER(address), .flags = KEY_REQUIRED},
    {"local", .type = KEY_SOCKET, PEER(local), PEER_MARK(local_mark)},
    {"sources", .type = KEY_PREFIXES, .max = 64, PEER(sources)},
    {"aliases", .type = KEY_HOSTS, .max = 64, PEER(aliases)},
    {"bind", .type = KEY_ADDRESS, PEER(bind), PEER_MARK(bind_mark)},
    {"advertise", .type = KEY_ADVERTISE, .preset = "auto", PEER(advertise)},
    {"map", .type = KEY_MAP, .max = 256, PEER(map)},
    {"media", WORDS([MEDIA_RELAY] = "relay", [MEDIA_DIRECT] = "direct"), .preset = "relay",
     PEER(media)},
    {"media_from", WORDS([FROM_SIGNALLING] = "signalling", [FROM_SDP] = "sdp"),
     .preset = "signalling", PEER(media_from)},
    {"target_from", WORDS([TARGET_SIGNALLING] = "signalling", [TARGET_CONTACT] = "contact"),
     .preset = "signalling", PEER(target_from)},
    {"foreign_media", WORDS([FOREIGN_REFUSE] = "refuse", [FOREIGN_SDP] = "sdp",
     [FOREIGN_SIGNALLING] = "signalling"), .preset = "refuse", PEER(foreign_media)},
    {"latch", WORDS([LATCH_PEER] = "peer", [LATCH_STRICT] = "strict", [LATCH_ANY] = "any"),
     .preset = "peer", PEER(latch)},
    {"punch", .type = KEY_BOOL, .preset = "yes", PEER(punch)},
    {"options", WORDS([OPTIONS_FORWARD] = "forward", [OPTIONS_LOCAL] = "local"),
     .preset = "forward", PEER(options)},
    {"probe", .type = KEY_DURATION, .min = SECOND, .max = HOUR, .preset = "30s", PEER(probe_ms),
     .flags = KEY_ZERO},
    {"calls", .type = KEY_NUMBER, .min = 1, .max = 100000, .preset = "200", .unit = "calls",
     PEER(calls)},
    {"codecs", .type = KEY_CODECS, .max = 64, PEER(codecs)},
    {"strip_headers", .type = KEY_HEADERS, .max = 64, PEER(strip_headers)},
    {"rport", .type = KEY_BOOL, .preset = "yes", PEER(rport)},
    {"reply_to", WORDS([REPLY_SOURCE] = "source", [REPLY_VIA] = "via"), .preset = "source",
     PEER(reply_to)},
    {"sdp_username", .type = KEY_USERNAME, .min = 1, .max = 64, .preset = "keep",
     PEER(sdp_username)},
    {"dscp.sip", .type = KEY_NUMBER, .max = 63, .preset = "26", PEER(dscp_sip)},
    {"dscp.rtp", .type = KEY_NUMBER, .max = 63, .preset = "46", PEER(dscp_rtp)},
    {"mtu", .type = KEY_NUMBER, .min = 576, .max = 65535, .preset = "1280", .unit = "bytes",
     PEER(mtu)},

    {"media.ports", .type = KEY_RANGE, .min = 1024, .max = 65535, .preset = "22000-31999",
     CONF(media.port_low), CONF_MARK(media.ports_mark), .flags = KEY_PAIRS},
    {"media.idle_timeout", .type = KEY_DURATION, .min = SECOND, .max = 24 * HOUR, .preset = "300s",
     CONF(media.idle_timeout_ms)},
    {"media.on_idle", WORDS([IDLE_REPORT] = "report", [IDLE_HANGUP] = "hangup"),
     .preset = "report", CONF(media.on_idle)},
    {"media.port_reuse_delay", .type = KEY_DURATION, .max = HOUR, .preset = "120s",
     CONF(media.port_reuse_delay_ms)},
    {"media.workers", .type = KEY_NUMBER, .min = 1, .max = 16, .preset = "1", .unit = "threads",
     CONF(media.workers)},

    {"limits.calls", .type = KEY_NUMBER, .min = 1, .max = 100000, .preset = "2000",
     .unit = "calls", CONF(limits.calls)},
    {"limits.transactions", .type = KEY_NUMBER, .min = 1, .max = 500000, .preset = "20000",
     .unit = "transactions", CONF(limits.transactions)},
    {"limits.ringing", .type = KEY_DURATION, .min = SECOND, .max = 24 * HOUR, .preset = "10m",
     CONF(limits.ringing_ms)},
    {"limits.silent", .type = KEY_DURATION, .min = SECOND, .max = 168 * HOUR, .preset = "4h",
     CONF(limits.silent_ms)},
    {"limits.requests_per_second_per_source", .type = KEY_NUMBER, .max = 1000000, .preset = "200",
     .unit = "requests", CONF(limits.requests_per_second_per_source)},

    {"control.socket", .type = KEY_PATH, .min = 1, .max = MAX_PATH_BYTES,
     .preset = "/run/tailtrunk/control.sock", CONF(control.socket)},
    {"control.mode", .type = KEY_MODE, .max = 0777, .preset = "0660", CONF(control.mode)},
    {"tailscale.socket", .type = KEY_TAILSCALE, .min = 1, .max = MAX_PATH_BYTES, .preset = "auto",
     CONF(tailscale_socket)},
    {"state", .type = KEY_FOLDER, .max = 1024, .preset = "/var/lib/tailtrunk", CONF(state)},
    {"log.level", WORDS([LEVEL_ERROR] = "error", [LEVEL_WARNING] = "warning",
     [LEVEL_INFO] = "info", [LEVEL_DEBUG] = "debug"), .preset = "info", CONF(log.level)},
    {"log.format", WORDS([FORMAT_TEXT] = "text", [FORMAT_JSON] = "json"), .preset = "text",
     CONF(log.format)},
};
/* clang-format on */

const size_t conf_keys_n = sizeof conf_keys / sizeof conf_keys[0];
static_assert(sizeof conf_keys / sizeof conf_keys[0] <= KEY_MAX, "KEY_MAX is too small");

/* What stands behind `prefix` in a row's path, up to the next dot; p == NULL for other rows. */
static struct span key_step(const struct key *key, enum key_scope scope, const char *prefix)
{
    struct span path = span_str(key->path);
    if (key->scope != scope || !span_begins(path, prefix))
        return span_of(NULL, 0);
    path = span_from(path, strlen(prefix));
    const char *dot = memchr(path.p, '.', path.n);
    return dot ? span_of(path.p, (size_t)(dot - path.p)) : path;
}

static bool step_is_last(struct span step)
{
    return step.p[step.n] == '\0';
}

static int step_find(enum key_scope scope, const char *prefix, struct span name, bool last)
{
    for (size_t i = 0; i < conf_keys_n; i++) {
        struct span step = key_step(&conf_keys[i], scope, prefix);
        if (step.p && step_is_last(step) == last && span_is(step, name))
            return (int)i;
    }
    return -1;
}

int key_find(enum key_scope scope, const char *prefix, struct span name)
{
    return step_find(scope, prefix, name, true);
}

int section_find(enum key_scope scope, const char *prefix, struct span name)
{
    return step_find(scope, prefix, name, false);
}

#define NEAR_BYTES 48 /* longer names are near nothing */

static unsigned least_of(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* How many letters have to be put in, left out, changed or swapped with the next to make a into b.
 */
static unsigned distance(struct span a, struct span b)
{
    unsigned rows[3][NEAR_BYTES + 1]; /* of a's letter i, and of the two before it */
    for (unsigned j = 0; j <= b.n; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a.n; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (unsigned j = 1; j <= b.n; j++) {
            bool same = span_lower(a.p[i - 1]) == b.p[j - 1];
            row[j] = least_of(above[j - 1] + !same, least_of(row[j - 1], above[j]) + 1);
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
                row[j] = least_of(row[j], above2[j - 2] + 1);
        }
    }
    return rows[a.n % 3][b.n];
}

static struct span step_nearest(enum key_scope scope, const char *prefix, struct span name)
{
    struct span nearest = {NULL, 0};
    unsigned least = name.n < 6 ? 2 : 4; /* the first distance that is too far */
    for (size_t i = 0; i < conf_keys_n; i++) {
        struct span step = key_step(&conf_keys[i], scope, prefix);
        if (!step.p || step.n > NEAR_BYTES)
            continue;
        unsigned far = distance(name, step);
        if (far < least && far < name.n) {
            least = far;
            nearest = step;
        }
    }
    return nearest;
}

/* A key that is right but stands in the wrong place. */
static const struct key *key_elsewhere(struct span name)
{
    for (size_t i = 0; i < conf_keys_n; i++) {
        const char *dot = strrchr(conf_keys[i].path, '.');
        if (span_is(span_str(dot ? dot + 1 : conf_keys[i].path), name))
            return &conf_keys[i];
    }
    return NULL;
}

void key_suggest(enum key_scope scope, const char *prefix, struct span name, char *out, size_t room)
{
    out[0] = '\0';
    if (name.n == 0 || name.n > NEAR_BYTES)
        return;
    const struct key *elsewhere = key_elsewhere(name);
    if (elsewhere) {
        const char *where = elsewhere->scope == SCOPE_PEER ? " of a peer" : "";
        snprintf(out, room, "; did you mean \"%s\"%s?", elsewhere->path, where);
        return;
    }
    struct span near = step_nearest(scope, prefix, name);
    if (near.p)
        snprintf(out, room, "; did you mean \"%s%.*s\"?", prefix, (int)near.n, near.p);
}

static void duration_print(uint32_t ms, char *out, size_t room)
{
    if (ms && ms % HOUR == 0)
        snprintf(out, room, "%uh", ms / HOUR);
    else if (ms && ms % MINUTE == 0)
        snprintf(out, room, "%um", ms / MINUTE);
    else
        snprintf(out, room, "%us", ms / SECOND);
}

static void words_print(const char *const *words, char *out, size_t room)
{
    size_t n = 0;
    for (size_t i = 0; words[i] && n < room; i++) {
        const char *between = i == 0 ? "" : words[i + 1] ? ", " : " or ";
        int wrote = snprintf(out + n, room - n, "%s%s", between, words[i]);
        n += wrote > 0 ? (size_t)wrote : 0;
    }
}

static const char *const expected_of_type[KEY_TYPES] = {
    [KEY_BOOL] = "yes or no",
    [KEY_MODE] = "an octal mode up to 0777, as \"0660\"",
    [KEY_ADDRESS] = "an IP address of one host, as 127.0.0.1:5062",
    [KEY_SOCKET] = "ip:port of one address, as 127.0.1.7:5070",
    [KEY_ADVERTISE] = "auto, ip or ip:port",
    [KEY_HOST] = "an IP address or a name, as 100.64.1.2:5060",
    [KEY_LISTEN] = "ip:port of one address or interface:port, one or a list of at most 16",
    [KEY_PREFIXES] = "a list of IP addresses or prefixes, as [192.0.2.7, 100.64.1.0/24]",
    [KEY_HOSTS] = "a list of hosts, as [pbx.example, 192.0.2.7]",
    [KEY_CODECS] = "a list of encoding names, as [PCMU, telephone-event]",
    [KEY_HEADERS] = "a list of header names, as [User-Agent]",
    [KEY_MAP] = "a mapping of IP addresses or equal-length prefixes, as {100.64.2.2: 100.64.1.2}",
    [KEY_DEFAULTS] = "a mapping of a peer's keys",
    [KEY_PEERS] = "a list of peers",
    [KEY_INCLUDE] = "a file name or pattern, as peers.d/*.yaml, one or a list",
};

void key_expected(const struct key *key, char *out, size_t room)
{
    char low[16], high[16];
    switch (key->type) {
    case KEY_WORD:
        words_print(key->words, out, room);
        break;
    case KEY_NUMBER:
        snprintf(out, room, "a number%s%s from %u to %u", key->unit ? " of " : "",
                 key->unit ? key->unit : "", key->min, key->max);
        break;
    case KEY_DURATION:
        duration_print(key->min, low, sizeof low);
        duration_print(key->max, high, sizeof high);
        snprintf(out, room, "a duration from %s to %s, as 300, 300s, 5m or 2h%s", low, high,
                 key->flags & KEY_ZERO ? ", or 0" : "");
        break;
    case KEY_RANGE:
        snprintf(out, room, "FIRST-LAST, ports from %u to %u%s", key->min, key->max,
                 key->flags & KEY_PAIRS ? ", the first even and the last odd" : "");
        break;
    case KEY_NAME:
        snprintf(out, room, "%u to %u letters of a-z, 0-9 and -", key->min, key->max);
        break;
    case KEY_USERNAME:
        snprintf(out, room, "keep, or a word of at most %u letters", key->max);
        break;
    case KEY_PATH:
        snprintf(out, room, "a path of %u to %u bytes", key->min, key->max);
        break;
    case KEY_FOLDER:
        snprintf(out, room, "a folder of at most %u bytes, or nothing", key->max);
        break;
    case KEY_TAILSCALE:
        snprintf(out, room, "auto, off or a path of at most %u bytes", key->max);
        break;
    default:
        snprintf(out, room, "%s", expected_of_type[key->type]);
        break;
    }
}
