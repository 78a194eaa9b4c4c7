/* The switch to this side and back, under load, as one would live through it. Person 1 signs in with "old-password". */
#include "app/supabase/live_test.h"

static struct t_server *server;

static void serve(void)
{
	server = t_server_start(t_fmt("DATABASE_URL=%s", t_database_url()), "ALTCHA_REQUIRED=off");
}

/* SQL on the project; what follows is about the server again. */
static const char *on_source(const char *project, const char *sql)
{
	const char *value = there(project, sql);

	if (server)
		t_server_use(server);
	return value;
}

static long long member(const char *json, const char *name)
{
	const char *at = strstr(json, t_fmt("\"%s\":", name));

	if (!at)
		t_fail("no %s in %s", name, json);
	return strtoll(at + strlen(name) + 3, NULL, 10);
}

/* As the old server would write, with the role it has; what the database answers. */
static bool can_write_there(const char *project)
{
	return system(t_fmt(
		       "%s/psql -X -q -v ON_ERROR_STOP=1 -d '%s' -c \"SET ROLE service_role; BEGIN READ WRITE;"
		       " UPDATE public.profiles SET bio = 'late'; COMMIT\" >/dev/null 2>&1",
		       getenv("TEST_PG_BIN"), project))
		== 0;
}

static void expect_equal(const char *project, const char *sql)
{
	EXPECT_CSTR(on_source(project, sql), t_sql("%s", sql));
}

/* Every table that goes back is the same on both sides. */
static void expect_both_the_same(const char *project)
{
	static const char *const tables[] = {
		"auth.users",	   "auth.sessions",	  "auth.refresh_tokens", "auth.identities",
		"public.profiles", "public.posts",	  "public.post_likes",	 "public.follows",
		"public.comments", "public.post_metrics", "public.notifications"
	};

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		expect_equal(
			project,
			t_fmt("SELECT '%s ' || count(*) || COALESCE(md5(string_agg(x::text, '|' ORDER BY x::text)), '') FROM %s x",
			      tables[i], tables[i]));
}

static struct t_user sign_in(int person)
{
	static struct t_user u;
	const struct t_reply *r =
		EXPECT(200,
		       t_post_json(NULL, "/api/v1/auth/login",
				   "{'email':'person%d@example.org','password':'old-password'}",
				   person));

	u.token = t_json(r, "access_token") ? t_json(r, "access_token") : t_json(r, "token");
	return u;
}

static const char *write_post(const struct t_user *u, const char *body)
{
	const struct t_reply *r =
		t_post_json(u, "/api/v1/posts", "{'body':'%s','visibility':'public'}", body);

	if (r->status != 200 && r->status != 201)
		t_fail("%d: %s", r->status, r->body);
	return t_json(r, "post.id") ? t_json(r, "post.id") : t_json(r, "id");
}

/* A command beside a follower, whose word counts when it fails. */
static struct t_run beside(struct t_run r)
{
	if (r.status != 0)
		t_fail("%s%sfollow: %s", r.out, r.err, read_text(t_shared_path("move-log")));
	return r;
}

/* SQL on the project in spite of the fence. */
static void behind_the_fence(const char *project, const char *sql)
{
	on_source(
		project,
		t_fmt("SET session_replication_role = replica; %s; RESET session_replication_role",
		      sql));
}

TEST(the_whole_way_there_and_back_and_there_again)
{
	const char *project = live_project(), *post;
	struct t_user u;
	struct t_run r;
	pid_t churn, follower;
	int status;

	t_database_of_my_own();
	must(MOVE("import", "--source", live_url(project)));
	serve();
	follower = MOVE_START("follow");
	churn = churn_start(project, 60, 20);
	EXPECT(503,
	       t_post_json(NULL, "/api/v1/auth/login",
			   "{'email':'person1@example.org','password':'old-password'}"));
	r = beside(MOVE("cutover", "--dry-run", "--json"));
	EXPECT_TRUE(can_write_there(project));
	r = beside(MOVE("cutover", "--json"));
	if (member(r.out, "held_ms") > 1000)
		t_fail("%s", r.out);
	EXPECT_FALSE(can_write_there(project));
	waitpid(churn, &status, 0);

	u = sign_in(1);
	post = write_post(&u, "written on the other side");
	EXPECT(200, t_post(&u, "/api/v1/posts/b0000000-0000-4000-8000-000000000008/like"));
	EXPECT_SOON(
		on_source(project, t_fmt("SELECT body FROM public.posts WHERE id = '%s'", post)));
	EXPECT_EQ(1, MOVE("cutover", "--dry-run").status);
	must(MOVE("cutover"));

	behind_the_fence(project,
			 "INSERT INTO public.categories (slug, name) VALUES ('unheard-of', 'x')");
	r = MOVE("rollback");
	EXPECT_EQ(1, r.status);
	if (!strstr(r.err, "rows are missing: public.categories"))
		t_fail("%s%s", r.out, r.err);
	EXPECT(200, t_post(&u, "/api/v1/posts/b0000000-0000-4000-8000-000000000009/like"));
	EXPECT_FALSE(can_write_there(project));
	behind_the_fence(project, "DELETE FROM public.categories WHERE slug = 'unheard-of'");

	write_post(&u, "in the last moment");
	r = beside(MOVE("rollback", "--json"));
	EXPECT_TRUE(member(r.out, "held_ms") <= 5000);
	EXPECT_CSTR("in the last moment",
		    on_source(project,
			      "SELECT body FROM public.posts ORDER BY created_at DESC LIMIT 1"));
	EXPECT_TRUE(
		strtoll(on_source(
				project,
				"SELECT count(*) FROM auth.sessions WHERE user_id = 'a0000000-0000-4000-8000-000000000001'"),
			NULL, 10)
		> 1);
	EXPECT(503, t_post_json(&u, "/api/v1/posts", "{'body':'not here'}"));
	EXPECT_TRUE(can_write_there(project));
	churn_wait(churn_start(project, 60, 3));
	beside(MOVE("cutover"));
	u = sign_in(2);
	write_post(&u, "for good");
	move_stop_follower(follower);
	must(MOVE("follow", "--once"));
	expect_both_the_same(project);
	t_server_stop(server);
	server = NULL;
	must(MOVE("archive", "--to", t_shared_path("archive")));
	EXPECT_CSTR("live for good",
		    t_sql("SELECT CASE WHEN to_regclass('auth.users') IS NULL AND NOT in_use"
			  " THEN 'live for good' END FROM supabase_move.gate"));
	EXPECT_TRUE(strstr(read_text(t_fmt("%s/manifest.json", t_shared_path("archive"))),
			   "\"sums_sha256\":"));
	EXPECT_EQ(0,
		  system(t_fmt("%s/pg_restore -l %s/project.dump | grep -q 'TABLE DATA auth users'",
			       getenv("TEST_PG_BIN"), t_shared_path("archive"))));
	EXPECT_FALSE(can_write_there(project));
	EXPECT_EQ(1, MOVE("rollback").status);
	must(MOVE("archive", "--to", t_shared_path("archive")));
}
