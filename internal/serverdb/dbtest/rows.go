package dbtest

import (
	"github.com/stretchr/testify/require"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

func rowsComeBackAsTheyWerePut(s *stage) {
	all := rows(
		studio.Project{ID: s.project, Name: "Film", State: studio.Active, Ver: 1},
		studio.Member{User: studio.UserID{ID: id(1, 1)}, Username: "ana", Role: studio.RoleID{ID: id(2, 1)}, Ver: 1},
		studio.Role{ID: studio.RoleID{ID: id(2, 1)}, Name: "Artist", May: studio.MayNote, Ver: 1},
		studio.Status{ID: studio.StatusID{ID: id(3, 1)}, Name: "Todo", Category: studio.CategoryTodo,
			OnlyRoles: []studio.RoleID{{ID: id(2, 1)}}, Ver: 1},
		studio.Type{ID: studio.TypeID{ID: id(10, 1)}, Name: "Rig", Ver: 1},
		studio.Collection{ID: studio.CollectionID{ID: id(8, 1)}, Name: "shots", NameKey: "shots", Ver: 1},
		asset(1, "Äpfel"),
		studio.Assignment{ID: studio.AssignmentID{ID: id(12, 1)}, Asset: studio.AssetID{ID: id(4, 1)}, FromSeq: 1},
		studio.Checkpoint{ID: studio.CheckpointID{ID: id(5, 1)}, Asset: studio.AssetID{ID: id(4, 1)}, State: studio.Parked,
			ChainRoot: studio.CheckpointID{ID: id(5, 1)}, Manifest: hash(1), Ver: 1},
		studio.ParkedChain{Root: studio.CheckpointID{ID: id(5, 1)}, Asset: studio.AssetID{ID: id(4, 1)},
			State: studio.ParkedOpen},
		studio.Note{ID: studio.NoteID{ID: id(6, 1)}, Asset: studio.AssetID{ID: id(4, 1)}, Text: "more light", Ver: 1},
		tag(1, "hero"),
		need(1, 2),
		studio.SavedView{ID: studio.ViewID{ID: id(11, 1)}, Name: "mine", Ver: 1},
	)
	s.put(all, nil)
	s.read(func(snap serverdb.Snapshot) {
		got, more := snap.RowsAfter(serverdb.Position{}, 1, 1<<20)
		require.False(s, more)
		require.Len(s, got, len(all))
		for i, r := range all {
			require.Equal(s, serverdb.Row{Table: r.Table(), Key: r.Key(), Seq: 1, Bytes: studio.EncodeRow(r)}, got[i])
		}
		require.Len(s, snap.Head().Sums, len(all))
		status, _ := snap.Status(studio.StatusID{ID: id(3, 1)})
		require.Equal(s, all[3], status)
	})
}

func rowsThatAreNoMoreStayAsTombstones(s *stage) {
	s.put(rows(asset(1, "a"), tag(1, "hero"), need(1, 2)), nil)
	s.put(nil, rows(tag(1, "hero"), need(1, 2), tag(1, "never there")))
	s.read(func(snap serverdb.Snapshot) {
		got, _ := snap.RowsAfter(serverdb.Position{Seq: 2}, 9, 1<<20)
		require.Equal(s, []serverdb.Row{
			{Table: studio.TableTag, Key: tag(1, "hero").Key(), Seq: 2},
			{Table: studio.TableDependency, Key: need(1, 2).Key(), Seq: 2},
		}, got)
		require.False(s, snap.HasTag(studio.AssetID{ID: id(4, 1)}, "hero"))
		require.Empty(s, snap.Needs(studio.AssetID{ID: id(4, 1)}))
		require.Len(s, snap.Head().Sums, 1, "a table without rows has no sum")
	})
	s.put(nil, rows(tag(1, "hero")))
	s.put(rows(tag(1, "hero")), nil)
	s.read(func(snap serverdb.Snapshot) {
		require.True(s, snap.HasTag(studio.AssetID{ID: id(4, 1)}, "hero"))
		got, _ := snap.RowsAfter(serverdb.Position{Seq: 3}, 9, 1<<20)
		require.Len(s, got, 1, "what is gone does not go again")
	})
}

func rowsComeInPagesInTheOrderOfTheirChange(s *stage) {
	s.put(rows(asset(3, "c"), asset(1, "a"), tag(2, "x")), nil)
	s.put(rows(asset(2, "b")), nil)
	s.put(rows(asset(1, "a2"), tag(2, "y")), rows(tag(2, "x")))
	want := []string{asset(3, "").Key(), asset(2, "").Key(), asset(1, "").Key(), tag(2, "x").Key(), tag(2, "y").Key()}
	s.read(func(snap serverdb.Snapshot) {
		for _, pageBytes := range []int{-1, 0, 1, 50, 100, 200, 1 << 20} {
			var keys []string
			at, pages := serverdb.Position{}, 0
			for more := true; more; pages++ {
				var page []serverdb.Row
				page, more = snap.RowsAfter(at, 3, pageBytes)
				require.NotEmpty(s, page)
				size := 0
				for _, r := range page {
					keys, size = append(keys, r.Key), size+r.Size()
				}
				require.True(s, size <= pageBytes || len(page) == 1, "a page of %d bytes", size)
				at = serverdb.Behind(page[len(page)-1])
			}
			require.Equal(s, want, keys)
			require.True(s, pages == 1 || pageBytes < 1<<20)
		}
		page, more := snap.RowsAfter(serverdb.Position{}, 2, 1<<20)
		require.False(s, more)
		require.Len(s, page, 2, "rows that changed after upto are not there")
		page, more = snap.RowsAfter(serverdb.Position{Seq: 4}, ^uint64(0), 1<<20)
		require.Empty(s, page)
		require.False(s, more)
	})
}

func rowsBelongToAnEventOfTheirTransaction(s *stage) {
	require.Error(s, s.tx(func(tx serverdb.Tx) error { return tx.Put(1, rows(asset(1, "a")), nil) }), "no event")
	s.put(rows(asset(1, "a")), nil)
	require.Error(s, s.tx(func(tx serverdb.Tx) error { return tx.Put(1, rows(asset(1, "b")), nil) }), "an old one")
	s.write(func(tx serverdb.Tx) error {
		events := s.next(tx.Head(), 3)
		if err := tx.Append(events); err != nil {
			return err
		}
		if err := tx.Put(2, rows(asset(1, "b")), nil); err != nil {
			return err
		}
		return tx.Put(4, rows(asset(2, "c")), nil)
	})
	s.read(func(snap serverdb.Snapshot) {
		got, _ := snap.RowsAfter(serverdb.Position{}, 4, 1<<20)
		require.Equal(s, []uint64{2, 4}, []uint64{got[0].Seq, got[1].Seq})
	})
}

func definitionsAreThoseOfTheMoment(s *stage) {
	role := func(n byte, order int32) studio.Role {
		return studio.Role{ID: studio.RoleID{ID: id(2, n)}, Name: "r", Order: order, Ver: 1}
	}
	names := func(v studio.View) (list []byte) {
		for _, r := range v.Roles() {
			list = append(list, r.ID.ID[15])
		}
		return list
	}
	s.put(rows(role(1, 2), role(2, 1), role(3, 1)), nil)
	s.read(func(snap serverdb.Snapshot) {
		require.Equal(s, []byte{2, 3, 1}, names(snap))
		s.put(rows(role(1, 0)), nil)
		require.Equal(s, []byte{2, 3, 1}, names(snap), "of the moment when the reader began")
	})
	require.ErrorIs(s, s.tx(func(tx serverdb.Tx) error {
		require.Equal(s, []byte{1, 2, 3}, names(tx))
		require.NoError(s, tx.Put(3, rows(role(4, 0)), nil))
		require.Equal(s, []byte{1, 4, 2, 3}, names(tx))
		require.NoError(s, tx.Put(3, rows(role(4, 9)), nil))
		require.Equal(s, []byte{1, 2, 3, 4}, names(tx))
		return errFail
	}), errFail)
	s.put(rows(role(5, 0)), nil)
	s.read(func(snap serverdb.Snapshot) {
		require.Equal(s, []byte{1, 5, 2, 3}, names(snap))
		_, known := snap.Role(role(4, 0).ID)
		require.False(s, known)
	})
}

func aNameThatBeginsLikeAnotherIsNotIt(s *stage) {
	long := asset(1, "shot 010 0123456789abcdef")
	inside := asset(3, "shot")
	inside.Parent = studio.CollectionID{ID: id(8, 1)}
	trashed := asset(4, "gone")
	trashed.TrashedMs = 1
	s.put(rows(long, asset(2, "shot"), inside, trashed,
		studio.Collection{ID: inside.Parent, Name: "c", NameKey: "c", Ver: 1}), nil)
	s.read(func(snap serverdb.Snapshot) {
		_, found := snap.Named(studio.CollectionID{}, "shot 010 ")
		require.False(s, found)
		named, _ := snap.Named(studio.CollectionID{}, "shot")
		require.Equal(s, id(4, 2), named)
		_, found = snap.Named(studio.CollectionID{}, "gone")
		require.False(s, found)
		collections, assets := snap.Inside(studio.CollectionID{})
		require.Equal(s, []studio.CollectionID{inside.Parent}, collections)
		require.Equal(s, []studio.AssetID{long.ID, {ID: id(4, 2)}}, assets)
	})
	swapped, other := long, asset(2, long.Name)
	swapped.Name, swapped.NameKey = "shot", "shot"
	s.put(rows(swapped, other), nil) // two names change places
	s.read(func(snap serverdb.Snapshot) {
		named, _ := snap.Named(studio.CollectionID{}, "shot")
		require.Equal(s, id(4, 1), named)
	})
}

func workOfATaskThatNobodyKnowsIsListed(s *stage) {
	root := studio.CheckpointID{ID: id(5, 9)}
	s.put(rows(studio.ParkedChain{Root: root, State: studio.ParkedOpen}), nil)
	s.read(func(snap serverdb.Snapshot) {
		chains := snap.Parked(studio.AssetID{})
		require.Len(s, chains, 1)
		require.Equal(s, root, chains[0].Root)
		require.Empty(s, snap.Parked(studio.AssetID{ID: id(4, 9)}))
	})
}
