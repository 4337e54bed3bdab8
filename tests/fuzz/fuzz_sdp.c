/*
 * fuzz_sdp.c - the first byte chooses the table, the rest is the body.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/sdp_check.h"

static struct addr address(bool six, unsigned last)
{
    if (six)
        return (struct addr){.family = ADDR_IP6, .ip = {0xfd, [15] = (uint8_t)last}};
    return (struct addr){.family = ADDR_IP4, .ip = {100, 64, 0, (uint8_t)last}};
}

static void table_make(unsigned choice, struct sdp_new *with)
{
    static const struct span codecs[] = {{"PCMU", 4}, {"telephone-event", 15}};
    memset(with, 0, sizeof *with);
    if (choice & 1)
        with->origin = with->session = address(choice & 2, 1);
    if (choice & 4)
        with->username = span_str("0312345678");
    with->drop_ice = choice & 8;
    if (choice & 16) {
        with->codecs = codecs;
        with->n_codecs = 2;
    }
    for (unsigned i = 0; i < SDP_MAX_MEDIA; i++) {
        struct sdp_media_new *m = &with->media[i];
        m->addr = addr_with_port(address(choice & 2, i + 1), (uint16_t)(20000 + 2 * i));
        m->rtcp = choice & 32 ? (uint16_t)(20001 + 2 * i) : 0;
        m->disable = choice & 64 && i % 2;
        m->keep_address = choice & 128 && i % 3 == 0;
        if (i % 4 == 1)
            m->rtcp_addr = address(!(choice & 2), i + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sdp_new with;
    struct sdp_checked result;
    if (size == 0)
        return 0;
    table_make(data[0], &with);
    const char *broken =
        sdp_check_rewrite(span_of((const char *)data + 1, size - 1), &with, &result);
    if (broken)
        fprintf(stderr, "%s\n", broken);
    FUZZ_CHECK(!broken);
    free(result.out);
    return 0;
}
