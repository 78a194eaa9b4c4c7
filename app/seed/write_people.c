/* Accounts, and who follows, blocks and trusts whom. */
#include "app/seed/writer.h"
#include "app/seed/seed.sql.h"

static const char *const status_names[] = {
	[ACTIVE] = "active",
	[PENDING] = "pending",
	[DEACTIVATED] = "deactivated",
	[SUSPENDED] = "suspended",
	[PENDING_DELETION] = "pending_deletion",
};

static usec at(int64_t us)
{
	return (usec){ us };
}

static void write_users(struct writer *w)
{
	const struct world *world = w->world;

	load_copy(w->load, &sql_copy_users);
	for (int i = 0; i < world->npeople; i++) {
		const struct person *p = &world->people[i];
		bool leaving = p->status == PENDING_DELETION;

		load_uuid(w->load, p->id);
		load_text(w->load,
			  arena_printf(w->row, "%s@example.com",
				       person_handle(world, w->row, i).p));
		load_text(w->load, str_of(w->password_hash));
		load_text(w->load, str_of(status_names[p->status]));
		load_time(w->load, at(p->status == PENDING ? 0 : p->joined + MINUTE));
		load_time(w->load, at(p->last_post));
		load_time(w->load, at(p->status == SUSPENDED ? world->now + DAY : 0));
		load_time(w->load, at(leaving ? world->now - DAY : 0));
		load_time(w->load, at(leaving ? world->now + 13 * DAY : 0));
		load_time(w->load, at(p->joined));
		load_time(w->load, at(p->joined));
		end_row(w, "accounts");
	}
	load_copy_end(w->load);
}

/* What somebody has enabled is what he is interested in. */
static void put_interests(struct writer *w, const struct person *p)
{
	str names[CATEGORIES];
	size_t n = 0;

	for (int c = 1; c < CATEGORIES; c++)
		if (p->categories >> c & 1)
			names[n++] = str_of(category_slugs[c]);
	load_texts(w->load, names, n);
}

static void put_profile(struct writer *w, int i)
{
	const struct person *p = &w->world->people[i];
	struct rand_seq r = world_rand(w->world, W_PERSON_ID, i);
	const struct seed_city *city = &seed_cities[rand_below(&r, (uint64_t)seed_ncities)];

	load_uuid(w->load, p->id);
	load_text(w->load, person_handle(w->world, w->row, i));
	load_text(w->load, person_name(w->world, w->row, i));
	load_bool(w->load, p->status == ACTIVE);
	load_bool(w->load, p->is_private);
	load_bool(w->load, p->is_official);
	load_bool(w->load, p->is_official || p->is_moderator);
	load_text(w->load, p->is_moderator ? S("moderator") : S("user"));
	load_bool(w->load, p->status != PENDING);
	load_int(w->load, p->followers);
	load_int(w->load, p->following);
	load_text(w->load,
		  one_in(&r, 4) ? str_of(NULL)
				: arena_printf(w->row, "https://img.sojorn.net/seed/face-%llu.jpg",
					       (unsigned long long)rand_below(&r, 40)));
	load_text(w->load, person_bio(w->world, i));
	load_text(w->load, one_in(&r, 3) ? str_of(NULL) : str_of(city->name));
	put_interests(w, p);
	load_time(w->load, at(p->joined));
	load_time(w->load, at(p->joined));
	end_row(w, "accounts");
}

static void write_profiles(struct writer *w)
{
	load_copy(w->load, &sql_copy_profiles);
	for (int i = 0; i < w->world->npeople; i++)
		put_profile(w, i);
	load_copy_end(w->load);
	load_copy(w->load, &sql_copy_profile_private);
	for (int i = 0; i < w->world->npeople; i++) {
		struct rand_seq r = world_rand(w->world, W_NAME, i);

		load_uuid(w->load, w->world->people[i].id);
		load_int(w->load, 1 + (int64_t)rand_below(&r, 12));
		load_int(w->load, 1950 + (int64_t)rand_below(&r, 55));
		end_row(w, "accounts");
	}
	load_copy_end(w->load);
}

static void write_settings(struct writer *w)
{
	load_copy(w->load, &sql_copy_user_settings);
	for (int i = 0; i < w->world->npeople; i++) {
		const struct person *p = &w->world->people[i];

		load_uuid(w->load, p->id);
		load_text(w->load, str_of(seed_langs[p->lang].code));
		load_text(w->load, p->open_comments ? S("everyone") : S("mutuals"));
		end_row(w, "settings");
	}
	load_copy_end(w->load);
	load_copy(w->load, &sql_copy_user_category_settings);
	for (int i = 0; i < w->world->npeople; i++)
		for (int c = 0; c < CATEGORIES; c++)
			if (w->world->people[i].categories >> c & 1) {
				load_uuid(w->load, w->world->people[i].id);
				load_uuid(w->load, w->categories[c]);
				end_row(w, "settings");
			}
	load_copy_end(w->load);
}

static void write_trust(struct writer *w)
{
	load_copy(w->load, &sql_copy_trust_state);
	for (int i = 0; i < w->world->npeople; i++) {
		const struct person *p = &w->world->people[i];

		load_uuid(w->load, p->id);
		load_int(w->load, p->harmony);
		load_int(w->load, p->posts);
		load_int(w->load, p->posts_today);
		load_time(w->load, at(p->posts_today ? p->last_post : 0));
		load_time(w->load, at(p->last_post));
		load_time(w->load, at(w->world->now - 6 * HOUR));
		end_row(w, "trust");
	}
	load_copy_end(w->load);
	load_run(w->load, &sql_seed_tiers, NULL);
}

void write_people(struct writer *w)
{
	write_users(w);
	write_profiles(w);
	write_settings(w);
	write_trust(w);
}

/* ---- the graph ---- */

/* Some time after both were there. */
static int64_t since(const struct world *w, int a, int b)
{
	struct rand_seq r = world_rand(w, W_FOLLOW, (int64_t)a * w->npeople + b);
	int64_t from = w->people[a].joined > w->people[b].joined ? w->people[a].joined
								 : w->people[b].joined;

	return from + (int64_t)rand_below(&r, (uint64_t)(w->now - from));
}

static void write_follows(struct writer *w)
{
	const struct world *world = w->world;

	load_copy(w->load, &sql_copy_follows);
	for (int i = 0; i < world->npeople; i++)
		for (size_t k = world->first[i]; k < world->first[i + 1]; k++) {
			int other = world->followed[k];

			load_uuid(w->load, world->people[i].id);
			load_uuid(w->load, world->people[other].id);
			load_text(w->load,
				  is_pending(world, i, other) ? S("pending") : S("accepted"));
			load_time(w->load, at(since(world, i, other)));
			end_row(w, "follows");
		}
	load_copy_end(w->load);
}

static void write_blocks(struct writer *w)
{
	const struct world *world = w->world;

	load_copy(w->load, &sql_copy_blocks);
	for (int i = 0; i < world->nblocks; i++) {
		int a = world->blocks[2 * i], b = world->blocks[2 * i + 1];

		load_uuid(w->load, world->people[a].id);
		load_uuid(w->load, world->people[b].id);
		load_time(w->load, at(since(world, a, b)));
		end_row(w, "blocks");
	}
	load_copy_end(w->load);
}

/* Each third account has a circle: the first four he follows. */
static void write_circles(struct writer *w)
{
	const struct world *world = w->world;

	load_copy(w->load, &sql_copy_circle_members);
	for (int i = 0; i < world->npeople; i += 3)
		for (size_t k = world->first[i], n = 0; k < world->first[i + 1] && n < 4; k++) {
			int other = world->followed[k];

			if (is_pending(world, i, other))
				continue;
			load_uuid(w->load, world->people[i].id);
			load_uuid(w->load, world->people[other].id);
			load_time(w->load, at(since(world, i, other)));
			end_row(w, "circles");
			n++;
		}
	load_copy_end(w->load);
}

void write_graph(struct writer *w)
{
	write_follows(w);
	write_blocks(w);
	write_circles(w);
}
