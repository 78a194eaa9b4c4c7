/* The statements of previews.sql. Private to app/previews. All suspend. */
#pragma once

#include "lib/db/db.h"

struct safe_domain {
	str domain, category;
	bool is_approved;
};
extern const struct field safe_domain_fields[];
err safe_domains_list(struct db *db, struct list *out);

/* What the list says of a host or the nearest domain above it; err_not_found when it says nothing. */
err safe_domains_find(struct db *db, str host, struct safe_domain *out);

struct preview {
	str url, title, description, image_url, site_name; /* absent: not told */
};

/* The preview fetched for this address within a day; err_not_found. A page that had none is remembered, too:
 * then the title is absent. */
err preview_known(struct db *db, str url, struct preview *out);

/* Remembers it, and puts it on the post if its first link is still this one. */
err preview_keep(struct db *db, uuid post, const struct preview *p);

/* Forgets previews nobody asked for in a week. */
err previews_trim_old(struct db *db);
