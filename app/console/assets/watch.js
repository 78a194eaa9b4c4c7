// Looking: the charts, the errors, the move off Supabase.
import { h, get, pill, card, table, facts, count, rate, share, bytes, millis, duration, date, ago } from './dom.js';
import { Chart, spark, bar } from './chart.js';

// ---- the charts ----

const KEPT = { recent: 360, day: 720 };

// The server's history, of which only what is new is asked for.
class History {
	constructor(span) {
		Object.assign(this, { span, data: null });
	}

	async read() {
		const old = this.data;
		const data = await get(`/console/api/history?span=${this.span}${old ? `&after=${old.last}&boot=${old.boot}` : ''}`);
		if (old?.boot === data.boot) data.rows = [...old.rows, ...data.rows].slice(-KEPT[this.span]);
		this.data = data;
		return data;
	}
}

const perSecond = (n) => (n === null ? '–' : rate(n));
const line = (column, name, colour, area = false) => ({ column, name, colour, area });

function charts() {
	return [
		new Chart('Traffic', [line('ok', 'answered', 'blue', true), line('refused', '4xx', 'amber', true), line('failed', '5xx', 'red', true)], { unit: perSecond, stacked: true }),
		new Chart('Latency', [line('p50', 'p50', 'green'), line('p95', 'p95', 'blue'), line('p99', 'p99', 'violet')], { unit: millis }),
		new Chart('Under way', [line('in_flight', 'requests', 'blue', true), line('db_in_flight', 'statements', 'violet')], { unit: count, least: 4 }),
		new Chart('Statements', [line('statements', 'a second', 'blue', true)], { unit: perSecond }),
		new Chart('Statement time', [line('statement_p95', 'p95', 'violet')], { unit: millis }),
		new Chart('Pool', [line('db_connected', 'open', 'grey'), line('db_leased', 'leased', 'blue', true), line('db_waiting', 'waiting', 'red')], { unit: count, least: 4 }),
		new Chart('Sockets', [line('connections', 'HTTP', 'grey'), line('sockets', 'WebSocket', 'blue', true)], { unit: count, least: 4 }),
		new Chart('Lag of events', [line('lag', 'mean', 'green', true)], { unit: millis }),
		new Chart('Pushes', [line('push_taken', 'taken', 'green', true), line('push_failed', 'not', 'red')], { unit: perSecond }),
		new Chart('CPU', [line('cpu', 'cores', 'blue', true)], { unit: perSecond, least: 0.5 }),
		new Chart('Loops held', [line('stalled', 'ms a second', 'amber', true)], { unit: perSecond }),
		new Chart('Memory', [line('resident', 'resident', 'violet', true)], { unit: bytes, least: 64 * 1024 * 1024, round: (n) => 2 ** Math.ceil(Math.log2(n)) }),
	];
}

function tile(name, value, unit, kind) {
	return h('div', { class: `tile ${kind ?? ''}` }, h('dt', null, name), h('dd', null, value, unit && h('small', null, unit)));
}

function tiles(data, now) {
	const row = data.rows.at(-1);
	const of = (column) => (row ? row[data.columns.indexOf(column)] : null);
	const all = row ? of('ok') + of('refused') + of('failed') : null;
	const failing = all ? of('failed') / all : 0;
	const jobs = now?.jobs;
	return h('dl', { class: 'tiles' },
		tile('Requests', perSecond(all), '/ s'),
		tile('p95', millis(of('p95'))),
		tile('Failing', share(failing), null, failing > 0.05 ? 'bad' : failing > 0.01 ? 'fair' : ''),
		tile('Sockets', count(of('sockets'))),
		tile('Jobs waiting', count(jobs?.waiting), jobs?.oldest > 1 ? duration(jobs.oldest) : null, jobs?.oldest > 300 ? 'bad' : ''),
		tile('Jobs given up', count(jobs?.dead), null, jobs?.dead ? 'fair' : ''),
		tile('CPU', perSecond(of('cpu')), 'cores'),
		tile('Memory', bytes(of('resident'))));
}

function checks(health) {
	const kinds = { healthy: 'good', degraded: 'fair', unhealthy: 'bad' };
	return health?.checks && h('div', { class: 'row' }, Object.entries(health.checks).map(([name, check]) =>
		pill(`${name} ${check.status}`, `dot ${kinds[check.status] ?? ''}`)));
}

function aboutServer(now, health) {
	const { checks: found, system } = health ?? {};
	return card('Server', checks(health), h('div', { class: 'pad' }, facts([
		['Version', h('code', null, now.version)],
		['Environment', now.environment],
		['Up for', duration(now.uptime)],
		['Schema', found ? `${found.migrations.version} of ${found.migrations.newest}` : '–'],
		['Open connections', count(system?.connections)],
		['Connections to the database', count(system?.database_connections)],
	])));
}

function aboutDatabase({ database: d }) {
	if (!d) return card('Database', pill('does not answer', 'bad dot'));
	return card('Database', h('span', { class: 'soft' }, `PostgreSQL ${d.version.split(' ')[0]}`), h('div', { class: 'pad' }, facts([
		['Size', bytes(d.size)],
		['Connections', `${d.connections} of ${d.max_connections}`],
		['Found in memory', share(d.hit_ratio)],
		['Longest transaction', duration(Math.max(d.oldest_transaction, 0))],
		['Rolled back', d.commits + d.rollbacks ? share(d.rollbacks / (d.commits + d.rollbacks)) : '–'],
		['Deadlocks', count(d.deadlocks)],
		['Slowest replication slot', d.slot_lag ? `${bytes(d.slot_lag)} behind` : 'none behind'],
		['Newest backup', d.backup_at ? ago(d.backup_at) : pill('there is none', 'dot fair')],
		['Restored to see', !d.drill_at ? 'never' : d.drill_problem ? pill(d.drill_problem, 'dot bad') : `${ago(d.drill_at)}, all well`],
	])));
}

function aboutApp({ counts: c }) {
	return c && card('The app', h('span', { class: 'soft' }, 'totals are estimates'), h('div', { class: 'pad' }, facts([
		['People', `${count(c.users)} (${count(c.new_users)} new in a day)`],
		['Posts', `${count(c.posts)} (${count(c.new_posts)} new in a day)`],
		['Messages kept', count(c.messages)],
		['Beacons on the map', count(c.beacons)],
		['Reports waiting', count(c.reports)],
		['Flags waiting', count(c.flags)],
		['Suspended', count(c.suspended)],
	])));
}

export async function overview(node, _, state) {
	const all = charts();
	const top = h('div');
	const about = h('div', { class: 'grid' });
	let history = new History('recent');
	const buttons = [['recent', '30 min'], ['day', '24 h']].map(([span, name]) => h('button', { type: 'button', 'aria-pressed': span === 'recent', async onclick() {
		history = new History(span);
		buttons.forEach((button) => button.setAttribute('aria-pressed', button === this));
		await refresh();
	} }, name));
	node.append(h('div', { class: 'head' }, h('h1', null, 'Overview'), h('div', { class: 'set', role: 'group', 'aria-label': 'How far back' }, buttons)), top,
		h('div', { class: 'stack' }, h('div', { class: 'grid' }, all.map((chart) => chart.node)), about));
	async function refresh() {
		const [data, health] = await Promise.all([history.read(), get('/health/detailed').catch(() => null)]);
		const now = state.now ?? await get('/console/api/now');
		all.forEach((chart) => chart.set(data));
		top.replaceChildren(tiles(data, now));
		about.replaceChildren(aboutServer(now, health), aboutDatabase(now), aboutApp(now) ?? '');
	}
	await refresh();
	return { refresh, end: () => all.forEach((chart) => chart.remove()) };
}

// ---- errors ----

export async function errors(node) {
	const list = h('div', { class: 'card' });
	const filters = [['all', 'All'], ['5', 'Ours (5xx)'], ['4', 'Theirs (4xx)']];
	let chosen = 'all';
	const buttons = filters.map(([value, name]) => h('button', { type: 'button', 'aria-pressed': value === chosen, onclick() {
		chosen = value;
		buttons.forEach((button) => button.setAttribute('aria-pressed', button === this));
		refresh();
	} }, name));
	node.append(h('div', { class: 'head' }, h('h1', null, 'Errors by route'), h('div', { class: 'set', role: 'group', 'aria-label': 'Which errors' }, buttons)), list);
	async function refresh() {
		const { errors: found } = await get('/console/api/errors');
		const rows = found.filter(({ status }) => chosen === 'all' || String(status)[0] === chosen);
		list.replaceChildren(rows.length ? table([
			['Status', ({ status }) => pill(String(status), status < 500 ? 'fair' : 'bad')],
			['Route', ({ method, route }) => h('code', null, route ? `${method} ${route}` : 'no such route')],
			['Code', ({ code }) => h('code', null, code ?? '–')],
			['Last hour', ({ recent, status }) => h('span', { title: `${recent.reduce((sum, n) => sum + n, 0)} in the last hour` }, spark(recent, status < 500 ? 'amber' : 'red'))],
			['Since the start', ({ n }) => count(n), 'n'],
			['Slowest', ({ slowest }) => millis(slowest), 'n'],
			['Last', ({ last }) => ago(last), 'n'],
			['In the log', ({ request_id }) => h('code', null, request_id)],
		], rows) : h('p', { class: 'empty' }, 'No request has ended badly since the server began.'));
	}
	await refresh();
	return { refresh };
}

// ---- the move off Supabase ----

const PHASES = [['landing', 'Reading'], ['landed', 'Read'], ['transformed', 'Transformed'], ['cutover', 'Cutting over'], ['live', 'Live here'], ['archived', 'Archived']];

function steps(phase) {
	const at = PHASES.findIndex(([name]) => name === (phase === 'returning' ? 'cutover' : phase));
	return h('ol', { class: 'steps' }, PHASES.map(([name, words], i) =>
		h('li', { class: i < at ? 'done' : i === at ? 'now' : '', 'aria-current': i === at ? 'step' : null }, name === 'cutover' && phase === 'returning' ? 'Going back' : words)));
}

function gate(run) {
	const states = { upstream: ['Supabase answers and writes', 'info'], held: ['requests are held', 'fair'], here: ['this server answers and writes', 'good'] };
	const [words, kind] = states[run.state] ?? [run.state, ''];
	return card('The gate', pill(words, `dot ${kind}`), h('div', { class: 'pad' }, facts([
		['Who writes', run.writer], ['Changed', run.epoch ? date(run.changed_at) : 'never used'], ['Changes', count(run.epoch)], ['Servers that keep it', count(run.servers)],
	])));
}

function objects({ stored, pending, missing, different }) {
	const all = stored + pending + missing + different;
	return all > 0 && card('Stored files', h('span', { class: 'soft' }, `${count(stored)} of ${count(all)}`), h('div', { class: 'pad stack' },
		bar(stored / all, `${stored} of ${all} files copied`),
		facts([['Still to come', count(pending)], ['Missing at the source', count(missing)], ['Not what they should be', count(different)]])));
}

function verdict(found) {
	if (!found) return card('Last verification', null, h('p', { class: 'empty' }, 'There was none yet: ', h('code', null, 'sojorn supabase verify')));
	const { report } = found;
	const wrong = (report.tables ?? []).filter(({ differences }) => differences > 0);
	return card('Last verification', [pill(found.ok ? 'nothing differs' : 'something differs', `dot ${found.ok ? 'good' : 'bad'}`), ' ', h('span', { class: 'soft' }, ago(found.at))],
		table([
			['Table', ({ name }) => h('code', null, name)], ['Source', ({ source_rows: n }) => (n < 0 ? '–' : count(n)), 'n'], ['Here', ({ target_rows: n }) => (n < 0 ? '–' : count(n)), 'n'],
			['Kept back', ({ kept_back_rows: n }) => (n < 0 ? '–' : count(n)), 'n'], ['Differences', ({ differences: n }) => (n > 0 ? pill(count(n), 'bad') : '0'), 'n'],
		], wrong.length ? wrong : report.tables ?? []),
		report.differences?.length > 0 && table([
			['Table', (d) => h('code', null, d.table)], ['Key', (d) => h('code', null, d.key)], ['Column', (d) => d.column || '–'], ['What', (d) => d.detail],
		], report.differences.slice(0, 100)));
}

export async function move(node) {
	const place = h('div', { class: 'stack' });
	node.append(h('div', { class: 'head' }, h('h1', null, 'Move off Supabase')), place);
	async function refresh() {
		const { run, ledger, files, tables, findings, objects: stored, verdict: found } = await get('/console/api/move');
		if (!run) {
			place.replaceChildren(h('div', { class: 'card' }, h('p', { class: 'empty' }, 'Nothing has been imported into this database. ', h('code', null, 'sojorn supabase inventory'), ' begins.')));
			return;
		}
		place.replaceChildren(...[
			card(run.source ? `From ${run.source}` : 'From a dump', [run.stopped ? pill(run.stopped, 'bad dot') : null, h('span', { class: 'soft' }, ago(run.updated_at))], h('div', { class: 'pad' }, steps(run.phase))),
			files.length > 0 && card('Dump files', null, table([
				['File', ({ name }) => name.split('/').pop()], ['Read', ({ size, done_to }) => h('span', null, `${bytes(done_to)} of ${bytes(size)} `, bar(size ? done_to / size : 1, `${Math.round(size ? done_to / size * 100 : 100)} percent read`))],
			], files)),
			h('div', { class: 'grid two' }, gate(run), objects(stored)),
			verdict(found),
			ledger.length > 0 && card('Statements', null, table([
				['Outcome', ({ outcome }) => pill(outcome, { done: 'good', skipped: '', partial: 'fair', failed: 'bad' }[outcome])], ['Kind', ({ kind }) => kind],
				['Statements', ({ statements }) => count(statements), 'n'], ['Rows', ({ rows }) => count(rows), 'n'],
			], ledger)),
			tables.length > 0 && card('Rows in the landing zone', h('span', { class: 'soft' }, 'when a report last counted'), table([
				['Table', ({ name }) => h('code', null, name)], ['Rows', ({ rows }) => count(rows), 'n'],
			], tables)),
			findings.length > 0 && card('Findings', null, table([
				['What', ({ code }) => code.replaceAll('_', ' ')], ['Where', ({ subject }) => h('code', null, subject)], ['How many', ({ n }) => count(n), 'n'], ['Such as', ({ detail }) => detail || '–'],
			], findings)),
		].filter(Boolean));
	}
	await refresh();
	return { refresh };
}
