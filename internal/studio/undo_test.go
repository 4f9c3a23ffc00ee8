package studio_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
)

// undoing makes an op one that takes an event back.
func undoing(ev studio.Event) with {
	return func(op *studio.Op, _ *studio.Moment) { op.Undoes = ev.Op }
}

// An undo asks for no right, so it puts back what was before the act and nothing else: it is no way round the rights.
func TestAnUndoPutsBackWhatWasAndNothingElse(t *testing.T) {
	w := server(t)
	a := w.shot(1, todo, "Artist")
	w.applied(w.give(a.ID, "other"))
	given, holding := w.done[0].Event, w.asset(a.ID).Assignment
	w.applied(w.setMember("Supervisor", func(m *studio.Member) { m.Role = w.roles["Artist"] }))
	for _, to := range []string{"Vendor", "Admin", "Supervisor", "nobody"} {
		body := &studio.AssignBody{To: w.users[to], Expect: holding}
		w.refused(w.act(w.users["Supervisor"], studio.KindAssign, a.ID.ID, body, undoing(given)), studio.CodeNothingToUndo)
	}
	body := &studio.AssignBody{To: w.users["Artist"], Expect: holding}
	w.applied(w.act(w.users["Supervisor"], studio.KindAssign, a.ID.ID, body, undoing(given)))

	b := w.shot(2, todo, "Artist")
	w.applied(w.move("Artist", b, todo, active, studio.CheckpointID{}))
	moved := w.done[0].Event
	for to, code := range map[studio.Category]studio.Code{review: studio.CodeNothingToUndo, done: studio.CodeNothingToUndo, todo: ""} {
		d := studio.Decide(w.state, studio.Op{ID: studio.OpID{ID: w.fresh(9)}, Kind: studio.KindStatusSet, Entity: b.ID.ID, Undoes: moved.Op,
			Body: &studio.StatusBody{From: w.statuses[active], To: w.statuses[to]}}, studio.Moment{Actor: w.users["Artist"], Seq: w.seq + 1})
		require.Equal(t, code, d.Reason)
	}
}

// A definition is put back by who may still define: what it was before is not in the log, so the undo could say anything.
func TestTheUndoOfADefinitionNeedsItsRight(t *testing.T) {
	w := server(t)
	manager := w.users["Production Manager"]
	before, _ := w.state.Member(w.users["other"])
	after := before
	after.Role = w.roles["Vendor"]
	w.applied(w.act(manager, studio.KindMemberSet, after.User.ID, &studio.RowBody{SeenVer: before.Ver, Row: studio.EncodeRow(after)}))
	set := w.done[0].Event
	kind, body, ok := studio.InverseOf(w.state, set, []studio.Row{before})
	require.True(t, ok)
	w.applied(w.setMember("Production Manager", func(m *studio.Member) { m.Role = w.roles["Artist"] }))
	w.refused(w.act(manager, kind, after.User.ID, body, undoing(set)), studio.CodePermission)
	w.applied(w.setMember("Production Manager", func(m *studio.Member) { m.Role = w.roles["Production Manager"] }))
	w.applied(w.act(manager, kind, after.User.ID, body, undoing(set)))
	now, _ := w.state.Member(after.User)
	require.Equal(t, before.Role, now.Role)
}

// A move is taken back until the task was moved anew. A checkpoint with a move is one, though the status is what it was again.
func TestACheckpointThatMovesATaskEndsTheUndoOfAMove(t *testing.T) {
	w := server(t)
	a := w.shot(1, todo, "Artist")
	w.applied(w.move("Artist", a, todo, active, studio.CheckpointID{}))
	moved := w.done[0].Event
	for i, to := range []studio.Category{review, active} {
		head := w.asset(a.ID)
		k := w.announce("Artist", a.ID, byte(20+i), head.Head)
		d := w.act(w.users["Artist"], studio.KindSeal, a.ID.ID, &studio.SealBody{Checkpoint: k, From: head.Status, To: w.statuses[to]})
		require.Equal(t, studio.Applied, d.Verdict, "%s %s", d.Reason, d.Move)
	}
	require.Equal(t, w.statuses[active], w.asset(a.ID).Status, "as the move left it")
	kind, body, ok := studio.InverseOf(w.state, moved, nil)
	require.True(t, ok)
	w.refused(w.act(w.users["Artist"], kind, a.ID.ID, body, undoing(moved)), studio.CodeChanged)
}

// The adding of a file is taken back while it is as it was added: later work is in nobody's trash by an undo.
func TestTheAddingOfSavedWorkIsNotTakenBack(t *testing.T) {
	w := server(t)
	admin, asset, first := w.users["Admin"], w.fresh(4), studio.CheckpointID{ID: w.fresh(5)}
	w.applied(w.act(admin, studio.KindAssetCreate, asset, &studio.CreateBody{Name: "new.blend", Kind: studio.Resource, First: first}))
	added := w.done[0].Event
	save := func(k, base studio.CheckpointID) {
		w.applied(w.act(admin, studio.KindAnnounce, asset, &studio.AnnounceBody{Checkpoint: k, Base: base, Comment: "x", Manifest: studio.Hash{1}}))
		w.applied(w.act(admin, studio.KindSeal, asset, &studio.SealBody{Checkpoint: k}))
	}
	undo := func() studio.Decision {
		kind, body, ok := studio.InverseOf(w.state, added, nil)
		require.True(t, ok)
		return studio.Decide(w.state, studio.Op{ID: studio.OpID{ID: w.fresh(9)}, Kind: kind, Entity: asset, Undoes: added.Op, Body: body},
			studio.Moment{Actor: admin, Seq: w.seq + 1})
	}
	save(first, studio.CheckpointID{})
	w.applied(undo())
	save(studio.CheckpointID{ID: w.fresh(5)}, first)
	w.refused(undo(), studio.CodeChanged)
}

// A task that was made a resource is a task again with the status that it had, not one that begins anew.
func TestTheUndoOfAConversionBringsTheStatusBack(t *testing.T) {
	w := server(t)
	a := w.shot(1, review, "")
	w.applied(w.act(w.users["Admin"], studio.KindConvert, a.ID.ID, &studio.ConvertBody{To: studio.Resource}))
	kind, body, ok := studio.InverseOf(w.state, w.done[0].Event, []studio.Row{a})
	require.True(t, ok)
	w.applied(w.act(w.users["Admin"], kind, a.ID.ID, body, undoing(w.done[0].Event)))
	require.Equal(t, studio.Task, w.asset(a.ID).Kind)
	require.Equal(t, review, w.category(a.ID))
}

// An undo that was refused took nothing back: what it was about has been done all the same.
func TestARefusedUndoTakesNothingBack(t *testing.T) {
	w := server(t)
	a, artist := w.shot(1, todo, "Artist"), w.users["Artist"]
	tag := &studio.TagBody{Tag: "hero"}
	w.applied(w.act(artist, studio.KindTagAdd, a.ID.ID, tag))
	added := w.done[0].Event
	w.applied(w.act(artist, studio.KindTagRemove, a.ID.ID, tag, undoing(added)))
	removed := w.done[0].Event
	w.applied(w.setMember("Artist", func(m *studio.Member) { m.Gone = true }))
	w.refused(w.act(artist, studio.KindTagAdd, a.ID.ID, tag, undoing(removed)), studio.CodeNotMember)
	w.applied(w.setMember("Artist", func(m *studio.Member) { m.Gone = false }))
	w.refused(w.act(artist, studio.KindTagRemove, a.ID.ID, tag, undoing(added)), studio.CodeChanged)
}
