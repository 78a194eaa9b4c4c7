/*
 * What a fuzz target is: test/fuzz/NAME.c defines this function; test/fuzz/corpus/NAME/ holds inputs
 * worth keeping. `./dev fuzz` searches for more with libFuzzer; every test run replays what is kept.
 * A target crashes (assert, sanitizer) when the code does not keep its word.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
