/* Addresses, blocks, and whom a proxy's header is believed about. */
#include "lib/web/address.h"

#include "lib/base/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

static bool reads(const char *text, const char *as)
{
	struct arena *a = arena_new();
	struct address address;
	bool same = address_parse(str_of(text), &address)
		&& str_eq(address_text(a, &address), str_of(as));

	arena_free(a);
	return same;
}

TEST(addresses_are_read_as_proxies_write_them)
{
	struct address a;

	EXPECT_TRUE(reads("10.0.0.1", "10.0.0.1"));
	EXPECT_TRUE(reads(" 10.0.0.1:8080 ", "10.0.0.1"));
	EXPECT_TRUE(reads("2001:DB8::1", "2001:db8::1"));
	EXPECT_TRUE(reads("[2001:db8::1]:443", "2001:db8::1"));
	EXPECT_TRUE(reads(" [2001:db8::1]", "2001:db8::1"));
	EXPECT_TRUE(reads("::ffff:10.0.0.1", "10.0.0.1"));
	EXPECT_FALSE(address_parse(S("unknown"), &a));
	EXPECT_FALSE(address_parse(S(""), &a));
	EXPECT_FALSE(address_parse(S("[]"), &a));
	EXPECT_FALSE(address_parse(S("]"), &a));
	EXPECT_FALSE(address_parse(S("["), &a));
	EXPECT_FALSE(address_parse(S("10.0.0.256"), &a));
	EXPECT_FALSE(address_parse(S("2001:db8::1::2::3::4::5::6::7::8::9::10::11::12"), &a));
}

TEST(a_peer_on_a_unix_socket_is_this_machine)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000001) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct address a = address_of((struct sockaddr *)&un);
	struct arena *arena = arena_new();

	EXPECT_TRUE(str_eq(S("127.0.0.1"), address_text(arena, &a)));
	a = address_of((struct sockaddr *)&in);
	EXPECT_TRUE(str_eq(S("10.0.0.1"), address_text(arena, &a)));
	a = address_of((struct sockaddr *)&in6);
	EXPECT_TRUE(str_eq(S("::1"), address_text(arena, &a)));
	arena_free(arena);
}

static bool trusts(const char *list, const char *who)
{
	const char *problem = NULL;
	struct proxies *p = proxies_new(list, &problem);
	struct address a;
	bool yes;

	EXPECT_TRUE(p != NULL);
	EXPECT_TRUE(address_parse(str_of(who), &a));
	yes = proxies_trust(p, &a);
	proxies_free(p);
	return yes;
}

TEST(blocks_of_trusted_proxies)
{
	const char *list = "127.0.0.1/8, ::1,10.1.2.0/23 ,2001:db8::/32";

	EXPECT_TRUE(trusts(list, "127.9.9.9"));
	EXPECT_TRUE(trusts(list, "::1"));
	EXPECT_FALSE(trusts(list, "::2"));
	EXPECT_TRUE(trusts(list, "10.1.3.255"));
	EXPECT_FALSE(trusts(list, "10.1.4.0"));
	EXPECT_TRUE(trusts(list, "2001:db8:ffff::1"));
	EXPECT_FALSE(trusts(list, "2001:db9::1"));
	EXPECT_TRUE(trusts("0.0.0.0/0", "8.8.8.8"));
	EXPECT_FALSE(trusts("0.0.0.0/0", "2001:db8::1"));
	EXPECT_TRUE(trusts("::/0", "8.8.8.8"));
	EXPECT_FALSE(trusts("", "127.0.0.1"));
	EXPECT_FALSE(trusts(NULL, "127.0.0.1"));
}

TEST(a_list_that_cannot_be_read_is_refused)
{
	static const char *const bad[] = { "localhost", "10.0.0.0/33",	"10.0.0.0/", "10.0.0.0/-1",
					   "::/129",	"10.0.0.0/8/8", "10.0.0/8",  "10.0.0.0/x" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const char *problem = NULL;

		EXPECT_NULL(proxies_new(bad[i], &problem));
		EXPECT_TRUE(problem != NULL);
	}
}

static str client(const char *peer, const struct pair *headers, size_t n)
{
	static struct arena *a;
	const char *problem;
	struct proxies *p = proxies_new("127.0.0.1/8, 10.0.0.0/8", &problem);
	struct address address;

	if (!a)
		a = arena_new();
	else
		arena_reset(a);
	EXPECT_TRUE(address_parse(str_of(peer), &address));
	address = proxies_client(p, address, headers, n);
	proxies_free(p);
	return address_text(a, &address);
}

#define CLIENT(want, peer, ...)                                      \
	do {                                                         \
		const struct pair h_[] = { __VA_ARGS__ };            \
		str got_ = client(peer, h_, sizeof h_ / sizeof *h_); \
		EXPECT_CSTR(want, got_.p);                           \
	} while (0)
#define XFF(v)                             \
	{                                  \
		S("x-forwarded-for"), S(v) \
	}
#define REAL(v)                      \
	{                            \
		S("X-Real-Ip"), S(v) \
	}

TEST(only_trusted_proxies_may_say_who_the_client_is)
{
	CLIENT("203.0.113.7", "127.0.0.1", XFF("203.0.113.7"));
	CLIENT("198.51.100.1", "198.51.100.1", XFF("203.0.113.7"), REAL("203.0.113.8"));
	CLIENT("203.0.113.7", "127.0.0.1", REAL("203.0.113.7"));
	CLIENT("127.0.0.1", "127.0.0.1", { S("Host"), S("x") });
}

TEST(the_last_address_that_is_no_proxy_is_the_client)
{
	CLIENT("203.0.113.7", "127.0.0.1", XFF("6.6.6.6, 203.0.113.7, 10.0.0.2"));
	CLIENT("203.0.113.7", "127.0.0.1", XFF("6.6.6.6"), XFF("203.0.113.7,10.0.0.2"));
	CLIENT("10.0.0.3", "127.0.0.1", XFF("10.0.0.3, 10.0.0.2")); /* proxies all along */
	CLIENT("203.0.113.7", "127.0.0.1", XFF("203.0.113.7"), REAL("6.6.6.6"));
}

TEST(what_cannot_be_read_is_not_believed)
{
	CLIENT("127.0.0.1", "127.0.0.1", XFF("unknown"));
	CLIENT("10.0.0.2", "127.0.0.1", XFF("203.0.113.7, <script>, 10.0.0.2"));
	CLIENT("127.0.0.1", "127.0.0.1", XFF(""));
	CLIENT("127.0.0.1", "127.0.0.1", REAL("nobody"));
	CLIENT("2001:db8::5", "127.0.0.1", XFF("[2001:db8::5]:1234"));
}
