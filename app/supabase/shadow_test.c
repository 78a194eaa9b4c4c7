/* Shadow reads: a gateway writes down what people read from a project (here a server with the old platform's API), and
 * the same is asked of both sides. */
#include "app/supabase/supabase_test.h"

#include <string.h>

#define ANON	"anon-key-of-the-tests"
#define SERVICE "service-in-no-log-key-of-the-tests"
#define COMPAT	"SUPABASE_COMPAT=on", "SUPABASE_ANON_KEY=" ANON, "SUPABASE_SERVICE_KEY=" SERVICE

/* As the old app's library asks; bearer NULL: nobody is signed in. */
static const struct t_reply *call(const char *method, const char *path, const char *bearer,
				  const char *body)
{
	return t_send(&(struct t_request){
		.method = method,
		.path = path,
		.headers = T_LIST("apikey: " ANON, "Content-Type: application/json",
				  t_fmt("Authorization: Bearer %s", bearer ? bearer : ANON)),
		.body = body,
	});
}

/* A server with a file in a public bucket. */
static struct t_server *side(void)
{
	struct t_server *s = t_server_start(COMPAT);

	t_sql("INSERT INTO storage_buckets (id, name, public) VALUES ('pub', 'pub', true)");
	EXPECT(200, call("POST", "/storage/v1/object/pub/a.txt", SERVICE, "{}"));
	return s;
}

static const char *address(struct t_server *s)
{
	t_server_use(s);
	return t_fmt("http://127.0.0.1:%d", t_port());
}

static struct t_run shadow(const char *record, const char *here, const char *there)
{
	const char *const settings[] = { t_fmt("JWT_SECRET=%s", t_jwt_secret),
					 t_fmt("DATABASE_URL=%s", t_database_url()),
					 "SUPABASE_ANON_KEY=anon-key-of-the-tests", NULL };

	return t_run(settings, "supabase", "shadow", "--requests", record, "--here", here,
		     "--there", there, "--json");
}

static void read_through(struct t_server *gateway, const struct t_user *u)
{
	t_server_use(gateway);
	EXPECT(200,
	       call("GET", "/functions/v1/profile?apikey=anon-key-of-the-tests&x=1", u->token,
		    NULL));
	EXPECT(200, call("GET", "/auth/v1/user", u->token, NULL));
	EXPECT(200, call("GET", "/storage/v1/object/info/pub/a.txt", NULL, NULL));
	EXPECT(200, call("GET", "/storage/v1/object/info/pub/a.txt", NULL, NULL));
	EXPECT(200, call("GET", "/storage/v1/object/public/pub/a.txt", NULL, NULL));
	call("GET", "/storage/v1/object/sign/pub/a.txt?token=in-no-record", NULL, NULL);
	call("GET", "/auth/v1/verify?token=in-no-record&type=signup", NULL, NULL);
	EXPECT(404, call("GET", "/rest/v1/posts?select=id", u->token, NULL));
}

TEST(shadow_reads_ask_both_sides_and_name_what_differs)
{
	const char *record = t_shared_path("reads"), *lines;
	struct t_server *project = side(), *other = side(), *gateway;
	struct t_user u;
	struct t_run r;
	const char *there = address(project);

	u = t_user("reader");
	gateway = t_server_start(t_fmt("SUPABASE_UPSTREAM=%s", there),
				 t_fmt("SUPABASE_RECORD=%s", record), COMPAT);
	read_through(gateway, &u);
	lines = read_text(record);
	EXPECT_TRUE(strstr(
		lines,
		t_fmt("{\"path\":\"/functions/v1/profile?x=1\",\"role\":\"authenticated\",\"user\":\"%s\"}\n",
		      u.id)));
	EXPECT_TRUE(strstr(lines, "\"role\":\"anon\"") && !strstr(lines, "in-no-record")
		    && !strstr(lines, u.token) && !strstr(lines, "anon-key"));

	r = must(shadow(record, there, there));
	EXPECT_TRUE(strstr(r.out, "\"ok\":true,\"same\":5,\"different\":0"));
	r = shadow(record, address(other), there);
	EXPECT_EQ(1, r.status);
	EXPECT_TRUE(strstr(
		r.out,
		"{\"path\":\"/storage/v1/object/info/pub/a.txt\",\"outcome\":\"different\",\"detail\":\".created_at, .id, "));
	EXPECT_TRUE(strstr(r.out, "403 here, 200 there"));
	EXPECT_TRUE(strstr(r.out, "\"ok\":false,\"same\":2,\"different\":3"));
	r = shadow(record, "http://127.0.0.1:1", there);
	EXPECT_EQ(1, r.status);
	EXPECT_TRUE(strstr(r.out, "\"failed\":5"));
	t_server_stop(gateway);
	t_server_stop(other);
	t_server_stop(project);
}
