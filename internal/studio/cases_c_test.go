package studio_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
)

// besides is a task that Other holds now, with a chain of n checkpoints of Artist parked beside v1.
func (w *world) besides(n byte) (studio.Asset, []studio.CheckpointID) {
	w.t.Helper()
	a := w.shot(1, studio.CategoryTodo, "Artist")
	w.give(a.ID, "other")
	chain := []studio.CheckpointID{}
	base := a.Head
	for i := range n {
		base = w.save("Artist", a.ID, 10+i, base).About
		require.Equal(w.t, studio.Parked, w.checkpoint(base).State)
		chain = append(chain, base)
	}
	return w.asset(a.ID), chain
}

func TestCase_C1(t *testing.T) {
	w := server(t)
	a, chain := w.besides(1)
	require.Equal(t, studio.ParkedOpen, w.chain(chain[0]).State)
	other := w.beside("Artist", a.ID, 30, a.Head)
	require.Len(t, w.state.Parked(a.ID), 2)
	require.Equal(t, other, w.checkpoint(other).ChainRoot)
}

func TestCase_C2(t *testing.T) {
	for _, then := range []studio.Kind{studio.KindKeep, studio.KindCopy, studio.KindParkedTrash} {
		w := server(t)
		a, chain := w.besides(2)
		require.Equal(t, chain[0], w.checkpoint(chain[1]).ChainRoot)
		w.applied(w.act(w.users["Supervisor"], then, a.ID.ID, &studio.ParkedBody{Root: chain[0], NewAsset: studio.AssetID{ID: id(9, 4)}, Name: "copy"}))
		require.NotEqual(t, studio.ParkedOpen, w.chain(chain[0]).State)
		w.save("Artist", a.ID, 20, chain[1])
		require.Equal(t, studio.ParkedOpen, w.chain(chain[0]).State)
		_, members := w.state.Chain(chain[0])
		require.Len(t, members, 3)
	}
}

func TestCase_C3(t *testing.T) {
	w := server(t)
	a, chain := w.besides(3)
	w.onLine("other", a.ID, 2)
	d := w.applied(w.chainAct("other", studio.KindAdopt, a.ID, chain[0])) // the assignee, in any role
	last := w.accepted(d, 3)
	require.Equal(t, chain[2], last.ID)
	require.Equal(t, w.users["Artist"], last.Author)
	require.Equal(t, w.users["other"], last.AdoptedBy)
	for _, k := range chain[:2] {
		require.Equal(t, studio.Step, w.checkpoint(k).State)
	}
	require.Equal(t, studio.ParkedAdopted, w.chain(chain[0]).State)

	w = server(t)
	a, chain = w.besides(3)
	w.accepted(w.chainAct("other", studio.KindAdopt, a.ID, chain[0]), 4) // base of the root is head: versions in order
	for i, k := range chain {
		require.Equal(t, uint32(2+i), w.checkpoint(k).Version)
	}
}

func TestCase_C4(t *testing.T) {
	w := server(t)
	a, chain := w.besides(1)
	w.onLine("other", a.ID, 2)
	d := w.refused(w.act(w.users["other"], studio.KindAdopt, a.ID.ID, &studio.ParkedBody{Root: chain[0], ExpectHead: a.Head}), studio.CodeHeadMoved)
	require.Equal(t, "v2", d.Params.Version)
}

func TestCase_C5(t *testing.T) {
	w := server(t)
	a, chain := w.besides(1)
	w.applied(w.chainAct("Supervisor", studio.KindAdopt, a.ID, chain[0]))
	d := w.noop(w.act(w.users["other"], studio.KindAdopt, a.ID.ID, &studio.ParkedBody{Root: chain[0], ExpectHead: a.Head}), studio.CodeAlready)
	require.Equal(t, "Supervisor", d.Params.Who)
}

func TestCase_C6(t *testing.T) {
	w := server(t)
	a, chain := w.besides(1)
	w.refused(w.chainAct("Artist", studio.KindAdopt, a.ID, chain[0]), studio.CodePermission)
	ask := func(of string) studio.Decision {
		return w.act(w.users["Artist"], studio.KindParkedAsk, a.ID.ID, &studio.ParkedBody{Root: chain[0], Of: w.users[of]})
	}
	require.Equal(t, chain[0], w.applied(ask("other")).About)
	w.applied(ask("Supervisor"))
	w.refused(ask("Vendor"), studio.CodeBadTarget)
	w.applied(w.chainAct("other", studio.KindAdopt, a.ID, chain[0]))
	w.noop(ask("other"), studio.CodeAlready)
}

func TestCase_C7(t *testing.T) {
	w := server(t)
	a, chain := w.besides(1)
	k := w.announce("other", a.ID, 2, a.Head)
	require.Equal(t, []studio.Checkpoint{w.checkpoint(k)}, studio.AtRisk(w.state, a.ID), "what the dialog warns of")
	w.applied(w.chainAct("Supervisor", studio.KindAdopt, a.ID, chain[0]))
	w.parked(w.seal("other", a.ID, k), studio.CodeDiverged)
	require.Empty(t, studio.AtRisk(w.state, a.ID))
}

func TestCase_C8(t *testing.T) {
	w := server(t)
	a, chain := w.besides(2)
	shots := w.folder(1, studio.CollectionID{}, "shots")
	w.applied(w.act(w.users["Admin"], studio.KindMove, a.ID.ID, &studio.MoveBody{Parent: shots}))
	w.applied(w.trash("Admin", a.ID))
	w.act(w.users["Supervisor"], studio.KindAdopt, a.ID.ID, &studio.ParkedBody{Root: chain[0], Upto: chain[0], ExpectHead: a.Head})
	require.False(t, w.asset(a.ID).Trashed())
	require.Equal(t, shots, w.asset(a.ID).Parent)

	w.applied(w.act(w.users["Admin"], studio.KindTrash, shots.ID, &studio.TrashBody{}))
	w.is(w.chainAct("Supervisor", studio.KindAdopt, a.ID, chain[1]), studio.Merged, studio.CodeReparented)
	require.Equal(t, studio.RecoveredID(w.state.Project().ID), w.asset(a.ID).Parent)

	b := w.shot(2, studio.CategoryTodo, "Artist")
	w.give(b.ID, "other")
	root := w.beside("Artist", b.ID, 40, b.Head)
	w.applied(w.chainAct("Artist", studio.KindKeep, b.ID, root))
	w.applied(w.trash("Admin", b.ID))
	w.applied(w.act(w.users["Admin"], studio.KindPurge, b.ID.ID, &studio.EmptyBody{}))
	w.refused(w.chainAct("Supervisor", studio.KindAdopt, b.ID, root), studio.CodePurged)
	w.applied(w.act(w.users["Artist"], studio.KindCopy, b.ID.ID, &studio.ParkedBody{Root: root, NewAsset: studio.AssetID{ID: id(90, 4)}, Name: "saved"}))
}

func TestCase_C9(t *testing.T) {
	w := server(t)
	a, chain := w.besides(2)
	into := studio.AssetID{ID: id(90, 4)}
	d := w.act(w.users["Artist"], studio.KindCopy, a.ID.ID, &studio.ParkedBody{Root: chain[0], NewAsset: into})
	w.is(d, studio.Merged, studio.CodeRenamed) // beside the asset, whose name it begins with
	made := w.asset(into)
	require.Equal(t, []any{studio.Resource, "task_1~2.blend", uint32(3), w.users["Artist"]}, []any{made.Kind, made.Name, made.NextVersion, made.CreatedBy})
	at := made.Head
	for i := 1; i >= 0; i-- {
		k, was := w.checkpoint(at), w.checkpoint(chain[i])
		require.Equal(t, []any{was.ID, was.Author, was.Manifest, was.Comment, uint32(i + 1), studio.Accepted},
			[]any{k.CopiedFrom, k.Author, k.Manifest, k.Comment, k.Version, k.State})
		require.Equal(t, studio.Parked, was.State, "the chain stays")
		at = k.Prev
	}
	require.Equal(t, made.First, w.checkpoint(made.Head).Prev)
	require.Equal(t, studio.ParkedCopied, w.chain(chain[0]).State)
	w.refused(w.act(w.users["Vendor"], studio.KindCopy, a.ID.ID, &studio.ParkedBody{Root: chain[0], NewAsset: studio.AssetID{ID: id(91, 4)}}), studio.CodePermission)
	w.applied(w.chainAct("other", studio.KindAdopt, a.ID, chain[0])) // everything is still possible
}

func TestCase_C10(t *testing.T) {
	w := server(t)
	a, chain := w.besides(1)
	w.refused(w.chainAct("other", studio.KindKeep, a.ID, chain[0]), studio.CodePermission)
	w.applied(w.chainAct("Artist", studio.KindKeep, a.ID, chain[0]))
	require.Equal(t, studio.ParkedKept, w.chain(chain[0]).State)
	require.Empty(t, studio.OpenChains(w.state, a.ID))
	w.noop(w.chainAct("Artist", studio.KindKeep, a.ID, chain[0]), studio.CodeAlready)
	w.applied(w.chainAct("other", studio.KindAdopt, a.ID, chain[0]))
}

func TestCase_C11(t *testing.T) {
	w := server(t)
	a, chain := w.besides(1)
	w.applied(w.chainAct("Artist", studio.KindParkedTrash, a.ID, chain[0]))
	require.Equal(t, studio.ParkedTrashed, w.chain(chain[0]).State)
	require.Equal(t, studio.Parked, w.checkpoint(chain[0]).State, "its bytes are protected")
	w.applied(w.chainAct("Supervisor", studio.KindParkedRestore, a.ID, chain[0]))
	require.Equal(t, studio.ParkedOpen, w.chain(chain[0]).State)
}

func TestCase_C12(t *testing.T) { // the second confirmation is the screen's
	w := serverWith(t, studio.Options{ParkedDays: 7})
	a, chain := w.besides(2)
	purge := func(who string) studio.Decision { return w.chainAct(who, studio.KindParkedPurge, a.ID, chain[0]) }
	w.refused(purge("Supervisor"), studio.CodePermission)
	require.Equal(t, "purge_needs_trash", w.refused(purge("Admin"), studio.CodeUsage).Params.Why)
	w.applied(w.chainAct("Artist", studio.KindParkedTrash, a.ID, chain[0]))
	require.Equal(t, "purge_too_early", w.refused(purge("Admin"), studio.CodeUsage).Params.Why)
	w.nowMs += 7 * 24 * 3600 * 1000
	w.applied(purge("Admin"))
	require.Equal(t, studio.ParkedPurged, w.chain(chain[0]).State)
	for _, k := range chain {
		require.Equal(t, studio.Dropped, w.checkpoint(k).State)
	}
	w.noop(purge("Admin"), studio.CodeAlready)
	w.noop(w.chainAct("Admin", studio.KindParkedRestore, a.ID, chain[0]), studio.CodeAlready)
}

func TestCase_C13(t *testing.T) {
	w := server(t)
	a, chain := w.besides(3)
	w.applied(w.chainAct("Artist", studio.KindKeep, a.ID, chain[0]))
	w.applied(w.give(a.ID, "Artist"))
	require.Len(t, w.done, 2, "the system adopts in the same transaction")
	require.Equal(t, w.done[0].Op.ID, w.done[1].Event.Cause)
	for i, k := range chain {
		require.Equal(t, studio.Accepted, w.checkpoint(k).State)
		require.Equal(t, uint32(2+i), w.checkpoint(k).Version)
	}
	require.Equal(t, chain[2], w.asset(a.ID).Head)

	w = server(t)
	a, chain = w.besides(1)
	w.onLine("other", a.ID, 2)
	w.applied(w.give(a.ID, "Artist"))
	require.Len(t, w.done, 1, "something newer is there")
	require.Equal(t, studio.Parked, w.checkpoint(chain[0]).State)
}

// The server was set back behind the assign: the author's work is parked, until whoever made the assign sends it again.
func TestCase_C14(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "")
	k := w.beside("Artist", a.ID, 2, a.Head)
	w.applied(w.give(a.ID, "Artist"))
	require.Equal(t, studio.Accepted, w.checkpoint(k).State)
	require.Equal(t, k, w.asset(a.ID).Head)
}

func TestCase_C15(t *testing.T) {
	w := server(t)
	a, chain := w.besides(3)
	w.onLine("other", a.ID, 2)
	w.applied(w.act(w.users["other"], studio.KindAdopt, a.ID.ID, &studio.ParkedBody{Root: chain[0], Upto: chain[1], ExpectHead: w.asset(a.ID).Head}))
	rest := w.chain(chain[2])
	require.Equal(t, studio.ParkedOpen, rest.State)
	require.Equal(t, chain[1], w.asset(a.ID).Head)
	require.Equal(t, w.asset(a.ID).Head, w.checkpoint(chain[2]).Base)
	w.accepted(w.chainAct("other", studio.KindAdopt, a.ID, chain[2]), 4)
}

func TestCase_C16(t *testing.T) {
	for who, may := range map[string]bool{"other": true, "Supervisor": true, "Assistant Supervisor": true, "Artist": false, "Vendor": false} {
		w := server(t)
		a, chain := w.besides(1)
		require.Equal(t, may, w.chainAct(who, studio.KindAdopt, a.ID, chain[0]).Verdict == studio.Applied, who)
	}
	w := server(t)
	a := studio.AssetID{ID: id(1, 4)}
	w.applied(w.act(w.users["Artist"], studio.KindAssetCreate, a.ID, &studio.CreateBody{Name: "rig", Kind: studio.Resource}))
	w.onLine("Artist", a, 2)
	root := w.parked(w.save("other", a, 3, studio.CheckpointID{}), studio.CodeDiverged).About
	w.refused(w.chainAct("Vendor", studio.KindAdopt, a, root), studio.CodePermission)
	w.applied(w.chainAct("other", studio.KindAdopt, a, root))
}
