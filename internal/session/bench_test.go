package session_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/session"
	"framehold/internal/studio"
)

// BenchmarkVerifyOfABigFilm proves 20,000 tasks from 60,000 events: created, given, begun.
func BenchmarkVerifyOfABigFilm(b *testing.B) {
	ctx := b.Context()
	w := &world{root: b.TempDir() + "/film", home: b.TempDir()}
	ana, err := session.Init(ctx, w.env("ana"), w.root, "Film")
	require.NoError(b, err)
	p, err := ana.Look(ctx)
	require.NoError(b, err)
	wip, err := p.StatusNamed("wip")
	require.NoError(b, err)
	for part := range 20 {
		wanted := make([]session.NewRequest, 1000)
		for i := range wanted {
			wanted[i] = session.NewRequest{Name: fmt.Sprintf("shot_%02d_%04d", part, i), Kind: studio.Task}
		}
		out, err := ana.New(ctx, wanted)
		require.NoError(b, err)
		ids := make([]studio.AssetID, len(wanted))
		for i, r := range out.Results {
			ids[i] = studio.AssetID{ID: r.Entity}
		}
		_, err = ana.Assign(ctx, session.AssignRequest{Assets: ids, To: ana.Me()})
		require.NoError(b, err)
		_, err = ana.SetStatus(ctx, session.StatusRequest{Assets: ids, To: wip.ID})
		require.NoError(b, err)
	}
	for b.Loop() {
		v, err := ana.Verify(ctx, nil)
		require.NoError(b, err)
		require.Empty(b, v.Problems)
		require.Greater(b, v.Events, 60_000)
	}
	require.NoError(b, ana.Close())
}
