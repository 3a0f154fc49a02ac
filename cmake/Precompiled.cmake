# Precompiled headers: gRPC, protobuf, GoogleTest, CLI11 and the JSON library take seconds to read,
# our own code in most files a fraction of one. One precompiled header a kind of target
# (cmake/pch/KIND.h), shared by all targets of the kind.
#
# CMAKE_DISABLE_PRECOMPILE_HEADERS=ON builds without them: what lint checks, so that a source that
# lacks an include is found.

file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/pch/empty.cc CONTENT "")

# trine_define_precompiled(KIND DEPS ...): the target trine_pch_KIND.
function(trine_define_precompiled kind)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  add_library(trine_pch_${kind} STATIC ${PROJECT_BINARY_DIR}/pch/empty.cc)
  target_link_libraries(trine_pch_${kind} PRIVATE trine_flags ${ARG_DEPS})
  # In brackets, not as a path: what is compiled must not tell one clone from another.
  target_precompile_headers(trine_pch_${kind} PRIVATE <cmake/pch/${kind}.h>)
endfunction()

# trine_precompiled(TARGET KIND): TARGET uses the header of KIND; none for a target whose flags
# define macros that no other has. Executables are compiled as position-independent as libraries,
# which GCC demands of code that shares a precompiled header.
function(trine_precompiled target kind)
  if(CMAKE_DISABLE_PRECOMPILE_HEADERS OR kind STREQUAL "none")
    return()
  endif()
  target_compile_options(${target} PRIVATE -fPIC)
  target_precompile_headers(${target} REUSE_FROM trine_pch_${kind})
endfunction()
