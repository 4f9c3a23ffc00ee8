package app

import (
	"context"
	"sync"

	"framehold/internal/projectdb"
	"framehold/internal/session"
)

const uncomparedMax = 4096 // entities by name; where more wait, all are compared

// uncompared is what was committed since the files were last compared, as one change. It keeps nobody waiting: a look at the
// folder may take minutes, and commits itself. Safe for concurrent use.
type uncompared struct {
	mu     sync.Mutex
	change projectdb.ChangeSet
	some   chan struct{}
}

func newUncompared() *uncompared { return &uncompared{some: make(chan struct{}, 1)} }

func (u *uncompared) add(c projectdb.ChangeSet) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.change.Entities = append(u.change.Entities, c.Entities...)
	if c.Everything || len(u.change.Entities) > uncomparedMax {
		u.change.Everything = true
	}
	if u.change.Everything {
		u.change.Entities = nil
	}
	select {
	case u.some <- struct{}{}:
	default:
	}
}

func (u *uncompared) take() projectdb.ChangeSet {
	u.mu.Lock()
	defer u.mu.Unlock()
	c := u.change
	u.change = projectdb.ChangeSet{}
	return c
}

// overtaken looks at the working folder when commits leave its files behind: once for all that have come meanwhile.
func (c *core) overtaken(ctx context.Context, s *session.Session, committed *uncompared) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-committed.some:
		}
		old, err := s.Overtaken(ctx, committed.take())
		c.note("compare files", err)
		if !old {
			continue
		}
		moved, err := s.Rescan(ctx)
		c.note("look at files", err)
		if moved {
			c.emit(EventFilesChanged)
		}
	}
}
