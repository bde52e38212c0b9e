# SPDX-License-Identifier: Apache-2.0
# cmake -DINCLUDE=<folder of the headers> -P check_columns.cmake
# Fails, and prints each of them, where a line is longer than 120 characters of UTF-8.
cmake_minimum_required(VERSION 3.23)

# characters(<variable> <text>): how many there are; a byte 10xxxxxx continues the character before it.
function(characters variable text)
  string(HEX "${text}" bytes)
  string(REGEX MATCHALL "[0-9a-f][0-9a-f]" bytes "${bytes}")
  list(FILTER bytes EXCLUDE REGEX "^[89ab]")
  list(LENGTH bytes count)
  set(${variable} ${count} PARENT_SCOPE)
endfunction()

set(violations 0)
file(GLOB_RECURSE headers RELATIVE ${INCLUDE} ${INCLUDE}/*.hpp)
foreach(header IN LISTS headers)
  file(READ ${INCLUDE}/${header} text)
  string(REGEX REPLACE "[][;\\]" "." text "${text}")  # these mean something in a list
  string(REPLACE "\n" ";" lines "${text}")
  set(number 0)
  foreach(line IN LISTS lines)
    math(EXPR number "${number} + 1")
    string(LENGTH "${line}" length)
    if(length GREATER 120)  # bytes
      characters(length "${line}")
    endif()
    if(length GREATER 120)
      message(NOTICE "${header}:${number}: ${length} characters")
      math(EXPR violations "${violations} + 1")
    endif()
  endforeach()
endforeach()
list(LENGTH headers count)
if(count EQUAL 0)
  message(FATAL_ERROR "no headers in ${INCLUDE}")
elseif(violations GREATER 0)
  message(FATAL_ERROR "${violations} lines of more than 120 characters in ${count} headers")
endif()
