// Acting: the queue, people, the ranking. What is done here is on record. And what can be looked up: settings, the record.
import { h, get, post, ask, say, session, pill, card, table, facts, count, date, ago } from './dom.js';

const REASON = [{ name: 'reason', label: 'Reason', required: true }];
const NOTE = [{ name: 'note', label: 'Note for the record', required: false }];
const isAdmin = () => session.me.role === 'admin';

const KINDS = { active: 'good', suspended: 'fair', banned: 'bad', removed: 'bad', flagged: 'fair', jailed: 'fair', pending_moderation: 'fair', deactivated: '', pending: '' };
const status = (word) => word && pill(word.replaceAll('_', ' '), KINDS[word] ?? '');
const who = (id, handle) => (id ? h('a', { href: `#/people/${id}` }, `@${handle ?? 'gone'}`) : h('span', { class: 'soft' }, 'nobody known'));
const button = (text, act, kind = '') => h('button', { type: 'button', class: kind, onclick: act }, text);

async function done(asked, text, then) {
	if (!await asked) return;
	say(text);
	await then();
}

function removal(id, then) {
	return button('Remove…', () => done(ask('Remove this', 'Nobody but its author sees it any more. Open reports about it are answered.', REASON, 'Remove',
		({ reason }) => post(`/console/api/posts/${id}/remove`, { reason })), 'Removed', then), 'risk');
}

// ---- the queue ----

function written({ object, body, object_status: state, description }) {
	return [body && h('p', { class: 'quote', tabindex: 0, role: 'group', 'aria-label': `What the ${object} says` }, body),
		h('div', { class: 'row' }, object && pill(object), status(state)),
		description && h('p', null, h('span', { class: 'soft' }, 'They say: '), description)];
}

function reportCase(report, reload) {
	const resolve = (outcome, title, text) => () => done(ask(title, text, NOTE, title, ({ note }) =>
		post(`/console/api/reports/${report.id}/resolve`, { outcome, note })), 'Resolved', reload);
	return h('article', { class: 'card case' },
		h('div', { class: 'row' }, pill(report.violation, 'fair'), who(report.target_id, report.target), h('span', { class: 'soft' }, 'reported by ', report.reporter ? `@${report.reporter}` : 'somebody', ' ', ago(report.created_at))),
		written(report),
		h('div', { class: 'row' },
			button('Act on it', resolve('actioned', 'Accept the report', 'It counts as upheld: the reporter gains, the reported loses harmony.')),
			button('Dismiss', resolve('dismissed', 'Dismiss the report', 'Nothing was wrong; a dismissed report costs its reporter harmony.')),
			button('Seen', resolve('reviewed', 'Mark as seen', 'Neither accepted nor dismissed.'), 'quiet'),
			report.object_id && report.object_status !== 'removed' && removal(report.object_id, reload)));
}

function flagCase(flag, reload, escalated) {
	const review = (decision, title, text) => () => done(ask(title, text, NOTE, title, ({ note }) =>
		post(`/console/api/flags/${flag.id}/review`, { decision, note })), 'Reviewed', reload);
	const scores = Object.entries(flag.scores ?? {}).filter(([, n]) => typeof n === 'number');
	return h('article', { class: 'card case' },
		h('div', { class: 'row' }, pill(flag.reason, 'fair'), who(flag.target_id, flag.target), h('span', { class: 'soft' }, 'flagged ', ago(flag.created_at)),
			scores.map(([name, n]) => pill(`${name} ${n.toFixed(2)}`, n > 0.7 ? 'bad' : ''))),
		written(flag),
		h('div', { class: 'row' },
			button('Approve', review('approved', 'Approve', 'It may be seen.')),
			button('Reject', review('rejected', 'Reject', 'It is removed.'), 'risk'),
			!escalated && button('Pass on', review('escalated', 'Pass on', 'An administrator decides.'), 'quiet')));
}

export async function queue(node) {
	const lists = [
		['reports', 'Reports', '/console/api/reports', 'reports', (one, again) => reportCase(one, again)],
		['flags', 'Flagged', '/console/api/flags', 'flags', (one, again) => flagCase(one, again, false)],
		['passed', 'Passed on', '/console/api/flags?escalated=true', 'flags', (one, again) => flagCase(one, again, true)],
	].filter(([id]) => id !== 'passed' || isAdmin());
	let chosen = lists[0];
	const place = h('div', { class: 'stack' });
	const buttons = lists.map((list) => h('button', { type: 'button', 'aria-pressed': list === chosen, onclick() {
		chosen = list;
		buttons.forEach((other) => other.setAttribute('aria-pressed', other === this));
		load();
	} }, list[1]));
	node.append(h('div', { class: 'head' }, h('h1', null, 'Queue'), h('div', { class: 'set', role: 'group', 'aria-label': 'Which queue' }, buttons)), place);
	async function load(after) {
		const [, , path, member, make] = chosen;
		const more = after ? `${path.includes('?') ? '&' : '?'}after=${encodeURIComponent(after.created_at)}&after_id=${after.id}` : '';
		const rows = (await get(path + more))[member];
		const cases = rows.map((row) => make(row, () => load()));
		const next = rows.length === 30 && h('button', { type: 'button', onclick() { this.remove(); load(rows.at(-1)); } }, 'More');
		if (after) place.append(...cases);
		else place.replaceChildren(...(cases.length ? cases : [h('div', { class: 'card' }, h('p', { class: 'empty' }, 'Nothing waits here.'))]));
		if (next) place.append(next);
	}
	await load();
}

// ---- people ----

const LENGTHS = [[24, 'a day'], [72, 'three days'], [168, 'a week'], [720, 'thirty days'], [8760, 'a year']];

function suspend(person, then) {
	return button('Suspend…', () => done(ask(`Suspend @${person.handle}`, 'They are signed out of everything, and what they wrote is hidden meanwhile.',
		[{ name: 'hours', label: 'For', kind: 'select', options: LENGTHS }, ...REASON], 'Suspend',
		({ hours, reason }) => post(`/console/api/people/${person.id}/suspend`, { hours: Number(hours), reason })), 'Suspended', then), 'risk');
}

function lift(person, then) {
	return button('Lift…', () => done(ask(`Let @${person.handle} back`, 'They may sign in again; what was hidden is shown.', REASON, 'Lift',
		({ reason }) => post(`/console/api/people/${person.id}/lift`, { reason })), 'Lifted', then));
}

const mayAct = (person) => person.handle !== session.me.handle && (person.role === 'user' || isAdmin());

function actions(person, then) {
	if (!mayAct(person)) return null;
	const held = person.status === 'suspended' || (person.status === 'banned' && isAdmin());
	return h('div', { class: 'row' }, ['active', 'suspended', 'deactivated'].includes(person.status) && suspend(person, then), held && lift(person, then));
}

async function dossier(node, id) {
	const { person, history, strikes, posts } = await get(`/console/api/people/${encodeURIComponent(id)}`);
	const again = async () => { node.replaceChildren(); await dossier(node, id); };
	node.append(
		h('div', { class: 'head' }, h('h1', null, `@${person.handle ?? '–'}`), h('span', { class: 'soft' }, person.display_name), status(person.status), person.role !== 'user' && pill(person.role, 'info'), actions(person, again)),
		h('div', { class: 'stack' },
			h('div', { class: 'grid two' },
				card('Account', null, h('div', { class: 'pad' }, facts([
					['Id', h('code', null, person.id)], ...(person.email ? [['E-mail', person.email]] : []), ['Joined', date(person.created_at)], ['Last sign-in', ago(person.last_login)],
					['Suspended until', date(person.suspended_until)], ['Second factor', person.mfa_enabled ? 'on' : 'off'],
				]))),
				card('Standing', null, h('div', { class: 'pad' }, facts([
					['Harmony', count(person.harmony)], ['Strikes in 30 days', count(person.strikes)], ['Open reports', count(person.open_reports)], ['Posts', count(person.posts_count)], ['Followers', count(person.followers_count)],
				])))),
			history.length > 0 && card('What became of it', null, table([
				['When', (row) => date(row.created_at)], ['Change', (row) => `${row.old_status ?? '–'} → ${row.new_status}`], ['Reason', (row) => row.reason ?? '–', 'text'], ['By', (row) => (row.changed_by ? `@${row.changed_by}` : 'the system')],
			], history)),
			strikes.length > 0 && card('Strikes', null, table([['When', (row) => date(row.created_at)], ['For', (row) => row.category], ['Text', (row) => row.snippet, 'text']], strikes)),
			card('Latest posts', null, posts.length ? table([
				['When', (row) => ago(row.created_at)], ['Text', (row) => row.body, 'text'], ['Seen by', (row) => row.visibility], ['State', (row) => status(row.status)],
				['Act', (row) => (row.status === 'removed' ? '' : removal(row.id, again)), 'n'],
			], posts) : h('p', { class: 'empty' }, 'Has written nothing.'))));
}

export async function people(node, id) {
	if (id) return dossier(node, id);
	const found = h('div', { class: 'card' });
	const input = h('input', { id: 'q', type: 'search', placeholder: 'handle, whole address, or id', autocomplete: 'off', spellcheck: 'false' });
	async function look(event) {
		event?.preventDefault();
		const { people: rows } = await get(`/console/api/people?q=${encodeURIComponent(input.value.trim())}`);
		found.replaceChildren(rows.length ? table([
			['Who', (row) => h('a', { href: `#/people/${row.id}` }, `@${row.handle ?? row.id}`)], ['Name', (row) => row.display_name ?? '–'], ['State', (row) => status(row.status)],
			['Until', (row) => date(row.suspended_until)], ['Role', (row) => row.role], ['Strikes', (row) => count(row.strikes), 'n'], ['Reports', (row) => count(row.open_reports), 'n'], ['Joined', (row) => ago(row.created_at), 'n'],
		], rows) : h('p', { class: 'empty' }, input.value ? 'Nobody is called that.' : 'Nobody is suspended. Look for somebody above.'));
	}
	node.append(h('div', { class: 'head' }, h('h1', null, 'People')), h('div', { class: 'stack' },
		h('form', { role: 'search', onsubmit: look }, h('label', { for: 'q' }, 'Find somebody'), h('div', { class: 'row' }, h('div', { class: 'grow' }, input), h('button', { class: 'main' }, 'Find'))), found));
	await look();
	return undefined;
}

// ---- the ranking ----

export async function ranking(node) {
	const place = h('div', { class: 'card' });
	node.append(h('div', { class: 'head' }, h('h1', null, 'Ranking'), h('span', { class: 'soft' }, 'New values hold from the next scores on, within a quarter of an hour.')), place);
	async function load() {
		const { weights } = await get('/console/api/weights');
		place.replaceChildren(table([
			['Key', (row) => h('code', null, row.key)], ['What it is', (row) => row.description, 'text'], ['Changed', (row) => date(row.updated_at), 'n'],
			['Value', (row) => h('b', null, String(row.value)), 'n'],
			['Edit', (row) => h('button', { type: 'button', 'aria-label': `Change ${row.key}`, onclick: () => done(ask(`Change ${row.key}`, row.description,
				[{ name: 'value', label: `Value, 0 to ${row.max}`, kind: 'input', type: 'number', step: 'any', min: 0, max: row.max, value: row.value, required: true }], 'Change',
				({ value }) => post(`/console/api/weights/${encodeURIComponent(row.key)}`, { value: Number(value) })), 'Changed', load) }, 'Change…'), 'n'],
		], weights));
	}
	await load();
}

// ---- settings, the record ----

export async function settings(node) {
	const options = await get('/console/api/config');
	node.append(h('div', { class: 'head' }, h('h1', null, 'Settings'), h('span', { class: 'soft' }, 'as the server was started; secrets are masked')),
		h('div', { class: 'card' }, table([
			['Option', (row) => h('code', null, row.name)], ['Value', (row) => (row.value === null || row.value === undefined ? h('span', { class: 'soft' }, 'unset') : h('code', null, String(row.value)))],
			['From', (row) => row.source ?? '–'], ['What it is', (row) => row.help ?? '', 'text'],
		], options)));
}

function details(entry) {
	return Object.entries(entry.details ?? {}).filter(([, value]) => value !== null && value !== '').map(([name, value]) => `${name} ${value}`).join(' · ') || '–';
}

export async function record(node) {
	const place = h('div', { class: 'stack' });
	node.append(h('div', { class: 'head' }, h('h1', null, 'Record'), h('span', { class: 'soft' }, 'what was done here, for ninety days')), place);
	async function load(before) {
		const { entries } = await get(`/console/api/audit${before ? `?before=${before}` : ''}`);
		place.append(h('div', { class: 'card' }, entries.length ? table([
			['When', (row) => date(row.created_at)], ['Who', (row) => (row.actor ? `@${row.actor}` : 'command line')], ['What', (row) => h('code', null, row.action)],
			['Whom', (row) => (row.target_type === 'user' ? h('a', { href: `#/people/${row.target_id}` }, row.target_id) : h('code', null, row.target_id ?? '–'))], ['Details', details, 'text'],
		], entries) : h('p', { class: 'empty' }, before ? 'That was all.' : 'Nothing has been done yet.')));
		if (entries.length === 50) place.append(h('button', { type: 'button', onclick() { this.remove(); load(entries.at(-1).id); } }, 'Earlier'));
	}
	await load();
}
