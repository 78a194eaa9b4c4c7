/* Objects of the old platform's storage: uploads, public and signed addresses, lists, removal, and who may. */
#include "app/compat/compat_test.h"

#include <unistd.h>

#define O "/storage/v1/object"

/* A bucket of this test's own, with more columns and values. */
static const char *bucket(const char *columns, const char *values)
{
	const char *name = t_unique("bucket");

	t_sql("INSERT INTO storage_buckets (id, name%s) VALUES ('%s', '%s'%s)", columns, name, name,
	      values);
	return name;
}

static const char *private_bucket(void)
{
	return bucket("", "");
}

static const struct t_reply *put(const char *method, const char *path, const char *bearer,
				 const char *body, const char *type)
{
	return t_send(&(struct t_request){
		.method = method,
		.path = path,
		.headers =
			T_LIST(ANON, t_fmt("Content-Type: %s", type), "Cache-Control: max-age=60",
			       bearer ? t_fmt("Authorization: Bearer %s", bearer)
				      : "Authorization:"),
		.body = body,
	});
}

static void refused(const char *code, const struct t_reply *r)
{
	EXPECT_STR(code, EXPECT(400, r), "statusCode");
	EXPECT_TRUE(t_json(r, "error") && t_json(r, "message"));
}

TEST(an_object_is_stored_read_replaced_and_removed)
{
	struct t_user ann = t_user("ann");
	const char *b = bucket(", public", ", true");
	const char *path = t_fmt(O "/%s/%s/a%%20face%%23.png", b, ann.id);
	const struct t_reply *r = EXPECT(200, put("POST", path, ann.token, "first", "image/png"));

	EXPECT_STR(t_fmt("%s/%s/a face#.png", b, ann.id), r, "Key");
	EXPECT_TRUE(t_json(r, "Id"));
	r = EXPECT(200, t_get(NULL, O "/public/%s/%s/a%%20face%%23.png", b, ann.id));
	EXPECT_CSTR("first", r->body);
	EXPECT_HEADER("image/png", r, "Content-Type");
	EXPECT_HEADER("max-age=60", r, "Cache-Control");
	EXPECT_CSTR("\"8b04d5e3775d298e78455efc5ca404d5\"", /* md5 of "first" */
		    t_sql("SELECT metadata ->> 'eTag' FROM storage_objects WHERE bucket_id = '%s'",
			  b));
	refused("409", put("POST", path, ann.token, "second", "image/png"));
	EXPECT(200, put("PUT", path, ann.token, "second", "text/plain"));
	r = EXPECT(200, call("GET", path, ann.token, NULL));
	EXPECT_CSTR("second", r->body);
	EXPECT_HEADER("text/plain", r, "Content-Type");
	EXPECT_STR("text/plain",
		   EXPECT(200,
			  call("GET", t_fmt(O "/info/%s/%s/a%%20face%%23.png", b, ann.id),
			       ann.token, NULL)),
		   "content_type");
	EXPECT(200, call("DELETE", path, ann.token, NULL));
	refused("404", call("GET", path, ann.token, NULL));
	EXPECT_CODE("NoSuchKey", call("GET", path, ann.token, NULL));
	refused("404", call("DELETE", path, ann.token, NULL));
	refused("404", put("PUT", path, ann.token, "third", "text/plain"));
}

TEST(people_write_below_their_own_folder_only)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *b = private_bucket(), *anns = t_fmt(O "/%s/%s/x", b, ann.id);

	refused("403", put("POST", anns, bob.token, "x", "text/plain"));
	refused("403", put("POST", anns, NULL, "x", "text/plain"));
	refused("403", put("POST", t_fmt(O "/%s/x", b), ann.token, "x", "text/plain"));
	refused("404",
		put("POST", t_fmt(O "/no-bucket/%s/x", ann.id), ann.token, "x", "text/plain"));
	refused("400", put("POST", t_fmt(O "/%s/%%01", b), SERVICE, "x", "text/plain"));
	EXPECT(200, put("POST", anns, ann.token, "x", "text/plain"));
	EXPECT(200, put("POST", t_fmt(O "/%s/x", b), SERVICE, "x", "text/plain"));
	refused("403", put("PUT", anns, bob.token, "y", "text/plain"));
	refused("404", call("GET", anns, bob.token, NULL));
	refused("404", t_get(NULL, O "/public/%s/%s/x", b, ann.id));
	EXPECT(200, call("GET", anns, ann.token, NULL));
	EXPECT(200, call("GET", anns, SERVICE, NULL));
	EXPECT_COUNT(0,
		     EXPECT(200,
			    call("DELETE", t_fmt(O "/%s", b), bob.token,
				 t_fmt("{'prefixes':['%s/x']}", ann.id))),
		     "");
	EXPECT_COUNT(1,
		     EXPECT(200,
			    call("DELETE", t_fmt(O "/%s", b), ann.token,
				 t_fmt("{'prefixes':['%s/x', 'nothing']}", ann.id))),
		     "");
	refused("401", put("POST", anns, "no.token.here", "x", "text/plain"));
}

TEST(a_bucket_says_what_it_takes)
{
	struct t_user ann = t_user("ann");
	const char *b = bucket(", allowed_mime_types", ", '{image/*}'");
	const char *path = t_fmt(O "/%s/%s/x", b, ann.id);

	refused("415", put("POST", path, ann.token, "x", "text/html"));
	t_sql("UPDATE storage_buckets SET file_size_limit = 10 WHERE id = '%s'", b);
	refused("413", put("POST", path, ann.token, "01234567890", "image/png"));
	EXPECT(200, put("POST", path, ann.token, "0123456789", "image/png; x=1"));
	EXPECT_EQ(1, t_sql_int("SELECT count(*) FROM storage_objects WHERE bucket_id = '%s'", b));
}

TEST(a_signed_address_opens_one_object_for_a_while)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *b = private_bucket(), *at = t_fmt("%s/%s/x y", b, ann.id), *url, *token;
	const char *path = t_fmt("%s/%s/x%%20y", b, ann.id);
	const struct t_reply *r;

	EXPECT(200, put("POST", t_fmt(O "/%s", path), ann.token, "secret", "text/plain"));
	r = EXPECT(200, call("POST", t_fmt(O "/sign/%s", path), ann.token, "{'expiresIn':60}"));
	url = t_json(r, "signedURL");
	EXPECT_TRUE(strstr(url, t_fmt("/object/sign/%s?token=", at)) == url);
	url = t_fmt(O "/sign/%s?token=%s", path, after(url, "?token="));
	r = EXPECT(200, t_get(NULL, "%s", url));
	EXPECT_CSTR("secret", r->body);
	r = EXPECT(200, t_get(NULL, "%s&download=my%%20file.txt", url));
	EXPECT_HEADER("attachment; filename*=UTF-8''my%20file.txt", r, "Content-Disposition");
	refused("404", call("POST", t_fmt(O "/sign/%s", path), bob.token, "{'expiresIn':60}"));
	refused("400", call("POST", t_fmt(O "/sign/%s", path), ann.token, "{}"));
	refused("400", t_get(NULL, O "/sign/%s?token=no.token.here", path));
	refused("400", t_get(NULL, O "/sign/%s/%s/z?%s", b, ann.id, strstr(url, "token=")));
	token = t_token_of(NULL, t_fmt("{\"url\":\"%s\",\"iat\":1,\"exp\":4102444800}", at),
			   t_jwt_secret); /* as of before scopes */
	EXPECT(200, t_get(NULL, O "/sign/%s?token=%s", path, token));
	token = t_token_of(NULL, t_fmt("{\"url\":\"%s\",\"iat\":1,\"exp\":1700000000}", at),
			   t_jwt_secret);
	refused("400", t_get(NULL, O "/sign/%s?token=%s", path, token));
	token = t_token_of(NULL,
			   t_fmt("{\"url\":\"%s\",\"exp\":4102444800,\"scope\":\"upload\"}", at),
			   t_jwt_secret);
	refused("400", t_get(NULL, O "/sign/%s?token=%s", path, token));
	refused("400", t_get(NULL, O "/sign/%s?token=%s", path, ann.token));
	r = EXPECT(200,
		   call("POST", t_fmt(O "/sign/%s", b), ann.token,
			t_fmt("{'expiresIn':60,'paths':['%s/x y','nothing']}", ann.id)));
	EXPECT_NONE(r, "[0].error");
	EXPECT_NONE(r, "[1].signedURL");
	EXPECT_TRUE(t_json(r, "[1].error"));
}

TEST(a_list_has_one_level_and_folders_without_an_id)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *b = private_bucket(), *list = t_fmt(O "/list/%s", b);
	static const char *const names[] = { "b.txt", "a.txt", "sub/c.txt", "sub/d/e.txt" };
	const struct t_reply *r;

	for (size_t i = 0; i < 4; i++)
		EXPECT(200,
		       put("POST", t_fmt(O "/%s/%s/%s", b, ann.id, names[i]), ann.token, "x",
			   "text/plain"));
	r = EXPECT(200, call("POST", list, ann.token, t_fmt("{'prefix':'%s'}", ann.id)));
	EXPECT_COUNT(3, r, "");
	EXPECT_STR("a.txt", r, "[0].name");
	EXPECT_INT(1, r, "[0].metadata.size");
	EXPECT_STR("sub", r, "[2].name");
	EXPECT_NONE(r, "[2].id");
	r = EXPECT(200,
		   call("POST", list, ann.token,
			t_fmt("{'prefix':'%s/','limit':1,'offset':1,"
			      "'sortBy':{'column':'name','order':'desc'}}",
			      ann.id)));
	EXPECT_STR("b.txt", r, "[0].name");
	EXPECT_COUNT(1,
		     EXPECT(200,
			    call("POST", list, ann.token,
				 t_fmt("{'prefix':'%s','search':'A.t'}", ann.id))),
		     "");
	EXPECT_COUNT(1, EXPECT(200, call("POST", list, ann.token, "{'prefix':''}")), "");
	EXPECT_COUNT(0, EXPECT(200, call("POST", list, bob.token, "{'prefix':''}")), "");
	EXPECT_COUNT(0, EXPECT(200, call("POST", list, NULL, "{'prefix':''}")), "");
	EXPECT_COUNT(1, EXPECT(200, call("POST", list, SERVICE, "{'prefix':''}")), "");
	refused("400", call("POST", list, ann.token, "{"));
}

TEST(t_acc_2_objects_go_with_their_owner)
{
	struct t_user ann = t_user("ann");
	const char *b = private_bucket(), *at = t_fmt(O "/%s/%s/x", b, ann.id), *key;

	EXPECT(200, put("POST", at, ann.token, "x", "text/plain"));
	key = t_path(t_fmt("uploads/%s",
			   t_sql("SELECT storage_key(id) FROM storage_objects"
				 " WHERE bucket_id = '%s'",
				 b)));
	EXPECT_EQ(0, access(key, F_OK));
	EXPECT(200, call("DELETE", t_fmt(A "/admin/users/%s", ann.id), SERVICE, NULL));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM storage_objects WHERE bucket_id = '%s'", b));
	EXPECT_SOON(access(key, F_OK) != 0);
}
