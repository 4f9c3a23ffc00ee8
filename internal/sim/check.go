package sim

import (
	"context"
	"errors"
	"fmt"

	"framehold/internal/chunk"
	"framehold/internal/replica"
	"framehold/internal/serverdb"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

func hashOf(b []byte) studio.Hash { return studio.Hash(chunk.Sum(b)) }

// checkVerdicts is I4 and I5: an op has one verdict in a generation, the same whenever it is asked for, and lmid never falls.
func (w *World) checkVerdicts(r wire.PushRequest, reply wire.PushReply) error {
	for _, o := range reply.Outcomes {
		before, known := w.server.given[o.Op]
		if known && before != o {
			return fmt.Errorf("I4: op %s was %v, now %v", o.Op, before, o)
		}
		w.server.given[o.Op] = o
	}
	if reply.Lmid < w.server.lmids[r.Client] {
		return fmt.Errorf("I5: lmid of %s fell from %d to %d", r.Client, w.server.lmids[r.Client], reply.Lmid)
	}
	w.server.lmids[r.Client] = reply.Lmid
	return nil
}

// checkServer is I1, I2, I6 over the events since the last look.
func (w *World) checkServer() error {
	h := w.server
	return h.db.Read(context.Background(), w.project, func(snap serverdb.Snapshot) error {
		head := snap.Head()
		if head.Seq == h.lastSeq {
			return nil
		}
		for _, ev := range snap.Events(h.lastSeq, head.Seq, 1<<20) {
			if ev.Seq != h.lastSeq+1 {
				return fmt.Errorf("I6: event %d after %d", ev.Seq, h.lastSeq)
			}
			h.lastSeq = ev.Seq
			w.note("event %d %s %d %s", ev.Seq, ev.Op, ev.Verdict, ev.Reason)
			if err := checkLine(snap, ev); err != nil {
				return err
			}
		}
		h.sums[head.Seq] = head.Sums
		return snap.Err()
	})
}

// checkLine is I2: what joined the line did so on its head, by who held the task.
func checkLine(snap serverdb.Snapshot, ev studio.Event) error {
	if ev.Kind != studio.KindSeal || ev.Verdict != studio.Applied && ev.Verdict != studio.Merged {
		return nil
	}
	k, ok := snap.Checkpoint(ev.About)
	if !ok || k.State != studio.Accepted || k.Version != ev.Version {
		return fmt.Errorf("I2: event %d: checkpoint %s is not the accepted v%d", ev.Seq, ev.About, ev.Version)
	}
	if k.Author != ev.Actor || k.Base != k.Prev {
		return fmt.Errorf("I2: event %d: v%d by %s on %s, behind %s", ev.Seq, k.Version, k.Author, k.Base, k.Prev)
	}
	g, _ := snap.Assignment(k.Assignment)
	if a, _ := snap.Asset(k.Asset); a.Kind == studio.Task && g.To != k.Author {
		return fmt.Errorf("I2: event %d: %s did not hold the task", ev.Seq, k.Author)
	}
	return nil
}

// checkClient is I7 and I8 after a pull: the base has the server's state hash, and the view is what Decide makes of base
// and pending.
func (w *World) checkClient(c *client) error {
	s := c.store
	base := studio.NewState(s.view)
	authored := map[string]bool{}
	for i := len(s.queue) - 1; i >= 0; i-- {
		undo := s.queue[i].Undo
		for j := len(undo) - 1; j >= 0; j-- {
			if undo[j].Table == studio.TableCheckpoint && undo[j].Before == nil {
				authored[undo[j].Key] = true
			}
			if err := base.PutBack(undo[j]); err != nil {
				return err
			}
		}
	}
	sums := studio.Sums{}
	flat := studio.NewState(nil)
	for t := studio.TableProject; t <= studio.TableLast; t++ {
		for _, r := range s.all(t) {
			if now, ok := base.Find(t, r.Key()); ok {
				flat.Put(now)
			}
		}
	}
	puts, gone := base.Changed()
	for _, r := range puts {
		flat.Put(r)
	}
	for _, r := range gone {
		flat.Remove(r.Table(), r.Key())
	}
	rows, _ := flat.Changed()
	for _, r := range rows {
		if k, ok := r.(studio.Checkpoint); ok && (k.State == studio.Local || k.State == studio.Contested) {
			continue // authored here: in the view, not in the base
		}
		sums[r.Table()] = sums[r.Table()].Plus(studio.EncodeRow(r))
	}
	want, known := w.server.sums[s.stand.Cookie.Seq]
	if !known || byte(s.stand.Cookie.Generation[0]) != w.server.gen {
		return nil // the server went back meanwhile, or several events came in one commit
	}
	for t := studio.TableProject; t <= studio.TableLast; t++ {
		if sums[t] != want[t] {
			return fmt.Errorf("I8: client %d at %d: table %d is not the server's", c.n, s.stand.Cookie.Seq, t)
		}
	}
	return nil
}

// settle ends the faults and lets everyone come to rest; then all agree (I7), nothing waits (I14), and nothing that was
// called saved is missing (I3).
func (w *World) settle() error {
	w.calm = true
	for _, c := range w.clients {
		c.online = true
		c.skewMs = 0
	}
	for range 2_000_000 {
		if w.todo.Len() == 0 || w.agreed() {
			break
		}
		if err := w.one(); err != nil {
			return err
		}
	}
	for _, c := range w.clients {
		if n := len(c.store.queue); n > 0 {
			return fmt.Errorf("I14: client %d still has %d ops to send, state %d", c.n, n, c.core.State())
		}
		if err := w.checkClient(c); err != nil {
			return err
		}
	}
	return errors.Join(w.checkSaved(), w.report1())
}

func (w *World) agreed() bool {
	head := w.server.lastSeq
	for _, c := range w.clients {
		if len(c.store.queue) > 0 || c.store.stand.Cookie.Seq != head || c.core.State() != replica.Synced {
			return false
		}
	}
	return true
}

// checkSaved is I3: every op that a person was told is saved has its event on the server.
func (w *World) checkSaved() error {
	return w.server.db.Read(context.Background(), w.project, func(snap serverdb.Snapshot) error {
		for _, c := range w.clients {
			for op := range c.store.saved {
				if _, ok := snap.Event(op); !ok && !c.store.refusedBefore(op) {
					return fmt.Errorf("I3: op %s of client %d was saved and is nowhere", op, c.n)
				}
			}
			for id := range c.store.bytes {
				k, ok := snap.Checkpoint(id)
				if _, saved := c.store.savedCheckpoint(id); saved && (!ok || k.State == studio.Announced) {
					return fmt.Errorf("I3: checkpoint %s of client %d is not on the server", id, c.n)
				}
			}
		}
		return snap.Err()
	})
}

// refusedBefore: an op that a former life of the server refused is not given back to it.
func (s *store) refusedBefore(op studio.OpID) bool {
	for _, q := range s.past {
		if q.Op.ID == op {
			return q.verdict == studio.Refused
		}
	}
	return false
}

// savedCheckpoint tells whether the person was told that a checkpoint is saved.
func (s *store) savedCheckpoint(id studio.CheckpointID) (studio.OpID, bool) {
	for _, q := range append(s.past, s.queue...) {
		if b, ok := q.Op.Body.(*studio.SealBody); ok && b.Checkpoint == id && s.saved[q.Op.ID] {
			return q.Op.ID, true
		}
	}
	return studio.OpID{}, false
}

func (w *World) report1() error {
	return w.server.db.Read(context.Background(), w.project, func(snap serverdb.Snapshot) error {
		w.report.Events = snap.Head().Seq
		for _, ev := range snap.Events(0, w.report.Events, 1<<30) {
			if ev.Verdict == studio.Kept {
				w.report.Parked++
			}
		}
		return snap.Err()
	})
}
