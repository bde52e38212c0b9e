include(CMakeFindDependencyMacro)
find_dependency(tango-ipc 0.1)
include(${CMAKE_CURRENT_LIST_DIR}/greeter-targets.cmake)
