/*
 * fuzz_sip.c - a datagram: the index, every reader on every header, and the messages that answer
 * it.
 */
#include "tests/fuzz/fuzz.h"
#include "proxy/sip/build.h"

/* Up to here an answer cannot outgrow what a datagram may be. */
#define SMALL 3000
#define FEW 100

static struct span input;

/* An absent part is no part; the rest stands inside `whole`. */
static void check_within(struct span whole, struct span part)
{
    FUZZ_CHECK(!part.p || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

static void check_uri(const struct sip_uri *uri)
{
    check_within(input, uri->whole);
    check_within(uri->whole, uri->scheme);
    check_within(uri->whole, uri->user);
    check_within(uri->whole, uri->hostport);
    check_within(uri->hostport, uri->host);
    check_within(uri->whole, uri->params);
    check_within(uri->whole, uri->headers);
    FUZZ_CHECK(sip_uri_same(uri, uri));
    if (uri->hostport.p)
        FUZZ_CHECK(uri->host.n > 0 && uri->params.p == uri->hostport.p + uri->hostport.n);
}

static void check_params(struct span params)
{
    struct span value, where;
    check_within(input, params);
    if (sip_param(params, "tag", &value, &where)) {
        check_within(params, where);
        check_within(where, value);
    }
}

static void read_address(struct span text)
{
    struct sip_name_addr party;
    struct sip_uri uri;
    struct span tag;
    if (sip_uri_read(text, &uri) == 0)
        check_uri(&uri);
    if (sip_name_addr_read(text, &party))
        return;
    check_within(text, party.whole);
    if (party.star)
        return;
    check_within(party.whole, party.uri.whole);
    check_within(party.whole, party.params);
    check_uri(&party.uri);
    check_params(party.params);
    if (sip_tag_read(text, &tag) == 0)
        check_within(party.params, tag);
    /* What stands in the brackets means the same by itself. */
    FUZZ_CHECK(sip_uri_read(party.uri.whole, &uri) == 0 && sip_uri_same(&uri, &party.uri));
}

static void read_via(struct span text)
{
    struct sip_via via, again;
    if (sip_via_read(text, &via))
        return;
    check_within(text, via.whole);
    check_within(via.whole, via.sent_by);
    check_within(via.sent_by, via.host);
    check_within(via.whole, via.transport);
    check_within(via.whole, via.params);
    check_within(via.params, via.branch);
    check_within(via.params, via.received);
    FUZZ_CHECK(sip_via_read(via.whole, &again) == 0 && span_is(again.host, via.host));
}

static void read_value(struct span value)
{
    struct span rest = value, element;
    struct sip_cseq cseq;
    uint32_t number;
    unsigned elements = 0;
    read_address(value);
    read_via(value);
    check_params(value);
    if (sip_cseq_read(value, &cseq) == 0)
        check_within(value, cseq.method);
    (void)sip_rack_read(value, &number, &cseq);
    (void)sip_seconds_read(value, &number);
    while (sip_list_next(&rest, &element)) {
        check_within(value, element);
        FUZZ_CHECK(element.n > 0);
        if (elements++ < 8)
            read_address(element);
    }
}

/* The lines follow one another from the start line to the body. */
static void check_index(const struct sip_msg *msg)
{
    size_t at = msg->start_line.n;
    check_within(input, msg->bytes);
    check_within(msg->bytes, msg->start_line);
    check_within(msg->start_line, msg->uri);
    check_within(msg->start_line, msg->reason);
    check_within(msg->bytes, msg->method_name);
    check_within(msg->bytes, msg->body);
    FUZZ_CHECK(msg->n_headers <= SIP_MAX_HEADERS);
    for (unsigned i = 0; i < msg->n_headers; i++) {
        const struct sip_header *h = &msg->headers[i];
        struct span line = sip_header_line(msg, h);
        FUZZ_CHECK(line.p == msg->bytes.p + at && line.n > h->name_n);
        check_within(line, sip_header_value(msg, h));
        FUZZ_CHECK(sip_header_of(sip_header_name(msg, h)) == h->id);
        FUZZ_CHECK(msg->first[h->id] <= i);
        at += line.n;
    }
    if (msg->body.p)
        FUZZ_CHECK(msg->body.p == msg->bytes.p + msg->body_at);
}

/* Whatever answers a sound request, or follows it, is sound and says the same. */
static void check_made(const struct sip_out *out, const struct sip_msg *like, unsigned status)
{
    struct sip_msg made;
    FUZZ_CHECK(!out->full);
    FUZZ_CHECK(sip_msg_read(out->p, out->n, &made) == SIP_OK);
    FUZZ_CHECK(made.status == status && made.cseq == like->cseq && made.body.n == 0);
    FUZZ_CHECK(span_is(sip_value(&made, HEADER_CALL_ID), sip_value(like, HEADER_CALL_ID)) ||
               memchr(sip_value(like, HEADER_CALL_ID).p, '\n',
                      sip_value(like, HEADER_CALL_ID).n)); /* folds change their line ends */
}

/* One header line, whatever the request asks for and however little room there is. */
static void check_unsupported(const struct sip_msg *msg)
{
    char text[64];
    struct sip_out out;
    sip_out_init(&out, text, sizeof text);
    sip_unsupported_make(&out, msg);
    FUZZ_CHECK(!out.full);
    if (out.n)
        FUZZ_CHECK(memchr(text, '\n', out.n) == text + out.n - 1 && text[out.n - 2] == '\r');
}

static void answer(const struct sip_msg *msg, bool sound)
{
    static char bytes[4 * SIP_MAX_DATAGRAM], text[4 * SIP_MAX_DATAGRAM];
    const struct addr source = {.family = ADDR_IP4, .port = 5060, .ip = {192, 0, 2, 1}};
    struct sip_stub stub;
    struct sip_out out;
    if (sip_stub_make(msg, &source, bytes, sizeof bytes, &stub)) {
        FUZZ_CHECK(!sound);
        return;
    }
    FUZZ_CHECK(stub.vias <= stub.to_at && stub.to_at + stub.to_n <= stub.n);
    sip_out_init(&out, text, sizeof text);
    sip_response_make(&out, 400, NULL, &stub, bytes, span_str("tt"), "");
    if (sound)
        check_made(&out, msg, 400);
    sip_out_init(&out, text, sizeof text);
    sip_cancel_make(&out, msg, span_of(NULL, 0));
    if (sound)
        check_made(&out, msg, 0);
    sip_out_init(&out, text, sizeof text);
    sip_ack_make(&out, msg, msg);
    if (sound)
        check_made(&out, msg, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sip_msg msg;
    input = span_of((const char *)data, size);
    enum sip_error error = sip_msg_read(input.p, input.n, &msg);
    FUZZ_CHECK(error < SIP_ERROR_COUNT);
    check_index(&msg);
    for (unsigned i = 0; i < msg.n_headers; i++)
        read_value(sip_header_value(&msg, &msg.headers[i]));
    if (error == SIP_OK)
        FUZZ_CHECK(sip_msg_answerable(&msg) == (msg.is_request && msg.method != METHOD_ACK));
    check_unsupported(&msg);
    if (sip_msg_answerable(&msg))
        answer(&msg, error == SIP_OK && size <= SMALL && msg.n_headers <= FEW);
    return 0;
}
