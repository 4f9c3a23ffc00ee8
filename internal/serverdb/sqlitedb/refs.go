package sqlitedb

import (
	"bytes"
	"slices"

	"framehold/internal/studio"
)

// refKind says what leads to a row; the numbers are stored.
type refKind uint8

const (
	refName    refKind = 1 // collection, then name key: to what stands there, trash aside
	refStatus  refKind = 2 // status: to its assets
	refHolder  refKind = 3 // person: to the assets they hold
	refNote    refKind = 4 // asset: to its notes
	refParked  refKind = 5 // asset: to its chains of parked checkpoints
	refChain   refKind = 6 // root of a chain: to the parked checkpoints in it
	refContent refKind = 7 // root of a manifest: to the checkpoints whose file or image it is
	refPreview refKind = 8 // preview: to the checkpoints that have it
	refAsk     refKind = 9 // asset: to the asks to hand it in
)

// ref is a line of the table ref, but for table and key of the row. Tags and dependencies need none: their keys begin
// with their asset.
type ref struct {
	kind refKind
	from string
}

// refsOf lists what leads to a row; nothing to a row that is no more.
func refsOf(r studio.Row) []ref {
	refs := make([]ref, 0, 4)
	add := func(kind refKind, from []byte) {
		if len(bytes.TrimLeft(from, "\x00")) > 0 && !slices.Contains(refs, ref{kind, string(from)}) {
			refs = append(refs, ref{kind, string(from)})
		}
	}
	switch r := r.(type) {
	case studio.Collection:
		if !r.Trashed() {
			refs = append(refs, ref{refName, string(r.Parent.ID[:]) + r.NameKey})
		}
	case studio.Asset:
		if !r.Trashed() {
			refs = append(refs, ref{refName, string(r.Parent.ID[:]) + r.NameKey})
		}
		add(refStatus, r.Status.ID[:])
		add(refHolder, r.Assignee.ID[:])
	case studio.Note:
		add(refNote, r.Asset.ID[:])
	case studio.Handover:
		add(refAsk, r.Asset.ID[:])
	case studio.ParkedChain:
		// Work of a task that nobody knows is listed too, behind no task.
		refs = append(refs, ref{refParked, string(r.Asset.ID[:])})
	case studio.Checkpoint:
		add(refContent, r.Manifest[:])
		add(refContent, r.Image[:])
		add(refPreview, r.Preview[:])
		if r.State == studio.Parked {
			add(refChain, r.ChainRoot.ID[:])
		}
	}
	return refs
}
