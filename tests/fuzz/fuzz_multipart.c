/*
 * fuzz_multipart.c - the first line is the Content-Type, the rest is the body.
 */
#include "tests/fuzz/fuzz.h"
#include "sdp/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span all = span_of((const char *)data, size);
    const char *end = size ? memchr(all.p, '\n', all.n) : NULL;
    struct span type = end ? span_of(all.p, (size_t)(end - all.p)) : all;
    struct span body = span_from(all, type.n + (end != NULL));
    struct span sdp[MULTIPART_MAX_SDP];
    bool malformed;
    unsigned n = multipart_find_sdp(type, body, sdp, &malformed);
    FUZZ_CHECK(n <= MULTIPART_MAX_SDP);
    const char *last = body.p;
    for (unsigned i = 0; i < n; i++) {
        FUZZ_CHECK(sdp[i].n > 0 && sdp[i].p >= last);
        last = sdp[i].p + sdp[i].n;
    }
    FUZZ_CHECK(n == 0 || last <= body.p + body.n);
    return 0;
}
