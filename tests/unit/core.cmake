unit_test(text tt_core)
