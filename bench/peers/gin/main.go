// A peer to measure sojorn against: the same replies from the same statements, as one would write them
// with Gin and pgx. Settings: DATABASE_URL, PORT, JWT_SECRET, STATEMENTS (a file of bench/statements.mjs),
// POOL (connections), GOMAXPROCS.
package main

import (
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5/pgxpool"
)

type server struct {
	db         *pgxpool.Pool
	statements map[string]string
	secret     []byte
	accounts   *accounts
}

func readStatements(path string) map[string]string {
	text, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	statements := map[string]string{}
	if err := json.Unmarshal(text, &statements); err != nil {
		log.Fatal(err)
	}
	return statements
}

// The text of a statement; asking for one that is not there is a mistake of the program's.
func (s *server) sql(name string) string {
	text, ok := s.statements[name]
	if !ok {
		log.Fatalf("no statement is called %s", name)
	}
	return text
}

func openPool(url string) *pgxpool.Pool {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		log.Fatal(err)
	}
	if n, err := strconv.Atoi(os.Getenv("POOL")); err == nil {
		config.MaxConns = int32(n)
	}
	config.MinConns = config.MaxConns
	config.ConnConfig.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
	config.ConnConfig.RuntimeParams["jit"] = "off"
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		log.Fatal(err)
	}
	return pool
}

func fail(c *gin.Context, status int, code, message string) {
	c.AbortWithStatusJSON(status, gin.H{"error": message, "code": code})
}

func failed(c *gin.Context, err error) {
	log.Print(err)
	fail(c, http.StatusInternalServerError, "internal", "internal error")
}

func main() {
	s := &server{
		db:         openPool(os.Getenv("DATABASE_URL")),
		statements: readStatements(os.Getenv("STATEMENTS")),
		secret:     []byte(os.Getenv("JWT_SECRET")),
		accounts:   newAccounts(),
	}
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.Use(gin.Recovery())
	r.GET("/health/live", func(c *gin.Context) { c.String(http.StatusOK, "live") })
	api := r.Group("/api/v1", s.authenticate)
	api.GET("/profiles/:id", s.getProfile)
	api.GET("/feed/personal", s.getPersonal)
	api.GET("/feed/sojorn", s.getRanked)
	api.GET("/beacons/nearby", s.getNearby)
	api.GET("/search", s.search)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), r))
}
