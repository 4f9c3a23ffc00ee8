package session_test

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/session"
	"framehold/internal/studio"
)

// spoil changes a byte in every pack, so that what is stored cannot be read.
func (w *world) spoil() {
	w.t.Helper()
	for _, path := range w.packFiles() {
		b, err := os.ReadFile(path)
		require.NoError(w.t, err)
		for i := len(b) / 4; i < len(b); i += max(len(b)/4, 1) {
			b[i] ^= 1
		}
		require.NoError(w.t, os.WriteFile(path, b, 0o600))
	}
}

func TestAFileIsRemovedOrReplacedOnlyWhenItsCopyCanBeRead(t *testing.T) {
	ctx := context.Background()
	for name, act := range map[string]func(*session.Session, studio.AssetID, studio.CheckpointID) error{
		"free up": func(s *session.Session, id studio.AssetID, _ studio.CheckpointID) error {
			done, err := s.FreeUp(ctx, []studio.AssetID{id})
			require.NoError(t, err)
			return done[0].Err
		},
		"restore the first": func(s *session.Session, id studio.AssetID, first studio.CheckpointID) error {
			_, err := s.Restore(ctx, id, first, nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			s := w.init("ana")
			w.write("a.bin", "the first")
			id := addTask(t, s, "a.bin", s.Me())
			first, err := s.Version(ctx, id, "v1")
			require.NoError(t, err)
			second := noise(400_000)
			w.write("a.bin", second)
			require.NoError(t, save(t, s, "a.bin", "second", "").Err)
			w.spoil()
			_ = act(s, id, first.ID) // the first may be damaged too: the file is what matters
			restored, err := s.Restore(ctx, id, studio.CheckpointID{}, nil)
			require.NoError(t, err)
			require.True(t, restored.Safety.IsZero())
			require.Equal(t, second, w.read("a.bin"))
		})
	}
}
