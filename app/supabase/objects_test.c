/* Bytes of stored objects, from a folder and through the Storage API (test/supabase/storage.mjs). */
#include "app/supabase/supabase_test.h"

#include <string.h>

/* The tables as they were two years ago: no owner_id of buckets, no user_metadata. Object i is md5('o<i>'). */
static const char storage[] =
	"CREATE SCHEMA storage;"
	"CREATE TABLE storage.buckets (id text PRIMARY KEY, name text NOT NULL, owner uuid, public boolean,"
	" created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now());"
	"CREATE TABLE storage.objects (id uuid PRIMARY KEY, bucket_id text REFERENCES storage.buckets, name text, owner uuid,"
	" metadata jsonb, version text, created_at timestamptz DEFAULT now(), UNIQUE (bucket_id, name));"
	"INSERT INTO storage.buckets (id, name, public) VALUES ('pics', 'pics', true), ('docs', 'docs', false);"
	"INSERT INTO storage.objects (id, bucket_id, name, metadata, version)"
	" SELECT md5('o' || n)::uuid, bucket, name, metadata::jsonb, version FROM (VALUES"
	" (1, 'pics', 'a/face.jpg', '{\"eTag\":\"\\\"5d41402abc4b2a76b9719d911017c592\\\"\",\"size\":5,\"mimetype\":\"image/jpeg\"}', 'v1'),"
	" (2, 'pics', 'odd #?+%20 name', '{\"eTag\":\"\\\"5d41402abc4b2a76b9719d911017c592\\\"\",\"size\":5}', NULL),"
	" (3, 'docs', 'parts.bin', '{\"eTag\":\"\\\"00000000000000000000000000000000-2\\\"\",\"size\":5}', NULL),"
	" (4, 'docs', 'unknown', NULL, NULL),"
	" (5, 'docs', 'gone', '{\"size\":5}', NULL),"
	" (6, 'docs', 'short', '{\"size\":6}', NULL),"
	" (7, 'docs', 'other', '{\"eTag\":\"5d41402abc4b2a76b9719d911017c593\",\"size\":5}', NULL),"
	" (8, 'docs', '../../../etc/passwd', NULL, NULL),"
	" (9, 'docs', 'empty', '{\"eTag\":\"\\\"d41d8cd98f00b204e9800998ecf8427e\\\"\",\"size\":0}', 'v9')"
	") AS x (n, bucket, name, metadata, version)";

static void shell(const char *command)
{
	if (system(command) != 0)
		t_fail("%s", command);
}

/* The folder of the bytes, made anew. */
static const char *bytes(void)
{
	const char *dir = t_shared_path("objects");

	shell(t_fmt(
		"rm -rf %s && mkdir -p %s/pics/a/face.jpg %s/docs/empty && cd %s && printf hello >pics/a/face.jpg/v1 &&"
		" printf hello >'pics/odd #?+%%20 name' && printf hello >docs/parts.bin && printf any >docs/unknown &&"
		" printf hello >docs/short && printf hello >docs/other && printf more >docs/extra && : >docs/empty/v9 &&"
		" ln -s /etc/passwd docs/gone",
		dir, dir, dir, dir));
	return dir;
}

static const char *store(void)
{
	return t_shared_path("store");
}

static struct t_run copy_from(const char *option, const char *value)
{
	return t_run(T_LIST(t_fmt("JWT_SECRET=%s", t_jwt_secret),
			    t_fmt("DATABASE_URL=%s", t_database_url()),
			    t_fmt("UPLOAD_DIR=%s", store()),
			    "SUPABASE_SERVICE_KEY=service-key-of-the-project"),
		     "supabase", "objects", option, value, "--json");
}

static const char *stored(const char *key)
{
	const char *text = read_text(t_fmt("%s/%s", store(), key));

	return text ? text : "(none)";
}

static const char *object(int n)
{
	return stored(t_sql("SELECT storage_key(md5('o%d')::uuid)", n));
}

static void expect_the_lists(struct t_run r)
{
	const struct t_reply *counts = t_run_json(r);

	EXPECT_EQ(1, r.status);
	EXPECT_INT(5, counts, "stored");
	EXPECT_INT(18, counts, "bytes");
	EXPECT_CSTR("hello", object(1));
	EXPECT_CSTR("hello", object(2));
	EXPECT_CSTR("hello", object(3));
	EXPECT_CSTR("any", object(4));
	EXPECT_CSTR("", object(9));
	EXPECT_CSTR("(none)", object(6));
	EXPECT_CSTR("(none)", object(7));
	EXPECT_TRUE(strstr(stored("storage-lists/missing.txt"), "docs/gone\t"));
	EXPECT_TRUE(strstr(stored("storage-lists/missing.txt"), "docs/../../../etc/passwd\t"));
	EXPECT_TRUE(strstr(stored("storage-lists/different.txt"), "docs/short\t5 bytes, not 6\n"));
	EXPECT_TRUE(strstr(stored("storage-lists/different.txt"),
			   "docs/other\tthe MD5 is another one\n"));
}

static void begin(void)
{
	shell(t_fmt("rm -rf %s", store()));
	small_project(storage);
	EXPECT_EQ(9, t_sql_int("SELECT count(*) FROM storage_objects"));
}

TEST(trap_16_objects_come_from_a_folder_and_are_checked)
{
	const char *dir = bytes();
	struct t_run r;

	begin();
	r = copy_from("--objects", dir);
	expect_the_lists(r);
	EXPECT_INT(2, t_run_json(r), "missing");
	EXPECT_INT(2, t_run_json(r), "different");
	EXPECT_INT(1, t_run_json(r), "extra");
	EXPECT_CSTR("docs/extra\n", stored("storage-lists/extra.txt"));
	shell(t_fmt("cd %s && rm docs/gone && printf found >docs/gone && printf longer >docs/short",
		    dir));
	r = copy_from("--objects", dir);
	EXPECT_INT(7, t_run_json(r), "stored");
	EXPECT_CSTR("found", object(5));
	EXPECT_CSTR("longer", object(6));
	must(MOVE("import", "--dump", t_shared_path("small.sql"), "--again"));
	must(MOVE("verify"));
	EXPECT_EQ(7, t_sql_int("SELECT count(*) FROM storage_objects WHERE state = 'stored'"));
}

TEST(trap_16_a_new_version_is_copied_again)
{
	const char *dir = bytes();

	begin();
	copy_from("--objects", dir);
	shell(t_fmt("printf world >%s/pics/a/face.jpg/v2", dir));
	t_sql("UPDATE storage.objects SET version = 'v2', metadata = '{\"eTag\":\"\\\"7d793037a0760186574b0282f2f435e7\\\"\",\"size\":5}'"
	      " WHERE name = 'a/face.jpg'");
	must(MOVE("import", "--dump", t_shared_path("small.sql"), "--again"));
	copy_from("--objects", dir);
	EXPECT_CSTR("world", object(1));
}

static const char *api(const char *dir)
{
	return t_fmt("http://127.0.0.1:%d/storage/v1",
		     t_node_start("test/supabase/storage.mjs", dir, "service-key-of-the-project"));
}

TEST(trap_16_objects_come_through_the_storage_api)
{
	const char *dir = bytes();
	struct t_run r;

	shell(t_fmt("rm %s/docs/gone", dir));
	begin();
	r = copy_from("--source-storage", api(dir));
	expect_the_lists(r);
	EXPECT_INT(2, t_run_json(r), "missing");
	EXPECT_INT(1, t_run_json(r), "extra");
	EXPECT_CSTR("docs/extra\n", stored("storage-lists/extra.txt"));
}

/* Each folder is asked for by itself, and a long one in pages. */
TEST(objects_that_nobody_knows_of_are_found_through_the_storage_api)
{
	const char *dir = bytes();

	begin();
	shell(t_fmt(
		"mkdir -p %s/unknown/deep/er && cd %s/unknown/deep && for i in $(seq 1 1100); do : >f$i; done && : >er/x && : >er/y",
		dir, dir));
	EXPECT_INT(1103, t_run_json(copy_from("--source-storage", api(dir))), "extra");
	EXPECT_TRUE(strstr(stored("storage-lists/extra.txt"), "unknown/deep/er/y\n"));
}

/* 20 MB come in pieces; a server that is busy, limits us or breaks off is asked again. */
TEST(objects_survive_the_moods_of_a_server)
{
	static const char *const names[] = { "large", "busy", "tired", "cut" };
	const char *dir = bytes();

	begin();
	t_sql("UPDATE storage_objects SET state = 'stored'");
	for (int i = 0; i < 4; i++) {
		shell(t_fmt("head -c %d /dev/urandom >%s/docs/%s", i ? 1000 : 20000000, dir,
			    names[i]));
		t_sql("INSERT INTO storage_objects (id, bucket_id, name, size) VALUES (md5('o%d')::uuid, 'docs', '%s', %d)",
		      100 + i, names[i], i ? 1000 : 20000000);
	}
	EXPECT_EQ(0, copy_from("--source-storage", api(dir)).status);
	for (int i = 0; i < 4; i++)
		shell(t_fmt("cmp %s/docs/%s %s/%s", dir, names[i], store(),
			    t_sql("SELECT storage_key(md5('o%d')::uuid)", 100 + i)));
}

TEST(a_wrong_service_key_stops_the_copy_and_says_so)
{
	const char *dir = bytes();
	struct t_run r;

	begin();
	r = copy_from("--source-storage",
		      t_fmt("http://127.0.0.1:%d/storage/v1",
			    t_node_start("test/supabase/storage.mjs", dir, "another-key")));
	EXPECT_TRUE(r.status == 1 && strstr(r.err, "does not take the service key"));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM storage_objects WHERE state <> 'pending'"));
}

TEST(a_killed_copy_goes_on_where_it_was)
{
	const char *dir = bytes();
	bool done = false;

	begin();
	t_sql("UPDATE storage_objects SET state = 'stored'");
	shell(t_fmt("mkdir %s/many && for i in $(seq 600); do echo $i >%s/many/$i; done", dir,
		    dir));
	t_sql("INSERT INTO storage_buckets (id, name) VALUES ('many', 'many');"
	      "INSERT INTO storage_objects (id, bucket_id, name) SELECT md5('m' || i)::uuid, 'many', i::text FROM generate_series(1, 600) i");
	setenv("UPLOAD_DIR", store(), 1);
	for (int i = 0; i < 8 && !done; i++)
		done = killed_after(40 + 30 * i, T_LIST("objects", "--objects", dir));
	unsetenv("UPLOAD_DIR");
	copy_from("--objects", dir);
	EXPECT_EQ(
		600,
		t_sql_int(
			"SELECT count(*) FROM storage_objects WHERE bucket_id = 'many' AND state = 'stored'"));
	for (int i = 1; i <= 600; i += 67)
		EXPECT_CSTR(t_fmt("%d\n", i),
			    stored(t_sql("SELECT storage_key(md5('m%d')::uuid)", i)));
}

TEST(trap_17_addresses_of_files_name_this_server)
{
	const char *settings[4] = { t_fmt("JWT_SECRET=%s", t_jwt_secret),
				    "API_BASE_URL=https://api.example.org/" };

	t_database_of_my_own();
	settings[2] = t_fmt("DATABASE_URL=%s", t_database_url());
	must(MOVE("import", "--dump", dump("plain.sql")));
	EXPECT_CSTR(
		"23 still name the old project",
		t_sql("SELECT detail FROM supabase_move.findings WHERE code = 'old_address' AND key = 'avatar_url'"));
	must(t_run(settings, "supabase", "import", "--dump", dump("plain.sql"), "--again",
		   "--old-url", "https://abcdefghij.supabase.co/"));
	EXPECT_EQ(
		0,
		t_sql_int(
			"SELECT count(*) FROM supabase_move.findings WHERE code = 'old_address'"));
	EXPECT_EQ(
		23,
		t_sql_int(
			"SELECT count(*) FROM profiles WHERE avatar_url LIKE"
			" 'https://api.example.org/storage/v1/object/public/avatars/%%/face.jpg'"));
	must(MOVE("verify"));
	EXPECT_CSTR(
		"https://api.example.org/storage/v1/object/authenticated/media/a.jpg",
		t_sql("SELECT supabase_move.new_address('https://abcdefghij.supabase.co/storage/v1/object/sign/media/a.jpg?token=x.y')"));
	EXPECT_CSTR("https://abcdefghij.supabase.co/storage/v1/object/public/b/c",
		    t_sql("SELECT supabase_move.old_address(supabase_move.new_address("
			  "'https://abcdefghij.supabase.co/storage/v1/object/public/b/c'))"));
	EXPECT_CSTR(
		"https://other.supabase.co/storage/v1/object/public/b/c",
		t_sql("SELECT supabase_move.new_address('https://other.supabase.co/storage/v1/object/public/b/c')"));
}
