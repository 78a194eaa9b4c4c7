/* See inventory.h. What becomes of a table, and which rule of ours stands in for its policies, is said here once. */
#include "app/supabase/inventory.h"

#include "app/supabase/inventory.sql.h"
#include "app/supabase/live.h"
#include "app/supabase/source.sql.h"
#include "lib/base/json.h"

/* In words, for people who have written the policies; the rules themselves are in migrations/000011_access and in the
 * features. */
static const struct rule {
	const char *table, *becomes, *reads, *writes;
} rules[] = {
	{ "auth.users", "users, account_details", "one's own account",
	  "one's own account, by /auth" },
	{ "auth.identities", "account_identities", "one's own account", "nobody" },
	{ "auth.sessions", "sessions", "one's own account", "nobody" },
	{ "auth.refresh_tokens", "refresh_tokens", "nobody", "nobody" },
	{ "auth.mfa_factors", "account_factors, mfa_secrets", "one's own account",
	  "one's own account, by /auth" },
	{ "auth.mfa_amr_claims", "session_methods", "nobody", "nobody" },
	{ "auth.one_time_tokens", "nothing: they end within a day", "nobody", "nobody" },
	{ "storage.buckets", "storage_buckets", "the service key", "the service key" },
	{ "storage.objects", "storage_objects and bytes in the store",
	  "everybody in a public bucket, else the owner",
	  "below a folder named by one's own id; what is there by its owner" },
	{ "public.profiles", "profiles, profile_private",
	  "everybody the card, but across a block; the rest of a private account its followers",
	  "one's own, not role, badges and strikes" },
	{ "public.trust_state", "trust_state", "one's own", "the server" },
	{ "public.categories", "categories", "everybody", "nobody" },
	{ "public.user_category_settings", "user_category_settings", "one's own", "one's own" },
	{ "public.follows", "follows", "people who may see both ends",
	  "the follower; whoever is followed accepts and removes" },
	{ "public.blocks", "blocks", "one's own", "one's own" },
	{ "public.posts", "posts, beacons, post_places",
	  "can_see_post(): by visibility, followers, circle, blocks, status and author",
	  "the author" },
	{ "public.post_metrics", "post_metrics", "who sees the post", "the server" },
	{ "public.post_likes", "post_likes", "who sees the post, the number alone",
	  "one's own, on posts that one sees" },
	{ "public.post_saves", "post_saves", "one's own", "one's own, of posts that one sees" },
	{ "public.comments", "posts of kind comment", "mutuals of the post's author, and one's own",
	  "mutuals of the post's author; the post's author may remove them" },
	{ "public.reports", "reports", "moderators", "anybody, about what they see" },
	{ "public.notifications", "notifications", "one's own", "the server" },
	{ "public.user_fcm_tokens", "user_fcm_tokens", "nobody", "one's own" },
	{ "public.signed_prekeys", "signed_prekeys", "everybody but across a block", "one's own" },
	{ "public.one_time_prekeys", "one_time_prekeys", "one at a time, used up by it",
	  "one's own" },
	{ "public.encrypted_conversations", "conversations", "those who take part",
	  "those who take part" },
	{ "public.secure_messages", "messages", "those who take part", "those who take part" },
	{ "public.message_reactions", "message_reactions", "those who take part",
	  "those who take part" },
	{ "public.encrypted_messages", "secure_messages", "those who take part",
	  "those who take part" },
	{ "public.user_settings", "user_settings", "one's own", "one's own" },
	{ "public.profile_privacy_settings", "user_settings", "one's own", "one's own" },
	{ "public.notification_preferences", "notification_preferences", "one's own", "one's own" },
	{ "public.circle_members", "circle_members", "one's own", "one's own" },
	{ "public.post_reactions", "post_reactions", "who sees the post",
	  "one's own, on posts that one sees" },
	{ "public.post_hides", "post_hides", "one's own", "one's own" },
	{ "public.trending_overrides", "trending_overrides", "nobody", "administrators" },
	{ "public.audit_log", "audit_log", "administrators", "the server" },
	{ 0 },
};

static void member(struct json_writer *w, const char *name, const char *value)
{
	json_key(w, str_of(name));
	json_str(w, str_of(value));
}

static const char *rules_json(struct arena *a)
{
	struct json_writer w;

	json_init(&w, a, 4096);
	json_array_begin(&w);
	for (const struct rule *r = rules; r->table; r++) {
		json_object_begin(&w);
		member(&w, "table", r->table);
		member(&w, "becomes", r->becomes);
		member(&w, "reads", r->reads);
		member(&w, "writes", r->writes);
		json_object_end(&w);
	}
	json_array_end(&w);
	return arena_cstr(a, json_text(&w));
}

static bool look_there(struct move *m, const char *known)
{
	const char *catalog;

	if (!live_catalog(m, &catalog))
		return false;
	catalog = arena_cstr(m->arena, str_of(catalog));
	return move_there(m, &sql_move_inventory_begin, &known)
		&& move_there(m, &sql_move_source_tables, &catalog)
		&& move_there(m, &sql_move_inventory_count, NULL)
		&& move_there(m, &sql_move_inventory_accounts, NULL)
		&& move_there(m, &sql_move_inventory_data, NULL)
		&& move_there(m, &sql_move_inventory_there, NULL)
		&& move_there(m, &sql_move_inventory_found, NULL);
}

static bool look_here(struct move *m, const char *known)
{
	const char *run = m->run;

	return move_do(m, &sql_move_inventory_begin, &known)
		&& move_do(m, &sql_move_inventory_accounts, NULL)
		&& move_do(m, &sql_move_inventory_data, NULL)
		&& move_do(m, &sql_move_inventory_ledger, &run)
		&& move_do(m, &sql_move_inventory_found, NULL);
}

bool inventory_look(struct move *m, bool on_source, struct script **ret_where)
{
	const char *known = rules_json(m->arena);

	*ret_where = on_source ? m->source : m->db;
	return on_source ? look_there(m, known) : look_here(m, known);
}

bool inventory_here(struct move *m)
{
	const char *needed = "{";

	if (!move_there(m, &sql_move_source_extensions, NULL))
		return false;
	for (int i = 0; i < script_rows(m->source); i++)
		needed = arena_printf(m->arena, "%s%s\"%s\"", needed, i ? "," : "",
				      script_value(m->source, i, 0))
				 .p;
	return move_do(m, &sql_move_inventory_here,
		       (const char *[]){ arena_printf(m->arena, "%s}", needed).p });
}
