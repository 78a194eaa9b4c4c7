package main

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
)

const (
	radiusUsual = 16000
	radiusMost  = 50000
	nearbyUsual = 200
	nearbyMost  = 500
)

// Some members have an older name, too.
type beacon struct {
	ID                pgtype.UUID `json:"id"`
	Body              string      `json:"body"`
	CreatedAt         time.Time   `json:"created_at"`
	ExpiresAt         *time.Time  `json:"expires_at"`
	IsBeacon          bool        `json:"is_beacon"`
	BeaconType        string      `json:"beacon_type"`
	Severity          string      `json:"severity"`
	IncidentStatus    string      `json:"incident_status"`
	BeaconLat         float64     `json:"beacon_lat"`
	Latitude          float64     `json:"latitude"`
	BeaconLong        float64     `json:"beacon_long"`
	Longitude         float64     `json:"longitude"`
	Radius            int32       `json:"radius"`
	ConfidenceScore   float64     `json:"confidence_score"`
	StatusColor       string      `json:"status_color"`
	IsPriority        bool        `json:"is_priority"`
	IsActiveBeacon    bool        `json:"is_active_beacon"`
	VouchCount        int32       `json:"vouch_count"`
	VerificationCount int32       `json:"verification_count"`
	ReportCount       int32       `json:"report_count"`
	MyVote            *string     `json:"my_vote"`
	ImageURL          *string     `json:"image_url"`
	VideoURL          *string     `json:"video_url"`
	Tags              []string    `json:"tags"`
	IsOfficial        bool        `json:"is_official"`
	OfficialSource    *string     `json:"official_source"`
	DistanceMeters    float64     `json:"distance_meters"`
	AuthorHandle      string      `json:"author_handle"`
	AuthorDisplayName string      `json:"author_display_name"`
}

func scanBeacon(row pgx.CollectableRow) (beacon, error) {
	var b beacon
	err := row.Scan(&b.ID, &b.IsBeacon, &b.AuthorHandle, &b.AuthorDisplayName, &b.Body, &b.CreatedAt, &b.ExpiresAt,
		&b.BeaconType, &b.Severity, &b.IncidentStatus, &b.BeaconLat, &b.BeaconLong, &b.Radius, &b.ConfidenceScore,
		&b.StatusColor, &b.IsPriority, &b.IsActiveBeacon, &b.VouchCount, &b.ReportCount, &b.MyVote, &b.ImageURL,
		&b.VideoURL, &b.Tags, &b.IsOfficial, &b.OfficialSource, &b.DistanceMeters)
	b.Latitude, b.Longitude, b.VerificationCount = b.BeaconLat, b.BeaconLong, b.VouchCount
	return b, err
}

type place struct {
	Lat    *float64 `form:"lat" binding:"required,min=-90,max=90"`
	Long   *float64 `form:"long" binding:"required,min=-180,max=180"`
	Radius float64  `form:"radius" binding:"min=0"`
	Limit  int      `form:"limit"`
}

func (s *server) getNearby(c *gin.Context) {
	q := place{Radius: radiusUsual, Limit: nearbyUsual}
	if err := c.ShouldBindQuery(&q); err != nil {
		fail(c, http.StatusBadRequest, "invalid", err.Error())
		return
	}
	rows, err := s.db.Query(c, s.sql("beacons_nearby"), c.GetString("user"), *q.Lat, *q.Long, min(q.Radius, radiusMost),
		min(q.Limit, nearbyMost), false)
	beacons, err := collect(rows, err, scanBeacon)
	if err != nil {
		failed(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"beacons": beacons})
}
