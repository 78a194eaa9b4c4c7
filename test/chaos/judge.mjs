// What people were told against what there is: nothing acknowledged is lost, nothing is there twice, nothing refused has
// come about, and the counters are those of the rows.
const POSTS = `SELECT body, count(*) FROM sojorn.posts WHERE deleted_at IS NULL AND body LIKE`;

const COUNTERS = {
	likes: `SELECT count(*) FROM sojorn.post_metrics m
		WHERE m.like_count <> (SELECT count(*) FROM sojorn.post_likes l WHERE l.post_id = m.post_id)`,
	comments: `SELECT count(*) FROM sojorn.post_metrics m WHERE m.comment_count <>
		(SELECT count(*) FROM sojorn.posts c WHERE c.deleted_at IS NULL AND c.chain_parent_id = m.post_id)`,
	posts: `SELECT count(*) FROM sojorn.trust_state t WHERE t.posts_count <>
		(SELECT count(*) FROM sojorn.posts p WHERE p.author_id = t.user_id AND p.deleted_at IS NULL AND p.kind = 'post' AND p.root_id IS NULL)`,
};

// How often each is there against what was said of it.
function compare(what, told, there, complaints) {
	for (const [key, outcome] of told) {
		const n = there.get(key) ?? 0;
		const [least, most] = { acked: [1, 1], refused: [0, 0], unknown: [0, 1] }[outcome];
		if (n < least || n > most) complaints.push(`${what} "${key}" (${outcome}) is there ${n} times`);
	}
}

const counts = (lines) => new Map(lines.map((line) => line.split('\t')).map(([key, n]) => [key, Number(n)]));

export async function judge(m, ledger, mails) {
	const complaints = [];
	const { sql } = m.database;
	const run = `'${ledger.run} %'`;
	compare('post', ledger.posts, counts(await sql(`${POSTS} ${run} AND kind = 'post' GROUP BY 1`)), complaints);
	compare('comment', ledger.comments, counts(await sql(`${POSTS} ${run} AND kind = 'comment' GROUP BY 1`)), complaints);
	compare('message', ledger.messages,
		counts(await sql('SELECT ciphertext, count(*) FROM sojorn.secure_messages GROUP BY 1')), complaints);
	compare('account', ledger.people, counts(await sql('SELECT email, count(*) FROM sojorn.users GROUP BY 1')), complaints);

	const likes = new Set(await sql(`SELECT post_id || ' ' || user_id FROM sojorn.post_likes`));
	for (const [key, liked] of ledger.likes)
		if (likes.has(key) !== liked) complaints.push(`like ${key} is ${liked ? 'lost' : 'back'}`);
	const bios = new Map((await sql(`SELECT id, bio FROM sojorn.profiles WHERE bio LIKE ${run}`)).map((line) => line.split('\t')));
	for (const [id, bio] of ledger.bios)
		if (bio !== null && bios.get(id) !== bio) complaints.push(`profile of ${id}: "${bios.get(id)}" for "${bio}"`);
	for (const { path, size } of ledger.uploads)
		if (m.fileSize(path) !== size) complaints.push(`file ${path} has ${m.fileSize(path)} bytes for ${size}`);
	for (const [email, outcome] of ledger.people)
		if (outcome === 'acked' && !mails.some((mail) => mail.includes(email))) complaints.push(`no mail to ${email}`);
	for (const [what, query] of Object.entries(COUNTERS)) {
		const [wrong] = await sql(query);
		if (wrong !== '0') complaints.push(`${wrong} counters of ${what} are wrong`);
	}
	return complaints;
}
