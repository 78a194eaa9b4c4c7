/* Which addresses people may give as those of pictures, films and sounds (domain-rules §16, post URLs). */
#include "app/media/media_test.h"

#include <stdlib.h>
#include <string.h>

#define API "/api/v1"
#define OWN "https://api.sojorn.test/uploads/a"

static const struct t_reply *post(const struct t_user *user, const char *member, const char *url)
{
	return t_post_json(user, API "/posts", "{'body': 'x', %s: %s}", t_quote(member),
			   t_quote(url));
}

static const struct t_reply *profile(const struct t_user *user, const char *member, const char *url)
{
	return t_patch_json(user, API "/profile", "{%s: %s}", t_quote(member), t_quote(url));
}

/* What looks like ours, or like one of the hosts whose pictures are shown, and is not. */
static const char *const foreign[] = {
	"https://img.example.com/a.jpg",
	"https://api.sojorn.test/",
	"https://api.sojorn.test/uploads",
	"https://api.sojorn.test.evil.example/uploads/a.jpg",
	"https://api.sojorn.test@evil.example/uploads/a.jpg",
	"https://evil.example/https://api.sojorn.test/uploads/a.jpg",
	"https://evil.example/uploads/a.jpg",
	"https://evil.example?https://i.imgur.com/a.jpg",
	"https://i.imgur.com.evil.example/a.jpg",
	"https://i.imgur.com@evil.example/a.jpg",
	"https://evil.example\\@i.imgur.com/a.jpg",
	"http://i.imgur.com/a.jpg",
	"http://api.sojorn.test/uploads/a.jpg",
	"//api.sojorn.test/uploads/a.jpg",
	"ftp://i.imgur.com/a.jpg",
	"javascript:alert(1)",
	"data:image/png;base64,AAAA",
	"https://",
	"uploads",
	"x/uploads/a.jpg",
};

TEST(media_of_posts_are_uploads_or_pictures_of_a_few_hosts)
{
	static const char *const members[] = { "image_url", "thumbnail_url", "video_url",
					       "audio_overlay_url" };
	struct t_user ann = t_user("ann");
	const char *reply;

	for (size_t m = 0; m < 4; m++) {
		for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++) {
			reply = EXPECT(400, post(&ann, members[m], foreign[i]))->body;
			EXPECT_TRUE(strstr(reply, members[m]) != NULL);
		}
		EXPECT_STR(OWN ".mp4", EXPECT(201, post(&ann, members[m], OWN ".mp4")),
			   t_fmt("post.%s", members[m]));
	}
	EXPECT_STR("https://media.giphy.com/a.gif",
		   EXPECT(201, post(&ann, "image_url", "https://media.giphy.com/a.gif")),
		   "post.image_url");
	EXPECT(400, post(&ann, "video_url", "https://media.giphy.com/a.mp4"));
	EXPECT(400, post(&ann, "audio_overlay_url", "https://media.giphy.com/a.mp3"));
	EXPECT_EQ(5, t_sql_int("SELECT count(*) FROM posts WHERE author_id = '%s'", ann.id));
}

/* A film's address is the film's alone where it is not an image's by its ending (contract §3.5). */
TEST(the_key_of_an_upload_becomes_its_address)
{
	struct t_user ann = t_user("ann");
	const char *key = t_key(EXPECT(200, t_upload(&ann, "gps.jpg")), "url");

	EXPECT_STR(t_fmt("https://api.sojorn.test/%s", key),
		   EXPECT(201, post(&ann, "image_url", key)), "post.image_url");
	EXPECT_STR(t_fmt("https://api.sojorn.test/%s", key),
		   EXPECT(200, profile(&ann, "avatar_url", key)), "profile.avatar_url");
	EXPECT_EQ(1,
		  t_sql_int("SELECT count(*) FROM media_objects WHERE key = '%s'"
			    " AND unused_since IS NULL",
			    key));
}

TEST(avatars_and_covers_are_held_to_it_too)
{
	static const char *const members[] = { "avatar_url", "cover_url" };
	struct t_user ann = t_user("ann");

	for (size_t m = 0; m < 2; m++) {
		const char *at = t_fmt("profile.%s", members[m]);

		EXPECT_STR(OWN ".jpg", EXPECT(200, profile(&ann, members[m], OWN ".jpg")), at);
		for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
			EXPECT_CODE("invalid", EXPECT(400, profile(&ann, members[m], foreign[i])));
		EXPECT_STR(OWN ".jpg", t_get(&ann, API "/profile"), at);
		EXPECT_STR("https://i.imgur.com/b.jpg",
			   EXPECT(200, profile(&ann, members[m], "https://i.imgur.com/b.jpg")), at);
		EXPECT(200, profile(&ann, members[m], ""));
	}
}

/* Clients send a whole profile back, with what the server before this one let in. */
TEST(a_foreign_avatar_that_is_there_passes_an_edit)
{
	static const char old[] = "https://ancient.example/a.jpg";
	struct t_user ann = t_user("ann");

	t_sql("UPDATE profiles SET avatar_url = '%s', cover_url = '%s2' WHERE id = '%s'", old, old,
	      ann.id);
	EXPECT_STR(old,
		   EXPECT(200,
			  t_patch_json(&ann, API "/profile",
				       "{'bio': 'new', 'avatar_url': '%s', 'cover_url': '%s2'}",
				       old, old)),
		   "profile.avatar_url");
	EXPECT_STR("new", t_get(&ann, API "/profile"), "profile.bio");
	EXPECT(400, profile(&ann, "avatar_url", t_fmt("%s2", old))); /* the cover's */
	t_sql("UPDATE profiles SET avatar_url = 'old/a.jpg' WHERE id = '%s'", ann.id);
	EXPECT(200,
	       profile(&ann, "avatar_url",
		       t_json(t_get(&ann, API "/profile"), "profile.avatar_url")));
}

TEST(beacons_show_uploads_and_pictures_of_a_few_hosts)
{
	struct t_server *s = t_server_start("SUPABASE_COMPAT=on", "RATE_LIMITS=off",
					    "R2_IMG_DOMAIN=img.sojorn.test");
	struct t_user ann = t_user("ann");
	const char *beacon = "{'beacon_type': 'hazard', 'body': 'A tree lies across the path',"
			     " 'lat': 1.5, 'long': 2.5, 'image_url': '%s'}";

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	EXPECT(400, t_post_json(&ann, API "/beacons", beacon, foreign[0]));
	/* These would be shown, but have the name of whoever put them there in their address. */
	EXPECT(400,
	       t_post_json(&ann, API "/beacons", beacon,
			   "https://api.sojorn.test/storage/v1/object/public/a/b.jpg"));
	EXPECT(400, t_post_json(&ann, API "/beacons", beacon, "https://img.sojorn.test/ann/b.jpg"));
	EXPECT(201, t_post_json(&ann, API "/beacons", beacon, "https://i.imgur.com/a.jpg"));
#pragma GCC diagnostic pop
	t_server_stop(s);
}

TEST(the_operators_domains_and_old_buckets_are_ours)
{
	struct t_server *s = t_server_start("SUPABASE_COMPAT=on", "R2_IMG_DOMAIN=img.sojorn.test",
					    "R2_VID_DOMAIN=https://quips.sojorn.test/",
					    "R2_PUBLIC_BASE_URL=https://cdn.sojorn.test/m",
					    "IMAGE_PROXY_HOSTS=other.example");
	struct t_user ann = t_user("ann");

	EXPECT(201, post(&ann, "image_url", "https://img.sojorn.test/a.jpg"));
	EXPECT(201, post(&ann, "video_url", "https://quips.sojorn.test/a.mp4"));
	EXPECT(201, post(&ann, "image_url", "https://cdn.sojorn.test/m/a.jpg"));
	EXPECT(400, post(&ann, "image_url", "https://cdn.sojorn.test/a.jpg"));
	EXPECT(400, post(&ann, "image_url", "https://img.sojorn.test.evil.example/a.jpg"));
	EXPECT(400, post(&ann, "image_url", "https://i.imgur.com/a.jpg"));
	EXPECT(201,
	       post(&ann, "image_url",
		    "https://api.sojorn.test/storage/v1/object/public/avatars/a.jpg"));
	EXPECT_STR("https://img.sojorn.test/uploads/u/a.jpg",
		   EXPECT(201, post(&ann, "image_url", "uploads/u/a.jpg")), "post.image_url");
	t_server_stop(s);
}

/* What is in use is known by its address, or the sweep would take it a day later. */
TEST(uploads_below_a_path_are_in_use_too)
{
	struct t_server *s = t_server_start("R2_PUBLIC_BASE_URL=https://cdn.sojorn.test/my/media");
	struct t_user ann = t_user("ann");
	const struct t_reply *r = EXPECT(200, t_upload(&ann, "gps.jpg"));
	const char *url = t_json(r, "url"), *shown;

	EXPECT_TRUE(strncmp(url, "https://cdn.sojorn.test/my/media/uploads/", 41) == 0);
	EXPECT(201, post(&ann, "image_url", url));
	EXPECT_EQ(1, t_sql_int("SELECT count(*) FROM media_objects WHERE unused_since IS NULL"));
	r = EXPECT(201,
		   t_post_json(&ann, API "/beacons",
			       "{'beacon_type': 'hazard', 'body': 'A tree lies across the path',"
			       " 'lat': 1.5, 'long': 2.5, 'image_url': '%s'}",
			       url));
	shown = t_json(r, "beacon.image_url");
	EXPECT_TRUE(strstr(shown, "/my/media/uploads/beacons/") != NULL);
	EXPECT_EQ(2, t_sql_int("SELECT count(*) FROM media_objects WHERE unused_since IS NULL"));
	t_server_stop(s);
}

/* ---- signed addresses ---- */

static const char *path_of(const char *url)
{
	const char *path = strstr(url, "/uploads/");

	EXPECT_TRUE(path != NULL);
	return path;
}

static void expect_refused(const char *code, const char *path)
{
	EXPECT_CODE(code, EXPECT(403, t_get(NULL, "%s", path)));
}

/* A letter of the path made another one. */
static const char *forged(const char *path, size_t at)
{
	char *copy = t_keep(strlen(path) + 1);

	strcpy(copy, path);
	copy[at] = copy[at] == '1' ? '2' : '1';
	return copy;
}

TEST(with_a_secret_media_are_read_by_signed_addresses_only)
{
	struct t_server *s = t_server_start("MEDIA_SIGNING_SECRET=" T_SECRET);
	struct t_user ann = t_user("ann");
	const struct t_reply *r = EXPECT(200, t_upload(&ann, "gps.jpg"));
	const char *key = t_key(r, "url"), *path, *again;
	size_t exp;

	EXPECT_STR(t_fmt("https://api.sojorn.test/%s", key), r, "url"); /* stable, to be stored */
	expect_refused("not_signed", t_fmt("/%s", key));
	path = path_of(t_json(EXPECT(200, t_get(&ann, API "/media/sign?path=%s", key)), "url"));
	r = EXPECT(200, t_get(NULL, "%s", path));
	EXPECT_HEADER("image/jpeg", r, "Content-Type");
	EXPECT_HEADER("private, max-age=86400", r, "Cache-Control");
	again = path_of(t_json(t_get(&ann, API "/media/sign?path=%s", key), "url"));
	exp = strlen(t_fmt("/%s?exp=", key));
	if (strncmp(path, again, exp + 10) == 0) /* the same hour */
		EXPECT_CSTR(path, again);
	EXPECT_EQ(0, atoll(path + exp) % 3600);
	expect_refused("not_signed", forged(path, exp + 9));
	expect_refused("not_signed", forged(path, strlen(path) - 1));
	expect_refused("not_signed", forged(path, strlen("/uploads/")));
	expect_refused("not_signed", t_fmt("%.*s", (int)exp + 10, path));
	t_server_stop(s);
}

/* The formula is the contract's (§9), so that whoever serves the buckets can check it, too. */
TEST(a_signature_is_of_key_and_time_and_ends)
{
	struct t_server *s =
		t_server_start("MEDIA_SIGNING_SECRET=key", "R2_IMG_DOMAIN=img.sojorn.test");
	struct t_user ann = t_user("ann");

	/* printf 'uploads/a.jpg:3600' | openssl dgst -sha256 -hmac key */
	expect_refused(
		"signature_expired",
		"/uploads/a.jpg?exp=3600&sig=8d47fdca74e8f5149a2b59493b4335fad01394956e48d18f6bf7ebef3b629f20");
	/* … of 4102444800, the year 2100 */
	EXPECT(404,
	       t_get(NULL,
		     "/uploads/a.jpg?exp=4102444800&sig=c34ac0834cbe24fb14dfe431446ec2e46f16320785c61e1b92cbbf403c5914d6"));
	EXPECT(400, t_get(NULL, "/uploads/a.jpg?exp=soon&sig=x"));
	EXPECT_TRUE(strncmp("https://img.sojorn.test/old/a.jpg?exp=",
			    t_json(t_get(&ann, API "/media/sign?path=old/a.jpg"), "url"), 38)
		    == 0);
	t_server_stop(s);
}

/* Whether the member is this address, signed so that it can be read. Which signature it is depends on the hour. */
static void expect_signed(const char *address, const struct t_reply *r, const char *member)
{
	const char *shown = t_json(r, member);

	EXPECT_CSTR(address, t_fmt("%.*s", (int)strcspn(shown, "?"), shown));
	EXPECT(200, t_get(NULL, "%s", path_of(shown)));
}

/* What is stored has no signature, what is shown has one; what lies elsewhere stays as it is. */
TEST(replies_sign_the_media_they_show)
{
	struct t_server *s = t_server_start("MEDIA_SIGNING_SECRET=" T_SECRET);
	struct t_user ann = t_user("ann");
	const char *key = t_key(EXPECT(200, t_upload(&ann, "gps.jpg")), "url"), *id;
	const char *stored = t_fmt("https://api.sojorn.test/%s", key);
	const struct t_reply *r = EXPECT(201, post(&ann, "image_url", stored));

	id = t_json(r, "post.id");
	expect_signed(stored, r, "post.image_url");
	r = EXPECT(200, profile(&ann, "avatar_url", t_json(r, "post.image_url")));
	expect_signed(stored, r, "profile.avatar_url");
	EXPECT_CSTR(stored, t_sql("SELECT avatar_url FROM profiles WHERE id = '%s'", ann.id));
	r = EXPECT(200, t_get(&ann, API "/posts/%s", id));
	expect_signed(stored, r, "post.image_url");
	expect_signed(stored, r, "post.author.avatar_url");
	expect_signed(stored, EXPECT(200, t_get(&ann, API "/users/me/export")),
		      "posts[0].image_url");
	t_sql("UPDATE posts SET image_url = '%s?v=2' WHERE id = '%s'", stored, id);
	expect_signed(stored, t_get(&ann, API "/posts/%s", id), "post.image_url");
	r = EXPECT(201, post(&ann, "image_url", "https://i.imgur.com/a.jpg"));
	EXPECT_STR("https://i.imgur.com/a.jpg", r, "post.image_url");
	t_server_stop(s);
}

/* What the server before this one stored: keys, which clients cannot use (contract §9). */
TEST(a_stored_key_is_shown_as_an_address)
{
	struct t_user ann = t_user("ann");
	const char *id =
		t_new_post_with(&ann, "image_url = 'uploads/u/a.jpg', video_url = '/b.mp4'");
	const struct t_reply *r = EXPECT(200, t_get(&ann, API "/posts/%s", id));

	EXPECT_STR("https://api.sojorn.test/uploads/u/a.jpg", r, "post.image_url");
	EXPECT_STR("https://api.sojorn.test/b.mp4", r, "post.video_url");
}
