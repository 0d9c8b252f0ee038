# Targets that drive (D)TLS. Each is built twice from one source: <name> is strict,
# with the library's cryptography; <name>.bypass has tls/bypass.c in the place of
# what an input cannot pass, which needs the library as archives. Seeds of both are
# made here, by a live server of the library in use (tls/transcripts.c), in
# transcripts/<name> of the build folder; a test proves that those which are meant
# to complete a handshake still do.
set(bypassed mbedtls_ct_memcmp mbedtls_cipher_auth_decrypt_ext mbedtls_cipher_auth_encrypt_ext
             mbedtls_pk_verify mbedtls_pk_verify_ext mbedtls_pk_verify_restartable
             mbedtls_ecp_mul_restartable)
list(TRANSFORM bypassed PREPEND -Wl,--wrap=)

set(tls_archives "")
if(COAPSPEC_TLS STREQUAL "mbedtls")
  foreach(library mbedtls mbedx509 mbedcrypto)
    get_filename_component(folder ${COAPSPEC_${library}} DIRECTORY)
    if(EXISTS ${folder}/lib${library}.a)
      list(APPEND tls_archives ${folder}/lib${library}.a)
    endif()
  endforeach()
  list(LENGTH tls_archives n)
  if(n LESS 3)
    set(tls_archives "")
    message(STATUS "Fuzzing: mbedTLS has no archives here, so no bypass twins are built")
  endif()

  # The reference credentials, as part of the program: it opens no files.
  set(text "")
  foreach(file ca.pem server.pem server.key intruder.pem intruder.key)
    file(READ ${CMAKE_SOURCE_DIR}/conformance/credentials/${file} hex HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
    string(MAKE_C_IDENTIFIER ${file} identifier)
    string(APPEND text "static const uint8_t ${identifier}[] = {${bytes}};\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
                 ${CMAKE_SOURCE_DIR}/conformance/credentials/${file})
  endforeach()
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/generated/credentials.h CONTENT "${text}"
       @ONLY)
endif()

# The mutator that knows records: linked in, or loaded by afl-fuzz (ci/fuzz.sh).
set(mutator ${CMAKE_CURRENT_SOURCE_DIR}/tls/mutator.c)
if(COAPSPEC_FUZZ STREQUAL "afl" AND COAPSPEC_TLS STREQUAL "mbedtls")
  # Without instrumentation, which needs what only a target has.
  find_program(COAPSPEC_PLAIN_CC NAMES clang cc REQUIRED)
  add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/bin/tls_mutator.so
    COMMAND ${COAPSPEC_PLAIN_CC} -std=c11 -O2 -fPIC -shared -DFUZZ_AFL_LIBRARY ${mutator}
            -o ${CMAKE_BINARY_DIR}/bin/tls_mutator.so
    DEPENDS ${mutator} VERBATIM)
  add_custom_target(tls_mutator DEPENDS ${CMAKE_BINARY_DIR}/bin/tls_mutator.so)
endif()

function(fuzz_tls_link target twin)
  target_include_directories(${target} SYSTEM PRIVATE ${COAPSPEC_MBEDTLS_INCLUDE})
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/generated)
  if(twin STREQUAL "bypass")
    target_compile_definitions(${target} PRIVATE FUZZ_BYPASS)
    target_sources(${target} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/tls/bypass.c)
    target_link_options(${target} PRIVATE ${bypassed})
    add_dependencies(${target} layers)
    target_link_libraries(${target} PRIVATE $<TARGET_FILE:layers> ${tls_archives})
  else()
    target_link_libraries(${target} PRIVATE layers)
  endif()
endfunction()

# coapspec_fuzz_tls(name source): both twins, their seeds and tests
function(coapspec_fuzz_tls name source)
  if(NOT COAPSPEC_TLS STREQUAL "mbedtls")
    return()
  endif()
  foreach(twin strict bypass)
    set(as ${name})
    if(twin STREQUAL "bypass")
      if(NOT tls_archives)
        continue()
      endif()
      set(as ${name}.bypass)
    endif()
    coapspec_fuzz_target(fuzz.${as} ${as} ${source})
    fuzz_tls_link(fuzz.${as} ${twin})
    if(COAPSPEC_FUZZ STREQUAL "libfuzzer") # what the target itself compares is no finding
      target_compile_options(fuzz.${as} PRIVATE -fno-sanitize-coverage=trace-cmp)
    endif()
    if(COAPSPEC_FUZZ STREQUAL "libfuzzer" AND NOT name MATCHES "_duo$")
      target_sources(fuzz.${as} PRIVATE ${mutator})
    elseif(TARGET tls_mutator)
      add_dependencies(fuzz.${as} tls_mutator)
    endif()
    set(folders ${CMAKE_SOURCE_DIR}/corpus/${name})
    if(NOT name MATCHES "_duo$")
      set(maker transcripts.${as})
      add_executable(${maker} ${CMAKE_CURRENT_SOURCE_DIR}/tls/transcripts.c)
      target_compile_definitions(${maker} PRIVATE FUZZ_TRANSCRIPTS FUZZ_TARGET="${source}")
      coapspec_rooms(${maker} ${rooms})
      fuzz_tls_link(${maker} ${twin})
      set(seeds ${CMAKE_BINARY_DIR}/transcripts/${as})
      add_custom_command(OUTPUT ${seeds}/.made
        COMMAND ${CMAKE_COMMAND} -E rm -rf ${seeds}
        COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/transcripts
        COMMAND ${maker} ${seeds}
        COMMAND ${CMAKE_COMMAND} -E touch ${seeds}/.made
        DEPENDS ${maker} VERBATIM)
      add_custom_target(seeds.${as} ALL DEPENDS ${seeds}/.made)
      add_dependencies(fuzz.${as} seeds.${as})
      list(APPEND folders ${seeds}/other)
      coapspec_replay(${as}-established fuzz.${as} ${seeds}/established)
      if(COAPSPEC_FUZZ STREQUAL "")
        set_tests_properties(replay.${as}-established PROPERTIES
                             ENVIRONMENT FUZZ_EXPECT=established)
      endif()
    endif()
    coapspec_replay(${as} fuzz.${as} ${folders})
  endforeach()
endfunction()

# The oracle of authentication is awake: with the cryptography bypassed, but the
# target strict, a forged handshake is a finding.
if(COAPSPEC_FUZZ STREQUAL "" AND tls_archives AND NOT COAPSPEC_PURE_ONLY)
  add_executable(fuzz.forgery dtls_client_psk.c replay_main.c tls/bypass.c)
  coapspec_rooms(fuzz.forgery ${rooms})
  target_include_directories(fuzz.forgery SYSTEM PRIVATE ${COAPSPEC_MBEDTLS_INCLUDE})
  target_include_directories(fuzz.forgery PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/generated)
  target_link_options(fuzz.forgery PRIVATE ${bypassed})
  add_dependencies(fuzz.forgery layers)
  target_link_libraries(fuzz.forgery PRIVATE $<TARGET_FILE:layers> ${tls_archives})
  add_test(NAME replay.dtls_client_psk-forgery
           COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/expect_death.sh "died on the input"
                   $<TARGET_FILE:fuzz.forgery>
                   ${CMAKE_SOURCE_DIR}/corpus/dtls_client_psk/finished-that-is-forged)
  set_tests_properties(replay.dtls_client_psk-forgery PROPERTIES LABELS replay TIMEOUT 60)
endif()
