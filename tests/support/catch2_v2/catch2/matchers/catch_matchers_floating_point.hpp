// Catch2 3 has this header; Catch2 2 has one for everything.
#pragma once
#include <catch2/catch.hpp>
