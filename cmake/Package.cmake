# SPDX-License-Identifier: Apache-2.0
# What others find: the build tree's export (always, so that a project that vendors this one can export itself), and with
# TANGO_INSTALL the headers, the CMake package `tango-ipc` and its pkg-config file.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

# Nothing here depends on the architecture, so everything goes under share/.
set(tango_package_dir share/cmake/tango-ipc)

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/tango-ipc-config.cmake.in ${PROJECT_BINARY_DIR}/tango-ipc-config.cmake
  INSTALL_DESTINATION ${tango_package_dir}
  NO_SET_AND_CHECK_MACRO)
configure_file(
  ${CMAKE_CURRENT_LIST_DIR}/tango-ipc-config-version.cmake.in ${PROJECT_BINARY_DIR}/tango-ipc-config-version.cmake @ONLY)
export(TARGETS tango-ipc NAMESPACE tango:: FILE ${PROJECT_BINARY_DIR}/tango-ipc-targets.cmake)

if(TANGO_INSTALL)
  # The INCLUDES give the include path to CMake before 3.23, which knows no file sets.
  install(TARGETS tango-ipc EXPORT tango-ipc-targets
    FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(EXPORT tango-ipc-targets NAMESPACE tango:: DESTINATION ${tango_package_dir})
  install(
    FILES ${PROJECT_BINARY_DIR}/tango-ipc-config.cmake ${PROJECT_BINARY_DIR}/tango-ipc-config-version.cmake
    DESTINATION ${tango_package_dir})

  set(tango_pc_includedir "\${prefix}")
  cmake_path(APPEND tango_pc_includedir ${CMAKE_INSTALL_INCLUDEDIR})  # an absolute directory replaces the prefix
  configure_file(${CMAKE_CURRENT_LIST_DIR}/tango-ipc.pc.in ${PROJECT_BINARY_DIR}/tango-ipc.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/tango-ipc.pc DESTINATION share/pkgconfig)
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION share/doc/tango-ipc)
endif()
