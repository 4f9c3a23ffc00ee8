package atomicfile_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/atomicfile"
	"framehold/internal/fsys"
)

// The bytes are on the disk before the name is theirs, and the name when Write returns: a power cut between any two calls leaves
// the old content or the new.
func TestBytesComeBeforeTheName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	var calls []string
	f := fsys.NewFaulty(fsys.Real(), func(call, _ string) error {
		calls = append(calls, call)
		return nil
	})
	require.NoError(t, atomicfile.Write(f, path, []byte("new"), 0o600))
	order := slices.DeleteFunc(calls, func(call string) bool { return !slices.Contains([]string{"write", "sync", "rename", "syncdir"}, call) })
	require.Equal(t, []string{"write", "sync", "rename", "syncdir"}, order)
	b, err := atomicfile.Read(fsys.Real(), path, 100)
	require.NoError(t, err)
	require.Equal(t, "new", string(b))
}

// With each call failing in turn the old content stays until the new one has its name, and nothing is left beside it.
func TestACallThatFailsLeavesTheOldContent(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	for failing := 1; ; failing++ {
		n, renamed := 0, false
		f := fsys.NewFaulty(fsys.Real(), func(call, _ string) error {
			if n++; n == failing {
				return syscall.EIO
			}
			renamed = renamed || call == "rename"
			return nil
		})
		err := atomicfile.Write(f, path, []byte("new"), 0o600)
		entries, listErr := os.ReadDir(dir)
		require.NoError(t, listErr)
		for _, e := range entries {
			require.False(t, strings.HasSuffix(e.Name(), ".part"), "call %d", failing)
		}
		b, readErr := os.ReadFile(path)
		require.NoError(t, readErr)
		if err == nil {
			require.Equal(t, "new", string(b))
			require.Greater(t, failing, 3)
			return
		}
		require.ErrorIs(t, err, syscall.EIO)
		require.Equal(t, map[bool]string{false: "old", true: "new"}[renamed], string(b), "call %d", failing)
		require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	}
}
