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
	view   *view
	rows   map[studio.Table]map[string][]byte // canonical forms of the view's rows
	sums   studio.Sums                        // of rows
	queue  []queued
	past   []queued // decided own ops
	events log
	stand  replica.Stand
	localN uint64
	newID  func() studio.ID
	saved  map[studio.OpID]bool            // every op that the person was told is saved
	bytes  map[studio.CheckpointID]content // of own checkpoints
	sent   map[studio.CheckpointID]bool    // the server has said that it holds them
}

// content is what a checkpoint's file is made of here: one chunk.
type content struct{ chunk, page, root []byte }

// queued is an own op: how it stands here, and what the server said.
type queued struct {
	replica.Pending
	verdict studio.Verdict
	reason  studio.Code
	played  bool // false: queued by the store itself, for the server alone
}

func newStore(stand replica.Stand, newID func() studio.ID) *store {
	s := &store{rows: map[studio.Table]map[string][]byte{}, sums: studio.Sums{}, events: newLog(), stand: stand, newID: newID,
		saved: map[studio.OpID]bool{}, bytes: map[studio.CheckpointID]content{}, sent: map[studio.CheckpointID]bool{}}
	s.view = &view{studio.NewState(nil), s}
	return s
}

// clone is the same store on another disk.
func (s *store) clone() *store {
	c := *s
	c.rows, c.sums = map[studio.Table]map[string][]byte{}, maps.Clone(s.sums)
	c.view = &view{studio.NewState(nil), &c}
	for t, rows := range s.rows {
		c.rows[t] = maps.Clone(rows)
	}
	for t := studio.TableProject; t <= studio.TableLast; t++ {
		for _, r := range s.All(t) {
			c.view.Put(r)
		}
	}
	c.events = newLog()
	for _, ev := range s.events.list {
		c.events.add(ev)
	}
	c.queue, c.past = slices.Clone(s.queue), slices.Clone(s.past)
	c.saved, c.sent, c.bytes = maps.Clone(s.saved), maps.Clone(s.sent), maps.Clone(s.bytes)
	return &c
}

func (s *store) pending() []replica.Pending { return pendingOf(s.queue) }

func pendingOf(queue []queued) []replica.Pending {
	pending := make([]replica.Pending, len(queue))
	for i, q := range queue {
		pending[i] = q.Pending
	}
	return pending
}

// All lists the rows of a table in order of key.
func (s *store) All(t studio.Table) []studio.Row {
	rows := make([]studio.Row, 0, len(s.rows[t]))
	for _, key := range slices.Sorted(maps.Keys(s.rows[t])) {
		r, ok := s.view.Find(t, key)
		studio.Must(ok, "what is stored is in the view")
		rows = append(rows, r)
	}
	return rows
}

// Rows finds rows of a table.
func (s *store) Rows(t studio.Table, keys []string) (rows []studio.Row) {
	for _, key := range keys {
		if r, ok := s.view.Find(t, key); ok {
			rows = append(rows, r)
		}
	}
	return rows
}

// commit takes over what changed.
func (s *store) commit(over *studio.State) {
	puts, gone := over.Changed()
	for _, r := range puts {
		s.forget(r)
		b := studio.EncodeRow(r)
		if s.rows[r.Table()] == nil {
			s.rows[r.Table()] = map[string][]byte{}
		}
		s.rows[r.Table()][r.Key()] = b
		s.sums[r.Table()] = s.sums[r.Table()].Plus(b)
		s.view.Put(r)
	}
	for _, r := range gone {
		s.forget(r)
		s.view.Remove(r.Table(), r.Key())
	}
}

func (s *store) forget(r studio.Row) {
	if b, ok := s.rows[r.Table()][r.Key()]; ok {
		s.sums[r.Table()] = s.sums[r.Table()].Less(b)
		delete(s.rows[r.Table()], r.Key())
	}
}

// act decides the ops of one act ahead of the server, as a person's own store does: what a server would park, rename or do
// in part is not made, unless they insist. It tells whether the act was made.
func (s *store) act(ops []studio.Op, insist bool) bool {
	over := studio.NewState(s.view)
	var made []queued
	for _, op := range ops {
		done, err := over.Run(op, studio.PendingMoment(s.stand.Me, op, s.localN+uint64(len(made))+1), nil)
		if err != nil || !stands(done[0].Decision, insist) {
			return false
		}
		d := done[0].Decision
		made = append(made, queued{Pending: replica.Pending{LocalN: s.localN + uint64(len(made)) + 1, Op: op, Undo: done[0].Undo},
			verdict: d.Verdict, reason: d.Reason, played: true})
	}
	s.commit(over)
	s.queue = append(s.queue, made...)
	s.localN += uint64(len(made))
	for _, q := range made {
		s.saved[q.Op.ID] = true
	}
	return true
}

func stands(d studio.Decision, insist bool) bool {
	switch d.Verdict {
	case studio.Applied:
		return true
	case studio.Merged:
		return d.Reason != studio.CodeRenamed && d.Move == nil
	case studio.Kept:
		return insist && d.Insisted()
	}
	return false
}

func (s *store) lay(p replica.Pulled) (replica.Stand, error) {
	before := s.stand
	if p.Anew {
		before.Sums, before.Chain, before.Cookie = studio.Sums{}, [32]byte{}, wire.Cookie{}
	}
	before.Full, before.Blank = !p.Whole, false
	queue, past := s.queue, s.past
	var decided []replica.Decided
	for _, q := range s.decided(0) {
		decided = append(decided, replica.Decided{Op: q.Op.ID, Verdict: q.verdict})
	}
	s.requeue(p.Lost(decided))
	over := studio.NewState(s.view)
	out, err := replica.Rebase(over, before, s.pending(), s, p)
	if err != nil {
		s.queue, s.past = queue, past
		return s.stand, err
	}
	if p.Anew {
		s.events.dropAfter(s.events.common(out.Events))
	}
	s.commit(over)
	for _, ev := range out.Events {
		if ev.Seq > s.events.newest() {
			s.events.add(ev)
		}
	}
	s.settle(out)
	s.stand.Cookie = wire.Cookie{Generation: p.Head.Generation, Seq: p.Head.Seq}
	copy(s.stand.Cookie.Chain8[:], p.Head.Chain[:])
	s.stand.Chain, s.stand.Sums, s.stand.Full, s.stand.Signed, s.stand.Blank = p.Head.Chain, out.Sums, before.Full, p.Head, false
	switch {
	case p.Later:
		s.stand.Log = replica.Log{Upto: p.Head.Seq, Chain: p.Head.Chain}
	case p.Anew || p.Whole:
		s.stand.Log = replica.Log{}
	}
	return s.stand, nil
}

// keepLog adds a part of the history that was left out of the first pull.
func (s *store) keepLog(e replica.KeepLog) (replica.Stand, error) {
	if !s.stand.Log.Due() {
		return s.stand, nil
	}
	chain, _ := s.events.chainAt(s.stand.Log.Have)
	events, err := s.stand.Log.Next(chain, e.Events)
	if err != nil {
		return s.stand, err
	}
	later := s.events.list
	s.events.dropAfter(s.stand.Log.Have)
	for _, ev := range slices.Concat(events, later[len(s.events.list):]) {
		s.events.add(ev)
	}
	s.stand.Log = s.stand.Log.With(events)
	return s.stand, nil
}

// decided lists the own ops with a verdict other than REFUSED after a seq.
func (s *store) decided(after uint64) (ops []queued) {
	for _, q := range s.past {
		if q.Seq > after && q.verdict != studio.Refused {
			ops = append(ops, q)
		}
	}
	return ops
}

// requeue queues decided ops again, before what is pending.
func (s *store) requeue(ops []studio.OpID) {
	if len(ops) == 0 {
		return
	}
	again := map[studio.OpID]bool{}
	for _, op := range ops {
		again[op] = true
	}
	var queue, past []queued
	for _, q := range s.past {
		if again[q.Op.ID] {
			q.N, q.Seq, q.Acked, q.Undo = 0, 0, false, nil
			queue = append(queue, q)
		} else {
			past = append(past, q)
		}
	}
	s.past, s.queue = past, append(queue, s.queue...)
	slices.SortFunc(s.queue, func(a, b queued) int { return int(int64(a.LocalN) - int64(b.LocalN)) })
}

func (s *store) settle(out replica.Rebased) {
	redone := map[studio.OpID]replica.Redone{}
	for _, r := range out.Redone {
		redone[r.Op.ID] = r
	}
	var rest []queued
	for _, q := range s.queue {
		ev, acked := out.Acked[q.Op.ID]
		if !acked {
			r := redone[q.Op.ID]
			rest = append(rest, queued{Pending: r.Pending, verdict: r.Verdict, reason: r.Reason, played: true})
			continue
		}
		q.Seq, q.verdict, q.reason = ev.Seq, ev.Verdict, ev.Reason
		s.past = append(s.past, q)
	}
	s.queue = rest
	for _, ev := range out.Events { // behind what is pending, as the project store numbers it
		if _, acked := out.Acked[ev.Op]; acked {
			s.sealAgain(ev)
		}
	}
}

// sealAgain queues a seal that has to be asked again once more, with an id of its own.
func (s *store) sealAgain(ev studio.Event) {
	for _, q := range slices.Concat(s.past, s.queue) {
		if b, seals := q.Op.Body.(*studio.SealBody); seals && q.Op.ID == ev.Op {
			k, _ := s.view.Checkpoint(b.Checkpoint)
			if !replica.AsksAgain(ev.Verdict, ev.Reason, k) {
				return
			}
			if ev.Reason == studio.CodeWaitContent || ev.Reason == studio.CodeUnknownCheckpoint {
				delete(s.sent, b.Checkpoint)
			}
			q.Op.ID = studio.OpID{ID: s.newID()}
			s.localN++
			s.queue = append(s.queue, queued{Pending: replica.Pending{LocalN: s.localN, Op: q.Op}, verdict: studio.Noop})
			return
		}
	}
}

func (s *store) build(e replica.Build) []wire.Op {
	var ops []wire.Op
	announced := func(k studio.CheckpointID) (studio.Op, bool) {
		id := s.announceOf(k)
		at := slices.IndexFunc(s.past, func(q queued) bool { return q.Op.ID == id })
		if at < 0 {
			return studio.Op{}, false
		}
		return s.past[at].Op, true
	}
	for _, op := range replica.Retold(s.pending(), announced, e) {
		ops = append(ops, wire.OpOf(0, op))
	}
	sight := replica.Sight{Covered: func(k studio.CheckpointID) bool { return s.sent[k] }, View: s.view}
	for _, p := range replica.Ready(s.pending(), sight, e) {
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

// toSend is an own checkpoint whose bytes the server does not hold yet, the oldest first.
func (s *store) toSend() (studio.CheckpointID, bool) {
	for _, q := range s.queue {
		if seal, ok := q.Op.Body.(*studio.SealBody); ok && !s.sent[seal.Checkpoint] && !q.Acked {
			return seal.Checkpoint, true
		}
	}
	return studio.CheckpointID{}, false
}

func (s *store) keep(e replica.Keep) {
	for _, o := range e.Outcomes {
		for i := range s.queue {
			if s.queue[i].Op.ID == o.Op {
				s.queue[i].Acked, s.queue[i].Seq = true, o.Seq
				if e.HandedIn && !s.sealedLater(s.queue[i]) {
					s.sealAgain(studio.Event{Op: o.Op, Verdict: o.Verdict, Reason: o.Reason})
				}
			}
		}
	}
	s.stand.Lmid = max(s.stand.Lmid, e.Lmid)
	if !e.DepositKey.IsZero() {
		s.stand.DepositKey = e.DepositKey
	}
}

// sealedLater tells whether the checkpoint of a seal is sealed by a later op of the queue.
func (s *store) sealedLater(q queued) bool {
	first, ok := q.Op.Body.(*studio.SealBody)
	return ok && slices.ContainsFunc(s.queue, func(o queued) bool {
		later, ok := o.Op.Body.(*studio.SealBody)
		return ok && later.Checkpoint == first.Checkpoint && o.LocalN > q.LocalN
	})
}

// announceOf is the own op that told of a checkpoint.
func (s *store) announceOf(id studio.CheckpointID) studio.OpID {
	for _, q := range slices.Concat(s.past, s.queue) {
		if b, ok := q.Op.Body.(*studio.AnnounceBody); ok && b.Checkpoint == id {
			return q.Op.ID
		}
	}
	return studio.OpID{}
}

func (s *store) restart(e replica.Effect) {
	for i := range s.queue {
		s.queue[i].N, s.queue[i].Acked, s.queue[i].Seq = 0, false, 0
	}
	if _, again := e.(replica.Again); again {
		return
	}
	s.sent = map[studio.CheckpointID]bool{} // the lease is the client's, and the server's
	switch e := e.(type) {
	case replica.Renumber:
		s.stand.Client, s.stand.NextN, s.stand.Lmid = s.newID(), 1, 0
	case replica.Rewind:
		var lost []studio.OpID
		for _, q := range s.decided(e.After) {
			lost = append(lost, q.Op.ID)
		}
		s.requeue(lost)
		s.events.dropAfter(e.After)
		s.stand.Cookie, s.stand.Chain, s.stand.Sums = wire.Cookie{}, [32]byte{}, studio.Sums{}
		s.stand.NextN, s.stand.Lmid = e.FirstN, e.FirstN-1
	default:
		panic(fmt.Sprintf("sim: restart by %T", e))
	}
}
