/*
 * The text's symbols (fold.h) are cut into units, each the class of a word or phrase (lexicon.h); rules
 * look at a unit and its neighbours within the sentence.
 *
 * Poisons: a text starts with a doubt of 0.2 in each, which makes 0.8, and each hit takes its share of
 * the innocence left: p = 1 − (1 − doubt) · Π (1 − weight). Kind words halve the doubt, but undo no hit.
 * A hit that is aimed at a person or a group weighs more than one that is not, and the latter less in a
 * long text; so an essay about hate is not taken for hate, nor does padding hide an insult. What people
 * say against themselves does not count: they need no rejection.
 */
#include "app/moderation/tone.h"

#include "app/moderation/fold.h"
#include "app/moderation/lexicon.h"

#include <math.h>
#include <pthread.h>

enum { WORD = 0, BREAK = CLASSES }; /* a word not in the lexicon; the end of a sentence */

static const double doubt = 0.2;
static const size_t long_text = 12;	 /* units from which unaimed hits fade */
static const size_t units_per_good = 40; /* one kind word does not colour more than so many */
static const size_t units_per_sexual = 15;

struct weight {
	double hate, greed, delusion;
};

/* Aimed abuse feeds all three: it craves another's harm and denies his worth. */
static const struct {
	struct weight loose, aimed;
} weights[CLASSES] = {
	[WISH] = { { .85, .60, .70 }, { .85, .60, .70 } },
	[BIGOTRY] = { { .80, .60, .80 }, { .80, .60, .80 } },
	[CURSE] = { { .60, .40, .50 }, { .60, .40, .50 } },
	[DEHUMAN] = { { .15, .05, .10 }, { .75, .55, .75 } },
	[ABUSE] = { { .35, .15, .25 }, { .60, .40, .50 } },
	[INSULT] = { { .20, .05, .15 }, { .45, .30, .40 } },
	[HATEFUL] = { { .20, .05, .10 }, { .45, .25, .35 } },
	[KILL] = { { .10, .05, .05 }, { .35, .25, .25 } },
	[KILL_YOU] = { { .35, .25, .25 }, { .35, .25, .25 } },
	[PROFANE] = { { .08, .02, .02 }, { .12, .06, .06 } },
	[DOWN] = { { .08, .04, .06 }, { .15, .08, .10 } },
	[GREED] = { { .00, .45, .25 }, { .00, .45, .25 } },
	[DELUSION] = { { .05, .10, .45 }, { .05, .10, .45 } },
};

#define CLASS(c) (UINT64_C(1) << (c))

static const uint64_t people = CLASS(YOU) | CLASS(OBJ) | CLASS(GROUP);
static const uint64_t aims = CLASS(YOU) | CLASS(OBJ) | CLASS(YOUR) | CLASS(GROUP);
static const uint64_t verbs = CLASS(HATEFUL) | CLASS(KILL) | CLASS(KILL_YOU);
static const uint64_t always_aimed = CLASS(WISH) | CLASS(BIGOTRY) | CLASS(CURSE);
static const uint64_t contempt = CLASS(DEHUMAN) | CLASS(ABUSE) | CLASS(INSULT) | CLASS(HATEFUL);
static const uint64_t negatable = CLASS(DEHUMAN) | CLASS(ABUSE) | CLASS(INSULT) | CLASS(HATEFUL)
	| CLASS(KILL) | CLASS(KILL_YOU) | CLASS(PROFANE) | CLASS(DOWN);
static const uint64_t poisonous = CLASS(WISH) | CLASS(BIGOTRY) | CLASS(CURSE) | CLASS(DEHUMAN)
	| CLASS(ABUSE) | CLASS(INSULT) | CLASS(HATEFUL) | CLASS(KILL) | CLASS(KILL_YOU)
	| CLASS(PROFANE) | CLASS(DOWN) | CLASS(GREED) | CLASS(DELUSION);

struct units {
	uint8_t *v;
	size_t n;
};

static struct phrases *phrases;

static void read_lexicon(void)
{
	phrases = phrases_new(lexicon);
}

/* The class of what begins at *at, which moves behind it. */
static uint8_t class_at(str symbols, size_t *at)
{
	char sign = symbols.p[*at];

	if (sign != '@' && sign != '+')
		return phrases_find(phrases, symbols, *at, at);
	++*at;
	return sign == '@' ? YOU : GOOD;
}

static struct units cut(struct arena *a, str symbols)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct units u = { .v = arena_alloc(a, symbols.n + 1) };

	pthread_once(&once, read_lexicon);
	for (size_t at = 0; at < symbols.n; at++) {
		u.v[u.n++] = class_at(symbols, &at);
		if (at < symbols.n && symbols.p[at] == '\n')
			u.v[u.n++] = BREAK;
	}
	return u;
}

/* ---- neighbours ---- */

static bool is_any(struct units u, size_t i, uint64_t classes)
{
	return classes >> u.v[i] & 1;
}

/* The nearest of these classes up to `reach` units before i in its sentence, else i. */
static size_t before(struct units u, size_t i, size_t reach, uint64_t classes)
{
	for (size_t j = i; j > 0 && i - j < reach && u.v[j - 1] != BREAK; j--)
		if (is_any(u, j - 1, classes))
			return j - 1;
	return i;
}

static size_t after(struct units u, size_t i, size_t reach, uint64_t classes)
{
	for (size_t j = i + 1; j < u.n && j - i <= reach && u.v[j] != BREAK; j++)
		if (is_any(u, j, classes))
			return j;
	return i;
}

/* The person a verb is about: right behind it, but for fillers, or an object before it; else i. */
static size_t object_of(struct units u, size_t i)
{
	size_t j = i + 1;

	while (j < u.n && is_any(u, j, CLASS(FILL) | CLASS(PROFANE)))
		j++;
	if (j < u.n && is_any(u, j, people))
		return j;
	return before(u, i, 3, CLASS(OBJ));
}

/* Whom a hit is aimed at: index of YOU, GROUP …, or of SELF; i when nobody is near. */
static size_t target_of(struct units u, size_t i)
{
	if (is_any(u, i, verbs))
		return object_of(u, i);
	size_t j = before(u, i, 4, aims | CLASS(SELF));
	return j != i ? j : after(u, i, 2, aims);
}

static bool is_negated(struct units u, size_t i)
{
	return before(u, i, 2, CLASS(NOT)) != i;
}

/* ---- hard rules ---- */

/* "I will … kill … you", or "kill the …" as a sentence of its own. */
static bool is_threat(struct units u, size_t i)
{
	size_t intent = before(u, i, 4, CLASS(INTENT));
	size_t object = u.v[i] == KILL_YOU ? i + 1 : object_of(u, i);

	if (object == i)
		return false;
	if (intent == i)
		return u.v[i] == KILL && (i == 0 || u.v[i - 1] == BREAK)
			&& is_any(u, object, CLASS(GROUP));
	return before(u, i, i - intent, CLASS(NOT)) == i && !is_negated(u, intent);
}

static str blocked_by(struct units u)
{
	for (size_t i = 0; i < u.n; i++) {
		if (u.v[i] == SLUR)
			return S("slur");
		if (u.v[i] == THREAT
		    || (is_any(u, i, CLASS(KILL) | CLASS(KILL_YOU)) && is_threat(u, i)))
			return S("threat");
	}
	return (str){ 0 };
}

/* ---- poisons ---- */

/* What is left of innocence, one share a poison. */
struct innocence {
	double hate, greed, delusion;
};

static void take(struct innocence *left, struct weight w, double share)
{
	left->hate *= 1 - w.hate * share;
	left->greed *= 1 - w.greed * share;
	left->delusion *= 1 - w.delusion * share;
}

static void weigh(struct units u, size_t i, struct innocence *left, bool *bigotry)
{
	uint8_t class = u.v[i];
	size_t target = is_any(u, i, always_aimed) ? i : target_of(u, i);

	if (u.v[target] == SELF || (is_any(u, i, negatable) && is_negated(u, i)))
		return;
	if (target == i && !is_any(u, i, always_aimed)) {
		take(left, weights[class].loose,
		     u.n > long_text ? (double)long_text / (double)u.n : 1);
		return;
	}
	take(left, weights[class].aimed, 1);
	if (class == BIGOTRY)
		*bigotry = true;
	if (u.v[target] == GROUP && is_any(u, i, contempt)) {
		take(left, weights[class].aimed, 1); /* to speak so of all of them weighs double */
		*bigotry = true;
	}
}

static size_t count(struct units u, uint64_t classes)
{
	size_t n = 0;

	for (size_t i = 0; i < u.n; i++)
		n += is_any(u, i, classes) ? 1 : 0;
	return n;
}

static size_t count_good(struct units u)
{
	size_t n = 0;

	for (size_t i = 0; i < u.n; i++)
		n += u.v[i] == GOOD && !is_negated(u, i) ? 1 : 0;
	return n * units_per_good < u.n ? 0 : n;
}

static str hint_of(struct units u)
{
	size_t sexual = count(u, CLASS(SEXUAL));

	if (count(u, CLASS(EXPLICIT)) > 0 || (sexual > 1 && sexual * units_per_sexual >= u.n))
		return S("nsfw");
	return count(u, CLASS(GORE)) > 0 ? S("violence") : (str){ 0 };
}

str tone_label(double cis)
{
	return cis >= 0.9    ? S("positive")
		: cis >= 0.7 ? S("neutral")
		: cis >= 0.5 ? S("mixed")
		: cis >= 0.3 ? S("negative")
			     : S("hostile");
}

static double three_digits(double x)
{
	return round(x * 1000) / 1000;
}

static void score(struct units u, struct tone *t)
{
	size_t good = count_good(u);
	double innocent = 1 - (good == 0 ? doubt : good == 1 ? doubt / 2 : doubt / 4);
	struct innocence left = { innocent, innocent, innocent };

	for (size_t i = 0; i < u.n; i++)
		if (is_any(u, i, poisonous))
			weigh(u, i, &left, &t->bigotry);
	t->hate = three_digits(1 - left.hate);
	t->greed = three_digits(1 - left.greed);
	t->delusion = three_digits(1 - left.delusion);
	t->cis = three_digits(1 - (t->hate + t->greed + t->delusion) / 3);
	t->label = tone_label(t->cis);
}

static struct tone read_one_way(struct arena *a, str symbols)
{
	struct units u = cut(a, symbols);
	struct tone t = { .blocked = blocked_by(u), .hint = hint_of(u) };

	if (!t.blocked.p) {
		score(u, &t);
		return t;
	}
	t.hate = t.greed = t.delusion = 1;
	t.cis = 0;
	t.label = S("hate");
	t.bigotry = str_eq(t.blocked, S("slur"));
	return t;
}

/* Joiners between letters are read both ways; what they hide makes a text worse, never better. */
struct tone tone_of(struct arena *a, str text)
{
	bool joiners;
	struct tone plain = read_one_way(a, fold(a, text, JOINERS_PART, &joiners));

	if (!joiners)
		return plain;
	struct tone joined = read_one_way(a, fold(a, text, JOINERS_VANISH, NULL));
	if (!plain.hint.p)
		plain.hint = joined.hint;
	if (joined.cis >= plain.cis || joined.cis >= 1 - doubt)
		return plain;
	joined.hint = plain.hint;
	return joined;
}
