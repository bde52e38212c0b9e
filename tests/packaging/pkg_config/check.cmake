# SPDX-License-Identifier: Apache-2.0
# The README's two lines, by pkg-config alone.
include(${CMAKE_CURRENT_LIST_DIR}/../common.cmake)

find_program(PKG_CONFIG pkg-config)
if(NOT PKG_CONFIG)
  message("skipped: pkg-config is not installed")
  return()
endif()
file(COPY ${packaging}/app/ DESTINATION ${WORK})
set(ENV{HOME} .)  # relative, because a path with a space in it is more than $(pkg-config) can carry
file(CREATE_LINK ${INSTALLED} ${WORK}/.local SYMBOLIC)
readme_line(environment "export PKG_CONFIG_PATH=")
readme_line(command "g++ -std=c++20 -O2 app.cpp")
string(REPLACE "g++ " "\"$CXX\" " command "${command}")
string(REPLACE "app.cpp" "main.cpp receive.cpp" command "${command}")
run(sh -c "${environment} && ${command}")
run(${WORK}/a.out)
set(ENV{PKG_CONFIG_PATH} ${INSTALLED}/share/pkgconfig)
run(${PKG_CONFIG} --modversion tango-ipc)
if(NOT printed STREQUAL "${VERSION}\n")
  message(FATAL_ERROR "pkg-config says version ${printed}")
endif()
refused("tango-ipc.*${VERSION}" ${PKG_CONFIG} --print-errors --exists "tango-ipc >= 99")
