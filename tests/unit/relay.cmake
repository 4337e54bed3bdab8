unit_test(latch tt_relay_pure)
unit_test(rtp tt_relay_pure)
unit_test(mailbox tt_relay_pure Threads::Threads)
unit_test(relay tt_relay)
