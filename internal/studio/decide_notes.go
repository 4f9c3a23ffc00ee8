package studio

// note decides note.add: notes never conflict.
func (d *decider) note(b *NoteBody) Decision {
	a, ok := d.view.Asset(AssetID{d.op.Entity})
	if !ok || a.Purged {
		return d.refuse(CodeUnknownTarget, Params{Asset: a.Name, Name: d.op.Entity.String()})
	}
	path := d.pathOf(a.ID.ID)
	if !d.can(MayNote) {
		return d.denied(MayNote, path)
	}
	if b.Text == "" {
		return d.refuse(CodeEmptyComment, Params{Asset: path})
	}
	if err := CheckText("note", b.Text); err != nil {
		return d.refuseErr(err)
	}
	if _, ok := d.view.Note(b.Note); ok {
		return d.noop(CodeAlready, Params{Asset: path})
	}
	result := d.apply(Note{
		ID: b.Note, Asset: a.ID, Checkpoint: b.Checkpoint, Author: d.at.Actor, Text: b.Text, Checkbox: b.Checkbox,
		MadeMs: d.at.ReceivedMs, Ver: 1,
	})
	result.About = b.Checkpoint
	return result
}

// noteEdit changes or withdraws an own note.
func (d *decider) noteEdit(b *NoteEditBody) Decision {
	n, path, refused := d.findNote(b.Note)
	if refused != nil {
		return *refused
	}
	if n.Author != d.at.Actor {
		return d.refuse(CodePermission, Params{Asset: path, Who: d.nameOf(n.Author)})
	}
	if err := CheckText("note", b.Text); err != nil {
		return d.refuseErr(err)
	}
	if n.Text == b.Text && n.Withdrawn == b.Withdrawn {
		return d.noop(CodeAlready, Params{Asset: path})
	}
	result := Decision{Verdict: Applied}
	if !d.undoing && b.SeenVer != 0 && b.SeenVer != n.Ver && d.editedSince(n, b.SeenVer) {
		result = Decision{Verdict: Merged, Reason: CodeBothKept, Params: Params{Asset: path}}
	}
	n.Withdrawn, n.Ver = b.Withdrawn, n.Ver+1
	if b.Text != "" {
		n.Text = b.Text
	}
	result.Puts = []Row{n}
	return result
}

// editedSince tells whether a note has another text than the version that was seen: what was ticked meanwhile does not
// count (row K5). The text before is in the event that wrote it.
func (d *decider) editedSince(n Note, seen uint64) bool {
	ver, edited := uint64(1), false
	for _, ev := range d.view.Trail(n.Asset.ID, 0) {
		if ev.Verdict != Applied && ev.Verdict != Merged || ev.Kind != KindNoteEdit && ev.Kind != KindNoteResolve {
			continue
		}
		body, err := DecodeBody(ev.Kind, ev.Body)
		edit, isEdit := body.(*NoteEditBody)
		tick, isTick := body.(*ResolveBody)
		if err == nil && (isEdit && edit.Note == n.ID || isTick && tick.Note == n.ID) {
			ver++
			edited = edited || isEdit && ver > seen
		}
	}
	return edited || ver != n.Ver // not all of its events are known here
}

// resolve ticks a note or opens it again: its author, the task's holder, or who may decide about the task.
func (d *decider) resolve(b *ResolveBody) Decision {
	n, path, refused := d.findNote(b.Note)
	if refused != nil {
		return *refused
	}
	a, _ := d.view.Asset(n.Asset)
	if !d.may.Has(MaySetRetake) && !(d.can(MayNote) && (d.holds(a) || n.Author == d.at.Actor || d.undoing)) {
		return d.refuse(CodePermission, Params{Asset: path, Who: d.nameOf(a.Assignee)})
	}
	if n.DoneBy.IsZero() == !b.Done {
		return d.noop(CodeAlready, Params{Asset: path})
	}
	n.DoneBy, n.Ver = UserID{}, n.Ver+1
	if b.Done {
		n.DoneBy = d.at.Actor
	}
	return d.apply(n)
}

func (d *decider) findNote(id NoteID) (Note, string, *Decision) {
	n, ok := d.view.Note(id)
	path := d.pathOf(n.Asset.ID)
	if !ok || n.Asset.ID != d.op.Entity {
		return n, path, d.refuse(CodeUnknownNote, Params{Name: id.String()}).ptr()
	}
	return n, path, nil
}

// rank places a card in its column; whoever may see the board may order it who may plan, arrange or holds the task.
func (d *decider) rank(b *RankBody) Decision {
	a, refused := d.asset()
	if refused != nil {
		return *refused
	}
	path := d.pathOf(a.ID.ID)
	if !d.can(MayPlan) && !d.can(MayCreate) && !d.holds(a) {
		return d.denied(MayPlan, path)
	}
	if b.Rank == "" || len(b.Rank) > rankMaxBytes {
		return d.refuse(CodeUsage, Params{Asset: path, Field: "rank"})
	}
	if a.Rank == b.Rank {
		return d.noop(CodeAlready, Params{Asset: path})
	}
	a.Rank, a.Ver = d.spaced(a, b.Rank), a.Ver+1
	result := d.apply(a)
	if a.Rank != b.Rank {
		result.Name = a.Rank
	}
	return result
}

// spaced is a rank that no other card of the column has: the asked one, or one right behind it. A person's own view may
// have equal ones until the authority says (row K8).
func (d *decider) spaced(a Asset, rank string) string {
	if d.at.Ahead || d.view.Project().Personal {
		return rank
	}
	taken, next := false, ""
	for _, other := range d.view.InStatus(a.Status) {
		if other.ID != a.ID && !other.Trashed() {
			taken = taken || other.Rank == rank
			if other.Rank > rank && (next == "" || other.Rank < next) {
				next = other.Rank
			}
		}
	}
	if between, err := RankBetween(rank, next); taken && err == nil {
		return between
	}
	return rank
}

const rankMaxBytes = 256 // a rank this long means that a column must be spread anew
