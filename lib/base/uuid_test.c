#include "lib/base/uuid.h"

#include "lib/base/test.h"

TEST(uuids_read_back_as_written)
{
	uuid id = uuid_random(), again;
	char text[UUID_TEXT];

	uuid_format(id, text);
	EXPECT_TRUE(uuid_parse((str){ text, UUID_TEXT }, &again));
	EXPECT_TRUE(uuid_eq(id, again));
}

TEST(either_case_is_read_lower_case_is_written)
{
	static const uint8_t want[16] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
					  0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10 };
	char text[UUID_TEXT];
	uuid id;

	EXPECT_TRUE(uuid_parse(S("01234567-89AB-cdef-FEDC-ba9876543210"), &id));
	EXPECT_MEM(want, id.b, 16);
	uuid_format(id, text);
	EXPECT_MEM("01234567-89ab-cdef-fedc-ba9876543210", text, UUID_TEXT);
}

TEST(anything_else_is_no_uuid)
{
	static const char *const bad[] = {
		"",
		"0123456789abcdeffedcba9876543210",
		"01234567-89ab-cdef-fedc-ba987654321",
		"01234567-89ab-cdef-fedc-ba98765432100",
		"01234567-89ab-cdef-fedc-ba987654321g",
		"0123456-789ab-cdef-fedc-ba9876543210",
		"01234567-89ab-cdef-fedcb-a9876543210",
		"{1234567-89ab-cdef-fedc-ba987654321}",
		"01234567x89ab-cdef-fedc-ba9876543210",
		"' OR 1=1 -- aaaaaaaaaaaaaaaaaaaaaaaa",
	};
	uuid id;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		EXPECT_FALSE(uuid_parse(str_of(bad[i]), &id));
	EXPECT_FALSE(uuid_parse((str){ 0 }, &id));
}

TEST(random_uuids_are_version_4_and_differ)
{
	uuid a = uuid_random(), b = uuid_random();

	EXPECT_FALSE(uuid_eq(a, b));
	EXPECT_EQ(4, a.b[6] >> 4);
	EXPECT_EQ(2, a.b[8] >> 6);
	EXPECT_FALSE(uuid_is_nil(a));
	EXPECT_TRUE(uuid_is_nil((uuid){ { 0 } }));
	EXPECT_TRUE(uuid_compare(a, b) == -uuid_compare(b, a)
		    || uuid_compare(a, b) * uuid_compare(b, a) < 0);
	EXPECT_EQ(0, uuid_compare(a, a));
}
