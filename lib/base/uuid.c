/* UUIDs: parsing, printing and making them. */
#include "lib/base/uuid.h"

#include "lib/base/codec.h"
#include "lib/base/rand.h"

#include <string.h>

/* Text is groups of 4, 2, 2, 2 and 6 bytes; a dash stands before these bytes. */
static bool dash_before(int byte)
{
	return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

bool uuid_parse(str s, uuid *out)
{
	const char *p = s.p;
	uuid id;

	if (s.n != UUID_TEXT)
		return false;
	for (int i = 0; i < 16; i++) {
		if (dash_before(i) && *p++ != '-')
			return false;
		int byte = hex_byte(p);
		if (byte < 0)
			return false;
		id.b[i] = (uint8_t)byte;
		p += 2;
	}
	*out = id;
	return true;
}

void uuid_format(uuid id, char out[static UUID_TEXT])
{
	char *p = out;

	p += hex_encode(id.b, 4, p);
	for (int i = 4; i < 10; i += 2) {
		*p++ = '-';
		p += hex_encode(id.b + i, 2, p);
	}
	*p++ = '-';
	hex_encode(id.b + 10, 6, p);
}

uuid uuid_random(void)
{
	uuid id;

	rand_bytes(id.b, sizeof(id.b));
	id.b[6] = (uint8_t)((id.b[6] & 0x0F) | 0x40); /* version 4 */
	id.b[8] = (uint8_t)((id.b[8] & 0x3F) | 0x80); /* variant of RFC 9562 */
	return id;
}

bool uuid_eq(uuid a, uuid b)
{
	return memcmp(a.b, b.b, sizeof(a.b)) == 0;
}

bool uuid_is_nil(uuid id)
{
	return uuid_eq(id, (uuid){ { 0 } });
}

int uuid_compare(uuid a, uuid b)
{
	return memcmp(a.b, b.b, sizeof(a.b));
}
