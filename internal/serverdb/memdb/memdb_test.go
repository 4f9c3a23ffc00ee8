package memdb_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/serverdb"
	"framehold/internal/serverdb/dbtest"
	"framehold/internal/serverdb/memdb"
	"framehold/internal/studio"
)

var film = studio.ProjectID{ID: studio.ID{9}}

func TestMemoryPassesTheSuite(t *testing.T) {
	dbtest.Run(t, func(*testing.T) serverdb.Store { return memdb.New() })
}

func played(t testing.TB, seed uint64) (*memdb.Store, *dbtest.Play) {
	store, p := memdb.New(), dbtest.NewPlay(film, rand.New(rand.NewPCG(seed, 1)).IntN)
	require.NoError(t, store.Create(t.Context(), film, serverdb.Head{}))
	require.NoError(t, dbtest.Push(t.Context(), store, film, true, dbtest.Acts(p.Founding())))
	return store, p
}

func TestACopyGoesItsOwnWay(t *testing.T) {
	store, p := played(t, 1)
	require.NoError(t, dbtest.Push(t.Context(), store, film, true, p.Some(100)))
	backup := store.Copy()
	before := dbtest.Read(t, store, film, 1<<20)
	require.NoError(t, dbtest.Push(t.Context(), store, film, true, p.Some(100)))
	after := dbtest.Read(t, store, film, 1<<20)
	require.Equal(t, before, dbtest.Read(t, backup, film, 1<<20))
	require.NoError(t, dbtest.Push(t.Context(), backup, film, true, p.Some(5)))
	require.Equal(t, after, dbtest.Read(t, store, film, 1<<20))
	dbtest.Sound(t, backup, film)
}

// One push of one act each: what a simulation does most. The project is a new one every 5,000 acts: small.
func BenchmarkOneActInATransaction(b *testing.B) {
	var store *memdb.Store
	var p *dbtest.Play
	for i := 0; b.Loop(); i++ {
		if i%5000 == 0 {
			store, p = played(b, 1)
		}
		if err := dbtest.Push(b.Context(), store, film, false, p.Some(1)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "acts/s")
}
