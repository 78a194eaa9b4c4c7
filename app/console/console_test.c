/* Who gets into the console and how, and what it shows. */
#include "app/console/console_test.h"

#include "app/console/assets.h"
#include "lib/base/totp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- somebody at the console ---- */

static const struct t_reply *send(const char *method, const char *path, const char *body,
				  const char *const *headers)
{
	const struct t_request q = { .method = method,
				     .path = path,
				     .body = body,
				     .headers = headers,
				     .admin = true };

	return t_send(&q);
}

T_PRINTF(1, 0) static const char *json_of(const char *format, va_list args)
{
	char *text = t_keep(4096);

	vsnprintf(text, 4096, format, args);
	for (char *p = text; *p; p++)
		if (*p == '\'')
			*p = '"';
	return text;
}

static const struct t_reply *knock(const char *email, const char *password,
				   const char *const *headers)
{
	const char *body = t_fmt("{\"email\": \"%s\", \"password\": \"%s\"}", email, password);

	return send("POST", "/console/api/sign-in", body, headers ? headers : T_LIST());
}

static void enter(struct t_operator *o, const struct t_reply *r)
{
	const char *cookie = t_header(r, "Set-Cookie");

	EXPECT_TRUE(cookie);
	o->cookie = t_fmt("Cookie: %.*s", (int)strcspn(cookie, ";"), cookie);
	o->token = t_fmt("X-Console-Token: %s", t_json(r, "token"));
}

struct t_operator t_operator(const char *role)
{
	struct t_operator o = { .user = t_user(role) };

	t_sql("UPDATE profiles SET role = '%s' WHERE id = '%s'", role, o.user.id);
	enter(&o, EXPECT(200, knock(o.user.email, T_PASSWORD, NULL)));
	return o;
}

const struct t_reply *t_console_get(const struct t_operator *o, const char *path, ...)
{
	char *text = t_keep(1024);
	va_list args;

	va_start(args, path);
	vsnprintf(text, 1024, path, args);
	va_end(args);
	return send("GET", text, NULL, o ? T_LIST(o->cookie) : T_LIST());
}

const struct t_reply *t_console_post(const struct t_operator *o, const char *path, const char *json,
				     ...)
{
	const char *body;
	va_list args;

	va_start(args, json);
	body = json_of(json, args);
	va_end(args);
	return send("POST", path, body, o ? T_LIST(o->cookie, o->token) : T_LIST());
}

long long t_on_record(const struct t_operator *o, const char *action, const char *target)
{
	return t_sql_int("SELECT count(*) FROM audit_log WHERE actor_id = '%s' AND action = '%s'"
			 " AND target_id IS NOT DISTINCT FROM %s",
			 o->user.id, action, t_lit(target));
}

/* ---- the page ---- */

TEST(the_page_and_its_parts_are_below_100_kb)
{
	size_t all = 0;

	for (const struct asset *a = console_assets; a->name; a++)
		all += a->bytes.n;
	EXPECT_TRUE(all > 10000 && all <= 100 * 1024);
}

TEST(the_page_runs_nothing_but_its_own_files)
{
	const struct t_reply *page = EXPECT(200, t_admin_get("/"));
	const char *policy = t_header(page, "Content-Security-Policy");

	EXPECT_HEADER("text/html; charset=utf-8", page, "Content-Type");
	EXPECT_TRUE(policy
		    && strstr(policy, "default-src 'none'; script-src 'self'; style-src 'self'"));
	EXPECT_TRUE(!strstr(policy, "unsafe"));
	EXPECT_TRUE(strstr(policy, "frame-ancestors 'none'"));
	EXPECT_TRUE(!strstr(page->body, "http:") && !strstr(page->body, "https:"));
	EXPECT_TRUE(!strstr(page->body, "<style") && !strstr(page->body, "onload"));
}

TEST(its_parts_are_asked_for_once)
{
	const struct t_reply *r = EXPECT(200, t_admin_get("/console/console.js"));
	const char *known = t_fmt("If-None-Match: %s", t_header(r, "ETag"));

	EXPECT_HEADER("text/javascript; charset=utf-8", r, "Content-Type");
	EXPECT(304, send("GET", "/console/console.js", NULL, T_LIST(known)));
	EXPECT(404, t_admin_get("/console/nothing.js"));
	EXPECT(404, t_get(NULL, "/console/console.js"));
}

/* ---- signing in ---- */

TEST(operators_sign_in_by_a_cookie_that_scripts_and_sites_cannot_use)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r;

	t_sql("UPDATE profiles SET role = 'moderator' WHERE id = '%s'", ann.id);
	r = EXPECT(200, knock(ann.email, T_PASSWORD, NULL));
	EXPECT_STR("moderator", r, "role");
	EXPECT_STR(ann.handle, r, "handle");
	EXPECT_TRUE(strstr(t_header(r, "Set-Cookie"), "; HttpOnly; SameSite=Strict"));
	EXPECT_TRUE(!strstr(t_header(r, "Set-Cookie"), "Secure"));
	r = EXPECT(200, knock(ann.email, T_PASSWORD, T_LIST("X-Forwarded-Proto: https")));
	EXPECT_TRUE(strstr(t_header(r, "Set-Cookie"), "; SameSite=Strict; Secure"));
	EXPECT_EQ(2,
		  t_sql_int("SELECT count(*) FROM audit_log WHERE actor_id = '%s'"
			    " AND action = 'console.sign_in'",
			    ann.id));
}

TEST(others_learn_nothing_at_the_door)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *right = EXPECT(401, knock(ann.email, T_PASSWORD, NULL));
	const struct t_reply *wrong = EXPECT(401, knock(ann.email, "not this one", NULL));

	EXPECT_CODE("invalid_credentials", right);
	EXPECT_CODE("invalid_credentials", wrong);
	EXPECT_NONE(right, "token");
	EXPECT_NULL(t_header(right, "Set-Cookie"));
}

TEST(a_second_factor_is_asked_for_when_the_account_has_one)
{
	struct t_operator o = { .user = t_user("ann") };
	const char *secret;
	char code[7] = "";
	const struct t_reply *r;

	t_sql("UPDATE profiles SET role = 'admin' WHERE id = '%s'", o.user.id);
	secret = t_json(EXPECT(200, t_post(&o.user, "/api/v1/auth/mfa/setup")), "secret");
	EXPECT_TRUE(totp_code(str_of(secret), time(NULL) / 30, code));
	EXPECT(200, t_post_json(&o.user, "/api/v1/auth/mfa/confirm", "{'code': '%s'}", code));
	t_sql("UPDATE mfa_secrets SET last_used_step = 0 WHERE user_id = '%s'", o.user.id);

	r = EXPECT(200, knock(o.user.email, T_PASSWORD, NULL));
	EXPECT_BOOL(true, r, "mfa_required");
	EXPECT_NULL(t_header(r, "Set-Cookie"));
	EXPECT_CODE("mfa_code_wrong",
		    EXPECT(401,
			   t_console_post(NULL, "/console/api/sign-in/code",
					  "{'temp_token': '%s', 'recovery_code': 'aaaaa-aaaaa'}",
					  t_json(r, "temp_token"))));
	EXPECT_TRUE(totp_code(str_of(secret), time(NULL) / 30, code));
	r = EXPECT(200,
		   t_console_post(NULL, "/console/api/sign-in/code",
				  "{'temp_token': '%s', 'code': '%s'}", t_json(r, "temp_token"),
				  code));
	enter(&o, r);
	EXPECT_STR("admin", EXPECT(200, t_console_get(&o, "/console/api/me")), "role");
	EXPECT_BOOL(true, t_console_get(&o, "/console/api/me"), "mfa_enabled");
}

TEST(wrong_tries_are_slowed_down_and_right_ones_are_not)
{
	struct t_server *s = t_server_start("RATE_LIMITS=on");
	struct t_user ann = t_user("ann");
	const struct t_reply *r = NULL;

	t_sql("UPDATE profiles SET role = 'admin' WHERE id = '%s'", ann.id);
	for (int i = 0; i < 4; i++)
		EXPECT(200, knock(ann.email, T_PASSWORD, NULL));
	for (int i = 0; i < 4; i++)
		r = knock(ann.email, "not this one", NULL);
	EXPECT(429, r);
	EXPECT_CODE("rate_limited", r);
	EXPECT_TRUE(t_header(r, "Retry-After"));
	t_server_stop(s);
}

/* ---- staying in ---- */

TEST(without_a_session_there_is_nothing_to_see)
{
	static const char *const paths[] = { "now",	"history", "errors",  "map",
					     "move",	"config",  "openapi", "people",
					     "reports", "flags",   "weights", "audit" };
	struct t_operator o = t_operator("admin");
	const char *bearer = t_fmt("Authorization: Bearer %s", o.user.token);

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		const char *path = t_fmt("/console/api/%s", paths[i]);

		EXPECT_CODE("signed_out", EXPECT(401, t_admin_get(path)));
		EXPECT_CODE("signed_out", EXPECT(401, send("GET", path, NULL, T_LIST(bearer))));
		EXPECT(200, t_console_get(&o, "%s", path));
		EXPECT(404, t_get(&o.user, "%s", path));
	}
	EXPECT(204, t_admin_get("/console/api/me"));
}

TEST(the_cookie_opens_no_other_door_and_no_token_opens_this_one)
{
	struct t_operator o = t_operator("admin");
	const char *bearer = t_fmt("Authorization: Bearer %s", strchr(o.cookie, '=') + 1);
	const char *cookie = t_fmt("Cookie: sojorn_console=%s", o.user.token);
	const struct t_request q = { .method = "GET",
				     .path = "/api/v1/profile",
				     .headers = T_LIST(bearer) };

	EXPECT(401, t_send(&q));
	EXPECT(401, send("GET", "/console/api/now", NULL, T_LIST(cookie)));
	EXPECT(401, send("GET", "/console/api/now", NULL, T_LIST("Cookie: sojorn_console=x.y.z")));
}

TEST(only_the_page_itself_may_change_something)
{
	struct t_operator o = t_operator("admin"), other = t_operator("admin");
	static const char path[] = "/console/api/sign-out";

	EXPECT_CODE("console_token", EXPECT(403, send("POST", path, "{}", T_LIST(o.cookie))));
	EXPECT(403, send("POST", path, "{}", T_LIST(o.cookie, other.token)));
	EXPECT(403,
	       send("POST", path, "{}", T_LIST(o.cookie, o.token, "Sec-Fetch-Site: cross-site")));
	EXPECT(403, knock(o.user.email, T_PASSWORD, T_LIST("Sec-Fetch-Site: same-site")));
	EXPECT(200, t_console_get(&o, "/console/api/now"));
	EXPECT(200,
	       send("POST", path, "{}", T_LIST(o.cookie, o.token, "Sec-Fetch-Site: same-origin")));
	EXPECT_CODE("signed_out", EXPECT(401, t_console_get(&o, "/console/api/now")));
}

TEST(whoever_loses_the_role_finds_nothing_any_more)
{
	struct t_operator o = t_operator("moderator");

	t_sql("UPDATE profiles SET role = 'user' WHERE id = '%s'", o.user.id);
	EXPECT(404, t_console_get(&o, "/console/api/now"));
	EXPECT(404,
	       t_console_post(&o, t_fmt("/console/api/people/%s/suspend", o.user.id),
			      "{'hours': 1, 'reason': 'x'}"));
}

TEST(a_new_password_ends_the_console_too)
{
	struct t_operator o = t_operator("admin");

	t_sql("UPDATE sessions SET revoked_at = now() WHERE user_id = '%s'", o.user.id);
	EXPECT_CODE("signed_out", EXPECT(401, t_console_get(&o, "/console/api/now")));
}

TEST(some_things_are_an_administrators)
{
	static const char *const paths[] = { "config", "weights", "audit" };
	struct t_operator o = t_operator("moderator");

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		EXPECT_CODE("admin_only",
			    EXPECT(403, t_console_get(&o, "/console/api/%s", paths[i])));
	EXPECT_CODE("admin_only",
		    EXPECT(403,
			   t_console_post(&o, "/console/api/weights/feed_tone_weight",
					  "{'value': 0.15}")));
}

/* ---- what it shows ---- */

TEST(the_state_of_now_is_told)
{
	struct t_operator o = t_operator("moderator");
	const struct t_reply *r = EXPECT(200, t_console_get(&o, "/console/api/now"));

	EXPECT_TRUE(t_json_int(r, "database.size") > 1000000);
	EXPECT_TRUE(t_json_int(r, "database.max_connections") > 0);
	EXPECT_TRUE(t_json_int(r, "counts.new_users") > 0);
	EXPECT_STR("development", r, "environment");
	EXPECT_TRUE(t_json_int(r, "jobs.waiting") >= 0);
}

/* The ring takes a sample every five seconds, and a row is the difference of two. */
static const struct t_reply *history_of(const struct t_operator *o, long long rows)
{
	const struct timespec tick = { .tv_nsec = 100000000 };
	const struct t_reply *r;

	for (int tries = 0; tries < 600; tries++) {
		r = EXPECT(200, t_console_get(o, "/console/api/history"));
		if ((long long)t_json_count(r, "rows") >= rows)
			return r;
		nanosleep(&tick, NULL);
	}
	t_fail("no history of %lld rows", rows);
}

TEST(the_charts_have_rates_of_each_step)
{
	struct t_operator o = t_operator("moderator");
	const struct t_reply *r = history_of(&o, 1), *more;
	size_t columns = t_json_count(r, "columns");
	long long last = t_json_int(r, "last"), boot = t_json_int(r, "boot");

	EXPECT_INT(5, r, "step");
	EXPECT_STR("at", r, "columns[0]");
	EXPECT_EQ(columns, t_json_count(r, "rows[0]"));
	more = EXPECT(200,
		      t_console_get(&o, "/console/api/history?after=%lld&boot=%lld", last, boot));
	EXPECT_TRUE(t_json_count(more, "rows") <= (size_t)(t_json_int(more, "last") - last));
	more = EXPECT(200, t_console_get(&o, "/console/api/history?after=%lld&boot=1", last));
	EXPECT_TRUE(t_json_count(more, "rows") >= t_json_count(r, "rows"));
	EXPECT_INT(120, EXPECT(200, t_console_get(&o, "/console/api/history?span=day")), "step");
	EXPECT(400, t_console_get(&o, "/console/api/history?span=year"));
}

static int find_error(const struct t_operator *o, const char *code)
{
	return t_json_find(EXPECT(200, t_console_get(o, "/console/api/errors")), "errors", "code",
			   code);
}

TEST(errors_are_listed_by_route_with_how_to_find_the_last_one)
{
	static const char *const headers[] = { "X-Request-Id: of-this-very-test", NULL };
	struct t_operator o = t_operator("moderator");
	const struct t_request q = { .method = "GET",
				     .path = "/api/v1/posts/00000000-0000-4000-8000-000000000000",
				     .user = &o.user,
				     .headers = headers };
	const char *body;

	EXPECT(404, t_send(&q));
	EXPECT_SOON(find_error(&o, "not_found") >= 0);
	EXPECT_SOON(strstr(t_console_get(&o, "/console/api/errors")->body, "of-this-very-test"));
	body = t_console_get(&o, "/console/api/errors")->body;
	EXPECT_TRUE(strstr(body, "\"/api/v1/posts/:id\""));
	EXPECT_TRUE(!strstr(body, "00000000-0000-4000-8000-000000000000"));
}

TEST(the_map_is_coarse)
{
	struct t_operator o = t_operator("moderator");
	const struct t_reply *r;
	int at = -1;

	t_sql("INSERT INTO beacons (beacon_type, lat, long, severity, body, expires_at)"
	      " VALUES ('hazard', -47.63, -121.37, 'high', 'x', now() + interval '1 hour')");
	t_sql("UPDATE profile_private SET origin_country = 'nz' WHERE user_id = '%s'", o.user.id);
	r = EXPECT(200, t_console_get(&o, "/console/api/map"));
	for (size_t i = 0; i < t_json_count(r, "beacons"); i++)
		if (strcmp(t_json(r, t_fmt("beacons[%zu].lat", i)), "-47.75") == 0
		    && strcmp(t_json(r, t_fmt("beacons[%zu].lon", i)), "-121.25") == 0)
			at = (int)i;
	EXPECT_TRUE(at >= 0);
	EXPECT_TRUE(t_json_int(r, t_fmt("beacons[%d].severe", at)) >= 1);
	EXPECT_TRUE(!strstr(r->body, "47.63") && !strstr(r->body, "121.37"));
	EXPECT_TRUE(t_json_find(r, "people", "country", "NZ") >= 0);
}

TEST(settings_are_shown_without_secrets)
{
	struct t_operator o = t_operator("admin");
	const struct t_reply *r = EXPECT(200, t_console_get(&o, "/console/api/config"));

	EXPECT_TRUE(t_json_find(r, "", "name", "JWT_SECRET") >= 0);
	EXPECT_TRUE(!strstr(r->body, t_jwt_secret));
	EXPECT_TRUE(!strstr(r->body, t_database_url()));
}

TEST(the_api_is_described)
{
	struct t_operator o = t_operator("moderator");

	EXPECT_STR("3.1.0", EXPECT(200, t_console_get(&o, "/console/api/openapi")), "openapi");
}

TEST(the_move_is_told_once_there_is_one)
{
	struct t_server *s = t_server_start();
	struct t_operator o = t_operator("moderator");
	const struct t_reply *r = EXPECT(200, t_console_get(&o, "/console/api/move"));

	EXPECT_NONE(r, "run");
	EXPECT_COUNT(0, r, "files");
	t_sql("WITH r AS (INSERT INTO supabase_move.runs (phase) VALUES ('landing') RETURNING id),"
	      " f AS (INSERT INTO supabase_move.files (run_id, n, name, size, fingerprint, done_to)"
	      "       SELECT id, 0, 'dump.sql', 1000, 'x', 250 FROM r),"
	      " l AS (INSERT INTO supabase_move.ledger (run_id, file, at, kind, object, outcome, n)"
	      "       SELECT id, 0, 0, 'rows', 'public.posts', 'done', 42 FROM r)"
	      " INSERT INTO supabase_move.verdicts (run_id, ok, report)"
	      " SELECT id, false, '{\"tables\": [], \"differences\": []}' FROM r");
	r = EXPECT(200, t_console_get(&o, "/console/api/move"));
	EXPECT_STR("landing", r, "run.phase");
	EXPECT_INT(250, r, "files[0].done_to");
	EXPECT_INT(42, r, "ledger[0].rows");
	EXPECT_BOOL(false, r, "verdict.ok");
	EXPECT_COUNT(0, r, "verdict.report.tables");
	t_server_stop(s);
}

/* ---- sojorn admin ---- */

TEST(roles_are_given_on_the_command_line)
{
	struct t_user ann = t_user("ann");
	struct t_run r = t_run(NULL, "admin", "grant", t_fmt("@%s", ann.handle));

	EXPECT_EQ(0, r.status);
	EXPECT_CSTR(t_fmt("%s: admin\n", ann.handle), r.out);
	EXPECT_TRUE(strstr(r.err, "no second factor"));
	EXPECT_CSTR("admin", t_sql("SELECT role FROM profiles WHERE id = '%s'", ann.id));
	EXPECT_EQ(1,
		  t_sql_int("SELECT count(*) FROM audit_log WHERE action = 'role.give'"
			    " AND actor_id IS NULL AND target_id = '%s'",
			    ann.id));
	r = t_run(NULL, "admin", "list", "--json");
	EXPECT_TRUE(t_json_find(t_run_json(r), "", "handle", ann.handle) >= 0);
	EXPECT_EQ(0, t_run(NULL, "admin", "revoke", ann.handle).status);
	EXPECT_CSTR("user", t_sql("SELECT role FROM profiles WHERE id = '%s'", ann.id));
	EXPECT_EQ(1, t_run(NULL, "admin", "grant", "nobody.of.this.name").status);
	EXPECT_EQ(2, t_run(NULL, "admin", "grant", ann.handle, "--role", "king").status);
	EXPECT_EQ(2, t_run(NULL, "admin").status);
}
