// SPDX-License-Identifier: Apache-2.0
/// \file
/// Access to what is not for programs: from a public object (MCache, DCache, Fseq, Fctl, Metrics) to its
/// implementation, for endpoints, recovery and the library's own tests; and the constructors of what endpoints return.
#pragma once

#include "../config.hpp"

namespace tango::inline TANGO_ABI::detail {

/// Each public object declares this struct a friend and names its implementation `inside_`.
struct Inside {
  template <class Object>
  [[nodiscard]] static constexpr auto& of(Object& object) noexcept {
    return object.inside_;
  }
};

/// The first parameter of public constructors and functions that only the library itself calls, such as the constructor
/// of a fragment.
struct Passkey {
  explicit Passkey() = default;
};

/// The implementation of `object`.
template <class Object>
[[nodiscard]] constexpr auto& inside(Object& object) noexcept {
  return Inside::of(object);
}

}  // namespace tango::inline TANGO_ABI::detail
