# SPDX-License-Identifier: Apache-2.0
# cmake -DSCRIPT=<cmake/single_header.cmake> -DOUTPUT=<file> -P includes.cmake
# The core includes these headers of the standard library and no others: each costs everybody who includes the core.
# <limits> would add 4 % to what a compiler does for tango.hpp, <iterator> 5 %; <atomic> is two thirds of it.
set(allowed atomic bit concepts cstddef cstdint new span string_view type_traits utility)

execute_process(COMMAND ${CMAKE_COMMAND} -DOUTPUT=${OUTPUT} -P ${SCRIPT} COMMAND_ERROR_IS_FATAL ANY)
file(STRINGS ${OUTPUT} lines REGEX "^#include <")
list(TRANSFORM lines REPLACE "^#include <(.*)>.*" "\\1")
list(REMOVE_DUPLICATES lines)
list(SORT lines)
if(NOT lines STREQUAL allowed)
  message(FATAL_ERROR "the core includes [${lines}], and may include [${allowed}]")
endif()
