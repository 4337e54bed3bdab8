#include "proxy/core/name.h"
#include "proxy/core/base.h"
#include <ctype.h>
#include <strings.h>

static bool label_is_good(struct span label)
{
    for (size_t i = 0; i < label.n; i++) {
        unsigned char c = (unsigned char)label.p[i];
        if (c > 0x7f || (!isalnum(c) && c != '-' && c != '_'))
            return false;
    }
    return label.n > 0 && label.n <= 63 && label.p[0] != '-';
}

bool name_is_good(struct span text)
{
    if (text.n > 0 && text.p[text.n - 1] == '.')
        text.n--; /* a full name may say so */
    if (text.n == 0 || text.n > MAX_NAME)
        return false;
    struct span label = text;
    for (;;) {
        const char *dot = memchr(label.p, '.', label.n);
        struct span rest = span_from(label, dot ? (size_t)(dot - label.p) + 1 : label.n);
        if (dot)
            label.n = (size_t)(dot - label.p);
        if (!label_is_good(label))
            return false;
        if (!dot)
            return isalpha((unsigned char)label.p[0]); /* "127.1" and "0x7f.1" are no names */
        label = rest;
    }
}

bool name_is(const struct name *name, struct span text, uint8_t family)
{
    return name->text[0] && name->family == family && text.n == strlen(name->text) &&
           strncasecmp(name->text, text.p, text.n) == 0;
}

static struct name *name_find(struct core *core, struct span text, uint8_t family)
{
    for (size_t i = 0; i < MAX_NAMES; i++) {
        if (name_is(&core->names[i], text, family))
            return &core->names[i];
    }
    return NULL;
}

bool name_waits(const struct core *core, struct span text, uint8_t family)
{
    for (size_t i = 0; i < MAX_NAMES; i++) {
        if (name_is(&core->names[i], text, family))
            return core->names[i].question != 0;
    }
    return false;
}

/* A free place, else that of the name asked for longest ago. */
static struct name *name_place(struct core *core)
{
    struct name *place = NULL;
    unsigned under_way = 0;
    for (size_t i = 0; i < MAX_NAMES; i++) {
        struct name *n = &core->names[i];
        under_way += n->question != 0;
        if (!n->question &&
            (!place || (place->text[0] && (!n->text[0] || n->asked < place->asked))))
            place = n;
    }
    return under_way < MAX_LOOKUPS ? place : NULL;
}

static void ask(struct core *core, struct name *name)
{
    struct action *a = out_add(&core->out, ACT_RESOLVE);
    name->question = ++core->questions;
    name->asked = core->now;
    a->resolve.question = name->question;
    a->resolve.name = out_copy(&core->out, span_of(name->text, strlen(name->text) + 1)).p;
    a->resolve.family = name->family;
    core_count(core, NULL, COUNT_names_asked);
}

const struct name *name_look(struct core *core, struct span text, uint8_t family)
{
    struct name *name = name_find(core, text, family);
    if (name &&
        (name->question || core->now - name->asked < (name->n ? NAME_AGAIN : NAME_AGAIN_FAILED)))
        return name;
    struct name *place = name_place(core);
    if (!place) {
        core_count(core, NULL, COUNT_names_refused);
        return name;
    }
    if (!name) {
        *place = (struct name){.family = family};
        memcpy(place->text, text.p, text.n);
        name = place;
    }
    ask(core, name);
    return name;
}

const struct name *name_answered(struct core *core, uint64_t question, const struct addr *addrs,
                                 size_t n)
{
    struct name *name = NULL;
    for (size_t i = 0; i < MAX_NAMES; i++) {
        if (core->names[i].question == question)
            name = &core->names[i];
    }
    if (!name || !question)
        return NULL;
    name->question = 0;
    unsigned known = 0;
    for (size_t i = 0; i < n && known < MAX_NAME_ADDRS; i++) {
        if (addrs[i].family == name->family)
            name->addrs[known++] = addr_with_port(addrs[i], 0);
    }
    if (known)
        name->n = known;
    else /* what was known before is better than nothing */
        core_count(core, NULL, COUNT_names_failed);
    return name;
}
