// Line charts over time, drawn as SVG. All charts of a page share one place in time: where the pointer is over one of them,
// or where the arrow keys have gone, each says what it was then.
import { h, s, hour, second } from './dom.js';

const LEFT = 46;
const BOTTOM = 16;
const TOP = 6;
const RIGHT = 4;

const charts = new Set();
let place = null; // index of a row; null: the newest

// The least of 1, 2, 5 × 10ⁿ that is not below.
function roundUp(n) {
	const power = 10 ** Math.floor(Math.log10(n));
	return [1, 2, 5, 10].find((step) => step * power >= n * 0.999) * power;
}

// A path through the points that are there; gaps stay gaps.
function pathOf(values, x, y) {
	let path = '';
	let pen = false;
	values.forEach((value, at) => {
		if (value === null) pen = false;
		else {
			path += `${pen ? 'L' : 'M'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
			pen = true;
		}
	});
	return path;
}

export class Chart {
	// lines: [{ column, name, colour, area }]; stacked: each stands on the one before.
	constructor(title, lines, { unit, stacked = false, least = 1, round = roundUp }) {
		Object.assign(this, { title, lines, unit, stacked, least, round });
		this.figures = lines.map(() => h('b'));
		this.when = h('span');
		this.plot = h('div', {
			class: 'plot', tabindex: 0, role: 'slider', 'aria-label': `${title}: point in time`, 'aria-valuemin': 0,
			onpointermove: (event) => this.point(event), onpointerleave: () => move(null), onkeydown: (event) => this.key(event), onblur: () => move(null),
		});
		this.node = h('figure', { class: 'card chart' },
			h('header', null, h('h2', null, title), h('div', { class: 'legend' }, lines.map((line, at) =>
				h('span', null, h('i', { class: `key ${line.colour}` }), line.name, ' ', this.figures[at])), this.when)), this.plot);
		this.observer = new ResizeObserver(() => this.draw());
		this.observer.observe(this.plot);
		charts.add(this);
	}

	remove() {
		this.observer.disconnect();
		charts.delete(this);
	}

	set(data) {
		this.data = data;
		this.draw();
	}

	column(name) {
		const at = this.data.columns.indexOf(name);
		return this.data.rows.map((row) => row[at]);
	}

	// The values as drawn: of stacked lines the sums.
	heights(series) {
		if (!this.stacked) return series;
		return series.map((_, at) => series[0].map((__, i) => series.slice(0, at + 1).reduce((sum, values) => sum + (values[i] ?? 0), 0)));
	}

	point(event) {
		if (!this.data?.rows.length) return;
		const box = this.plot.getBoundingClientRect();
		const n = this.data.rows.length;
		const at = Math.round((event.clientX - box.left - LEFT) / (box.width - LEFT - RIGHT) * (n - 1));
		move(Math.min(Math.max(at, 0), n - 1));
	}

	key(event) {
		const last = (this.data?.rows.length ?? 0) - 1;
		const at = place ?? last;
		const to = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, PageDown: at - 12, PageUp: at + 12, Home: 0, End: last, Escape: null }[event.key];
		if (to === undefined || last < 0) return;
		event.preventDefault();
		move(to === null ? null : Math.min(Math.max(to, 0), last));
	}

	draw() {
		const width = this.plot.clientWidth;
		const height = this.plot.clientHeight;
		if (!this.data || width < LEFT + 20) return;
		const { rows } = this.data;
		this.series = this.lines.map(({ column }) => this.column(column));
		const heights = this.heights(this.series);
		const top = this.round(Math.max(this.least, ...heights.flat().filter((value) => value !== null)));
		this.x = (at) => LEFT + (rows.length > 1 ? at / (rows.length - 1) : 1) * (width - LEFT - RIGHT);
		this.y = (value) => height - BOTTOM - value / top * (height - BOTTOM - TOP);
		const svg = s('svg', { viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' }, this.rules(top, width), this.times(rows, width, height));
		heights.forEach((values, at) => {
			const line = this.lines[at];
			const path = pathOf(values, this.x, this.y);
			if (line.area && rows.length > 1 && !values.includes(null)) {
				const under = this.stacked && at > 0 ? heights[at - 1] : values.map(() => 0);
				const back = under.map((value, i) => `L${this.x(i).toFixed(1)} ${this.y(value).toFixed(1)}`).reverse().join('');
				svg.append(s('path', { class: `area ${line.colour}`, d: `${path}${back}Z` }));
			}
			if (at === 0 || this.series[at].some((value) => value)) svg.append(s('path', { class: line.colour, d: path }));
		});
		this.heightsNow = heights;
		this.cross = s('g');
		svg.append(this.cross);
		this.plot.replaceChildren(svg);
		this.plot.setAttribute('aria-valuemax', Math.max(rows.length - 1, 0));
		this.mark();
	}

	rules(top, width) {
		return [0, 0.5, 1].map((part) => s('g', null,
			s('line', { class: 'rule', x1: LEFT, x2: width - RIGHT, y1: this.y(top * part), y2: this.y(top * part) }),
			s('text', { x: LEFT - 5, y: this.y(top * part) + 3.5, 'text-anchor': 'end' }, this.unit(top * part))));
	}

	times(rows, width, height) {
		const n = Math.max(2, Math.floor((width - LEFT) / 90));
		const format = rows.at(-1)?.[0] - rows[0]?.[0] < 600 ? second : hour;
		return rows.length < 2 ? [] : Array.from({ length: n }, (_, i) => {
			const at = Math.round(i / (n - 1) * (rows.length - 1));
			return s('text', { x: this.x(at), y: height - 3, 'text-anchor': i === 0 ? 'start' : i === n - 1 ? 'end' : 'middle' }, format(rows[at][0]));
		});
	}

	// Says what was at the place in time, and shows where that is.
	mark() {
		if (!this.cross) return;
		const { rows } = this.data;
		const at = Math.min(place ?? rows.length - 1, rows.length - 1);
		const texts = this.lines.map((line, i) => this.unit(this.series[i][at] ?? null));
		texts.forEach((text, i) => { this.figures[i].textContent = text; });
		this.when.textContent = place === null || !rows[at] ? '' : second(rows[at][0]);
		this.plot.setAttribute('aria-valuenow', Math.max(at, 0));
		this.plot.setAttribute('aria-valuetext', rows[at] ? `${second(rows[at][0])}: ${this.lines.map((line, i) => `${line.name} ${texts[i]}`).join(', ')}` : 'nothing yet');
		this.cross.replaceChildren();
		if (place === null || !rows[at]) return;
		this.cross.append(s('line', { class: 'cross', x1: this.x(at), x2: this.x(at), y1: TOP, y2: this.y(0) }));
		this.lines.forEach((line, i) => {
			const value = this.heightsNow[i][at];
			if (value !== null) this.cross.append(s('circle', { class: line.colour, cx: this.x(at), cy: this.y(value), r: 3.2 }));
		});
	}
}

function move(to) {
	place = to;
	for (const chart of charts) chart.mark();
}

// A dozen small bars.
export function spark(values, colour) {
	const most = Math.max(1, ...values);
	const step = 74 / values.length;
	return s('svg', { class: `spark ${colour}`, viewBox: '0 0 74 18', 'aria-hidden': 'true' }, values.map((value, at) => {
		const tall = value ? Math.max(2, value / most * 18) : 1;
		return s('rect', { x: at * step, y: 18 - tall, width: step - 1.5, height: tall, rx: 1, opacity: value ? 1 : 0.35 });
	}));
}

export function bar(part, label) {
	return s('svg', { class: 'bar', viewBox: '0 0 100 6', preserveAspectRatio: 'none', role: 'img', 'aria-label': label },
		s('rect', { width: Math.min(Math.max(part, 0), 1) * 100, height: 6 }));
}
