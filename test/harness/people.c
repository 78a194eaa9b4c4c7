/* Accounts, tokens, and what tests presuppose about who knows whom. */
#include "test/harness/internal.h"
#include "lib/base/codec.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* T_PASSWORD by bcrypt, cost 10. */
static const char password_hash[] = "$2b$10$F7Hb6Q4RCaTQlPZ7pRP9de9ZxaXyrxxPMKwMNrRjUKbox6ux7mh4e";

static const char *base64url(const void *p, size_t n)
{
	char *out = t_keep(BASE64_LENGTH(n) + 1);

	base64url_encode(p, n, out);
	return out;
}

const char *t_token_of(const char *header, const char *claims, const char *key)
{
	const char *first = header ? header : "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
	const char *text =
		t_fmt("%s.%s", base64url(first, strlen(first)), base64url(claims, strlen(claims)));
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)text, strlen(text), mac,
	     &n);
	return t_fmt("%s.%s", text, base64url(mac, n));
}

const char *t_token(const char *user_id, int seconds)
{
	long long now = time(NULL);

	return t_token_of(
		NULL,
		t_fmt("{\"sub\":\"%s\",\"role\":\"authenticated\",\"aud\":\"authenticated\","
		      "\"iat\":%lld,\"exp\":%lld}",
		      user_id, now - 60, now + seconds),
		t_jwt_secret);
}

struct t_user t_user(const char *name)
{
	struct t_user u = { 0 };

	snprintf(u.handle, sizeof(u.handle), "%s", t_unique(name));
	snprintf(u.email, sizeof(u.email), "%s@example.com", u.handle);
	snprintf(
		u.id, sizeof(u.id), "%s",
		t_sql("WITH u AS (INSERT INTO users (email, encrypted_password, status, email_verified_at)"
		      "           VALUES (%s, %s, 'active', now()) RETURNING id),"
		      " p AS (INSERT INTO profiles (id, handle, display_name, is_live, has_completed_onboarding)"
		      "       SELECT id, %s, %s, true, true FROM u),"
		      " s AS (INSERT INTO user_settings (user_id) SELECT id FROM u),"
		      " b AS (INSERT INTO profile_private (user_id, birth_month, birth_year)"
		      "       SELECT id, 4, 1990 FROM u),"
		      " t AS (INSERT INTO trust_state (user_id, harmony_score, tier, last_harmony_calc_at)"
		      "       SELECT id, 70, 'elder', now() FROM u)"
		      " SELECT id FROM u",
		      t_lit(u.email), t_lit(password_hash), t_lit(u.handle), t_lit(name)));
	/* the insert's own trigger does not see the account of the same statement */
	t_sql("UPDATE profiles SET is_live = true WHERE id = '%s'", u.id);
	u.token = t_token(u.id, 900);
	return u;
}

void t_follow(const struct t_user *follower, const struct t_user *followed)
{
	t_sql("WITH f AS (INSERT INTO follows (follower_id, following_id) VALUES ('%s', '%s')"
	      "           ON CONFLICT DO NOTHING RETURNING follower_id, following_id),"
	      " a AS (UPDATE profiles p SET following_count = following_count + 1 FROM f WHERE p.id = f.follower_id)"
	      " UPDATE profiles p SET followers_count = followers_count + 1 FROM f WHERE p.id = f.following_id",
	      follower->id, followed->id);
}

void t_mutual(const struct t_user *a, const struct t_user *b)
{
	t_follow(a, b);
	t_follow(b, a);
}

static void unfollow(const struct t_user *follower, const struct t_user *followed)
{
	t_sql("WITH f AS (DELETE FROM follows WHERE follower_id = '%s' AND following_id = '%s'"
	      "           RETURNING follower_id, following_id, status),"
	      " a AS (UPDATE profiles p SET following_count = following_count - 1 FROM f"
	      "        WHERE p.id = f.follower_id AND f.status = 'accepted')"
	      " UPDATE profiles p SET followers_count = followers_count - 1 FROM f"
	      "  WHERE p.id = f.following_id AND f.status = 'accepted'",
	      follower->id, followed->id);
}

void t_block(const struct t_user *blocker, const struct t_user *blocked)
{
	unfollow(blocker, blocked);
	unfollow(blocked, blocker);
	t_sql("DELETE FROM circle_members WHERE (user_id, member_id) IN (('%s', '%s'), ('%s', '%s'))",
	      blocker->id, blocked->id, blocked->id, blocker->id);
	t_sql("INSERT INTO blocks (blocker_id, blocked_id) VALUES ('%s', '%s') ON CONFLICT DO NOTHING",
	      blocker->id, blocked->id);
}

const char *t_new_post(const struct t_user *author)
{
	return t_sql(
		"WITH p AS (INSERT INTO posts (author_id, body, tone_label, cis_score)"
		"           VALUES ('%s', %s, 'neutral', 0.8) RETURNING id, author_id),"
		" m AS (INSERT INTO post_metrics (post_id) SELECT id FROM p),"
		" c AS (UPDATE trust_state t SET posts_count = posts_count + 1 FROM p WHERE t.user_id = p.author_id)"
		" SELECT id FROM p",
		author->id, t_lit(t_unique("a post of nothing in particular")));
}

const char *t_new_post_with(const struct t_user *author, const char *set, ...)
{
	const char *post = t_new_post(author), *text;
	va_list args;

	va_start(args, set);
	text = h_vprintf(set, args);
	va_end(args);
	t_sql("UPDATE posts SET %s WHERE id = '%s'", text, post);
	return post;
}
