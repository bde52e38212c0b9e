#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# check.sh <compiler> <include directory>
# The core must compile without an operating system, include only what a freestanding library has, and call nothing but
# the four memory functions that every compiler expects. Exits with 77 where the compiler is not installed.
set -euo pipefail

compiler=$1
include=$2
source=$(dirname "$0")/instantiate.cpp
if ! command -v "$compiler" >/dev/null; then
  echo "$compiler is not installed"
  exit 77
fi
object=$(mktemp)
trap 'rm -f "$object"' EXIT
freestanding=(-std=c++20 -O2 -ffreestanding -fno-exceptions -fno-rtti)
# By default this one calls helpers that ask Linux which atomic instructions the core has.
[[ $compiler != aarch64* ]] || freestanding+=(-mno-outline-atomics)
warnings=(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)

"$compiler" "${freestanding[@]}" "${warnings[@]}" "-I$include" -c "$source" -o "$object"

# Every header that the core reaches includes, by itself, only these.
allowed='atomic|bit|compare|concepts|cstddef|cstdint|iterator|limits|new|span|string_view|type_traits|utility'
mapfile -t headers < <("$compiler" "${freestanding[@]}" "-I$include" -MM "$source" | tr -s ' \\' '\n' |
  grep "^$include/" | xargs realpath | sort -u)
[[ ${#headers[@]} -gt 0 ]]
if grep -HnE '^ *# *include *<' "${headers[@]}" | grep -vE "<($allowed)>"; then
  echo "not a freestanding header (allowed: $allowed)"
  exit 1
fi

# What is left undefined in the object: no heap, no exception, no lock, no atomic helper.
undefined=$("$("$compiler" -print-prog-name=nm)" -u "$object" | awk '{print $NF}')
if grep -vxE 'memcpy|memmove|memset|memcmp|_GLOBAL_OFFSET_TABLE_|' <<<"$undefined"; then
  echo "the core must not call these"
  exit 1
fi
echo "${#headers[@]} headers"
