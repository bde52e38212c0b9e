// SPDX-License-Identifier: Apache-2.0
/// \file
/// `operator<<` for everything that the core prints into buffers. Hosted: includes `<ostream>`.
///
/// Thread: any. The object is read as its `print` describes.
#pragma once

#include <ostream>
#include <span>

#include "cnc.hpp"
#include "config.hpp"
#include "error.hpp"
#include "fragment.hpp"
#include "histogram.hpp"
#include "metrics.hpp"
#include "poll.hpp"
#include "reassembler.hpp"

namespace tango::inline TANGO_ABI {

namespace detail {

/// The size of a buffer that holds every text that the core prints.
inline constexpr std::size_t kLongestText = 384;

template <class T>
std::ostream& stream(std::ostream& out, const T& value) {
  char text[kLongestText];
  return out << print(value, std::span<char>{text});
}

}  // namespace detail

/// Prints its name.
inline std::ostream& operator<<(std::ostream& out, Error error) { return out << name(error); }
/// Prints its name.
inline std::ostream& operator<<(std::ostream& out, CncState state) { return out << name(state); }
/// Prints its name.
inline std::ostream& operator<<(std::ostream& out, PollStatus status) { return out << name(status); }

/// Prints its name.
inline std::ostream& operator<<(std::ostream& out, ReassemblyStatus status) { return out << name(status); }

/// Prints as `print` does.
inline std::ostream& operator<<(std::ostream& out, const Status& status) { return detail::stream(out, status); }

/// Prints as `print` does.
inline std::ostream& operator<<(std::ostream& out, const FragmentMetadata& metadata) {
  return detail::stream(out, metadata);
}

/// Prints as `print` does.
inline std::ostream& operator<<(std::ostream& out, const MetricsSnapshot& snapshot) {
  return detail::stream(out, snapshot);
}

/// Prints as `print` does.
inline std::ostream& operator<<(std::ostream& out, const HistogramSnapshot& histogram) {
  return detail::stream(out, histogram);
}

/// Prints as `print` does.
inline std::ostream& operator<<(std::ostream& out, const Cnc& cnc) { return detail::stream(out, cnc); }

}  // namespace tango::inline TANGO_ABI
