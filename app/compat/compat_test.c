/* Keys and the shapes of errors, admins, and the nine functions. */
#include "app/compat/compat_test.h"

/* ---- keys and shapes ---- */

TEST(the_old_paths_want_one_of_the_projects_keys)
{
	const char *by_role = t_token_of(
		NULL, "{\"role\":\"anon\",\"iss\":\"supabase\",\"ref\":\"x\",\"exp\":4102444800}",
		t_jwt_secret);
	const char *foreign = t_token_of(NULL, "{\"role\":\"anon\",\"exp\":4102444800}", "another");
	struct t_request r = { .method = "GET", .path = A "/settings" };

	EXPECT_STR("No API key found in request", EXPECT(401, t_send(&r)), "msg");
	r.headers = T_LIST("apikey: no-key-of-ours");
	EXPECT_STR("Invalid API key", EXPECT(401, t_send(&r)), "msg");
	r.headers = T_LIST(t_fmt("apikey: %s", foreign));
	EXPECT(401, t_send(&r));
	r.headers = T_LIST(t_fmt("apikey: %s", by_role));
	EXPECT_BOOL(true, EXPECT(200, t_send(&r)), "external.email");
	r.headers = T_LIST(ANON);
	EXPECT(200, t_send(&r));
	r.headers = NULL;
	r.path = A "/settings?apikey=anon-key-of-the-tests";
	EXPECT(200, t_send(&r));
	r.path = A "/.well-known/jwks.json"; /* for everybody */
	EXPECT_COUNT(0, EXPECT(200, t_send(&r)), "keys");
}

TEST(without_the_option_there_are_no_old_paths)
{
	struct t_server *s = t_server_start("SUPABASE_COMPAT=off");

	EXPECT_CODE("route_not_found", EXPECT(404, get_user(NULL)));
	EXPECT_CODE("route_not_found", EXPECT(404, post(A "/signup", "{}")));
	EXPECT_CODE("route_not_found", EXPECT(404, post("/functions/v1/search", "{}")));
	t_server_stop(s);
}

TEST(errors_have_the_shape_the_client_asks_for)
{
	const struct t_reply *r = EXPECT(401, get_user(NULL));

	EXPECT_CODE("no_authorization", r);
	EXPECT_STR("This endpoint requires a valid Bearer token", r, "message");
	EXPECT_HEADER("no_authorization", r, "x-sb-error-code");
	EXPECT_HEADER("2024-01-01", r, "X-Supabase-Api-Version");
	r = EXPECT(401,
		   t_send(&(struct t_request){ .method = "GET",
					       .path = A "/user",
					       .headers = T_LIST(ANON) }));
	EXPECT_INT(401, r, "code");
	EXPECT_STR("no_authorization", r, "error_code");
	EXPECT_STR("This endpoint requires a valid Bearer token", r, "msg");
	EXPECT_CODE("not_found", EXPECT(404, post(A "/nothing/here", "{}")));
	EXPECT_CODE("method_not_allowed", EXPECT(405, call("DELETE", A "/signup", NULL, NULL)));
	EXPECT_CODE("bad_jwt", EXPECT(403, get_user("no.such.token")));
	EXPECT_CODE("bad_jwt", EXPECT(403, get_user(t_user("ann").token + 1)));
	EXPECT_CODE("invalid_credentials", EXPECT(400, post(A "/token?grant_type=magic", "{}")));
}

TEST(bad_bodies_are_answered_by_4xx_in_the_old_shape)
{
	static const char *const bodies[] = { "{",
					      "[]",
					      "7",
					      "'x'",
					      "{'email': 7}",
					      "{'email': [], 'password': {}, 'type': 1}",
					      "{'email': '\\ud800', 'token': 'x'}" };
	static const char *const paths[] = { A "/signup",
					     A "/token?grant_type=password",
					     A "/otp",
					     A "/recover",
					     A "/resend",
					     A "/verify",
					     A "/token?grant_type=refresh_token",
					     A "/token?grant_type=pkce" };
	struct t_user ann = t_user("ann");

	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		for (size_t k = 0; k < sizeof paths / sizeof *paths; k++)
			EXPECT_CODE("validation_failed", EXPECT(400, post(paths[k], bodies[i])));
		EXPECT_CODE("validation_failed",
			    EXPECT(400, call("POST", A "/factors", ann.token, bodies[i])));
		EXPECT_CODE("validation_failed",
			    EXPECT(400, call("POST", A "/admin/users", SERVICE, bodies[i])));
	}
	EXPECT(400, call("PUT", A "/user", ann.token, "{"));
	EXPECT(413, post(A "/signup", t_fmt("{'email': '%s'}", t_repeat("x", 70000))));
}

/* ---- admins ---- */

TEST(only_the_service_key_is_an_admins)
{
	struct t_user ann = t_user("ann");
	const char *by_role =
		t_token_of(NULL, "{\"role\":\"service_role\",\"exp\":4102444800}", t_jwt_secret);

	EXPECT_CODE("no_authorization", EXPECT(401, call("GET", A "/admin/users", NULL, NULL)));
	EXPECT_CODE("not_admin", EXPECT(403, call("GET", A "/admin/users", ann.token, NULL)));
	EXPECT_CODE("not_admin",
		    EXPECT(403, call("GET", A "/admin/users", "anon-key-of-the-tests", NULL)));
	EXPECT(200, call("GET", A "/admin/users", by_role, NULL));
	EXPECT(200, call("GET", A "/admin/users", SERVICE, NULL));
	EXPECT_CODE("bad_jwt", EXPECT(403, get_user(by_role)));
}

TEST(an_admin_makes_changes_bans_and_removes_accounts)
{
	struct t_user made = { 0 };
	const char *one;
	const struct t_reply *r;

	snprintf(made.email, sizeof made.email, "%s@example.com", t_unique("made"));
	r = EXPECT(200,
		   call("POST", A "/admin/users", SERVICE,
			t_fmt("{'email':'%s','password':'" T_PASSWORD "','email_confirm':true,"
			      "'user_metadata':{'a':1},'app_metadata':{'plan':'x'}}",
			      made.email)));
	one = t_fmt(A "/admin/users/%s", t_json(r, "id"));
	EXPECT_STR("x", r, "app_metadata.plan");
	EXPECT_STR("email", r, "app_metadata.provider");
	EXPECT_CSTR("t", t_sql("SELECT is_live FROM profiles WHERE id = '%s'", t_json(r, "id")));
	EXPECT_CODE("email_exists",
		    EXPECT(422,
			   call("POST", A "/admin/users", SERVICE,
				t_fmt("{'email':'%s'}", made.email))));
	EXPECT(200, sign_in(&made));
	r = EXPECT(200,
		   call("PUT", one, SERVICE, "{'app_metadata':{'plan':'y'},'ban_duration':'24h'}"));
	EXPECT_STR("y", r, "app_metadata.plan");
	EXPECT_TRUE(t_json(r, "banned_until"));
	EXPECT_CODE("user_banned", EXPECT(403, sign_in(&made)));
	EXPECT_CODE("validation_failed",
		    EXPECT(400, call("PUT", one, SERVICE, "{'ban_duration':'long'}")));
	EXPECT(200, call("PUT", one, SERVICE, "{'ban_duration':'none','password':'in-no-log-x'}"));
	EXPECT_CODE("invalid_credentials", EXPECT(400, sign_in(&made)));
	r = EXPECT(200, call("GET", A "/admin/users?page=1&per_page=1", SERVICE, NULL));
	EXPECT_COUNT(1, r, "users");
	EXPECT_TRUE(strstr(t_header(r, "Link"), "rel=\"last\""));
	EXPECT_TRUE(atoi(t_header(r, "X-Total-Count")) > 0);
	EXPECT(200, call("DELETE", one, SERVICE, NULL));
	EXPECT_CODE("user_not_found", EXPECT(404, call("GET", one, SERVICE, NULL)));
	EXPECT_CODE("user_not_found", EXPECT(404, call("DELETE", one, SERVICE, NULL)));
	EXPECT_CODE("validation_failed",
		    EXPECT(400, call("GET", A "/admin/users/7", SERVICE, NULL)));
}

/* ---- the nine functions ---- */

TEST(the_nine_functions_are_routes_of_today)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *f = "/functions/v1/%s", *word = t_unique("quokka");
	const struct t_reply *r;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	r = EXPECT(200,
		   call("POST", t_fmt(f, "signup"), ann.token,
			t_fmt("{'handle':'%s','display_name':'Ann','bio':'hello'}", word)));
	EXPECT_STR(word, r, "profile.handle");
	EXPECT_STR(ann.id, EXPECT(200, call("POST", t_fmt(f, "profile"), ann.token, "{}")),
		   "profile.id");
	EXPECT_STR(bob.id,
		   EXPECT(200,
			  call("GET", t_fmt("/functions/v1/profile?handle=%s", bob.handle),
			       ann.token, NULL)),
		   "profile.id");
	EXPECT_STR(bob.id,
		   EXPECT(200,
			  call("POST", t_fmt(f, "profile"), ann.token,
			       t_fmt("{'user_id':'%s'}", bob.id))),
		   "profile.id");
	r = EXPECT(201,
		   call("POST", t_fmt(f, "publish-post"), ann.token,
			t_fmt("{'body':'a %s was here'}", word)));
	EXPECT_TRUE(t_json(r, "post.id"));
	EXPECT_TRUE(t_json(EXPECT(200,
				  call("POST", t_fmt(f, "feed-sojorn"), bob.token,
				       "{'limit':5,'offset':0}")),
			   "posts"));
	EXPECT_COUNT(1,
		     EXPECT(200,
			    call("POST", t_fmt(f, "search"), bob.token,
				 t_fmt("{'query':'%s','type':'posts'}", word))),
		     "posts");
	EXPECT(200, call("POST", t_fmt(f, "follow"), bob.token, t_fmt("{'user_id':'%s'}", ann.id)));
	EXPECT_EQ(1, t_sql_int("SELECT count(*) FROM follows WHERE follower_id = '%s'", bob.id));
	EXPECT(200,
	       call("DELETE", t_fmt(f, "follow"), bob.token, t_fmt("{'user_id':'%s'}", ann.id)));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM follows WHERE follower_id = '%s'", bob.id));
	EXPECT_TRUE(t_json(EXPECT(200,
				  call("POST", t_fmt(f, "tone-check"), ann.token,
				       "{'text':'what a lovely day'}")),
			   "tone"));
	EXPECT(200, call("POST", t_fmt(f, "notifications"), ann.token, "{'limit':5}"));
	EXPECT(200,
	       call("POST", t_fmt(f, "notifications"), ann.token,
		    t_fmt("{'token':'%s','platform':'android'}", word)));
	r = call("POST", t_fmt(f, "create-beacon"), ann.token,
		 "{'body':'ice','beacon_type':'hazard','lat':52.5,'long':13.4}");
	EXPECT_TRUE(r->status == 200 || r->status == 201);
	EXPECT_CODE("token_missing",
		    EXPECT(401, call("POST", t_fmt(f, "search"), NULL, "{'query':'x'}")));
	EXPECT_CODE("invalid", EXPECT(400, call("POST", t_fmt(f, "follow"), ann.token, "{}")));
	EXPECT_CODE("invalid", EXPECT(400, call("POST", t_fmt(f, "publish-post"), ann.token, "{")));
	EXPECT_CODE("route_not_found",
		    EXPECT(404, call("POST", t_fmt(f, "tenth"), ann.token, "{}")));
#pragma GCC diagnostic pop
}
