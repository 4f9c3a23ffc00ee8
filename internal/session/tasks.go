package session

import (
	"context"

	"framehold/internal/studio"
)

// AssignRequest gives assets to a person.
type AssignRequest struct {
	Assets    []studio.AssetID
	To        studio.UserID // zero: to nobody
	Convert   bool          // resources become tasks first
	Reason    string
	Override  bool // though it is on the road with who holds it: that needs a reason and the right to assign
	AllOrNone bool
}

// Assign gives tasks to a person or to nobody: one act with one undo, each task decided alone. What is already so is
// done. Codes: those of table D of sync.md.
func (s *Session) Assign(ctx context.Context, r AssignRequest) (Outcome, error) {
	return s.each(ctx, assetIDs(r.Assets), r.AllOrNone, func(it *item, id studio.ID) error {
		return it.assign(id, r)
	})
}

func (it *item) assign(id studio.ID, r AssignRequest) error {
	a, err := it.asset(id)
	if err != nil {
		return err
	}
	if a.Kind == studio.Resource && r.Convert && !r.To.IsZero() {
		if _, err := it.do(id, studio.KindConvert, &studio.ConvertBody{To: studio.Task}); err != nil {
			return err
		}
	}
	_, err = it.do(id, studio.KindAssign, &studio.AssignBody{To: r.To, Expect: a.Assignment, Reason: r.Reason,
		OverrideRoad: r.Override})
	return err
}

// Claim takes tasks that nobody holds.
func (s *Session) Claim(ctx context.Context, assets []studio.AssetID) (Outcome, error) {
	return s.each(ctx, assetIDs(assets), false, func(it *item, id studio.ID) error {
		a, err := it.asset(id)
		if err != nil {
			return err
		}
		if a.Kind == studio.Resource {
			return studio.Refuse(studio.CodeIsResource, studio.Params{Asset: studio.PathOf(it.state, id), Why: "claim"})
		}
		if !a.Assignee.IsZero() && a.Assignee != s.me {
			held, _ := it.state.Member(a.Assignee)
			return studio.Refuse(studio.CodeStaleAssignment, studio.Params{Asset: studio.PathOf(it.state, id),
				Now: held.DisplayName(), Mine: it.name(s.me), Who: held.DisplayName(), Why: "held"})
		}
		_, err = it.do(id, studio.KindAssign, &studio.AssignBody{To: s.me, Expect: a.Assignment})
		return err
	})
}

// StatusRequest moves tasks to a status.
type StatusRequest struct {
	Assets    []studio.AssetID
	To        studio.StatusID
	Notes     []string // to a retake: the checklist, made in one step with the move; else the reason
	Reason    string
	AllOrNone bool
}

// SetStatus moves tasks to a status, each decided alone.
func (s *Session) SetStatus(ctx context.Context, r StatusRequest) (Outcome, error) {
	return s.each(ctx, assetIDs(r.Assets), r.AllOrNone, func(it *item, id studio.ID) error {
		return it.setStatus(id, r)
	})
}

func (it *item) setStatus(id studio.ID, r StatusRequest) error {
	a, err := it.asset(id)
	if err != nil {
		return err
	}
	body := &studio.StatusBody{From: a.Status, To: r.To, About: a.Head, Reason: r.Reason}
	if a.Status != r.To {
		to, _ := it.state.Status(r.To)
		if body.Notes, body.Reason, err = it.notes(a, to, a.Head, r); err != nil {
			return err
		}
	}
	_, err = it.do(id, studio.KindStatusSet, body)
	return err
}

// notes makes the checklist of a retake; for other moves the notes are the reason.
func (it *item) notes(a studio.Asset, to studio.Status, about studio.CheckpointID, r StatusRequest,
) (made []studio.NoteID, reason string, err error) {
	reason = r.Reason
	for _, text := range r.Notes {
		if to.Category != studio.CategoryRetake && !to.AsksNote {
			reason = joinText(reason, text)
			continue
		}
		if err := checkNote(text); err != nil {
			return nil, "", err
		}
		body := &studio.NoteBody{Note: studio.NoteID{ID: it.act.s.clock.NewID()}, Checkpoint: about, Text: text, Checkbox: true}
		if _, err := it.do(a.ID.ID, studio.KindNoteAdd, body); err != nil {
			return nil, "", err
		}
		made = append(made, body.Note)
	}
	return made, reason, nil
}

func checkNote(text string) error {
	if isBlank(text) {
		return studio.Refuse(studio.CodeEmptyComment, studio.Params{Why: "note"})
	}
	return nil
}

func joinText(a, b string) string {
	if a == "" {
		return b
	}
	return a + "\n" + b
}

// MoveRequest is a drag of cards, or its key: to a status and a place in its column.
type MoveRequest struct {
	StatusRequest
	Above studio.AssetID // the card above the gap; zero: the top
	Below studio.AssetID // the card below the gap; zero: the end
}

// MoveTasks moves cards to a column and a place in it. The rank comes from the neighbours, here in the store.
func (s *Session) MoveTasks(ctx context.Context, r MoveRequest) (Outcome, error) {
	last := studio.AssetID{}
	return s.each(ctx, assetIDs(r.Assets), r.AllOrNone, func(it *item, id studio.ID) error {
		if !r.To.IsZero() {
			if err := it.setStatus(id, r.StatusRequest); err != nil {
				return err
			}
		}
		if r.Above.IsZero() && r.Below.IsZero() && last.IsZero() {
			return nil
		}
		above := r.Above
		if !last.IsZero() {
			above = last
		}
		rank, err := it.rankBetween(above, r.Below)
		if err != nil {
			return err
		}
		last = studio.AssetID{ID: id}
		_, err = it.do(id, studio.KindRankSet, &studio.RankBody{Rank: rank})
		return err
	})
}

func (it *item) rankBetween(above, below studio.AssetID) (string, error) {
	a, _ := it.state.Asset(above)
	b, _ := it.state.Asset(below)
	if a.Rank != "" && b.Rank != "" && a.Rank >= b.Rank { // neighbours of two orders: stand right behind the one above
		b.Rank = ""
	}
	return studio.RankBetween(a.Rank, b.Rank)
}

// AddNote writes a note on a task's newest checkpoint.
func (s *Session) AddNote(ctx context.Context, asset studio.AssetID, text string) (studio.NoteID, Outcome, error) {
	note := studio.NoteID{ID: s.clock.NewID()}
	if err := checkNote(text); err != nil {
		return note, Outcome{}, err
	}
	out, err := s.each(ctx, assetIDs([]studio.AssetID{asset}), false, func(it *item, id studio.ID) error {
		a, err := it.asset(id)
		if err != nil {
			return err
		}
		_, err = it.do(id, studio.KindNoteAdd, &studio.NoteBody{Note: note, Checkpoint: a.Head, Text: text, Checkbox: true})
		return err
	})
	return note, out, err
}

// TickNote ticks a note or opens it again.
func (s *Session) TickNote(ctx context.Context, note studio.NoteID, done bool) (Outcome, error) {
	n, err := s.noteOf(ctx, note)
	if err != nil {
		return Outcome{}, err
	}
	return s.each(ctx, assetIDs([]studio.AssetID{n.Asset}), false, func(it *item, id studio.ID) error {
		_, err := it.do(id, studio.KindNoteResolve, &studio.ResolveBody{Note: note, Done: done})
		return err
	})
}

func assetIDs(assets []studio.AssetID) []studio.ID {
	ids := make([]studio.ID, len(assets))
	for i, a := range assets {
		ids[i] = a.ID
	}
	return ids
}

func (it *item) asset(id studio.ID) (studio.Asset, error) {
	a, ok := it.state.Asset(studio.AssetID{ID: id})
	if !ok {
		if err := it.state.Err(); err != nil {
			return a, err
		}
		return a, studio.Refuse(studio.CodeUnknownAsset, studio.Params{Name: id.String()})
	}
	return a, nil
}

func (it *item) name(u studio.UserID) string {
	m, _ := it.state.Member(u)
	return m.DisplayName()
}
