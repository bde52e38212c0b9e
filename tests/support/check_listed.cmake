# SPDX-License-Identifier: Apache-2.0
# cmake -DROOT=<dir> -DPATTERN=<glob under ROOT> -DLISTED=<paths under ROOT> -P check_listed.cmake
# Fails unless the files that match are exactly those listed.
file(GLOB_RECURSE present RELATIVE ${ROOT} ${ROOT}/${PATTERN})
set(unlisted ${present})
list(REMOVE_ITEM unlisted ${LISTED})
set(absent ${LISTED})
list(REMOVE_ITEM absent ${present})
if(unlisted OR absent)
  message(FATAL_ERROR "${PATTERN}: not in CMake's list: [${unlisted}]; listed but absent: [${absent}]")
endif()
