/* Dumps in custom format, and what an import tells whoever watches it. */
#include "app/supabase/supabase_test.h"

#include <string.h>

TEST(a_damaged_dump_in_custom_format_is_refused)
{
	const char *cut = t_shared_path("cut.dump");
	struct t_run r;

	if (system(t_fmt("head -c 100000 %s >%s", dump("custom.dump"), cut)) != 0)
		t_fail("head");
	t_database_of_my_own();
	r = MOVE("import", "--dump", cut);
	EXPECT_TRUE(r.status == 1 && strstr(r.err, "pg_restore has failed"));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM supabase_move.runs"));
}

/* A line with how far it is and how long it will take, where somebody sees it. */
TEST(an_import_tells_a_terminal_how_far_it_is)
{
	const char *out = t_shared_path("terminal");

	t_database_of_my_own();
	if (system(t_fmt(
		    "DATABASE_URL='%s' JWT_SECRET=%s script -qec '%s supabase import --dump %s' %s >/dev/null 2>&1",
		    t_database_url(), t_jwt_secret, t_program(), dump("plain.sql"), out))
	    != 0)
		t_fail("%s", read_text(out));
	EXPECT_EQ(0,
		  system(t_fmt("grep -aqE '[0-9]+ %%  reading +[0-9]+ s, about [0-9]+ s left' %s",
			       out)));
}
