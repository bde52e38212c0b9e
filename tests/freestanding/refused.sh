#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# refused.sh <include directory> <compiler> <option>...
# What the options make of the compiler is a target that the library refuses, first of all and with the reason. Exits with 77
# where the compiler is not installed, or can be had for this machine but not for that target.
set -euo pipefail

include=$1
shift
if ! command -v "$1" >/dev/null; then
  echo "$1 is not installed"
  exit 77
fi
# What a C library for the target would bring: a list of the functions that it lacks, and where its own headers lie.
stand_in=$(mktemp -d)
trap 'rm -rf "$stand_in"' EXIT
mkdir "$stand_in/gnu"
touch "$stand_in"/gnu/stubs-{32,ilp32}.h
headers=("-I$stand_in")
while read -r directory; do
  headers+=(-isystem "$directory")
done < <("$1" -xc++ -E -v - </dev/null 2>&1 >/dev/null | sed -n '/^#include </,/^End/s/^ //p')

compile() { "$@" -std=c++20 -ffreestanding -fsyntax-only "${headers[@]}" "-I$include" -xc++ -; }
if ! compile "$@" <<<'#include <cstdint>' >/dev/null 2>&1; then
  echo "$* has no headers of the standard library"
  exit 77
fi
if errors=$(compile "$@" <<<'#include <tango/tango.hpp>' 2>&1); then
  echo "$* compiles it"
  exit 1
fi
first=$(grep -m 1 error <<<"$errors")
echo "$first"
grep -q 'tango needs a 64-bit target' <<<"$first"
