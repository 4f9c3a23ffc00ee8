package dbtest_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/serverdb"
	"framehold/internal/serverdb/dbtest"
	"framehold/internal/serverdb/memdb"
	"framehold/internal/studio"
)

// Two stores that are compared over nothing are always the same.
func TestAPlayReachesEveryTableAndVerdict(t *testing.T) {
	store, project := memdb.New(), studio.ProjectID{ID: studio.ID{9}}
	require.NoError(t, store.Create(t.Context(), project, serverdb.Head{}))
	p := dbtest.NewPlay(project, rand.New(rand.NewPCG(1, 2)).IntN)
	require.NoError(t, dbtest.Push(t.Context(), store, project, true, dbtest.Acts(p.Founding())))
	for range 100 {
		require.NoError(t, dbtest.Push(t.Context(), store, project, false, p.Some(30)))
	}
	all := dbtest.Read(t, store, project, 4<<20)
	tables, gone, verdicts := map[studio.Table]bool{}, map[studio.Table]bool{}, map[studio.Verdict]int{}
	for _, r := range all.Rows {
		tables[r.Table] = true
		if r.Bytes == nil {
			gone[r.Table] = true
		}
	}
	for _, ev := range all.Events {
		verdicts[ev.Verdict]++
	}
	require.Len(t, tables, int(studio.TableLast))
	require.Equal(t, map[studio.Table]bool{studio.TableTag: true, studio.TableDependency: true}, gone)
	for v := studio.Applied; v <= studio.Refused; v++ {
		require.Greater(t, verdicts[v], 50, "verdict %d", v)
	}
	dbtest.Sound(t, store, project)
}
