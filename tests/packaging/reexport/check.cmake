# SPDX-License-Identifier: Apache-2.0
# A project uses another library that has tango-ipc in its interface: installed, and from that library's build tree.
include(${CMAKE_CURRENT_LIST_DIR}/../common.cmake)

set(library ${WORK}/greeter)
foreach(file IN ITEMS CMakeLists.txt greeter-config.cmake)
  file(COPY ${packaging}/reexport/${file} DESTINATION ${library})
endforeach()
file(COPY ${packaging}/app/receive.cpp DESTINATION ${library})
file(COPY ${packaging}/app/channel.hpp DESTINATION ${library}/include)
file(COPY ${packaging}/reexport/app ${packaging}/app/main.cpp DESTINATION ${WORK})
file(RENAME ${WORK}/main.cpp ${WORK}/app/main.cpp)

run(${CMAKE_COMMAND} -S ${library} -B ${WORK}/build -DFETCHCONTENT_SOURCE_DIR_TANGO-IPC=${SOURCE})
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${CMAKE_COMMAND} --install ${WORK}/build --prefix ${WORK}/prefix)
build_and_run(${WORK}/app ${WORK}/with_installed -DCMAKE_PREFIX_PATH=${WORK}/prefix)
build_and_run(${WORK}/app ${WORK}/with_build_tree
  -Dgreeter_DIR=${WORK}/build -Dtango-ipc_DIR=${WORK}/build/_deps/tango-ipc-build)
