-- An account's own data, list by list, each newest first in pages: $2 and $3 are where the page before ended. Names
-- of people are those he could look up himself, and of whom he has blocked.

-- name: export_account     $1 me uuid
SELECT jsonb_build_object('id', u.id, 'email', u.email, 'status', u.status, 'created_at', u.created_at,
		'last_login', u.last_login, 'email_newsletter', u.email_newsletter, 'email_contact', u.email_contact) AS account,
       to_jsonb(s) - 'user_id' AS settings, to_jsonb(n) - 'user_id' AS notification_preferences
  FROM users u
  JOIN user_settings s ON s.user_id = u.id
  LEFT JOIN notification_preferences n ON n.user_id = u.id
 WHERE u.id = $1;

-- name: export_posts     $1 me uuid, $2 before time, $3 before_id uuid, $4 limit int
SELECT id, body, image_url, video_url, created_at, visibility, status, chain_parent_id, tags
  FROM posts
 WHERE author_id = $1 AND kind = 'post' AND deleted_at IS NULL AND (created_at, id) < ($2, $3)
 ORDER BY created_at DESC, id DESC
 LIMIT $4;

-- name: export_comments     $1 me uuid, $2 before time, $3 before_id uuid, $4 limit int
SELECT id, comment_on_id AS post_id, body, created_at
  FROM posts
 WHERE author_id = $1 AND kind = 'comment' AND deleted_at IS NULL AND (created_at, id) < ($2, $3)
 ORDER BY created_at DESC, id DESC
 LIMIT $4;

-- name: export_likes     $1 me uuid, $2 before time, $3 before_id uuid, $4 limit int
SELECT post_id AS id, created_at FROM post_likes
 WHERE user_id = $1 AND (created_at, post_id) < ($2, $3)
 ORDER BY created_at DESC, post_id DESC
 LIMIT $4;

-- name: export_saves     $1 me uuid, $2 before time, $3 before_id uuid, $4 limit int
SELECT post_id AS id, created_at FROM post_saves
 WHERE user_id = $1 AND (created_at, post_id) < ($2, $3)
 ORDER BY created_at DESC, post_id DESC
 LIMIT $4;

-- name: export_reactions     $1 me uuid, $2 before time, $3 before_id uuid, $4 limit int
SELECT post_id AS id, emoji, created_at FROM post_reactions
 WHERE user_id = $1 AND (created_at, post_id) < ($2, $3)
 ORDER BY created_at DESC, post_id DESC
 LIMIT $4;

-- name: export_following     $1 me uuid, $2 before time, $3 before_id uuid, $4 limit int
SELECT a.id, a.handle, a.display_name, f.created_at AS followed_at
  FROM follows f JOIN visible_profiles($1) a ON a.id = f.following_id
 WHERE f.follower_id = $1 AND f.status = 'accepted' AND (f.created_at, f.following_id) < ($2, $3)
 ORDER BY f.created_at DESC, f.following_id DESC
 LIMIT $4;

-- name: export_followers     $1 me uuid, $2 before time, $3 before_id uuid, $4 limit int
SELECT a.id, a.handle, a.display_name, f.created_at AS followed_at
  FROM follows f JOIN visible_profiles($1) a ON a.id = f.follower_id
 WHERE f.following_id = $1 AND f.status = 'accepted' AND (f.created_at, f.follower_id) < ($2, $3)
 ORDER BY f.created_at DESC, f.follower_id DESC
 LIMIT $4;

-- name: export_blocked     $1 me uuid, $2 before time, $3 before_id uuid, $4 limit int
SELECT a.id, a.handle, b.created_at AS blocked_at
  FROM blocks b JOIN profiles a ON a.id = b.blocked_id
 WHERE b.blocker_id = $1 AND (b.created_at, b.blocked_id) < ($2, $3)
 ORDER BY b.created_at DESC, b.blocked_id DESC
 LIMIT $4;

-- What has an address for him now: T-BLK-9 and T-MSG-1 hold here, too.
-- name: export_conversations     $1 me uuid, $2 before time, $3 before_id uuid, $4 limit int
SELECT c.id, a.id AS with_id, a.handle AS with_handle, c.created_at, c.last_message_at
  FROM my_conversations($1) mine
  JOIN encrypted_conversations c ON c.id = mine.id
  JOIN profiles a ON a.id = mine.peer
 WHERE (c.created_at, c.id) < ($2, $3)
 ORDER BY c.created_at DESC, c.id DESC
 LIMIT $4;

-- Of a conversation that the statement above gave.
-- name: export_messages     $1 conversation uuid, $2 before time, $3 before_id uuid, $4 limit int
SELECT id, sender_id, ciphertext, iv, message_header, key_version, message_type, reply_to_id, created_at, delivered_at,
       read_at, expires_at
  FROM secure_messages
 WHERE conversation_id = $1 AND (created_at, id) < ($2, $3) AND (expires_at IS NULL OR expires_at > now())
 ORDER BY created_at DESC, id DESC
 LIMIT $4;
