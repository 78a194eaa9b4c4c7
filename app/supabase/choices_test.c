/* What people have chosen comes over in our words; what is in no word of ours hides, and is told. */
#include "app/supabase/supabase_test.h"

#define PERSON(n) "a0000000-0000-4000-8000-0000000000" #n

static void come_over(void)
{
	t_database_of_my_own();
	must(MOVE("import", "--dump", dump("plain.sql")));
}

/* ids are in hexadecimal: 28 is person 40, 29 is 41, 2a is 42 */
TEST(settings_come_over_in_our_words)
{
	come_over();
	EXPECT_CSTR(
		"dark de f 2500 t",
		t_sql("SELECT concat_ws(' ', theme, language, email_notifications, default_post_ttl, auto_play_videos)"
		      " FROM user_settings WHERE user_id = '" PERSON(19) "'"));
	EXPECT_CSTR(
		"public private manual private mutuals followers",
		t_sql("SELECT concat_ws(' ', s.profile_visibility, p.posts_visibility, s.follow_request_policy,"
		      " s.default_post_visibility, s.who_can_comment, s.who_can_message)"
		      " FROM user_settings s JOIN profiles p ON p.id = s.user_id"
		      " WHERE p.id = (SELECT id FROM profiles WHERE handle = 'person44')"));
	EXPECT_CSTR("private",
		    t_sql("SELECT profile_visibility FROM user_settings WHERE user_id = '" PERSON(
			    29) "'"));
	EXPECT_CSTR("true",
		    t_sql("SELECT is_private::text FROM profiles WHERE id = '" PERSON(2a) "'"));
	EXPECT_CSTR(
		"value_unknown 29,privacy_differs 2a",
		t_sql("SELECT string_agg(code || ' ' || right(key, 2), ',' ORDER BY key) FROM supabase_move.findings"
		      " WHERE subject LIKE 'public.profile%%' AND code IN ('privacy_differs', 'value_unknown')"));
	EXPECT_CSTR("never 22:00:00",
		    t_sql("SELECT concat_ws(' ', email_digest_frequency, quiet_hours_start)"
			  " FROM notification_preferences WHERE user_id = '" PERSON(03) "'"));
	EXPECT_EQ(72, t_sql_int("SELECT count(*) FROM user_settings"));
}

TEST(circles_reactions_and_hidden_posts_come_over)
{
	come_over();
	EXPECT_EQ(t_sql_int("SELECT count(*) FROM public.circle_members") - 2,
		  t_sql_int("SELECT count(*) FROM circle_members"));
	EXPECT_EQ(0,
		  t_sql_int(
			  "SELECT count(*) FROM post_metrics m WHERE reaction_count <>"
			  " (SELECT count(*) FROM post_reactions r WHERE r.post_id = m.post_id)"));
	EXPECT_CSTR(
		"{\"🔥\": 1}",
		t_sql("SELECT reaction_counts FROM post_metrics WHERE post_id = 'b0000000-0000-4000-8000-000000000007'"));
	EXPECT_CSTR("6", t_sql("SELECT right(author_id::text, 1) FROM post_hides"));
	EXPECT_CSTR("the fox", t_sql("SELECT string_agg(reason, '') FROM trending_overrides"));
	EXPECT_CSTR("ban", t_sql("SELECT string_agg(action, ',') FROM audit_log"));
	must(MOVE("verify"));
}
