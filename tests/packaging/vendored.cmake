# SPDX-License-Identifier: Apache-2.0
# vendored(<way> <cmake argument>...): the project of that folder, in the scratch folder beside a tango-ipc of its own,
# with flags stricter than ours. The library leaves nothing in it: passive.cmake looks at the targets, the rest is here.
function(vendored way)
  file(COPY ${packaging}/app ${packaging}/${way} ${packaging}/passive.cmake DESTINATION ${WORK})
  set(flags "-O1 -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast -Werror \
-fno-exceptions -fno-rtti")
  build_and_run(${WORK}/${way} ${WORK}/build "-DCMAKE_CXX_FLAGS=${flags}" ${ARGN})

  run(${CMAKE_COMMAND} --install ${WORK}/build --prefix ${WORK}/nothing)
  if(EXISTS ${WORK}/nothing)
    message(FATAL_ERROR "a vendored library has install rules")
  endif()
endfunction()
