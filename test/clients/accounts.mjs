// Accounts: mails by smtp-server and mailparser, tokens by jose, challenges by altcha-lib, codes by otplib.
import assert from 'node:assert/strict';
import { solveChallenge, verifySolution } from 'altcha-lib';
import { jwtVerify, decodeProtectedHeader } from 'jose';
import { authenticator } from 'otplib';

const PASSWORD = 'in-no-log-password';

// Resolves to { session, signIn(email, password) }: the session of an account that has nothing yet.
export async function accounts(check, server, mail) {
	const email = 'ann@example.com';
	let session;

	async function call(path, body, token, expected = 200) {
		const reply = await fetch(`${server.url}/api/v1${path}`, {
			method: body === undefined ? 'GET' : 'POST',
			headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
			body: body === undefined ? undefined : JSON.stringify(body),
		});
		const text = await reply.text();
		assert.equal(reply.status, expected, `${path}: ${text}`);
		return JSON.parse(text);
	}

	await check('altcha-lib solves a challenge, and would have made the same one', async () => {
		const challenge = await call('/auth/altcha-challenge');
		const { promise } = solveChallenge(
			challenge.challenge, challenge.salt, challenge.algorithm, challenge.maxnumber);
		const { number } = await promise;
		const payload = { ...challenge, number };
		assert.equal(await verifySolution(payload, server.altchaKey), true);
		assert.equal(await verifySolution(payload, 'another key'), false);
		const token = Buffer.from(JSON.stringify(payload)).toString('base64');
		const body = {
			email, password: PASSWORD, handle: 'ann.of_clients', display_name: 'Ann', birth_month: 5,
			birth_year: 1990, accept_terms: true, accept_privacy: true, altcha_token: token,
		};
		await call('/auth/register', body, null, 201);
		await call('/auth/register', body, null, 400); // the same solution again
	});

	await check('the mail comes over TLS, signed in, and reads as it was meant', async () => {
		const { mail: message, envelope, secure, user } = await mail.take(email);
		assert.equal(secure, true);
		assert.equal(user, 'sojorn');
		assert.equal(envelope.mailFrom.address, 'hello@sojorn.test');
		assert.deepEqual(message.from.value, [{ name: 'S\u00f6jorn', address: 'hello@sojorn.test' }]);
		assert.equal(message.subject, 'Confirm your e-mail address');
		assert.ok(Math.abs(message.date - Date.now()) < 60000);
		assert.match(message.messageId, /^<[\w-]+@sojorn\.test>$/);
		const [link] = message.text.match(/http\S+/);
		assert.ok(message.html.includes(`href="${link}"`));
		const page = await fetch(link); // follows the redirect to the page
		assert.equal(page.url, `${server.url}/verified?status=success`);
		assert.match(await page.text(), /Your address is confirmed/);
	});

	await check('jose verifies the access token', async () => {
		session = await call('/auth/login', await withChallenge({ email, password: PASSWORD }));
		const { payload } = await jwtVerify(
			session.access_token, new TextEncoder().encode(server.secret),
			{ audience: 'authenticated', algorithms: ['HS256'], issuer: `${server.url}/auth/v1` });
		assert.equal(payload.sub, session.user.id);
		assert.equal(payload.role, 'authenticated');
		assert.equal(payload.email, email);
		assert.equal(payload.exp - payload.iat, 900);
		assert.deepEqual(decodeProtectedHeader(session.access_token), { alg: 'HS256', typ: 'JWT' });
	});

	await check('otplib makes the codes of the second factor', async () => {
		const { secret, provisioning_uri: uri } = await call('/auth/mfa/setup', null, session.access_token);
		const theirs = new URL(authenticator.keyuri(email, 'Sojorn', secret));
		const ours = new URL(uri);
		assert.equal(ours.pathname, theirs.pathname);
		assert.deepEqual([...ours.searchParams].sort(), [...theirs.searchParams].sort());
		await call('/auth/mfa/confirm', { code: authenticator.generate(secret) }, session.access_token);
		const first = await call('/auth/login', await withChallenge({ email, password: PASSWORD }));
		assert.equal(first.mfa_required, true);
		authenticator.options = { epoch: Date.now() + 30000 }; // that code is used; the next one passes, too
		const second = await call('/auth/mfa/verify',
			{ temp_token: first.temp_token, code: authenticator.generate(secret) });
		assert.equal(second.user.mfa_enabled, true);
	});

	const signIn = async (address, password) => call('/auth/login', await withChallenge({ email: address, password }));
	return { session, signIn };

	async function withChallenge(body) {
		const challenge = await call('/auth/altcha-challenge');
		const { promise } = solveChallenge(
			challenge.challenge, challenge.salt, challenge.algorithm, challenge.maxnumber);
		const { number } = await promise;
		const payload = JSON.stringify({ ...challenge, number });
		return { ...body, altcha_token: Buffer.from(payload).toString('base64') };
	}
}
