package main

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

const (
	pageUsual = 20
	pageMost  = 50
)

func (s *server) getPersonal(c *gin.Context) {
	p, ok := readPage(c, pageUsual, pageMost)
	if !ok {
		return
	}
	rows, err := s.db.Query(c, s.sql("feed_personal"), c.GetString("user"), p.limit, p.offset, p.time(), p.id, nil, false)
	posts, err := collect(rows, err, scanPost)
	if err != nil {
		failed(c, err)
		return
	}
	out := postPage{Posts: posts}
	if n := len(posts); n == p.limit {
		out.NextCursor = cursor(posts[n-1].CreatedAt.UnixMicro(), posts[n-1].ID)
	}
	c.JSON(http.StatusOK, out)
}

// A page of an order that is there already; making one, or going on with one, is no part of the comparison.
func (s *server) getRanked(c *gin.Context) {
	p, ok := readPage(c, pageUsual, pageMost)
	if !ok {
		return
	}
	var session pgtype.UUID
	var ids []pgtype.UUID
	var length, at int
	err := s.db.QueryRow(c, s.sql("feed_session_get"), c.GetString("user"), p.id, nil, p.key, p.limit).
		Scan(&session, &length, &at, &ids)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && len(ids) < p.limit {
		fail(c, http.StatusNotFound, "not_found", "the order has ended")
		return
	}
	var posts []post
	if err == nil {
		posts, err = s.readOrder(c, session, ids, at)
	}
	if err != nil {
		failed(c, err)
		return
	}
	c.JSON(http.StatusOK, postPage{Posts: posts, NextCursor: cursor(int64(at), session)})
}

func (s *server) readOrder(c *gin.Context, session pgtype.UUID, ids []pgtype.UUID, shown int) ([]post, error) {
	batch := &pgx.Batch{}
	batch.Queue(s.sql("feed_session_shown"), session, shown, []pgtype.UUID{})
	batch.Queue(s.sql("feed_cards"), c.GetString("user"), ids)
	results := s.db.SendBatch(c, batch)
	defer results.Close()
	if _, err := results.Exec(); err != nil {
		return nil, err
	}
	rows, err := results.Query()
	return collect(rows, err, scanPost)
}
