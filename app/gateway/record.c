/* See record.h. One write(2) a line, so lines of several loops and processes do not mix. */
#include "app/gateway/record.h"

#include "lib/base/log.h"
#include "lib/web/req.h"
#include "lib/web/token.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_MAX_BYTES = 2000 };

static const off_t file_max = 64 << 20;

int record_open(const char *file)
{
	int fd = file ? open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (file && fd < 0)
		log_warn("SUPABASE_RECORD cannot be written", LOG("file", file));
	return fd;
}

/* What changes nothing and has its answer from the database or the store. */
static bool is_read(str path)
{
	static const char *const reading[] = { "/functions/v1/", "/rest/v1/", "/storage/v1/object/",
					       NULL };

	for (const char *const *p = reading; *p; p++)
		if (str_starts(path, str_of(*p)))
			return true;
	return str_eq(path, S("/auth/v1/user")) || str_eq(path, S("/auth/v1/settings"));
}

static bool is_secret(str name)
{
	static const char *const secrets[] = {
		"token", "token_hash", "access_token", "refresh_token", "code", "jwt", NULL
	};

	for (const char *const *s = secrets; *s; s++)
		if (str_ieq(name, str_of(*s)))
			return true;
	return false;
}

/* Path and query without the key; absent: there is a secret in it. */
static str without_key(struct req *r)
{
	str rest = req_query_text(r), out = r->path;
	const char *between = "?";

	while (rest.p) {
		str part = str_cut(&rest, '&'), value = part, name = str_cut(&value, '=');

		if (is_secret(name))
			return (str){ 0 };
		if (!part.n || str_ieq(name, S("apikey")))
			continue;
		out = arena_printf(r->arena, "%.*s%s%.*s", (int)out.n, out.p, between, (int)part.n,
				   part.p);
		between = "&";
	}
	return out;
}

struct line {
	str path, role;
	uuid user;
};
static const struct field line_fields[] = {
	FIELD(struct line, path),
	FIELD(struct line, role),
	FIELD(struct line, user),
	{ 0 },
};

static struct line line_of(struct req *r, str path)
{
	str header = req_header(r, "Authorization"), scheme = str_cut(&header, ' ');
	struct line l = { .path = path, .role = S("anon") };
	struct token t;

	if (!str_ieq(scheme, S("Bearer"))
	    || token_verify(r->arena, r->app->jwt_secret, header, time_now(), &t).info)
		return l;
	l.role = t.role;
	l.user = t.sub;
	return l;
}

void record_get(struct gate *g, struct req *r)
{
	struct line l;
	struct json_writer w;
	struct stat s;
	str path, text;

	if (g->record < 0 || strcmp(req_method(r), "GET") != 0 || !is_read(r->path))
		return;
	path = without_key(r);
	if (!path.p || path.n > PATH_MAX_BYTES || fstat(g->record, &s) != 0 || s.st_size > file_max)
		return;
	l = line_of(r, path);
	json_init(&w, r->arena, path.n + 128);
	json_record(&w, line_fields, &l);
	text = arena_printf(r->arena, "%.*s\n", (int)json_text(&w).n, json_text(&w).p);
	if (write(g->record, text.p, text.n) < 0)
		log_warn("a read could not be recorded");
}
