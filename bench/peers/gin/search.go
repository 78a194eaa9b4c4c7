package main

import (
	"math"
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
	common    = 5000 // posts with a word from which the newest posts are read instead of all hits
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

type word struct {
	word  string
	posts int32
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

func scanWord(row pgx.CollectableRow) (word, error) {
	var w word
	err := row.Scan(&w.word, &w.posts)
	return w, err
}

var likeEscaper = strings.NewReplacer(`%`, `\%`, `_`, `\_`, `\`, `\\`)

// People, hashtags and the query's words, in one round trip.
func (s *server) lookUp(c *gin.Context, q string, out *found) ([]word, error) {
	bare := strings.TrimLeft(q, "#@")
	like := likeEscaper.Replace(bare)
	batch := &pgx.Batch{}
	batch.Queue(s.sql("search_people"), c.GetString("user"), bare, like)
	batch.Queue(s.sql("search_hashtags"), strings.ToLower(like))
	batch.Queue(s.sql("search_words"), q)
	results := s.db.SendBatch(c, batch)
	defer results.Close()

	rows, err := results.Query()
	if out.Users, err = collect(rows, err, scanUser); err != nil {
		return nil, err
	}
	rows, err = results.Query()
	if out.Hashtags, err = collect(rows, err, scanHashtag); err != nil {
		return nil, err
	}
	rows, err = results.Query()
	return collect(rows, err, scanWord)
}

func (s *server) findPosts(c *gin.Context, words []word) ([]post, error) {
	if len(words) == 0 {
		return []post{}, nil
	}
	texts := make([]string, len(words))
	rarest := int32(math.MaxInt32)
	for i, w := range words {
		texts[i] = w.word
		rarest = min(rarest, w.posts)
	}
	name := "search_posts_rare"
	if rarest >= common {
		name = "search_posts_common"
	}
	rows, err := s.db.Query(c, s.sql(name), c.GetString("user"), texts)
	return collect(rows, err, scanPost)
}

func (s *server) search(c *gin.Context) {
	out := found{Query: strings.TrimSpace(c.Query("q")), Tags: []tagCount{}}
	if out.Query == "" || len(out.Query) > queryMost {
		fail(c, http.StatusBadRequest, "invalid", "q must have 1 to 100 characters")
		return
	}
	words, err := s.lookUp(c, out.Query, &out)
	if err == nil {
		out.Posts, err = s.findPosts(c, words)
	}
	if err != nil {
		failed(c, err)
		return
	}
	for _, h := range out.Hashtags[:min(tagsShort, len(out.Hashtags))] {
		out.Tags = append(out.Tags, tagCount{h.Name, h.UseCount})
	}
	c.JSON(http.StatusOK, out)
}
