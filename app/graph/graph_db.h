/* Within app/graph only: records and statements. */
#pragma once

#include "app/graph/graph.h"
#include "lib/db/db.h"
#include "lib/web/page.h"

/* Somebody in a list of people. */
struct person {
	uuid id;
	str handle, display_name, avatar_url, tier;
	usec followed_at;
};
extern const struct field person_fields[];

struct request {
	uuid follower_id;
	str handle, display_name, avatar_url;
	usec requested_at;
};
extern const struct field request_fields[];

struct blocked {
	uuid id;
	str handle, display_name, avatar_url;
	usec blocked_at;
};
extern const struct field blocked_fields[];

/* Whose list of people it is; 0 for what the viewer may not know. */
struct people_owner {
	int32_t followers_count, following_count;
};

/* What became of one name of a block list. */
struct block_outcome {
	uuid id;
	str handle;
	bool fresh; /* was not blocked before */
};

/* All suspend. err_not_found: the other is missing or hidden, or there is nothing to answer. */
err follow_put(struct db *db, uuid me, uuid target, str *ret_status);
err follow_delete(struct db *db, uuid me, uuid target);
err follower_delete(struct db *db, uuid me, uuid follower);
err request_accept(struct db *db, uuid me, uuid requester);
err request_reject(struct db *db, uuid me, uuid requester);

/* Blocks by id, by lower-cased handle, or both; `out` has a struct block_outcome for each one found. */
err block_put(struct db *db, uuid me, struct uuids ids, struct strs handles, str address,
	      struct list *out);
err block_delete(struct db *db, uuid me, uuid target);

err requests_list(struct db *db, uuid me, const struct page *p, struct list *out);
err blocks_list(struct db *db, uuid me, const struct page *p, struct list *out);

/* One page of followers or followed accounts of `owner`, with the owner's counts, in one round trip. */
err people_list(struct db *db, bool followers, uuid viewer, uuid owner, const struct page *p,
		struct people_owner *ret_owner, struct list *out);
