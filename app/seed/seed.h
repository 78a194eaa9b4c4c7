/*
 * Fills a migrated database with a believable world: accounts, who follows whom, posts and answers in
 * several languages, beacons. The same seed and sizes give the same world, placed on the present.
 */
#pragma once

#include "lib/base/arena.h"

#define SEED_PASSWORD "sojorn-demo" /* of every account */

struct seed_options {
	const char *url;
	int64_t users, posts, beacons; /* posts: root posts, chained ones and comments together */
	uint64_t seed;
	bool add; /* also to a database with accounts in it */

	/* Called now and then; may be NULL. total: rows of all kinds. */
	void (*progress)(void *arg, const char *what, int64_t done, int64_t total);
	void *progress_arg;
};

struct seed_login {
	const char *email, *handle, *id;
};

struct seed_result {
	int64_t users, posts, beacons;
	struct seed_login login[3]; /* an ordinary account, a private one, a moderator */
};

enum { SEED_USERS_MIN = 3, SEED_USERS_MAX = 10000000, SEED_POSTS_MAX = 100000000 };

/* All or nothing. False with a sentence in *problem; results are in the arena. Blocks. */
bool seed_database(struct arena *a, const struct seed_options *options, struct seed_result *out,
		   const char **problem);
