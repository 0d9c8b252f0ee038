# The mechanical checks as tests (label checks). They look at the tree and, for
# symbols and exports, at the release objects; so the release preset runs them.
if(COAPSPEC_CHECKS)
  find_program(COAPSPEC_PYTHON NAMES python3 REQUIRED)
  foreach(check includes symbols exports pairs size banned format tidy facts)
    add_test(NAME check.${check}
             COMMAND ${COAPSPEC_PYTHON} -B ${CMAKE_SOURCE_DIR}/ci/checks/${check}.py
                     --root ${CMAKE_SOURCE_DIR} --build ${CMAKE_BINARY_DIR})
    set_tests_properties(check.${check} PROPERTIES LABELS checks TIMEOUT 900)
  endforeach()
  # tidy uses every core; nothing else should be timed beside it.
  set_tests_properties(check.tidy PROPERTIES PROCESSORS 2)
  add_test(NAME check.selftest
           COMMAND ${COAPSPEC_PYTHON} -B ${CMAKE_SOURCE_DIR}/ci/checks/selftest.py
                   --root ${CMAKE_SOURCE_DIR} --build ${CMAKE_BINARY_DIR})
  set_tests_properties(check.selftest PROPERTIES LABELS checks TIMEOUT 600)
endif()
