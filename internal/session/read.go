package session

import (
	"context"
	"path"
	"slices"

	"framehold/internal/projectdb"
	"framehold/internal/studio"
)

// view lets the rules look at a picture: the definitions, assets and collections, which is all that they ask about who
// may do what. What it does not hold is "not there".
type view struct {
	*studio.State
	p *Picture
}

func (v view) Project() studio.Project { return v.p.Project }
func (v view) Member(id studio.UserID) (studio.Member, bool) {
	m, ok := v.p.Members[id]
	return m, ok
}
func (v view) Members() []studio.Member { return v.p.MemberList }
func (v view) Role(id studio.RoleID) (studio.Role, bool) {
	for _, r := range v.p.Roles {
		if r.ID == id {
			return r, true
		}
	}
	return studio.Role{}, false
}
func (v view) Roles() []studio.Role { return v.p.Roles }
func (v view) Status(id studio.StatusID) (studio.Status, bool) {
	st, ok := v.p.StatusOf[id]
	return st, ok
}
func (v view) Statuses() []studio.Status { return v.p.Statuses }
func (v view) Collection(id studio.CollectionID) (studio.Collection, bool) {
	c, ok := v.p.Collections[id]
	return c, ok
}
func (v view) Asset(id studio.AssetID) (studio.Asset, bool) {
	a, ok := v.p.Assets[id]
	if !ok {
		return studio.Asset{}, false
	}
	return a.Asset, true
}

// View lets the rules look at the picture.
func (p *Picture) View() studio.View { return view{studio.NewState(nil), p} }

// Moves lists the statuses that the acting person may set on a task now.
func (s *Session) Moves(p *Picture, a *projectdb.AssetInfo) []studio.StatusID {
	return studio.Moves(p.View(), s.me, a.Asset)
}

// Acts lists what the acting person may do to an asset now.
func (s *Session) Acts(p *Picture, a *projectdb.AssetInfo) []string {
	return studio.Acts(p.View(), s.me, a.Asset)
}

// CollectionActs lists what the acting person may do to a collection now.
func (s *Session) CollectionActs(p *Picture, c studio.Collection) []string {
	return studio.CollectionActs(p.View(), s.me, c)
}

// MoveRefusal says why the acting person may not set a status on a task; nil when they may.
func (s *Session) MoveRefusal(p *Picture, a *projectdb.AssetInfo, to studio.StatusID) error {
	return studio.MoveRefusal(p.View(), s.me, a.Asset, to)
}

// May tells whether the acting person's role has a permission, for screens.
func (s *Session) May(p *Picture) studio.Permissions {
	role, _ := p.View().Role(p.Members[s.me].Role)
	return role.May
}

// Details is what a pane shows of one asset.
type Details struct {
	Picture           *Picture
	Row               Row
	Checkpoints       []studio.Checkpoint
	Labels            map[studio.CheckpointID]string // of those
	Base              studio.Checkpoint              // of the file on disk; zero: none
	Notes             []studio.Note
	Needs             []studio.ID
	NeededBy          []studio.AssetID
	CheckpointRefusal error
}

// Details reads what a pane shows. Code: unknown_asset.
func (s *Session) Details(ctx context.Context, id studio.ID) (d Details, err error) {
	var rows []Row
	d.Picture, rows, err = s.Rows(ctx, []studio.ID{id})
	if err != nil {
		return d, err
	}
	if len(rows) == 0 {
		return d, studio.Refuse(studio.CodeUnknownAsset, studio.Params{Name: id.String()})
	}
	d.Row = rows[0]
	if d.Row.Asset == nil {
		return d, nil
	}
	asset := studio.AssetID{ID: id}
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		d.Checkpoints, d.Notes, d.Labels = snap.Checkpoints(asset), snap.Notes(asset), map[studio.CheckpointID]string{}
		for _, k := range d.Checkpoints {
			d.Labels[k.ID] = studio.LabelIn(snap, k)
		}
		for _, need := range snap.Needs(asset) {
			d.Needs = append(d.Needs, need.Target)
		}
		for _, by := range snap.Dependents(id) {
			d.NeededBy = append(d.NeededBy, by.Asset)
		}
		d.Base, _ = snap.Checkpoint(d.Row.File.Base)
		d.CheckpointRefusal = s.newAct(snap, 0).mayCheckpoint(d.Row.Asset.Asset)
		return nil
	})
	return d, err
}

// ClosureItem is one thing that a task needs, and why.
type ClosureItem struct {
	Asset studio.AssetID
	Via   []studio.ID
	Bytes int64
}

// WithNeeds lists assets and everything that they need, each once. Code: unknown_asset.
func (s *Session) WithNeeds(ctx context.Context, ids []studio.AssetID) ([]studio.AssetID, error) {
	all := slices.Clone(ids)
	for _, id := range ids {
		items, _, err := s.Closure(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			all = append(all, item.Asset)
		}
	}
	return once(all), nil
}

// Closure lists everything that an asset needs, recursively, with the bytes of the heads.
func (s *Session) Closure(ctx context.Context, id studio.AssetID) (items []ClosureItem, bytes int64, err error) {
	p, err := s.Look(ctx)
	if err != nil {
		return nil, 0, err
	}
	if p.Assets[id] == nil {
		return nil, 0, studio.Refuse(studio.CodeUnknownAsset, studio.Params{Name: id.String()})
	}
	items = []ClosureItem{}
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		for _, n := range studio.Closure(snap, id) {
			item := ClosureItem{Asset: n.Asset, Via: n.Via}
			if a := p.Assets[n.Asset]; a != nil {
				item.Bytes = a.HeadBytes
			}
			bytes += item.Bytes
			items = append(items, item)
		}
		return nil
	})
	return items, bytes, err
}

// Log lists the audit trail, oldest first: of one asset, or of the project with a zero id. The person's own safety
// checkpoints stand in it with seq 0.
func (s *Session) Log(ctx context.Context, id studio.AssetID) (lines []studio.Line, err error) {
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) (err error) {
		if lines, err = snap.Lines(id); err != nil {
			return err
		}
		ahead, err := pendingLines(snap, func(entity studio.ID) bool { return id.IsZero() || entity == id.ID })
		if err != nil {
			return err
		}
		lines = append(lines, ahead...)
		checkpoints := snap.AllCheckpoints
		if !id.IsZero() {
			checkpoints = func() []studio.Checkpoint { return snap.Checkpoints(id) }
		}
		for _, k := range checkpoints() {
			if k.State == studio.Safety && k.Author == s.me {
				st, _ := snap.Status(k.StatusAtCreation)
				lines = insertLine(lines, studio.Line{Kind: "safety", Actor: k.Author, AtMs: int64(k.MadeHybrid >> 16),
					ReceivedMs: k.ReceivedMs, Asset: k.Asset, Path: studio.PathOf(snap, k.Asset.ID), Checkpoint: k.ID, Status: st.Slug()})
			}
		}
		return nil
	})
	return lines, err
}

// LogBelow is Log for a collection: what was done to it and to all that stands in it now.
func (s *Session) LogBelow(ctx context.Context, p *Picture, id studio.CollectionID) (lines []studio.Line, err error) {
	about := map[studio.ID]bool{id.ID: true}
	for c, at := range p.Collections {
		for depth := 0; !at.ID.IsZero() && depth < pathDepthMax; depth++ {
			about[c.ID] = about[c.ID] || at.Parent == id
			at = p.Collections[at.Parent]
		}
	}
	for _, a := range p.Below(id) {
		about[a.ID] = true
	}
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) (err error) {
		if lines, err = snap.LinesAbout(about); err != nil {
			return err
		}
		ahead, err := pendingLines(snap, func(entity studio.ID) bool { return about[entity] })
		lines = append(lines, ahead...)
		return err
	})
	return lines, err
}

// IsUnsent tells whether a line is of an own act that no server has decided yet.
func IsUnsent(l studio.Line) bool { return l.Seq == 0 && l.Kind != "safety" }

// pendingLines are the lines of own acts that no server has decided yet, in their order; they have no seq. What is not let
// through any more has none: it is kept, and sent.
func pendingLines(snap *projectdb.Snapshot, of func(entity studio.ID) bool) (lines []studio.Line, err error) {
	queue, err := snap.QueuedOps()
	if err != nil {
		return nil, err
	}
	for _, q := range queue {
		if q.Verdict == studio.Refused || q.Verdict == studio.Noop || !of(q.Op.Entity) {
			continue
		}
		ev := studio.Event{Op: q.Op.ID, Actor: q.Actor, Kind: q.Op.Kind, Entity: q.Op.Entity, Undoes: q.Op.Undoes, MadeHybrid: q.Op.MadeHybrid,
			ReceivedMs: int64(q.Op.MadeHybrid >> 16), Verdict: q.Verdict, Reason: q.Reason}
		a, _ := snap.Asset(studio.AssetID{ID: q.Op.Entity})
		ev.Status = a.Status
		if b, moves := q.Op.Body.(*studio.StatusBody); moves {
			ev.Status = b.To
		}
		if b, seals := q.Op.Body.(*studio.SealBody); seals {
			k, _ := snap.Checkpoint(b.Checkpoint)
			ev.Status = k.StatusAtCreation
		}
		if l, shown := studio.LineOf(ev, q.Op.Body, snap, studio.Decision{}); shown {
			lines = append(lines, l)
		}
	}
	return lines, snap.Err()
}

func insertLine(lines []studio.Line, l studio.Line) []studio.Line {
	at := len(lines)
	for at > 0 && lines[at-1].ReceivedMs > l.ReceivedMs {
		at--
	}
	return append(lines[:at:at], append([]studio.Line{l}, lines[at:]...)...)
}

// Story is the history of one asset with how each line reads.
func (s *Session) Story(ctx context.Context, id studio.AssetID) (*Picture, []studio.Told, []studio.Checkpoint, error) {
	p, err := s.Look(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	lines, err := s.Log(ctx, id)
	if err != nil {
		return nil, nil, nil, err
	}
	var checkpoints []studio.Checkpoint
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		checkpoints = snap.Checkpoints(id)
		return nil
	})
	return p, studio.Tell(lines, p.Category), checkpoints, err
}

// Category finds the category of a status by its short label in lower case.
func (p *Picture) Category(key string) studio.Category {
	for _, st := range p.Statuses {
		if st.Slug() == key {
			return st.Category
		}
	}
	return 0
}

const recentMax = 20 // people worked with lately

// Suggest orders the people for an assignee picker over some assets.
func (s *Session) Suggest(ctx context.Context, text string, ids []studio.AssetID) (*Picture, []studio.Suggested, error) {
	p, err := s.Look(ctx)
	if err != nil {
		return nil, nil, err
	}
	people := make([]studio.Candidate, len(p.MemberList))
	at := map[studio.UserID]int{}
	for i, m := range p.MemberList {
		people[i].Member = m
		at[m.User] = i
	}
	for _, a := range p.Assets {
		if i, ok := at[a.Assignee]; ok && !a.Trashed() && p.StatusOf[a.Status].Category != studio.CategoryDone {
			people[i].Open++
		}
	}
	holding := map[studio.UserID]int{}
	for _, id := range ids {
		if a := p.Assets[id]; a != nil && !a.Assignee.IsZero() {
			holding[a.Assignee]++
		}
	}
	for u, n := range holding {
		people[at[u]].Holds = n == len(ids)
	}
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		recent, err := snap.RecentAssignees(s.me, recentMax)
		for i, u := range recent {
			people[at[u]].Recent = i + 1
		}
		for _, id := range ids[:min(len(ids), recentMax)] {
			for _, g := range snap.Holdings(id) {
				people[at[g.To]].Held = true
			}
		}
		return err
	})
	return p, studio.Suggest(text, people), err
}

// Retakes counts the tasks in retake that a member holds.
func (p *Picture) Retakes(u studio.UserID) (n int) {
	for _, a := range p.Assets {
		if a.Assignee == u && !a.Trashed() && p.StatusOf[a.Status].Category == studio.CategoryRetake {
			n++
		}
	}
	return n
}

// Preview reads a preview, made smaller when px > 0; ok is false when it is not there.
func (s *Session) Preview(ctx context.Context, h studio.Hash, px int) ([]byte, bool, error) {
	b, ok, err := s.db.Preview(ctx, h)
	if err != nil || !ok || px <= 0 {
		return b, ok, err
	}
	small, err := s.pictures.Thumbnail(b, px)
	return small, err == nil, err
}

// Tags counts the tags in use.
func (p *Picture) Tags() map[string]int {
	tags := map[string]int{}
	for _, a := range p.Assets {
		if a.Trashed() {
			continue
		}
		for _, t := range a.Tags {
			tags[t]++
		}
	}
	return tags
}

func (s *Session) noteOf(ctx context.Context, id studio.NoteID) (n studio.Note, err error) {
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		var ok bool
		if n, ok = snap.Note(id); !ok {
			return studio.Refuse(studio.CodeUnknownNote, studio.Params{Name: id.String()})
		}
		return nil
	})
	return n, err
}

// Spoken is a line of history ready for the catalogue: which sentence, and what it names.
type Spoken struct {
	Key     string
	Params  map[string]string
	AtMs    int64
	Image   bool
	InStory bool
}

// Speak makes a line ready for the catalogue.
func (p *Picture) Speak(t studio.Told) Spoken {
	s := Spoken{Key: string(t.Sentence), AtMs: t.AtMs, Image: t.Kind == "checkpoint" && !t.Preview.IsZero(), InStory: t.InStory}
	if t.Sentence == studio.SentenceOther {
		s.Key = t.Kind
	}
	if (t.Kind == "note" || t.Kind == "parked") && t.To != "" { // a tick, another word of its author, a chain that was kept
		s.Key += "_" + t.To
	}
	from, to, text := p.spell(t, t.From), p.spell(t, t.To), t.Text
	s.Params = map[string]string{"status": p.label(t.StatusTo), "checkpoint": t.Label, "from": from, "to": to, "text": text}
	if s.Key == "set" && to == "" {
		s.Params["to"] = "nothing"
	}
	return s
}

// Words are what a line says beside its sentence: a comment, a reason, a note; "" where the sentence says it all.
func Words(l studio.Line) string {
	switch l.Kind {
	case "set", "tag", "depend", "undo", "member":
		return ""
	}
	return l.Text
}

// spell names what a line holds as a key: people, statuses, types.
func (p *Picture) spell(t studio.Told, value string) string {
	switch t.Kind {
	case "assign", "unassign", "claim":
		for _, m := range p.MemberList {
			if m.Username == value {
				return m.DisplayName()
			}
		}
	case "status", "checkpoint":
		return p.label(value)
	case "set":
		if id, err := studio.ParseID(value); err == nil && t.Text == "type" {
			return p.TypeOf[studio.TypeID{ID: id}].Name
		}
		if t.Text == "priority" && len(value) == 1 && value[0] >= '0' && value[0] <= '3' {
			return [...]string{"none", "low", "normal", "urgent"}[value[0]-'0']
		}
	}
	return value
}

func (p *Picture) label(key string) string {
	for _, st := range p.Statuses {
		if st.Slug() == key {
			return st.Label
		}
	}
	return key
}

// PathOnDisk is the absolute path of an asset's file, or of a collection's folder; with folder, of the folder that it
// stands in. Codes: unknown_asset, no_file.
func (s *Session) PathOnDisk(ctx context.Context, id studio.ID, folder bool) (string, error) {
	p, err := s.Look(ctx)
	if err != nil {
		return "", err
	}
	rel := p.Path(id)
	if rel == "" {
		return "", studio.Refuse(studio.CodeUnknownAsset, studio.Params{Name: id.String()})
	}
	if p.Assets[studio.AssetID{ID: id}] != nil {
		f, err := s.fileNow(ctx, studio.AssetID{ID: id})
		if err != nil {
			return "", err
		}
		rel = f.Path
		if !f.Exists && !folder {
			return "", studio.Refuse(studio.CodeNoFile, studio.Params{Path: rel})
		}
		if folder {
			rel = path.Dir(rel)
		}
	}
	return s.folder.Path(rel), nil
}
