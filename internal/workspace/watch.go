package workspace

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	quiet      = 150 * time.Millisecond // a save is many events: one call when they pause
	quietMax   = time.Second            // but a program that never pauses is told all the same
	pollEach   = 5 * time.Second        // where the system does not tell
	foldersMax = 50_000                 // watched; more are polled
)

// Watch calls changed after files of the folder changed, until ctx ends. Where the system cannot tell (a network
// folder, too many folders), it calls changed every few seconds instead: the caller compares.
func (f *Folder) Watch(ctx context.Context, changed func()) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return f.poll(ctx, changed)
	}
	if err := f.watchTree(ctx, w, ""); err != nil {
		return errors.Join(ignoreWatch(w.Close()), f.poll(ctx, changed))
	}
	told, err := f.follow(ctx, w, changed)
	if closing := w.Close(); err == nil {
		err = closing
	}
	if !told && ctx.Err() == nil {
		return f.poll(ctx, changed)
	}
	return err
}

func ignoreWatch(error) error { return nil } // a watcher that could not be filled is given up for polling

func (f *Folder) watchTree(ctx context.Context, w *fsnotify.Watcher, below string) error {
	if err := w.Add(f.Path(below)); err != nil {
		return err
	}
	scanned, err := f.Scan(ctx, below)
	if err != nil {
		return err
	}
	if len(scanned.Folders) > foldersMax {
		return errors.ErrUnsupported
	}
	for _, dir := range scanned.Folders {
		if err := w.Add(f.Path(dir)); err != nil {
			return err
		}
	}
	return nil
}

// follow hands on what the watcher says; false when it is of no use any more.
func (f *Folder) follow(ctx context.Context, w *fsnotify.Watcher, changed func()) (bool, error) {
	var first time.Time
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return true, nil
		case <-timer.C:
			first = time.Time{}
			changed()
		case ev, open := <-w.Events:
			if !open {
				return false, nil
			}
			name := filepath.Base(ev.Name)
			if name == MarkerName || strings.HasPrefix(name, ownPrefix) || ev.Op == fsnotify.Chmod {
				continue
			}
			if ev.Has(fsnotify.Create) {
				f.watchNew(ctx, w, ev.Name)
			}
			now := f.clock.Now()
			if first.IsZero() {
				first = now
			}
			timer.Reset(min(quiet, max(0, quietMax-now.Sub(first))))
		case _, open := <-w.Errors:
			if !open {
				return false, nil
			}
			timer.Reset(quiet) // events were lost: look at everything
		}
	}
}

func (f *Folder) watchNew(ctx context.Context, w *fsnotify.Watcher, path string) {
	info, err := f.fs.Lstat(path)
	if err != nil || !info.IsDir() {
		return
	}
	rel, err := f.Rel(f.root, path)
	if err == nil {
		_ = f.watchTree(ctx, w, rel) // a folder that cannot be watched is seen at the next look at everything
	}
}

func (f *Folder) poll(ctx context.Context, changed func()) error {
	tick := time.NewTicker(pollEach)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			changed()
		}
	}
}
