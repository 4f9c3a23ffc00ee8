package server

import (
	"context"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

// Way is a route as tests see it.
type Way struct{ Pattern, Rule string }

// Ways lists every way in.
func (s *Server) Ways() (ways []Way) {
	for _, r := range s.routes() {
		ways = append(ways, Way{r.pattern, string(r.rule)})
	}
	return ways
}

// SetDepositLimit sets how many bytes a person may hand in.
func SetDepositLimit(s *Server, bytes int64) { s.core.DepositBytesMax = bytes }

// HandOver looks for asks that are due, as a server does every minute.
func HandOver(ctx context.Context, s *Server) error { return s.handOverAll(ctx) }

// Stored is how many bytes the chunks of a project take.
func Stored(ctx context.Context, s *Server, project studio.ProjectID) (bytes int64, err error) {
	err = s.projects.Read(ctx, project, func(snap serverdb.Snapshot) error {
		bytes = snap.Head().Stored
		return snap.Err()
	})
	return bytes, err
}
