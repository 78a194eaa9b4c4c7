/* Search for people and hashtags, text of any kind, and the lexica behind it. */
#include "app/search/search_test.h"

#include <string.h>

/* ---- people ---- */

TEST(t_src_2_the_exact_handle_is_first)
{
	struct t_user ann = t_user("ann"), exact = t_user("x"), longer[12];
	const char *handle = search_new_word();
	const struct t_reply *r;

	for (int i = 0; i < 12; i++) {
		longer[i] = search_named(handle, handle);
		t_sql("UPDATE profiles SET handle = '%s_%d' WHERE id = '%s'", handle, i,
		      longer[i].id);
		t_sql("UPDATE trust_state SET harmony_score = 95 WHERE user_id = '%s'",
		      longer[i].id);
	}
	t_sql("UPDATE profiles SET handle = '%s' WHERE id = '%s'", handle, exact.id);
	t_sql("UPDATE trust_state SET harmony_score = 10 WHERE user_id = '%s'", exact.id);
	r = search_for(&ann, "users", handle);
	EXPECT_COUNT(10, r, "users");
	EXPECT_STR(exact.id, r, "users[0].id");
	EXPECT_STR(exact.id, search_for(&ann, "users", t_fmt("@%s", handle)), "users[0].id");
	t_sql("UPDATE profiles SET is_private = true WHERE id = '%s'", exact.id);
	EXPECT_STR(exact.id, search_for(&ann, "all", handle), "users[0].id");
}

TEST(people_are_found_by_any_word_of_their_names)
{
	struct t_user ann = t_user("ann");
	const char *first = search_new_word(), *last = search_new_word();
	struct t_user who = search_named(first, last);
	size_t n = strlen(last);

	t_sql("UPDATE profiles SET handle = '%s_%s77' WHERE id = '%s'", last, first, who.id);
	EXPECT_TRUE(search_finds_user(&ann, first, &who));
	EXPECT_TRUE(search_finds_user(&ann, last, &who));
	EXPECT_TRUE(search_finds_user(&ann, t_fmt("%s %s", last, first), &who));
	EXPECT_TRUE(search_finds_user(&ann, t_fmt("%s77", first), &who));
	EXPECT_TRUE(
		search_finds_user(&ann, t_fmt("%.*s", (int)n - 2, last), &who)); /* its beginning */
	EXPECT_TRUE(search_finds_user(&ann, last + 2, &who));			 /* its end */
	EXPECT_TRUE(
		search_finds_user(&ann, t_fmt("%.*sfix", (int)n - 3, last), &who)); /* mistyped */
	EXPECT_TRUE(search_finds_user(&ann, t_fmt("%.*sfxe", (int)n - 3, last), &who));
	EXPECT_FALSE(search_finds_user(&ann, search_new_word(), &who));
}

TEST(a_changed_name_is_found)
{
	struct t_user ann = t_user("ann");
	const char *before = search_new_word(), *after = search_new_word();
	struct t_user who = search_named("x", before);

	t_sql("UPDATE profiles SET display_name = '%s' WHERE id = '%s'", after, who.id);
	EXPECT_TRUE(search_finds_user(&ann, t_fmt("%.*s", (int)strlen(after) - 1, after), &who));
	EXPECT_FALSE(search_finds_user(&ann, before, &who));
}

TEST(who_begins_with_the_text_and_is_trusted_comes_first)
{
	struct t_user ann = t_user("ann");
	const char *w = search_new_word();
	struct t_user plain = search_named("plain", w), trusted = search_named("trusted", w),
		      begins = search_named("begins", w);
	const struct t_reply *r;

	t_sql("UPDATE trust_state SET harmony_score = 90 WHERE user_id = '%s'", trusted.id);
	t_sql("UPDATE profiles SET handle = '%s.b' WHERE id = '%s'", w, begins.id);
	r = search_for(&ann, "users", w);
	EXPECT_STR(begins.id, r, "users[0].id");
	EXPECT_STR(trusted.id, r, "users[1].id");
	EXPECT_STR(plain.id, r, "users[2].id");
}

TEST(a_found_person_has_every_member)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const struct t_reply *r;

	t_sql("UPDATE profiles SET avatar_url = 'https://img.example.com/a.jpg' WHERE id = '%s'",
	      bob.id);
	r = search_for(&ann, "users", bob.handle);
	EXPECT_STR(bob.id, r, "users[0].id");
	EXPECT_STR(bob.handle, r, "users[0].handle");
	EXPECT_STR(bob.handle, r, "users[0].username");
	EXPECT_STR("bob", r, "users[0].display_name");
	EXPECT_STR("https://img.example.com/a.jpg", r, "users[0].avatar_url");
	EXPECT_STR("elder", r, "users[0].harmony_tier");
	EXPECT_STR("elder", r, "users[0].tier");
	EXPECT_COUNT(0, r, "posts");
}

/* ---- hashtags ---- */

static void tag(const char *name, int uses)
{
	t_sql("INSERT INTO hashtags (name, display_name, use_count) VALUES (%s, %s, %d)",
	      t_lit(name), t_lit(name), uses);
}

TEST(hashtags_are_found_by_their_beginning)
{
	struct t_user ann = t_user("ann");
	const char *w = search_new_word();
	const struct t_reply *r;

	for (int i = 0; i < 12; i++)
		tag(t_fmt("%s%c", w, 'a' + i), 12 - i);
	tag(w, 0); /* nobody uses it any more */
	tag(t_fmt("x%s", w), 50);
	r = search_for(&ann, "all", t_fmt("#%s", w));
	EXPECT_COUNT(10, r, "hashtags");
	EXPECT_COUNT(5, r, "tags");
	EXPECT_STR(t_fmt("%sa", w), r, "hashtags[0].name");
	EXPECT_INT(12, r, "hashtags[0].use_count");
	EXPECT_STR(t_fmt("%sj", w), r, "hashtags[9].name");
	EXPECT_STR(t_fmt("%sa", w), r, "tags[0].tag");
	EXPECT_INT(12, r, "tags[0].count");
	EXPECT_STR(t_fmt("%sa", w), r, "hashtags[0].display_name");
	EXPECT_BOOL(false, r, "hashtags[0].is_trending");
	EXPECT_NUM(0, r, "hashtags[0].trending_score");
	EXPECT_BOOL(false, r, "hashtags[0].is_featured");
	EXPECT_NONE(r, "hashtags[0].category");
	EXPECT_TRUE(t_json(r, "hashtags[0].id") && t_json(r, "hashtags[0].created_at"));
}

TEST(short_hashtags_are_found)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r;

	tag("qx", 1);
	tag("qxo", 9999);
	r = search_for(&ann, "hashtags", "QX");
	EXPECT_STR("qxo", r, "hashtags[0].name");
	EXPECT_STR("qx", r, "hashtags[1].name");
	EXPECT_COUNT(2, r, "hashtags");
}

TEST(a_hashtag_in_any_script_is_found)
{
	struct t_user ann = t_user("ann");
	const char *w = search_new_word(), *post = search_say(&ann, t_fmt("#Ökologie%s", w));
	const struct t_reply *r = search_for(&ann, "all", t_fmt("#ÖKOlogie%s", w));

	EXPECT_COUNT(1, r, "hashtags");
	EXPECT_STR(post, r, "posts[0].id");
}

/* ---- text is text ---- */

TEST(percent_and_underscore_stand_for_themselves)
{
	struct t_user ann = t_user("ann");
	const char *w = search_new_word();
	struct t_user who = search_named("x", w), other = search_named("y", w);

	t_sql("UPDATE profiles SET handle = '%s_a' WHERE id = '%s'", w, who.id);
	t_sql("UPDATE profiles SET handle = '%sxa', display_name = 'y' WHERE id = '%s'", w,
	      other.id);
	EXPECT_TRUE(search_finds_user(&ann, t_fmt("%s_a", w), &who));
	EXPECT_FALSE(search_finds_user(&ann, t_fmt("%s_a", w), &other));
	tag(t_fmt("%s_tag", w), 3);
	tag(t_fmt("%sxtag", w), 3);
	EXPECT_COUNT(1, search_for(&ann, "hashtags", t_fmt("%s_t", w)), "hashtags");
	EXPECT_COUNT(0, search_for(&ann, "hashtags", t_fmt("%s%%", w)), "hashtags");
	EXPECT_COUNT(0, search_for(&ann, "all", "%%%"), "users");
	EXPECT_COUNT(0, search_for(&ann, "all", "%"), "hashtags");
	EXPECT_COUNT(0, search_for(&ann, "all", "___"), "posts");
}

TEST(any_text_may_be_searched)
{
	static const char *const odd[] = {
		"'",
		"''",
		"\\",
		"\\'",
		"a\\b",
		"a'b",
		"'; DROP TABLE posts; --",
		"\"quoted\"",
		"a & b | !c",
		"a:*",
		"<->",
		"(",
		")",
		"!",
		"https://example.com/a\\b?c='d'&e=%20",
		"me@example.com",
		"/usr/share/doc",
		"c:\\dir\\file",
		"12",
		"-1.5e-3",
		"<b>bold</b>",
		"&amp;",
		"日本語",
		"مرحبا",
		"👩‍🔬",
		"é",
		"x",
		"\x7f",
		"\t a \n",
		"ſt",
		"well-known",
		"a_b",
		"a.b",
		"$1",
		"%s",
		"E'\\\\x'",
		"U&'\\0041'",
	};
	struct t_user ann = t_user("ann");

	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		const char *post = search_say(&ann, odd[i]);
		const struct t_reply *r = search_for(&ann, "all", odd[i]);

		EXPECT_TRUE(t_json_count(r, "posts") <= 20);
		EXPECT(200, t_delete(&ann, "/api/v1/posts/%s", post));
		if (i % 20 == 19)
			ann = t_user("ann"); /* who posts no more than 25 a day */
	}
	EXPECT(200, t_get(&ann, "/api/v1/search?q=%s", t_repeat("a%20", 50)));
	search_for(
		&ann, "all",
		"wrogn wodrs evreywhere nad nohting si rihgt in tihs setnence of mnay msitakes at lla");
}

TEST(a_compound_is_found_as_it_is_written)
{
	struct t_user ann = t_user("ann");
	const char *w = search_new_word(),
		   *post = search_say(&ann, t_fmt("well-%s at https://example.com/%s", w, w));

	EXPECT_TRUE(search_finds_post(&ann, t_fmt("well-%s", w), post));
	EXPECT_TRUE(search_finds_post(&ann, t_fmt("example.com/%s", w), post));
	EXPECT_TRUE(search_finds_post(&ann, w, post));
}

TEST(malformed_searches_are_refused)
{
	static const char *const bad[] = {
		"",	 "q=",	    "q=%20%20",	  "q=%23",	     "q=@",
		"q=%FF", "q=a%00b", "type=users", "q=a&type=people", "q=a&type=",
	};
	struct t_user ann = t_user("ann");

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		EXPECT_CODE("invalid", EXPECT(400, t_get(&ann, "/api/v1/search?%s", bad[i])));
	EXPECT_CODE("invalid", EXPECT(400, t_get(&ann, "/api/v1/search?q=%s", t_repeat("é", 104))));
	EXPECT(200, t_get(&ann, "/api/v1/search?q=%s", t_repeat("%C3%A9", 103)));
}

TEST(search_needs_a_user)
{
	EXPECT(401, t_get(NULL, "/api/v1/search?q=a"));
}

TEST(searches_are_limited_to_thirty_a_minute)
{
	struct t_user ann;

	t_server_start("RATE_LIMITS=on");
	ann = t_user("ann");
	for (int i = 0; i < 30; i++)
		EXPECT(200, t_get(&ann, "/api/v1/search?q=a"));
	EXPECT_TRUE(t_header(EXPECT(429, t_get(&ann, "/api/v1/search?q=a")), "Retry-After")
		    != NULL);
}

/* ---- the lexica ---- */

TEST(the_lexica_count_and_forget)
{
	struct t_user ann, gone;
	const char *imported;

	t_server_start();
	EXPECT_SOON(
		t_sql_int("SELECT count(*) FROM periodic_jobs WHERE name = 'search_refresh_lexicon'"
			  " AND finished_at > started_at")
		== 1);
	ann = t_user("ann"), gone = t_user("gone");
	t_sql("UPDATE profiles SET display_name = 'Wilhelmine' WHERE id = '%s'", gone.id);
	search_say(&ann, "heron heron");
	search_say(&ann, "heron kingfisher");
	EXPECT(200, t_delete(&ann, "/api/v1/posts/%s", search_say(&ann, "cormorant")));
	imported = t_new_post_with(&ann, "body = 'bittern'");
	EXPECT_EQ(1, t_sql_int("SELECT posts FROM lexicon WHERE word = 'cormorant'"));
	EXPECT_EQ(1, t_sql_int("SELECT count(*) FROM name_lexicon WHERE word = 'wilhelmine'"));
	t_sql("UPDATE users SET status = 'deactivated' WHERE id = '%s'", gone.id);
	t_sql("UPDATE periodic_jobs SET next_run_at = now() WHERE name = 'search_refresh_lexicon'");
	EXPECT_SOON(t_sql_int("SELECT count(*) FROM lexicon WHERE word = 'cormorant'") == 0);
	EXPECT_EQ(2, t_sql_int("SELECT posts FROM lexicon WHERE word = 'heron'"));
	EXPECT_EQ(1, t_sql_int("SELECT posts FROM lexicon WHERE word = 'kingfisher'"));
	EXPECT_EQ(1, t_sql_int("SELECT posts FROM lexicon WHERE word = 'bittern'"));
	EXPECT_SOON(t_sql_int("SELECT count(*) FROM name_lexicon WHERE word = 'wilhelmine'") == 0);
	EXPECT_EQ(1, t_sql_int("SELECT people FROM name_lexicon WHERE word = 'ann'"));
	EXPECT_TRUE(search_finds_post(&ann, "biitern", imported));
}
