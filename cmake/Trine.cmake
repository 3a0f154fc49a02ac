# What every target of the project shares: warnings, sanitizers, ccache, and three functions
# (trine_library, trine_test, trine_fuzzer) so that a folder's CMakeLists.txt is a list of files.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

# One compiler cache for every way to build: a script, an image or a clone in another folder finds
# what any other has compiled. Depend mode takes the list of headers from the compiler and so spares
# a file that is new to the cache the run of the preprocessor. The sloppiness is what ccache's manual
# asks of precompiled headers.
find_program(CCACHE ccache)
if(CCACHE)
  set(launcher env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
               CCACHE_COMPILERCHECK=content CCACHE_DEPEND=1
               CCACHE_SLOPPINESS=locale,pch_defines,time_macros
               ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

find_package(Threads REQUIRED)
find_package(absl REQUIRED)
find_package(TBB REQUIRED)
find_package(PkgConfig REQUIRED)

# Some of the packages' targets ask for it. All get it: precompiled headers are shared only by what
# is compiled with the same macros.
add_compile_options(-pthread)

# Flags of our own code only: generated code and headers of the system are not ours to mend.
add_library(trine_flags INTERFACE)
target_include_directories(trine_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(trine_flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
  -Wno-missing-field-initializers
  # Results must not depend on whether the compiler fuses a multiplication with an addition.
  -ffp-contract=off)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 warns about code of its own standard library when it inlines std::string and vectors.
  target_compile_options(trine_flags INTERFACE
    -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds -Wno-maybe-uninitialized)
endif()

if(TRINE_SANITIZE)
  # For every target, generated code too: a mixed build reports false container overflows.
  add_compile_options(-fsanitize=${TRINE_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer -g1)
  if(NOT TRINE_FUZZ)
    # What -O2 does to the checks takes 40 % of the time to compile them, and tests run as fast
    # without. A fuzzer runs for hours.
    add_compile_options(-O1)
  endif()
  add_link_options(-fsanitize=${TRINE_SANITIZE})
endif()
if(TRINE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

include(${CMAKE_CURRENT_LIST_DIR}/Precompiled.cmake)
trine_define_precompiled(core DEPS absl::statusor absl::strings absl::span)

# trine_library(NAME SOURCES ... DEPS ... [PRECOMPILED kind]): one static library with the project's
# flags and the precompiled header of its kind, core where none is named.
function(trine_library name)
  cmake_parse_arguments(ARG "" "PRECOMPILED" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  if(NOT ARG_PRECOMPILED)
    set(ARG_PRECOMPILED core)
  endif()
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ${ARG_DEPS} PRIVATE trine_flags ${ARG_PRIVATE_DEPS})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  trine_precompiled(${name} ${ARG_PRECOMPILED})
endfunction()

# trine_vector_code(FILES ...): vector code for several instruction sets, inlined throughout. The
# undefined-behaviour checks of each pointer step, and the address checks of each local, make it take
# several times as long to compile: sanitizers leave those out. What is loaded and stored through
# pointers is checked all the same. Without precompiled headers, which bring the checks of locals
# back by half.
function(trine_vector_code)
  if(TRINE_SANITIZE)
    set_source_files_properties(${ARGN} PROPERTIES SKIP_PRECOMPILE_HEADERS ON COMPILE_OPTIONS
      "-fno-sanitize=undefined;$<$<CXX_COMPILER_ID:GNU>:--param=asan-stack=0>")
  endif()
endfunction()

# trine_test(NAME SOURCES ... DEPS ... LABELS ... [TIMEOUT s] [COST s]): a GoogleTest program, one
# ctest entry. A COST has it started before those without: what takes long should not run alone at
# the end. The label "core" marks what needs no server; "data" what needs the folder that the
# environment variable TRINE_TEST_DATA names: such a program prints "TRINE_TEST_DATA is not set"
# where it is absent, and ctest reports it as skipped.
# Its own code is optimised for building fast: it does not ship, and what it tests is in libraries.
function(trine_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT;COST;PRECOMPILED" "SOURCES;DEPS;LABELS" ${ARGN})
  if(NOT ARG_PRECOMPILED)
    set(ARG_PRECOMPILED test)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE trine_flags ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  target_compile_options(${name} PRIVATE ${TRINE_TEST_OPTIMISATION})
  trine_precompiled(${name} ${ARG_PRECOMPILED})
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT}
                       SKIP_REGULAR_EXPRESSION "TRINE_TEST_DATA is not set")
  if(ARG_COST)
    set_tests_properties(${name} PROPERTIES COST ${ARG_COST})
  endif()
endfunction()

# trine_fuzzer(NAME SOURCE file CORPUS folder DEPS ... [PRECOMPILED kind]): with TRINE_FUZZ a
# libFuzzer program; else the same function driven over its corpus by trine_fuzz_replay
# (tests/fuzz/replay_main.cc), as a ctest entry.
function(trine_fuzzer name)
  cmake_parse_arguments(ARG "" "SOURCE;CORPUS;PRECOMPILED" "DEPS" ${ARGN})
  if(NOT ARG_PRECOMPILED)
    set(ARG_PRECOMPILED core)
  endif()
  add_executable(${name} ${ARG_SOURCE})
  target_link_libraries(${name} PRIVATE trine_flags ${ARG_DEPS})
  trine_precompiled(${name} ${ARG_PRECOMPILED})
  if(TRINE_FUZZ)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_link_libraries(${name} PRIVATE trine_fuzz_replay)
    target_compile_options(${name} PRIVATE ${TRINE_TEST_OPTIMISATION})
    add_test(NAME ${name} COMMAND ${name} ${ARG_CORPUS})
    set_tests_properties(${name} PROPERTIES LABELS "fuzz" TIMEOUT 300)
  endif()
endfunction()
