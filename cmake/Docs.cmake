# SPDX-License-Identifier: Apache-2.0
# The target tango_docs, where Doxygen is found: the reference and the pages, as HTML in <build>/docs/html. Not part of
# the default build. Anything that Doxygen warns of, an undocumented public name too, is an error.
find_package(Doxygen QUIET)
if(DOXYGEN_FOUND)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/docs/Doxyfile.in ${PROJECT_BINARY_DIR}/docs/Doxyfile @ONLY)
  add_custom_target(tango_docs COMMAND Doxygen::doxygen ${PROJECT_BINARY_DIR}/docs/Doxyfile VERBATIM)
endif()
