/* The document of a few rows, read back by jansson. Outside linters judge the product's own: test/openapi. */
#include "lib/web/openapi.h"

#include "lib/base/test.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

struct animal {
	uuid id;
	str name, kind;
	int32_t legs;
	double weight;
	usec born;
	struct strs tags;
};

struct zoo {
	str title;
	struct list animals;
	struct animal star, *guest;
	struct json extra;
	str secret, note;
};

struct find {
	str q;
	struct uuids among;
};

static const struct field animal_fields[] = {
	FIELD(struct animal, id),
	FIELD(struct animal, name, .required = true),
	FIELD(struct animal, kind, .one_of = "cat|dog"),
	FIELD(struct animal, legs, .optional = true),
	FIELD(struct animal, weight),
	FIELD(struct animal, born, .help = "first day"),
	FIELD(struct animal, tags),
	{ 0 },
};
static const struct field new_animal[] = {
	FIELD(struct animal, name, .required = true, .min = 1, .max = 30),
	FIELD(struct animal, kind, .one_of = "cat|dog"),
	FIELD(struct animal, weight, .has_range = true, .min = 0.5, .max = 9000),
	FIELD(struct animal, tags, .max = 5),
	{ 0 },
};
static const struct field zoo_fields[] = {
	FIELD(struct zoo, title, .alias = "name"),
	FIELD(struct zoo, animals, .of = animal_fields),
	FIELD(struct zoo, star, .of = animal_fields),
	FIELD(struct zoo, guest, .of = animal_fields, .ref = true),
	FIELD(struct zoo, extra, .schema = "{\"type\":\"object\"}"),
	FIELD(struct zoo, secret, .hidden = true),
	FIELD(struct zoo, note, .omit_absent = true),
	{ 0 },
};
static const struct field find_fields[] = {
	FIELD(struct find, q, .required = true, .max = 100),
	FIELD(struct find, among),
	{ 0 },
};

static err run([[maybe_unused]] struct req *r)
{
	return OK;
}

static const struct rate hourly = { "hourly", 3.0 / 3600, 3 };
static const struct route zoo_routes[] = {
	{ GET, "/api/v1/zoo", run, "see all", .auth = AUTH_NONE, .out = zoo_fields },
	{ POST, "/api/v1/zoo/animals", run, "add an animal", .body = new_animal,
	  .out = animal_fields, .status = 201, .rate = &hourly, .errors = "409 422" },
	{ GET, "/api/v1/zoo/animals/:id", run, "see an animal", .auth = AUTH_OPTIONAL,
	  .out = animal_fields },
	{ 0 },
};
static const struct route more_routes[] = {
	{ DELETE, "/api/v1/zoo/animals/:animal", run, "let an animal go", .status = 204 },
	{ GET, "/api/v1/find", run, "search", .query = find_fields, .page = 20, .out = zoo_fields },
	{ POST, "/page", run, "a page's form", .auth = AUTH_NONE, .body = new_animal,
	  .body_kind = BODY_FORM },
	{ GET, "/robots.txt", run, "rules for crawlers", .auth = AUTH_NONE },
	{ GET, "/live", run, "a socket, and no part of the document", .status = 101 },
	{ 0 },
};
static const struct route *const tables[] = { zoo_routes, more_routes, NULL };
static const struct openapi_tag tags[] = { { "zoo", "Animals" }, { NULL, NULL } };
static const struct openapi_info info = {
	.title = "Zoo",
	.version = "1",
	.description = "A \"zoo\"",
	.contact_name = "Keeper",
	.contact_url = "https://zoo.test",
	.license_name = "None",
	.license_id = "LicenseRef-None",
	.tags = tags,
};

static json_t *document(void)
{
	struct arena *a = arena_new();
	str text = openapi_document(a, tables, &info);
	json_error_t error;
	json_t *doc = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &error);

	if (!doc)
		print_error("%s at %d: %.*s\n", error.text, error.position, (int)text.n, text.p);
	assert_non_null(doc);
	arena_free(a);
	return doc;
}

/* What stands at a path of keys parted by blanks, as compact JSON; "" when there is nothing. */
static const char *at(json_t *doc, const char *path)
{
	static char out[4096];
	char keys[256];
	json_t *v = doc;

	snprintf(keys, sizeof(keys), "%s", path);
	for (char *save, *key = strtok_r(keys, " ", &save); key; key = strtok_r(NULL, " ", &save))
		v = json_is_array(v) ? json_array_get(v, (size_t)(key[0] - '0'))
				     : json_object_get(v, key);
	size_t n = v ? json_dumpb(v, out, sizeof(out) - 1, JSON_COMPACT | JSON_ENCODE_ANY) : 0;
	out[n] = '\0';
	return out;
}

TEST(openapi_head_says_whose_it_is)
{
	json_t *doc = document();

	EXPECT_CSTR("\"3.1.0\"", at(doc, "openapi"));
	EXPECT_CSTR("\"A \\\"zoo\\\"\"", at(doc, "info description"));
	EXPECT_CSTR("\"LicenseRef-None\"", at(doc, "info license identifier"));
	EXPECT_CSTR("[{\"url\":\"/\"}]", at(doc, "servers"));
	EXPECT_CSTR("{\"name\":\"zoo\",\"description\":\"Animals\"}", at(doc, "tags 0"));
	EXPECT_CSTR("{\"name\":\"find\",\"description\":\"Everything below /find\"}",
		    at(doc, "tags 1"));
	EXPECT_CSTR("\"robots\"", at(doc, "tags 3 name"));
	EXPECT_CSTR("", at(doc, "tags 4"));
	json_decref(doc);
}

TEST(openapi_rows_of_one_path_are_one_entry)
{
	json_t *doc = document();

	EXPECT_EQ(6, json_object_size(json_object_get(doc, "paths")));
	EXPECT_CSTR("\"getZooAnimalsById\"",
		    at(doc, "paths /api/v1/zoo/animals/{id} get operationId"));
	EXPECT_CSTR(
		"[{\"name\":\"id\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":\"string\","
		"\"format\":\"uuid\"}}]",
		at(doc, "paths /api/v1/zoo/animals/{id} delete parameters"));
	json_decref(doc);
}

TEST(openapi_operation_follows_its_row)
{
	json_t *doc = document();
	const char *add = "paths /api/v1/zoo/animals post ";
	char path[200];

#define ADD(rest) at(doc, (snprintf(path, sizeof(path), "%s%s", add, rest), path))
	EXPECT_CSTR("\"Add an animal\"", ADD("summary"));
	EXPECT_CSTR(
		"\"Needs the token of an active account. At most 3 at once, then 0.05 a minute.\"",
		ADD("description"));
	EXPECT_CSTR("[\"zoo\"]", ADD("tags"));
	EXPECT_CSTR("[{\"token\":[]}]", ADD("security"));
	EXPECT_CSTR("true", ADD("requestBody required"));
	EXPECT_CSTR("{\"$ref\":\"#/components/schemas/AnimalInput\"}",
		    ADD("requestBody content application/json schema"));
	EXPECT_CSTR("{\"$ref\":\"#/components/schemas/Animal\"}",
		    ADD("responses 201 content application/json schema"));
	EXPECT_CSTR("{\"$ref\":\"#/components/responses/Refused\"}", ADD("responses 422"));
	EXPECT_CSTR("{\"$ref\":\"#/components/responses/TooLarge\"}", ADD("responses 413"));
	EXPECT_CSTR("", ADD("responses 404"));
#undef ADD
	EXPECT_CSTR("{\"$ref\":\"#/components/schemas/AnimalInput\"}",
		    at(doc,
		       "paths /page post requestBody content "
		       "application/x-www-form-urlencoded schema"));
	EXPECT_CSTR("[]", at(doc, "paths /api/v1/zoo get security"));
	EXPECT_CSTR("[{},{\"token\":[]}]", at(doc, "paths /api/v1/zoo/animals/{id} get security"));
	EXPECT_CSTR("{\"description\":\"Done\"}",
		    at(doc, "paths /api/v1/zoo/animals/{id} delete responses 204"));
	json_decref(doc);
}

TEST(openapi_lists_take_pages)
{
	json_t *doc = document();

	EXPECT_CSTR("{\"type\":\"string\",\"maxLength\":100}",
		    at(doc, "paths /api/v1/find get parameters 0 schema"));
	EXPECT_CSTR("false", at(doc, "paths /api/v1/find get parameters 1 explode"));
	EXPECT_CSTR("{\"type\":\"integer\",\"default\":20,\"maximum\":50}",
		    at(doc, "paths /api/v1/find get parameters 2 schema"));
	EXPECT_CSTR("{\"$ref\":\"#/components/parameters/Cursor\"}",
		    at(doc, "paths /api/v1/find get parameters 4"));
	EXPECT_CSTR("\"cursor\"", at(doc, "components parameters Cursor name"));
	json_decref(doc);
}

TEST(openapi_schemas_of_replies)
{
	json_t *doc = document();
	const char *animal = "\"#/components/schemas/Animal\"";

	EXPECT_CSTR("{\"type\":\"string\",\"format\":\"uuid\"}",
		    at(doc, "components schemas Animal properties id"));
	EXPECT_CSTR("{\"type\":\"string\"}", at(doc, "components schemas Animal properties name"));
	EXPECT_CSTR("{\"type\":[\"string\",\"null\"],\"enum\":[\"cat\",\"dog\",null]}",
		    at(doc, "components schemas Animal properties kind"));
	EXPECT_CSTR("{\"type\":[\"integer\",\"null\"],\"format\":\"int32\"}",
		    at(doc, "components schemas Animal properties legs"));
	EXPECT_CSTR("{\"type\":\"number\",\"format\":\"double\"}",
		    at(doc, "components schemas Animal properties weight"));
	EXPECT_CSTR(
		"{\"description\":\"first day\",\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}",
		at(doc, "components schemas Animal properties born"));
	EXPECT_CSTR("{\"type\":\"array\",\"items\":{\"type\":\"string\"}}",
		    at(doc, "components schemas Animal properties tags"));
	EXPECT_CSTR("[\"id\",\"name\",\"kind\",\"legs\",\"weight\",\"born\",\"tags\"]",
		    at(doc, "components schemas Animal required"));

	EXPECT_CSTR(animal, at(doc, "components schemas Zoo properties animals items $ref"));
	EXPECT_CSTR(animal, at(doc, "components schemas Zoo properties star $ref"));
	EXPECT_CSTR("{\"type\":\"null\"}",
		    at(doc, "components schemas Zoo properties guest anyOf 1"));
	EXPECT_CSTR("{\"type\":\"object\"}", at(doc, "components schemas Zoo properties extra"));
	EXPECT_CSTR("", at(doc, "components schemas Zoo properties secret"));
	EXPECT_CSTR("{\"type\":[\"string\",\"null\"]}",
		    at(doc, "components schemas Zoo properties name"));
	EXPECT_CSTR("[\"title\",\"animals\",\"star\",\"guest\",\"extra\"]",
		    at(doc, "components schemas Zoo required"));
	json_decref(doc);
}

TEST(openapi_schemas_of_bodies)
{
	json_t *doc = document();

	EXPECT_CSTR("{\"type\":\"string\",\"minLength\":1,\"maxLength\":30}",
		    at(doc, "components schemas AnimalInput properties name"));
	EXPECT_CSTR("{\"type\":[\"number\",\"null\"],\"format\":\"double\",\"minimum\":0.5,"
		    "\"maximum\":9000}",
		    at(doc, "components schemas AnimalInput properties weight"));
	EXPECT_CSTR(
		"{\"type\":[\"array\",\"null\"],\"items\":{\"type\":\"string\"},\"maxItems\":5}",
		at(doc, "components schemas AnimalInput properties tags"));
	EXPECT_CSTR("[\"name\"]", at(doc, "components schemas AnimalInput required"));
	json_decref(doc);
}

TEST(openapi_components_hold_what_is_used)
{
	json_t *doc = document();
	const char *name;
	json_t *v;

	EXPECT_CSTR("\"bearer\"", at(doc, "components securitySchemes token scheme"));
	EXPECT_CSTR("[\"error\",\"code\",\"request_id\"]",
		    at(doc, "components schemas Error required"));
	EXPECT_CSTR("{\"type\":\"integer\"}",
		    at(doc, "components responses RateLimited headers Retry-After schema"));
	EXPECT_CSTR("", at(doc, "components responses Gone"));
	json_object_foreach(json_object_get(json_object_get(doc, "components"), "schemas"), name, v)
		EXPECT_CSTR("\"object\"", at(v, "type"));
	json_decref(doc);
}
