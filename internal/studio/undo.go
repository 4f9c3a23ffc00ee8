package studio

import "slices"

// inverse tells which kind takes back which; 0: nothing does.
func inverse(k Kind) Kind {
	switch k {
	case KindCollectionCreate, KindAssetCreate:
		return KindTrash
	case KindTrash:
		return KindRestore
	case KindRestore:
		return KindTrash
	case KindTagAdd:
		return KindTagRemove
	case KindTagRemove:
		return KindTagAdd
	case KindDependAdd:
		return KindDependRemove
	case KindDependRemove:
		return KindDependAdd
	case KindNoteAdd:
		return KindNoteEdit
	case KindRoadStart:
		return KindRoadEnd
	case KindRename, KindMove, KindConvert, KindSet, KindAssign, KindStatusSet, KindNoteEdit, KindNoteResolve, KindRankSet,
		KindMemberSet, KindRoleSet, KindStatusDefine, KindTypeDefine, KindViewSet, KindProjectSet:
		return k
	}
	return 0
}

// CanUndo tells whether anything takes an act of this kind back.
func CanUndo(k Kind) bool { return inverse(k) != 0 }

// rightFree tells whether an undo of this kind needs no right but having done the act. A definition needs its
// right again: what it was before is not in the log.
func rightFree(k Kind) bool { return tableOf(k) == 0 }

// mayUndo checks that an op takes back an act of its actor whose result still stands: "" when it does.
func (d *decider) mayUndo() Code {
	ev, ok := d.view.Event(d.op.Undoes)
	if !ok || ev.Actor != d.at.Actor || !ev.took() ||
		inverse(ev.Kind) != d.op.Kind || ev.Entity != d.op.Entity {
		return CodeNothingToUndo
	}
	body, err := DecodeBody(ev.Kind, ev.Body)
	if err != nil {
		return CodeNothingToUndo
	}
	if !d.stands(ev, body) {
		return CodeChanged
	}
	if !d.takesBack(body) {
		return CodeNothingToUndo
	}
	return ""
}

// stands tells whether what an event made is still so, and nobody has made it anew since: a value that went away and came
// back is another act's.
func (d *decider) stands(ev Event, body Body) bool {
	for _, later := range d.since(ev) {
		if supersedes(later, ev, body) {
			return false
		}
	}
	a, isAsset := d.view.Asset(AssetID{ev.Entity})
	c, isCollection := d.view.Collection(CollectionID{ev.Entity})
	switch b := body.(type) {
	case *CreateBody:
		return isAsset && d.untouched(a) || isCollection && d.empty(c)
	case *TrashBody:
		return isAsset && a.Trashed() && !a.Purged || isCollection && c.Trashed()
	case *EmptyBody:
		return isAsset && !a.Trashed() || isCollection && !c.Trashed()
	case *RenameBody:
		name := b.Name
		if ev.Result != "" {
			name = ev.Result
		}
		return isAsset && a.Name == name || isCollection && c.Name == name
	case *MoveBody:
		return isAsset && a.Parent == b.Parent || isCollection && c.Parent == b.Parent
	case *ConvertBody:
		return a.Kind == b.To
	case *SetBody:
		return b.Field == FieldShared || a.FieldValue(b.Field) == b.Value
	case *AssignBody:
		return a.Assignee == b.To && (b.To.IsZero() && a.Assignment.IsZero() || a.Assignment.ID == ev.Op.ID)
	case *StatusBody:
		return a.Status == b.To
	case *RankBody:
		return a.Rank == b.Rank || a.Rank == ev.Result
	case *RoadBody:
		road, ok := d.view.Road(a.ID)
		return ok && road.EndedSeq == 0 && road.SinceSeq == ev.Seq
	}
	return true
}

// untouched tells whether an asset is as its adding left it: no newer version, and in nobody else's hands.
func (d *decider) untouched(a Asset) bool {
	return !a.Trashed() && a.Head == a.First && (a.Assignee.IsZero() || a.Assignee == d.at.Actor)
}

// empty tells whether nothing stands in a collection.
func (d *decider) empty(c Collection) bool {
	collections, assets := d.view.Inside(c.ID)
	return !c.Trashed() && len(collections)+len(assets) == 0
}

// took tells whether an act had its effect: one that was refused is in the log too, and takes nothing back.
func (e Event) took() bool { return e.Verdict == Applied || e.Verdict == Merged }

// since lists what was done to the entity of an event after it; what was taken back since is left out with its undo.
func (d *decider) since(ev Event) []Event {
	trail := d.view.Trail(ev.Entity, ev.Seq)
	gone := map[OpID]bool{}
	for i := len(trail) - 1; i >= 0; i-- {
		if e := trail[i]; !e.Undoes.IsZero() && e.took() && !gone[e.Op] && d.after(e.Undoes, ev.Seq) {
			gone[e.Op], gone[e.Undoes] = true, true
		}
	}
	return slices.DeleteFunc(trail, func(e Event) bool { return gone[e.Op] })
}

func (d *decider) after(op OpID, seq uint64) bool {
	e, ok := d.view.Event(op)
	return ok && e.Seq > seq
}

// supersedes tells whether a later event about the same entity made anew what ev, with its body, had made.
func supersedes(later, ev Event, body Body) bool {
	if !later.took() {
		return false
	}
	of, err := DecodeBody(later.Kind, later.Body)
	if err != nil {
		return true
	}
	switch b := body.(type) {
	case *CreateBody, *TrashBody, *EmptyBody:
		return later.Kind == KindTrash || later.Kind == KindRestore || later.Kind == KindPurge
	case *ConvertBody: // whoever holds it, or has saved or moved it, took it as what it is
		return later.Kind == KindConvert || later.Kind == KindAssign || later.Kind == KindSeal || later.Kind == KindStatusSet
	case *StatusBody:
		seal, isSeal := of.(*SealBody)
		return later.Kind == KindStatusSet || isSeal && !seal.To.IsZero()
	case *SetBody:
		set, isSet := of.(*SetBody)
		return isSet && set.Field == b.Field
	case *TagBody:
		tag, isTag := of.(*TagBody)
		return isTag && tag.Tag == b.Tag
	case *DependBody:
		link, isLink := of.(*DependBody)
		return isLink && link.Target == b.Target
	case *NoteBody:
		edit, isEdit := of.(*NoteEditBody)
		return isEdit && edit.Note == b.Note
	case *NoteEditBody:
		edit, isEdit := of.(*NoteEditBody)
		return isEdit && edit.Note == b.Note
	case *ResolveBody:
		tick, isTick := of.(*ResolveBody)
		return isTick && tick.Note == b.Note
	}
	return later.Kind == ev.Kind // assign, rename, move, rank, definitions
}

// takesBack tells whether the op puts back what the act changed, so that an undo is not a way round the rights.
func (d *decider) takesBack(body Body) bool {
	switch b := body.(type) {
	case *RenameBody:
		return d.op.Body.(*RenameBody).Name == b.Seen
	case *MoveBody:
		return d.op.Body.(*MoveBody).Parent == b.Seen
	case *ConvertBody:
		return d.op.Body.(*ConvertBody).To != b.To
	case *SetBody:
		undo := d.op.Body.(*SetBody)
		return undo.Field == b.Field && undo.Value == b.Seen
	case *TagBody:
		return d.op.Body.(*TagBody).Tag == b.Tag
	case *DependBody:
		return d.op.Body.(*DependBody).Target == b.Target
	case *AssignBody:
		before, _ := d.view.Assignment(b.Expect)
		return d.op.Body.(*AssignBody).To == before.To
	case *StatusBody:
		return d.op.Body.(*StatusBody).To == b.From
	case *NoteBody:
		undo := d.op.Body.(*NoteEditBody)
		return undo.Note == b.Note && undo.Withdrawn
	case *NoteEditBody:
		return d.op.Body.(*NoteEditBody).Note == b.Note
	case *ResolveBody:
		undo := d.op.Body.(*ResolveBody)
		return undo.Note == b.Note && undo.Done != b.Done
	}
	return true
}

// InverseOf makes the kind and body that take an event back; before holds the rows as they were before it. ok is
// false for what cannot be undone: a checkpoint is history (restore an earlier one), a removed status has moved on.
func InverseOf(view View, ev Event, before []Row) (kind Kind, body Body, ok bool) {
	kind = inverse(ev.Kind)
	done, err := DecodeBody(ev.Kind, ev.Body)
	if kind == 0 || err != nil || (ev.Verdict != Applied && ev.Verdict != Merged) {
		return 0, nil, false
	}
	a, _ := view.Asset(AssetID{ev.Entity})
	switch b := done.(type) {
	case *CreateBody, *EmptyBody:
		return kind, &TrashBody{SeenHead: a.Head}, true
	case *TrashBody, *RoadBody:
		return kind, &EmptyBody{}, true
	case *RenameBody:
		return kind, &RenameBody{Name: b.Seen, Seen: b.Name}, true
	case *MoveBody:
		return kind, &MoveBody{Parent: b.Seen, Seen: b.Parent}, true
	case *ConvertBody:
		undo := &ConvertBody{To: Task + Resource - b.To}
		for _, r := range before {
			if was, isAsset := r.(Asset); isAsset {
				undo.Status = was.Status
			}
		}
		return kind, undo, true
	case *SetBody:
		return kind, &SetBody{Field: b.Field, Seen: b.Value, Value: b.Seen}, true
	case *AssignBody:
		held, _ := view.Assignment(b.Expect)
		return kind, &AssignBody{To: held.To, Expect: a.Assignment}, true
	case *StatusBody:
		return kind, &StatusBody{From: b.To, To: b.From, About: a.Head}, true
	case *RankBody:
		for _, r := range before {
			if was, isAsset := r.(Asset); isAsset {
				return kind, &RankBody{Rank: was.Rank}, true
			}
		}
	case *NoteBody:
		return kind, &NoteEditBody{Note: b.Note, Text: b.Text, Withdrawn: true}, true
	case *NoteEditBody:
		n, _ := view.Note(b.Note)
		for _, r := range before {
			if was, isNote := r.(Note); isNote {
				return kind, &NoteEditBody{Note: b.Note, SeenVer: n.Ver, Text: was.Text, Withdrawn: was.Withdrawn}, true
			}
		}
	case *ResolveBody:
		return kind, &ResolveBody{Note: b.Note, Done: !b.Done}, true
	case *RowBody:
		return inverseRow(view, ev, before)
	case *TagBody, *DependBody:
		return kind, done, true
	}
	return 0, nil, false
}

// inverseRow puts a definition back as it was; a new one has nothing before it and stays.
func inverseRow(view View, ev Event, before []Row) (Kind, Body, bool) {
	now, known := NewState(view).row(keyRow(ev))
	if !known || len(before) != 1 {
		return 0, nil, false
	}
	if p, isProject := before[0].(Project); isProject && p.State == Founding {
		return 0, nil, false // the end of the founding is for good
	}
	return ev.Kind, &RowBody{SeenVer: verOf(now), Row: EncodeRow(before[0])}, true
}

func keyRow(ev Event) Row {
	switch ev.Kind {
	case KindMemberSet:
		return Member{User: UserID{ev.Entity}}
	case KindRoleSet:
		return Role{ID: RoleID{ev.Entity}}
	case KindStatusDefine:
		return Status{ID: StatusID{ev.Entity}}
	case KindTypeDefine:
		return Type{ID: TypeID{ev.Entity}}
	case KindViewSet:
		return SavedView{ID: ViewID{ev.Entity}}
	}
	return Project{ID: ProjectID{ev.Entity}}
}

func verOf(r Row) uint64 {
	switch r := r.(type) {
	case Member:
		return r.Ver
	case Role:
		return r.Ver
	case Status:
		return r.Ver
	case Type:
		return r.Ver
	case SavedView:
		return r.Ver
	case Project:
		return r.Ver
	}
	return 0
}
