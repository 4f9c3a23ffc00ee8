package studio

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// spot is where something new or moved can stand, what else changes for it, and the verdict that says so.
type spot struct {
	parent CollectionID
	name   string
	puts   []Row
	result Decision
}

// placeFor finds a place for a name in a collection, or in Recovered when that is in the trash or is no more (row F7): the
// event keeps where it was meant for. A personal project refuses instead, since the person is there to choose.
func (d *decider) placeFor(parent CollectionID, name string, self ID) (spot, *Decision) {
	c, known := d.view.Collection(parent)
	gone := !parent.IsZero() && (!known || c.Purged)
	personal := d.view.Project().Personal
	switch {
	case gone && personal:
		return spot{}, d.refuse(CodeUnknownTarget, Params{Name: name}).ptr()
	case d.inTrash(parent) && personal:
		return spot{}, d.refuse(CodeTrashed, Params{Asset: d.pathOf(parent.ID)}).ptr()
	case !gone && !d.inTrash(parent):
		free, result := d.free(parent, name, self)
		return spot{parent: parent, name: free, result: result}, nil
	}
	into, puts := d.recovered()
	free, result := d.free(into, name, self)
	meant := d.pathOf(parent.ID)
	result = Decision{Verdict: Merged, Reason: CodeReparented, Params: Params{Asset: free, Path: meant}, Name: result.Name}
	return spot{parent: into, name: free, puts: puts, result: result}, nil
}

const recoveredName = "Recovered"

// RecoveredID is the collection of a project that takes what lost its own: the same on every computer.
func RecoveredID(p ProjectID) CollectionID {
	sum := sha256.Sum256(append([]byte(recoveredName), p.ID[:]...))
	return CollectionID{IDFrom(sum[:16])}
}

// recovered is that collection, and the row of it when it is new or has to come out of the trash.
func (d *decider) recovered() (CollectionID, []Row) {
	id := RecoveredID(d.view.Project().ID)
	c, known := d.view.Collection(id)
	switch {
	case !known:
		c = Collection{ID: id, Name: recoveredName, CreatedBy: d.at.Actor, CreatedMs: d.at.ReceivedMs}
	case !c.Trashed() && !d.inTrash(c.Parent):
		return id, nil
	}
	c.Parent, c.TrashedBy, c.TrashedMs, c.Ver = CollectionID{}, UserID{}, 0, c.Ver+1
	c.Name, _ = d.free(c.Parent, c.Name, id.ID)
	c.NameKey = NameKey(c.Name)
	return id, []Row{c}
}

// derivedID is the id of the nth thing that an op makes besides what it names: the same wherever that is decided.
func derivedID(op OpID, n int) ID {
	sum := sha256.Sum256(binary.BigEndian.AppendUint32(append([]byte("made"), op.ID[:]...), uint32(n)))
	return IDFrom(sum[:16])
}

// merge is row F3: two assets are one. The entity's line stays; the other's becomes a chain of parked checkpoints of it,
// and the other goes to the trash with its history.
func (d *decider) merge(b *MergeBody) Decision {
	a, refused := d.asset()
	if refused != nil {
		return *refused
	}
	path := d.pathOf(a.ID.ID)
	other, ok := d.view.Asset(b.Other)
	switch {
	case !ok || other.ID == a.ID:
		return d.refuse(CodeUnknownTarget, Params{Name: b.Other.String()})
	case other.Purged:
		return d.refuse(CodePurged, Params{Asset: other.Name})
	case other.Trashed():
		return d.noop(CodeAlready, Params{Asset: path})
	case a.Trashed() || d.inTrash(a.Parent):
		return d.refuse(CodeTrashed, Params{Asset: path})
	}
	for _, one := range []Asset{a, other} {
		if refused := d.mayArrange(one, d.pathOf(one.ID.ID)); refused != nil {
			return *refused
		}
	}
	if other.CreatedBy != d.at.Actor && !d.can(MayTrash) {
		return d.denied(MayTrash, d.pathOf(other.ID.ID))
	}
	if len(OpenChains(d.view, other.ID)) > 0 {
		return d.refuse(CodeParkedOpen, Params{Asset: d.pathOf(other.ID.ID)})
	}
	puts := d.lineAsChain(other, a.ID)
	other.TrashedBy, other.TrashedMs, other.Ver = d.at.Actor, max(d.at.ReceivedMs, 1), other.Ver+1
	return d.apply(append(puts, other)...)
}

// lineAsChain copies the line of an asset as an open chain of parked checkpoints of another, oldest first.
func (d *decider) lineAsChain(from Asset, onto AssetID) (puts []Row) {
	var line []Checkpoint
	for id := from.Head; !id.IsZero() && len(line) < lineMax; {
		k, ok := d.view.Checkpoint(id)
		if !ok {
			break
		}
		line, id = append(line, k), k.Prev
	}
	slices.Reverse(line)
	base, root := CheckpointID{}, CheckpointID{}
	for i, k := range line {
		k = d.copied(k, onto, i)
		if i == 0 {
			root = k.ID
			puts = append(puts, ParkedChain{Root: root, Asset: onto, Reason: CodeDiverged, State: ParkedOpen, OpenedSeq: d.at.Seq})
		}
		k.Base, k.Prev, k.State, k.Version, k.ChainRoot = base, CheckpointID{}, Parked, 0, root
		k.MadeHybrid = max(k.MadeHybrid, madeAfter(puts)) // a chain is in the order of these
		base, puts = k.ID, append(puts, k)
	}
	return puts
}

// madeAfter is an instant behind that of the last checkpoint of a list.
func madeAfter(puts []Row) uint64 {
	if k, ok := puts[len(puts)-1].(Checkpoint); ok {
		return k.MadeHybrid + 1
	}
	return 0
}

const lineMax = 100_000 // checkpoints of one asset
