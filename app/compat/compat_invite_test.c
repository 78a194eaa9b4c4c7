/* What only whoever has the service key may: invitations, links to hand over, others' second factors; and nonces. */
#include "app/compat/compat_test.h"

static void refused(const char *code, int status, const struct t_reply *r)
{
	EXPECT_CODE(code, EXPECT(status, r));
}

static const struct t_reply *make_link(const char *json)
{
	return call("POST", A "/admin/generate_link", SERVICE, json);
}

TEST(an_invitation_makes_an_account_of_its_link)
{
	const char *to = t_fmt("%s@example.org", t_unique("guest")),
		   *json = t_fmt("{'email':'%s','data':{'colour':'green'}}", to);
	const struct t_reply *r;

	refused("no_authorization", 401, call("POST", A "/invite", NULL, json));
	refused("not_admin", 403, call("POST", A "/invite", t_user("ann").token, json));
	r = EXPECT(200, call("POST", A "/invite", SERVICE, json));
	EXPECT_STR(to, r, "email");
	EXPECT_STR("green", r, "user_metadata.colour");
	EXPECT_NONE(r, "email_confirmed_at");
	r = EXPECT(303, t_get(NULL, "%s", link_path(t_mail(to))));
	EXPECT_TRUE(strstr(t_header(r, "Location"), "access_token=")
		    && strstr(t_header(r, "Location"), "type=invite"));
	refused("email_exists", 422, call("POST", A "/invite", SERVICE, json));
	refused("validation_failed", 400, call("POST", A "/invite", SERVICE, "{'email':'nobody'}"));
}

TEST(a_link_to_hand_over_is_as_good_as_a_mailed_one)
{
	struct t_user ann = t_user("ann");
	const char *to = t_fmt("%s@example.org", t_unique("new"));
	const struct t_reply *r;

	refused("not_admin", 403,
		call("POST", A "/admin/generate_link", ann.token,
		     t_fmt("{'type':'recovery','email':'%s'}", ann.email)));
	r = EXPECT(200,
		   make_link(t_fmt(
			   "{'type':'magiclink','email':'%s','redirect_to':'http://evil.example'}",
			   ann.email)));
	EXPECT_STR(ann.id, r, "id");
	EXPECT_STR("magiclink", r, "verification_type");
	EXPECT_FALSE(strstr(r->body, "evil"));
	EXPECT(200,
	       post(A "/verify",
		    t_fmt("{'type':'magiclink','token_hash':'%s'}", t_json(r, "hashed_token"))));
	refused("otp_expired", 403,
		post(A "/verify",
		     t_fmt("{'type':'magiclink','token_hash':'%s'}", t_json(r, "hashed_token"))));
	r = EXPECT(200, make_link(t_fmt("{'type':'recovery','email':'%s'}", ann.email)));
	EXPECT(200,
	       post(A "/verify",
		    t_fmt("{'type':'recovery','email':'%s','token':'%s'}", ann.email,
			  t_json(r, "email_otp"))));
	r = EXPECT(200,
		   make_link(t_fmt("{'type':'signup','email':'%s','password':'in-no-log-made'}",
				   to)));
	EXPECT(303, t_get(NULL, "%s", link_path(t_json(r, "action_link"))));
	EXPECT(200,
	       post(A "/token?grant_type=password",
		    t_fmt("{'email':'%s','password':'in-no-log-made'}", to)));
	r = EXPECT(200,
		   make_link(t_fmt("{'type':'email_change_new','email':'%s','new_email':'x%s'}", to,
				   to)));
	EXPECT_STR(t_fmt("x%s", to),
		   EXPECT(200,
			  post(A "/verify",
			       t_fmt("{'type':'email_change','token_hash':'%s'}",
				     t_json(r, "hashed_token")))),
		   "user.email");

	refused("validation_failed", 400, make_link("{'type':'signup','email':'a@example.org'}"));
	refused("validation_failed", 400, make_link("{'type':'what','email':'a@example.org'}"));
	refused("validation_failed", 400, make_link("{'email':'a@example.org'}"));
	refused("validation_failed", 400,
		make_link(t_fmt(
			"{'type':'email_change_current','email':'%s','new_email':'b@example.org'}",
			ann.email)));
	refused("user_not_found", 404,
		make_link(t_fmt("{'type':'recovery','email':'nobody-%s'}", to)));
	refused("email_exists", 422, make_link(t_fmt("{'type':'invite','email':'%s'}", ann.email)));
	refused("email_exists", 422,
		make_link(t_fmt("{'type':'email_change_new','email':'x%s','new_email':'%s'}", to,
				ann.email)));
	EXPECT_EQ(0,
		  t_sql_int("SELECT count(*) FROM outbox WHERE payload ->> 'to' = '%s'",
			    to)); /* nothing was mailed */
}

TEST(a_nonce_says_that_it_is_they_who_change_the_password)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *session = EXPECT(200, sign_in(&ann));
	const char *token = t_json(session, "access_token"), *code;

	refused("no_authorization", 401, call("GET", A "/reauthenticate", NULL, NULL));
	EXPECT(200, call("GET", A "/reauthenticate", token, NULL));
	code = code_in(t_mail(ann.email));
	refused("otp_expired", 403,
		post(A "/verify",
		     t_fmt("{'type':'email','email':'%s','token':'%s'}", ann.email,
			   code))); /* signs nobody in */
	refused("reauthentication_not_valid", 422,
		call("PUT", A "/user", token,
		     t_fmt("{'password':'in-no-log-new','nonce':'%06d'}",
			   (atoi(code) + 1) % 1000000)));
	EXPECT(200,
	       call("PUT", A "/user", token,
		    t_fmt("{'password':'in-no-log-new','nonce':'%s'}", code)));
	refused("reauthentication_not_valid", 422,
		call("PUT", A "/user", token,
		     t_fmt("{'password':'in-no-log-newer','nonce':'%s'}", code)));
}

TEST(a_second_factor_is_seen_and_taken_away_by_an_admin)
{
	struct t_user ann = t_user("ann");
	const char *factors = t_fmt(A "/admin/users/%s/factors", ann.id), *id;
	const struct t_reply *r;

	EXPECT(200,
	       call("POST", A "/factors", ann.token,
		    "{'factor_type':'totp','friendly_name':'phone'}"));
	refused("not_admin", 403, call("GET", factors, ann.token, NULL));
	r = EXPECT(200, call("GET", factors, SERVICE, NULL));
	EXPECT_COUNT(1, r, "");
	EXPECT_STR("phone", r, "[0].friendly_name");
	id = t_json(r, "[0].id");
	refused("mfa_factor_not_found", 404,
		call("DELETE", t_fmt("%s/%s", factors, ann.id), SERVICE, NULL));
	EXPECT_STR(id, EXPECT(200, call("DELETE", t_fmt("%s/%s", factors, id), SERVICE, NULL)),
		   "id");
	EXPECT_COUNT(0, EXPECT(200, call("GET", factors, SERVICE, NULL)), "");
}

TEST(what_is_switched_off_is_answered_as_by_a_project_that_has_it_off)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r = EXPECT(200, call("GET", A "/settings", NULL, NULL));

	EXPECT_BOOL(true, r, "external.email");
	EXPECT_BOOL(false, r, "external.google");
	EXPECT_BOOL(false, r, "mailer_autoconfirm");
	refused("validation_failed", 400, call("GET", A "/authorize?provider=google", NULL, NULL));
	refused("manual_linking_disabled", 404,
		call("GET", A "/user/identities/authorize?provider=google", ann.token, NULL));
	refused("manual_linking_disabled", 404,
		call("DELETE", t_fmt(A "/user/identities/%s", ann.id), ann.token, NULL));
	refused("saml_provider_disabled", 422, post(A "/sso", "{'domain':'example.org'}"));
}
