/* The only file that knows libyaml. */
#include "conf/yaml.h"
#include <yaml.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#define STUCK_LINES_BACK 20 /* empty ones, each found by counting from the first */

struct builder {
    struct arena *arena;
    struct yaml_fault *fault;
    struct node *root;
    struct node *open[YAML_MAX_DEPTH]; /* lists and mappings being filled */
    unsigned depth, nodes;
    bool documents; /* one was seen */
};

static int place(size_t from_zero)
{
    return from_zero < INT_MAX ? (int)from_zero + 1 : INT_MAX;
}

__attribute__((format(printf, 4, 5))) static int fault_set(struct yaml_fault *fault, int line,
                                                           int column, const char *fmt, ...)
{
    va_list args;
    fault->line = line;
    fault->column = column;
    va_start(args, fmt);
    vsnprintf(fault->message, sizeof fault->message, fmt, args);
    va_end(args);
    return EINVAL;
}

static int fault_at(struct builder *b, const yaml_mark_t *mark, const char *message)
{
    return fault_set(b->fault, place(mark->line), place(mark->column), "%s", message);
}

/* libyaml reports a bad byte by its offset alone. */
static void offset_place(struct span bytes, size_t offset, int *line, int *column)
{
    *line = 1;
    *column = 1;
    for (size_t i = 0; i < offset && i < bytes.n; i++) {
        if (bytes.p[i] == '\n') {
            ++*line;
            *column = 1;
        } else if (((unsigned char)bytes.p[i] & 0xc0) != 0x80) {
            ++*column;
        }
    }
}

/* libyaml's own message for this most common of all slips names neither tabs nor indentation. */
static bool tab_find(struct span bytes, size_t *offset)
{
    bool indentation = true;
    for (size_t i = 0; i < bytes.n; i++) {
        char c = bytes.p[i];
        if (c == '\n')
            indentation = true;
        else if (c == '\t' && indentation) {
            *offset = i;
            return true;
        } else if (c != ' ')
            indentation = false;
    }
    return false;
}

/* A tab in the indentation, unless something before it is wrong already: that comes first. */
static int tab_check(struct span bytes, int error, struct yaml_fault *fault)
{
    size_t offset;
    int line, column;
    if ((error != 0 && error != EINVAL) || !tab_find(bytes, &offset))
        return error;
    offset_place(bytes, offset, &line, &column);
    if (error != 0 && fault->line < line)
        return error;
    return fault_set(fault, line, column, "a tab in the indentation: expected spaces");
}

static struct span line_find(struct span bytes, int line)
{
    for (int i = 1; bytes.n > 0 && i < line; i++) {
        const char *end = memchr(bytes.p, '\n', bytes.n);
        bytes = end ? span_from(bytes, (size_t)(end - bytes.p) + 1) : span_of(bytes.p, 0);
    }
    const char *end = bytes.n > 0 ? memchr(bytes.p, '\n', bytes.n) : NULL;
    return end ? span_of(bytes.p, (size_t)(end - bytes.p)) : bytes;
}

/* "[fd00::1]:5060" without quotes begins a list; whoever wrote it thinks of no list. */
static bool line_has_bare_ip6(struct span line)
{
    for (size_t i = 0; i < line.n; i++) {
        bool quoted = i > 0 && (line.p[i - 1] == '"' || line.p[i - 1] == '\'');
        unsigned colons = 0;
        if (line.p[i] != '[' || quoted)
            continue;
        for (i++; i < line.n && strchr("0123456789abcdefABCDEF:.", line.p[i]); i++)
            colons += line.p[i] == ':';
        if (i < line.n && line.p[i] == ']' && colons >= 2)
            return true;
    }
    return false;
}

/* "address:127.0.0.1" is one word to YAML. */
static bool text_lacks_space(struct span text)
{
    size_t n = 0;
    while (n < text.n && ((text.p[n] >= 'a' && text.p[n] <= 'z') || text.p[n] == '_'))
        n++;
    return n > 0 && n + 1 < text.n && text.p[n] == ':' && text.p[n + 1] != ' ' &&
           text.p[n + 1] != '\r';
}

static bool line_lacks_space(struct span line)
{
    while (line.n > 0 && (*line.p == ' ' || *line.p == '-' || *line.p == '{'))
        line = span_from(line, 1);
    return text_lacks_space(line);
}

static bool line_is_empty(struct span line)
{
    line = span_trim(line);
    return line.n == 0 || *line.p == '#';
}

/* What such a word did is often noticed on the next line only. 0 where there is none. */
static int stuck_line_find(struct span bytes, int line)
{
    if (line_lacks_space(line_find(bytes, line)))
        return line;
    for (int skipped = 0; --line > 0 && skipped < STUCK_LINES_BACK; skipped++) {
        if (!line_is_empty(line_find(bytes, line)))
            break;
    }
    return line > 0 && line_lacks_space(line_find(bytes, line)) ? line : 0;
}

static int parser_fault(const yaml_parser_t *parser, struct span bytes, struct yaml_fault *fault)
{
    const char *problem = parser->problem ? parser->problem : "not YAML";
    const char *context = parser->context;
    int line, column;
    if (parser->error == YAML_MEMORY_ERROR)
        return ENOMEM;
    if (parser->error == YAML_READER_ERROR) {
        offset_place(bytes, parser->problem_offset, &line, &column);
        return fault_set(fault, line, column, "%s: expected text in UTF-8", problem);
    }
    line = place(parser->problem_mark.line);
    column = place(parser->problem_mark.column);
    if (line_has_bare_ip6(line_find(bytes, line)))
        return fault_set(fault, line, column, "not YAML: an address in brackets needs quotes");
    char hint[64] = "";
    int stuck = stuck_line_find(bytes, line);
    if (stuck > 0)
        (void)snprintf(hint, sizeof hint, " (line %d: a space after the colon?)", stuck);
    return fault_set(fault, line, column, "not YAML: %s%s%s%s", context ? context : "",
                     context ? ", " : "", problem, hint);
}

static struct node *node_add(struct builder *b, enum node_kind kind, const yaml_mark_t *mark)
{
    struct node *node = arena_take(b->arena, sizeof *node);
    if (!node)
        return NULL;
    node->kind = kind;
    node->line = place(mark->line);
    node->column = place(mark->column);
    b->nodes++;
    struct node *parent = b->depth > 0 ? b->open[b->depth - 1] : NULL;
    if (!parent)
        b->root = node;
    else if (parent->last)
        parent->last = parent->last->next = node;
    else
        parent->first = parent->last = node;
    return node;
}

static bool text_has_control(struct span text)
{
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f)
            return true;
    }
    return false;
}

static int scalar_add(struct builder *b, const yaml_event_t *event)
{
    struct span text = span_of((const char *)event->data.scalar.value, event->data.scalar.length);
    if (event->data.scalar.tag)
        return fault_at(b, &event->start_mark, "tags (!name) are not understood here");
    if (text_has_control(text))
        return fault_at(b, &event->start_mark,
                        "a control character or line end in a value: expected one line of text");
    struct node *node = node_add(b, NODE_SCALAR, &event->start_mark);
    char *copy = node ? arena_text(b->arena, text) : NULL;
    if (!copy)
        return ENOMEM;
    node->text = span_of(copy, text.n);
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return 0;
}

static int branch_open(struct builder *b, enum node_kind kind, const yaml_mark_t *mark,
                       const yaml_char_t *tag)
{
    if (tag)
        return fault_at(b, mark, "tags (!name) are not understood here");
    if (b->depth == YAML_MAX_DEPTH)
        return fault_at(b, mark, "lists and mappings are nested too deeply");
    struct node *node = node_add(b, kind, mark);
    if (!node)
        return ENOMEM;
    b->open[b->depth++] = node;
    return 0;
}

static int event_take(struct builder *b, const yaml_event_t *event)
{
    const yaml_mark_t *mark = &event->start_mark;
    if (b->nodes >= YAML_MAX_NODES)
        return fault_at(b, mark, "the file holds too many values");
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return scalar_add(b, event);
    case YAML_SEQUENCE_START_EVENT:
        return branch_open(b, NODE_LIST, mark, event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return branch_open(b, NODE_MAPPING, mark, event->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        b->depth--;
        return 0;
    case YAML_ALIAS_EVENT:
        /* An alias of aliases grows without bound; peer_defaults does what they are wanted for. */
        return fault_at(b, mark, "aliases (*name) are not understood here: use peer_defaults");
    case YAML_DOCUMENT_START_EVENT:
        if (b->documents)
            return fault_at(b, mark, "a second document: expected one per file");
        b->documents = true;
        return 0;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return 0;
    }
    return 0;
}

static int events_read(struct builder *b, yaml_parser_t *parser, struct span bytes)
{
    for (bool end = false; !end;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return parser_fault(parser, bytes, b->fault);
        end = event.type == YAML_STREAM_END_EVENT;
        int error = event_take(b, &event);
        yaml_event_delete(&event);
        if (error)
            return error;
    }
    return 0;
}

int yaml_read(struct arena *arena, struct span bytes, struct node **root, struct yaml_fault *fault)
{
    struct builder b = {.arena = arena, .fault = fault};
    yaml_parser_t parser;

    if (span_begins(bytes, "\xef\xbb\xbf"))
        bytes = span_from(bytes, 3);
    if (bytes.n > YAML_MAX_BYTES)
        return fault_set(fault, 0, 0, "the file is larger than %u MiB",
                         YAML_MAX_BYTES / (1024 * 1024));
    if (!yaml_parser_initialize(&parser))
        return ENOMEM;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes.p, bytes.n);
    int error = tab_check(bytes, events_read(&b, &parser, bytes), fault);
    yaml_parser_delete(&parser);
    if (!error)
        *root = b.root && node_is_null(b.root) ? NULL : b.root;
    return error;
}

bool node_is_null(const struct node *node)
{
    return node->kind == NODE_SCALAR && node->plain &&
           (node->text.n == 0 || span_is(node->text, span_str("~")) ||
            span_is(node->text, span_str("null")));
}

bool node_lacks_space(const struct node *node)
{
    return node->kind == NODE_SCALAR && node->plain && text_lacks_space(node->text);
}
