fuzz_target(core tt_conf tt_core)
