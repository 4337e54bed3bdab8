/*
 * conf.h - from the bytes of a YAML file to one immutable, checked configuration, or to every error
 * in it, each with its mark.
 *
 * No sockets, no loop, no log. What depends on the machine (is this address ours? is that port
 * taken?) is asked and answered elsewhere, with the marks kept here so that an error found later
 * still names its line.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "sdp/addr.h"
#include "sdp/map.h"

#define CONF_MAX_PEERS 512
#define CONF_MAX_ERRORS 64
#define CONF_MAX_INCLUDES 256

enum conf_media { MEDIA_RELAY, MEDIA_DIRECT };
enum conf_source { FROM_SIGNALLING, FROM_SDP };     /* media_from */
enum conf_target { TARGET_SIGNALLING, TARGET_CONTACT }; /* target_from */
enum conf_foreign { FOREIGN_REFUSE, FOREIGN_SDP, FOREIGN_SIGNALLING };
enum conf_latch { LATCH_PEER, LATCH_STRICT, LATCH_ANY };
enum conf_options { OPTIONS_FORWARD, OPTIONS_LOCAL };
enum conf_reply { REPLY_SOURCE, REPLY_VIA };
enum conf_idle { IDLE_REPORT, IDLE_HANGUP };
enum conf_unknown { UNKNOWN_DROP, UNKNOWN_ANSWER_OPTIONS };
enum conf_log_level { LEVEL_ERROR, LEVEL_WARNING, LEVEL_INFO, LEVEL_DEBUG };
enum conf_log_format { FORMAT_TEXT, FORMAT_JSON };

/* Where a value stood in the file. line and column count from 1; line 0 = a default. */
struct conf_mark {
    const char *file; /* owned by the configuration or error list it stands in */
    int line, column;
};

/* A host that may be a literal or a name. */
struct conf_host {
    char *name;       /* as written, without the port */
    struct addr addr; /* the literal with its port; for a name: family ADDR_NONE, port set */
    struct conf_mark mark;
};

/* trunk.listen: "ip:port" or "interface:port". */
struct conf_listen {
    char *interface;  /* NULL for an address */
    struct addr addr; /* for an interface: family ADDR_NONE, port set */
    struct conf_mark mark;
};

struct conf_strings {
    char **v;
    size_t n;
};

struct conf_prefixes {
    struct prefix *v;
    size_t n;
};

struct conf_peer {
    char *name;
    struct conf_mark mark;
    struct conf_host address;
    struct addr local; /* its own socket toward the exchange; ADDR_NONE = the shared one */
    struct conf_mark local_mark;
    struct conf_prefixes sources;
    struct conf_strings aliases;
    struct addr bind; /* which trunk socket; ADDR_NONE = first of the peer's family */
    struct conf_mark bind_mark;
    struct addr advertise; /* ADDR_NONE = auto; port 0 = the sending socket's */
    struct map map;
    enum conf_media media;
    enum conf_source media_from;
    enum conf_target target_from;
    enum conf_foreign foreign_media;
    enum conf_latch latch;
    bool punch;
    enum conf_options options;
    uint32_t probe_ms; /* 0 = never */
    uint32_t calls;
    struct conf_strings codecs;
    struct conf_strings strip_headers;
    bool rport;
    enum conf_reply reply_to;
    char *sdp_username; /* NULL = keep */
    uint8_t dscp_sip, dscp_rtp;
    uint16_t mtu;
};

/* Immutable once conf_read has returned it; shared by reference count, so that a running call keeps
 * the rules it began with. The count is not atomic: one thread holds references. */
struct conf {
    uint32_t references;
    char *file; /* the main file's name, for messages */

    struct {
        struct addr address;
        struct conf_mark address_mark;
        struct conf_prefixes sources; /* the default filled in */
        struct addr local;            /* ADDR_NONE = none */
        struct conf_mark local_mark;
        uint16_t rtp_low, rtp_high;   /* 0 = not given */
        uint32_t probe_ms;
    } exchange;

    struct {
        struct conf_listen *listen;
        size_t n_listen;
        enum conf_unknown unknown;
    } trunk;

    struct conf_peer *peers;
    size_t n_peers;

    struct {
        uint16_t port_low, port_high; /* even low, odd high */
        struct conf_mark ports_mark;
        uint32_t idle_timeout_ms;
        enum conf_idle on_idle;
        uint32_t port_reuse_delay_ms;
        uint32_t workers; /* 1..16 */
    } media;

    struct {
        uint32_t calls, transactions;
        uint32_t ringing_ms, silent_ms;
        uint32_t requests_per_second_per_source; /* 0 = no limit */
    } limits;

    struct {
        char *socket;
        unsigned mode;
    } control;
    char *tailscale_socket; /* "auto", "off" or a path */
    char *state;            /* directory; NULL = none kept */
    struct {
        enum conf_log_level level;
        enum conf_log_format format;
    } log;
};

struct conf_error {
    struct conf_mark mark;
    char message[200]; /* without the mark; says what was expected */
    bool warning;
};

struct conf_errors {
    struct conf_error v[CONF_MAX_ERRORS];
    size_t n;        /* how many are in v */
    size_t errors;   /* how many were errors, also past CONF_MAX_ERRORS */
    size_t warnings;
    char *files[CONF_MAX_INCLUDES + 1]; /* names the marks point to, owned here */
    size_t n_files;
};

/* How conf_read gets the files named by `include:` (a glob pattern relative to the main file's
 * folder): calls `each` for every match in sorted order, and stops with what `each` returns unless
 * that is 0. A match that cannot be read is passed with bytes NULL and its errno as n. Returns ENOENT
 * where nothing matches, which is an error only for a pattern without wildcards. A test passes its
 * own. */
struct conf_include {
    int (*glob)(void *self, const char *folder, const char *pattern,
                int (*each)(void *to, const char *file, const char *bytes, size_t n), void *to);
    void *self;
};

/* Reads and checks one configuration. `file` is only its name for messages. All errors of one run
 * are collected. Returns 0 with *out (one reference held by the caller), or EINVAL with *out
 * untouched; warnings may be there in both cases. include may be NULL: then `include:` is an error.
 * errors must be zeroed by the caller before and freed with conf_errors_free after. */
int conf_read(const char *file, const char *bytes, size_t n, const struct conf_include *include,
              struct conf **out, struct conf_errors *errors);

/* conf_read on a file and real includes. Returns also ENOENT and other errno of opening, with the
 * path in errors. */
int conf_read_file(const char *path, struct conf **out, struct conf_errors *errors);

struct conf *conf_hold(const struct conf *conf);
void conf_release(struct conf *conf); /* NULL is fine */

/* Adds an error or warning; used by checks outside this room that hold a conf_mark. */
void conf_error_add(struct conf_errors *errors, const struct conf_mark *mark, bool warning,
                    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void conf_errors_free(struct conf_errors *errors);

/* "FILE:LINE:COLUMN: message" (with "warning: " before a warning's text) into out; returns its
 * length. Bytes that are not printable are escaped. */
size_t conf_error_print(const struct conf_error *e, char *out, size_t room);

const struct conf_peer *conf_peer_find(const struct conf *conf, struct span name);

#endif
