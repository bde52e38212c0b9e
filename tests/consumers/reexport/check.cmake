# SPDX-License-Identifier: Apache-2.0
# A project uses another library that has tango-ipc in its interface: installed, and from that library's build tree.
include(${CMAKE_CURRENT_LIST_DIR}/../common.cmake)

file(COPY ${consumers}/reexport DESTINATION ${WORK})
file(COPY ${consumers}/app/ DESTINATION ${WORK}/reexport/app)
run(${CMAKE_COMMAND} -S ${WORK}/reexport -B ${WORK}/build -DFETCHCONTENT_SOURCE_DIR_TANGO-IPC=${SOURCE})
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${CMAKE_COMMAND} --install ${WORK}/build --prefix ${WORK}/prefix)

file(RENAME ${WORK}/reexport/app ${WORK}/app)
file(REMOVE ${WORK}/app/channel.hpp ${WORK}/app/receive.cpp)
build_and_run(${WORK}/app ${WORK}/app/build -DCMAKE_PREFIX_PATH=${WORK}/prefix)
