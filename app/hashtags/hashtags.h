/* Hashtags, what is trending, and the discovery page (domain-rules §§8.3, 11; contract §5.7). */
#pragma once

#include "app/ops/jobs.h"

struct hashtag {
	uuid id;
	str name, display_name;
	int32_t use_count;
	bool is_trending;
	double trending_score;
	bool is_featured;
	str category;
	usec created_at;
};
extern const struct field hashtag_fields[];

extern const struct route hashtags_routes[];

/* Every 15 min: scores of hashtags by distinct authors; every 5 min: trending posts. */
err hashtags_score(struct job *j);
err trending_score(struct job *j);
