// SPDX-License-Identifier: Apache-2.0
/// \file
/// Cnc: command and control between a thread that does the work (the owner) and one that supervises it (the
/// controller).
///
///                 +------> Fail <------+
///                 |                    |
///     start -->  Boot  -------------> Run  -------> Halt
///                 ^                                  |
///                 +----------------------------------+
///
///     line pair 0   state, heartbeat, acknowledged      written by the owner
///     line pair 1   requested                           written by the controller
///
/// The two sides never write the same word, so no transition and no request is lost. The owner publishes its state and
/// sends heartbeats. The controller sends requests and learns when each was handled. The application defines what a
/// request code means. For example, halting is a request that the owner handles with `transition(Halt)` and
/// `acknowledge()`.
///
/// Source: Firedancer `src/tango/cnc/fd_cnc.h`, but with a word for each side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "config.hpp"
#include "error.hpp"
#include "memory/platform.hpp"
#include "text/text_writer.hpp"

namespace tango::inline TANGO_ABI {

/// The state of an owner.
enum class CncState : std::uint8_t {
  Boot = 0,  ///< starting, or restarting after Halt
  Run,       ///< working
  Halt,      ///< stopped in good order
  Fail,      ///< failed: it does not start again
};

/// The state's name.
[[nodiscard]] constexpr std::string_view name(CncState state) noexcept {
  return detail::name_of(state, detail::kCncStateNames);
}

/// Whether the owner may change from one state to the other.
[[nodiscard]] constexpr bool is_transition(CncState from, CncState to) noexcept {
  switch (from) {
    case CncState::Boot:
      return to == CncState::Run || to == CncState::Fail;
    case CncState::Run:
      return to == CncState::Halt || to == CncState::Fail;
    case CncState::Halt:
      return to == CncState::Boot;
    case CncState::Fail:
      return false;
  }
  return false;
}

/// A request that was not acknowledged yet, or none.
struct CncRequest {
  bool pending = false;    ///< whether there is one
  std::uint16_t code = 0;  ///< the request's code; 0 without a request
  [[nodiscard]] constexpr explicit operator bool() const noexcept { return pending; }  ///< whether one is pending
};

/// Command and control between an owner and a controller: see the file's head.
class alignas(kSeparation) Cnc {
 public:
  Cnc() noexcept = default;
  Cnc(const Cnc&) = delete;
  Cnc& operator=(const Cnc&) = delete;

  // -------------------------------------------------------------------------------------------------------- owner

  /// Changes the state to `to`. Release: pairs with `state`, so a thread that sees the new state sees what was done
  /// before.
  ///
  /// \retval IllegalTransition The state machine has no such transition (from, to). Nothing has changed.
  /// \return Otherwise success.
  ///
  /// Thread: the owner.
  Status transition(CncState to) noexcept {
    const std::uint64_t from = state_.load(detail::memory_order_relaxed);  // only this thread writes it
    if (!is_transition(static_cast<CncState>(from), to)) {
      return {Error::IllegalTransition, from, static_cast<std::uint64_t>(to)};
    }
    state_.store(static_cast<std::uint64_t>(to), detail::memory_order_release);
    return {};
  }

  /// Sends a heartbeat: the owner is alive. `now` is in any unit that both sides agree on, such as ticks of a clock or
  /// a count. Relaxed: carries no other data.
  ///
  /// Thread: the owner.
  void heartbeat(std::uint64_t now) noexcept { heartbeat_.store(now, detail::memory_order_relaxed); }

  /// The request that has not been acknowledged. Acquire: pairs with `request`, so what the controller wrote before is
  /// visible.
  ///
  /// Thread: the owner.
  [[nodiscard]] CncRequest pending() noexcept {
    seen_ = requested_.load(detail::memory_order_acquire);
    const bool is_new = seen_ != acknowledged_.load(detail::memory_order_relaxed);  // only this thread writes it
    return {is_new, is_new ? code_of(seen_) : std::uint16_t{0}};
  }

  /// Acknowledges the request that `pending` returned last. A request that arrived since stays pending. Release: pairs
  /// with `acknowledged`, so a controller that sees the acknowledgement sees what was done.
  ///
  /// Thread: the owner.
  void acknowledge() noexcept { acknowledged_.store(seen_, detail::memory_order_release); }

  // --------------------------------------------------------------------------------------------------- controller

  /// Sends a request to the owner. The application defines what `code` means. Release: pairs with `pending`.
  ///
  /// \retval RequestPending The previous request has not been acknowledged (the new code, the pending one). Nothing has
  ///         changed.
  /// \return Otherwise success.
  ///
  /// Thread: the controller.
  Status request(std::uint16_t code) noexcept {
    const std::uint64_t before = requested_.load(detail::memory_order_relaxed);  // only this thread writes it
    if (!acknowledged()) {
      return {Error::RequestPending, code, code_of(before)};
    }
    // The count distinguishes two requests with the same code. It wraps after 2^48 requests.
    const std::uint64_t count = (before >> kCodeBits) + 1;
    requested_.store(count << kCodeBits | code, detail::memory_order_release);
    return {};
  }

  /// Whether the last request has been acknowledged; true if there was none. Acquire: pairs with `acknowledge`.
  ///
  /// Thread: the controller.
  [[nodiscard]] bool acknowledged() const noexcept {
    const std::uint64_t acknowledged = acknowledged_.load(detail::memory_order_acquire);
    return acknowledged == requested_.load(detail::memory_order_relaxed);  // only this thread writes it
  }

  /// Whether there was ever a request.
  ///
  /// Thread: the controller.
  [[nodiscard]] bool requested() const noexcept { return requested_.load(detail::memory_order_relaxed) != 0; }

  /// The code of the last request; 0 if there was none.
  ///
  /// Thread: the controller.
  [[nodiscard]] std::uint16_t last_request() const noexcept {
    return code_of(requested_.load(detail::memory_order_relaxed));  // only this thread writes it
  }

  // ---------------------------------------------------------------------------------------------------- any thread

  /// The owner's state. Acquire: pairs with `transition`.
  [[nodiscard]] CncState state() const noexcept {
    return static_cast<CncState>(state_.load(detail::memory_order_acquire));
  }

  /// The owner's last heartbeat; 0 before the first.
  [[nodiscard]] std::uint64_t last_heartbeat() const noexcept { return heartbeat_.load(detail::memory_order_relaxed); }

 private:
  static constexpr unsigned kCodeBits = 16;
  [[nodiscard]] static constexpr std::uint16_t code_of(std::uint64_t request) noexcept {
    return static_cast<std::uint16_t>(request);
  }

  detail::SharedWord state_{0};
  detail::SharedWord heartbeat_{0};
  detail::SharedWord acknowledged_{0};  ///< the last request that was acknowledged
  std::uint64_t seen_ = 0;              ///< private to the owner: the last request that `pending` returned
  alignas(kSeparation) detail::SharedWord requested_{0};  ///< count and code of the last request
};

static_assert(sizeof(Cnc) == 256 && alignof(Cnc) == 128);

/// Prints `state Run heartbeat 17 request 3 pending` (or `acknowledged`; `request none` before the first) into
/// `buffer`, truncated to its size. 96 bytes are always enough. The words are read one by one, so a change meanwhile
/// may be shown in part.
///
/// Thread: any.
inline std::string_view print(const Cnc& cnc, std::span<char> buffer) noexcept {
  detail::TextWriter out{buffer};
  out << "state " << name(cnc.state()) << " heartbeat " << cnc.last_heartbeat() << " request ";
  if (!cnc.requested()) {
    out << "none";
  } else {
    out << cnc.last_request();
    out << (cnc.acknowledged() ? std::string_view{" acknowledged"} : std::string_view{" pending"});
  }
  return out.view();
}

}  // namespace tango::inline TANGO_ABI
