# SPDX-License-Identifier: Apache-2.0
# cmake -DPACKAGE=<prefix> -DBUILD=<folder> -P stand_ins.cmake <port>
# Runs a portfile with the least that vcpkg's functions of these names do. (vcpkg also moves the CMake package to
# share/<port>, and mends its paths.)
cmake_minimum_required(VERSION 3.23)

math(EXPR last "${CMAKE_ARGC} - 1")
set(port ${CMAKE_ARGV${last}})
cmake_path(GET port FILENAME PORT)
set(CURRENT_PACKAGES_DIR ${PACKAGE})

function(vcpkg_cmake_configure)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "SOURCE_PATH" "OPTIONS")
  execute_process(
    COMMAND ${CMAKE_COMMAND} -S ${arg_SOURCE_PATH} -B ${BUILD} -DCMAKE_INSTALL_PREFIX=${PACKAGE} ${arg_OPTIONS}
    COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(vcpkg_cmake_install)
  execute_process(COMMAND ${CMAKE_COMMAND} --build ${BUILD} --target install COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(vcpkg_cmake_config_fixup config_path path)
  if(NOT config_path STREQUAL "CONFIG_PATH" OR NOT EXISTS ${PACKAGE}/${path}/${PORT}-config.cmake)
    message(FATAL_ERROR "no CMake package in ${path}")
  endif()
endfunction()

function(vcpkg_fixup_pkgconfig)
endfunction()

function(vcpkg_install_copyright file_list file)
  file(INSTALL ${file} DESTINATION ${PACKAGE}/share/${PORT} RENAME copyright)
endfunction()

include(${port}/portfile.cmake)
