# The TLS library: COAPSPEC_TLS is mbedtls or none; COAPSPEC_MBEDTLS_ROOT names a
# prefix to take mbedTLS from instead of the system's (an instrumented one, linked
# statically). The code is written for two series of it and says so for others.
set(COAPSPEC_TLS mbedtls CACHE STRING "TLS library: mbedtls or none")
set(COAPSPEC_MBEDTLS_ROOT "" CACHE PATH "prefix of a mbedTLS of your own; empty: the system's")
set_property(CACHE COAPSPEC_TLS PROPERTY STRINGS mbedtls none)
if(NOT COAPSPEC_TLS MATCHES "^(mbedtls|none)$")
  message(FATAL_ERROR "COAPSPEC_TLS is \"${COAPSPEC_TLS}\"; it can be mbedtls or none")
endif()
if(COAPSPEC_PURE_ONLY AND NOT COAPSPEC_MBEDTLS_ROOT)
  set(COAPSPEC_TLS none) # no foreign library
endif()

add_library(tls_library INTERFACE)
if(COAPSPEC_TLS STREQUAL "mbedtls")
  set(look "")
  if(COAPSPEC_MBEDTLS_ROOT)
    set(look PATHS ${COAPSPEC_MBEDTLS_ROOT}/include ${COAPSPEC_MBEDTLS_ROOT}/lib NO_DEFAULT_PATH)
  endif()
  find_path(COAPSPEC_MBEDTLS_INCLUDE mbedtls/version.h ${look})
  if(NOT COAPSPEC_MBEDTLS_INCLUDE)
    message(FATAL_ERROR "mbedTLS is missing: install libmbedtls-dev, or set COAPSPEC_MBEDTLS_ROOT, "
                        "or configure with -DCOAPSPEC_TLS=none")
  endif()
  set(header ${COAPSPEC_MBEDTLS_INCLUDE}/mbedtls/build_info.h) # 3.x
  if(NOT EXISTS ${header})
    set(header ${COAPSPEC_MBEDTLS_INCLUDE}/mbedtls/version.h)
  endif()
  file(STRINGS ${header} line REGEX "define +MBEDTLS_VERSION_STRING +\"")
  string(REGEX REPLACE ".*\"([0-9.]+)\".*" "\\1" COAPSPEC_MBEDTLS_VERSION "${line}")
  if(NOT COAPSPEC_MBEDTLS_VERSION MATCHES "^(2\\.28|3\\.6)\\.")
    message(FATAL_ERROR "mbedTLS ${COAPSPEC_MBEDTLS_VERSION} in ${COAPSPEC_MBEDTLS_INCLUDE} is not "
                        "supported: 2.28.x and 3.6.x are. Set COAPSPEC_MBEDTLS_ROOT to one of these, "
                        "or configure with -DCOAPSPEC_TLS=none")
  endif()
  foreach(name mbedtls mbedx509 mbedcrypto)
    find_library(COAPSPEC_${name} ${name} ${look})
    if(NOT COAPSPEC_${name})
      message(FATAL_ERROR "lib${name} of mbedTLS ${COAPSPEC_MBEDTLS_VERSION} is missing")
    endif()
    target_link_libraries(tls_library INTERFACE ${COAPSPEC_${name}})
  endforeach()
  target_include_directories(tls_library SYSTEM INTERFACE ${COAPSPEC_MBEDTLS_INCLUDE})
  message(STATUS "TLS: mbedTLS ${COAPSPEC_MBEDTLS_VERSION}")
else()
  message(STATUS "TLS: none")
endif()

# The layer tls is what all implementations share and the one chosen; the other
# is tls_none, for the library without TLS.
# coapspec_tls_layer(tls lower...), as coapspec_layer
function(coapspec_tls_layer name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/tls/*.c)
  set(shared ${sources})
  list(FILTER shared EXCLUDE REGEX "/(none|mbedtls_[a-z0-9_]*)\\.c$")
  set(with ${sources})
  list(FILTER with INCLUDE REGEX "/mbedtls_[a-z0-9_]*\\.c$")
  add_library(tls_none OBJECT ${CMAKE_SOURCE_DIR}/src/tls/none.c ${shared})
  if(COAPSPEC_TLS STREQUAL "mbedtls" AND with)
    add_library(${name} OBJECT ${with} ${shared})
    target_include_directories(${name} SYSTEM PRIVATE ${COAPSPEC_MBEDTLS_INCLUDE})
    # 3.x hides the members of its structures unless asked before its first header.
    target_compile_definitions(${name} PRIVATE MBEDTLS_ALLOW_PRIVATE_ACCESS)
  else()
    add_library(${name} OBJECT ${CMAKE_SOURCE_DIR}/src/tls/none.c ${shared})
  endif()
  set(rooms ${name} ${ARGN})
  list(TRANSFORM rooms PREPEND ${CMAKE_SOURCE_DIR}/src/)
  foreach(target ${name} tls_none)
    coapspec_rooms(${target} ${rooms})
  endforeach()
endfunction()
