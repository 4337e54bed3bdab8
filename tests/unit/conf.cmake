unit_test(conf_read tt_conf)
target_compile_definitions(test_conf_read PRIVATE SOURCE_DIR="${CMAKE_SOURCE_DIR}")
unit_test(conf_keys tt_conf)
unit_test(conf_check tt_conf)

# Its own calloc and strdup, which fail when told to.
unit_test(conf_memory tt_conf)
target_link_options(test_conf_memory PRIVATE -Wl,--wrap=calloc -Wl,--wrap=strdup)
