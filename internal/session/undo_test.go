package session_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/session"
	"framehold/internal/studio"
)

// done runs an act that is done for each of its things.
func done(t testing.TB, out session.Outcome, err error) {
	t.Helper()
	require.NoError(t, err)
	require.NoError(t, out.Err())
}

func give(t testing.TB, by *session.Session, id studio.AssetID, to studio.UserID) {
	t.Helper()
	out, err := by.Assign(context.Background(), session.AssignRequest{Assets: []studio.AssetID{id}, To: to})
	done(t, out, err)
}

func info(t *testing.T, s *session.Session, id studio.AssetID) studio.Asset {
	t.Helper()
	p, err := s.Look(context.Background())
	require.NoError(t, err)
	return p.Assets[id].Asset
}

// refusedUndo undoes and is refused as a whole or for each of its things; code is of the first.
func refusedUndo(t *testing.T, s *session.Session) studio.Code {
	t.Helper()
	out, err := s.Undo(context.Background())
	if err == nil {
		err = out.Err()
	}
	require.Error(t, err)
	return studio.CodeOf(err)
}

func TestWhatHasNothingMoreToSayIsDoneTakenBackAndDoneAgain(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	ana := w.init("ana")
	w.write("shot.blend", "one")
	saved := addTask(t, ana, "shot.blend", studio.UserID{})
	_, err := ana.New(ctx, []session.NewRequest{{Name: "planned.blend", Kind: studio.Task}})
	require.NoError(t, err)
	planned := asset(t, ana, "planned.blend")
	for _, id := range []studio.ID{saved.ID, planned.ID} {
		for range 2 {
			out, err := ana.Trash(ctx, []studio.ID{id})
			done(t, out, err)
			out, err = ana.Untrash(ctx, []studio.ID{id})
			done(t, out, err)
		}
		out, err := ana.Trash(ctx, []studio.ID{id})
		done(t, out, err)
		out, err = ana.Undo(ctx)
		done(t, out, err)
		require.False(t, info(t, ana, studio.AssetID{ID: id}).Trashed())
		out, err = ana.Redo(ctx)
		done(t, out, err)
		require.True(t, info(t, ana, studio.AssetID{ID: id}).Trashed())
		out, err = ana.Purge(ctx, []studio.AssetID{{ID: id}})
		done(t, out, err)
	}
}

func TestUndoNeverReopensTheFoundingOfAProject(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	ana := w.init("ana")
	member(t, ana, "ben", "Artist")
	require.Equal(t, studio.CodeNothingToUndo, refusedUndo(t, ana))
	p, err := ana.Look(ctx)
	require.NoError(t, err)
	require.Equal(t, studio.Active, p.Project.State)
	w.write("shot.blend", "one")
	id := addTask(t, ana, "shot.blend", ana.Me())
	ben := w.open("ben")
	out, err := ben.Assign(ctx, session.AssignRequest{Assets: []studio.AssetID{id}, To: ben.Me()})
	require.NoError(t, err)
	require.Equal(t, studio.CodePermission, studio.CodeOf(out.Err()))
	_, err = ben.ChangeMember(ctx, session.MemberRequest{Username: "ben", Role: "Admin"})
	require.Equal(t, studio.CodePermission, studio.CodeOf(err))
}

func TestAnUndoIsRefusedOnceOthersHaveMadeItAnew(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	ana := w.init("ana")
	cleo := member(t, ana, "cleo", "Artist").User
	member(t, ana, "ben", "Artist")
	ben, carol := w.open("ben"), w.open("cleo")

	t.Run("a task that was given back, held by another and given back again", func(t *testing.T) {
		w.write("a.blend", "one")
		id := addTask(t, ana, "a.blend", ben.Me())
		give(t, ben, id, studio.UserID{})
		give(t, ana, id, cleo)
		give(t, ana, id, studio.UserID{})
		require.Equal(t, studio.CodeChanged, refusedUndo(t, ben))
		require.True(t, info(t, ana, id).Assignee.IsZero())
	})

	t.Run("a conversion, after which others held and saved it", func(t *testing.T) {
		w.write("b.blend", "one")
		added, err := ana.Add(ctx, session.AddRequest{Paths: []string{"b.blend"}, Comment: "first"})
		require.NoError(t, err)
		id := added.Files[0].Asset
		out, err := ben.Convert(ctx, []studio.AssetID{id}, studio.Task)
		done(t, out, err)
		give(t, ana, id, cleo)
		w.write("b.blend", "two of cleo")
		require.NoError(t, save(t, carol, "b.blend", "two", "").Err)
		give(t, ana, id, studio.UserID{})
		require.Equal(t, studio.CodeChanged, refusedUndo(t, ben))
		w.write("b.blend", "three of ben")
		require.Equal(t, studio.CodeUnassigned, studio.CodeOf(save(t, ben, "b.blend", "three", "").Err))
	})

	t.Run("an addition that another holds and has gone on with", func(t *testing.T) {
		w.write("c.blend", "one")
		added, err := ben.Add(ctx, session.AddRequest{Paths: []string{"c.blend"}, Task: true, Comment: "first"})
		require.NoError(t, err)
		id := added.Files[0].Asset
		give(t, ana, id, cleo)
		require.Equal(t, studio.CodeChanged, refusedUndo(t, ben))
		w.write("c.blend", "two of cleo")
		require.NoError(t, save(t, carol, "c.blend", "two", "").Err)
		require.Equal(t, studio.CodeChanged, refusedUndo(t, ben))
		require.False(t, info(t, ana, id).Trashed())
	})

	t.Run("a name that went away and came back", func(t *testing.T) {
		w.write("d.blend", "one")
		id := addTask(t, ana, "d.blend", studio.UserID{})
		for _, step := range []struct {
			by *session.Session
			to string
		}{{ben, "e.blend"}, {ana, "f.blend"}, {ana, "e.blend"}} {
			out, err := step.by.Rename(ctx, id.ID, step.to)
			done(t, out, err)
		}
		require.Equal(t, studio.CodeChanged, refusedUndo(t, ben))
		require.Equal(t, "e.blend", info(t, ana, id).Name)
	})
}

func TestAnActOfSeveralStepsIsTakenBackAndDoneAgainAsAWhole(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	ana := w.init("ana")
	w.write("a.blend", "one")
	added, err := ana.Add(ctx, session.AddRequest{Paths: []string{"a.blend"}, Comment: "first"})
	require.NoError(t, err)
	id := added.Files[0].Asset
	out, err := ana.Assign(ctx, session.AssignRequest{Assets: []studio.AssetID{id}, To: ana.Me(), Convert: true})
	done(t, out, err)
	for range 2 {
		out, err = ana.Undo(ctx)
		done(t, out, err)
		require.Equal(t, studio.Resource, info(t, ana, id).Kind)
		out, err = ana.Redo(ctx)
		done(t, out, err)
		require.Equal(t, studio.Task, info(t, ana, id).Kind)
		require.Equal(t, ana.Me(), info(t, ana, id).Assignee)
	}
}

func TestWhoLostTheTaskMeanwhileParksNothing(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	ana := w.init("ana")
	ben := member(t, ana, "ben", "Artist").User
	w.write("a.blend", "one")
	id := addTask(t, ana, "a.blend", ana.Me())
	w.write("a.blend", "two")
	taken := false
	made, err := ana.CreateCheckpoint(ctx, session.CheckpointRequest{Assets: []studio.AssetID{id}, Comment: "two", Anyway: true,
		Progress: func(session.Step) {
			if !taken { // while the file is read
				taken = true
				give(t, ana, id, ben)
			}
		}})
	require.NoError(t, err)
	require.Equal(t, studio.CodeNotAssignee, studio.CodeOf(made[0].Err))
	require.Equal(t, "two", w.read("a.blend"))
}

// What was undone can be done again until something else is done: what comes back then would be from before that.
func TestANewerActEndsTheRedo(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	ana := w.init("ana")
	_, err := ana.New(ctx, []session.NewRequest{{Name: "a.blend", Kind: studio.Task}, {Name: "b.blend", Kind: studio.Task}})
	require.NoError(t, err)
	a, b := asset(t, ana, "a.blend"), asset(t, ana, "b.blend")
	give(t, ana, a, ana.Me())
	out, err := ana.Undo(ctx)
	done(t, out, err)
	give(t, ana, b, ana.Me())
	_, err = ana.Redo(ctx)
	require.Equal(t, studio.CodeNothingToUndo, studio.CodeOf(err))
	require.True(t, info(t, ana, a).Assignee.IsZero())
	out, err = ana.Undo(ctx)
	done(t, out, err)
	out, err = ana.Redo(ctx)
	done(t, out, err)
	require.Equal(t, ana.Me(), info(t, ana, b).Assignee, "the newest undo can be taken back")
	require.True(t, info(t, ana, a).Assignee.IsZero())
}
