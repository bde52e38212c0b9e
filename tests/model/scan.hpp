// SPDX-License-Identifier: Apache-2.0
// Call sites of atomics and fences as the text of a source file shows them, also those that nothing has executed.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "sites.hpp"

namespace tango::model {

struct TextSite {
  std::string file;  ///< as Site::file
  unsigned first_line;
  unsigned last_line;
  Operation operation;
  std::memory_order order;
  std::memory_order failure;  ///< of a compare-exchange; else relaxed
  std::string text;           ///< the call

  [[nodiscard]] bool is(const Site& site) const {
    return site.file == file && site.line >= first_line && site.line <= last_line && site.operation == operation &&
           site.written == order && site.written_failure == failure;
  }
};

/// All sites of the headers below `include/tango`, but for the seam's own.
[[nodiscard]] std::vector<TextSite> scan_headers(const std::filesystem::path& include);

/// The sites of one file.
[[nodiscard]] std::vector<TextSite> scan_file(const std::filesystem::path& path);

}  // namespace tango::model
