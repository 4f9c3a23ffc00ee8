package studio

// Needed is one thing in a closure, and why it is there.
type Needed struct {
	Asset AssetID
	Via   []ID // from what the task names itself to the last thing before this: empty when it is named directly
}

// Closure lists everything that an asset needs, recursively: assets it depends on, and all that is inside the
// collections it depends on. Breadth first, so that Via is a shortest way; a circle ends at what was seen. The asset
// itself is not in it.
func Closure(view View, of AssetID) []Needed {
	type step struct {
		target ID
		via    []ID
	}
	var found []Needed
	seen := map[ID]bool{of.ID: true}
	var queue []step
	follow := func(a AssetID, via []ID) {
		for _, link := range view.Needs(a) {
			queue = append(queue, step{link.Target, via})
		}
	}
	follow(of, nil)
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		if seen[at.target] {
			continue
		}
		seen[at.target] = true
		way := append(at.via[:len(at.via):len(at.via)], at.target)
		if a, ok := view.Asset(AssetID{at.target}); ok {
			if !a.Trashed() {
				found = append(found, Needed{Asset: a.ID, Via: at.via})
				follow(a.ID, way)
			}
			continue
		}
		collections, assets := view.Inside(CollectionID{at.target})
		for _, c := range collections {
			queue = append(queue, step{c.ID, way})
		}
		for _, a := range assets {
			queue = append(queue, step{a.ID, way})
		}
	}
	return found
}
