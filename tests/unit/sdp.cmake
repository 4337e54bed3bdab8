unit_test(addr tt_sdp)
unit_test(map tt_sdp)
unit_test(edit tt_sdp)
