# SPDX-License-Identifier: Apache-2.0
# cmake -DBUILD= -DCONSUMER= -DCOMPILER= -DWORK= -P check.cmake
# Installs, moves the prefix, and builds and runs a consumer against it; a version that we are not is refused.
cmake_minimum_required(VERSION 3.23)

file(REMOVE_RECURSE ${WORK})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/first OUTPUT_QUIET
  COMMAND_ERROR_IS_FATAL ANY)
file(RENAME ${WORK}/first ${WORK}/moved)

set(configure ${CMAKE_COMMAND} -S ${CONSUMER} -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_PREFIX_PATH=${WORK}/moved)
execute_process(COMMAND ${configure} -B ${WORK}/build COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK}/build COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${WORK}/build/consumer COMMAND_ERROR_IS_FATAL ANY)

foreach(wrong IN ITEMS 0.0 0.2 1.0)
  execute_process(COMMAND ${configure} -B ${WORK}/build-${wrong} -DWANTED_VERSION=${wrong}
    RESULT_VARIABLE result OUTPUT_QUIET ERROR_VARIABLE messages)
  if(result EQUAL 0 OR NOT messages MATCHES "version")
    message(FATAL_ERROR "version ${wrong} was not refused as such:\n${messages}")
  endif()
endforeach()

find_program(PKG_CONFIG pkg-config)
if(PKG_CONFIG)
  set(ENV{PKG_CONFIG_PATH} ${WORK}/moved/share/pkgconfig)
  execute_process(COMMAND ${PKG_CONFIG} --cflags tango-ipc
    OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags UNIX_COMMAND ${flags})
  execute_process(COMMAND ${COMPILER} -std=c++20 ${flags} ${CONSUMER}/main.cpp -o ${WORK}/by_pkg_config
    COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ${WORK}/by_pkg_config COMMAND_ERROR_IS_FATAL ANY)
endif()
