fuzz_target(sip tt_sip SEEDS sim/torture/rfc4475 sim/torture/rfc5118)
