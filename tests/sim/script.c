#include "tests/sim/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct addr sim_addr(const char *text)
{
    struct addr a;
    if (addr_parse(span_str(text), 0, &a) != 0)
        abort();
    return a;
}

sim_msec script_time(const char *text)
{
    char *unit;
    unsigned long n = strtoul(text, &unit, 10);
    return strcmp(unit, "ms") == 0 ? n : strcmp(unit, "m") == 0 ? n * 60000 : n * 1000;
}

/* ---------------------------------------------------------------- the scene */

static void item_free(struct scene_item *i)
{
    free(i->text);
    free(i);
}

static void forget_all(struct scene *s, unsigned ua)
{
    while (s->inbox[ua]) {
        struct scene_item *i = s->inbox[ua];
        s->inbox[ua] = i->next;
        item_free(i);
    }
}

void scene_init(struct scene *s, uint64_t seed, const char *title)
{
    memset(s, 0, sizeof *s);
    world_init(&s->world, seed);
    snprintf(s->world.title, sizeof s->world.title, "%s", title);
    net_init(&s->net, &s->world);
}

void scene_free(struct scene *s)
{
    for (unsigned i = 0; i < s->n_uas; i++) {
        forget_all(s, i);
        ua_free(&s->uas[i]);
    }
    net_free(&s->net);
    world_free(&s->world);
}

static void told(struct ua *ua, const struct ua_event *e)
{
    struct scene *s = ua->ctx;
    if (e->kind == UA_RESPONSE && e->status == 100)
        return;
    struct scene_item *i = calloc(1, sizeof *i);
    if (!i)
        abort();
    *i = (struct scene_item){
        .kind = e->kind, .call = e->call, .status = e->status, .sdp = e->has_sdp};
    snprintf(i->method, sizeof i->method, "%s", e->method);
    snprintf(i->label, sizeof i->label, "%s", e->dialog ? e->dialog->label : "");
    if (e->datagram)
        i->text = strndup(e->datagram->bytes, e->datagram->n);
    struct scene_item **at = &s->inbox[ua - s->uas];
    while (*at)
        at = &(*at)->next;
    *at = i;
}

struct ua *scene_ua(struct scene *s, int host, const char *name, struct addr at)
{
    if (s->n_uas == SCENE_MAX_UAS)
        abort();
    struct ua *ua = &s->uas[s->n_uas++];
    ua_init(ua, &s->net, host, name, at);
    ua->keep_calls = true;
    ua->hook = told;
    ua->ctx = s;
    return ua;
}

struct ua *scene_find(struct scene *s, const char *name)
{
    for (unsigned i = 0; i < s->n_uas; i++) {
        if (strcmp(s->uas[i].name, name) == 0)
            return &s->uas[i];
    }
    for (unsigned i = 0; i < 2; i++) {
        if (s->aliases[i].ua && strcmp(s->aliases[i].name, name) == 0)
            return s->aliases[i].ua;
    }
    return NULL;
}

/* ---------------------------------------------------------------- words */

/* Splits at blanks; quotes keep them: h="Supported: 100rel". The line is changed. */
static void split(char *line, struct script_words *w)
{
    w->n = 0;
    while (*line && w->n < SCRIPT_MAX_WORDS) {
        while (*line == ' ' || *line == '\t')
            line++;
        if (!*line)
            return;
        char *to = line;
        w->v[w->n++] = line;
        for (bool quoted = false; *line && (quoted || (*line != ' ' && *line != '\t')); line++) {
            if (*line == '"')
                quoted = !quoted;
            else
                *to++ = *line == '\'' ? '"' : *line;
        }
        if (*line)
            line++;
        *to = '\0';
    }
}

/* The value of "key=value"; NULL where absent. */
static const char *word_value(const struct script_words *w, const char *key)
{
    size_t n = strlen(key);
    for (unsigned i = 1; i < w->n; i++) {
        if (strncmp(w->v[i], key, n) == 0 && w->v[i][n] == '=')
            return w->v[i] + n + 1;
    }
    return NULL;
}

static bool word_is(const struct script_words *w, const char *word)
{
    for (unsigned i = 1; i < w->n; i++) {
        if (strcmp(w->v[i], word) == 0)
            return true;
    }
    return false;
}

/* The n-th word (from 0) after the first two that is no option. */
static const char *word_plain(const struct script_words *w, unsigned n)
{
    for (unsigned i = 2; i < w->n; i++) {
        bool upper =
            (w->v[i][0] >= 'A' && w->v[i][0] <= 'Z') || (w->v[i][0] >= '0' && w->v[i][0] <= '9');
        if (upper && !strchr(w->v[i], '=') && n-- == 0)
            return w->v[i];
    }
    return NULL;
}

/* A body by its name, with its $words filled in for that agent and call. */
static const char *body_named(struct scene *s, const struct ua *ua, const struct ua_call *call,
                              const char *name, char *room, size_t n)
{
    for (unsigned i = 0; s->bodies && s->bodies[i].name; i++) {
        if (strcmp(s->bodies[i].name, name) != 0)
            continue;
        if (!s->fill)
            return s->bodies[i].text;
        s->fill(s, ua, call, s->bodies[i].text, room, n);
        return room;
    }
    world_fail(&s->world, "no body %s", name);
    return "";
}

static void options_of(struct scene *s, const struct ua *ua, const struct script_words *w,
                       struct ua_opts *o)
{
    static char body_text[16384];
    *o = (struct ua_opts){0};
    const char *sdp = word_value(w, "sdp"), *body = word_value(w, "body"), *n;
    o->sdp = sdp || word_is(w, "sdp");
    o->direction = sdp;
    o->address = word_value(w, "address");
    o->lines = word_value(w, "lines");
    o->add = word_value(w, "add");
    o->move = word_is(w, "move");
    o->kind = word_value(w, "kind");
    o->type = word_value(w, "type");
    o->contact = word_value(w, "contact");
    o->uri = word_value(w, "uri");
    o->user = word_value(w, "user");
    o->from = word_value(w, "from");
    o->tag = word_value(w, "tag");
    o->trunk = word_value(w, "to");
    o->reason = word_value(w, "reason");
    o->reliable = word_is(w, "reliable");
    o->credentials = word_is(w, "auth");
    if ((n = word_value(w, "disable")))
        o->disable = atoi(n);
    if ((n = word_value(w, "waits")))
        o->waits = atoi(n);
    if ((n = word_value(w, "port")))
        o->port = (uint16_t)strtoul(n, NULL, 10);
    if ((n = word_value(w, "cseq")))
        o->cseq = (uint32_t)strtoul(n, NULL, 10);
    for (unsigned i = 1; i < w->n && o->n_extra < UA_MAX_EXTRA; i++) {
        if (strncmp(w->v[i], "h=", 2) == 0)
            o->extra[o->n_extra++] = w->v[i] + 2;
    }
    if (body)
        o->body = body_named(s, ua, NULL, body, body_text, sizeof body_text);
}

/* ---------------------------------------------------------------- labels */

struct who {
    struct ua *ua;
    unsigned index;
    const char *label;
};

static bool who_is(struct scene *s, const char *word, struct who *out)
{
    char name[NET_NAME];
    size_t n = strcspn(word, ".");
    snprintf(name, sizeof name, "%.*s", (int)n, word);
    out->ua = scene_find(s, name);
    out->label = word[n] ? word + n + 1 : "";
    if (out->ua)
        out->index = (unsigned)(out->ua - s->uas);
    return out->ua != NULL;
}

static struct ua_call *call_of(struct scene *s, const struct who *who)
{
    for (unsigned i = s->n_labels; i-- > 0;) {
        if (s->labels[i].ua == who->index && strcmp(s->labels[i].name, who->label) == 0)
            return s->labels[i].call;
    }
    return NULL;
}

static bool labelled(const struct scene *s, const struct ua_call *call)
{
    for (unsigned i = 0; i < s->n_labels; i++) {
        if (s->labels[i].call == call)
            return true;
    }
    return false;
}

static void label(struct scene *s, const struct who *who, struct ua_call *call)
{
    if (call == call_of(s, who))
        return;
    if (s->n_labels == SCENE_MAX_LABELS)
        abort();
    snprintf(s->labels[s->n_labels].name, sizeof s->labels[0].name, "%s", who->label);
    s->labels[s->n_labels].ua = who->index;
    s->labels[s->n_labels++].call = call;
}

/* ---------------------------------------------------------------- expectations */

/* The oldest item of that agent and call. A new call is anybody's who has none going on. */
static struct scene_item **item_next(struct scene *s, const struct who *who)
{
    struct ua_call *call = call_of(s, who);
    for (struct scene_item **at = &s->inbox[who->index]; *at; at = &(*at)->next) {
        if ((*at)->call == call || !labelled(s, (*at)->call))
            return at;
    }
    return NULL;
}

static void describe(const struct scene_item *i, char *out, size_t room)
{
    static const char *const names[] = {"request", "response", "no-answer", "no-ack", "no-prack"};
    if (i->kind == UA_REQUEST)
        snprintf(out, room, "%s%s", i->method, i->sdp ? " sdp" : "");
    else if (i->kind == UA_RESPONSE)
        snprintf(out, room, "%d %s%s%s%s", i->status, i->method, i->sdp ? " sdp" : "",
                 i->label[0] ? " tag=" : "", i->label);
    else
        snprintf(out, room, "%s %s", names[i->kind], i->method);
}

static bool kind_fits(const struct scene_item *i, const char *what, const char *method)
{
    static const char *const names[] = {"", "", "no-answer", "no-ack", "no-prack"};
    if (method && strcmp(i->method, method) != 0)
        return false;
    if (what[0] >= '0' && what[0] <= '9') { /* "200", or any of "200|487" */
        bool any = false;
        for (; what; what = strchr(what, '|') ? strchr(what, '|') + 1 : NULL)
            any = any || i->status == atoi(what);
        return i->kind == UA_RESPONSE && any;
    }
    if (i->kind == UA_REQUEST)
        return strcmp(i->method, what) == 0;
    return i->kind >= UA_NO_ANSWER && strcmp(names[i->kind], what) == 0;
}

/* The body as it came is the body of that name. */
static bool body_is(struct scene *s, const struct scene_item *i, const struct who *who,
                    const char *name)
{
    static char room[16384];
    const char *expected = body_named(s, who->ua, i->call, name, room, sizeof room);
    const char *body = i->text ? strstr(i->text, "\r\n\r\n") : NULL;
    bool same = body && strcmp(body + 4, expected) == 0;
    if (!same)
        world_fail(&s->world, "the body should be\n%s", expected);
    return same;
}

/* NULL where the item is as the line says, else what is not. */
static const char *mismatch(struct scene *s, const struct scene_item *i, const struct who *who,
                            const struct script_words *w)
{
    const char *tag = word_value(w, "tag");
    bool numeric = w->v[2][0] >= '0' && w->v[2][0] <= '9';
    if (!kind_fits(i, w->v[2], numeric || w->v[2][0] == 'n' ? word_plain(w, numeric) : NULL))
        return "came instead";
    if (word_is(w, "sdp") && !i->sdp)
        return "has no SDP";
    if (word_is(w, "nosdp") && i->sdp)
        return "has SDP";
    if (tag && strcmp(tag, i->label) != 0)
        return "has another tag";
    if (word_value(w, "is") && !body_is(s, i, who, word_value(w, "is")))
        return "has another body";
    for (unsigned k = 3; k < w->n; k++) {
        if (strncmp(w->v[k], "has=", 4) == 0 && (!i->text || !strstr(i->text, w->v[k] + 4)))
            return "lacks a text";
        if (strncmp(w->v[k], "lacks=", 6) == 0 && i->text && strstr(i->text, w->v[k] + 6))
            return "has a text it should not have";
    }
    return NULL;
}

/* Waits for the next item; NULL when none comes. `past`: responses to be let pass. */
static struct scene_item **item_await(struct scene *s, const struct who *who, sim_msec until,
                                      const char *past)
{
    for (;;) {
        struct scene_item **at;
        while (!(at = item_next(s, who)) && world_step(&s->world, until))
            ;
        if (!at || !past || (*at)->kind != UA_RESPONSE || (*at)->status != atoi(past))
            return at;
        struct scene_item *i = *at;
        *at = i->next;
        item_free(i);
    }
}

static void expect(struct scene *s, const struct who *who, const struct script_words *w)
{
    const char *within = word_value(w, "within");
    sim_msec until = s->world.now + (within ? script_time(within) : 5000);
    struct scene_item **at = item_await(s, who, until, word_value(w, "past"));
    if (!at) {
        world_fail(&s->world, "%s waited in vain for %s %s", w->v[0], w->v[2],
                   w->n > 3 ? w->v[3] : "");
        return;
    }
    struct scene_item *i = *at;
    const char *wrong = mismatch(s, i, who, w);
    if (wrong) {
        char text[128];
        describe(i, text, sizeof text);
        world_fail(&s->world, "%s waits for %s %s, but %s: %s\n%s", w->v[0], w->v[2],
                   w->n > 3 ? w->v[3] : "", text, wrong, i->text ? i->text : "");
    }
    if (i->kind == UA_REQUEST || !labelled(s, i->call))
        label(s, who, i->call);
    *at = i->next;
    item_free(i);
}

static void expect_nothing(struct scene *s, const struct who *who, const struct script_words *w)
{
    world_run_for(&s->world, w->n > 3 ? script_time(w->v[3]) : 1000);
    struct scene_item **at = item_next(s, who);
    if (at) {
        char text[128];
        describe(*at, text, sizeof text);
        world_fail(&s->world, "%s should have met nothing, but %s came", w->v[0], text);
    }
}

/* ---------------------------------------------------------------- media */

/* Calls that have media. */
struct speakers {
    struct ua_call *v[SCENE_MAX_LABELS];
    unsigned n;
};

static void speakers_find(struct scene *s, struct speakers *all)
{
    all->n = 0;
    for (unsigned u = 0; u < s->n_uas; u++) {
        for (unsigned n = 1; n <= s->uas[u].calls_begun; n++) {
            struct ua_call *call = ua_call_number(&s->uas[u], n);
            if (call && call->active && all->n < SCENE_MAX_LABELS)
                all->v[all->n++] = call;
        }
    }
}

static void clear_heard(struct ua_call *call)
{
    for (struct ua_dialog *d = call->dialogs; d; d = d->next) {
        for (unsigned i = 0; i < UA_MAX_LINES; i++)
            d->count[i].heard = d->count[i].heard_rtcp = 0;
    }
}

static void media(struct scene *s, sim_msec length)
{
    struct speakers all;
    speakers_find(s, &all);
    for (unsigned i = 0; i < all.n; i++)
        clear_heard(all.v[i]);
    for (unsigned u = 0; u < s->n_uas; u++)
        s->unowned[u] = s->uas[u].seen.no_owner;
    s->packets = length / 20;
    for (sim_msec end = s->world.now + length; s->world.now < end;) {
        for (unsigned i = 0; i < all.n; i++)
            ua_send_media(all.v[i], false);
        for (unsigned i = 0; i < all.n && (end - s->world.now) % 500 == 0; i++)
            ua_send_media(all.v[i], true);
        world_run_for(&s->world, 20);
    }
    world_run_for(&s->world, 100);
}

static void check_heard(struct scene *s, const char *name, const struct ua_dialog *d)
{
    const struct ua *ua = d->call->ua;
    for (unsigned i = 0; i < d->agreed.ours.n && i < d->agreed.theirs.n; i++) {
        const struct ua_count *c = &d->count[i];
        const struct addr *said = &d->agreed.theirs.line[i].rtp;
        if (!addr_is_set(said) || d->agreed.ours.v[i].off)
            continue;
        if (c->heard * 10 < s->packets * 8)
            world_fail(&s->world, "%s heard %llu of %llu packets on m-line %u", name,
                       (unsigned long long)c->heard, (unsigned long long)s->packets, i + 1);
        else if (!s->anywhere && !addr_equal(&c->from, said))
            world_fail(&s->world, "%s heard media from elsewhere than its SDP said", name);
    }
    if (ua->seen.no_owner != s->unowned[ua - s->uas])
        world_fail(&s->world, "%s got %llu packets on ports that it has given up", name,
                   (unsigned long long)(ua->seen.no_owner - s->unowned[ua - s->uas]));
}

static void check_silent(struct scene *s, const char *name, const struct ua_dialog *d)
{
    for (unsigned i = 0; i < UA_MAX_LINES; i++) {
        if (d->count[i].heard)
            world_fail(&s->world, "%s heard %llu packets and should not", name,
                       (unsigned long long)d->count[i].heard);
    }
}

/* "p", "p.two", "p/one": one of the far ends that ring. */
static struct ua_dialog *dialog_named(struct scene *s, const char *word)
{
    char name[64];
    struct who who;
    size_t n = strcspn(word, "/");
    snprintf(name, sizeof name, "%.*s", (int)n, word);
    struct ua_call *call = who_is(s, name, &who) ? call_of(s, &who) : NULL;
    if (!call)
        return NULL;
    return word[n] ? ua_dialog_find(call, word + n + 1) : call->active;
}

static void check_media(struct scene *s, const struct script_words *w)
{
    for (unsigned i = 1; i < w->n; i++) {
        struct ua_dialog *d = dialog_named(s, w->v[i]);
        if (!d)
            world_fail(&s->world, "%s has no call with media", w->v[i]);
        else if (strcmp(w->v[0], "heard") == 0)
            check_heard(s, w->v[i], d);
        else if (strcmp(w->v[0], "silent") == 0)
            check_silent(s, w->v[i], d);
        else if (d->count[0].heard_rtcp == 0)
            world_fail(&s->world, "%s heard no RTCP", w->v[i]);
    }
}

/* ---------------------------------------------------------------- lines */

/* Roles go by what the agent is called; other names are bindings that are no agents. */
static void party(struct scene *s, const char *name, char out[NET_NAME])
{
    const struct ua *ua = name ? scene_find(s, name) : NULL;
    snprintf(out, NET_NAME, "%s", ua ? ua->name : name ? name : "");
}

static void rule(struct scene *s, const struct script_words *w)
{
    struct net_rule r = {.count = 1, .delay_ms = 100};
    const char *v;
    snprintf(r.what, sizeof r.what, "%s", w->n > 1 ? w->v[1] : "*");
    party(s, word_value(w, "from"), r.from);
    party(s, word_value(w, "to"), r.to);
    if ((v = word_value(w, "count")))
        r.count = (unsigned)strtoul(v, NULL, 10);
    if ((v = word_value(w, "by")))
        r.delay_ms = (unsigned)script_time(v);
    r.fate = w->v[0][0] == 'l' ? NET_LOSE : w->v[0][0] == 'd' ? NET_DELAY : NET_REPEAT;
    net_rule_add(&s->net, &r);
}

static bool of_the_world(struct scene *s, const struct script_words *w)
{
    const char *verb = w->v[0];
    if (strcmp(verb, "wait") == 0)
        world_run_for(&s->world, script_time(w->v[1]));
    else if (strcmp(verb, "media") == 0)
        media(s, script_time(w->v[1]));
    else if (strcmp(verb, "heard") == 0 || strcmp(verb, "silent") == 0 || strcmp(verb, "rtcp") == 0)
        check_media(s, w);
    else if (strcmp(verb, "lose") == 0 || strcmp(verb, "delay") == 0 || strcmp(verb, "repeat") == 0)
        rule(s, w);
    else
        return false;
    return true;
}

static void by_itself(struct ua *ua, const struct script_words *w)
{
    static const struct {
        const char *name;
        enum ua_automatic bit;
    } bits[] = {{"ack", AUTO_ACK},          {"bye", AUTO_BYE},     {"cancel", AUTO_CANCEL},
                {"options", AUTO_OPTIONS},  {"prack", AUTO_PRACK}, {"hangup", AUTO_HANGUP},
                {"register", AUTO_REGISTER}};
    for (unsigned i = 2; i < w->n; i++) {
        for (size_t k = 0; k < sizeof bits / sizeof bits[0]; k++) {
            if (strcmp(w->v[i] + 1, bits[k].name) != 0)
                continue;
            if (w->v[i][0] == '+')
                ua->automatic |= bits[k].bit;
            else
                ua->automatic &= ~(unsigned)bits[k].bit;
        }
    }
}

static bool begin(struct scene *s, const struct who *who, const struct script_words *w,
                  const char *method)
{
    struct ua_opts o;
    options_of(s, who->ua, w, &o);
    if (strcmp(method, "INVITE") == 0)
        o.sdp = !word_is(w, "nosdp") && !o.body;
    label(s, who, ua_begin(who->ua, method, &o));
    return true;
}

/* A verb that needs the call; false where it could not be done. */
static bool in_call(struct scene *s, const struct who *who, const struct script_words *w)
{
    struct ua_call *call = call_of(s, who);
    const char *verb = w->v[1];
    struct ua_opts o;
    if (!call)
        return false;
    options_of(s, who->ua, w, &o);
    if (strcmp(verb, "again") == 0) {
        o.sdp = strcmp(call->method, "INVITE") == 0 && !word_is(w, "nosdp") && !o.body;
        ua_again(call, &o);
        return true;
    }
    if (strcmp(verb, "send") == 0)
        return ua_send(call, w->v[2], &o);
    if (strcmp(verb, "ack") == 0)
        return ua_ack(call, &o);
    if (strcmp(verb, "cancel") == 0)
        return ua_cancel(call, &o);
    if (strcmp(verb, "fork") == 0)
        return ua_fork(call, atoi(w->v[2]), &o);
    if (strcmp(verb, "branch") == 0)
        return ua_branch(call, &o);
    if (strcmp(verb, "answer") == 0)
        return ua_answer(call, word_plain(w, 1), atoi(w->v[2]), &o);
    return false;
}

static bool of_an_agent(struct scene *s, const struct who *who, const struct script_words *w)
{
    const char *verb = w->n > 1 ? w->v[1] : "";
    if (strcmp(verb, "call") == 0)
        return begin(s, who, w, "INVITE");
    if (strcmp(verb, "ask") == 0)
        return begin(s, who, w, w->v[2]);
    if (strcmp(verb, "expect") == 0 && strcmp(w->v[2], "nothing") == 0)
        expect_nothing(s, who, w);
    else if (strcmp(verb, "expect") == 0)
        expect(s, who, w);
    else if (strcmp(verb, "by-itself") == 0)
        by_itself(who->ua, w);
    else if (strcmp(verb, "deaf") == 0 || strcmp(verb, "hears") == 0)
        who->ua->deaf = verb[0] == 'd';
    else if (strcmp(verb, "forget") == 0)
        forget_all(s, who->index);
    else
        return in_call(s, who, w);
    return true;
}

/* What a word between braces stands for; NULL: no such word or dialog. */
static const char *braced_word(struct scene *s, char *text)
{
    char *name = strchr(text, ' ');
    struct who who;
    if (strcmp(text, "newline") == 0)
        return "\r\n";
    if (!name)
        return NULL;
    *name++ = '\0';
    struct ua_call *call = who_is(s, name, &who) ? call_of(s, &who) : NULL;
    struct ua_dialog *d = call ? ua_dialog_find(call, NULL) : NULL;
    if (!d)
        return NULL;
    return strcmp(text, "id") == 0      ? call->call_id
           : strcmp(text, "here") == 0  ? d->local_tag
           : strcmp(text, "there") == 0 ? d->remote_tag
                                        : NULL;
}

static void fill_in(struct scene *s, const char *line, char *out, size_t room)
{
    size_t n = 0;
    for (const char *end; *line && n + 1 < room; line++) {
        char word[64];
        const char *text = NULL;
        if (*line == '{' && (end = strchr(line, '}')) && (size_t)(end - line) < sizeof word) {
            snprintf(word, sizeof word, "%.*s", (int)(end - line - 1), line + 1);
            text = braced_word(s, word);
        }
        if (text) {
            n += (size_t)snprintf(out + n, room - n, "%s", text);
            n = n < room ? n : room - 1;
            line = end;
        } else {
            out[n++] = *line;
        }
    }
    out[n] = '\0';
}

static void run_line(struct scene *s, const char *text)
{
    struct script_words w;
    struct who who;
    char copy[SCRIPT_LINE], line[SCRIPT_LINE];
    fill_in(s, text, line, sizeof line);
    snprintf(copy, sizeof copy, "%s", line);
    split(line, &w);
    if (w.n == 0 || w.v[0][0] == '#')
        return;
    if (s->world.trace)
        printf("%10.3f ---- %s\n", (double)s->world.now / 1000, copy);
    wire_reset();
    bool done = of_the_world(s, &w) || (s->command && s->command(s, &w));
    if (!done && (!who_is(s, w.v[0], &who) || !of_an_agent(s, &who, &w)))
        world_fail(&s->world, "cannot do: %s", copy);
}

static void check_inboxes(struct scene *s)
{
    for (unsigned u = 0; u < s->n_uas; u++) {
        for (struct scene_item *i = s->inbox[u]; i; i = i->next) {
            char text[128];
            describe(i, text, sizeof text);
            world_fail(&s->world, "%s was told %s, which nobody expected\n%s", s->uas[u].name, text,
                       i->text ? i->text : "");
        }
        forget_all(s, u);
    }
}

void script_forget(struct scene *s)
{
    for (unsigned u = 0; u < s->n_uas; u++)
        forget_all(s, u);
}

bool script_run(struct scene *s, const char *script)
{
    unsigned before = s->world.failures;
    while (*script && s->world.failures == before) {
        char line[SCRIPT_LINE];
        size_t n = strcspn(script, "\n");
        snprintf(line, sizeof line, "%.*s", (int)n, script);
        run_line(s, line);
        script += n + (script[n] == '\n');
    }
    if (s->world.failures == before)
        check_inboxes(s);
    return s->world.failures == before;
}
