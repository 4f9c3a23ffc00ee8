package server

import (
	"context"
	"errors"
	"time"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

const dueEvery = time.Minute // asks that were not answered are looked for

// HandOver gives tasks on whose holder was asked for and did not answer by the deadline, where the project lets that happen by
// itself (row D15): each by an act in the asker's name whose cause is the ask. It returns how many went.
func (c *Core) HandOver(tx serverdb.Tx, nowMs int64, newID func() studio.ID) (given int, err error) {
	for _, ask := range tx.Asks() {
		head := tx.Head()
		now := max(head.ServerMs, nowMs)
		op, as, due := studio.DueHandover(tx, ask, now)
		if !due {
			continue
		}
		op.ID = studio.OpID{ID: newID()}
		at := studio.Moment{Actor: as, ReceivedMs: now, System: true, Cause: askedBy(tx, ask)}
		decided, err := decide(tx, []studio.Op{op}, func(studio.Op) studio.Moment { return at })
		if err != nil {
			return given, errors.Join(err, tx.Err())
		}
		if _, err := write(tx, decided, func(*studio.Event) {}); err != nil {
			return given, err
		}
		head = tx.Head()
		head.ServerMs = now
		if err := tx.SetHead(head); err != nil {
			return given, err
		}
		given++
	}
	return given, tx.Err()
}

// askedBy is the op that an ask was made by.
func askedBy(view studio.View, ask studio.Handover) studio.OpID {
	for _, ev := range view.Trail(ask.Asset.ID, 0) {
		if ev.Kind != studio.KindHandoverAsk {
			continue
		}
		if b, err := studio.DecodeBody(ev.Kind, ev.Body); err == nil && b.(*studio.HandoverAskBody).Handover == ask.ID {
			return ev.Op
		}
	}
	return studio.OpID{}
}

// isDue tells whether an ask of a project was not answered in time, so that only then its writer is asked.
func isDue(snap serverdb.Snapshot, nowMs int64) bool {
	if !snap.Project().Options.HandoverAuto {
		return false
	}
	for _, ask := range snap.Asks() {
		if _, _, due := studio.DueHandover(snap, ask, max(snap.Head().ServerMs, nowMs)); due {
			return true
		}
	}
	return false
}

// handOverAll looks through all projects.
func (s *Server) handOverAll(ctx context.Context) error {
	projects, err := s.accounts.Projects(ctx)
	if err != nil {
		return err
	}
	var failed error
	for _, p := range projects {
		if ctx.Err() != nil {
			break
		}
		failed = errors.Join(failed, s.handOver(ctx, p.ID))
	}
	return failed
}

func (s *Server) handOver(ctx context.Context, project studio.ProjectID) error {
	due, given := false, 0
	err := s.projects.Read(ctx, project, func(snap serverdb.Snapshot) error {
		due = isDue(snap, s.o.Clock.NowMs())
		return snap.Err()
	})
	if errors.Is(err, serverdb.ErrUnknown) || err == nil && !due { // not founded yet
		return nil
	}
	if err == nil {
		err = s.writers.do(ctx, project, 1, func(tx serverdb.Tx) (err error) {
			given, err = s.core.HandOver(tx, s.o.Clock.NowMs(), func() studio.ID { return s.o.Clock.NewID() })
			return err
		})
	}
	if given > 0 && err == nil {
		s.log.Info("tasks were handed over", "project", project.String(), "tasks", given)
	}
	return err
}

// watchDue hands over what is due, every minute until ctx ends.
func (s *Server) watchDue(ctx context.Context) {
	tick := time.NewTicker(dueEvery)
	defer tick.Stop()
	for {
		if err := s.handOverAll(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("asks that are due wait for the next look", "cause", err.Error())
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
