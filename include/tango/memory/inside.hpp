// SPDX-License-Identifier: Apache-2.0
/// \file
/// Access from a public object (MCache, DCache, Fseq, Fctl, Metrics) to its implementation, for endpoints, recovery and
/// the library's own tests. Programs do not use it.
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

/// The implementation of `object`.
template <class Object>
[[nodiscard]] constexpr auto& inside(Object& object) noexcept {
  return Inside::of(object);
}

}  // namespace tango::inline TANGO_ABI::detail
