# SPDX-License-Identifier: Apache-2.0
# cmake -DROOT=<dir> -P check_catch2.cmake
# Fails where a source includes Catch2 2's one header, which version 3 does not have: the names are version 3's, and
# support/catch2_v2 has them for version 2.
file(GLOB_RECURSE sources ${ROOT}/tests/*.cpp ${ROOT}/tests/*.hpp ${ROOT}/bench/*.cpp ${ROOT}/examples/*.cpp)
list(FILTER sources EXCLUDE REGEX "/support/catch2_v2/")
if(NOT sources)
  message(FATAL_ERROR "no sources in ${ROOT}")
endif()
foreach(source IN LISTS sources)
  file(STRINGS ${source} lines REGEX "# *include *[<\"]catch2/catch[.]hpp")
  if(lines)
    message(SEND_ERROR "${source} includes a header that Catch2 3 does not have")
  endif()
endforeach()
