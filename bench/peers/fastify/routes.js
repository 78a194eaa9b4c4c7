import { readPage, readTime, writeCursor } from './page.js';
import * as schemas from './schemas.js';

const TAGS_SHORT = 5;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function fail(status, code, message) {
	throw Object.assign(new Error(message), { statusCode: status, code });
}

// Columns with a dot are members of a nested record; those of birth are the owner's alone.
function nest(row) {
	const out = {};
	for (const name in row) {
		const dot = name.indexOf('.');
		if (dot < 0) {
			out[name] = row[name];
		} else if (row[name] !== null || !/birth|origin/.test(name)) {
			const outer = name.slice(0, dot);
			(out[outer] ??= {})[name.slice(dot + 1)] = row[name];
		}
	}
	return out;
}

function card(row) {
	const post = nest(row);
	post.duration_ms ||= null;
	return post;
}

async function getProfile(request) {
	const { id } = request.params;
	if (!UUID.test(id))
		fail(400, 'invalid', 'id is no id');
	const row = await this.database.one('profile_get', id, request.user.sub);
	if (!row)
		fail(404, 'not_found', 'profile not found');
	const profile = nest(row);
	const { stats } = profile;
	stats.posts = stats.post_count;
	stats.followers = stats.follower_count;
	stats.following = stats.following_count;
	return profile;
}

async function getPersonal(request) {
	const page = readPage(request.query);
	const rows = await this.database.list('feed_personal', request.user.sub, page.limit, page.offset, page.time,
		page.id, null, false);
	const last = rows.at(-1);
	return {
		posts: rows.map(card),
		next_cursor: rows.length === page.limit ? writeCursor(readTime(last.created_at), last.id) : null,
	};
}

// A page of an order that is there already; making one, or going on with one, is no part of the comparison.
async function getRanked(request) {
	const page = readPage(request.query);
	const viewer = request.user.sub;
	const session = await this.database.one('feed_session_get', viewer, page.id, null, page.key, page.limit);
	if (!session || session.page.length < page.limit)
		fail(404, 'not_found', 'the order has ended');
	const [, rows] = await Promise.all([
		this.database.list('feed_session_shown', session.id, session.at, []),
		this.database.list('feed_cards', viewer, session.page),
	]);
	return { posts: rows.map(card), next_cursor: writeCursor(session.at, session.id) };
}

async function getNearby(request) {
	const { lat, long, radius, limit } = request.query;
	const beacons = await this.database.list('beacons_nearby', request.user.sub, lat, long, Math.min(radius, 50000),
		Math.min(limit, 500), false);
	for (const b of beacons) {
		b.latitude = b.beacon_lat;
		b.longitude = b.beacon_long;
		b.verification_count = b.vouch_count;
	}
	return { beacons };
}

async function search(request) {
	const viewer = request.user.sub;
	const query = request.query.q.trim();
	const bare = query.replace(/^[#@]/, '');
	const [users, hashtags, posts] = await Promise.all([
		this.database.list('search_people', viewer, bare),
		this.database.list('search_hashtags', bare),
		this.database.list('search_posts', viewer, query),
	]);
	for (const u of users) {
		u.username = u.handle;
		u.tier = u.harmony_tier;
	}
	return {
		query,
		users,
		tags: hashtags.slice(0, TAGS_SHORT).map((h) => ({ tag: h.name, count: h.use_count })),
		hashtags,
		posts: posts.map(card),
	};
}

function schema(reply, querystring) {
	return { schema: { querystring, response: { 200: reply } } };
}

export function routes(api) {
	api.get('/profiles/:id', schema(schemas.profileCard), getProfile);
	api.get('/feed/personal', schema(schemas.postPage, schemas.pageQuery), getPersonal);
	api.get('/feed/sojorn', schema(schemas.postPage, schemas.pageQuery), getRanked);
	api.get('/beacons/nearby', schema(schemas.beaconList, schemas.placeQuery), getNearby);
	api.get('/search', schema(schemas.found, schemas.searchQuery), search);
}
