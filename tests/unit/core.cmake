unit_test(summary tt_core)
unit_test(text tt_core)
unit_test(name tt_core)
