package studio_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
)

// Where the whole history comes again, what a former life of the server had in its log says nothing: neither alone nor in a trail.
func TestEventsBelowDoNotCountWhereAllComeAnew(t *testing.T) {
	entity := studio.ID{15: 1}
	event := func(n byte) *studio.Event {
		return &studio.Event{Op: studio.OpID{ID: studio.ID{15: n}}, Entity: entity, Seq: uint64(n)}
	}
	below := studio.NewState(nil)
	below.Record(event(1))
	state := studio.NewState(below)
	require.Len(t, state.Trail(entity, 0), 1)
	state.DropEvents()
	state.Record(event(2))
	_, known := state.Event(event(1).Op)
	require.False(t, known)
	require.Equal(t, []studio.Event{*event(2)}, state.Trail(entity, 0))
}

// Who throws the lines of the log away has none made, also of what is decided as a group.
func TestASilentStateMakesNoLines(t *testing.T) {
	w := server(t)
	for _, silent := range []bool{false, true} {
		state := studio.NewState(w.state)
		if silent {
			state.Silent()
		}
		op := studio.Op{ID: studio.OpID{ID: id(9, 1)}, Kind: studio.KindCollectionCreate, Entity: id(8, 4), Body: &studio.CreateBody{Name: "shots"}}
		done, err := state.RunGroup([]studio.Op{op}, func(studio.Op, uint64) studio.Moment {
			return studio.Moment{Actor: studio.UserID{ID: id(1, 1)}, Seq: 900}
		}, 900)
		require.NoError(t, err)
		require.Equal(t, studio.Applied, done[0][0].Decision.Verdict)
		require.Equal(t, silent, done[0][0].Line == nil)
	}
}
