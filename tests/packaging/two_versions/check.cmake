# SPDX-License-Identifier: Apache-2.0
# One program of two parts: each is built with another version of the library, or with other settings of its macros. Each
# part then uses the code that it was built with, because the inline namespace has another name. Without an inline
# namespace the linker keeps one definition of each function for both, and the program fails: that is checked, too.
include(${CMAKE_CURRENT_LIST_DIR}/../common.cmake)

set(here ${CMAKE_CURRENT_LIST_DIR})
# Without optimization: no function is inlined, and each is there to be mistaken for another one.
set(compile ${COMPILER} -std=c++20 -O0 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)

# patched(<file> <regular expression> <replacement>): the expression must match.
function(patched file expression replacement)
  file(READ ${file} text)
  string(REGEX REPLACE "${expression}" "${replacement}" changed "${text}")
  if(changed STREQUAL text)
    message(FATAL_ERROR "nothing in ${file} matches ${expression}")
  endif()
  file(WRITE ${file} "${changed}")
endfunction()

# The other version: each Producer has a member more, large enough to show when it is forgotten, ahead of the others.
file(COPY ${SOURCE}/include DESTINATION ${WORK}/other)
patched(${WORK}/other/include/tango/version.hpp "(define TANGO_VERSION_PATCH) [0-9]+" "\\1 77")
patched(${WORK}/other/include/tango/producer.hpp "\nclass Producer([ \n][^;{]*)?{\n"
  "\\0  [[maybe_unused]] unsigned char added_[1 << 20] = {};\n")

# Both versions without the inline namespace.
foreach(version IN ITEMS shipped other)
  if(version STREQUAL "shipped")
    file(COPY ${SOURCE}/include DESTINATION ${WORK}/merged_${version})
  else()
    file(COPY ${WORK}/other/include DESTINATION ${WORK}/merged_${version})
  endif()
  file(GLOB_RECURSE headers ${WORK}/merged_${version}/*.hpp)
  foreach(header IN LISTS headers)
    file(READ ${header} text)
    string(REPLACE "::inline TANGO_ABI" "" text "${text}")
    file(WRITE ${header} "${text}")
  endforeach()
endforeach()

# defined_by(<variable> <object>): the library's functions and objects that the object file defines.
function(defined_by variable object)
  run(nm --defined-only ${object})
  string(REGEX MATCHALL "[^ \n]*5tango[^ \n]*" names "${printed}")
  if(names STREQUAL "")
    message(FATAL_ERROR "${object} defines nothing of the library")
  endif()
  set(${variable} "${names}" PARENT_SCOPE)
endfunction()

# in_common(<variable> <object> <object>): what both of them define, so that the linker keeps one of the two.
function(in_common variable one other)
  defined_by(ones ${one})
  defined_by(others ${other})
  set(left ${ones})
  list(REMOVE_ITEM left ${others})
  list(REMOVE_ITEM ones ${left} "")
  set(${variable} "${ones}" PARENT_SCOPE)
endfunction()

# ends(<result> <command>...): the program ends with this exit status.
function(ends result)
  list(SUBLIST ARGV 1 -1 command)
  execute_process(COMMAND ${command} WORKING_DIRECTORY ${WORK} RESULT_VARIABLE ended OUTPUT_QUIET ERROR_QUIET)
  if(NOT ended EQUAL result)
    list(JOIN command " " command)
    message(FATAL_ERROR "ended with ${ended}, expected ${result}: ${command}")
  endif()
endfunction()

# ------------------------------------------------------------------------------------------------------- two versions

run(${compile} -I${SOURCE}/include -c ${here}/main.cpp -o main.o)
run(${compile} -I${WORK}/other/include -c ${here}/plugin.cpp -o plugin.o)
in_common(names main.o plugin.o)
if(names)
  message(FATAL_ERROR "both versions define ${names}")
endif()
run(${COMPILER} main.o plugin.o -o app)
run(${WORK}/app)
run(${COMPILER} plugin.o main.o -o app)
run(${WORK}/app)

run(${compile} -I${WORK}/merged_shipped/include -c ${here}/main.cpp -o main.o)
run(${compile} -I${WORK}/merged_other/include -c ${here}/plugin.cpp -o plugin.o)
in_common(names main.o plugin.o)
if(NOT names)
  message(FATAL_ERROR "the check does not see what both objects define")
endif()
run(${COMPILER} plugin.o main.o -o app)
execute_process(COMMAND ${WORK}/app RESULT_VARIABLE ended OUTPUT_QUIET ERROR_QUIET)
if(ended EQUAL 0)
  message(FATAL_ERROR "two versions work in one program without an inline namespace: what does this test show?")
endif()

# ---------------------------------------------------------------------------------- one version, two handlers of its own

run(${COMPILER} -std=c++20 -c ${here}/violate_main.cpp -o main.o)
# parts(<folder of the headers> <options of the first part> <options of the second one>): builds app of them.
function(parts include first second)
  foreach(part IN ITEMS first second)
    run(${compile} -I${include} -include cstdlib ${${part}} -DPART=${part} -c ${here}/violate.cpp -o ${part}.o)
  endforeach()
endfunction()

function(exits_with status variable)
  set(${variable} "-DTANGO_PRECONDITION_FAILED(text)=std::_Exit(${status})" PARENT_SCOPE)
endfunction()
exits_with(7 exits_with_7)
exits_with(8 exits_with_8)

# The default beside an own handler: no tag is needed.
parts(${SOURCE}/include "" "${exits_with_7}")
foreach(objects IN ITEMS "first.o;second.o" "second.o;first.o")
  run(${COMPILER} main.o ${objects} -o app)
  refused("^tango: precondition failed: TickRate" ${WORK}/app)
  ends(7 ${WORK}/app second)
endforeach()

# Two handlers: each has a tag.
parts(${SOURCE}/include "${exits_with_7};-DTANGO_ABI_TAG=seven" "${exits_with_8};-DTANGO_ABI_TAG=eight")
foreach(objects IN ITEMS "first.o;second.o" "second.o;first.o")
  run(${COMPILER} main.o ${objects} -o app)
  ends(7 ${WORK}/app)
  ends(8 ${WORK}/app second)
endforeach()

# Without a tag, as without an inline namespace, one of the two answers for both.
parts(${SOURCE}/include "${exits_with_7}" "${exits_with_8}")
run(${COMPILER} main.o first.o second.o -o app)
ends(7 ${WORK}/app second)
parts(${WORK}/merged_shipped/include "" "${exits_with_7}")
run(${COMPILER} main.o second.o first.o -o app)
ends(7 ${WORK}/app)
