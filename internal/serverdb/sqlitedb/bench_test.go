package sqlitedb_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/serverdb"
	"framehold/internal/serverdb/dbtest"
	"framehold/internal/serverdb/sqlitedb"
	"framehold/internal/studio"
)

const group = 256 // ops that one commit takes at most

func numbered(kind byte, n int) studio.ID {
	id := studio.ID{0: kind}
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

// filled is a project of n tasks.
func filled(b *testing.B, n int) (*sqlitedb.Store, *dbtest.Play) {
	store := open(b, sqlitedb.Options{})
	p := dbtest.NewPlay(film, rand.New(rand.NewPCG(1, 1)).IntN)
	require.NoError(b, store.Create(b.Context(), film, serverdb.Head{}))
	require.NoError(b, dbtest.Push(b.Context(), store, film, true, dbtest.Acts(p.Founding())))
	require.NoError(b, store.Tx(b.Context(), film, func(tx serverdb.Tx) error {
		head := tx.Head()
		ev := studio.Event{Seq: head.Seq + 1, Op: studio.OpID{ID: studio.ID{1}}, Kind: studio.KindAssetCreate, Verdict: studio.Applied}
		ev.Chain = ev.NextChain(head.Chain)
		rows := make([]studio.Row, n)
		for i := range rows {
			name := fmt.Sprintf("sc%03d_sh%06d_layout.blend", i%100, i)
			rows[i] = studio.Asset{ID: studio.AssetID{ID: numbered(4, i)}, Name: name, NameKey: name, Kind: studio.Task,
				Status: tx.Statuses()[i%5].ID, StatusMs: 1_700_000_000_000, Rank: "m", Due: "2026-12-24", NextVersion: 1,
				CreatedBy: tx.Members()[0].User, CreatedMs: 1_700_000_000_000, Description: "camera from the left, then the door", Ver: 1}
		}
		if err := tx.Append([]studio.Event{ev}); err != nil {
			return err
		}
		return tx.Put(ev.Seq, rows, nil)
	}))
	return store, p
}

// due hands out a group of acts that are applied: the common case of one row and one event.
func due(p *dbtest.Play, r *rand.Rand, tasks int) dbtest.Next {
	left := group
	return func(view studio.View) (dbtest.Act, bool) {
		left--
		a, _ := view.Asset(studio.AssetID{ID: numbered(4, r.IntN(tasks))})
		return p.Due(a), left >= 0
	}
}

func BenchmarkOpsInGroups(b *testing.B) {
	const tasks = 20_000
	store, p := filled(b, tasks)
	r := rand.New(rand.NewPCG(2, 1))
	for b.Loop() {
		if err := dbtest.Push(b.Context(), store, film, true, due(p, r, tasks)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*group)/b.Elapsed().Seconds(), "ops/s")
}

// What a play does is of all kinds, and half of it writes more than one row.
func BenchmarkPlaysInGroups(b *testing.B) {
	store := open(b, sqlitedb.Options{})
	p := dbtest.NewPlay(film, rand.New(rand.NewPCG(1, 1)).IntN)
	require.NoError(b, store.Create(b.Context(), film, serverdb.Head{}))
	require.NoError(b, dbtest.Push(b.Context(), store, film, true, dbtest.Acts(p.Founding())))
	for b.Loop() {
		if err := dbtest.Push(b.Context(), store, film, true, p.Some(group)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*group)/b.Elapsed().Seconds(), "ops/s")
}

func BenchmarkOpsOneByOne(b *testing.B) {
	store, p := filled(b, 20_000)
	for i := 0; b.Loop(); i++ {
		if err := dbtest.Push(b.Context(), store, film, false, dbtest.One(func(view studio.View) dbtest.Act {
			a, _ := view.Asset(studio.AssetID{ID: numbered(4, i*7919%20_000)})
			return p.Due(a)
		})); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

func BenchmarkRowsAfter(b *testing.B) {
	const tasks = 100_000
	store, _ := filled(b, tasks)
	n := 0
	for b.Loop() {
		require.NoError(b, store.Read(b.Context(), film, func(s serverdb.Snapshot) error {
			at := serverdb.Position{}
			for more := true; more; {
				var rows []serverdb.Row
				rows, more = s.RowsAfter(at, s.Head().Seq, 4<<20)
				at, n = serverdb.Behind(rows[len(rows)-1]), n+len(rows)
			}
			return nil
		}))
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(n)*100_000, "s/100k")
}
