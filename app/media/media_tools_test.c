/* See media_test.h. */
#include "app/media/media_test.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a file or of what a program says, as long as the test lasts. */
static char *read_whole(FILE *f, size_t *ret_size)
{
	size_t size = 0, room = 64 * 1024, n;
	char *bytes = t_keep(room), *more;

	while ((n = fread(bytes + size, 1, room - size - 1, f)) > 0) {
		size += n;
		if (size + 1 == room) {
			more = t_keep(room *= 2);
			bytes = memcpy(more, bytes, size);
		}
	}
	*ret_size = size;
	return bytes;
}

/* A test process makes them when none before it has; another one that is at it is waited for. */
static const char *folder(void)
{
	const char *dir = t_shared_path("media"), *done = t_fmt("%s/done", dir);

	if (access(done, F_OK) == 0)
		return dir;
	if (mkdir(dir, 0755) != 0) {
		EXPECT_SOON(access(done, F_OK) == 0);
		return dir;
	}
	if (system(t_fmt("test/media/make %s >%s.log 2>&1 && touch %s", dir, dir, done)) != 0)
		t_fail("test/media/make failed, see %s.log", dir);
	return dir;
}

const char *t_media(const char *name, size_t *ret_size)
{
	FILE *f = fopen(t_fmt("%s/%s", folder(), name), "rb");
	char *bytes;

	if (!f)
		t_fail("no file %s", name);
	bytes = read_whole(f, ret_size);
	fclose(f);
	return bytes;
}

const struct t_reply *t_upload_bytes(const struct t_user *user, const char *field, const char *name,
				     const char *bytes, size_t size)
{
	static const char *const headers[] = { "Content-Type: multipart/form-data; boundary=edge",
					       NULL };
	const char *head = t_fmt("--edge\r\nContent-Disposition: form-data; name=\"%s\"; "
				 "filename=\"%s\"\r\nContent-Type: image/jpeg\r\n\r\n",
				 field, name);
	const char *tail = "\r\n--edge\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\n"
			   "image\r\n--edge--\r\n";
	size_t all = strlen(head) + size + strlen(tail);
	char *body = malloc(all + 1);
	const struct t_reply *r;

	if (!body)
		t_fail("out of memory");
	memcpy(body, head, strlen(head));
	memcpy(body + strlen(head), bytes, size);
	memcpy(body + strlen(head) + size, tail, strlen(tail) + 1);
	r = t_send(&(struct t_request){ .method = "POST",
					.path = "/api/v1/upload",
					.user = user,
					.headers = headers,
					.body = body,
					.size = all });
	free(body);
	return r;
}

const struct t_reply *t_upload(const struct t_user *user, const char *name)
{
	size_t size;
	const char *bytes = t_media(name, &size);

	return t_upload_bytes(user, "media", name, bytes, size);
}

const char *t_key(const struct t_reply *reply, const char *member)
{
	const char *url = t_json(reply, member), *key = url ? strstr(url, "uploads/") : NULL;

	if (!key)
		t_fail("no address in %s", reply->body);
	return key;
}

const struct t_reply *t_stored(const struct t_reply *upload)
{
	return EXPECT(200, t_get(NULL, "/%s", t_key(upload, "url")));
}

bool t_contains(const struct t_reply *reply, const char *text)
{
	return memmem(reply->body, reply->size, text, strlen(text)) != NULL;
}

const char *t_ask(const struct t_reply *reply, const char *command)
{
	char path[] = "/tmp/sojorn-asked.XXXXXX";
	int fd = mkstemp(path);
	char *out;
	size_t size;
	FILE *f;

	if (fd < 0 || write(fd, reply->body, reply->size) != (ssize_t)reply->size)
		t_fail("no temporary file");
	close(fd);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	f = popen(t_fmt(command, path), "r");
#pragma GCC diagnostic pop
	if (!f)
		t_fail("cannot run %s", command);
	out = read_whole(f, &size);
	pclose(f);
	unlink(path);
	return out;
}

static int files;

static int count_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)path, (void)st, (void)at;
	files += type == FTW_F;
	return 0;
}

int t_stored_files(void)
{
	files = 0;
	nftw(t_path("uploads"), count_one, 16, FTW_PHYS);
	return files;
}
