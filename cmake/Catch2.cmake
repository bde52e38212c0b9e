# SPDX-License-Identifier: Apache-2.0
# Defines `tango_catch2`: Catch2 with its main(). Version 3 where it is installed; else 2.13 (Debian 12's `catch2`) behind
# headers with version 3's names.
add_library(tango_catch2 INTERFACE)

find_package(Catch2 3 QUIET)
if(NOT Catch2_FOUND)
  find_package(Catch2 2.13 QUIET)
  if(Catch2_FOUND)
    target_include_directories(tango_catch2 SYSTEM INTERFACE ${PROJECT_SOURCE_DIR}/tests/support/catch2_v2)
  else()
    message(FATAL_ERROR "Catch2 is not installed (Debian: apt-get install catch2); -DTANGO_BUILD_TESTS=OFF builds without "
      "the tests")
  endif()
endif()
target_link_libraries(tango_catch2 INTERFACE Catch2::Catch2WithMain)
