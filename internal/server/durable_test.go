package server_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/fsys"
	"framehold/internal/studio"
)

// An upload is answered, and its chunks are known, when their bytes are on the disk: where they cannot be brought there, the
// client has to send them again, and can.
func TestAnUploadIsKnownWhenItsBytesAreOnTheDisk(t *testing.T) {
	c := newCrew(t)
	c.stop()
	var fails atomic.Bool
	c.o.FS = fsys.NewFaulty(c.o.FS, func(call, path string) error {
		if call == "sync" && strings.HasSuffix(path, ".pack") && fails.Load() {
			return syscall.EIO
		}
		return nil
	})
	c.start()
	content := newFile(300_000, 8)
	fails.Store(true)
	require.GreaterOrEqual(t, c.ben.upload(c.film.id, content.bytes()).status, 500)
	require.False(t, c.ben.has(c.film.id, content.frames[0].Hash))
	fails.Store(false)
	require.Equal(t, http.StatusOK, c.ben.upload(c.film.id, content.bytes()).status)
	require.True(t, c.ben.has(c.film.id, content.frames[0].Hash))
	c.applied(c.ben, c.announce(c.ben, content, studio.Hash{}), c.seal(c.ben))
	_, came := c.ana.fetch(c.film.id, content.hashes())
	require.Equal(t, content.hashes(), came)
}
