# SPDX-License-Identifier: Apache-2.0
# The README's line, with everything that vcpkg makes in the scratch folder, and a project that uses the result.
include(${CMAKE_CURRENT_LIST_DIR}/../common.cmake)

find_program(VCPKG vcpkg HINTS ENV VCPKG_ROOT)
if(NOT VCPKG)
  message("skipped: vcpkg is not installed; packaging.vcpkg_steps runs the port without it")
  return()
endif()
# It takes nothing from elsewhere: no tools of its own, no assets, no word home.
set(ENV{VCPKG_FORCE_SYSTEM_BINARIES} 1)
set(ENV{X_VCPKG_ASSET_SOURCES} "clear;x-block-origin")
set(ENV{VCPKG_DISABLE_METRICS} 1)
readme_line(command "vcpkg install")
string(REPLACE "=cmake/" "=\"${SOURCE}\"/cmake/" command "${command}")
string(REPLACE "vcpkg install" "\"${VCPKG}\" install --no-binarycaching --x-install-root=installed \
--x-buildtrees-root=buildtrees --x-packages-root=packages" command "${command}")
run(sh -c "${command}")
file(READ ${SOURCE}/cmake/vcpkg/tango-ipc/usage usage)
string(FIND "${printed}" "${usage}" at)
if(at EQUAL -1 OR NOT printed MATCHES "\nApache-2.0\n")
  message(FATAL_ERROR "vcpkg does not show the usage or the licence:\n${printed}")
endif()
file(GLOB prefix ${WORK}/installed/*/share/tango-ipc)
cmake_path(SET prefix NORMALIZE "${prefix}/../..")
build_and_run(${packaging}/find_package ${WORK}/build -DCMAKE_PREFIX_PATH=${prefix})
