# SPDX-License-Identifier: Apache-2.0
# Every line of CMake in the README stands in a project here, which builds and runs. The two lines that say how long the
# core takes to compile work in a fresh clone.
include(${CMAKE_CURRENT_LIST_DIR}/../common.cmake)

set(lines "")
file(GLOB projects ${packaging}/*/CMakeLists.txt)
foreach(project IN LISTS projects)
  file(STRINGS ${project} more)
  list(APPEND lines ${more})
endforeach()

file(READ ${SOURCE}/README.md readme)
string(REGEX MATCH "\n```cmake\n([^`]+)\n```\n" matched "${readme}")
string(REGEX REPLACE " *#[^\n]*" "" block "${CMAKE_MATCH_1}")
string(REGEX REPLACE "\n+" ";" block "${block}")
if(block STREQUAL "")
  message(FATAL_ERROR "README.md shows no CMake")
endif()
foreach(line IN LISTS block)
  if(NOT line IN_LIST lines)
    message(FATAL_ERROR "README.md shows this line, and no project in ${packaging} has it: ${line}")
  endif()
endforeach()

copy_checkout(${WORK}/tango-ipc)
readme_line(prepare "mkdir -p build && echo")
readme_line(compile "time g++ -std=c++20 -O0")
string(REPLACE "time g++ " "\"$CXX\" " compile "${compile}")
run(sh -c "cd tango-ipc && ${prepare} && ${compile}")
