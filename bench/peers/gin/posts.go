package main

import (
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

type author struct {
	ID          pgtype.UUID `json:"id"`
	Handle      string      `json:"handle"`
	DisplayName string      `json:"display_name"`
	AvatarURL   string      `json:"avatar_url"`
	TrustTier   string      `json:"trust_tier"`
}

type post struct {
	ID                     pgtype.UUID     `json:"id"`
	AuthorID               pgtype.UUID     `json:"author_id"`
	Body                   string          `json:"body"`
	CreatedAt              time.Time       `json:"created_at"`
	Status                 string          `json:"status"`
	CategoryID             pgtype.UUID     `json:"category_id"`
	ToneLabel              *string         `json:"tone_label"`
	CisScore               *float64        `json:"cis_score"`
	ImageURL               *string         `json:"image_url"`
	VideoURL               *string         `json:"video_url"`
	ThumbnailURL           *string         `json:"thumbnail_url"`
	FirstFrameURL          *string         `json:"first_frame_url"`
	DurationMs             *int32          `json:"duration_ms"`
	BodyFormat             *string         `json:"body_format"`
	BackgroundID           *string         `json:"background_id"`
	OverlayJSON            *string         `json:"overlay_json"`
	AudioOverlayURL        *string         `json:"audio_overlay_url"`
	Tags                   []string        `json:"tags"`
	AllowChain             bool            `json:"allow_chain"`
	ChainParentID          pgtype.UUID     `json:"chain_parent_id"`
	Visibility             string          `json:"visibility"`
	IsNsfw                 bool            `json:"is_nsfw"`
	NsfwReason             *string         `json:"nsfw_reason"`
	ExpiresAt              *time.Time      `json:"expires_at"`
	EditedAt               *time.Time      `json:"edited_at"`
	IsEdited               bool            `json:"is_edited"`
	PinnedAt               *time.Time      `json:"pinned_at"`
	LinkPreviewURL         *string         `json:"link_preview_url"`
	LinkPreviewTitle       *string         `json:"link_preview_title"`
	LinkPreviewDescription *string         `json:"link_preview_description"`
	LinkPreviewImageURL    *string         `json:"link_preview_image_url"`
	LinkPreviewSiteName    *string         `json:"link_preview_site_name"`
	LikeCount              int32           `json:"like_count"`
	CommentCount           int32           `json:"comment_count"`
	SaveCount              int32           `json:"save_count"`
	ViewCount              int32           `json:"view_count"`
	Reactions              json.RawMessage `json:"reactions"`
	IsLiked                bool            `json:"is_liked"`
	IsSaved                bool            `json:"is_saved"`
	MyReactions            []string        `json:"my_reactions"`
	Author                 author          `json:"author"`
}

type postPage struct {
	Posts      []post  `json:"posts"`
	NextCursor *string `json:"next_cursor"`
}

// The columns of post_cards, in order.
func scanPost(row pgx.CollectableRow) (post, error) {
	var p post
	err := row.Scan(&p.ID, &p.AuthorID, &p.Body, &p.CreatedAt, &p.Status, &p.CategoryID, &p.ToneLabel, &p.CisScore,
		&p.ImageURL, &p.VideoURL, &p.ThumbnailURL, &p.FirstFrameURL, &p.DurationMs, &p.BodyFormat,
		&p.BackgroundID, &p.OverlayJSON, &p.AudioOverlayURL, &p.Tags, &p.AllowChain, &p.ChainParentID,
		&p.Visibility, &p.IsNsfw, &p.NsfwReason, &p.ExpiresAt, &p.EditedAt, &p.IsEdited, &p.PinnedAt,
		&p.LinkPreviewURL, &p.LinkPreviewTitle, &p.LinkPreviewDescription, &p.LinkPreviewImageURL,
		&p.LinkPreviewSiteName, &p.LikeCount, &p.CommentCount, &p.SaveCount, &p.ViewCount, &p.Reactions,
		&p.IsLiked, &p.IsSaved, &p.MyReactions,
		&p.Author.ID, &p.Author.Handle, &p.Author.DisplayName, &p.Author.AvatarURL, &p.Author.TrustTier)
	if p.DurationMs != nil && *p.DurationMs == 0 {
		p.DurationMs = nil
	}
	return p, err
}

// A list in a reply is never null.
func collect[T any](rows pgx.Rows, err error, scan pgx.RowToFunc[T]) ([]T, error) {
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, scan)
	if list == nil {
		list = []T{}
	}
	return list, err
}
