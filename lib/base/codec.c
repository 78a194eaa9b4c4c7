/* Encodings of bytes as text: one table an alphabet, one loop an encoding width. */
#include "lib/base/codec.h"

#define ALPHABET_32 "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
#define ALPHABET_62 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

static const char hex_pairs[] = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
				"202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
				"404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f"
				"606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
				"808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
				"a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
				"c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf"
				"e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";

size_t hex_encode(const void *p, size_t n, char *out)
{
	const uint8_t *bytes = p;

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = hex_pairs[2 * bytes[i]];
		out[2 * i + 1] = hex_pairs[2 * bytes[i] + 1];
	}
	return 2 * n;
}

/* Digit value + 1, so that zero means "no digit". */
static const uint8_t hex_digits[256] = {
	['0'] = 1,  ['1'] = 2,	['2'] = 3,  ['3'] = 4,	['4'] = 5,  ['5'] = 6,
	['6'] = 7,  ['7'] = 8,	['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16, ['A'] = 11, ['B'] = 12,
	['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

int hex_byte(const char digits[static 2])
{
	int high = hex_digits[(uint8_t)digits[0]], low = hex_digits[(uint8_t)digits[1]];

	return high && low ? (high - 1) << 4 | (low - 1) : -1;
}

bool hex_decode(str s, void *out, size_t *ret_n)
{
	uint8_t *bytes = out;

	if (s.n % 2)
		return false;
	for (size_t i = 0; i < s.n; i += 2) {
		int byte = hex_byte(s.p + i);

		if (byte < 0)
			return false;
		bytes[i / 2] = (uint8_t)byte;
	}
	*ret_n = s.n / 2;
	return true;
}

/* The bits of `bytes`, most significant first, `width` at a time; the last group is filled with zeros. */
static size_t encode(const uint8_t *bytes, size_t n, const char *alphabet, unsigned width,
		     char *out)
{
	unsigned mask = (1u << width) - 1, bits = 0, held = 0;
	char *p = out;

	for (size_t i = 0; i < n; i++) {
		bits = bits << 8 | bytes[i];
		for (held += 8; held >= width; *p++ = alphabet[bits >> held & mask])
			held -= width;
	}
	if (held)
		*p++ = alphabet[bits << (width - held) & mask];
	return (size_t)(p - out);
}

size_t base64_encode(const void *p, size_t n, char *out)
{
	size_t length = encode(p, n, ALPHABET_62 "+/", 6, out);

	while (length % 4)
		out[length++] = '=';
	return length;
}

size_t base64url_encode(const void *p, size_t n, char *out)
{
	return encode(p, n, ALPHABET_62 "-_", 6, out);
}

size_t base32_encode(const void *p, size_t n, char *out)
{
	return encode(p, n, ALPHABET_32, 5, out);
}

static int base64url_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

static int base64_digit(char c)
{
	return c == '+' ? 62 : c == '/' ? 63 : base64url_digit(c);
}

static int base32_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

static bool decode(str s, int (*digit)(char), unsigned width, uint8_t *out, size_t *ret_n)
{
	unsigned bits = 0, held = 0;
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		int v = digit(s.p[i]);

		if (v < 0)
			return false;
		bits = bits << width | (unsigned)v;
		held += width;
		if (held >= 8) {
			held -= 8;
			out[n++] = (uint8_t)(bits >> held);
		}
	}
	/* A whole digit left over is an impossible length, a set bit no canonical text. */
	if (held >= width || (bits & ((1u << held) - 1)))
		return false;
	*ret_n = n;
	return true;
}

/* Without the padding of a text padded to whole groups; text without padding stays as it is. */
static str unpadded(str s, size_t group, size_t most)
{
	if (s.n == 0 || s.n % group)
		return s;
	for (size_t i = 0; i < most && s.p[s.n - 1] == '='; i++)
		s.n--;
	return s;
}

bool base64_decode(str s, void *out, size_t *ret_n)
{
	return decode(unpadded(s, 4, 2), base64_digit, 6, out, ret_n);
}

bool base64url_decode(str s, void *out, size_t *ret_n)
{
	return decode(s, base64url_digit, 6, out, ret_n);
}

bool base32_decode(str s, void *out, size_t *ret_n)
{
	return decode(unpadded(s, 8, 6), base32_digit, 5, out, ret_n);
}
