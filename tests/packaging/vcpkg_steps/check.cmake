# SPDX-License-Identifier: Apache-2.0
# The port's own portfile, run without vcpkg, and a project that uses the result.
include(${CMAKE_CURRENT_LIST_DIR}/../common.cmake)

set(port ${SOURCE}/cmake/vcpkg/tango-ipc)
set(command ${CMAKE_COMMAND} -DPACKAGE=${WORK}/package -DBUILD=${WORK}/build
  -P ${CMAKE_CURRENT_LIST_DIR}/stand_ins.cmake)
run(${command} ${port})
foreach(file IN ITEMS usage copyright)
  if(NOT EXISTS ${WORK}/package/share/tango-ipc/${file})
    message(FATAL_ERROR "the port installs no ${file}")
  endif()
endforeach()
build_and_run(${packaging}/find_package ${WORK}/test -DCMAKE_PREFIX_PATH=${WORK}/package)

file(COPY ${port} DESTINATION ${WORK}/copied/out)
refused("this port packages the tango-ipc that it lies in" ${command} ${WORK}/copied/out/tango-ipc)
