fuzz_target(sip tt_sip)
