package workspace_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"framehold/internal/clock"
	"framehold/internal/fsys"
	"framehold/internal/studio"
	"framehold/internal/workspace"
)

func folder(t *testing.T) (*workspace.Folder, string) {
	t.Helper()
	root := t.TempDir()
	instant := func(context.Context, time.Duration) error { return nil }
	return workspace.Open(workspace.Options{FS: fsys.Real(), Clock: clock.System(), Root: root, Pause: instant}), root
}

func write(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

func paths(s workspace.Scanned) []string {
	list := []string{}
	for _, e := range s.Files {
		list = append(list, e.Path)
	}
	return list
}

func TestAScanFindsFilesAndLeavesOutWhatProgramsLeaveBeside(t *testing.T) {
	f, root := folder(t)
	for _, name := range []string{"a.blend", "a.blend1", "sub/ナナ 🐉.kra", "sub/b.kra~", ".DS_Store", "sub/.frameholdignore", ".framehold",
		".framehold-12.part", "sub/keep.tmp", "other/x.secret"} {
		write(t, root, name, "x")
	}
	write(t, root, "sub/.frameholdignore", "!keep.tmp\n")
	write(t, root, ".frameholdignore", "*.secret\n# a comment\n")
	s, err := f.Scan(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, []string{".frameholdignore", "a.blend", "sub/.frameholdignore", "sub/keep.tmp", "sub/ナナ 🐉.kra"}, paths(s))
	require.Equal(t, 4, s.Ignored)
}

func TestLinksAreNeverFollowedOutOfTheFolder(t *testing.T) {
	f, root := folder(t)
	outside := t.TempDir()
	write(t, outside, "secret.txt", "secret")
	require.NoError(t, os.Symlink(outside, filepath.Join(root, "link")))
	require.NoError(t, os.Symlink(filepath.Join(outside, "secret.txt"), filepath.Join(root, "file.txt")))
	s, err := f.Scan(t.Context(), "")
	require.NoError(t, err)
	require.Empty(t, s.Files)
	require.Equal(t, []string{"file.txt", "link"}, s.Links)
	for _, rel := range []string{"link/secret.txt", "file.txt"} {
		_, err := f.ReadStable(t.Context(), rel, func(fsys.File, fsys.Info) error { return nil })
		require.Error(t, err, rel)
	}
	_, err = f.Place(t.Context(), workspace.Placing{Rel: "link/new.txt", Write: func(fsys.File) error { return nil }})
	require.Equal(t, studio.CodeOutside, studio.CodeOf(err))
	_, err = f.Rel(root, "../x")
	require.Equal(t, studio.CodeOutside, studio.CodeOf(err))
}

func TestNamesThatOtherSystemsCannotUseAreMarked(t *testing.T) {
	f, root := folder(t)
	write(t, root, "bad\xff.blend", "x")
	write(t, root, "con.txt", "x")
	write(t, root, strings.Repeat("n", 255), "x")
	s, err := f.Scan(t.Context(), "")
	require.NoError(t, err)
	marked := map[string]string{}
	for _, e := range s.Files {
		marked[e.Path] = e.Unusable
	}
	require.Equal(t, map[string]string{"bad\xff.blend": "name_utf8", "con.txt": "name_device", strings.Repeat("n", 255): ""}, marked)
}

func TestAFileThatKeepsChangingIsBusy(t *testing.T) {
	f, root := folder(t)
	write(t, root, "a.log", "x")
	reads := 0
	_, err := f.ReadStable(t.Context(), "a.log", func(fsys.File, fsys.Info) error {
		reads++
		write(t, root, "a.log", strings.Repeat("x", reads+1))
		return nil
	})
	require.ErrorIs(t, err, workspace.ErrBusy)
	require.Equal(t, 4, reads)

	reads = 0
	_, err = f.ReadStable(t.Context(), "a.log", func(fsys.File, fsys.Info) error {
		if reads++; reads == 1 {
			write(t, root, "a.log", "it changed once")
		}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 2, reads)
}

func TestAFileIsReplacedOnlyWhenItIsTheOneThatWasVouchedFor(t *testing.T) {
	f, root := folder(t)
	write(t, root, "a.blend", "old")
	place := func(inTheWay func(fsys.Info) error) error {
		_, err := f.Place(t.Context(), workspace.Placing{Rel: "a.blend", InTheWay: inTheWay, Write: func(to fsys.File) error {
			_, err := to.WriteAt([]byte("new"), 0)
			return err
		}})
		return err
	}
	refused := errors.New("refused")
	require.ErrorIs(t, place(func(fsys.Info) error { return refused }), refused)
	b, err := os.ReadFile(filepath.Join(root, "a.blend"))
	require.NoError(t, err)
	require.Equal(t, "old", string(b))

	asked := 0
	require.NoError(t, place(func(fsys.Info) error {
		if asked++; asked == 1 { // it changes behind the first look: it is asked about again
			write(t, root, "a.blend", "changed meanwhile")
		}
		return nil
	}))
	require.Equal(t, 2, asked)
	b, err = os.ReadFile(filepath.Join(root, "a.blend"))
	require.NoError(t, err)
	require.Equal(t, "new", string(b))
	left, err := filepath.Glob(filepath.Join(root, ".framehold-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestTheWatcherTellsOfAChangeInANewFolder(t *testing.T) {
	f, root := folder(t)
	ctx, stop := context.WithCancel(t.Context())
	told := make(chan struct{}, 100)
	ended := make(chan error, 1)
	go func() { ended <- f.Watch(ctx, func() { told <- struct{}{} }) }()
	deadline := time.After(20 * time.Second)
	for i := 0; ; i++ { // until the watcher is there, and hears of it
		write(t, root, filepath.Join("new", "a.blend"), strings.Repeat("x", i+1))
		select {
		case <-told:
			stop()
			require.NoError(t, <-ended)
			return
		case <-time.After(100 * time.Millisecond):
		case <-deadline:
			t.Fatal("nothing was told")
		}
	}
}
