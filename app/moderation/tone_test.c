/* Tables of texts: how they are folded, what is found in them, what they score. */
#include "app/moderation/tone.h"

#include "app/moderation/fold.h"
#include "app/moderation/lexicon.h"
#include "lib/base/rand.h"
#include "lib/base/test.h"
#include "lib/base/time.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* Fails with the text, so that a table's line can be found. */
static void expect_str(str want, str got, const char *text)
{
	if (str_eq(want, got))
		return;
	print_error("'%s' gives '%.*s', expected '%.*s'\n", text, (int)got.n, got.p ? got.p : "",
		    (int)want.n, want.p ? want.p : "");
	fail();
}

/* ---- fold ---- */

TEST(fold_finds_the_letters_in_any_dress)
{
	static const struct {
		const char *text, *symbols;
	} cases[] = {
		{ "", "" },
		{ "  \t ", "" },
		{ "Hello, World", "hello world" },
		{ "don't I'LL", "dont ill" },
		{ "Größe, façade Ñandú", "grose facade nandu" },
		{ "one. Two! Three?\nfour", "one\ntwo\nthree\nfour" },
		{ "k.i.l.l b*a_d-w|o-r-d", "kill badword" },
		{ "ends. -starts", "ends\nstarts" },
		{ "zero\u200bwidth so\u00adft", "zerowidth soft" },
		{ "e\u0301te\u0301", "ete" },
		{ "k1ll a55 m4te", "k1ll a55 m4te" },
		{ "room 455 or 7", "room ~ or ~" },
		{ "@bob and a@b $hit sh!t 5$", "@ bob and a4b 5hit sh1t ~" },
		{ "\uff2b\uff29\uff2c\uff2c", "kill" },
		{ "\U0001d48c\U0001d48a\U0001d48d\U0001d48d", "kill" },
		{ "f\u0430g \u03bfk", "fag ok" },
		{ "\u0436\u0438 \u4f60\u597d", "~~ ~~" },
		{ "nice\u2764\ufe0fday\u2026yes", "nice + day\nyes" },
		{ "a\xff\xfe"
		  "b\xe2\x82",
		  "a b" },
		{ "\xf0\x9f\x98\x82ha", "ha" },
	};
	struct arena *a = arena_new();

	for (size_t i = 0; i < COUNT(cases); i++)
		expect_str(str_of(cases[i].symbols),
			   fold(a, str_of(cases[i].text), JOINERS_VANISH, NULL), cases[i].text);
	arena_free(a);
}

TEST(fold_tells_when_joiners_matter)
{
	struct arena *a = arena_new();
	bool joiners;

	expect_str(S("well known"), fold(a, S("well-known"), JOINERS_PART, &joiners), "well-known");
	EXPECT_TRUE(joiners);
	expect_str(S("end\nof it"), fold(a, S("end. - of it..."), JOINERS_PART, &joiners), "end.");
	EXPECT_FALSE(joiners);
	arena_free(a);
}

/* ---- phrases ---- */

TEST(phrases_match_whole_words_and_the_longest)
{
	static const struct phrase_list lists[] = { { 1, "ill, kill, kill you" },
						    { 2, "kill you with kindness, a" },
						    { 0, NULL } };
	static const struct {
		str symbols;
		uint8_t class;
		size_t end;
	} cases[] = {
		{ S("kill"), 1, 4 },
		{ S("kills"), 1, 5 },
		{ S("killed"), 0, 6 },
		{ S("skill"), 0, 5 },
		{ S("kill you now"), 1, 8 },
		{ S("kill you with kind"), 1, 8 },
		{ S("kill you with kindness"), 2, 22 },
		{ S("kill\nyou"), 1, 4 },
		{ S("kiiiilllll you"), 1, 14 },
		{ S("kiill"), 0, 5 },
		{ S("k1ll"), 1, 4 },
		{ S("11111"), 0, 5 },
		{ S("a"), 2, 1 },
		{ S("~"), 0, 1 },
	};
	struct phrases *p = phrases_new(lists);

	EXPECT_EQ(5, phrases_count(p));
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t end;
		EXPECT_EQ(cases[i].class, phrases_find(p, cases[i].symbols, 0, &end));
		EXPECT_EQ(cases[i].end, end);
	}
	phrases_free(p);
}

TEST(lexicon_lists_nothing_twice)
{
	struct phrases *p = phrases_new(lexicon);
	bool used[CLASSES] = { false };

	EXPECT_EQ(0, phrases_doubled(p));
	EXPECT_TRUE(phrases_count(p) > 1000);
	for (const struct phrase_list *l = lexicon; l->class; l++)
		used[l->class] = true;
	for (size_t i = PLAIN; i < CLASSES; i++)
		EXPECT_TRUE(used[i]);
	phrases_free(p);
}

/* ---- the hard filter, domain-rules 6.1 ---- */

static void expect_blocked(const char *const *texts, size_t n, str family)
{
	struct arena *a = arena_new();

	for (size_t i = 0; i < n; i++) {
		struct tone t = tone_of(a, str_of(texts[i]));
		expect_str(family, t.blocked, texts[i]);
		expect_str(family.p ? S("hate") : tone_label(t.cis), t.label, texts[i]);
		EXPECT_TRUE(!family.p || t.cis == 0);
	}
	arena_free(a);
}

TEST(tone_blocks_slurs_however_written)
{
	static const char *const texts[] = {
		"you faggot",	      "FAGGOTS!",
		"f.a.g.g.o.t",	      "f-a-g_g*o|t",
		"fa\u200bgg\u00adot", "f4gg0t",
		"f\u0430ggot",	      "\uff46\uff41\uff47\uff47\uff4f\uff54",
		"faaaaggot",	      "what a n1gg3r",
		"niiiigggger",	      "That kike.",
		"so ein Kanake",      "\u00bferes maric\u00f3n?",
		"sale arabe",	      "preto imundo",
		"hello.faggot",	      "nice day-chink",
	};

	expect_blocked(texts, COUNT(texts), S("slur"));
}

TEST(tone_blocks_direct_threats)
{
	static const char *const texts[] = {
		"I will kill you",
		"i'll murder you",
		"I will fucking kill you!!!",
		"I'm going to slit your throat",
		"Im gonna k1ll u",
		"kill yourself",
		"k.y.s",
		"Someone should shoot all of you",
		"We will kill those jews",
		"Kill all muslims",
		"well said. Kill the gays!",
		"I want to shoot up the school",
		"ich bring dich um",
		"Ich werde euch alle umbringen",
		"Te voy a matar",
		"voy a matarte",
		"Je vais te tuer",
		"vou te matar",
		"I will k*i*l*l you",
	};

	expect_blocked(texts, COUNT(texts), S("threat"));
}

TEST(tone_lets_harmless_look_alikes_pass)
{
	static const char *const texts[] = {
		"Scunthorpe is near Penistone",
		"He sniggered at the niggardly offer",
		"Niger and Nigeria share a border",
		"A raccoon ate the spicy curry in Pakistan",
		"Therapists analyse grapes; the class assessed the assassin",
		"The chink in the armour was small",
		"kaffir lime and spic and span floors",
		"I'll shoot you an email tomorrow",
		"I will kill you with kindness",
		"I will not kill you",
		"I'd never kill you",
		"no te voy a matar",
		"Let's kill this bug, you and I",
		"Kill the process and restart",
		"They wanted to kill all jews in 1942",
		"This traffic will kill me",
		"I could kill for a coffee",
		"room 455, gate 1337, 88 %",
		"Ich t\u00f6te nur die Zeit",
		"killer whales",
	};

	expect_blocked(texts, COUNT(texts), (str){ 0 });
}

/* ---- labels and poisons, domain-rules 6.2 ---- */

TEST(tone_labels_everyday_texts)
{
	static const struct {
		const char *text, *label;
	} cases[] = {
		{ "", "neutral" },
		{ "The bus leaves at nine.", "neutral" },
		{ "\u041f\u0440\u0438\u0432\u0435\u0442, \u043a\u0430\u043a \u0434\u0435\u043b\u0430?",
		  "neutral" },
		{ "Thank you all for a wonderful evening!", "positive" },
		{ "Danke, das war wunderbar", "positive" },
		{ "\u00a1Muchas gracias!", "positive" },
		{ "Merci beaucoup", "positive" },
		{ "muito obrigada", "positive" },
		{ "\u2764\ufe0f", "positive" },
		{ "that's not good", "neutral" },
		{ "I hate mondays", "neutral" },
		{ "this fucking goal was insane", "neutral" },
		{ "My dog died and I am so sad", "neutral" },
		{ "I feel worthless, I am such an idiot", "neutral" },
		{ "this stupid printer", "mixed" },
		{ "I hate you", "mixed" },
		{ "you idiot", "negative" },
		{ "@bob idiot", "negative" },
		{ "fuck you", "negative" },
		{ "Double your money! Guaranteed returns, click here", "negative" },
		{ "They don't want you to know: chemtrails, the deep state", "negative" },
		{ "You are a worthless piece of shit, I hate you, you pathetic idiot", "hostile" },
		{ "I hope you die", "hostile" },
		{ "All immigrants are vermin", "hostile" },
		{ "go back to your country", "hostile" },
		{ "Fotze, du bist so dumm und wertlos", "hostile" },
		{ "eres una puta, est\u00fapida y fea, vete a la mierda", "hostile" },
		{ "ta gueule, t'es qu'une salope, connasse, tu es d\u00e9bile", "hostile" },
		{ "voc\u00ea \u00e9 um idiota, filho da puta, vai se foder", "hostile" },
	};
	struct arena *a = arena_new();

	for (size_t i = 0; i < COUNT(cases); i++)
		expect_str(str_of(cases[i].label), tone_of(a, str_of(cases[i].text)).label,
			   cases[i].text);
	arena_free(a);
}

TEST(t_ton_4_without_a_hit_it_is_neutral_at_0_8)
{
	struct arena *a = arena_new();
	struct tone t = tone_of(a, S("The library opens at ten on Tuesdays"));

	EXPECT_NEAR(0.8, t.cis, 0);
	expect_str(S("neutral"), t.label, "library");
	EXPECT_NULL(t.blocked.p);
	EXPECT_NULL(t.hint.p);
	EXPECT_NEAR(0.9, tone_of(a, S("a lovely library")).cis, 0);
	arena_free(a);
}

TEST(t_ton_2_labels_follow_the_range_table)
{
	static const struct {
		double cis;
		str label;
	} cases[] = {
		{ 1, S("positive") },	  { 0.9, S("positive") }, { 0.899, S("neutral") },
		{ 0.7, S("neutral") },	  { 0.699, S("mixed") },  { 0.5, S("mixed") },
		{ 0.499, S("negative") }, { 0.3, S("negative") }, { 0.299, S("hostile") },
		{ 0, S("hostile") },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		expect_str(cases[i].label, tone_label(cases[i].cis), "a cis");
}

TEST(tone_hints_at_what_not_everybody_wants_to_see)
{
	static const struct {
		const char *text;
		str hint;
	} cases[] = {
		{ "new porn videos here", S("nsfw") },
		{ "sexy and naked", S("nsfw") },
		{ "the naked truth", { 0 } },
		{ "visible to the naked eye", { 0 } },
		{ "video of a beheading", S("violence") },
		{ "Al Gore spoke", { 0 } },
		{ "p.o.r.n", S("nsfw") },
		{ "hello", { 0 } },
	};
	struct arena *a = arena_new();

	for (size_t i = 0; i < COUNT(cases); i++)
		expect_str(cases[i].hint, tone_of(a, str_of(cases[i].text)).hint, cases[i].text);
	EXPECT_TRUE(tone_of(a, S("all women are stupid and worthless")).bigotry);
	EXPECT_FALSE(tone_of(a, S("you are stupid and worthless")).bigotry);
	arena_free(a);
}

/* A long text about hate is no hate; padding does not hide an insult. */
TEST(tone_of_long_texts)
{
	static const char essay[] =
		"Why do people hate? The terrible years of war left an awful lot of stupid laws behind, "
		"and historians still ask what made ordinary citizens despise their neighbours. The "
		"speaker called it a disgrace that nobody had collected the letters before; they were "
		"kept in boxes in the cellar of the town hall, next to the old maps of the river and "
		"the plans for a bridge which was never built. ";
	struct arena *a = arena_new();
	str padded = arena_printf(a, "%s%s you pathetic stupid worthless asshole", essay, essay);

	expect_str(S("neutral"), tone_of(a, str_of(essay)).label, "essay");
	expect_str(S("hostile"), tone_of(a, padded).label, "padded");
	arena_free(a);
}

/* ---- any bytes at all ---- */

static void expect_consistent(const struct tone *t)
{
	double cis = 1 - (t->hate + t->greed + t->delusion) / 3;

	EXPECT_TRUE(t->cis >= 0 && t->cis <= 1);
	EXPECT_NEAR(cis, t->cis, 0.0006);
	EXPECT_TRUE(str_eq(t->label, t->blocked.p ? S("hate") : tone_label(t->cis)));
}

TEST(tone_survives_random_bytes)
{
	struct rand_seq seq = { 7 };
	struct arena *a = arena_new();

	for (int i = 0; i < 20000; i++) {
		size_t n = rand_below(&seq, 120);
		char *text = arena_alloc(a, n + 1);
		for (size_t j = 0; j < n; j++)
			text[j] = i % 2 ? (char)rand_next(&seq)
					: " .-'!@$1aeiklouy"[rand_below(&seq, 16)];
		struct tone t = tone_of(a, (str){ text, n });
		expect_consistent(&t);
		arena_reset(a);
	}
	arena_free(a);
}

/* The lexicon's own words in random order: every rule meets every class. */
TEST(tone_survives_random_phrases)
{
	struct rand_seq seq = { 8 };
	struct arena *a = arena_new();
	static str words[4000];
	size_t n = 0;

	for (const struct phrase_list *l = lexicon; l->class; l++)
		for (str rest = str_of(l->phrases); rest.p && n < COUNT(words);)
			words[n++] = str_trim(str_cut(&rest, ','));
	for (int i = 0; i < 5000; i++) {
		str text = S("");
		for (uint64_t left = rand_below(&seq, 12); left > 0; left--) {
			str word = words[rand_below(&seq, n)];
			text = arena_printf(a, "%.*s%.*s%c", (int)text.n, text.p, (int)word.n,
					    word.p, " .,-!\n"[rand_below(&seq, 6)]);
		}
		struct tone t = tone_of(a, text), again = tone_of(a, text);
		expect_consistent(&t);
		EXPECT_TRUE(t.cis == again.cis && str_eq(t.label, again.label));
		arena_reset(a);
	}
	arena_free(a);
}

/* Generous, because sanitizers and a busy machine are slow: it guards against a blow-up. */
TEST(tone_is_fast_whatever_the_text)
{
	static const char *const pieces[] = {
		"a lovely day, you know. ", "1", "a.", "kill ", "iiilll", "@$!"
	};
	struct arena *a = arena_new();

	for (size_t i = 0; i < COUNT(pieces); i++) {
		size_t n = strlen(pieces[i]);
		char *text = arena_alloc(a, 20000);
		for (size_t j = 0; j < 20000; j++)
			text[j] = pieces[i][j % n];
		int64_t start = time_monotonic();
		tone_of(a, (str){ text, 20000 });
		EXPECT_TRUE(time_monotonic() - start < 200 * MILLISECOND);
	}
	arena_free(a);
}
