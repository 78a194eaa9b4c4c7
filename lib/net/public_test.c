/* Addresses that nobody may make us connect to, and some that are fine. */
#include "lib/net/public.h"

#include "lib/base/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static bool is_public(const char *text)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return address_is_public((struct sockaddr *)&v4);
	EXPECT_EQ(1, inet_pton(AF_INET6, text, &v6.sin6_addr));
	return address_is_public((struct sockaddr *)&v6);
}

TEST(this_machine_and_private_networks_are_not_public)
{
	static const char *const closed[] = {
		"0.0.0.0",
		"0.1.2.3",
		"10.0.0.1",
		"100.64.0.1",
		"100.127.255.255",
		"127.0.0.1",
		"127.255.0.1",
		"169.254.169.254",
		"172.16.0.1",
		"172.31.255.255",
		"192.0.0.8",
		"192.0.2.1",
		"192.168.1.1",
		"198.18.0.1",
		"198.19.255.255",
		"198.51.100.7",
		"203.0.113.7",
		"224.0.0.1",
		"240.0.0.1",
		"255.255.255.255",
		"::",
		"::1",
		"::ffff:10.0.0.1",
		"::ffff:127.0.0.1",
		"64:ff9b::10.0.0.1",
		"64:ff9b:1::1",
		"::7f00:1",
		"fc00::1",
		"fd12::1",
		"fe80::1",
		"ff02::1",
		"2001:db8::1",
		"2001::1",
		"2002:7f00:1::",
		"fec0::1",
		"3fff::1",
		"100::1",
	};

	for (size_t i = 0; i < sizeof(closed) / sizeof(*closed); i++)
		if (is_public(closed[i]))
			fail_msg("%s is public", closed[i]);
}

TEST(the_rest_is_public)
{
	static const char *const open[] = { "1.1.1.1",		"9.255.255.255", "11.0.0.1",
					    "100.63.0.1",	"100.128.0.1",	 "126.0.0.1",
					    "172.15.0.1",	"172.32.0.1",	 "192.0.1.1",
					    "198.17.0.1",	"198.20.0.1",	 "223.255.255.1",
					    "2606:4700::1111",	"2a00:1450::1",	 "::ffff:8.8.8.8",
					    "64:ff9b::8.8.8.8", "2001:200::1" };

	for (size_t i = 0; i < sizeof(open) / sizeof(*open); i++)
		if (!is_public(open[i]))
			fail_msg("%s is not public", open[i]);
}

TEST(other_families_are_not_public)
{
	struct sockaddr_un local = { .sun_family = AF_UNIX };

	EXPECT_FALSE(address_is_public((struct sockaddr *)&local));
}
