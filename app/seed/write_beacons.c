/* Beacons around a few cities, with votes. Nothing ties one to a person: the seed gives no tag. */
#include "app/seed/writer.h"
#include "app/seed/seed.sql.h"

#include <math.h>
#include <stdio.h>

enum { VOTES_MAX = 6 };

struct beacon {
	int64_t at, expires;
	int lat, lon; /* hundredths of a degree */
	int votes, vouches, weight, reports;
	int text;
	bool resolved;
};

static double unit(struct rand_seq *r)
{
	return (double)rand_below(r, INT64_C(1) << 40) / (double)(INT64_C(1) << 40);
}

static const struct seed_city *pick_city(struct rand_seq *r)
{
	int total = 0, i = 0, left;

	for (int k = 0; k < seed_ncities; k++)
		total += seed_cities[k].weight;
	left = (int)rand_below(r, (uint64_t)total);
	while (left >= seed_cities[i].weight)
		left -= seed_cities[i++].weight;
	return &seed_cities[i];
}

/* Near a city: normally distributed about its centre, a fifth of them far out. */
static void place(struct beacon *b, struct rand_seq *r)
{
	const struct seed_city *city = pick_city(r);
	double spread = one_in(r, 5) ? 0.6 : 0.09, angle = unit(r) * 2 * M_PI;
	double away = spread * sqrt(-2 * log(1 - unit(r)));

	b->lat = (int)lround((city->lat + away * sin(angle)) * 100);
	b->lon = (int)lround((city->lon + away * cos(angle) / cos(city->lat * M_PI / 180)) * 100);
}

/* The k-th voter of a beacon. */
static int voter(const struct world *w, int64_t beacon, int k)
{
	return (int)((beacon * 31 + k) % w->npeople);
}

static bool vouches(const struct world *w, int64_t beacon, int k)
{
	struct rand_seq r = world_rand(w, W_BEACON, -1 - (beacon * VOTES_MAX + k));

	return !one_in(&r, 5);
}

static int weight_of(const struct world *w, int person)
{
	return w->people[person].harmony >= 85 ? 2 : 1;
}

static void count_votes(const struct world *w, int64_t i, struct beacon *b, struct rand_seq *r)
{
	int most = w->npeople < VOTES_MAX ? w->npeople : VOTES_MAX;
	double x = unit(r);

	b->votes = (int)(x * x * x * (most + 1)); /* most have none */
	for (int k = 0; k < b->votes; k++) {
		if (vouches(w, i, k)) {
			b->vouches++;
			b->weight += weight_of(w, voter(w, i, k));
		} else {
			b->reports++;
		}
	}
}

/* All but a few are on the map right now: they live four hours at most. */
static struct beacon beacon_of(const struct world *w, int64_t i)
{
	struct rand_seq r = world_rand(w, W_BEACON, i);
	struct beacon b = { .text = (int)rand_below(&r, (uint64_t)seed_nbeacons) };
	bool over = one_in(&r, 12);

	b.at = w->now - (int64_t)(unit(&r) * (double)(3 * HOUR)) - MINUTE - (over ? 6 * HOUR : 0);
	b.expires = b.at + 4 * HOUR;
	b.resolved = !over && one_in(&r, 14);
	place(&b, &r);
	count_votes(w, i, &b, &r);
	return b;
}

static str degrees(struct arena *a, int hundredths)
{
	return arena_printf(a, "%.2f", hundredths / 100.0);
}

static void put_beacon(struct writer *w, int64_t i)
{
	struct beacon b = beacon_of(w->world, i);
	const struct seed_beacon *kind = &seed_beacons[b.text];

	load_uuid(w->load, world_uuid(w->world, W_BEACON_ID, i));
	load_text(w->load, str_of(kind->type));
	load_text(w->load, str_of(kind->severity));
	load_text(w->load, b.expires > w->world->now ? S("active") : S("expired"));
	load_text(w->load, b.resolved ? S("resolved") : S("active"));
	load_text(w->load, degrees(w->row, b.lat));
	load_text(w->load, degrees(w->row, b.lon));
	load_int(w->load, b.vouches);
	load_int(w->load, b.weight);
	load_int(w->load, b.reports);
	load_time(w->load, (usec){ b.at });
	load_time(w->load, (usec){ b.expires });
	load_text(w->load, str_of(kind->text));
	load_texts(w->load, NULL, 0);
	end_row(w, "beacons");
}

static void put_votes(struct writer *w, int64_t i)
{
	struct beacon b = beacon_of(w->world, i);

	for (int k = 0; k < b.votes; k++) {
		int person = voter(w->world, i, k);
		bool vouch = vouches(w->world, i, k);

		load_uuid(w->load, world_uuid(w->world, W_BEACON_ID, i));
		load_uuid(w->load, w->world->people[person].id);
		load_text(w->load, vouch ? S("vouch") : S("report"));
		load_int(w->load, vouch ? weight_of(w->world, person) : 1);
		load_time(w->load, (usec){ b.at + (k + 1) * 10 * SECOND });
		end_row(w, "votes");
	}
}

int64_t write_beacons(struct writer *w)
{
	int64_t n;

	load_copy(w->load, &sql_copy_beacons);
	for (int64_t i = 0; i < w->world->nbeacons; i++)
		put_beacon(w, i);
	n = load_copy_end(w->load);
	load_copy(w->load, &sql_copy_beacon_votes);
	for (int64_t i = 0; i < w->world->nbeacons; i++)
		put_votes(w, i);
	load_copy_end(w->load);
	return n;
}
