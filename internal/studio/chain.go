package studio

import (
	"cmp"
	"slices"
)

// InChain orders the members of a chain of parked checkpoints as they were made on each other, else as they were
// received: what a client's clock said is no order (row H12).
func InChain(members []Checkpoint) []Checkpoint {
	rest := slices.Clone(members)
	slices.SortFunc(rest, func(a, b Checkpoint) int {
		return cmp.Or(cmp.Compare(a.ReceivedMs, b.ReceivedMs), byKey(a, b))
	})
	waits := make(map[CheckpointID]bool, len(rest))
	for _, k := range rest {
		waits[k.ID] = true
	}
	ordered := make([]Checkpoint, 0, len(rest))
	for len(rest) > 0 {
		var later []Checkpoint
		for _, k := range rest {
			if waits[k.Base] {
				later = append(later, k)
				continue
			}
			ordered = append(ordered, k)
			delete(waits, k.ID)
		}
		if len(later) == len(rest) { // each says that it was made on another: only a forged client does
			return append(ordered, later...)
		}
		rest = later
	}
	return ordered
}
