fuzz_target(conf tt_conf)
