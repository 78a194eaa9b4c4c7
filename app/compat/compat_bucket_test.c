/* Storage beyond single objects: buckets, moving and copying, signed uploads, what is not here. */
#include "app/compat/compat_test.h"

#include <unistd.h>

#define B "/storage/v1/bucket"
#define O "/storage/v1/object"

static const struct t_reply *put(const char *method, const char *path, const char *bearer,
				 const char *body, const char *header)
{
	return t_send(&(struct t_request){
		.method = method,
		.path = path,
		.headers =
			T_LIST(ANON, "Content-Type: text/plain", header ? header : "X-Nothing: x",
			       bearer ? t_fmt("Authorization: Bearer %s", bearer)
				      : "Authorization:"),
		.body = body,
	});
}

static void refused(const char *code, const struct t_reply *r)
{
	EXPECT_STR(code, EXPECT(400, r), "statusCode");
}

static const char *new_bucket(const char *more)
{
	const char *name = t_unique("bucket");

	EXPECT_STR(name,
		   EXPECT(200,
			  call("POST", B, SERVICE,
			       t_fmt("{'id':'%s','name':'%s'%s}", name, name, more))),
		   "name");
	return name;
}

static const char *read_of(const char *path, const char *bearer)
{
	return EXPECT(200, call("GET", path, bearer, NULL))->body;
}

TEST(buckets_are_made_changed_emptied_and_removed_by_their_owner)
{
	const char *b = new_bucket(",'file_size_limit':'1KB','allowed_mime_types':['text/*']");
	const char *at = t_fmt(B "/%s", b), *key;
	const struct t_reply *r = EXPECT(200, call("GET", at, SERVICE, NULL));

	EXPECT_INT(1024, r, "file_size_limit");
	EXPECT_BOOL(false, r, "public");
	EXPECT_STR("text/*", r, "allowed_mime_types[0]");
	refused("409", call("POST", B, SERVICE, t_fmt("{'id':'%s','name':'x'}", b)));
	refused("400", call("POST", B, SERVICE, "{'id':'a/b','name':'a/b'}"));
	refused("400", call("POST", B, SERVICE, "{'name':'x','file_size_limit':'much'}"));
	EXPECT(200, call("PUT", at, SERVICE, "{'public':true,'file_size_limit':null}"));
	r = EXPECT(200, call("GET", at, SERVICE, NULL));
	EXPECT_BOOL(true, r, "public");
	EXPECT_NONE(r, "file_size_limit");
	EXPECT_STR("text/*", r, "allowed_mime_types[0]");
	r = EXPECT(200, call("GET", t_fmt(B "?search=%s", b), SERVICE, NULL));
	EXPECT_COUNT(1, r, "");
	EXPECT_STR(b, r, "[0].id");

	EXPECT(200, put("POST", t_fmt(O "/%s/x", b), SERVICE, "x", NULL));
	key = t_path(
		t_fmt("uploads/%s",
		      t_sql("SELECT storage_key(id) FROM storage_objects WHERE bucket_id = '%s'",
			    b)));
	EXPECT_EQ(0, access(key, F_OK));
	refused("409", call("DELETE", at, SERVICE, "{}"));
	EXPECT(200, call("POST", t_fmt("%s/empty", at), SERVICE, "{}"));
	EXPECT_SOON(access(key, F_OK) != 0);
	EXPECT(200, call("DELETE", at, SERVICE, "{}"));
	refused("404", call("GET", at, SERVICE, NULL));
	refused("404", call("PUT", at, SERVICE, "{'public':true}"));
	refused("404", call("DELETE", at, SERVICE, "{}"));
}

TEST(people_neither_see_nor_make_buckets)
{
	struct t_user ann = t_user("ann");
	const char *b = new_bucket(""), *at = t_fmt(B "/%s", b);

	EXPECT_COUNT(0, EXPECT(200, call("GET", B, ann.token, NULL)), "");
	EXPECT_COUNT(0, EXPECT(200, call("GET", B, NULL, NULL)), "");
	refused("404", call("GET", at, ann.token, NULL));
	refused("403", call("POST", B, ann.token, "{'id':'mine','name':'mine'}"));
	refused("403", call("PUT", at, ann.token, "{'public':true}"));
	refused("403", call("DELETE", at, NULL, "{}"));
	refused("403", call("POST", t_fmt("%s/empty", at), ann.token, "{}"));
}

static const struct t_reply *transfer(const char *how, const char *bucket, const char *from,
				      const char *to, const char *bearer)
{
	return call("POST", t_fmt(O "/%s", how), bearer,
		    t_fmt("{'bucketId':'%s','sourceKey':'%s','destinationKey':'%s'}", bucket, from,
			  to));
}

TEST(an_object_is_moved_and_copied)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *b = new_bucket(""), *other = new_bucket(",'public':true");
	const char *x = t_fmt("%s/x", ann.id), *y = t_fmt("%s/y", ann.id),
		   *z = t_fmt("%s/z", ann.id);
	const struct t_reply *r;

	EXPECT(200,
	       put("POST", t_fmt(O "/%s/%s", b, x), ann.token, "first",
		   "x-metadata: eyJhIjoxfQ=="));
	EXPECT(200, transfer("move", b, x, y, ann.token));
	refused("404", call("GET", t_fmt(O "/%s/%s", b, x), ann.token, NULL));
	EXPECT_CSTR("first", read_of(t_fmt(O "/%s/%s", b, y), ann.token));
	r = EXPECT(200, transfer("copy", b, y, z, ann.token));
	EXPECT_STR(t_fmt("%s/%s", b, z), r, "Key");
	EXPECT_CSTR("first", read_of(t_fmt(O "/%s/%s", b, z), ann.token));
	EXPECT_INT(1, EXPECT(200, call("GET", t_fmt(O "/info/%s/%s", b, z), ann.token, NULL)),
		   "metadata.a");
	refused("409", transfer("move", b, y, z, ann.token));
	refused("409", transfer("copy", b, y, z, ann.token));
	refused("404", transfer("move", b, x, t_fmt("%s/w", ann.id), ann.token));
	refused("404", transfer("copy", b, y, t_fmt("%s/mine", bob.id), bob.token));
	refused("403", transfer("copy", b, y, t_fmt("%s/yours", bob.id), ann.token));
	refused("403", transfer("move", b, y, t_fmt("%s/yours", bob.id), ann.token));

	EXPECT(200,
	       call("POST", O "/copy", ann.token,
		    t_fmt("{'bucketId':'%s','sourceKey':'%s','destinationKey':'%s','destinationBucket':'%s'}",
			  b, y, x, other)));
	EXPECT_CSTR("first", read_of(t_fmt(O "/public/%s/%s", other, x), NULL));
	r = EXPECT(200, transfer("copy", other, x, t_fmt("%s/from-ann", bob.id), bob.token));
	refused("403", transfer("move", other, x, t_fmt("%s/taken", bob.id), bob.token));
	EXPECT(200,
	       transfer("move", other, t_fmt("%s/from-ann", bob.id), t_fmt("%s/kept", bob.id),
			bob.token));
	EXPECT(200, put("PUT", t_fmt(O "/%s/%s", b, z), ann.token, "second", NULL));
	EXPECT(200,
	       t_send(&(struct t_request){
		       .method = "POST",
		       .path = O "/copy",
		       .headers = T_LIST(ANON, "Content-Type: application/json", "x-upsert: true",
					 t_fmt("Authorization: Bearer %s", ann.token)),
		       .body = t_fmt(
			       "{\"bucketId\":\"%s\",\"sourceKey\":\"%s\",\"destinationKey\":\"%s\"}",
			       b, z, y),
	       }));
	EXPECT_CSTR("second", read_of(t_fmt(O "/%s/%s", b, y), ann.token));
}

TEST(a_signed_upload_takes_one_place_for_a_while)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *b = new_bucket(""), *place = t_fmt("%s/%s/a%%20b", b, ann.id), *token, *forged;
	const char *sign = t_fmt(O "/upload/sign/%s", place);
	const struct t_reply *r;

	refused("403", call("POST", sign, bob.token, "{}"));
	refused("403", call("POST", sign, NULL, "{}"));
	r = EXPECT(200, call("POST", sign, ann.token, "{}"));
	token = t_json(r, "token");
	EXPECT_CSTR(t_fmt("/object/upload/sign/%s?token=%s", place, token), t_json(r, "url"));
	r = EXPECT(200, put("PUT", t_fmt("%s?token=%s", sign, token), NULL, "sent", NULL));
	EXPECT_STR(t_fmt("%s/%s/a b", b, ann.id), r, "Key");
	EXPECT_CSTR("sent", read_of(t_fmt(O "/%s", place), ann.token));
	refused("409", put("PUT", t_fmt("%s?token=%s", sign, token), NULL, "again", NULL));
	refused("409", call("POST", sign, ann.token, "{}"));
	refused("400",
		put("PUT", t_fmt(O "/upload/sign/%s/%s/z?token=%s", b, ann.id, token), NULL, "x",
		    NULL));
	refused("400", put("PUT", t_fmt("%s?token=%s", sign, ann.token), NULL, "x", NULL));
	forged = t_token_of(
		NULL,
		t_fmt("{\"url\":\"%s/%s/a b\",\"upsert\":true,\"exp\":4102444800,\"scope\":\"download\"}",
		      b, ann.id),
		t_jwt_secret);
	refused("400", put("PUT", t_fmt("%s?token=%s", sign, forged), NULL, "x", NULL));
	forged = t_token_of(
		NULL,
		t_fmt("{\"url\":\"%s/%s/a b\",\"upsert\":true,\"exp\":1700000000,\"scope\":\"upload\"}",
		      b, ann.id),
		t_jwt_secret);
	refused("400", put("PUT", t_fmt("%s?token=%s", sign, forged), NULL, "x", NULL));
	refused("400", t_get(NULL, O "/sign/%s?token=%s", place, token)); /* opens no reading */
	r = EXPECT(200,
		   t_send(&(struct t_request){
			   .method = "POST",
			   .path = sign,
			   .headers = T_LIST(ANON, "x-upsert: true",
					     t_fmt("Authorization: Bearer %s", ann.token)),
			   .body = "{}",
		   }));
	EXPECT(200,
	       put("PUT", t_fmt("%s?token=%s", sign, t_json(r, "token")), NULL, "newer", NULL));
	EXPECT_CSTR("newer", read_of(t_fmt(O "/%s", place), ann.token));
	EXPECT_CSTR(ann.id,
		    t_sql("SELECT owner_id FROM storage_objects WHERE bucket_id = '%s'", b));
}

TEST(a_list_is_in_the_order_that_was_asked_for)
{
	struct t_user ann = t_user("ann");
	const char *b = new_bucket(""), *list = t_fmt(O "/list/%s", b);
	static const char *const names[] = { "c", "a", "b" };
	const struct t_reply *r;

	for (int i = 0; i < 3; i++) {
		EXPECT(200,
		       put("POST", t_fmt(O "/%s/%s/%s", b, ann.id, names[i]), ann.token, "x",
			   NULL));
		t_sql("UPDATE storage_objects SET created_at = '2026-01-0%d', updated_at = '2026-02-0%d' WHERE bucket_id = '%s' AND name LIKE '%%/%s'",
		      i + 1, 3 - i, b, names[i]);
	}
	EXPECT(200, put("POST", t_fmt(O "/%s/%s/folder/x", b, ann.id), ann.token, "x", NULL));
	r = EXPECT(200,
		   call("POST", list, ann.token,
			t_fmt("{'prefix':'%s','sortBy':{'column':'created_at','order':'asc'}}",
			      ann.id)));
	EXPECT_STR("folder", r, "[0].name");
	EXPECT_STR("c", r, "[1].name");
	EXPECT_STR("b", r, "[3].name");
	r = EXPECT(
		200,
		call("POST", list, ann.token,
		     t_fmt("{'prefix':'%s','limit':2,'offset':1,'sortBy':{'column':'updated_at','order':'desc'}}",
			   ann.id)));
	EXPECT_COUNT(2, r, "");
	EXPECT_STR("a", r, "[0].name");
	EXPECT_STR("b", r, "[1].name");
	refused("400", call("POST", list, ann.token, "{'prefix':'','sortBy':{'column':'size'}}"));
}

/* Sizes of pictures are not made; the old addresses of them still show something. */
TEST(what_is_not_here_says_so)
{
	struct t_user ann = t_user("ann");
	const char *b = new_bucket(",'public':true"), *at = t_fmt("%s/%s/face.png", b, ann.id);
	const char *url;

	EXPECT(200, put("POST", t_fmt(O "/%s", at), ann.token, "a face", NULL));
	EXPECT_CSTR(
		"a face",
		read_of(t_fmt("/storage/v1/render/image/public/%s?width=40&height=40&resize=cover",
			      at),
			NULL));
	EXPECT_CSTR("a face",
		    read_of(t_fmt("/storage/v1/render/image/authenticated/%s?width=40", at),
			    ann.token));
	url = t_json(EXPECT(200,
			    call("POST", t_fmt(O "/sign/%s", at), ann.token,
				 "{'expiresIn':60,'transform':{'width':40}}")),
		     "signedURL");
	EXPECT_CSTR("a face",
		    read_of(t_fmt("/storage/v1/render/image/sign/%s?token=%s", at,
				  after(url, "?token=")),
			    NULL));
	EXPECT_STR("NotImplemented",
		   EXPECT(501,
			  put("POST", "/storage/v1/upload/resumable", ann.token, NULL,
			      "Tus-Resumable: 1.0.0")),
		   "error");
}
