package session_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/session"
	"framehold/internal/studio"
)

// TestCase_E16: what is moved to review is sent at once, with what it was made on; meanwhile the others read how far it has come.
func TestCase_E16(t *testing.T) {
	ctx := context.Background()
	h, pia, ana, ben := publishedBy(t)
	id := asset(t, ana.s, "shot_020.blend")
	_, err := ana.s.Restore(ctx, id, studio.CheckpointID{}, nil)
	require.NoError(t, err)
	first, second := make([]byte, 40_000), make([]byte, 90_000)
	_, _ = rand.Read(first)
	_, _ = rand.Read(second)
	ana.write("shot_020.blend", string(first))
	require.NoError(t, save(t, ana.s, "shot_020.blend", "on the way", "").Err)
	ana.write("shot_020.blend", string(second))
	p, err := ana.s.Look(ctx)
	require.NoError(t, err)
	wfa, err := p.StatusNamed("wfa")
	require.NoError(t, err)
	image := picture(t)
	made, err := ana.s.CreateCheckpoint(ctx, session.CheckpointRequest{Assets: []studio.AssetID{id}, Comment: "look", To: wfa.ID, Image: image})
	require.NoError(t, err)
	require.NoError(t, made[0].Err)

	var uploads atomic.Int32 // each file takes two: its chunks, then its pages with the root
	broken := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/uploads") && uploads.Add(1) > 4 }
	h.broken.Store(&broken)
	_, err = ana.s.Sync(ctx, session.SyncRequest{Device: "test", App: "test"})
	require.Error(t, err, "the image of the second one does not get through")
	for _, d := range []desk{pia, ben} {
		d.sync()
		arriving, err := d.s.Arriving(ctx, id)
		require.NoError(t, err)
		require.Len(t, arriving, 1, "what it was made on has arrived")
		require.Equal(t, made[0].ID, arriving[0].ID)
		require.Equal(t, "v3*", arriving[0].Label)
		require.Equal(t, "WFA", arriving[0].For)
		require.Equal(t, int(90_000*100/(90_000+image.Size)), arriving[0].Percent)
	}
	mine, err := ana.s.Arriving(ctx, id)
	require.NoError(t, err)
	require.Empty(t, mine, "one's own is in the indicator")

	h.broken.Store(nil)
	ana.sync()
	for _, d := range []desk{pia, ben} {
		d.sync()
		arriving, err := d.s.Arriving(ctx, id)
		require.NoError(t, err)
		require.Empty(t, arriving)
		p, err := d.s.Look(ctx)
		require.NoError(t, err)
		require.Equal(t, wfa.ID, p.Assets[id].Status)
		require.EqualValues(t, 3, p.Assets[id].HeadVersion)
	}
}
