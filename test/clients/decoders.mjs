// What the app makes of our replies. Its decoders throw where a member is missing, null or of another type; a screen
// then stays empty. These here are written from the API contract and throw at the same places, and also where a member
// that is always sent does not come.
//
// An object is a line of `name:type`, as in the contract: "!" the app throws without it, "?" may be null or absent,
// neither: the app copes, but it is promised. Types: uuid str ts int num bool obj, another object's name, [T] a list,
// {T} a map, T|T either, "text" a literal.
import assert from 'node:assert/strict';

export const objects = {
	User: 'id:uuid! email:str! created_at:ts! updated_at:ts! status:str mfa_enabled:bool last_login:ts? ' +
		'email_newsletter:bool email_contact:bool',
	// birth_month and birth_year go to the owner only, role is needed there only.
	Profile: 'id:uuid! handle:str! display_name:str! bio:str? avatar_url:str? cover_url:str? location:str? website:str? ' +
		'origin_country:str? is_official:bool? is_private:bool? is_verified:bool? interests:[str]? identity_key:str? ' +
		'registration_id:int? has_completed_onboarding:bool? role:str? birth_month:int? birth_year:int? status_text:str? ' +
		'status_updated_at:ts? metadata_fields:[Metadata]? created_at:ts? updated_at:ts? trust_state:TrustState? ' +
		'trust_tier:str? follower_count:int? following_count:int? beacon_enabled:bool? strikes:int?',
	OwnProfile: 'id:uuid! handle:str! display_name:str! has_completed_onboarding:bool! role:str! created_at:ts',
	Metadata: 'key:str value:str verified:bool',
	Author: 'id:uuid! handle:str! display_name:str! avatar_url:str trust_tier:str?',
	TrustState: 'user_id:uuid harmony_score:int tier:str posts_today:int last_post_at:ts? last_harmony_calc_at:ts? ' +
		'updated_at:ts',
	Post: 'id:uuid! body:str! created_at:ts! author_id:uuid author:Author! category_id:uuid? status:str tone_label:str? ' +
		'cis_score:num? image_url:str? video_url:str? thumbnail_url:str? duration_ms:int? body_format:str? ' +
		'background_id:str? tags:[str] allow_chain:bool chain_parent_id:uuid? chain_parent:Parent? visibility:str ' +
		'is_nsfw:bool nsfw_reason:str? expires_at:ts? edited_at:ts? is_edited:bool? pinned_at:ts? like_count:int ' +
		'comment_count:int save_count:int? view_count:int? is_liked:bool is_saved:bool reactions:{int} my_reactions:[str] ' +
		'reaction_users:{[str]}? overlay_json:str? audio_overlay_url:str? first_frame_url:str? link_preview_url:str? ' +
		'link_preview_title:str? link_preview_description:str? link_preview_image_url:str? link_preview_site_name:str?',
	Parent: 'id:uuid! body:str? created_at:ts! author:Author? reactions:{int}? my_reactions:[str]?',
	// The app parses it as a post and then keeps it only with is_beacon and a type.
	Beacon: 'id:uuid! body:str! created_at:ts! is_beacon:"true"! beacon_type:str! beacon_lat:num! beacon_long:num! ' +
		'severity:str incident_status:str confidence_score:num is_active_beacon:bool is_priority:bool status_color:str ' +
		'radius:int distance_meters:num? vouch_count:int report_count:int verification_count:int ' +
		'my_vote:"vouch"|"report"? image_url:str? video_url:str? tags:[str] is_official:bool official_source:str? ' +
		'expires_at:ts? author_handle:"Anonymous" author_display_name:"Anonymous"',
	Comment: 'id:uuid post_id:uuid author_id:uuid body:str status:str created_at:ts',
	// The tier is public, the score is its owner's; the app copes without it.
	Follower: 'id:uuid! handle:str! display_name:str avatar_url:str? harmony_score:int? tier:str ' +
		'harmony_tier:str followed_at:ts',
	Requester: 'follower_id:uuid! handle:str! display_name:str! avatar_url:str? requested_at:ts?',
	Hashtag: 'id:uuid name:str display_name:str use_count:int is_trending:bool trending_score:num is_featured:bool ' +
		'category:str? created_at:ts recent_count:int? is_following:bool?',
	Notification: 'id:str! type:str! created_at:ts! user_id:uuid actor_id:uuid? actor_handle:str? actor_display_name:str? ' +
		'actor_avatar_url:str? post_id:uuid? comment_id:uuid? is_read:bool archived_at:ts? metadata:obj priority:str ' +
		'group_key:str? post_image_url:str? post_body:str? group_count:int? other_count:int',
	Activity: 'activity_type:str entity_id:str created_at:ts body:str? image_url:str? target_name:str? target_handle:str? ' +
		'target_avatar_url:str? group_name:str? group_id:str? emoji:str?',
	Report: 'id:str violation_type:str description:str? status:str created_at:ts target_handle:str?',
	Category: 'id:str! name:str! slug:str description:str emoji:str default_off:bool official_account_id:str? created_at:ts',
	Choice: 'category_id:str! enabled:bool!',
	FoundUser: 'id:str! handle:str! username:str display_name:str avatar_url:str? harmony_tier:str?',
	FoundTag: 'tag:str! count:int',
	Suggestion: 'id:uuid! handle:str display_name:str avatar_url:str? mutual_count:int username:str reason:str',
	Stats: 'post_count:int follower_count:int following_count:int',
	Session: 'access_token:str! token:str! refresh_token:str! user:User! profile:OwnProfile!',
	ProfileReply: 'profile:Profile! stats:Stats! is_following:bool is_followed_by:bool is_friend:bool follow_status:str ' +
		'is_private:bool?',
	Privacy: 'user_id:uuid profile_visibility:str posts_visibility:str saved_visibility:str follow_request_policy:str ' +
		'default_post_visibility:str is_private_profile:bool allow_chains:bool who_can_message:str who_can_comment:str ' +
		'show_activity_status:bool show_in_search:bool show_in_suggestions:bool',
	Settings: 'user_id:uuid! theme:str language:str notifications_enabled:bool email_notifications:bool ' +
		'push_notifications:bool content_filter_level:str auto_play_videos:bool data_saver_mode:bool default_post_ttl:int? ' +
		'nsfw_enabled:bool nsfw_blur_enabled:bool updated_at:ts',
	Search: 'users:[FoundUser] tags:[FoundTag] hashtags:[Hashtag] posts:[Post] query:str',
	Created: 'post:Post! tags:[str] tone_analysis:Tone!',
	Tone: 'tone:str cis:num',
	Focus: 'target_post:Post! parent_post:Post? children:[Post] parent_children:[Post]',
	Badge: 'notification_count:int message_count:int total_count:int',
	Mfa: 'secret:str! provisioning_uri:str! recovery_codes:[str]!',
	Challenge: 'algorithm:"SHA-256" challenge:str! salt:str! signature:str! maxnumber:int',
	Analysis: 'flagged:bool category:str? flags:[str] reason:str',
	Decision: 'allowed:bool action:"pass"|"nsfw"|"flag" reason:str engine:str',
	Failure: 'error:str! code:str request_id:str',
};

const TS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

// JSON keeps 1 and 1.0 apart for the app, which takes only the first for an int; JSON.parse does not.
class Fraction {
	constructor(value) {
		this.value = value;
	}
}
export function parse(text) {
	const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
		/^[-\d].*[.eE]/.test(token) ? `{"a fraction":${token}}` : token);
	return JSON.parse(marked, (key, value) =>
		value?.['a fraction'] === undefined ? value : new Fraction(value['a fraction']));
}

const isObject = (value) =>
	typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Fraction);
const plain = {
	uuid: (value) => typeof value === 'string' && UUID.test(value),
	str: (value) => typeof value === 'string',
	ts: (value) => typeof value === 'string' && TS.test(value) && !Number.isNaN(Date.parse(value)),
	int: (value) => Number.isSafeInteger(value),
	num: (value) => typeof value === 'number' || value instanceof Fraction,
	bool: (value) => typeof value === 'boolean',
	obj: isObject,
};

// Throws with the path of what the app could not read.
export function decode(type, value, path = type) {
	const refuse = () => assert.fail(`${path}: no ${type}: ${JSON.stringify(value)?.slice(0, 200)}`);
	if (type.includes('|')) {
		if (!type.split('|').some((one) => one === JSON.stringify(value))) refuse();
	} else if (type.startsWith('"')) {
		if (type.slice(1, -1) !== String(value)) refuse();
	} else if (type.startsWith('[')) {
		if (!Array.isArray(value)) refuse();
		value.forEach((item, at) => decode(type.slice(1, -1), item, `${path}[${at}]`));
	} else if (type.startsWith('{')) {
		if (!isObject(value)) refuse();
		for (const [key, item] of Object.entries(value)) decode(type.slice(1, -1), item, `${path}.${key}`);
	} else if (plain[type]) {
		if (!plain[type](value)) refuse();
	} else {
		if (!isObject(value)) refuse();
		members(objects[type] ?? assert.fail(`no type ${type}`), value, path);
	}
}

// Decodes the members of a line of `name:type`.
export function members(line, value, path) {
	for (const word of line.split(' ')) {
		const [, name, type, mark] = word.match(/^(\w+):(.*?)([!?]?)$/);
		if (value[name] === null || value[name] === undefined) {
			if (mark !== '?') assert.fail(`${path}.${name}: ${mark ? 'the app throws' : 'promised'}, but it is ${value[name]}`);
		} else {
			decode(type, value[name], `${path}.${name}`);
		}
	}
}
