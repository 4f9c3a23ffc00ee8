package server

import "context"

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
