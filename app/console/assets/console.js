// The frame: signing in, the sections, what is shown while nothing else is. A section is a function that fills a node and
// returns what is to be done every few seconds, and what at its end.
import { h, get, post, session, say } from './dom.js';
import { overview, errors, move } from './watch.js';
import { queue, people, ranking, settings, record } from './act.js';
import { map } from './map.js';
import { api } from './api.js';

const SECTIONS = [
	['overview', 'Overview', overview],
	['errors', 'Errors', errors],
	['queue', 'Queue', queue],
	['people', 'People', people],
	['map', 'Map', map],
	['move', 'Move', move],
	['ranking', 'Ranking', ranking, 'admin'],
	['settings', 'Settings', settings, 'admin'],
	['api', 'API', api],
	['record', 'Record', record, 'admin'],
];
const EVERY = 5000;

const bar = document.getElementById('bar');
const nav = document.getElementById('nav');
const main = document.getElementById('main');
const state = { pill: h('span', { class: 'pill' }), waiting: h('span'), now: null };
let current = { refresh: null, end: null, id: 0 };
let timer = 0;
let looking = null; // what is being asked for at the moment

// ---- light and dark ----

const modes = { auto: 'Auto', light: 'Light', dark: 'Dark' };
const mode = () => localStorage.getItem('console-theme') ?? 'auto';
function paint() {
	if (mode() === 'auto') delete document.documentElement.dataset.theme;
	else document.documentElement.dataset.theme = mode();
}
function themeButton() {
	const names = Object.keys(modes);
	const button = h('button', { class: 'quiet', title: 'Colours', onclick() {
		localStorage.setItem('console-theme', names[(names.indexOf(mode()) + 1) % names.length]);
		paint();
		label();
	} });
	const label = () => { button.textContent = modes[mode()]; button.setAttribute('aria-label', `Colours: ${modes[mode()]}`); };
	label();
	return button;
}

// ---- the frame ----

function frame() {
	const { me } = session;
	document.body.classList.remove('solo');
	bar.replaceChildren(
		h('a', { class: 'brand', href: '#/overview', 'aria-label': 'Sojorn console' }, h('img', { src: '/console/icon.svg', alt: '' }), h('span', { class: 'wide' }, 'Sojorn')),
		state.pill, h('span', { class: 'grow' }), themeButton(),
		h('span', { class: 'who' }, me.handle ?? me.display_name, ' ', h('span', { class: 'soft wide' }, me.role)),
		h('button', { onclick: signOut }, 'Sign out'));
	nav.replaceChildren(h('ul', null, SECTIONS.filter(([, , , role]) => !role || role === me.role).map(([id, name]) =>
		h('li', null, h('a', { href: `#/${id}` }, name, id === 'queue' && state.waiting)))));
}

async function show() {
	const [id, ...rest] = location.hash.slice(2).split('/');
	const section = SECTIONS.find(([name, , , role]) => name === id && (!role || role === session.me.role)) ?? SECTIONS[0];
	current.end?.();
	const mine = { refresh: null, end: null, id: current.id + 1 };
	current = mine;
	for (const link of nav.querySelectorAll('a')) {
		if (link.hash === `#/${section[0]}`) {
			link.setAttribute('aria-current', 'page');
			link.scrollIntoView({ block: 'nearest', inline: 'center' });
		} else link.removeAttribute('aria-current');
	}
	document.title = `${section[1]} – Sojorn console`;
	const node = h('div', { 'data-section': section[0] });
	main.replaceChildren(node);
	try {
		const made = await section[2](node, decodeURIComponent(rest.join('/')), state);
		if (current === mine) Object.assign(mine, made);
		else made?.end?.();
	} catch (error) {
		if (current === mine && session.me) node.replaceChildren(h('p', { class: 'empty' }, error.message));
	}
}

// Health, and how much waits, beside whatever is shown.
async function beat() {
	const now = await get('/console/api/now').catch(() => null);
	if (!session.me) return;
	state.now = now;
	const [kind, words] = !now ? ['bad', 'no answer'] : !now.database ? ['bad', 'database down']
		: now.jobs && now.jobs.oldest > 300 ? ['fair', 'jobs wait'] : ['good', now.environment];
	state.pill.className = `pill dot ${kind}`;
	state.pill.replaceChildren(h('span', { class: kind === 'good' ? 'wide' : '' }, words));
	state.pill.title = words;
	const waiting = (now?.counts?.reports ?? 0) + (now?.counts?.flags ?? 0);
	state.waiting.className = waiting ? 'count' : 'hidden';
	state.waiting.textContent = waiting >= 1000 ? '1000+' : String(waiting);
}

async function look() {
	if (session.me && !document.hidden) {
		await beat();
		await current.refresh?.()?.catch?.(() => {});
	}
	if (session.me) timer = setTimeout(tick, EVERY);
}

function tick() {
	clearTimeout(timer);
	looking = look();
}

// ---- signing in ----

function field(id, label, props) {
	return [h('label', { for: id }, label), h('input', { id, name: id, required: true, ...props })];
}

function door(title, text, fields, verb, act) {
	const problem = h('p', { class: 'problem', role: 'alert' });
	const button = h('button', { class: 'main' }, verb);
	const form = h('form', { class: 'card door', async onsubmit(event) {
		event.preventDefault();
		button.disabled = true;
		problem.textContent = '';
		try {
			await act(Object.fromEntries(new FormData(form)));
		} catch (error) {
			problem.textContent = error.message;
			form.querySelector('input').focus();
		}
		button.disabled = false;
	} }, h('img', { src: '/console/icon.svg', alt: '' }), h('h1', null, title), h('p', { class: 'soft' }, text), fields, problem, button);
	document.body.classList.add('solo');
	document.title = `${title} – Sojorn console`;
	bar.replaceChildren();
	nav.replaceChildren();
	main.replaceChildren(form);
	form.querySelector('input').focus();
}

function signIn(text = 'For administrators and moderators.') {
	door('Sign in', text, [
		field('email', 'E-mail address', { type: 'email', autocomplete: 'username' }),
		field('password', 'Password', { type: 'password', autocomplete: 'current-password' }),
	], 'Sign in', async (form) => {
		const answer = await post('/console/api/sign-in', form);
		if (answer.mfa_required) code(answer.temp_token);
		else enter(answer);
	});
}

function code(temp_token) {
	door('Second factor', 'The six digits of your app, or a recovery code.', [
		field('code', 'Code', { autocomplete: 'one-time-code', autocapitalize: 'off', spellcheck: 'false' }),
	], 'Go on', async ({ code: typed }) => {
		const six = /^\s*\d{3}\s?\d{3}\s*$/.test(typed);
		enter(await post('/console/api/sign-in/code', six ? { temp_token, code: typed.replace(/\s/g, '') } : { temp_token, recovery_code: typed.trim() }));
	});
}

function enter(me) {
	session.me = me;
	frame();
	show();
	tick();
}

async function signOut() {
	await looking;
	clearTimeout(timer);
	await post('/console/api/sign-out').catch(() => {});
	leave();
}

function leave(text) {
	session.me = null;
	clearTimeout(timer);
	current.end?.();
	current = { refresh: null, end: null, id: current.id + 1 };
	for (const box of document.querySelectorAll('dialog')) box.close();
	signIn(text);
}

session.ended = () => leave('Your session has ended.');
addEventListener('hashchange', () => {
	if (!session.me || !location.hash.startsWith('#/')) return; // the link that skips the sections
	show();
	scrollTo(0, 0);
	main.focus({ preventScroll: true });
});
document.addEventListener('visibilitychange', () => { if (!document.hidden && session.me) tick(); });
addEventListener('unhandledrejection', (event) => { if (event.reason?.status) { say(event.reason.message, true); event.preventDefault(); } });

paint();
get('/console/api/me').then((me) => (me ? enter(me) : signIn()), () => signIn());
