/* Names, biographies and short answers by language. */
#include "app/seed/words.h"

#define COUNT(a) ((int)(sizeof(a) / sizeof(*(a))))

static const struct seed_name en_first[] = {
	{ "Maya", "maya" },   { "Theo", "theo" },     { "Ruth", "ruth" },     { "Jonah", "jonah" },
	{ "Priya", "priya" }, { "Callum", "callum" }, { "Nia", "nia" },	      { "Owen", "owen" },
	{ "Tess", "tess" },   { "Marcus", "marcus" }, { "Ingrid", "ingrid" }, { "Dev", "dev" },
	{ "Lena", "lena" },   { "Amos", "amos" },     { "Zoë", "zoe" },	      { "Felix", "felix" },
};
static const struct seed_name en_last[] = {
	{ "Okafor", "okafor" },	  { "Whitlock", "whitlock" }, { "Banerjee", "banerjee" },
	{ "Hale", "hale" },	  { "Moreau", "moreau" },     { "Lindqvist", "lindqvist" },
	{ "Adeyemi", "adeyemi" }, { "Castle", "castle" },     { "Nakagawa", "nakagawa" },
	{ "Brook", "brook" },	  { "Sandoval", "sandoval" }, { "Pryce", "pryce" },
	{ "Vance", "vance" },
};
static const struct seed_name es_first[] = {
	{ "Lucía", "lucia" }, { "Mateo", "mateo" }, { "Carmen", "carmen" }, { "Iván", "ivan" },
	{ "Noa", "noa" },     { "Rubén", "ruben" }, { "Alma", "alma" },
};
static const struct seed_name es_last[] = {
	{ "Ibáñez", "ibanez" },	  { "Quiroga", "quiroga" }, { "Serrano", "serrano" },
	{ "Peñalva", "penalva" }, { "Rojas", "rojas" },
};
static const struct seed_name fr_first[] = {
	{ "Élodie", "elodie" }, { "Bastien", "bastien" }, { "Inès", "ines" },
	{ "Gaël", "gael" },	{ "Margot", "margot" },
};
static const struct seed_name fr_last[] = {
	{ "Lefèvre", "lefevre" },
	{ "Garnier", "garnier" },
	{ "Roussel", "roussel" },
	{ "Diallo", "diallo" },
};
static const struct seed_name de_first[] = {
	{ "Jörg", "joerg" }, { "Anneke", "anneke" }, { "Mirjam", "mirjam" },
	{ "Timo", "timo" },  { "Käthe", "kaethe" },
};
static const struct seed_name de_last[] = {
	{ "Brückner", "brueckner" },
	{ "Holm", "holm" },
	{ "Vogt", "vogt" },
	{ "Yılmaz", "yilmaz" },
};
static const struct seed_name pt_first[] = {
	{ "Joana", "joana" }, { "Caetano", "caetano" }, { "Beatriz", "beatriz" },
	{ "Davi", "davi" },   { "Inês", "ines" },
};
static const struct seed_name pt_last[] = {
	{ "Carvalho", "carvalho" },
	{ "Teixeira", "teixeira" },
	{ "Assunção", "assuncao" },
	{ "Moura", "moura" },
};
static const struct seed_name ja_first[] = {
	{ "陽菜", "hina" },
	{ "蓮", "ren" },
	{ "美咲", "misaki" },
	{ "大和", "yamato" },
};
static const struct seed_name ja_last[] = {
	{ "岡部", "okabe" },
	{ "藤原", "fujiwara" },
	{ "森田", "morita" },
};
static const struct seed_name uk_first[] = {
	{ "Оксана", "oksana" },
	{ "Тарас", "taras" },
	{ "Леся", "lesia" },
};
static const struct seed_name uk_last[] = {
	{ "Коваль", "koval" },
	{ "Мельник", "melnyk" },
	{ "Гончар", "honchar" },
};
static const struct seed_name ar_first[] = {
	{ "ليلى", "layla" },
	{ "كريم", "karim" },
	{ "سلمى", "salma" },
};
static const struct seed_name ar_last[] = {
	{ "حداد", "haddad" },
	{ "منصور", "mansour" },
	{ "الراوي", "alrawi" },
};

static const char *const en_bios[] = {
	"Ceramics, bad puns, long trains. She/her.",
	"Community gardener. Ask me about compost.",
	"Night-shift nurse, day-shift reader.",
	"I fix bicycles and sometimes other things.",
	"Birds first, coffee second.",
	"Learning to play the cello in my forties 🎻",
	"Retired bridge engineer. Grandfather of five.",
	"Writes about public libraries and the people in them.",
	"Small-batch bread, large-batch opinions 🍞",
	"Teacher. Mostly here for the maps.",
	"Film cameras, ferry timetables, fog.",
	"Software by day, sourdough by night.",
};
static const char *const es_bios[] = {
	"Profesora de música en una escuela de barrio 🎶",
	"Senderismo, poesía y café con leche.",
	"Ilustradora. Dibujo lo que veo desde el balcón.",
	"Aprendiendo a vivir más despacio.",
};
static const char *const fr_bios[] = {
	"Libraire le jour, lectrice la nuit 📚",
	"Vélo, fromage et logiciels libres.",
	"Photographe de gares.",
};
static const char *const de_bios[] = {
	"Tischlerin, Imkerin, Frühaufsteherin 🐝",
	"Bahnfahrer aus Überzeugung.",
	"Hier wegen der Gespräche, nicht wegen der Zahlen.",
};
static const char *const pt_bios[] = {
	"Surf, samba e estatística.",
	"Mãe de dois, jardineira de varanda 🌱",
	"Gosto de mercados, eléctricos e mapas antigos.",
};
static const char *const ja_bios[] = {
	"山登りと写真が好きです📷",
	"本屋で働いています。",
};
static const char *const uk_bios[] = {
	"Вишивка, кава, гори.",
	"Викладаю фізику й садіння дерев.",
};
static const char *const ar_bios[] = {
	"مهندسة معمارية تحب الخط العربي",
	"قهوة وكتب وموسيقى",
};

static const char *const en_replies[] = {
	"This made my morning, thank you.",
	"I had the same question last week. Did you find an answer?",
	"Saving this for {day}.",
	"Agreed, and I would add: start small.",
	"Where was this taken?",
	"My neighbour swears by it. I was not convinced until now.",
	"That is a generous way to put it 🙂",
	"Would you do it again?",
	"I tried it with {food} instead and it worked well.",
	"Thank you for writing this down.",
	"Could you share the recipe?",
	"We are going to {city} in {n} days, any advice?",
	"I laughed out loud on the bus 😄",
	"I see it differently, but I like how you argue.",
	"Sorry to hear that. Thinking of you.",
	"The second photo is the one.",
};
static const char *const es_replies[] = {
	"Qué bonito, gracias por compartirlo.",
	"Yo también lo probé y funcionó.",
	"¿Dónde queda eso?",
	"Totalmente de acuerdo 👏",
	"Mucho ánimo, un abrazo grande.",
};
static const char *const fr_replies[] = {
	"Magnifique, merci !",
	"Tu me donnes envie d’essayer.",
	"C’était comment, finalement ?",
	"Pas tout à fait d’accord, mais bien dit.",
};
static const char *const de_replies[] = {
	"Das probiere ich am Wochenende aus.",
	"Schön gesagt.",
	"Wo gibt es das?",
	"Danke, genau das habe ich gesucht.",
};
static const char *const pt_replies[] = {
	"Que lindo! Obrigada por partilhar.",
	"Já experimentei e recomendo.",
	"Onde fica isso?",
};
static const char *const ja_replies[] = {
	"素敵ですね！",
	"私もやってみます。",
	"どこで撮りましたか？",
};
static const char *const uk_replies[] = {
	"Дуже гарно, дякую!",
	"А де це?",
};
static const char *const ar_replies[] = {
	"جميل جداً، شكراً لك",
	"أين هذا المكان؟",
};

#define LANG(id, part)                                                                \
	.code = #id, .share = part, .first = id##_first, .nfirst = COUNT(id##_first), \
	.last = id##_last, .nlast = COUNT(id##_last), .bios = id##_bios,              \
	.nbios = COUNT(id##_bios), .replies = id##_replies, .nreplies = COUNT(id##_replies)

const struct seed_lang seed_langs[LANGS] = {
	[EN] = { LANG(en, 46) }, [ES] = { LANG(es, 14) }, [FR] = { LANG(fr, 9) },
	[DE] = { LANG(de, 9) },	 [PT] = { LANG(pt, 9) },  [JA] = { LANG(ja, 5) },
	[UK] = { LANG(uk, 4) },	 [AR] = { LANG(ar, 4) },
};
