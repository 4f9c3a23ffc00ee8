package studio_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
)

// seen is a project in which the vendor holds a shot that needs a tree, and an artist, who is somebody else, has saved beside it.
type seen struct {
	*world
	shot, tree, secret studio.Asset
}

func newSeen(t *testing.T) seen {
	w := server(t)
	nobody := studio.UserID{}
	s := seen{w, w.task(t, 1, studio.CategoryTodo, w.users["Vendor"]), w.task(t, 2, studio.CategoryTodo, nobody), w.task(t, 3, studio.CategoryTodo, nobody)}
	s.applied(s.act(s.users["Admin"], studio.KindDependAdd, s.shot.ID.ID, &studio.DependBody{Target: s.tree.ID.ID}))
	return s
}

// who lists those for whom something holds, of one of each role and another artist.
func (s seen) who(holds func(*studio.Sight) bool) (names []string) {
	for _, name := range []string{"Admin", "Supervisor", "Artist", "Vendor", "other"} {
		if holds(studio.SightOf(s.state, s.users[name])) {
			names = append(names, name)
		}
	}
	return names
}

func (s seen) beside(state studio.CheckpointState) studio.Checkpoint {
	return studio.Checkpoint{ID: studio.CheckpointID{ID: studio.ID{15: 77}}, Asset: s.shot.ID, Author: s.users["other"], State: state, Ver: 1}
}

// Bytes on the line are for who downloads all and for whom they are needed; what is beside it for its author, the task's holder
// and who adopts; what was dropped, or is safe on one computer, for nobody (product section 2, row Ic8).
func TestWhoMayHaveTheBytesOfACheckpoint(t *testing.T) {
	s := newSeen(t)
	for state, may := range map[studio.CheckpointState][]string{
		studio.Accepted:  {"Admin", "Supervisor", "Vendor", "other"},
		studio.Step:      {"Admin", "Supervisor", "Vendor", "other"},
		studio.Parked:    {"Admin", "Supervisor", "Vendor", "other"},
		studio.Announced: {"Admin", "Supervisor", "Vendor", "other"},
		studio.Dropped:   nil,
		studio.Safety:    nil,
	} {
		k := s.beside(state)
		require.Equal(t, may, s.who(func(sight *studio.Sight) bool { return sight.Downloads(k) }), "state %d", state)
		k.Asset = s.tree.ID // the vendor's shot needs it, and they do not hold it
		needed := may
		if state == studio.Parked || state == studio.Announced {
			needed = []string{"Admin", "Supervisor", "other"}
		}
		require.Equal(t, needed, s.who(func(sight *studio.Sight) bool { return sight.Downloads(k) }), "state %d", state)
		k.Asset = s.secret.ID
		if may != nil {
			may = []string{"Admin", "Supervisor", "other"}
		}
		require.Equal(t, may, s.who(func(sight *studio.Sight) bool { return sight.Downloads(k) }), "state %d", state)
	}
}

// A row is seen by who sees what it is about: a dependency at both its ends, a view of one's own, what is parked by its author, the
// task's holder and who adopts.
func TestWhoSeesARow(t *testing.T) {
	s := newSeen(t)
	view := studio.SavedView{ID: studio.ViewID{ID: studio.ID{15: 1}}, Owner: s.users["Artist"], Name: "mine"}
	shared := view
	shared.Shared = true
	everyone, all := []string{"Admin", "Supervisor", "Artist", "Vendor", "other"}, []string{"Admin", "Supervisor", "Artist", "other"}
	onTree := s.beside(studio.Parked)
	onTree.Asset = s.tree.ID
	for name, c := range map[string]struct {
		row studio.Row
		may []string
	}{
		"the project":                  {s.state.Project(), everyone},
		"a view of one's own":          {view, []string{"Artist"}},
		"a view that is shared":        {shared, everyone},
		"a task":                       {s.shot, everyone},
		"what it needs":                {s.tree, everyone},
		"another task":                 {s.secret, all},
		"a dependency":                 {studio.Dependency{Asset: s.shot.ID, Target: s.tree.ID.ID}, everyone},
		"one on what is not seen":      {studio.Dependency{Asset: s.tree.ID, Target: s.secret.ID.ID}, all},
		"one of what is not seen":      {studio.Dependency{Asset: s.secret.ID, Target: s.tree.ID.ID}, all},
		"a version":                    {s.beside(studio.Accepted), everyone},
		"what is parked":               {s.beside(studio.Parked), []string{"Admin", "Supervisor", "Vendor", "other"}},
		"what is parked beside a need": {onTree, []string{"Admin", "Supervisor", "other"}},
	} {
		require.Equal(t, c.may, s.who(func(sight *studio.Sight) bool { return sight.SeesRow(c.row) }), name)
	}
}

// Who has left sees nothing, whatever they hold and have saved.
func TestWhoHasLeftSeesNothing(t *testing.T) {
	s := newSeen(t)
	gone, _ := s.state.Member(s.users["Vendor"])
	gone.Gone = true
	s.state.Put(gone)
	sight := studio.SightOf(s.state, gone.User)
	k := s.beside(studio.Accepted)
	k.Author = gone.User
	require.False(t, sight.Downloads(k))
	require.False(t, sight.SeesRow(k))
	require.False(t, sight.Sees(s.shot.ID.ID))
	require.False(t, sight.Full())
}
