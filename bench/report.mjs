// The table of what was found, each aim beside its figure.
import { readFileSync, writeFileSync } from 'node:fs';
import { median, noise } from './system.mjs';

const OURS = 'sojorn, 1 loop';

const round = (n) => (n >= 1000 ? Math.round(n).toLocaleString('en') : n >= 100 ? n.toFixed(0) : n >= 10 ? n.toFixed(1) : n.toFixed(2));
const ms = (us) => round(us / 1000);
const percent = (part) => `±${(100 * part).toFixed(0)} %`;

function table(head, rows) {
	return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

const TITLES = {
	profile: 'Profile read by id, with token',
	personal: 'Personal feed, page 1',
	ranked: 'Ranked feed, pages 2 to 4 of an order',
	first: 'Ranked feed, page 1: an order is made',
	nearby: 'Beacons within 5 km, the nearest 50',
	search: 'Search for a mistyped word',
	keys: 'Bundles of public keys, a key used up by each (small database)',
};

function serverRow(name, { peak, steady, memory }) {
	return [name, round(peak.rate), percent(peak.noise), ms(peak.p50), ms(peak.p99), ms(steady.p50), ms(steady.p95), ms(steady.p99),
		round(peak.server), round(peak.postgres), round(memory.peak), peak.errors + steady.errors];
}

function pgbenchRow(way, runs) {
	const rates = runs.map((r) => r.rate);
	return [`pgbench, ${way}, ${runs[0].clients} clients`, round(median(rates)), percent(noise(rates)), '', '', '', '', '', '',
		round(median(runs.map((r) => r.postgres))), '', ''];
}

function routeSection(route, result) {
	const head = ['', 'peak/s', 'noise', 'p50 ms', 'p99 ms', '70 %: p50', 'p95', 'p99 ms', 'server µs', 'PostgreSQL µs', 'MB at most', 'errors'];
	const rows = Object.entries(result.servers).map(([name, r]) => serverRow(name, r));
	for (const way in result.pgbench ?? {})
		rows.push(pgbenchRow(way, result.pgbench[way]));
	return `### ${TITLES[route]}\n\n${table(head, rows)}\n`;
}

const cost = (c) => c.server + c.postgres;

function growthSection({ small, large }) {
	const rows = Object.keys(small).map((route) => [TITLES[route], ms(cost(small[route])), ms(cost(large[route])),
		round(cost(large[route]) / cost(small[route])), ms(small[route].p50), ms(large[route].p50), round(small[route].bytes), round(large[route].bytes)]);
	return `### Growth: 10,000 posts and beacons, 1,000,000 posts and beacons\n\n` +
		'CPU of server and PostgreSQL together, 4 connections.\n\n' +
		`${table(['', '10k: CPU ms', '1M: CPU ms', 'times', '10k: p50 ms', '1M: p50 ms', '10k: bytes', '1M: bytes'], rows)}\n`;
}

function pagesSection({ page, first, deep }) {
	return `### Personal feed of somebody who follows 1,500 accounts, by cursor\n\n${table(['', 'CPU ms', 'p50 ms', 'p99 ms'],
		[['page 1', ms(cost(first)), ms(first.p50), ms(first.p99)], [`page ${page}`, ms(cost(deep)), ms(deep.p50), ms(deep.p99)]])}\n`;
}

function startupSection(result) {
	return `### Start to the first 200 of a profile read\n\n${table(['', 'ms', 'noise', 'MB then'],
		Object.entries(result.servers).map(([name, r]) => [name, round(r.ms), percent(r.noise), round(r.idle.rss)]))}\n`;
}

// ---- aims ----

// An aim is a bound on a figure: at most, or at least.
function aim(what, figure, bound, unit, atLeast = false) {
	const met = atLeast ? figure >= bound : figure <= bound;
	const by = atLeast ? bound / figure : figure / bound;
	return [what, `${atLeast ? '≥' : '≤'} ${bound}${unit}`, `${round(figure)}${unit}`, met ? 'met' : `**missed** by ${(100 * (by - 1)).toFixed(0)} %`];
}

function aims(r) {
	const rows = [];
	const ours = (route) => r[route]?.servers[OURS];
	if (r.profile) {
		rows.push(aim('profile read: CPU of Gin a request, in ours', r.profile.servers.gin.peak.server / ours('profile').peak.server, 3, '×', true));
		const best = Math.max(...Object.entries(r.profile.servers).filter(([n]) => n.startsWith('sojorn')).map(([, s]) => s.peak.rate));
		rows.push(aim('profile read: rate, of what pgbench reaches', best / median(r.profile.pgbench.plain.map((p) => p.rate)), 0.55, '×', true));
	}
	for (const route of ['personal', 'ranked', 'first'])
		if (r[route])
			rows.push(aim(`${TITLES[route]}: p99 at 70 % of the peak`, ours(route).steady.p99 / 1000, 10, ' ms'));
	if (r.nearby)
		rows.push(aim('nearby at 1M beacons: p99 at 70 %', ours('nearby').steady.p99 / 1000, 5, ' ms'));
	if (r.search)
		rows.push(aim('mistyped search at 1M posts: p95 at 70 %', ours('search').steady.p95 / 1000, 20, ' ms'));
	if (r.keys) {
		const best = Math.max(...Object.values(r.keys.servers).map((s) => s.peak.rate));
		rows.push(aim('bundles of keys, each of which writes', best, 5000, '/s', true));
		rows.push(aim(`keys handed out twice in ${r.keys.race.fetches.toLocaleString('en')} fetches by 64 at once`, r.keys.race.twice, 0, ''));
	}
	if (r.growth)
		for (const route of ['personal', 'ranked', 'first'])
			rows.push(aim(`${TITLES[route]}: cost at 1M posts, in that at 10k`, cost(r.growth.large[route]) / cost(r.growth.small[route]), 1.5, '×'));
	if (r.pages)
		rows.push(aim(`page ${r.pages.page}, in page 1`, cost(r.pages.deep) / cost(r.pages.first), 1.2, '×'));
	if (r.profile) {
		const peaks = ['profile', 'personal', 'ranked', 'first', 'nearby', 'search'].filter((route) => r[route]).map((route) => ours(route).memory.peak);
		rows.push(aim('resident memory, the most of all loads', Math.max(...peaks), 20, ' MB'));
	}
	if (r.export)
		rows.push(aim('export of 50,000 posts: memory above what was there', r.export.growth, 8, ' MB'));
	if (r.create)
		rows.push(aim('posts created, of the rate of pgbench -N', r.create.part, 0.85, '×', true));
	if (r.star) {
		rows.push(aim(`a post to ${r.star.followers.toLocaleString('en')} followers: until all see it`, r.star.shown, 1000, ' ms'));
		rows.push(aim('… personal feed meanwhile: p99, of that before', r.star.times, 2, '×'));
	}
	for (const [name, p] of Object.entries(r.push?.services ?? {}))
		rows.push(aim(`pushes to ${name} on the same cores`, p.rate, 10_000, '/s', true));
	for (const [name, p] of Object.entries(r.upload?.places ?? {}))
		for (const peer of ['nginx', 'nginx, then sync'])
			rows.push(aim(`upload of a film ${name}: rate, of that of ${peer}`, p['sojorn, index behind'].rate / p[peer].rate, 0.9, '×', true));
	if (r.upload)
		rows.push(aim('upload of a film: memory above what was there', Math.max(...Object.values(r.upload.places).map((p) => p['sojorn, index behind'].growth)), 1, ' MB'));
	if (r.storm)
		rows.push(aim('500 sign in at once: p99 of the personal feed, of that before', r.storm.times, 2, '×'));
	if (r.startup)
		rows.push(aim('start to first 200', r.startup.servers[OURS].ms, 100, ' ms'));
	if (r.seed?.large)
		rows.push(aim('seeding the large database', r.seed.large.seconds / 60, 10, ' min'));
	return table(['what', 'aim', 'figure', ''], rows);
}

function head({ large, small }, m, busy) {
	const size = (d) => `${d.users.toLocaleString('en')} users, ${d.posts.toLocaleString('en')} posts, ${d.follows.toLocaleString('en')} follows, ` +
		`${d.beacons.toLocaleString('en')} beacons, ${d.words.toLocaleString('en')} words, ${(d.bytes / 2 ** 30).toFixed(1)} GB`;
	return `${m.date}, commit ${m.commit}. ${m.cpu}, ${m.memory}; ${m.system}; PostgreSQL ${m.postgres}, fsync on. Peers: Gin ${m.gin} with pgx ${m.pgx},
Fastify ${m.fastify} with pg ${m.pg} on node ${m.node}.

Servers, PostgreSQL and the load generator share the machine's cores, unpinned. Peak: 64 connections that always have a
request under way. 70 %: requests fall due at a constant rate, and a latency counts from when its request was due. Medians
of the runs; noise is the widest distance from the median rate. µs are CPU a request at the peak. Other work kept at most
${(100 * busy).toFixed(0)} % of the cores busy when a stage began.

Large: ${size(large)}; seeded in ${large.seconds} s. Small: ${size(small)}.`;
}

const CROWDS = { inbox: 'Notifications, page 1', thread: 'A thread of 5,000 answers', profileposts: 'Posts of a profile, page 1' };

function crowdsSection(r) {
	const reads = Object.keys(CROWDS).filter((name) => r[name]).map((name) => serverRow(CROWDS[name], r[name]));
	const head = ['', 'peak/s', 'noise', 'p50 ms', 'p99 ms', '70 %: p50', 'p95', 'p99 ms', 'server µs', 'PostgreSQL µs', 'MB at most', 'errors'];
	const lines = [];
	if (r.export)
		lines.push(`Export of 50,000 posts: ${round(r.export.bytes / 1e6)} MB in ${round(r.export.ms)} ms, ${round(r.export.growth)} MB of memory more than before.`);
	if (r.create)
		lines.push(`Posts created, ${r.create.clients} clients: ${round(median(r.create.posts))}/s; pgbench -N: ${round(median(r.create.pgbench))}/s.`);
	if (r.star)
		lines.push(`Post to ${r.star.followers.toLocaleString('en')} followers: seen after ${round(r.star.shown)} ms at most; p99 of feeds ${ms(r.star.calm)} ms before, ${ms(r.star.p99)} ms meanwhile, at ${round(r.star.rate)}/s.`);
	if (r.storm)
		lines.push(`500 sign in at once: answers ${JSON.stringify(r.storm.answers)}; p99 of feeds ${ms(r.storm.calm)} ms before, ${ms(r.storm.p99)} ms meanwhile, at ${round(r.storm.rate)}/s.`);
	return `### Crowds\n\nTwo loops.\n\n${reads.length ? table(head, reads) : ''}\n\n${lines.join('\n\n')}\n`;
}

function pushSection({ services }) {
	const rows = Object.entries(services).map(([name, p]) => [name, round(p.rate), round(p.server), round(p.postgres), round(p.service)]);
	return `### Pushes, ${Object.values(services)[0].messages.toLocaleString('en')} at once\n\n${table(['to', 'messages/s', 'server µs', 'PostgreSQL µs', 'service µs'], rows)}\n`;
}

function uploadSection({ places }) {
	const rows = Object.entries(places).flatMap(([place, ways]) => Object.entries(ways).map(([way, u]) =>
		[`${way}, ${place}`, round(u.rate), percent(u.noise), u.cpu.toFixed(2), u.growth.toFixed(1)]));
	return `### A film of 400 MiB, from a client that costs next to nothing\n\n${table(['', 'MB/s', 'noise', 'CPU s', 'MB more memory'], rows)}\n`;
}

// What to make of them is written by hand, in bench/remarks.md.
export function writeReport(file, r, machine) {
	const routes = Object.keys(TITLES).filter((route) => r[route]);
	writeFileSync(file, [
		'# Results', '', 'Written by `./dev bench`.', '',
		r.seed ? head(r.seed, machine, Math.max(...Object.values(r).map((stage) => stage.busy ?? 0))) : '', '', '## Aims', '', aims(r), '', readFileSync('bench/remarks.md', 'utf8'), '## Figures', '',
		...routes.map((route) => routeSection(route, r[route])),
		...(r.growth ? [growthSection(r.growth)] : []), ...(r.pages ? [pagesSection(r.pages)] : []),
		...(r.startup ? [startupSection(r.startup)] : []),
		...(r.push ? [pushSection(r.push)] : []), ...(r.upload ? [uploadSection(r.upload)] : []),
		...(r.export || r.create || r.star || r.storm ? [crowdsSection(r)] : []), ''].join('\n'));
}
