// SPDX-License-Identifier: Apache-2.0
/// \file
/// The way from a public object (MCache, DCache, Fseq, Fctl, Metrics) to what lies inside it: for endpoints, recovery and
/// the library's own tests. Users of the object have no such way.
#pragma once

#include "../config.hpp"

namespace tango::inline TANGO_ABI::detail {

/// Each public object names it as a friend, and calls what lies inside `inside_`.
struct Inside {
  template <class Object>
  [[nodiscard]] static constexpr auto& of(Object& object) noexcept {
    return object.inside_;
  }
};

/// What lies inside `object`.
template <class Object>
[[nodiscard]] constexpr auto& inside(Object& object) noexcept {
  return Inside::of(object);
}

}  // namespace tango::inline TANGO_ABI::detail
