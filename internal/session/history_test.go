package session_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/projectdb"
	"framehold/internal/replica"
	"framehold/internal/session"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// blank gives a person a store of the studio project in which nothing is yet.
func (f *film) blank(name string, account studio.UserID) *artist {
	f.t.Helper()
	a := &artist{world: newWorld(f.t), film: f, account: account}
	require.NoError(f.t, os.MkdirAll(a.root, 0o755))
	s, err := session.Blank(f.t.Context(), a.env(name), a.root, f.project,
		projectdb.Replica{Server: "https://studio.test", Account: account})
	require.NoError(f.t, err)
	f.t.Cleanup(func() {
		if a.Session == s { // not opened again
			require.NoError(f.t, s.Close())
		}
	})
	a.Session = s
	f.converse(a, name)
	return a
}

func (a *artist) historyDue() bool {
	a.t.Helper()
	due, err := a.HistoryDue(a.t.Context())
	require.NoError(a.t, err)
	return due
}

func (a *artist) log() []studio.Line {
	a.t.Helper()
	lines, err := a.Log(a.t.Context(), studio.AssetID{})
	require.NoError(a.t, err)
	return lines
}

// A clone can be worked in before its history is here: what comes meanwhile passes it, it goes on where it was cut off, and at
// the end the log is that of somebody who was there from the beginning.
func TestAClonesHistoryComesBehindItsRows(t *testing.T) {
	f, ana, ben := newFilm(t, nil)
	ana.syncs()
	ben.syncs()
	again := f.blank("ben", ben.account)
	again.syncs()
	require.True(t, again.historyDue())
	require.Empty(t, again.log())
	require.NotZero(t, asset(t, again.Session, "nobody.blend"), "the rows are here")
	again.proves()

	_, _, err := again.AddNote(t.Context(), asset(t, again.Session, "ben.blend"), "made before the history was here")
	require.NoError(t, err)
	again.proves()
	again.syncs() // sends it, and gets the first part
	require.Zero(t, again.queued())
	_, _, err = ana.AddNote(t.Context(), asset(t, ana.Session, "ana.blend"), "made meanwhile")
	require.NoError(t, err)
	ana.syncs()
	again.syncs()
	require.True(t, again.historyDue(), "it is not all here yet")
	some := len(again.log())
	require.NotZero(t, some)
	again.proves()

	require.NoError(t, again.Close())
	again = f.again(again, "ben") // cut off
	again.syncs()
	again.syncs() // what is new goes first, and a part each time
	require.Greater(t, len(again.log()), some)
	for range 1000 {
		if !again.historyDue() {
			break
		}
		again.syncs()
	}
	require.False(t, again.historyDue())
	ana.syncs()
	require.Equal(t, ana.log(), again.log())
	again.proves()
}

// A history that does not lead to the chain of the first rows is not kept: everything is fetched anew.
func TestAHistoryOfAnotherProjectIsNotKept(t *testing.T) {
	f, ana, ben := newFilm(t, nil)
	ana.syncs()
	again := f.blank("ben", ben.account)
	again.syncs()
	store := session.SyncStore(again.Session)
	_, err := store.KeepLog(t.Context(), replica.KeepLog{Events: []studio.Event{{Seq: 1, Op: studio.OpID{ID: studio.IDFrom(randomID())}}, {Seq: 3}}})
	require.ErrorIs(t, err, replica.ErrDiffers)
	require.Empty(t, again.log(), "nothing of it was written")
	stand, err := store.Stand(t.Context())
	require.NoError(t, err)
	require.NotZero(t, stand.Log.Upto)
	require.Equal(t, wire.Cookie{Generation: stand.Cookie.Generation, Seq: stand.Log.Upto, Chain8: stand.Cookie.Chain8}, stand.Cookie)
}

// What a person does ahead of the studio is in the history at once, said to be unsent, and once: when the studio has decided it,
// its event takes the place.
func TestOwnActsAreInTheHistoryBeforeTheStudioKnowsOfThem(t *testing.T) {
	f, ana, _ := newFilm(t, nil)
	ana.syncs()
	f.down = true
	id := asset(t, ana.Session, "ana.blend")
	before := len(ana.log())
	ana.write("ana.blend", "one")
	require.NoError(t, save(t, ana.Session, "ana.blend", "lit", "wfa").Err)
	ana.notes(id, "look at the cliff")
	kinds := func() (kinds []string, unsent int) {
		t.Helper()
		lines, err := ana.Log(t.Context(), id)
		require.NoError(t, err)
		for _, l := range lines {
			kinds = append(kinds, l.Kind+" "+l.Label)
			if session.IsUnsent(l) {
				unsent++
			}
		}
		return kinds, unsent
	}
	ahead, unsent := kinds()
	require.Equal(t, 2, unsent)
	require.Equal(t, []string{"checkpoint v1*", "note v1*"}, ahead[len(ahead)-2:])
	require.Len(t, ana.log(), before+2)
	p, err := ana.Look(t.Context())
	require.NoError(t, err)
	below, err := ana.LogBelow(t.Context(), p, studio.CollectionID{})
	require.NoError(t, err)
	require.Equal(t, ana.log()[before:], below[len(below)-2:])

	f.down = false
	ana.sends()
	after, unsent := kinds()
	require.Zero(t, unsent)
	require.Len(t, after, len(ahead))
	require.Contains(t, after, "checkpoint v1")
}

// What a task needs comes with it, each thing once, however many of them need it.
func TestWhatTasksNeedIsListedOnce(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	ana := w.init("ana")
	ids := map[string]studio.AssetID{}
	for _, name := range []string{"a.blend", "b.blend", "rig.blend", "wood.png"} {
		w.write(name, name)
		ids[name] = addTask(t, ana, name, ana.Me())
	}
	for _, need := range [][2]string{{"a.blend", "rig.blend"}, {"b.blend", "rig.blend"}, {"rig.blend", "wood.png"}} {
		out, err := ana.Depend(ctx, ids[need[0]], []studio.ID{ids[need[1]].ID}, false)
		done(t, out, err)
	}
	all, err := ana.WithNeeds(ctx, []studio.AssetID{ids["a.blend"], ids["b.blend"]})
	require.NoError(t, err)
	require.ElementsMatch(t, []studio.AssetID{ids["a.blend"], ids["b.blend"], ids["rig.blend"], ids["wood.png"]}, all)
	_, err = ana.WithNeeds(ctx, []studio.AssetID{{ID: studio.IDFrom(randomID())}})
	require.Equal(t, studio.CodeUnknownAsset, studio.CodeOf(err))
}
