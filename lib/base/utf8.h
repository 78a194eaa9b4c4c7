/* One UTF-8 sequence (RFC 3629), inline because the JSON writer and every text check sit on it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Bytes of the valid sequence at p, 1 to 4; 0 when there is none within `left` bytes (> 0): a stray or
 * missing continuation, an overlong form, a surrogate, above U+10FFFF. */
static inline size_t utf8_sequence(const char *text, size_t left)
{
	const uint8_t *p = (const uint8_t *)text;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xC2 || left < 2 || (p[1] & 0xC0) != 0x80)
		return 0;
	if (p[0] < 0xE0)
		return 2;
	if (left < 3 || (p[2] & 0xC0) != 0x80)
		return 0;
	if (p[0] < 0xF0)
		return (p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) ? 0 : 3;
	if (left < 4 || (p[3] & 0xC0) != 0x80)
		return 0;
	if (p[0] > 0xF4 || (p[0] == 0xF0 && p[1] < 0x90) || (p[0] == 0xF4 && p[1] > 0x8F))
		return 0;
	return 4;
}
