package main

import (
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5/pgtype"
)

const cursorBytes = 32

// Where a page begins: behind a key and an id, or at the top.
type page struct {
	limit, offset int
	after         bool
	key           int64
	id            pgtype.UUID
}

var (
	lastID = pgtype.UUID{Bytes: [16]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}, Valid: true}
	top    = pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}
)

func readPage(c *gin.Context, usual, most int) (page, bool) {
	p := page{limit: usual, id: lastID}
	if n, err := strconv.Atoi(c.Query("limit")); err == nil && n > 0 {
		p.limit = min(n, most)
	}
	if n, err := strconv.Atoi(c.Query("offset")); err == nil && n > 0 {
		p.offset = n
	}
	text := c.Query("cursor")
	if text == "" {
		return p, true
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) != cursorBytes || b[0] != 1 {
		fail(c, http.StatusBadRequest, "invalid", "cursor is none that this server gave out")
		return p, false
	}
	p.after, p.offset = true, 0
	p.key = int64(binary.BigEndian.Uint64(b[5:]))
	copy(p.id.Bytes[:], b[13:29])
	return p, true
}

func (p page) time() pgtype.Timestamptz {
	if !p.after {
		return top
	}
	return pgtype.Timestamptz{Time: time.UnixMicro(p.key), Valid: true}
}

func cursor(key int64, id pgtype.UUID) *string {
	var b [cursorBytes]byte
	b[0] = 1
	binary.BigEndian.PutUint64(b[5:], uint64(key))
	copy(b[13:], id.Bytes[:])
	text := base64.RawURLEncoding.EncodeToString(b[:])
	return &text
}
