/*
 * schema.h - the table of every key that a configuration may hold.
 *
 * Reading, defaults, messages and the tests all go by it: a new key is one row here, its field in
 * conf.h, and its lines in the tests and in tailtrunk.yaml.
 */
#ifndef CONF_SCHEMA_H
#define CONF_SCHEMA_H

#include "conf/conf.h"

enum key_scope { SCOPE_CONF, SCOPE_PEER }; /* offsets count from struct conf or struct conf_peer */

enum key_type {
    KEY_BOOL,      /* bool */
    KEY_WORD,      /* an enum of conf.h */
    KEY_NUMBER,    /* uint8_t, uint16_t or uint32_t, by size */
    KEY_DURATION,  /* uint32_t in ms */
    KEY_RANGE,     /* two uint16_t in a row */
    KEY_MODE,      /* unsigned */
    KEY_ADDRESS,   /* struct addr; port 5060 if absent */
    KEY_SOCKET,    /* struct addr with a port */
    KEY_ADVERTISE, /* struct addr; "auto" = ADDR_NONE */
    KEY_HOST,      /* struct conf_host; port 5060 if absent */
    KEY_LISTEN,    /* trunk.listen */
    KEY_PREFIXES,  /* struct conf_prefixes */
    KEY_HOSTS,     /* struct conf_strings */
    KEY_CODECS,    /* struct conf_strings */
    KEY_HEADERS,   /* struct conf_strings, without those a peer cannot do without */
    KEY_MAP,       /* struct map */
    KEY_NAME,      /* char * */
    KEY_USERNAME,  /* char *; "keep" = NULL */
    KEY_PATH,      /* char * */
    KEY_FOLDER,    /* char *; empty = NULL */
    KEY_TAILSCALE, /* char *; "auto", "off" or a path */
    KEY_DEFAULTS,  /* these three are read.c's own */
    KEY_PEERS,
    KEY_INCLUDE,
    KEY_TYPES
};

enum key_flags {
    KEY_REQUIRED = 1,
    KEY_ZERO = 2,  /* 0 is allowed beside min..max */
    KEY_PAIRS = 4, /* a port range of whole RTP/RTCP pairs */
    KEY_ONE = 8    /* a list of one may be written without brackets */
};

struct key {
    const char *path; /* "media.ports", "dscp.sip" */
    enum key_scope scope;
    enum key_type type;
    uint32_t min, max;  /* of a number, a duration in ms, a text in bytes, a list in entries */
    const char *preset; /* as one would write it; NULL = nothing */
    const char *unit;   /* what a number counts */
    const char *const *words;
    size_t offset, size;
    size_t mark_offset; /* 0 = conf.h keeps no mark of it */
    unsigned flags;
};

#define KEY_MAX 64 /* room for one thing per row; schema.c asserts that it suffices */

extern const struct key conf_keys[];
extern const size_t conf_keys_n;

/* The row of `prefix` + `name` ("media." and "ports"), or -1. */
int key_find(enum key_scope scope, const char *prefix, struct span name);

/* The first row inside a section ("" and "media"), or -1 where there is none of that name. */
int section_find(enum key_scope scope, const char *prefix, struct span name);

/* Into `out`, what somebody who wrote `name` there may have meant: "; did you mean ...?"; "" where
 * nothing comes near. */
void key_suggest(enum key_scope scope, const char *prefix, struct span name, char *out,
                 size_t room);

/* Into `out`, what the value of a key has to be: "a number from 1 to 16". */
void key_expected(const struct key *key, char *out, size_t room);

#endif
