package dbtest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

// Everything is what a snapshot says of a project, as far as rows, events and clients go.
type Everything struct {
	Head    serverdb.Head
	Rows    []serverdb.Row
	Events  []studio.Event
	Clients []serverdb.Client
}

// Read reads everything of a project, in pages of pageBytes.
func Read(t require.TestingT, store serverdb.Store, project studio.ProjectID, pageBytes int) (all Everything) {
	require.NoError(t, store.Read(context.Background(), project, func(s serverdb.Snapshot) error {
		all = Everything{Head: s.Head(), Rows: rowsOf(s, pageBytes), Clients: s.Clients()}
		for after := uint64(0); after < all.Head.Seq; after = all.Events[len(all.Events)-1].Seq {
			page := s.Events(after, all.Head.Seq, 7)
			require.NotEmpty(t, page)
			all.Events = append(all.Events, page...)
		}
		return nil
	}))
	return all
}

func rowsOf(s serverdb.Snapshot, pageBytes int) (rows []serverdb.Row) {
	at := serverdb.Position{}
	for more := true; more; {
		var page []serverdb.Row
		if page, more = s.RowsAfter(at, s.Head().Seq, pageBytes); len(page) > 0 {
			at = serverdb.Behind(page[len(page)-1])
		}
		rows = append(rows, page...)
	}
	return rows
}

// Sound demands that a project agrees with itself: sums are those of the rows, rows come once and in order, events are
// dense and in their chain, and every lookup of the view is that of studio's own State over the same rows.
func Sound(t require.TestingT, store serverdb.Store, project studio.ProjectID) {
	all := Read(t, store, project, 300)
	sums, keys := studio.Sums{}, map[string]bool{}
	state := studio.NewState(nil)
	for i, r := range all.Rows {
		key := fmt.Sprintf("%d %x", r.Table, r.Key)
		require.False(t, keys[key], "row %s comes twice", key)
		require.True(t, i == 0 || before(all.Rows[i-1], r), "row %s is out of order", key)
		keys[key] = true
		if r.Bytes == nil {
			continue
		}
		sums[r.Table] = sums[r.Table].Plus(r.Bytes)
		row, err := studio.DecodeRow(r.Table, r.Bytes)
		require.NoError(t, err)
		require.Equal(t, r.Key, row.Key())
		state.Apply(studio.Decision{Puts: []studio.Row{row}}, studio.Event{})
	}
	require.Equal(t, sums, all.Head.Sums)
	last := serverdb.Head{}
	require.NoError(t, serverdb.Follow(last, all.Events))
	if n := len(all.Events); n > 0 {
		last.Seq, last.Chain = all.Events[n-1].Seq, all.Events[n-1].Chain
	}
	require.Equal(t, last.Seq, all.Head.Seq)
	require.Equal(t, last.Chain, all.Head.Chain)
	require.NoError(t, store.Read(context.Background(), project, func(s serverdb.Snapshot) error {
		sameView(t, state, s, all)
		require.Equal(t, asksIn(t, all.Rows), s.Asks())
		return nil
	}))
}

// asksIn lists the asks among rows, in order of id.
func asksIn(t require.TestingT, rows []serverdb.Row) (asks []studio.Handover) {
	for _, r := range rows {
		if r.Table == studio.TableHandover && r.Bytes != nil {
			row, err := studio.DecodeRow(r.Table, r.Bytes)
			require.NoError(t, err)
			asks = append(asks, row.(studio.Handover))
		}
	}
	slices.SortFunc(asks, func(a, b studio.Handover) int { return slices.Compare(a.ID.ID[:], b.ID.ID[:]) })
	return asks
}

func before(a, b serverdb.Row) bool {
	if a.Seq != b.Seq {
		return a.Seq < b.Seq
	}
	if a.Table != b.Table {
		return a.Table < b.Table
	}
	return a.Key < b.Key
}

// sameView compares the lookups of a view with those of a state that was made of the same rows, for whatever there is
// and something that there is not.
func sameView(t require.TestingT, want *studio.State, got studio.View, all Everything) {
	same := func(view func(studio.View) any) { require.Equal(t, view(want), view(got)) }
	same(func(v studio.View) any {
		return []any{v.Project(), v.Members(), v.Roles(), v.Statuses(), v.Types()}
	})
	rows := append(slices.Clone(all.Rows), serverdb.Row{Table: studio.TableAsset, Key: string(studio.ID{15: 200}.Bytes())},
		serverdb.Row{Table: studio.TableCollection, Key: string(studio.ID{}.Bytes())})
	for _, r := range rows {
		id := studio.IDFrom([]byte(r.Key)[:16])
		switch r.Table {
		case studio.TableCollection:
			same(func(v studio.View) any { return pair(v.Collection(studio.CollectionID{ID: id})) })
			same(func(v studio.View) any { return pair(v.Inside(studio.CollectionID{ID: id})) })
			c, _ := want.Collection(studio.CollectionID{ID: id})
			same(func(v studio.View) any { return pair(v.Named(c.Parent, c.NameKey)) })
		case studio.TableAsset:
			sameAsset(t, want, got, studio.AssetID{ID: id})
		case studio.TableCheckpoint:
			k, _ := want.Checkpoint(studio.CheckpointID{ID: id})
			same(func(v studio.View) any { return pair(v.Checkpoint(k.ID)) })
			same(func(v studio.View) any { return pair(v.Chain(k.ChainRoot)) })
		case studio.TableParked:
			same(func(v studio.View) any { return pair(v.Chain(studio.CheckpointID{ID: id})) })
		case studio.TableTag:
			same(func(v studio.View) any { return v.HasTag(studio.AssetID{ID: id}, r.Key[16:]) })
		}
		sameRow(t, want, got, r.Table, id)
	}
	require.NoError(t, got.Err())
	for _, ev := range all.Events {
		found, ok := got.Event(ev.Op)
		require.True(t, ok)
		require.Equal(t, ev, found)
	}
}

func sameAsset(t require.TestingT, want *studio.State, got studio.View, id studio.AssetID) {
	a, _ := want.Asset(id)
	for _, v := range []func(studio.View) any{
		func(v studio.View) any { return pair(v.Asset(id)) },
		func(v studio.View) any { return pair(v.Named(a.Parent, a.NameKey)) },
		func(v studio.View) any { return pair(v.Named(a.Parent, a.NameKey[:len(a.NameKey)/2])) },
		func(v studio.View) any { return v.Notes(id) },
		func(v studio.View) any { return v.Needs(id) },
		func(v studio.View) any { return v.Parked(id) },
		func(v studio.View) any { return pair(v.Road(id)) },
		func(v studio.View) any { return v.Handovers(id) },
		func(v studio.View) any { return v.HasTag(id, "her") },
	} {
		require.Equal(t, v(want), v(got))
	}
}

// sameRow compares what is found by id alone.
func sameRow(t require.TestingT, want *studio.State, got studio.View, table studio.Table, id studio.ID) {
	var find func(studio.View) any
	switch table {
	case studio.TableMember:
		find = func(v studio.View) any {
			return []any{pair(v.Member(studio.UserID{ID: id})), v.HeldBy(studio.UserID{ID: id})}
		}
	case studio.TableRole:
		find = func(v studio.View) any { return pair(v.Role(studio.RoleID{ID: id})) }
	case studio.TableStatus:
		find = func(v studio.View) any {
			return []any{pair(v.Status(studio.StatusID{ID: id})), v.InStatus(studio.StatusID{ID: id})}
		}
	case studio.TableType:
		find = func(v studio.View) any { return pair(v.Type(studio.TypeID{ID: id})) }
	case studio.TableAssignment:
		find = func(v studio.View) any { return pair(v.Assignment(studio.AssignmentID{ID: id})) }
	case studio.TableNote:
		find = func(v studio.View) any { return pair(v.Note(studio.NoteID{ID: id})) }
	case studio.TableHandover:
		find = func(v studio.View) any { return pair(v.Handover(studio.HandoverID{ID: id})) }
	case studio.TableView:
		find = func(v studio.View) any { return pair(v.View(studio.ViewID{ID: id})) }
	default:
		return
	}
	require.Equal(t, find(want), find(got))
}

func pair[A, B any](a A, b B) [2]any { return [2]any{a, b} }

// Same plays one random stream of acts on two kinds of stores and demands equal rows, sums, events and chain, and that
// each is sound. Every other push is written as a whole, the others act by act; now and then one fails at its end.
func Same(t *testing.T, one, other func() serverdb.Store) {
	rapid.Check(t, func(t *rapid.T) {
		play := func(store serverdb.Store, numbers []int, pushes []int) Everything {
			project := studio.ProjectID{ID: studio.ID{0: 9, 15: 1}}
			p := NewPlay(project, drawnFrom(numbers))
			ctx := context.Background()
			require.NoError(t, store.Create(ctx, project, serverdb.Head{Generation: [8]byte{1}, GenNo: 1, ServerMs: 5}))
			require.NoError(t, Push(ctx, store, project, true, Acts(p.Founding())))
			for i, n := range pushes {
				if n%5 == 4 {
					failed := *p
					require.ErrorIs(t, Push(ctx, fail{store}, project, i%2 == 0, failed.Some(n)), errFail)
				}
				require.NoError(t, Push(ctx, store, project, i%2 == 0, p.Some(n)))
			}
			Sound(t, store, project)
			return Read(t, store, project, 1+len(numbers)*7)
		}
		numbers := rapid.SliceOfN(rapid.IntRange(0, 1<<16), 50, 400).Draw(t, "numbers")
		pushes := rapid.SliceOfN(rapid.IntRange(1, 20), 1, 12).Draw(t, "pushes")
		a, b := one(), other()
		require.Equal(t, play(a, numbers, pushes), play(b, numbers, pushes))
		require.NoError(t, a.Close())
		require.NoError(t, b.Close())
	})
}

// drawnFrom goes round and round through numbers, a little different each time.
func drawnFrom(numbers []int) func(int) int {
	at := 0
	return func(n int) int {
		at++
		return (numbers[at%len(numbers)] + at/len(numbers)*7919) % n
	}
}
