package session_test

import (
	"context"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/fsys"
	"framehold/internal/session"
	"framehold/internal/studio"
)

// What the disk does not take is not called saved, and no file goes for it: bytes come before rows, and both before a working file
// is replaced or removed.
func TestWhatDoesNotReachTheDiskIsNotSaved(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	clean := w.init("ana")
	w.write("a.bin", noise(100_000))
	id := addTask(t, clean, "a.bin", clean.Me())
	first, err := clean.Version(ctx, id, "v1")
	require.NoError(t, err)
	var fails atomic.Bool
	env := w.env("ana")
	env.FS = fsys.NewFaulty(env.FS, func(call, path string) error {
		if call == "sync" && strings.HasSuffix(path, ".pack") && fails.Load() {
			return syscall.EIO
		}
		return nil
	})
	s, err := session.Open(ctx, env, w.root)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	text := noise(200_000)
	w.write("a.bin", text)
	for name, act := range map[string]func() error{
		"checkpoint": func() error {
			made, err := s.CreateCheckpoint(ctx, session.CheckpointRequest{Assets: []studio.AssetID{id}, Comment: "two"})
			if err == nil {
				err = made[0].Err
			}
			return err
		},
		"restore": func() error {
			_, err := s.Restore(ctx, id, first.ID, nil)
			return err
		},
		"free up": func() error {
			done, err := s.FreeUp(ctx, []studio.AssetID{id})
			require.NoError(t, err)
			return done[0].Err
		},
	} {
		fails.Store(true)
		require.Error(t, act(), name)
		fails.Store(false)
		require.Equal(t, text, w.read("a.bin"), name)
		version, _ := standing(t, clean, id)
		require.Equal(t, uint32(1), version, name)
		require.Empty(t, safeties(t, clean, id), name)
		whole(t, clean)
	}
	made := save(t, s, "a.bin", "two", "")
	require.NoError(t, made.Err)
	require.Equal(t, uint32(2), made.Version)
}
