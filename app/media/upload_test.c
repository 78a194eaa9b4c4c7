/* Uploads: domain-rules §16, contract §5.10 and §9. */
#include "app/media/media_test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static bool has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

/* ---- what is refused ---- */

TEST(t_med_1_a_page_named_jpg_answers_415)
{
	static const char *const files[] = { "page.jpg",  "drawing.svg",   "list.m3u8",
					     "words.srt", "list.ffconcat", "attached.mkv" };
	struct t_user ann = t_user("ann");

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		const struct t_reply *r = EXPECT(415, t_upload(&ann, files[i]));

		EXPECT_CODE("unsupported_type", r);
		EXPECT_STR(t_json(r, "error"), r, "message"); /* after a film it is read there */
	}
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM media_objects WHERE owner_id = '%s'", ann.id));
}

TEST(a_form_without_a_file_answers_400)
{
	struct t_user ann = t_user("ann");

	EXPECT_CODE("no_file", EXPECT(400, t_upload_bytes(&ann, "other", "a", "x", 1)));
	EXPECT_CODE("no_file", EXPECT(400, t_upload_bytes(&ann, "media", "a", "", 0)));
	EXPECT_CODE("invalid", EXPECT(400, t_post_json(&ann, "/api/v1/upload", "{}")));
	EXPECT(401, t_upload_bytes(NULL, "media", "a", "x", 1));
}

TEST(bombs_are_refused_before_they_are_decoded)
{
	struct t_user ann = t_user("ann");

	EXPECT_CODE("image_too_large", EXPECT(413, t_upload(&ann, "bomb.png")));
	EXPECT_CODE("media_broken",
		    EXPECT(422, t_upload(&ann, "line.png"))); /* libpng's own limit */
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM media_objects WHERE owner_id = '%s'", ann.id));
}

TEST(damaged_files_are_refused)
{
	static const char *const files[] = { "cut.jpg", "cut.png", "only-a-head.jpg", "cut.mp4",
					     "cut.webm" };
	struct t_user ann = t_user("ann");

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		EXPECT_CODE("media_broken", EXPECT(422, t_upload(&ann, files[i])));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM media_objects WHERE owner_id = '%s'", ann.id));
}

/* Announces a form of `announced` bytes, sends the beginning of a file and zeros up to `sent`. */
static int begin_upload(const struct t_user *user, const char *file, long announced, long sent)
{
	static char zeros[1 << 20];
	size_t size;
	const char *bytes = t_media(file, &size);
	const char *head =
		t_fmt("POST /api/v1/upload HTTP/1.1\r\nHost: x\r\n"
		      "Authorization: Bearer %s\r\nContent-Length: %ld\r\n"
		      "Content-Type: multipart/form-data; boundary=edge\r\n\r\n--edge\r\n"
		      "Content-Disposition: form-data; name=media\r\n\r\n",
		      user->token, announced);
	int fd = t_connect();

	t_write(fd, head, strlen(head));
	t_write(fd, bytes, size);
	for (; sent > 0; sent -= (long)sizeof(zeros))
		t_write(fd, zeros, sizeof(zeros));
	return fd;
}

TEST(t_med_3_an_image_over_50_mib_answers_413_before_it_is_whole)
{
	struct t_user ann = t_user("ann");
	int fd = begin_upload(&ann, "large.jpg", 200L << 20, 51L << 20);
	const char *answer = t_read(fd, "}", 10000);

	close(fd);
	EXPECT_TRUE(has(answer, "HTTP/1.1 413"));
	EXPECT_TRUE(has(answer, "\"code\":\"too_large\""));
	EXPECT_TRUE(has(answer, "\"message\":"));
}

TEST(a_client_that_goes_away_leaves_nothing)
{
	struct t_server *s = t_server_start();
	struct t_user ann = t_user("ann");
	int fd = begin_upload(&ann, "clip.mp4", 100L << 20, 5L << 20);

	EXPECT_SOON(t_stored_files() == 1);
	close(fd);
	EXPECT_SOON(t_stored_files() == 0);
	t_server_stop(s);
}

/* ---- what is kept ---- */

TEST(t_med_2_the_stored_file_has_no_exif)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r = EXPECT(200, t_upload(&ann, "gps.jpg")), *stored = t_stored(r);
	const char *tags = t_ask(stored, "exiftool -a -G1 -s %s");

	EXPECT_FALSE(t_contains(stored, "secret-place"));
	EXPECT_FALSE(has(tags, "GPS") || has(tags, "EXIF") || has(tags, "IFD0")
		     || has(tags, "Comment") || has(tags, "XMP") || has(tags, "IPTC"));
	EXPECT_TRUE(has(tags, "MIMEType                        : image/jpeg"));
	EXPECT_INT(300, r, "width"); /* it was lying on its side */
	EXPECT_INT(400, r, "height");
	EXPECT_INT((long long)stored->size, r, "fileSize");
	EXPECT_STR("image", r, "type");
	/* Orientation 6 is "turn by 90° clockwise": what was left is up. */
	EXPECT_CSTR("True\n",
		    t_ask(stored,
			  "/usr/bin/python3 -c 'from PIL import Image; i = Image.open(\"%s\"); "
			  "print(i.size == (300, 400) and i.getpixel((150, 50))[0] > 150 "
			  "and i.getpixel((150, 350))[2] > 150)'"));
}

TEST(t_med_4_the_name_of_the_client_is_not_in_the_key)
{
	struct t_user ann = t_user("ann");
	size_t size;
	const char *bytes = t_media("gps.jpg", &size), *key;
	const struct t_reply *r =
		EXPECT(200, t_upload_bytes(&ann, "image", "../../my-name.php", bytes, size));

	EXPECT_FALSE(t_contains(r, "my-name"));
	key = t_key(r, "url");
	EXPECT_TRUE(strncmp(key, t_fmt("uploads/%s/", ann.id), 45) == 0);
	EXPECT_CSTR(".jpg", key + 45 + 36);
	EXPECT_STR(t_fmt("https://api.sojorn.test/%s", key), r, "signedUrl");
	EXPECT_STR(t_json(r, "url"), r, "publicUrl");
	EXPECT_STR(key + 45, r, "fileName");
}

/* What none of the formats may keep. */
TEST(every_format_loses_what_it_said_besides)
{
	static const struct {
		const char *file, *mime, *type;
	} files[] = {
		{ "alpha.png", "image/png", "image" },	    { "photo.webp", "image/webp", "image" },
		{ "moving.gif", "image/gif", "image" },	    { "clip.mp4", "video/mp4", "video" },
		{ "clip.mov", "video/quicktime", "video" }, { "parts.mp4", "video/mp4", "video" },
		{ "words.mp4", "video/mp4", "video" },	    { "clip.webm", "video/webm", "video" },
		{ "live.webm", "video/webm", "video" },	    { "sound.m4a", "audio/mp4", "audio" },
		{ "sound.mp3", "audio/mpeg", "audio" },	    { "sound.aac", "audio/aac", "audio" },
		{ "twofold.jpg", "image/jpeg", "image" },   { "twofold.gif", "image/gif", "image" },
	};
	struct t_user ann = t_user("ann");

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		const struct t_reply *r = EXPECT(200, t_upload(&ann, files[i].file));
		const struct t_reply *stored = t_stored(r);

		EXPECT_STR(files[i].type, r, "type");
		EXPECT_HEADER(files[i].mime, stored, "Content-Type");
		if (t_contains(stored, "secret-place") || t_contains(stored, "<script"))
			t_fail("%s keeps what it said", files[i].file);
	}
}

/* The films and sounds play as before: the same pictures and samples come out of both. */
TEST(films_and_sounds_stay_what_they_were)
{
	static const char *const files[] = { "clip.mp4",  "clip.mov",  "parts.mp4", "clip.webm",
					     "live.webm", "sound.m4a", "sound.mp3", "sound.aac" };
	struct t_user ann = t_user("ann");
	const char *digest = "ffmpeg -nostdin -v error -i %s -f md5 - 2>&1";

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		struct t_reply before = { 0 };
		const char *want, *got;

		before.body = t_media(files[i], &before.size);
		want = t_ask(&before, digest);
		got = t_ask(t_stored(EXPECT(200, t_upload(&ann, files[i]))), digest);
		EXPECT_TRUE(strncmp(want, "MD5=", 4) == 0);
		EXPECT_CSTR(want, got);
	}
}

TEST(the_times_of_a_film_are_gone)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *stored = t_stored(EXPECT(200, t_upload(&ann, "clip.mp4")));
	const char *tags = t_ask(stored, "exiftool -s %s");

	EXPECT_FALSE(has(tags, "2024:05:06"));
	EXPECT_TRUE(has(tags, "CreateDate                      : 0000:00:00 00:00:00"));
}

/* What a picture shows on the left and on the right, and how it says it. */
static const char *sides_of(const struct t_reply *stored)
{
	return t_ask(stored,
		     "/usr/bin/python3 -c 'from PIL import Image; i = Image.open(\"%s\"); "
		     "c = i.convert(\"RGB\"); w, h = i.size; "
		     "l, r = c.getpixel((w // 4, h // 2)), c.getpixel((3 * w // 4, h // 2)); "
		     "print(i.mode, w, h, l[0] > l[2] + 50, r[2] > r[0] + 50, l[0] > r[0] + 10)'");
}

TEST(pictures_of_other_colours_become_such_as_screens_show)
{
	static const struct {
		const char *file, *mime, *sides;
	} files[] = {
		{ "print.jpg", "image/jpeg", "RGB 400 300 True True True\n" },
		{ "grey.jpg", "image/jpeg", "RGB 400 300 False False True\n" },
		{ "palette.png", "image/png", "RGB 400 300 True True True\n" },
		{ "deep.png", "image/png", "RGB 400 300 True True True\n" },
		{ "phone.heic", "image/jpeg", "RGB 400 300 True True True\n" },
	};
	struct t_user ann = t_user("ann");

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		const struct t_reply *r = EXPECT(200, t_upload(&ann, files[i].file));
		const struct t_reply *stored = t_stored(r);
		const struct t_reply *small =
			EXPECT(200, t_get(NULL, "/%s", t_key(r, "thumbnail_url")));

		EXPECT_HEADER(files[i].mime, stored, "Content-Type");
		if (strcmp(files[i].sides, sides_of(stored)) != 0
		    || strcmp(files[i].sides, sides_of(small)) != 0)
			t_fail("%s looks otherwise: %s%s", files[i].file, sides_of(stored),
			       sides_of(small));
		if (t_contains(stored, "secret-place") || t_contains(small, "secret-place"))
			t_fail("%s keeps what it said", files[i].file);
	}
}

TEST(moving_pictures_keep_moving)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *stored = t_stored(EXPECT(200, t_upload(&ann, "moving.gif")));

	EXPECT_CSTR("4 (100, 80)\n",
		    t_ask(stored,
			  "/usr/bin/python3 -c 'from PIL import Image; "
			  "i = Image.open(\"%s\"); print(i.n_frames, i.size)'"));
}

TEST(an_image_has_a_small_copy)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r = EXPECT(200, t_upload(&ann, "large.jpg"));
	const struct t_reply *small = EXPECT(200, t_get(NULL, "/%s", t_key(r, "thumbnail_url")));

	EXPECT_HEADER("image/jpeg", small, "Content-Type");
	EXPECT_CSTR("(480, 360)\n",
		    t_ask(small,
			  "/usr/bin/python3 -c 'from PIL import Image; "
			  "print(Image.open(\"%s\").size)'"));
}

TEST(the_same_file_twice_is_one_object)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *first = t_key(EXPECT(200, t_upload(&ann, "gps.jpg")), "url");
	const char *again = t_key(EXPECT(200, t_upload(&ann, "gps.jpg")), "url");
	const char *others = t_key(EXPECT(200, t_upload(&bob, "gps.jpg")), "url");

	EXPECT_CSTR(first, again);
	EXPECT_TRUE(strcmp(first + 45, others + 45) != 0); /* nobody learns who else has it */
	EXPECT_EQ(1, t_sql_int("SELECT count(*) FROM media_objects WHERE owner_id = '%s'", ann.id));
}

/* A folder in the way makes the second upload fail, behind its row and its small copy. */
TEST(the_same_file_again_takes_nothing_away_when_it_fails)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *first = EXPECT(200, t_upload(&ann, "gps.jpg"));
	const char *path = t_path(t_fmt("uploads/%s", t_key(first, "url")));

	EXPECT_EQ(0, rename(path, t_fmt("%s.aside", path)));
	EXPECT_EQ(0, mkdir(path, 0755));
	EXPECT_CODE("conflict", EXPECT(409, t_upload(&ann, "gps.jpg")));
	EXPECT_EQ(0, rmdir(path));
	EXPECT_EQ(0, rename(t_fmt("%s.aside", path), path));
	EXPECT(200, t_get(NULL, "/%s", t_key(first, "url")));
	EXPECT(200, t_get(NULL, "/%s", t_key(first, "thumbnail_url")));
	EXPECT_EQ(1, t_sql_int("SELECT count(*) FROM media_objects WHERE owner_id = '%s'", ann.id));
}

TEST(a_row_says_what_was_stored)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r = EXPECT(200, t_upload(&ann, "alpha.png")), *stored = t_stored(r);

	EXPECT_CSTR(
		t_fmt("image/png 300x200 %zu", stored->size),
		t_sql("SELECT format('%%s %%sx%%s %%s', mime, width, height, size) FROM media_objects "
		      "WHERE key = '%s'",
		      t_key(r, "url")));
	EXPECT_CSTR(t_ask(stored, "sha256sum %s | cut -c1-64 | tr -d '\\n'"),
		    t_sql("SELECT encode(sha256, 'hex') FROM media_objects WHERE key = '%s'",
			  t_key(r, "url")));
}

/* ---- first frames ---- */

static const char *post_film(const struct t_user *user, const char *url)
{
	return t_json(EXPECT(201,
			     t_post_json(user, "/api/v1/posts", "{'body': 'x', 'video_url': %s}",
					 t_quote(url))),
		      "post.id");
}

static const char *frame_of(const char *post)
{
	return t_sql("SELECT first_frame_url FROM posts WHERE id = '%s'", post);
}

TEST(a_film_gets_its_first_frame_before_or_after_it_is_posted)
{
	static const char *const films[] = { "clip.mp4", "clip.mov", "clip.webm" };
	struct t_user ann = t_user("ann");

	for (size_t i = 0; i < sizeof(films) / sizeof(*films); i++) {
		const char *url = t_json(EXPECT(200, t_upload(&ann, films[i])), "url"), *early,
			   *late;
		const struct t_reply *frame;

		early = post_film(&ann, url);
		EXPECT_SOON(frame_of(early) != NULL);
		late = post_film(&ann, url);
		EXPECT_CSTR(frame_of(early), frame_of(late));
		frame = EXPECT(200, t_get(NULL, "/%s", strstr(frame_of(early), "uploads/")));
		EXPECT_CSTR("(160, 120)\n",
			    t_ask(frame,
				  "/usr/bin/python3 -c 'from PIL import Image; "
				  "print(Image.open(\"%s\").size)'"));
	}
}

/* ---- reading ---- */

TEST(stored_files_are_served_in_parts_to_every_origin_without_powers)
{
	static const char *const part[] = { "Range: bytes=4-7", "Origin: https://elsewhere.test",
					    NULL };
	struct t_user ann = t_user("ann");
	const char *path = t_fmt("/%s", t_key(EXPECT(200, t_upload(&ann, "clip.mp4")), "url"));
	const struct t_reply *r;

	r = EXPECT(206,
		   t_send(&(struct t_request){ .method = "GET", .path = path, .headers = part }));
	EXPECT_CSTR("ftyp", r->body);
	EXPECT_HEADER("*", r, "Access-Control-Allow-Origin");
	EXPECT_HEADER("public, max-age=31536000, immutable", r, "Cache-Control");
	EXPECT_HEADER("default-src 'none'; sandbox", r, "Content-Security-Policy");
	EXPECT_HEADER("nosniff", r, "X-Content-Type-Options");
	EXPECT(404, t_get(NULL, "/uploads/none.jpg"));
	EXPECT(404, t_get(NULL, "/uploads/%%2e%%2e/secret"));
	EXPECT(404, t_get(NULL, "/uploads/../.incoming/x"));
	EXPECT(404, t_get(NULL, "/uploads/%s", ann.id));
}

TEST(an_address_is_made_of_a_key_and_kept_if_it_is_one)
{
	struct t_user ann = t_user("ann");
	const char *path = "/api/v1/media/sign?path=";

	EXPECT_STR("https://api.sojorn.test/uploads/a/b.jpg",
		   EXPECT(200, t_get(&ann, "%suploads/a/b.jpg", path)), "url");
	EXPECT_STR("https://elsewhere.test/x?y=1",
		   EXPECT(200, t_get(&ann, "%shttps://elsewhere.test/x%%3Fy=1", path)), "url");
	EXPECT(400, t_get(&ann, "/api/v1/media/sign"));
	EXPECT(401, t_get(NULL, "%sx", path));
}

TEST(media_hosts_are_the_operators_to_name)
{
	struct t_server *s = t_server_start("R2_IMG_DOMAIN=img.sojorn.test",
					    "R2_VID_DOMAIN=https://quips.sojorn.test/");
	struct t_user ann = t_user("ann");
	const struct t_reply *r = EXPECT(200, t_upload(&ann, "clip.webm"));

	EXPECT_STR(t_fmt("https://quips.sojorn.test/%s", t_key(r, "url")), r, "url");
	r = EXPECT(200, t_upload(&ann, "gps.jpg"));
	EXPECT_STR(t_fmt("https://img.sojorn.test/%s", t_key(r, "url")), r, "url");
	EXPECT_STR("https://quips.sojorn.test/old/videos/1",
		   t_get(&ann, "/api/v1/media/sign?path=old/videos/1"), "url");
	t_server_stop(s);
}

/* ---- large files ---- */

static long long resident(void)
{
	const char *line =
		strstr(t_admin_get("/metrics")->body, "\nprocess_resident_memory_bytes ");

	EXPECT_TRUE(line != NULL);
	return atoll(strchr(line + 1, ' '));
}

/* A film of so many MiB: a small one and free space behind it. Returns the server's answer; *most is the most
 * memory it was seen to have meanwhile. */
static const char *send_film(const struct t_user *user, long mib, long long *most)
{
	enum { FREE_HEAD = 8, TAIL = 14 };
	static char zeros[1 << 20];
	size_t size;
	const char *film = t_media("clip.mp4", &size);
	const char *head = "--edge\r\nContent-Disposition: form-data; name=media\r\n\r\n";
	unsigned space = (unsigned)(mib << 20);
	char free_box[FREE_HEAD] = { (char)(space >> 24),
				     (char)(space >> 16),
				     (char)(space >> 8),
				     (char)space,
				     'f',
				     'r',
				     'e',
				     'e' };
	int fd = t_connect();
	const char *request = t_fmt(
		"POST /api/v1/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
		"Content-Length: %zu\r\nContent-Type: multipart/form-data; boundary=edge\r\n\r\n%s",
		user->token, strlen(head) + size + space + TAIL - 2, head);

	t_write(fd, request, strlen(request));
	t_write(fd, film, size);
	t_write(fd, free_box, FREE_HEAD);
	t_write(fd, zeros, sizeof(zeros) - FREE_HEAD);
	for (long i = 1; i < mib; i++) {
		t_write(fd, zeros, sizeof(zeros));
		if (i % 25 == 0 && resident() > *most)
			*most = resident();
	}
	t_write(fd, "\r\n--edge--\r\n", TAIL - 2);
	film = t_read(fd, "}", 60000);
	close(fd);
	return film;
}

/* A sanitizer keeps what was freed for a while. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { MORE_KB = 64 * 1024 };
#else
enum { MORE_KB = 1024 };
#endif

TEST(a_film_of_499_mib_takes_no_memory)
{
	struct t_server *s = t_server_start("LOOPS=1");
	struct t_user ann = t_user("ann");
	long long most = 0, before;

	EXPECT_TRUE(has(send_film(&ann, 3, &most), "HTTP/1.1 200")); /* what is loaded once */
	before = resident();
	most = before;
	EXPECT_TRUE(has(send_film(&ann, 499, &most), "HTTP/1.1 200"));
	printf("memory: %lld KB before, %lld KB more at most\n", before >> 10,
	       (most - before) >> 10);
	if (most - before > MORE_KB * 1024LL)
		t_fail("%lld bytes more", most - before);
	t_server_stop(s);
}

/* A small film with so many KiB of free space behind it. */
static size_t long_film_size(size_t kib)
{
	size_t size;

	t_media("clip.mp4", &size);
	return size + (kib << 10);
}

static const char *long_film(size_t kib)
{
	size_t size, all = long_film_size(kib);
	const char *film = t_media("clip.mp4", &size);
	char *bytes = t_keep(all);

	memcpy(bytes, film, size);
	memcpy(bytes + size,
	       (const char[]){ 0, (char)(kib >> 6), (char)(kib << 2), 0, 'f', 'r', 'e', 'e' }, 8);
	return bytes;
}

/* Everything is looked at before anything is expected, so that a failure leaves no mount behind. */
TEST(a_full_disk_answers_507_and_leaves_nothing)
{
	const char *dir = t_shared_path("full-disk");
	const struct t_reply *full, *fits;
	struct t_server *s;
	struct t_user ann;
	bool empty = false;

	mkdir(dir, 0755);
	if (mount("tmpfs", dir, "tmpfs", 0, "size=600k") != 0)
		test_skip("only root may mount a small disk");
	s = t_server_start(t_fmt("UPLOAD_DIR=%s", dir));
	ann = t_user("ann");
	full = t_upload_bytes(&ann, "media", "film.mp4", long_film(900), long_film_size(900));
	for (int i = 0; i < 100 && !empty; i++) {
		empty = rmdir(t_fmt("%s/.incoming", dir)) == 0;
		usleep(20000);
	}
	fits = t_upload(&ann, "gps.jpg");
	t_server_stop(s);
	umount2(dir, MNT_DETACH);
	EXPECT_CODE("storage_full", EXPECT(507, full));
	EXPECT_TRUE(empty);
	EXPECT(200, fits);
}

TEST(a_film_over_500_mib_answers_413)
{
	struct t_server *s = t_server_start();
	struct t_user ann = t_user("ann");
	int fd = begin_upload(&ann, "clip.mp4", 600L << 20, 501L << 20);
	const char *answer = t_read(fd, "}", 10000);

	close(fd);
	EXPECT_TRUE(has(answer, "HTTP/1.1 413"));
	EXPECT_SOON(t_stored_files() == 0);
	t_server_stop(s);
}
