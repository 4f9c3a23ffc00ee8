//go:build unix

package cli_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatIsNoPlainFileIsRefusedAndNotWaitedFor(t *testing.T) {
	d := film(t)
	d.write("ana.blend", "two")
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	for _, odd := range []string{pipe, t.TempDir(), "/dev/zero"} {
		d.refused(1, "unsupported", "checkpoint", "ana.blend", "-m", "x", "--image", odd)
		d.refused(1, "unsupported", "checkpoint", "ana.blend", "-F", odd)
		d.refused(1, "unsupported", "import", odd, filepath.Join(t.TempDir(), "x"))
	}
	require.NoError(t, os.Rename(pipe, filepath.Join(d.dir, "pipe")))
	require.NoError(t, os.Symlink("/etc/hosts", filepath.Join(d.dir, "link")))
	d.refused(1, "unsupported", "add", "pipe")
	d.refused(1, "unsupported", "add", "link")
	message, hint := d.errorOf(5, "add", "gone.blend")
	require.Equal(t, "There is no file gone.blend.", message)
	require.Contains(t, hint, "current folder")
	d.write("comment.txt", "from a file")
	d.ok("checkpoint", "ana.blend", "-F", "comment.txt")
	require.Contains(t, d.ok("log", "ana.blend").out, "from a file")
}
