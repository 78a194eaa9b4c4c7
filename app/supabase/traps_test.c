/* Traps of leaving Supabase (by their numbers) that no other test file is about. */
#include "app/supabase/live_test.h"

/* citext and the like are in "extensions" here, since the app needs them there; this dump has them in "public". */
static const char elsewhere[] =
	"SELECT pg_catalog.set_config('search_path', '', false);\n"
	"CREATE EXTENSION IF NOT EXISTS postgis WITH SCHEMA public;\n"
	"CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;\n"
	"CREATE TABLE public.places (id integer PRIMARY KEY, at public.geography(Point,4326), name text DEFAULT 'public.geography',\n"
	"\tshape \"public\".\"geometry\",\n"
	"\tCONSTRAINT inside CHECK (public.st_isvalid(shape) AND (name OPERATOR(public.%) name)));\n"
	"COPY public.places (id, at, shape) FROM stdin;\n"
	"1\t0101000020E6100000CDCCCCCCCCCC2A400000000000404A40\t0101000000000000000000F03F0000000000000040\n\\.\n"
	"CREATE INDEX places_name ON public.places USING gin (name public.gin_trgm_ops);\n"
	"CREATE FUNCTION public.far(x public.geography) RETURNS text LANGUAGE sql AS $$ SELECT 'public.geography' $$;\n";

TEST(trap_04_names_of_an_extension_that_is_elsewhere_are_found)
{
	const char *file = t_shared_path(t_unique("elsewhere"));

	write_text(file, elsewhere);
	t_database_of_my_own();
	must(MOVE("import", "--dump", file));
	EXPECT_CSTR(
		"extensions",
		t_sql("SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'pg_trgm'"));
	EXPECT_CSTR(
		"public.geography 13.4 2",
		t_sql("SELECT concat_ws(' ', name, round(extensions.st_x(at::extensions.geometry)::numeric, 1),"
		      " extensions.st_y(shape)) FROM public.places"));
	EXPECT_EQ(
		3,
		t_sql_int(
			"SELECT count(*) FROM supabase_move.ledger WHERE outcome = 'done'"
			" AND (object LIKE 'public.places%%' OR object = 'public.far' OR kind IN ('index', 'function'))"
			" AND kind <> 'rows'"));
	EXPECT_EQ(
		0,
		t_sql_int(
			"SELECT count(*) FROM supabase_move.ledger WHERE reason LIKE 'does not work%%'"));
}

/* One that people's browsers ask before a request of the old client, with headers that nobody has thought of. */
static const struct t_reply *preflight(const char *headers)
{
	return t_send(&(struct t_request){
		.method = "OPTIONS",
		.path = "/auth/v1/token?grant_type=refresh_token",
		.headers = T_LIST("Origin: https://app.example.org",
				  "Access-Control-Request-Method: POST",
				  t_fmt("Access-Control-Request-Headers: %s", headers)),
	});
}

/* A client finds its session under the name of the host it knows: so old addresses keep working, the old host's name
 * is not in what it is told, and its headers are let through, whatever a later version adds. */
TEST(trap_32_clients_in_the_field_keep_their_address_and_headers)
{
	const struct t_reply *r;
	const char *allowed;

	t_server_start("SUPABASE_COMPAT=on", "SUPABASE_ANON_KEY=anon-key-of-the-tests",
		       "CORS_ORIGINS=https://app.example.org");
	r = preflight(
		"authorization,apikey,content-type,x-client-info,x-supabase-api-version,x-retry-count,traceparent");
	EXPECT_TRUE(r->status == 200 || r->status == 204);
	allowed = t_header(r, "Access-Control-Allow-Headers");
	EXPECT_TRUE(allowed && strcasestr(allowed, "x-supabase-api-version")
		    && strcasestr(allowed, "x-client-info") && strcasestr(allowed, "apikey")
		    && strcasestr(allowed, "traceparent"));
	r = t_send(&(struct t_request){
		.method = "GET",
		.path = "/auth/v1/settings",
		.headers =
			T_LIST("Origin: https://app.example.org", "apikey: anon-key-of-the-tests"),
	});
	EXPECT_TRUE(strcasestr(t_header(EXPECT(200, r), "Access-Control-Expose-Headers"),
			       "x-supabase-api-version"));
	EXPECT_NULL(strstr(r->body, "supabase.co"));
}
