/* Public keys and bundles: domain-rules §14. The library that uses them talks in test/clients/signal.mjs. */
#include "test/harness/harness.h"

#include <stdlib.h>
#include <string.h>

#define API "/api/v1"

/* Made by node's crypto (Ed25519) and libsignal 0.103 (XEdDSA). The post-quantum key is the byte 8 and 1568
 * times 'k'; that it is none of ML-KEM is for the client to find out. */
#define ANN_IDENTITY \
	"LL+JzAahs+jtRur64nPxTtUKyvjBVn35z7pCtx4gpas=:3xC6limb+AvGjkHowg0/GejaZfoSxp0Bst2iuD7AMXM="
#define ANN_SIGNED "qu+HSrF3FBLOOMzpV7Z/axzndM8kST+226dVNEEC+DE="
#define ANN_SIGNATURE \
	"t7y6SOtddUVrl1iTMrHfmmR4SaVYOe7oZtSmKSETdKbtwv4W46W1ou8wTb9LC59CN/YQiVIsQZzd+SDdVtrOCQ=="
#define ANN_KYBER_SIGNATURE \
	"NmZJS6tkYj4XvjSnydRLkLBxi2RnXccK1iDsjBbSkqKFlf6u1PGAdpw04bcr67dhHEwinq6zBiewRurygA5NCw=="
#define NEW_IDENTITY \
	"z05tL+z6kTR4tQ5F1c9EN+MuJEPYNPU3SGTD9rD6ISc=:FwPJKoQkEpILXnJPcpwPUL92NDESLaH7SgJRjrvGaTU="
#define NEW_SIGNED "xPyTavT95EXYFRIiYIE9JShh4GGEuiM2UzhJQSBgfXQ="
#define NEW_SIGNATURE \
	"SCbmRC1VjOBO/Lu0iqlvcFqdS7mPR94HMly1vAbL85gS6TrqLtvC6QL68mJTh8D4znI1SMvzNoQT+wkGAR3eDg=="
#define SIGNAL_IDENTITY "Bb894DoXrXaTHaiywr9TasXtCulEhLqEH+NM8oXnGksT"
#define SIGNAL_SIGNED	"BUelNDp5xikvyorLaR4+7p2JgTA0mkZWLaI6GWEkg5R0"
#define SIGNAL_SIGNATURE \
	"1ZE5tlDHBF7Sd/adQJeEQOzjijl4FpSAnpapxYuOPm5lJHRC9btlhygqW+eBU5/BK3KgDMp4BwszekSDyo/7gw=="
#define SIGNAL_KYBER_SIGNATURE \
	"ekjYnZSkAbau0BAMHESvJgYMUXRNl+vCcNzjBGttKHOgIU11OhJfMORJAuBi0j+CcXCCQYbCXH2JzCSTZZESgQ=="

static const char *kyber_key(void)
{
	return t_fmt("CGtr%s", t_repeat("a2tr", 522));
}

/* "n" keys from this id on, each of 32 bytes that say whose and which it is, or of Signal's 33. */
static const char *one_time(int from, int n, const char *mark, bool signal)
{
	const char *list = "";

	for (int i = from; i < from + n; i++) {
		const char *bytes = t_fmt("%s%-28.28s%04d", signal ? "\x05" : "", mark, i);

		list = t_fmt("%s%s{\"key_id\": %d, \"public_key\": \"%s\"}", list,
			     i > from ? ", " : "", i,
			     t_sql("SELECT encode(%s::bytea, 'base64')", t_lit(bytes)));
	}
	return t_fmt("[%s]", list);
}

static const struct t_reply *publish(const struct t_user *who, const char *list)
{
	return t_post_json(who, API "/keys",
			   "{'identity_key_public': '" ANN_IDENTITY "', 'registration_id': 1,"
			   " 'signed_prekey_id': 1, 'signed_prekey_public': '" ANN_SIGNED "',"
			   " 'signed_prekey_signature': '" ANN_SIGNATURE
			   "', 'one_time_prekeys': %s}",
			   list);
}

static const struct t_reply *publish_new_identity(const struct t_user *who, const char *list)
{
	return t_post_json(who, API "/keys",
			   "{'identity_key_public': '" NEW_IDENTITY "', 'registration_id': 7,"
			   " 'signed_prekey_id': 2, 'signed_prekey_public': '" NEW_SIGNED "',"
			   " 'signed_prekey_signature': '" NEW_SIGNATURE
			   "', 'one_time_prekeys': %s}",
			   list);
}

static const struct t_reply *bundle(const struct t_user *who, const struct t_user *owner)
{
	return t_get(who, API "/keys/%s", owner->id);
}

/* Whoever has keys, and lets everybody write to him. */
static struct t_user owner_with(int keys)
{
	struct t_user ann = t_user("ann");

	t_sql("UPDATE user_settings SET who_can_message = 'everyone' WHERE user_id = '%s'", ann.id);
	EXPECT(200, publish(&ann, one_time(0, keys, ann.id, false)));
	return ann;
}

static int unused(const struct t_user *who)
{
	return (int)t_sql_int("SELECT count(*) FROM one_time_prekeys WHERE user_id = '%s'"
			      "   AND used_at IS NULL",
			      who->id);
}

/* ---- bundles ---- */

TEST(a_bundle_has_what_was_published)
{
	struct t_user ann = owner_with(2), bob = t_user("bob");
	const struct t_reply *r = EXPECT(200, bundle(&bob, &ann));

	EXPECT_INT(1, r, "identity_key.key_id");
	EXPECT_STR(ANN_IDENTITY, r, "identity_key.public_key");
	EXPECT_INT(1, r, "registration_id");
	EXPECT_INT(1, r, "signed_prekey.key_id");
	EXPECT_STR(ANN_SIGNED, r, "signed_prekey.public_key");
	EXPECT_STR(ANN_SIGNATURE, r, "signed_prekey.signature");
	EXPECT_INT(0, r, "one_time_prekey.key_id");
	EXPECT_NONE(r, "kyber_prekey");
	EXPECT_NONE(r, "left");
	EXPECT_INT(1, bundle(&bob, &ann), "one_time_prekey.key_id");
	EXPECT(404, bundle(&bob, &bob));
	EXPECT(404, t_get(&bob, API "/keys/00000000-0000-4000-8000-000000000000"));
	EXPECT(400, t_get(&bob, API "/keys/me"));
}

TEST(looking_at_ones_own_keys_uses_none_up)
{
	struct t_user ann = owner_with(3), bob = t_user("bob");
	struct t_request head = { .method = "HEAD",
				  .path = t_fmt(API "/keys/%s", ann.id),
				  .user = &bob };

	EXPECT(200, t_send(&head));
	for (int i = 0; i < 3; i++) {
		const struct t_reply *r = EXPECT(200, bundle(&ann, &ann));

		EXPECT_STR(ANN_SIGNED, r, "signed_prekey.public_key");
		EXPECT_NONE(r, "one_time_prekey");
		EXPECT_INT(3, r, "left.one_time_prekeys");
	}
}

TEST(t_key_2_the_21st_bundle_has_no_one_time_key)
{
	struct t_user ann = owner_with(20), bob = t_user("bob");

	for (int i = 0; i < 20; i++)
		EXPECT_INT(i, EXPECT(200, bundle(&bob, &ann)), "one_time_prekey.key_id");
	EXPECT_NONE(EXPECT(200, bundle(&bob, &ann)), "one_time_prekey");
	EXPECT_INT(0, bundle(&ann, &ann), "left.one_time_prekeys");
}

TEST(t_key_4_a_block_hides_the_bundle)
{
	struct t_user ann = owner_with(3), bob = t_user("bob"), cat = t_user("cat");

	t_block(&ann, &bob);
	t_block(&cat, &ann);
	EXPECT(404, bundle(&bob, &ann));
	EXPECT(404, bundle(&cat, &ann));
	EXPECT_EQ(3, unused(&ann));
}

TEST(whoever_may_not_write_gets_no_bundle)
{
	struct t_user ann = owner_with(3), bob = t_user("bob");

	t_sql("UPDATE user_settings SET who_can_message = 'mutuals' WHERE user_id = '%s'", ann.id);
	EXPECT_CODE("not_allowed_to_message", EXPECT(403, bundle(&bob, &ann)));
	t_mutual(&ann, &bob);
	EXPECT(200, bundle(&bob, &ann));
	t_sql("UPDATE users SET status = 'deactivated' WHERE id = '%s'", ann.id);
	EXPECT(404, bundle(&bob, &ann));
	EXPECT_EQ(2, unused(&ann));
}

TEST(fetching_is_limited_for_a_pair_and_for_a_person)
{
	struct t_server *s = t_server_start("RATE_LIMITS=on");
	struct t_user owners[7], bob = t_user("bob");

	for (int i = 0; i < 7; i++)
		owners[i] = owner_with(10);
	for (int i = 0; i < 5; i++)
		EXPECT(200, bundle(&bob, &owners[0]));
	const struct t_reply *r = EXPECT(429, bundle(&bob, &owners[0]));
	EXPECT_TRUE(t_header(r, "Retry-After") != NULL);
	for (int i = 0; i < 10; i++)
		EXPECT(200, bundle(&owners[0], &owners[0]));
	for (int i = 1; i < 6; i++)
		for (int n = 0; n < 5; n++)
			EXPECT(200, bundle(&bob, &owners[i]));
	EXPECT(429, bundle(&bob, &owners[6]));
	t_server_stop(s);
}

/* ---- publishing ---- */

TEST(t_key_3_a_bad_signature_leaves_the_old_keys)
{
	struct t_user ann = owner_with(3);
	const char *bad[] = { NEW_SIGNATURE, "AAAA", "no base64!" };

	for (int i = 0; i < 3; i++)
		EXPECT(400,
		       t_post_json(&ann, API "/keys",
				   "{'identity_key_public': '" NEW_IDENTITY "',"
				   " 'registration_id': 9, 'signed_prekey_id': 1,"
				   " 'signed_prekey_public': '" ANN_SIGNED "',"
				   " 'signed_prekey_signature': '%s', 'one_time_prekeys': []}",
				   bad[i]));
	const struct t_reply *r = bundle(&ann, &ann);
	EXPECT_STR(ANN_IDENTITY, r, "identity_key.public_key");
	EXPECT_STR(ANN_SIGNATURE, r, "signed_prekey.signature");
	EXPECT_INT(1, r, "registration_id");
	EXPECT_INT(3, r, "left.one_time_prekeys");
}

TEST(keys_that_are_none_are_refused)
{
	struct t_user ann = t_user("ann");
	const struct {
		const char *identity, *registration, *prekey, *one_time;
	} cases[] = {
		{ "", "1", ANN_SIGNED, "[]" },
		{ "garbage", "1", ANN_SIGNED, "[]" },
		{ "AAAA:AAAA", "1", ANN_SIGNED, "[]" },
		{ ANN_IDENTITY ":AAAA", "1", ANN_SIGNED, "[]" },
		{ ANN_IDENTITY, "0", ANN_SIGNED, "[]" },
		{ ANN_IDENTITY, "null", ANN_SIGNED, "[]" },
		{ ANN_IDENTITY, "1", "AAAA", "[]" },
		{ ANN_IDENTITY, "1", SIGNAL_SIGNED, "[]" },
		{ SIGNAL_IDENTITY, "1", ANN_SIGNED, "[]" },
		{ ANN_IDENTITY, "1", ANN_SIGNED, "[{\"key_id\": 1, \"public_key\": \"AAAA\"}]" },
		{ ANN_IDENTITY, "1", ANN_SIGNED,
		  "[{\"key_id\": -1, \"public_key\": \"" ANN_SIGNED "\"}]" },
		{ ANN_IDENTITY, "1", ANN_SIGNED, "[{\"public_key\": \"" ANN_SIGNED "\"}]" },
		{ ANN_IDENTITY, "1", ANN_SIGNED,
		  "[{\"key_id\": 1, \"public_key\": \"" ANN_SIGNED "\"},"
		  " {\"key_id\": 1, \"public_key\": \"" NEW_SIGNED "\"}]" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		EXPECT(400,
		       t_post_json(&ann, API "/keys",
				   "{'identity_key_public': '%s', 'registration_id': %s,"
				   " 'signed_prekey_id': 1, 'signed_prekey_public': '%s',"
				   " 'signed_prekey_signature': '" ANN_SIGNATURE "',"
				   " 'one_time_prekeys': %s}",
				   cases[i].identity, cases[i].registration, cases[i].prekey,
				   cases[i].one_time));
	EXPECT(400, publish(&ann, one_time(0, 101, "x", false)));
	EXPECT(404, bundle(&ann, &ann));
}

/* The existing client uploads the keys 0 to 19 again and again: what others got does not come back, what is
 * new under an old number does. */
TEST(keys_of_one_identity_are_added_and_used_ones_stay_used)
{
	struct t_user ann = owner_with(6), bob = t_user("bob");
	const char *first = one_time(0, 6, ann.id, false);

	EXPECT_INT(0, bundle(&bob, &ann), "one_time_prekey.key_id");
	EXPECT(200, publish(&ann, first));
	EXPECT_EQ(5, unused(&ann));
	EXPECT_INT(1, bundle(&bob, &ann), "one_time_prekey.key_id");
	EXPECT(200, publish(&ann, one_time(0, 1, "another key", false)));
	EXPECT(200, publish(&ann, one_time(50, 3, "more", false)));
	EXPECT_EQ(8, unused(&ann));
	EXPECT_INT(2, bundle(&bob, &ann), "one_time_prekey.key_id"); /* oldest first */
}

TEST(at_most_two_hundred_unused_keys_stay)
{
	struct t_user ann = owner_with(100);

	EXPECT(200, publish(&ann, one_time(100, 100, "more", false)));
	EXPECT(200, publish(&ann, one_time(200, 50, "more", false)));
	EXPECT_EQ(200, unused(&ann));
	EXPECT_INT(200, bundle(&ann, &ann), "left.one_time_prekeys");
	EXPECT_EQ(50,
		  t_sql_int("SELECT min(key_id) FROM one_time_prekeys WHERE user_id = '%s'",
			    ann.id));
}

TEST(another_identity_ends_all_old_keys_and_partners_are_told)
{
	struct t_user ann = owner_with(20), bob = t_user("bob"), cat = t_user("cat");

	EXPECT(200, t_get(&bob, API "/conversation?other_user_id=%s", ann.id));
	EXPECT(200, publish(&ann, one_time(0, 20, ann.id, false)));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM user_events WHERE user_id = '%s'", bob.id));
	EXPECT(200, publish_new_identity(&ann, one_time(100, 2, "new", false)));
	EXPECT_CSTR(ann.id,
		    t_sql("SELECT payload->>'user_id' FROM user_events WHERE user_id = '%s'"
			  "   AND kind = 'identity_changed'",
			  bob.id));
	EXPECT_EQ(0,
		  t_sql_int("SELECT count(*) FROM user_events WHERE user_id IN ('%s', '%s')"
			    "   AND kind = 'identity_changed'",
			    ann.id, cat.id));
	const struct t_reply *r = EXPECT(200, bundle(&bob, &ann));
	EXPECT_STR(NEW_IDENTITY, r, "identity_key.public_key");
	EXPECT_STR(NEW_SIGNED, r, "signed_prekey.public_key");
	EXPECT_INT(7, r, "registration_id");
	EXPECT_INT(100, r, "one_time_prekey.key_id");
	EXPECT_EQ(1, unused(&ann));
}

TEST(the_newest_signed_prekey_is_served_and_old_ones_go_after_a_month)
{
	struct t_user ann = owner_with(5);

	t_sql("INSERT INTO signed_prekeys (user_id, key_id, public_key, signature, created_at)"
	      " SELECT user_id, n, public_key, signature, now() - n * interval '1 day'"
	      "   FROM signed_prekeys, unnest(ARRAY[5, 40, 41]) n WHERE user_id = '%s'",
	      ann.id);
	EXPECT_INT(1, bundle(&ann, &ann), "signed_prekey.key_id");
	EXPECT(200, publish(&ann, "[]"));
	EXPECT_CSTR("1 5 40", /* which was replaced five days ago */
		    t_sql("SELECT string_agg(key_id::text, ' ' ORDER BY key_id) FROM signed_prekeys"
			  " WHERE user_id = '%s'",
			  ann.id));
}

TEST(withdrawn_keys_are_gone)
{
	struct t_user ann = owner_with(5), bob = t_user("bob");

	EXPECT(200, t_get(&bob, API "/conversation?other_user_id=%s", ann.id));
	EXPECT(200, t_delete(&ann, API "/keys"));
	EXPECT(404, t_delete(&ann, API "/keys"));
	EXPECT(404, bundle(&bob, &ann));
	EXPECT_EQ(0, unused(&ann));
	EXPECT_EQ(1,
		  t_sql_int("SELECT count(*) FROM user_events WHERE user_id = '%s'"
			    "   AND kind = 'identity_changed'",
			    bob.id));
}

TEST(t_key_5_deleting_a_key_by_number_touches_nobodys)
{
	struct t_user ann = owner_with(5), bob = owner_with(5);

	EXPECT(200, t_delete(&bob, API "/keys/otk/3"));
	EXPECT(200, t_delete(&bob, API "/keys/otk/99"));
	EXPECT(400, t_delete(&bob, API "/keys/otk/x"));
	EXPECT(400, t_delete(&bob, API "/keys/otk/-1"));
	EXPECT_EQ(5, unused(&ann));
	EXPECT_EQ(5, unused(&bob));
}

TEST(the_owner_is_told_once_that_keys_run_out)
{
	struct t_user ann = owner_with(6), bob = t_user("bob");
	EXPECT(200, bundle(&bob, &ann));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM notifications WHERE user_id = '%s'", ann.id));
	EXPECT(200, bundle(&bob, &ann));
	EXPECT_CSTR("4",
		    t_sql("SELECT payload->>'left' FROM user_events WHERE user_id = '%s'"
			  "   AND kind = 'keys_low'",
			  ann.id));
	EXPECT(200, bundle(&bob, &ann));
	EXPECT_EQ(1,
		  t_sql_int("SELECT count(*) FROM user_events WHERE user_id = '%s'"
			    "   AND kind = 'keys_low'",
			    ann.id));
	EXPECT_STR("keys_low", t_get(&ann, API "/notifications"), "notifications[0].type");
	EXPECT(200, publish(&ann, one_time(20, 2, "more", false)));
	EXPECT_COUNT(0, t_get(&ann, API "/notifications"), "notifications");
	EXPECT(200, bundle(&bob, &ann));
	EXPECT_COUNT(1, t_get(&ann, API "/notifications"), "notifications");
}

/* ---- Signal's keys ---- */

static const struct t_reply *publish_signal(const struct t_user *who, const char *kyber,
					    const char *last_resort)
{
	return t_post_json(who, API "/keys",
			   "{'identity_key_public': '" SIGNAL_IDENTITY "', 'registration_id': 1234,"
			   " 'signed_prekey_id': 3, 'signed_prekey_public': '" SIGNAL_SIGNED "',"
			   " 'signed_prekey_signature': '" SIGNAL_SIGNATURE "',"
			   " 'one_time_prekeys': %s, 'kyber_prekeys': [%s],"
			   " 'last_resort_kyber_prekey': %s}",
			   one_time(1, 9, "signal", true), kyber, last_resort);
}

static const char *kyber_prekey(int id, const char *signature)
{
	return t_fmt("{\"key_id\": %d, \"public_key\": \"%s\", \"signature\": \"%s\"}", id,
		     kyber_key(), signature);
}

TEST(signals_keys_are_served_with_post_quantum_keys)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	t_mutual(&ann, &bob);
	EXPECT(200,
	       publish_signal(&ann, kyber_prekey(11, SIGNAL_KYBER_SIGNATURE),
			      kyber_prekey(99, SIGNAL_KYBER_SIGNATURE)));
	const struct t_reply *r = EXPECT(200, bundle(&bob, &ann));
	EXPECT_STR(SIGNAL_IDENTITY, r, "identity_key.public_key");
	EXPECT_STR(SIGNAL_SIGNED, r, "signed_prekey.public_key");
	EXPECT_INT(1, r, "one_time_prekey.key_id");
	EXPECT_INT(11, r, "kyber_prekey.key_id");
	EXPECT_STR(kyber_key(), r, "kyber_prekey.public_key");
	EXPECT_STR(SIGNAL_KYBER_SIGNATURE, r, "kyber_prekey.signature");
	for (int i = 0; i < 2; i++) { /* the last resort, again and again */
		r = EXPECT(200, bundle(&bob, &ann));
		EXPECT_INT(99, r, "kyber_prekey.key_id");
		EXPECT_INT(i + 2, r, "one_time_prekey.key_id");
	}
	EXPECT_INT(0, bundle(&ann, &ann), "left.kyber_prekeys");
	EXPECT(200, publish_signal(&ann, kyber_prekey(11, SIGNAL_KYBER_SIGNATURE), "null"));
	EXPECT_INT(99, bundle(&bob, &ann), "kyber_prekey.key_id"); /* 11 does not come back */
}

TEST(post_quantum_keys_are_signed_like_all_others)
{
	struct t_user ann = t_user("ann");

	EXPECT(400, publish_signal(&ann, kyber_prekey(1, SIGNAL_SIGNATURE), "null"));
	EXPECT(400, publish_signal(&ann, "", kyber_prekey(1, ANN_KYBER_SIGNATURE)));
	EXPECT(400,
	       publish_signal(&ann, kyber_prekey(1, SIGNAL_KYBER_SIGNATURE),
			      kyber_prekey(1, SIGNAL_KYBER_SIGNATURE)));
	EXPECT(400,
	       publish_signal(
		       &ann,
		       t_fmt("{\"key_id\": 1, \"public_key\": \"AAAA\", \"signature\": \"%s\"}",
			     SIGNAL_KYBER_SIGNATURE),
		       "null"));
	EXPECT(404, bundle(&ann, &ann));
	EXPECT(200, publish_signal(&ann, "", "null"));
}

/* ---- at the same time ---- */

enum { FETCHERS = 32, FETCHES = 12, KEYS = 100 };

struct race {
	struct t_user ann, fetchers[FETCHERS];
	int status[FETCHERS], ids[FETCHERS][FETCHES];
};

static void fetch_many(int i, void *arg)
{
	struct race *c = arg;

	for (int n = 0; n < FETCHES; n++) {
		const struct t_reply *r = bundle(&c->fetchers[i], &c->ann);
		const char *key =
			r->body ? strstr(r->body, "\"one_time_prekey\":{\"key_id\":") : NULL;

		c->status[i] = r->status == 200 ? c->status[i] : r->status;
		c->ids[i][n] = key ? atoi(key + strlen("\"one_time_prekey\":{\"key_id\":")) : -1;
	}
}

TEST(t_key_1_many_who_fetch_at_once_never_get_the_same_key)
{
	struct race c = { .ann = owner_with(KEYS) };
	int seen[2 * KEYS] = { 0 }, served = 0;

	EXPECT(200, publish(&c.ann, one_time(KEYS, KEYS, "more", false)));
	for (int i = 0; i < FETCHERS; i++)
		c.fetchers[i] = t_user("bob");
	t_parallel(FETCHERS, fetch_many, &c);
	for (int i = 0; i < FETCHERS; i++) {
		EXPECT_EQ(0, c.status[i]);
		for (int n = 0; n < FETCHES; n++) {
			if (c.ids[i][n] < 0)
				continue;
			EXPECT_EQ(0, seen[c.ids[i][n]]++);
			served++;
		}
	}
	EXPECT_EQ(2 * KEYS - unused(&c.ann), served);
	EXPECT_EQ(2 * KEYS, served); /* 384 fetches for 200 keys */
}
