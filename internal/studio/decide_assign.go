package studio

import "crypto/sha256"

// assign decides table D of sync.md. To nobody is unassign; to oneself, of a task that nobody holds, is a claim.
func (d *decider) assign(b *AssignBody) Decision {
	a, refused := d.asset()
	if refused != nil {
		return *refused
	}
	path := d.pathOf(a.ID.ID)
	if err := CheckText("reason", b.Reason); err != nil {
		return d.refuseErr(err)
	}
	if a.Kind != Task {
		return d.refuse(CodeIsResource, Params{Asset: path})
	}
	if needed := d.assignRight(a, b.To); !d.can(needed) {
		if !a.Assignee.IsZero() && a.Assignee != d.at.Actor && b.To == d.at.Actor {
			return d.refuse(CodePermission, Params{Who: WhoMay(d.view, MayAssign), Asset: path,
				Why: d.nameOf(a.Assignee)})
		}
		return d.denied(MayAssign, path)
	}
	if a.Trashed() || d.inTrash(a.Parent) {
		return d.refuse(CodeTrashed, Params{Asset: path})
	}
	if refused := d.mayHold(b.To, path); refused != nil {
		return *refused
	}
	if a.Assignee == b.To {
		return d.noop(CodeAlready, Params{Asset: path, Who: d.nameOf(a.Assignee)})
	}
	if a.Assignment != b.Expect {
		return d.refuse(CodeStaleAssignment, Params{Asset: path, Who: d.givenBy(a), Now: d.nameOf(a.Assignee),
			Mine: d.nameOf(b.To)})
	}
	if refused := d.onTheRoad(a, b, path); refused != nil {
		return *refused
	}
	puts := d.closed(a)
	if before, ok := d.view.Assignment(a.Assignment); ok {
		before.ToSeq = d.at.Seq
		puts = append(puts, before)
	}
	a.Assignee, a.Assignment, a.Ver = b.To, AssignmentID{}, a.Ver+1
	if !b.To.IsZero() {
		a.Assignment, a.Epoch = AssignmentID{d.op.ID.ID}, a.Epoch+1
		puts = append(puts, Assignment{
			ID: a.Assignment, Asset: a.ID, To: b.To, By: d.at.Actor, Reason: b.Reason, FromSeq: d.at.Seq,
		})
	}
	result := d.apply(append(puts, a)...)
	result.System = d.rejoin(a)
	return result
}

// rejoin is row C13: what the new assignee had saved for the present head, and was parked because they did not hold the
// task, joins its line.
func (d *decider) rejoin(a Asset) []Op {
	if a.Assignee.IsZero() || d.at.Ahead {
		return nil
	}
	for _, chain := range d.view.Parked(a.ID) {
		if chain.Reason != CodeNotAssignee && chain.Reason != CodeUnassigned || chain.State != ParkedOpen && chain.State != ParkedKept {
			continue
		}
		_, members := d.view.Chain(chain.Root)
		if len(members) > 0 && members[0].Author == a.Assignee && members[0].Base == a.Head {
			return []Op{d.follow(KindAdopt, a, &ParkedBody{Root: chain.Root, ExpectHead: a.Head})}
		}
	}
	return nil
}

// followID is the id of the nth op that follows from another: the same wherever that is decided.
func followID(cause OpID, n byte) OpID {
	sum := sha256.Sum256(append(cause.Bytes(), n))
	return OpID{IDFrom(sum[:16])}
}

// closed ends what hangs on a holding that is given up: its road, and the asks to hand it in.
func (d *decider) closed(a Asset) (puts []Row) {
	if road, ok := d.view.Road(a.ID); ok && road.EndedSeq == 0 {
		road.EndedSeq = d.at.Seq
		puts = append(puts, road)
	}
	for _, h := range d.view.Handovers(a.ID) {
		if h.State == HandoverAsked {
			h.State = HandoverClosed
			puts = append(puts, h)
		}
	}
	return puts
}

// assignRight is the permission that giving a to someone asks for: the narrow one where it is enough.
func (d *decider) assignRight(a Asset, to UserID) Permissions {
	switch {
	case d.may.Has(MayAssign):
		return MayAssign
	case (a.Assignee.IsZero() || d.at.System) && to == d.at.Actor && !to.IsZero(): // by itself: its holder has handed it in
		return MayClaim
	case d.holds(a) && to.IsZero():
		return MayGiveBack
	case a.Assignee == to: // already so: nothing is asked for
		return 0
	}
	return MayAssign
}

func (d *decider) givenBy(a Asset) string {
	g, _ := d.view.Assignment(a.Assignment)
	return d.nameOf(g.By)
}
