// Package dbtest is the suite that every serverdb.Store passes, and the play of made-up acts by which two stores are
// compared.
//
// It is imported by tests only. It knows no store: a factory makes one.
package dbtest

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

// stage is a store with one empty project.
type stage struct {
	*testing.T
	store   serverdb.Store
	project studio.ProjectID
	ops     uint64
}

var begin = serverdb.Head{Generation: [8]byte{1, 2, 3}, GenNo: 4, ServerMs: 1000, GenMs: 900, Sums: studio.Sums{}}

// Run passes every store that factory makes through the suite.
func Run(t *testing.T, factory func(*testing.T) serverdb.Store) {
	tests := []struct {
		name string
		test func(*stage)
	}{
		{"AProjectIsThereOnceItIsCreated", aProjectIsThereOnceItIsCreated},
		{"RowsComeBackAsTheyWerePut", rowsComeBackAsTheyWerePut},
		{"RowsThatAreNoMoreStayAsTombstones", rowsThatAreNoMoreStayAsTombstones},
		{"RowsComeInPagesInTheOrderOfTheirChange", rowsComeInPagesInTheOrderOfTheirChange},
		{"RowsBelongToAnEventOfTheirTransaction", rowsBelongToAnEventOfTheirTransaction},
		{"DefinitionsAreThoseOfTheMoment", definitionsAreThoseOfTheMoment},
		{"ANameThatBeginsLikeAnotherIsNotIt", aNameThatBeginsLikeAnotherIsNotIt},
		{"WorkOfATaskThatNobodyKnowsIsListed", workOfATaskThatNobodyKnowsIsListed},
		{"EventsAreDenseAndInTheirChain", eventsAreDenseAndInTheirChain},
		{"EventsOfAClientAreFound", eventsOfAClientAreFound},
		{"TheHeadFollows", theHeadFollows},
		{"AFailedTransactionLeavesNothing", aFailedTransactionLeavesNothing},
		{"AFailedWriteFailsTheTransaction", aFailedWriteFailsTheTransaction},
		{"APanicLeavesNothing", aPanicLeavesNothing},
		{"ACancelledCallDoesNothing", aCancelledCallDoesNothing},
		{"ATransactionSeesWhatItWrites", aTransactionSeesWhatItWrites},
		{"AReaderKeepsItsStateWhileAWriterCommits", aReaderKeepsItsStateWhileAWriterCommits},
		{"ManyWritersAndReadersTakeTurns", manyWritersAndReadersTakeTurns},
		{"ProjectsDoNotMeet", projectsDoNotMeet},
		{"ClientsAreKept", clientsAreKept},
		{"ChunksAreWhereTheyWereAddedLast", chunksAreWhereTheyWereAddedLast},
		{"ACondemnedPackTakesNoMore", aCondemnedPackTakesNoMore},
		{"ABadChunkComesAgain", aBadChunkComesAgain},
		{"ManifestsTellWhoNeedsAChunk", manifestsTellWhoNeedsAChunk},
		{"CheckpointsAreFoundByWhatTheyHold", checkpointsAreFoundByWhatTheyHold},
		{"PreviewsAreKept", previewsAreKept},
		{"LeasesProtectUntilTheyEnd", leasesProtectUntilTheyEnd},
		{"ClosuresRememberWhatWasVisible", closuresRememberWhatWasVisible},
		{"APlayIsSound", aPlayIsSound},
	}
	for _, one := range tests {
		t.Run(one.name, func(t *testing.T) {
			s := &stage{T: t, store: factory(t), project: studio.ProjectID{ID: studio.ID{0: 9, 15: 1}}}
			require.NoError(t, s.store.Create(t.Context(), s.project, begin))
			one.test(s)
			Sound(t, s.store, s.project)
		})
	}
}

func id(kind, n byte) studio.ID { return studio.ID{0: kind, 15: n} }

func hash(n byte) studio.Hash { return studio.Hash{0: n, 31: 1} }

func (s *stage) tx(fn func(serverdb.Tx) error) error { return s.store.Tx(s.Context(), s.project, fn) }

// write runs fn in a transaction that must succeed.
func (s *stage) write(fn func(serverdb.Tx) error) {
	s.Helper()
	require.NoError(s, s.tx(fn))
}

// read runs fn over a snapshot.
func (s *stage) read(fn func(serverdb.Snapshot)) {
	s.Helper()
	require.NoError(s, s.store.Read(s.Context(), s.project, func(snap serverdb.Snapshot) error {
		fn(snap)
		return nil
	}))
}

// next makes n events that continue a head.
func (s *stage) next(head serverdb.Head, n int) []studio.Event {
	events := make([]studio.Event, n)
	for i := range events {
		s.ops++
		op := studio.OpID{ID: id(7, 0)}
		binary.BigEndian.PutUint64(op.ID[8:], s.ops)
		ev := studio.Event{Seq: head.Seq + 1, Op: op, Actor: studio.UserID{ID: id(1, 1)}, Kind: studio.KindRankSet,
			Verdict: studio.Applied, Body: []byte{0x0a, 1, byte('a' + i%26)}}
		ev.Chain = ev.NextChain(head.Chain)
		events[i], head.Seq, head.Chain = ev, ev.Seq, ev.Chain
	}
	return events
}

// put writes one event, and rows with it.
func (s *stage) put(puts, gone []studio.Row) {
	s.Helper()
	s.write(func(tx serverdb.Tx) error {
		events := s.next(tx.Head(), 1)
		return errors.Join(tx.Put(events[0].Seq, puts, gone), tx.Append(events))
	})
}

func rows(list ...studio.Row) []studio.Row { return list }

func asset(n byte, name string) studio.Asset {
	return studio.Asset{ID: studio.AssetID{ID: id(4, n)}, Name: name, NameKey: studio.NameKey(name), Kind: studio.Task,
		Status: studio.StatusID{ID: id(3, 1)}, NextVersion: 1, Ver: 1}
}

func tag(n byte, text string) studio.TagOn {
	return studio.TagOn{Asset: studio.AssetID{ID: id(4, n)}, Tag: text}
}

func need(a, b byte) studio.Dependency {
	return studio.Dependency{Asset: studio.AssetID{ID: id(4, a)}, Target: id(4, b)}
}

func aProjectIsThereOnceItIsCreated(s *stage) {
	ctx := s.Context()
	first := studio.ProjectID{ID: studio.ID{0: 1}}
	require.NoError(s, s.store.Create(ctx, first, serverdb.Head{}))
	require.ErrorIs(s, s.store.Create(ctx, s.project, serverdb.Head{}), serverdb.ErrExists)
	ids, err := s.store.Projects(ctx)
	require.NoError(s, err)
	require.Equal(s, []studio.ProjectID{first, s.project}, ids)
	s.read(func(snap serverdb.Snapshot) { require.Equal(s, begin, snap.Head()) })

	unknown := studio.ProjectID{ID: id(9, 9)}
	require.ErrorIs(s, s.store.Tx(ctx, unknown, func(serverdb.Tx) error { return nil }), serverdb.ErrUnknown)
	require.ErrorIs(s, s.store.Read(ctx, unknown, func(serverdb.Snapshot) error { return nil }), serverdb.ErrUnknown)
}

func projectsDoNotMeet(s *stage) {
	other := studio.ProjectID{ID: id(9, 2)}
	require.NoError(s, s.store.Create(s.Context(), other, begin))
	s.put(rows(asset(1, "a")), nil)
	require.NoError(s, s.store.Read(s.Context(), other, func(snap serverdb.Snapshot) error {
		_, found := snap.Asset(studio.AssetID{ID: id(4, 1)})
		require.False(s, found)
		require.Equal(s, begin, snap.Head())
		return nil
	}))
	require.NoError(s, s.store.Tx(s.Context(), s.project, func(serverdb.Tx) error { // two at a time
		return s.store.Tx(s.Context(), other, func(tx serverdb.Tx) error { return tx.SetHead(begin) })
	}))
}

func aPlayIsSound(s *stage) {
	n := 0
	p := NewPlay(s.project, func(below int) int {
		n++
		return n * 7919 / 13 % below
	})
	require.NoError(s, Push(context.Background(), s.store, s.project, true, Acts(p.Founding())))
	for i := range 20 {
		require.NoError(s, Push(context.Background(), s.store, s.project, i%2 == 0, p.Some(10)))
	}
}
