/* Finds each option's value, checks it, keeps it as text and as a number. */
#include "lib/base/config.h"

#include "lib/base/env_file.h"
#include "lib/base/file.h"
#include "lib/base/json.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 1024 * 1024 };

struct value {
	const char *text; /* NULL: unset */
	int64_t number;	  /* of numeric kinds and OPT_BOOL */
	const char *source;
};

struct config {
	struct arena *arena;
	const struct option *table;
	struct value *values; /* one an option */
};

static const char *explain(const char *format, ...) __attribute__((format(printf, 1, 2)));
static const char *explain(const char *format, ...)
{
	static _Thread_local char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return text;
}

/* ---- checking one value ---- */

struct unit {
	const char *name;
	int64_t factor;
};

static const struct unit durations[] = {
	{ "", 1000000 },       { "us", 1 },	    { "ms", 1000 },	  { "s", 1000000 },
	{ "m", 60 * 1000000 }, { "h", 3600000000 }, { "d", 86400000000 }, { 0 },
};
static const struct unit sizes[] = {
	{ "", 1 },	    { "b", 1 },	       { "k", 1 << 10 },   { "kb", 1 << 10 },
	{ "kib", 1 << 10 }, { "m", 1 << 20 },  { "mb", 1 << 20 },  { "mib", 1 << 20 },
	{ "g", 1 << 30 },   { "gb", 1 << 30 }, { "gib", 1 << 30 }, { 0 },
};

/* Digits and a unit; false on anything else, overflow included. */
static bool parse_quantity(str s, const struct unit *units, int64_t *out)
{
	size_t digits = 0;
	int64_t n;

	while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
		digits++;
	if (!str_to_i64(str_slice(s, 0, digits), &n))
		return false;
	for (str unit = str_trim(str_slice(s, digits, s.n)); units->name; units++)
		if (str_ieq(unit, str_of(units->name)))
			return !__builtin_mul_overflow(n, units->factor, out);
	return false;
}

static bool is_word_of(str s, const char *words, size_t *ret_index)
{
	str rest = str_of(words);

	for (*ret_index = 0; rest.p; ++*ret_index)
		if (str_eq(s, str_cut(&rest, '|')))
			return true;
	return false;
}

/* Reads the value as its kind. Returns what it must be, when it is not, else NULL. */
static const char *parse_value(const struct option *o, str s, int64_t *out)
{
	size_t index;

	*out = 0;
	switch (o->kind) {
	case OPT_INT:
		return str_to_i64(s, out) ? NULL : "must be a whole number";
	case OPT_DURATION:
		return parse_quantity(s, durations, out) ? NULL
							 : "must be a time like 500ms, 10s or 2h";
	case OPT_SIZE:
		return parse_quantity(s, sizes, out) ? NULL : "must be a size like 64k or 10M";
	case OPT_BOOL:
		if (!is_word_of(s, "true|false|on|off|yes|no|1|0", &index))
			return "must be true or false";
		*out = index % 2 == 0;
		return NULL;
	case OPT_ENUM:
		return is_word_of(s, o->one_of, &index) ? NULL : "must be one of";
	default:
		return NULL;
	}
}

static const char *source_problem(const struct option *o, const char *source, const char *text,
				  const char *must)
{
	bool is_enum = o->kind == OPT_ENUM;

	return explain("%s (%s) %s%s%s%s%.80s%s", o->name, source, must, is_enum ? " " : "",
		       is_enum ? o->one_of : "", o->secret ? "" : ", not \"", o->secret ? "" : text,
		       o->secret ? "" : "\"");
}

/* Checks text and takes it over (it is copied). */
static bool set_value(struct config *c, size_t i, const char *text, const char *source,
		      const char **problem)
{
	const struct option *o = &c->table[i];
	int64_t number;
	const char *must = parse_value(o, str_of(text), &number);
	char range[80];

	if (!must && (o->min || o->max) && (number < o->min || number > o->max)) {
		snprintf(range, sizeof(range), "must be between %lld and %lld", (long long)o->min,
			 (long long)o->max);
		must = range;
	}
	if (must) {
		*problem = source_problem(o, source, text, must);
		return false;
	}
	c->values[i] = (struct value){ arena_cstr(c->arena, str_of(text)), number, source };
	return true;
}

/* ---- reading the sources ---- */

static size_t find_option(const struct config *c, str name)
{
	size_t i = 0;

	while (c->table[i].name && !str_eq(name, str_of(c->table[i].name)))
		i++;
	return i;
}

static bool use_defaults(struct config *c, const char **problem)
{
	for (size_t i = 0; c->table[i].name; i++) {
		const char *text = c->table[i].default_value;

		if (text && !set_value(c, i, text, "default", problem))
			return false;
		c->values[i].source = "default";
	}
	return true;
}

static bool use_environment(struct config *c, const char **problem)
{
	for (size_t i = 0; c->table[i].name; i++) {
		const char *text = getenv(c->table[i].name);

		if (text && *text && !set_value(c, i, text, "environment", problem))
			return false;
	}
	return true;
}

static bool use_env_text(struct config *c, const char *path, str text, const char **problem)
{
	struct env_line line;

	for (int number = 1; text.p; number++) {
		const char *wrong = env_next(c->arena, &text, &line);
		size_t i = find_option(c, line.key);

		if (wrong) {
			*problem = explain("%s, line %d: %s", path, number, wrong);
			return false;
		}
		if (line.key.p && c->table[i].name && line.value.n
		    && !set_value(c, i, line.value.p, path, problem))
			return false;
	}
	return true;
}

static bool use_env_file(struct config *c, const char *path, const char **problem)
{
	str text;

	if (!path)
		return true;
	if (file_read(c->arena, path, FILE_MAX, &text))
		return use_env_text(c, path, text, problem);
	if (errno == ENOENT)
		return true;
	*problem = explain("%s cannot be read: %s", path,
			   errno == EFBIG ? "it is larger than a megabyte" : strerror(errno));
	return false;
}

bool config_load(struct config **out, const struct option *table, const char *env_file,
		 const char **problem)
{
	struct arena *a = arena_new();
	struct config *c = arena_zalloc(a, sizeof(*c));
	size_t n = 0;

	while (table[n].name)
		n++;
	c->arena = a;
	c->table = table;
	c->values = arena_zalloc(a, (n + 1) * sizeof(*c->values));
	if (!use_defaults(c, problem) || !use_env_file(c, env_file, problem)
	    || !use_environment(c, problem)) {
		arena_free(a);
		return false;
	}
	*out = c;
	return true;
}

void config_free(struct config *c)
{
	if (c)
		arena_free(c->arena);
}

bool config_set(struct config *c, const char *name, const char *value, const char **problem)
{
	size_t i = find_option(c, str_of(name));

	if (!c->table[i].name) {
		*problem = explain("there is no option called %.80s", name);
		return false;
	}
	return set_value(c, i, value, "override", problem);
}

/* ---- typed reads ---- */

static const struct value *get(const struct config *c, const char *name,
			       const struct option **ret_o)
{
	size_t i = find_option(c, str_of(name));

	assert(c->table[i].name);
	*ret_o = &c->table[i];
	return &c->values[i];
}

const char *config_cstr(const struct config *c, const char *name)
{
	const struct option *o;

	return get(c, name, &o)->text;
}

str config_str(const struct config *c, const char *name)
{
	return str_of(config_cstr(c, name));
}

int64_t config_int(const struct config *c, const char *name)
{
	const struct option *o;
	const struct value *v = get(c, name, &o);

	assert(o->kind == OPT_INT || o->kind == OPT_DURATION || o->kind == OPT_SIZE);
	return v->number;
}

bool config_bool(const struct config *c, const char *name)
{
	const struct option *o;
	const struct value *v = get(c, name, &o);

	assert(o->kind == OPT_BOOL);
	return v->number != 0;
}

bool config_is(const struct config *c, const char *name, const char *value)
{
	return str_eq(config_str(c, name), str_of(value));
}

const char *config_source(const struct config *c, const char *name)
{
	const struct option *o;

	return get(c, name, &o)->source;
}

/* ---- printing ---- */

static const char *shown(const struct option *o, const char *text)
{
	return text && o->secret ? "********" : text;
}

static str dump_text(const struct config *c, struct arena *a)
{
	str all = S("");

	for (size_t i = 0; c->table[i].name; i++) {
		const struct option *o = &c->table[i];
		const char *text = shown(o, c->values[i].text);

		all = arena_printf(a, "%s# %s\n%s%s=%s  # %s\n", all.p, o->help ? o->help : "",
				   text ? "" : "# ", o->name, text ? text : "",
				   c->values[i].source);
	}
	return all;
}

static str dump_json(const struct config *c, struct arena *a)
{
	static const char *const kinds[] = { "string", "integer",  "boolean", "enum",
					     "list",   "duration", "size" };
	struct json_writer w;

	json_init(&w, a, 4096);
	json_array_begin(&w);
	for (size_t i = 0; c->table[i].name; i++) {
		const struct option *o = &c->table[i];

		json_object_begin(&w);
		json_key(&w, S("name"));
		json_str(&w, str_of(o->name));
		json_key(&w, S("value"));
		json_str(&w, str_of(shown(o, c->values[i].text)));
		json_key(&w, S("source"));
		json_str(&w, str_of(c->values[i].source));
		json_key(&w, S("default"));
		json_str(&w, str_of(shown(o, o->default_value)));
		json_key(&w, S("kind"));
		json_str(&w, str_of(kinds[o->kind]));
		json_key(&w, S("one_of"));
		json_str(&w, str_of(o->one_of));
		json_key(&w, S("secret"));
		json_bool(&w, o->secret);
		json_key(&w, S("help"));
		json_str(&w, str_of(o->help));
		json_object_end(&w);
	}
	json_array_end(&w);
	return json_text(&w);
}

str config_dump(const struct config *c, struct arena *a, bool json)
{
	return json ? dump_json(c, a) : dump_text(c, a);
}
