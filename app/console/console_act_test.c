/* What operators do: its effect, its row of the record, and whose it is to do. */
#include "app/console/console_test.h"

#include <string.h>

static const char *status_of(const struct t_user *u)
{
	return t_sql("SELECT status FROM users WHERE id = '%s'", u->id);
}

static const char *post_status(const char *post)
{
	return t_sql("SELECT status FROM posts WHERE id = '%s'", post);
}

static const struct t_reply *suspend(const struct t_operator *o, const struct t_user *u)
{
	return t_console_post(o, t_fmt("/console/api/people/%s/suspend", u->id),
			      "{'hours': 24, 'reason': 'of this test'}");
}

static const struct t_reply *lift(const struct t_operator *o, const struct t_user *u)
{
	return t_console_post(o, t_fmt("/console/api/people/%s/lift", u->id),
			      "{'reason': 'of this test'}");
}

/* ---- people ---- */

TEST(a_suspension_shuts_somebody_out_and_lifting_it_lets_them_back)
{
	struct t_operator o = t_operator("moderator");
	struct t_user ann = t_user("ann");
	const char *post = t_new_post(&ann);

	EXPECT(200, t_get(&ann, "/api/v1/profile"));
	EXPECT_TRUE(t_json(EXPECT(200, suspend(&o, &ann)), "suspended_until"));
	EXPECT_CSTR("suspended", status_of(&ann));
	EXPECT_CSTR("jailed", post_status(post));
	EXPECT_CODE("suspended", EXPECT(403, t_get(&ann, "/api/v1/profile")));
	EXPECT_EQ(1, t_on_record(&o, "user.suspend", ann.id));
	EXPECT_CSTR(o.user.id,
		    t_sql("SELECT changed_by FROM user_status_history WHERE user_id = '%s'",
			  ann.id));

	EXPECT(200, lift(&o, &ann));
	EXPECT_CSTR("active", status_of(&ann));
	EXPECT_CSTR("active", post_status(post));
	EXPECT(200, t_get(&ann, "/api/v1/profile"));
	EXPECT_EQ(1, t_on_record(&o, "user.lift", ann.id));
}

TEST(a_suspension_needs_a_reason_and_an_end)
{
	struct t_operator o = t_operator("moderator");
	struct t_user ann = t_user("ann");
	const char *path = t_fmt("/console/api/people/%s/suspend", ann.id);

	EXPECT(400, t_console_post(&o, path, "{'hours': 24}"));
	EXPECT(400, t_console_post(&o, path, "{'hours': 0, 'reason': 'x'}"));
	EXPECT(400, t_console_post(&o, path, "{'hours': 100000, 'reason': 'x'}"));
	EXPECT(404,
	       t_console_post(&o,
			      "/console/api/people/00000000-0000-4000-8000-000000000000/suspend",
			      "{'hours': 24, 'reason': 'x'}"));
	EXPECT_CSTR("active", status_of(&ann));
	EXPECT_EQ(0, t_on_record(&o, "user.suspend", ann.id));
}

TEST(moderators_do_not_suspend_their_own_kind_nor_anybody_themselves)
{
	struct t_operator mod = t_operator("moderator"), admin = t_operator("admin");

	EXPECT_CODE("admin_only", EXPECT(403, suspend(&mod, &admin.user)));
	EXPECT_CODE("own_account", EXPECT(409, suspend(&mod, &mod.user)));
	EXPECT_CSTR("active", status_of(&admin.user));
	EXPECT(200, suspend(&admin, &mod.user));
	EXPECT_CODE("suspended", EXPECT(403, t_console_get(&mod, "/console/api/now")));
}

TEST(a_ban_is_an_administrators_to_lift)
{
	struct t_operator mod = t_operator("moderator"), admin = t_operator("admin");
	struct t_user ann = t_user("ann");

	EXPECT_CODE("wrong_status", EXPECT(409, lift(&mod, &ann)));
	t_sql("UPDATE users SET status = 'banned' WHERE id = '%s'", ann.id);
	t_sql("INSERT INTO banned_ips (ip, user_id) VALUES ('203.0.113.%lld', '%s')"
	      " ON CONFLICT (ip) DO UPDATE SET user_id = excluded.user_id",
	      t_sql_int("SELECT 1 + abs(hashtext('%s')) %% 250", ann.id), ann.id);
	EXPECT_CODE("wrong_status", EXPECT(409, suspend(&mod, &ann)));
	EXPECT_CODE("admin_only", EXPECT(403, lift(&mod, &ann)));
	EXPECT(200, lift(&admin, &ann));
	EXPECT_CSTR("active", status_of(&ann));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM banned_ips WHERE user_id = '%s'", ann.id));
}

TEST(people_are_found_and_their_address_is_for_administrators)
{
	struct t_operator mod = t_operator("moderator"), admin = t_operator("admin");
	struct t_user ann = t_user("ann");
	const struct t_reply *r =
		EXPECT(200, t_console_get(&mod, "/console/api/people?q=@%s", ann.handle));

	EXPECT_STR(ann.id, r, "people[0].id");
	EXPECT_NONE(r, "people[0].email");
	EXPECT_STR(ann.id, t_console_get(&mod, "/console/api/people?q=%s", ann.id), "people[0].id");
	r = EXPECT(200, t_console_get(&admin, "/console/api/people?q=%s", ann.email));
	EXPECT_STR(ann.email, r, "people[0].email");
	EXPECT_COUNT(0, t_console_get(&mod, "/console/api/people?q=nobody.of.this.name"), "people");
	EXPECT(200, suspend(&mod, &ann));
	r = EXPECT(200, t_console_get(&mod, "/console/api/people/%s", ann.id));
	EXPECT_STR("suspended", r, "person.status");
	EXPECT_STR("of this test", r, "history[0].reason");
	EXPECT(404,
	       t_console_get(&mod, "/console/api/people/00000000-0000-4000-8000-000000000000"));
}

/* ---- what people wrote ---- */

static const char *report(const struct t_user *by, const struct t_user *author, const char *post)
{
	return t_sql("INSERT INTO reports (reporter_id, target_user_id, post_id, violation_type)"
		     " VALUES ('%s', '%s', '%s', 'scam') RETURNING id",
		     by->id, author->id, post);
}

static const char *flag(const struct t_user *author, const char *post)
{
	return t_sql("INSERT INTO moderation_flags (user_id, post_id, flag_reason, scores)"
		     " VALUES ('%s', '%s', 'poison', '{\"hate\": 0.9}') RETURNING id",
		     author->id, post);
}

static const struct t_reply *remove_it(const struct t_operator *o, const char *id)
{
	return t_console_post(o, t_fmt("/console/api/posts/%s/remove", id),
			      "{'reason': 'of this test'}");
}

TEST(what_is_removed_is_seen_by_nobody_else_and_answers_who_reported_it)
{
	struct t_operator o = t_operator("moderator");
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post(&ann), *told = report(&bob, &ann, post);
	const char *flagged = flag(&ann, post);

	EXPECT(200, t_get(&bob, "/api/v1/posts/%s", post));
	EXPECT(400, t_console_post(&o, t_fmt("/console/api/posts/%s/remove", post), "{}"));
	EXPECT(200, remove_it(&o, post));
	EXPECT(404, t_get(&bob, "/api/v1/posts/%s", post));
	EXPECT_CSTR("actioned", t_sql("SELECT status FROM reports WHERE id = '%s'", told));
	EXPECT_CSTR("actioned",
		    t_sql("SELECT status FROM moderation_flags WHERE id = '%s'", flagged));
	EXPECT_EQ(1, t_on_record(&o, "post.remove", post));
	EXPECT(404, remove_it(&o, post));
	EXPECT_EQ(1, t_on_record(&o, "post.remove", post));
}

TEST(a_removed_post_stays_removed_when_its_author_comes_back)
{
	struct t_operator o = t_operator("moderator");
	struct t_user ann = t_user("ann");
	const char *post = t_new_post(&ann);

	EXPECT(200, suspend(&o, &ann));
	EXPECT(200, remove_it(&o, post));
	EXPECT(200, lift(&o, &ann));
	EXPECT_CSTR("removed", post_status(post));
}

TEST(beacons_are_removed_in_the_same_way)
{
	struct t_operator o = t_operator("moderator");
	const char *beacon = t_sql(
		"INSERT INTO beacons (beacon_type, lat, long, body, expires_at)"
		" VALUES ('hazard', 1.02, 1.03, 'x', now() + interval '1 hour') RETURNING id");

	EXPECT(200, remove_it(&o, beacon));
	EXPECT_CSTR("removed", t_sql("SELECT status FROM beacons WHERE id = '%s'", beacon));
	EXPECT_EQ(1, t_on_record(&o, "beacon.remove", beacon));
}

/* ---- reports ---- */

static const struct t_reply *resolve(const struct t_operator *o, const char *id,
				     const char *outcome)
{
	return t_console_post(o, t_fmt("/console/api/reports/%s/resolve", id),
			      "{'outcome': '%s', 'note': 'looked at'}", outcome);
}

TEST(a_report_is_resolved_once)
{
	struct t_operator o = t_operator("moderator");
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post(&ann), *id = report(&bob, &ann, post);

	EXPECT(400, resolve(&o, id, "forgotten"));
	EXPECT(200, resolve(&o, id, "dismissed"));
	EXPECT_CSTR("dismissed", t_sql("SELECT status FROM reports WHERE id = '%s'", id));
	EXPECT_CSTR(o.user.id, t_sql("SELECT reviewed_by FROM reports WHERE id = '%s'", id));
	EXPECT_CODE("settled", EXPECT(409, resolve(&o, id, "actioned")));
	EXPECT_EQ(1, t_on_record(&o, "report.resolve", id));
	EXPECT_STR("dismissed", EXPECT(200, t_get(&bob, "/api/v1/reports/mine")),
		   "reports[0].status");
}

/* In a database of its own, as the list is that of everybody. */
TEST(reports_come_oldest_first_with_what_they_are_about)
{
	struct t_server *s = t_server_start();
	struct t_operator o = t_operator("moderator");
	struct t_user ann = t_user("ann"), bob = t_user("bob"), cat = t_user("cat");
	const char *post = t_new_post(&ann), *first = report(&bob, &ann, post);
	const char *second = report(&cat, &ann, post);
	const struct t_reply *r = EXPECT(200, t_console_get(&o, "/console/api/reports"));

	EXPECT_COUNT(2, r, "reports");
	EXPECT_STR(first, r, "reports[0].id");
	EXPECT_STR(bob.handle, r, "reports[0].reporter");
	EXPECT_STR(ann.handle, r, "reports[0].target");
	EXPECT_STR("post", r, "reports[0].object");
	EXPECT_TRUE(t_json(r, "reports[0].body"));
	r = EXPECT(200,
		   t_console_get(&o, "/console/api/reports?after=%s&after_id=%s",
				 t_json(r, "reports[0].created_at"), first));
	EXPECT_COUNT(1, r, "reports");
	EXPECT_STR(second, r, "reports[0].id");
	t_server_stop(s);
}

/* ---- the moderation queue ---- */

static const struct t_reply *review(const struct t_operator *o, const char *id,
				    const char *decision)
{
	return t_console_post(o, t_fmt("/console/api/flags/%s/review", id), "{'decision': '%s'}",
			      decision);
}

TEST(what_is_approved_is_shown_and_what_is_rejected_goes)
{
	struct t_operator o = t_operator("moderator");
	struct t_user ann = t_user("ann");
	const char *good = t_new_post_with(&ann, "status = 'flagged'"), *bad = t_new_post(&ann);
	const char *of_good = flag(&ann, good), *of_bad = flag(&ann, bad);

	EXPECT(400, review(&o, of_good, "maybe"));
	EXPECT(200, review(&o, of_good, "approved"));
	EXPECT(200, review(&o, of_bad, "rejected"));
	EXPECT_CSTR("active", post_status(good));
	EXPECT_CSTR("removed", post_status(bad));
	EXPECT_CODE("settled", EXPECT(409, review(&o, of_good, "rejected")));
	EXPECT_EQ(1, t_on_record(&o, "flag.review", of_good));
	EXPECT_EQ(1, t_on_record(&o, "flag.review", of_bad));
}

TEST(what_a_moderator_passes_on_is_an_administrators)
{
	struct t_operator mod = t_operator("moderator"), admin = t_operator("admin");
	struct t_user ann = t_user("ann");
	const char *post = t_new_post(&ann), *id = flag(&ann, post);

	EXPECT(200, review(&mod, id, "escalated"));
	EXPECT(409, review(&mod, id, "approved"));
	EXPECT(409, review(&admin, id, "escalated"));
	EXPECT(200, review(&admin, id, "rejected"));
	EXPECT_CSTR("removed", post_status(post));
}

TEST(the_queue_shows_new_flags_or_those_passed_on)
{
	struct t_server *s = t_server_start();
	struct t_operator o = t_operator("admin");
	struct t_user ann = t_user("ann");
	const char *post = t_new_post(&ann), *id = flag(&ann, post);
	const struct t_reply *r = EXPECT(200, t_console_get(&o, "/console/api/flags"));

	EXPECT_STR(id, r, "flags[0].id");
	EXPECT_NUM(0.9, r, "flags[0].scores.hate");
	EXPECT_COUNT(0, t_console_get(&o, "/console/api/flags?escalated=true"), "flags");
	EXPECT(200, review(&o, id, "escalated"));
	EXPECT_COUNT(0, t_console_get(&o, "/console/api/flags"), "flags");
	EXPECT_STR(id, t_console_get(&o, "/console/api/flags?escalated=true"), "flags[0].id");
	t_server_stop(s);
}

/* ---- the ranking, the record ---- */

TEST(the_ranking_is_tuned_within_bounds_and_on_record)
{
	struct t_operator o = t_operator("admin");
	static const char path[] = "/console/api/weights/tone_mixed_penalty";
	const struct t_reply *r = EXPECT(200, t_console_get(&o, "/console/api/weights"));
	int at = t_json_find(r, "weights", "key", "tone_mixed_penalty");

	EXPECT_NUM(1, r, t_fmt("weights[%d].max", at));
	EXPECT(400, t_console_post(&o, path, "{'value': 1.5}"));
	EXPECT(400, t_console_post(&o, path, "{'value': -0.1}"));
	EXPECT(400, t_console_post(&o, path, "{}"));
	EXPECT(404, t_console_post(&o, "/console/api/weights/no_such_key", "{'value': 0.5}"));
	EXPECT_EQ(0, t_on_record(&o, "algorithm.edit", "tone_mixed_penalty"));
	EXPECT(200, t_console_post(&o, path, "{'value': 0.04}"));
	EXPECT_CSTR("0.04",
		    t_sql("SELECT value FROM algorithm_config WHERE key = 'tone_mixed_penalty'"));
	EXPECT_CSTR("0.04",
		    t_sql("SELECT details->>'new' FROM audit_log WHERE actor_id = '%s'"
			  " AND action = 'algorithm.edit'",
			  o.user.id));
	EXPECT(200, t_console_post(&o, path, "{'value': 0.03}"));
}

TEST(the_record_is_read_from_the_newest_on)
{
	struct t_operator o = t_operator("admin");
	struct t_user ann = t_user("ann");
	const struct t_reply *r;
	int at;

	EXPECT(200, suspend(&o, &ann));
	r = EXPECT(200, t_console_get(&o, "/console/api/audit"));
	at = t_json_find(r, "entries", "target_id", ann.id);
	EXPECT_TRUE(at >= 0);
	EXPECT_STR(o.user.handle, r, t_fmt("entries[%d].actor", at));
	EXPECT_STR("user.suspend", r, t_fmt("entries[%d].action", at));
	EXPECT_STR("of this test", r, t_fmt("entries[%d].details.reason", at));
	r = EXPECT(200,
		   t_console_get(&o, "/console/api/audit?before=%lld",
				 t_json_int(r, t_fmt("entries[%d].id", at))));
	EXPECT_EQ(-1, t_json_find(r, "entries", "target_id", ann.id));
}
