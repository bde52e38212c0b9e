# SPDX-License-Identifier: Apache-2.0
# Packages the checkout that this port lies in; copied out of it, the port has no source. vcpkg rebuilds a port when the
# port's own files change: after a change of the headers alone, `vcpkg remove tango-ipc` and install with
# `--no-binarycaching`.
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
if(NOT EXISTS "${SOURCE_PATH}/include/tango/version.hpp")
  message(FATAL_ERROR "this port packages the tango-ipc that it lies in, and ${SOURCE_PATH} is none: "
    "use --overlay-ports=<tango-ipc>/cmake/vcpkg")
endif()

# Headers: nothing differs between release and debug, and there are no binaries for which vcpkg would fetch patchelf.
set(VCPKG_BUILD_TYPE release)
set(VCPKG_FIXUP_ELF_RPATH OFF)
vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS -DTANGO_BUILD_TESTS=OFF -DTANGO_BUILD_BENCH=OFF -DTANGO_BUILD_EXAMPLES=OFF -DTANGO_DOCS=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH share/cmake/tango-ipc)
vcpkg_fixup_pkgconfig()

file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/share/doc")
file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
