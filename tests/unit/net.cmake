unit_test(log tt_net)
unit_test(preflight tt_net)
unit_test(store tt_net)
unit_test(lane tt_net ${EV_LIBRARY})
unit_test(udp tt_net)
unit_test(unsent tt_net)
unit_test(json tt_ctl)
unit_test(metrics tt_ctl)
unit_test(control_socket tt_ctl)

# The whole program on loopback, asked by its own tool.
find_package(Python3 COMPONENTS Interpreter)
if(Python3_FOUND)
  add_library(late_names MODULE ${CMAKE_CURRENT_LIST_DIR}/late_names.c)
  target_compile_definitions(late_names PRIVATE _GNU_SOURCE)
  target_link_libraries(late_names PRIVATE ${CMAKE_DL_LIBS})
  add_test(NAME program COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/test_program.py
    $<TARGET_FILE:tailtrunk> $<TARGET_FILE:tailtrunkctl> $<TARGET_FILE:late_names>)
  set_tests_properties(program PROPERTIES LABELS program TIMEOUT 120)
  add_test(NAME install COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/test_install.py
    ${CMAKE_COMMAND} ${CMAKE_BINARY_DIR})
  set_tests_properties(install PROPERTIES LABELS program TIMEOUT 60)
endif()
