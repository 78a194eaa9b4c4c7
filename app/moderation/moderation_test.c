/* What is refused over HTTP, what a strike leads to, and that the checks before publishing say the same. */
#include "test/harness/harness.h"

#include <stdlib.h>
#include <string.h>

#define SLUR   "you are a f.a.g.g.o.t"
#define THREAT "I will kill you"

static const struct t_reply *publish(const struct t_user *u, const char *text)
{
	return t_post_json(u, "/api/v1/posts", "{'body': %s}", t_quote(text));
}

static const struct t_reply *analyse(const struct t_user *u, const char *text)
{
	return t_post_json(u, "/api/v1/analysis/tone", "{'text': %s}", t_quote(text));
}

static long long strikes_of(const struct t_user *u)
{
	return t_sql_int("SELECT count(*) FROM content_strikes WHERE user_id = %s", t_lit(u->id));
}

static const char *status_of(const struct t_user *u)
{
	return t_sql("SELECT status FROM users WHERE id = %s", t_lit(u->id));
}

/* Strikes of the past, `days` ago. */
static void struck(const struct t_user *u, int n, int days)
{
	t_sql("INSERT INTO content_strikes (user_id, category, created_at)"
	      " SELECT %s, 'slur', now() - %d * interval '1 day' FROM generate_series(1, %d)",
	      t_lit(u->id), days, n);
}

/* ---- refusing ---- */

TEST(t_ton_1_a_text_that_trips_the_filter_is_not_stored)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r = EXPECT(422, publish(&ann, SLUR));

	EXPECT_CODE("content_blocked", r);
	EXPECT_TRUE(strstr(t_json(r, "error"), "isn't allowed on Sojorn"));
	EXPECT_BOOL(true, r, "blocked");
	EXPECT_STR("slur", r, "category");
	EXPECT_INT(1, r, "strikes");
	EXPECT_STR("warning", r, "consequence");
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM posts WHERE author_id = %s", t_lit(ann.id)));
	EXPECT_CSTR(SLUR,
		    t_sql("SELECT content_snippet FROM content_strikes WHERE user_id = %s",
			  t_lit(ann.id)));

	r = EXPECT(422, publish(&ann, THREAT));
	EXPECT_STR("threat", r, "category");
	EXPECT_INT(2, r, "strikes");
	EXPECT_CSTR("active", status_of(&ann));
}

TEST(t_ton_1_a_hostile_text_is_not_stored_and_strikes_nobody)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r =
		EXPECT(422, publish(&ann, "You are a worthless piece of shit, you pathetic idiot"));

	EXPECT_CODE("tone_rejected", r);
	EXPECT_TRUE(strstr(t_json(r, "error"), "isn't allowed on Sojorn"));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM posts WHERE author_id = %s", t_lit(ann.id)));
	EXPECT_EQ(0, strikes_of(&ann));
}

/* ---- labels ---- */

static const char *const texts[] = {
	"The library opens at ten on Tuesdays",
	"Thank you all for a wonderful evening!",
	"this stupid printer",
	"you idiot",
	"I hate you",
	"All immigrants are vermin",
	SLUR,
	THREAT,
	"f-u_c*k you, you worthless s.c.u.m",
	"\u00a1Muchas gracias! \u2764\ufe0f",
};
enum { TEXTS = sizeof(texts) / sizeof(*texts) };

TEST(t_ton_2_the_stored_label_agrees_with_the_cis)
{
	struct t_user ann = t_user("ann");

	for (int i = 0; i < 5; i++)
		EXPECT(201, publish(&ann, texts[i]));
	EXPECT_EQ(
		5,
		t_sql_int(
			"SELECT count(*) FROM posts WHERE author_id = %s AND tone_label ="
			" CASE WHEN cis_score >= .9 THEN 'positive' WHEN cis_score >= .7 THEN 'neutral'"
			" WHEN cis_score >= .5 THEN 'mixed' WHEN cis_score >= .3 THEN 'negative' END",
			t_lit(ann.id)));
}

TEST(t_ton_3_the_pre_check_and_publishing_agree)
{
	for (int i = 0; i < TEXTS; i++) {
		struct t_user ann = t_user("ann");
		const struct t_reply *check = EXPECT(200, analyse(&ann, texts[i]));
		const struct t_reply *said = publish(&ann, texts[i]);
		if (strcmp(t_json(check, "flagged"), "true") == 0) {
			EXPECT(422, said);
			continue;
		}
		EXPECT(201, said);
		EXPECT_STR(t_json(check, "tone"), said, "tone_analysis.tone");
		EXPECT_CSTR(t_json(check, "cis"), t_json(said, "tone_analysis.cis"));
	}
}

TEST(t_ton_4_posting_works_without_an_engine)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r = EXPECT(201, publish(&ann, texts[0]));

	EXPECT_STR("neutral", r, "post.tone_label");
	EXPECT_NUM(0.8, r, "post.cis_score");
}

/* ---- strikes ---- */

TEST(strikes_older_than_30_days_do_not_count)
{
	struct t_user ann = t_user("ann");

	struck(&ann, 9, 31);
	EXPECT_INT(1, EXPECT(422, publish(&ann, SLUR)), "strikes");
	EXPECT_CSTR("active", status_of(&ann));
	EXPECT_EQ(1,
		  t_sql_int("SELECT strikes FROM profile_private WHERE user_id = %s",
			    t_lit(ann.id)));
}

TEST(strike_three_suspends_for_a_day_and_jails)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post(&ann);

	struck(&ann, 2, 3);
	EXPECT_STR("suspend_24h", EXPECT(422, publish(&ann, SLUR)), "consequence");
	EXPECT_CSTR("suspended", status_of(&ann));
	EXPECT_NEAR(86400,
		    strtod(t_sql("SELECT extract(epoch FROM suspended_until - now()) FROM users"
				 " WHERE id = %s",
				 t_lit(ann.id)),
			   NULL),
		    60);
	EXPECT_CSTR("jailed", t_sql("SELECT status FROM posts WHERE id = %s", t_lit(post)));
	EXPECT_CSTR(
		"active suspended slur",
		t_sql("SELECT concat_ws(' ', old_status, new_status, reason)"
		      " FROM user_status_history WHERE user_id = %s ORDER BY created_at DESC LIMIT 1",
		      t_lit(ann.id)));
	EXPECT_CODE("suspended", EXPECT(403, analyse(&ann, "hello")));
	EXPECT(404, t_get(&bob, "/api/v1/posts/%s", post));
}

TEST(a_lapsed_suspension_ends_with_the_next_request)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post(&ann);

	struck(&ann, 2, 3);
	EXPECT(422, publish(&ann, SLUR));
	t_sql("UPDATE users SET suspended_until = now() - interval '1 second' WHERE id = %s",
	      t_lit(ann.id));
	EXPECT(200, analyse(&ann, "hello"));
	EXPECT_CSTR("active", status_of(&ann));
	EXPECT(200, t_get(&bob, "/api/v1/posts/%s", post));
	EXPECT_CSTR("suspension over",
		    t_sql("SELECT reason FROM user_status_history WHERE user_id = %s"
			  " ORDER BY created_at DESC LIMIT 1",
			  t_lit(ann.id)));
}

TEST(strike_five_suspends_for_a_week)
{
	struct t_user ann = t_user("ann");

	struck(&ann, 4, 3);
	EXPECT_STR("suspend_7d", EXPECT(422, publish(&ann, SLUR)), "consequence");
	EXPECT_EQ(6,
		  t_sql_int("SELECT extract(day FROM suspended_until - now())::int FROM users"
			    " WHERE id = %s",
			    t_lit(ann.id)));
}

TEST(strike_seven_bans_and_revokes)
{
	struct t_user ann = t_user("ann");
	const char *post = t_new_post(&ann);
	const char *headers[] = { "X-Forwarded-For: 203.0.113.77", "Content-Type: application/json",
				  NULL };
	const struct t_request r = { .method = "POST",
				     .path = "/api/v1/posts",
				     .user = &ann,
				     .headers = headers,
				     .body = "{\"body\": \"" SLUR "\"}" };

	struck(&ann, 6, 3);
	t_sql("INSERT INTO sessions (id, user_id) VALUES (gen_random_uuid(), %s)", t_lit(ann.id));
	EXPECT_STR("ban", EXPECT(422, t_send(&r)), "consequence");
	EXPECT_CSTR("banned", status_of(&ann));
	EXPECT_CSTR("jailed", t_sql("SELECT status FROM posts WHERE id = %s", t_lit(post)));
	EXPECT_EQ(
		0,
		t_sql_int("SELECT count(*) FROM sessions WHERE user_id = %s AND revoked_at IS NULL",
			  t_lit(ann.id)));
	EXPECT_EQ(1,
		  t_sql_int("SELECT count(*) FROM banned_ips WHERE ip = '203.0.113.77'"
			    " AND expires_at > now() AND user_id = %s",
			    t_lit(ann.id)));
	EXPECT_CODE("banned", EXPECT(403, analyse(&ann, "hello")));
}

/* A server behind a proxy it does not know would lock everybody out. */
TEST(a_ban_notes_no_address_of_our_own_network)
{
	struct t_user ann = t_user("ann");

	struck(&ann, 6, 3);
	EXPECT_STR("ban", EXPECT(422, publish(&ann, SLUR)), "consequence");
	EXPECT_EQ(0,
		  t_sql_int("SELECT count(*) FROM banned_ips WHERE user_id = %s", t_lit(ann.id)));
}

TEST(strike_snippet_ends_on_a_character)
{
	struct t_user ann = t_user("ann");

	EXPECT(422, publish(&ann, t_fmt("%s faggot", t_repeat("\u20ac", 60))));
	EXPECT_CSTR(t_repeat("\u20ac", 33),
		    t_sql("SELECT content_snippet FROM content_strikes WHERE user_id = %s",
			  t_lit(ann.id)));
}

static void publish_slur(int i, void *arg)
{
	const struct t_reply **replies = arg;

	replies[i + 1] = publish((const struct t_user *)replies[0], SLUR);
}

/* Five at once are strikes 1 to 5 in some order, not five times the first. */
TEST(strikes_at_the_same_time_count_each_other)
{
	struct t_user ann = t_user("ann");
	struct {
		const struct t_user *user;
		const struct t_reply *replies[5];
	} all = { .user = &ann };
	int sum = 0;

	t_parallel(5, publish_slur, &all);
	for (int i = 0; i < 5; i++)
		if (all.replies[i]->status == 422)
			sum += (int)t_json_int(all.replies[i], "strikes");
		else
			EXPECT(403, all.replies[i]);
	EXPECT_TRUE(sum >= 1 + 2 + 3);
	EXPECT_EQ(strikes_of(&ann),
		  t_sql_int("SELECT strikes FROM profile_private WHERE user_id = %s",
			    t_lit(ann.id)));
}

/* ---- the checks before publishing ---- */

TEST(analysis_says_what_is_wrong)
{
	static const struct {
		const char *text, *category, *flag;
	} cases[] = {
		{ SLUR, "bigotry", "slur" },
		{ THREAT, "violence", "threat" },
		{ "All immigrants are vermin", "bigotry", "hostile" },
		{ "new porn videos here", "nsfw", "nsfw" },
		{ "video of a beheading", "violence", "violence" },
	};
	struct t_user ann = t_user("ann");

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct t_reply *r = EXPECT(200, analyse(&ann, cases[i].text));
		EXPECT_BOOL(true, r, "flagged");
		EXPECT_STR(cases[i].category, r, "category");
		EXPECT_STR(cases[i].flag, r, "flags[0]");
		EXPECT_TRUE(strlen(t_json(r, "reason")) > 0);
	}
	EXPECT_EQ(0, strikes_of(&ann));
}

TEST(analysis_of_a_harmless_text)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r = EXPECT(200, analyse(&ann, "The bus leaves at nine."));

	EXPECT_BOOL(false, r, "flagged");
	EXPECT_NONE(r, "category");
	EXPECT_COUNT(0, r, "flags");
	EXPECT_STR("", r, "reason");
	EXPECT_STR("neutral", r, "tone");
	EXPECT_NUM(0.8, r, "cis");
	EXPECT_NUM(0.8, EXPECT(200, analyse(&ann, "")), "cis");
}

TEST(analysis_refuses_bad_input)
{
	struct t_user ann = t_user("ann");

	EXPECT_CODE("invalid", EXPECT(400, t_post(&ann, "/api/v1/analysis/tone")));
	EXPECT_CODE("invalid",
		    EXPECT(400, t_post_json(&ann, "/api/v1/analysis/tone", "{'text': 7}")));
	EXPECT_CODE("invalid", EXPECT(400, analyse(&ann, t_repeat("a", 5001))));
	EXPECT_CODE("token_missing", EXPECT(401, analyse(NULL, "hello")));
}

TEST(moderate_decides)
{
	static const struct {
		const char *text, *action;
		bool allowed;
	} cases[] = {
		{ "see you at nine", "pass", true },
		{ "new porn videos here", "nsfw", true },
		{ SLUR, "flag", false },
		{ "All immigrants are vermin", "flag", false },
	};
	struct t_user ann = t_user("ann");

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct t_reply *r =
			EXPECT(200,
			       t_post_json(&ann, "/api/v1/moderate", "{'text': %s}",
					   t_quote(cases[i].text)));
		EXPECT_BOOL(cases[i].allowed, r, "allowed");
		EXPECT_STR(cases[i].action, r, "action");
		EXPECT_STR("lexicon", r, "engine");
	}
	EXPECT_EQ(0, strikes_of(&ann));
	EXPECT(200,
	       t_post_json(&ann, "/api/v1/moderate", "{'image_url': 'https://img.test/a.jpg'}"));
	EXPECT_CODE("invalid", EXPECT(400, t_post(&ann, "/api/v1/moderate")));
}

/* Chat messages come here before they are encrypted. */
TEST(checked_texts_never_reach_the_log)
{
	struct t_user ann = t_user("ann");

	EXPECT(200, analyse(&ann, "see you " T_SECRET));
	EXPECT(200,
	       t_post_json(&ann, "/api/v1/moderate", "{'text': 'kill yourself " T_SECRET "'}"));
	EXPECT_NULL(strstr(t_log(), T_SECRET));
}
