// SPDX-License-Identifier: Apache-2.0
/// \file
/// tango: a channel between threads and processes, through a lock-free ring. This header includes the whole
/// freestanding core. Read in the order of its includes, the headers explain the system from the ground up.
#pragma once

// The order is for readers.
// clang-format off

#include "version.hpp"
#include "config.hpp"

#include "seq.hpp"
#include "record.hpp"
#include "error.hpp"
#include "result.hpp"
#include "wait.hpp"
#include "clock.hpp"
#include "calibrate.hpp"

#include "metadata.hpp"
#include "message.hpp"
#include "slot_layout.hpp"
#include "mcache.hpp"
#include "dcache.hpp"
#include "fseq.hpp"
#include "fctl.hpp"
#include "metrics.hpp"
#include "histogram.hpp"
#include "latency.hpp"

#include "fragment.hpp"
#include "speculative_fragment.hpp"
#include "packed.hpp"
#include "reservation.hpp"
#include "producer.hpp"
#include "typed_producer.hpp"

#include "filter.hpp"
#include "from.hpp"
#include "poll_status.hpp"
#include "poll.hpp"
#include "typed_fragment.hpp"
#include "resume.hpp"
#include "consumer_iter.hpp"
#include "consumer_id.hpp"
#include "consumer.hpp"

#include "large.hpp"
#include "reassembler.hpp"
#include "poller.hpp"
#include "recovery.hpp"

#include "channel.hpp"
#include "channel_builder.hpp"
#include "channel_view.hpp"

#include "tcache.hpp"
#include "cnc.hpp"
