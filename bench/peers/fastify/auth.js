// Who is asking. What is known of an account is kept for five seconds.
const KEPT_MS = 5000;
const ACCOUNTS_KEPT = 1 << 16;
const known = new Map();

function refuse(status, code, message) {
	return Object.assign(new Error(message), { statusCode: status, code });
}

async function account(database, user, session) {
	const key = user + session;
	const found = known.get(key);
	if (found && performance.now() - found.at < KEPT_MS)
		return found;
	const row = await database.one('account_get', user, session);
	if (!row)
		return undefined;
	row.at = performance.now();
	if (known.size >= ACCOUNTS_KEPT)
		known.clear();
	known.set(key, row);
	return row;
}

export async function authenticate(request) {
	let token;
	try {
		token = await request.jwtVerify();
	} catch {
		throw refuse(401, 'token_invalid', 'the access token is not valid');
	}
	const found = await account(this.database, token.sub, token.session_id);
	if (!found || found.signed_out)
		throw refuse(401, 'token_invalid', 'the access token is not valid');
	if (found.status !== 'active')
		throw refuse(403, 'account_inactive', 'this account is not active');
}
