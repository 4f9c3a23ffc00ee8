package app_test

import (
	"context"
	"io/fs"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/app"
	"framehold/internal/clock"
	"framehold/internal/fsys"
	"framehold/internal/session"
)

// slowFolder is a disk on which a look at the working folder takes as long as it is held.
type slowFolder struct {
	fsys.FS
	root    string
	held    atomic.Bool
	begun   chan struct{} // a look has begun
	goingOn chan struct{} // closed: looks go on
}

func (f *slowFolder) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == f.root && f.held.Load() {
		select {
		case f.begun <- struct{}{}:
		default:
		}
		<-f.goingOn
	}
	return f.FS.ReadDir(name)
}

// looks hears that the working folder was looked at.
type looks struct {
	*host
	ended chan struct{}
}

func (l *looks) Emit(event string, data ...any) {
	if event == app.EventFilesChanged {
		select {
		case l.ended <- struct{}{}:
		default:
		}
	}
	l.host.Emit(event, data...)
}

// A look at a folder of large files takes minutes, and what it writes is a commit like the others: one that waited for its own
// look would wait for ever.
func TestNoActWaitsForALookAtTheFolder(t *testing.T) {
	dir, _ := film(t)
	disk := &slowFolder{FS: fsys.Real(), root: filepath.Join(dir, "film"), begun: make(chan struct{}, 1), goingOn: make(chan struct{})}
	env := session.Env{FS: disk, Clock: clock.System(), HomeDir: filepath.Join(dir, "homes", "ana"),
		Fallback: session.Profile{Username: "ana", Name: "ana"}}
	heard := &looks{host: &host{ended: map[string]chan app.Job{}}, ended: make(chan struct{}, 1)}
	w := app.New(context.Background(), env, app.Where{}, slog.New(slog.DiscardHandler))
	w.Attach(heard)
	require.NoError(t, w.Open(disk.root))
	defer func() { require.NoError(t, w.Close()) }()
	<-heard.ended // the first look
	disk.held.Store(true)
	made, err := w.Browser.New(app.NewRequest{Name: "new.blend"})
	require.NoError(t, err)
	note := func() { // on a task that the last look did not know
		act, err := w.Browser.AddNote(made.Results[0].ID, "hold it")
		require.NoError(t, err)
		require.Empty(t, act.Results[0].Error)
	}
	for begun := false; !begun; {
		note()
		select {
		case <-disk.begun:
			begun = true
		default:
		}
	}
	for range 300 {
		note()
	}
	close(disk.goingOn)
	<-heard.ended
}
