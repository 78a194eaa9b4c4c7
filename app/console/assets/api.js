// The API's reference, as the OpenAPI document has it. What an operation takes and gives is made when it is opened.
import { h, get } from './dom.js';

const COLOURS = { get: 'blue', post: 'green', put: 'amber', patch: 'violet', delete: 'red' };
const DEPTH = 4;

function typeOf(schema) {
	const types = [schema.type ?? []].flat().filter((type) => type !== 'null');
	const type = schema.type === 'array' || types.includes('array') ? `list of ${schema.items?.title ?? [schema.items?.type ?? 'values'].flat()[0]}` : types.join(' or ') || 'any value';
	const limits = [schema.format, schema.enum && schema.enum.filter((value) => value !== null).join(' | '), schema.maxLength && `at most ${schema.maxLength}`,
		schema.minimum !== undefined && `from ${schema.minimum}`, schema.maximum !== undefined && `to ${schema.maximum}`].filter(Boolean);
	return [type, ...limits].join(', ');
}

export async function api(node) {
	const document_ = await get('/console/api/openapi');
	const resolve = (schema) => {
		let found = schema ?? {};
		for (let n = 0; found.$ref && n < 8; n++) found = found.$ref.slice(2).split('/').reduce((part, name) => part?.[name.replaceAll('~1', '/').replaceAll('~0', '~')], document_) ?? {};
		const other = found.anyOf ?? found.oneOf ?? found.allOf;
		return other ? resolve(other.find((one) => one.type !== 'null')) : found;
	};

	function shape(schema, depth = 0) {
		const full = resolve(schema);
		const inner = full.type === 'array' || [full.type].flat().includes('array') ? resolve(full.items) : full;
		if (!inner.properties || depth >= DEPTH) return null;
		return h('ul', { class: 'shape' }, Object.entries(inner.properties).map(([name, member]) => {
			const what = resolve(member);
			return h('li', null, h('code', null, name), full.required?.includes(name) || inner.required?.includes(name) ? h('b', { title: 'always there' }, ' *') : '',
				' ', h('span', { class: 'soft' }, [typeOf(what), what.description ?? member.description].filter(Boolean).join(' – ')), shape(member, depth + 1));
		}));
	}

	const bodyOf = (part) => Object.values(part?.content ?? {})[0]?.schema;
	function part(title, ...children) {
		return h('section', null, h('h3', null, title), ...children);
	}

	function detail(op) {
		const takes = (op.parameters ?? []).map(resolve);
		return h('div', { class: 'detail' },
			op.description && h('p', null, op.description),
			takes.length > 0 && part('Parameters', h('ul', { class: 'shape' }, takes.map((one) =>
				h('li', null, h('code', null, one.name), ' ', h('span', { class: 'soft' }, [one.in, typeOf(resolve(one.schema)), one.description].filter(Boolean).join(' – ')))))),
			op.requestBody && part('Body', shape(bodyOf(resolve(op.requestBody))) ?? h('p', { class: 'soft' }, Object.keys(resolve(op.requestBody).content ?? {}).join(', '))),
			Object.entries(op.responses ?? {}).map(([code, answer]) => {
				const full = resolve(answer);
				return part(`${code} ${full.description ?? ''}`, Number(code) < 300 ? shape(bodyOf(full)) : null);
			}));
	}

	const operations = Object.entries(document_.paths).flatMap(([path, methods]) => Object.entries(methods).filter(([method]) => COLOURS[method]).map(([method, op]) => ({ path, method, op })));
	const entries = operations.map(({ path, method, op }) => {
		const row = h('details', { ontoggle() { if (row.open && row.children.length === 1) row.append(detail(op)); } },
			h('summary', null, h('span', { class: `verb ${COLOURS[method]}` }, method.toUpperCase()), h('code', null, path), h('span', { class: 'soft' }, op.summary ?? '')));
		return { row, tag: op.tags?.[0] ?? 'other', text: `${method} ${path} ${op.summary ?? ''}`.toLowerCase() };
	});
	const about = new Map((document_.tags ?? []).map(({ name, description }) => [name, description]));
	const groups = [...Map.groupBy ? Map.groupBy(entries, ({ tag }) => tag) : entries.reduce((all, one) => all.set(one.tag, [...all.get(one.tag) ?? [], one]), new Map())]
		.map(([tag, list]) => ({ list, node: h('section', { class: 'card' }, h('header', null, h('h2', null, tag), h('span', { class: 'soft' }, about.get(tag) ?? '')), list.map(({ row }) => row)) }));
	const number = h('span', { class: 'soft' });
	const input = h('input', { id: 'filter', type: 'search', placeholder: 'like, POST, profile…', autocomplete: 'off', oninput: filter });
	function filter() {
		const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
		let shown = 0;
		for (const { list, node: group } of groups) {
			let here = 0;
			for (const { row, text } of list) {
				const fits = words.every((word) => text.includes(word));
				row.classList.toggle('hidden', !fits);
				here += fits;
			}
			group.classList.toggle('hidden', !here);
			shown += here;
		}
		number.textContent = `${shown} of ${entries.length} operations`;
	}
	filter();
	node.append(h('div', { class: 'head' }, h('h1', null, 'API'), number), h('div', { class: 'stack api' }, h('div', null, h('label', { for: 'filter' }, 'Filter'), input), groups.map((group) => group.node)));
}
