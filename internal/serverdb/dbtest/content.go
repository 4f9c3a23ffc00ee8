package dbtest

import (
	"github.com/stretchr/testify/require"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

func clientsAreKept(s *stage) {
	second := serverdb.Client{ID: id(13, 2), User: studio.UserID{ID: id(1, 1)}, Device: "Anas Rechner",
		Lmid: 1 << 63, DepositKey: hash(7), Proto: 1, SeenMs: 5, CookieSeq: 6, UnsentCheckpoints: 7, UnsentBytes: 1 << 40, DepositBytes: 1 << 41}
	first := serverdb.Client{ID: id(13, 1)}
	s.write(func(tx serverdb.Tx) error {
		require.NoError(s, tx.SetClient(second))
		return tx.SetClient(first)
	})
	second.Lmid, second.Device = 9, ""
	s.write(func(tx serverdb.Tx) error { return tx.SetClient(second) })
	s.read(func(snap serverdb.Snapshot) {
		require.Equal(s, []serverdb.Client{first, second}, snap.Clients())
		c, ok := snap.Client(second.ID)
		require.True(s, ok)
		require.Equal(s, second, c)
		_, ok = snap.Client(id(13, 3))
		require.False(s, ok)
	})
}

func chunksAreWhereTheyWereAddedLast(s *stage) {
	one := serverdb.Chunk{Hash: hash(1), Pack: id(14, 1), Offset: 1 << 40, Stored: 1<<32 - 1, Size: 5, Codec: 1}
	two := serverdb.Chunk{Hash: hash(2), Pack: id(14, 1), Size: 6}
	s.write(func(tx serverdb.Tx) error { return tx.AddChunks([]serverdb.Chunk{one, two}) })
	s.read(func(snap serverdb.Snapshot) {
		require.ElementsMatch(s, []serverdb.Chunk{one, two}, snap.Locate([]studio.Hash{hash(2), hash(9), hash(1)}))
		require.Empty(s, snap.Locate(nil))
	})
	one.Pack, one.Offset = id(14, 2), 7
	s.write(func(tx serverdb.Tx) error { return tx.AddChunks([]serverdb.Chunk{one}) })
	s.read(func(snap serverdb.Snapshot) {
		require.ElementsMatch(s, []serverdb.Chunk{one, two}, snap.Locate([]studio.Hash{hash(1), hash(2)}))
	})
}

func chunk(n, pack byte) serverdb.Chunk {
	return serverdb.Chunk{Hash: hash(n), Pack: id(14, pack), Stored: 10 * uint32(n), Size: 1}
}

func aCondemnedPackTakesNoMore(s *stage) {
	s.write(func(tx serverdb.Tx) error {
		return tx.AddChunks([]serverdb.Chunk{chunk(1, 1), chunk(2, 1), chunk(3, 2)})
	})
	pack := serverdb.Pack{ID: id(14, 1), CondemnedMs: 5}
	s.write(func(tx serverdb.Tx) error { return tx.SetPack(pack) })
	s.read(func(snap serverdb.Snapshot) {
		for i, condemned := range []bool{true, true, false} {
			require.Equal(s, condemned, snap.Locate([]studio.Hash{hash(byte(i + 1))})[0].Condemned, "chunk %d", i+1)
		}
		require.Equal(s, []serverdb.Pack{pack}, snap.Packs())
		require.Len(s, snap.ChunksOf(pack.ID, studio.Hash{}, 10), 2)
		require.Equal(s, snap.Locate([]studio.Hash{hash(1)}), snap.ChunksOf(pack.ID, studio.Hash{}, 1))
		require.Equal(s, snap.Locate([]studio.Hash{hash(2)}), snap.ChunksOf(pack.ID, hash(1), 10))
		require.Empty(s, snap.ChunksOf(pack.ID, hash(2), 10))
	})
	require.ErrorIs(s, s.tx(func(tx serverdb.Tx) error { return tx.AddChunks([]serverdb.Chunk{chunk(4, 1)}) }), serverdb.ErrCondemned)
	deleting := serverdb.Pack{ID: pack.ID, CondemnedMs: 5, Deleting: true}
	require.Error(s, s.tx(func(tx serverdb.Tx) error { return tx.SetPack(deleting) }), "two chunks are in it")
	require.Error(s, s.tx(func(tx serverdb.Tx) error { return tx.ForgetPack(pack.ID) }), "two chunks are in it")
	s.write(func(tx serverdb.Tx) error {
		require.NoError(s, tx.AddChunks([]serverdb.Chunk{chunk(1, 2)})) // it moved
		require.NoError(s, tx.RemoveChunks([]serverdb.Chunk{chunk(2, 1), chunk(1, 1), chunk(3, 1)}))
		return tx.SetPack(deleting)
	})
	s.read(func(snap serverdb.Snapshot) {
		require.Equal(s, []serverdb.Pack{deleting}, snap.Packs())
		require.Equal(s, []serverdb.Chunk{chunk(1, 2), chunk(3, 2)}, snap.Locate([]studio.Hash{hash(1), hash(2), hash(3)}),
			"only what was still there is removed")
		require.Equal(s, int64(40), snap.Head().Stored)
	})
	s.write(func(tx serverdb.Tx) error { return tx.ForgetPack(pack.ID) })
	s.read(func(snap serverdb.Snapshot) { require.Empty(s, snap.Packs()) })
}

func aBadChunkComesAgain(s *stage) {
	s.write(func(tx serverdb.Tx) error { return tx.AddChunks([]serverdb.Chunk{chunk(1, 1), chunk(2, 1)}) })
	s.write(func(tx serverdb.Tx) error { return tx.MarkBad([]serverdb.Chunk{chunk(1, 1), chunk(2, 2)}, 7) })
	s.read(func(snap serverdb.Snapshot) {
		require.Equal(s, []serverdb.Bad{{Chunk: chunk(1, 1), FoundMs: 7}}, snap.Bad())
		require.Equal(s, []serverdb.Chunk{chunk(2, 1)}, snap.Locate([]studio.Hash{hash(1), hash(2)}), "it is elsewhere")
		require.Equal(s, int64(20), snap.Head().Stored)
	})
	s.write(func(tx serverdb.Tx) error { return tx.AddChunks([]serverdb.Chunk{chunk(1, 2)}) })
	s.read(func(snap serverdb.Snapshot) {
		require.Empty(s, snap.Bad())
		require.Equal(s, []serverdb.Chunk{chunk(1, 2)}, snap.Locate([]studio.Hash{hash(1)}))
		require.Equal(s, int64(30), snap.Head().Stored)
	})
	s.write(func(tx serverdb.Tx) error {
		require.NoError(s, tx.MarkBad([]serverdb.Chunk{chunk(1, 2)}, 8))
		require.NoError(s, tx.RemoveChunks([]serverdb.Chunk{chunk(1, 1)}))
		require.Len(s, tx.Bad(), 1, "it was bad elsewhere")
		return tx.RemoveChunks([]serverdb.Chunk{chunk(1, 2)})
	})
	s.read(func(snap serverdb.Snapshot) { require.Empty(s, snap.Bad()) })
}

func manifestsTellWhoNeedsAChunk(s *stage) {
	root := func(n byte, pages ...studio.Hash) serverdb.Manifest {
		return serverdb.Manifest{Hash: hash(n), Bytes: []byte{n}, Root: true, Refers: pages}
	}
	page := func(n byte, chunks ...studio.Hash) serverdb.Manifest {
		return serverdb.Manifest{Hash: hash(n), Bytes: []byte{n}, Refers: chunks}
	}
	all := []serverdb.Manifest{root(12, hash(21), hash(22)), root(11, hash(22), hash(21), hash(22)), root(13),
		page(21, hash(1), hash(2), hash(1)), page(22, hash(2))}
	s.write(func(tx serverdb.Tx) error { return tx.AddManifests(all) })
	s.write(func(tx serverdb.Tx) error { return tx.AddManifests(all[:2]) }) // known already
	s.read(func(snap serverdb.Snapshot) {
		b, ok := snap.Manifest(hash(21))
		require.True(s, ok)
		require.Equal(s, []byte{21}, b)
		_, ok = snap.Manifest(hash(1))
		require.False(s, ok)
		require.Equal(s, []studio.Hash{hash(11), hash(12)}, snap.RootsOfPage(hash(22)))
		require.Equal(s, []studio.Hash{hash(11), hash(12)}, snap.Roots(hash(2)))
		require.Equal(s, []studio.Hash{hash(21), hash(22)}, snap.Pages(hash(2)))
		require.Empty(s, snap.Pages(hash(21)))
		require.Empty(s, snap.Roots(hash(21)))
		require.Empty(s, snap.RootsOfPage(hash(1)))
		require.Equal(s, []serverdb.Manifest{{Hash: hash(11), Root: true}, {Hash: hash(12), Root: true}}, snap.Manifests(studio.Hash{}, 2))
		require.Equal(s, []serverdb.Manifest{{Hash: hash(22)}}, snap.Manifests(hash(21), 9))
	})
	s.write(func(tx serverdb.Tx) error { return tx.RemoveManifests([]serverdb.Manifest{all[1], all[4]}) })
	s.read(func(snap serverdb.Snapshot) {
		_, ok := snap.Manifest(hash(22))
		require.False(s, ok)
		require.Equal(s, []studio.Hash{hash(12)}, snap.RootsOfPage(hash(21)))
		require.Equal(s, []studio.Hash{hash(12)}, snap.Roots(hash(2)))
		require.Len(s, snap.Manifests(studio.Hash{}, 9), 3)
	})
}

func checkpointsAreFoundByWhatTheyHold(s *stage) {
	checkpoint := func(n byte, file, image, preview studio.Hash) studio.Checkpoint {
		return studio.Checkpoint{ID: studio.CheckpointID{ID: id(5, n)}, Manifest: file, Image: image, Preview: preview, Ver: 1}
	}
	ids := func(list ...byte) (found []studio.CheckpointID) {
		for _, n := range list {
			found = append(found, studio.CheckpointID{ID: id(5, n)})
		}
		return found
	}
	none := studio.Hash{}
	s.put(rows(checkpoint(3, hash(1), none, hash(3)), checkpoint(1, hash(2), hash(1), hash(3)),
		checkpoint(2, hash(1), hash(1), none)), nil)
	s.read(func(snap serverdb.Snapshot) {
		require.Equal(s, ids(1, 2, 3), snap.CheckpointsOf(hash(1)))
		require.Equal(s, ids(1), snap.CheckpointsOf(hash(2)))
		require.Equal(s, ids(1, 3), snap.PreviewsOf(hash(3)))
		require.Empty(s, snap.CheckpointsOf(hash(3)))
		require.Empty(s, snap.CheckpointsOf(none))
		require.Empty(s, snap.PreviewsOf(none))
	})
	s.put(rows(checkpoint(1, hash(2), none, hash(4))), nil)
	s.read(func(snap serverdb.Snapshot) {
		require.Equal(s, ids(2, 3), snap.CheckpointsOf(hash(1)))
		require.Equal(s, ids(3), snap.PreviewsOf(hash(3)))
	})
}

func previewsAreKept(s *stage) {
	given := []byte("webp")
	s.write(func(tx serverdb.Tx) error { return tx.AddPreview(hash(1), given) })
	given[0] = 'x'
	s.write(func(tx serverdb.Tx) error { return tx.AddPreview(hash(1), []byte("webp")) })
	s.read(func(snap serverdb.Snapshot) {
		b, ok := snap.Preview(hash(1))
		require.True(s, ok)
		require.Equal(s, "webp", string(b))
		_, ok = snap.Preview(hash(2))
		require.False(s, ok)
		require.Equal(s, []studio.Hash{hash(1)}, snap.Previews(studio.Hash{}, 5))
		require.Empty(s, snap.Previews(hash(1), 5))
	})
	s.write(func(tx serverdb.Tx) error { return tx.RemovePreviews([]studio.Hash{hash(1), hash(2)}) })
	s.read(func(snap serverdb.Snapshot) {
		_, ok := snap.Preview(hash(1))
		require.False(s, ok)
	})
}

func leasesProtectUntilTheyEnd(s *stage) {
	ana, ben := id(13, 1), id(13, 2)
	hashes := []studio.Hash{hash(1), hash(2), hash(3)}
	s.write(func(tx serverdb.Tx) error {
		require.NoError(s, tx.SetLease(serverdb.Lease{Client: ana, ExpiresMs: 100}))
		require.NoError(s, tx.SetLease(serverdb.Lease{Client: ben, ExpiresMs: 100}))
		require.NoError(s, tx.AddLeased(ana, 10, hashes[:2]))
		require.NoError(s, tx.AddLeased(ana, 20, hashes[1:2]))
		return tx.AddLeased(ben, 10, hashes[2:])
	})
	s.write(func(tx serverdb.Tx) error {
		require.NoError(s, tx.SetLease(serverdb.Lease{Client: ana, ExpiresMs: 200})) // renewed
		return tx.EndLeases(100)
	})
	s.read(func(snap serverdb.Snapshot) {
		require.Equal(s, []bool{true, true, false}, snap.Leased(ana, hashes))
		require.Equal(s, []bool{false, false, true}, snap.Leased(ben, hashes), "it ends at its instant, not before")
		require.Equal(s, []serverdb.Lease{{Client: ana, ExpiresMs: 200}, {Client: ben, ExpiresMs: 100}}, snap.Leases())
		require.Equal(s, []bool{true, true, true, false}, snap.Protected(append(hashes[:3:3], hash(4))))
	})
	s.write(func(tx serverdb.Tx) error { return tx.EndLeases(101) })
	s.read(func(snap serverdb.Snapshot) {
		l, ok := snap.Lease(ana)
		require.True(s, ok)
		require.Equal(s, serverdb.Lease{Client: ana, ExpiresMs: 200}, l)
		_, ok = snap.Lease(ben)
		require.False(s, ok)
		require.Equal(s, []bool{true, true, false}, snap.Leased(ana, hashes))
		require.Equal(s, []bool{false, false, false}, snap.Leased(ben, hashes))
	})
	s.write(func(tx serverdb.Tx) error { return tx.SetLease(serverdb.Lease{Client: ben, ExpiresMs: 300}) })
	s.read(func(snap serverdb.Snapshot) {
		require.Equal(s, []bool{false, false, false}, snap.Leased(ben, hashes), "a new lease protects nothing of the old one")
		require.Equal(s, []bool{true, true, false}, snap.Protected(hashes))
	})
	s.write(func(tx serverdb.Tx) error { return tx.TrimLease(ana, 11) })
	s.read(func(snap serverdb.Snapshot) {
		require.Equal(s, []bool{false, true, false}, snap.Leased(ana, hashes), "what was named again is as young as that")
		require.Equal(s, []bool{false, true, false}, snap.Protected(hashes))
	})
}

func closuresRememberWhatWasVisible(s *stage) {
	ana, ben := studio.UserID{ID: id(1, 1)}, studio.UserID{ID: id(1, 2)}
	line := func(u studio.UserID, n byte, since, until uint64) serverdb.Visible {
		return serverdb.Visible{User: u, Entity: id(4, n), SinceSeq: since, UntilSeq: until}
	}
	s.write(func(tx serverdb.Tx) error {
		return tx.SetVisible([]serverdb.Visible{line(ana, 2, 1, 0), line(ana, 1, 1, 5), line(ben, 1, 2, 0)})
	})
	s.read(func(snap serverdb.Snapshot) {
		require.Equal(s, []serverdb.Visible{line(ana, 1, 1, 5), line(ana, 2, 1, 0)}, snap.Visible(ana, 4))
		require.Equal(s, []serverdb.Visible{line(ana, 2, 1, 0)}, snap.Visible(ana, 5))
		require.Empty(s, snap.Visible(studio.UserID{ID: id(1, 3)}, 0))
	})
	s.write(func(tx serverdb.Tx) error {
		return tx.SetVisible([]serverdb.Visible{line(ana, 1, 7, 0), line(ana, 2, 1, 8)})
	})
	s.read(func(snap serverdb.Snapshot) {
		require.Equal(s, []serverdb.Visible{line(ana, 1, 7, 0), line(ana, 2, 1, 8)}, snap.Visible(ana, 7))
		require.Equal(s, []serverdb.Visible{line(ben, 1, 2, 0)}, snap.Visible(ben, 100))
	})
}
