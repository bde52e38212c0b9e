// SPDX-License-Identifier: Apache-2.0
#include "sites.hpp"

#include <filesystem>

namespace tango::model {

std::string name_in_sites(std::string_view path) {
  const std::string file = std::filesystem::path{path}.lexically_normal().string();  // clang says detail/../fctl.hpp
  if (const std::size_t at = file.rfind("include/tango/"); at != std::string::npos) {
    return file.substr(at + 8);
  }
  return file.substr(file.rfind('/') + 1);
}

Site& Sites::at(const char* file, unsigned line, Operation operation, std::memory_order order,
                std::memory_order failure) {
  // An address has 48 bits that matter here; what is left tells the calls in one file apart.
  const std::uint64_t key = (reinterpret_cast<std::uintptr_t>(file) << 20 ^ std::uint64_t{line} << 9) |
                            static_cast<std::uint64_t>(operation) << 6 | static_cast<std::uint64_t>(order) << 3 |
                            static_cast<std::uint64_t>(failure);
  Site*& known = by_address_[key];
  if (known == nullptr) {
    const std::string name = name_in_sites(file);
    for (Site& site : sites_) {
      if (site.line == line && site.operation == operation && site.written == order &&
          site.written_failure == failure && site.file == name) {
        known = &site;
      }
    }
    if (known == nullptr) {
      known = &sites_.emplace_back(Site{name, line, operation, order, failure, order, failure});
    }
  }
  return *known;
}

}  // namespace tango::model
