package studio

import "slices"

// working are the categories among which the assignee moves freely.
func working(c Category) bool { return c == CategoryTodo || c == CategoryActive || c == CategoryReview }

// mover is who would move a task.
type mover struct {
	may   Permissions
	role  RoleID
	holds bool
}

// MayMove tells whether a member may move a task from one status to another, by the default moves of product
// section 2, narrowed by the status's own rule; holderOnly tells that holding the task is what is missing.
func (m mover) mayMove(options Options, from, to Status) (ok, holderOnly bool) {
	if to.Removed || (len(to.OnlyRoles) > 0 && !slices.Contains(to.OnlyRoles, m.role)) {
		return false, false
	}
	if m.may.Has(MaySetAnything) {
		return true, false
	}
	if from.Category == CategoryBlocked || to.Category == CategoryBlocked {
		return false, false
	}
	f, t := from.Category, to.Category
	if m.may.Has(MaySetRetake) && t == CategoryRetake && (f == CategoryReview || f == CategoryDone) {
		return true, false
	}
	if m.may.Has(MaySetDone) && t == CategoryDone && f == CategoryReview {
		return true, false
	}
	own := working(f) && working(t) ||
		f == CategoryRetake && (t == CategoryActive || t == CategoryReview) ||
		options.ArtistDone && f == CategoryReview && t == CategoryDone
	if own && m.may.Has(MayMoveOwn) {
		return m.holds, !m.holds
	}
	return false, false
}

// Moves lists the statuses, in their order, that a member may set on a task now. It is the table by which the
// board dims its columns before a drop: the same function decides the drop.
func Moves(view View, actor UserID, a Asset) []StatusID {
	return MovesFor(view.Project().Options, view.Statuses(), moverOf(view, actor, a), a)
}

func moverOf(view View, actor UserID, a Asset) mover {
	me, _ := view.Member(actor)
	role, _ := view.Role(me.Role)
	return mover{may: role.May, role: role.ID, holds: !a.Assignee.IsZero() && a.Assignee == actor}
}

// MovesFor is Moves of a member whose role is known, for long lists.
func MovesFor(options Options, statuses []Status, m mover, a Asset) []StatusID {
	moves := []StatusID{}
	from := slices.IndexFunc(statuses, func(s Status) bool { return s.ID == a.Status })
	if a.Kind != Task || from < 0 || a.Trashed() {
		return moves
	}
	for _, to := range statuses {
		if ok, _ := m.mayMove(options, statuses[from], to); ok && to.ID != a.Status && !to.Hidden {
			moves = append(moves, to.ID)
		}
	}
	return moves
}

// move is a wish to move a task, by itself or with a checkpoint.
type move struct {
	from, to StatusID
	about    CheckpointID
	reason   string
	notes    []NoteID
	sealing  bool // in the step of a checkpoint: about is its checkpoint
}

// status decides status.set by table E of sync.md.
func (d *decider) status(b *StatusBody) Decision {
	a, refused := d.asset()
	if refused != nil {
		return *refused
	}
	result := d.moveTask(a, move{from: b.From, to: b.To, about: b.About, reason: b.Reason, notes: b.Notes})
	result.About = b.About
	return result
}

func (d *decider) moveTask(a Asset, m move) Decision {
	path := d.pathOf(a.ID.ID)
	if err := CheckText("reason", m.reason); err != nil {
		return d.refuseErr(err)
	}
	if a.Kind != Task {
		return d.refuse(CodeIsResource, Params{Asset: path})
	}
	if a.Status == m.to {
		return d.noop(CodeAlready, Params{Asset: path})
	}
	now, _ := d.view.Status(a.Status)
	to, was, ok := d.standing(m.to)
	result := Decision{Verdict: Applied}
	if was != "" {
		result = Decision{Verdict: Merged, Reason: CodeReplaced, Params: Params{Name: was, Now: to.Name}}
	}
	if !ok {
		return d.refuse(CodeStatusGone, Params{Name: to.Name, Asset: path})
	}
	if a.Status == to.ID {
		return d.noop(CodeAlready, Params{Asset: path})
	}
	if d.undoing { // mayUndo saw that the result of the move still stands
		return d.moved(a, to, result)
	}
	from, _, known := d.standing(m.from)
	if !known {
		from = now
	}
	unseen := d.sawStatus(a, [3]Status{from, now, to}, m, path)
	if unseen == nil { // it would be applied, so it is judged by where the task is
		from = now
	}
	if refused := d.mayMoveTask(a, from, to, path); refused != nil {
		return *refused
	}
	if refused := d.aboutHead(a, to, m, path); refused != nil {
		return *refused
	}
	if unseen != nil {
		return *unseen
	}
	if refused := d.asked(a, now, to, m, path); refused != nil {
		return *refused
	}
	return d.moved(a, to, result)
}

// standing is a status, or the one that has taken its place since it was removed; was names the removed one. ok is false
// when nothing has (row E2).
func (d *decider) standing(id StatusID) (s Status, was string, ok bool) {
	s, ok = d.view.Status(id)
	for seen := 0; ok && s.Removed && seen < statusesMax; seen++ {
		if was == "" {
			was = s.Name
		}
		next, known := d.view.Status(s.Replaced)
		if !known {
			return s, was, false
		}
		s = next
	}
	return s, was, ok && !s.Removed
}

const statusesMax = 1000 // that replaced each other

func (d *decider) moved(a Asset, to Status, result Decision) Decision {
	a.Status, a.StatusMs, a.Ver = to.ID, d.at.ReceivedMs, a.Ver+1
	result.Puts = []Row{a}
	return result
}

// mayMoveTask is rows E3 and E4.
func (d *decider) mayMoveTask(a Asset, now, to Status, path string) *Decision {
	m := mover{may: d.may, role: d.me.Role, holds: d.holds(a)}
	ok, holderOnly := m.mayMove(d.view.Project().Options, now, to)
	switch {
	case ok || d.founding:
		return nil
	case holderOnly && a.Assignee.IsZero():
		return d.refuse(CodeUnassigned, Params{Asset: path, Name: to.Name}).ptr()
	case holderOnly:
		return d.refuse(CodeNotAssignee, Params{Asset: path, Who: d.nameOf(a.Assignee), Name: to.Name}).ptr()
	}
	return d.refuse(CodePermission, Params{Asset: path, Who: WhoMay(d.view, moveRight(now, to)), Name: to.Name}).ptr()
}

// moveRight is the permission that a move asks of who does not hold the task.
func moveRight(now, to Status) Permissions {
	switch {
	case to.Category == CategoryRetake && (now.Category == CategoryReview || now.Category == CategoryDone):
		return MaySetRetake
	case to.Category == CategoryDone && now.Category == CategoryReview:
		return MaySetDone
	}
	return MaySetAnything
}

// aboutHead is rows E5 and E6: a decision is about the newest work, a review about a checkpoint on the line.
func (d *decider) aboutHead(a Asset, to Status, m move, path string) *Decision {
	if m.sealing {
		return nil
	}
	if (to.Category == CategoryDone || to.Category == CategoryRetake) && m.about != a.Head {
		head, _ := d.view.Checkpoint(a.Head)
		return d.refuse(CodeNewerWork, Params{Asset: path, Who: d.nameOf(head.Author), Version: LabelIn(d.view, head),
			Base: d.versionLabel(m.about)}).ptr()
	}
	if k, ok := d.view.Checkpoint(m.about); ok && to.Category == CategoryReview {
		switch k.State {
		case Parked:
			return d.refuse(CodeCheckpointPark, Params{Asset: path, Version: LabelIn(d.view, k), Name: to.Name}).ptr()
		case Announced:
			return d.noop(CodeWaitContent, Params{Asset: path, Version: LabelIn(d.view, k)}).ptr()
		}
	}
	return nil
}

// sawStatus is rows E7 to E13: what a move is worth when the status is not what the actor saw.
func (d *decider) sawStatus(a Asset, seen [3]Status, m move, path string) *Decision {
	from, now, to := seen[0], seen[1], seen[2]
	if now.ID == from.ID {
		return nil
	}
	stale := d.refuse(CodeStaleStatus, Params{Asset: path, Now: now.Name, Mine: to.Name})
	decision := func(c Category) bool { return !working(c) }
	switch {
	case decision(now.Category) && (to.Category == CategoryTodo || to.Category == CategoryActive):
		return d.noop(CodeSuperseded, Params{Asset: path, Now: now.Name}).ptr()
	case now.Category == CategoryRetake && to.Category == CategoryReview:
		if d.newerThanRetake(a, m.about) {
			return nil
		}
		return d.noop(CodeSuperseded, Params{Asset: path, Now: now.Name}).ptr()
	case decision(now.Category):
		return stale.ptr()
	case (now.Category == CategoryTodo || now.Category == CategoryActive) &&
		(to.Category == CategoryDone || to.Category == CategoryRetake):
		return d.refuse(CodeWithdrawn, Params{Asset: path, Now: now.Name, Mine: to.Name}).ptr()
	}
	return nil
}

// newerThanRetake tells whether about answers the retake: it came after the checkpoint that the retake was about (row E9).
func (d *decider) newerThanRetake(a Asset, about CheckpointID) bool {
	k, ok := d.view.Checkpoint(about)
	if !ok || k.Asset != a.ID || k.State != Accepted && k.State != Local {
		return false
	}
	var retake CheckpointID
	for _, ev := range d.view.Trail(a.ID.ID, 0) {
		if ev.Kind == KindStatusSet && ev.Status == a.Status && (ev.Verdict == Applied || ev.Verdict == Merged) {
			retake = ev.About
		}
	}
	seen, known := d.view.Checkpoint(retake)
	return !known || k.State == Local || k.Version > seen.Version
}

// asked is row E14: a retake asks for a note; a review for an image, where the project makes it a rule.
func (d *decider) asked(a Asset, now, to Status, m move, path string) *Decision {
	options := d.view.Project().Options
	needsNote := to.AsksNote
	if to.Category == CategoryRetake {
		needsNote = options.RetakeNote
		if !needsNote && now.Category == CategoryDone && m.reason == "" {
			return d.refuse(CodeNoteRequired, Params{Asset: path, Name: to.Name}).ptr()
		}
	}
	if needsNote && !d.hasNote(a, m) {
		return d.refuse(CodeNoteRequired, Params{Asset: path, Name: to.Name}).ptr()
	}
	if to.Category == CategoryReview && options.ReviewImage {
		if k, ok := d.view.Checkpoint(m.about); !ok || k.Preview.IsZero() {
			return d.refuse(CodeImageRequired, Params{Asset: path, Name: to.Name}).ptr()
		}
	}
	return nil
}

func (d *decider) hasNote(a Asset, m move) bool {
	for _, id := range m.notes {
		if n, ok := d.view.Note(id); ok && n.Asset == a.ID && n.Author == d.at.Actor && !n.Withdrawn {
			return true
		}
	}
	for _, n := range d.view.Notes(a.ID) {
		if n.Open() && n.Checkpoint == m.about && !m.about.IsZero() {
			return true
		}
	}
	return false
}

// statusRemove takes a status away; its tasks go to the replacement.
func (d *decider) statusRemove(b *StatusRemoveBody) Decision {
	s, ok := d.view.Status(StatusID{d.op.Entity})
	if !d.can(MaySettings) {
		return d.denied(MaySettings, s.Name)
	}
	if !ok {
		return d.refuse(CodeUnknownStatus, Params{Name: d.op.Entity.String()})
	}
	if s.Removed {
		return d.noop(CodeAlready, Params{Name: s.Name})
	}
	to, ok := d.view.Status(b.Replacement)
	if !ok || to.Removed || to.ID == s.ID {
		return d.refuse(CodeUnknownStatus, Params{Name: b.Replacement.String()})
	}
	if s.Category == CategoryTodo && !d.otherTodo(s.ID) {
		return d.refuse(CodeLastStatus, Params{Name: s.Name})
	}
	s.Removed, s.Replaced, s.Ver = true, to.ID, s.Ver+1
	puts := []Row{s}
	for _, a := range d.view.InStatus(s.ID) {
		a.Status, a.StatusMs, a.Ver = to.ID, d.at.ReceivedMs, a.Ver+1
		puts = append(puts, a)
	}
	return d.apply(puts...)
}

func (d *decider) otherTodo(besides StatusID) bool {
	return slices.ContainsFunc(d.view.Statuses(), func(s Status) bool {
		return s.Category == CategoryTodo && !s.Removed && s.ID != besides
	})
}
