// SPDX-License-Identifier: Apache-2.0
// A worker that publishes its state and a heartbeat, and a controller that requests a checkpoint and then a halt. The
// channel carries the work, the Cnc the state and the requests.
#include <cstdint>
#include <iostream>
#include <tango/tango.hpp>
#include <tango/yield.hpp>
#include <thread>

#include "check.hpp"

namespace {

constexpr std::uint16_t kCheckpoint = 1;  // what a request means is up to the application
constexpr std::uint16_t kHalt = 2;

constexpr auto kJobs =
    tango::ChannelBuilder<64>{}.with_flow_control().with_wait<tango::SpinThenYield>().of<std::uint64_t>();

}  // namespace

int main() {
  auto channel = kJobs.build();
  auto consumer = channel.consumer();
  auto producer = channel.producer();
  tango::Cnc cnc;
  std::uint64_t checkpoint = 0;  // written by the worker, read once the request is acknowledged
  bool legal = true;

  std::jthread worker{[&] {
    std::uint64_t sum = 0;
    std::uint64_t beats = 0;
    legal = legal && cnc.transition(tango::CncState::Run);
    while (cnc.state() == tango::CncState::Run) {
      cnc.heartbeat(++beats);
      if (const auto request = cnc.pending()) {
        if (request.code == kCheckpoint) checkpoint = sum;
        if (request.code == kHalt) legal = legal && cnc.transition(tango::CncState::Halt);
        cnc.acknowledge();  // a thread that sees this also sees what was done for the request
      }
      // Gives up after a while, so that an idle worker still handles requests.
      if (auto fragment = consumer.wait(tango::Bounded{100})) {
        if (const auto job = fragment->as<std::uint64_t>()) sum += *job;
      } else {
        std::this_thread::yield();
      }
    }
  }};

  const auto acknowledged = [&] {
    while (!cnc.acknowledged()) {
      std::this_thread::yield();
    }
  };
  while (cnc.state() != tango::CncState::Run) {
    std::this_thread::yield();
  }
  for (std::uint64_t job = 1; job <= 1000; ++job) {
    CHECK(producer.publish_blocking(job));
  }
  while (producer.available() != channel.depth()) {  // every job has been given back
    std::this_thread::yield();
  }
  CHECK(cnc.request(kCheckpoint));
  acknowledged();
  std::cout << "checkpoint: " << checkpoint << '\n';
  CHECK(checkpoint == 500'500);

  // An idle worker is not a dead one: it still sends heartbeats.
  const std::uint64_t beat = cnc.last_heartbeat();
  while (cnc.last_heartbeat() == beat) {
    std::this_thread::yield();
  }

  CHECK(cnc.request(kHalt));
  acknowledged();
  char text[96];
  std::cout << print(cnc, text) << '\n';
  CHECK(cnc.state() == tango::CncState::Halt);
  worker.join();
  CHECK(legal);

  // A transition that the state machine does not have is refused: Halt can only be followed by Boot.
  const auto refused = cnc.transition(tango::CncState::Run);
  CHECK(refused == tango::Error::IllegalTransition);
  CHECK(cnc.transition(tango::CncState::Boot) && cnc.state() == tango::CncState::Boot);
}
