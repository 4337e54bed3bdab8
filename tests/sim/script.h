/*
 * script.h - a scene of user agents and a script that says what each of them does and meets.
 *
 * A script is lines. The first word says who: the name of a user agent, with ".label" where it has
 * several calls ("x.two"); a call gets its label with the first line that meets it. Lines:
 *
 *   x call [to=TRUNK] OPTIONS...        INVITE outside dialogs, with SDP unless `nosdp`
 *   x ask METHOD OPTIONS...             another request outside dialogs
 *   x again OPTIONS...                  the call's first request once more (auth: with credentials)
 *   x send METHOD OPTIONS...            a request inside the dialog
 *   x ack | x cancel OPTIONS...
 *   p answer STATUS [METHOD] OPTIONS... the newest request that waits; tag=A: in that dialog first
 *   p fork STATUS tag=B OPTIONS...      one more 2xx to an INVITE that has been answered
 *   p branch tag=B                      the SUBSCRIBE or REFER that waits reached one more: a
 *                                       dialog of which no answer comes back, only NOTIFY
 *   p expect METHOD|STATUS [METHOD] [sdp|nosdp] [tag=A] [within=5s] [has="text"] [lacks="text"]
 *                                       [past=STATUS] (those before it are let pass) [is=BODY]
 *                                       (its body is that one, byte for byte); STATUS may be any
 *                                       of several: "200|487"
 *   x expect no-answer|no-ack|no-prack [METHOD]
 *   x expect nothing 3s                 nobody tells x anything for that long
 *   x by-itself +prack -ack ...         what is done without a line of script
 *   x deaf | x hears                    loses whatever comes, or no longer
 *   x forget                            what is in its inbox
 *   wait 2s
 *   media 1s                            every call sends a packet per 20 ms and m-line, and RTCP
 *   heard x p.two p/one ...             in the last `media`, from where its SDP said, and nothing
 *                                       on ports given up; p/one: its far end with that tag
 *   silent x ...                        heard nothing
 *   rtcp x ...                          heard RTCP
 *   lose|delay|repeat WHAT [from=x] [to=p] [count=1] [by=100ms]   x, p: names or IPs
 *
 * OPTIONS: sdp[=DIRECTION] nosdp address=IP port=N lines=audio,video add=video disable=2 waits=2
 * kind=image move body=NAME type=T h="Name: value" contact=URI uri=URI user=U from=U tag=A reliable
 * auth cseq=N reason="text"
 *
 * {id x.two} {here x.two} {there x.two} in a line are Call-ID, own tag and the other one's tag of
 * that call as x has it; {newline} is a line's end.
 *
 * What an agent is told waits in its inbox in order, and every `expect` takes the next one of that
 * call; whatever is left at the end fails the test. 100 is not told.
 */
#ifndef SIM_SCRIPT_H
#define SIM_SCRIPT_H

#include "tests/sim/ua.h"

#define SCENE_MAX_UAS 8
#define SCENE_MAX_LABELS 64
#define SCRIPT_MAX_WORDS 24
#define SCRIPT_LINE 1024

struct script_words {
    unsigned n;
    char *v[SCRIPT_MAX_WORDS];
};

struct scene_body {
    const char *name, *text;
};

/* Something an agent was told. */
struct scene_item {
    struct scene_item *next;
    enum ua_event_kind kind;
    struct ua_call *call;
    char label[24]; /* of its dialog */
    char method[16];
    int status;
    bool sdp;
    char *text;
};

struct scene {
    struct world world;
    struct net net;
    struct ua uas[SCENE_MAX_UAS];
    unsigned n_uas;
    struct {
        char name[NET_NAME];
        struct ua *ua;
    } aliases[2]; /* "a", "b": roles, where a script runs both ways */
    struct scene_item *inbox[SCENE_MAX_UAS];
    struct {
        char name[24];
        unsigned ua;
        struct ua_call *call;
    } labels[SCENE_MAX_LABELS];
    unsigned n_labels;
    const struct scene_body *bodies; /* ends with a NULL name */
    /* Fills in what a body leaves open: as that agent writes it, or (call != NULL) as it should
     * come to that agent in that call. NULL: bodies are as they are. */
    void (*fill)(struct scene *scene, const struct ua *ua, const struct ua_call *call,
                 const char *text, char *out, size_t room);
    bool anywhere;                   /* media may come from elsewhere than the SDP said */
    uint64_t packets;                /* per m-line in the last `media` */
    uint64_t unowned[SCENE_MAX_UAS]; /* packets on nobody's port, before it */
    /* Lines the script does not know: true where they were understood. */
    bool (*command)(struct scene *scene, const struct script_words *words);
    void *ctx;
};

/* An empty world; uas are added by scene_ua. */
void scene_init(struct scene *s, uint64_t seed, const char *title);
void scene_free(struct scene *s);
struct ua *scene_ua(struct scene *s, int host, const char *name, struct addr at);
struct ua *scene_find(struct scene *s, const char *name);

/* Runs the script; false, and failures in the world, where something was otherwise. */
bool script_run(struct scene *s, const char *script);

/* Empties every inbox. */
void script_forget(struct scene *s);

/* "2s", "500ms", "3m" */
sim_msec script_time(const char *text);
struct addr sim_addr(const char *text); /* "100.64.1.1:5060"; aborts on anything else */

#endif
