/* The proof of work, solved here as the client does it. */
#include "lib/base/codec.h"
#include "lib/base/crypt.h"
#include "test/harness/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *sha256_text(const char *text)
{
	struct arena *a = arena_new();
	str hex = sha256_hex(a, str_of(text));
	const char *copy = t_fmt("%.*s", (int)hex.n, hex.p);

	arena_free(a);
	return copy;
}

/* The number behind the challenge, by trying. */
static int solve(const char *salt, const char *challenge, long long most)
{
	char text[256];
	uint8_t want[SHA256_BYTES], got[SHA256_BYTES];
	size_t n;

	EXPECT_TRUE(hex_decode(str_of(challenge), want, &n));
	for (int number = 0; number <= most; number++) {
		int length = snprintf(text, sizeof text, "%s%d", salt, number);

		sha256((str){ text, (size_t)length }, got);
		if (memcmp(want, got, sizeof got) == 0)
			return number;
	}
	t_fail("no solution");
}

static const char *token_of(const char *salt, const char *challenge, const char *number,
			    const char *signature)
{
	const char *json = t_fmt("{\"algorithm\":\"SHA-256\",\"challenge\":\"%s\",\"number\":%s,"
				 "\"salt\":\"%s\",\"signature\":\"%s\"}",
				 challenge, number, salt, signature);
	char *out = calloc(1, BASE64_LENGTH(strlen(json)) + 1);
	const char *token;

	base64_encode(json, strlen(json), out);
	token = t_fmt("%s", out);
	free(out);
	return token;
}

static const struct t_reply *challenge(void)
{
	return EXPECT(200, t_get(NULL, "/api/v1/auth/altcha-challenge"));
}

static const char *solution(const struct t_reply *c)
{
	int number = solve(t_json(c, "salt"), t_json(c, "challenge"), t_json_int(c, "maxnumber"));

	return token_of(t_json(c, "salt"), t_json(c, "challenge"), t_fmt("%d", number),
			t_json(c, "signature"));
}

static const struct t_reply *login(const struct t_user *u, const char *token)
{
	return t_post_json(NULL, "/api/v1/auth/login",
			   "{'email': '%s', 'password': '" T_PASSWORD "', 'altcha_token': %s}",
			   u->email, t_quote(token));
}

static void require(void)
{
	t_server_start("ALTCHA_REQUIRED=true");
}

TEST(a_challenge_has_the_form_clients_know)
{
	const struct t_reply *c = challenge();
	const char *expires = strstr(t_json(c, "salt"), "?expires=");

	EXPECT_STR("SHA-256", c, "algorithm");
	EXPECT_INT(100000, c, "maxnumber");
	EXPECT_EQ(64, strlen(t_json(c, "challenge")));
	EXPECT_EQ(64, strlen(t_json(c, "signature")));
	EXPECT_TRUE(expires);
	EXPECT_TRUE(llabs(atoll(expires + 9) - time(NULL) - 300) < 10);
	EXPECT_TRUE(strcmp(t_json(c, "challenge"), t_json(challenge(), "challenge")) != 0);
}

TEST(a_solved_challenge_counts_once)
{
	struct t_user ann;
	const char *token;

	require();
	ann = t_user("ann");
	EXPECT_CODE("altcha_required", EXPECT(400, login(&ann, "")));
	token = solution(challenge());
	EXPECT(200, login(&ann, token));
	EXPECT_CODE("altcha_invalid", EXPECT(400, login(&ann, token)));
	EXPECT_EQ(1, t_sql_int("SELECT count(*) FROM altcha_used"));
}

TEST(a_wrong_solution_is_none)
{
	const struct t_reply *c;
	const char *salt, *hash, *signature, *right;
	struct t_user ann;

	require();
	ann = t_user("ann");
	c = challenge();
	salt = t_json(c, "salt");
	hash = t_json(c, "challenge");
	signature = t_json(c, "signature");
	right = t_fmt("%d", solve(salt, hash, t_json_int(c, "maxnumber")));
	EXPECT(400, login(&ann, "not base64!"));
	EXPECT(400, login(&ann, "bnVsbA=="));
	EXPECT(400, login(&ann, token_of(salt, hash, "-1", signature)));
	EXPECT(400, login(&ann, token_of(salt, hash, "100001", signature)));
	EXPECT(400, login(&ann, token_of(salt, hash, right, t_repeat("0", 64))));
	/* one's own challenge, without the signature that only the server can make */
	EXPECT(400, login(&ann, token_of(salt, sha256_text(t_fmt("%s7", salt)), "7", signature)));
	/* digits moved from the number into the expiry: the same hash */
	EXPECT(400,
	       login(&ann,
		     token_of(t_fmt("%s%c", salt, right[0]), hash, right[1] ? right + 1 : "0",
			      signature)));
	EXPECT(200, login(&ann, token_of(salt, hash, right, signature)));
}

TEST(an_old_solution_has_expired)
{
	struct t_user ann;
	const char *salt =
		t_fmt("0123456789abcdef01234567?expires=%lld&", (long long)time(NULL) - 1);
	const char *hash = sha256_text(t_fmt("%s42", salt));
	char hex[HEX_LENGTH(SHA256_BYTES) + 1] = "";
	uint8_t mac[SHA256_BYTES];

	t_server_start("ALTCHA_REQUIRED=true", "ALTCHA_HMAC_KEY=a-key-of-the-operators-own");
	ann = t_user("ann");
	hmac_sha256(S("a-key-of-the-operators-own"), str_of(hash), mac);
	hex_encode(mac, sizeof mac, hex);
	EXPECT_CODE("altcha_invalid", EXPECT(400, login(&ann, token_of(salt, hash, "42", hex))));
	salt = t_fmt("0123456789abcdef01234567?expires=%lld&", (long long)time(NULL) + 60);
	hash = sha256_text(t_fmt("%s42", salt));
	hmac_sha256(S("a-key-of-the-operators-own"), str_of(hash), mac);
	hex_encode(mac, sizeof mac, hex);
	EXPECT(200, login(&ann, token_of(salt, hash, "42", hex)));
}
