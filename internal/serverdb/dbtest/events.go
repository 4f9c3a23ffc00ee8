package dbtest

import (
	"context"
	"sync"

	"github.com/stretchr/testify/require"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

func eventsAreDenseAndInTheirChain(s *stage) {
	var events []studio.Event
	s.write(func(tx serverdb.Tx) error {
		events = s.next(tx.Head(), 10)
		events[4].Body, events[4].Client, events[4].N = nil, id(13, 1), ^uint64(0)>>1
		head := serverdb.Head{}
		for i := range events {
			events[i].Chain = events[i].NextChain(head.Chain)
			head.Chain = events[i].Chain
		}
		return tx.Append(events)
	})
	s.read(func(snap serverdb.Snapshot) {
		require.Equal(s, events, snap.Events(0, 10, 100))
		require.Equal(s, events[2:5], snap.Events(2, 5, 100))
		require.Equal(s, events[2:4], snap.Events(2, ^uint64(0), 2))
		require.Empty(s, snap.Events(0, 10, 0))
		require.Empty(s, snap.Events(10, 20, 5))
		found, ok := snap.Event(events[3].Op)
		require.True(s, ok)
		require.Equal(s, events[3], found)
		_, ok = snap.Event(studio.OpID{ID: id(7, 99)})
		require.False(s, ok)
	})
	head := serverdb.Head{Seq: 10, Chain: events[9].Chain}
	gap := s.next(serverdb.Head{Seq: 11, Chain: head.Chain}, 1)
	forged := s.next(serverdb.Head{Seq: 10}, 1)
	again := s.next(head, 1)
	again[0].Op = events[0].Op
	again[0].Chain = again[0].NextChain(head.Chain)
	number := s.next(head, 1)
	number[0].Client, number[0].N = events[4].Client, events[4].N
	number[0].Chain = number[0].NextChain(head.Chain)
	for name, bad := range map[string][]studio.Event{
		"a gap": gap, "another chain": forged, "a known op": again, "a used n": number,
	} {
		require.Error(s, s.tx(func(tx serverdb.Tx) error { return tx.Append(bad) }), name)
	}
	s.read(func(snap serverdb.Snapshot) { require.Equal(s, uint64(10), snap.Head().Seq) })
}

func eventsOfAClientAreFound(s *stage) {
	s.write(func(tx serverdb.Tx) error {
		head := tx.Head()
		for n := range 6 {
			ev := s.next(head, 1)
			ev[0].Client, ev[0].N = id(13, byte(n%2)), uint64(100-n) // of none, and of one
			if ev[0].Client == id(13, 0) {
				ev[0].Client, ev[0].N = studio.ID{}, 0
			}
			ev[0].Chain = ev[0].NextChain(head.Chain)
			if err := tx.Append(ev); err != nil {
				return err
			}
			head = tx.Head()
		}
		return nil
	})
	seqs := func(events []studio.Event) (list []uint64) {
		for _, ev := range events {
			list = append(list, ev.Seq)
		}
		return list
	}
	s.read(func(snap serverdb.Snapshot) {
		require.Equal(s, []uint64{2, 4, 6}, seqs(snap.EventsOf(id(13, 1), 0, 6, 10)))
		require.Equal(s, []uint64{4}, seqs(snap.EventsOf(id(13, 1), 2, 5, 10)))
		require.Equal(s, []uint64{2, 4}, seqs(snap.EventsOf(id(13, 1), 0, ^uint64(0), 2)))
		require.Empty(s, snap.EventsOf(studio.ID{}, 0, 6, 10))
		require.Empty(s, snap.EventsOf(id(13, 3), 0, 6, 10))
	})
}

func theHeadFollows(s *stage) {
	s.put(rows(asset(1, "a")), nil)
	after := serverdb.Head{Generation: [8]byte{9}, GenNo: 1 << 63, Seq: 77, Chain: [32]byte{7}, ServerMs: 2000}
	s.write(func(tx serverdb.Tx) error {
		require.Equal(s, uint64(1), tx.Head().Seq)
		if err := tx.SetHead(after); err != nil {
			return err
		}
		require.Equal(s, after.Generation, tx.Head().Generation)
		return nil
	})
	s.read(func(snap serverdb.Snapshot) {
		head := snap.Head()
		require.Equal(s, after.Generation, head.Generation)
		require.Equal(s, after.GenNo, head.GenNo)
		require.Equal(s, after.ServerMs, head.ServerMs)
		require.Equal(s, uint64(1), head.Seq, "seq, chain and sums only follow")
		require.Equal(s, studio.Sum{}.Plus(studio.EncodeRow(asset(1, "a"))), head.Sums[studio.TableAsset])
		head.Sums[studio.TableAsset] = studio.Sum{}
		require.NotEqual(s, head.Sums, snap.Head().Sums, "what is returned is a copy")
	})
}

// writeOfEachKind writes something everywhere.
func (s *stage) writeOfEachKind(tx serverdb.Tx) {
	events := s.next(tx.Head(), 1)
	require.NoError(s, tx.Append(events))
	require.NoError(s, tx.Put(events[0].Seq, rows(asset(2, "b"), asset(1, "other"), tag(1, "new")), rows(tag(1, "hero"))))
	require.NoError(s, tx.SetHead(serverdb.Head{GenNo: 99}))
	require.NoError(s, tx.SetClient(serverdb.Client{ID: id(13, 1), Lmid: 5}))
	require.NoError(s, tx.AddChunks([]serverdb.Chunk{chunk(1, 1), chunk(6, 1)}))
	require.NoError(s, tx.MarkBad([]serverdb.Chunk{chunk(6, 1)}, 1))
	require.NoError(s, tx.SetPack(serverdb.Pack{ID: id(14, 1), CondemnedMs: 1}))
	root := serverdb.Manifest{Hash: hash(2), Bytes: []byte("x"), Root: true, Refers: []studio.Hash{hash(3)}}
	require.NoError(s, tx.AddManifests([]serverdb.Manifest{root}))
	require.NoError(s, tx.AddPreview(hash(4), []byte("webp")))
	require.NoError(s, tx.SetLease(serverdb.Lease{Client: id(13, 1), ExpiresMs: 7}))
	require.NoError(s, tx.AddLeased(id(13, 1), 1, []studio.Hash{hash(5)}))
	require.NoError(s, tx.SetVisible([]serverdb.Visible{{User: studio.UserID{ID: id(1, 1)}, Entity: id(4, 1)}}))
}

// seen is what writeOfEachKind changes.
func seen(snap serverdb.Snapshot) []any {
	_, known := snap.Client(id(13, 1))
	_, manifest := snap.Manifest(hash(2))
	_, preview := snap.Preview(hash(4))
	_, lease := snap.Lease(id(13, 1))
	all, _ := snap.RowsAfter(serverdb.Position{}, 100, 1<<20)
	return []any{snap.Head(), all, known, snap.Clients(), snap.Locate([]studio.Hash{hash(1)}), manifest,
		snap.RootsOfPage(hash(3)), preview, lease, snap.Leased(id(13, 1), []studio.Hash{hash(5)}), snap.Visible(studio.UserID{ID: id(1, 1)}, 0),
		snap.Events(0, 100, 100)}
}

func (s *stage) now() (all []any) {
	s.read(func(snap serverdb.Snapshot) { all = seen(snap) })
	return all
}

func aFailedTransactionLeavesNothing(s *stage) {
	s.put(rows(asset(1, "a"), tag(1, "hero")), nil)
	before := s.now()
	require.ErrorIs(s, s.tx(func(tx serverdb.Tx) error {
		s.writeOfEachKind(tx)
		require.NotEqual(s, before, seen(tx))
		return errFail
	}), errFail)
	require.Equal(s, before, s.now())
	s.write(func(tx serverdb.Tx) error {
		s.writeOfEachKind(tx)
		return nil
	})
	for i, was := range before {
		require.NotEqual(s, was, s.now()[i], "%d", i)
	}
}

func aFailedWriteFailsTheTransaction(s *stage) {
	s.put(rows(asset(1, "a")), nil)
	before := s.now()
	require.Error(s, s.tx(func(tx serverdb.Tx) error {
		require.Error(s, tx.AddLeased(id(13, 2), 1, []studio.Hash{hash(5)}), "there is no lease")
		return nil
	}))
	require.Error(s, s.tx(func(tx serverdb.Tx) error {
		s.writeOfEachKind(tx)
		require.Error(s, tx.Append(s.next(serverdb.Head{Seq: 9}, 1)))
		return nil
	}))
	require.Equal(s, before, s.now())
}

func aPanicLeavesNothing(s *stage) {
	s.put(rows(asset(1, "a")), nil)
	before := s.now()
	require.PanicsWithValue(s, "mistake", func() {
		_ = s.tx(func(tx serverdb.Tx) error {
			s.writeOfEachKind(tx)
			panic("mistake")
		})
	})
	require.PanicsWithValue(s, "mistake", func() {
		_ = s.store.Read(s.Context(), s.project, func(serverdb.Snapshot) error { panic("mistake") })
	})
	require.Equal(s, before, s.now())
	s.put(rows(asset(1, "b")), nil)
}

func aCancelledCallDoesNothing(s *stage) {
	s.put(rows(asset(1, "a")), nil)
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	require.ErrorIs(s, s.store.Tx(ctx, s.project, func(serverdb.Tx) error { return nil }), context.Canceled)
	require.ErrorIs(s, s.store.Read(ctx, s.project, func(serverdb.Snapshot) error { return nil }), context.Canceled)
	before := s.now()
	ctx, cancel = context.WithCancel(s.Context())
	require.ErrorIs(s, s.store.Tx(ctx, s.project, func(tx serverdb.Tx) error {
		s.writeOfEachKind(tx)
		cancel()
		return nil
	}), context.Canceled)
	require.Equal(s, before, s.now())
}

func aTransactionSeesWhatItWrites(s *stage) {
	s.put(rows(asset(1, "a"), tag(1, "hero")), nil)
	var within []any
	s.write(func(tx serverdb.Tx) error {
		_, there := tx.Asset(studio.AssetID{ID: id(4, 2)})
		require.False(s, there)
		s.writeOfEachKind(tx)
		within = seen(tx)
		a, _ := tx.Asset(studio.AssetID{ID: id(4, 2)})
		require.Equal(s, asset(2, "b"), a)
		require.False(s, tx.HasTag(a.ID, "hero"))
		require.Len(s, tx.InStatus(a.Status), 2)
		ev, _ := tx.Event(tx.Events(1, 2, 1)[0].Op)
		require.Equal(s, uint64(2), ev.Seq)
		return nil
	})
	require.Equal(s, within, s.now())
}

func aReaderKeepsItsStateWhileAWriterCommits(s *stage) {
	s.put(rows(asset(1, "a"), tag(1, "hero")), nil)
	s.read(func(snap serverdb.Snapshot) {
		before := seen(snap)
		s.write(func(tx serverdb.Tx) error {
			s.writeOfEachKind(tx)
			return nil
		})
		require.Equal(s, before, seen(snap))
		_, there := snap.Asset(studio.AssetID{ID: id(4, 2)})
		require.False(s, there)
		require.NotEqual(s, before, s.now())
	})
}

func manyWritersAndReadersTakeTurns(s *stage) {
	const writers, each = 8, 20
	var group sync.WaitGroup
	errs := make(chan error, 2*writers)
	for w := range writers {
		group.Go(func() {
			for range each {
				if err := s.tx(func(tx serverdb.Tx) error {
					events := s.next(tx.Head(), 1) // alone here: the counter of s is guarded by the store
					if err := tx.Append(events); err != nil {
						return err
					}
					return tx.Put(events[0].Seq, rows(asset(byte(w), string(rune('a'+w)))), nil)
				}); err != nil {
					errs <- err
					return
				}
			}
		})
		group.Go(func() {
			for range each {
				errs <- s.store.Read(s.Context(), s.project, func(snap serverdb.Snapshot) error {
					head := snap.Head()
					return serverdb.Follow(serverdb.Head{}, snap.Events(0, head.Seq, int(head.Seq)))
				})
			}
		})
	}
	go func() {
		group.Wait()
		close(errs)
	}()
	for err := range errs {
		require.NoError(s, err)
	}
	s.read(func(snap serverdb.Snapshot) { require.Equal(s, uint64(writers*each), snap.Head().Seq) })
}
