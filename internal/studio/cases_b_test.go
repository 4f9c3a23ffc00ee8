package studio_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
)

func TestCase_B0(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "other")
	k := w.announce("Artist", a.ID, 2, a.Head) // not theirs, and still known
	require.Equal(t, studio.Announced, w.checkpoint(k).State)
	w.noop(w.act(w.users["Artist"], studio.KindAnnounce, a.ID.ID, &studio.AnnounceBody{Checkpoint: k}), studio.CodeAlready)
	w.applied(w.trash("Admin", a.ID))
	w.announce("other", a.ID, 3, a.Head)
	w.setProject(func(p *studio.Project) { p.State = studio.Closed })
	w.announce("other", a.ID, 4, a.Head)
	w.announce("other", studio.AssetID{ID: id(77, 4)}, 5, studio.CheckpointID{})
}

func TestCase_B1(t *testing.T) { // an op_id that is known is answered from its event: server, dbtest
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "Artist")
	k := w.onLine("Artist", a.ID, 2)
	w.noop(w.seal("Artist", a.ID, k.ID), studio.CodeAlready)
	w.give(a.ID, "other")
	root := w.beside("Artist", a.ID, 3, k.ID)
	w.noop(w.seal("Artist", a.ID, root), studio.CodeAlready)
	w.refused(w.seal("other", a.ID, root), studio.CodeUnknownCheckpoint) // nobody seals another's
}

func TestCase_B2(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "Artist")
	k := w.announce("Artist", a.ID, 2, a.Head)
	w.noop(w.seal("Artist", a.ID, k, func(_ *studio.Op, at *studio.Moment) { at.Uncovered = true }), studio.CodeWaitContent)
	require.Equal(t, studio.Announced, w.checkpoint(k).State)
	w.accepted(w.seal("Artist", a.ID, k), 2) // a new op, when all is there
}

func TestCase_B3(t *testing.T) { // that it never arrived is told by times of contact: server
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "Artist")
	drop := func(who string, k studio.CheckpointID) studio.Decision {
		return w.act(w.users[who], studio.KindDrop, a.ID.ID, &studio.CheckpointBody{Checkpoint: k})
	}
	k := w.announce("Artist", a.ID, 2, a.Head)
	w.refused(drop("other", k), studio.CodePermission)
	w.refused(drop("Assistant Supervisor", k), studio.CodePermission)
	w.applied(drop("Supervisor", k))
	require.Equal(t, studio.Dropped, w.checkpoint(k).State)
	w.accepted(w.seal("Artist", a.ID, k), 2) // it came after all: nothing saved is lost
	mine := w.announce("Artist", a.ID, 3, k)
	w.applied(drop("Artist", mine))
	w.noop(drop("Artist", mine), studio.CodeAlready)
}

func TestCase_B4(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "Artist")
	deposit := func(_ *studio.Op, at *studio.Moment) { at.Deposit = true }
	w.applied(w.setMember("Artist", func(m *studio.Member) { m.Gone = true }))
	body := &studio.AnnounceBody{Checkpoint: studio.CheckpointID{ID: id(2, 5)}, Base: a.Head, Manifest: studio.Hash{2}}
	w.refused(w.act(w.users["Artist"], studio.KindAnnounce, a.ID.ID, body), studio.CodeNotMember)
	w.applied(w.act(w.users["Artist"], studio.KindAnnounce, a.ID.ID, body, deposit))
	w.parked(w.seal("Artist", a.ID, body.Checkpoint, deposit), studio.CodeNotMember)
	w.refused(w.act(w.users["Artist"], studio.KindTagAdd, a.ID.ID, &studio.TagBody{Tag: "x"}, deposit), studio.CodeNotMember)
	w.applied(w.chainAct("Supervisor", studio.KindAdopt, a.ID, body.Checkpoint))
}

func TestCase_B5(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "Artist")
	w.applied(w.trash("Admin", a.ID))
	w.applied(w.act(w.users["Admin"], studio.KindPurge, a.ID.ID, &studio.EmptyBody{}))
	purged := w.parked(w.save("Artist", a.ID, 2, a.Head), studio.CodeOrphan).About
	never := studio.AssetID{ID: id(50, 4)}
	k := w.announce("Artist", never, 3, studio.CheckpointID{})
	w.is(w.seal("Artist", never, k), studio.Kept, studio.CodeOrphan)
	for n, root := range map[byte]studio.CheckpointID{60: purged, 61: k} {
		copied := studio.AssetID{ID: id(n, 4)}
		w.applied(w.act(w.users["Artist"], studio.KindCopy, w.checkpoint(root).Asset.ID,
			&studio.ParkedBody{Root: root, NewAsset: copied, Name: "saved " + string(rune('a'+n-60))}))
		require.Equal(t, w.checkpoint(root).Manifest, w.checkpoint(w.asset(copied).Head).Manifest)
	}
}

func TestCase_B6(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "Artist")
	w.applied(w.trash("Admin", a.ID))
	root := w.parked(w.save("Artist", a.ID, 2, a.Head), studio.CodeAssetTrashed).About
	w.applied(w.chainAct("Artist", studio.KindAdopt, a.ID, root))
	require.False(t, w.asset(a.ID).Trashed())
	require.Equal(t, root, w.asset(a.ID).Head)
}

func TestCase_B7(t *testing.T) {
	w := serverWith(t, studio.Options{DoneLocks: true})
	done, open := w.shot(1, studio.CategoryDone, "Artist"), w.shot(2, studio.CategoryActive, "Artist")
	w.parked(w.save("Artist", done.ID, 3, done.Head), studio.CodeLocked)
	w.accepted(w.save("Artist", open.ID, 4, open.Head), 2)
	w.setProject(func(p *studio.Project) { p.State = studio.Closed })
	w.parked(w.save("Artist", open.ID, 5, studio.CheckpointID{ID: id(4, 5)}), studio.CodeLocked)
}

func TestCase_B8(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "Artist")
	role, _ := w.state.Role(w.roles["Artist"])
	role.May &^= studio.MayCheckpointTasks
	w.applied(w.act(w.users["Admin"], studio.KindRoleSet, role.ID.ID, &studio.RowBody{SeenVer: role.Ver, Row: studio.EncodeRow(role)}))
	w.parked(w.save("Artist", a.ID, 2, a.Head), studio.CodeNoPermission)
	w.give(a.ID, "Supervisor")
	w.parked(w.save("Artist", a.ID, 3, a.Head), studio.CodeNoPermission) // before B9
}

func TestCase_B8b(t *testing.T) {
	w := server(t)
	a := studio.AssetID{ID: id(1, 4)}
	w.applied(w.act(w.users["Artist"], studio.KindAssetCreate, a.ID, &studio.CreateBody{Name: "rig.blend", Kind: studio.Resource}))
	w.accepted(w.save("Artist", a, 2, studio.CheckpointID{}), 1)
	w.accepted(w.save("other", a, 3, studio.CheckpointID{ID: id(2, 5)}), 2) // nobody holds it
	w.parked(w.save("Vendor", a, 4, studio.CheckpointID{ID: id(3, 5)}), studio.CodeNoPermission)
	w.parked(w.save("Artist", a, 5, studio.CheckpointID{ID: id(2, 5)}), studio.CodeDiverged)
}

func TestCase_B8c(t *testing.T) {
	w := server(t)
	first := studio.CheckpointID{ID: id(2, 5)}
	add := func(n byte, k studio.CheckpointID) studio.AssetID {
		a := studio.AssetID{ID: id(n, 4)}
		w.applied(w.act(w.users["Artist"], studio.KindAssetCreate, a.ID,
			&studio.CreateBody{Name: "shot " + string(rune('a'+n)), Kind: studio.Task, First: k}))
		return a
	}
	a := add(1, first)
	w.accepted(w.save("Artist", a, 2, studio.CheckpointID{}), 1) // nobody holds it, and it is still theirs to add
	w.parked(w.save("Artist", a, 3, first), studio.CodeNotAssignee)

	b := add(2, studio.CheckpointID{ID: id(4, 5)})
	k := w.announce("Artist", b, 4, studio.CheckpointID{})
	w.applied(w.setMember("Artist", func(m *studio.Member) { m.Role = w.roles["Vendor"] }))
	w.parked(w.seal("Artist", b, k), studio.CodeNoPermission)
	c := studio.AssetID{ID: id(3, 4)}
	w.applied(w.act(w.users["other"], studio.KindAssetCreate, c.ID, &studio.CreateBody{Name: "c", Kind: studio.Task,
		First: studio.CheckpointID{ID: id(5, 5)}}))
	w.parked(w.save("Supervisor", c, 5, studio.CheckpointID{}), studio.CodeNotAssignee) // not who created it
}

func TestCase_B9(t *testing.T) {
	for name, change := range map[string]func(*world, studio.Asset){
		"reassigned": func(w *world, a studio.Asset) { w.applied(w.give(a.ID, "other")) },
		"unassigned": func(w *world, a studio.Asset) { w.applied(w.give(a.ID, "")) },
		"taken with a newer version": func(w *world, a studio.Asset) {
			w.applied(w.give(a.ID, "other"))
			w.onLine("other", a.ID, 9)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := server(t)
			a := w.shot(1, studio.CategoryTodo, "Artist")
			away := w.author()
			change(w, a)
			d := away.save("Artist", a.ID, 2, a.Head)
			away.applied(d) // allowed when it was made
			require.Equal(t, studio.Local, away.checkpoint(d.About).State)
			before := w.asset(a.ID)
			root := w.beside("Artist", a.ID, 2, a.Head)
			require.Equal(t, studio.ParkedChain{Root: root, Asset: a.ID, Reason: studio.CodeNotAssignee, State: studio.ParkedOpen,
				OpenedSeq: w.seq}, w.chain(root))
			require.Equal(t, before, w.asset(a.ID))
		})
	}
}

func TestCase_B10(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "Artist")
	w.give(a.ID, "other")
	root := w.beside("Artist", a.ID, 2, a.Head)
	w.give(a.ID, "Supervisor")
	w.onLine("Supervisor", a.ID, 8)
	w.give(a.ID, "Artist") // the head has moved on: it stays parked
	next := w.parked(w.save("Artist", a.ID, 3, root), studio.CodeChain).About
	require.Equal(t, root, w.checkpoint(next).ChainRoot)

	k4, k5 := w.announce("Artist", a.ID, 4, w.asset(a.ID).Head), w.announce("Artist", a.ID, 5, studio.CheckpointID{ID: id(4, 5)})
	w.noop(w.seal("Artist", a.ID, k5), studio.CodeWaitBase)
	w.accepted(w.seal("Artist", a.ID, k4), 3)
	w.accepted(w.seal("Artist", a.ID, k5), 4)
}

func TestCase_B11(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "Artist")
	laptop := w.author()
	w.onLine("Artist", a.ID, 2)
	w.onLine("Artist", a.ID, 3)
	laptop.applied(laptop.save("Artist", a.ID, 4, a.Head))
	root := w.parked(w.save("Artist", a.ID, 4, a.Head), studio.CodeDivergedSelf).About
	w.applied(w.chainAct("Artist", studio.KindAdopt, a.ID, root)) // in one click
	require.Equal(t, root, w.asset(a.ID).Head)
}

func TestCase_B12(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "Artist")
	w.give(a.ID, "other")
	theirs := w.onLine("other", a.ID, 2)
	w.give(a.ID, "Artist")
	d := w.parked(w.save("Artist", a.ID, 3, a.Head), studio.CodeDiverged)
	require.Equal(t, "Other", d.Params.Who)
	w.onLine("Artist", a.ID, 4)
	w.give(a.ID, "other")
	w.give(a.ID, "Artist")
	w.parked(w.save("Artist", a.ID, 5, theirs.Prev), studio.CodeDiverged) // one of the versions since is another's

	// In the author's own view the same is contested, and only who holds it may insist.
	away := w.author()
	d = away.save("Artist", a.ID, 6, a.Head)
	away.is(d, studio.Kept, studio.CodeDiverged)
	require.True(t, d.Insisted())
	require.Equal(t, studio.Contested, away.checkpoint(d.About).State)
}

func TestCase_B13(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "Artist")
	k := studio.CheckpointID{ID: id(2, 5)}
	w.applied(w.act(w.users["Artist"], studio.KindAnnounce, a.ID.ID, &studio.AnnounceBody{Checkpoint: k, Base: a.Head,
		Assignment: a.Assignment, Manifest: w.checkpoint(a.Head).Manifest}))
	require.True(t, w.accepted(w.seal("Artist", a.ID, k), 2).NoChange)
	require.False(t, w.onLine("Artist", a.ID, 3).NoChange)
}

func TestCase_B14(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "Artist")
	k := w.announce("Artist", a.ID, 2, a.Head)
	w.give(a.ID, "")
	w.give(a.ID, "Artist")
	now := w.accepted(w.seal("Artist", a.ID, k), 2)
	require.Equal(t, a.Assignment, now.Assignment)
	require.NotEqual(t, w.asset(a.ID).Assignment, now.Assignment, "held anew since")
}

func TestCase_B15(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryActive, "Artist")
	k := w.announce("Artist", a.ID, 2, a.Head)
	d := w.applied(w.act(w.users["Artist"], studio.KindSeal, a.ID.ID, &studio.SealBody{Checkpoint: k, From: a.Status,
		To: w.statuses[studio.CategoryReview]}))
	now := w.accepted(d, 2)
	require.Equal(t, a.Head, now.Prev)
	require.Equal(t, w.statuses[studio.CategoryReview], now.StatusAtAcceptance)
	require.Equal(t, a.Status, now.StatusAtCreation)
	require.Equal(t, uint32(3), w.asset(a.ID).NextVersion)
	require.Equal(t, studio.CategoryReview, w.category(a.ID))
}

func TestCase_B16(t *testing.T) {
	w := server(t)
	group := func(op *studio.Op, _ *studio.Moment) { op.Group = studio.GroupID{ID: id(1, 11)} }
	a, b := w.shot(1, studio.CategoryTodo, "Artist"), w.shot(2, studio.CategoryTodo, "Artist")
	k, l := w.announce("Artist", a.ID, 3, a.Head), w.announce("Artist", b.ID, 4, b.Head)
	w.give(a.ID, "other")
	w.parked(w.seal("Artist", a.ID, k, group), studio.CodeNotAssignee)
	w.accepted(w.seal("Artist", b.ID, l, group), 2)
}

func TestCase_B17(t *testing.T) { // a full disk decides nothing: server
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "Artist")
	k := w.announce("Artist", a.ID, 2, a.Head)
	w.noop(w.seal("Artist", a.ID, k, func(_ *studio.Op, at *studio.Moment) { at.NoRoom = true }), studio.CodeQuota)
	require.Equal(t, studio.Announced, w.checkpoint(k).State)
	w.accepted(w.seal("Artist", a.ID, k), 2)
}
