/* Places, beacons, media, and what slots are filled with. */
#include "app/seed/words.h"

#include <string.h>

#define COUNT(a) ((int)(sizeof(a) / sizeof(*(a))))

const struct seed_city seed_cities[] = {
	{ "Minneapolis", 44.98, -93.27, 9 }, { "Chicago", 41.88, -87.63, 9 },
	{ "Portland", 45.52, -122.68, 7 },   { "Oakland", 37.80, -122.27, 7 },
	{ "Austin", 30.27, -97.74, 6 },	     { "Atlanta", 33.75, -84.39, 6 },
	{ "Brooklyn", 40.68, -73.94, 9 },    { "Boston", 42.36, -71.06, 6 },
	{ "Denver", 39.74, -104.99, 5 },     { "Seattle", 47.61, -122.33, 6 },
	{ "Detroit", 42.33, -83.05, 4 },     { "Tucson", 32.22, -110.97, 3 },
	{ "Montréal", 45.50, -73.57, 4 },    { "London", 51.51, -0.13, 5 },
	{ "Lyon", 45.76, 4.84, 2 },	     { "Hamburg", 53.55, 9.99, 2 },
	{ "Lisboa", 38.72, -9.14, 2 },	     { "Madrid", 40.42, -3.70, 3 },
	{ "Oaxaca", 17.06, -96.73, 2 },	     { "Kyoto", 35.01, 135.77, 1 },
	{ "Lviv", 49.84, 24.03, 1 },	     { "Beirut", 33.89, 35.50, 1 },
};
const int seed_ncities = COUNT(seed_cities);

const struct seed_beacon seed_beacons[] = {
	{ "hazard", "medium", "Broken glass across the bike lane, both directions." },
	{ "hazard", "high", "Large branch down, one lane blocked." },
	{ "hazard", "low", "Deep puddle at the crossing, walk around by the shop." },
	{ "hazard", "medium", "Traffic lights out at the junction. Drive with care." },
	{ "hazard", "high", "Black ice on the footbridge." },
	{ "fire", "critical", "Smoke from the warehouse by the tracks, crews arriving." },
	{ "fire", "medium", "Smell of burning near the old mill; nothing to see yet." },
	{ "safety", "medium", "Street lamps dark for the whole block, go in company." },
	{ "safety", "low", "First-aid tent open next to the fountain until the evening." },
	{ "safety", "medium", "Volunteers walking people home from the station." },
	{ "checkpoint", "medium", "Traffic stopped at the on-ramp, expect delays." },
	{ "checkpoint", "high", "Road closed by barriers, papers are being asked for." },
	{ "official_presence", "medium",
	  "Several vehicles parked in front of the community centre." },
	{ "official_presence", "low", "Two officers at the market entrance, calm." },
	{ "official_presence", "high", "Convoy heading north, slow." },
	{ "taskForce", "high", "Unmarked vans gathering behind the car park." },
	{ "suspicious", "low", "Somebody has been trying car doors along the street." },
	{ "suspicious", "medium", "Person photographing letter boxes, third day in a row." },
	{ "utility_alert", "medium", "Water is off in the block until the afternoon." },
	{ "utility_alert", "high", "Power cut, traffic lights are affected." },
	{ "utility_alert", "low", "Gas works: short detour for pedestrians." },
	{ "package_theft", "low", "Parcels missing from the lobby again." },
	{ "noise_report", "low", "Roadworks all night, bring earplugs." },
	{ "development", "low", "New bus shelter going up, stop moved fifty metres." },
	{ "hazard", "medium", "Perro suelto cerca del parque, no parece agresivo." },
	{ "utility_alert", "medium", "Sin agua en toda la calle hasta las seis." },
	{ "safety", "low", "Point d’eau fraîche ouvert devant la bibliothèque." },
	{ "hazard", "high", "Baustelle: Gehweg gesperrt, bitte die andere Seite nehmen." },
};
const int seed_nbeacons = COUNT(seed_beacons);

static const char *const foods[] = {
	"lentil soup", "plum cake",   "arepas",	     "kimchi",	 "gnocchi",
	"shakshuka",   "dal",	      "apple pie",   "pierogi",	 "miso soup",
	"feijoada",    "ratatouille", "jollof rice", "focaccia",
};
static const char *const plants[] = {
	"hawthorn", "lavender", "rosemary", "monstera", "hazel", "geranium", "jasmine", "fern",
};
static const char *const animals[] = {
	"fox", "heron", "hedgehog", "badger", "kestrel", "roe deer", "magpie", "squirrel",
};
static const char *const tools[] = {
	"ladder", "cordless drill", "wheelbarrow", "sewing machine", "tile cutter", "torque wrench",
};
static const char *const books[] = {
	"Middlemarch",	   "The Left Hand of Darkness", "Pedro Páramo",	    "Kokoro",  "Austerlitz",
	"The Summer Book", "Cien años de soledad",	"Invisible Cities", "Beloved", "Stoner",
};
static const char *const days[] = {
	"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
};
static const char *const numbers[] = {
	"3", "4", "5", "7", "9", "11", "12", "14", "18", "21", "26", "31", "40", "47",
};
static const char *const cities[] = {
	"Minneapolis", "Chicago", "Portland", "Oakland", "Lisboa", "Lyon",
	"Hamburg",     "Madrid",  "Oaxaca",   "Kyoto",	 "Lviv",   "Beirut",
};

const char *const seed_images[] = {
	"https://img.sojorn.net/seed/harbour-at-dawn.jpg",
	"https://img.sojorn.net/seed/two-bowls.jpg",
	"https://img.sojorn.net/seed/bread.jpg",
	"https://img.sojorn.net/seed/fern.jpg",
	"https://img.sojorn.net/seed/tram-in-the-rain.jpg",
	"https://img.sojorn.net/seed/linocut.jpg",
	"https://img.sojorn.net/seed/workbench.jpg",
	"https://img.sojorn.net/seed/hives.jpg",
};
const int seed_nimages = COUNT(seed_images);
const char *const seed_videos[] = {
	"https://quips.sojorn.net/seed/swifts.mp4",
	"https://quips.sojorn.net/seed/potters-wheel.mp4",
	"https://quips.sojorn.net/seed/choir.mp4",
	"https://quips.sojorn.net/seed/low-tide.mp4",
};
const int seed_nvideos = COUNT(seed_videos);

const char *const *seed_slot(const char *name, size_t length, int *ret_n)
{
	static const struct {
		const char *name;
		const char *const *values;
		int n;
	} slots[] = {
		{ "food", foods, COUNT(foods) },       { "plant", plants, COUNT(plants) },
		{ "animal", animals, COUNT(animals) }, { "tool", tools, COUNT(tools) },
		{ "book", books, COUNT(books) },       { "day", days, COUNT(days) },
		{ "n", numbers, COUNT(numbers) },      { "city", cities, COUNT(cities) },
	};

	for (int i = 0; i < COUNT(slots); i++)
		if (strlen(slots[i].name) == length && memcmp(slots[i].name, name, length) == 0) {
			*ret_n = slots[i].n;
			return slots[i].values;
		}
	return NULL;
}
