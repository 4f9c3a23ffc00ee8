package session_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/replica"
	"framehold/internal/session"
	"framehold/internal/studio"
)

// What waits at the beginning of a long queue hides nothing behind it: only the beginning is read, unless it does not fill a batch.
func TestWhatWaitsDoesNotHideWhatIsBehindIt(t *testing.T) {
	_, ana, _ := newFilm(t, nil)
	ana.syncs()
	ana.write("ana.blend", "one")
	made := save(t, ana.Session, "ana.blend", "one", "")
	require.NoError(t, made.Err)
	for _, to := range []string{"WIP", "WFA", "WIP", "WFA", "WIP", "WFA"} { // behind a seal that waits for its bytes
		_, err := ana.SetStatus(t.Context(), session.StatusRequest{Assets: []studio.AssetID{made.Asset}, To: status(t, ana.Session, to)})
		require.NoError(t, err)
	}
	ana.notes(made.Asset, "goes at once")
	build := func(limit int) (kinds []studio.Kind) {
		ops, _, err := session.SyncStore(ana.Session).Build(t.Context(), replica.Build{Limit: limit, Knows: func(studio.Kind) bool { return true }})
		require.NoError(t, err)
		for _, op := range ops {
			kinds = append(kinds, op.Kind)
		}
		return kinds
	}
	require.Equal(t, []studio.Kind{studio.KindAnnounce}, build(1))
	require.Equal(t, []studio.Kind{studio.KindAnnounce, studio.KindNoteAdd}, build(2))
	require.NoError(t, session.SetCovered(t.Context(), ana.Session, made.ID))
	require.Equal(t, []studio.Kind{studio.KindAnnounce, studio.KindNoteAdd, studio.KindSeal}, build(3))
	require.Len(t, build(100), 9)
}
