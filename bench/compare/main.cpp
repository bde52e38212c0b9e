// SPDX-License-Identifier: Apache-2.0
// tango_compare: this library against other queues for one producer and one consumer, in interleaved rounds
// (rounds.hpp). A peer takes part if CMake found its headers; else it is reported as missing. `tango_compare --help`
// has the options.
//
// Exits with 1 if a queue delivered something wrong, with 2 on bad input.
#include "../support/cores.hpp"
#include "compare.hpp"
#include "queues/queues.hpp"

namespace {

bench::Field make_field() {
  bench::Field field;
  const std::size_t cores = bench::allowed_cores().size();
  bench::enter_tango(field);
  bench::enter_tango_lossy(field, cores);
#if defined(TANGO_PEER_BOOST)
  field.versions.emplace_back("Boost.Lockfree spsc_queue", TANGO_PEER_BOOST);
  bench::enter_boost(field);
#else
  field.missing.emplace_back("Boost.Lockfree spsc_queue (Debian: libboost-dev)");
#endif
#if defined(TANGO_PEER_MOODYCAMEL)
  field.versions.emplace_back("moodycamel ReaderWriterQueue", TANGO_PEER_MOODYCAMEL);
  bench::enter_moodycamel(field);
#else
  field.missing.emplace_back("moodycamel ReaderWriterQueue (Debian: libreaderwriterqueue-dev)");
#endif
#if defined(TANGO_PEER_ATOMIC_QUEUE)
  field.versions.emplace_back("atomic_queue", TANGO_PEER_ATOMIC_QUEUE);
  bench::enter_atomic_queue(field, cores);
#else
  field.missing.emplace_back("atomic_queue SPSC (Debian: libatomic-queue-dev)");
#endif
#if defined(TANGO_PEER_RIGTORP)
  field.versions.emplace_back("rigtorp/SPSCQueue", TANGO_PEER_RIGTORP);
  bench::enter_rigtorp(field);
#else
  field.missing.emplace_back("rigtorp/SPSCQueue (give CMake -DTANGO_PEER_RIGTORP=DIR with rigtorp/SPSCQueue.h)");
#endif
#if defined(TANGO_PEER_MENGRAO)
  field.versions.emplace_back("MengRao SPSC_Queue", TANGO_PEER_MENGRAO);
  bench::enter_mengrao(field);
#else
  field.missing.emplace_back("MengRao SPSC_Queue (give CMake -DTANGO_PEER_MENGRAO=DIR with SPSCQueue.h)");
#endif
#if defined(TANGO_PEER_DROGALIS)
  field.versions.emplace_back("drogalis/SPSC-Queue", TANGO_PEER_DROGALIS);
  bench::enter_drogalis(field);
#else
  field.missing.emplace_back("drogalis/SPSC-Queue (give CMake -DTANGO_PEER_DROGALIS=DIR with dro/spsc-queue.hpp)");
#endif
  return field;
}

}  // namespace

int main(int argc, char** argv) { return bench::compare(argc, argv, make_field()); }
