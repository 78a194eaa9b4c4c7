/* Encodings of bytes as text, by tables. */
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

/* ---- base64: three bytes are four characters ---- */

static size_t encode64(const uint8_t *p, size_t n, const char *alphabet, char *out)
{
	char *to = out;

	for (; n >= 3; p += 3, n -= 3) {
		unsigned v = (unsigned)p[0] << 16 | (unsigned)p[1] << 8 | p[2];

		*to++ = alphabet[v >> 18];
		*to++ = alphabet[v >> 12 & 63];
		*to++ = alphabet[v >> 6 & 63];
		*to++ = alphabet[v & 63];
	}
	if (n) {
		unsigned v = (unsigned)p[0] << 16 | (n == 2 ? (unsigned)p[1] << 8 : 0);

		*to++ = alphabet[v >> 18];
		*to++ = alphabet[v >> 12 & 63];
		if (n == 2)
			*to++ = alphabet[v >> 6 & 63];
	}
	return (size_t)(to - out);
}

size_t base64_encode(const void *p, size_t n, char *out)
{
	size_t length = encode64(p, n, ALPHABET_62 "+/", out);

	while (length % 4)
		out[length++] = '=';
	return length;
}

size_t base64url_encode(const void *p, size_t n, char *out)
{
	return encode64(p, n, ALPHABET_62 "-_", out);
}

/* Of both alphabets, digit value + 1. */
static const uint8_t base64_digits[256] = {
	['A'] = 1,  ['B'] = 2,	['C'] = 3,  ['D'] = 4,	['E'] = 5,  ['F'] = 6,	['G'] = 7,
	['H'] = 8,  ['I'] = 9,	['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14,
	['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21,
	['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28,
	['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35,
	['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
	['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49,
	['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
	['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63,
	['/'] = 64, ['-'] = 63, ['_'] = 64,
};

static inline unsigned digit64(char c)
{
	return (unsigned)base64_digits[(uint8_t)c] - 1; /* what is none has its high bits set */
}

/* The last two or three characters; bits behind the last byte must be zero. */
static bool decode64_tail(const char *p, size_t n, uint8_t *out, size_t *ret_n)
{
	unsigned v;

	if (n == 0)
		return true;
	if (n == 1)
		return false;
	v = digit64(p[0]) << 12 | digit64(p[1]) << 6 | (n == 3 ? digit64(p[2]) : 0);
	if (v >> 18 || (v & (n == 3 ? 0x3 : 0x3FF)))
		return false;
	out[0] = (uint8_t)(v >> 10);
	if (n == 3)
		out[1] = (uint8_t)(v >> 2);
	*ret_n += n - 1;
	return true;
}

static bool decode64(str s, uint8_t *out, size_t *ret_n)
{
	const char *p = s.p;
	size_t n = s.n;

	for (*ret_n = 0; n >= 4; p += 4, n -= 4, *ret_n += 3) {
		unsigned a = digit64(p[0]), b = digit64(p[1]), c = digit64(p[2]), d = digit64(p[3]);
		unsigned v = a << 18 | b << 12 | c << 6 | d;

		if ((a | b | c | d) > 63)
			return false;
		out[*ret_n] = (uint8_t)(v >> 16);
		out[*ret_n + 1] = (uint8_t)(v >> 8);
		out[*ret_n + 2] = (uint8_t)v;
	}
	return decode64_tail(p, n, out + *ret_n, ret_n);
}

/* Without the padding of a text padded to whole groups; other text stays as it is. */
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
	return decode64(unpadded(s, 4, 2), out, ret_n);
}

bool base64url_decode(str s, void *out, size_t *ret_n)
{
	return str_find_char(s, '+') < 0 && str_find_char(s, '/') < 0 && decode64(s, out, ret_n);
}

/* ---- base32: five bits a character, most significant first ---- */

size_t base32_encode(const void *p, size_t n, char *out)
{
	const uint8_t *bytes = p;
	unsigned bits = 0, held = 0;
	char *to = out;

	for (size_t i = 0; i < n; i++) {
		bits = bits << 8 | bytes[i];
		for (held += 8; held >= 5; *to++ = ALPHABET_32[bits >> held & 31])
			held -= 5;
	}
	if (held)
		*to++ = ALPHABET_32[bits << (5 - held) & 31];
	return (size_t)(to - out);
}

static int base32_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

bool base32_decode(str s, void *out, size_t *ret_n)
{
	unsigned bits = 0, held = 0;
	uint8_t *to = out;

	s = unpadded(s, 8, 6);
	for (size_t i = 0; i < s.n; i++) {
		int v = base32_digit(s.p[i]);

		if (v < 0)
			return false;
		bits = bits << 5 | (unsigned)v;
		held += 5;
		if (held >= 8) {
			held -= 8;
			*to++ = (uint8_t)(bits >> held);
		}
	}
	/* A whole digit left over is an impossible length, a set bit no canonical text. */
	if (held >= 5 || (bits & ((1u << held) - 1)))
		return false;
	*ret_n = (size_t)(to - (uint8_t *)out);
	return true;
}

/* ---- percent encoding ---- */

static bool is_unreserved(char c)
{
	return base64_digits[(uint8_t)c] ? c != '+' && c != '/' : c == '.' || c == '~';
}

size_t percent_encode(str s, char *out)
{
	char *p = out;

	for (size_t i = 0; i < s.n; i++) {
		if (is_unreserved(s.p[i])) {
			*p++ = s.p[i];
			continue;
		}
		*p++ = '%';
		*p++ = "0123456789ABCDEF"[(uint8_t)s.p[i] >> 4];
		*p++ = "0123456789ABCDEF"[s.p[i] & 15];
	}
	return (size_t)(p - out);
}

size_t percent_decode(str s, bool plus, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		int byte = s.p[i] == '%' && s.n - i > 2 ? hex_byte(s.p + i + 1) : -1;

		if (byte >= 0) {
			out[n++] = (char)byte;
			i += 2;
		} else {
			out[n++] = plus && s.p[i] == '+' ? ' ' : s.p[i];
		}
	}
	return n;
}
