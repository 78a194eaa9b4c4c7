/*
 * What seeded accounts are called and write about. Texts may hold slots that are filled by the
 * generator: {city} {food} {plant} {animal} {tool} {book} {n} {day}, and {who}, which becomes the @handle
 * of somebody the author follows.
 */
#pragma once

#include <stddef.h>

enum lang { EN, ES, FR, DE, PT, JA, UK, AR, LANGS };

/* A name as shown and as it goes into a handle. */
struct seed_name {
	const char *shown, *ascii;
};

struct seed_lang {
	const char *code; /* user_settings.language */
	int share;	  /* of a hundred accounts */
	const struct seed_name *first, *last;
	int nfirst, nlast;
	const char *const *bios, *const *replies;
	int nbios, nreplies;
};
extern const struct seed_lang seed_langs[LANGS];

struct seed_text {
	enum lang lang;
	const char *category; /* slug; NULL: none */
	const char *text;
};
extern const struct seed_text seed_texts[];
extern const int seed_ntexts;

struct seed_city {
	const char *name;
	double lat, lon;
	int weight; /* share of beacons */
};
extern const struct seed_city seed_cities[];
extern const int seed_ncities;

struct seed_beacon {
	const char *type, *severity, *text;
};
extern const struct seed_beacon seed_beacons[];
extern const int seed_nbeacons;

/* Values of a slot by its name without braces; NULL when there is none of that name. */
const char *const *seed_slot(const char *name, size_t length, int *ret_n);

/* Pictures and films of the product's media hosts. */
extern const char *const seed_images[], *const seed_videos[];
extern const int seed_nimages, seed_nvideos;
