# SPDX-License-Identifier: Apache-2.0
# cmake -DOUTPUT=build/tango.hpp [-DALSO="yield.hpp;ostream.hpp"] -P cmake/single_header.cmake
# Joins the core, everything that <tango/tango.hpp> reaches, into one file for those who copy a file into their tree.
# ALSO names hosted headers to go in as well. Every comment stays; what the parts had in common (licence line, include
# guard, standard headers) stands once, at the top. Before each part a line `// ==== tango/<name>` says where it is from.
cmake_minimum_required(VERSION 3.23)

cmake_path(SET include NORMALIZE "${CMAKE_CURRENT_LIST_DIR}/../include")
set(usage "usage: cmake -DOUTPUT=<file> [-DALSO=<header>;...] -P cmake/single_header.cmake")
if("${OUTPUT}" STREQUAL "")
  message(FATAL_ERROR "OUTPUT is not given; ${usage}")
endif()

set(joined "")     # headers that are in, in their order
set(standard "")   # standard headers that they include
set(body "")

# Appends a header, and before it those that it includes and that are not in yet.
function(join header included_by)
  set(path "${include}/tango/${header}")
  if(NOT EXISTS "${path}" OR IS_DIRECTORY "${path}")
    message(FATAL_ERROR "${included_by} asks for a header that does not exist: ${path}; ${usage}")
  endif()
  list(APPEND joined ${header})
  file(READ "${path}" text)
  if(NOT text MATCHES "^// SPDX-License-Identifier: Apache-2.0\n" OR NOT text MATCHES "\n#pragma once\n")
    message(FATAL_ERROR "${path} has not the licence line and the include guard of this library's headers")
  endif()
  string(REGEX REPLACE "^// SPDX[^\n]*\n(/// \\\\file\n)?" "" text "${text}")
  string(REPLACE "\n#pragma once\n" "\n" text "${text}")

  # Includes stand at the top. From the first condition on, a standard header is included on that condition, and stays.
  string(FIND "${text}" "\n#if" condition)
  string(SUBSTRING "${text}" 0 ${condition} top)
  string(REGEX MATCHALL "\n#include <[^>\n]+>" found "${top}")
  list(APPEND standard ${found})
  string(LENGTH "${top}" length)
  string(SUBSTRING "${text}" ${length} -1 rest)
  string(REGEX MATCHALL "\n#include \"[^\"\n]+\"" parts "${top}")
  string(REGEX REPLACE "\n#include [<\"][^\n]+" "" top "${top}")
  string(REGEX REPLACE "\n\n\n+" "\n\n" text "${top}${rest}")
  string(STRIP "${text}" text)

  cmake_path(GET header PARENT_PATH folder)
  foreach(part IN LISTS parts)
    string(REGEX REPLACE "\n#include \"(.+)\"" "\\1" part "${part}")
    cmake_path(APPEND folder "${part}" OUTPUT_VARIABLE part)
    cmake_path(NORMAL_PATH part)
    if(NOT part IN_LIST joined)
      join(${part} "${path}")
    endif()
  endforeach()
  string(APPEND body "\n// ==== tango/${header}\n${text}\n")
  set(joined "${joined}" PARENT_SCOPE)
  set(standard "${standard}" PARENT_SCOPE)
  set(body "${body}" PARENT_SCOPE)
endfunction()

foreach(header IN ITEMS tango.hpp LISTS ALSO)
  if(NOT header IN_LIST joined)
    join(${header} "the command line")
  endif()
endforeach()
if(body MATCHES "\n *# *include +\"[^\n]+")
  message(FATAL_ERROR "left over, as it does not stand at the top of its header:${CMAKE_MATCH_0}")
endif()

list(REMOVE_DUPLICATES standard)
list(SORT standard)
list(JOIN standard "" standard)
file(STRINGS "${include}/tango/version.hpp" version REGEX "define TANGO_VERSION_STRING")
string(REGEX REPLACE ".*\"(.*)\".*" "\\1" version "${version}")
file(WRITE "${OUTPUT}" "// SPDX-License-Identifier: Apache-2.0
/// \\file
/// tango-ipc ${version} in one file, joined from its headers by cmake/single_header.cmake: change them, not this.
#pragma once
${standard}
${body}")
