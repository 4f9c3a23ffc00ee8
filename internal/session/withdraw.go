package session

import (
	"context"
	"errors"
	"slices"

	"framehold/internal/projectdb"
	"framehold/internal/replica"
	"framehold/internal/studio"
)

// errSent says that an act cannot be taken out of the queue: it was sent, or what came after it stands on it.
var errSent = errors.New("it is taken back by acts of its own")

// queue is what a withdrawal looks at: in a dry run and in the transaction alike.
type queue interface {
	studio.View
	Queue() ([]projectdb.QueuedOp, error)
	OwnOp(studio.OpID) (projectdb.QueuedOp, bool)
	NextLocalN() uint64
}

// withdrawal is acts that leave the queue before they were ever sent, or come back to it (row A16).
type withdrawal struct {
	state   *studio.State // the view without them, or with them again
	redone  []replica.Redone
	acts    []studio.OpID
	undo    []studio.Op // take the acts back, and are never sent either; none: the acts come back
	group   studio.GroupID
	results []Result
}

// withdrawable tells whether a group of own ops can leave the queue, or come back: none was sent, and no checkpoint is among
// them, which is history.
func withdrawable(group []projectdb.OwnOp, redo bool) bool {
	return !slices.ContainsFunc(group, func(o projectdb.OwnOp) bool {
		if redo {
			return o.State != projectdb.OpCancelled
		}
		return o.State != projectdb.OpQueued || o.Sent || o.Kind == studio.KindAnnounce || o.Kind == studio.KindSeal
	})
}

// withdraw is Undo, or Redo, of acts that no server knows of. errSent: they are to be taken back by new acts.
func (s *Session) withdraw(ctx context.Context, group []projectdb.OwnOp, before map[studio.OpID][]studio.Row, redo bool) (Outcome, error) {
	plan := func(q queue) (*withdrawal, error) {
		if redo {
			return s.bringBack(q, group)
		}
		return s.takeOut(q, group, before)
	}
	var w *withdrawal
	err := s.db.Read(ctx, func(snap *projectdb.Snapshot) (err error) {
		w, err = plan(snap)
		return err
	})
	if err != nil {
		return Outcome{}, err
	}
	blocked, err := s.blocked(ctx, w.results)
	if err != nil {
		return Outcome{}, err
	}
	for i := range w.results {
		if blocked[i] != nil {
			w.results[i].Err = blocked[i]
			return Outcome{Results: w.results}, nil
		}
	}
	act := projectdb.Act{Lane: projectdb.LaneRebase, Kind: projectdb.ActEdit, Actor: s.me}
	_, err = s.db.Write(ctx, act, func(tx *projectdb.Tx) (err error) {
		if w, err = plan(tx); err != nil {
			return err
		}
		return s.writeWithdrawal(tx, w)
	})
	if err != nil {
		return Outcome{}, err
	}
	return Outcome{Group: w.group, Results: w.results}, s.followAll(ctx, w.results)
}

func (s *Session) writeWithdrawal(tx *projectdb.Tx, w *withdrawal) error {
	puts, gone := w.state.Changed()
	if err := tx.PutRows(puts, gone, nil); err != nil {
		return err
	}
	for _, id := range w.acts {
		change := tx.Cancel
		if len(w.undo) == 0 {
			change = tx.Uncancel
		}
		if err := change(id); err != nil {
			return err
		}
	}
	for _, r := range w.redone {
		if err := tx.Replayed(int64(r.LocalN), r.Verdict, r.Reason, r.Undo); err != nil {
			return err
		}
	}
	for _, op := range w.undo {
		if err := tx.Cancelled(op, s.me); err != nil {
			return err
		}
	}
	return tx.Err()
}

// takeOut plans to take acts out of the queue. What an undo refuses is refused here too, by way of errSent.
func (s *Session) takeOut(q queue, group []projectdb.OwnOp, before map[studio.OpID][]studio.Row) (*withdrawal, error) {
	was, err := q.Queue()
	if err != nil {
		return nil, err
	}
	w := &withdrawal{state: studio.NewState(q)}
	now := slices.DeleteFunc(slices.Clone(was), func(o projectdb.QueuedOp) bool {
		return slices.ContainsFunc(group, func(g projectdb.OwnOp) bool { return g.Op == o.Op.ID && o.N == 0 && o.State == projectdb.OpQueued })
	})
	if len(was)-len(now) != len(group) {
		return nil, errSent // it was sent meanwhile
	}
	undo := s.newAct(q, q.NextLocalN())
	rehearsed := undo.try(studio.ID{}, func(it *item, _ studio.ID) error {
		for _, o := range group {
			if err := it.invert(o, before[o.Op]); err != nil {
				return err
			}
		}
		return nil
	})
	if rehearsed.Err != nil {
		return nil, errSent
	}
	w.group = undo.group
	for _, l := range undo.logged {
		w.undo = append(w.undo, l.Op)
	}
	for _, o := range group {
		w.acts = append(w.acts, o.Op)
	}
	if err := w.replay(q, s.me, was, now, group); err != nil {
		return nil, err
	}
	return w, w.unchanged(was)
}

// bringBack plans to put acts into the queue again, at their old places.
func (s *Session) bringBack(q queue, group []projectdb.OwnOp) (*withdrawal, error) {
	was, err := q.Queue()
	if err != nil {
		return nil, err
	}
	w := &withdrawal{state: studio.NewState(q)}
	now := slices.Clone(was)
	for _, o := range group {
		act, ok := q.OwnOp(o.Undoes)
		if !ok || act.State != projectdb.OpCancelled {
			return nil, studio.Refuse(studio.CodeNothingToUndo, studio.Params{})
		}
		now, w.acts, w.group = append(now, act), append(w.acts, act.Op.ID), act.Op.Group
	}
	slices.SortFunc(now, func(a, b projectdb.QueuedOp) int { return int(a.LocalN - b.LocalN) })
	if err := w.replay(q, s.me, was, now, group); err != nil {
		return nil, err
	}
	for _, r := range w.redone {
		if slices.Contains(w.acts, r.Op.ID) && r.Verdict != studio.Applied {
			return nil, studio.Refuse(r.Reason, studio.Params{Asset: studio.PathOf(q, r.Op.Entity)})
		}
	}
	if w.unchanged(was) != nil {
		return nil, studio.Refuse(studio.CodeChanged, studio.Params{Asset: studio.PathOf(q, group[0].Entity)})
	}
	return w, nil
}

func (w *withdrawal) replay(q queue, me studio.UserID, was, now []projectdb.QueuedOp, group []projectdb.OwnOp) (err error) {
	if w.redone, err = replica.Requeue(w.state, me, pendingOf(was), pendingOf(now)); err != nil {
		return err
	}
	var entities []studio.ID
	for _, o := range group {
		entities = append(entities, o.Entity)
	}
	for _, id := range once(entities) {
		w.results = append(w.results, Result{Entity: id, before: studio.PathOf(q, id), Path: studio.PathOf(w.state, id)})
	}
	return w.state.Err()
}

// unchanged checks that what stays in the queue stands as it stood: errSent when something stands on what goes.
func (w *withdrawal) unchanged(was []projectdb.QueuedOp) error {
	stood := make(map[studio.OpID]projectdb.QueuedOp, len(was))
	for _, o := range was {
		stood[o.Op.ID] = o
	}
	for _, r := range w.redone {
		if o, ok := stood[r.Op.ID]; ok && o.State == projectdb.OpQueued && (o.Verdict != r.Verdict || o.Reason != r.Reason) {
			return errSent
		}
	}
	return nil
}
