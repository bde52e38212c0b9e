# SPDX-License-Identifier: Apache-2.0
# Conan 2. `conan create cmake/conan -s compiler.cppstd=20` packages the checkout that this file lies in.
import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir

required_conan_version = ">=2.0"


class TangoIpc(ConanFile):
    name = "tango-ipc"
    description = "Lock-free channels of metadata rings and data chunks, for threads and processes"
    license = "Apache-2.0"
    topics = ("ipc", "lock-free", "ring-buffer", "spsc", "shared-memory", "low-latency", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"

    @property
    def _checkout(self):
        return os.path.join(self.recipe_folder, os.pardir, os.pardir)

    def set_version(self):
        header = load(self, os.path.join(self._checkout, "include", "tango", "version.hpp"))
        self.version = re.search(r'define TANGO_VERSION_STRING "(.+)"', header).group(1)

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "LICENSE", "include/*", "cmake/Package.cmake", "cmake/*.in"):
            copy(self, pattern, self._checkout, self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def validate(self):
        check_min_cppstd(self, 20)

    def package_id(self):
        self.info.clear()

    def generate(self):
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables.update(
            {"TANGO_BUILD_TESTS": False, "TANGO_BUILD_BENCH": False, "TANGO_BUILD_EXAMPLES": False,
             "TANGO_DOCS": False})
        toolchain.generate()

    def build(self):
        CMake(self).configure()

    def package(self):
        CMake(self).install()
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        rmdir(self, os.path.join(self.package_folder, "share"))  # Conan writes the package files for its users itself

    def package_info(self):
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
        self.cpp_info.set_property("cmake_file_name", "tango-ipc")
        self.cpp_info.set_property("cmake_target_name", "tango::tango")
        self.cpp_info.set_property("cmake_config_version_compat", "SameMinorVersion")
        self.cpp_info.set_property("pkg_config_name", "tango-ipc")
