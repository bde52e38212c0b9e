# SPDX-License-Identifier: Apache-2.0
# How this project's own programs (tests, benchmarks, examples) are compiled. They link `tango_own`; nothing that users
# link does.
add_library(tango_own INTERFACE)
target_link_libraries(tango_own INTERFACE tango::tango Threads::Threads)
target_compile_options(tango_own INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)

set(TANGO_SANITIZE "" CACHE STRING "Sanitizers for the own targets: empty, address,undefined or thread")
if(TANGO_SANITIZE)
  target_compile_options(tango_own INTERFACE
    -fsanitize=${TANGO_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(tango_own INTERFACE -fsanitize=${TANGO_SANITIZE})
  # g++ warns about every fence under ThreadSanitizer, which does not follow fences.
  if(TANGO_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(tango_own INTERFACE -Wno-tsan)
  endif()
endif()

# tango_add_program(<target> <source>...): an executable built that way.
function(tango_add_program target)
  add_executable(${target} ${ARGN})
  target_link_libraries(${target} PRIVATE tango_own)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
endfunction()
