/* See public.h. Blocks of the IANA IPv4 and IPv6 Special-Purpose Address Registries that are not globally
 * reachable, and multicast. */
#include "lib/net/public.h"

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

struct block {
	uint8_t bits;
	uint8_t b[16];
};

static const struct block closed4[] = {
	{ 8, { 0 } },
	{ 8, { 10 } },
	{ 10, { 100, 64 } },
	{ 8, { 127 } },
	{ 16, { 169, 254 } },
	{ 12, { 172, 16 } },
	{ 24, { 192, 0, 0 } },
	{ 24, { 192, 0, 2 } },
	{ 24, { 192, 88, 99 } },
	{ 16, { 192, 168 } },
	{ 15, { 198, 18 } },
	{ 24, { 198, 51, 100 } },
	{ 24, { 203, 0, 113 } },
	{ 4, { 224 } },
	{ 4, { 240 } },
};

/* Global unicast is 2000::/3; of it these are not. */
static const struct block closed6[] = {
	{ 23, { 0x20, 0x01 } },		    /* protocol assignments, Teredo, ORCHID */
	{ 32, { 0x20, 0x01, 0x0d, 0xb8 } }, /* documentation */
	{ 16, { 0x20, 0x02 } },		    /* 6to4: an IPv4 address inside */
	{ 20, { 0x3f, 0xff } },		    /* documentation */
};

static bool is_within(const uint8_t *address, const struct block *block)
{
	uint8_t whole = block->bits / 8, rest = block->bits % 8;
	uint8_t mask = (uint8_t)(0xFF << (8 - rest));

	return memcmp(address, block->b, whole) == 0
		&& (rest == 0 || ((address[whole] ^ block->b[whole]) & mask) == 0);
}

static bool is_in_none(const uint8_t *address, const struct block *blocks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_within(address, &blocks[i]))
			return false;
	return true;
}

static bool is_public4(const uint8_t address[4])
{
	return is_in_none(address, closed4, sizeof(closed4) / sizeof(*closed4));
}

static bool is_public6(const uint8_t address[16])
{
	static const uint8_t mapped[12] = { [10] = 0xFF, [11] = 0xFF };
	static const uint8_t translated[12] = { 0x00, 0x64, 0xFF, 0x9B }; /* NAT64 */

	if (memcmp(address, mapped, 12) == 0 || memcmp(address, translated, 12) == 0)
		return is_public4(address + 12);
	return (address[0] & 0xE0) == 0x20
		&& is_in_none(address, closed6, sizeof(closed6) / sizeof(*closed6));
}

bool address_is_public(const struct sockaddr *sa)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (sa->sa_family == AF_INET) {
		memcpy(&v4, sa, sizeof(v4));
		return is_public4((const uint8_t *)&v4.sin_addr);
	}
	if (sa->sa_family != AF_INET6)
		return false;
	memcpy(&v6, sa, sizeof(v6));
	return is_public6(v6.sin6_addr.s6_addr);
}
