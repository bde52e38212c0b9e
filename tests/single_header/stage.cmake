# SPDX-License-Identifier: Apache-2.0
# cmake -DSOURCE=<this repository> -DOUTPUT=<include directory> -P stage.cmake
# An include directory in which <tango/X.hpp> is the one file, for every header that is joined into it; the others,
# which are hosted, are there as they are.
cmake_minimum_required(VERSION 3.23)

file(REMOVE_RECURSE ${OUTPUT})
execute_process(COMMAND ${CMAKE_COMMAND} -DOUTPUT=${OUTPUT}/tango.hpp -P ${SOURCE}/cmake/single_header.cmake
  COMMAND_ERROR_IS_FATAL ANY)
file(STRINGS ${OUTPUT}/tango.hpp joined REGEX "^// ==== ")
list(TRANSFORM joined REPLACE "^// ==== " "")

file(GLOB_RECURSE headers RELATIVE ${SOURCE}/include ${SOURCE}/include/*.hpp)
foreach(header IN LISTS headers)
  if(header IN_LIST joined)
    file(WRITE ${OUTPUT}/${header} "#pragma once\n#include \"${OUTPUT}/tango.hpp\"\n")
  else()
    configure_file(${SOURCE}/include/${header} ${OUTPUT}/${header} COPYONLY)
  endif()
endforeach()
