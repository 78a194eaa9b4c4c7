/* The last look before the flip: what has moved since is compared again, by its keys alone. */
#include "app/supabase/landing.h"
#include "app/supabase/live_test.h"
#include "app/supabase/moved.h"

#define POST  "b0000000-0000-4000-8000-000000000003"
#define OTHER "b0000000-0000-4000-8000-000000000004"

/* Everything that has been written there is here. */
static void follow(const char *project, const char *sql)
{
	there(project, sql);
	must(MOVE("follow", "--once"));
}

static bool look(struct move *m, int64_t *ret_rows)
{
	struct moved *v = NULL;
	bool good;

	m->problem = NULL;
	good = moved_open(m, &v) && moved_compare(v, 20000, ret_rows);
	moved_close(v);
	return good;
}

TEST(what_has_moved_is_compared_again_by_its_keys)
{
	const char *project = live_project();
	struct move_options o = { .source = live_url(project) };
	struct move m = { .arena = arena_new(), .options = &o };
	struct moved *v;
	int64_t rows;

	t_database_of_my_own();
	must(MOVE("import", "--source", live_url(project)));
	o.url = t_database_url();
	EXPECT_TRUE(move_open(&m) && move_find_run(&m) && moved_begin(&m));
	EXPECT_TRUE(look(&m, &rows));
	EXPECT_EQ(0, rows);

	EXPECT_TRUE(moved_begin(&m));
	follow(project,
	       "UPDATE public.posts SET body = 'moved' WHERE id = '" POST "';"
	       "INSERT INTO public.post_likes VALUES ('" POST
	       "', 'a0000000-0000-4000-8000-000000000020');"
	       "DELETE FROM public.post_saves WHERE post_id = 'b0000000-0000-4000-8000-000000000009';"
	       "UPDATE auth.sessions SET user_agent = 'moved' WHERE id = '50000000-0000-4000-8000-000000000003'");
	EXPECT_TRUE(look(&m, &rows));
	EXPECT_TRUE(rows >= 4 && rows < 40);

	/* more than can be looked at in a moment: most of it is compared before */
	t_sql("INSERT INTO supabase_move.moved (kind, a) SELECT 'post', gen_random_uuid() FROM generate_series(1, 5100)");
	EXPECT_TRUE(moved_open(&m, &v) && moved_shrink(v, 1));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM supabase_move.moved"));
	moved_close(v);

	t_sql("UPDATE public.posts SET body = body || ' ' WHERE id = '" OTHER
	      "'"); /* has not moved */
	EXPECT_TRUE(moved_begin(&m));
	follow(project, "UPDATE public.posts SET body = 'once more' WHERE id = '" POST "'");
	EXPECT_TRUE(look(&m, &rows));
	EXPECT_TRUE(moved_begin(&m));
	follow(project, "UPDATE public.posts SET body = 'and again' WHERE id = '" POST "'");
	t_sql("UPDATE public.posts SET body = 'and Again' WHERE id = '" POST "'");
	EXPECT_FALSE(look(&m, &rows));
	EXPECT_TRUE(strstr(m.problem, "public.posts " POST " body: is another value here") != NULL);
	EXPECT_TRUE(moved_begin(&m));
	follow(project,
	       "UPDATE public.profiles SET bio = 'x' WHERE id = 'a0000000-0000-4000-8000-000000000005'");
	t_sql("DELETE FROM public.profiles WHERE id = 'a0000000-0000-4000-8000-000000000005'");
	EXPECT_FALSE(look(&m, &rows));
	EXPECT_TRUE(strstr(m.problem, "is missing here") != NULL);

	script_close(m.source);
	script_close(m.db);
	arena_free(m.arena);
	must(MOVE("import", "--abort", "--source", live_url(project)));
}
