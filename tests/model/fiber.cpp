// SPDX-License-Identifier: Apache-2.0
#include "fiber.hpp"

#include <cstdint>

#if defined(__SANITIZE_ADDRESS__)
#define TANGO_MODEL_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TANGO_MODEL_ASAN
#endif
#endif

#if defined(TANGO_MODEL_ASAN)
#include <sanitizer/asan_interface.h>
#endif
#if defined(TANGO_MODEL_TSAN)
#include <sanitizer/tsan_interface.h>
#endif

#if defined(__x86_64__)
// What a call must preserve is kept on the stack that is left; the rest of a fiber's state is the top of its stack.
asm(R"(
  .text
  .type tango_model_switch, @function
tango_model_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
  .size tango_model_switch, . - tango_model_switch
)");
extern "C" void tango_model_switch(void** left, void* entered) noexcept;
#endif

namespace tango::model {

void Fiber::start(void (*entry)()) {
  if (!stack_) {
    stack_ = std::make_unique<std::byte[]>(kStackBytes);
  }
#if defined(TANGO_MODEL_ASAN)
  // Whoever ran on it before was left in the middle.
  __asan_unpoison_memory_region(stack_.get(), kStackBytes);
#endif
#if defined(TANGO_MODEL_TSAN)
  if (tsan_ != nullptr) {
    __tsan_destroy_fiber(tsan_);
  }
  tsan_ = __tsan_create_fiber(0);
#endif
#if defined(__x86_64__)
  constexpr std::size_t kSaved = 6;  // registers that the switch restores
  const std::uintptr_t end = (reinterpret_cast<std::uintptr_t>(stack_.get()) + kStackBytes) & ~std::uintptr_t{15};
  auto* const frame = reinterpret_cast<void**>(end) - kSaved - 2;  // so that `entry` finds the stack as after a call
  for (std::size_t i = 0; i != kSaved; ++i) {
    frame[i] = nullptr;
  }
  frame[kSaved] = reinterpret_cast<void*>(entry);
  frame[kSaved + 1] = nullptr;
  top_ = frame;
#else
  ::getcontext(context_.get());
  context_->uc_stack.ss_sp = stack_.get();
  context_->uc_stack.ss_size = kStackBytes;
  context_->uc_link = nullptr;
  ::makecontext(context_.get(), entry, 0);
#endif
}

void Fiber::switch_to(Fiber& from, Fiber& to) {
#if defined(TANGO_MODEL_TSAN)
  if (from.tsan_ == nullptr) {
    from.tsan_ = __tsan_get_current_fiber();
  }
  __tsan_switch_to_fiber(to.tsan_, 0);
#endif
#if defined(__x86_64__)
  tango_model_switch(&from.top_, to.top_);
#else
  ::swapcontext(from.context_.get(), to.context_.get());
#endif
}

}  // namespace tango::model
