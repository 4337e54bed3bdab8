fuzz_target(sdp tt_sdp)
fuzz_target(multipart tt_sdp)
