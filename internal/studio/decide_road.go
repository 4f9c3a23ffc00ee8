package studio

import "time"

// roadStart decides road.start (rows J1, J2, J10): the holder takes a task offline until a date.
func (d *decider) roadStart(b *RoadBody) Decision {
	a, refused := d.asset()
	if refused != nil {
		return *refused
	}
	path := d.pathOf(a.ID.ID)
	switch {
	case a.Kind != Task:
		return d.refuse(CodeIsResource, Params{Asset: path})
	case b.UntilMs == 0:
		return d.refuse(CodeUsage, Params{Asset: path, Field: "until"})
	case !d.holds(a):
		return d.refuse(CodeNotAssignee, Params{Asset: path, Who: d.nameOf(a.Assignee)})
	case !d.can(MayRoad):
		return d.denied(MayRoad, path)
	}
	road, _ := d.view.Road(a.ID)
	if road.EndedSeq == 0 && road.User == d.at.Actor && road.Client == d.at.Client && road.UntilMs == b.UntilMs {
		return d.noop(CodeAlready, Params{Asset: path})
	}
	return d.apply(Road{Asset: a.ID, User: d.at.Actor, Client: d.at.Client, UntilMs: b.UntilMs, SinceSeq: d.at.Seq})
}

// roadEnd decides road.end (row J6): who is on the road is back. Others take the task instead (row J4).
func (d *decider) roadEnd() Decision {
	a, refused := d.asset()
	if refused != nil {
		return *refused
	}
	path := d.pathOf(a.ID.ID)
	road, ok := d.view.Road(a.ID)
	switch {
	case !ok || road.EndedSeq != 0:
		return d.noop(CodeAlready, Params{Asset: path})
	case road.User != d.at.Actor && !d.undoing:
		return d.refuse(CodeNotAssignee, Params{Asset: path, Who: d.nameOf(road.User)})
	}
	road.EndedSeq = d.at.Seq
	return d.apply(road)
}

// onTheRoad is rows J3 to J5: another takes a task that is on the road only with a reason and the right to assign; after
// the date like any task. Who holds it, and what they agreed to, is not held up.
func (d *decider) onTheRoad(a Asset, b *AssignBody, path string) *Decision {
	road, ok := d.view.Road(a.ID)
	if !ok || !road.Keeps(d.at.ReceivedMs) || road.User != a.Assignee || d.holds(a) || d.at.System {
		return nil
	}
	if b.OverrideRoad && b.Reason != "" && d.can(MayAssign) {
		return nil
	}
	return d.refuse(CodeOnTheRoad, Params{Asset: path, Who: d.nameOf(road.User), When: dayOf(road.UntilMs)}).ptr()
}

// dayOf is the day of an instant, in UTC.
func dayOf(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02") }

const handoverMs = 24 * 60 * 60 * 1000 // to answer in, when an ask names no deadline

// handoverAsk decides handover.ask (row D14): nothing changes until the holder answers. It needs the right by which the
// task is given then.
func (d *decider) handoverAsk(b *HandoverAskBody) Decision {
	a, refused := d.asset()
	if refused != nil {
		return *refused
	}
	path := d.pathOf(a.ID.ID)
	if _, known := d.view.Handover(b.Handover); known {
		return d.noop(CodeAlready, Params{Asset: path})
	}
	if refused := d.mayGive(a, b.To, d.askRight(b.To), path); refused != nil {
		return *refused
	}
	switch {
	case a.Assignee.IsZero():
		return d.refuse(CodeUnassigned, Params{Asset: path})
	case a.Assignee == b.To:
		return d.noop(CodeAlready, Params{Asset: path, Who: d.nameOf(b.To)})
	}
	for _, h := range d.view.Handovers(a.ID) {
		if h.State == HandoverAsked && h.To == b.To && h.By == d.at.Actor {
			return d.noop(CodeAlready, Params{Asset: path})
		}
	}
	h := Handover{ID: b.Handover, Asset: a.ID, From: a.Assignee, To: b.To, By: d.at.Actor, DeadlineMs: b.DeadlineMs,
		State: HandoverAsked}
	if h.DeadlineMs == 0 {
		h.DeadlineMs = d.at.ReceivedMs + handoverMs
	}
	return d.apply(h)
}

// askRight is the permission that asking for a task asks for: what giving it asks for; for oneself the right to claim is
// enough, because its holder gives it up by their answer.
func (d *decider) askRight(to UserID) Permissions {
	if to == d.at.Actor && !to.IsZero() && !d.can(MayAssign) {
		return MayClaim
	}
	return MayAssign
}

// mayGive refuses who may not give a task to somebody, by right, kind and person.
func (d *decider) mayGive(a Asset, to UserID, needed Permissions, path string) *Decision {
	switch {
	case a.Kind != Task:
		return d.refuse(CodeIsResource, Params{Asset: path}).ptr()
	case !d.can(needed):
		return d.denied(MayAssign, path).ptr()
	case a.Trashed() || d.inTrash(a.Parent):
		return d.refuse(CodeTrashed, Params{Asset: path}).ptr()
	}
	return d.mayHold(to, path)
}

// mayHold refuses who has left; nobody may always hold it.
func (d *decider) mayHold(to UserID, path string) *Decision {
	if m, ok := d.view.Member(to); !to.IsZero() && (!ok || m.Gone) {
		return d.refuse(CodeBadTarget, Params{Who: m.DisplayName(), Asset: path}).ptr()
	}
	return nil
}

// handoverAnswer decides handover.answer (row D14): yes gives the task in the name of who asked, if they still may.
func (d *decider) handoverAnswer(b *HandoverAnswerBody) Decision {
	a, refused := d.asset()
	if refused != nil {
		return *refused
	}
	path := d.pathOf(a.ID.ID)
	if err := CheckText("reason", b.Text); err != nil {
		return d.refuseErr(err)
	}
	h, ok := d.view.Handover(b.Handover)
	switch {
	case !ok || h.Asset != a.ID:
		return d.refuse(CodeUnknownTarget, Params{Name: b.Handover.String()})
	case h.State != HandoverAsked:
		return d.noop(CodeAlready, Params{Asset: path})
	case h.From != d.at.Actor || !d.holds(a):
		return d.refuse(CodeNotAssignee, Params{Asset: path, Who: d.nameOf(a.Assignee)})
	}
	h.State = HandoverNo
	if !b.Yes {
		return d.apply(h)
	}
	h.State = HandoverYes
	result := d.apply(h)
	if d.at.Ahead {
		return result
	}
	asker := d.as(h.By)
	if refused := asker.mayGive(a, h.To, asker.askRight(h.To), path); refused != nil { // it stays where it is, and both read why
		result.Reason, result.Params = refused.Reason, refused.Params
		return result
	}
	result.System, result.As = []Op{d.follow(KindAssign, a, &AssignBody{To: h.To, Expect: a.Assignment})}, h.By
	return result
}

// as looks with the rights of another member.
func (d *decider) as(user UserID) *decider {
	other := decider{view: d.view, op: d.op, at: d.at}
	other.at.Actor, other.at.System = user, false
	if m, ok := d.view.Member(user); ok && !m.Gone {
		role, _ := d.view.Role(m.Role)
		other.me, other.may = m, role.May
	}
	return &other
}

// follow makes the op that follows from the one that is decided.
func (d *decider) follow(kind Kind, a Asset, body Body) Op {
	return Op{ID: followID(d.op.ID, 0), Kind: kind, Entity: a.ID.ID, Group: d.op.Group, MadeHybrid: d.op.MadeHybrid, Body: body}
}

// DueHandover is row D15: what a project that lets it happen by itself does when an ask was not answered by its deadline:
// the op, and in whose name it is decided, as a System op with the ask's own op as cause. The caller finds the asks that
// are due and mints the op's id; ok is false for one that is not due, or whose asker may not give the task any more.
func DueHandover(view View, h Handover, nowMs int64) (op Op, as UserID, ok bool) {
	a, found := view.Asset(h.Asset)
	road, _ := view.Road(h.Asset)
	if !found || h.State != HandoverAsked || nowMs < h.DeadlineMs || !view.Project().Options.HandoverAuto ||
		a.Assignee != h.From || road.Keeps(nowMs) {
		return Op{}, UserID{}, false
	}
	asker := (&decider{view: view}).as(h.By)
	if asker.mayGive(a, h.To, MayAssign, "") != nil {
		return Op{}, UserID{}, false
	}
	return Op{Kind: KindAssign, Entity: a.ID.ID, Body: &AssignBody{To: h.To, Expect: a.Assignment}}, h.By, true
}

// HoldersGone lists the tasks whose holder has left the project, for those who give them to somebody else (row D10):
// nothing unassigns them silently. In order of person and asset.
func HoldersGone(view View) []Asset {
	var held []Asset
	for _, m := range view.Members() {
		if m.Gone {
			held = append(held, view.HeldBy(m.User)...)
		}
	}
	return held
}

// SeesRisk tells whether a member reads when others were last here and what they have not sent: who may give tasks does.
func SeesRisk(view View, user UserID) bool {
	m, ok := view.Member(user)
	role, _ := view.Role(m.Role)
	return ok && !m.Gone && role.May.Has(MayAssign)
}

// AtRisk lists the checkpoints of an asset that were announced and have not arrived: reassigning it, or adopting
// another, would park them (rows C7, D6). In the order they were announced.
func AtRisk(view View, asset AssetID) []Checkpoint {
	var waiting []Checkpoint
	for _, ev := range view.Trail(asset.ID, 0) {
		if ev.Kind != KindAnnounce || ev.Verdict != Applied {
			continue
		}
		if k, ok := view.Checkpoint(ev.About); ok && k.State == Announced {
			waiting = append(waiting, k)
		}
	}
	return waiting
}
