unit_test(sip_msg tt_sip)
unit_test(sip_value tt_sip)
unit_test(sip_build tt_sip)
# libosip2's message API tells whether what we read and wrote is what others see.
foreach(name sip_msg sip_value sip_build)
  target_include_directories(test_${name} PRIVATE ${OSIPPARSER_INCLUDE})
  target_link_libraries(test_${name} PRIVATE ${OSIPPARSER_LIBRARY})
endforeach()
