/*
 * One hash for all tables and tags: SipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input
 * PRF", 2012). With a random seed nobody outside can aim for collisions; with a constant one the
 * value is the same in every process and on every machine. Not for signatures.
 */
#pragma once

#include "lib/base/str.h"

uint64_t hash_bytes(const void *p, size_t n, uint64_t seed);
