// Values by JSON schema, good and bad, from a seed: the same seed gives the same values.

// Text that breaks things: what looks like code, markup, numbers or nothing, and every corner of Unicode that is
// still text. None begins or ends with white space, which is trimmed.
export const naughty = [
	'null', 'undefined', 'NaN', 'true', '0', '-1', '1e309', '0x1F', '{}', '[]', "'", '"', '\\', '\\\\', '\\n', '%', '%s%n%x',
	'%00', '${jndi:ldap://x/y}', '{{7*7}}', '$(sleep 5)', '`id`', "'; DROP TABLE posts; --", "1' OR '1'='1", '" OR ""="',
	'<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '&lt;&amp;&#39;', ']]>', '<!--', 'javascript:alert(1)',
	'../../../etc/passwd', 'C:\\Windows\\system32', 'CON', '/dev/null', 'file:///etc/passwd',
	'ǅ ß ẞ ı İ ﬁ ſ', 'Ω≈ç√∫˜µ≤≥÷', '田中さんにあげて下さい', '찦차를 타고 온 펲시맨과 쑛다리 똠방각하', 'Ⱥ Ⱦ ɐnbᴉlɐ',
	'هُنَاكَ رَجُلٌ', 'עברית ואנגלית mixed', '\u202ereversed\u202c', '\u2066isolated\u2069', 'a\u200bb\u200cc‍d\u2060e', 'line\u2028separator\u2029paragraph',
	'a\ufeffb', 'soft\u00adhyphen', 'n\u0303 \u00f1', 'Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘', '👩‍👩‍👧‍👦 🏳️‍🌈 🇺🇳 1️⃣ 👍🏽', '𝕳𝖊𝖑𝖑𝖔 𐐷 𠜎',
	'\u{10ffff}', '\uffff', '\ufffd', 'tab\there', 'line\nbreak', 'bell\u0007', 'del\u007f', 'c1\u0085next', '\u0001\u001f',
	'a'.repeat(200), '😀'.repeat(50), '\u0301'.repeat(40),
];

export class Random {
	constructor(seed) {
		this.state = BigInt(seed);
	}

	// splitmix64
	next() {
		const mask = (1n << 64n) - 1n;
		this.state = (this.state + 0x9e3779b97f4a7c15n) & mask;
		let z = this.state;
		z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
		z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask;
		return z ^ (z >> 31n);
	}

	below(n) {
		return Number(this.next() % BigInt(n));
	}

	of(list) {
		return list[this.below(list.length)];
	}

	chance(percent) {
		return this.below(100) < percent;
	}
}

const integers = [0, 1, -1, 2, 50, 100, 101, 2147483647, 2147483648, -2147483648, 9007199254740991, 9223372036854775807];
const numbers = [0, -0, 0.5, -0.5, 1e-300, 1e300, 89.999, 90, -90, 180, -180.001, 52.52];
const anything = [null, true, false, 0, 'text', '', [], {}, [[]], [null], { a: { b: [{}] } }, 1e308, '\u0000'];

function text(random, schema, known) {
	if (schema.format === 'uuid')
		return random.of([...known, '00000000-0000-0000-0000-000000000000', 'no-uuid', '0'.repeat(36), '', `{${known[0]}}`]);
	if (schema.format === 'date-time')
		return random.of(['2026-01-25T10:00:00Z', '2999-12-31T23:59:59.999999Z', '0000-00-00', '1970-01-01T00:00:00+25:00', 'now']);
	if (random.chance(20)) return 'x'.repeat((schema.maxLength ?? 500) + random.below(3) - 1);
	if (random.chance(10)) return '';
	return random.of(naughty);
}

// A value that fits the schema, or nearly; `known`: ids of things there are.
export function value(random, schema, known, resolve) {
	const of = resolve(schema);
	const type = Array.isArray(of.type) ? of.type.find((t) => t !== 'null') : of.type;

	if (random.chance(6)) return random.of(anything);
	if (of.enum && random.chance(80)) return random.of(of.enum);
	if (of.anyOf ?? of.oneOf) return value(random, random.of(of.anyOf ?? of.oneOf), known, resolve);
	if (type === 'string') return text(random, of, known);
	if (type === 'integer') return random.of([...integers, of.minimum ?? 3, of.maximum ?? 4, (of.maximum ?? 8) + 1]);
	if (type === 'number') return random.of(numbers);
	if (type === 'boolean') return random.chance(50);
	if (type === 'array') return Array.from({ length: random.below(4) }, () => value(random, of.items ?? {}, known, resolve));
	if (type !== 'object' && !of.properties) return random.of(anything);
	const out = {};
	for (const [name, member] of Object.entries(of.properties ?? {}))
		if (of.required?.includes(name) ? random.chance(95) : random.chance(60)) out[name] = value(random, member, known, resolve);
	if (random.chance(10)) out[random.of(naughty)] = random.of(anything);
	return out;
}
