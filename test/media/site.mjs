// A site of strangers for the tests of previews: node site.mjs; prints "ready PORT". What each path answers stands here.
import { createServer } from 'node:http';

const PNG = Buffer.from(
	'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
const html = (head, type = 'text/html; charset=utf-8') => ({ type, body: `<!doctype html><html><head>${head}</head><body>x</body>` });
const to = (location) => ({ status: 302, headers: { location } });
const visits = {};

const paths = {
	'/article': () => html(`<title>Plain</title><meta property="og:title" content="Bread &amp; Butter">
		<meta name="description" content="second"><meta property="og:description" content="  A  long\nstory ">
		<meta property="og:image" content="/cover.png"><meta property="og:site_name" content="Bakery">`),
	'/plain': () => html('<title>\n Only a\t title </title>'),
	'/latin': () => ({ type: 'text/html; charset=iso-8859-1', body: Buffer.from('<title>Caf\xe9</title>', 'latin1') }),
	'/script-image': () => html('<title>x</title><meta property="og:image" content="javascript:alert(1)">'),
	'/hop': () => to('/hop2'),
	'/hop2': () => to('article'),
	'/round': () => to('/round'),
	'/out': () => to('file:///etc/passwd'),
	'/large': () => html(`<title>Large</title></head><body>${'x'.repeat(3 << 20)}`),
	'/deep': () => html(`<title>Deep</title>${'<div>'.repeat(100000)}`),
	'/none': () => ({ status: 404, ...html('<title>Not here</title>') }),
	'/pdf': () => ({ type: 'application/pdf', body: '%PDF-1.7' }),
	'/later': () => (visits['/later'] > 1 ? html('<title>Now</title>') : { status: 503, body: '' }),
	'/picture.png': () => ({ type: 'image/png', body: PNG }),
	'/page.png': () => ({ type: 'image/png', body: '<script>alert(1)</script>' }),
	'/moved.png': () => to('/picture.png'),
	'/endless.png': () => ({ type: 'image/png', body: Buffer.concat([PNG, Buffer.alloc(11 << 20)]) }),
	'/visits': () => ({ type: 'application/json', body: JSON.stringify(visits) }),
};

const server = createServer((request, response) => {
	const path = request.url.split('?')[0];
	visits[path] = (visits[path] ?? 0) + 1;
	const { status = 200, type = 'text/plain', headers = {}, body = '' } = paths[path]?.() ?? { status: 404 };
	response.writeHead(status, { 'content-type': type, ...headers });
	response.end(body);
});
server.listen(0, '127.0.0.1', () => console.log(`ready ${server.address().port}`));
