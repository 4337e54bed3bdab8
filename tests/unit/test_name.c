#include "tests/unit/cases.h"
#include "proxy/core/name.h"

#define L63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz0123456789a"

static struct name_case {
    const char *name;
    const char *text;
    bool good;
} name_cases[] = {
    {"a name of several labels may be asked for", "media.provider.example", true},
    {"a name of one label, as a tailnet has them, may be asked for", "yude", true},
    {"capitals, digits, hyphens and underscores may be asked for", "Media-1_b.SBC2.example", true},
    {"a dot at the end may be asked for", "media.example.", true},
    {"a label of 63 bytes may be asked for", L63 ".example", true},
    {"a name of 253 bytes may be asked for",
     L63 "." L63 "." L63 "."
         "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz012345678",
     true},
    {"a name of 254 bytes may not be asked for",
     L63 "." L63 "." L63 "."
         "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz0123456789",
     false},
    {"a label of 64 bytes may not be asked for", L63 "b.example", false},
    {"nothing may not be asked for", "", false},
    {"a dot alone may not be asked for", ".", false},
    {"a dot in front may not be asked for", ".example", false},
    {"two dots in a row may not be asked for", "a..example", false},
    {"two dots at the end may not be asked for", "a.example..", false},
    {"a hyphen in front may not be asked for", "-a.example", false},
    {"a blank may not be asked for", "a b.example", false},
    {"a quote may not be asked for", "a\"b.example", false},
    {"a backslash may not be asked for", "a\\b.example", false},
    {"what a shell would do something with may not be asked for", "$(reboot).example", false},
    {"a slash may not be asked for", "a/b.example", false},
    {"a colon may not be asked for", "a:b", false},
    {"letters beyond ASCII",
     "m\xc3\xb6"
     "dia.example",
     false},
    {"an address in short form may not be asked for", "127.1", false},
    {"an address as one number may not be asked for", "2130706433", false},
    {"an address in hexadecimal may not be asked for", "0x7f000001", false},
    {"an address in octal may not be asked for", "0177.0.0.1", false},
    {"a number behind a name may not be asked for", "a.example.1", false},
};

static void name_is_judged(void **state)
{
    const struct name_case *c = *state;
    assert_int_equal(name_is_good(span_str(c->text)), c->good);
}

int main(void)
{
    return CASES_RUN(name_cases, name_is_judged);
}
