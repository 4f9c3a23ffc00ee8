package session_test

import (
	"crypto/rand"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"framehold/internal/clock"
	"framehold/internal/projectdb"
	"framehold/internal/session"
	"framehold/internal/studio"
)

// chunkBytes counts the bytes of the chunks that a store has.
func chunkBytes(t *testing.T, s *session.Session) (n int64) {
	t.Helper()
	require.NoError(t, session.Store(s).Read(t.Context(), func(snap *projectdb.Snapshot) error {
		return snap.EachChunk(func(r projectdb.ChunkRow) error {
			n += int64(r.Size)
			return nil
		})
	}))
	return n
}

// statesOf lists the files of a working folder by their path, as people read them.
func statesOf(t *testing.T, s *session.Session) map[string]session.FileState {
	t.Helper()
	_, err := s.Rescan(t.Context())
	require.NoError(t, err)
	list, err := s.List(t.Context(), session.ListRequest{Flat: true})
	require.NoError(t, err)
	states := map[string]session.FileState{}
	for _, row := range list.Rows {
		states[row.Path] = row.State
	}
	return states
}

// TestCase_G3: who sees a thing no more keeps the file and what it came from, reads that it is no longer shared, and compact
// frees only what neither a working file nor a checkpoint of their own needs.
func TestCase_G3(t *testing.T) {
	ctx := t.Context()
	h, pia, ana, _ := publishedBy(t)
	shot := asset(t, pia.s, "shot_020.blend")
	pia.write("rig.blend", noise(900_000))
	rig := tracks(t, pia.s, "rig.blend")
	give(t, pia.s, rig, pia.s.Me())
	needs(t, pia.s, shot, rig)
	_, err := pia.s.ChangeMember(ctx, session.MemberRequest{Username: "ana", Role: "Vendor"})
	require.NoError(t, err)
	pia.sync()
	ana.sync()
	_, err = ana.s.Fetch(ctx, []studio.AssetID{shot, rig}, nil)
	require.NoError(t, err)
	second := noise(300_000)
	pia.write("rig.blend", second)
	require.NoError(t, save(t, pia.s, "rig.blend", "two", "").Err)
	pia.sync()
	ana.sync()
	_, err = ana.s.Fetch(ctx, []studio.AssetID{rig}, nil)
	require.NoError(t, err)
	ana.write("shot_020.blend", noise(200_000))
	mine := save(t, ana.s, "shot_020.blend", "mine", "")
	require.NoError(t, mine.Err)
	ana.sync()
	require.Equal(t, map[string]session.FileState{"shot_020.blend": session.StateNormal, "rig.blend": session.StateNormal}, statesOf(t, ana.s))
	before := localFile(t, ana.s, rig)
	require.False(t, before.Base.IsZero())
	require.Empty(t, codes(t, ana.s))

	give(t, pia.s, shot, pia.s.Me()) // ana's closure is empty now
	pia.sync()
	ana.sync()
	require.Equal(t, map[string]session.FileState{"shot_020.blend": session.StateUnshared, "rig.blend": session.StateUnshared}, statesOf(t, ana.s))
	require.Empty(t, ana.s.Files().Untracked)
	require.Equal(t, second, ana.read("rig.blend"))
	require.Equal(t, before, localFile(t, ana.s, rig))
	cards, err := ana.s.Inbox(ctx)
	require.NoError(t, err)
	require.Len(t, cards, 1)
	require.Equal(t, studio.CodeUnshared, cards[0].Code)
	require.Equal(t, studio.Params{Asset: "rig.blend, shot_020.blend", N: 2}, cards[0].Params)
	ana.sync()
	require.Len(t, codes(t, ana.s), 1, "said once")

	added, err := ana.s.Add(ctx, session.AddRequest{Paths: []string{""}})
	require.NoError(t, err)
	require.Empty(t, added.Files)
	added, err = ana.s.Add(ctx, session.AddRequest{Paths: []string{"rig.blend"}})
	require.NoError(t, err)
	require.Equal(t, studio.CodeUnshared, studio.CodeOf(added.Files[0].Err))

	require.NoError(t, ana.s.Close())
	require.Greater(t, chunkBytes(t, h.opens(ana, 0)), int64(1_300_000))
	for day := range 3 {
		_, err = h.opens(ana, time.Duration(day)*dayAndMore).Compact(ctx, nil)
		require.NoError(t, err)
	}
	ana.s = h.opens(ana, 0)
	require.EqualValues(t, 500_000, chunkBytes(t, ana.s), "the second version of the rig, from which the file came, and her own of the shot")
	verified, err := ana.s.Verify(ctx, nil)
	require.NoError(t, err)
	require.Empty(t, verified.Problems)

	give(t, pia.s, shot, memberID(t, pia.s, "ana"))
	pia.sync()
	ana.sync()
	require.Equal(t, map[string]session.FileState{"shot_020.blend": session.StateNormal, "rig.blend": session.StateNormal}, statesOf(t, ana.s))
}

func localFile(t *testing.T, s *session.Session, id studio.AssetID) (f projectdb.LocalFile) {
	t.Helper()
	require.NoError(t, session.Store(s).Read(t.Context(), func(snap *projectdb.Snapshot) error {
		files, err := snap.LocalFiles(session.FolderID(s))
		f = files[id]
		return err
	}))
	return f
}

// opens opens a desk's project anew, some time from now.
func (h *house) opens(a desk, after time.Duration) *session.Session {
	h.t.Helper()
	env := h.env("ana")
	env.Clock = clock.New(func() time.Time { return time.Now().Add(after) }, rand.Reader)
	s, err := session.Open(h.t.Context(), env, a.root)
	require.NoError(h.t, err)
	h.t.Cleanup(func() { require.NoError(h.t, s.Close()) })
	return s
}
