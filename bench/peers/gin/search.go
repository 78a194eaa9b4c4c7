package main

import (
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

const (
	queryMost = 100
	tagsShort = 5
)

type foundUser struct {
	ID          pgtype.UUID `json:"id"`
	Handle      string      `json:"handle"`
	Username    string      `json:"username"`
	DisplayName string      `json:"display_name"`
	AvatarURL   *string     `json:"avatar_url"`
	HarmonyTier string      `json:"harmony_tier"`
	Tier        string      `json:"tier"`
}

type hashtag struct {
	ID            pgtype.UUID `json:"id"`
	Name          string      `json:"name"`
	DisplayName   string      `json:"display_name"`
	UseCount      int32       `json:"use_count"`
	IsTrending    bool        `json:"is_trending"`
	TrendingScore float64     `json:"trending_score"`
	IsFeatured    bool        `json:"is_featured"`
	Category      *string     `json:"category"`
	CreatedAt     time.Time   `json:"created_at"`
}

type tagCount struct {
	Tag   string `json:"tag"`
	Count int32  `json:"count"`
}

type found struct {
	Query    string      `json:"query"`
	Users    []foundUser `json:"users"`
	Tags     []tagCount  `json:"tags"`
	Hashtags []hashtag   `json:"hashtags"`
	Posts    []post      `json:"posts"`
}

func scanUser(row pgx.CollectableRow) (foundUser, error) {
	var u foundUser
	err := row.Scan(&u.ID, &u.Handle, &u.DisplayName, &u.AvatarURL, &u.HarmonyTier)
	u.Username, u.Tier = u.Handle, u.HarmonyTier
	return u, err
}

func scanHashtag(row pgx.CollectableRow) (hashtag, error) {
	var h hashtag
	err := row.Scan(&h.ID, &h.Name, &h.DisplayName, &h.UseCount, &h.IsTrending, &h.TrendingScore, &h.IsFeatured,
		&h.Category, &h.CreatedAt)
	return h, err
}

// All three in one round trip.
func (s *server) lookUp(c *gin.Context, q string, out *found) error {
	bare := strings.TrimLeft(q, "#@")
	user := c.GetString("user")
	batch := &pgx.Batch{}
	batch.Queue(s.sql("search_people"), user, bare)
	batch.Queue(s.sql("search_hashtags"), bare)
	batch.Queue(s.sql("search_posts"), user, q)
	results := s.db.SendBatch(c, batch)
	defer results.Close()

	rows, err := results.Query()
	if out.Users, err = collect(rows, err, scanUser); err != nil {
		return err
	}
	rows, err = results.Query()
	if out.Hashtags, err = collect(rows, err, scanHashtag); err != nil {
		return err
	}
	rows, err = results.Query()
	out.Posts, err = collect(rows, err, scanPost)
	return err
}

func (s *server) search(c *gin.Context) {
	out := found{Query: strings.TrimSpace(c.Query("q")), Tags: []tagCount{}}
	if out.Query == "" || len(out.Query) > queryMost {
		fail(c, http.StatusBadRequest, "invalid", "q must have 1 to 100 characters")
		return
	}
	if err := s.lookUp(c, out.Query, &out); err != nil {
		failed(c, err)
		return
	}
	for _, h := range out.Hashtags[:min(tagsShort, len(out.Hashtags))] {
		out.Tags = append(out.Tags, tagCount{h.Name, h.UseCount})
	}
	c.JSON(http.StatusOK, out)
}
