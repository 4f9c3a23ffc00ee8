package replica

import (
	"cmp"
	"slices"

	"framehold/internal/studio"
)

// Sight is what a store knows of its own checkpoints.
type Sight struct {
	Covered func(studio.CheckpointID) bool // the server holds all bytes
	View    studio.View
}

// waits lists the checkpoints of the queue that cannot be sealed yet: for their bytes, and for their base, which the server has
// only been told of, or which waits itself (rows B2, B10). Asked before, the server would say the same each time.
func (s Sight) waits(queue []Pending) (bytes, base map[studio.CheckpointID]bool) {
	bytes, base = map[studio.CheckpointID]bool{}, map[studio.CheckpointID]bool{}
	var seals []studio.CheckpointID
	here := map[studio.CheckpointID]bool{} // has a seal in the queue
	for _, p := range queue {
		if seal, ok := p.Op.Body.(*studio.SealBody); ok && !p.Acked {
			here[seal.Checkpoint] = true
			if bytes[seal.Checkpoint] = !s.Covered(seal.Checkpoint); p.N == 0 {
				seals = append(seals, seal.Checkpoint)
			}
		}
	}
	for more := true; more; { // a chain may stand in any order
		more = false
		for _, id := range seals {
			k, _ := s.View.Checkpoint(id)
			if k.State == studio.Safety { // its announcement could not be read: it stands on nothing, and is refused when it is sent
				continue
			}
			below, known := s.View.Checkpoint(k.Base)
			waiting := known && below.State == studio.Announced
			if here[k.Base] && (waiting || below.State == studio.Local || below.State == studio.Contested) {
				waiting = bytes[k.Base] || base[k.Base]
			}
			if waiting && !base[id] {
				base[id], more = true, true
			}
		}
	}
	return bytes, base
}

// Ready lists what can be sent now, at most e.Limit ops of the queue in its order. A seal waits until its checkpoint is
// covered, and behind it what follows on the same asset; one that waits for its base holds other seals up no more than those
// made on it. Everything else passes (rows A6, A15). Ops that have an n already were sent before: they come first, in the order
// of n, and nothing holds them.
func Ready(queue []Pending, sight Sight, e Build) []Pending {
	var ready []Pending
	for _, p := range queue {
		if p.N != 0 && !p.Acked {
			ready = append(ready, p)
		}
	}
	slices.SortFunc(ready, func(a, b Pending) int { return cmp.Compare(a.N, b.N) })
	ready = ready[:min(len(ready), e.Limit)]
	uncovered, onBase := sight.waits(queue)
	aside := map[studio.ID]bool{}   // the server lacks the kind: what follows on the entity waits for its update
	waiting := map[studio.ID]bool{} // a seal waits for its bytes
	held := map[studio.ID]bool{}    // a seal waits for its base
	for _, p := range queue {
		if p.N != 0 || p.Acked {
			continue
		}
		entity := p.Op.Entity
		if !e.Knows(p.Op.Kind) {
			aside[entity] = true
		}
		seal, seals := p.Op.Body.(*studio.SealBody)
		if seals && uncovered[seal.Checkpoint] {
			waiting[entity] = true
		}
		waitsForBase := seals && onBase[seal.Checkpoint] && !e.HandIn
		held[entity] = held[entity] || waitsForBase
		if aside[entity] || waitsForBase || studio.WaitsBehindSeal(p.Op.Kind) && (waiting[entity] || held[entity] && !seals) {
			continue
		}
		if len(ready) >= e.Limit {
			break
		}
		ready = append(ready, p)
	}
	return ready
}

// Retold lists the announcements of the checkpoints that the queue has yet to seal, at most e.Limit. Who hands in hands them in
// again: no pull tells them whether the server went back behind one (row H3). Where it did not, the answer is the same.
func Retold(queue []Pending, announced func(studio.CheckpointID) (studio.Op, bool), e Build) (ops []studio.Op) {
	for _, p := range queue {
		seal, seals := p.Op.Body.(*studio.SealBody)
		if !seals || p.Acked || !e.Retell || len(ops) == e.Limit {
			continue
		}
		if op, ok := announced(seal.Checkpoint); ok {
			ops = append(ops, op)
		}
	}
	return ops
}

// AsksAgain tells whether a seal is asked for once more, by a new op, after a verdict: it only waited (rows B2, B10, B17), or the
// server had lost the announcement, and has it back (row H3). k is the checkpoint as the view has it.
func AsksAgain(verdict studio.Verdict, reason studio.Code, k studio.Checkpoint) bool {
	switch {
	case verdict == studio.Noop:
		return reason == studio.CodeWaitContent || reason == studio.CodeWaitBase || reason == studio.CodeQuota
	case verdict == studio.Refused && reason == studio.CodeUnknownCheckpoint:
		return k.State == studio.Announced || k.State == studio.Local || k.State == studio.Contested
	}
	return false
}

// Aside counts the ops that wait for an update of the server: those of kinds that it lacks, and what follows on their
// entities (rows A6, H8).
func Aside(queue []Pending, knows func(studio.Kind) bool) (n int) {
	aside := map[studio.ID]bool{}
	for _, p := range queue {
		if p.N != 0 || p.Acked {
			continue
		}
		aside[p.Op.Entity] = aside[p.Op.Entity] || !knows(p.Op.Kind)
		if aside[p.Op.Entity] {
			n++
		}
	}
	return n
}
