# SPDX-License-Identifier: Apache-2.0
# The README's line, with a Conan home in the scratch folder, and what the package tells other generators.
include(${CMAKE_CURRENT_LIST_DIR}/../common.cmake)

find_program(CONAN conan)
if(NOT CONAN)
  message("skipped: conan is not installed; packaging.conan_steps does what the recipe does")
  return()
endif()
set(ENV{CONAN_HOME} ${WORK}/home)
copy_checkout(${WORK}/tango-ipc)
run(${CONAN} profile detect)
readme_line(command "conan create")
run(sh -c "cd tango-ipc && ${command}")
if(NOT printed MATCHES "\ntango-ipc ${VERSION}\n")
  message(FATAL_ERROR "the test package did not run:\n${printed}")
endif()

run(${CONAN} install --requires tango-ipc/${VERSION} -s compiler.cppstd=20 -g PkgConfigDeps -of ${WORK}/pkg-config)
if(NOT EXISTS ${WORK}/pkg-config/tango-ipc.pc)
  message(FATAL_ERROR "the package has another name for pkg-config")
endif()
refused("lower than the required C.. standard .20" ${CONAN} create tango-ipc/cmake/conan -s compiler.cppstd=17)
