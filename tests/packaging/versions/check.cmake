# SPDX-License-Identifier: Apache-2.0
# Before 1.0, find_package takes the same minor version from the patch that it asks for, or any version of the range that
# it asks for, and refuses the rest with a message that names the version it found. The size of a pointer does not matter:
# there is no object code.
include(${CMAKE_CURRENT_LIST_DIR}/../common.cmake)

string(REGEX MATCH "^([0-9]+)\\.([0-9]+)\\.([0-9]+)$" matched ${VERSION})
set(major ${CMAKE_MATCH_1})
set(minor ${CMAKE_MATCH_2})
set(patch ${CMAKE_MATCH_3})
math(EXPR next_major "${major} + 1")
math(EXPR next_minor "${minor} + 1")
math(EXPR last_minor "${minor} - 1")
math(EXPR next_patch "${patch} + 1")
math(EXPR later_minor "${minor} + 2")

set(configure ${CMAKE_COMMAND} -S ${packaging}/versions -DCMAKE_PREFIX_PATH=${INSTALLED})
foreach(wanted IN ITEMS "" ${major}.${minor} ${VERSION} ${major}.${minor}...<${major}.${next_minor}
    ${major}.${minor}...<${major}.${later_minor} ${major}.${last_minor}...${next_major} ${VERSION}...${VERSION})
  run(${configure} -B ${WORK}/accepted-${wanted} "-DWANTED=${wanted}")
endforeach()
run(${configure} -B ${WORK}/exact -DWANTED=${VERSION} -DEXACT=EXACT)
foreach(bytes IN ITEMS 4 8)
  run(${configure} -B ${WORK}/pointer-${bytes} -DCMAKE_SIZEOF_VOID_P=${bytes} -DWANTED=${major}.${minor})
endforeach()
foreach(wanted IN ITEMS ${major}.${last_minor} ${major}.${next_minor} ${next_major}.0 ${major}.${minor}.${next_patch}
    ${major}.${next_minor}...${next_major} ${major}.${last_minor}...<${VERSION} ${major}.${last_minor}...${major}.${last_minor})
  refused("compatible with requested version( range)? \"${wanted}\".*not accepted: .*version: ${VERSION}"
    ${configure} -B ${WORK}/refused-${wanted} -DWANTED=${wanted})
endforeach()
