package main

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/golang-jwt/jwt/v5"
	"github.com/jackc/pgx/v5"
)

const (
	keptFor      = 5 * time.Second
	accountsKept = 1 << 16
)

type claims struct {
	jwt.RegisteredClaims
	Session string `json:"session_id"`
	Role    string `json:"role"`
}

type account struct {
	at        time.Time
	status    string
	signedOut bool
}

// What is known of accounts, for five seconds each, by user and session.
type accounts struct {
	sync.RWMutex
	known map[string]account
}

func newAccounts() *accounts {
	return &accounts{known: map[string]account{}}
}

func (a *accounts) get(key string) (account, bool) {
	a.RLock()
	defer a.RUnlock()
	found, ok := a.known[key]
	return found, ok && time.Since(found.at) < keptFor
}

func (a *accounts) put(key string, value account) {
	a.Lock()
	defer a.Unlock()
	if len(a.known) >= accountsKept {
		clear(a.known)
	}
	a.known[key] = value
}

func (s *server) account(c *gin.Context, user, session string) (account, error) {
	if a, ok := s.accounts.get(user + session); ok {
		return a, nil
	}
	var role string
	var lapsed bool
	a := account{at: time.Now()}
	err := s.db.QueryRow(c, s.sql("account_get"), user, session).Scan(&a.status, &lapsed, &role, &a.signedOut)
	if err == nil {
		s.accounts.put(user+session, a)
	}
	return a, err
}

func (s *server) key(*jwt.Token) (any, error) {
	return s.secret, nil
}

func (s *server) authenticate(c *gin.Context) {
	text, ok := strings.CutPrefix(c.GetHeader("Authorization"), "Bearer ")
	if !ok {
		fail(c, http.StatusUnauthorized, "token_missing", "a valid access token is required")
		return
	}
	var token claims
	if _, err := jwt.ParseWithClaims(text, &token, s.key, jwt.WithValidMethods([]string{"HS256"})); err != nil {
		fail(c, http.StatusUnauthorized, "token_invalid", "the access token is not valid")
		return
	}
	a, err := s.account(c, token.Subject, token.Session)
	switch {
	case errors.Is(err, pgx.ErrNoRows), err == nil && a.signedOut:
		fail(c, http.StatusUnauthorized, "token_invalid", "the access token is not valid")
	case err != nil:
		failed(c, err)
	case a.status != "active":
		fail(c, http.StatusForbidden, "account_inactive", "this account is not active")
	default:
		c.Set("user", token.Subject)
	}
}
