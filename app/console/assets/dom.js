// Elements, figures and times as people read them, and talking to the server. Text is always text: nothing here makes HTML.

const SVG = 'http://www.w3.org/2000/svg';

function fill(node, props, children) {
	for (const [name, value] of Object.entries(props ?? {})) {
		if (value === undefined || value === null) continue;
		if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
		else if (name.startsWith('aria-')) node.setAttribute(name, value);
		else if (value !== false) node.setAttribute(name, value === true ? '' : value);
	}
	node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
	return node;
}

// h('p', { class: 'soft' }, 'text', node…)
export const h = (tag, props, ...children) => fill(document.createElement(tag), props, children);
export const s = (tag, props, ...children) => fill(document.createElementNS(SVG, tag), props, children);

export const pill = (text, kind = '') => h('span', { class: `pill ${kind}` }, text);

export function card(title, more, ...children) {
	return h('section', { class: 'card' }, h('header', null, h('h2', null, title), more), ...children);
}

// columns: [name, cell(row), class]; a cell is a text or a node.
export function table(columns, rows) {
	return h('table', { class: 'table' },
		h('thead', null, h('tr', null, columns.map(([name, , kind]) => h('th', { class: kind, scope: 'col' }, name)))),
		h('tbody', null, rows.map((row) => h('tr', null, columns.map(([name, cell, kind]) =>
			h('td', { class: kind, 'data-name': name }, h('span', null, cell(row))))))));
}

export function facts(entries) {
	return h('dl', { class: 'facts' }, entries.map(([name, value]) => [h('dt', null, name), h('dd', null, value)]));
}

// ---- figures ----

const plain = new Intl.NumberFormat('en');
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
const NONE = '–';

export const count = (n) => (n === null || n === undefined ? NONE : n < 100000 ? plain.format(n) : short.format(n));
export const rate = (n) => (n === null || n === undefined ? NONE : n === 0 ? '0' : n < 10 ? String(Number(n.toFixed(n < 1 ? 2 : 1))) : short.format(n));
export const share = (n) => `${Number((n * 100).toFixed(n < 0.01 ? 2 : 1))} %`;

function scaled(n, units, step) {
	let at = 0;
	while (Math.abs(n) >= step && at < units.length - 1) [n, at] = [n / step, at + 1];
	return `${Number(n.toFixed(n < 10 ? 2 : n < 100 ? 1 : 0))} ${units[at]}`;
}
export const bytes = (n) => (n === null || n === undefined ? NONE : scaled(n, ['B', 'KB', 'MB', 'GB', 'TB'], 1024));
export function millis(n) {
	if (n === null || n === undefined) return NONE;
	return n === 0 ? '0' : n < 1 ? `${Math.round(n * 1000)} µs` : n < 1000 ? `${Number(n.toPrecision(3))} ms` : duration(n / 1000);
}
export function duration(seconds) {
	if (seconds < 60) return `${Number(seconds.toFixed(seconds < 10 ? 1 : 0))} s`;
	const steps = [[86400, 'd'], [3600, 'h'], [60, 'min']];
	const at = steps.findIndex(([length]) => seconds >= length);
	const [length, name] = steps[at];
	const rest = steps[at + 1] && Math.floor((seconds % length) / steps[at + 1][0]);
	return `${Math.floor(seconds / length)} ${name}${rest ? ` ${rest} ${steps[at + 1][1]}` : ''}`;
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const precise = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit' });
export const hour = (seconds) => clock.format(seconds * 1000);
export const second = (seconds) => precise.format(seconds * 1000);
export const date = (text) => (text ? day.format(new Date(text)) : NONE);
export function ago(text) {
	if (!text) return NONE;
	const past = (Date.now() - new Date(text)) / 1000;
	return h('time', { datetime: text, title: date(text) }, past < 2 ? 'just now' : past < 0 ? `in ${duration(-past)}` : `${duration(past)} ago`);
}

// ---- messages ----

export function say(text, bad = false) {
	const line = h('p', { class: bad && 'bad' }, text);
	document.getElementById('said').append(line);
	setTimeout(() => line.remove(), bad ? 9000 : 4000);
}

// ---- the server ----

export const session = { me: null, ended: () => {} };

async function call(method, path, body) {
	const headers = { Accept: 'application/json' };
	if (session.me) headers['X-Console-Token'] = session.me.token;
	if (body !== undefined) headers['Content-Type'] = 'application/json';
	const reply = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: 'same-origin' });
	const answer = reply.status === 204 ? null : await reply.json().catch(() => ({}));
	if (reply.ok) return answer;
	if (answer.code === 'signed_out' && session.me) session.ended();
	throw Object.assign(new Error(answer.error ?? `The server answered ${reply.status}`), { code: answer.code, status: reply.status });
}
export const get = (path) => call('GET', path);
export const post = (path, body = {}) => call('POST', path, body);

// Asks before it does: a dialog with a reason, or other fields; false when it was left. `act` gets what was entered.
export function ask(title, text, fields, verb, act) {
	return new Promise((resolve) => {
		const problem = h('p', { class: 'problem', role: 'alert' });
		const inputs = fields.map(({ name, label, kind = 'textarea', ...more }) => {
			const input = kind === 'select'
				? h('select', { id: `ask-${name}`, name }, more.options.map(([value, words]) => h('option', { value }, words)))
				: h(kind, { id: `ask-${name}`, name, maxlength: 500, ...more });
			return [h('label', { for: input.id }, label), input];
		});
		const form = h('form', { async onsubmit(event) {
			event.preventDefault();
			try {
				await act(Object.fromEntries(new FormData(form)));
				resolve(true);
				box.close();
			} catch (error) {
				problem.textContent = error.message;
			}
		} }, h('h2', { id: 'ask-title' }, title), text && h('p', { class: 'soft' }, text), inputs, problem,
		h('div', { class: 'row end' },
			h('button', { type: 'button', onclick: () => box.close() }, 'Cancel'), h('button', { class: 'main' }, verb)));
		const box = h('dialog', { 'aria-labelledby': 'ask-title', onclose() { box.remove(); resolve(false); } }, form);
		document.body.append(box);
		box.showModal();
	});
}
