# SPDX-License-Identifier: Apache-2.0
# FetchContent, told where the source lies, as everybody may: nothing is fetched.
include(${CMAKE_CURRENT_LIST_DIR}/../common.cmake)
include(${packaging}/vendored.cmake)

vendored(fetch_content -DFETCHCONTENT_SOURCE_DIR_TANGO-IPC=${SOURCE})
