// The replies' shapes, from which Fastify compiles its serializers.
const text = { type: 'string' };
const maybe = { type: ['string', 'null'] };
const int = { type: 'integer' };
const maybeInt = { type: ['integer', 'null'] };
const number = { type: 'number' };
const maybeNumber = { type: ['number', 'null'] };
const bool = { type: 'boolean' };
const texts = { type: 'array', items: text };

const object = (properties) => ({ type: 'object', properties });
const list = (items) => ({ type: 'array', items });
const all = (shape, names) => Object.fromEntries(names.split(' ').map((name) => [name, shape]));

const author = object(all(text, 'id handle display_name avatar_url trust_tier'));

export const post = object({
	...all(text, 'id author_id body created_at status visibility'),
	...all(maybe, `category_id tone_label image_url video_url thumbnail_url first_frame_url body_format
		background_id overlay_json audio_overlay_url chain_parent_id nsfw_reason expires_at edited_at pinned_at
		link_preview_url link_preview_title link_preview_description link_preview_image_url
		link_preview_site_name`.replace(/\s+/g, ' ')),
	cis_score: maybeNumber,
	duration_ms: maybeInt,
	tags: texts,
	...all(bool, 'allow_chain is_nsfw is_edited is_liked is_saved'),
	...all(int, 'like_count comment_count save_count view_count'),
	reactions: { type: 'object', additionalProperties: int },
	my_reactions: texts,
	author,
});

export const postPage = object({ posts: list(post), next_cursor: maybe });

const profile = object({
	...all(text, 'id handle display_name role trust_tier created_at updated_at'),
	...all(maybe, 'avatar_url cover_url bio location website status_text status_updated_at'),
	interests: texts,
	...all(bool, 'is_official is_verified is_private has_completed_onboarding beacon_enabled'),
	...all(int, 'birth_month birth_year follower_count following_count'),
	origin_country: text,
	metadata_fields: list({ type: 'object', additionalProperties: true }),
});

export const profileCard = object({
	profile,
	stats: object(all(int, 'post_count posts follower_count followers following_count following')),
	...all(bool, 'is_following is_followed_by is_friend is_private'),
	follow_status: text,
});

const beacon = object({
	...all(text, 'id body created_at beacon_type severity incident_status status_color author_handle author_display_name'),
	...all(maybe, 'expires_at my_vote image_url video_url official_source'),
	...all(bool, 'is_beacon is_priority is_active_beacon is_official'),
	...all(number, 'beacon_lat latitude beacon_long longitude confidence_score distance_meters'),
	...all(int, 'radius vouch_count verification_count report_count'),
	tags: texts,
});

export const beaconList = object({ beacons: list(beacon) });

const user = object({ ...all(text, 'id handle username display_name harmony_tier tier'), avatar_url: maybe });

const hashtag = object({
	...all(text, 'id name display_name created_at'),
	...all(bool, 'is_trending is_featured'),
	use_count: int,
	trending_score: number,
	category: maybe,
});

export const found = object({
	query: text,
	users: list(user),
	tags: list(object({ tag: text, count: int })),
	hashtags: list(hashtag),
	posts: list(post),
});

export const placeQuery = {
	type: 'object',
	required: ['lat', 'long'],
	properties: {
		lat: { type: 'number', minimum: -90, maximum: 90 },
		long: { type: 'number', minimum: -180, maximum: 180 },
		radius: { type: 'number', minimum: 0, default: 16000 },
		limit: { type: 'integer', default: 200 },
	},
};

export const searchQuery = {
	type: 'object',
	required: ['q'],
	properties: { q: { type: 'string', minLength: 1, maxLength: 100 } },
};

export const pageQuery = {
	type: 'object',
	properties: { limit: int, offset: int, cursor: text },
};
