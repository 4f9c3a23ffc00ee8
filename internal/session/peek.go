package session

import (
	"context"
	"errors"

	"framehold/internal/projectdb"
	"framehold/internal/studio"
)

// Peek is what a list of projects shows of one that is not open.
type Peek struct {
	Tasks, Mine int      // Mine: those that the person holds and are not done
	Bar         []AtStat // in the project's order; statuses without a task are left out
	Picture     []byte   // WebP, of the newest version that has one; nil: none has
	Hash        studio.Hash
}

// AtStat is how many tasks stand at a status.
type AtStat struct {
	Status studio.Status
	Count  int
}

// PeekOf tells of a known project without opening it for work. px is the longer side of the picture.
func PeekOf(ctx context.Context, env Env, root string, px int) (p Peek, err error) {
	s, err := Open(ctx, env, root)
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) (err error) {
		if p.Tasks, p.Mine, err = snap.CountTasks(s.me); err != nil {
			return err
		}
		at, err := snap.TasksAt()
		if err != nil {
			return err
		}
		for _, st := range snap.Statuses() {
			if n := at[st.ID]; n > 0 {
				p.Bar = append(p.Bar, AtStat{st, n})
			}
		}
		p.Hash, err = snap.NewestPicture()
		return err
	})
	if err != nil || p.Hash.IsZero() {
		return p, err
	}
	picture, ok, err := s.Preview(ctx, p.Hash, px)
	if err != nil || !ok {
		return p, nil // a list without this picture is still a list
	}
	p.Picture = picture
	return p, nil
}
