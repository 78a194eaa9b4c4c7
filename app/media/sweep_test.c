/* What becomes of files that nothing uses any more. */
#include "app/media/media_test.h"

#include <signal.h>
#include <string.h>
#include <time.h>

/* Runs the periodic job now, and waits for it. */
static void sweep(void)
{
	long long runs = t_sql_int(
		"SELECT COALESCE((SELECT runs FROM periodic_jobs WHERE name = 'media_sweep'), 0)");

	t_sql("INSERT INTO periodic_jobs (name) VALUES ('media_sweep') ON CONFLICT DO NOTHING");
	t_sql("UPDATE periodic_jobs SET next_run_at = now() WHERE name = 'media_sweep'");
	EXPECT_SOON(t_sql_int("SELECT runs FROM periodic_jobs WHERE name = 'media_sweep'") > runs);
}

static void age(const char *key)
{
	t_sql("UPDATE media_objects SET unused_since = unused_since - interval '25 hours' WHERE key = '%s'",
	      key);
}

static bool is_there(const char *key)
{
	return t_sql_int("SELECT count(*) FROM media_objects WHERE key = '%s'", key) == 1;
}

static bool is_unused(const char *key)
{
	return t_sql_int(
		       "SELECT count(*) FROM media_objects WHERE key = '%s' AND unused_since IS NOT NULL",
		       key)
		== 1;
}

static const char *upload(const struct t_user *user, const char *name)
{
	return t_json(EXPECT(200, t_upload(user, name)), "url");
}

static const char *key_in(const char *url)
{
	return strstr(url, "uploads/");
}

static const char *post_with(const struct t_user *user, const char *member, const char *url)
{
	const struct t_reply *r = EXPECT(201,
					 t_post_json(user, "/api/v1/posts", "{'body': 'x', %s: %s}",
						     t_quote(member), t_quote(url)));

	return t_json(r, "post.id");
}

TEST(what_nothing_uses_for_a_day_is_deleted_with_its_small_copy)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r = EXPECT(200, t_upload(&ann, "gps.jpg"));
	const char *key = t_key(r, "url"), *small = t_key(r, "thumbnail_url");

	sweep();
	EXPECT_TRUE(is_there(key)); /* it may yet be posted */
	age(key);
	sweep();
	EXPECT_SOON(!is_there(key));
	EXPECT(404, t_get(NULL, "/%s", key));
	EXPECT(404, t_get(NULL, "/%s", small));
	EXPECT_CSTR(key, t_key(EXPECT(200, t_upload(&ann, "gps.jpg")), "url")); /* and comes back */
	EXPECT(200, t_get(NULL, "/%s", key));
}

TEST(what_is_used_stays)
{
	struct t_user ann = t_user("ann");
	const char *image = upload(&ann, "gps.jpg"), *film = upload(&ann, "clip.mp4"),
		   *face = upload(&ann, "alpha.png");
	const char *small = t_json(EXPECT(200, t_upload(&ann, "photo.webp")), "thumbnail_url");

	post_with(&ann, "image_url", image);
	post_with(&ann, "video_url", film);
	EXPECT(200, t_patch_json(&ann, "/api/v1/profile", "{'avatar_url': %s}", t_quote(face)));
	t_sql("UPDATE posts SET thumbnail_url = '%s' WHERE video_url = '%s'", small, film);
	EXPECT_EQ(0,
		  t_sql_int("SELECT count(*) FROM media_objects WHERE owner_id = '%s' "
			    "AND unused_since IS NOT NULL",
			    ann.id));
}

TEST(what_a_post_used_is_free_when_the_post_is_deleted)
{
	struct t_user ann = t_user("ann");
	const char *url = upload(&ann, "gps.jpg"), *key = key_in(url);
	const char *first = post_with(&ann, "image_url", url),
		   *second = post_with(&ann, "image_url", url);

	EXPECT(200, t_delete(&ann, "/api/v1/posts/%s", first));
	EXPECT_FALSE(is_unused(key));
	t_sql("DELETE FROM posts WHERE id = '%s'", second);
	EXPECT_TRUE(is_unused(key));
	sweep();
	EXPECT_TRUE(is_there(key)); /* a day from now */
	age(key);
	sweep();
	EXPECT_SOON(!is_there(key));
}

TEST(another_avatar_frees_the_first)
{
	struct t_user ann = t_user("ann");
	const char *one = upload(&ann, "gps.jpg"), *two = upload(&ann, "alpha.png");

	EXPECT(200, t_patch_json(&ann, "/api/v1/profile", "{'avatar_url': %s}", t_quote(one)));
	EXPECT(200, t_patch_json(&ann, "/api/v1/profile", "{'avatar_url': %s}", t_quote(two)));
	EXPECT_TRUE(is_unused(key_in(one)));
	EXPECT_FALSE(is_unused(key_in(two)));
}

TEST(what_somebody_uploaded_goes_with_the_account)
{
	struct t_user ann = t_user("ann");
	const char *image = upload(&ann, "gps.jpg"), *film = upload(&ann, "clip.mp4");

	post_with(&ann, "image_url", image);
	t_sql("UPDATE media_objects SET unused_since = NULL WHERE key = '%s'",
	      key_in(film)); /* as if imported */
	t_sql("DELETE FROM users WHERE id = '%s'", ann.id);
	sweep();
	EXPECT_SOON(!is_there(key_in(film)));
	EXPECT_SOON(!is_there(key_in(image)));
	EXPECT(404, t_get(NULL, "/%s", key_in(image)));
	EXPECT(404, t_get(NULL, "/%s", key_in(film)));
}

TEST(a_beacon_shows_a_copy_that_does_not_say_whose_it_is)
{
	struct t_user ann = t_user("ann");
	const char *url = upload(&ann, "gps.jpg"), *shown;
	const char *beacon =
		"{'beacon_type': 'hazard', 'body': 'A tree lies across the path', 'lat': 1.5, "
		"'long': 2.5, 'image_url': %s}";
	const struct t_reply *r;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	r = EXPECT(201, t_post_json(&ann, "/api/v1/beacons", beacon, t_quote(url)));
	shown = t_json(r, "beacon.image_url");
	EXPECT_TRUE(strstr(shown, ann.id) == NULL);
	EXPECT_TRUE(strstr(shown, strrchr(url, '/') + 1) == NULL);
	EXPECT(200, t_get(NULL, "/%s", key_in(shown)));
	EXPECT_EQ(1,
		  t_sql_int("SELECT count(*) FROM media_objects WHERE key = '%s' "
			    "AND owner_id IS NULL AND unused_since IS NULL",
			    key_in(shown)));
	EXPECT_TRUE(is_unused(key_in(url))); /* and goes in a day */
	EXPECT_CODE("invalid",
		    EXPECT(400,
			   t_post_json(&ann, "/api/v1/beacons", beacon,
				       t_quote("https://api.sojorn.test/uploads/no.jpg"))));
#pragma GCC diagnostic pop
}

/* The row says "deleting" until the file is gone: whenever the process dies, somebody finishes it. */
TEST(a_deletion_survives_a_kill)
{
	struct t_server *s = t_server_start();
	struct t_user ann = t_user("ann");
	const char *key = key_in(upload(&ann, "gps.jpg"));

	t_server_kill(s);
	t_sql("UPDATE media_objects SET deleting = true WHERE key = '%s'", key);
	t_sql("INSERT INTO outbox (kind, payload) VALUES ('media_delete', jsonb_build_object('key', '%s'))",
	      key);
	t_server_restart(s);
	EXPECT_SOON(!is_there(key));
	EXPECT(404, t_get(NULL, "/%s", key));
	t_server_stop(s);
}

/* Nor is a film without its frame for ever; nothing points to a file that was not written. */
TEST(first_frames_survive_kills)
{
	static const char *const films[] = { "clip.mp4", "clip.mov", "clip.webm" };
	struct t_server *s = t_server_start();
	struct t_user ann = t_user("ann");
	const char *posts[3];

	for (int i = 0; i < 3; i++) {
		posts[i] = post_with(&ann, "video_url", upload(&ann, films[i]));
		if (i == 2) /* a fourth try is the last */
			break;
		nanosleep(&(struct timespec){ .tv_nsec = 80000000L * i }, NULL);
		t_server_kill(s);
		t_sql("UPDATE outbox SET next_try_at = now()");
		t_server_restart(s);
	}
	for (int i = 0; i < 3; i++) {
		const char *frame = t_fmt(
			"SELECT substring(first_frame_url FROM '/uploads/.*') FROM posts WHERE id = '%s'",
			posts[i]);

		EXPECT_SOON(t_sql("%s", frame) != NULL);
		EXPECT(200, t_get(NULL, "%s", t_sql("%s", frame)));
	}
	EXPECT_SOON(t_sql_int("SELECT count(*) FROM outbox WHERE kind = 'media_frame'") == 0);
	t_server_stop(s);
}

/* Nobody may take away what has just come: an object that is being deleted is never given back. */
TEST(a_file_sent_while_its_twin_is_deleted_gets_a_name_of_its_own)
{
	struct t_server *s = t_server_start();
	struct t_user ann = t_user("ann");
	const char *key = key_in(upload(&ann, "gps.jpg")), *other;

	t_sql("UPDATE media_objects SET deleting = true WHERE key = '%s'", key);
	other = key_in(upload(&ann, "gps.jpg"));
	EXPECT_TRUE(strcmp(key, other) != 0);
	t_sql("INSERT INTO outbox (kind, payload) VALUES ('media_delete', jsonb_build_object('key', '%s'))",
	      key);
	EXPECT_SOON(!is_there(key));
	EXPECT(200, t_get(NULL, "/%s", other));
	t_server_stop(s);
}
