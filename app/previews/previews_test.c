/* Link previews, safe domains, the picture proxy: domain-rules §16, contract §5.3 and §5.10. */
#include "test/harness/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define P "/api/v1"

/* Until the test ends; its port. */
static int site_start(void)
{
	return t_node_start("test/media/site.mjs", NULL, NULL);
}

static const char *post_of(const struct t_user *user, const char *body)
{
	const struct t_reply *r =
		EXPECT(201, t_post_json(user, P "/posts", "{'body': %s}", t_quote(body)));

	return t_json(r, "post.id");
}

static const char *preview_of(const char *post, const char *column)
{
	return t_sql("SELECT link_preview_%s FROM posts WHERE id = '%s'", column, post);
}

static bool is_settled(void)
{
	return t_sql_int("SELECT count(*) FROM outbox WHERE kind = 'link_preview'") == 0;
}

/* A post with a link to this path, and its preview job done. */
static const char *visited(const struct t_user *user, int port, const char *path)
{
	const char *post = post_of(user, t_fmt("see http://127.0.0.1:%d%s.", port, path));

	EXPECT_SOON(is_settled());
	return post;
}

static void expect_title(const char *want, const char *post)
{
	const char *got = preview_of(post, "title");

	EXPECT_CSTR(want, got ? got : "(none)");
}

TEST(the_first_link_of_a_post_gets_a_preview)
{
	struct t_server *s = t_server_start("PREVIEW_PRIVATE=on");
	struct t_user ann = t_user("ann");
	int port = site_start();
	const char *post = visited(&ann, port, "/article");
	const struct t_reply *r = EXPECT(200, t_get(&ann, P "/posts/%s", post));

	EXPECT_STR(t_fmt("http://127.0.0.1:%d/article", port), r, "post.link_preview_url");
	EXPECT_STR("Bread & Butter", r, "post.link_preview_title");
	EXPECT_STR("A long story", r, "post.link_preview_description");
	EXPECT_STR(t_fmt("http://127.0.0.1:%d/cover.png", port), r, "post.link_preview_image_url");
	EXPECT_STR("Bakery", r, "post.link_preview_site_name");
	expect_title("Only a title", visited(&ann, port, "/plain"));
	expect_title("Caf\xc3\xa9", visited(&ann, port, "/latin"));
	post = visited(&ann, port, "/script-image");
	expect_title("x", post);
	EXPECT_NULL(preview_of(post, "image_url"));
	t_server_stop(s);
}

TEST(redirects_are_followed_where_they_may_be)
{
	struct t_server *s = t_server_start("PREVIEW_PRIVATE=on");
	struct t_user ann = t_user("ann");
	int port = site_start();

	expect_title("Bread & Butter", visited(&ann, port, "/hop"));
	expect_title("(none)", visited(&ann, port, "/round"));
	expect_title("(none)", visited(&ann, port, "/out"));
	t_server_stop(s);
}

TEST(large_deep_and_strange_pages_do_no_harm)
{
	struct t_server *s = t_server_start("PREVIEW_PRIVATE=on");
	struct t_user ann = t_user("ann");
	int port = site_start();

	expect_title("Large", visited(&ann, port, "/large"));
	expect_title("Deep", visited(&ann, port, "/deep"));
	expect_title("(none)", visited(&ann, port, "/none"));
	expect_title("(none)", visited(&ann, port, "/pdf"));
	expect_title("Now", visited(&ann, port, "/later"));
	t_server_stop(s);
}

TEST(private_addresses_are_never_visited)
{
	static const char *const links[] = {
		"http://127.0.0.1:%d/article", "http://localhost:%d/article",
		"http://[::1]:%d/article",     "http://2130706433:%d/article",
		"http://0x7f.1:%d/article",    "http://[::ffff:127.0.0.1]:%d/article"
	};
	struct t_server *s = t_server_start();
	struct t_user ann = t_user("ann");
	int port = site_start();

	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		const char *post = post_of(&ann, t_fmt(links[i], port));
#pragma GCC diagnostic pop

		EXPECT_SOON(t_sql_int("SELECT count(*) FROM outbox WHERE kind = 'link_preview' "
				      "AND attempts = 0")
			    == 0);
		expect_title("(none)", post);
	}
	t_server_stop(s);
	s = t_server_start("PREVIEW_PRIVATE=on");
	ann = t_user("ann");
	visited(&ann, port, "/article");
	EXPECT_CSTR("Bread & Butter",
		    t_sql("SELECT title FROM link_previews")); /* it was there all the time */
	t_server_stop(s);
}

TEST(another_link_takes_the_preview_of_the_first_away)
{
	struct t_server *s = t_server_start("PREVIEW_PRIVATE=on");
	struct t_user ann = t_user("ann");
	int port = site_start();
	const char *post = visited(&ann, port, "/article");

	EXPECT(200, t_patch_json(&ann, t_fmt(P "/posts/%s", post), "{'body': 'no link'}"));
	expect_title("(none)", post);
	t_server_stop(s);
}

TEST(a_page_is_visited_once_for_all_who_share_it)
{
	struct t_server *s = t_server_start("PREVIEW_PRIVATE=on");
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	int port = site_start();

	expect_title("Bread & Butter", visited(&ann, port, "/article"));
	t_sql("UPDATE link_previews SET title = 'Remembered'");
	expect_title("Remembered", visited(&bob, port, "/article"));
	t_server_stop(s);
}

TEST(safe_domains_are_listed_and_checked)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r;

	t_sql("INSERT INTO safe_domains (domain, is_approved) VALUES ('good.example', true), "
	      "('bad.good.example', false) ON CONFLICT DO NOTHING");
	r = EXPECT(200, t_get(&ann, P "/safe-domains"));
	EXPECT_TRUE(t_json_find(r, "domains", "domain", "good.example") >= 0);
	r = EXPECT(200, t_get(&ann, P "/safe-domains/check?url=https://www.Good.example:8443/x"));
	EXPECT_STR("www.good.example", r, "domain");
	EXPECT_BOOL(true, r, "safe");
	EXPECT_STR("approved", r, "status");
	r = EXPECT(200, t_get(&ann, P "/safe-domains/check?url=bad.good.example/x"));
	EXPECT_BOOL(false, r, "safe");
	EXPECT_STR("blocked", r, "status");
	r = EXPECT(200, t_get(&ann, P "/safe-domains/check?url=http://notgood.example"));
	EXPECT_STR("unknown", r, "status");
	EXPECT(400, t_get(&ann, P "/safe-domains/check?url=javascript://x"));
	EXPECT(400, t_get(&ann, P "/safe-domains/check"));
	EXPECT(401, t_get(NULL, P "/safe-domains"));
}

TEST(a_blocked_domain_is_not_visited)
{
	struct t_server *s = t_server_start("PREVIEW_PRIVATE=on");
	struct t_user ann = t_user("ann");
	int port = site_start();

	t_sql("INSERT INTO safe_domains (domain, is_approved) VALUES ('127.0.0.1', false)");
	expect_title("(none)", visited(&ann, port, "/article"));
	t_server_stop(s);
}

TEST(pictures_of_a_few_hosts_are_passed_on)
{
	struct t_server *s =
		t_server_start("PREVIEW_PRIVATE=on", "IMAGE_PROXY_HOSTS=x.example, 127.0.0.1");
	int port = site_start();
	const char *path = t_fmt(P "/image-proxy?url=http://127.0.0.1:%d", port);
	const struct t_reply *r = EXPECT(200, t_get(NULL, "%s/picture.png", path));

	EXPECT_HEADER("image/png", r, "Content-Type");
	EXPECT_HEADER("public, max-age=3600", r, "Cache-Control");
	EXPECT_HEADER("*", r, "Access-Control-Allow-Origin");
	EXPECT_CODE("bad_upstream", EXPECT(502, t_get(NULL, "%s/page.png", path)));
	EXPECT(502, t_get(NULL, "%s/moved.png", path));
	EXPECT(502, t_get(NULL, "%s/endless.png", path));
	EXPECT_CODE("host_not_allowed",
		    EXPECT(403, t_get(NULL, P "/image-proxy?url=https://elsewhere.example/x.png")));
	EXPECT(400, t_get(NULL, P "/image-proxy?url=ftp://x.example/x.png"));
	EXPECT(400, t_get(NULL, P "/image-proxy"));
	t_server_stop(s);
}

TEST(the_proxy_wants_https)
{
	EXPECT(400, t_get(NULL, P "/image-proxy?url=http://i.imgur.com/x.png"));
}
