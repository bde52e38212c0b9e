// SPDX-License-Identifier: Apache-2.0
/// \file
/// The version, defined in this file alone. CMake, the package recipes and pkg-config read these lines.
#pragma once

/// Incremented for incompatible changes.
#define TANGO_VERSION_MAJOR 0
/// Incremented for new features; before 1.0, also for incompatible changes.
#define TANGO_VERSION_MINOR 1
/// Incremented for bug fixes.
#define TANGO_VERSION_PATCH 0
/// All three numbers.
#define TANGO_VERSION_STRING "0.1.0"

/// The version of the objects' byte layout. It is incremented whenever the position or the meaning of a stored byte
/// changes. Two sides that share memory must agree on it.
#define TANGO_LAYOUT_VERSION 2
