// SPDX-License-Identifier: Apache-2.0
// The threads of a program under the checker: each has a stack, and one runs at a time. A switch costs nanoseconds on
// x86-64; elsewhere ucontext does it. A fiber that is started anew, or destroyed, is left where it was: nothing on its
// stack is destroyed.
#pragma once

#include <cstddef>
#include <memory>

#if defined(__SANITIZE_THREAD__)
#define TANGO_MODEL_TSAN
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TANGO_MODEL_TSAN
#endif
#endif

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace tango::model {

class Fiber {
 public:
  /// The one that is running already.
  Fiber() = default;

  /// One that will run `entry`, which never returns.
  void start(void (*entry)());

  /// Goes on with `to`; returns when somebody switches back to `from`.
  static void switch_to(Fiber& from, Fiber& to);

 private:
  static constexpr std::size_t kStackBytes = std::size_t{1} << 17;

  std::unique_ptr<std::byte[]> stack_;
#if defined(TANGO_MODEL_TSAN)
  void* tsan_ = nullptr;  ///< what ThreadSanitizer knows it by
#endif
#if defined(__x86_64__)
  void* top_ = nullptr;  ///< of its stack, while it does not run
#else
  std::unique_ptr<ucontext_t> context_ = std::make_unique<ucontext_t>();  // may end in an array of no elements
#endif
};

}  // namespace tango::model
