/* Trap 14: tokens that the project signed, by the shared secret or by keys of its own, are good here until they end. */
#include "app/compat/compat_test.h"

/* Line n of a text. */
static const char *line(const char *text, int n)
{
	for (; n > 0; n--)
		text = strchr(text, '\n') + 1;
	return t_fmt("%.*s", (int)strcspn(text, "\n"), text);
}

/* What test/supabase/sign.mjs prints for the claims. */
static const char *signed_by_project(const char *file, const char *claims)
{
	static char text[16384];
	FILE *p = popen(t_fmt("node test/supabase/sign.mjs %s '%s'", file, claims), "r");
	size_t n = p ? fread(text, 1, sizeof(text) - 1, p) : 0;

	text[n] = '\0';
	if (!p || pclose(p) != 0)
		t_fail("sign.mjs");
	return text;
}

static struct t_server *serve_with(const char *keys)
{
	return t_server_start("SUPABASE_COMPAT=on", "SUPABASE_ANON_KEY=anon-key-of-the-tests",
			      t_fmt("DATABASE_URL=%s", t_database_url()),
			      t_fmt("SUPABASE_JWKS=%s", keys));
}

static const char *claims_of(const struct t_user *u, long long expires)
{
	return t_fmt(
		"{\"iss\":\"https://abcdefghij.supabase.co/auth/v1\",\"sub\":\"%s\",\"aud\":\"authenticated\","
		"\"role\":\"authenticated\",\"iat\":%lld,\"exp\":%lld}",
		u->id, expires - 3600, expires);
}

TEST(trap_14_tokens_of_the_projects_own_keys_are_good_until_they_end)
{
	struct t_user ann = t_user("ann");
	const char *file = t_shared_path(t_unique("jwks")), *tokens;
	const char *old = t_token_of(NULL, claims_of(&ann, time(NULL) + 600), t_jwt_secret);
	struct t_server *s;

	tokens = t_fmt("%s", signed_by_project(file, claims_of(&ann, time(NULL) + 600)));
	EXPECT(403, get_user(line(tokens, 0))); /* by a server that was not told */
	s = serve_with(file);
	for (int i = 0; i < 3; i++) {
		struct t_user by_token = { .token = line(tokens, i) };

		EXPECT_STR(ann.id, EXPECT(200, get_user(line(tokens, i))), "id");
		EXPECT(200, t_get(&by_token, "/api/v1/profile"));
	}
	EXPECT(403, get_user(line(tokens, 3)));
	EXPECT(403, get_user(t_fmt("%.*sAAAA", (int)strlen(line(tokens, 0)) - 4, line(tokens, 0))));
	EXPECT(200, get_user(old));
	EXPECT(403,
	       get_user(t_token_of("{\"alg\":\"HS256\",\"kid\":\"key-ES256\"}",
				   claims_of(&ann, time(NULL) + 600), "another-secret")));
	tokens = signed_by_project(file, claims_of(&ann, time(NULL) - 60));
	t_server_stop(s);
	t_server_restart(s);
	EXPECT(403, get_user(line(tokens, 0)));
}

TEST(trap_14_the_projects_public_keys_are_listed_and_no_secret)
{
	struct t_user ann = t_user("ann");
	const char *file = t_shared_path(t_unique("jwks"));
	const struct t_reply *r;

	signed_by_project(file, claims_of(&ann, time(NULL) + 600));
	serve_with(file);
	r = EXPECT(200, t_get(NULL, A "/.well-known/jwks.json"));
	EXPECT_COUNT(3, r, "keys");
	EXPECT_STR("key-ES256", r, "keys[0].kid");
	EXPECT_STR("ES256", r, "keys[0].alg");
	EXPECT_STR("sig", r, "keys[0].use");
	EXPECT_STR("verify", r, "keys[0].key_ops[0]");
	EXPECT_TRUE(t_json(r, "keys[0].x") && t_json(r, "keys[1].n"));
	EXPECT_NULL(strstr(r->body, "\"k\""));
	EXPECT_HEADER("public, max-age=600", r, "Cache-Control");
}

TEST(a_file_of_keys_that_is_none_stops_the_start)
{
	const char *file = t_shared_path(t_unique("jwks"));
	FILE *f = fopen(file, "w");
	struct t_run r;

	fputs("{\"keys\":[{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"c2VjcmV0\"}]}", f);
	fclose(f);
	r = t_run(T_LIST(t_fmt("SUPABASE_JWKS=%s", file)), "serve");
	EXPECT_EQ(1, r.status);
	EXPECT_TRUE(strstr(r.err, "SUPABASE_JWKS") && strstr(r.err, "no public key"));
}
