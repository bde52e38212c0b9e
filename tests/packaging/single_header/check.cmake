# SPDX-License-Identifier: Apache-2.0
# The core in one file, by the README's line: once preprocessed, it is the same text as the headers are, with the seam's
# own atomics and with a test's. What it cannot do, it refuses.
include(${CMAKE_CURRENT_LIST_DIR}/../common.cmake)

copy_checkout(${WORK}/tango-ipc)
readme_line(command "cmake -DOUTPUT=build/tango.hpp")
run(sh -c "cd tango-ipc && ${command}")
set(single ${WORK}/tango-ipc/build/tango.hpp)

# Each standard header is replaced by a mark, so that nothing but our own text is left, and which of them it includes.
file(GLOB_RECURSE headers ${SOURCE}/include/*.hpp)
foreach(header IN LISTS headers)
  file(STRINGS ${header} includes REGEX "^ *# *include <")
  foreach(line IN LISTS includes)
    string(REGEX REPLACE ".*<(.+)>.*" "\\1" name "${line}")
    file(WRITE ${WORK}/std/${name} "#pragma once\nSTANDARD_${name}\n")
  endforeach()
endforeach()
file(WRITE ${WORK}/std/seam_of_a_test.hpp "int seam_of_a_test;\n")

function(preprocessed variable header)
  run(${COMPILER} -std=c++20 -nostdinc -nostdinc++ -isystem ${WORK}/std -x c++ -E -P -dD ${header} ${ARGN})
  string(REGEX MATCHALL "STANDARD_[a-z_]+" standard "${printed}")
  list(SORT standard)
  string(REGEX REPLACE "STANDARD_[a-z_]+" "" text "${printed}")
  string(REGEX REPLACE "[ \n]+" " " text "${text}")
  set(${variable} "${standard} ${text}" PARENT_SCOPE)
endfunction()

file(WRITE ${WORK}/one.cpp "#include \"${single}\"\n#include \"${single}\"\n")
file(WRITE ${WORK}/many.cpp "#include \"${SOURCE}/include/tango/tango.hpp\"\n")
foreach(seam IN ITEMS "" "-DTANGO_SEAM_HEADER=<seam_of_a_test.hpp>")
  preprocessed(one ${WORK}/one.cpp ${seam})
  preprocessed(many ${WORK}/many.cpp ${seam})
  if(NOT one STREQUAL many OR NOT one MATCHES "class Producer")
    file(WRITE ${WORK}/one.txt "${one}")
    file(WRITE ${WORK}/many.txt "${many}")
    message(FATAL_ERROR "the one file differs from the headers, compare ${WORK}/one.txt and ${WORK}/many.txt")
  endif()
  string(FIND "${one}" "int seam_of_a_test;" at)
  if((seam STREQUAL "") EQUAL (at GREATER -1))
    message(FATAL_ERROR "TANGO_SEAM_HEADER does not replace the seam")
  endif()
endforeach()

# By itself, with the hosted headers in it, in two translation units.
file(GLOB hosted RELATIVE ${SOURCE}/include/tango ${SOURCE}/include/tango/*.hpp)
set(script ${SOURCE}/cmake/single_header.cmake)
run(${CMAKE_COMMAND} -DOUTPUT=${WORK}/app/tango/tango.hpp "-DALSO=${hosted}" -P ${script})
file(COPY ${packaging}/app DESTINATION ${WORK})
run(${COMPILER} -std=c++20 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -pthread -I${WORK}/app
  ${WORK}/app/main.cpp ${WORK}/app/receive.cpp -o app.out)
run(${WORK}/app.out)

refused("OUTPUT is not given. usage: " ${CMAKE_COMMAND} -P ${script})
refused("the command line asks for a header that does not exist: .*/none.hpp"
  ${CMAKE_COMMAND} -DOUTPUT=${WORK}/x.hpp -DALSO=none.hpp -P ${script})
refused("cannot write|failed to open" ${CMAKE_COMMAND} "-DOUTPUT=${WORK}/one.cpp/no such/file" -P ${script})
