package session_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/clock"
	"framehold/internal/fsys"
	"framehold/internal/session"
	"framehold/internal/studio"
)

func at(server, token string) session.Credentials {
	return session.Credentials{Server: server, Fingerprint: "f", Username: "ana", Token: token}
}

func newHome(t *testing.T) (*session.Home, string) {
	dir := filepath.Join(t.TempDir(), "home")
	return session.NewHome(dir, fsys.Real(), clock.System()), dir
}

func TestCredentialsAreKeptForEachServer(t *testing.T) {
	h, dir := newHome(t)
	_, err := h.Credentials("https://a.example")
	require.Equal(t, studio.CodeUnauthenticated, studio.CodeOf(err))
	require.NoDirExists(t, dir, "looking makes nothing")
	require.NoError(t, h.DropCredentials("https://a.example"))

	a, b := at("https://a.example", "one"), at("https://b.example:7450", "two")
	require.NoError(t, h.SaveCredentials(a))
	require.NoError(t, h.SaveCredentials(b))
	a.Token = "three"
	require.NoError(t, h.SaveCredentials(a))
	all, err := session.NewHome(dir, fsys.Real(), clock.System()).SignedIn()
	require.NoError(t, err)
	require.Equal(t, []session.Credentials{a, b}, all)
	require.NoError(t, h.DropCredentials(a.Server))
	_, err = h.Credentials(a.Server)
	require.Equal(t, studio.CodeUnauthenticated, studio.CodeOf(err))
	kept, err := h.Credentials(b.Server)
	require.NoError(t, err)
	require.Equal(t, b, kept)
}

func TestCredentialsAreForOnePersonAlone(t *testing.T) {
	h, _ := newHome(t)
	c := at("https://a.example", "secret-token")
	require.NoError(t, h.SaveCredentials(c))
	printed := fmt.Sprintf("%v %+v %#v %s %d %x %v", c, c, c, c, c, c, []session.Credentials{c})
	require.NotContains(t, printed, "secret-token")
	require.NotContains(t, printed, fmt.Sprintf("%x", "secret-token"))
	if runtime.GOOS == "windows" {
		return // modes say nothing there
	}
	i, err := os.Stat(h.CredentialsPath())
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), i.Mode().Perm())
}

func TestTwoProcessesDoNotWriteCredentialsAtOnce(t *testing.T) {
	h, dir := newHome(t)
	require.NoError(t, h.SaveCredentials(at("https://a.example", "one")))
	lock, err := fsys.Real().Lock(filepath.Join(dir, "credentials.lock"), false)
	require.NoError(t, err)
	err = h.SaveCredentials(at("https://b.example", "two"))
	require.Equal(t, studio.CodeFileBusy, studio.CodeOf(err))
	require.Equal(t, studio.CodeFileBusy, studio.CodeOf(h.DropCredentials("https://a.example")))
	_, err = h.Credentials("https://a.example")
	require.NoError(t, err, "reading waits for nobody")
	require.NoError(t, lock.Close())
	require.NoError(t, h.SaveCredentials(at("https://b.example", "two")))
}

func TestTheServersOfAPersonAreBounded(t *testing.T) {
	h, _ := newHome(t)
	for i := range 100 {
		require.NoError(t, h.SaveCredentials(at(fmt.Sprint("https://a.example:", 1+i), "one")))
	}
	err := h.SaveCredentials(at("https://b.example", "two"))
	require.Equal(t, studio.CodeTooLong, studio.CodeOf(err))
	require.NoError(t, h.SaveCredentials(at("https://a.example:7", "two")))
}

// With each call of the file system failing in turn, what was kept is kept.
func TestCredentialsAreReplacedWholeOrNotAtAll(t *testing.T) {
	h, dir := newHome(t)
	old, fresh := at("https://a.example", "old"), at("https://a.example", "new")
	require.NoError(t, h.SaveCredentials(old))
	for k := 1; ; k++ {
		require.Less(t, k, 100)
		left := k
		faulty := fsys.NewFaulty(fsys.Real(), func(string, string) error {
			if left--; left == 0 {
				return syscall.ENOSPC
			}
			return nil
		})
		err := session.NewHome(dir, faulty, clock.System()).SaveCredentials(fresh)
		kept, readErr := h.Credentials(old.Server)
		require.NoError(t, readErr)
		if err == nil {
			require.Equal(t, fresh, kept)
			require.Greater(t, k, 5)
			return
		}
		require.ErrorIs(t, err, syscall.ENOSPC)
		if kept == fresh { // it failed after the rename, where only the folder was left to sync
			require.NoError(t, h.SaveCredentials(old))
		}
	}
}
