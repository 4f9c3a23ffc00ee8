package session

import (
	"context"
	"errors"

	"framehold/internal/projectdb"
	"framehold/internal/studio"
)

// Outcome is what became of an act on any number of assets.
type Outcome struct {
	Group   studio.GroupID // what Undo takes back; zero when nothing was done
	Results []Result
	Taken   TakenBack // of an undo or redo: the act
}

// Result is what became of one of them.
type Result struct {
	Entity  studio.ID
	Path    string
	Already bool   // it was so before
	Err     error  // a studio.Refusal, mostly; nil when it is so now
	before  string // path before the act
}

// Done counts what is so now.
func (o Outcome) Done() int { return len(o.Results) - o.Refused() }

// Refused counts what was refused.
func (o Outcome) Refused() (n int) {
	for _, r := range o.Results {
		if r.Err != nil {
			n++
		}
	}
	return n
}

// Err is the error of the act as a whole: the one of its items that weighs most, in the order of exit codes.
func (o Outcome) Err() error {
	for _, r := range o.Results {
		if r.Err != nil {
			return r.Err
		}
	}
	return nil
}

var errNothingDone = errors.New("nothing was done")

// act is a transaction in the making: a memory state over the store, to which ops are applied one by one, and which
// is written as a whole.
type act struct {
	s      *Session
	tx     *projectdb.Tx
	state  *studio.State
	group  studio.GroupID
	now    int64
	next   uint64 // seq of its first event; ahead of a server: its first place in the queue
	logged []projectdb.Logged
	after  []func() error // what is written behind the rows, in the same transaction
}

// item is the part of an act about one asset: all of it or nothing.
type item struct {
	act     *act
	state   *studio.State
	logged  []projectdb.Logged
	changed bool
}

// write runs fn in one transaction of the store as an edit of the acting person, and commits what it logged. When fn
// fails, or logs nothing, the store is as it was.
func (s *Session) write(ctx context.Context, kind projectdb.ActKind, fn func(*act) error) error {
	if s.readOnly != nil {
		return s.readOnly
	}
	_, err := s.db.Write(ctx, projectdb.Act{Lane: projectdb.LaneEdit, Kind: kind, Actor: s.me}, func(tx *projectdb.Tx) error {
		next := tx.NextSeq()
		if s.ahead() {
			next = tx.NextLocalN()
		}
		a := s.newAct(tx, next)
		a.tx = tx
		if err := fn(a); err != nil {
			return err
		}
		if err := tx.Err(); err != nil {
			return err
		}
		if len(a.logged) == 0 {
			return errNothingDone
		}
		puts, gone := a.state.Changed()
		if err := tx.Commit(projectdb.Batch{Events: a.logged, Ahead: s.ahead(), Puts: puts, Gone: gone}); err != nil {
			return err
		}
		for _, then := range a.after {
			if err := then(); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, errNothingDone) {
		return nil
	}
	return err
}

func (s *Session) newAct(view studio.View, next uint64) *act {
	return &act{s: s, state: studio.NewState(view), group: studio.GroupID{ID: s.clock.NewID()}, now: s.clock.NowMs(), next: next}
}

// dry decides as write would, and writes nothing: for what should be refused before the first byte is read.
func (s *Session) dry(ctx context.Context, fn func(*act) error) error {
	if s.readOnly != nil {
		return s.readOnly
	}
	return s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		next, _ := snap.HeadSeq()
		if s.ahead() {
			next = snap.NextLocalN()
		}
		return fn(s.newAct(snap, next+1))
	})
}

// once is ids without those that were named before, in order.
func once[T comparable](ids []T) []T {
	seen := make(map[T]bool, len(ids))
	var unique []T
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			unique = append(unique, id)
		}
	}
	return unique
}

// each is an act on many: every one is decided alone and once, in one transaction with one undo. With all, one refusal
// refuses all. fn decides one of them.
func (s *Session) each(ctx context.Context, ids []studio.ID, all bool, fn func(*item, studio.ID) error) (Outcome, error) {
	var out Outcome
	err := s.write(ctx, projectdb.ActEdit, func(a *act) error {
		out = Outcome{}
		for _, id := range once(ids) {
			out.Results = append(out.Results, a.try(id, fn))
		}
		if all && out.Refused() > 0 {
			return groupRefusal(&out)
		}
		if len(a.logged) > 0 {
			out.Group = a.group
		}
		return nil
	})
	if studio.CodeOf(err) == studio.CodeGroup {
		return out, nil
	}
	return out, err
}

// groupRefusal marks the ones that would have been done: none was made, because of the first reason.
func groupRefusal(out *Outcome) error {
	refusal := studio.Refuse(studio.CodeGroup, studio.Params{N: len(out.Results)})
	for i, r := range out.Results {
		if r.Err == nil {
			out.Results[i].Err = refusal
		}
	}
	return refusal
}

// try runs fn for one thing; what it did is kept only when it succeeds.
func (a *act) try(id studio.ID, fn func(*item, studio.ID) error) Result {
	it := &item{act: a, state: studio.NewState(a.state)}
	before := studio.PathOf(a.state, id)
	err := fn(it, id)
	result := Result{Entity: id, before: before, Path: studio.PathOf(it.state, id), Err: err, Already: err == nil && !it.changed}
	if err == nil && it.changed {
		a.state.Absorb(it.state)
		a.logged = append(a.logged, it.logged...)
	}
	return result
}

// do decides an op of the acting person and applies it. The error is the refusal; a person's own store refuses what
// a server would park, rename or do in part, because the person is there to choose.
func (it *item) do(entity studio.ID, kind studio.Kind, body studio.Body) (studio.Decision, error) {
	return it.doOp(studio.Op{Kind: kind, Entity: entity, Body: body}, false)
}

// doOp is do for an op with more to it; park lets a PARKED verdict stand.
func (it *item) doOp(op studio.Op, park bool) (studio.Decision, error) {
	a := it.act
	op.ID = studio.OpID{ID: a.s.clock.NewID()}
	op.Group = a.group
	op.MadeHybrid = a.s.clock.Hybrid()
	n := a.next + uint64(len(a.logged)+len(it.logged))
	at := studio.Moment{Actor: a.s.me, ReceivedMs: a.now, Seq: n}
	if a.s.ahead() {
		at = studio.PendingMoment(a.s.me, op, n)
	}
	var first studio.Decision
	done, err := it.state.Run(op, at, func(d studio.Decision) error {
		first = d
		return standing(d, park)
	})
	if err != nil || first.Verdict == studio.Noop {
		return first, noNoop(err)
	}
	for _, d := range done {
		it.logged = append(it.logged, projectdb.Logged{Event: d.Event, Op: d.Op, Undo: d.Undo, Line: d.Line})
	}
	it.changed = true
	return first, nil
}

var errNoop = errors.New("it is so already")

func noNoop(err error) error {
	if errors.Is(err, errNoop) {
		return nil
	}
	return err
}

// standing says why a decision does not stand here: what a person's own store refuses.
func standing(d studio.Decision, park bool) error {
	switch {
	case d.Verdict == studio.Noop:
		return errNoop // what changes nothing is no event of a person's own store
	case d.Verdict == studio.Merged && d.Reason == studio.CodeRenamed:
		return studio.Refuse(studio.CodeNameTaken, d.Params)
	case d.Verdict == studio.Merged && d.Reason == studio.CodeReparented:
		return studio.Refuse(studio.CodeTrashed, studio.Params{Asset: d.Params.Path})
	case d.Verdict == studio.Merged && d.Move != nil:
		return d.Move
	case d.Verdict == studio.Kept && !(park && d.Insisted()):
		return localRefusal(d)
	case d.Verdict == studio.Refused:
		return d.Err()
	}
	return nil
}

// localRefusal is what a person reads here for what a server would park.
func localRefusal(d studio.Decision) error {
	switch d.Reason {
	case studio.CodeDiverged, studio.CodeDivergedSelf:
		return studio.Refuse(studio.CodeOutdatedBase, d.Params)
	case studio.CodeNoPermission:
		return studio.Refuse(studio.CodePermission, d.Params)
	case studio.CodeAssetTrashed:
		return studio.Refuse(studio.CodeTrashed, d.Params)
	}
	return d.Err()
}
