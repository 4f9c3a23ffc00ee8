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
