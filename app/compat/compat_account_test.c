/* Signing up, what is done by mail, and the account of the token. */
#include "app/compat/compat_test.h"

/* ---- signing up ---- */

static const struct t_reply *sign_up(const char *email, const char *more)
{
	return post(
		A "/signup?redirect_to=http%3A%2F%2F127.0.0.1%3A3000%2Fwelcome",
		t_fmt("{'email': '%s', 'password': '" T_PASSWORD "'%s,"
		      " 'gotrue_meta_security': {'captcha_token': null}, 'code_challenge': null}",
		      email, more));
}

TEST(a_sign_up_waits_for_its_mail_and_the_link_signs_in)
{
	const char *name = t_unique("new"), *email = t_fmt("%s@example.com", name), *mail, *to;
	const struct t_reply *r =
		EXPECT(200,
		       sign_up(email,
			       t_fmt(", 'data': {'handle': '%s', 'display_name': 'Nu', 'n': 1}",
				     name)));
	struct t_user user = { 0 };

	EXPECT_STR(email, r, "email");
	EXPECT_NONE(r, "access_token");
	EXPECT_STR("email", r, "identities[0].provider");
	EXPECT_INT(1, r, "user_metadata.n");
	EXPECT_TRUE(t_json(r, "confirmation_sent_at") && !t_json(r, "confirmed_at"));
	snprintf(user.email, sizeof user.email, "%s", email);
	EXPECT_CODE("email_not_confirmed", EXPECT(400, sign_in(&user)));
	EXPECT_CSTR(name, t_sql("SELECT handle FROM profiles WHERE id = '%s'", t_json(r, "id")));
	mail = t_mail(email);
	r = EXPECT(303, t_get(NULL, "%s", link_path(mail)));
	to = t_header(r, "Location");
	EXPECT_TRUE(strncmp(to, "http://127.0.0.1:3000/welcome#access_token=", 43) == 0);
	EXPECT_CSTR("signup", after(to, "&type="));
	EXPECT_STR(email, EXPECT(200, get_user(after(to, "access_token="))), "email");
	EXPECT(200, refresh(after(to, "refresh_token=")));
	EXPECT(200, sign_in(&user));
	EXPECT_CSTR("t", t_sql("SELECT is_live FROM profiles WHERE handle = '%s'", name));
	r = EXPECT(303, t_get(NULL, "%s", link_path(mail))); /* once only */
	EXPECT_CSTR("otp_expired", after(t_header(r, "Location"), "error_code="));
}

TEST(a_sign_up_tells_nothing_about_others)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r = EXPECT(200, sign_up(ann.email, ""));

	EXPECT_TRUE(strcmp(ann.id, t_json(r, "id")) != 0);
	EXPECT_COUNT(0, r, "identities");
	EXPECT_STR("", r, "role");
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM outbox WHERE user_id = '%s'", ann.id));
}

TEST(a_sign_up_that_cannot_be)
{
	const char *email = t_fmt("%s@example.com", t_unique("new"));
	const struct t_reply *r;

	r = EXPECT(422, post(A "/signup", t_fmt("{'email':'%s','password':'12345'}", email)));
	EXPECT_CODE("weak_password", r);
	EXPECT_STR("length", r, "weak_password.reasons[0]");
	EXPECT_CODE("validation_failed",
		    EXPECT(400, post(A "/signup", t_fmt("{'email':'%s'}", email))));
	EXPECT_CODE("validation_failed",
		    EXPECT(400,
			   post(A "/signup",
				t_fmt("{'email':'%s','password':'%s'}", email,
				      t_repeat("x", 73)))));
	EXPECT_CODE("validation_failed",
		    EXPECT(400, post(A "/signup", "{'email':'nobody','password':'123456'}")));
	EXPECT_CODE("phone_provider_disabled",
		    EXPECT(400, post(A "/signup", "{'phone':'15550001','password':'123456'}")));
	EXPECT_CODE("anonymous_provider_disabled", EXPECT(422, post(A "/signup", "{'data':{}}")));
	EXPECT_CODE("user_under_age",
		    EXPECT(403,
			   sign_up(email, ", 'data': {'birth_month': 1, 'birth_year': 2020}")));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM users WHERE email = '%s'", email));
}

TEST(a_mailed_code_counts_five_tries)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *form = "{'type': 'email', 'email': '%s', 'token': '%s'}", *mail, *code;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	EXPECT_CSTR("{}", EXPECT(200, post(A "/otp", t_fmt("{'email': '%s'}", ann.email)))->body);
	mail = t_mail(ann.email);
	code = code_in(mail);
	EXPECT_CODE("otp_expired", EXPECT(403, post(A "/verify", t_fmt(form, bob.email, code))));
	for (int i = 0; i < 5; i++)
		EXPECT_CODE("otp_expired",
			    EXPECT(403, post(A "/verify", t_fmt(form, ann.email, "12345x"))));
	EXPECT(403, post(A "/verify", t_fmt(form, ann.email, code)));
	EXPECT(303, t_get(NULL, "%s", link_path(mail))); /* the link is still good */

	EXPECT(200, post(A "/otp", t_fmt("{'email': '%s'}", bob.email)));
	code = code_in(t_mail(bob.email));
	EXPECT_STR(bob.id, EXPECT(200, post(A "/verify", t_fmt(form, bob.email, code))), "user.id");
	EXPECT(403, post(A "/verify", t_fmt(form, bob.email, code)));
#pragma GCC diagnostic pop
}

/* Somebody signs up with another's address and waits; its owner must not come into an account which the other
 * can still enter. */
TEST(a_password_of_an_unconfirmed_sign_up_ends_with_a_link_that_is_no_confirmation)
{
	static const char *const ways[] = { A "/otp", A "/recover" };

	for (int i = 0; i < 2; i++) {
		const char *email = t_fmt("%s@example.com", t_unique("claimed"));
		struct t_user user = { 0 };

		snprintf(user.email, sizeof user.email, "%s", email);
		EXPECT(200, sign_up(email, ""));
		EXPECT_TRUE(t_mail(email) != NULL);
		t_sql("INSERT INTO sessions (id, user_id) SELECT gen_random_uuid(), id FROM users"
		      " WHERE email = '%s'",
		      email);
		EXPECT(200, post(ways[i], t_fmt("{'email': '%s'}", email)));
		const char *to = t_header(EXPECT(303, t_get(NULL, "%s", link_path(t_mail(email)))),
					  "Location");

		EXPECT_STR(email, EXPECT(200, get_user(after(to, "access_token="))), "email");
		EXPECT_CODE("invalid_credentials", EXPECT(400, sign_in(&user)));
		EXPECT_EQ(
			1,
			t_sql_int("SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id"
				  " WHERE u.email = '%s' AND s.revoked_at IS NULL",
				  email));
	}
}

TEST(one_mail_code_makes_an_account_unless_told_otherwise)
{
	const char *email = t_fmt("%s@example.com", t_unique("otp"));
	const struct t_reply *r;

	EXPECT_CODE("otp_disabled",
		    EXPECT(422,
			   post(A "/otp", t_fmt("{'email':'%s','create_user':false}", email))));
	EXPECT(200, post(A "/otp", t_fmt("{'email':'%s','create_user':true}", email)));
	r = EXPECT(200,
		   post(A "/verify",
			t_fmt("{'type':'email','email':'%s','token':'%s'}", email,
			      code_in(t_mail(email)))));
	EXPECT_STR(email, r, "user.email");
	EXPECT_STR("otp", claims(t_json(r, "access_token")), "amr[0].method");
}

/* ---- the account ---- */

TEST(metadata_are_merged_and_null_removes)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r;

	EXPECT(200, call("PUT", A "/user", ann.token, "{'data': {'a': 1, 'b': {'c': 2}}}"));
	r = EXPECT(200, call("PUT", A "/user", ann.token, "{'data': {'a': null, 'd': 'x'}}"));
	EXPECT_NONE(r, "user_metadata.a");
	EXPECT_INT(2, r, "user_metadata.b.c");
	EXPECT_STR("x", r, "user_metadata.d");
	r = EXPECT(200, sign_in(&ann));
	EXPECT_STR("x", claims(t_json(r, "access_token")), "user_metadata.d");
	EXPECT(200,
	       call("PUT", A "/user", ann.token,
		    t_fmt("{'data': {'large': '%s'}}", t_repeat("x", 20000))));
	r = EXPECT(200, sign_in(&ann)); /* a token must fit into a header */
	EXPECT_NONE(claims(t_json(r, "access_token")), "user_metadata.d");
	EXPECT(200, get_user(t_json(r, "access_token")));
}

TEST(a_new_password_ends_other_sessions)
{
	struct t_user ann = t_user("ann");
	const char *here = t_json(EXPECT(200, sign_in(&ann)), "access_token");

	EXPECT(200, sign_in(&ann));
	EXPECT_CODE("same_password",
		    EXPECT(422, call("PUT", A "/user", here, "{'password': '" T_PASSWORD "'}")));
	EXPECT_CODE("weak_password",
		    EXPECT(422, call("PUT", A "/user", here, "{'password': '12345'}")));
	EXPECT_EQ(2, live_sessions(ann.id));
	EXPECT(200, call("PUT", A "/user", here, "{'password': 'in-no-log-other'}"));
	EXPECT_EQ(1, live_sessions(ann.id));
	EXPECT(200, get_user(here));
	EXPECT_CODE("invalid_credentials", EXPECT(400, sign_in(&ann)));
}

TEST(a_new_address_is_confirmed_by_its_own_mail)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *to = t_fmt("%s@example.com", t_unique("moved")), *code;
	const struct t_reply *r;

	EXPECT_CODE("email_exists",
		    EXPECT(422,
			   call("PUT", A "/user", ann.token, t_fmt("{'email': '%s'}", bob.email))));
	r = EXPECT(200, call("PUT", A "/user", ann.token, t_fmt("{'email': '%s'}", to)));
	EXPECT_STR(ann.email, r, "email");
	EXPECT_STR(to, r, "new_email");
	code = code_in(t_mail(to));
	r = EXPECT(200,
		   post(A "/verify",
			t_fmt("{'type':'email_change','email':'%s','token':'%s'}", to, code)));
	EXPECT_STR(to, r, "user.email");
	EXPECT_STR(ann.id, r, "user.id");
}

TEST(a_forgotten_password_is_set_by_the_mailed_session)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r;
	const char *to;

	EXPECT(200, post(A "/recover", t_fmt("{'email': '%s'}", ann.email)));
	EXPECT(200, post(A "/recover", "{'email': 'nobody@example.com'}"));
	r = EXPECT(303, t_get(NULL, "%s", link_path(t_mail(ann.email))));
	to = t_header(r, "Location");
	EXPECT_CSTR("recovery", after(to, "&type="));
	EXPECT(200,
	       call("PUT", A "/user", after(to, "access_token="),
		    "{'password': 'in-no-log-newer'}"));
	EXPECT(400, sign_in(&ann));
	EXPECT(200,
	       post(A "/token?grant_type=password",
		    t_fmt("{'email':'%s','password':'in-no-log-newer'}", ann.email)));
}

TEST(links_lead_only_where_they_may)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r;

	EXPECT(200,
	       post(A "/otp?redirect_to=https%3A%2F%2Fevil.example%2Fhere",
		    t_fmt("{'email': '%s'}", ann.email)));
	r = EXPECT(303, t_get(NULL, "%s", link_path(t_mail(ann.email))));
	EXPECT_TRUE(strncmp(t_header(r, "Location"), "https://evil", 12) != 0);
	r = EXPECT(303,
		   t_get(NULL, A "/verify?token=x&type=signup&redirect_to=https://evil.example"));
	EXPECT_TRUE(strncmp(t_header(r, "Location"), "https://evil", 12) != 0);
}

/* ---- a browser that keeps a secret (PKCE) ---- */

#define VERIFIER "0123456789012345678901234567890123456789012345"

TEST(a_link_asked_for_with_a_challenge_gives_a_code)
{
	struct t_user ann = t_user("ann");
	const char *exchange = A "/token?grant_type=pkce", *to, *code;
	const char *challenge = t_sql("SELECT rtrim(translate(encode(sha256('" VERIFIER "'),"
				      " 'base64'), '+/', '-_'), '=')");
	const struct t_reply *r;

	EXPECT(200,
	       post(A "/otp",
		    t_fmt("{'email':'%s','code_challenge':'%s',"
			  "'code_challenge_method':'s256'}",
			  ann.email, challenge)));
	r = EXPECT(303, t_get(NULL, "%s", link_path(t_mail(ann.email))));
	to = t_header(r, "Location");
	EXPECT_TRUE(!strstr(to, "access_token"));
	code = after(to, "?code=");
	EXPECT_CODE("bad_code_verifier",
		    EXPECT(400,
			   post(exchange,
				t_fmt("{'auth_code':'%s','code_verifier':'wrong'}", code))));
	r = EXPECT(200,
		   post(exchange,
			t_fmt("{'auth_code':'%s','code_verifier':'" VERIFIER "'}", code)));
	EXPECT_STR(ann.id, r, "user.id");
	EXPECT_CODE("flow_state_not_found",
		    EXPECT(404,
			   post(exchange,
				t_fmt("{'auth_code':'%s','code_verifier':'" VERIFIER "'}", code))));
	EXPECT_CODE("validation_failed", EXPECT(400, post(exchange, "{}")));
	EXPECT_CODE("validation_failed",
		    EXPECT(400,
			   post(A "/otp",
				t_fmt("{'email':'%s','code_challenge':'short',"
				      "'code_challenge_method':'s256'}",
				      ann.email))));
}
