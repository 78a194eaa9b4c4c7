/* A store on disk: what is put is there as a whole or not at all, and nothing else ever is. */
#include "lib/store/store.h"

#include "lib/base/crypt.h"
#include "lib/base/rand.h"
#include "lib/base/test.h"
#include "lib/net/offload.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static struct arena *a;
static struct store *s;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

static int files;

static int count_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)path, (void)st, (void)at;
	files += type == FTW_F;
	return 0;
}

static int count_files(void)
{
	files = 0;
	nftw(dir, count_one, 16, FTW_PHYS);
	return files;
}

static void begin(void)
{
	snprintf(dir, sizeof(dir), "/tmp/sojorn-store.XXXXXX");
	EXPECT_TRUE(mkdtemp(dir) != NULL);
	a = arena_new();
	s = store_on_disk(dir, NULL); /* outside of coroutines nobody needs threads */
}

static void end(void)
{
	arena_free(a);
	store_free(s);
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static err put(const char *key, const char *text)
{
	struct spool *spool;

	TRY(spool_open(s, a, &spool));
	TRY(spool_write(spool, text, strlen(text)));
	return store_put(s, spool, str_of(key), S("text/plain"));
}

static const char *text_of(const char *key)
{
	char *buf = arena_zalloc(a, 4096);
	size_t got = 0;
	err e = store_read(s, str_of(key), 0, buf, 4095, &got);

	return e.info ? e.info->code : buf;
}

TEST(an_object_is_put_read_measured_replaced_and_deleted)
{
	struct store_object o;
	char part[3];
	size_t got;

	begin();
	EXPECT_NULL(put("a/b/c.txt", "first").info);
	EXPECT_CSTR("first", text_of("a/b/c.txt"));
	EXPECT_NULL(put("a/b/c.txt", "second").info);
	EXPECT_CSTR("second", text_of("a/b/c.txt"));
	EXPECT_NULL(store_head(s, a, S("a/b/c.txt"), &o).info);
	EXPECT_EQ(6, o.size);
	EXPECT_TRUE(o.modified.us > time_now().us - MINUTE);
	EXPECT_NULL(store_read(s, S("a/b/c.txt"), 4, part, 3, &got).info);
	EXPECT_EQ(2, got);
	EXPECT_MEM("nd", part, 2);
	EXPECT_NULL(store_delete(s, S("a/b/c.txt")).info);
	EXPECT_NULL(store_delete(s, S("a/b/c.txt")).info);
	EXPECT_CSTR("not_found", text_of("a/b/c.txt"));
	EXPECT_EQ(-1, access(arena_printf(a, "%s/a", dir).p, F_OK)); /* the folders went, too */
	end();
}

TEST(a_spool_that_is_not_put_leaves_nothing)
{
	struct spool *spool;
	struct arena *own;

	begin();
	own = arena_new();
	EXPECT_NULL(spool_open(s, own, &spool).info);
	EXPECT_NULL(spool_write(spool, "x", 1).info);
	EXPECT_EQ(1, count_files());
	arena_free(own);
	EXPECT_EQ(0, count_files());
	end();
}

TEST(a_spool_is_private_and_an_object_for_everybody)
{
	struct spool *spool;
	struct stat st;
	int fd;

	begin();
	EXPECT_NULL(spool_open(s, a, &spool).info);
	EXPECT_NULL(spool_flush(spool, &fd).info);
	EXPECT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(0600, st.st_mode & 0777);
	EXPECT_NULL(store_put(s, spool, S("k"), S("text/plain")).info);
	EXPECT_EQ(0, fstat(fd, &st));
	EXPECT_EQ(0644, st.st_mode & 0777);
	end();
}

TEST(large_pieces_come_out_as_they_went_in)
{
	size_t n = 3 * 256 * 1024 + 17;
	struct spool *spool;
	char *bytes, *back;
	size_t got;

	begin();
	bytes = arena_alloc(a, n);
	back = arena_alloc(a, n);
	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)(i * 7 + i / 251);
	EXPECT_NULL(spool_open(s, a, &spool).info);
	EXPECT_NULL(spool_write(spool, bytes, 100).info);
	EXPECT_NULL(spool_write(spool, bytes + 100, n - 100).info);
	EXPECT_EQ(n, spool_size(spool));
	EXPECT_NULL(store_put(s, spool, S("big"), S("x/y")).info);
	EXPECT_NULL(store_read(s, S("big"), 0, back, n, &got).info);
	EXPECT_EQ(n, got);
	EXPECT_MEM(bytes, back, n);
	end();
}

TEST(no_key_leads_out_of_the_folder)
{
	static const char *const bad[] = {
		"",    "/etc/passwd", "../x",	   "a/../../x", "a//b", "a/",	"./a",
		"a/.", ".incoming/x", ".incoming", "a\nb",	"\xff", "a/..", "a\x7f"
	};

	begin();
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		EXPECT_TRUE(err_is(put(bad[i], "x"), err_invalid));
	EXPECT_TRUE(err_is(put(arena_printf(a, "%0256d", 0).p, "x"), err_invalid));
	EXPECT_TRUE(err_is(store_delete(s, S("../x")), err_invalid));
	EXPECT_NULL(put("face 1#?+%00.jpg/.hidden/\xc3\xa9...", "odd but good").info);
	EXPECT_CSTR("odd but good", text_of("face 1#?+%00.jpg/.hidden/\xc3\xa9..."));
	end();
}

TEST(keys_that_a_disk_cannot_hold_are_a_conflict)
{
	begin();
	EXPECT_NULL(put("a/b", "file").info);
	EXPECT_TRUE(err_is(put("a", "a folder's name"), err_conflict));
	EXPECT_TRUE(err_is(put("a/b/c", "below a file"), err_conflict));
	EXPECT_CSTR("not_found", text_of("a"));
	EXPECT_CSTR("not_found", text_of("a/b/c"));
	EXPECT_NULL(store_delete(s, S("a")).info);
	EXPECT_NULL(store_delete(s, S("a/b/c")).info);
	EXPECT_CSTR("file", text_of("a/b"));
	end();
}

static const char *keys_of(const char *prefix, const char *after, size_t limit)
{
	struct list found = { 0 };
	const struct store_object *o;
	str text = S("");
	err e = store_list(s, a, str_of(prefix), str_of(after), limit, &found);

	EXPECT_NULL(e.info);
	o = found.v;
	for (size_t i = 0; i < found.n; i++)
		text = arena_printf(a, "%s%.*s:%lld ", text.p, (int)o[i].key.n, o[i].key.p,
				    (long long)o[i].size);
	return text.p;
}

TEST(a_list_is_in_the_order_of_bytes_and_goes_on_where_it_ended)
{
	begin();
	EXPECT_CSTR("", keys_of(NULL, NULL, 10));
	EXPECT_NULL(put("a/2", "22").info);
	EXPECT_NULL(put("a/10", "1").info);
	EXPECT_NULL(put("a-b", "").info);
	EXPECT_NULL(put("a0", "four").info);
	EXPECT_NULL(put("b/c/d", "d").info);
	EXPECT_CSTR("a-b:0 a/10:1 a/2:2 a0:4 b/c/d:1 ", keys_of(NULL, NULL, 10));
	EXPECT_CSTR("a-b:0 a/10:1 ", keys_of(NULL, NULL, 2));
	EXPECT_CSTR("a/2:2 a0:4 ", keys_of(NULL, "a/10", 2));
	EXPECT_CSTR("a/10:1 a/2:2 ", keys_of("a/", NULL, 10));
	EXPECT_CSTR("a/2:2 ", keys_of("a/", "a/1z", 10));
	EXPECT_CSTR("b/c/d:1 ", keys_of("b/c", "b", 10));
	EXPECT_CSTR("", keys_of("c", NULL, 10));
	EXPECT_CSTR("", keys_of(NULL, "b/c/d", 10));
	end();
}

/* A limit on the size of files stands for a full disk: write says so in the same place. */
TEST(a_full_disk_is_said_and_leaves_nothing)
{
	struct rlimit before, little = { 300 * 1024, RLIM_INFINITY };
	static char piece[64 * 1024];
	struct spool *spool;
	struct arena *own;
	err e = OK;

	begin();
	own = arena_new();
	EXPECT_NULL(put("kept", "whole").info);
	signal(SIGXFSZ, SIG_IGN);
	EXPECT_EQ(0, getrlimit(RLIMIT_FSIZE, &before));
	little.rlim_max = before.rlim_max;
	EXPECT_EQ(0, setrlimit(RLIMIT_FSIZE, &little));
	EXPECT_NULL(spool_open(s, own, &spool).info);
	for (int i = 0; !e.info && i < 100; i++)
		e = spool_write(spool, piece, sizeof(piece));
	EXPECT_TRUE(err_is(e, err_store_full));
	EXPECT_EQ(507, e.info->status);
	arena_free(own);
	EXPECT_EQ(0, setrlimit(RLIMIT_FSIZE, &before));
	EXPECT_EQ(1, count_files());
	end();
}

TEST(what_a_killed_process_left_is_removed_when_it_is_old)
{
	const char *old, *young;
	struct timespec times[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };

	begin();
	EXPECT_NULL(spool_clean(s, HOUR).info); /* no folder yet */
	old = arena_printf(a, "%s/.incoming/old", dir).p;
	young = arena_printf(a, "%s/.incoming/young", dir).p;
	EXPECT_EQ(0, mkdir(arena_printf(a, "%s/.incoming", dir).p, 0755));
	close(open(old, O_CREAT | O_WRONLY, 0600));
	close(open(young, O_CREAT | O_WRONLY, 0600));
	EXPECT_EQ(0, utimensat(AT_FDCWD, old, times, 0));
	EXPECT_NULL(spool_clean(s, HOUR).info);
	EXPECT_EQ(-1, access(old, F_OK));
	EXPECT_EQ(0, access(young, F_OK));
	end();
}

TEST(a_spool_that_was_swept_meanwhile_is_no_missing_object)
{
	struct spool *spool;

	begin();
	EXPECT_NULL(spool_open(s, a, &spool).info);
	EXPECT_NULL(spool_write(spool, "text", 4).info);
	EXPECT_NULL(spool_clean(s, -HOUR).info); /* as when the clock has jumped */
	EXPECT_TRUE(err_is(store_put(s, spool, S("k"), S("text/plain")), err_store_unavailable));
	EXPECT_EQ(0, count_files());
	end();
}

TEST(a_folder_that_cannot_be_made_is_said)
{
	struct store *nowhere = store_on_disk("/dev/null/uploads", NULL);
	struct spool *spool;

	begin();
	EXPECT_TRUE(err_is(spool_open(nowhere, a, &spool), err_store_unavailable));
	store_free(nowhere);
	end();
}

/* Of every size around the steps, after changes at the end, at the beginning and in the middle. */
TEST(the_digest_of_a_spool_is_that_of_its_file)
{
	enum { STEP = 8 * 1024 * 1024 };
	static const size_t sizes[] = { 0, 5, STEP - 1, STEP, 2 * STEP + 7 };
	static char bytes[2 * STEP + 7];
	uint8_t got[32], want[32];
	struct spool *spool;
	int fd;

	begin();
	rand_bytes(bytes, sizeof(bytes));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		size_t places[] = { sizes[i], sizes[i] / 2, 0 };

		EXPECT_NULL(spool_open(s, a, &spool).info);
		spool_digest_on(spool);
		EXPECT_NULL(spool_write(spool, bytes, sizes[i]).info);
		EXPECT_NULL(spool_flush(spool, &fd).info);
		for (size_t k = 0; k < 3; k++) {
			if (places[k] < sizes[i]) {
				bytes[places[k]]++;
				EXPECT_EQ(1, pwrite(fd, &bytes[places[k]], 1, (off_t)places[k]));
			}
			EXPECT_TRUE(spool_digest(spool, (int64_t)places[k], got));
			sha256((str){ bytes, sizes[i] }, want);
			EXPECT_MEM(want, got, sizeof(want));
		}
	}
	end();
}

/* Nothing was digested on the way, and the file has become shorter. */
TEST(a_spool_can_be_digested_afterwards)
{
	uint8_t got[32], want[32];
	struct spool *spool;
	int fd;

	begin();
	EXPECT_NULL(spool_open(s, a, &spool).info);
	EXPECT_NULL(spool_write(spool, "abcdef", 6).info);
	EXPECT_NULL(spool_flush(spool, &fd).info);
	EXPECT_EQ(0, ftruncate(fd, 3));
	EXPECT_TRUE(spool_digest(spool, 0, got));
	sha256(S("abc"), want);
	EXPECT_MEM(want, got, sizeof(want));
	end();
}
