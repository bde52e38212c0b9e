# SPDX-License-Identifier: Apache-2.0
# What the checks share. Each is run as
#     cmake -DSOURCE=<this repository> -DVERSION=<its version> -DCOMPILER=<c++> -DGENERATOR=<CMake's name for it>
#           -DWORK=<scratch folder> -DINSTALLED=<prefix with the library> -P <way>/check.cmake
cmake_minimum_required(VERSION 3.23)

set(ENV{CXX} ${COMPILER})
set(ENV{CMAKE_GENERATOR} ${GENERATOR})
set(packaging ${CMAKE_CURRENT_LIST_DIR})
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})

# run(<command>...): in the scratch folder; must succeed, and shows what it printed only if it does not. Leaves that in
# `printed`.
function(run)
  execute_process(COMMAND ${ARGV} WORKING_DIRECTORY ${WORK}
    RESULT_VARIABLE result OUTPUT_VARIABLE printed ERROR_VARIABLE printed)
  if(NOT result EQUAL 0)
    list(JOIN ARGV " " command)
    message(NOTICE "${printed}")  # a FATAL_ERROR would break its lines
    message(FATAL_ERROR "ended with ${result}: ${command}")
  endif()
  set(printed "${printed}" PARENT_SCOPE)
endfunction()

# refused(<expected> <command>...): must fail and print what the regular expression `expected` says.
function(refused expected)
  list(SUBLIST ARGV 1 -1 command)
  execute_process(COMMAND ${command} WORKING_DIRECTORY ${WORK}
    RESULT_VARIABLE result OUTPUT_VARIABLE printed ERROR_VARIABLE printed)
  list(JOIN command " " command)
  if(result EQUAL 0)
    message(FATAL_ERROR "succeeds, and must not: ${command}")
  endif()
  string(REGEX REPLACE "[ \n]+" " " words "${printed}")  # CMake breaks its lines where it likes
  if(NOT words MATCHES "${expected}")
    message(NOTICE "${printed}")
    message(FATAL_ERROR "fails without saying '${expected}': ${command}")
  endif()
endfunction()

# build_and_run(<project> <build folder> <cmake argument>...): the program `app` that it builds must find its message
# intact and be of this version.
function(build_and_run project build)
  run(${CMAKE_COMMAND} -S ${project} -B ${build} ${ARGN})
  run(${CMAKE_COMMAND} --build ${build})
  run(${build}/app)
  if(NOT printed STREQUAL "tango-ipc ${VERSION}\n")
    message(FATAL_ERROR "expected version ${VERSION}, the program says: ${printed}")
  endif()
endfunction()

# readme_line(<variable> <beginning>): the one line of README.md that begins so, without the remark at its end.
function(readme_line variable beginning)
  file(STRINGS ${SOURCE}/README.md lines ENCODING UTF-8)
  set(found "")
  foreach(line IN LISTS lines)
    string(FIND "${line}" "${beginning}" at)
    if(at EQUAL 0)
      string(REGEX REPLACE " +# .*" "" line "${line}")
      list(APPEND found "${line}")
    endif()
  endforeach()
  list(LENGTH found count)
  if(NOT count EQUAL 1)
    message(FATAL_ERROR "README.md has ${count} lines that begin with '${beginning}'")
  endif()
  set(${variable} "${found}" PARENT_SCOPE)
endfunction()

# copy_checkout(<folder>): what a user's checkout of this repository has.
function(copy_checkout folder)
  foreach(item IN ITEMS CMakeLists.txt CMakePresets.json LICENSE cmake include tests)
    file(COPY ${SOURCE}/${item} DESTINATION ${folder})
  endforeach()
endfunction()
