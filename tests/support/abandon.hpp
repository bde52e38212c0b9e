// SPDX-License-Identifier: Apache-2.0
// One side vanishes, as a process does that is killed, in front of each of its accesses to shared memory in turn. Needs
// the stepping seam, and model/fiber.cpp linked in.
//
//     struct State {
//       ...                              // the channel, its consumers, the payload
//       NoDestructor<Producer> victim;   // it may vanish, so nothing ever destroys it
//     };
//     abandon_at_every_step([] { return std::make_unique<State>(); },
//                           [](State& s) { (void)s.victim->publish(s.payload); },
//                           [](State& s, std::int64_t step) { ... });  // the successor takes over
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <utility>

#include "../model/fiber.hpp"
#include "stepping_seam.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define TANGO_TEST_LEAKS
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TANGO_TEST_LEAKS
#endif
#endif
#if defined(TANGO_TEST_LEAKS)
#include <sanitizer/lsan_interface.h>
#endif

namespace tango::test {

/// Holds an object that is never destroyed unless `destroy` is called. Its memory is that of the holder.
template <class T>
class NoDestructor {
 public:
  NoDestructor() = default;
  NoDestructor(const NoDestructor&) = delete;
  NoDestructor& operator=(const NoDestructor&) = delete;

  /// Makes the object. What was there before is forgotten, not destroyed.
  template <class... Args>
  T& emplace(Args&&... args) {
    object_ = ::new (static_cast<void*>(memory_)) T(std::forward<Args>(args)...);
    return *object_;
  }

  /// Destroys the object. The holder is empty as soon as that begins: an abandoned destructor does not run again.
  void destroy() noexcept { std::destroy_at(std::exchange(object_, nullptr)); }

  [[nodiscard]] explicit operator bool() const noexcept { return object_ != nullptr; }
  [[nodiscard]] T& operator*() noexcept { return *object_; }
  [[nodiscard]] T* operator->() noexcept { return object_; }

 private:
  T* object_ = nullptr;
  alignas(T) std::byte memory_[sizeof(T)];
};

/// The stack on which what may be abandoned runs, and the stack that it was called from.
struct Stage {
  model::Fiber act;
  model::Fiber caller;
  std::function<void()> run;
  std::exception_ptr thrown;
  bool ended = false;

  static Stage& only() {
    static Stage stage;
    return stage;
  }
  static void enter() {
    Stage& stage = only();
    try {
      stage.run();
    } catch (...) {
      stage.thrown = std::current_exception();
    }
    stage.ended = true;
    model::Fiber::switch_to(stage.act, stage.caller);
  }
};

/// Runs `act` and abandons it for ever in front of its access number `step`, counted from 0. What its functions keep on
/// the stack is not destroyed then, and memory that they have allocated stays allocated. Returns whether `act` was
/// abandoned. Otherwise it has ended, because it has no more accesses than that.
template <class Act>
bool abandon_at(std::int64_t step, Act act) {
  Stage& stage = Stage::only();
  stage.run = std::ref(act);
  stage.thrown = nullptr;
  stage.ended = false;
  interrupt = [] { model::Fiber::switch_to(Stage::only().act, Stage::only().caller); };
  steps_left = step;
#if defined(TANGO_TEST_LEAKS)
  __lsan_disable();
#endif
  stage.act.start(Stage::enter);
  model::Fiber::switch_to(stage.caller, stage.act);
#if defined(TANGO_TEST_LEAKS)
  __lsan_enable();
#endif
  steps_left = -1;
  interrupt = nullptr;
  if (stage.thrown) {
    std::rethrow_exception(std::exchange(stage.thrown, nullptr));
  }
  return !stage.ended;
}

/// Runs `act` on what `make()` points to, abandons it in front of each of its accesses in turn, and calls
/// `after(state, step)` on what it has left. `make` is called anew each time. The last time, `act` runs to its end, as
/// if it vanished right after its last access. Returns the number of accesses.
template <class Make, class Act, class After>
std::int64_t abandon_at_every_step(Make make, Act act, After after) {
  for (std::int64_t step = 0;; ++step) {
    auto state = make();
    const bool abandoned = abandon_at(step, [&] { act(*state); });
    after(*state, step);
    if (!abandoned) {
      return step;
    }
  }
}

}  // namespace tango::test
