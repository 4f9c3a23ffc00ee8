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

// BenchmarkRebaseOfAThousandPending lays a change of somebody else under 1,000 acts that were made offline.
func BenchmarkRebaseOfAThousandPending(b *testing.B) {
	f, ana, ben := newFilm(b, map[string]string{"ben": "Supervisor"})
	ana.syncs()
	wanted := make([]session.NewRequest, 1000)
	for i := range wanted {
		wanted[i] = session.NewRequest{Name: fmt.Sprintf("shot_%04d", i), Kind: studio.Task, Assign: ana.Me()}
	}
	out, err := ana.New(b.Context(), wanted)
	require.NoError(b, err)
	ana.syncs()
	ben.syncs()
	ids := make([]studio.AssetID, len(wanted))
	for i, r := range out.Results {
		ids[i] = studio.AssetID{ID: r.Entity}
	}
	wip := status(b, ana.Session, "WIP")
	_, err = ana.SetStatus(b.Context(), session.StatusRequest{Assets: ids, To: wip})
	require.NoError(b, err)
	require.Equal(b, 1000, ana.queued())
	f.deaf = true
	nobody := asset(b, ben.Session, "nobody.blend")
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		_, _, err := ben.AddNote(b.Context(), nobody, fmt.Sprint("note ", i))
		require.NoError(b, err)
		f.deaf = false
		ben.syncs()
		f.deaf = true
		b.StartTimer()
		ana.sync.Wake(true)
		_, err = ana.sync.Round(b.Context())
		require.NoError(b, err)
		b.StopTimer()
		require.Equal(b, 1000, ana.queued())
		b.StartTimer()
	}
}
