package studio_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
)

func (w *world) rename(who string, entity studio.ID, name string) studio.Decision {
	w.t.Helper()
	return w.act(w.users[who], studio.KindRename, entity, &studio.RenameBody{Name: name})
}

func TestCase_F1(t *testing.T) {
	w := server(t)
	top := studio.CollectionID{}
	w.create("Artist", 1, top, "shot.blend")
	b, d := w.create("other", 2, top, "shot.blend")
	w.is(d, studio.Merged, studio.CodeRenamed)
	require.Equal(t, "shot~2.blend", w.asset(b).Name)
	require.Equal(t, "shot~2.blend", w.done[0].Event.Result, "the answer has the name that was given")
	c, _ := w.create("other", 3, top, "other.blend")
	w.is(w.rename("other", c.ID, "shot.blend"), studio.Merged, studio.CodeRenamed)
	require.Equal(t, "shot~3.blend", w.asset(c).Name)
	dir := w.folder(1, top, "shots")
	w.is(w.rename("Artist", dir.ID, "shot.blend"), studio.Merged, studio.CodeRenamed) // one namespace, as on a disk
}

func TestCase_F3(t *testing.T) {
	w := server(t)
	a, b := w.shot(1, todo, "other"), w.shot(2, todo, "Artist")
	w.onLine("Artist", b.ID, 10)
	b = w.asset(b.ID)
	join := func(who string, stays, goes studio.AssetID) studio.Decision {
		return w.act(w.users[who], studio.KindMerge, stays.ID, &studio.MergeBody{Other: goes})
	}
	w.refused(join("Artist", a.ID, b.ID), studio.CodePermission) // another holds the one that stays
	w.refused(join("Supervisor", a.ID, a.ID), studio.CodeUnknownTarget)
	w.applied(join("Supervisor", a.ID, b.ID))
	require.Equal(t, a, w.asset(a.ID), "its line stays")
	require.True(t, w.asset(b.ID).Trashed())
	require.Equal(t, b.Head, w.asset(b.ID).Head, "with its history")
	chains := w.state.Parked(a.ID)
	require.Len(t, chains, 1)
	_, members := w.state.Chain(chains[0].Root)
	require.Len(t, members, 2)
	require.Equal(t, b.Head, members[1].CopiedFrom)
	require.Equal(t, w.users["Artist"], members[1].Author)
	require.Equal(t, members[0].ID, members[1].Base)
	w.noop(join("Supervisor", a.ID, b.ID), studio.CodeAlready)
	w.accepted(w.chainAct("other", studio.KindAdopt, a.ID, chains[0].Root), 2)
	require.Equal(t, members[1].ID, w.asset(a.ID).Head)

	c, _ := w.create("Artist", 20, studio.CollectionID{}, "mine")
	e, _ := w.create("Artist", 21, studio.CollectionID{}, "mine")
	w.applied(join("Artist", c, e)) // what F1 renamed, by who added it
	f := w.shot(3, todo, "Artist")
	w.give(f.ID, "other")
	w.beside("Artist", f.ID, 30, f.Head)
	w.refused(join("Supervisor", a.ID, f.ID), studio.CodeParkedOpen)
}

func TestCase_F4(t *testing.T) {
	w := server(t)
	a, _ := w.create("Artist", 1, studio.CollectionID{}, "one")
	w.applied(w.rename("other", a.ID, "two"))
	w.applied(w.act(w.users["Artist"], studio.KindRename, a.ID, &studio.RenameBody{Name: "three", Seen: "one"}))
	require.Equal(t, "three", w.asset(a).Name)
	require.Len(t, w.state.Trail(a.ID, 0), 3, "both in the history")
}

func TestCase_F5(t *testing.T) {
	for first, second := range map[string]string{"Shot.blend": "shot.BLEND", "Ame\u0301lie.psd": "am\u00e9lie.psd", "stra\u00dfe": "STRASSE"} {
		w := server(t)
		w.create("Artist", 1, studio.CollectionID{}, first)
		_, d := w.create("Artist", 2, studio.CollectionID{}, second)
		w.is(d, studio.Merged, studio.CodeRenamed)
	}
}

func TestCase_F6(t *testing.T) {
	w := server(t)
	a, b := w.folder(1, studio.CollectionID{}, "a"), w.folder(2, studio.CollectionID{}, "b")
	w.applied(w.act(w.users["Artist"], studio.KindMove, a.ID, &studio.MoveBody{Parent: b}))
	w.refused(w.act(w.users["other"], studio.KindMove, b.ID, &studio.MoveBody{Parent: a}), studio.CodeCycle)
	w.refused(w.act(w.users["other"], studio.KindMove, a.ID, &studio.MoveBody{Parent: a}), studio.CodeCycle)
}

func TestCase_F7(t *testing.T) {
	w := server(t)
	recovered := studio.RecoveredID(w.state.Project().ID)
	shots := w.folder(1, studio.CollectionID{}, "shots")
	inner := w.folder(2, shots, "inner")
	away := w.author()
	w.applied(w.act(w.users["Admin"], studio.KindTrash, shots.ID, &studio.TrashBody{}))
	a, d := away.create("Artist", 1, inner, "new.blend")
	away.applied(d)
	_, d = w.create("Artist", 1, inner, "new.blend")
	w.is(d, studio.Merged, studio.CodeReparented)
	require.Equal(t, studio.Params{Asset: "new.blend", Path: "shots/inner"}, d.Params, "with the path it was meant for")
	require.Equal(t, recovered, w.asset(a).Parent)
	c, _ := w.state.Collection(recovered)
	require.Equal(t, "Recovered", c.Name)
	b, _ := w.create("Artist", 2, studio.CollectionID{}, "new.blend")
	w.is(w.act(w.users["Artist"], studio.KindMove, b.ID, &studio.MoveBody{Parent: shots}), studio.Merged, studio.CodeReparented)
	require.Equal(t, "new~2.blend", w.asset(b).Name)

	other := w.folder(3, studio.CollectionID{}, "other")
	w.is(w.act(w.users["Artist"], studio.KindMove, other.ID, &studio.MoveBody{Parent: shots}), studio.Merged, studio.CodeReparented)
	w.applied(w.act(w.users["Admin"], studio.KindTrash, recovered.ID, &studio.TrashBody{}))
	_, d = w.create("Artist", 4, recovered, "again.blend")
	w.is(d, studio.Merged, studio.CodeReparented)
	c, _ = w.state.Collection(recovered)
	require.False(t, c.Trashed(), "it comes out of the trash itself")
	_, d = w.create("Artist", 5, studio.CollectionID{ID: id(99, 8)}, "lost.blend") // its collection never arrived
	w.is(d, studio.Merged, studio.CodeReparented)
}

func TestCase_F8(t *testing.T) {
	w := server(t)
	a := w.shot(1, todo, "Artist")
	w.applied(w.trash("Admin", a.ID))
	w.applied(w.rename("Supervisor", a.ID.ID, "new.blend"))
	w.applied(w.act(w.users["Supervisor"], studio.KindSet, a.ID.ID, &studio.SetBody{Field: studio.FieldDue, Value: "2026-12-24"}))
	w.applied(w.move("Artist", a, todo, active, a.Head))
	w.applied(w.act(w.users["Admin"], studio.KindRestore, a.ID.ID, &studio.EmptyBody{}))
	now := w.asset(a.ID)
	require.Equal(t, []string{"new.blend", "2026-12-24"}, []string{now.Name, now.Due})
}

func TestCase_F9(t *testing.T) {
	w := server(t)
	a := w.shot(1, todo, "Artist")
	trash := func(head studio.CheckpointID, seen ...studio.CheckpointID) studio.Decision {
		return w.act(w.users["Supervisor"], studio.KindTrash, a.ID.ID, &studio.TrashBody{SeenHead: head, SeenParked: seen})
	}
	v2 := w.onLine("Artist", a.ID, 2)
	d := w.refused(trash(a.Head), studio.CodeChanged)
	require.Equal(t, []string{"Artist", "v2"}, []string{d.Params.Who, d.Params.Version})
	w.give(a.ID, "other")
	root := w.beside("Artist", a.ID, 3, v2.ID)
	w.refused(trash(v2.ID), studio.CodeChanged)
	w.applied(w.act(w.users["Supervisor"], studio.KindSet, a.ID.ID, &studio.SetBody{Field: studio.FieldDue, Value: "2026-12-24"}))
	w.applied(trash(v2.ID, root)) // only other fields are newer
	require.Equal(t, []studio.CheckpointID{root}, studio.OpenChains(w.state, a.ID))
}

func TestCase_F10(t *testing.T) {
	w := server(t)
	a, b := w.shot(1, todo, "Artist"), w.shot(2, todo, "")
	w.applied(w.trash("Supervisor", b.ID))
	w.applied(w.act(w.users["Artist"], studio.KindDependAdd, a.ID.ID, &studio.DependBody{Target: b.ID.ID}))
	c := w.shot(3, todo, "")
	w.applied(w.act(w.users["Artist"], studio.KindDependAdd, a.ID.ID, &studio.DependBody{Target: c.ID.ID}))
	w.applied(w.trash("Supervisor", c.ID))
	require.Len(t, w.state.Needs(a.ID), 2, "they stay, marked")
	require.Empty(t, studio.Closure(w.state, a.ID), "nothing is downloaded for them")
}

func TestCase_F11(t *testing.T) {
	w := server(t)
	a := w.shot(1, todo, "")
	w.applied(w.trash("Supervisor", a.ID))
	w.noop(w.trash("Admin", a.ID), studio.CodeAlready)
	shots := w.folder(1, studio.CollectionID{}, "shots")
	w.applied(w.act(w.users["Admin"], studio.KindTrash, shots.ID, &studio.TrashBody{}))
	w.noop(w.act(w.users["Supervisor"], studio.KindTrash, shots.ID, &studio.TrashBody{}), studio.CodeAlready)
}

func TestCase_F12(t *testing.T) {
	w := serverWith(t, studio.Options{TrashDays: 30})
	a := w.shot(1, todo, "Artist")
	w.give(a.ID, "other")
	root := w.beside("Artist", a.ID, 2, a.Head)
	purge := func(who string) studio.Decision {
		return w.act(w.users[who], studio.KindPurge, a.ID.ID, &studio.EmptyBody{})
	}
	require.Equal(t, "purge_needs_trash", w.refused(purge("Admin"), studio.CodeUsage).Params.Why)
	w.applied(w.trash("Supervisor", a.ID))
	w.refused(purge("Supervisor"), studio.CodePermission)
	require.Equal(t, "purge_too_early", w.refused(purge("Admin"), studio.CodeUsage).Params.Why)
	w.nowMs = 30 * 24 * 3600 * 1000
	w.refused(purge("Admin"), studio.CodeParkedOpen)
	w.applied(w.chainAct("Artist", studio.KindKeep, a.ID, root))
	w.applied(purge("Admin"))
	w.refused(w.act(w.users["Admin"], studio.KindRestore, a.ID.ID, &studio.EmptyBody{}), studio.CodePurged)
}

func TestCase_F13(t *testing.T) {
	w := server(t)
	a, b := w.shot(1, todo, "Artist"), w.shot(2, todo, "other")
	need := func(who string, of studio.AssetID, target studio.ID) studio.Decision {
		return w.act(w.users[who], studio.KindDependAdd, of.ID, &studio.DependBody{Target: target})
	}
	w.applied(need("Artist", a.ID, b.ID.ID))
	d := w.refused(need("other", b.ID, a.ID.ID), studio.CodeCycle) // both offline
	require.Equal(t, []string{"task_2.blend", "task_1.blend"}, []string{d.Params.Asset, d.Params.Name})
	shots := w.folder(1, studio.CollectionID{}, "shots")
	w.applied(w.act(w.users["Supervisor"], studio.KindMove, a.ID.ID, &studio.MoveBody{Parent: shots}))
	w.applied(need("other", b.ID, shots.ID))
	require.Len(t, studio.Closure(w.state, a.ID), 1, "the walk ends at what it has seen")
}

func TestCase_F14(t *testing.T) {
	w := server(t)
	a, b := w.shot(1, todo, "Artist"), w.shot(2, todo, "other")
	for range 2 {
		w.act(w.users["Artist"], studio.KindTagAdd, a.ID.ID, &studio.TagBody{Tag: "hero"})
		w.act(w.users["Artist"], studio.KindDependAdd, a.ID.ID, &studio.DependBody{Target: b.ID.ID})
	}
	w.noop(w.act(w.users["other"], studio.KindTagAdd, a.ID.ID, &studio.TagBody{Tag: "hero"}), studio.CodeAlready)
	w.noop(w.act(w.users["Supervisor"], studio.KindDependAdd, a.ID.ID, &studio.DependBody{Target: b.ID.ID}), studio.CodeAlready)
	require.Len(t, w.state.Needs(a.ID), 1)
}

func TestCase_F15(t *testing.T) {
	w := server(t)
	a := w.shot(1, todo, "Artist")
	for _, bad := range []string{"", "CON", "a/b", "dot.", "tab\t"} {
		_, d := w.create("Artist", 9, studio.CollectionID{}, bad)
		w.refused(d, studio.CodeInvalidName)
		w.refused(w.rename("Artist", a.ID.ID, bad), studio.CodeInvalidName)
	}
	long := strings.Repeat("x", 32<<10+1)
	w.refused(w.act(w.users["Artist"], studio.KindNoteAdd, a.ID.ID, &studio.NoteBody{Note: studio.NoteID{ID: id(9, 6)}, Text: long}), studio.CodeTooLong)
	w.refused(w.act(w.users["Supervisor"], studio.KindSet, a.ID.ID, &studio.SetBody{Field: studio.FieldDescription, Value: long}), studio.CodeTooLong)
	w.refused(w.act(w.users["Supervisor"], studio.KindAssign, a.ID.ID, &studio.AssignBody{Expect: a.Assignment, Reason: long}), studio.CodeTooLong)
}
