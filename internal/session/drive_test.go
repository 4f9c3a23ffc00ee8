package session_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"framehold/internal/session"
	"framehold/internal/studio"
)

// driven keeps a desk in sync until the test ends; told hears every change.
func (a desk) driven(told func(session.SyncState)) {
	a.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.s.Drive(ctx, session.SyncRequest{Device: "test", App: "test"}, told) }()
	a.t.Cleanup(func() {
		stop()
		require.NoError(a.t, <-ended)
	})
}

// A file whose sending breaks is sent again by itself: nobody has to touch anything.
func TestWhatCouldNotBeSentIsSentAgainByItself(t *testing.T) {
	ctx := context.Background()
	h, _, ana, _ := publishedBy(t)
	id := asset(t, ana.s, "shot_020.blend")
	_, err := ana.s.Restore(ctx, id, studio.CheckpointID{}, nil)
	require.NoError(t, err)
	var uploads atomic.Int32
	broken := func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/uploads") && uploads.Add(1) == 1 }
	h.broken.Store(&broken)
	ana.driven(func(session.SyncState) {})
	ana.write("shot_020.blend", "two of ana")
	require.NoError(t, save(t, ana.s, "shot_020.blend", "two", "").Err)
	require.Eventually(t, func() bool {
		p, err := ana.s.Look(ctx)
		return err == nil && p.Assets[id].HeadVersion == 2 // the studio has decided it
	}, time.Minute, 20*time.Millisecond)
	require.Greater(t, uploads.Load(), int32(1))
}

// Who asks for a sync beside an open window is told at once that the studio is not reached.
func TestASyncBesideAWindowSaysThatTheStudioIsNotReached(t *testing.T) {
	ctx := context.Background()
	h, _, ana, _ := publishedBy(t)
	synced := make(chan struct{}, 1)
	ana.driven(func(session.SyncState) {
		select {
		case synced <- struct{}{}:
		default:
		}
	})
	<-synced
	other, err := session.Open(ctx, h.env("ana"), filepath.Join(h.dir, "films", "ana"))
	require.NoError(t, err)
	defer func() { require.NoError(t, other.Close()) }()
	h.http.CloseClientConnections()
	all := func(*http.Request) bool { return true }
	h.broken.Store(&all)
	ana.write("shot_020.blend", "two of ana")
	_, err = other.Sync(ctx, session.SyncRequest{Device: "test", App: "test"})
	require.Equal(t, studio.CodeUnreachable, studio.CodeOf(err))
}

// A studio that is full is said to be so; with room, what waits goes by itself when somebody asks (row B17).
func TestAFullStudioIsToldAndWhatWaitsGoesWhenThereIsRoom(t *testing.T) {
	ctx := context.Background()
	_, pia, ana, _ := publishedBy(t)
	id := asset(t, ana.s, "shot_020.blend")
	_, err := ana.s.Restore(ctx, id, studio.CheckpointID{}, nil)
	require.NoError(t, err)
	limited := func(bytes int64) {
		t.Helper()
		require.NoError(t, pia.s.SetOptions(ctx, func(p *studio.Project) { p.Options.QuotaBytes = bytes }))
		pia.sync()
	}
	limited(1)
	var full atomic.Bool
	ana.driven(func(now session.SyncState) { full.Store(now.Full) })
	ana.write("shot_020.blend", "two of ana")
	require.NoError(t, save(t, ana.s, "shot_020.blend", "two", "").Err)
	require.Eventually(t, full.Load, time.Minute, 20*time.Millisecond)
	other, err := session.Open(ctx, ana.env("ana"), ana.root)
	require.NoError(t, err)
	defer func() { require.NoError(t, other.Close()) }()

	limited(0)
	require.NoError(t, other.AskSync(ctx))
	require.Eventually(t, func() bool {
		p, err := ana.s.Look(ctx)
		return err == nil && p.Assets[id].HeadVersion == 2 && !full.Load()
	}, time.Minute, 20*time.Millisecond)
}

// A large version waits until somebody asks, and holds nobody up: a small one passes it, and one that is saved for review goes at
// once, with what it was made on.
func TestALargeVersionIsSentWhenSomebodyAsksOrWaitsForIt(t *testing.T) {
	ctx := context.Background()
	_, pia, ana, _ := publishedBy(t)
	id := asset(t, ana.s, "shot_020.blend")
	_, err := ana.s.Restore(ctx, id, studio.CheckpointID{}, nil)
	require.NoError(t, err)
	_, err = pia.s.New(ctx, []session.NewRequest{{Name: "small.txt", Kind: studio.Task}})
	require.NoError(t, err)
	small := asset(t, pia.s, "small.txt")
	give(t, pia.s, small, memberID(t, pia.s, "ana"))
	pia.sync()
	ana.sync()
	large := func(more int64) {
		t.Helper()
		require.NoError(t, os.Truncate(filepath.Join(ana.root, "shot_020.blend"), 256<<20+more)) // a hole: no time is spent on it
	}
	version := func(id studio.AssetID) uint32 {
		t.Helper()
		p, err := ana.s.Look(ctx)
		require.NoError(t, err)
		return p.Assets[id].HeadVersion
	}
	var waits atomic.Int32
	ana.driven(func(now session.SyncState) { waits.Store(int32(now.Large)) })
	large(0)
	require.NoError(t, save(t, ana.s, "shot_020.blend", "large", "").Err)
	require.Eventually(t, func() bool { return waits.Load() == 1 }, time.Minute, 20*time.Millisecond)
	ana.write("small.txt", "one")
	require.NoError(t, save(t, ana.s, "small.txt", "small", "").Err)
	require.Eventually(t, func() bool { return version(small) == 1 }, time.Minute, 20*time.Millisecond)
	require.Zero(t, version(id), "it has none yet")
	require.NoError(t, ana.s.AskSync(ctx))
	require.Eventually(t, func() bool { return version(id) == 2 && waits.Load() == 0 }, time.Minute, 20*time.Millisecond)

	large(1)
	require.NoError(t, save(t, ana.s, "shot_020.blend", "larger", "").Err)
	require.Eventually(t, func() bool { return waits.Load() == 1 }, time.Minute, 20*time.Millisecond)
	ana.write("shot_020.blend", "small again")
	require.NoError(t, save(t, ana.s, "shot_020.blend", "made on a large one", "").Err)
	require.Eventually(t, func() bool { return waits.Load() == 2 }, time.Minute, 20*time.Millisecond, "it waits with that")
	large(2)
	require.NoError(t, save(t, ana.s, "shot_020.blend", "look", "wfa").Err)
	require.Eventually(t, func() bool { return version(id) == 5 && waits.Load() == 0 }, time.Minute, 20*time.Millisecond)
}

// What this computer sends is limited where its person says so, and is so while it sends: a file that would go at once waits.
func TestWhatIsSentIsLimitedInRate(t *testing.T) {
	h, _, ana, _ := publishedBy(t)
	id := asset(t, ana.s, "shot_020.blend")
	_, err := ana.s.Restore(t.Context(), id, studio.CheckpointID{}, nil)
	require.NoError(t, err)
	home := h.env("ana").Home()
	limited := func(bytes int64) error {
		me, err := home.Profile(session.Profile{})
		require.NoError(t, err)
		_, err = home.SetSendMax(me, bytes)
		return err
	}
	require.Equal(t, studio.CodeUsage, studio.CodeOf(limited(session.SendMaxLeast-1)))
	require.NoError(t, limited(session.SendMaxLeast))
	body := make([]byte, 1<<20)
	_, _ = rand.Read(body)
	ana.write("shot_020.blend", string(body))
	require.NoError(t, save(t, ana.s, "shot_020.blend", "two", "").Err)
	r := session.SyncRequest{Device: "test", App: "test"}
	soon, cancel := context.WithTimeout(t.Context(), 2*time.Second) // it would take a minute
	defer cancel()
	_, err = ana.s.Sync(soon, r)
	require.Error(t, err)
	require.Error(t, soon.Err())
	require.NoError(t, limited(0))
	ana.sync()
	p, err := ana.s.Look(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 2, p.Assets[id].HeadVersion)
}
