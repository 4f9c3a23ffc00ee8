package studio_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
)

func TestAChainIsInTheOrderItWasMadeOn(t *testing.T) {
	id := func(n byte) studio.CheckpointID { return studio.CheckpointID{ID: studio.ID{15: n}} }
	k := func(n, base byte, receivedMs int64, hybrid uint64) studio.Checkpoint {
		return studio.Checkpoint{ID: id(n), Base: id(base), ReceivedMs: receivedMs, MadeHybrid: hybrid}
	}
	names := func(members ...studio.Checkpoint) (names []byte) {
		for _, k := range studio.InChain(members) {
			names = append(names, k.ID.ID[15])
		}
		return names
	}
	require.Equal(t, []byte{9, 8, 7}, names(k(7, 8, 5, 1), k(8, 9, 5, 2), k(9, 1, 5, 3)), "the clock went back at each")
	require.Equal(t, []byte{2, 4, 3}, names(k(2, 1, 1, 1), k(3, 2, 9, 2), k(4, 2, 8, 3)), "twins come as they were received")
	require.Equal(t, []byte{2, 3}, names(k(2, 3, 1, 1), k(3, 2, 2, 2)), "a circle that a forged client made ends")
}

func TestAnEventThatIsDecidedAnewIsListedOnce(t *testing.T) {
	entity := studio.ID{15: 1}
	op := studio.OpID{ID: studio.ID{15: 2}}
	below := studio.NewState(nil)
	below.Record(studio.Event{Op: op, Entity: entity, Seq: 1 << 62})
	over := studio.NewState(below)
	over.Forget(op)
	_, known := over.Event(op)
	require.False(t, known)
	require.Empty(t, over.Trail(entity, 0))
	over.Record(studio.Event{Op: op, Entity: entity, Seq: 7})
	require.Len(t, over.Trail(entity, 0), 1)
	ev, known := over.Event(op)
	require.True(t, known)
	require.EqualValues(t, 7, ev.Seq)
}
