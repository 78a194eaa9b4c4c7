package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

type profile struct {
	ID                     pgtype.UUID     `json:"id"`
	Handle                 string          `json:"handle"`
	DisplayName            string          `json:"display_name"`
	AvatarURL              *string         `json:"avatar_url"`
	CoverURL               *string         `json:"cover_url"`
	Bio                    *string         `json:"bio"`
	Location               *string         `json:"location"`
	Website                *string         `json:"website"`
	Interests              []string        `json:"interests"`
	IsOfficial             bool            `json:"is_official"`
	IsVerified             bool            `json:"is_verified"`
	IsPrivate              bool            `json:"is_private"`
	Role                   string          `json:"role"`
	HasCompletedOnboarding bool            `json:"has_completed_onboarding"`
	BeaconEnabled          bool            `json:"beacon_enabled"`
	BirthMonth             *int32          `json:"birth_month,omitempty"`
	BirthYear              *int32          `json:"birth_year,omitempty"`
	OriginCountry          *string         `json:"origin_country,omitempty"`
	StatusText             *string         `json:"status_text"`
	StatusUpdatedAt        *time.Time      `json:"status_updated_at"`
	MetadataFields         json.RawMessage `json:"metadata_fields"`
	TrustTier              string          `json:"trust_tier"`
	FollowerCount          int32           `json:"follower_count"`
	FollowingCount         int32           `json:"following_count"`
	CreatedAt              time.Time       `json:"created_at"`
	UpdatedAt              time.Time       `json:"updated_at"`
}

// Older clients read the shorter names.
type stats struct {
	PostCount      int32 `json:"post_count"`
	Posts          int32 `json:"posts"`
	FollowerCount  int32 `json:"follower_count"`
	Followers      int32 `json:"followers"`
	FollowingCount int32 `json:"following_count"`
	Following      int32 `json:"following"`
}

type profileCard struct {
	Profile      profile `json:"profile"`
	Stats        stats   `json:"stats"`
	IsFollowing  bool    `json:"is_following"`
	IsFollowedBy bool    `json:"is_followed_by"`
	IsFriend     bool    `json:"is_friend"`
	FollowStatus string  `json:"follow_status"`
	IsPrivate    bool    `json:"is_private"`
}

func (s *server) readProfile(c *gin.Context, id string) (*profileCard, error) {
	var card profileCard
	p, n := &card.Profile, &card.Stats
	err := s.db.QueryRow(c, s.sql("profile_get"), id, c.GetString("user")).Scan(
		&p.ID, &p.Handle, &p.DisplayName, &p.AvatarURL, &p.CoverURL, &p.Bio, &p.Location, &p.Website,
		&p.Interests, &p.IsOfficial, &p.IsVerified, &p.IsPrivate, &p.Role, &p.HasCompletedOnboarding,
		&p.BeaconEnabled, &p.BirthMonth, &p.BirthYear, &p.OriginCountry, &p.StatusText, &p.StatusUpdatedAt,
		&p.MetadataFields, &p.TrustTier, &p.FollowerCount, &p.FollowingCount, &p.CreatedAt, &p.UpdatedAt,
		&n.PostCount, &n.FollowerCount, &n.FollowingCount,
		&card.IsFollowing, &card.IsFollowedBy, &card.IsFriend, &card.FollowStatus, &card.IsPrivate)
	n.Posts, n.Followers, n.Following = n.PostCount, n.FollowerCount, n.FollowingCount
	return &card, err
}

func (s *server) getProfile(c *gin.Context) {
	id := c.Param("id")
	if uuid.Validate(id) != nil {
		fail(c, http.StatusBadRequest, "invalid", "id is no id")
		return
	}
	card, err := s.readProfile(c, id)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		fail(c, http.StatusNotFound, "not_found", "profile not found")
	case err != nil:
		failed(c, err)
	default:
		c.JSON(http.StatusOK, card)
	}
}
