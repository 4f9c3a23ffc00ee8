package auth_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/auth"
	"framehold/internal/fsys"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

var someHead = wire.Signed{Project: studio.ProjectID{ID: studio.ID{1}}, Seq: 7, ServerMs: 9}

func TestKeysSignAndOldOnesVerify(t *testing.T) {
	dir, f := filepath.Join(t.TempDir(), "data"), fsys.Real()
	first, err := auth.CreateKeys(f, dir)
	require.NoError(t, err)
	require.Equal(t, uint32(1), first.Number())
	old := first.Sign(someHead)
	require.Equal(t, uint32(1), old.Key)
	require.True(t, old.SignedBy(first.Public()))

	again, err := auth.CreateKeys(f, dir)
	require.NoError(t, err)
	require.Equal(t, first.Public(), again.Public(), "init twice is one key")

	second, err := auth.ReplaceKey(f, dir)
	require.NoError(t, err)
	require.Equal(t, uint32(2), second.Number())
	require.NotEqual(t, first.Public(), second.Public())
	opened, err := auth.OpenKeys(f, dir)
	require.NoError(t, err)
	require.True(t, opened.Verify(old))
	require.True(t, opened.Verify(second.Sign(someHead)))
	require.False(t, first.Verify(second.Sign(someHead)), "a key that it has never seen")
	forged := old
	forged.Key = 2
	require.False(t, opened.Verify(forged))
	forged = old
	forged.Seq++
	require.False(t, opened.Verify(forged))
	require.False(t, opened.Verify(wire.Signed{}))
}

func TestALostKeyIsNotReplacedUnasked(t *testing.T) {
	dir, f := t.TempDir(), fsys.Real()
	_, err := auth.OpenKeys(f, dir)
	require.Equal(t, studio.CodeStudioKeyMissing, studio.CodeOf(err))
	first, err := auth.CreateKeys(f, dir)
	require.NoError(t, err)
	old := first.Sign(someHead)
	require.NoError(t, os.Remove(filepath.Join(dir, "studio.key")))
	for _, open := range []func(fsys.FS, string) (*auth.Keys, error){auth.OpenKeys, auth.CreateKeys} {
		k, err := open(f, dir)
		require.Equal(t, studio.CodeStudioKeyMissing, studio.CodeOf(err))
		require.True(t, k.Verify(old))
		require.Zero(t, k.Number())
	}
	next, err := auth.ReplaceKey(f, dir)
	require.NoError(t, err)
	require.Equal(t, uint32(2), next.Number(), "a number is given out once")
	require.True(t, next.Verify(old))
}

func TestKeyFilesAreForTheServerAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // modes say nothing there
	}
	dir := filepath.Join(t.TempDir(), "data")
	_, err := auth.CreateKeys(fsys.Real(), dir)
	require.NoError(t, err)
	_, err = auth.OwnCertificate(fsys.Real(), dir, nil, newHands().clock())
	require.NoError(t, err)
	for _, name := range []string{"studio.key", "studio.keys.json", "tls/cert.pem", "tls/key.pem"} {
		i, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), i.Mode().Perm(), name)
	}
	for _, name := range []string{"", "tls"} {
		i, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o700), i.Mode().Perm(), name)
	}
}

func TestDamagedKeysAreToldAndNotShown(t *testing.T) {
	seed := "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	for name, files := range map[string]map[string]string{
		"no json":        {"studio.key": `{"format":1,"key":1,"seed":"` + seed},
		"no base64":      {"studio.key": `{"format":1,"key":1,"seed":"?` + seed + `"}`},
		"short":          {"studio.key": `{"format":1,"key":1,"seed":"AAEC"}`},
		"no number":      {"studio.key": `{"format":1,"seed":"` + seed + `"}`},
		"other format":   {"studio.key": `{"format":2,"key":1,"seed":"` + seed + `"}`},
		"public short":   {"studio.keys.json": `{"format":1,"keys":[{"key":1,"public":"AAEC"}]}`},
		"twice":          {"studio.keys.json": `{"format":1,"keys":[{"key":1,"public":"` + seed + `"},{"key":1,"public":"` + seed + `"}]}`},
		"not the public": {"studio.key": `{"format":1,"key":1,"seed":"` + seed + `"}`, "studio.keys.json": `{"format":1,"keys":[{"key":1,"public":"` + seed + `"}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range files {
				require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600))
			}
			for _, open := range []func(fsys.FS, string) (*auth.Keys, error){auth.OpenKeys, auth.CreateKeys, auth.ReplaceKey} {
				_, err := open(fsys.Real(), dir)
				require.Equal(t, studio.CodeDamaged, studio.CodeOf(err))
				require.NotContains(t, err.Error(), "AAEC")
			}
			for file, text := range files {
				b, err := os.ReadFile(filepath.Join(dir, file))
				require.NoError(t, err)
				require.Equal(t, text, string(b), "nothing is written over what cannot be read")
			}
		})
	}
}

// With each call of the file system failing in turn, what was signed before stays verifiable, and the studio has its old
// key or the new one, never none.
func TestAKeyIsReplacedWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	first, err := auth.CreateKeys(fsys.Real(), dir)
	require.NoError(t, err)
	heads := []wire.Signed{first.Sign(someHead)}
	faults := eachFault(t, func(f fsys.FS) error {
		next, err := auth.ReplaceKey(f, dir)
		if err == nil {
			heads = append(heads, next.Sign(someHead))
		}
		now, openErr := auth.OpenKeys(fsys.Real(), dir)
		require.NoError(t, openErr)
		for _, h := range heads {
			require.True(t, now.Verify(h))
		}
		heads = append(heads, now.Sign(someHead))
		return err
	})
	require.Greater(t, faults, 10)
}

// eachFault runs do with the first call of the file system failing, then the second, until it succeeds.
func eachFault(t *testing.T, do func(fsys.FS) error) int {
	t.Helper()
	for k := 1; ; k++ {
		require.Less(t, k, 200)
		left := k
		err := do(fsys.NewFaulty(fsys.Real(), func(string, string) error {
			if left--; left == 0 {
				return syscall.EIO
			}
			return nil
		}))
		if err == nil {
			require.Positive(t, left, "fault %d was not told", k)
			return k - 1
		}
		require.True(t, errors.Is(err, syscall.EIO), "fault %d: %v", k, err)
	}
}
