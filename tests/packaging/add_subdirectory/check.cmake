# SPDX-License-Identifier: Apache-2.0
include(${CMAKE_CURRENT_LIST_DIR}/../common.cmake)
include(${packaging}/vendored.cmake)

file(MAKE_DIRECTORY ${WORK}/add_subdirectory)
file(CREATE_LINK ${SOURCE} ${WORK}/add_subdirectory/tango-ipc SYMBOLIC)
vendored(add_subdirectory)
