package studio

import "slices"

// parked decides the acts on a chain of parked checkpoints, table C of sync.md.
func (d *decider) parked(b *ParkedBody) Decision {
	chain, members := d.view.Chain(b.Root)
	path := d.pathOf(d.op.Entity)
	if chain.Asset.ID != d.op.Entity || len(members) == 0 {
		root, _ := d.view.Checkpoint(b.Root)
		return d.noop(CodeAlready, Params{Asset: path, Who: d.nameOf(root.AdoptedBy)})
	}
	if d.op.Kind == KindAdopt {
		return d.adopt(chain, members, b)
	}
	own := members[0].Author == d.at.Actor
	switch {
	case d.op.Kind == KindParkedPurge:
		return d.parkedPurge(chain, members)
	case d.op.Kind == KindParkedAsk:
		return d.parkedAsk(chain, b)
	case own && !d.can(MayParkedOwn) || !own && !d.can(MayParkedOthers):
		return d.denied(MayParkedOthers, path)
	case d.op.Kind == KindCopy:
		return d.copyChain(chain, members, b)
	}
	next := map[Kind]ParkedState{KindKeep: ParkedKept, KindParkedTrash: ParkedTrashed, KindParkedRestore: ParkedOpen}[d.op.Kind]
	if chain.State == next {
		return d.noop(CodeAlready, Params{Asset: path})
	}
	chain.State, chain.ClosedSeq = next, d.at.Seq
	result := d.apply(chain)
	result.About = b.Root
	return result
}

// adopt is rows C3 to C8, C15 and C16: a chain, or its beginning, goes onto the line.
func (d *decider) adopt(chain ParkedChain, members []Checkpoint, b *ParkedBody) Decision {
	a, refused := d.asset()
	if refused != nil {
		return *refused
	}
	path := d.pathOf(a.ID.ID)
	if refused := d.mayAdopt(a, path); refused != nil {
		return *refused
	}
	if b.ExpectHead != a.Head {
		head, _ := d.view.Checkpoint(a.Head)
		return d.refuse(CodeHeadMoved, Params{Asset: path, Version: LabelIn(d.view, head)})
	}
	last := len(members) - 1
	for i, k := range members {
		if k.ID == b.Upto {
			last = i
		}
	}
	puts, result := d.outOfTrash(&a)
	inOrder := members[0].Base == a.Head
	for i, k := range members[:last+1] {
		k.Ver, k.AdoptedBy = k.Ver+1, d.at.Actor
		if inOrder || i == last {
			k.State, k.Version, k.Prev, k.StatusAtAcceptance = Accepted, a.NextVersion, a.Head, a.Status
			if d.at.Ahead {
				k.State, k.Version = Local, 0
			} else {
				a.NextVersion++
			}
			a.Head = k.ID
		} else {
			k.State = Step
		}
		puts = append(puts, k)
	}
	chain.State, chain.ClosedSeq = ParkedAdopted, d.at.Seq
	puts = append(puts, chain)
	if last+1 < len(members) { // the rest stays, under a root of its own
		rest := members[last+1:]
		for _, k := range rest {
			k.ChainRoot, k.Ver = rest[0].ID, k.Ver+1
			puts = append(puts, k)
		}
		puts = append(puts, ParkedChain{Root: rest[0].ID, Asset: a.ID, Reason: CodeChain, State: ParkedOpen,
			OpenedSeq: d.at.Seq})
	}
	a.Ver++
	result.Puts, result.About = append(puts, a), a.Head
	if !d.at.Ahead {
		result.Version = a.NextVersion - 1
	}
	return result
}

// mayAdopt is row C16: the assignee of a task, in any role, or who may adopt; of a resource, who may checkpoint it.
func (d *decider) mayAdopt(a Asset, path string) *Decision {
	switch {
	case a.Kind == Task && !d.holds(a) && !d.can(MayAdopt):
		return d.denied(MayAdopt, path).ptr()
	case a.Kind == Resource && !d.can(MayCheckpointResources):
		return d.denied(MayCheckpointResources, path).ptr()
	}
	return nil
}

// Adopter is whom a person asks to adopt what is parked beside an asset: its holder, else the first member whose role adopts;
// zero: nobody but them may.
func Adopter(view View, me UserID, a Asset) UserID {
	if m, ok := view.Member(a.Assignee); ok && !m.Gone && a.Assignee != me {
		return a.Assignee
	}
	for _, m := range view.Members() {
		other := (&decider{view: view}).as(m.User)
		if m.User != me && !m.Gone && other.mayAdopt(a, "") == nil {
			return m.User
		}
	}
	return UserID{}
}

// outOfTrash takes an asset out of the trash (row C8). One that stands in a collection there goes to Recovered.
func (d *decider) outOfTrash(a *Asset) ([]Row, Decision) {
	if !a.Trashed() && !d.inTrash(a.Parent) {
		return nil, Decision{Verdict: Applied}
	}
	a.TrashedBy, a.TrashedMs = UserID{}, 0
	p, _ := d.placeFor(a.Parent, a.Name, a.ID.ID)
	a.Parent, a.Name, a.NameKey = p.parent, p.name, NameKey(p.name)
	return p.puts, p.result
}

// copyChain is row C9: a new resource with the chain as its history, of the same authors and bytes.
func (d *decider) copyChain(chain ParkedChain, members []Checkpoint, b *ParkedBody) Decision {
	old, _ := d.view.Asset(chain.Asset)
	name := b.Name
	if name == "" {
		name = old.Name
	}
	if err := CheckName(name); err != nil {
		return d.refuseErr(err)
	}
	if made, ok := d.view.Asset(b.NewAsset); ok && d.isCopy(made, members) { // its first version came in the same act
		chain.State, chain.ClosedSeq = ParkedCopied, d.at.Seq
		result := d.apply(chain)
		result.About = chain.Root
		return result
	}
	if d.exists(b.NewAsset.ID) || b.NewAsset.IsZero() {
		return d.noop(CodeAlready, Params{Asset: name})
	}
	p, refused := d.placeFor(b.Parent, name, ID{})
	if refused != nil {
		return *refused
	}
	a := Asset{ID: b.NewAsset, Parent: p.parent, Name: p.name, NameKey: NameKey(p.name), Kind: Resource, Type: old.Type,
		Rank: firstRank(d.op.MadeHybrid), NextVersion: 1, CreatedBy: d.at.Actor, CreatedMs: d.at.ReceivedMs, Ver: 1}
	puts := p.puts
	for i, k := range members {
		k = d.copied(k, a.ID, i)
		k.Base, k.Prev, k.State, k.Version, k.ChainRoot = a.Head, a.Head, Accepted, a.NextVersion, CheckpointID{}
		a.Head, a.NextVersion = k.ID, a.NextVersion+1
		puts = append(puts, k)
	}
	a.First = puts[len(p.puts)].(Checkpoint).ID
	chain.State, chain.ClosedSeq = ParkedCopied, d.at.Seq
	result := p.result
	result.Puts, result.About, result.Version = append(puts, a, chain), chain.Root, a.NextVersion-1
	return result
}

// isCopy tells whether the actor has made an asset of one of a chain's checkpoints.
func (d *decider) isCopy(made Asset, members []Checkpoint) bool {
	first, _ := d.view.Checkpoint(made.First)
	return made.CreatedBy == d.at.Actor && slices.ContainsFunc(members, func(k Checkpoint) bool { return k.ID == first.CopiedFrom })
}

// copied is a checkpoint as it stands on another asset: of the same author and bytes, under an id of its own.
func (d *decider) copied(k Checkpoint, onto AssetID, i int) Checkpoint {
	k.CopiedFrom, k.ID, k.Asset = k.ID, CheckpointID{derivedID(d.op.ID, i)}, onto
	k.Assignment, k.StatusAtAcceptance, k.AdoptedBy, k.NoChange, k.Ver = AssignmentID{}, StatusID{}, UserID{}, false, 1
	k.NewBytes, k.Group, k.ReceivedMs = 0, d.op.Group, d.at.ReceivedMs
	return k
}

// parkedPurge is row C12: the bytes of a chain in the trash are given up; rows and events stay.
func (d *decider) parkedPurge(chain ParkedChain, members []Checkpoint) Decision {
	path := d.pathOf(chain.Asset.ID)
	switch {
	case !d.can(MayPurge):
		return d.denied(MayPurge, path)
	case chain.State != ParkedTrashed:
		return d.refuse(CodeUsage, Params{Asset: path, Why: "purge_needs_trash"})
	case d.within(d.view.Project().Options.ParkedDays, d.instant(chain.Asset.ID, chain.ClosedSeq)):
		return d.refuse(CodeUsage, Params{Asset: path, Why: "purge_too_early"})
	}
	chain.State, chain.ClosedSeq = ParkedPurged, d.at.Seq
	puts := []Row{chain}
	for _, k := range members {
		k.State, k.Ver = Dropped, k.Ver+1
		puts = append(puts, k)
	}
	result := d.apply(puts...)
	result.About = chain.Root
	return result
}

const dayMs = 24 * 60 * 60 * 1000

// within tells whether fewer days than those have gone by since an instant. Days of zero are none.
func (d *decider) within(days uint32, sinceMs int64) bool {
	return days > 0 && d.at.ReceivedMs-sinceMs < int64(days)*dayMs
}

// instant is when an event about an entity was decided; zero when it is not known here.
func (d *decider) instant(entity ID, seq uint64) int64 {
	for _, ev := range d.view.Trail(entity, max(seq, 1)-1) {
		if ev.Seq == seq {
			return ev.ReceivedMs
		}
	}
	return 0
}

// parkedAsk asks somebody who may to adopt a chain (row C6): only the event is written, they read it.
func (d *decider) parkedAsk(chain ParkedChain, b *ParkedBody) Decision {
	a, refused := d.asset()
	if refused != nil {
		return *refused
	}
	path := d.pathOf(a.ID.ID)
	if !d.can(MayNote) {
		return d.denied(MayNote, path)
	}
	if chain.State == ParkedTrashed {
		return d.noop(CodeAlready, Params{Asset: path})
	}
	asked := d.as(b.Of)
	if m, ok := d.view.Member(b.Of); !ok || m.Gone || asked.mayAdopt(a, path) != nil {
		return d.refuse(CodeBadTarget, Params{Who: m.DisplayName(), Asset: path})
	}
	result := d.apply()
	result.About = b.Root
	return result
}

// OpenChains lists the roots of an asset's open chains of parked checkpoints: what a TrashBody says that its actor saw.
func OpenChains(view View, a AssetID) []CheckpointID {
	var roots []CheckpointID
	for _, p := range view.Parked(a) {
		if p.State == ParkedOpen {
			roots = append(roots, p.Root)
		}
	}
	return roots
}
