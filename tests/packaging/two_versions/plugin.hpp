// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

/// Publishes a message on the channel that is in this memory. Returns 0 if that succeeded.
int publish_from_plugin(std::byte* memory, std::size_t size);
