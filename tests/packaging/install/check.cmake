# SPDX-License-Identifier: Apache-2.0
# The README's own line installs, for a user whose home is the scratch folder. Then the prefix is moved, and all who use
# it find it in its new place.
include(${CMAKE_CURRENT_LIST_DIR}/../common.cmake)

copy_checkout(${WORK})
set(ENV{HOME} ${WORK})
readme_line(command "cmake --preset package")
run(sh -c "${command}")
file(REMOVE_RECURSE ${INSTALLED})
file(RENAME ${WORK}/.local ${INSTALLED})

# Exactly these, whatever else lies in the tree.
file(GLOB_RECURSE headers RELATIVE ${SOURCE} ${SOURCE}/include/*)
set(expected ${headers} share/doc/tango-ipc/LICENSE share/pkgconfig/tango-ipc.pc)
foreach(suffix IN ITEMS config config-version targets)
  list(APPEND expected share/cmake/tango-ipc/tango-ipc-${suffix}.cmake)
endforeach()
file(GLOB_RECURSE present RELATIVE ${INSTALLED} ${INSTALLED}/*)
list(SORT expected)
list(SORT present)
if(NOT present STREQUAL expected)
  message(FATAL_ERROR "installed: ${present}\nexpected: ${expected}")
endif()

# Nothing remembers where it was.
foreach(file IN LISTS present)
  file(READ ${INSTALLED}/${file} text)
  foreach(place IN ITEMS ${WORK} ${SOURCE})
    string(FIND "${text}" ${place} at)
    if(NOT at EQUAL -1)
      message(FATAL_ERROR "${file} names ${place}")
    endif()
  endforeach()
endforeach()
