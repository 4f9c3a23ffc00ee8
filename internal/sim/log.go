package sim

import (
	"slices"

	"framehold/internal/studio"
)

// log is the events of a store, in order, with their place by op and by entity.
type log struct {
	list    []studio.Event
	ops     map[studio.OpID]int
	entries map[studio.ID][]int
}

func newLog() log { return log{ops: map[studio.OpID]int{}, entries: map[studio.ID][]int{}} }

func (l *log) add(ev studio.Event) {
	l.ops[ev.Op] = len(l.list)
	l.entries[ev.Entity] = append(l.entries[ev.Entity], len(l.list))
	l.list = append(l.list, ev)
}

func (l *log) newest() uint64 {
	if len(l.list) == 0 {
		return 0
	}
	return l.list[len(l.list)-1].Seq
}

// dropAfter takes the events after a seq away.
func (l *log) dropAfter(seq uint64) {
	keep := l.list
	*l = newLog()
	for _, ev := range keep {
		if ev.Seq <= seq {
			l.add(ev)
		}
	}
}

// common is the last seq at which events that were pulled have the chain that is here.
func (l *log) common(events []studio.Event) uint64 {
	for i := len(events) - 1; i >= 0; i-- {
		if mine, ok := l.at(events[i].Seq); ok && mine.Op == events[i].Op && mine.Chain == events[i].Chain {
			return events[i].Seq
		}
	}
	return 0
}

func (l *log) at(seq uint64) (studio.Event, bool) {
	i, ok := slices.BinarySearchFunc(l.list, seq, func(ev studio.Event, seq uint64) int { return int(int64(ev.Seq) - int64(seq)) })
	if !ok {
		return studio.Event{}, false
	}
	return l.list[i], true
}

func (l *log) chainAt(seq uint64) ([32]byte, bool) {
	ev, ok := l.at(seq)
	return ev.Chain, ok || seq == 0
}

func (l *log) trail(entity studio.ID, after uint64) (trail []studio.Event) {
	for _, i := range l.entries[entity] {
		if l.list[i].Seq > after {
			trail = append(trail, l.list[i])
		}
	}
	return trail
}

// view is a store's rows with its events as the project store gives them: what is pending is an event to come.
type view struct {
	*studio.State
	s *store
}

// Event finds a decided or pending op.
func (v *view) Event(op studio.OpID) (studio.Event, bool) {
	if i, ok := v.s.events.ops[op]; ok {
		return v.s.events.list[i], true
	}
	for _, q := range v.s.queue {
		if q.Op.ID == op {
			return v.s.coming(q), true
		}
	}
	return studio.Event{}, false
}

// Trail lists the events about an entity, then what is pending.
func (v *view) Trail(entity studio.ID, after uint64) []studio.Event {
	trail := v.s.events.trail(entity, after)
	for _, q := range v.s.queue {
		if q.Op.Entity == entity {
			trail = append(trail, v.s.coming(q))
		}
	}
	return trail
}

func (s *store) coming(q queued) studio.Event {
	return studio.Event{Seq: 1<<62 | q.LocalN, Op: q.Op.ID, Actor: s.stand.Me, Kind: q.Op.Kind, Entity: q.Op.Entity, Group: q.Op.Group,
		Undoes: q.Op.Undoes, MadeHybrid: q.Op.MadeHybrid, Verdict: q.verdict, Reason: q.reason, Body: studio.EncodeBody(q.Op.Body)}
}

// seen is a base as a limited view has it: its rows, and the events that were pulled.
type seen struct {
	*studio.State
	log *log
}

// Event finds a pulled event.
func (v seen) Event(op studio.OpID) (studio.Event, bool) {
	i, ok := v.log.ops[op]
	if !ok {
		return studio.Event{}, false
	}
	return v.log.list[i], true
}

// Trail lists the pulled events about an entity.
func (v seen) Trail(entity studio.ID, after uint64) []studio.Event { return v.log.trail(entity, after) }
