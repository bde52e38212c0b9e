# SPDX-License-Identifier: Apache-2.0
# A project finds the library where it was moved to; once more as CMake 3.16 would, which knows no file sets.
include(${CMAKE_CURRENT_LIST_DIR}/../common.cmake)

set(find -DCMAKE_PREFIX_PATH=${INSTALLED})
build_and_run(${packaging}/find_package ${WORK}/build ${find})

file(WRITE ${WORK}/pretend.cmake "set(CMAKE_VERSION 3.16.3)\nset(CMAKE_MINOR_VERSION 16)\nset(CMAKE_PATCH_VERSION 3)\n")
build_and_run(${packaging}/find_package ${WORK}/old ${find} -DCMAKE_PROJECT_app_INCLUDE=${WORK}/pretend.cmake)
file(STRINGS ${INSTALLED}/share/cmake/tango-ipc/tango-ipc-targets.cmake path REGEX "INTERFACE_INCLUDE_DIRECTORIES")
if(NOT path MATCHES "\\\${_IMPORT_PREFIX}/include")
  message(FATAL_ERROR "the targets file has no include path for CMake before 3.23")
endif()
