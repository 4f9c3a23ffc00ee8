package studio_test

import (
	"crypto/sha256"
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
	below.Record(&studio.Event{Op: op, Entity: entity, Seq: 1 << 62})
	over := studio.NewState(below)
	over.Forget(op)
	_, known := over.Event(op)
	require.False(t, known)
	require.Empty(t, over.Trail(entity, 0))
	over.Record(&studio.Event{Op: op, Entity: entity, Seq: 7})
	require.Len(t, over.Trail(entity, 0), 1)
	ev, known := over.Event(op)
	require.True(t, known)
	require.EqualValues(t, 7, ev.Seq)
}

// The chain covers all that an event says: the form is that of FORMAT.md, so that both ends come to the same.
func TestTheChainCoversHeaderAndBody(t *testing.T) {
	ev := studio.Event{Seq: 7, Op: studio.OpID{ID: studio.ID{15: 1}}, Kind: studio.KindTagAdd, Verdict: studio.Applied, Body: []byte{1, 2, 3}}
	body := sha256.Sum256(ev.Body)
	require.Equal(t, sha256.Sum256(append(ev.Header(), body[:]...)), ev.EntryHash())
	before := [32]byte{9}
	entry := ev.EntryHash()
	require.Equal(t, sha256.Sum256(append(before[:], entry[:]...)), ev.NextChain(before))
	require.Equal(t, ev.NextChain(before), studio.ChainOn(before, entry))
	for name, change := range map[string]func(*studio.Event){
		"body":    func(e *studio.Event) { e.Body = []byte{1, 2, 4} },
		"verdict": func(e *studio.Event) { e.Verdict = studio.Refused },
		"actor":   func(e *studio.Event) { e.Actor = studio.UserID{ID: studio.ID{15: 2}} },
	} {
		other := ev
		change(&other)
		require.NotEqual(t, ev.NextChain(before), other.NextChain(before), name)
	}
}
