package session_test

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/auth"
	"framehold/internal/chunk"
	"framehold/internal/clock"
	"framehold/internal/fsys"
	"framehold/internal/server"
	"framehold/internal/session"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// house is a studio server on loopback, and people with a home each.
type house struct {
	t    *testing.T
	dir  string
	http *httptest.Server
	// broken, when set, is asked about each call: one that it takes is answered as by a server that cannot.
	broken atomic.Pointer[func(*http.Request) bool]
}

func newHouse(t *testing.T, people ...string) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir()}
	o := server.Options{Dir: filepath.Join(h.dir, "studio"), FS: fsys.Real(), Clock: clock.System(),
		Passwords: auth.Params{MemoryKiB: 64, Passes: 1, Lanes: 1}}
	require.NoError(t, server.Init(context.Background(), o, server.Admin{Username: people[0], Password: "a long password"}))
	s, err := server.OpenStudio(context.Background(), o)
	require.NoError(t, err)
	for _, p := range people[1:] {
		require.NoError(t, addUser(s, p))
	}
	require.NoError(t, s.Close())
	serving, err := server.Open(context.Background(), o)
	require.NoError(t, err)
	h.http = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if broken := h.broken.Load(); broken != nil && (*broken)(r) {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		serving.Handler().ServeHTTP(w, r)
	}))
	h.http.Config.Protocols = wire.Protocols()
	h.http.Start()
	t.Cleanup(func() {
		h.http.Close()
		require.NoError(t, serving.Close())
	})
	return h
}

func (h *house) env(username string) session.Env {
	return session.Env{FS: fsys.Real(), Clock: clock.System(), HomeDir: filepath.Join(h.dir, "homes", username),
		Fallback: session.Profile{Username: username, Name: username + " of the film"}}
}

func (h *house) login(username string) {
	h.t.Helper()
	_, err := session.Login(context.Background(), h.env(username), session.LoginRequest{Address: h.http.URL, Username: username,
		Password: "a long password", Device: "test", App: "test"})
	require.NoError(h.t, err)
}

// desk is a person at their own copy of the project.
type desk struct {
	*world
	s *session.Session
}

func (h *house) clone(username string) desk {
	h.t.Helper()
	h.login(username)
	root := filepath.Join(h.dir, "films", username)
	s, err := session.Clone(context.Background(), h.env(username), session.CloneRequest{Server: h.http.URL, Project: "Film", Dir: root})
	require.NoError(h.t, err)
	h.t.Cleanup(func() {
		if err := s.Close(); !errors.Is(err, fs.ErrClosed) { // some tests close it themselves
			require.NoError(h.t, err)
		}
	})
	return desk{&world{t: h.t, root: root, home: filepath.Join(h.dir, "homes")}, s}
}

func (a desk) sync() session.Synced {
	a.t.Helper()
	done, err := a.s.Sync(context.Background(), session.SyncRequest{Device: "test", App: "test"})
	require.NoError(a.t, err)
	return done
}

// published is a film with a task of ana's, published by pia, its producer; everyone has a copy.
func published(t *testing.T) (pia, ana, ben desk) {
	t.Helper()
	_, pia, ana, ben = publishedBy(t)
	return pia, ana, ben
}

// publishedBy is published, and the house that it stands in.
func publishedBy(t *testing.T) (h *house, pia, ana, ben desk) {
	t.Helper()
	h = newHouse(t, "pia", "ana", "ben")
	w := &world{t: t, root: filepath.Join(h.dir, "films", "pia"), home: filepath.Join(h.dir, "homes")}
	s, err := session.Init(context.Background(), h.env("pia"), w.root, "Film")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	member(t, s, "ben", "Artist")
	anaIs := member(t, s, "ana", "Artist")
	w.write("shot_020.blend", "one")
	addTask(t, s, "shot_020.blend", anaIs.User)
	h.login("pia")
	require.NoError(t, s.Publish(context.Background(), session.PublishRequest{Server: h.http.URL, Confirm: func(list []session.Matched) bool {
		require.Len(t, list, 3)
		return true
	}}))
	return h, desk{w, s}, h.clone("ana"), h.clone("ben")
}

func TestWhatWasMadeOfflineIsParkedAsOneChainAndAdopted(t *testing.T) {
	ctx := context.Background()
	pia, ana, ben := published(t)
	id := asset(t, ana.s, "shot_020.blend")
	_, err := ana.s.Restore(ctx, id, studio.CheckpointID{}, nil)
	require.NoError(t, err)
	require.Equal(t, "one", ana.read("shot_020.blend"))

	// ana, offline
	ana.write("shot_020.blend", "two of ana")
	require.NoError(t, save(t, ana.s, "shot_020.blend", "two", "").Err)
	ana.write("shot_020.blend", "three of ana")
	require.NoError(t, save(t, ana.s, "shot_020.blend", "three", "wfa").Err)

	// the producer gives the task to ben, who saves
	give(t, pia.s, id, memberID(t, pia.s, "ben"))
	require.Empty(t, pia.sync().Refused)
	ben.sync()
	_, err = ben.s.Restore(ctx, id, studio.CheckpointID{}, nil)
	require.NoError(t, err)
	ben.write("shot_020.blend", "two of ben")
	require.NoError(t, save(t, ben.s, "shot_020.blend", "two", "").Err)
	synced := ben.sync()
	require.Empty(t, synced.Parked)
	require.EqualValues(t, 2, headVersion(t, ben.s, id))

	// ana comes back
	synced = ana.sync()
	require.NotEmpty(t, synced.Parked)
	require.Zero(t, synced.Unsent)
	require.Equal(t, "three of ana", ana.read("shot_020.blend"))
	require.EqualValues(t, 2, headVersion(t, ana.s, id))
	ben.sync()
	chains, err := ben.s.Parked(ctx, false)
	require.NoError(t, err)
	require.Len(t, chains, 1)
	require.Equal(t, 2, chains[0].Checkpoints)

	// ben adopts: the next version is ana's
	out, err := ben.s.Adopt(ctx, []studio.CheckpointID{chains[0].Root})
	done(t, out, err)
	require.Empty(t, ben.sync().Refused)
	require.EqualValues(t, 3, headVersion(t, ben.s, id))
	target := filepath.Join(t.TempDir(), "out")
	k, err := ben.s.Version(ctx, id, "v3")
	require.NoError(t, err)
	require.Equal(t, memberID(t, ben.s, "ana"), k.Author)
	_, err = ben.s.RestoreTo(ctx, k, target, nil)
	require.NoError(t, err)
	for _, who := range []desk{pia, ana, ben} {
		who.sync()
		verified, err := who.s.Verify(ctx, nil)
		require.NoError(t, err)
		require.Empty(t, verified.Problems)
		require.EqualValues(t, 3, headVersion(t, who.s, id))
	}
}

// manyPages is a small file whose list of chunks has several pages, as a large one has.
func manyPages(t *testing.T) []byte {
	t.Helper()
	cutter := chunk.NewCutter()
	for r := rand.NewChaCha8([32]byte{}); ; {
		content := make([]byte, 120_000)
		_, err := r.Read(content)
		require.NoError(t, err)
		pages := 0
		b := chunk.NewBuilder(func(chunk.Blob) error {
			pages++ // and the root
			return nil
		})
		for rest := content; len(rest) > 0; {
			n := cutter.Next(rest)
			require.NoError(t, b.Add(chunk.EntryOf(rest[:n])))
			rest = rest[n:]
		}
		if _, _, err := b.Finish(); pages > 2 && err == nil {
			return content
		}
	}
}

func TestAFileWhoseListHasPagesIsWholeWhereItIsFetched(t *testing.T) {
	ctx := context.Background()
	pia, ana, _ := published(t)
	id := asset(t, ana.s, "shot_020.blend")
	_, err := ana.s.Restore(ctx, id, studio.CheckpointID{}, nil)
	require.NoError(t, err)
	content := string(manyPages(t))
	ana.write("shot_020.blend", content)
	require.NoError(t, save(t, ana.s, "shot_020.blend", "large", "").Err)
	require.Empty(t, ana.sync().Refused)
	require.NotZero(t, pia.sync().Pulled)
	_, err = pia.s.Restore(ctx, id, studio.CheckpointID{}, nil)
	require.NoError(t, err)
	require.Equal(t, content, pia.read("shot_020.blend"))
	verified, err := pia.s.Verify(ctx, nil)
	require.NoError(t, err)
	require.Empty(t, verified.Problems)
}

func memberID(t *testing.T, s *session.Session, username string) studio.UserID {
	t.Helper()
	p, err := s.Look(context.Background())
	require.NoError(t, err)
	m, err := p.MemberNamed(username)
	require.NoError(t, err)
	return m.User
}

func headVersion(t *testing.T, s *session.Session, id studio.AssetID) uint32 {
	t.Helper()
	p, err := s.Look(context.Background())
	require.NoError(t, err)
	return p.Assets[id].HeadVersion
}

func addUser(s *server.Studio, username string) error {
	_, err := s.AddUser(context.Background(), username, "", "a long password")
	return err
}
