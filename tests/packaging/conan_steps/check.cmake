# SPDX-License-Identifier: Apache-2.0
# What the Conan recipe does, without Conan: from the files that it exports, with its cache variables, install, and
# build the project that its test package builds.
include(${CMAKE_CURRENT_LIST_DIR}/../common.cmake)

file(READ ${SOURCE}/cmake/conan/conanfile.py recipe)
string(REGEX MATCH "for pattern in \\(([^)]+)\\)" matched "${recipe}")
string(REGEX MATCHALL "[^\", ]+" patterns "${CMAKE_MATCH_1}")
foreach(pattern IN LISTS patterns)
  file(GLOB_RECURSE files RELATIVE ${SOURCE} ${SOURCE}/${pattern})
  foreach(file IN LISTS files)
    cmake_path(GET file PARENT_PATH folder)
    file(COPY ${SOURCE}/${file} DESTINATION ${WORK}/exported/${folder})
  endforeach()
endforeach()
string(REGEX MATCHALL "\"TANGO_[A-Z_]+\": False" variables "${recipe}")
list(TRANSFORM variables REPLACE "\"(.+)\": False" "-D\\1=OFF")
run(${CMAKE_COMMAND} -S ${WORK}/exported -B ${WORK}/build -DCMAKE_INSTALL_PREFIX=${WORK}/package ${variables})
run(${CMAKE_COMMAND} --install ${WORK}/build)

file(READ ${SOURCE}/cmake/conan/test_package/conanfile.py test_package)
string(REGEX MATCH "build_script_folder=\"([^\"]+)\"" matched "${test_package}")
build_and_run(${SOURCE}/cmake/conan/test_package/${CMAKE_MATCH_1} ${WORK}/test -DCMAKE_PREFIX_PATH=${WORK}/package)
