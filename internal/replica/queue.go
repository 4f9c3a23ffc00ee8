package replica

import (
	"cmp"
	"slices"

	"framehold/internal/studio"
)

// waitsBehind tells whether an op of an asset waits behind a seal of it whose bytes are not on the server yet (row A15).
func waitsBehind(k studio.Kind) bool {
	switch k {
	case studio.KindStatusSet, studio.KindSeal, studio.KindAssign, studio.KindConvert, studio.KindTrash:
		return true
	}
	return false
}

// Ready lists what can be sent now, at most limit ops of the queue in its order. A seal waits until its checkpoint is
// covered, and behind it what follows on the same asset; everything else passes (rows A6, A15). Ops that have an n already
// were sent before: they come first, in the order of n, and nothing holds them.
func Ready(queue []Pending, covered func(studio.CheckpointID) bool, knows func(studio.Kind) bool, limit int) []Pending {
	var ready []Pending
	for _, p := range queue {
		if p.N != 0 && !p.Acked {
			ready = append(ready, p)
		}
	}
	slices.SortFunc(ready, func(a, b Pending) int { return cmp.Compare(a.N, b.N) })
	ready = ready[:min(len(ready), limit)]
	aside := map[studio.ID]bool{}   // the server lacks the kind: what follows on the entity waits for its update
	waiting := map[studio.ID]bool{} // a seal waits for its bytes
	for _, p := range queue {
		if p.N != 0 || p.Acked {
			continue
		}
		entity := p.Op.Entity
		if !knows(p.Op.Kind) {
			aside[entity] = true
		}
		if seal, ok := p.Op.Body.(*studio.SealBody); ok && !covered(seal.Checkpoint) {
			waiting[entity] = true
		}
		if aside[entity] || waiting[entity] && waitsBehind(p.Op.Kind) {
			continue
		}
		if len(ready) >= limit {
			break
		}
		ready = append(ready, p)
	}
	return ready
}
