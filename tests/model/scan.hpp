// SPDX-License-Identifier: Apache-2.0
// Call sites of atomics and fences as the text of a source file shows them, also those that nothing has executed. They
// are found by their tokens: comments and layout do not matter.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <string_view>
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
  std::string text;           ///< the call, as normalized() spells it

  [[nodiscard]] bool is(const Site& site) const {
    return site.file == file && site.line >= first_line && site.line <= last_line && site.operation == operation &&
           site.written == order && site.written_failure == failure;
  }
};

/// What a text shows. Each order is to be spelled in a call that is understood here: one that is passed on, chosen, or
/// handed to another operation could not be weakened, and would look as if it had been.
struct Scan {
  std::vector<TextSite> sites;
  std::vector<std::string> strays;  ///< where `memory_order` stands and no such call does

  void append(Scan other);
};

/// All sites of the headers below `include/tango`, but for the seam's own.
[[nodiscard]] Scan scan_headers(const std::filesystem::path& include);

/// The sites of one file.
[[nodiscard]] Scan scan_file(const std::filesystem::path& path);

/// The sites of a text; `name` is that of its file.
[[nodiscard]] Scan scan_text(const std::string& name, std::string_view text);

}  // namespace tango::model
