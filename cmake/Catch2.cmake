# SPDX-License-Identifier: Apache-2.0
# Defines `tango_catch2`: Catch2 with its main(). Version 3 where it is installed; else 2.13 (Debian 12's `catch2`) behind
# headers with version 3's names. Where neither is, configuring ends with a word on what to install: nothing that builds
# or tests this project fetches anything.
add_library(tango_catch2 INTERFACE)

# For another machine Debian has no library, but 2.13 is also a header of its own, which a source of ours makes into one.
# A link to it, because nothing else in its directory is meant for that machine.
if(CMAKE_CROSSCOMPILING)
  find_path(TANGO_CATCH2_INCLUDE catch2/catch.hpp NO_CMAKE_FIND_ROOT_PATH)
  if(NOT TANGO_CATCH2_INCLUDE)
    message(FATAL_ERROR "The tests need Catch2 2.13 as a single header, and it is not installed (Debian 12: "
      "apt-get install catch2); -DTANGO_BUILD_TESTS=OFF builds without the tests")
  endif()
  set(catch2 ${PROJECT_BINARY_DIR}/catch2)
  file(MAKE_DIRECTORY ${catch2}/include)
  file(CREATE_LINK ${TANGO_CATCH2_INCLUDE}/catch2 ${catch2}/include/catch2 SYMBOLIC)
  file(CONFIGURE OUTPUT ${catch2}/main.cpp CONTENT "#define CATCH_CONFIG_MAIN\n#include <catch2/catch.hpp>\n")
  add_library(tango_catch2_main STATIC EXCLUDE_FROM_ALL ${catch2}/main.cpp)
  target_compile_features(tango_catch2_main PRIVATE cxx_std_20)
  target_compile_options(tango_catch2_main PRIVATE -O0)  # it compiles for long, and hardly runs
  target_include_directories(tango_catch2_main SYSTEM PUBLIC
    ${PROJECT_SOURCE_DIR}/tests/support/catch2_v2 ${catch2}/include)
  target_link_libraries(tango_catch2 INTERFACE tango_catch2_main)
  return()
endif()

find_package(Catch2 3 QUIET)
if(NOT Catch2_FOUND)
  find_package(Catch2 2.13 QUIET)
  if(Catch2_FOUND)
    target_include_directories(tango_catch2 SYSTEM INTERFACE ${PROJECT_SOURCE_DIR}/tests/support/catch2_v2)
  else()
    message(FATAL_ERROR "The tests need Catch2 3, or 2.13 or later, and neither is installed (Debian 12: apt-get install "
      "catch2); -DTANGO_BUILD_TESTS=OFF builds without the tests")
  endif()
endif()
target_link_libraries(tango_catch2 INTERFACE Catch2::Catch2WithMain)
