# SPDX-License-Identifier: Apache-2.0
# What happens to a violated precondition when nothing is set: the handler compiles beside <unistd.h>, whichever of the two
# comes first, without a warning; prints its line and traps; and calls nothing where there is no operating system.
include(${CMAKE_CURRENT_LIST_DIR}/../common.cmake)

set(include "#include <tango/config.hpp>\n")
set(unistd "#include <unistd.h>\n")
set(program "
void f(int x) { TANGO_PRECONDITION(x > 1, \"f: x is larger than 1\"); }
int main(int count, char**) {
  f(count);
  return 0;
}
")
set(calls_write "long g() { return ::write(1, \"\", 0); }")  # what <unistd.h> declares is still what it was
file(WRITE ${WORK}/alone.cpp "${include}${program}")
file(WRITE ${WORK}/before.cpp "${include}${unistd}${program}${calls_write}")
file(WRITE ${WORK}/after.cpp "${unistd}${include}${program}${calls_write}")

set(warnings -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wredundant-decls -Wold-style-cast -Werror)
set(compilers ${COMPILER})
foreach(other IN ITEMS g++ clang++)
  find_program(found_${other} ${other})
  if(found_${other})
    list(APPEND compilers ${found_${other}})
  endif()
endforeach()

foreach(compiler IN LISTS compilers)
  foreach(source IN ITEMS alone before after)
    foreach(option IN ITEMS -O0 -O2 -flto "-O2;-D_FORTIFY_SOURCE=2")
      run(${compiler} -std=c++20 ${warnings} ${option} -I${SOURCE}/include ${source}.cpp -o app)
    endforeach()
  endforeach()
  refused("tango: precondition failed: f: x is larger than 1" ${WORK}/app)
  run(${WORK}/app argument)
  if(NOT printed STREQUAL "")
    message(FATAL_ERROR "a precondition that is met prints: ${printed}")
  endif()

  # Without an operating system there is nobody to tell.
  foreach(options IN ITEMS "" -ffreestanding)
    run(${compiler} -std=c++20 ${warnings} -O2 ${options} -I${SOURCE}/include -c alone.cpp -o alone.o)
    run(nm -u alone.o)
    string(REGEX MATCH "[ _]write\n" write "${printed}")
    if((options STREQUAL "") EQUAL (write STREQUAL ""))
      message(FATAL_ERROR "${compiler} ${options}: the object needs [${printed}]")
    endif()
  endforeach()

  # And with an own handler it calls that one only.
  run(${compiler} -std=c++20 ${warnings} -O2 "-DTANGO_PRECONDITION_FAILED(text)=__builtin_unreachable()"
    -I${SOURCE}/include -c alone.cpp -o alone.o)
  run(nm -u alone.o)
  if(printed MATCHES "write")
    message(FATAL_ERROR "${compiler}: an own handler does not replace the default: [${printed}]")
  endif()
endforeach()
