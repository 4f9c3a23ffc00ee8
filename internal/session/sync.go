package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"

	"framehold/internal/projectdb"
	"framehold/internal/replica"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// syncStore is what sync may do with the project store: each call one transaction, in a lane of its own.
type syncStore struct{ s *Session }

var _ replica.Store = syncStore{}

// pull runs fn in one transaction as the conversation with the server.
func (x syncStore) pull(ctx context.Context, fn func(*projectdb.Tx, projectdb.Replica) error) error {
	if x.s.readOnly != nil {
		return x.s.readOnly
	}
	act := projectdb.Act{Lane: projectdb.LanePull, Kind: projectdb.ActSync, Actor: x.s.me}
	_, err := x.s.db.Write(ctx, act, func(tx *projectdb.Tx) error {
		stand, ok := tx.Replica()
		if !ok {
			return fmt.Errorf("sync: %w", studio.Refuse(studio.CodeNoServer, studio.Params{Project: tx.Project().Name}))
		}
		return fn(tx, stand)
	})
	return err
}

// past is what a store has of a project's history.
type past interface {
	Blank() bool
	LogHave(upto uint64) uint64
}

// standOf is where the store stands by its row and its log.
func (x syncStore) standOf(here past, r projectdb.Replica) (replica.Stand, error) {
	stand := replica.Stand{Project: x.s.projectID, Client: r.Client, Me: x.s.me, Chain: r.Chain, Sums: r.Sums, Lmid: r.Lmid, NextN: r.NextN,
		Full: r.Full, DepositKey: r.DepositKey, Cookie: wire.Cookie{Generation: r.Generation, Seq: r.Seq}}
	copy(stand.Cookie.Chain8[:], r.Chain[:])
	stand.Blank = r.Generation == wire.Generation{} && here.Blank()
	if r.LogUpto > 0 {
		stand.Log = replica.Log{Have: here.LogHave(r.LogUpto), Upto: r.LogUpto, Chain: r.LogChain}
	}
	if len(r.Signed) == 0 {
		return stand, nil
	}
	signed, err := wire.DecodeSigned(x.s.projectID, r.Signed)
	stand.Signed = signed
	return stand, err
}

// Stand reads where the store stands.
func (x syncStore) Stand(ctx context.Context) (stand replica.Stand, err error) {
	err = x.s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		row, ok := snap.Replica()
		if !ok {
			return studio.Refuse(studio.CodeNoServer, studio.Params{Project: snap.Project().Name})
		}
		stand, err = x.standOf(snap, row)
		return err
	})
	return stand, err
}

func pendingOf(queue []projectdb.QueuedOp) []replica.Pending {
	pending := make([]replica.Pending, len(queue))
	for i, q := range queue {
		pending[i] = replica.Pending{LocalN: uint64(q.LocalN), N: q.N, Acked: q.State == projectdb.OpAcked, Seq: q.Seq, Op: q.Op, Undo: q.Undo}
	}
	return pending
}

// Lay lays a finished pull under what is pending, with its events, their lines, and a card for each verdict that the
// person has to see. A store that has rows of another base is laid anew: a published project, one whose view has widened.
func (x syncStore) Lay(ctx context.Context, p replica.Pulled) (stand replica.Stand, err error) {
	err = x.pull(ctx, func(tx *projectdb.Tx, row projectdb.Replica) error {
		before, err := x.standOf(tx, row)
		if err != nil {
			return err
		}
		if row.Generation == (wire.Generation{}) {
			p.Anew = true
		} else if !row.Full && !p.Whole && !p.Anew {
			return fmt.Errorf("%w: all is to be seen now", replica.ErrDiffers)
		}
		if p.Anew {
			before.Sums, before.Chain, before.Cookie = studio.Sums{}, [32]byte{}, wire.Cookie{}
		}
		if err := requeueLost(tx, x.s.me, p); err != nil {
			return err
		}
		queue, err := tx.Queue()
		if err != nil {
			return err
		}
		before.Full = !p.Whole
		state := studio.NewState(tx)
		var out replica.Rebased
		var first iter.Seq2[studio.Row, error]
		if before.Blank {
			out, first, err = replica.First(before, p)
		} else {
			out, err = replica.Rebase(state, before, pendingOf(queue), tx, p)
		}
		if err != nil {
			return err
		}
		row.Generation, row.Seq, row.Chain, row.Sums, row.Full = p.Head.Generation, p.Head.Seq, p.Head.Chain, out.Sums, before.Full
		switch {
		case p.Later:
			row.LogUpto, row.LogChain = p.Head.Seq, p.Head.Chain
		case p.Anew || p.Whole:
			row.LogUpto, row.LogChain = 0, [32]byte{}
		}
		if row.Signed, err = wire.EncodeSigned(p.Head); err != nil {
			return err
		}
		if stand, err = x.standOf(tx, row); err != nil {
			return err
		}
		if err := tx.SetReplica(row); err != nil { // first: the events that come with a limited view have gaps
			return err
		}
		if before.Blank {
			return errors.Join(tx.Fill(first), x.writeEvents(tx, state, p, out.Events))
		}
		return x.write(tx, state, queue, p, out)
	})
	return stand, err
}

// requeueLost queues own ops again that the server has no more, as a pull of the whole history shows.
func requeueLost(tx *projectdb.Tx, me studio.UserID, p replica.Pulled) error {
	if !p.Anew {
		return nil
	}
	decided, err := tx.DecidedAfter(0)
	if err != nil {
		return err
	}
	localN := make(map[studio.OpID]int64, len(decided))
	known := make([]replica.Decided, 0, len(decided))
	for _, q := range decided {
		if p.Whole && q.Actor != me { // a project that was published holds acts of others: not all of them are to be seen
			continue
		}
		known, localN[q.Op.ID] = append(known, replica.Decided{Op: q.Op.ID, Verdict: q.Verdict}), q.LocalN
	}
	for _, op := range p.Lost(known) {
		if err := tx.RequeueOp(localN[op]); err != nil {
			return err
		}
	}
	return nil
}

func (x syncStore) write(tx *projectdb.Tx, state *studio.State, queue []projectdb.QueuedOp, p replica.Pulled, out replica.Rebased) error {
	again, err := x.sealAgain(tx, state, queue, out)
	if err != nil {
		return err
	}
	news := x.news(tx, p, out.Events) // before the rows: who held what until now
	puts, gone := state.Changed()
	if err := tx.PutRows(puts, gone, cameWith(p.Rows)); err != nil {
		return err
	}
	if err := x.writeEvents(tx, state, p, out.Events); err != nil {
		return err
	}
	if err := x.addNews(tx, news); err != nil {
		return err
	}
	for _, q := range queue {
		ev, acked := out.Acked[q.Op.ID]
		if !acked {
			continue
		}
		if err := tx.DecideOp(ev); err != nil {
			return err
		}
		if err := errors.Join(x.told(tx, q.Op, ev), basedBelow(tx, q.Op, ev)); err != nil {
			return err
		}
	}
	unacked := map[uint64]bool{}
	for _, r := range out.Redone {
		unacked[r.LocalN] = !r.Acked
	}
	for _, q := range queue { // whose verdict the server has lost
		if q.State == projectdb.OpAcked && unacked[uint64(q.LocalN)] {
			if err := tx.RequeueOp(q.LocalN); err != nil {
				return err
			}
		}
	}
	before := make(map[uint64]projectdb.QueuedOp, len(queue))
	for _, q := range queue {
		before[uint64(q.LocalN)] = q
	}
	for _, r := range out.Redone {
		if q := before[r.LocalN]; q.Verdict == r.Verdict && q.Reason == r.Reason && slices.EqualFunc(q.Undo, r.Undo, sameImage) {
			continue // it stands as it stood
		}
		if err := tx.Replayed(int64(r.LocalN), r.Verdict, r.Reason, r.Undo); err != nil {
			return err
		}
	}
	return errors.Join(x.queueAgain(tx, again), x.lostSight(tx, gone))
}

func sameImage(a, b studio.Image) bool {
	return a.Table == b.Table && a.Key == b.Key && (a.Before == nil) == (b.Before == nil) && bytes.Equal(a.Before, b.Before)
}

// cameWith tells of a row whether it came with a pull: others were taken back and made again, mostly as they are.
func cameWith(pulled []wire.Row) func(studio.Row) bool {
	type place struct {
		table studio.Table
		key   string
	}
	came := make(map[place]bool, len(pulled))
	for _, r := range pulled {
		came[place{r.Table, r.Key}] = true
	}
	return func(r studio.Row) bool { return came[place{r.Table(), r.Key()}] }
}

// basedBelow has files that came from a checkpoint which the server could not read go on from the one below it.
func basedBelow(tx *projectdb.Tx, op studio.Op, ev studio.Event) error {
	b, announces := op.Body.(*studio.AnnounceBody)
	if !announces || ev.Reason != studio.CodeUnreadable {
		return nil
	}
	return tx.MoveBase(b.Checkpoint, b.Base)
}

// writeEvents writes the log's new end. Where all was fetched again, a log that is not the server's goes first.
func (x syncStore) writeEvents(tx *projectdb.Tx, state *studio.State, p replica.Pulled, events []studio.Event) error {
	if p.Anew && !p.Whole {
		newest, whole := tx.LogWhole()
		mine, _ := tx.ChainAt(newest)
		if !whole || newest > 0 && (newest > uint64(len(events)) || events[newest-1].Chain != mine) {
			if err := tx.ForgetAfter(0); err != nil {
				return err
			}
		}
	}
	return tx.AppendPulled(events, lineOf(state))
}

// lineOf makes the lines of pulled events, which name things as they are called in a view.
func lineOf(view studio.View) func(studio.Event) *studio.Line {
	view = &folders{below: view, seen: map[studio.CollectionID]studio.Collection{}}
	return func(ev studio.Event) *studio.Line {
		body, err := studio.DecodeBody(ev.Kind, ev.Body)
		if err != nil {
			return nil // of a newer program: it is kept, and shown when this one is updated
		}
		if ev.Verdict == studio.Refused || ev.Verdict == studio.Noop {
			return nil
		}
		if l, shown := studio.LineOf(ev, body, view, studio.Decision{}); shown {
			return &l
		}
		return nil
	}
}

// withAssets is a view that has the assets of events at hand, which were found some at once.
func withAssets(tx *projectdb.Tx, events []studio.Event) studio.View {
	entities := map[studio.ID]bool{}
	for _, ev := range events {
		entities[ev.Entity] = true
	}
	keys := make([]string, 0, len(entities))
	for id := range entities {
		keys = append(keys, string(id[:]))
	}
	slices.Sort(keys) // where they stand in the table
	view := studio.NewState(tx)
	for _, r := range tx.Rows(studio.TableAsset, keys) {
		view.Put(r)
	}
	return view
}

// folders is a view that looks each collection up once: the lines of a pull name the same few, over and over.
type folders struct {
	below
	seen map[studio.CollectionID]studio.Collection
}

type below = studio.View // embedded by another name: a view has a method View

// Collection finds a collection.
func (f *folders) Collection(id studio.CollectionID) (studio.Collection, bool) {
	c, known := f.seen[id]
	if known {
		return c, c != studio.Collection{}
	}
	c, ok := f.below.Collection(id)
	f.seen[id] = c
	return c, ok
}

// KeepLog writes a part of the history that was left out of the first pull.
func (x syncStore) KeepLog(ctx context.Context, k replica.KeepLog) (stand replica.Stand, err error) {
	err = x.pull(ctx, func(tx *projectdb.Tx, row projectdb.Replica) error {
		if stand, err = x.standOf(tx, row); err != nil || !stand.Log.Due() {
			return err
		}
		chain, _ := tx.ChainAt(stand.Log.Have)
		events, err := stand.Log.Next(chain, k.Events)
		if err != nil {
			return err
		}
		stand.Log = stand.Log.With(events)
		if err := tx.PutLog(events, !stand.Log.Due(), lineOf(withAssets(tx, events))); err != nil {
			return err
		}
		if !stand.Log.Due() {
			row.LogUpto, row.LogChain = 0, [32]byte{}
			return tx.SetReplica(row)
		}
		return nil
	})
	return stand, err
}

// sealAgain asks again, by new ops, for what has to be asked again. They wait in the queue until the lane of bytes finds the
// checkpoint covered: asked at once, the answer would be the same.
func (x syncStore) sealAgain(tx *projectdb.Tx, state *studio.State, queue []projectdb.QueuedOp, out replica.Rebased) (again []replica.Redone, err error) {
	next := tx.NextLocalN()
	for _, q := range queue {
		ev, acked := out.Acked[q.Op.ID]
		if !acked || !asksAgain(state, q.Op, ev) {
			continue
		}
		if err := tx.SetUncovered(q.Op.Body.(*studio.SealBody).Checkpoint); err != nil {
			return nil, err
		}
		op := replica.Pending{LocalN: next + uint64(len(again)), Op: q.Op}
		op.Op.ID = studio.OpID{ID: x.s.clock.NewID()}
		redone, err := replica.Replay(state, x.s.me, op)
		if err != nil {
			return nil, err
		}
		again = append(again, redone)
	}
	return again, state.Err()
}

func asksAgain(view studio.View, op studio.Op, ev studio.Event) bool {
	b, seals := op.Body.(*studio.SealBody)
	if !seals {
		return false
	}
	k, _ := view.Checkpoint(b.Checkpoint)
	return replica.AsksAgain(ev.Verdict, ev.Reason, k)
}

// handInAgain queues a seal that was handed in and has to be asked again once more, if that was not done yet.
func (x syncStore) handInAgain(tx *projectdb.Tx, op projectdb.QueuedOp, ev studio.Event) error {
	queue, err := tx.QueuedOps()
	if err != nil {
		return err
	}
	first, seals := op.Op.Body.(*studio.SealBody)
	for _, q := range queue {
		if later, ok := q.Op.Body.(*studio.SealBody); ok && seals && later.Checkpoint == first.Checkpoint && q.LocalN > op.LocalN {
			return nil
		}
	}
	state := studio.NewState(tx)
	again, err := x.sealAgain(tx, state, []projectdb.QueuedOp{op}, replica.Rebased{Acked: map[studio.OpID]studio.Event{ev.Op: ev}})
	if err != nil || len(again) == 0 {
		return err
	}
	puts, gone := state.Changed()
	return errors.Join(tx.PutRows(puts, gone, nil), x.queueAgain(tx, again))
}

func (x syncStore) queueAgain(tx *projectdb.Tx, again []replica.Redone) error {
	for _, r := range again {
		d := studio.Decision{Verdict: r.Verdict, Reason: r.Reason, About: r.About}
		if err := tx.Queued(r.Op, d, x.s.me, r.Undo); err != nil {
			return err
		}
	}
	return nil
}

// told opens a card for a verdict that is more than "done" and more than "it waits".
func (x syncStore) told(tx *projectdb.Tx, op studio.Op, ev studio.Event) error {
	switch {
	case ev.Verdict == studio.Applied, ev.Verdict == studio.Noop && ev.Reason == studio.CodeAlready, asksAgain(tx, op, ev):
		return nil
	}
	params := studio.Params{Asset: studio.PathOf(tx, ev.Entity), Name: ev.Result, N: 1, Project: tx.Project().Name}
	if a, ok := tx.Asset(studio.AssetID{ID: ev.Entity}); ok {
		holder, _ := tx.Member(a.Assignee)
		params.Who = holder.DisplayName()
	}
	return tx.AddCard(projectdb.Card{ID: ev.Op.ID, Op: ev.Op, Code: ev.Reason, Params: params,
		Asset: studio.AssetID{ID: ev.Entity}, OpenedMs: x.s.clock.NowMs()})
}

// toSend chooses what is sent next, and what of it is told again before. The end of a long queue is only read where its
// beginning does not fill a batch.
func toSend(tx *projectdb.Tx, b replica.Build) (retold []studio.Op, ready []replica.Pending, err error) {
	announced := func(k studio.CheckpointID) (studio.Op, bool) {
		id, _ := tx.AnnounceOf(k)
		own, known := tx.OwnOp(id)
		return own.Op, known && own.State == projectdb.OpDecided
	}
	for first := 2 * b.Limit; ; first = math.MaxInt {
		head, upto, err := tx.QueueHead(first)
		if err != nil {
			return nil, nil, err
		}
		queue := pendingOf(head)
		ready = replica.Ready(queue, replica.Sight{Covered: tx.Covered, View: tx}, b)
		beyond := func(p replica.Pending) bool { return p.N == 0 && p.LocalN > upto }
		if upto == math.MaxInt64 || len(ready) == b.Limit && !slices.ContainsFunc(ready, beyond) {
			return replica.Retold(queue, announced, b), ready, nil
		}
	}
}

// Build chooses what is sent next, and writes its n.
func (x syncStore) Build(ctx context.Context, b replica.Build) (ops []wire.Op, stand replica.Stand, err error) {
	waits := false
	err = x.s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		n, _, err := snap.CountQueue()
		waits = n > 0
		return err
	})
	if err != nil || !waits { // the usual case: nothing is written
		if err == nil {
			stand, err = x.Stand(ctx)
		}
		return nil, stand, err
	}
	err = x.pull(ctx, func(tx *projectdb.Tx, row projectdb.Replica) error {
		ops = nil
		retold, ready, err := toSend(tx, b)
		if err != nil {
			return err
		}
		for _, op := range retold {
			ops = append(ops, wire.OpOf(0, op))
		}
		for _, p := range ready {
			if p.N == 0 {
				p.N, row.NextN = row.NextN, row.NextN+1
				if err := tx.NumberOp(int64(p.LocalN), p.N); err != nil {
					return err
				}
			}
			ops = append(ops, wire.OpOf(p.N, p.Op))
		}
		if stand, err = x.standOf(tx, row); err != nil {
			return err
		}
		return tx.SetReplica(row)
	})
	return ops, stand, err
}

// Keep writes verdicts, or a deposit key. The next pull brings what the verdicts changed; of what was handed in no pull will
// tell, so the person reads of it here.
func (x syncStore) Keep(ctx context.Context, k replica.Keep) (stand replica.Stand, err error) {
	err = x.pull(ctx, func(tx *projectdb.Tx, row projectdb.Replica) error {
		for _, o := range k.Outcomes {
			if err := tx.AckOp(o.Op, o.Verdict, o.Reason, o.Seq); err != nil {
				return err
			}
			if !k.HandedIn {
				continue
			}
			op, known := tx.OwnOp(o.Op)
			if !known || op.Op.Kind == studio.KindAnnounce {
				continue
			}
			ev := studio.Event{Op: o.Op, Entity: op.Op.Entity, Kind: op.Op.Kind, Verdict: o.Verdict, Reason: o.Reason, Result: o.Result}
			if err := errors.Join(x.handInAgain(tx, op, ev), x.told(tx, op.Op, ev)); err != nil {
				return err
			}
		}
		row.Lmid = max(row.Lmid, k.Lmid)
		if !k.DepositKey.IsZero() {
			row.DepositKey = k.DepositKey
		}
		if stand, err = x.standOf(tx, row); err != nil {
			return err
		}
		return tx.SetReplica(row)
	})
	return stand, err
}

// Restart begins anew: behind a server that went back, or as another client.
func (x syncStore) Restart(ctx context.Context, effect replica.Effect) (stand replica.Stand, err error) {
	err = x.pull(ctx, func(tx *projectdb.Tx, row projectdb.Replica) error {
		if err := tx.Unnumber(); err != nil {
			return err
		}
		switch e := effect.(type) {
		case replica.Renumber:
			row.Client, row.NextN, row.Lmid = studio.ID(x.s.clock.NewID()), 1, 0
		case replica.Rewind:
			lost, err := tx.DecidedAfter(e.After)
			if err != nil {
				return err
			}
			for _, op := range lost {
				if err := tx.RequeueOp(op.LocalN); err != nil {
					return err
				}
			}
			if err := errors.Join(tx.ForgetAfter(e.After), x.setBack(tx, len(lost))); err != nil {
				return err
			}
			if err := tx.ForgetCovered(); err != nil {
				return err
			}
			row.Generation, row.Seq, row.Chain, row.Sums = [8]byte{}, 0, [32]byte{}, studio.Sums{}
			row.NextN, row.Lmid = e.FirstN, e.FirstN-1
		}
		if stand, err = x.standOf(tx, row); err != nil {
			return err
		}
		return tx.SetReplica(row)
	})
	return stand, err
}

// setBack tells the person that their acts were given back to a server that had lost them.
func (x syncStore) setBack(tx *projectdb.Tx, n int) error {
	if n == 0 {
		return nil
	}
	return tx.AddCard(projectdb.Card{ID: studio.ID(x.s.clock.NewID()), Code: studio.CodeSetBack, OpenedMs: x.s.clock.NowMs(),
		Params: studio.Params{Project: tx.Project().Name, N: n}})
}

// ChainAt gives the chain after a seq, as this store knows it.
func (x syncStore) ChainAt(ctx context.Context, seq uint64) (chain [32]byte, ok bool, err error) {
	if seq == 0 {
		return chain, true, nil
	}
	err = x.s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		chain, ok = snap.ChainAt(seq)
		return nil
	})
	return chain, ok, err
}

// EventsAfter reads events of the log.
func (x syncStore) EventsAfter(ctx context.Context, after uint64, limit int) (events []studio.Event, err error) {
	err = x.s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		events, err = snap.EventsAfter(after, limit)
		return err
	})
	return events, err
}
