package workspace_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
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

// folding is a disk that takes no notice of case.
type folding struct{ fsys.FS }

func (f folding) real(name string) string {
	entries, _ := f.FS.ReadDir(filepath.Dir(name))
	for _, e := range entries {
		if strings.EqualFold(e.Name(), filepath.Base(name)) {
			return filepath.Join(filepath.Dir(name), e.Name())
		}
	}
	return name
}

func (f folding) Lstat(name string) (fsys.Info, error) { return f.FS.Lstat(f.real(name)) }

func (f folding) RenameNew(from, to string) error { return f.FS.RenameNew(f.real(from), f.real(to)) }

func (f folding) Rename(from, to string) error {
	if f.real(from) == f.real(to) {
		return f.FS.Rename(f.real(from), to)
	}
	return f.FS.Rename(f.real(from), f.real(to))
}

func names(t *testing.T, root string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	found := map[string]string{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(root, e.Name()))
		require.NoError(t, err)
		found[e.Name()] = string(b)
	}
	return found
}

func TestARenameReplacesNothing(t *testing.T) {
	const composed, decomposed = "\u00e9.txt", "e\u0301.txt"
	for _, twin := range [][2]string{{"shot.txt", "Shot.txt"}, {composed, decomposed}, {"shot.txt", "other.txt"}} {
		f, root := folder(t)
		write(t, root, twin[0], "mine")
		write(t, root, twin[1], "the only copy")
		require.ErrorIs(t, f.Rename(twin[0], twin[1]), fs.ErrExist)
		require.Equal(t, map[string]string{twin[0]: "mine", twin[1]: "the only copy"}, names(t, root))
	}
	f, root := folder(t)
	write(t, root, "shot.txt", "mine")
	require.NoError(t, os.Link(filepath.Join(root, "shot.txt"), filepath.Join(root, "Shot.txt")))
	require.ErrorIs(t, f.Rename("shot.txt", "Shot.txt"), fs.ErrExist, "two names of one file are two entries")
	require.Len(t, names(t, root), 2)
	require.NoError(t, f.Rename("Shot.txt", "SHOT.txt"))
	require.Equal(t, map[string]string{"shot.txt": "mine", "SHOT.txt": "mine"}, names(t, root))
}

func TestACaseAloneIsRenamedWhereBothAreOneName(t *testing.T) {
	root := t.TempDir()
	f := workspace.Open(workspace.Options{FS: folding{fsys.Real()}, Clock: clock.System(), Root: root})
	write(t, root, "shot.txt", "mine")
	write(t, root, "other.txt", "the only copy")
	require.NoError(t, f.Rename("shot.txt", "Shot.txt"))
	require.ErrorIs(t, f.Rename("Shot.txt", "OTHER.txt"), fs.ErrExist)
	require.Equal(t, map[string]string{"Shot.txt": "mine", "other.txt": "the only copy"}, names(t, root))
}

func TestWhatComesBetweenIsNotRemoved(t *testing.T) {
	for _, call := range []string{"rename", "lstat", "remove"} {
		root := t.TempDir()
		write(t, root, "a.txt", "saved")
		var seen fsys.Info
		faulty := fsys.NewFaulty(fsys.Real(), func(made, path string) error {
			switch {
			case call == "rename" && made == "rename" && seen.Size == 5:
				seen.Size = 0
				write(t, root, "a.txt", "newer work") // right before it is set aside
			case call != "rename" && made == call && strings.HasSuffix(path, ".part"):
				return errors.New("the disk went away")
			}
			return nil
		})
		f := workspace.Open(workspace.Options{FS: faulty, Clock: clock.System(), Root: root})
		var err error
		seen, err = f.Lstat("a.txt")
		require.NoError(t, err)
		require.Error(t, f.Remove("a.txt", seen), call)
		want := map[string]string{"rename": "newer work", "lstat": "saved", "remove": "saved"}[call]
		require.Equal(t, map[string]string{"a.txt": want}, names(t, root), call)
	}
	f, root := folder(t)
	write(t, root, "a.txt", "saved")
	seen, err := f.Lstat("a.txt")
	require.NoError(t, err)
	require.NoError(t, f.Remove("a.txt", seen))
	require.Empty(t, names(t, root))
}

func TestAFileThatNobodyVouchedForIsKeptWhenItCannotBePutBack(t *testing.T) {
	root := t.TempDir()
	write(t, root, "a.txt", "old")
	swaps := 0
	faulty := fsys.NewFaulty(fsys.Real(), func(call, _ string) error {
		if call != "exchange" {
			return nil
		}
		if swaps++; swaps == 1 {
			write(t, root, "a.txt", "newer work") // between the look and the swap
			return nil
		}
		return errors.New("the disk went away")
	})
	f := workspace.Open(workspace.Options{FS: faulty, Clock: clock.System(), Root: root})
	_, err := f.Place(t.Context(), workspace.Placing{Rel: "a.txt", InTheWay: func(fsys.Info) error { return nil },
		Write: func(to fsys.File) error {
			_, err := to.WriteAt([]byte("new"), 0)
			return err
		}})
	if swaps == 0 {
		require.NoError(t, err)
		return // a system that cannot exchange names
	}
	require.Error(t, err)
	bodies := []string{}
	s, err := f.Scan(t.Context(), "")
	require.NoError(t, err)
	for _, e := range s.Files {
		bodies = append(bodies, names(t, root)[e.Path])
	}
	require.ElementsMatch(t, []string{"new", "newer work"}, bodies, "under a name that people see")
}

func TestAPathIsFoundAsItIsOnDisk(t *testing.T) {
	f, root := folder(t)
	write(t, root, "Sets/Cafe\u0301/a.txt", "x")
	write(t, root, "Sets/Cafe\u0301/B.txt", "x")
	write(t, root, "Sets/Cafe\u0301/b.txt", "x")
	for rel, want := range map[string]string{
		"sets/Caf\u00e9/A.TXT": "Sets/Cafe\u0301/a.txt", "Sets/caf\u00e9/b.txt": "Sets/Cafe\u0301/b.txt",
		"SETS/new/c.txt": "Sets/new/c.txt", "none": "none",
	} {
		at, err := f.Resolve(rel)
		require.NoError(t, err)
		require.Equal(t, want, at, rel)
	}
	for _, rel := range []string{"Sets/Caf\u00e9/a.txt/x", "Sets/Cafe\u0301/a.txt/x"} {
		_, err := f.Resolve(rel)
		require.Equal(t, studio.CodeInTheWay, studio.CodeOf(err))
	}
}

func TestOldPartsAreSwept(t *testing.T) {
	root := t.TempDir()
	later := clock.New(func() time.Time { return time.Now().Add(48 * time.Hour) }, rand.Reader)
	write(t, root, "sub/.framehold-12.part", "x")
	write(t, root, "sub/a.txt", "x")
	for _, at := range []struct {
		clock *clock.Clock
		left  int
	}{{clock.System(), 2}, {later, 1}} {
		f := workspace.Open(workspace.Options{FS: fsys.Real(), Clock: at.clock, Root: root})
		s, err := f.Scan(t.Context(), "")
		require.NoError(t, err)
		require.Equal(t, []string{"sub/.framehold-12.part"}, s.Parts)
		require.NoError(t, f.SweepParts(s.Parts))
		require.Len(t, names(t, filepath.Join(root, "sub")), at.left)
	}
}

// A file takes the place of another when its bytes are on the disk: one of which they could not be brought there does not.
func TestAFileIsPutInPlaceWhenItsBytesAreOnTheDisk(t *testing.T) {
	root := t.TempDir()
	write(t, root, "a.txt", "old")
	var calls []string
	fails := false
	faulty := fsys.NewFaulty(fsys.Real(), func(call, _ string) error {
		calls = append(calls, call)
		if fails && call == "sync" {
			return syscall.EIO
		}
		return nil
	})
	f := workspace.Open(workspace.Options{FS: faulty, Clock: clock.System(), Root: root})
	place := func() error {
		_, err := f.Place(t.Context(), workspace.Placing{Rel: "a.txt", InTheWay: func(fsys.Info) error { return nil },
			Write: func(to fsys.File) error {
				_, err := to.Write([]byte("new"))
				return err
			}})
		return err
	}
	content := func() string {
		b, err := os.ReadFile(filepath.Join(root, "a.txt"))
		require.NoError(t, err)
		return string(b)
	}
	fails = true
	require.ErrorIs(t, place(), syscall.EIO)
	require.Equal(t, "old", content())
	calls, fails = nil, false
	require.NoError(t, place())
	require.Equal(t, "new", content())
	at := func(call string) int { return slices.Index(calls, call) }
	require.Less(t, at("write"), at("sync"))
	require.Less(t, at("sync"), max(at("exchange"), at("rename")))
	require.Less(t, max(at("exchange"), at("rename")), at("syncdir"), "and its name, when Place returns")
}
