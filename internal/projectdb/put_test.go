package projectdb_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/projectdb"
	"framehold/internal/studio"
)

// replicaStore is a store of a studio project, and how sync writes to it.
func replicaStore(t *testing.T) (pull func(func(*projectdb.Tx) error) projectdb.ChangeSet) {
	t.Helper()
	d, err := projectdb.Create(t.Context(), options(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	write := func(act projectdb.Act, fn func(*projectdb.Tx) error) projectdb.ChangeSet {
		change, err := d.Write(t.Context(), act, fn)
		require.NoError(t, err)
		return change
	}
	me := studio.ID{1}
	write(projectdb.Act{Lane: projectdb.LaneEdit, Kind: projectdb.ActCare}, func(tx *projectdb.Tx) error {
		return tx.SetReplica(projectdb.Replica{Account: studio.UserID{ID: me}, Profile: studio.UserID{ID: me}, Client: me})
	})
	return func(fn func(*projectdb.Tx) error) projectdb.ChangeSet {
		return write(projectdb.Act{Lane: projectdb.LanePull, Kind: projectdb.ActSync, Actor: studio.UserID{ID: me}}, fn)
	}
}

func none(studio.Row) bool { return false }

// More rows than one statement writes or finds: they are there as they were put, each in its place in the tree; of those that are put
// again readers hear of what is not as it was, and of what came.
func TestRowsArePutAsTheyAreAndReadersHearOfWhatChanged(t *testing.T) {
	pull := replicaStore(t)
	rows := make([]studio.Row, 200)
	keys := []string{string(studio.ID{99}.Bytes())}
	for i := range rows {
		name := fmt.Sprintf("shot%03d", i)
		a := studio.Asset{ID: studio.AssetID{ID: studio.ID{2, byte(i)}}, Name: name, NameKey: name, Kind: studio.Task, NextVersion: 1,
			CreatedBy: studio.UserID{ID: studio.ID{1}}, Ver: 1}
		rows[i], keys = a, append(keys, a.Key())
	}
	pull(func(tx *projectdb.Tx) error { return tx.PutRows(rows, nil, none) })

	at := func(i int) studio.Asset { return rows[i].(studio.Asset) }
	first, second, gone := at(0), at(150), at(7)
	first.Name, first.NameKey, second.Name, second.NameKey = second.Name, second.NameKey, first.Name, first.NameKey
	gone.TrashedMs, gone.TrashedBy = 5, studio.UserID{ID: studio.ID{1}}
	other := at(70)
	other.Status, other.Priority, other.Newer = studio.StatusID{ID: studio.ID{3}}, 2, "\xc0\x02\x05"
	rows[0], rows[150], rows[7], rows[70] = first, second, gone, other
	change := pull(func(tx *projectdb.Tx) error {
		return tx.PutRows(rows, nil, func(r studio.Row) bool { return r.Key() == keys[1+199] })
	})
	require.ElementsMatch(t, []studio.ID{first.ID.ID, second.ID.ID, gone.ID.ID, other.ID.ID, at(199).ID.ID}, change.Entities)

	pull(func(tx *projectdb.Tx) error {
		require.Equal(t, rows, tx.All(studio.TableAsset))
		require.ElementsMatch(t, rows, tx.Rows(studio.TableAsset, keys), "a key of none is passed over")
		require.Equal(t, rows[3:4], tx.Rows(studio.TableAsset, keys[4:5]))
		for i := range rows {
			id, stands := tx.Named(studio.CollectionID{}, at(i).NameKey)
			require.Equal(t, i != 7, stands)
			require.Equal(t, stands, id == at(i).ID.ID)
		}
		return nil
	})
}

// Rows of tables that have two columns for a key are found and put too, and those of a table that nobody knows.
func TestRowsWithLongKeysArePut(t *testing.T) {
	pull := replicaStore(t)
	a := studio.Asset{ID: studio.AssetID{ID: studio.ID{2}}, Name: "shot", NameKey: "shot", Kind: studio.Task, NextVersion: 1,
		CreatedBy: studio.UserID{ID: studio.ID{1}}, Ver: 1}
	tag := studio.TagOn{Asset: a.ID, Tag: "late"}
	newer := studio.Opaque{Of: 200, At: "k", Form: "\x08\x01"}
	for range 2 {
		pull(func(tx *projectdb.Tx) error { return tx.PutRows([]studio.Row{a, tag, newer}, nil, none) })
	}
	newer.Form = "\x08\x02"
	pull(func(tx *projectdb.Tx) error { return tx.PutRows([]studio.Row{newer}, nil, none) })
	pull(func(tx *projectdb.Tx) error {
		require.Equal(t, []studio.Row{tag}, tx.Rows(studio.TableTag, []string{tag.Key(), tag.Key() + "x"}))
		require.Equal(t, []studio.Row{newer}, tx.Rows(newer.Of, []string{"k", "l"}))
		require.Empty(t, tx.Rows(0, []string{"k"}))
		return nil
	})
}
