package replica

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"framehold/internal/studio"
	"framehold/internal/wire"
)

// Pulled is a finished pull: all its pages.
type Pulled struct {
	Rows   []wire.Row
	Events []studio.Event
	Head   wire.Signed
	Sums   studio.Sums // empty: not to be compared
	Whole  bool        // the rows are all that this person may see
	Anew   bool        // everything was fetched again: the base that was there does not count
	Later  bool        // the events come later: see KeepLog
}

// Decided is an own op with the verdict that it once had.
type Decided struct {
	Op      studio.OpID
	Verdict studio.Verdict
}

// Lost lists the ops of this person that a pull of the whole history does not have, or has with another verdict: the server
// went back behind them, and perhaps a witness has told of them since. They are queued again before it is laid (row H3).
func (p Pulled) Lost(decided []Decided) []studio.OpID {
	if !p.Anew {
		return nil
	}
	verdicts := make(map[studio.OpID]studio.Verdict, len(p.Events))
	for _, ev := range p.Events {
		verdicts[ev.Op] = ev.Verdict
	}
	var lost []studio.OpID
	for _, d := range decided {
		if verdicts[d.Op] != d.Verdict {
			lost = append(lost, d.Op)
		}
	}
	return lost
}

// Redone is a pending op as it stands over the new base.
type Redone struct {
	Pending                // Acked no more, when the server has lost the verdict
	Verdict studio.Verdict // by this store's own decision: the server gives the one that counts
	Reason  studio.Code
	About   studio.CheckpointID
}

// Rebased is what a pull comes to. The rows are in the state that Rebase was given.
type Rebased struct {
	Redone []Redone                     // still pending, with new undo images
	Acked  map[studio.OpID]studio.Event // no longer pending: their events
	Sums   studio.Sums                  // of the new base
	Chain  [32]byte                     // at the new head; zero where the view is not full
	Events []studio.Event               // with their Chain, where the view is full
}

// ErrDiffers says that the base is not the server's: rows must be fetched anew. Nothing was written.
var ErrDiffers = errors.New("the base differs from the server's")

// Base is what lies below the state of a rebase, many rows at once.
type Base interface {
	// All lists the rows of a table.
	All(studio.Table) []studio.Row
	// Rows finds rows of a table by their keys; those that are not there are left out.
	Rows(t studio.Table, keys []string) []studio.Row
}

// Rebase lays a pull under what is pending (sync.md section 4): it takes the pending ops back in reverse, applies the
// pulled rows, and decides the rest of the ops again in their order. state lies over the store's view. Authored checkpoints are never undone: their row stays, contested until its
// op is played again. An op that is no longer let through stays in the queue without effect.
func Rebase(state *studio.State, stand Stand, pending []Pending, base Base, p Pulled) (Rebased, error) {
	authored, err := takeBack(state, pending)
	if err != nil {
		return Rebased{}, err
	}
	sums, err := apply(state, stand, authored, base, p)
	if err != nil {
		return Rebased{}, err
	}
	out := Rebased{Sums: sums, Acked: map[studio.OpID]studio.Event{}, Events: p.Events}
	if out.Chain, err = chainOf(stand, p); err != nil {
		return Rebased{}, err
	}
	own := make(map[studio.OpID]bool, len(pending))
	for _, op := range pending {
		own[op.Op.ID] = true
	}
	if p.Anew && !p.Whole { // a former life's events decide nothing any more
		state.DropEvents()
	}
	for i, ev := range p.Events {
		state.Record(&p.Events[i])
		if own[ev.Op] { // the others are not the queue's business
			out.Acked[ev.Op] = ev
		}
	}
	for _, op := range pending {
		if ev, acked := out.Acked[op.Op.ID]; acked {
			keepUnread(state, op.Op, ev)
			continue
		}
		if op.Acked && op.Seq <= p.Head.Seq { // the server went back behind its verdict, unnoticed: it is sent again
			op.Acked, op.Seq, op.N = false, 0, 0
		}
		redone, err := Replay(state, stand.Me, op)
		if err != nil {
			return Rebased{}, err
		}
		out.Redone = append(out.Redone, redone)
	}
	return out, state.Err()
}

// keepUnread makes a checkpoint whose announcement the server could not read a safety checkpoint: it is on no line and in no
// base, and stays on this computer with its bytes.
func keepUnread(state *studio.State, op studio.Op, ev studio.Event) {
	b, announces := op.Body.(*studio.AnnounceBody)
	if !announces || ev.Reason != studio.CodeUnreadable {
		return
	}
	if k, ok := state.Checkpoint(b.Checkpoint); ok {
		k.State, k.Version, k.Prev, k.ChainRoot, k.StatusAtAcceptance = studio.Safety, 0, studio.CheckpointID{}, studio.CheckpointID{}, studio.StatusID{}
		state.Put(k)
	}
}

// First is what the first pull of a blank store comes to: there is nothing below it, and nothing pending over it. rows are
// those to write, in order of table and key.
func First(stand Stand, p Pulled) (out Rebased, rows iter.Seq2[studio.Row, error], err error) {
	out.Sums, out.Events = studio.Sums{}, p.Events
	newest := newestRows(p.Rows)
	for _, r := range newest {
		out.Sums[r.Table] = out.Sums[r.Table].Plus(r.Bytes)
	}
	if err := sameSums(out.Sums, p); err != nil {
		return Rebased{}, nil, err
	}
	if out.Chain, err = chainOf(stand, p); err != nil {
		return Rebased{}, nil, err
	}
	return out, func(yield func(studio.Row, error) bool) {
		for _, r := range newest {
			if !yield(rowFrom(r)) {
				return
			}
		}
	}, nil
}

// newestRows are the rows that a pull comes to, in order of table and key: each as it came last.
func newestRows(pulled []wire.Row) []wire.Row {
	rows := slices.Clone(pulled)
	slices.SortStableFunc(rows, func(a, b wire.Row) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Key, b.Key))
	})
	n := 0
	for i, r := range rows {
		again := i+1 < len(rows) && rows[i+1].Table == r.Table && rows[i+1].Key == r.Key
		if !again && r.Bytes != nil {
			rows[n] = r
			n++
		}
	}
	return rows[:n]
}

func rowFrom(r wire.Row) (studio.Row, error) {
	row, err := studio.RowFrom(r.Table, r.Key, r.Bytes)
	if err != nil {
		return nil, fmt.Errorf("pulled row: %w", err)
	}
	return row, nil
}

// sameSums compares the sums of a base with those that came with a pull, if any did.
func sameSums(sums studio.Sums, p Pulled) error {
	if len(p.Sums) == 0 {
		return nil
	}
	if unlike := sums.Unlike(p.Sums); len(unlike) > 0 {
		return fmt.Errorf("%w: tables %d", ErrDiffers, unlike)
	}
	return nil
}

// Requeue makes the view anew over the same base when the queue changes: it takes back what was pending, and decides what is
// pending now in its order.
func Requeue(state *studio.State, me studio.UserID, was, now []Pending) (redone []Redone, err error) {
	if _, err := takeBack(state, was); err != nil {
		return nil, err
	}
	for _, op := range now {
		r, err := Replay(state, me, op)
		if err != nil {
			return nil, err
		}
		redone = append(redone, r)
	}
	return redone, state.Err()
}

// takeBack puts back what was there before the pending ops, which are undecided from now on. It returns the keys of the
// checkpoints that they announce: those stay, without anything that was derived for them.
func takeBack(state *studio.State, pending []Pending) (authored map[string]bool, err error) {
	authored = map[string]bool{}
	for i := len(pending) - 1; i >= 0; i-- {
		op := pending[i].Op
		state.Forget(op.ID)
		announce, announces := op.Body.(*studio.AnnounceBody)
		own := func(image studio.Image) bool {
			return announces && image.Table == studio.TableCheckpoint && image.Key == string(announce.Checkpoint.Bytes())
		}
		for j := len(pending[i].Undo) - 1; j >= 0; j-- {
			if image := pending[i].Undo[j]; !own(image) {
				if err := state.PutBack(image); err != nil {
					return nil, fmt.Errorf("undo pending op %d: %w", pending[i].LocalN, err)
				}
			}
		}
		if !announces {
			continue
		}
		if k, ok := state.Checkpoint(announce.Checkpoint); ok {
			k.State, k.Version, k.Ver, k.NoChange = studio.Contested, 0, 1, announce.NoChange
			k.Prev, k.ChainRoot, k.StatusAtAcceptance, k.AdoptedBy = studio.CheckpointID{}, studio.CheckpointID{}, studio.StatusID{}, studio.UserID{}
			state.Put(k)
			authored[k.Key()] = true
		}
	}
	for key := range authored {
		if k, ok := state.Checkpoint(studio.CheckpointID{ID: studio.IDFrom([]byte(key))}); ok {
			k.State, k.Version, k.Prev, k.ChainRoot = studio.Contested, 0, studio.CheckpointID{}, studio.CheckpointID{}
			state.Put(k)
		}
	}
	return authored, nil
}

const rowsAhead = 256 // pulled rows whose forerunners are held in memory at once

// apply lays the pulled rows over the base and keeps its sums. A row that comes twice, because it changed between two
// pages, counts as it came last.
func apply(state *studio.State, stand Stand, authored map[string]bool, base Base, p Pulled) (studio.Sums, error) {
	sums := studio.Sums{}
	anew := p.Whole || p.Anew
	if anew {
		dropBase(state, authored, base.All) // all that was below is gone from here on
	} else {
		maps.Copy(sums, stand.Sums)
	}
	for part := range slices.Chunk(p.Rows, rowsAhead) {
		var below map[place]studio.Row
		if !anew {
			below = forerunners(base, part)
		}
		for _, r := range part {
			before, set := state.Here(r.Table, r.Key)
			if !set {
				before = below[place{r.Table, r.Key}]
			}
			if err := applyOne(state, sums, authored, r, before); err != nil {
				return nil, err
			}
		}
	}
	return sums, sameSums(sums, p)
}

// place is where a row is.
type place struct {
	table studio.Table
	key   string
}

// forerunners are rows of the base before a pull brings them.
func forerunners(base Base, pulled []wire.Row) map[place]studio.Row {
	keys := map[studio.Table][]string{}
	for _, r := range pulled {
		keys[r.Table] = append(keys[r.Table], r.Key)
	}
	found := make(map[place]studio.Row, len(pulled))
	for t, keys := range keys {
		for _, r := range base.Rows(t, keys) {
			found[place{t, r.Key()}] = r
		}
	}
	return found
}

// applyOne lays a row over the one that was there; nil: none was.
func applyOne(state *studio.State, sums studio.Sums, authored map[string]bool, r wire.Row, before studio.Row) error {
	mine := r.Table == studio.TableCheckpoint && authored[r.Key]
	if before != nil && !mine {
		sums[r.Table] = sums[r.Table].Less(studio.EncodeRow(before))
	}
	if r.Bytes == nil {
		if !mine {
			state.Remove(r.Table, r.Key)
		}
		return nil
	}
	row, err := rowFrom(r)
	if err != nil {
		return err
	}
	state.Put(row)
	sums[r.Table] = sums[r.Table].Plus(r.Bytes)
	if mine {
		delete(authored, r.Key)
	}
	return nil
}

// dropBase takes the whole base away before a pull that brings all that this person may see. What they saved themselves
// stays.
func dropBase(state *studio.State, authored map[string]bool, all func(studio.Table) []studio.Row) {
	drop := func(r studio.Row) {
		k, isCheckpoint := r.(studio.Checkpoint)
		if !isCheckpoint || !authored[r.Key()] && k.State != studio.Safety {
			state.Remove(r.Table(), r.Key())
		}
	}
	for _, t := range studio.Tables() {
		for _, r := range all(t) {
			drop(r)
		}
	}
	back, _ := state.Changed() // what taking back has brought
	for _, r := range back {
		drop(r)
	}
}

// chainOf is the chain at a pull's head: over its events, or as the head has it where they come later. Zero for a limited view.
func chainOf(stand Stand, p Pulled) (chain [32]byte, err error) {
	switch {
	case p.Later:
		return p.Head.Chain, nil
	case p.Whole || !stand.Full:
		return chain, nil
	}
	return chainOn(stand, p)
}

// chainOn continues the chain over the pulled events and compares it with the signed head.
func chainOn(stand Stand, p Pulled) (chain [32]byte, err error) {
	chain = stand.Chain
	next := stand.Cookie.Seq + 1
	if p.Anew {
		chain, next = [32]byte{}, 1
	}
	for i := range p.Events {
		if p.Events[i].Seq != next {
			return chain, fmt.Errorf("%w: event %d is missing", ErrDiffers, next)
		}
		chain = p.Events[i].NextChain(chain)
		p.Events[i].Chain = chain
		next++
	}
	if next != p.Head.Seq+1 || chain != p.Head.Chain {
		return chain, fmt.Errorf("%w: the chain at %d", ErrDiffers, p.Head.Seq)
	}
	return chain, nil
}

// Replay decides a pending op again over what is before it in the queue, and applies it. One that is refused has no effect.
func Replay(state *studio.State, me studio.UserID, op Pending) (Redone, error) {
	out := Redone{Pending: op}
	out.Undo = nil
	over := studio.NewState(state).Silent()
	done, err := over.Run(op.Op, studio.PendingMoment(me, op.Op, op.LocalN), nil)
	if err != nil {
		return out, err
	}
	out.Verdict, out.Reason, out.About = done[0].Decision.Verdict, done[0].Decision.Reason, done[0].Decision.About
	if out.Verdict == studio.Refused {
		return out, nil
	}
	for _, d := range done {
		out.Undo = append(out.Undo, d.Undo...)
	}
	for i := range out.Undo {
		if op.Op.Kind == studio.KindAnnounce && out.Undo[i].Table == studio.TableCheckpoint {
			out.Undo[i].Before = nil // the row that was there is this op's own: to the base it is new
		}
	}
	state.Absorb(over)
	return out, nil
}
