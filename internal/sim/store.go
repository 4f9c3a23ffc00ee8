package sim

import (
	"fmt"
	"maps"
	"slices"

	"framehold/internal/replica"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// store is a project store in memory: the view, the queue, and where it stands. It does what session's store does, with
// the same Ready and Rebase; a crash loses nothing of it, for each of its calls is one commit.
type store struct {
	view   *studio.State
	queue  []queued
	past   []queued // decided own ops
	events []studio.Event
	stand  replica.Stand
	localN uint64
	newID  func() studio.ID
	cards  int
	saved  map[studio.OpID]bool            // every op that the person was told is saved
	bytes  map[studio.CheckpointID]content // of own checkpoints
	sent   map[studio.CheckpointID]bool    // the server has said that it holds them
}

// content is what a checkpoint's file is made of here: one chunk.
type content struct{ chunk, page, root []byte }

type queued struct {
	replica.Pending
	seq     uint64
	verdict studio.Verdict
}

func newStore(stand replica.Stand, newID func() studio.ID) *store {
	return &store{view: studio.NewState(nil), stand: stand, newID: newID, saved: map[studio.OpID]bool{},
		bytes: map[studio.CheckpointID]content{}, sent: map[studio.CheckpointID]bool{}}
}

func (s *store) clone() *store {
	c := *s
	c.view = studio.NewState(nil)
	puts, _ := s.view.Changed()
	for _, r := range puts {
		c.view.Put(r)
	}
	for _, ev := range s.events {
		c.view.Record(ev)
	}
	c.queue, c.past, c.events = slices.Clone(s.queue), slices.Clone(s.past), slices.Clone(s.events)
	c.saved, c.sent, c.bytes = cloneSet(s.saved), cloneSet(s.sent), maps.Clone(s.bytes)
	return &c
}

func cloneSet[K comparable](m map[K]bool) map[K]bool {
	c := make(map[K]bool, len(m))
	for k := range m {
		c[k] = true
	}
	return c
}

func (s *store) pending() []replica.Pending {
	pending := make([]replica.Pending, len(s.queue))
	for i, q := range s.queue {
		pending[i] = q.Pending
	}
	return pending
}

func (s *store) all(t studio.Table) (rows []studio.Row) {
	puts, _ := s.view.Changed()
	for _, r := range puts {
		if r.Table() == t {
			rows = append(rows, r)
		}
	}
	return rows
}

// act decides the ops of one act ahead of the server, as a person's own store does: refused is not made.
func (s *store) act(ops []studio.Op) bool {
	over := studio.NewState(s.view)
	var made []queued
	for _, op := range ops {
		done, err := over.Run(op, studio.PendingMoment(s.stand.Me, op, s.localN+1), nil)
		if err != nil {
			return false
		}
		d := done[0].Decision
		if d.Verdict != studio.Applied || d.Move != nil {
			return false
		}
		s.localN++
		made = append(made, queued{Pending: replica.Pending{LocalN: s.localN, Op: op, Undo: done[0].Undo}})
	}
	s.view.Absorb(over)
	s.queue = append(s.queue, made...)
	for _, q := range made {
		s.saved[q.Op.ID] = true
	}
	return true
}

func (s *store) lay(p replica.Pulled) (replica.Stand, error) {
	before := s.stand
	if p.Anew {
		before.Sums, before.Chain, before.Cookie = studio.Sums{}, [32]byte{}, wire.Cookie{}
	}
	before.Full = !p.Whole
	over := studio.NewState(s.view)
	out, err := replica.Rebase(over, before, s.pending(), s.all, p)
	if err != nil {
		return s.stand, err
	}
	s.commit(over)
	newest := uint64(0)
	if n := len(s.events); n > 0 {
		newest = s.events[n-1].Seq
	}
	for _, ev := range out.Events {
		if ev.Seq > newest {
			s.events = append(s.events, ev)
		}
		s.view.Record(ev)
	}
	s.settle(out)
	s.stand.Cookie = wire.Cookie{Generation: p.Head.Generation, Seq: p.Head.Seq}
	copy(s.stand.Cookie.Chain8[:], p.Head.Chain[:])
	s.stand.Chain, s.stand.Sums, s.stand.Full, s.stand.Signed = p.Head.Chain, out.Sums, before.Full, p.Head
	return s.stand, nil
}

// commit takes over what changed; rows that are gone leave no trace.
func (s *store) commit(over *studio.State) {
	puts, gone := over.Changed()
	next := studio.NewState(nil)
	was, _ := s.view.Changed()
	dropped := map[studio.Table]map[string]bool{}
	for _, r := range gone {
		if dropped[r.Table()] == nil {
			dropped[r.Table()] = map[string]bool{}
		}
		dropped[r.Table()][r.Key()] = true
	}
	for _, r := range was {
		if !dropped[r.Table()][r.Key()] {
			next.Put(r)
		}
	}
	for _, r := range puts {
		next.Put(r)
	}
	for _, ev := range s.events {
		next.Record(ev)
	}
	s.view = next
}

func (s *store) settle(out replica.Rebased) {
	redone := map[studio.OpID]replica.Redone{}
	for _, r := range out.Redone {
		redone[r.Op.ID] = r
	}
	var rest []queued
	for _, q := range s.queue {
		if ev, acked := out.Acked[q.Op.ID]; acked {
			q.seq, q.verdict = ev.Seq, ev.Verdict
			s.past = append(s.past, q)
			if ev.Verdict != studio.Applied && ev.Verdict != studio.Noop {
				s.cards++
			}
			if q.Op.Kind == studio.KindSeal && ev.Verdict == studio.Noop && ev.Reason != studio.CodeAlready {
				again := q.Op
				again.ID = studio.OpID{ID: s.newID()}
				s.localN++
				rest = append(rest, queued{Pending: replica.Pending{LocalN: s.localN, Op: again}})
			}
			continue
		}
		q.Undo = redone[q.Op.ID].Undo
		rest = append(rest, q)
	}
	s.queue = rest
}

func (s *store) build(e replica.Build) []wire.Op {
	var ops []wire.Op
	for _, p := range replica.Ready(s.pending(), s.covered, e.Knows, e.Limit) {
		if p.N == 0 {
			p.N = s.stand.NextN
			s.stand.NextN++
			for i := range s.queue {
				if s.queue[i].LocalN == p.LocalN {
					s.queue[i].N = p.N
				}
			}
		}
		ops = append(ops, wire.OpOf(p.N, p.Op))
	}
	return ops
}

func (s *store) covered(k studio.CheckpointID) bool { return s.sent[k] }

// toSend is an own checkpoint whose bytes the server does not hold yet, the oldest first.
func (s *store) toSend() (studio.CheckpointID, bool) {
	for _, q := range s.queue {
		if seal, ok := q.Op.Body.(*studio.SealBody); ok && !s.sent[seal.Checkpoint] {
			return seal.Checkpoint, true
		}
	}
	return studio.CheckpointID{}, false
}

func (s *store) keep(e replica.Keep) {
	for _, o := range e.Outcomes {
		for i := range s.queue {
			if s.queue[i].Op.ID == o.Op {
				s.queue[i].Acked = true
			}
		}
	}
	s.stand.Lmid = max(s.stand.Lmid, e.Lmid)
}

func (s *store) restart(e replica.Effect) {
	for i := range s.queue {
		s.queue[i].N, s.queue[i].Acked = 0, false
	}
	switch e := e.(type) {
	case replica.Renumber:
		s.stand.Client, s.stand.NextN, s.stand.Lmid = s.newID(), 1, 0
	case replica.Rewind:
		var lost, kept []queued
		for _, q := range s.past {
			if q.seq > e.After && q.verdict != studio.Refused {
				q.N, q.Acked, q.Undo = 0, false, nil
				lost = append(lost, q)
			} else {
				kept = append(kept, q)
			}
		}
		s.past = kept
		s.queue = append(lost, s.queue...)
		slices.SortStableFunc(s.queue, func(a, b queued) int { return int(int64(a.LocalN) - int64(b.LocalN)) })
		s.events = slices.DeleteFunc(s.events, func(ev studio.Event) bool { return ev.Seq > e.After })
		s.sent = map[studio.CheckpointID]bool{}
		s.stand.Cookie, s.stand.Chain, s.stand.Sums = wire.Cookie{}, [32]byte{}, studio.Sums{}
		s.stand.NextN, s.stand.Lmid = e.FirstN, e.FirstN-1
	default:
		panic(fmt.Sprintf("sim: restart by %T", e))
	}
}

func (s *store) chainAt(seq uint64) ([32]byte, bool) {
	if seq == 0 {
		return [32]byte{}, true
	}
	for _, ev := range s.events {
		if ev.Seq == seq {
			return ev.Chain, true
		}
	}
	return [32]byte{}, false
}
