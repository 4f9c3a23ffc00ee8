package session

import (
	"context"
	"errors"
	"fmt"

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

func (x syncStore) standOf(project studio.ProjectID, r projectdb.Replica) (replica.Stand, error) {
	stand := replica.Stand{Project: project, Client: r.Client, Me: x.s.me, Chain: r.Chain, Sums: r.Sums, Lmid: r.Lmid, NextN: r.NextN,
		Full: r.Full, Cookie: wire.Cookie{Generation: r.Generation, Seq: r.Seq}}
	copy(stand.Cookie.Chain8[:], r.Chain[:])
	if len(r.Signed) == 0 {
		return stand, nil
	}
	signed, err := wire.DecodeSigned(project, r.Signed)
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
		stand, err = x.standOf(x.s.projectID, row)
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
// person has to see.
func (x syncStore) Lay(ctx context.Context, p replica.Pulled) (stand replica.Stand, err error) {
	err = x.pull(ctx, func(tx *projectdb.Tx, row projectdb.Replica) error {
		before, err := x.standOf(x.s.projectID, row)
		if err != nil {
			return err
		}
		if p.Anew {
			before.Sums, before.Chain, before.Cookie = studio.Sums{}, [32]byte{}, wire.Cookie{}
		}
		if err := requeueLost(tx, p); err != nil {
			return err
		}
		queue, err := tx.Queue()
		if err != nil {
			return err
		}
		before.Full = !p.Whole
		state := studio.NewState(tx)
		now := x.s.clock.NowMs()
		out, err := replica.Rebase(state, before, pendingOf(queue), tx.All, p, now)
		if err != nil {
			return err
		}
		if err := x.write(tx, state, queue, p, out, now); err != nil {
			return err
		}
		row.Generation, row.Seq, row.Chain, row.Sums, row.Full = p.Head.Generation, p.Head.Seq, p.Head.Chain, out.Sums, before.Full
		if row.Signed, err = wire.EncodeSigned(p.Head); err != nil {
			return err
		}
		stand, err = x.standOf(x.s.projectID, row)
		if err != nil {
			return err
		}
		return tx.SetReplica(row)
	})
	return stand, err
}

// requeueLost queues own ops again that the server has no more, as a pull of the whole history shows.
func requeueLost(tx *projectdb.Tx, p replica.Pulled) error {
	if !p.Anew {
		return nil
	}
	decided, err := tx.DecidedAfter(0)
	if err != nil {
		return err
	}
	localN := make(map[studio.OpID]int64, len(decided))
	ids := make([]studio.OpID, len(decided))
	for i, q := range decided {
		ids[i], localN[q.Op.ID] = q.Op.ID, q.LocalN
	}
	for _, op := range p.Lost(ids) {
		if err := tx.RequeueOp(localN[op]); err != nil {
			return err
		}
	}
	return nil
}

// forgetOther takes the events away that the server's history, pulled as a whole, has not.
func forgetOther(tx *projectdb.Tx, events []studio.Event) error {
	common, next := uint64(0), tx.NextSeq()
	for i := len(events) - 1; i >= 0 && common == 0; i-- {
		if events[i].Seq >= next {
			continue
		}
		if mine, ok := tx.Event(events[i].Op); ok && mine.Seq == events[i].Seq && mine.Chain == events[i].Chain {
			common = events[i].Seq
		}
	}
	return tx.ForgetAfter(common)
}

func (x syncStore) write(tx *projectdb.Tx, state *studio.State, queue []projectdb.QueuedOp, p replica.Pulled, out replica.Rebased, nowMs int64) error {
	puts, gone := state.Changed()
	if err := tx.PutRows(puts, gone); err != nil {
		return err
	}
	if p.Anew {
		if err := forgetOther(tx, out.Events); err != nil {
			return err
		}
	}
	line := func(ev studio.Event) *studio.Line {
		body, err := studio.DecodeBody(ev.Kind, ev.Body)
		if err != nil {
			return nil // of a newer program: it is kept, and shown when this one is updated
		}
		if ev.Verdict == studio.Refused || ev.Verdict == studio.Noop {
			return nil
		}
		if l, shown := studio.LineOf(ev, body, state, studio.Decision{}); shown {
			return &l
		}
		return nil
	}
	if err := tx.AppendPulled(out.Events, line); err != nil {
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
		if err := x.told(tx, q.Op, ev, nowMs); err != nil {
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
	for _, r := range out.Redone {
		if err := tx.Replayed(int64(r.LocalN), r.Verdict, r.Reason, r.Undo); err != nil {
			return err
		}
	}
	return nil
}

// told opens a card for a verdict that is more than "done", and seals again what only waited (rows B2, B10, B17).
func (x syncStore) told(tx *projectdb.Tx, op studio.Op, ev studio.Event, nowMs int64) error {
	if op.Kind == studio.KindSeal && ev.Verdict == studio.Noop {
		switch ev.Reason {
		case studio.CodeWaitContent, studio.CodeWaitBase, studio.CodeQuota:
			about := op.Body.(*studio.SealBody).Checkpoint
			if ev.Reason == studio.CodeWaitContent { // it did not hold the bytes for this client: they are offered again
				if err := tx.Uncovered(about); err != nil {
					return err
				}
			}
			again := op
			again.ID = studio.OpID{ID: x.s.clock.NewID()}
			return tx.Queued(again, x.s.me, about)
		}
	}
	if ev.Verdict == studio.Applied || ev.Verdict == studio.Noop && ev.Reason == studio.CodeAlready {
		return nil
	}
	params := studio.Params{Asset: studio.PathOf(tx, ev.Entity), Name: ev.Result, N: 1}
	if a, ok := tx.Asset(studio.AssetID{ID: ev.Entity}); ok {
		holder, _ := tx.Member(a.Assignee)
		params.Who = holder.DisplayName()
	}
	return tx.AddCard(projectdb.Card{ID: studio.ID(x.s.clock.NewID()), Op: ev.Op, Code: ev.Reason, Params: params,
		Asset: studio.AssetID{ID: ev.Entity}, OpenedMs: nowMs})
}

// Build chooses what is sent next, and writes its n.
func (x syncStore) Build(ctx context.Context, b replica.Build) (ops []wire.Op, stand replica.Stand, err error) {
	err = x.pull(ctx, func(tx *projectdb.Tx, row projectdb.Replica) error {
		ops = nil
		queue, err := tx.Queue()
		if err != nil {
			return err
		}
		for _, p := range replica.Ready(pendingOf(queue), tx.Covered, b.Knows, b.Limit) {
			if p.N == 0 {
				p.N, row.NextN = row.NextN, row.NextN+1
				if err := tx.NumberOp(int64(p.LocalN), p.N); err != nil {
					return err
				}
			}
			ops = append(ops, wire.OpOf(p.N, p.Op))
		}
		if stand, err = x.standOf(x.s.projectID, row); err != nil {
			return err
		}
		return tx.SetReplica(row)
	})
	return ops, stand, err
}

// Keep writes verdicts; the next pull brings what they changed.
func (x syncStore) Keep(ctx context.Context, k replica.Keep) (stand replica.Stand, err error) {
	err = x.pull(ctx, func(tx *projectdb.Tx, row projectdb.Replica) error {
		for _, o := range k.Outcomes {
			if err := tx.AckOp(o.Op, o.Verdict, o.Reason, o.Seq); err != nil {
				return err
			}
		}
		row.Lmid = max(row.Lmid, k.Lmid)
		if stand, err = x.standOf(x.s.projectID, row); err != nil {
			return err
		}
		return tx.SetReplica(row)
	})
	return stand, err
}

// Restart begins anew: behind a server that went back, or as another client.
func (x syncStore) Restart(ctx context.Context, effect replica.Effect) (stand replica.Stand, err error) {
	err = x.pull(ctx, func(tx *projectdb.Tx, row projectdb.Replica) error {
		if err := errors.Join(tx.Unnumber(), tx.ForgetCovered()); err != nil { // the lease is the client's, and the server's
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
			if err := tx.ForgetAfter(e.After); err != nil {
				return err
			}
			row.Generation, row.Seq, row.Chain, row.Sums = [8]byte{}, 0, [32]byte{}, studio.Sums{}
			row.NextN, row.Lmid = e.FirstN, e.FirstN-1
		}
		if stand, err = x.standOf(x.s.projectID, row); err != nil {
			return err
		}
		return tx.SetReplica(row)
	})
	return stand, err
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
