/* Prometheus text of a core that has just been configured. */
#include "proxy/ctl/metrics.h"
#include "tests/unit/cases.h"
#include <stdio.h>

static const char config[] = "exchange: {address: 127.0.0.1:5062, local: 127.0.0.1:5070}\n"
                             "trunk: {listen: 127.0.2.1:5060}\n"
                             "peers:\n"
                             "  - {name: yude, address: 127.0.3.1}\n"
                             "  - {name: bob, address: 127.0.3.2}\n";

static struct core *core_begin(void)
{
    struct conf *conf;
    struct conf_errors errors = {0};
    struct core_socket sockets[2] = {{.id = 0, .side = SIDE_EXCHANGE},
                                     {.id = 1, .side = SIDE_PEER}};
    struct core_pool pools[2] = {{.id = 0}, {.id = 1}};
    struct core_route routes[2] = {0};
    struct event e = {.kind = EV_CONFIG};
    assert_int_equal(conf_read("t.yaml", config, sizeof config - 1, NULL, &conf, &errors), 0);
    conf_errors_free(&errors);
    sockets[0].addr = conf->exchange.local;
    sockets[1].addr = conf->trunk.listen[0].addr;
    pools[0].addr = addr_with_port(sockets[0].addr, 0);
    pools[1].addr = addr_with_port(sockets[1].addr, 0);
    struct core *core = core_new(conf, 1, NULL);
    assert_non_null(core);
    e.config.conf = conf;
    e.config.sockets = sockets;
    e.config.n_sockets = 2;
    e.config.pools = pools;
    e.config.n_pools = 2;
    e.config.routes = routes;
    (void)core_step(core, 1000, &e);
    conf_release(conf);
    return core;
}

static void contains(const struct page *page, const char *wanted)
{
    if (!memmem(page->p, page->n, wanted, strlen(wanted)))
        fail_msg("not there: %s", wanted);
}

static void every_counter_and_state_has_its_lines(void **state)
{
    (void)state;
    struct core *core = core_begin();
    struct counters shell = {{0}};
    struct page page = {0};
    shell.v[COUNT_log_lost] = 3;
    for (size_t i = 0; metrics_family(core, &shell, 6000, i, &page); i++)
        assert_int_equal(page.p[page.n - 1], '\n');
    contains(&page, "# HELP tailtrunk_datagrams_in SIP datagrams received\n"
                    "# TYPE tailtrunk_datagrams_in counter\n"
                    "tailtrunk_datagrams_in 0\n");
    contains(&page, "# TYPE tailtrunk_calls_total counter\n"
                    "tailtrunk_calls_total{peer=\"yude\"} 0\n"
                    "tailtrunk_calls_total{peer=\"bob\"} 0\n"
                    "tailtrunk_calls_total{peer=\"\"} 0\n");
    contains(&page, "\ntailtrunk_log_lost 3\n");
    contains(&page, "# TYPE tailtrunk_uptime_seconds gauge\ntailtrunk_uptime_seconds 5\n");
    contains(&page, "tailtrunk_calls_limit 2000\n");
    contains(&page, "tailtrunk_peer_up{peer=\"yude\"} 0\ntailtrunk_peer_up{peer=\"bob\"} 0\n");
    for (size_t i = 0; i < COUNTER_COUNT; i++) {
        char name[80];
        (void)snprintf(name, sizeof name, "\n# TYPE tailtrunk_%s counter\n", counter_table[i].name);
        contains(&page, name);
    }
    page_free(&page);
    core_free(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_counter_and_state_has_its_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
