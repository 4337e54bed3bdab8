/*
 * fuzz_conf.c - a main file, and behind a line "===" the text of every file it includes.
 */
#include "tests/fuzz/fuzz.h"
#include "conf/conf.h"

#define SEPARATOR "\n===\n"

static int one_file(void *self, const char *folder, const char *pattern,
                    int (*each)(void *to, const char *file, const char *bytes, size_t n), void *to)
{
    const struct span *included = self;
    FUZZ_CHECK(folder[0] && pattern[0]);
    return each(to, pattern, included->p, included->p ? included->n : 2);
}

static void conf_check(const struct conf *conf)
{
    FUZZ_CHECK(conf->references == 1 && conf->n_peers <= CONF_MAX_PEERS);
    FUZZ_CHECK(addr_is_set(&conf->exchange.address) && conf->exchange.sources.n > 0);
    FUZZ_CHECK(conf->trunk.n_listen > 0 && conf->control.socket && conf->tailscale_socket);
    FUZZ_CHECK(conf->media.port_low % 2 == 0 && conf->media.port_high % 2 == 1);
    FUZZ_CHECK(conf->media.port_low < conf->media.port_high);
    for (size_t i = 0; i < conf->n_peers; i++) {
        const struct conf_peer *peer = &conf->peers[i];
        FUZZ_CHECK(conf_peer_find(conf, span_str(peer->name)) == peer);
        FUZZ_CHECK(peer->address.name && peer->address.addr.port > 0);
        FUZZ_CHECK(addr_is_set(&peer->local) || addr_is_set(&conf->exchange.local));
        FUZZ_CHECK(peer->mark.file && peer->mark.line > 0 && peer->mark.column > 0);
    }
}

static void errors_check(const struct conf_errors *errors)
{
    char text[300];
    FUZZ_CHECK(errors->n <= errors->errors + errors->warnings && errors->n <= CONF_MAX_ERRORS);
    for (size_t i = 0; i < errors->n; i++) {
        const struct conf_error *e = &errors->v[i];
        FUZZ_CHECK(e->mark.file && e->message[0]);
        FUZZ_CHECK((e->mark.line > 0) == (e->mark.column > 0));
        size_t n = conf_error_print(e, text, sizeof text);
        FUZZ_CHECK(n < sizeof text && text[n] == '\0');
        for (size_t k = 0; k < n; k++)
            FUZZ_CHECK(text[k] >= ' ' && text[k] <= '~');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = span_of((const char *)data, size), included = {NULL, 0};
    struct conf_errors errors = {0};
    struct conf_include include = {one_file, &included};
    struct conf *conf = NULL;
    const char *end = size ? memmem(text.p, text.n, SEPARATOR, strlen(SEPARATOR)) : NULL;
    if (end) {
        included = span_from(text, (size_t)(end - text.p) + strlen(SEPARATOR));
        text.n = (size_t)(end - text.p) + 1;
    }
    int error = conf_read("fuzz.yaml", text.p, text.n, &include, &conf, &errors);
    FUZZ_CHECK((error == 0) == (errors.errors == 0) && (error == 0) == (conf != NULL));
    errors_check(&errors);
    if (conf)
        conf_check(conf);
    conf_release(conf);
    conf_errors_free(&errors);
    return 0;
}
