# SPDX-License-Identifier: Apache-2.0
# cmake -DCOMPILER= -DSOURCE= -DCASE= -DINCLUDE= -DOUTPUT= -P check.cmake
# CASE `compiles`: SOURCE must compile. Any other: it must not compile with CASE defined, and must say what the case expects;
# one that ends in FIRST says it before anything else.
cmake_minimum_required(VERSION 3.23)

set(command ${COMPILER} -std=c++20 -Wall -Wextra -fdiagnostics-color=never -I${INCLUDE} -S ${SOURCE} -o ${OUTPUT})
if(CASE STREQUAL "compiles")
  execute_process(COMMAND ${command} -Werror RESULT_VARIABLE result ERROR_VARIABLE messages)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "does not compile without a case:\n${messages}")
  endif()
  return()
endif()

file(STRINGS ${SOURCE} line REGEX "^#ifdef ${CASE} +// expect: ")
string(REGEX REPLACE "^#ifdef ${CASE} +// expect: " "" expected "${line}")
execute_process(COMMAND ${command} -D${CASE} RESULT_VARIABLE result ERROR_VARIABLE messages)
if(CASE MATCHES "_FIRST$")
  string(REGEX MATCH "error: [^\n]*" messages "${messages}")
endif()
if(result EQUAL 0)
  message(FATAL_ERROR "compiles, and must not")
elseif(NOT result EQUAL 1)
  message(FATAL_ERROR "the compiler did not run properly: ${result}\n${messages}")
elseif(NOT messages MATCHES "${expected}")
  message(FATAL_ERROR "fails without saying '${expected}':\n${messages}")
endif()
