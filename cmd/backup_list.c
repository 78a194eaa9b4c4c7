/* What pgBackRest has, from its own list. See backup.h. */
#include "cmd/backup.h"
#include "lib/base/field.h"
#include "lib/base/file.h"
#include "lib/base/json.h"

#include <stdio.h>
#include <string.h>

enum { LIST_MAX = 16 << 20 };

struct span {
	int64_t stop;
};
struct taken {
	struct span timestamp;
	str type;
};
struct stanza {
	struct list backup;
};
struct info {
	struct list all;
};
static const struct field span_fields[] = { FIELD(struct span, stop), { 0 } };
static const struct field taken_fields[] = { FIELD(struct taken, timestamp, .of = span_fields),
					     FIELD(struct taken, type),
					     { 0 } };
static const struct field stanza_fields[] = {
	FIELD(struct stanza, backup, .of = taken_fields, .size = sizeof(struct taken)),
	{ 0 },
};
static const struct field info_fields[] = {
	FIELD(struct info, all, .of = stanza_fields, .size = sizeof(struct stanza)),
	{ 0 },
};

static struct backup_list newest_of(const struct info *info)
{
	struct backup_list newest = { 0 };
	const struct stanza *s = info->all.n ? info->all.v : NULL;
	const struct taken *t = s ? s->backup.v : NULL;

	for (size_t i = 0; s && i < s->backup.n; i++) {
		newest.newest = t[i].timestamp.stop;
		if (str_eq(t[i].type, S("full")))
			newest.newest_full = t[i].timestamp.stop;
	}
	return newest;
}

/* The list is an array, and records are read from objects. */
bool backup_list(const struct backup *b, struct backup_list *out, const char **problem)
{
	const char *file = backup_path(b, "log/info.json");
	struct info info = { 0 };
	str text;

	*problem = "pgbackrest cannot list the backups";
	if (!backup_tool(b, file, (const char *const[]){ "info", "--output=json", NULL }))
		return false;
	*problem = "the list of backups cannot be read";
	if (!file_read(b->arena, file, LIST_MAX, &text))
		return false;
	text = arena_printf(b->arena, "{\"all\":%.*s}", (int)text.n, text.p);
	if (fields_from_json(b->arena, text, info_fields, &info, NULL).info)
		return false;
	*out = newest_of(&info);
	return true;
}
