/* Numbers as text, fast: what the JSON writer and the log print. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define INT_TEXT_MAX	20
#define DOUBLE_TEXT_MAX 32

/* Decimal, no NUL; returns the length, at most INT_TEXT_MAX. */
size_t int_format(int64_t v, char out[static INT_TEXT_MAX]);

/* A JSON number: the shortest that reads back as the same double ("null" for NaN and the infinities);
 * no NUL, at most DOUBLE_TEXT_MAX. */
size_t double_format(double v, char out[static DOUBLE_TEXT_MAX]);
