#include "tests/unit/cases.h"
#include "proxy/sip/value.h"
#include <errno.h>
#include <stdio.h>
#include <osipparser2/osip_parser.h>

/* NULL: the part is absent; "": it is empty. */
static void assert_part(struct span got, const char *expected)
{
    if (!expected) {
        assert_int_equal(got.n, 0);
        return;
    }
    assert_non_null(got.p);
    assert_int_equal(got.n, strlen(expected));
    assert_memory_equal(got.p, expected, got.n);
}

/* ---- URI ------------------------------------------------------------------------------------ */

static struct uri_case {
    const char *name;
    const char *text;
    int error;
    const char *scheme, *user, *hostport, *host;
    uint16_t port;
    const char *params, *headers, *addr;
} uri_cases[] = {
    {"a host alone", "sip:192.0.2.1", 0, "sip", NULL, "192.0.2.1", "192.0.2.1",
     .addr = "192.0.2.1"},
    {"user, host and port", "sip:a@192.0.2.1:5062", 0, "sip", "a", "192.0.2.1:5062", "192.0.2.1",
     5062, .addr = "192.0.2.1:5062"},
    {"a port with leading zeros", "sip:a@h:05060", 0, "sip", "a", "h:05060", "h", 5060},
    {"a name", "sip:a@pbx-1.example.com:5060", 0, "sip", "a", "pbx-1.example.com:5060",
     "pbx-1.example.com", 5060},
    {"a name with an underscore, as containers have", "sip:a@pbx_1", 0, "sip", "a", "pbx_1",
     "pbx_1"},
    {"a name that begins with a digit", "sip:a@3com.example", 0, "sip", "a", "3com.example",
     "3com.example"},
    {"an IPv6 address with port and parameter", "sip:[fd00::1]:5060;lr", 0, "sip", NULL,
     "[fd00::1]:5060", "fd00::1", 5060, ";lr", .addr = "[fd00::1]:5060"},
    {"an IPv6 address that ends like a port", "sip:[2001:db8::10:5070]", 0, "sip", NULL,
     "[2001:db8::10:5070]", "2001:db8::10:5070", .addr = "[2001:db8::10:5070]"},
    {"IPv4 inside IPv6", "sip:u@[::ffff:192.0.2.1]", 0, "sip", "u", "[::ffff:192.0.2.1]",
     "::ffff:192.0.2.1", .addr = "[::ffff:192.0.2.1]"},
    {"IPv4 inside IPv6 with a colon too many, as the grammar of RFC 3261 had it",
     "sip:u@[2001:db8:::192.0.2.1]:5070", 0, "sip", "u", "[2001:db8:::192.0.2.1]:5070",
     "2001:db8:::192.0.2.1", 5070, .addr = "[2001:db8::c000:201]:5070"},
    {"parameters and headers", "sip:a@h;transport=udp;lr?Replaces=x%3Dy&b=c", 0, "sip", "a", "h",
     "h", 0, ";transport=udp;lr", "?Replaces=x%3Dy&b=c"},
    {"headers without parameters", "sip:h?a=b", 0, "sip", NULL, "h", "h", 0, NULL, "?a=b"},
    {"a password belongs to the user", "sips:a:secret@h", 0, "sips", "a:secret", "h", "h"},
    {"any case of the scheme", "SIP:a@H", 0, "SIP", "a", "H", "H"},
    {"a user full of marks",
     "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too."
     "(doesn't-it)@example.com",
     0, "sip",
     "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too."
     "(doesn't-it)",
     "example.com", "example.com"},
    {"a user with a semicolon", "sip:user;par=u%40example.net@example.com", 0, "sip",
     "user;par=u%40example.net", "example.com", "example.com"},
    {"a user with an escaped NUL", "sip:null-%00-null@example.com", 0, "sip", "null-%00-null",
     "example.com", "example.com"},
    {"a user with a half escape", "sip:50%@example.com", 0, "sip", "50%", "example.com",
     "example.com"},
    {"a feature code", "sip:*72#@h", 0, "sip", "*72#", "h", "h"},
    {"an empty user", "sip:@h", 0, "sip", "", "h", "h"},
    {"a telephone number", "tel:+81312345678;phone-context=example.com", 0, "tel"},
    {"a scheme with a dot", "soap.beep://192.0.2.103:3002", 0, "soap.beep"},
    {"an opaque URI", "nobodyKnowsThisScheme:totallyopaquecontent", 0, "nobodyKnowsThisScheme"},
    {"a scheme that begins like sip", "sipx:a@h", 0, "sipx"},

    {"nothing", "", EINVAL},
    {"no scheme", "a@h", EINVAL},
    {"a scheme alone", "sip:", EINVAL},
    {"no host", "sip:a@", EINVAL},
    {"no host before the port", "sip:a@:5060", EINVAL},
    {"no host before the parameters", "sip:;lr", EINVAL},
    {"two at-signs", "sip:a@b@c", EINVAL},
    {"IPv6 without brackets", "sip:2001:db8::10", EINVAL},
    {"IPv6 with one bracket", "sip:[2001:db8::10", EINVAL},
    {"something before the bracket", "sip:a@x[::1]", EINVAL},
    {"something after the bracket", "sip:a@[::1]x", EINVAL},
    {"IPv4 in brackets", "sip:a@[192.0.2.1]", EINVAL},
    {"a name in brackets", "sip:a@[pbx]", EINVAL},
    {"a zone", "sip:a@[fe80::1%eth0]", EINVAL},
    {"IPv6 with a colon too many elsewhere", "sip:[2001:db8:::1]", EINVAL},
    {"IPv6 with two colons too many", "sip:[2001:db8::::192.0.2.1]", EINVAL},
    {"IPv6 with a colon too many and a bad address", "sip:[2001:::db8:::192.0.2.1]", EINVAL},
    {"IPv6 longer than any", "sip:[1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:::192.0.2.1]",
     EINVAL},
    {"port 0", "sip:a@h:0", EINVAL},
    {"port 65536", "sip:a@h:65536", EINVAL},
    {"an empty port", "sip:a@h:", EINVAL},
    {"a port in letters", "sip:a@h:sip", EINVAL},
    {"a host with bytes above 127", "sip:a@h\xc3\xa4", EINVAL},
    {"a space in the host", "sip:a@h ost", EINVAL},
    {"a space at the end", "sip:a@h ", EINVAL},
    {"a space in the parameters", "sip:a@h; lr", EINVAL},
    {"a line end in the user", "sip:a\r\nb@h", EINVAL},
    {"a bracket in the user", "sip:<a@h", EINVAL},
    {"a quote in the parameters", "sip:a@h;x=\"y\"", EINVAL},
    {"a space in a tel URI", "tel:+81 3", EINVAL},
};

static void uri_is_read(void **state)
{
    const struct uri_case *c = *state;
    struct sip_uri uri;
    char addr[ADDR_TEXT];
    assert_int_equal(sip_uri_read(span_str(c->text), &uri), c->error);
    if (c->error)
        return;
    assert_part(uri.whole, c->text);
    assert_part(uri.scheme, c->scheme);
    assert_part(uri.user, c->user);
    assert_int_equal(uri.user.p != NULL, c->user != NULL);
    assert_part(uri.hostport, c->hostport);
    assert_part(uri.host, c->host);
    assert_int_equal(uri.port, c->port);
    assert_part(uri.params, c->params);
    assert_part(uri.headers, c->headers);
    assert_int_equal(addr_is_set(&uri.addr), c->addr != NULL);
    if (c->addr) {
        addr_print(&uri.addr, addr);
        assert_string_equal(addr, c->addr);
    }
}

/* ---- name-addr ------------------------------------------------------------------------------ */

static struct name_addr_case {
    const char *name;
    const char *text;
    int error;
    const char *uri;
    bool bracketed, star;
    const char *params;
} name_addr_cases[] = {
    {"brackets and a tag", "<sip:a@h>;tag=1", 0, "sip:a@h", true, .params = ";tag=1"},
    {"no brackets", "sip:a@h;tag=1", 0, "sip:a@h", .params = ";tag=1"},
    {"no brackets and no parameters", "sip:a@h", 0, "sip:a@h"},
    {"brackets keep URI parameters apart", "<sip:a@h;lr>;x=y", 0, "sip:a@h;lr", true,
     .params = ";x=y"},
    {"a quoted name with a comma", "\"Bell, Alexander\" <sip:a@h>", 0, "sip:a@h", true},
    {"a quoted name with an escaped quote", "\"J Rosenberg \\\\\\\"\"       <sip:a@h>", 0,
     "sip:a@h", true},
    {"a quoted name that looks like an address", "\"<sip:evil@x>;tag=9\" <sip:a@h>;tag=1", 0,
     "sip:a@h", true, .params = ";tag=1"},
    {"an empty quoted name", "\"\" <sip:a@h>", 0, "sip:a@h", true},
    {"a quoted name without a space after it", "\"A\"<sip:a@h>", 0, "sip:a@h", true},
    {"words without quotes", "Alice of Wonderland <sip:a@h>", 0, "sip:a@h", true},
    {"a word without a space after it", "caller<sip:caller@example.com>;tag=323", 0,
     "sip:caller@example.com", true, .params = ";tag=323"},
    {"a name in UTF-8", "\"\xe5\xb1\xb1\xe7\x94\xb0\" <sip:a@h>", 0, "sip:a@h", true},
    {"a name in UTF-8 without quotes", "\xe5\xb1\xb1\xe7\x94\xb0 <sip:a@h>;tag=1", 0, "sip:a@h",
     true, .params = ";tag=1"},
    {"folds and tabs", "\"A\"\r\n\t<sip:a@h>\r\n ;\r\n tag = 1", 0, "sip:a@h", true,
     .params = ";\r\n tag = 1"},
    {"spaces around an address without brackets", " sip:a@h ;   tag    = 19 ", 0, "sip:a@h",
     .params = ";   tag    = 19"},
    {"a route with IPv6", "<sip:[fd00::1]:5060;lr>", 0, "sip:[fd00::1]:5060;lr", true},
    {"the shortest address", "\"A\" <sip:h>;tag=1", 0, "sip:h", true, .params = ";tag=1"},
    {"a star", "*", 0, .star = true},
    {"a telephone number", "<tel:+81312345678>;tag=1", 0, "tel:+81312345678", true,
     .params = ";tag=1"},
    {"a telephone number without brackets", "tel:117;tag=1", 0, "tel:117", .params = ";tag=1"},
    {"headers inside brackets", "<sip:b@h?Replaces=1%3Bto-tag%3D2>", 0,
     "sip:b@h?Replaces=1%3Bto-tag%3D2", true},
    {"a diversion", "<sip:1@h>;reason=unconditional;screen=no;privacy=off", 0, "sip:1@h", true,
     .params = ";reason=unconditional;screen=no;privacy=off"},
    {"a contact with a quoted parameter", "<sip:a@h>;+sip.instance=\"<urn:uuid:1;2,3>\";q=0.33", 0,
     "sip:a@h", true, .params = ";+sip.instance=\"<urn:uuid:1;2,3>\";q=0.33"},
    {"a comma in a bracketed user", "<sip:a,b@h>", 0, "sip:a,b@h", true},

    {"nothing", "", EINVAL},
    {"spaces", "  ", EINVAL},
    {"a quote that does not close", "\"Mr. J. User <sip:a@h>", EINVAL},
    {"a quote that an escape keeps open", "\"A\\\" <sip:a@h>", EINVAL},
    {"a bracket that does not close", "<sip:a@h", EINVAL},
    {"a quoted name without an address", "\"A\"", EINVAL},
    {"a quoted name before a bare address", "\"A\" sip:a@h", EINVAL},
    {"a comma in a name without quotes", "Bell, Alexander <sip:a@h>;tag=43", EINVAL},
    {"spaces inside the brackets", "\"A\" < sip:a@h >", EINVAL},
    {"empty brackets", "<>", EINVAL},
    {"text after the brackets", "<sip:a@h> x;tag=1", EINVAL},
    {"text after a bare address", "sip:a@h x;tag=1", EINVAL},
    {"a question mark without brackets", "sip:user@example.com?Route=%3Csip:sip.example.com%3E",
     EINVAL},
    {"a comma without brackets", "sip:a,b@h", EINVAL},
    {"parameters without names", "<sip:a@h>;;;;", EINVAL},
    {"a parameter without its value", "<sip:a@h>;tag=", EINVAL},
    {"a host that cannot be one", "<sip:a@h\"ost>", EINVAL},
    {"no scheme", "<a@h>", EINVAL},
    {"a star with more", "*;x", EINVAL},
};

static void name_addr_is_read(void **state)
{
    const struct name_addr_case *c = *state;
    struct sip_name_addr got;
    assert_int_equal(sip_name_addr_read(span_str(c->text), &got), c->error);
    if (c->error)
        return;
    assert_int_equal(got.star, c->star);
    if (c->star)
        return;
    assert_part(got.uri.whole, c->uri);
    assert_int_equal(got.bracketed, c->bracketed);
    assert_part(got.params, c->params);
    struct span trimmed = span_trim(span_str(c->text));
    assert_ptr_equal(got.whole.p, trimmed.p);
    assert_int_equal(got.whole.n, trimmed.n);
}

/* ---- Via ------------------------------------------------------------------------------------ */

static struct via_case {
    const char *name;
    const char *text;
    int error;
    const char *whole, *sent_by, *host;
    uint16_t port;
    const char *branch, *received;
    bool has_rport;
    uint16_t rport;
    const char *transport;
} via_cases[] = {
    {"as Asterisk writes it", "SIP/2.0/UDP 192.0.2.1:5062;rport;branch=z9hG4bKPj1", 0, NULL,
     "192.0.2.1:5062", "192.0.2.1", 5062, "z9hG4bKPj1", NULL, true, 0, "UDP"},
    {"as it comes back", "SIP/2.0/UDP h;branch=z9hG4bK1;received=192.0.2.9;rport=40000", 0, NULL,
     "h", "h", 0, "z9hG4bK1", "192.0.2.9", true, 40000, "UDP"},
    {"without parameters, as RFC 2543 has it", "SIP/2.0/UDP iftgw.example.com", 0, NULL,
     "iftgw.example.com", "iftgw.example.com", .transport = "UDP"},
    {"the cookie alone", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK", 0, NULL, "192.0.2.1", "192.0.2.1",
     .branch = "z9hG4bK", .transport = "UDP"},
    {"the first of two", "SIP/2.0/UDP a;branch=1 , SIP/2.0/UDP b;branch=2", 0,
     "SIP/2.0/UDP a;branch=1", "a", "a", .branch = "1", .transport = "UDP"},
    {"spaces and folds everywhere", "SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw", 0,
     NULL, "192.0.2.2", "192.0.2.2", .branch = "390skdjuw", .transport = "UDP"},
    {"spaces around the port", "SIP / 2.0 / UDP  first.example.com : 4000 ;ttl=16 ;branch = 1", 0,
     NULL, "first.example.com : 4000", "first.example.com", 4000, "1", .transport = "UDP"},
    {"tabs", "SIP/2.0/UDP\t192.0.2.1\t;\tbranch=1", 0, NULL, "192.0.2.1", "192.0.2.1",
     .branch = "1", .transport = "UDP"},
    {"IPv6", "SIP/2.0/UDP [2001:db8::9:1]:6050;received=[2001:db8::9:255];branch=1", 0, NULL,
     "[2001:db8::9:1]:6050", "2001:db8::9:1", 6050, "1", "[2001:db8::9:255]", .transport = "UDP"},
    {"received IPv6 without brackets", "SIP/2.0/UDP [::1];received=2001:db8::9:255", 0, NULL,
     "[::1]", "::1", .received = "2001:db8::9:255", .transport = "UDP"},
    {"a transport nobody knows", "SIP/2.0/UNKNOWN t5.example.com;branch=z9hG4bK1", 0, NULL,
     "t5.example.com", "t5.example.com", .branch = "z9hG4bK1", .transport = "UNKNOWN"},
    {"another version", "SIP/7.0/UDP c.example.com;branch=1", 0, NULL, "c.example.com",
     "c.example.com", .branch = "1", .transport = "UDP"},
    {"a branch of marks", "SIP/2.0/TCP h;branch=z9hG4bK-.!%66*_+`'~", 0, NULL, "h", "h",
     .branch = "z9hG4bK-.!%66*_+`'~", .transport = "TCP"},
    {"a branch in base64", "SIP/2.0/UDP h;branch=z9hG4bKabc/de==", 0, NULL, "h", "h",
     .branch = "z9hG4bKabc/de==", .transport = "UDP"},
    {"capital parameter names", "SIP/2.0/UDP h;BRANCH=1;Received=192.0.2.1;RPort", 0, NULL, "h",
     "h", .branch = "1", .received = "192.0.2.1", .has_rport = true, .transport = "UDP"},

    {"nothing", "", EINVAL},
    {"no sent-by", "SIP/2.0/UDP", EINVAL},
    {"no sent-by but parameters", "SIP/2.0/UDP ;branch=1", EINVAL},
    {"no transport", "SIP/2.0 h;branch=1", EINVAL},
    {"another protocol", "HTTP/2.0/UDP h;branch=1", EINVAL},
    {"no space before the host", "SIP/2.0/UDP[::1]", EINVAL},
    {"parameters without names", "SIP/2.0/UDP 192.0.2.15;;,;,,", EINVAL},
    {"two branches", "SIP/2.0/UDP h;branch=1;branch=2", EINVAL},
    {"a branch without a value", "SIP/2.0/UDP h;branch;rport", EINVAL},
    {"port 0", "SIP/2.0/UDP h:0;branch=1", EINVAL},
    {"port 70000", "SIP/2.0/UDP h:70000;branch=1", EINVAL},
    {"a port in letters", "SIP/2.0/UDP h:x;branch=1", EINVAL},
    {"rport 70000", "SIP/2.0/UDP h;rport=70000", EINVAL},
    {"two hosts", "SIP/2.0/UDP a b;branch=1", EINVAL},
    {"IPv6 without brackets", "SIP/2.0/UDP 2001:db8::9:1;branch=1", EINVAL},
    {"a quote that does not close", "SIP/2.0/UDP h;x=\"y;branch=1", EINVAL},
};

static void via_is_read(void **state)
{
    const struct via_case *c = *state;
    struct sip_via via;
    assert_int_equal(sip_via_read(span_str(c->text), &via), c->error);
    if (c->error)
        return;
    assert_part(via.whole, c->whole ? c->whole : c->text);
    assert_part(via.sent_by, c->sent_by);
    assert_part(via.host, c->host);
    assert_int_equal(via.port, c->port);
    assert_part(via.branch, c->branch);
    assert_part(via.received, c->received);
    assert_int_equal(via.has_rport, c->has_rport);
    assert_int_equal(via.rport, c->rport);
    assert_part(via.transport, c->transport);
}

/* ---- lists and parameters ------------------------------------------------------------------- */

static struct list_case {
    const char *name;
    const char *text;
    const char *elements[5];
} list_cases[] = {
    {"nothing", "", {NULL}},
    {"commas alone", " , ,\r\n ,", {NULL}},
    {"one", " <sip:a@h> ", {"<sip:a@h>"}},
    {"two", "<sip:a@h>,<sip:b@h>;q=1", {"<sip:a@h>", "<sip:b@h>;q=1"}},
    {"folded", "<sip:a@h>\r\n ,\r\n <sip:b@h>", {"<sip:a@h>", "<sip:b@h>"}},
    {"a comma in quotes", "\"a,\\\",b\" <sip:a@h>, c", {"\"a,\\\",b\" <sip:a@h>", "c"}},
    {"a comma in brackets", "<sip:a,b@h>,<sip:c@h>", {"<sip:a,b@h>", "<sip:c@h>"}},
    {"a quote in brackets is no quote", "<sip:\"@h>,b", {"<sip:\"@h>", "b"}},
    {"empty elements are passed over", "a,,b,", {"a", "b"}},
    {"a quote that does not close hides the rest", "a, \"b, c", {"a", "\"b, c"}},
    {"a quote that ends in its escape hides the rest", "a, \"b, c\\", {"a", "\"b, c\\"}},
    {"a bracket that does not close hides the rest", "a, <b, c", {"a", "<b, c"}},
};

static void list_is_walked(void **state)
{
    const struct list_case *c = *state;
    struct span rest = span_str(c->text), element;
    for (size_t i = 0; c->elements[i]; i++) {
        assert_true(sip_list_next(&rest, &element));
        assert_part(element, c->elements[i]);
    }
    assert_false(sip_list_next(&rest, &element));
    assert_false(sip_list_next(&rest, &element));
}

static struct param_case {
    const char *name;
    const char *params;
    const char *wanted;
    const char *where, *value;
} param_cases[] = {
    {"the first of several", ";tag=1;x=2", "tag", ";tag=1", "1"},
    {"the last of several", ";x=2;tag=1", "tag", ";tag=1", "1"},
    {"a name in capitals", ";LR;Tag=1", "lr", ";LR"},
    {"no value", ";lr;x", "lr", ";lr"},
    {"spaces everywhere", " ; tag  =\r\n 1 ; x = y", "tag", "; tag  =\r\n 1", "1"},
    {"a quoted value", ";x=\"a;tag=9\";tag=1", "tag", ";tag=1", "1"},
    {"quotes are kept", ";x=\"a\\\";b\"", "x", ";x=\"a\\\";b\"", "\"a\\\";b\""},
    {"a value with an equals sign", ";x=a==", "x", ";x=a==", "a=="},
    {"after parameters without names", ";;;tag=1", "tag", ";tag=1", "1"},
    {"a longer name is another", ";tagged=1;ta=2", "tag"},
    {"an empty list", "", "tag"},
    {"a quote that does not close", ";x=\";tag=1", "tag"},
};

static void param_is_found(void **state)
{
    const struct param_case *c = *state;
    struct span value = {0}, where = {0};
    bool found = sip_param(span_str(c->params), c->wanted, &value, &where);
    assert_int_equal(found, c->where != NULL);
    assert_int_equal(sip_param(span_str(c->params), c->wanted, NULL, NULL), found);
    if (!found)
        return;
    assert_part(where, c->where);
    assert_part(value, c->value);
    assert_int_equal(value.p != NULL, c->value != NULL);
}

static struct tag_case {
    const char *name;
    const char *text;
    int error;
    const char *tag;
} tag_cases[] = {
    {"a tag", "<sip:a@h>;tag=as6f0", 0, "as6f0"},
    {"no tag", "<sip:a@h>", 0, NULL},
    {"a tag inside the brackets is none", "<sip:a@h;tag=1>", 0, NULL},
    {"a tag in the name is none", "\";tag=1\" <sip:a@h>", 0, NULL},
    {"a tag without brackets", "sip:a@h;tag=1", 0, "1"},
    {"a tag among others", "<sip:a@h>;x;TAG = 1;y", 0, "1"},
    {"an empty tag", "<sip:a@h>;tag", EINVAL},
    {"two tags", "<sip:a@h>;tag=1;tag=2", EINVAL},
    {"an address that cannot be read", "<sip:>;tag=1", EINVAL},
    {"a star", "*", EINVAL},
};

static void tag_is_read(void **state)
{
    const struct tag_case *c = *state;
    struct span tag;
    assert_int_equal(sip_tag_read(span_str(c->text), &tag), c->error);
    if (!c->error)
        assert_part(tag, c->tag);
    if (!c->error && !c->tag)
        assert_null(tag.p);
}

/* ---- numbers -------------------------------------------------------------------------------- */

static struct cseq_case {
    const char *name;
    const char *text;
    int error;
    uint32_t number;
    const char *method;
} cseq_cases[] = {
    {"a number and a method", "102 INVITE", 0, 102, "INVITE"},
    {"zero", "0 INVITE", 0, 0, "INVITE"},
    {"leading zeros and a fold", "0009\r\n  INVITE", 0, 9, "INVITE"},
    {"the highest number", "2147483647 BYE", 0, 2147483647, "BYE"},
    {"an unknown method", "1 BREW!", 0, 1, "BREW!"},
    {"2**31", "2147483648 BYE", EINVAL},
    {"a number alone", "1", EINVAL},
    {"a method alone", "INVITE", EINVAL},
    {"no space between", "1INVITE", EINVAL},
    {"two methods", "1 INVITE BYE", EINVAL},
    {"a negative number", "-1 BYE", EINVAL},
    {"nothing", "", EINVAL},
};

static void cseq_is_read(void **state)
{
    const struct cseq_case *c = *state;
    struct sip_cseq cseq;
    assert_int_equal(sip_cseq_read(span_str(c->text), &cseq), c->error);
    if (c->error)
        return;
    assert_int_equal(cseq.number, c->number);
    assert_part(cseq.method, c->method);
}

static void rack_is_two_numbers_and_a_method(void **state)
{
    (void)state;
    struct sip_cseq cseq;
    uint32_t rseq;
    assert_int_equal(sip_rack_read(span_str(" 776656  1 INVITE "), &rseq, &cseq), 0);
    assert_int_equal(rseq, 776656);
    assert_int_equal(cseq.number, 1);
    assert_part(cseq.method, "INVITE");
    const char *const bad[] = {"",        "1",          "1 INVITE",           "1 2",
                               "1 2 3 4", "x 1 INVITE", "4294967296 1 INVITE"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(sip_rack_read(span_str(bad[i]), &rseq, &cseq), EINVAL);
}

static struct seconds_case {
    const char *name;
    const char *text;
    int error;
    uint32_t seconds;
} seconds_cases[] = {
    {"seconds", "3600", 0, 3600},
    {"seconds with parameters", "300;refresher=uas", 0, 300},
    {"seconds with a space before them", "300 ; refresher=uas", 0, 300},
    {"seconds with a comment", "120 (I'm in a meeting)", 0, 120},
    {"the highest", "4294967295", 0, UINT32_MAX},
    {"too many", "4294967296", EINVAL},
    {"a hundred digits", "1000000000000000000000000000000000000000000000", EINVAL},
    {"a date", "Thu, 01 Dec 1994 16:00:00 GMT", EINVAL},
    {"a fraction", "1.5", EINVAL},
    {"two numbers", "1 2", EINVAL},
    {"nothing", "", EINVAL},
};

static void seconds_are_read(void **state)
{
    const struct seconds_case *c = *state;
    uint32_t seconds = 0;
    assert_int_equal(sip_seconds_read(span_str(c->text), &seconds), c->error);
    assert_int_equal(seconds, c->seconds);
}

/* ---- equality ------------------------------------------------------------------------------- */

static struct same_case {
    const char *name;
    const char *a, *b;
    bool same;
} same_cases[] = {
    {"an escape is what it stands for", "sip:%61lice@atlanta.com", "sip:alice@AtLanTa.CoM", true},
    {"the scheme in any case", "SIP:a@h", "sip:a@h", true},
    {"other parameters in one of them", "sip:a@h;newparam=5", "sip:a@h;security=on", true},
    {"parameters in another order", "sip:a@h;lr;transport=UDP", "sip:a@h;transport=udp;lr", true},
    {"two spellings of one address", "sip:a@[FD00:0::1]", "sip:a@[fd00::1]", true},
    {"other headers", "sip:a@h?x=y", "sip:a@h", true},
    {"one telephone number", "tel:+81312345678", "TEL:+81312345678", true},
    {"users in other case", "sip:A@h", "sip:a@h", false},
    {"no user and a user", "sip:h", "sip:a@h", false},
    {"a longer user", "sip:ab@h", "sip:a@h", false},
    {"an escaped mark is not the mark", "sip:a%3Bb@h", "sip:a;b@h", false},
    {"other hosts", "sip:a@h1", "sip:a@h2", false},
    {"other addresses", "sip:a@192.0.2.1", "sip:a@192.0.2.2", false},
    {"a name and an address", "sip:a@h", "sip:a@192.0.2.2", false},
    {"the default port is not no port", "sip:a@h:5060", "sip:a@h", false},
    {"sip and sips", "sip:a@h", "sips:a@h", false},
    {"a transport in one of them", "sip:a@h;transport=udp", "sip:a@h", false},
    {"other transports", "sip:a@h;transport=udp", "sip:a@h;transport=tcp", false},
    {"lines differ in case", "sip:a@h;line=x", "sip:a@h;line=X", false},
    {"a line in one of them", "sip:a@h;line=x", "sip:a@h", false},
    {"an maddr in one of them", "sip:a@h", "sip:a@h;maddr=192.0.2.1", false},
    {"other telephone numbers", "tel:1", "tel:2", false},
    {"tel and sip", "tel:1", "sip:1@h", false},
};

static void uris_are_compared(void **state)
{
    const struct same_case *c = *state;
    struct sip_uri a, b;
    assert_int_equal(sip_uri_read(span_str(c->a), &a), 0);
    assert_int_equal(sip_uri_read(span_str(c->b), &b), 0);
    assert_int_equal(sip_uri_same(&a, &b), c->same);
    assert_int_equal(sip_uri_same(&b, &a), c->same);
    assert_true(sip_uri_same(&a, &a));
}

/* ---- bounds and the arena ------------------------------------------------------------------- */

static char big[3 * SIP_MAX_ELEMENT];

static void an_element_is_bounded(void **state)
{
    (void)state;
    struct sip_name_addr got;
    struct sip_via via;
    memset(big, 'a', sizeof big);
    memcpy(big, "<sip:", 5);
    memcpy(big + SIP_MAX_ELEMENT - 3, "@h>", 3);
    assert_int_equal(sip_name_addr_read(span_of(big, SIP_MAX_ELEMENT), &got), 0);
    memcpy(big + SIP_MAX_ELEMENT - 3, "a@h>", 4);
    assert_int_equal(sip_name_addr_read(span_of(big, SIP_MAX_ELEMENT + 1), &got), EINVAL);
    memset(big, 'a', sizeof big);
    memcpy(big, "SIP/2.0/UDP h;branch=", 21);
    assert_int_equal(sip_via_read(span_of(big, SIP_MAX_ELEMENT), &via), 0);
    assert_int_equal(sip_via_read(span_of(big, SIP_MAX_ELEMENT + 1), &via), EINVAL);
}

static void parameters_are_bounded(void **state)
{
    (void)state;
    const char *const begins[] = {"<sip:a@h>", "sip:a@h", "SIP/2.0/UDP h"};
    for (size_t i = 0; i < 3; i++) {
        for (size_t count = SIP_MAX_PARAMS; count <= SIP_MAX_PARAMS + 1; count++) {
            struct sip_name_addr party;
            struct sip_uri uri;
            struct sip_via via;
            size_t n = (size_t)sprintf(big, "%s", begins[i]);
            for (size_t k = 0; k < count; k++)
                n += (size_t)sprintf(big + n, ";p%zu=v", k);
            struct span text = span_of(big, n);
            int err = i == 0   ? sip_name_addr_read(text, &party)
                      : i == 1 ? sip_uri_read(text, &uri)
                               : sip_via_read(text, &via);
            assert_int_equal(err, count > SIP_MAX_PARAMS ? EINVAL : 0);
        }
    }
}

static unsigned allocations;

static void *counting_malloc(size_t n)
{
    allocations++;
    return malloc(n);
}

static void *counting_realloc(void *p, size_t n)
{
    return realloc(p, n);
}

static void counting_free(void *p)
{
    free(p);
}

static void others_who_use_libosip2_keep_their_allocators(void **state)
{
    (void)state;
    struct sip_name_addr party;
    struct sip_via via;
    struct sip_uri uri;
    osip_from_t *theirs;
    osip_set_allocators(counting_malloc, counting_realloc, counting_free);
    assert_int_equal(sip_name_addr_read(span_str("\"A\" <sip:a@h>;tag=1"), &party), 0);
    assert_int_equal(sip_name_addr_read(span_str("<sip:a@>;tag=1"), &party), EINVAL);
    assert_int_equal(sip_via_read(span_str("SIP/2.0/UDP h;branch=1"), &via), 0);
    assert_int_equal(sip_uri_read(span_str("sip:a@h"), &uri), 0);
    assert_int_equal(allocations, 0);
    assert_int_equal(osip_from_init(&theirs), 0);
    assert_int_equal(osip_from_parse(theirs, "\"A\" <sip:a@h>;tag=1"), 0);
    osip_from_free(theirs);
    assert_true(allocations > 0);
    osip_set_allocators(NULL, NULL, NULL);
}

/* ---- what a request may be for -------------------------------------------------------------- */

static struct scheme_case {
    const char *name;
    const char *uri;
    bool known;
} scheme_cases[] = {
    {"sip is known", "sip:h", true},
    {"sips in any case is known", "SipS:h", true},
    {"a telephone number is known", "tel:+8131234", true},
    {"an emergency service is known", "urn:service:sos", true},
    {"what begins like sip is not", "sipx:h", false},
    {"what sip begins with is not", "si:h", false},
    {"the web is not", "http://h", false},
    {"no scheme is not", "sip", false},
    {"an empty scheme is not", ":h", false},
};

static void scheme_is_known(void **state)
{
    const struct scheme_case *c = *state;
    assert_int_equal(sip_scheme_known(span_str(c->uri)), c->known);
}

static void a_target_has_no_headers(void **state)
{
    (void)state;
    struct sip_uri uri;
    assert_int_equal(sip_uri_read(span_str("sip:a?b@h;lr?Route=%3Csip:x%3E"), &uri), 0);
    assert_part(sip_uri_target(&uri), "sip:a?b@h;lr");
    assert_int_equal(sip_uri_read(span_str("tel:1?2"), &uri), 0);
    assert_part(sip_uri_target(&uri), "tel:1?2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rack_is_two_numbers_and_a_method),
        cmocka_unit_test(a_target_has_no_headers),
        cmocka_unit_test(an_element_is_bounded),
        cmocka_unit_test(parameters_are_bounded),
        cmocka_unit_test(others_who_use_libosip2_keep_their_allocators),
    };
    int failed = CASES_RUN(uri_cases, uri_is_read);
    failed += CASES_RUN(name_addr_cases, name_addr_is_read);
    failed += CASES_RUN(via_cases, via_is_read);
    failed += CASES_RUN(list_cases, list_is_walked);
    failed += CASES_RUN(param_cases, param_is_found);
    failed += CASES_RUN(tag_cases, tag_is_read);
    failed += CASES_RUN(cseq_cases, cseq_is_read);
    failed += CASES_RUN(seconds_cases, seconds_are_read);
    failed += CASES_RUN(scheme_cases, scheme_is_known);
    failed += CASES_RUN(same_cases, uris_are_compared);
    failed += cmocka_run_group_tests(tests, NULL, NULL);
    return failed;
}
