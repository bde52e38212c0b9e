// SPDX-License-Identifier: Apache-2.0
// A consumer that is too slow for a lossy channel: it learns how many messages it lost, and resumes where its policy
// says.
#include <cstdint>
#include <iostream>
#include <span>
#include <tango/tango.hpp>

#include "check.hpp"

namespace {

constexpr std::uint64_t kDepth = 64;

/// Publishes the numbers from `from` to `to`, both included, each as its own payload.
template <class Producer>
void publish(Producer& producer, std::uint64_t from, std::uint64_t to) {
  for (std::uint64_t n = from; n <= to; ++n) {
    CHECK(producer.publish(std::as_bytes(std::span{&n, 1})));
  }
}

/// Consumes everything there is; returns how many were delivered.
template <class Consumer>
std::uint64_t drain(Consumer& consumer) {
  std::uint64_t delivered = 0;
  while (true) {
    auto outcome = consumer.poll();
    switch (outcome.status()) {
      case tango::PollStatus::Fragment: {
        const auto number = outcome->template load<std::uint64_t>(0);  // not known to be intact ...
        if (outcome->validate()) {                                     // ... until this returns true
          CHECK(number == outcome->seq());
          ++delivered;
        }
        break;
      }
      case tango::PollStatus::Overrun:
        std::cout << "  lost " << outcome.lost() << ", going on with number " << consumer.next_seq() << '\n';
        break;
      default:
        return delivered;
    }
  }
}

}  // namespace

int main() {
  tango::MCache<kDepth> mcache;
  tango::DCache<kDepth, 64> dcache;
  tango::Fseq fseq{1};
  tango::Producer producer{mcache, dcache, fseq};
  tango::Consumer archive{mcache, dcache, 1};  // wants as many as it can get
  tango::Consumer ticker{mcache, dcache, 1};   // wants the newest
  ticker.set_resume(tango::Resume::Latest);

  publish(producer, 1, 1000);  // nothing was polled meanwhile: 936 of them have been overwritten

  std::cout << "oldest first:\n";
  const std::uint64_t archived = drain(archive);
  std::cout << "  delivered " << archived << '\n';
  CHECK(archived + archive.lost() == 1000);
  CHECK(archived > kDepth / 2 && archived <= kDepth);  // the oldest eighth is left as headroom

  std::cout << "latest:\n";
  CHECK(drain(ticker) == 1 && ticker.lost() == 999);
  std::cout << "  delivered 1\n";

  // Every number is accounted for, whatever happened.
  CHECK(archive.delivered() == archived);
  CHECK(archive.next_seq() == archive.first() + archive.delivered() + archive.filtered() + archive.lost());

  // A fragment that is overwritten while it is read is detected, and counts as lost instead of delivered.
  publish(producer, 1001, 1001);
  auto fragment = ticker.poll();
  CHECK(fragment);
  publish(producer, 1002, 1001 + kDepth);
  CHECK(!fragment->validate());
  CHECK(ticker.lost() == 1000);
  std::cout << "overwritten while it was read: found out\n";
}
