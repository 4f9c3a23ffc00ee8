package session_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/fsys"
	"framehold/internal/session"
	"framehold/internal/studio"
)

// nth fails the k-th call after it was armed; stays: every later one too, as a disk that is full.
type nth struct {
	left  atomic.Int64
	armed atomic.Bool
	stays bool
	err   error
}

func (n *nth) fail(string, string) error {
	if !n.armed.Load() {
		return nil
	}
	left := n.left.Add(-1)
	if left == 0 || n.stays && left < 0 {
		return n.err
	}
	return nil
}

func (n *nth) hit() bool { return n.left.Load() <= 0 }

func picture(t *testing.T) *session.Image {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 64))))
	return &session.Image{Reader: bytes.NewReader(b.Bytes()), Size: int64(b.Len())}
}

// standing is what must be both or neither: the newest version and the status.
func standing(t *testing.T, s *session.Session, id studio.AssetID) (version uint32, status string) {
	t.Helper()
	p, err := s.Look(context.Background())
	require.NoError(t, err)
	a := p.Assets[id]
	return a.HeadVersion, p.StatusOf[a.Status].Slug()
}

// Checkpoint and send to WFA is one step: with each call of the file system failing in turn, and then the commit, there
// are afterwards both the checkpoint and the status or neither; the store verifies; the working file is untouched.
func TestCheckpointAndStatusSucceedOrFailAsAWhole(t *testing.T) {
	ctx := context.Background()
	for _, fault := range []struct {
		name  string
		err   error
		stays bool
	}{{"an error that passes", syscall.EIO, false}, {"a disk that stays full", syscall.ENOSPC, true}} {
		t.Run(fault.name, func(t *testing.T) {
			w := newWorld(t)
			clean := w.init("ana")
			w.write("a.blend", "one")
			id := addTask(t, clean, "a.blend", clean.Me())
			text := strings.Repeat("two and more ", 40_000)
			w.write("a.blend", text)
			faults := 0
			for k := int64(1); ; k++ {
				require.Less(t, k, int64(2000), "it must succeed in the end")
				done, err := attempt(t, w, id, &nth{err: fault.err, stays: fault.stays}, k)
				require.Equal(t, text, w.read("a.blend"))
				version, status := standing(t, clean, id)
				v, verr := clean.Verify(ctx, nil)
				require.NoError(t, verr)
				require.Empty(t, v.Problems, "after fault %d", k)
				if done {
					require.Equal(t, uint32(2), version)
					require.Equal(t, "wfa", status)
					break
				}
				require.Error(t, err)
				require.Equal(t, uint32(1), version, "after fault %d: %v", k, err)
				require.Equal(t, "todo", status)
				faults++
			}
			require.Greater(t, faults, 5)
			b, err := os.ReadFile(filepath.Join(w.root, "a.blend"))
			require.NoError(t, err)
			require.Equal(t, text, string(b))
		})
	}
}

func attempt(t *testing.T, w *world, id studio.AssetID, fault *nth, k int64) (done bool, err error) {
	t.Helper()
	env := w.env("ana")
	env.FS = fsys.NewFaulty(env.FS, fault.fail)
	s, err := session.Open(context.Background(), env, w.root)
	require.NoError(t, err)
	defer func() {
		fault.armed.Store(false)
		require.NoError(t, s.Close())
	}()
	to := status(t, s, "wfa")
	fault.left.Store(k)
	fault.armed.Store(true)
	made, err := s.CreateCheckpoint(context.Background(), session.CheckpointRequest{Assets: []studio.AssetID{id}, Comment: "two",
		To: to, Image: picture(t)})
	fault.armed.Store(false)
	if err == nil {
		err = made[0].Err
	}
	if err == nil {
		return true, nil
	}
	require.True(t, fault.hit(), "it failed without a fault: %v", err)
	return false, err
}

func TestAFailingCommitLeavesNeitherCheckpointNorStatus(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	clean := w.init("ana")
	w.write("a.blend", "one")
	id := addTask(t, clean, "a.blend", clean.Me())
	w.write("a.blend", "two")
	fails := false
	env := w.env("ana")
	env.CommitFault = func() error {
		if fails {
			return errors.New("the disk went away")
		}
		return nil
	}
	s, err := session.Open(ctx, env, w.root)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	to := status(t, s, "wfa")
	fails = true
	_, err = s.CreateCheckpoint(ctx, session.CheckpointRequest{Assets: []studio.AssetID{id}, Comment: "two", To: to})
	require.Error(t, err)
	version, st := standing(t, clean, id)
	require.Equal(t, uint32(1), version)
	require.Equal(t, "todo", st)
	fails = false
	made, err := s.CreateCheckpoint(ctx, session.CheckpointRequest{Assets: []studio.AssetID{id}, Comment: "two", To: to})
	require.NoError(t, err)
	require.NoError(t, made[0].Err)
	v, err := clean.Verify(ctx, nil)
	require.NoError(t, err)
	require.Empty(t, v.Problems)
}

// A restore with each call failing in turn leaves the old file or the new one, whole, and loses neither.
func TestARestoreLeavesTheOldFileOrTheNewOne(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	clean := w.init("ana")
	w.write("a.blend", "one")
	id := addTask(t, clean, "a.blend", clean.Me())
	first, err := clean.Version(ctx, id, "v1")
	require.NoError(t, err)
	for k := int64(1); ; k++ {
		require.Less(t, k, int64(2000))
		w.write("a.blend", "not saved")
		fault := &nth{err: syscall.EIO}
		env := w.env("ana")
		env.FS = fsys.NewFaulty(env.FS, fault.fail)
		s, err := session.Open(ctx, env, w.root)
		require.NoError(t, err)
		fault.left.Store(k)
		fault.armed.Store(true)
		_, err = s.Restore(ctx, id, first.ID, nil)
		fault.armed.Store(false)
		require.NoError(t, s.Close())
		now := w.read("a.blend")
		require.Contains(t, []string{"one", "not saved"}, now, "after fault %d", k)
		if now == "one" {
			require.NotEmpty(t, safeties(t, clean, id), "what was not saved is safe")
		}
		if err == nil {
			require.Equal(t, "one", now)
			break
		}
	}
}

func safeties(t testing.TB, s *session.Session, id studio.AssetID) []studio.CheckpointID {
	t.Helper()
	lines, err := s.Log(context.Background(), id)
	require.NoError(t, err)
	var found []studio.CheckpointID
	for _, l := range lines {
		if l.Kind == "safety" {
			found = append(found, l.Checkpoint)
		}
	}
	return found
}
