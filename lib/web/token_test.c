#include "lib/web/token.h"

#include "lib/base/codec.h"
#include "lib/base/crypt.h"
#include "lib/base/test.h"

#include <string.h>

#define SECRET S("super-secret-jwt-token-with-at-least-32-characters")
#define ISSUED (1769335200 * SECOND)

/* Both signed by `openssl dgst -sha256 -hmac`: a user's token as Supabase writes it, an API key. */
static const char user_token[] =
	"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2FiYy5zdXBhYmFzZS5jby9hdXRoL3Y"
	"xIiwic3ViIjoiNWIxYzZhM2UtOGQwZi00YTc2LTlhNDEtNmIwZTZmMWYyYzNkIiwiYXVkIjoiYXV0aGVudGljYXR"
	"lZCIsImV4cCI6MTc2OTMzODgwMCwiaWF0IjoxNzY5MzM1MjAwLCJlbWFpbCI6ImFubkBleGFtcGxlLm9yZyIsInB"
	"ob25lIjoiIiwiYXBwX21ldGFkYXRhIjp7InByb3ZpZGVyIjoiZW1haWwiLCJwcm92aWRlcnMiOlsiZW1haWwiXX0"
	"sInVzZXJfbWV0YWRhdGEiOnsibmFtZSI6IkEgXCJxdW90ZWRcIiB7bmFtZV0ifSwicm9sZSI6ImF1dGhlbnRpY2F"
	"0ZWQiLCJhYWwiOiJhYWwxIiwiYW1yIjpbeyJtZXRob2QiOiJwYXNzd29yZCIsInRpbWVzdGFtcCI6MTc2OTMzNTI"
	"wMH1dLCJzZXNzaW9uX2lkIjoiMGU3ZDFjNTItOWEzYi00ZjZjLThlMmQtMWYwYTliOGM3ZDZlIiwiaXNfYW5vbnl"
	"tb3VzIjpmYWxzZX0.EXziQ2HtusWN7KUAMwu_UkRGTxqWUhArvUuPUYVenfU";
static const char anon_key[] =
	"eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJzdXBhYmFzZSIsInJlZiI6ImFiYyIsInJvbGUiOiJhbm9uIiwiaWF0Ijo"
	"xNzY5MzM1MjAwLCJleHAiOjIwODQ5MTEyMDB9.D7Z2IYy6L6uw9KNmlkQ26FCFzy185G9R-lMg43zQwtk";

static struct arena *arena;

[[gnu::constructor]] static void make_arena(void)
{
	arena = arena_new();
}

[[gnu::destructor]] static void end_arena(void)
{
	arena_free(arena);
}

static const char *base64url(str s)
{
	char *text = arena_alloc(arena, BASE64_LENGTH(s.n) + 1);

	text[base64url_encode(s.p, s.n, text)] = '\0';
	return text;
}

/* A token of any header and payload, rightly signed. */
static str signed_token(const char *header, const char *payload)
{
	str content =
		arena_printf(arena, "%s.%s", base64url(str_of(header)), base64url(str_of(payload)));
	uint8_t mac[SHA256_BYTES];

	hmac_sha256(SECRET, content, mac);
	return arena_printf(arena, "%s.%s", content.p,
			    base64url((str){ (const char *)mac, sizeof(mac) }));
}

static err verify_at(str token, int64_t seconds_later, struct token *out)
{
	return token_verify(arena, SECRET, token, (usec){ ISSUED + seconds_later * SECOND }, out);
}

static struct token good(str token)
{
	struct token t;

	if (verify_at(token, 0, &t).info)
		fail_msg("refused: %.*s", (int)token.n, token.p);
	return t;
}

static void expect_invalid(str token)
{
	struct token t;

	if (!err_is(err_token_invalid, verify_at(token, 0, &t)))
		fail_msg("not refused: %.*s", (int)token.n, token.p);
}

static void expect_uuid(const char *want, uuid got)
{
	char text[UUID_TEXT + 1] = "";

	uuid_format(got, text);
	EXPECT_CSTR(want, text);
}

TEST(a_token_of_another_issuer_is_read)
{
	struct token t = good(str_of(user_token));

	expect_uuid("5b1c6a3e-8d0f-4a76-9a41-6b0e6f1f2c3d", t.sub);
	expect_uuid("0e7d1c52-9a3b-4f6c-8e2d-1f0a9b8c7d6e", t.session);
	EXPECT_EQ(ISSUED + HOUR, t.expires.us);
	EXPECT_EQ(ISSUED, t.issued.us);
	EXPECT_TRUE(str_eq(S("authenticated"), t.role));
	EXPECT_TRUE(str_eq(S("authenticated"), t.audience));
	EXPECT_TRUE(str_eq(S("aal1"), t.aal));
	EXPECT_FALSE(t.is_anonymous);
}

TEST(an_api_key_gives_its_role_and_no_user)
{
	struct token t = good(str_of(anon_key));

	EXPECT_TRUE(uuid_is_nil(t.sub));
	EXPECT_TRUE(uuid_is_nil(t.session));
	EXPECT_TRUE(str_eq(S("anon"), t.role));
	EXPECT_NULL(t.audience.p);
}

TEST(tokens_expire_with_leeway)
{
	struct token t;

	EXPECT_TRUE(err_is(OK, verify_at(str_of(user_token), 3600 + 29, &t)));
	EXPECT_TRUE(err_is(err_token_expired, verify_at(str_of(user_token), 3600 + 30, &t)));
}

TEST(a_token_may_not_be_used_before_its_time)
{
	struct token t;
	str token = signed_token("{\"alg\":\"HS256\"}", "{\"exp\":1769338800,\"nbf\":1769335231}");

	EXPECT_TRUE(err_is(err_token_invalid, verify_at(token, 0, &t)));
	EXPECT_TRUE(err_is(OK, verify_at(token, 1, &t)));
}

TEST(any_change_breaks_the_signature)
{
	char *text = memcpy(arena_alloc(arena, sizeof(user_token)), user_token, sizeof(user_token));
	size_t n = strlen(user_token);

	for (size_t i = 0; i < n; i++) {
		text[i] = user_token[i] == 'A' ? 'B' : 'A';
		expect_invalid((str){ text, n });
		text[i] = user_token[i];
	}
	for (size_t length = 0; length < n; length++)
		expect_invalid((str){ text, length });
}

TEST(another_secret_is_refused)
{
	struct token t;

	EXPECT_TRUE(err_is(err_token_invalid,
			   token_verify(arena, S("another secret of thirty-two bytes"),
					str_of(user_token), (usec){ ISSUED }, &t)));
}

TEST(only_hs256_is_accepted)
{
	static const char *const headers[] = {
		"{\"alg\":\"none\"}",
		"{\"alg\":\"None\",\"typ\":\"JWT\"}",
		"{\"alg\":\"HS512\"}",
		"{\"alg\":\"RS256\"}",
		"{\"alg\":\"hs256\"}",
		"{\"alg\":\"ES256\"}",
		"{\"alg\":null}",
		"{\"alg\":256}",
		"{}",
		"{\"typ\":\"JWT\"}",
		"{\"alg\":\"HS256\",\"alg\":\"none\"}",
		"{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
		"{\"alg\":\"HS256\",\"typ\":\"JWE\"}",
		"{\"alg\":\"HS256\",\"typ\":7}",
		"\"HS256\"",
		"",
		"null",
		"{\"alg\":\"HS256\"",
		"{\"alg\":\"HS256\"}x",
		"{\"alg\"",
		"{\"alg",
		"{\"alg\":",
		"{\"alg\":\"HS256",
		"{7:\"HS256\"}",
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++)
		expect_invalid(signed_token(headers[i], "{\"exp\":1769338800}"));
	good(signed_token("{ \"kid\" : \"k1\" , \"typ\" : \"jwt\" , \"alg\" : \"HS256\" } ",
			  "{\"exp\":1769338800}"));
}

TEST(unsigned_tokens_are_refused)
{
	const char *none = base64url(S("{\"alg\":\"none\"}")),
		   *claims = base64url(S("{\"exp\":1769338800}"));

	expect_invalid(arena_printf(arena, "%s.%s.", none, claims));
	expect_invalid(arena_printf(arena, "%s.%s", none, claims));
	expect_invalid(arena_printf(arena, "%s..", none));
	expect_invalid(S(""));
	expect_invalid(S(".."));
	expect_invalid(S("..."));
	expect_invalid((str){ 0 });
	expect_invalid(arena_printf(arena, "%s.", user_token));
	expect_invalid(arena_printf(arena, "%s.x", user_token));
	expect_invalid(arena_printf(arena, " %s", user_token));
	expect_invalid(arena_printf(arena, "%s=", user_token));
}

TEST(claims_have_to_be_right)
{
	static const char *const payloads[] = {
		"",
		"null",
		"[]",
		"7",
		"{",
		"{}",
		"{\"exp\":1769338800",
		"{\"exp\":1769338800}}",
		"{\"exp\":1769338800} x",
		"{\"exp\":\"1769338800\"}",
		"{\"exp\":1769338800.5}",
		"{\"exp\":-1}",
		"{\"exp\":0}",
		"{\"exp\":null}",
		"{\"exp\":9223372036854775807}",
		"{\"exp\":99999999999999999999}",
		"{\"exp\":true}",
		"{\"exp\":}",
		"{\"exp\"}",
		"{\"exp\":1769338800,}",
		"{\"exp\":1769338800,\"sub\":\"me\"}",
		"{\"exp\":1769338800,\"sub\":5}",
		"{\"exp\":1769338800,\"sub\":[\"5b1c6a3e-8d0f-4a76-9a41-6b0e6f1f2c3d\"]}",
		"{\"exp\":1769338800,\"session_id\":\"x\"}",
		"{\"exp\":1769338800,\"role\":{}}",
		"{\"exp\":1769338800,\"role\":\"adm\\u0069n\"}",
		"{\"exp\":1769338800,\"aud\":[]}",
		"{\"exp\":1769338800,\"aud\":7}",
		"{\"exp\":1769338800,\"aud\":[7]}",
		"{\"exp\":1769338800,\"iat\":\"x\"}",
		"{\"exp\":1769338800,\"x\":[}",
		"{\"exp\":1769338800,\"x\":[1",
		"{\"exp\":1769338800,\"x\":{\"y\":\"}",
		"{\"exp\":1769338800,\"x\":\"\\\"}",
		"{\"exp\":1769338800,\"nbf\":\"soon\"}",
		"{\"e\\u0078p\":1769338800}",
	};

	for (size_t i = 0; i < sizeof(payloads) / sizeof(*payloads); i++)
		expect_invalid(signed_token("{\"alg\":\"HS256\"}", payloads[i]));
}

TEST(other_claims_are_stepped_over)
{
	struct token t = good(signed_token(
		"{\"alg\":\"HS256\"}",
		" { \"x\" : { \"a\" : [ \"]}\\\"\", { } ] , \"role\" : \"no\" } ,\n\"n\":-1.5e3,\"exp\" : 1769338800 ,"
		"\"sub\":null,\"session_id\":\"\",\"role\":\"yes\",\"aal\":null,\"aud\":[ \"one\",\"two\" ],"
		"\"is_anonymous\":true,\"role2\":false} "));

	EXPECT_TRUE(str_eq(S("yes"), t.role));
	EXPECT_TRUE(str_eq(S("one"), t.audience));
	EXPECT_NULL(t.aal.p);
	EXPECT_TRUE(t.is_anonymous);
	EXPECT_TRUE(uuid_is_nil(t.sub));
}

TEST(overlong_tokens_are_refused)
{
	char *payload = arena_alloc(arena, 9000);

	memset(payload, ' ', 9000);
	memcpy(payload, "{\"exp\":1769338800", 17);
	strcpy(payload + 6000, "}");
	good(signed_token("{\"alg\":\"HS256\"}", payload));
	payload[6000] = ' ';
	strcpy(payload + 8998, "}");
	expect_invalid(signed_token("{\"alg\":\"HS256\"}", payload));
}

static const char *payload_of(str token)
{
	uint8_t *p = arena_zalloc(arena, token.n);
	size_t n;

	str_cut(&token, '.');
	EXPECT_TRUE(base64url_decode(str_cut(&token, '.'), p, &n));
	return (const char *)p;
}

TEST(what_is_issued_is_read_back)
{
	struct token t = {
		.sub = uuid_random(),
		.session = uuid_random(),
		.expires = { ISSUED + 15 * MINUTE },
		.issued = { ISSUED },
		.role = S("authenticated"),
		.audience = S("authenticated"),
		.aal = S("aal2"),
		.is_anonymous = true,
		.email = S("ann\"@example.org"),
		.issuer = S("https://api.example.org/auth/v1"),
		.amr = { S("[{\"method\":\"password\",\"timestamp\":1769335200}]") },
	};
	struct token back = good(token_issue(arena, SECRET, &t));

	EXPECT_TRUE(uuid_eq(t.sub, back.sub));
	EXPECT_TRUE(uuid_eq(t.session, back.session));
	EXPECT_EQ(t.expires.us, back.expires.us);
	EXPECT_EQ(t.issued.us, back.issued.us);
	EXPECT_TRUE(str_eq(t.role, back.role));
	EXPECT_TRUE(str_eq(t.audience, back.audience));
	EXPECT_TRUE(str_eq(t.aal, back.aal));
	EXPECT_TRUE(back.is_anonymous);
}

TEST(an_issued_token_has_the_claims_clients_read)
{
	struct token t = { .sub = { { 1 } },
			   .session = { { 2 } },
			   .expires = { ISSUED + 15 * MINUTE },
			   .issued = { ISSUED },
			   .role = S("authenticated"),
			   .audience = S("authenticated"),
			   .email = S("ann@example.org"),
			   .issuer = S("https://api.example.org/auth/v1"),
			   .user_metadata = { S("{\"handle\":\"ann\"}") } };

	EXPECT_CSTR(
		"{\"iss\":\"https://api.example.org/auth/v1\",\"sub\":\"01000000-0000-0000-0000-000000000000\","
		"\"aud\":\"authenticated\",\"exp\":1769336100,\"iat\":1769335200,\"email\":\"ann@example.org\","
		"\"phone\":\"\",\"app_metadata\":{},\"user_metadata\":{\"handle\":\"ann\"},"
		"\"role\":\"authenticated\",\"aal\":\"aal1\",\"amr\":[],"
		"\"session_id\":\"02000000-0000-0000-0000-000000000000\",\"is_anonymous\":false}",
		payload_of(token_issue(arena, SECRET, &t)));
}

/* Key and token of RFC 7515 appendix A.1. */
TEST(the_example_of_rfc_7515_verifies)
{
	static const char token[] =
		"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
		"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
		"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
	uint8_t key[DECODED_MAX(86)];
	struct token t;
	size_t n;

	EXPECT_TRUE(base64url_decode(
		S("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"),
		key, &n));
	EXPECT_TRUE(err_is(OK,
			   token_verify(arena, (str){ (const char *)key, n }, str_of(token),
					(usec){ 1300819000 * SECOND }, &t)));
	EXPECT_EQ(1300819380, t.expires.us / SECOND);
}
