package sim

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"

	"framehold/internal/chunk"
	"framehold/internal/replica"
	"framehold/internal/serverdb"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

func hashOf(b []byte) studio.Hash { return studio.Hash(chunk.Sum(b)) }

func (w *World) checkVerdicts(r wire.PushRequest, reply wire.PushReply) error {
	return w.server.line.verdicts(r, reply)
}

// checkServer looks at the events since the last look, and keeps the state that was committed with them.
func (w *World) checkServer() error {
	h := w.server
	return w.read(h.db, func(snap serverdb.Snapshot) error {
		head := snap.Head()
		if _, known := h.history[head.Chain]; known && head.Seq == h.line.seq {
			return nil
		}
		for _, ev := range snap.Events(h.line.seq, head.Seq, 1<<30) {
			w.note("event %d %s %d %s", ev.Seq, ev.Op, ev.Verdict, ev.Reason)
			fmt.Fprintln(w.verdicts, ev.Seq, ev.Kind, ev.Entity, ev.Actor, ev.Verdict, ev.Reason, ev.Result, ev.Version, ev.About)
			if err := h.line.next(snap, ev); err != nil {
				return err
			}
		}
		h.history[head.Chain] = moment{head.Seq, head.Sums, h.db.Copy()}
		return snap.Err()
	})
}

// checkClient is I6 and I8 after a pull: what lies under the pending ops is what the server had at that seq, and the view
// is what Decide makes of that and of them.
func (w *World) checkClient(c *client) error {
	if err := w.checkKept(c); err != nil {
		return err
	}
	s := c.store
	then, known := w.server.history[s.stand.Chain]
	if !known || then.seq != s.stand.Cookie.Seq {
		return fmt.Errorf("I6: client %d stands at %d, where no server ever was", c.n, s.stand.Cookie.Seq)
	}
	return w.read(then.db, func(snap serverdb.Snapshot) error {
		sums, base := then.sums, studio.View(snap)
		if !s.stand.Full {
			rows, err := visible(snap, s.stand.Me)
			if err != nil {
				return err
			}
			state := studio.NewState(nil)
			sums = studio.Sums{}
			for _, r := range rows {
				state.Put(r)
				sums[r.Table()] = sums[r.Table()].Plus(studio.EncodeRow(r))
			}
			base = seen{state, &s.events}
		}
		if err := s.based(sums); err != nil {
			return fmt.Errorf("I6: client %d at %d: %w", c.n, then.seq, err)
		}
		if err := s.folded(base); err != nil {
			return fmt.Errorf("I8: client %d at %d: %w", c.n, then.seq, err)
		}
		return nil
	})
}

// checkKept is I3 on this computer: an own op is in the queue or in the archive, and what was saved is in the view.
func (w *World) checkKept(c *client) error {
	s := c.store
	if uint64(len(s.queue)+len(s.past)) != s.localN {
		return fmt.Errorf("I3: client %d made %d ops, and has %d in its queue and %d behind it", c.n, s.localN, len(s.queue), len(s.past))
	}
	for _, q := range s.queue {
		if b, ok := q.Op.Body.(*studio.AnnounceBody); ok {
			if _, here := s.rows[studio.TableCheckpoint][string(b.Checkpoint.Bytes())]; !here && q.verdict != studio.Refused {
				return fmt.Errorf("I3: client %d lost sight of its checkpoint %s", c.n, b.Checkpoint)
			}
		}
	}
	return nil
}

// visible lists what a member may see at a moment of the server.
func visible(snap serverdb.Snapshot, user studio.UserID) ([]studio.Row, error) {
	sight := studio.SightOf(snap, user)
	all, err := rowsOf(snap)
	return slices.DeleteFunc(all, func(r studio.Row) bool { return !sight.SeesRow(r) }), err
}

func rowsOf(snap serverdb.Snapshot) (all []studio.Row, err error) {
	at := serverdb.Position{}
	for more := true; more; {
		var rows []serverdb.Row
		rows, more = snap.RowsAfter(at, snap.Head().Seq, 1<<20)
		for _, r := range rows {
			at = serverdb.Behind(r)
			if r.Bytes == nil {
				continue
			}
			row, err := studio.DecodeRow(r.Table, r.Bytes)
			if err != nil {
				return nil, err
			}
			all = append(all, row)
		}
	}
	return all, snap.Err()
}

type rowAt struct {
	table studio.Table
	key   string
}

// below lists the rows that pending ops have changed, as they were before them; those of own checkpoints were not there.
func (s *store) below() map[rowAt][]byte {
	before := map[rowAt][]byte{}
	for i := len(s.queue) - 1; i >= 0; i-- {
		undo := s.queue[i].Undo
		for j := len(undo) - 1; j >= 0; j-- {
			before[rowAt{undo[j].Table, undo[j].Key}] = undo[j].Before
		}
	}
	for _, q := range s.queue {
		if b, ok := q.Op.Body.(*studio.AnnounceBody); ok {
			before[rowAt{studio.TableCheckpoint, string(b.Checkpoint.Bytes())}] = nil
		}
	}
	return before
}

// based compares the view without what is pending with the sums of the server.
func (s *store) based(want studio.Sums) error {
	sums := maps.Clone(s.sums)
	for _, r := range s.All(studio.TableCheckpoint) {
		if r.(studio.Checkpoint).State == studio.Safety { // is in no base
			sums[studio.TableCheckpoint] = sums[studio.TableCheckpoint].Less(studio.EncodeRow(r))
		}
	}
	for at, before := range s.below() {
		if now, ok := s.rows[at.table][at.key]; ok {
			sums[at.table] = sums[at.table].Less(now)
		}
		if before != nil {
			sums[at.table] = sums[at.table].Plus(before)
		}
	}
	for t := studio.TableProject; t <= studio.TableLast; t++ {
		if sums[t] != want[t] {
			return fmt.Errorf("table %d of the base is not the server's", t)
		}
	}
	return nil
}

// folded compares the view with what Decide makes of the server's base and the pending ops.
func (s *store) folded(base studio.View) error {
	state := studio.NewState(base)
	for _, q := range s.queue {
		if !q.played {
			continue
		}
		done, err := state.Run(q.Op, studio.PendingMoment(s.stand.Me, q.Op, q.LocalN), nil)
		if err != nil {
			return err
		}
		if d := done[0].Decision; d.Verdict != q.verdict || d.Reason != q.reason {
			return fmt.Errorf("op %d (kind %d) is %d %s here, and %d %s over the server's base", q.LocalN, q.Op.Kind, q.verdict, q.reason,
				d.Verdict, d.Reason)
		}
	}
	touched := s.below()
	puts, gone := state.Changed()
	for _, r := range slices.Concat(puts, gone) {
		touched[rowAt{r.Table(), r.Key()}] = nil
	}
	for at := range touched {
		want, ok := state.Find(at.table, at.key)
		now, here := s.view.Find(at.table, at.key)
		if k, isCheckpoint := now.(studio.Checkpoint); !ok && isCheckpoint && k.State == studio.Contested {
			continue // authored rows are never undone
		}
		if ok != here || ok && !bytes.Equal(derived(want), derived(now)) {
			return fmt.Errorf("a row of table %d is %+v, should be %+v", at.table, now, want)
		}
	}
	return nil
}

// derived is the form of a row without what an authored one keeps from when it was made.
func derived(r studio.Row) []byte {
	if k, ok := r.(studio.Checkpoint); ok {
		k.ReceivedMs = 0
		return studio.EncodeRow(k)
	}
	return studio.EncodeRow(r)
}

const (
	settleMs  = 20 * 60_000 // far more than everyone needs
	roundsMax = 3
)

// settle ends the faults and lets everyone come to rest; then all agree (I7), nothing waits (I14), and nothing that was
// called saved is missing (I3).
func (w *World) settle() error {
	w.calm = true
	for _, c := range w.clients {
		c.in, c.out = true, true
		w.after(2*90_000, func() error { return w.step(c, replica.Woke{Asked: true}) })
	}
	for end := w.nowMs + settleMs; w.todo.Len() > 0 && w.nowMs < end; {
		if err := w.one(); err != nil {
			return err
		}
		if w.agreed() {
			break
		}
	}
	for _, c := range w.clients {
		switch head := w.server.line.seq; {
		case w.gone(c) && w.open(c) && c.store.unsent() > 0:
			return fmt.Errorf("I14: client %d is no member and has not handed in %d ops, state %d", c.n, c.store.unsent(), c.core.State())
		case w.gone(c):
		case len(c.store.queue) > 0 && !w.held(c):
			return fmt.Errorf("I14: client %d still has %d ops to send, state %d", c.n, len(c.store.queue), c.core.State())
		case !w.at(c, head) || c.core.State() != replica.Synced:
			return fmt.Errorf("I7: client %d stands at %d of %d, state %d", c.n, c.store.stand.Cookie.Seq, head, c.core.State())
		default:
			if err := w.checkClient(c); err != nil {
				return err
			}
		}
	}
	if err := w.collect(); err != nil {
		return err
	}
	return w.read(w.server.db, func(snap serverdb.Snapshot) error {
		rows, err := rowsOf(snap)
		return errors.Join(err, w.server.line.held(rows), w.checkSaved(snap), checkBytes(snap, rows), w.count(snap))
	})
}

// gone tells whether a client's person is no member any more.
func (w *World) gone(c *client) (gone bool) {
	err := w.read(w.server.db, func(snap serverdb.Snapshot) error {
		m, _ := snap.Member(c.store.stand.Me)
		gone = m.Gone
		return nil
	})
	return gone && err == nil
}

// open tells whether the server takes what a client hands in: it has given it a key, and has not lost that since, nor what it
// was told of before.
func (w *World) open(c *client) (open bool) {
	err := w.read(w.server.db, func(snap serverdb.Snapshot) error {
		known, ok := snap.Client(c.store.stand.Client)
		open = ok && known.DepositKey == sha256.Sum256(c.store.stand.DepositKey[:])
		for _, q := range c.store.queue {
			if b, seals := q.Op.Body.(*studio.SealBody); seals && !q.Acked {
				_, told := snap.Event(c.store.announceOf(b.Checkpoint))
				open = open && (told || slices.ContainsFunc(c.store.queue, func(q queued) bool { return q.Op.ID == c.store.announceOf(b.Checkpoint) }))
			}
		}
		return nil
	})
	return open && err == nil
}

// baseWaits tells whether a seal of the queue waits for its base, which another store is going to seal.
func (s *store) baseWaits() bool {
	return slices.ContainsFunc(s.queue, func(q queued) bool {
		b, ok := q.Op.Body.(*studio.SealBody)
		if !ok {
			return false
		}
		k, _ := s.view.Checkpoint(b.Checkpoint)
		base, known := s.view.Checkpoint(k.Base)
		return known && base.State == studio.Announced
	})
}

// held tells whether what a client still has to send waits for a checkpoint that will never come: its author, or that of one
// below it, is no member any more, or their disk was set back behind it (row B3). The person sees why, and may forget it.
func (w *World) held(c *client) (held bool) {
	err := w.read(w.server.db, func(snap serverdb.Snapshot) error {
		for _, q := range c.store.queue {
			b, ok := q.Op.Body.(*studio.SealBody)
			if !ok {
				continue
			}
			mine, _ := snap.Checkpoint(b.Checkpoint)
			for base, ok := snap.Checkpoint(mine.Base); ok && base.State == studio.Announced; base, ok = snap.Checkpoint(base.Base) {
				author, _ := snap.Member(base.Author)
				held = held || author.Gone || !w.seals(base.ID)
			}
		}
		return nil
	})
	return held && err == nil
}

// seals tells whether any store still has the act that seals a checkpoint.
func (w *World) seals(id studio.CheckpointID) bool {
	return slices.ContainsFunc(w.clients, func(c *client) bool {
		return slices.ContainsFunc(slices.Concat(c.store.past, c.store.queue), func(q queued) bool {
			b, ok := q.Op.Body.(*studio.SealBody)
			return ok && b.Checkpoint == id
		})
	})
}

// unsent counts the own ops that no server has decided.
func (s *store) unsent() (n int) {
	for _, q := range s.queue {
		if !q.Acked {
			n++
		}
	}
	return n
}

// at tells whether a client stands at a seq of the server's life that goes on.
func (w *World) at(c *client, seq uint64) bool {
	same := false
	err := w.read(w.server.db, func(snap serverdb.Snapshot) error {
		same = c.store.stand.Cookie.Generation == wire.Generation(snap.Head().Generation)
		return nil
	})
	return err == nil && same && c.store.stand.Cookie.Seq == seq
}

func (w *World) agreed() bool {
	for _, c := range w.clients {
		if (len(c.store.queue) == 0 || w.held(c)) && w.at(c, w.server.line.seq) && c.core.State() == replica.Synced && c.call == 0 {
			continue
		}
		if !w.gone(c) || w.open(c) && c.store.unsent() > 0 {
			return false
		}
	}
	return true
}

// checkRounds is I14: a queue of which everything can be sent drains in a few rounds.
func (w *World) checkRounds(c *client) error {
	_, waits := c.store.toSend()
	if waits || len(c.store.queue) == 0 || c.core.State() != replica.Synced || c.store.baseWaits() {
		return nil
	}
	if c.rounds++; c.rounds > roundsMax {
		return fmt.Errorf("I14: client %d has %d ops to send after %d rounds", c.n, len(c.store.queue), c.rounds)
	}
	return nil
}

// checkSaved is I3: every op that a person was told is saved has its event on the server, or waits in the queue of who is no
// member any more; and every checkpoint is sealed. Its bytes are looked for by checkBytes.
func (w *World) checkSaved(snap serverdb.Snapshot) error {
	for _, c := range w.clients {
		gone := w.gone(c) // what the server lost of theirs comes back when they do
		waits, refused := map[studio.OpID]bool{}, map[studio.OpID]bool{}
		seals := map[studio.CheckpointID]bool{}
		sealing := map[studio.CheckpointID]bool{} // by an op that waits for a base
		for _, q := range c.store.queue {
			waits[q.Op.ID] = true
			if b, ok := q.Op.Body.(*studio.SealBody); ok {
				sealing[b.Checkpoint] = true
			}
		}
		for _, q := range c.store.past {
			refused[q.Op.ID] = q.verdict == studio.Refused || gone
			// a seal that could not be read leaves its checkpoint announced
			if b, ok := q.Op.Body.(*studio.SealBody); ok && !refused[q.Op.ID] && q.reason != studio.CodeUnreadable && !sealing[b.Checkpoint] {
				seals[b.Checkpoint] = true
			}
		}
		for op := range c.store.saved {
			// an op that a former life of the server refused is not given back to it
			if _, ok := snap.Event(op); !ok && !waits[op] && !refused[op] {
				return fmt.Errorf("I3: op %s of client %d was saved and is nowhere", op, c.n)
			}
		}
		for id := range seals {
			k, ok := snap.Checkpoint(id)
			if (!ok || k.State == studio.Announced) && !gone {
				return fmt.Errorf("I3: checkpoint %s of client %d is not on the server", id, c.n)
			}
		}
	}
	return snap.Err()
}

// checkBytes is I9 and I10: every byte of a checkpoint that is sealed and was not given up is on the server, after all that
// nothing needs was collected.
func checkBytes(snap serverdb.Snapshot, rows []studio.Row) error {
	for _, r := range rows {
		k, ok := r.(studio.Checkpoint)
		if !ok || k.State == studio.Announced || !studio.KeepsBytes(snap, k) {
			continue
		}
		b, here := snap.Manifest(k.Manifest)
		root, err := chunk.ParseRoot(b)
		if !here || err != nil {
			return fmt.Errorf("I9: the root of checkpoint %s is not on the server", k.ID)
		}
		for _, p := range root.Pages {
			page, here := snap.Manifest(studio.Hash(p.Hash))
			entries, err := chunk.ParsePage(page)
			if !here || err != nil {
				return fmt.Errorf("I9: a page of checkpoint %s is not on the server", k.ID)
			}
			for _, e := range entries {
				if len(snap.Locate([]studio.Hash{studio.Hash(e.Hash)})) == 0 {
					return fmt.Errorf("I9: a chunk of checkpoint %s is not on the server", k.ID)
				}
			}
		}
	}
	return nil
}

func (w *World) count(snap serverdb.Snapshot) error {
	w.report.Events = snap.Head().Seq
	for _, ev := range snap.Events(0, w.report.Events, 1<<30) {
		if ev.Verdict == studio.Kept {
			w.report.Parked++
		}
	}
	return snap.Err()
}
