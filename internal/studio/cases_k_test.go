package studio_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
)

// group decides ops of somebody as an atomic group.
func (w *world) group(who string, ops ...studio.Op) []studio.Decision {
	w.t.Helper()
	group := studio.GroupID{ID: w.fresh(11)}
	for i := range ops {
		ops[i].ID, ops[i].Group, ops[i].Atomic = studio.OpID{ID: w.fresh(9)}, group, true
	}
	done, err := w.state.RunGroup(ops, func(_ studio.Op, seq uint64) studio.Moment {
		return studio.Moment{Actor: w.users[who], ReceivedMs: w.nowMs + int64(seq), Seq: seq}
	}, w.seq+1)
	require.NoError(w.t, err)
	var decided []studio.Decision
	for _, one := range done {
		require.Equal(w.t, w.seq+1, one[0].Event.Seq, "events are dense")
		w.seq += uint64(len(one))
		decided = append(decided, one[0].Decision)
	}
	return decided
}

func (w *world) set(who string, a studio.AssetID, f studio.Field, seen, value string) studio.Decision {
	w.t.Helper()
	return w.act(w.users[who], studio.KindSet, a.ID, &studio.SetBody{Field: f, Seen: seen, Value: value})
}

func TestCase_K1(t *testing.T) {
	w := server(t)
	a := w.shot(1, todo, "")
	w.applied(w.set("Supervisor", a.ID, studio.FieldDue, "", "2026-12-24"))
	w.applied(w.set("Supervisor", a.ID, studio.FieldDue, "2026-12-24", "2026-12-25"))
	require.Equal(t, "2026-12-25", w.asset(a.ID).Due)
}

func TestCase_K2(t *testing.T) {
	w := server(t)
	a := w.shot(1, todo, "")
	w.applied(w.set("Supervisor", a.ID, studio.FieldPriority, "0", "3"))
	w.noop(w.set("Production Manager", a.ID, studio.FieldPriority, "0", "3"), studio.CodeAlready)
}

func TestCase_K3(t *testing.T) {
	for field, values := range map[studio.Field][3]string{
		studio.FieldDue: {"", "2026-12-24", "2026-12-25"}, studio.FieldPriority: {"0", "1", "2"}, studio.FieldEstimate: {"0", "60", "90"},
		studio.FieldDescription: {"", "wide", "close"}, studio.FieldType: {"", id(1, 13).String(), id(2, 13).String()},
	} {
		w := server(t)
		a := w.shot(1, todo, "")
		for n := byte(1); n <= 2; n++ {
			kind := studio.Type{ID: studio.TypeID{ID: id(n, 13)}, Name: "Type " + string(rune('a'+n))}
			w.applied(w.act(w.users["Admin"], studio.KindTypeDefine, kind.ID.ID, &studio.RowBody{Row: studio.EncodeRow(kind)}))
		}
		w.applied(w.set("Supervisor", a.ID, field, values[0], values[1]))
		d := w.refused(w.set("Production Manager", a.ID, field, values[0], values[2]), studio.CodeStaleField)
		require.Equal(t, []string{values[1], values[2]}, []string{d.Params.Now, d.Params.Mine})
		w.applied(w.set("Production Manager", a.ID, field, values[1], values[2])) // use mine
	}
}

func (w *world) note(who string, a studio.AssetID, n byte) studio.Decision {
	w.t.Helper()
	return w.act(w.users[who], studio.KindNoteAdd, a.ID, &studio.NoteBody{Note: studio.NoteID{ID: id(n, 6)}, Text: "first", Checkbox: true})
}

func TestCase_K4(t *testing.T) {
	w := server(t)
	a := w.shot(1, todo, "")
	w.applied(w.note("Artist", a.ID, 2))
	w.applied(w.note("Vendor", a.ID, 3))
	w.applied(w.trash("Admin", a.ID))
	w.applied(w.note("Artist", a.ID, 4))
	w.applied(w.act(w.users["Admin"], studio.KindPurge, a.ID.ID, &studio.EmptyBody{}))
	w.refused(w.note("Artist", a.ID, 5), studio.CodeUnknownTarget)
	w.refused(w.note("Artist", studio.AssetID{ID: id(99, 4)}, 6), studio.CodeUnknownTarget)
}

func TestCase_K5(t *testing.T) {
	w := server(t)
	a := w.shot(1, todo, "Artist")
	n := studio.NoteID{ID: id(2, 6)}
	edit := func(seen uint64, text string) studio.Decision {
		return w.act(w.users["Artist"], studio.KindNoteEdit, a.ID.ID, &studio.NoteEditBody{Note: n, SeenVer: seen, Text: text})
	}
	w.applied(w.note("Artist", a.ID, 2))
	w.applied(edit(1, "on the laptop"))
	w.is(edit(1, "at the desk"), studio.Merged, studio.CodeBothKept)
	now, _ := w.state.Note(n)
	require.Equal(t, "at the desk", now.Text, "the later one shows")
	var texts []string
	for _, ev := range w.state.Trail(a.ID.ID, 0) {
		if body, err := studio.DecodeBody(ev.Kind, ev.Body); err == nil && ev.Kind == studio.KindNoteEdit {
			texts = append(texts, body.(*studio.NoteEditBody).Text)
		}
	}
	require.Equal(t, []string{"on the laptop", "at the desk"}, texts, "the earlier one is in its history")
	w.applied(w.act(w.users["Artist"], studio.KindNoteResolve, a.ID.ID, &studio.ResolveBody{Note: n, Done: true}))
	w.applied(edit(now.Ver, "again")) // ticked meanwhile, not edited
	w.refused(w.act(w.users["other"], studio.KindNoteEdit, a.ID.ID, &studio.NoteEditBody{Note: n, Text: "theirs"}), studio.CodePermission)
}

func TestCase_K6(t *testing.T) {
	w := server(t)
	a := w.shot(1, todo, "Artist")
	w.applied(w.note("Supervisor", a.ID, 2))
	tick := func(who string, done bool) studio.Decision {
		return w.act(w.users[who], studio.KindNoteResolve, a.ID.ID, &studio.ResolveBody{Note: studio.NoteID{ID: id(2, 6)}, Done: done})
	}
	w.applied(tick("Artist", true))
	w.noop(tick("Supervisor", true), studio.CodeAlready)
	w.applied(tick("Supervisor", false)) // in server order
	w.applied(tick("Artist", true))
}

func TestCase_K7(t *testing.T) {
	w := server(t)
	a := w.shot(1, todo, "")
	tag := &studio.TagBody{Tag: "hero"}
	w.applied(w.act(w.users["Artist"], studio.KindTagAdd, a.ID.ID, tag))
	w.applied(w.act(w.users["other"], studio.KindTagRemove, a.ID.ID, tag))
	require.False(t, w.state.HasTag(a.ID, "hero"))
	w.noop(w.act(w.users["Artist"], studio.KindTagRemove, a.ID.ID, tag), studio.CodeAlready)
	w.applied(w.act(w.users["Artist"], studio.KindTagAdd, a.ID.ID, tag))
	require.True(t, w.state.HasTag(a.ID, "hero"))
}

func TestCase_K8(t *testing.T) {
	w := server(t)
	a, b, c := w.shot(1, todo, ""), w.shot(2, todo, ""), w.shot(3, todo, "")
	rank := func(a studio.Asset, r string) string {
		w.applied(w.act(w.users["Supervisor"], studio.KindRankSet, a.ID.ID, &studio.RankBody{Rank: r}))
		return w.asset(a.ID).Rank
	}
	require.Equal(t, "K", rank(a, "K"))
	require.Equal(t, "V", rank(b, "V"))
	require.Equal(t, "L", rank(a, "L"), "the last by seq")
	now := rank(c, "L") // two people dropped a card at one place
	require.Greater(t, now, "L")
	require.Less(t, now, "V")
	require.Equal(t, now, w.done[0].Event.Result)
	away := w.author()
	away.applied(away.act(w.users["Supervisor"], studio.KindRankSet, b.ID.ID, &studio.RankBody{Rank: "L"}))
	require.Equal(t, "L", away.asset(b.ID).Rank, "the authority spaces them")
}

func TestCase_K9(t *testing.T) {
	w := server(t)
	admin := w.users["Admin"]
	set := func(kind studio.Kind, row studio.Row, seen uint64) studio.Decision {
		return w.act(admin, kind, studio.IDFrom([]byte(row.Key())), &studio.RowBody{SeenVer: seen, Row: studio.EncodeRow(row)})
	}
	status, _ := w.state.Status(w.statuses[todo])
	role, _ := w.state.Role(w.roles["Artist"])
	kind := studio.Type{ID: studio.TypeID{ID: id(1, 13)}, Name: "Rig"}
	view := studio.SavedView{ID: studio.ViewID{ID: id(1, 14)}, Owner: admin, Name: "mine"}
	w.applied(set(studio.KindTypeDefine, kind, 0))
	w.applied(set(studio.KindViewSet, view, 0))
	status.Colour, role.Name, kind.Icon, view.Shared = "#000000", "Animator", "bone", true
	project := w.state.Project()
	project.Options.ReviewImage = true
	for kind, change := range map[studio.Kind]struct {
		row studio.Row
		ver uint64
	}{studio.KindStatusDefine: {status, status.Ver}, studio.KindRoleSet: {role, role.Ver}, studio.KindTypeDefine: {kind, 1},
		studio.KindViewSet: {view, 1}, studio.KindProjectSet: {project, project.Ver}} {
		w.applied(set(kind, change.row, change.ver))
		w.refused(set(kind, change.row, change.ver), studio.CodeStaleField)
	}
}

func TestCase_K10(t *testing.T) {
	w := server(t)
	a, b := w.shot(1, todo, "Artist"), w.shot(2, todo, "Artist")
	undo := func(who string, ev studio.Event) studio.Decision {
		kind, body, ok := studio.InverseOf(w.state, ev, nil)
		require.True(t, ok)
		return w.act(w.users[who], kind, ev.Entity, body, func(op *studio.Op, _ *studio.Moment) { op.Undoes = ev.Op })
	}
	w.applied(w.give(a.ID, "other"))
	first := w.done[0].Event
	w.applied(w.give(b.ID, "other"))
	second := w.done[0].Event
	w.applied(w.setMember("Supervisor", func(m *studio.Member) { m.Role = w.roles["Artist"] })) // needs no right
	w.refused(undo("Admin", first), studio.CodeNothingToUndo)                                   // but having done it
	w.applied(undo("Supervisor", first))
	require.Equal(t, w.users["Artist"], w.asset(a.ID).Assignee)
	w.applied(w.assign("Admin", b.ID, "Vendor", w.asset(b.ID).Assignment))
	w.refused(undo("Supervisor", second), studio.CodeChanged) // each alone
	w.refused(undo("Supervisor", first), studio.CodeChanged)

	w.applied(w.road("Artist", a.ID, 1))
	w.applied(undo("Artist", w.done[0].Event))
	road, _ := w.state.Road(a.ID)
	require.NotZero(t, road.EndedSeq)
}

func TestCase_K11(t *testing.T) {
	w := server(t)
	a, b, c := w.shot(1, todo, ""), w.shot(2, todo, "other"), w.shot(3, todo, "Artist")
	assign := func(a studio.Asset, seen studio.AssignmentID) studio.Op {
		return studio.Op{Kind: studio.KindAssign, Entity: a.ID.ID, Body: &studio.AssignBody{To: w.users["Artist"], Expect: seen}}
	}
	note := studio.Op{Kind: studio.KindNoteAdd, Entity: a.ID.ID, Body: &studio.NoteBody{Note: studio.NoteID{ID: w.fresh(6)}, Text: "x"}}
	d := w.group("Supervisor", assign(a, a.Assignment), note, assign(b, studio.AssignmentID{}), assign(c, c.Assignment))
	w.refused(d[0], studio.CodeGroup)
	w.applied(d[1])
	w.refused(d[2], studio.CodeStaleAssignment)
	w.refused(d[3], studio.CodeGroup)
	require.Equal(t, a, w.asset(a.ID))
	require.Equal(t, string(studio.CodeStaleAssignment), d[0].Params.Why)

	d = w.group("Supervisor", assign(a, a.Assignment), assign(b, b.Assignment), assign(c, c.Assignment))
	w.applied(d[0])
	w.applied(d[1])
	w.noop(d[2], studio.CodeAlready)

	k := w.announce("Artist", a.ID, 9, studio.CheckpointID{}) // on an old base: parked, and never refused
	d = w.group("Artist", studio.Op{Kind: studio.KindSeal, Entity: a.ID.ID, Body: &studio.SealBody{Checkpoint: k}},
		studio.Op{Kind: studio.KindTagAdd, Entity: a.ID.ID, Body: &studio.TagBody{Tag: "x"}})
	require.Equal(t, studio.Kept, d[0].Verdict)
	w.applied(d[1])
}
