/* Traps of leaving Supabase (by their numbers) that no other test file is about. */
#include "app/supabase/live_test.h"

/* One that people's browsers ask before a request of the old client, with headers that nobody has thought of. */
static const struct t_reply *preflight(const char *headers)
{
	return t_send(&(struct t_request){
		.method = "OPTIONS",
		.path = "/auth/v1/token?grant_type=refresh_token",
		.headers = T_LIST("Origin: https://app.example.org",
				  "Access-Control-Request-Method: POST",
				  t_fmt("Access-Control-Request-Headers: %s", headers)),
	});
}

/* A client finds its session under the name of the host it knows: so old addresses keep working, the old host's name
 * is not in what it is told, and its headers are let through, whatever a later version adds. */
TEST(trap_32_clients_in_the_field_keep_their_address_and_headers)
{
	const struct t_reply *r;
	const char *allowed;

	t_server_start("SUPABASE_COMPAT=on", "SUPABASE_ANON_KEY=anon-key-of-the-tests",
		       "CORS_ORIGINS=https://app.example.org");
	r = preflight(
		"authorization,apikey,content-type,x-client-info,x-supabase-api-version,x-retry-count,traceparent");
	EXPECT_TRUE(r->status == 200 || r->status == 204);
	allowed = t_header(r, "Access-Control-Allow-Headers");
	EXPECT_TRUE(allowed && strcasestr(allowed, "x-supabase-api-version")
		    && strcasestr(allowed, "x-client-info") && strcasestr(allowed, "apikey")
		    && strcasestr(allowed, "traceparent"));
	r = t_send(&(struct t_request){
		.method = "GET",
		.path = "/auth/v1/settings",
		.headers =
			T_LIST("Origin: https://app.example.org", "apikey: anon-key-of-the-tests"),
	});
	EXPECT_TRUE(strcasestr(t_header(EXPECT(200, r), "Access-Control-Expose-Headers"),
			       "x-supabase-api-version"));
	EXPECT_NULL(strstr(r->body, "supabase.co"));
}
