/*
 * The word lists of the filter and of the tone scorer. This file must contain what it keeps out: slurs,
 * threats, insults and sexual terms in English, German, Spanish, French and Portuguese (in this order),
 * each listed for the one purpose of being recognised. Nothing of it is ever shown.
 *
 * Entries are parted by commas; case, accents and an apostrophe make no difference, a plural s needs no
 * entry of its own (fold.h, phrases.h). What an entry does to a text depends on its class alone. Words
 * that are innocent in another of these languages, or in most of their uses, stay out; a phrase that is
 * innocent as a whole goes to PLAIN, because the longest entry wins.
 */
#include "app/moderation/lexicon.h"

#include <stddef.h>

/* Each language begins a line. */
/* clang-format off */

/* Innocent as a whole. */
static const char plain_words[] =
	"chink in the armor, chink in the armour, chink in his armor, chink in her armor, "
	"chink of light, spic and span, kaffir lime, xiaomi youpin, shoot you a, shoot you an, "
	"shoot you some, shoot you over, shoot you for, shoot u a, shoot u an, "
	"kill you with kindness, al gore, cum laude, magna cum laude, summa cum laude, "
	"no thanks, no thank you, trash can, trash bag, trash day, trash pickup, garbage can, "
	"garbage bag, garbage day, garbage truck, love to hate, ugly duckling, bastard sword, "
	"dumb waiter, freak out, freaked out, freaking out, sex education, sex ed, same sex, "
	"opposite sex, sex offender, naked eye, naked mole rat, tit for tat, holy shit, "
	"no shit, hot shit, "
	"no te voy a, no voy a, "
	"nao vou";

/* ---- who is meant ---- */

static const char you_words[] =
	"you, u, yall, you all, all of you, you guys, you people, you two, youre, you are, ure, "
	"youve, youll, youd, yourself, yourselves, urself, thou, your family, "
	"your whole family, your kids, your children, your mother, your mom, your dad, "
	"your wife, your husband, your son, your daughter, your friends, ur family, ur mom, "
	"du, du bist, ihr seid, deine familie, deine kinder, deine mutter, "
	"tu, tu eres, eres, usted, ustedes, vosotros, sois, tu familia, tus hijos, tu madre, "
	"tu es, toi, vous etes, ta famille, ta mere, tes enfants, "
	"voce, voce e, voces, vc, vcs, sua familia, seus filhos, sua mae";

static const char obj_words[] =
	"dich, dir, euch, euch alle, euch allen, "
	"te, a ti, "
	"vous";

static const char your_words[] =
	"your, ur, yours, "
	"dein, deine, deinen, deiner, euer, eure, "
	"tus, "
	"ton, ta, tes, votre, vos, "
	"seu, sua, teu, tua";

static const char group_words[] =
	"jew, jews, muslim, muslims, christians, hindus, sikhs, buddhists, blacks, "
	"black people, black folks, whites, white people, asians, asian people, mexicans, "
	"latinos, latinas, arabs, africans, indians, pakistanis, chinese people, the chinese, "
	"the poles, the irish, immigrant, immigrants, migrants, refugees, foreigners, illegals, "
	"asylum seekers, gays, gay people, gay men, lesbians, bisexuals, trans people, "
	"trans women, trans men, transgenders, homosexuals, queers, women, all women, all men, "
	"disabled people, the disabled, autistic people, roma, gypsies, natives, native people, "
	"indigenous people, old people, those people, these people, your kind, "
	"jude, juden, muslime, moslems, ausländer, flüchtlinge, migranten, frauen, alle frauen, "
	"schwarze, türken, araber, schwule, lesben, homosexuelle, behinderte, asylanten, "
	"judíos, musulmanes, inmigrantes, negros, gitanos, mujeres, moros, homosexuales, "
	"extranjeros, refugiados, indígenas, "
	"juifs, musulmans, immigrés, étrangers, femmes, arabes, noirs, homosexuels, gitans, "
	"réfugiés, "
	"judeus, muçulmanos, imigrantes, mulheres, estrangeiros, ciganos, homossexuais, "
	"nordestinos";

static const char self_words[] =
	"i'm, i am, i was, i feel, i felt, me, myself, "
	"ich bin, ich war, ich fühle mich, mich, mir, "
	"soy, estoy, me siento, fui, "
	"je suis, j'étais, je me sens, moi, "
	"sou, estou, me sinto, eu sou";

static const char fill_words[] =
	"all, both, every, each, single, those, these, the, of, such, so, many, really, "
	"every single, all of, all the, each and every, "
	"alle, diese, die, "
	"todos, todas, los, las, esos, a todos los, a los, "
	"tous, toutes, les, ces, tous les, "
	"esses, todos os, os, as";

/* ---- what turns the meaning ---- */

static const char not_words[] =
	"not, never, don't, do not, doesn't, does not, didn't, did not, isn't, is not, aren't, "
	"are not, wasn't, was not, weren't, won't, will not, can't, cannot, can not, couldn't, "
	"shouldn't, should not, wouldn't, would not, without, nobody is, no one is, "
	"nicht, niemals, kein, keine, keiner, ohne, "
	"nunca, jamás, sin, "
	"pas, jamais, sans, "
	"não, sem";

static const char intent_words[] =
	"i will, i'll, i shall, i'm going to, i am going to, i'm gonna, i am gonna, imma, ima, "
	"i'm finna, i want to, i wanna, i really want to, i'd love to, i would love to, "
	"i'd like to, i would like to, i'm coming to, i am coming to, i swear i'll, "
	"i swear i will, we will, we're going to, we are going to, we're gonna, we are gonna, "
	"we shall, we're coming to, somebody should, someone should, somebody needs to, "
	"someone needs to, someone has to, let's, let us, "
	"ich werde, ich will, ich würde gern, wir werden, wir wollen, man sollte, "
	"jemand sollte, "
	"voy a, vamos a, quiero, queremos, alguien debería, hay que, "
	"je vais, on va, nous allons, je veux, on devrait, quelqu'un devrait, il faut, "
	"vou, quero, alguém devia, alguém deveria";

/* ---- hard: slurs and threats ---- */

static const char slur_words[] =
	"nigger, nigga, niggaz, ngger, sandnigger, sand nigger, kike, spic, spick, wetback, "
	"beaner, chink, chinky, gook, zipperhead, jigaboo, porch monkey, jungle bunny, raghead, "
	"towelhead, camel jockey, goat fucker, paki, faggot, fagget, faggy, fggot, dirty jew, "
	"filthy jew, dirty arab, gyppo, kaffir, "
	"neger, kanake, kanaken, kanacke, schwuchtel, schwuchteln, judensau, judenschwein, "
	"drecksjude, scheissjude, kümmeltürke, schlitzauge, kameltreiber, zigeunerpack, "
	"sudaca, negrata, moro de mierda, negro de mierda, maricón, maricones, "
	"maricón de mierda, judío de mierda, "
	"bougnoule, bougnoul, negro de merde, sale nègre, sale noir, sale arabe, sale juif, "
	"youpin, youpine, bamboula, bicot, chinetoque, tarlouze, sale pédé, tafiole, "
	"preto imundo, preto de merda, crioulo imundo, traveco, viado de merda, judeu imundo";

static const char threat_words[] =
	"kill yourself, kill urself, kill your self, kys, go kys, hang yourself, hang urself, "
	"neck yourself, shoot yourself, slit your wrists, cut your wrists, unalive yourself, "
	"gas the jews, gas all jews, lynch them all, death to all jews, death to all muslims, "
	"death to all gays, your days are numbered, you're a dead man, you are a dead man, "
	"you are a dead woman, "
	"ich bring dich um, ich bringe dich um, bring dich um, ich mach dich kalt, "
	"ich stech dich ab, ich steche dich ab, ich schlag dich tot, ich knall dich ab, "
	"ich schlitz dich auf, erhäng dich, häng dich auf, juden ins gas, "
	"dich sollte man vergasen, juden umbringen, ausländer umbringen, ausländer abknallen, "
	"muslime umbringen, "
	"mátate, suicídate, ahórcate, "
	"tue toi, suicide toi, va te pendre, pends toi, je vais te buter, "
	"mate se, se enforca";

static const char kill_words[] =
	"kill, murder, shoot, stab, strangle, slaughter, lynch, behead, decapitate, "
	"exterminate, hunt down, rape, burn alive, choke, poison, assassinate, drown, "
	"beat to death, "
	"umbringen, töten, toeten, ermorden, erschiessen, abstechen, erstechen, vergasen, "
	"vergewaltigen, totschlagen, aufschlitzen, abknallen, kalt machen, kaltmachen, "
	"verbrennen, "
	"matar, asesinar, disparar, apuñalar, degollar, violar, quemar vivo, estrangular, "
	"ahorcar, "
	"tuer, égorger, buter, crever, massacrer, violer, poignarder, abattre, flinguer, "
	"brûler vif, "
	"assassinar, esfaquear, estuprar, degolar, esganar, enforcar";

static const char kill_you_words[] =
	"end you, gut you, slit your throat, cut your throat, cut your head off, "
	"break your neck, break your legs, bash your head in, smash your face, smash your head, "
	"smash your skull, beat you up, beat your ass, beat the shit out of you, "
	"burn your house down, burn down your house, put a bullet in you, "
	"put a bullet in your head, hunt you down, blow your head off, blow your brains out, "
	"knock your teeth out, kick your teeth in, bury you alive, skin you alive, "
	"curb stomp you, rape your, fuck you up, shoot up the school, shoot up your school, "
	"shoot up the church, shoot up the mosque, bomb the school, bomb the mosque, "
	"bomb the synagogue, bomb the church, "
	"dich umbringen, dir die kehle durchschneiden, dir den hals umdrehen, "
	"dein haus anzünden, "
	"matarte, matarlos a todos, matarlas a todas, violarte, apuñalarte, degollarte, "
	"romperte la cara, partirte la cara, partirte las piernas, quemar tu casa, "
	"te tuer, te buter, te crever, t'égorger, te casser la gueule, te massacrer, "
	"acabar com você, quebrar sua cara, te matar, te esfaquear, te estuprar";

/* ---- poison ---- */

static const char wish_words[] =
	"hope you die, hope u die, hope you all die, hope you get cancer, hope you rot, "
	"hope they all die, you should die, you should all die, you deserve to die, "
	"they deserve to die, you should be dead, drop dead, go die, just die, die in a fire, "
	"go drink bleach, drink bleach, the world would be better without you, "
	"world is better off without you, nobody would miss you, no one would miss you, "
	"waste of oxygen, should have been aborted, should've been aborted, "
	"stirb, stirb endlich, verrecke, verreck, geh sterben, du sollst sterben, "
	"ojalá te mueras, ojalá se mueran, muérete, muérete ya, púdrete, estás muerto, "
	"va crever, tu mérites de mourir, tu es mort, "
	"tomara que você morra, tomara que morra, você merece morrer";

static const char bigotry_words[] =
	"go back to your country, go back to your own country, go back to where you came from, "
	"go back where you came from, go back to africa, go back to mexico, heil hitler, "
	"sieg heil, white power, hitler was right, hitler did nothing wrong, race traitor, "
	"race war now, women belong in the kitchen, immigrants out, foreigners out, "
	"jews will not replace us, you will not replace us, "
	"geh zurück in dein land, geh zurück wo du herkommst, ausländer raus, türken raus, "
	"juden raus, "
	"vuelve a tu país, vuélvete a tu país, vete a tu país, fuera inmigrantes, moros fuera, "
	"rentre dans ton pays, retourne dans ton pays, rentrez chez vous, les arabes dehors, "
	"volta pro teu país, volta pro seu país, volte para o seu país, fora imigrantes";

static const char dehuman_words[] =
	"vermin, subhuman, sub human, parasite, cockroach, cockroaches, plague on society, "
	"are a disease, are a cancer, are animals, are savages, are rats, are pigs, are dogs, "
	"filthy animals, infestation, not even human, not human, aren't human, less than human, "
	"shouldn't exist, should not exist, should be exterminated, should be wiped out, "
	"should be sterilized, should be shot, don't deserve to live, do not deserve to live, "
	"don't belong here, inferior race, mongrels, "
	"ungeziefer, abschaum, parasiten, untermensch, untermenschen, keine menschen, "
	"sind tiere, sind ratten, lebensunwert, "
	"alimañas, sabandijas, son animales, son ratas, infrahumanos, raza inferior, "
	"sous homme, sous hommes, vermine, cafards, sont des animaux, race inférieure, "
	"vermes, são baratas, são animais, raça inferior, subumanos";

static const char curse_words[] =
	"fuck you, fuck u, fuk you, fck you, fck u, fk you, f you, fuck yourself, "
	"go fuck yourself, fuck off, screw you, gfy, stfu, gtfo, shut the fuck up, "
	"shut the hell up, shut your mouth, go to hell, burn in hell, rot in hell, piss off, "
	"suck my dick, suck a dick, kiss my ass, eat shit, eat a dick, up yours, get fucked, "
	"get bent, i spit on you, "
	"fick dich, fickt euch, verpiss dich, verpisst euch, halt die fresse, halts maul, "
	"halt dein maul, halt die klappe, leck mich, leck mich am arsch, fahr zur hölle, "
	"vete a la mierda, vete al diablo, vete al carajo, vete al infierno, chinga tu madre, "
	"que te jodan, jódete, que te den, cállate la boca, me cago en ti, "
	"va te faire foutre, va te faire enculer, ta gueule, ferme ta gueule, nique ta mère, "
	"ntm, casse toi, va en enfer, je t'emmerde, "
	"vai se foder, vai tomar no cu, vtnc, vai à merda, vai pro inferno, cala essa boca";

static const char abuse_words[] =
	"asshole, arsehole, bastard, bitch, bitches, biatch, cunt, dickhead, dipshit, "
	"douchebag, motherfucker, mofo, piece of shit, piece of garbage, piece of trash, prick, "
	"scum, scumbag, scum of the earth, shithead, shitbag, slut, whore, twat, wanker, "
	"dumbass, jackass, dumbfuck, fuckface, fuckwit, fucker, fucktard, retard, retarded, "
	"waste of space, waste of skin, human garbage, human trash, white trash, degenerate, "
	"son of a bitch, cocksucker, bellend, fat pig, ugly pig, fat cow, fat bitch, fag, "
	"tranny, trannies, shemale, libtard, cuck, "
	"arschloch, arschlöcher, wichser, hurensohn, hurensöhne, fotze, schlampe, hure, "
	"missgeburt, drecksack, dreckskerl, drecksau, mistkerl, miststück, scheisskerl, spast, "
	"spasti, fettsau, du schwein, du sau, stück scheisse, stück scheiße, "
	"hijo de puta, hija de puta, hijos de puta, hdp, puta, puto, cabrón, cabrones, "
	"gilipollas, pendejo, pendeja, malparido, malnacido, escoria, pedazo de mierda, culero, "
	"mamagüevo, retrasado mental, subnormal, lameculos, "
	"connard, connasse, salope, salaud, enculé, enculée, fils de pute, pute, "
	"espèce d'ordure, enfoiré, bâtard, sale con, sale conne, gros con, pauvre con, raclure, "
	"sac à merde, pouffiasse, fdp, "
	"filho da puta, filha da puta, arrombado, cuzão, vagabunda, vadia, desgraçado, "
	"desgraçada, pedaço de merda, escroto, retardado, babaca";

static const char insult_words[] =
	"idiot, idiotic, moron, moronic, imbecile, stupid, dumb, fool, loser, pathetic, "
	"worthless, ugly, ignorant, brainless, coward, creep, liar, disgrace, dimwit, halfwit, "
	"nitwit, cretin, braindead, brain dead, airhead, simpleton, freak, deadbeat, lowlife, "
	"embarrassment, good for nothing, nobody likes, no one likes, nobody wants, snowflake, "
	"clueless, spineless, "
	"idioten, dumm, dumme, dummer, dummkopf, depp, trottel, schwachkopf, vollidiot, "
	"blödmann, blöd, versager, nutzlos, wertlos, hässlich, erbärmlich, feigling, lügner, "
	"dumme kuh, "
	"idiota, imbécil, estúpido, estúpida, tonto, tonta, inútil, payaso, fracasado, "
	"fracasada, patético, patética, cobarde, mentiroso, mentirosa, ignorante, feo, fea, "
	"bobo, cretino, "
	"abruti, abrutie, crétine, idiote, débile, minable, pauvre type, pauvre fille, bouffon, "
	"menteur, menteuse, moche, bon à rien, ignare, "
	"otário, otária, trouxa, palhaço, covarde, feio, feia, lixo humano, imprestável";

static const char hateful_words[] =
	"hate, hating, hated, despise, loathe, loathing, detest, can't stand, cannot stand, "
	"sick of, disgusted by, "
	"hasse, hassen, verachte, verabscheue, "
	"odio, odiamos, odian, detesto, desprecio, "
	"déteste, hais, méprise, haine des, "
	"odeio, desprezo, nojo de";

static const char profane_words[] =
	"fuck, fucking, fucked, fuckin, fck, fcking, fkn, fuk, shit, shitty, sht, bullshit, "
	"crap, crappy, damn, goddamn, damned, bloody hell, "
	"scheiße, scheisse, scheiss, verdammt, verfickt, "
	"mierda, joder, coño, carajo, hostia puta, "
	"merde, putain, bordel, "
	"caralho, porra, merda, foda se, puta merda";

static const char down_words[] =
	"terrible, awful, horrible, disgusting, gross, suck, useless, ridiculous, trash, "
	"garbage, rubbish, annoying, worst, lame, shut up, no good, thanks for nothing, "
	"hopeless, lazy, "
	"ekelhaft, widerlich, furchtbar, schrecklich, lächerlich, nervig, halt den mund, "
	"asqueroso, asquerosa, ridículo, ridícula, basura, cállate, pésimo, pésima, "
	"dégueulasse, dégoûtant, nul, nulle, affreux, ridicule, tais toi, "
	"nojento, nojenta, horrível, péssimo, péssima, lixo, cala a boca";

static const char greed_words[] =
	"get rich quick, get rich fast, make money fast, make money online, easy money, "
	"fast cash, quick cash, double your money, double your bitcoin, triple your money, "
	"guaranteed returns, guaranteed profit, guaranteed income, risk free profit, "
	"passive income, be your own boss, dm me to invest, invest now, invest today, "
	"send me money, send bitcoin, free bitcoin, free crypto, free money, crypto giveaway, "
	"bitcoin giveaway, limited time offer, offer ends, buy now, click here, click the link, "
	"click my link, buy followers, free followers, follow for follow, f4f, earn money, "
	"earn cash, earn from home, work from home and earn, cash app me, cashapp me, 1000x, "
	"100x gains, you are the winner, claim your prize, claim your reward, forex signals, "
	"give me your money, money is everything, only money matters, "
	"schnell reich, schnelles geld, leichtes geld, jetzt kaufen, "
	"geld verdienen im internet, garantierter gewinn, jetzt investieren, hier klicken, "
	"dinero fácil, dinero rápido, gana dinero, hazte rico, compra ya, "
	"ganancias garantizadas, invierte ya, haz clic aquí, "
	"argent facile, devenir riche, gains garantis, cliquez ici, achetez maintenant, "
	"dinheiro fácil, ganhe dinheiro, fique rico, lucro garantido, clique aqui, "
	"compre agora";

static const char delusion_words[] =
	"wake up sheeple, sheeple, plandemic, scamdemic, chemtrail, flat earth, flat earther, "
	"earth is flat, deep state, new world order, they don't want you to know, "
	"what they don't want you to know, crisis actor, false flag, lizard people, reptilians, "
	"illuminati, mind control, microchips in the vaccine, vaccines cause autism, "
	"vaccines are poison, 5g causes, great replacement, white genocide, holohoax, "
	"the holocaust never happened, globalist cabal, secret cabal, moon landing was faked, "
	"lügenpresse, umvolkung, impfdiktatur, corona diktatur, die erde ist flach, "
	"großer austausch, "
	"plandemia, tierra plana, nuevo orden mundial, gran reemplazo, "
	"terre plate, la terre est plate, grand remplacement, nouvel ordre mondial, "
	"état profond, "
	"terra plana, nova ordem mundial, estado profundo";

/* ---- kindness ---- */

static const char good_words[] =
	"thank you, thank you so much, thanks, thank u, thx, many thanks, love, loved, loving, "
	"lovely, beautiful, beautifully, wonderful, amazing, awesome, great, good, nice, happy, "
	"happily, glad, grateful, gratitude, appreciate, appreciated, so kind, very kind, "
	"be kind, kind words, kind people, kind of you, kindness, congratulations, congrats, "
	"proud, welcome, excellent, fantastic, brilliant, delightful, joy, joyful, peaceful, "
	"blessed, bravo, well done, good job, good luck, enjoy, enjoyed, enjoying, fun, "
	"helpful, cheerful, excited, perfect, sweet, generous, inspiring, inspired, cute, best, "
	"hug, smile, smiling, laughter, beloved, gorgeous, hopeful, damn good, damn fine, "
	"fucking awesome, fucking great, fucking love, fucking amazing, "
	"danke, danke schön, dankeschön, vielen dank, liebe, lieb, schöne, schöner, schönes, "
	"schönen, wunderbar, tolle, tolles, super, großartig, grossartig, glücklich, "
	"freue mich, freut mich, herzlich, herzlichen glückwunsch, prima, gern geschehen, "
	"gratuliere, wunderschön, wunderschöne, dankbar, freundlich, willkommen, sehr gut, "
	"guten morgen, guten abend, "
	"gracias, muchas gracias, amor, hermoso, hermosa, bonito, bonita, maravilloso, "
	"maravillosa, feliz, felices, felicidades, genial, excelente, encanta, me encanta, "
	"bienvenido, bienvenida, alegría, lindo, linda, precioso, preciosa, qué bueno, "
	"te quiero, te amo, agradecido, agradecida, contento, contenta, "
	"merci, merci beaucoup, amour, beau, belle, magnifique, merveilleux, merveilleuse, "
	"heureux, heureuse, félicitations, adore, j'adore, j'aime, formidable, bienvenue, "
	"superbe, joie, reconnaissant, ravi, "
	"obrigado, obrigada, muito obrigado, muito obrigada, maravilhoso, maravilhosa, "
	"parabéns, ótimo, ótima, adoro, bem vindo, bem vinda, amei, incrível, fofo, fofa, "
	"grato, grata";

/* ---- what a viewer may not want to see ---- */

static const char explicit_words[] =
	"porn, porno, pornhub, blowjob, handjob, cumshot, creampie, gangbang, deepthroat, "
	"hentai, nudes, send nudes, dick pic, milf, anal sex, oral sex, hardcore sex, "
	"masturbate, masturbating, masturbation, pussy, dildo, cumming, jerk off, jerking off, "
	"threesome, nude pics, naked pics, nude photos, naked photos, sex tape, sex video, "
	"my onlyfans, "
	"nacktbilder, ficken, titten, wichsen, sexvideo, "
	"fotos desnuda, fotos desnudo, polla, follamos, videos porno, "
	"sucer, photos nues, partouze, "
	"buceta, punheta, transar, boquete, fotos pelada";

static const char sexual_words[] =
	"sex, sexy, nude, naked, horny, erotic, erotica, lingerie, fetish, bdsm, boob, tits, "
	"cock, dick, penis, vagina, topless, onlyfans, orgasm, cum, kinky, "
	"nackt, erotik, "
	"sexo, desnuda, desnudo, culo, tetas, "
	"seins, sexe, "
	"pelada, peitos, gostosa";

static const char gore_words[] =
	"gore, gory, dismembered, dismemberment, beheaded, beheading, decapitated, "
	"decapitation, disemboweled, disembowelled, mutilated, mutilation, snuff film, "
	"snuff video, entrails, brains blown out, guts spilled, torture video, execution video, "
	"severed head, severed limbs, "
	"enthauptet, enthauptung, zerstückelt, verstümmelt, "
	"decapitado, decapitada, descuartizado, descuartizada, degollado, mutilado, mutilada, "
	"décapité, démembré, égorgé, "
	"esquartejado, esquartejada, degolado";

/* clang-format on */

const struct phrase_list lexicon[] = {
	{ PLAIN, plain_words },
	{ YOU, you_words },
	{ OBJ, obj_words },
	{ YOUR, your_words },
	{ GROUP, group_words },
	{ SELF, self_words },
	{ FILL, fill_words },
	{ NOT, not_words },
	{ INTENT, intent_words },
	{ SLUR, slur_words },
	{ THREAT, threat_words },
	{ KILL, kill_words },
	{ KILL_YOU, kill_you_words },
	{ WISH, wish_words },
	{ BIGOTRY, bigotry_words },
	{ DEHUMAN, dehuman_words },
	{ CURSE, curse_words },
	{ ABUSE, abuse_words },
	{ INSULT, insult_words },
	{ HATEFUL, hateful_words },
	{ PROFANE, profane_words },
	{ DOWN, down_words },
	{ GREED, greed_words },
	{ DELUSION, delusion_words },
	{ GOOD, good_words },
	{ EXPLICIT, explicit_words },
	{ SEXUAL, sexual_words },
	{ GORE, gore_words },
	{ 0, NULL },
};
