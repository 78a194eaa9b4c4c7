/* The vault, backups and devices: domain-rules §15, contract §5.13. */
#include "test/harness/harness.h"

#include <string.h>

#define API   "/api/v1"
#define VAULT API "/capsule/escrow"

/* ---- vault ---- */

static const struct t_reply *store(const struct t_user *who, const char *payload, const char *more)
{
	return t_post_json(
		who, VAULT "/backup",
		"{'salt': 'c2FsdA==', 'iv': 'aXY=', 'payload': '%s', 'pub': 'cHVi:cHVi'%s}",
		payload, more);
}

TEST(a_vault_comes_back_as_it_was_stored)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	EXPECT_BOOL(false, t_get(&ann, VAULT "/status"), "has_backup");
	EXPECT(404, t_get(&ann, VAULT "/backup"));
	const struct t_reply *r = EXPECT(200, store(&ann, "c2VjcmV0", ""));
	EXPECT_STR("backup_stored", r, "status");
	EXPECT_INT(1, r, "version");
	EXPECT_BOOL(true, t_get(&ann, VAULT "/status"), "has_backup");
	r = EXPECT(200, t_get(&ann, VAULT "/backup?type=passphrase"));
	EXPECT_STR("c2FsdA==", r, "backup.salt");
	EXPECT_STR("aXY=", r, "backup.iv");
	EXPECT_STR("c2VjcmV0", r, "backup.payload");
	EXPECT_STR("cHVi:cHVi", r, "backup.pub");
	EXPECT_HEADER("no-store", r, "Cache-Control");
	EXPECT(404, t_get(&ann, VAULT "/backup?type=recovery_key"));
	EXPECT(400, t_get(&ann, VAULT "/backup?type=other"));
	EXPECT(404, t_get(&bob, VAULT "/backup"));
	EXPECT_BOOL(false, t_get(&bob, VAULT "/status"), "has_backup");
}

TEST(a_vault_has_versions_so_that_no_device_overwrites_another)
{
	struct t_user ann = t_user("ann");

	EXPECT_CODE("vault_changed", EXPECT(409, store(&ann, "AAAA", ", \"if_version\": 1")));
	EXPECT_INT(1, EXPECT(200, store(&ann, "AAAA", ", \"if_version\": 0")), "version");
	EXPECT(409, store(&ann, "BBBB", ", \"if_version\": 0"));
	EXPECT_INT(2, EXPECT(200, store(&ann, "CCCC", "")), "version");
	EXPECT_INT(3, EXPECT(200, store(&ann, "DDDD", ", \"if_version\": 2")), "version");
	EXPECT(409, store(&ann, "EEEE", ", \"if_version\": 2"));
	EXPECT_STR("DDDD", t_get(&ann, VAULT "/backup"), "backup.payload");
	EXPECT_INT(3, t_get(&ann, VAULT "/backup"), "backup.version");
	EXPECT_INT(1, EXPECT(200, store(&ann, "FFFF", ", \"backup_type\": \"recovery_key\"")),
		   "version");
	EXPECT_STR("FFFF", t_get(&ann, VAULT "/backup?type=recovery_key"), "backup.payload");
}

enum { DEVICES = 12 };

struct storing {
	struct t_user ann;
	int status[DEVICES];
};

static void store_first(int i, void *arg)
{
	struct storing *s = arg;

	s->status[i] = store(&s->ann, "AAAA", ", \"if_version\": 0")->status;
}

TEST(of_many_first_vaults_at_once_one_is_stored)
{
	struct storing s = { .ann = t_user("ann") };
	int stored = 0;

	t_parallel(DEVICES, store_first, &s);
	for (int i = 0; i < DEVICES; i++) {
		EXPECT_TRUE(s.status[i] == 200 || s.status[i] == 409);
		stored += s.status[i] == 200;
	}
	EXPECT_EQ(1, stored);
}

TEST(what_is_no_vault_is_refused)
{
	struct t_user ann = t_user("ann");

	EXPECT(400, store(&ann, "not base64!", ""));
	EXPECT(400, store(&ann, "", ""));
	EXPECT(400, store(&ann, "AAAA", ", \"backup_type\": \"other\""));
	EXPECT(400, store(&ann, t_repeat("AAAA", (1 << 18) + 1), ""));
	EXPECT(200, store(&ann, t_repeat("AAAA", 1 << 18), ""));
	EXPECT(413, store(&ann, t_repeat("AAAA", 400000), ""));
	EXPECT(400,
	       t_post_json(&ann, VAULT "/backup", "{'salt': 'AAAA', 'iv': 'AAAA', 'pub': 'AAAA'}"));
}

TEST(a_deleted_vault_is_gone_with_all_its_kinds)
{
	struct t_user ann = t_user("ann");

	EXPECT(200, store(&ann, "AAAA", ""));
	EXPECT(200, store(&ann, "AAAA", ", \"backup_type\": \"recovery_key\""));
	EXPECT_STR("backup_deleted", EXPECT(200, t_delete(&ann, VAULT "/backup")), "status");
	EXPECT_BOOL(false, t_get(&ann, VAULT "/status"), "has_backup");
	EXPECT(200, t_delete(&ann, VAULT "/backup"));
}

TEST(a_vault_is_not_taken_home_again_and_again)
{
	struct t_server *s = t_server_start("RATE_LIMITS=on");
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	EXPECT(200, store(&ann, "AAAA", ""));
	for (int i = 0; i < 10; i++)
		EXPECT(200, t_get(&ann, VAULT "/backup"));
	EXPECT_TRUE(t_header(EXPECT(429, t_get(&ann, VAULT "/backup")), "Retry-After") != NULL);
	EXPECT(200, t_get(&ann, VAULT "/status"));
	EXPECT(404, t_get(&bob, VAULT "/backup"));
	t_server_stop(s);
}

/* ---- backups ---- */

static const struct t_reply *upload(const struct t_user *who, const char *blob)
{
	return t_post_json(who, API "/backup/upload",
			   "{'encrypted_blob': '%s', 'salt': 'c2FsdA==', 'nonce': 'bm9uY2U=',"
			   " 'mac': 'bWFj', 'version': 2, 'device_name': 'a phone'}",
			   blob);
}

TEST(a_backup_comes_back_as_it_was_uploaded)
{
	struct t_user ann = t_user("ann");

	EXPECT(404, t_get(&ann, API "/backup/download"));
	EXPECT_COUNT(0, t_get(&ann, API "/backup/list"), "backups");
	const struct t_reply *up = EXPECT(200, upload(&ann, "AQIDBAU="));
	const char *id = t_json(up, "backup_id");
	EXPECT_INT(5, up, "size");
	const struct t_reply *r = EXPECT(200, t_get(&ann, API "/backup/download/%s", id));
	EXPECT_STR("AQIDBAU=", r, "encrypted_blob");
	EXPECT_STR("c2FsdA==", r, "salt");
	EXPECT_STR("bm9uY2U=", r, "nonce");
	EXPECT_STR("bWFj", r, "mac");
	EXPECT_INT(2, r, "version");
	EXPECT_STR("a phone", r, "device_name");
	EXPECT_STR(t_json(up, "uploaded_at"), r, "created_at");
	r = EXPECT(200, t_get(&ann, API "/backup/list"));
	EXPECT_STR(id, r, "backups[0].id");
	EXPECT_INT(5, r, "backups[0].size_bytes");
	EXPECT_STR(t_json(up, "uploaded_at"), t_get(&ann, API "/backup/preferences"),
		   "last_backup_at");
}

TEST(t_bak_1_another_users_backup_is_not_there)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *id = t_json(EXPECT(200, upload(&ann, "AAAA")), "backup_id");

	EXPECT(404, t_get(&bob, API "/backup/download/%s", id));
	EXPECT(404, t_delete(&bob, API "/backup/%s", id));
	EXPECT(404, t_get(&bob, API "/backup/download"));
	EXPECT(404, t_get(&ann, API "/backup/download/00000000-0000-0000-0000-000000000000"));
	EXPECT(200, t_delete(&ann, API "/backup/%s", id));
	EXPECT(404, t_delete(&ann, API "/backup/%s", id));
}

TEST(t_bak_2_the_three_newest_backups_stay)
{
	struct t_user ann = t_user("ann");
	const char *ids[4];

	for (int i = 0; i < 4; i++)
		ids[i] = t_json(EXPECT(200, upload(&ann, t_fmt("AAA%d", i))), "backup_id");
	const struct t_reply *r = EXPECT(200, t_get(&ann, API "/backup/list"));
	EXPECT_COUNT(3, r, "backups");
	for (int i = 0; i < 3; i++)
		EXPECT_STR(ids[3 - i], r, t_fmt("backups[%d].id", i));
	EXPECT_STR("AAA3", t_get(&ann, API "/backup/download"), "encrypted_blob");
	EXPECT_STR("AAA1", t_get(&ann, API "/backup/download/%s", ids[1]), "encrypted_blob");
}

static void upload_one(int i, void *arg)
{
	(void)i;
	upload(arg, "AAAA");
}

TEST(t_bak_2_three_stay_when_many_are_uploaded_at_once)
{
	struct t_user ann = t_user("ann");

	t_parallel(8, upload_one, &ann);
	EXPECT_COUNT(3, t_get(&ann, API "/backup/list"), "backups");
}

/* Both are designed anew or not at all: the old ones gave everybody's secrets to anybody (D10, D19). */
TEST(t_bak_3_4_5_social_recovery_and_sync_codes_are_not_there)
{
	struct t_user ann = t_user("ann");
	const char *const paths[] = { "/recovery/social/setup",	    "/recovery/initiate",
				      "/recovery/submit-shard",	    "/recovery/complete/1",
				      "/backup/sync/generate-code", "/backup/sync/verify-code" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		EXPECT_STR("route not found", EXPECT(404, t_post(&ann, API "%s", paths[i])),
			   "error");
}

TEST(backups_have_ten_mebibytes_at_most)
{
	struct t_user ann = t_user("ann");
	size_t most = 10 << 20; /* bytes: 4 characters for 3 of them */
	char *blob = (char *)(uintptr_t)t_repeat("AAAA", most / 3 + 2);

	blob[most / 3 * 4] = '\0';
	const char *fits = t_fmt("%sAA==", blob); /* 10,485,759 + 1 */
	EXPECT_INT((long long)most, EXPECT(200, upload(&ann, fits)), "size");
	EXPECT_CSTR(fits,
		    t_json(EXPECT(200, t_get(&ann, API "/backup/download")), "encrypted_blob"));
	EXPECT(413, upload(&ann, t_fmt("%sAAA=", blob)));
	EXPECT(413, upload(&ann, t_repeat("AAAA", 4 << 20)));
	EXPECT(400, upload(&ann, ""));
	EXPECT(400, upload(&ann, "no base64!"));
	EXPECT_COUNT(1, t_get(&ann, API "/backup/list"), "backups");
}

TEST(preferences_take_no_password)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r = EXPECT(200, t_get(&ann, API "/backup/preferences"));

	EXPECT_BOOL(false, r, "cloud_backup_enabled");
	EXPECT_INT(24, r, "backup_frequency_hours");
	EXPECT(200,
	       t_put_json(&ann, API "/backup/preferences",
			  "{'cloud_backup_enabled': true, 'backup_frequency_hours': 6}"));
	EXPECT(200, t_put_json(&ann, API "/backup/preferences", "{'auto_backup_enabled': true}"));
	EXPECT_CODE("password_refused",
		    EXPECT(400,
			   t_put_json(&ann, API "/backup/preferences",
				      "{'backup_password': '" T_SECRET "',"
				      " 'backup_frequency_hours': 99}")));
	EXPECT(400, t_put_json(&ann, API "/backup/preferences", "{'backup_frequency_hours': 0}"));
	r = EXPECT(200, t_get(&ann, API "/backup/preferences"));
	EXPECT_BOOL(true, r, "cloud_backup_enabled");
	EXPECT_BOOL(true, r, "auto_backup_enabled");
	EXPECT_INT(6, r, "backup_frequency_hours");
	EXPECT_NONE(r, "last_backup_at");
}

/* ---- devices ---- */

static const struct t_reply *use_device(const struct t_user *who, const char *fingerprint)
{
	return t_post_json(
		who, API "/devices",
		"{'device_fingerprint': '%s', 'device_name': 'a phone', 'device_type': 'ios'}",
		fingerprint);
}

TEST(devices_are_listed_and_removed_by_their_owner)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *one = t_json(EXPECT(200, use_device(&ann, "one")), "id");

	EXPECT(200, use_device(&ann, "two"));
	EXPECT_STR(one, EXPECT(200, use_device(&ann, "one")), "id");
	const struct t_reply *r = EXPECT(200, t_get(&ann, API "/devices"));
	EXPECT_COUNT(2, r, "devices");
	EXPECT_STR("one", r, "devices[0].device_fingerprint");
	EXPECT_STR("ios", r, "devices[0].device_type");
	EXPECT_BOOL(true, r, "devices[0].is_active");
	EXPECT(404, t_delete(&bob, API "/devices/%s", one));
	EXPECT(200, t_delete(&ann, API "/devices/%s", one));
	EXPECT(404, t_delete(&ann, API "/devices/%s", one));
	EXPECT_COUNT(1, t_get(&ann, API "/devices"), "devices");
	EXPECT_CSTR("one",
		    t_sql("SELECT payload->>'device_fingerprint' FROM user_events"
			  " WHERE user_id = '%s' AND kind = 'device_removed'",
			  ann.id));
	EXPECT(400, t_post_json(&ann, API "/devices", "{'device_name': 'x'}"));
}

TEST(the_twenty_devices_seen_last_stay)
{
	struct t_user ann = t_user("ann");

	for (int i = 0; i < 22; i++)
		EXPECT(200, use_device(&ann, t_fmt("%d", i)));
	const struct t_reply *r = EXPECT(200, t_get(&ann, API "/devices"));
	EXPECT_COUNT(20, r, "devices");
	EXPECT_EQ(-1, t_json_find(r, "devices", "device_fingerprint", "1"));
	EXPECT_EQ(0, t_json_find(r, "devices", "device_fingerprint", "21"));
}
