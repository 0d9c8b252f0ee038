# One object library a layer. A layer is compiled with an include root that
# holds links to the layers it may see and nothing else, so that a forbidden
# include does not compile: #include "wire/message.h" in src/base is an error.

# coapspec_rooms(target dir...): target may include the rooms named, as <room>/x.h
function(coapspec_rooms target)
  set(root ${CMAKE_BINARY_DIR}/rooms/${target})
  file(MAKE_DIRECTORY ${root})
  foreach(room ${ARGN})
    get_filename_component(name ${room} NAME)
    if(NOT EXISTS ${root}/${name})
      file(CREATE_LINK ${room} ${root}/${name} SYMBOLIC)
    endif()
  endforeach()
  target_include_directories(${target} PRIVATE ${root})
endfunction()

# coapspec_sources(out dir): dir/*.c, or one empty unit while the room is empty
function(coapspec_sources out dir)
  file(GLOB sources CONFIGURE_DEPENDS ${dir}/*.c)
  if(NOT sources)
    set(empty ${CMAKE_BINARY_DIR}/empty.c)
    if(NOT EXISTS ${empty})
      file(WRITE ${empty} "typedef int cs_empty_room;\n")
    endif()
    set(sources ${empty})
  endif()
  set(${out} ${sources} PARENT_SCOPE)
endfunction()

# coapspec_layer(name lower...): src/<name>/*.c as the object library <name>
function(coapspec_layer name)
  coapspec_sources(sources ${CMAKE_SOURCE_DIR}/src/${name})
  add_library(${name} OBJECT ${sources})
  set(rooms "")
  foreach(room ${name} ${ARGN})
    list(APPEND rooms ${CMAKE_SOURCE_DIR}/src/${room})
  endforeach()
  coapspec_rooms(${name} ${rooms})
endfunction()

# coapspec_archive(name layer...): the objects of the layers as one archive
function(coapspec_archive name)
  set(objects "")
  foreach(layer ${ARGN})
    list(APPEND objects $<TARGET_OBJECTS:${layer}>)
  endforeach()
  add_library(${name} STATIC ${objects})
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE C)
endfunction()
