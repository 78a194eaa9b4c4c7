/* See previews_db.h. */
#include "app/previews/previews_db.h"

#include "app/previews/previews.sql.h"

const struct field safe_domain_fields[] = {
	FIELD(struct safe_domain, domain, .required = true),
	FIELD(struct safe_domain, category),
	FIELD(struct safe_domain, is_approved),
	{ 0 },
};

err safe_domains_list(struct db *db, struct list *out)
{
	return db_list(db, &sql_safe_domains_list, safe_domain_fields, sizeof(struct safe_domain),
		       out);
}

err safe_domains_find(struct db *db, str host, struct safe_domain *out)
{
	return db_one(db, &sql_safe_domains_find, safe_domain_fields, out, ARG(host));
}

static const struct field preview_fields[] = {
	FIELD(struct preview, url),	    FIELD(struct preview, title),
	FIELD(struct preview, description), FIELD(struct preview, image_url),
	FIELD(struct preview, site_name),   { 0 },
};

err preview_known(struct db *db, str url, struct preview *out)
{
	return db_one(db, &sql_preview_known, preview_fields, out, ARG(url));
}

err preview_keep(struct db *db, uuid post, const struct preview *p)
{
	return db_exec(db, &sql_preview_keep, NULL, ARG(post), ARG(p->url), ARG(p->title),
		       ARG(p->description), ARG(p->image_url), ARG(p->site_name));
}

err previews_trim_old(struct db *db)
{
	return db_exec(db, &sql_previews_trim, NULL);
}
