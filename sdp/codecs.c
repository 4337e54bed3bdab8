#include "sdp/rewrite.h"
#include "sdp/line.h"

#define PAYLOAD_TYPES 128 /* seven bits in the RTP header (RFC 3550 §5.1) */

/* Payload types that need no a=rtpmap (RFC 3551 §6). */
static const char *const static_names[PAYLOAD_TYPES] = {
    [0] = "PCMU",  [3] = "GSM",   [4] = "G723",  [5] = "DVI4",  [6] = "DVI4",   [7] = "LPC",
    [8] = "PCMA",  [9] = "G722",  [10] = "L16",  [11] = "L16",  [12] = "QCELP", [13] = "CN",
    [14] = "MPA",  [15] = "G728", [16] = "DVI4", [17] = "DVI4", [18] = "G729",  [25] = "CelB",
    [26] = "JPEG", [28] = "nv",   [31] = "H261", [32] = "MPV",  [33] = "MP2T",  [34] = "H263",
};

/* What is known of the payload types of one m-line. */
struct codecs {
    struct span name[PAYLOAD_TYPES]; /* encoding name; p == NULL: unknown */
    bool drop[PAYLOAD_TYPES];
    bool listed[PAYLOAD_TYPES]; /* on the m= line */
};

/* The payload type at the start of an attribute's value; PAYLOAD_TYPES when there is none. */
static unsigned payload_type(struct span *value)
{
    uint64_t number;
    if (!span_number(word_next(value), PAYLOAD_TYPES - 1, &number))
        return PAYLOAD_TYPES;
    return (unsigned)number;
}

/* The encoding names from "a=rtpmap:96 opus/48000/2", the first one of a payload type; then the
 * static ones. */
static void names_read(const struct sdp_media *m, struct codecs *codecs)
{
    struct span rest = m->block;
    struct line line;
    struct span attribute;
    struct span value;
    while (line_next(&rest, &line)) {
        if (!attribute_read(line.text, &attribute, &value) ||
            !span_is_nocase(attribute, span_str("rtpmap")))
            continue;
        unsigned pt = payload_type(&value);
        if (pt == PAYLOAD_TYPES || codecs->name[pt].p)
            continue;
        struct span name = word_next(&value);
        const char *slash = name.n ? memchr(name.p, '/', name.n) : NULL;
        codecs->name[pt] = slash ? span_of(name.p, (size_t)(slash - name.p)) : name;
    }
    for (unsigned pt = 0; pt < PAYLOAD_TYPES; pt++) {
        if (!codecs->name[pt].p && static_names[pt])
            codecs->name[pt] = span_str(static_names[pt]);
    }
}

static bool name_wanted(struct span name, const struct span *wanted, unsigned n)
{
    for (unsigned i = 0; name.p && i < n; i++) {
        if (span_is_nocase(name, wanted[i]))
            return true;
    }
    return false;
}

/* Tones and comfort noise do not make a stream anybody can talk over. */
static bool name_carries_speech(struct span name)
{
    return !span_is_nocase(name, span_str("telephone-event")) &&
           !span_is_nocase(name, span_str("CN"));
}

/* Returns the first payload type listed; PAYLOAD_TYPES when there is none. */
static unsigned formats_read(const struct sdp_media *m, struct codecs *codecs)
{
    unsigned first = PAYLOAD_TYPES;
    struct span rest = m->formats;
    for (struct span word = word_next(&rest); word.n > 0; word = word_next(&rest)) {
        unsigned pt = payload_type(&word);
        if (pt == PAYLOAD_TYPES)
            continue;
        codecs->listed[pt] = true;
        first = first == PAYLOAD_TYPES ? pt : first;
    }
    return first;
}

bool sdp_codec_offered(const struct sdp_media *m, const struct span *names, unsigned n)
{
    struct codecs codecs = {0};
    names_read(m, &codecs);
    formats_read(m, &codecs);
    for (unsigned pt = 0; pt < PAYLOAD_TYPES; pt++) {
        if (codecs.listed[pt] && name_wanted(codecs.name[pt], names, n))
            return true;
    }
    return false;
}

/* Decides what goes. False when nothing does, or when nothing to talk with would be left. */
static bool codecs_choose(const struct sdp_media *m, const struct sdp_new *with,
                          struct codecs *codecs)
{
    formats_read(m, codecs);
    bool any = false;
    bool speech = false;
    for (unsigned pt = 0; pt < PAYLOAD_TYPES; pt++) {
        if (!codecs->listed[pt])
            continue;
        codecs->drop[pt] = !name_wanted(codecs->name[pt], with->codecs, with->n_codecs);
        any |= codecs->drop[pt];
        speech |= !codecs->drop[pt] && name_carries_speech(codecs->name[pt]);
    }
    return any && speech;
}

/* Cuts payload types from the m= line, each with the blank before it. */
static void formats_cut(const struct sdp_media *m, const struct codecs *codecs,
                        struct cutter *cutter)
{
    const char *before = m->proto.p + m->proto.n;
    struct span rest = m->formats;
    for (struct span word = word_next(&rest); word.n > 0; word = word_next(&rest)) {
        struct span number = word;
        unsigned pt = payload_type(&number);
        const char *end = word.p + word.n;
        if (pt < PAYLOAD_TYPES && codecs->drop[pt])
            cut_piece(cutter, span_of(before, (size_t)(end - before)));
        before = end;
    }
    cut_flush(cutter);
}

/* Cuts the lines that describe a payload type no longer listed. */
static void lines_cut(const struct sdp_media *m, const struct codecs *codecs, struct cutter *cutter)
{
    static const char *const names[] = {"rtpmap", "fmtp", "rtcp-fb"};
    struct span rest = m->block;
    struct line line;
    struct span attribute;
    struct span value;
    while (line_next(&rest, &line)) {
        if (!attribute_read(line.text, &attribute, &value))
            continue;
        bool describes = false;
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            describes |= span_is_nocase(attribute, span_str(names[i]));
        if (!describes)
            continue;
        unsigned pt = payload_type(&value);
        if (pt < PAYLOAD_TYPES && codecs->drop[pt])
            cut_piece(cutter, line.whole);
    }
    cut_flush(cutter);
}

/* What is refused needs no description: one format stays, because an m-line must have one. */
static void refused_shorten(const struct sdp_media *m, struct cutter *cutter)
{
    struct codecs codecs = {0};
    unsigned first = formats_read(m, &codecs);
    for (unsigned pt = 0; pt < PAYLOAD_TYPES; pt++)
        codecs.drop[pt] = pt != first;
    formats_cut(m, &codecs, cutter);
    if (first < PAYLOAD_TYPES)
        codecs.drop[first] = true;
    lines_cut(m, &codecs, cutter);
}

void codecs_filter(const struct sdp *sdp, const struct sdp_media *m, bool refused,
                   const struct sdp_new *with, struct edits *edits)
{
    struct cutter cutter = {.body = sdp->body, .edits = edits, .rule = RULE_SDP_CODECS};
    if (!m->is_rtp || m->port == 0)
        return;
    if (refused) {
        refused_shorten(m, &cutter);
        return;
    }
    struct codecs codecs = {0};
    names_read(m, &codecs);
    if (!codecs_choose(m, with, &codecs))
        return;
    formats_cut(m, &codecs, &cutter);
    lines_cut(m, &codecs, &cutter);
}
